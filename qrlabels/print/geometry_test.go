package print_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/print"
	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

// rect is an area on paper in millimetres, from the top left corner.
type rect struct{ left, top, right, bottom float64 }

func (r rect) within(o rect, slack float64) bool {
	return r.left >= o.left-slack && r.top >= o.top-slack && r.right <= o.right+slack && r.bottom <= o.bottom+slack
}

func (r *rect) add(x, y float64) {
	r.left, r.top, r.right, r.bottom = min(r.left, x), min(r.top, y), max(r.right, x), max(r.bottom, y)
}

var nowhere = rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}

// ink is what a page's operators draw.
type ink struct {
	symbols []rect // paths of nothing but rectangles one unit high in a frame of their own
	modules []float64
	shapes  []rect
	texts   []rect // from the baseline's beginning, up to the size
}

// operatorsOf are the lines of the content streams of a PDF file, by page.
func operatorsOf(t *testing.T, file []byte) [][]string {
	t.Helper()
	var pages [][]string
	for _, m := range regexp.MustCompile(`(?s)<</Filter/FlateDecode/Length (\d+)>>\nstream\n`).FindAllSubmatchIndex(file, -1) {
		length, err := strconv.Atoi(string(file[m[2]:m[3]]))
		if err != nil {
			t.Fatal(err)
		}
		r, err := zlib.NewReader(bytes.NewReader(file[m[1] : m[1]+length]))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("beginbfchar")) {
			continue // the characters of a font
		}
		pages = append(pages, strings.Split(strings.TrimSpace(string(text)), "\n"))
	}
	return pages
}

// matrix is a transformation by scale and move, which is all that we use.
type matrix struct{ sx, sy, x, y float64 }

// plot follows the operators of a page of a height in millimetres.
func plot(t *testing.T, lines []string, height float64) ink {
	t.Helper()
	const point = 25.4 / 72
	var drawn ink
	at, saved := matrix{1, 1, 0, 0}, matrix{}
	path, units := nowhere, true
	place := func(x, y float64) (float64, float64) { return (at.sx*x + at.x) * point, height - (at.sy*y+at.y)*point }
	for _, line := range lines {
		words := strings.Fields(line)
		var v []float64
		for _, w := range words {
			if f, err := strconv.ParseFloat(w, 64); err == nil && !strings.HasPrefix(w, "<") {
				v = append(v, f)
			}
		}
		switch words[len(words)-1] {
		case "cm":
			at = matrix{at.sx * v[0], at.sy * v[3], at.sx*v[4] + at.x, at.sy*v[5] + at.y}
		case "q":
			saved = at
		case "Q":
			at = saved
		case "re":
			units = units && v[3] == 1
			path.add(place(v[0], v[1]))
			path.add(place(v[0]+v[2], v[1]+v[3]))
		case "m", "l", "c":
			units = false
			for i := 0; i < len(v); i += 2 {
				path.add(place(v[i], v[i+1]))
			}
		case "f":
			if units {
				drawn.symbols = append(drawn.symbols, path)
				drawn.modules = append(drawn.modules, at.sx*point)
			} else {
				drawn.shapes = append(drawn.shapes, path)
			}
			path, units = nowhere, true
		case "ET":
			size, x, y := v[0], v[5], v[6]
			text := nowhere
			text.add(place(x, y))
			text.add(place(x+widthOf(t, words)*size, y-size*0.7))
			drawn.texts = append(drawn.texts, text)
		case "rg", "h":
		default:
			t.Fatalf("unknown operator in %q", line)
		}
	}
	return drawn
}

// widthOf is the width of the glyphs of a line "BT /F0 size Tf … <hex> Tj ET" in
// shares of the size.
func widthOf(t *testing.T, words []string) (width float64) {
	t.Helper()
	face := map[string]*typeface.Face{"/F0": typeface.Regular(), "/F1": typeface.Bold(), "/F2": typeface.Mono()}[words[1]]
	glyphs := strings.Trim(words[len(words)-3], "<>")
	for ; len(glyphs) >= 4; glyphs = glyphs[4:] {
		g, err := strconv.ParseUint(glyphs[:4], 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		width += face.Advance(typeface.Glyph(g))
	}
	return width
}

// The geometry is checked in millimetres on the PDF's own operators: every symbol
// lies in its label with its quiet zone, and nothing leaves the labels' safe area.
func TestGeometryOfPDF(t *testing.T) {
	for _, sheet := range print.Sheets() {
		t.Run(sheet.ID, func(t *testing.T) {
			labels := someLabels(t, sheet.PerPage()+2)
			job := print.Job{Sheet: sheet, Skip: min(2, sheet.PerPage()-1)}
			pages := operatorsOf(t, mustWrite(t, job, print.PDF, labels))
			if len(pages) != job.Pages(len(labels)) {
				t.Fatalf("got %d pages, want %d", len(pages), job.Pages(len(labels)))
			}
			next := 0
			for number, lines := range pages {
				drawn := plot(t, lines, sheet.PageHeight)
				first := 0
				if number == 0 {
					first = job.Skip
				}
				for i := range drawn.symbols {
					checkSymbol(t, sheet, first+i, labels[next], drawn.symbols[i], drawn.modules[i])
					next++
				}
				checkInside(t, sheet, append(drawn.shapes, drawn.texts...))
			}
			if next != len(labels) {
				t.Errorf("got %d symbols, want %d", next, len(labels))
			}
		})
	}
}

func areaOf(sheet print.Sheet, place int) rect {
	x, y := sheet.Place(place)
	return rect{x, y, x + sheet.Width, y + sheet.Height}
}

func checkSymbol(t *testing.T, sheet print.Sheet, place int, l print.Label, at rect, module float64) {
	t.Helper()
	symbol, err := qrlabels.Encode(l.Payload, qrlabels.H)
	if err != nil {
		t.Fatal(err)
	}
	side := float64(symbol.Size()-2*qrlabels.QuietZone) * module
	if math.Abs(at.right-at.left-side) > 0.01 || math.Abs(at.bottom-at.top-side) > 0.01 {
		t.Errorf("label %d: symbol is %.2f × %.2f mm, want %.2f square", place, at.right-at.left, at.bottom-at.top, side)
	}
	quiet := qrlabels.QuietZone * module
	zone := rect{at.left - quiet, at.top - quiet, at.right + quiet, at.bottom + quiet}
	if !zone.within(areaOf(sheet, place), 0.01) {
		t.Errorf("label %d: symbol with quiet zone is at %+v, out of its label %+v", place, zone, areaOf(sheet, place))
	}
	if module < 0.36 { // 3 dots at 203 dpi
		t.Errorf("label %d: a module is %.2f mm, want at least 0.36", place, module)
	}
}

// checkInside checks that everything lies in some label, and keeps from its edges.
func checkInside(t *testing.T, sheet print.Sheet, all []rect) {
	t.Helper()
	const safe = 1.5
	for _, r := range all {
		inside := false
		for place := range sheet.PerPage() {
			a := areaOf(sheet, place)
			inside = inside || r.within(rect{a.left + safe, a.top + safe, a.right - safe, a.bottom - safe}, 0.01)
		}
		if !inside {
			t.Errorf("%+v lies in no label's safe area", r)
		}
	}
}

// A printer that prints too far left and high, and too small, is made up for.
func TestPrinterMovesTheSheet(t *testing.T) {
	sheet := mustSheet(t, "L7163")
	labels := someLabels(t, 3)
	straight := plot(t, operatorsOf(t, mustWrite(t, print.Job{Sheet: sheet}, print.PDF, labels))[0], sheet.PageHeight)
	printer := print.Printer{OffsetX: 1.25, OffsetY: -0.5, Scale: 1.02}
	moved := plot(t, operatorsOf(t, mustWrite(t, print.Job{Sheet: sheet, Printer: printer}, print.PDF, labels))[0], sheet.PageHeight)
	for i, s := range straight.symbols {
		want := rect{s.left*1.02 + 1.25, s.top*1.02 - 0.5, s.right*1.02 + 1.25, s.bottom*1.02 - 0.5}
		if got := moved.symbols[i]; !got.within(want, 0.01) || !want.within(got, 0.01) {
			t.Errorf("symbol %d: got %+v, want %+v", i, got, want)
		}
	}
}

func TestCutMarks(t *testing.T) {
	sheet := mustSheet(t, "L7160")
	labels := someLabels(t, 2)
	marks := func(job print.Job) (n int) {
		for _, r := range plot(t, operatorsOf(t, mustWrite(t, job, print.PDF, labels))[0], sheet.PageHeight).shapes {
			for place := range 2 {
				if a := areaOf(sheet, place); r.within(a, 0.001) && a.within(r, 0.001) {
					n++
				}
			}
		}
		return n
	}
	if got := marks(print.Job{Sheet: sheet, CutMarks: true}); got != 2 {
		t.Errorf("got %d frames, want 2", got)
	}
	if got := marks(print.Job{Sheet: sheet}); got != 0 {
		t.Errorf("without cut marks: got %d frames, want none", got)
	}
}

// The calibration page has a ruler as long as it says, and a frame on every label.
func TestCalibration(t *testing.T) {
	for _, sheet := range print.Sheets() {
		var file bytes.Buffer
		if err := (print.Job{Sheet: sheet, Skip: 5}).Calibration(&file); err != nil {
			t.Fatalf("%s: %v", sheet.ID, err)
		}
		pages := operatorsOf(t, file.Bytes())
		if len(pages) != 1 {
			t.Fatalf("%s: got %d pages, want 1", sheet.ID, len(pages))
		}
		drawn := plot(t, pages[0], sheet.PageHeight)
		all := append(drawn.shapes, drawn.symbols...)
		count := func(width, height float64) (n int) {
			for _, r := range all {
				if math.Abs(r.right-r.left-width) < 0.02 && math.Abs(r.bottom-r.top-height) < 0.02 {
					n++
				}
			}
			return n
		}
		if got := count(sheet.Width, 0.15); got != 2*sheet.PerPage() {
			t.Errorf("%s: got %d upper and lower edges, want %d", sheet.ID, got, 2*sheet.PerPage())
		}
		if sheet.PageWidth == 210 && (count(190, 0.15) != 1 || count(0.15, 270) != 1) {
			t.Errorf("%s: no rulers of 190 and 270 mm", sheet.ID)
		}
	}
	if err := (print.Job{}).Calibration(io.Discard); err == nil {
		t.Error("no sheet: got a page, want an error")
	}
}

func TestPDFSaysWhatItIs(t *testing.T) {
	needs(t, "pdfinfo", "poppler-utils")
	needs(t, "pdftotext", "poppler-utils")
	labels := someLabels(t, 30)
	job := print.Job{Sheet: mustSheet(t, "L7160"), Title: "Etichette «Città» 1–30"}
	file := save(t, "labels.pdf", mustWrite(t, job, print.PDF, labels))

	info := run(t, "pdfinfo", file)
	for _, want := range []string{"Title:           Etichette «Città» 1–30", "Producer:        Ricircolo", "Pages:           2", "595.276 x 841.89 pts (A4)"} {
		if !strings.Contains(info, want) {
			t.Errorf("pdfinfo says nothing of %q:\n%s", want, info)
		}
	}
	if strings.Contains(info, "CreationDate") {
		t.Errorf("pdfinfo gives a date that the job has not:\n%s", info)
	}
	fonts := strings.Split(strings.TrimSpace(run(t, "pdffonts", file)), "\n")[2:]
	for _, font := range fonts {
		if !regexp.MustCompile(`^[A-Z]{6}\+Go\S+ +CID TrueType +Identity-H +yes yes yes`).MatchString(font) {
			t.Errorf("font is not embedded as a subset with its characters: %s", font)
		}
	}
	if len(fonts) != 3 {
		t.Errorf("got %d fonts, want 3", len(fonts))
	}
	text := run(t, "pdftotext", "-raw", file, "-")
	for _, l := range labels {
		if !strings.Contains(text, l.Code.Grouped()) {
			t.Errorf("the code %s can't be searched for", l.Code.Grouped())
		}
	}
	for _, want := range []string{"Degenza azzurra", "Ospedale dell'Argine", "Policlinico della Città", "Flaconi per infusione", "Infusion bottles", "Trovato fuori posto?", "Found out of place?"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("the text has no %q", want)
		}
	}
}

func ExampleSheet_Place() {
	sheet, _ := print.SheetByID("L7160")
	x, y := sheet.Place(4)
	fmt.Printf("%.2f mm from the left, %.2f mm from the top\n", x, y)
	// Output: 73.25 mm from the left, 53.25 mm from the top
}
