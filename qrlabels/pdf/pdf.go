// Package pdf owns the syntax of the PDF files that labels and reports are printed
// from: pages of filled paths and text, and the fonts for the latter.
//
// A file is written while its pages come in and nothing of a page is kept, so that
// memory does not grow with their number, and pages may be drawn beside each other.
// That is why it is not codeberg.org/go-pdf/fpdf, which keeps all pages until the
// end and draws one after the other. It writes what ISO 32000-1 (PDF 1.7) asks for
// and nothing that would make two files of the same pages differ.
package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

// Document is what a file says of itself.
type Document struct {
	Title    string
	Producer string
	Language string // BCP 47, such as "it"
	Created  time.Time
	Fonts    []*typeface.Face // what Content.Text numbers from 0
	// ToScale tells viewers to print pages in their size: labels are of no use
	// when they are fitted to the page.
	ToScale bool
}

// Writer writes a file. Make one with NewWriter, and Close it.
type Writer struct {
	document Document
	out      io.Writer
	hash     hash.Hash // of all that was written: the file's identifier
	offsets  []int64   // of object n at n-1
	written  int64
	pages    []int // objects
	marks    []mark
	used     [][]rune
	err      error // the first; nothing is written after it
}

// mark is an entry of the outline, by which viewers jump to a page.
type mark struct {
	title string
	page  int // from 0
}

// The objects that all files have.
const (
	catalogObject = 1 + iota
	pagesObject
	infoObject
	resourcesObject
	firstFree
)

// NewWriter begins a file.
func NewWriter(w io.Writer, d Document) *Writer {
	f := &Writer{document: d, out: w, hash: sha256.New(), offsets: make([]int64, firstFree-1), used: make([][]rune, len(d.Fonts))}
	f.print("%%PDF-1.7\n%%\xe2\xe3\xcf\xd3\n") // bytes above 127 say that it is not text
	return f
}

func (f *Writer) print(format string, args ...any) { f.write(fmt.Appendf(nil, format, args...)) }

func (f *Writer) write(b []byte) {
	if f.err != nil {
		return
	}
	if _, err := f.out.Write(b); err != nil {
		f.err = fmt.Errorf("writing a PDF file: %w", err)
		return
	}
	f.hash.Write(b)
	f.written += int64(len(b))
}

// object begins an object; 0 is a new number.
func (f *Writer) object(n int) int {
	if n == 0 {
		f.offsets = append(f.offsets, 0)
		n = len(f.offsets)
	}
	f.offsets[n-1] = f.written
	f.print("%d 0 obj\n", n)
	return n
}

// stream writes an object with bytes that are compressed already. entries are more
// of its dictionary.
func (f *Writer) stream(compressed []byte, entries string) int {
	n := f.object(0)
	f.print("<</Filter/FlateDecode/Length %d%s>>\nstream\n", len(compressed), entries)
	f.write(compressed)
	f.print("\nendstream\nendobj\n")
	return n
}

// Page writes a page.
func (f *Writer) Page(p Page) error {
	content := f.stream(p.stream, "")
	page := f.object(0)
	f.print("<</Type/Page/Parent %d 0 R/MediaBox[0 0 %.3f %.3f]/Resources %d 0 R/Contents %d 0 R>>\nendobj\n",
		pagesObject, p.width*perMillimetre, p.height*perMillimetre, resourcesObject, content)
	f.pages = append(f.pages, page)
	for _, s := range p.shown {
		f.use(s)
	}
	return f.err
}

// Bookmark names the page that is written next in the outline.
func (f *Writer) Bookmark(title string) { f.marks = append(f.marks, mark{title, len(f.pages)}) }

// outline writes the bookmarks, if there are any, and returns the catalog's
// entries for them. A bookmark without a page is left out.
func (f *Writer) outline() string {
	marks := f.marks
	for len(marks) > 0 && marks[len(marks)-1].page >= len(f.pages) {
		marks = marks[:len(marks)-1]
	}
	if len(marks) == 0 {
		return ""
	}
	root := f.object(0)
	first, last := root+1, root+len(marks)
	f.print("<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>\nendobj\n", first, last, len(marks))
	for i, m := range marks {
		n := f.object(0)
		f.print("<</Title%s/Parent %d 0 R/Dest[%d 0 R/Fit]", text(m.title), root, f.pages[m.page])
		if i > 0 {
			f.print("/Prev %d 0 R", n-1)
		}
		if n < last {
			f.print("/Next %d 0 R", n+1)
		}
		f.print(">>\nendobj\n")
	}
	return fmt.Sprintf("/Outlines %d 0 R", root)
}

// use notes what a page showed.
func (f *Writer) use(s shown) {
	if f.used[s.font] == nil {
		f.used[s.font] = make([]rune, f.document.Fonts[s.font].Glyphs())
	}
	if was := f.used[s.font][s.glyph]; was == 0 || s.char < was {
		f.used[s.font][s.glyph] = s.char
	}
}

// Close writes what only the end knows: fonts, the list of pages, and where all
// objects are. It does not close the writer below.
func (f *Writer) Close() error {
	fonts := f.fonts()
	f.object(resourcesObject)
	f.print("<</Font<<%s>>>>\nendobj\n", fonts)
	f.object(pagesObject)
	f.print("<</Type/Pages/Count %d/Kids[", len(f.pages))
	for _, p := range f.pages {
		f.print("%d 0 R ", p)
	}
	f.print("]>>\nendobj\n")
	outline := f.outline()
	f.object(catalogObject)
	scaling := ""
	if f.document.ToScale {
		scaling = "/PrintScaling/None"
	}
	f.print("<</Type/Catalog/Pages %d 0 R/Lang%s/ViewerPreferences<</DisplayDocTitle true%s>>%s>>\nendobj\n",
		pagesObject, text(f.document.Language), scaling, outline)
	f.object(infoObject)
	f.print("<</Title%s/Producer%s%s>>\nendobj\n", text(f.document.Title), text(f.document.Producer), created(f.document.Created))
	f.trailer()
	return f.err
}

func (f *Writer) trailer() {
	start := f.written
	f.print("xref\n0 %d\n0000000000 65535 f \n", len(f.offsets)+1)
	for _, offset := range f.offsets {
		f.print("%010d 00000 n \n", offset)
	}
	id := hex.EncodeToString(f.hash.Sum(nil)[:16])
	f.print("trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%s><%s>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(f.offsets)+1, catalogObject, infoObject, id, id, start)
}

// text is a text string: UTF-16 in hexadecimal digits, which needs no escapes.
func text(s string) string {
	var b strings.Builder
	b.WriteString("<feff")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04x", u)
	}
	b.WriteByte('>')
	return b.String()
}

func created(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "/CreationDate(D:" + t.UTC().Format("20060102150405") + "Z)"
}

// deflate compresses what is written once a file, well.
func deflate(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(b) // a buffer takes everything
	z.Close()
	return out.Bytes()
}
