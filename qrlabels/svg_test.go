package qrlabels_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels"
)

// The runs are the black modules, each once, as long as they can be.
func TestRuns(t *testing.T) {
	s := mustEncode(t, payloadOf(t, 40), qrlabels.H)
	drawn := make([][]bool, s.Size())
	for y := range drawn {
		drawn[y] = make([]bool, s.Size())
	}
	for r := range s.Runs() {
		if s.Black(r.X-1, r.Y) || s.Black(r.X+r.Width, r.Y) {
			t.Errorf("%+v could be longer", r)
		}
		for x := r.X; x < r.X+r.Width; x++ {
			if drawn[r.Y][x] {
				t.Errorf("module %d,%d is in two runs", x, r.Y)
			}
			drawn[r.Y][x] = true
		}
	}
	for y, row := range s.Matrix() {
		for x, black := range row {
			if drawn[y][x] != black {
				t.Errorf("module %d,%d: drawn is %v, want %v", x, y, drawn[y][x], black)
			}
		}
	}
	for range s.Runs() {
		break // a reader that stops early is left alone
	}
}

func TestSVG(t *testing.T) {
	s := mustEncode(t, payloadOf(t, 40), qrlabels.H)
	var image bytes.Buffer
	if err := s.SVG(&image, 22.5); err != nil {
		t.Fatal(err)
	}
	text := image.String()
	if !strings.Contains(text, `width="22.5mm" height="22.5mm" viewBox="0 0 41 41"`) || strings.Count(text, "<path") != 2 {
		t.Errorf("got %.200s, want 22.5 mm and one path for all modules, besides the paper", text)
	}
	for _, mm := range []float64{0, -1, math.NaN(), math.Inf(1), 1e9} {
		if err := s.SVG(&bytes.Buffer{}, mm); err == nil {
			t.Errorf("%g mm: got an image, want an error", mm)
		}
	}
	if err := (qrlabels.Symbol{}).SVG(&bytes.Buffer{}, 20); err == nil {
		t.Error("zero symbol: got an image, want an error")
	}
	broken := errors.New("disk full")
	if err := s.SVG(failing{broken}, 20); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestSVGDecodes(t *testing.T) {
	for program, debian := range map[string]string{"rsvg-convert": "librsvg2-bin", "zbarimg": "zbar-tools"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing: apt-get install %s", program, debian)
			}
			t.Skipf("SKIPPED: NO SVG WAS DECODED, %s is missing: apt-get install %s", program, debian)
		}
	}
	for _, level := range levels {
		text := payloadOf(t, 50)
		folder := t.TempDir()
		svg, image := filepath.Join(folder, "s.svg"), filepath.Join(folder, "s.png")
		var file bytes.Buffer
		if err := mustEncode(t, text, level).SVG(&file, 20); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(svg, file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("rsvg-convert", "-d", "300", "-p", "300", "-o", image, svg).CombinedOutput(); err != nil {
			t.Fatalf("rsvg-convert: %v %s", err, out)
		}
		out, err := exec.Command("zbarimg", "--quiet", "--raw", image).Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != text {
			t.Errorf("level %s: read %q, %v, want %q", level, got, err, text)
		}
	}
}
