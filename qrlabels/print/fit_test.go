package print

import (
	"math"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/qrlabels"
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
			shown += solid(r.text)
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
		if got, want := shown, solid(norm.NFC.String(strings.Map(visible, text))); got != want {
			t.Fatalf("shown is %q, want %q", got, want)
		}
	})
}

// solid is a text without blanks.
func solid(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
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
		{"also behind a soft hyphen", "perche\u00ad\u0301", 60, 6, []string{"perché"}},
		{"what is not UTF-8 shows", "a\xffb", 60, 6, []string{"a\uFFFDb"}},
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

// A panic of a worker, where nobody could recover from it, is an error.
func TestWorkersKeepTheirPanics(t *testing.T) {
	sheet, _ := SheetByID("roll-62")
	job := Job{Sheet: sheet}.withDefaults(PDF)
	err := drawAll(t.Context(), job, job.pages(func(yield func(Label) bool) { yield(Label{}) }), func(*composer, page) (int, error) {
		panic("wrong about itself")
	}, func(int) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "wrong about itself") {
		t.Errorf("got %v, want the panic as an error", err)
	}
}

// No label that a sheet may have gets a symbol with modules that are too small, at
// the usual length of links, blank or bound; and nothing leaves the safe area.
func TestEveryAllowedLabelHasALargeSymbol(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]float64{60, 120, 300}).Draw(t, "most") // small ones are the hard ones
		w, h := rapid.Float64Range(MinLabelWidth, most).Draw(t, "w"), rapid.Float64Range(MinLabelHeight, most).Draw(t, "h")
		sheet := Sheet{ID: "x", PageWidth: w, PageHeight: h, Columns: 1, Rows: 1, Width: w, Height: h}
		if err := sheet.Validate(); err != nil {
			t.Fatal(err)
		}
		code, err := qrlabels.ParseCode("7K4M9QXP2RTBW")
		if err != nil {
			t.Fatal(err)
		}
		label := Label{Code: code, Payload: "HTTPS://" + strings.Repeat("H", 26) + "/8003/09521234000013" + code.String(), Facility: "Ospedale dell'Argine", Ward: "Degenza azzurra"}
		if rapid.Bool().Draw(t, "bound") {
			label.Stream = &Stream{Name: Words{"Flaconi", "Bottles"}, Pictograms: Pictograms()[:3], Accepts: Lists{IT: []string{"flaconi svuotati"}, EN: []string{"emptied bottles"}}}
		}
		on := &measuring{}
		c := composer{job: Job{Sheet: sheet}.withDefaults(PDF)}
		if err := c.label(on, label, 0); err != nil {
			t.Fatalf("%g × %g mm: %v", w, h, err)
		}
		safe := safeArea(sheet, 0)
		for _, b := range on.boxes {
			const hair = 1e-6
			if b.x < safe.x-hair || b.y < safe.y-hair || b.x+b.w > safe.x+safe.w+hair || b.y+b.h > safe.y+safe.h+hair {
				t.Errorf("%g × %g mm: %+v is out of the safe area %+v", w, h, b, safe)
			}
		}
		if on.module < 0.33 {
			t.Errorf("%g × %g mm: modules are %.3f mm wide, want at least 0.33", w, h, on.module)
		}
		if on.smallest < 1 {
			t.Errorf("%g × %g mm: text of %.2f mm, want at least 1 for ordinary words", w, h, on.smallest)
		}
	})
}

// measuring is a canvas that only notes what would be drawn where.
type measuring struct {
	boxes            []box
	module, smallest float64
}

func (m *measuring) band(_ colour, at box, _ colour) { m.boxes = append(m.boxes, at) }
func (m *measuring) outline(box)                     {}
func (m *measuring) dotsPerMM() float64              { return 0 }
func (m *measuring) picture(_ colour, _ []layer, x, y, side float64) {
	m.boxes = append(m.boxes, box{x, y, side, side})
}

func (m *measuring) symbol(s qrlabels.Symbol, _ string, x, y, side float64) {
	m.boxes, m.module = append(m.boxes, box{x, y, side, side}), side/float64(s.Size())
}

func (m *measuring) text(_ colour, r run) {
	face := r.font.face()
	m.boxes = append(m.boxes, box{r.x, r.y - 0.7*r.size, face.Width(r.text) * r.size, 0.9 * r.size})
	if m.smallest == 0 || r.size < m.smallest {
		m.smallest = r.size
	}
}
