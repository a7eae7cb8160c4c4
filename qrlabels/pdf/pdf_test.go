package pdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/qrlabels/pdf"
	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

// document writes two pages; draw draws on each.
func document(t *testing.T, d pdf.Document, draw func(*pdf.Content)) []byte {
	t.Helper()
	var file bytes.Buffer
	w := pdf.NewWriter(&file, d)
	content := pdf.NewContent(len(d.Fonts))
	for range 2 {
		content.Begin(297)
		draw(content)
		page, err := content.Finish(210, 297)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Page(page); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func fonts() []*typeface.Face { return []*typeface.Face{typeface.Regular(), typeface.Bold()} }

func hello(c *pdf.Content) { c.Text(0, typeface.Regular(), 4, 20, 30, "Città (1)") }

// Every object is where the table at the end says.
func TestObjectsAreWhereTheTableSays(t *testing.T) {
	file := document(t, pdf.Document{Title: "x", Fonts: fonts()}, hello)
	start := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(file)
	if start == nil {
		t.Fatal("no startxref at the end")
	}
	at, err := strconv.Atoi(string(start[1]))
	if err != nil || !bytes.HasPrefix(file[at:], []byte("xref\n0 ")) {
		t.Fatalf("at %d there is no table: %v", at, err)
	}
	entries := regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllSubmatch(file[at:], -1)
	for i, entry := range entries {
		offset, err := strconv.Atoi(string(entry[1]))
		if want := fmt.Sprintf("%d 0 obj\n", i+1); err != nil || !bytes.HasPrefix(file[offset:], []byte(want)) {
			t.Errorf("object %d is not at %d: %.20q", i+1, offset, file[offset:])
		}
	}
	if want := fmt.Sprintf("/Size %d/", len(entries)+1); !bytes.Contains(file, []byte(want)) {
		t.Errorf("the trailer has no %s", want)
	}
	if got := bytes.Count(file, []byte(" 0 obj\n")); got != len(entries) {
		t.Errorf("got %d objects and %d entries", got, len(entries))
	}
}

func TestOnlyFontsThatAreUsedAreEmbedded(t *testing.T) {
	for _, row := range []struct {
		name string
		draw func(*pdf.Content)
		want int
	}{{"one of two", hello, 1}, {"none", func(c *pdf.Content) { c.Rectangle(1, 1, 2, 2); c.Fill() }, 0}} {
		file := document(t, pdf.Document{Fonts: fonts()}, row.draw)
		if got := bytes.Count(file, []byte("/FontFile2")); got != row.want {
			t.Errorf("%s: got %d fonts, want %d", row.name, got, row.want)
		}
	}
}

func TestSameDocumentSameBytes(t *testing.T) {
	d := pdf.Document{Title: "Etichette", Language: "it", Created: time.Date(2026, 3, 2, 9, 30, 0, 0, time.FixedZone("", 3600)), Fonts: fonts(), ToScale: true}
	a, b := document(t, d, hello), document(t, d, hello)
	if !bytes.Equal(a, b) {
		t.Error("the same document gives other bytes")
	}
	if !bytes.Contains(a, []byte("/PrintScaling/None")) {
		t.Error("viewers may scale the page: labels would drift")
	}
	if bytes.Contains(document(t, pdf.Document{Fonts: fonts()}, hello), []byte("/PrintScaling")) {
		t.Error("what need not be to scale is not fitted to the paper")
	}
	if !bytes.Contains(a, []byte("/CreationDate(D:20260302083000Z)")) {
		t.Error("no date in UTC")
	}
	d.Title = "Altre"
	id := regexp.MustCompile(`/ID\[<([0-9a-f]{32})><`)
	if other := document(t, d, hello); bytes.Equal(id.FindSubmatch(a)[1], id.FindSubmatch(other)[1]) {
		t.Error("another document has the same identifier")
	}
}

// Bookmarks lead to the pages that they were set before, one after the other; one
// after the last page leads nowhere and is left out.
func TestBookmarks(t *testing.T) {
	var file bytes.Buffer
	w := pdf.NewWriter(&file, pdf.Document{Fonts: fonts()})
	content := pdf.NewContent(2)
	for _, title := range []string{"A", "B"} {
		w.Bookmark(title)
		content.Begin(297)
		hello(content)
		page, err := content.Finish(210, 297)
		if err := errors.Join(err, w.Page(page)); err != nil {
			t.Fatal(err)
		}
	}
	w.Bookmark("C")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	kids := regexp.MustCompile(`/Kids\[(\d+) 0 R (\d+) 0 R \]`).FindSubmatch(file.Bytes())
	marks := regexp.MustCompile(`/Title<feff(\d{4})>/Parent \d+ 0 R/Dest\[(\d+) 0 R/Fit\]`).FindAllSubmatch(file.Bytes(), -1)
	if kids == nil || len(marks) != 2 || !bytes.Equal(marks[0][2], kids[1]) || !bytes.Equal(marks[1][2], kids[2]) {
		t.Errorf("got %q, want A and B at the pages %q", marks, kids)
	}
	if !bytes.Contains(file.Bytes(), []byte("/Count 2>>")) || !bytes.Contains(file.Bytes(), []byte("/Outlines ")) {
		t.Error("the outline is not counted, or not in the catalog")
	}
	if bytes.Contains(document(t, pdf.Document{Fonts: fonts()}, hello), []byte("/Outlines")) {
		t.Error("a file without bookmarks has an outline")
	}
}

// failing writes so many bytes and then fails.
type failing struct{ left int }

var errFull = errors.New("disk full")

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// A writer that fails anywhere shows as an error, at the latest when the file is
// closed.
func TestFailingWriter(t *testing.T) {
	whole := len(document(t, pdf.Document{Fonts: fonts()}, hello))
	for room := 0; room < whole; room += 97 {
		w := pdf.NewWriter(&failing{room}, pdf.Document{Fonts: fonts()})
		content := pdf.NewContent(2)
		var err error
		for range 2 {
			content.Begin(297)
			hello(content)
			page, finish := content.Finish(210, 297)
			err = errors.Join(err, finish, w.Page(page))
		}
		if err = errors.Join(err, w.Close()); !errors.Is(err, errFull) {
			t.Fatalf("with room for %d bytes of %d: got %v, want %v", room, whole, err, errFull)
		}
	}
}
