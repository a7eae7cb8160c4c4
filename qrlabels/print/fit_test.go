package print

import (
	"math"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// A text that is fitted is inside its box, whatever it says, and nothing of it is
// lost but blanks.
func TestFitLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringN(0, MaxText, -1),
			rapid.StringOfN(rapid.RuneFrom([]rune("abcWi àèìòù-/·語")), 0, MaxText, -1),
			rapid.Just(strings.Repeat("precipitevolissimevolmente", 7)),
		).Draw(t, "text")
		s := style{
			font: font(rapid.IntRange(0, 2).Draw(t, "font")), size: rapid.Float64Range(1, 40).Draw(t, "size"),
			centred: rapid.Bool().Draw(t, "centred"), atTop: rapid.Bool().Draw(t, "at top"),
		}
		at := box{rapid.Float64Range(0, 100).Draw(t, "x"), rapid.Float64Range(0, 100).Draw(t, "y"), rapid.Float64Range(5, 200).Draw(t, "w"), rapid.Float64Range(1, 60).Draw(t, "h")}
		runs := fit(text, s, at.w, at.h).set(at, s)
		shown := ""
		for _, r := range runs {
			shown += r.text
			face := r.font.face()
			left, right := r.x, r.x+face.Width(r.text)*r.size
			top, bottom := r.y-float64(face.CapHeight)/1000*r.size, r.y-float64(face.Descent)/1000*r.size
			const hair = 1e-6
			if left < at.x-hair || right > at.x+at.w+hair || top < at.y-hair || bottom > at.y+at.h+hair {
				t.Fatalf("%q of size %g reaches from %g,%g to %g,%g, out of %+v", r.text, r.size, left, top, right, bottom, at)
			}
			if r.size > s.size {
				t.Fatalf("size %g, want at most %g", r.size, s.size)
			}
		}
		if got, want := solid(shown), solid(text); got != want {
			t.Fatalf("shown is %q, want %q", got, want)
		}
	})
}

// solid is a text without blanks and what can't be seen.
func solid(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(text, "\uFFFD")))
}

func TestFit(t *testing.T) {
	s := style{font: bold, size: 4}
	for _, row := range []struct {
		name, text string
		w, h       float64
		want       []string
	}{
		{"fits at once", "Degenza azzurra", 60, 6, []string{"Degenza azzurra"}},
		{"breaks at a blank", "Degenza azzurra", 20, 12, []string{"Degenza", "azzurra"}},
		{"breaks behind a hyphen", "Ospedaliero-Universitaria", 28, 12, []string{"Ospedaliero-", "Universitaria"}},
		{"breaks where it is told to", "uno\ndue", 60, 12, []string{"uno", "due"}},
		{"a dot ends a line and never begins one", "aaaa · bbbb · cccc", 10, 30, []string{"aaaa ·", "bbbb ·", "cccc"}},
		{"accents are joined", "perche\u0301", 60, 6, []string{"perché"}},
		{"white space counts once", "  a \t b\u00a0 ", 60, 6, []string{"a b"}},
		{"nothing", " \t", 60, 6, nil},
	} {
		got := fit(row.text, s, row.w, row.h)
		if strings.Join(got.lines, "|") != strings.Join(row.want, "|") {
			t.Errorf("%s: got %q at %g mm, want %q", row.name, got.lines, got.size, row.want)
		}
	}
	long := fit("precipitevolissimevolmente", s, 12, 8)
	if len(long.lines) < 2 || long.size < 1 {
		t.Errorf("a long word: got %q at %g mm, want it broken before it gets illegible", long.lines, long.size)
	}
	if b := fit("x", s, 0, 5); b.lines != nil {
		t.Errorf("no room: got %q, want nothing", b.lines)
	}
}

func TestItemsLeaveOutTheLast(t *testing.T) {
	list := []string{"flaconi svuotati di fisiologica", "le loro buste esterne", "tappi e taniche", "vaschette"}
	var set typesetter
	b := set.items(list, dot, style{font: regular, size: 2.4}, 30, 4.2)
	text := strings.Join(b.lines, " ")
	if !strings.HasPrefix(text, list[0]) || !strings.HasSuffix(text, "…") || b.size < legible {
		t.Errorf("got %q at %g mm, want the first items, legible, and an ellipsis", text, b.size)
	}
	whole := set.items(list, dot, style{font: regular, size: 2.4}, 80, 12)
	if got := strings.Join(whole.lines, " "); got != strings.Join(list, dot) {
		t.Errorf("got %q, want all items", got)
	}
}

func TestTypesetterForgets(t *testing.T) {
	var set typesetter
	for i := range 2 * maxMemo {
		set.fit(strings.Repeat("x", i%150)+strings.Repeat("y", i/150), style{font: mono, size: 3}, 60, 6)
	}
	if len(set.memo) > maxMemo {
		t.Errorf("remembers %d texts, want at most %d", len(set.memo), maxMemo)
	}
}

// What is written on a band has the contrast of normal text (WCAG 2.2, 1.4.3) on
// any ground.
func TestBandContrast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ground := colour{rapid.Byte().Draw(t, "r"), rapid.Byte().Draw(t, "g"), rapid.Byte().Draw(t, "b")}
		light, dark := luminance(ground), luminance(inkOn(ground))
		if contrast := (math.Max(light, dark) + 0.05) / (math.Min(light, dark) + 0.05); contrast < 4.5 {
			t.Errorf("%s on %s: contrast is %.2f, want 4.5", inkOn(ground), ground, contrast)
		}
	})
	if inkOn(black) != white || inkOn(white) != black {
		t.Error("black on black")
	}
}

func TestParseColour(t *testing.T) {
	for text, want := range map[string]colour{"#1f6fb2": {0x1f, 0x6f, 0xb2}, "#ffffff": white, "": grey, "red": grey, "#1F6FB2": grey, "#12345": grey} {
		if got := parseColour(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestPictogramsHavePictures(t *testing.T) {
	if got, want := len(pictures()), len(Pictograms()); got != want {
		t.Errorf("got %d pictures, want %d", got, want)
	}
	for _, p := range Pictograms() {
		layers := pictures()[p]
		if len(layers) == 0 {
			t.Errorf("%s has no picture", p)
		}
		for _, l := range layers {
			for _, s := range l.area {
				for _, at := range s.to {
					if at.x < 0 || at.x > 1 || at.y < 0 || at.y > 1 {
						t.Errorf("%s reaches out of its square: %v", p, at)
					}
				}
			}
		}
	}
}
