package print

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Sheet is the geometry of a page of stickers, in millimetres. A roll is a page
// with one label.
type Sheet struct {
	ID    string `json:"id"`    // short name: "L7160"
	Title string `json:"title"` // for people

	PageWidth  float64 `json:"pageWidth"`
	PageHeight float64 `json:"pageHeight"`
	Columns    int     `json:"columns"`
	Rows       int     `json:"rows"`
	Left       float64 `json:"left"`   // from the page's left edge to the first label
	Top        float64 `json:"top"`    // from the page's top edge to the first label
	PitchX     float64 `json:"pitchX"` // from one label's left edge to the next one's; not used with one column
	PitchY     float64 `json:"pitchY"` // from one label's top edge to the next one's; not used with one row
	Width      float64 `json:"width"`  // of a label
	Height     float64 `json:"height"` // of a label
	Corner     float64 `json:"corner"` // radius of a label's corners
}

// What a sheet may measure, in millimetres. The smallest label is the smallest
// on which a symbol is large enough for a phone.
const (
	MinLabelWidth  = 40
	MinLabelHeight = 25
	MaxPageSide    = 600
	MaxPerPage     = 200

	tolerance = 0.05 // mm by which measured sheets may overlap or stick out
)

// A SheetFault is one measure of a sheet that can't be.
type SheetFault struct {
	Field  string // as in JSON: "pageWidth"
	Reason string // what it must be
}

// SheetError lists all that is wrong with a sheet.
type SheetError struct{ Faults []SheetFault }

func (e *SheetError) Error() string {
	texts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		texts[i] = f.Field + ": " + f.Reason
	}
	return "sheet: " + strings.Join(texts, "; ")
}

var sheetID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// Validate checks that all labels fit the page, do not overlap, and are large
// enough. Its error is a *SheetError with all that is wrong.
func (s Sheet) Validate() error {
	e := &SheetError{}
	want := func(ok bool, field, format string, args ...any) {
		if !ok {
			e.Faults = append(e.Faults, SheetFault{field, fmt.Sprintf(format, args...)})
		}
	}
	between := func(v, low, high float64, field string) bool {
		ok := v >= low && v <= high // false for NaN
		want(ok, field, "want %g to %g mm", low, high)
		return ok
	}
	want(sheetID.MatchString(s.ID), "id", "want 1 to 40 letters, digits, dots, dashes and underscores")
	want(len(s.Title) <= 120 && utf8.ValidString(s.Title) && !strings.ContainsFunc(s.Title, unicode.IsControl), "title", "want at most 120 bytes that can be printed")
	fine := between(s.PageWidth, MinLabelWidth, MaxPageSide, "pageWidth")
	fine = between(s.PageHeight, MinLabelHeight, MaxPageSide, "pageHeight") && fine
	fine = between(s.Width, MinLabelWidth, MaxPageSide, "width") && fine
	fine = between(s.Height, MinLabelHeight, MaxPageSide, "height") && fine
	fine = between(s.Left, 0, MaxPageSide, "left") && fine
	fine = between(s.Top, 0, MaxPageSide, "top") && fine
	counts := s.Columns >= 1 && s.Columns <= MaxPerPage && s.Rows >= 1 && s.Rows <= MaxPerPage && s.Columns*s.Rows <= MaxPerPage
	want(counts, "columns", "want at least one column and row, and at most %d labels a page", MaxPerPage)
	if !fine || !counts {
		return e
	}
	want(s.Corner >= 0 && s.Corner <= math.Min(s.Width, s.Height)/2, "corner", "want 0 to half a label")
	s.checkAxis(want, "left", "pitchX", s.Columns, s.Left, s.PitchX, s.Width, s.PageWidth)
	s.checkAxis(want, "top", "pitchY", s.Rows, s.Top, s.PitchY, s.Height, s.PageHeight)
	if len(e.Faults) > 0 {
		return e
	}
	return nil
}

// checkAxis checks the labels of a row or column against each other and the page.
func (s Sheet) checkAxis(want func(bool, string, string, ...any), start, pitch string, n int, first, step, size, page float64) {
	if n > 1 {
		ok := step >= size-tolerance && step <= MaxPageSide
		want(ok, pitch, "want at least %g mm, the size of a label, so that none overlap", size)
		if !ok {
			return
		}
	} else {
		want(math.Abs(step) <= MaxPageSide, pitch, "want a number; with one label it is not used") // false for NaN
		step = 0
	}
	end := first + float64(n-1)*step + size
	want(end <= page+tolerance, start, "the last label ends at %.2f mm, but the page at %g mm", end, page)
}

// PerPage is the number of labels on a page.
func (s Sheet) PerPage() int { return s.Columns * s.Rows }

// maxRollWidth is the widest roll of label printers, in mm: seven inches.
const maxRollWidth = 178

// IsRoll reports whether it is a roll: one label a page, not wider than label
// printers are.
func (s Sheet) IsRoll() bool { return s.PerPage() == 1 && s.PageWidth <= maxRollWidth }

// Place is the left and top edge of the n-th label of a page in millimetres; n
// counts from 0 along the rows.
func (s Sheet) Place(n int) (x, y float64) {
	x, y = s.Left, s.Top
	if s.Columns > 1 {
		x += float64(n%s.Columns) * s.PitchX
	}
	if s.Rows > 1 {
		y += float64(n/max(1, s.Columns)) * s.PitchY
	}
	return x, y
}

//go:embed sheets.json
var sheetsFile []byte

var builtIn = sync.OnceValue(func() []Sheet {
	var sheets []Sheet
	if err := json.Unmarshal(sheetsFile, &sheets); err != nil {
		panic(err) // a test reads the same file
	}
	return sheets
})

// Sheets lists the built-in sheets.
func Sheets() []Sheet { return append([]Sheet(nil), builtIn()...) }

// SheetByID returns a built-in sheet, however its id is capitalised.
func SheetByID(id string) (Sheet, bool) {
	for _, s := range builtIn() {
		if strings.EqualFold(s.ID, id) {
			return s, true
		}
	}
	return Sheet{}, false
}
