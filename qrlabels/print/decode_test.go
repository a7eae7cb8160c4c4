package print_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// needs skips a test, loudly, where a program is missing, and fails it in CI.
func needs(t *testing.T, program, debian string) {
	t.Helper()
	if raceDetector {
		t.Skip("pixels of pages that one goroutine reads: the run without the race detector looks at them")
	}
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing: apt-get install %s", program, debian)
		}
		t.Skipf("SKIPPED: NOTHING PRINTED WAS CHECKED, %s is missing: apt-get install %s", program, debian)
	}
}

// run runs a program.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	var errors bytes.Buffer
	command := exec.Command(program, args...)
	command.Stderr = &errors
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, errors.String())
	}
	return string(out)
}

// decoded is what an independent decoder reads in images, in their order.
func decoded(t *testing.T, images ...string) []string {
	t.Helper()
	command := exec.Command("zbarimg", append([]string{"--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"}, images...)...)
	out, err := command.Output()
	if code := command.ProcessState.ExitCode(); err != nil && code != 4 { // 4: nothing was found
		t.Fatalf("zbarimg: %v", err)
	}
	return strings.Fields(string(out))
}

func payloads(labels []print.Label) []string {
	var texts []string
	for _, l := range labels {
		texts = append(texts, l.Payload)
	}
	return texts
}

// cut cuts the labels out of images of a job's pages, where the sheet says that
// they are: one found elsewhere would not be read.
func cut(t *testing.T, job print.Job, pages []string, n int) []string {
	t.Helper()
	folder, per := t.TempDir(), job.Sheet.PerPage()
	var images []string
	for number, page := range pages {
		img := readImage(t, page)
		perMM := float64(img.Bounds().Dx()) / job.Sheet.PageWidth
		for place := range per {
			if i := number*per + place - job.Skip; i < 0 || i >= n {
				continue
			}
			x, y := job.Sheet.Place(place)
			at := image.Rect(int(x*perMM), int(y*perMM), int((x+job.Sheet.Width)*perMM), int((y+job.Sheet.Height)*perMM))
			label := image.NewGray(image.Rect(0, 0, at.Dx(), at.Dy()))
			draw.Draw(label, label.Rect, img, at.Min, draw.Src)
			file := filepath.Join(folder, fmt.Sprintf("%03d-%03d.png", number, place))
			writeImage(t, file, label)
			images = append(images, file)
		}
	}
	return images
}

func readImage(t *testing.T, file string) image.Image {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func writeImage(t *testing.T, file string, img image.Image) {
	t.Helper()
	var data bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&data, img); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func save(t *testing.T, name string, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// wantDecoded compares what was read with what was printed.
func wantDecoded(t *testing.T, what string, got, want []string) int {
	t.Helper()
	if !slices.Equal(got, want) {
		missing := slices.DeleteFunc(slices.Clone(want), func(s string) bool { return slices.Contains(got, s) })
		t.Errorf("%s: read %d symbols of %d; missing are %q", what, len(got), len(want), missing)
	}
	return len(want)
}

// The proof: every sheet is printed, rasterised as printers and scanners do it, and
// every symbol on it is read by a decoder that shares no code with us.
func TestEverySymbolOfEverySheetDecodes(t *testing.T) {
	needs(t, "pdftoppm", "poppler-utils")
	needs(t, "zbarimg", "zbar-tools")
	read := 0
	for _, sheet := range print.Sheets() {
		labels := someLabels(t, sheet.PerPage()+4)
		job := print.Job{Sheet: sheet, Skip: min(3, sheet.PerPage()-1)}
		file := save(t, "labels.pdf", mustWrite(t, job, print.PDF, labels))
		for _, dpi := range []int{150, 203, 300} {
			t.Run(fmt.Sprintf("%s at %d dpi", sheet.ID, dpi), func(t *testing.T) {
				folder := t.TempDir()
				run(t, "pdftoppm", "-r", fmt.Sprint(dpi), "-gray", "-png", file, filepath.Join(folder, "page"))
				pages, err := filepath.Glob(filepath.Join(folder, "page*"))
				if err != nil || len(pages) != job.Pages(len(labels)) {
					t.Fatalf("got %d pages, want %d", len(pages), job.Pages(len(labels)))
				}
				read += wantDecoded(t, "PDF", decoded(t, cut(t, job, pages, len(labels))...), payloads(labels))
			})
		}
	}
	t.Logf("%d symbols read", read)
}

// Images are read as they are, at the resolution of label printers.
func TestPNGDecodes(t *testing.T) {
	needs(t, "zbarimg", "zbar-tools")
	for _, sheet := range print.Sheets() {
		for _, dpi := range []int{150, 203, 300} {
			labels := someLabels(t, sheet.PerPage()+1)
			job := print.Job{Sheet: sheet, Printer: print.Printer{DPI: dpi}}
			var pages []string
			for i, page := range unzip(t, mustWrite(t, job, print.PNG, labels)) {
				pages = append(pages, save(t, fmt.Sprintf("%d.png", i), page))
				checkSize(t, page, sheet, dpi)
			}
			wantDecoded(t, fmt.Sprintf("%s at %d dpi", sheet.ID, dpi), decoded(t, cut(t, job, pages, len(labels))...), payloads(labels))
		}
	}
}

// checkSize checks that an image is as large as its sheet, in pixels and on paper.
func checkSize(t *testing.T, file []byte, sheet print.Sheet, dpi int) {
	t.Helper()
	config, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	pixels := func(mm float64) int { return int(math.Round(mm * float64(dpi) / 25.4)) }
	if config.Width != pixels(sheet.PageWidth) || config.Height != pixels(sheet.PageHeight) {
		t.Errorf("%s at %d dpi: %d × %d pixels", sheet.ID, dpi, config.Width, config.Height)
	}
	at := bytes.Index(file, []byte("pHYs"))
	if at < 0 || at > 64 {
		t.Fatalf("%s: no pHYs chunk in front of the data", sheet.ID)
	}
	perMetre := int(file[at+4])<<24 | int(file[at+5])<<16 | int(file[at+6])<<8 | int(file[at+7])
	if got := float64(perMetre) * 0.0254; math.Abs(got-float64(dpi)) > 0.05 {
		t.Errorf("%s: says that it has %.2f dpi, want %d", sheet.ID, got, dpi)
	}
}

func TestSVGDecodes(t *testing.T) {
	needs(t, "rsvg-convert", "librsvg2-bin")
	needs(t, "zbarimg", "zbar-tools")
	for _, sheet := range print.Sheets() {
		labels := someLabels(t, sheet.PerPage()+1)
		var pages []string
		job := print.Job{Sheet: sheet}
		for i, page := range unzip(t, mustWrite(t, job, print.SVG, labels)) {
			image := filepath.Join(t.TempDir(), "page.png")
			run(t, "rsvg-convert", "-d", "203", "-p", "203", "-o", image, save(t, fmt.Sprintf("%d.svg", i), page))
			pages = append(pages, image)
		}
		wantDecoded(t, sheet.ID, decoded(t, cut(t, job, pages, len(labels))...), payloads(labels))
	}
}

// unzip gives the files of an archive in their order.
func unzip(t *testing.T, data []byte) [][]byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var files [][]byte
	for i, f := range archive.File {
		if want := fmt.Sprintf("page-%03d.", i+1); !strings.HasPrefix(f.Name, want) {
			t.Errorf("file %d is called %s, want %s…", i, f.Name, want)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		files = append(files, b.Bytes())
	}
	return files
}

// The worst that is allowed: the smallest label, with the longest Digital Link, at
// the resolution of label printers.
func TestSmallestLabelWithLongestPayloadDecodes(t *testing.T) {
	needs(t, "zbarimg", "zbar-tools")
	base, err := mustBase(t, "https://"+strings.Repeat("h", 26)).WithAsset("9521234", "00001")
	if err != nil {
		t.Fatal(err)
	}
	sheet := print.Sheet{ID: "smallest", PageWidth: print.MinLabelWidth, PageHeight: print.MinLabelHeight, Columns: 1, Rows: 1, Width: print.MinLabelWidth, Height: print.MinLabelHeight}
	labels := someLabels(t, 10)
	var pages []string
	for i, l := range labels {
		labels[i].Payload = base.Payload(l.Code)
		pages = append(pages, save(t, "label.png", mustWrite(t, print.Job{Sheet: sheet, Printer: print.Printer{DPI: 203}}, print.PNG, labels[i:i+1])))
	}
	wantDecoded(t, "smallest label", decoded(t, pages...), payloads(labels))
}

// photo is a symbol as a camera may see it.
type photo func(img *image.Gray) *image.Gray

func rotated(degrees float64) photo {
	return func(img *image.Gray) *image.Gray {
		w, h := float64(img.Rect.Dx()), float64(img.Rect.Dy())
		side := math.Hypot(w, h)
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		out := paper(int(side), int(side))
		// About the middle of both.
		m := f64.Aff3{cos, -sin, side/2 - cos*w/2 + sin*h/2, sin, cos, side/2 - sin*w/2 - cos*h/2}
		draw.CatmullRom.Transform(out, m, img, img.Rect, draw.Over, nil)
		return out
	}
}

func smaller(share float64) photo {
	return func(img *image.Gray) *image.Gray {
		out := paper(int(float64(img.Rect.Dx())*share), int(float64(img.Rect.Dy())*share))
		draw.CatmullRom.Scale(out, out.Rect, img, img.Rect, draw.Over, nil)
		return out
	}
}

// blurred is out of focus: every pixel is the mean of those around it, twice.
func blurred(radius int) photo {
	return func(img *image.Gray) *image.Gray {
		for range 2 {
			out := paper(img.Rect.Dx(), img.Rect.Dy())
			for y := range img.Rect.Dy() {
				for x := range img.Rect.Dx() {
					sum, n := 0, 0
					for dy := -radius; dy <= radius; dy++ {
						for dx := -radius; dx <= radius; dx++ {
							if (image.Point{X: x + dx, Y: y + dy}).In(img.Rect) {
								sum += int(img.GrayAt(x+dx, y+dy).Y)
								n++
							}
						}
					}
					out.SetGray(x, y, color.Gray{Y: uint8(sum / n)})
				}
			}
			img = out
		}
		return img
	}
}

// covered has a stain on a share of the symbol, anywhere but on the patterns by
// which it is found: three corners and, in the fourth, the alignment pattern,
// without which zbarimg gives up.
func covered(share float64, random *rand.Rand) photo {
	return func(img *image.Gray) *image.Gray {
		out := paper(img.Rect.Dx(), img.Rect.Dy())
		copy(out.Pix, img.Pix)
		size := img.Rect.Dx() / pixelsPerModule // in modules
		quiet := qrlabels.QuietZone
		stain := int(math.Ceil(math.Sqrt(share) * float64(size-2*quiet)))
		for {
			x, y := quiet+random.IntN(size-2*quiet-stain+1), quiet+random.IntN(size-2*quiet-stain+1)
			corner := quiet + 9 // with the format beside it
			left, right, top, bottom := x < corner, x+stain > size-corner, y < corner, y+stain > size-corner
			alignment := image.Rect(size-quiet-9, size-quiet-9, size-quiet-4, size-quiet-4)
			if top && (left || right) || bottom && left || image.Rect(x, y, x+stain, y+stain).Overlaps(alignment) {
				continue
			}
			at := image.Rect(x*pixelsPerModule, y*pixelsPerModule, (x+stain)*pixelsPerModule, (y+stain)*pixelsPerModule)
			draw.Draw(out, at, image.NewUniform(color.Gray{Y: uint8(random.IntN(256))}), image.Point{}, draw.Src)
			return out
		}
	}
}

func paper(w, h int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	return img
}

// Symbols are read when they are turned, far away, out of focus, and dirty. The
// last row is the control of level H: at level L the same dirt is too much.
func TestDistortedSymbolsDecode(t *testing.T) {
	needs(t, "zbarimg", "zbar-tools")
	const trials = 12
	random := rand.New(rand.NewPCG(4, 2))
	for _, row := range []struct {
		name    string
		level   qrlabels.Level
		distort photo
		atLeast int // of the trials
		atMost  int
	}{
		{"as printed", qrlabels.H, smaller(1), trials, trials},
		{"turned by 7 degrees", qrlabels.H, rotated(7), trials, trials},
		{"turned by 45 degrees", qrlabels.H, rotated(45), trials, trials},
		{"upside down", qrlabels.H, rotated(180), trials, trials},
		{"30 % smaller", qrlabels.H, smaller(0.7), trials, trials},
		{"blurred", qrlabels.H, blurred(2), trials, trials},
		{"10 % covered", qrlabels.H, covered(0.10, random), trials, trials},
		{"10 % covered, level L", qrlabels.L, covered(0.10, random), 0, trials / 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			read := 0
			for _, l := range someLabels(t, trials) {
				text := l.Payload
				if row.level != qrlabels.H {
					text += strings.Repeat("0", 100-len(text)) // a symbol of the same version
				}
				symbol, err := qrlabels.Encode(text, row.level)
				if err != nil || symbol.Version() != 4 {
					t.Fatalf("version %d, %v, want 4", symbol.Version(), err)
				}
				if got := decoded(t, savePhoto(t, row.distort(render(t, symbol)))); slices.Equal(got, []string{text}) {
					read++
				} else if len(got) > 0 {
					t.Errorf("read %q, want %q or nothing", got, text)
				}
			}
			if read < row.atLeast || read > row.atMost {
				t.Errorf("read %d of %d, want %d to %d", read, trials, row.atLeast, row.atMost)
			}
		})
	}
}

const pixelsPerModule = 6

func render(t *testing.T, s qrlabels.Symbol) *image.Gray {
	t.Helper()
	var file bytes.Buffer
	if err := s.PNG(&file, pixelsPerModule*s.Size()); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&file)
	if err != nil {
		t.Fatal(err)
	}
	gray := image.NewGray(img.Bounds())
	draw.Draw(gray, gray.Rect, img, image.Point{}, draw.Src)
	return gray
}

func savePhoto(t *testing.T, img image.Image) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "photo.png")
	writeImage(t, file, img)
	return file
}
