// Package typeface owns the fonts that labels and reports are set in: which glyph a character
// has, how wide it is, its outline, and the font file with the glyphs that a
// document uses.
//
// The fonts are the Go fonts of golang.org/x/image, by Bigelow & Holmes: they keep
// to DIN 1450, so that 0 and O, 1 and l stay apart, and have all the letters of the
// European languages.
package typeface

import (
	"fmt"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Glyph is the number of a glyph in its font; 0 is the box for characters that the
// font does not have.
type Glyph uint16

// Face is a font. It is safe for concurrent use.
type Face struct {
	Name string // PostScript name
	// Mono says that all glyphs are of one width.
	Mono bool
	// Measures in thousandths of the size, up from the baseline.
	Ascent, Descent, CapHeight int
	Box                        [4]int // left, bottom, right, top of all glyphs

	data     []byte
	tables   map[string][]byte
	font     *sfnt.Font
	perEm    int
	advances []int // of every glyph, in units of perEm
	latin    [latinEnd]Glyph
}

// latinEnd ends the characters whose glyphs are looked up in a table.
const latinEnd = 0x180

// Regular, Bold and Mono are the fonts; Mono is bold.
var (
	Regular = sync.OnceValue(func() *Face { return mustParse("GoRegular", false, goregular.TTF) })
	Bold    = sync.OnceValue(func() *Face { return mustParse("Go-Bold", false, gobold.TTF) })
	Mono    = sync.OnceValue(func() *Face { return mustParse("GoMono-Bold", true, gomonobold.TTF) })
)

func mustParse(name string, mono bool, data []byte) *Face {
	f, err := parse(name, mono, data)
	if err != nil {
		panic(err) // a font that is compiled in; the tests parse all of them
	}
	return f
}

func parse(name string, mono bool, data []byte) (*Face, error) {
	parsed, err := sfnt.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", name, err)
	}
	tables, err := directory(data)
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", name, err)
	}
	f := &Face{Name: name, Mono: mono, data: data, tables: tables, font: parsed, perEm: int(parsed.UnitsPerEm())}
	if err := f.measure(); err != nil {
		return nil, fmt.Errorf("font %s: %w", name, err)
	}
	return f, nil
}

// measure reads the metrics in units of the font, without hinting.
func (f *Face) measure() error {
	var buffer sfnt.Buffer
	size := fixed.I(f.perEm)
	m, err := f.font.Metrics(&buffer, size, font.HintingNone)
	if err != nil {
		return err
	}
	box, err := f.font.Bounds(&buffer, size, font.HintingNone)
	if err != nil {
		return err
	}
	f.Ascent, f.Descent, f.CapHeight = f.thousandths(m.Ascent.Round()), -f.thousandths(m.Descent.Round()), f.thousandths(m.CapHeight.Round())
	f.Box = [4]int{ // sfnt counts down from the baseline
		f.thousandths(box.Min.X.Floor()), -f.thousandths(box.Max.Y.Ceil()), f.thousandths(box.Max.X.Ceil()), -f.thousandths(box.Min.Y.Floor()),
	}
	f.advances = make([]int, f.font.NumGlyphs())
	for g := range f.advances {
		a, err := f.font.GlyphAdvance(&buffer, sfnt.GlyphIndex(g), size, font.HintingNone)
		if err != nil {
			return err
		}
		f.advances[g] = a.Round()
	}
	for r := range f.latin {
		g, err := f.font.GlyphIndex(&buffer, rune(r))
		if err != nil {
			return err
		}
		f.latin[r] = Glyph(g)
	}
	return nil
}

func (f *Face) thousandths(units int) int { return units * 1000 / f.perEm }

// Glyph is the glyph of a character, or 0.
func (f *Face) Glyph(r rune) Glyph {
	if r >= 0 && r < latinEnd {
		return f.latin[r]
	}
	g, err := f.font.GlyphIndex(&sfnt.Buffer{}, r)
	if err != nil {
		return 0
	}
	return Glyph(g)
}

// Glyphs is the number of glyphs.
func (f *Face) Glyphs() int { return len(f.advances) }

// Advance is the width of a glyph, as a share of the font's size.
func (f *Face) Advance(g Glyph) float64 { return float64(f.advances[g]) / float64(f.perEm) }

// Thousandths is the width of a glyph in thousandths of the font's size, as PDF
// wants it.
func (f *Face) Thousandths(g Glyph) int { return f.thousandths(f.advances[g]) }

// Width is the width of a text on one line, as a share of the font's size.
func (f *Face) Width(text string) float64 {
	units := 0
	for _, r := range text {
		units += f.advances[f.Glyph(r)]
	}
	return float64(units) / float64(f.perEm)
}

// Op is a step of an outline.
type Op byte

// The steps.
const (
	MoveTo Op = iota // one point; ends the former contour, which is closed
	LineTo           // one point
	QuadTo           // a control point and a point
)

// Segment is a step of an outline, in shares of the font's size: to the right, and
// down from the baseline.
type Segment struct {
	Op     Op
	Points [2][2]float64
}

// Outline is the outline of a glyph; that of a blank is empty.
func (f *Face) Outline(g Glyph) ([]Segment, error) {
	segments, err := f.font.LoadGlyph(&sfnt.Buffer{}, sfnt.GlyphIndex(g), fixed.I(f.perEm), nil)
	if err != nil {
		return nil, fmt.Errorf("outline of glyph %d in font %s: %w", g, f.Name, err)
	}
	share := func(v fixed.Int26_6) float64 { return float64(v) / 64 / float64(f.perEm) }
	outline := make([]Segment, len(segments))
	for i, s := range segments {
		to := &outline[i]
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			to.Op = MoveTo
		case sfnt.SegmentOpLineTo:
			to.Op = LineTo
		case sfnt.SegmentOpQuadTo:
			to.Op = QuadTo
		default:
			return nil, fmt.Errorf("outline of glyph %d in font %s: a TrueType font has no cubic curves", g, f.Name)
		}
		for p := range to.Points {
			to.Points[p] = [2]float64{share(s.Args[p].X), share(s.Args[p].Y)}
		}
	}
	return outline, nil
}
