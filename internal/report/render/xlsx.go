package render

import (
	"fmt"
	"io"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/report"
)

// book is a workbook that is being filled, sheet by sheet and row by row. It
// knows no formulas: a text is set as a text, whatever it begins with.
type book struct {
	file   *excelize.File
	l      locale
	r      *report.Report
	sheet  string
	row    int
	sheets int
	styles map[string]int // by number format; "head" and "wrap" are styles of texts
	err    error          // the first; nothing is done after it
}

// The number formats, as spreadsheets store them: they are shown as the reader's
// own language writes numbers.
const (
	formatWhole   = "#,##0"
	formatKg      = "#,##0.0"
	formatPercent = "0.0%"
	formatExact   = "#,##0.0#########"
)

// XLSX writes a workbook: cards, their terms, series, mass balance, streams,
// wards, waste, factors, method, glossary. Numbers are numbers.
func XLSX(w io.Writer, r *report.Report, lang Lang) error {
	l, err := localeOf(lang)
	if err != nil {
		return err
	}
	b := &book{file: excelize.NewFile(), l: l, r: r}
	defer b.file.Close()
	b.prepare()
	for _, fill := range []func(){
		b.cards, b.lines, b.series, b.balance, b.streams, b.wards, b.waste, b.factors, b.method, b.glossary,
	} {
		fill()
	}
	if b.err != nil {
		return fmt.Errorf("report %s as XLSX: %w", r.ID, b.err)
	}
	if _, err := b.file.WriteTo(w); err != nil {
		return fmt.Errorf("writing report %s: %w", r.ID, err)
	}
	return nil
}

func (b *book) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

// prepare sets what the file says of itself, with the report's date in place of
// today's, and the styles.
func (b *book) prepare() {
	created := b.r.CreatedAt.Time().Format("2006-01-02T15:04:05Z")
	b.do(b.file.SetDocProps(&excelize.DocProperties{
		Title: b.r.Title, Creator: "Ricircolo", LastModifiedBy: "Ricircolo", Created: created, Modified: created, Language: string(b.l.lang),
	}))
	b.styles = make(map[string]int)
	for _, format := range []string{formatWhole, formatKg, formatPercent, formatExact} {
		b.style(format, &excelize.Style{CustomNumFmt: &format})
	}
	b.style("head", &excelize.Style{
		Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE9E4"}},
		Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"},
	})
	b.style("wrap", &excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
}

func (b *book) style(name string, s *excelize.Style) {
	id, err := b.file.NewStyle(s)
	b.do(err)
	b.styles[name] = id
}

// begin starts a sheet with its head, which stays in sight.
func (b *book) begin(key string, widths []float64, heads ...string) {
	b.sheet, b.row = b.l.text("sheet."+key), 1
	if b.sheets == 0 {
		b.do(b.file.SetSheetName("Sheet1", b.sheet))
	} else {
		_, err := b.file.NewSheet(b.sheet)
		b.do(err)
	}
	b.sheets++
	for i, width := range widths {
		name, err := excelize.ColumnNumberToName(i + 1)
		b.do(err)
		b.do(b.file.SetColWidth(b.sheet, name, name, width))
	}
	cells := make([]cell, len(heads))
	for i, head := range heads {
		cells[i] = cell{text: b.l.text("column." + head), style: "head"}
	}
	b.add(cells...)
	b.do(b.file.SetPanes(b.sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
}

// cell is a text, or a number with its format; empty if neither.
type cell struct {
	text   string
	number any // int64 or float64
	style  string
}

func word(s string) cell { return cell{text: s, style: "wrap"} }

func whole(n int64) cell { return cell{number: n, style: formatWhole} }

// kilos is a mass in kilograms. A cell holds a binary fraction; this is the one
// place where a mass becomes one, on its way out.
func kilos(m quantity.Mass) cell {
	return cell{number: decimal.New(int64(m), -3).InexactFloat64(), style: formatKg}
}

func exact(d *decimal.Decimal) cell {
	if d == nil {
		return cell{}
	}
	return cell{number: d.InexactFloat64(), style: formatExact}
}

// ratio is a share as a number between 0 and 1, shown in percent.
func ratio(r indicator.Ratio) cell {
	if !r.Defined() {
		return cell{}
	}
	return cell{number: decimal.NewFromInt(r.Num).DivRound(decimal.NewFromInt(r.Den), 12).InexactFloat64(), style: formatPercent}
}

func ends(i *indicator.Interval) (low, high cell) {
	if i == nil {
		return
	}
	return exact(&i.Low), exact(&i.High)
}

// maxCellText is the most characters that a cell of a workbook holds.
const maxCellText = 32767

// add writes a row.
func (b *book) add(cells ...cell) {
	for i, c := range cells {
		if b.err != nil {
			return
		}
		name, err := excelize.CoordinatesToCellName(i+1, b.row)
		b.do(err)
		switch v := c.number.(type) {
		case int64:
			b.do(b.file.SetCellInt(b.sheet, name, v))
		case float64:
			b.do(b.file.SetCellFloat(b.sheet, name, v, -1, 64))
		default:
			if c.text == "" {
				continue
			}
			if len([]rune(c.text)) > maxCellText {
				b.do(fmt.Errorf("a text of %s is longer than the %d characters of a cell", name, maxCellText))
			}
			b.do(b.file.SetCellStr(b.sheet, name, c.text))
		}
		if c.style != "" {
			b.do(b.file.SetCellStyle(b.sheet, name, name, b.styles[c.style]))
		}
	}
	b.row++
}
