package print_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

var formats = []print.Format{print.PDF, print.SVG, print.PNG, print.ZPL}

func TestJobValidate(t *testing.T) {
	good := print.Job{Sheet: mustSheet(t, "L7160")}
	for _, row := range []struct {
		name   string
		change func(*print.Job)
		says   string // "" for no fault
	}{
		{"as it is", func(*print.Job) {}, ""},
		{"last label of a sheet", func(j *print.Job) { j.Skip = 20 }, ""},
		{"skips a whole sheet", func(j *print.Job) { j.Skip = 21 }, "0 to 20: the sheet has 21 labels"},
		{"skips backwards", func(j *print.Job) { j.Skip = -1 }, "skip is -1"},
		{"no sheet", func(j *print.Job) { j.Sheet = print.Sheet{} }, "pageWidth"},
		{"far to the right", func(j *print.Job) { j.Printer.OffsetX = 10.1 }, "offset to the right"},
		{"far up", func(j *print.Job) { j.Printer.OffsetY = -10.1 }, "offset down"},
		{"off a roll", func(j *print.Job) { j.Sheet, j.Printer.OffsetX = mustSheet(t, "roll-62"), -2.1 }, "at most 2 either way"},
		{"a level that there is not", func(j *print.Job) { j.Level = "Z" }, "want L, M, Q or H"},
		{"a long brand", func(j *print.Job) { j.Brand = strings.Repeat("x", 121) }, "brand has 121"},
		{"twice as large", func(j *print.Job) { j.Printer.Scale = 2 }, "scale is 2"},
		{"upside down", func(j *print.Job) { j.Printer.Scale = -1 }, "scale is -1"},
		{"coarse", func(j *print.Job) { j.Printer.DPI = 72 }, "resolution is 72"},
		{"another language", func(j *print.Job) { j.Language = "de" }, "language"},
	} {
		j := good
		row.change(&j)
		err := j.Validate()
		if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.says)
		}
		if write := j.Write(t.Context(), io.Discard, print.PDF, 1, slices.Values(someLabels(t, 1))); (write == nil) != (err == nil) {
			t.Errorf("%s: writing gives %v", row.name, write)
		}
	}
}

func TestJobCountsPages(t *testing.T) {
	for _, row := range []struct{ skip, labels, pages, next int }{
		{0, 0, 0, 0}, {0, 1, 1, 1}, {0, 21, 1, 0}, {0, 22, 2, 1}, {20, 1, 1, 0}, {20, 2, 2, 1}, {5, 42, 3, 5},
	} {
		j := print.Job{Sheet: mustSheet(t, "L7160"), Skip: row.skip}
		if got := j.Pages(row.labels); got != row.pages {
			t.Errorf("skip %d, %d labels: got %d pages, want %d", row.skip, row.labels, got, row.pages)
		}
		if got := j.NextSkip(row.labels); row.labels > 0 && got != row.next {
			t.Errorf("skip %d, %d labels: next time skip %d, want %d", row.skip, row.labels, got, row.next)
		}
	}
}

func TestFormats(t *testing.T) {
	sheet, roll := mustSheet(t, "L7160"), mustSheet(t, "roll-62")
	for _, row := range []struct {
		format print.Format
		sheet  print.Sheet
		n      int
		media  string
		starts string
	}{
		{print.PDF, sheet, 30, "application/pdf", "%PDF-1.7\n"},
		{print.SVG, sheet, 21, "image/svg+xml", "<svg "},
		{print.SVG, sheet, 22, "application/zip", "PK"},
		{print.PNG, sheet, 21, "image/png", "\x89PNG\r\n\x1a\n"},
		{print.PNG, sheet, 22, "application/zip", "PK"},
		{print.ZPL, roll, 3, "application/zpl", "^XA\n"},
	} {
		j := print.Job{Sheet: row.sheet}
		if got := j.MediaType(row.format, row.n); got != row.media {
			t.Errorf("%s of %d: got %s, want %s", row.format, row.n, got, row.media)
		}
		if got := mustWrite(t, j, row.format, someLabels(t, row.n)); !bytes.HasPrefix(got, []byte(row.starts)) {
			t.Errorf("%s of %d: begins with %.12q, want %q", row.format, row.n, got, row.starts)
		}
	}
	for _, row := range []struct {
		format print.Format
		job    print.Job
		says   string
	}{
		{print.ZPL, print.Job{Sheet: sheet}, "ZPL is for rolls"},
		{print.ZPL, print.Job{Sheet: mustSheet(t, "A4-poster")}, "ZPL is for rolls"},
		{print.PNG, print.Job{Sheet: sheet, Printer: print.Printer{DPI: 600}}, "million pixels"},
		{"gif", print.Job{Sheet: sheet}, "want pdf, svg, png or zpl"},
	} {
		if err := row.job.CheckFormat(row.format); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %v, want %q", row.format, err, row.says)
		}
	}
}

// The same job gives the same bytes, on however many cores.
func TestSameJobSameBytes(t *testing.T) {
	for _, f := range formats {
		job := print.Job{Sheet: mustSheet(t, "L7160"), Created: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
		if f == print.ZPL {
			job.Sheet = mustSheet(t, "roll-62")
		}
		labels := someLabels(t, 65)
		want := mustWrite(t, job, f, labels)
		for _, cores := range []int{1, 2, 7} {
			before := runtime.GOMAXPROCS(cores)
			got := mustWrite(t, job, f, labels)
			runtime.GOMAXPROCS(before)
			if !bytes.Equal(got, want) {
				t.Errorf("%s on %d cores: other bytes", f, cores)
			}
		}
	}
}

// The sticker of a bin is the same whether it is printed alone or among others.
func TestReprintIsTheSame(t *testing.T) {
	job := print.Job{Sheet: mustSheet(t, "roll-62")}
	labels := someLabels(t, 6)
	all := mustWrite(t, job, print.ZPL, labels)
	for i, l := range labels {
		if one := mustWrite(t, job, print.ZPL, []print.Label{l}); !bytes.Contains(all, one) {
			t.Errorf("label %d looks otherwise when it is printed alone", i)
		}
	}
}

func TestLabelsThatCannotBePrinted(t *testing.T) {
	good := someLabels(t, 1)[0]
	for _, row := range []struct {
		name   string
		change func(*print.Label)
		says   string
	}{
		{"no code", func(l *print.Label) { l.Code = qrlabels.Code{} }, "without a code"},
		{"no payload", func(l *print.Label) { l.Payload = "" }, "0 bytes"},
		{"the symbol of another label", func(l *print.Label) { l.Payload = someLabels(t, 2)[1].Payload }, "must read the same"},
		{"a payload too long for the label", func(l *print.Label) { l.Payload = strings.Repeat("a", 250) }, "want at least 0.33"},
		{"a stream without a name", func(l *print.Label) { l.Stream.Name = print.Words{} }, "has no name"},
		{"endless payload", func(l *print.Label) { l.Payload = strings.Repeat("A", 300) }, "300 bytes"},
		{"long name", func(l *print.Label) { l.Ward = strings.Repeat("à", 121) }, "121 characters"},
		{"long list", func(l *print.Label) { l.Stream.Accepts.IT = make([]string, 41) }, "41 items"},
		{"colour by name", func(l *print.Label) { l.Stream.Colour = "red" }, "#rrggbb"},
		{"pictogram that there is not", func(l *print.Label) { l.Stream.Pictograms = []print.Pictogram{"syringe"} }, "no pictogram"},
		{"too many pictograms", func(l *print.Label) { l.Stream.Pictograms = print.Pictograms() }, "want at most 5"},
	} {
		bad := good
		stream := *good.Stream
		bad.Stream = &stream
		row.change(&bad)
		for _, f := range formats {
			labels := []print.Label{good, bad}
			err := print.Job{Sheet: mustSheet(t, "roll-62")}.Write(t.Context(), io.Discard, f, 2, slices.Values(labels))
			if err == nil || !strings.Contains(err.Error(), row.says) || !strings.Contains(err.Error(), "page 2") {
				t.Errorf("%s as %s: got %v, want %q on page 2", row.name, f, err, row.says)
			}
		}
	}
}

func TestWriteWantsAsManyLabelsAsItIsTold(t *testing.T) {
	labels := someLabels(t, 5)
	for _, n := range []int{0, 4, 6} {
		for _, f := range formats {
			err := print.Job{Sheet: mustSheet(t, "roll-62")}.Write(t.Context(), io.Discard, f, n, slices.Values(labels))
			if err == nil || !strings.Contains(err.Error(), "want ") {
				t.Errorf("%d labels as %s: got %v, want an error", n, f, err)
			}
		}
	}
}

// Images of pages that would have symbols of less than two dots a module are
// refused, not printed without symbols.
func TestTooCoarseForASymbol(t *testing.T) {
	sheet := print.Sheet{ID: "small", PageWidth: 40, PageHeight: 25, Columns: 1, Rows: 1, Width: 40, Height: 25}
	label := someLabels(t, 1)[0]
	base, err := mustBase(t, "https://"+strings.Repeat("h", 26)).WithAsset("9521234", "00001")
	if err != nil {
		t.Fatal(err)
	}
	label.Payload = base.Payload(label.Code)
	for _, f := range []print.Format{print.PNG, print.ZPL} {
		err := print.Job{Sheet: sheet, Printer: print.Printer{DPI: 150, Scale: 0.9}}.Write(t.Context(), io.Discard, f, 1, slices.Values([]print.Label{label}))
		if err == nil || !strings.Contains(err.Error(), "finer resolution") {
			t.Errorf("%s: got %v, want an error about the resolution", f, err)
		}
	}
}

// Nobody gets a panic for an empty job.
func TestZeroJob(t *testing.T) {
	var j print.Job
	if j.Pages(3) != 0 || j.NextSkip(3) != 0 || j.MediaType(print.SVG, 3) != "image/svg+xml" {
		t.Error("a job without a sheet has pages")
	}
	if x, y := (print.Sheet{}).Place(3); x != 0 || y != 0 {
		t.Errorf("got %g, %g, want the corner", x, y)
	}
	if err := j.Calibration(io.Discard); err == nil {
		t.Error("got a page, want an error")
	}
}

// SVG is XML whatever the texts are, and nothing in them becomes an element.
func TestSVGIsXML(t *testing.T) {
	hostile := "</g><script>alert(1)</script>\"'&<!--\uFFFF\uFFFE\x00\x1b]]>"
	l := someLabels(t, 1)[0]
	l.Facility, l.Ward = hostile, hostile
	l.Stream = &print.Stream{Name: print.Words{IT: hostile}, Accepts: print.Lists{IT: []string{hostile}}}
	l.Payload = "AA\x00\"><script>"
	file := mustWrite(t, print.Job{Sheet: mustSheet(t, "roll-62"), Title: hostile}, print.SVG, []print.Label{l})
	decoder := xml.NewDecoder(bytes.NewReader(file))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not XML: %v", err)
		}
		if e, ok := token.(xml.StartElement); ok && !slices.Contains([]string{"svg", "title", "defs", "path", "g", "use"}, e.Name.Local) {
			t.Errorf("got an element %s", e.Name.Local)
		}
	}
}

// What a printer is off by may put ink outside of the page: that is cut, and no more.
func TestInkOutsideOfThePage(t *testing.T) {
	sheet := mustSheet(t, "Herma-4360")
	for _, offset := range []float64{-10, 10} {
		job := print.Job{Sheet: sheet, Printer: print.Printer{OffsetX: offset, OffsetY: offset, Scale: 1.1, DPI: 150}, CutMarks: true}
		for _, f := range []print.Format{print.PDF, print.SVG, print.PNG} {
			mustWrite(t, job, f, someLabels(t, 24))
		}
	}
}

// closed counts what it takes, and fails after so many bytes.
type closed struct {
	left int
	err  error
}

func (c *closed) Write(b []byte) (int, error) {
	if c.left -= len(b); c.left < 0 {
		return 0, c.err
	}
	return len(b), nil
}

// Whatever ends a job early leaves nothing running.
func TestJobsThatEndEarlyLeaveNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t)
	labels := someLabels(t, 200)
	gone := errors.New("client has gone")
	for _, f := range formats {
		job := print.Job{Sheet: mustSheet(t, "roll-62")}
		for _, room := range []int{0, 100, 20_000} {
			if err := job.Write(t.Context(), &closed{room, gone}, f, len(labels), slices.Values(labels)); !errors.Is(err, gone) {
				t.Errorf("%s, room for %d bytes: got %v, want %v", f, room, err, gone)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		err := job.Write(ctx, io.Discard, f, len(labels), func(yield func(print.Label) bool) {
			for i, l := range labels {
				if i == 50 {
					cancel()
				}
				if !yield(l) {
					return
				}
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", f, err, context.Canceled)
		}
	}
}

// Labels are taken as pages are written, and not before: that is why memory does
// not grow with their number.
func TestLabelsAreTakenAsPagesAreWritten(t *testing.T) {
	job := print.Job{Sheet: mustSheet(t, "roll-62")}
	some := someLabels(t, 20)
	for _, f := range []print.Format{print.PDF, print.ZPL} {
		var pages atomic.Int64
		ahead := int64(0)
		count := writerFunc(func(b []byte) {
			pages.Add(int64(bytes.Count(b, []byte("<</Type/Page/")) + bytes.Count(b, []byte("^XZ"))))
		})
		const n = 500
		err := job.Write(t.Context(), count, f, n, func(yield func(print.Label) bool) {
			for i := range n {
				ahead = max(ahead, int64(i)-pages.Load())
				if !yield(some[i%len(some)]) {
					return
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if limit := int64(4*runtime.GOMAXPROCS(0) + 2); ahead > limit {
			t.Errorf("%s: %d labels were taken ahead of the pages, want at most %d", f, ahead, limit)
		}
		if pages.Load() != n {
			t.Errorf("%s: got %d pages, want %d", f, pages.Load(), n)
		}
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) {
	f(b)
	return len(b), nil
}
