//go:build unix

package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// What is printed is read by programs that share no code with ours.

func mustSheet(tb testing.TB, id string) print.Sheet {
	tb.Helper()
	sheet, ok := print.SheetByID(id)
	if !ok {
		tb.Fatalf("there is no sheet %s", id)
	}
	return sheet
}

// mustRead reads the labels of a PDF, one by one and where the sheet says that
// they are.
func mustRead(tb testing.TB, file string, sheet print.Sheet, skip, count int) []string {
	tb.Helper()
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		skipLoudly(tb, "printed symbols: pdftoppm is missing, apt-get install poppler-utils")
	}
	folder := tb.TempDir()
	if out, err := exec.CommandContext(tb.Context(), "pdftoppm", "-r", "300", "-gray", "-png", file, filepath.Join(folder, "page")).CombinedOutput(); err != nil {
		tb.Fatalf("pdftoppm: %v\n%s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(folder, "page*.png"))
	if err != nil || len(names) != (skip+count+sheet.PerPage()-1)/sheet.PerPage() {
		tb.Fatalf("got %d pages (%v)", len(names), err)
	}
	pages := map[int]page{}
	for i, name := range names {
		pages[i] = mustPage(tb, name)
	}
	var labels []string
	for i := skip; i < skip+count; i++ {
		page, label := pages[i/sheet.PerPage()], filepath.Join(folder, fmt.Sprintf("label-%04d.png", i))
		x, y := sheet.Place(i % sheet.PerPage())
		dots := func(mm float64) int { return int(mm / 25.4 * 300) }
		var cut bytes.Buffer
		if err := png.Encode(&cut, page.SubImage(image.Rect(dots(x), dots(y), dots(x+sheet.Width), dots(y+sheet.Height)))); err != nil {
			tb.Fatal(err)
		}
		mustWrite(tb, label, cut.String())
		labels = append(labels, label)
	}
	return mustReadImages(tb, labels...)
}

// page is an image out of which labels can be cut.
type page interface {
	SubImage(image.Rectangle) image.Image
}

func mustPage(tb testing.TB, name string) page {
	tb.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	whole, ok := img.(page)
	if !ok {
		tb.Fatalf("%s is %T, of which nothing can be cut out", name, img)
	}
	return whole
}

func mustReadImages(tb testing.TB, images ...string) []string {
	tb.Helper()
	if _, err := exec.LookPath("zbarimg"); err != nil {
		skipLoudly(tb, "symbols: zbarimg is missing, apt-get install zbar-tools")
	}
	out, err := exec.CommandContext(tb.Context(), "zbarimg", append([]string{"--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"}, images...)...).Output()
	if err != nil {
		tb.Fatalf("zbarimg: %v", err)
	}
	return strings.Fields(string(out))
}
