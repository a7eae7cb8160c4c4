package typeface_test

import (
	"bytes"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

var faces = []*typeface.Face{typeface.Regular(), typeface.Bold(), typeface.Mono()}

func TestFacesHaveTheCharactersOfLabels(t *testing.T) {
	const text = "ABCXYZabcxyz0123456789 àèéìòùÀÈÉÌÒÙ'’“”«»–—…·×€°&/()-.,:;!?%üöäßçñøåœ"
	for _, f := range faces {
		for _, r := range text {
			if f.Glyph(r) == 0 {
				t.Errorf("%s has no %q", f.Name, r)
			}
		}
		if g := f.Glyph('語'); g != 0 {
			t.Errorf("%s: got glyph %d for a character that it does not have, want 0", f.Name, g)
		}
		if f.Ascent < 700 || f.Descent > -150 || f.CapHeight < 600 || f.CapHeight > f.Ascent {
			t.Errorf("%s: ascent %d, descent %d, capital height %d", f.Name, f.Ascent, f.Descent, f.CapHeight)
		}
	}
}

func TestWidth(t *testing.T) {
	for _, f := range faces {
		if got, want := f.Width("Vaà"), f.Advance(f.Glyph('V'))+f.Advance(f.Glyph('a'))+f.Advance(f.Glyph('à')); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("%s: got %g, want the sum of the advances, %g", f.Name, got, want)
		}
	}
	mono := typeface.Mono()
	if i, w := mono.Width("i"), mono.Width("W"); i != w {
		t.Errorf("mono: i is %g and W is %g wide, want the same", i, w)
	}
}

// A subset is a font with the same outlines for the glyphs that it has, their
// parts included, and nothing for others.
func TestSubset(t *testing.T) {
	for _, f := range faces {
		file, err := f.Subset([]typeface.Glyph{f.Glyph('à'), f.Glyph('W'), f.Glyph(' ')})
		if err != nil {
			t.Fatal(err)
		}
		again, err := f.Subset([]typeface.Glyph{f.Glyph('W'), f.Glyph(' '), f.Glyph('à'), f.Glyph('à')})
		if err != nil || !bytes.Equal(file, again) {
			t.Errorf("%s: another order or repetition gives another file, %v", f.Name, err)
		}
		if len(file) > 40_000 {
			t.Errorf("%s: three glyphs take %d bytes", f.Name, len(file))
		}
		for _, r := range "àWQ" {
			got, want := outlineIn(t, file, f.Glyph(r)), outlineOf(t, f, f.Glyph(r))
			if r == 'Q' {
				want = 0
			}
			if got != want {
				t.Errorf("%s: outline of %q has %d steps, want %d", f.Name, r, got, want)
			}
		}
		if got := sumOf(file); got != 0xB1B0AFBA {
			t.Errorf("%s: the file sums to %#x, want the magic number of TrueType", f.Name, got)
		}
	}
}

func outlineOf(t *testing.T, f *typeface.Face, g typeface.Glyph) int {
	t.Helper()
	o, err := f.Outline(g)
	if err != nil || len(o) == 0 {
		t.Fatalf("%s: glyph %d: %d steps, %v", f.Name, g, len(o), err)
	}
	return len(o)
}

// outlineIn reads the glyph with the library, which wants the tables that PDF does
// not want: they are added, empty of meaning.
func outlineIn(t *testing.T, file []byte, g typeface.Glyph) int {
	t.Helper()
	parsed, err := sfnt.Parse(typeface.Completed(file))
	if err != nil {
		t.Fatal(err)
	}
	segments, err := parsed.LoadGlyph(&sfnt.Buffer{}, sfnt.GlyphIndex(g), fixed.I(2048), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Metrics(&sfnt.Buffer{}, fixed.I(2048), font.HintingNone); err != nil {
		t.Fatal(err)
	}
	return len(segments)
}

func sumOf(file []byte) (sum uint32) {
	for i := 0; i+3 < len(file); i += 4 {
		sum += uint32(file[i])<<24 | uint32(file[i+1])<<16 | uint32(file[i+2])<<8 | uint32(file[i+3])
	}
	return sum
}
