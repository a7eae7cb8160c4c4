package render

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/report"
)

// Dialect is how a CSV file separates its cells.
type Dialect string

// The dialects, both in UTF-8 with CRLF. Semicolon begins with a byte order mark,
// without which the spreadsheets of those who need it misread accents.
const (
	Comma     Dialect = "comma"     // 1.5 and commas, RFC 4180
	Semicolon Dialect = "semicolon" // 1,5 and semicolons, as spreadsheets in Italy expect
)

// ParseDialect reads a dialect; "" is Comma.
func ParseDialect(s string) (Dialect, error) {
	switch Dialect(s) {
	case "", Comma:
		return Comma, nil
	case Semicolon:
		return Semicolon, nil
	}
	return "", badDialect()
}

// The heads of the files. They are the same in all languages and are only ever
// added to, at the end.
var (
	cardHead = []string{
		"report", "group", "card", "name", "unit", "value", "display", "reason", "reason_text", "missing",
		"interval_low", "interval_high", "interval_method", "source_low", "source_high",
		"mass_grams", "covered_grams", "measured_grams", "estimated_grams", "pending_grams", "fills",
		"modules", "factors", "notes", "method", "factor_set", "baseline", "baseline_dated",
		"from", "to", "watermark", "inputs_hash",
	}
	lineHead = []string{
		"report", "card", "phase", "phase_name", "subject", "route", "stream", "amount", "unit", "factor", "per_unit",
		"value", "missing", "interval_low", "interval_high", "interval_method", "quality",
	}
	wardHead = []string{
		"report", "facility_id", "facility", "ward_id", "ward", "fills", "collected_grams", "accepted_grams", "refused_grams",
		"contaminant_grams", "recyclate_grams", "contamination", "inventory_waste_kgco2e", "avoided_kgco2e",
	}
)

// table writes a CSV file cell by cell. Texts and numbers go different ways:
// only texts can be mistaken for formulas, and only numbers have a point.
type table struct {
	out   *csv.Writer
	comma bool // decimal comma
	row   []string
}

func newTable(w io.Writer, d Dialect, head []string) (*table, error) {
	t := &table{out: csv.NewWriter(w)}
	switch d {
	case Comma:
	case Semicolon:
		t.out.Comma, t.comma = ';', true
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return nil, fmt.Errorf("writing a CSV file: %w", err)
		}
	default:
		return nil, badDialect()
	}
	t.out.UseCRLF = true
	if err := t.out.Write(head); err != nil {
		return nil, fmt.Errorf("writing a CSV file: %w", err)
	}
	return t, nil
}

// harmless puts an apostrophe before a text that a spreadsheet would take for a
// formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}

func (t *table) text(cells ...string) {
	for _, s := range cells {
		t.row = append(t.row, harmless(s))
	}
}

// list writes several texts into one cell.
func (t *table) list(s []string) { t.text(strings.Join(s, "; ")) }

func (t *table) number(plain string) {
	if t.comma {
		plain = strings.Replace(plain, ".", ",", 1)
	}
	t.row = append(t.row, plain)
}

// declared writes what somebody declared as a number, or as a text if it is none.
func (t *table) declared(s string) {
	if d, err := decimal.NewFromString(s); err == nil {
		t.number(d.String())
	} else {
		t.text(s)
	}
}

func (t *table) integer(n int64) { t.row = append(t.row, strconv.FormatInt(n, 10)) }

func (t *table) masses(masses ...quantity.Mass) {
	for _, m := range masses {
		t.integer(int64(m))
	}
}

// decimal writes the exact value; nothing for none.
func (t *table) decimal(d *decimal.Decimal) {
	if d == nil {
		t.row = append(t.row, "")
		return
	}
	t.number(d.String())
}

func (t *table) interval(i *indicator.Interval, method bool) {
	if i == nil {
		i = &indicator.Interval{}
		t.row = append(t.row, "", "")
	} else {
		t.decimal(&i.Low)
		t.decimal(&i.High)
	}
	if method {
		t.text(i.Method)
	}
}

func (t *table) end() error {
	err := t.out.Write(t.row)
	t.row = t.row[:0]
	if err != nil {
		return fmt.Errorf("writing a CSV file: %w", err)
	}
	return nil
}

func (t *table) close() error {
	t.out.Flush()
	if err := t.out.Error(); err != nil {
		return fmt.Errorf("writing a CSV file: %w", err)
	}
	return nil
}

// CSV writes one row for each card. Values are exact; display is what people are
// shown. Without a value the cell is empty and reason says why.
func CSV(w io.Writer, r *report.Report, lang Lang, d Dialect) error {
	l, err := localeOf(lang)
	if err != nil {
		return err
	}
	t, err := newTable(w, d, cardHead)
	if err != nil {
		return err
	}
	for i := range r.Cards {
		t.card(l, r, &r.Cards[i])
		if err := t.end(); err != nil {
			return err
		}
	}
	return t.close()
}

func (t *table) card(l locale, r *report.Report, c *indicator.Card) {
	reason := ""
	if c.Value == nil {
		reason = l.reason(c)
	}
	t.text(r.ID, c.Group, c.ID, l.text("card."+c.ID), c.Unit)
	t.decimal(c.Value)
	t.number(c.Display)
	t.text(c.Reason, reason)
	t.list(c.Missing)
	t.interval(c.Interval, true)
	t.interval(c.Sources, false)
	v := c.Coverage
	t.masses(v.Mass, v.Covered, v.Measured, v.Estimated, v.Pending)
	t.integer(c.Fills)
	t.list(c.Modules)
	t.list(c.Factors)
	t.list(c.Notes)
	t.text(c.Method, r.Set)
	if b := r.Baseline; b != nil && isComparison(c.ID) {
		t.text(l.baseline(b), b.Dated)
	} else {
		t.text("", "")
	}
	t.text(string(c.From), string(c.To))
	t.integer(c.Head)
	t.text(c.Inputs)
}

// isComparison reports whether a card depends on the baseline.
func isComparison(id string) bool { return strings.HasPrefix(id, "comparison") }

// LinesCSV writes one row for each term of each card.
func LinesCSV(w io.Writer, r *report.Report, lang Lang, d Dialect) error {
	l, err := localeOf(lang)
	if err != nil {
		return err
	}
	t, err := newTable(w, d, lineHead)
	if err != nil {
		return err
	}
	for _, c := range r.Cards {
		for _, line := range c.Lines {
			t.text(r.ID, c.ID, line.Phase, l.phase(line.Phase), line.Subject, line.Route, line.Stream)
			t.decimal(&line.Amount)
			t.text(line.Unit, line.Factor)
			t.decimal(line.Per)
			t.decimal(line.Value)
			t.text(line.Missing)
			t.interval(line.Interval, true)
			t.declared(line.Quality)
			if err := t.end(); err != nil {
				return err
			}
		}
	}
	return t.close()
}

// WardsCSV writes one row for each ward, in the order of the report.
func WardsCSV(w io.Writer, r *report.Report, lang Lang, d Dialect) error {
	if _, err := localeOf(lang); err != nil {
		return err
	}
	t, err := newTable(w, d, wardHead)
	if err != nil {
		return err
	}
	for _, ward := range r.Wards {
		t.text(r.ID, ward.Facility.ID, ward.Facility.Name, ward.Ward.ID, ward.Ward.Name)
		t.integer(ward.Fills)
		t.masses(ward.Collected, ward.Accepted, ward.Refused, ward.Contaminant, ward.Recyclate)
		t.number(ward.Contaminated.String())
		t.decimal(ward.WasteCO2)
		t.decimal(ward.Avoided)
		if err := t.end(); err != nil {
			return err
		}
	}
	return t.close()
}
