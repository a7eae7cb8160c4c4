package print

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"time"
	"unicode/utf8"

	"github.com/ricircolo/ricircolo/qrlabels"
)

// Job is how labels are to be printed. The zero values of all but Sheet are
// defaults.
type Job struct {
	Sheet    Sheet
	Skip     int      // labels of the first sheet that are used up
	Printer  Printer  // where it prints, and how finely
	Language Language // default Both
	Level    qrlabels.Level
	CutMarks bool   // lines around every label, for plain paper
	Brand    string // on blank labels that are for no facility; default "Ricircolo"
	Workers  int    // pages drawn at the same time; default, and at most, one for each core

	Title   string    // of the document; default is the sheet's
	Created time.Time // of the document; the zero time leaves it out
}

// Printer is what has to be known about a printer. Measure it on the page of
// Job.Calibration.
type Printer struct {
	OffsetX float64 // mm by which the print has to move to the right
	OffsetY float64 // mm by which the print has to move down
	Scale   float64 // by which the print has to grow; 0 is 1
	DPI     int     // dots per inch, for PNG and ZPL; 0 is 300, for ZPL 203
}

// What a printer may be off by: more is a wrong sheet.
const (
	MaxOffset = 10.0 // mm; on rolls, what labels keep from their edges
	MinScale  = 0.9
	MaxScale  = 1.1
	MinDPI    = 150
	MaxDPI    = 600
)

// Validate reports all that is wrong with the job.
func (j Job) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	j = j.withDefaults(PDF)
	if err := j.Sheet.Validate(); err != nil {
		return err
	}
	p, far := j.Printer, MaxOffset
	if j.Sheet.IsRoll() {
		far = marginOf(j.Sheet.Width, j.Sheet.Height)
	}
	want(j.Skip >= 0 && j.Skip < j.Sheet.PerPage(), "skip is %d, want 0 to %d: the sheet has %d labels", j.Skip, j.Sheet.PerPage()-1, j.Sheet.PerPage())
	want(math.Abs(p.OffsetX) <= far, "offset to the right is %g mm, want at most %g either way", p.OffsetX, far)
	want(math.Abs(p.OffsetY) <= far, "offset down is %g mm, want at most %g either way", p.OffsetY, far)
	want(p.Scale >= MinScale && p.Scale <= MaxScale, "scale is %g, want %g to %g", p.Scale, MinScale, MaxScale)
	want(p.DPI >= MinDPI && p.DPI <= MaxDPI, "resolution is %d dpi, want %d to %d", p.DPI, MinDPI, MaxDPI)
	want(j.Level.Validate() == nil, "%v", j.Level.Validate())
	want(characters(j.Brand) <= MaxText, "brand has %d characters, want at most %d", characters(j.Brand), MaxText)
	want(j.Language == Both || j.Language == Italian || j.Language == English, "language is %q, want both, it or en", j.Language)
	return errors.Join(faults...)
}

func (j Job) withDefaults(f Format) Job {
	if j.Printer.Scale == 0 {
		j.Printer.Scale = 1
	}
	switch {
	case j.Printer.DPI != 0:
	case f == ZPL:
		j.Printer.DPI = 203 // most label printers
	default:
		j.Printer.DPI = 300
	}
	if j.Brand == "" {
		j.Brand = "Ricircolo"
	}
	if j.Language == "" {
		j.Language = Both
	}
	if j.Title == "" {
		j.Title = j.Sheet.Title
	}
	return j
}

func characters(text string) int { return utf8.RuneCountInString(text) }

// Pages is the number of pages that n labels take.
func (j Job) Pages(n int) int {
	if n <= 0 || j.Sheet.PerPage() <= 0 {
		return 0
	}
	return (j.Skip + n + j.Sheet.PerPage() - 1) / j.Sheet.PerPage()
}

// NextSkip is what Skip has to be after n labels, to go on with the last sheet: 0
// if it is used up.
func (j Job) NextSkip(n int) int { return (j.Skip + n) % max(1, j.Sheet.PerPage()) }

// Format is a kind of file.
type Format string

// The formats.
const (
	PDF Format = "pdf"
	SVG Format = "svg"
	PNG Format = "png"
	ZPL Format = "zpl"
)

// MediaType is what Write writes for n labels in a format.
func (j Job) MediaType(f Format, n int) string {
	switch {
	case f == PDF:
		return "application/pdf"
	case f == ZPL:
		return "application/zpl"
	case j.Pages(n) > 1:
		return "application/zip"
	case f == SVG:
		return "image/svg+xml"
	}
	return "image/png"
}

// Write writes n labels in a format. PDF and ZPL are one file; SVG and PNG are
// one page, or a ZIP archive of page-001.svg and so on when there are more: see
// MediaType. ZPL is for rolls only. The error is that of the job, a label, ctx,
// or w; what was written before it is of no use.
func (j Job) Write(ctx context.Context, w io.Writer, f Format, n int, labels iter.Seq[Label]) error {
	if err := j.CheckFormat(f); err != nil {
		return err
	}
	if n < 1 {
		return fmt.Errorf("got %d labels, want at least one", n)
	}
	given := 0
	counted := func(yield func(Label) bool) {
		for l := range labels {
			if given++; given > n || !yield(l) {
				return
			}
		}
	}
	j = j.withDefaults(f)
	var err error
	switch f {
	case PDF:
		err = j.writePDF(ctx, w, counted)
	case ZPL:
		err = j.writeZPL(ctx, w, counted)
	default:
		err = j.writeImages(ctx, w, f, n, counted)
	}
	if err == nil && given != n {
		return fmt.Errorf("got %d labels, want %d", given, n)
	}
	return err
}

// CheckFormat reports what keeps the job from being written in a format.
func (j Job) CheckFormat(f Format) error {
	if err := j.Validate(); err != nil {
		return err
	}
	j = j.withDefaults(f)
	perMM := float64(j.Printer.DPI) / 25.4
	switch {
	case f != PDF && f != SVG && f != PNG && f != ZPL:
		return fmt.Errorf("format is %q, want pdf, svg, png or zpl", f)
	case f == ZPL && !j.Sheet.IsRoll():
		return fmt.Errorf("ZPL is for rolls, with one label a page, and %s is none", j.Sheet.ID)
	case f == PNG && j.Sheet.PageWidth*j.Sheet.PageHeight*perMM*perMM > MaxPixels:
		return fmt.Errorf("a page of %s at %d dpi has more than %d million pixels: use a lower resolution, or PDF", j.Sheet.ID, j.Printer.DPI, MaxPixels/1_000_000)
	}
	return nil
}
