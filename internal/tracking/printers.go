package tracking

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// Micrometres measure paper. They are whole numbers, so that what is folded
// again from the ledger is the same to the byte.
type Micrometres int64

// mm is what the printing package measures in.
func (u Micrometres) mm() float64 { return float64(u) / 1000 }

func micrometres(mm float64) Micrometres { return Micrometres(math.Round(mm * 1000)) }

// Millionths are a factor times a million.
type Millionths int64

// What a printer has of which nothing is known.
const (
	NoScaling  Millionths = 1_000_000
	DefaultDPI int        = 300
)

// What a lab may describe: more would be a mistake of a program, or meant ill.
const (
	MaxPrinters  = 200 // of one facility, and of the lab beside
	MaxOwnSheets = 200 // of a lab
)

// Printer is a printer of labels, and by how much it is off.
type Printer struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Facility string      `json:"facility,omitempty"`  // where it is; none: the lab's
	Sheet    string      `json:"sheet,omitempty"`     // what it usually holds
	OffsetX  Micrometres `json:"offsetXUm,omitempty"` // by which the print has to move to the right
	OffsetY  Micrometres `json:"offsetYUm,omitempty"` // by which the print has to move down
	Scale    Millionths  `json:"scalePpm"`            // by which the print has to grow
	DPI      int         `json:"dpi"`
}

// Adjustment is the printer as the printing package knows it.
func (p *Printer) Adjustment() print.Printer {
	return print.Printer{OffsetX: p.OffsetX.mm(), OffsetY: p.OffsetY.mm(), Scale: float64(p.Scale) / 1e6, DPI: p.DPI}
}

// seenBy: the lab's printers are seen in all facilities.
func (p *Printer) seenBy(c access.Caller) bool {
	return c.SeesFacility(p.Facility) || p.Facility == "" && c.Facility != ""
}

func (p *Printer) setID(id string) { p.ID = id }
func (p *Printer) check(v *validation) {
	v.optionalID(p.ID, "/id")
	v.text(p.Name, "/name", true, 120)
	v.optionalID(p.Facility, "/facility")
	const most = Micrometres(print.MaxOffset * 1000)
	offset := func(o Micrometres, pointer string) {
		v.ok(o >= -most && o <= most, pointer, "out-of-range", fmt.Sprintf("Use at most %g mm either way: more is a wrong sheet.", print.MaxOffset))
	}
	offset(p.OffsetX, "/offsetXMm")
	offset(p.OffsetY, "/offsetYMm")
	v.ok(p.Scale >= Millionths(print.MinScale*1e6) && p.Scale <= Millionths(print.MaxScale*1e6), "/scale", "out-of-range",
		fmt.Sprintf("Use %g to %g.", print.MinScale, print.MaxScale))
	v.ok(p.DPI >= print.MinDPI && p.DPI <= print.MaxDPI, "/dpi", "out-of-range", fmt.Sprintf("Use %d to %d dots per inch.", print.MinDPI, print.MaxDPI))
}

// admit lets managers have printers in their facility only.
func (p *Printer) admit(w *work, old *Printer) error {
	if old != nil && !w.by.SeesFacility(old.Facility) {
		return problem.New(problem.Forbidden, "printer-of-the-lab", "This printer is the lab's: its coordinator changes it.")
	}
	if p.Facility == "" && !w.by.LabWide() {
		v := &validation{}
		v.ok(false, "/facility", "required", "Name your facility.")
		return v.err()
	}
	if p.Facility != "" {
		_, err := fetch[Facility](w, KindFacility, p.Facility)
		if err == nil && !w.by.SeesFacility(p.Facility) {
			err = store.ErrNotFound
		}
		if err != nil {
			return unknownReference(err, "/facility", "facility")
		}
	}
	if old == nil || old.Facility != p.Facility {
		if err := p.admitOneMore(w); err != nil {
			return err
		}
	}
	if p.Sheet == "" {
		return nil
	}
	sheet, _, err := sheetOf(w.tx, p.Sheet)
	if err != nil {
		return unknownReference(err, "/sheet", "sheet")
	}
	p.Sheet = sheet.ID
	return nil
}

// admitOneMore counts the printers where p is to be.
func (p *Printer) admitOneMore(w *work) error {
	there, err := w.tx.Find(store.Query{Kind: KindPrinter, Index: byFacility, From: p.Facility, To: p.Facility + beforeIDs, Limit: MaxPrinters})
	if err != nil || len(there) < MaxPrinters {
		return err
	}
	where := "The lab"
	if p.Facility != "" {
		where = "This facility"
	}
	return problem.New(problem.Unprocessable, "too-many-printers", "%s has %d printers, which is the most: change one that is not used any more.", where, MaxPrinters)
}

// Sheet is a sheet of stickers, or a roll: print.Sheet as the ledger keeps it.
type Sheet struct {
	ID         string      `json:"id"` // short name, one sheet's however it is capitalised
	Title      string      `json:"title"`
	PageWidth  Micrometres `json:"pageWidthUm"`
	PageHeight Micrometres `json:"pageHeightUm"`
	Columns    int         `json:"columns"`
	Rows       int         `json:"rows"`
	Left       Micrometres `json:"leftUm"`
	Top        Micrometres `json:"topUm"`
	PitchX     Micrometres `json:"pitchXUm"`
	PitchY     Micrometres `json:"pitchYUm"`
	Width      Micrometres `json:"widthUm"`
	Height     Micrometres `json:"heightUm"`
	Corner     Micrometres `json:"cornerUm"`

	BuiltIn bool `json:"-"` // comes with the program, and is in no ledger
}

// Geometry is the sheet as the printing package knows it.
func (s *Sheet) Geometry() print.Sheet {
	return print.Sheet{
		ID: s.ID, Title: s.Title, PageWidth: s.PageWidth.mm(), PageHeight: s.PageHeight.mm(), Columns: s.Columns, Rows: s.Rows,
		Left: s.Left.mm(), Top: s.Top.mm(), PitchX: s.PitchX.mm(), PitchY: s.PitchY.mm(),
		Width: s.Width.mm(), Height: s.Height.mm(), Corner: s.Corner.mm(),
	}
}

func builtInSheet(s print.Sheet) Sheet {
	return Sheet{
		ID: s.ID, Title: s.Title, PageWidth: micrometres(s.PageWidth), PageHeight: micrometres(s.PageHeight), Columns: s.Columns, Rows: s.Rows,
		Left: micrometres(s.Left), Top: micrometres(s.Top), PitchX: micrometres(s.PitchX), PitchY: micrometres(s.PitchY),
		Width: micrometres(s.Width), Height: micrometres(s.Height), Corner: micrometres(s.Corner), BuiltIn: true,
	}
}

// sheetKey is the id of a sheet's document: people write L7160 and l7160.
func sheetKey(id string) string { return strings.ToLower(id) }

// builtInVersion is the version of the built-in sheets: they are there from a
// lab's first entry on.
const builtInVersion store.Seq = 1

// sheetOf finds a sheet, built in or the lab's own, or returns
// store.ErrNotFound.
func sheetOf(r store.Reader, id string) (*Sheet, store.Seq, error) {
	if built, ok := print.SheetByID(id); ok {
		s := builtInSheet(built)
		return &s, builtInVersion, nil
	}
	if !storable(id, store.MaxIDBytes) {
		return nil, 0, store.ErrNotFound
	}
	d, err := r.Get(KindSheet, sheetKey(id))
	if err != nil {
		return nil, 0, err
	}
	s, err := decode[Sheet](d)
	return s, d.Seq, err
}

func (s *Sheet) setID(id string) { s.ID = id }

// sheetFaults are the codes of the faults that print.Sheet.Validate finds, by
// field; the others are out of range.
var sheetFaults = map[string]string{"id": "malformed", "title": "too-long", "pitchX": "labels-overlap", "pitchY": "labels-overlap"}

func (s *Sheet) check(v *validation) {
	v.ok(s.ID != "", "/id", "required", "Give a short name, such as the one on the box.")
	v.text(s.Title, "/title", true, 120)
	var faults *print.SheetError
	if !errors.As(s.Geometry().Validate(), &faults) {
		return
	}
	for _, f := range faults.Faults {
		at, code := "/"+f.Field, sheetFaults[f.Field]
		if code == "" {
			code = "out-of-range"
		}
		v.ok(v.faulty(at), at, code, sentence(f.Reason))
	}
}

// sentence makes one of a reason that begins in lower case.
func sentence(reason string) string { return strings.ToUpper(reason[:1]) + reason[1:] + "." }

func (s *Sheet) admit(w *work, old *Sheet) error {
	if old != nil {
		s.ID = old.ID // as it was written first
		return nil
	}
	own, err := w.tx.Find(store.Query{Kind: KindSheet, Limit: MaxOwnSheets})
	if err == nil && len(own) == MaxOwnSheets {
		err = problem.New(problem.Unprocessable, "too-many-sheets", "The lab has %d sheets of its own, which is the most: change one that is not used any more.", MaxOwnSheets)
	}
	return err
}
