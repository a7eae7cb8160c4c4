package qrlabels_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/skip2/go-qrcode"

	"github.com/ricircolo/ricircolo/qrlabels"
)

var update = flag.Bool("update", false, "write the golden files anew")

var levels = []qrlabels.Level{qrlabels.L, qrlabels.M, qrlabels.Q, qrlabels.H}

// mustEncode makes a symbol.
func mustEncode(tb testing.TB, text string, level qrlabels.Level) qrlabels.Symbol {
	tb.Helper()
	s, err := qrlabels.Encode(text, level)
	if err != nil {
		tb.Fatalf("Encode(%q, %s): %v", text, level, err)
	}
	return s
}

// mustPNG draws a symbol.
func mustPNG(tb testing.TB, s qrlabels.Symbol, pixels int) []byte {
	tb.Helper()
	var file bytes.Buffer
	if err := s.PNG(&file, pixels); err != nil {
		tb.Fatal(err)
	}
	return file.Bytes()
}

// payloadOf makes a label's text of exactly so many characters.
func payloadOf(tb testing.TB, characters int) string {
	tb.Helper()
	host := strings.Repeat("h", characters-len("https:///B/")-qrlabels.CodeLength)
	return mustBase(tb, "https://"+host).Payload(mustCode(tb))
}

// The table in the package's documentation.
func TestVersionOfPayload(t *testing.T) {
	for _, row := range []struct{ characters, version, modules int }{
		{25, 3, 37}, {qrlabels.CompactPayload, 3, 37}, {qrlabels.CompactPayload + 1, 4, 41}, {qrlabels.MaxPayload, 4, 41},
	} {
		for range 50 {
			s := mustEncode(t, payloadOf(t, row.characters), qrlabels.H)
			if s.Version() != row.version || s.Size() != row.modules {
				t.Fatalf("%d characters: got version %d of %d modules, want %d of %d", row.characters, s.Version(), s.Size(), row.version, row.modules)
			}
		}
	}
}

func TestEncode(t *testing.T) {
	t.Run("has a white quiet zone of four modules", func(t *testing.T) {
		s := mustEncode(t, payloadOf(t, 40), qrlabels.H)
		for y := range s.Size() {
			for x := range s.Size() {
				inside := min(x, y) >= qrlabels.QuietZone && max(x, y) < s.Size()-qrlabels.QuietZone
				if s.Black(x, y) && !inside {
					t.Fatalf("module %d,%d of the quiet zone is black", x, y)
				}
			}
		}
		if !s.Black(qrlabels.QuietZone, qrlabels.QuietZone) {
			t.Error("the first module inside it is white, want the corner of the finder pattern")
		}
		if s.Black(-1, 5) || s.Black(5, s.Size()) {
			t.Error("outside is black")
		}
	})
	t.Run("defaults to level H", func(t *testing.T) {
		text := payloadOf(t, 40)
		if got, want := draw(mustEncode(t, text, "")), draw(mustEncode(t, text, qrlabels.H)); got != want {
			t.Error("the symbols of no level and of H differ")
		}
	})
	t.Run("grows with the level", func(t *testing.T) {
		text, last := strings.Repeat("A", 200), 0
		for _, level := range levels {
			s := mustEncode(t, text, level)
			if s.Version() <= last {
				t.Errorf("level %s: got version %d, want more than %d", level, s.Version(), last)
			}
			last = s.Version()
		}
	})
	t.Run("hands out copies", func(t *testing.T) {
		s := mustEncode(t, payloadOf(t, 40), qrlabels.H)
		before := draw(s)
		for _, row := range s.Matrix() {
			clear(row)
		}
		if draw(s) != before {
			t.Error("changing the matrix changed the symbol")
		}
	})
	t.Run("takes texts up to the limit", func(t *testing.T) {
		for length := 1; length <= qrlabels.MaxText; length += 17 {
			for _, level := range levels {
				for _, text := range []string{"7", "A", "a", "\xff", "7A", "7777777777a"} {
					mustEncode(t, strings.Repeat(text, length)[:length], level)
				}
			}
		}
	})
	t.Run("refuses no text, too much, and other levels", func(t *testing.T) {
		for _, length := range []int{0, qrlabels.MaxText + 1, 10_000} {
			_, err := qrlabels.Encode(strings.Repeat("A", length), qrlabels.H)
			var limit *qrlabels.LimitError
			if !errors.As(err, &limit) || limit.Got != length || limit.Max != qrlabels.MaxText {
				t.Errorf("%d bytes: got %v, want a *LimitError", length, err)
			}
		}
		if _, err := qrlabels.Encode("A", "h"); err == nil {
			t.Error(`level "h": got a symbol, want an error`)
		}
	})
}

// The library panics where it is wrong about itself; no text may get it there.
func FuzzEncode(f *testing.F) {
	f.Add("HTTPS://RICI.IT/B/"+sample, uint8(3))
	f.Add("7777777777a777AAAAAAA\xff", uint8(0))
	f.Fuzz(func(t *testing.T, text string, level uint8) {
		s, err := qrlabels.Encode(text, levels[level%4])
		var limit *qrlabels.LimitError
		if err != nil && !errors.As(err, &limit) {
			t.Fatalf("Encode(%q): %v", text, err)
		}
		if err == nil && s.Size() != 17+4*s.Version()+2*qrlabels.QuietZone {
			t.Errorf("Encode(%q): got %d modules in version %d", text, s.Size(), s.Version())
		}
	})
}

// draw writes a symbol as text, one line a row, without the quiet zone.
func draw(s qrlabels.Symbol) string {
	var b strings.Builder
	for y := qrlabels.QuietZone; y < s.Size()-qrlabels.QuietZone; y++ {
		for x := qrlabels.QuietZone; x < s.Size()-qrlabels.QuietZone; x++ {
			b.WriteByte(".#"[map[bool]int{true: 1}[s.Black(x, y)]])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Printed labels must not change with the library.
func TestSymbolsGolden(t *testing.T) {
	var b strings.Builder
	for _, text := range []string{"HTTPS://RICI.IT/B/" + sample, "HTTPS://RICIRCOLO.AUSL-MO.IT/B/" + sample, "https://rici.it/città", "0123456789"} {
		for _, level := range levels {
			s := mustEncode(t, text, level)
			fmt.Fprintf(&b, "%s, level %s, version %d\n%s\n", text, level, s.Version(), draw(s))
		}
	}
	golden := filepath.Join("testdata", "symbols.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the symbols differ from %s: already printed labels would not be the same; if that is meant, run go test ./qrlabels -update", golden)
	}
}

func TestPNG(t *testing.T) {
	s := mustEncode(t, payloadOf(t, 40), qrlabels.H) // 41 modules
	for _, row := range []struct{ pixels, width int }{
		{41, 41}, {81, 41}, {82, 82}, {512, 492}, {qrlabels.MaxPixels, 984},
	} {
		img, err := png.Decode(bytes.NewReader(mustPNG(t, s, row.pixels)))
		if err != nil {
			t.Fatalf("%d pixels: %v", row.pixels, err)
		}
		if got := img.Bounds().Size(); got.X != row.width || got.Y != row.width {
			t.Errorf("%d pixels: got %v, want %d square", row.pixels, got, row.width)
		}
		if palette, ok := img.ColorModel().(color.Palette); !ok || len(palette) != 2 {
			t.Errorf("%d pixels: got %T, want a palette of two", row.pixels, img.ColorModel())
		}
		scale := row.width / s.Size()
		for y := range row.width {
			for x := range row.width {
				red, _, _, _ := img.At(x, y).RGBA()
				if black := red == 0; black != s.Black(x/scale, y/scale) {
					t.Fatalf("%d pixels: pixel %d,%d is not of its module's colour", row.pixels, x, y)
				}
			}
		}
	}
	for _, pixels := range []int{-1 << 40, -1, 0, 40, qrlabels.MaxPixels + 1, 1 << 40} {
		var file bytes.Buffer
		err := s.PNG(&file, pixels)
		var limit *qrlabels.LimitError
		if !errors.As(err, &limit) || limit.Min != 41 || limit.Max != qrlabels.MaxPixels || file.Len() > 0 {
			t.Errorf("%d pixels: got %v and %d bytes, want a *LimitError and none", pixels, err, file.Len())
		}
	}
	if err := (qrlabels.Symbol{}).PNG(&bytes.Buffer{}, 100); err == nil {
		t.Error("zero symbol: got an image, want an error")
	}
	broken := errors.New("disk full")
	if err := s.PNG(failing{broken}, 100); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// failing is a writer that fails.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestSymbolConcurrently(t *testing.T) {
	s := mustEncode(t, payloadOf(t, 40), qrlabels.H)
	want := mustPNG(t, s, 512)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				var file bytes.Buffer
				if err := s.PNG(&file, 512); err != nil || !bytes.Equal(file.Bytes(), want) {
					t.Errorf("got another image, %v", err)
					return
				}
				s.Matrix()[5][5] = true
				if _, err := qrlabels.Encode("HTTPS://RICI.IT/B/"+sample, qrlabels.H); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// An independent decoder reads what we draw.
func TestDecode(t *testing.T) {
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("zbarimg is missing: apt-get install zbar-tools")
		}
		t.Skip("SKIPPED: NO SYMBOL WAS DECODED, zbarimg is missing: apt-get install zbar-tools")
	}
	texts := []string{"0123456789", strings.Repeat("A7", 128), strings.Repeat("z", qrlabels.MaxText)}
	for range 25 {
		texts = append(texts, payloadOf(t, qrlabels.CompactPayload), payloadOf(t, qrlabels.MaxPayload))
	}
	var want []string
	args := []string{"--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"}
	folder := t.TempDir()
	for i, text := range texts {
		for _, level := range levels {
			s := mustEncode(t, text, level)
			file := filepath.Join(folder, fmt.Sprintf("%03d%s.png", i, level))
			if err := os.WriteFile(file, mustPNG(t, s, 4*s.Size()), 0o644); err != nil {
				t.Fatal(err)
			}
			args, want = append(args, file), append(want, text)
		}
	}
	out, err := exec.Command(zbarimg, args...).Output()
	if err != nil {
		t.Fatalf("zbarimg: %v", err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(got) != len(want) {
		t.Fatalf("got %d texts of %d symbols", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("symbol %d: got %q, want %q", i, got[i], want[i])
		}
	}
	t.Logf("%d symbols read", len(got))
}

// BenchmarkPNG draws a label at 512 pixels from its text, with this package and
// with the library's own drawing, and prints how many times faster this one is
// and how large the files are.
func BenchmarkPNG(b *testing.B) {
	text := mustBase(b, "https://ricircolo.ausl-mo.it").Payload(mustParse(b, sample))
	perOp := func(b *testing.B) float64 { return float64(b.Elapsed()) / float64(b.N) }
	var library float64
	b.Run("library", func(b *testing.B) {
		size := 0
		for b.Loop() {
			file, err := qrcode.Encode(text, qrcode.Highest, 512)
			if err != nil {
				b.Fatal(err)
			}
			size = len(file)
		}
		library = perOp(b)
		b.ReportMetric(float64(size), "bytes/file")
	})
	b.Run("symbol", func(b *testing.B) {
		size := 0
		for b.Loop() {
			size = len(mustPNG(b, mustEncode(b, text, qrlabels.H), 512))
		}
		b.ReportMetric(library/perOp(b), "times-faster") // asked: 8
		b.ReportMetric(float64(size), "bytes/file")
	})
	b.Run("drawing only", func(b *testing.B) {
		s := mustEncode(b, text, qrlabels.H)
		for b.Loop() {
			mustPNG(b, s, 512)
		}
		b.ReportMetric(library/perOp(b), "times-faster")
	})
}
