package print

import (
	"fmt"
	"html"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

// svgCanvas draws an SVG image. Text is drawn as outlines, which look the same
// whatever fonts a machine has; each glyph is defined once.
type svgCanvas struct {
	body   strings.Builder
	glyphs map[glyphKey]string // data of its path
	err    error
}

type glyphKey struct {
	font  font
	glyph typeface.Glyph
}

func (k glyphKey) id() string { return fmt.Sprintf("g%d-%d", k.font, k.glyph) }

func (c colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// xmlText is a text with what XML 1.0 can hold of it, escaped.
func xmlText(text string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xfffe && r != 0xffff {
			return r
		}
		return -1
	}, text))
}

// decimal writes a number to three decimals without zeros behind.
func decimal(v float64) string {
	s := strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', 3, 64), "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

func (c *svgCanvas) band(ground colour, at box, _ colour) { c.fill(ground, bandShape(at)) }
func (c *svgCanvas) outline(at box)                       { c.fill(faint, outlineShape(at)) }
func (c *svgCanvas) dotsPerMM() float64                   { return 0 }

func (c *svgCanvas) picture(ink colour, layers []layer, x, y, side float64) {
	for _, l := range layers {
		c.fill(l.colour(ink), l.area.placed(side, x, y))
	}
}

func (c *svgCanvas) fill(with colour, s shape) {
	fmt.Fprintf(&c.body, `<path fill="%s" d="`, with)
	for i, step := range s {
		if step.op == 'm' && i > 0 {
			c.body.WriteByte('z')
		}
		c.body.WriteByte(step.op - 'a' + 'A')
		points := step.to[:1]
		if step.op == 'c' {
			points = step.to[:]
		}
		for n, p := range points {
			if n > 0 {
				c.body.WriteByte(' ')
			}
			c.body.WriteString(decimal(p.x) + " " + decimal(p.y))
		}
	}
	c.body.WriteString("z\"/>\n")
}

func (c *svgCanvas) text(ink colour, r run) {
	face := r.font.face()
	fmt.Fprintf(&c.body, `<g fill="%s" aria-label="%s">`, ink, xmlText(r.text))
	x := r.x
	for _, char := range r.text {
		key := glyphKey{r.font, face.Glyph(char)}
		if c.define(key) != "" {
			fmt.Fprintf(&c.body, `<use href="#%s" transform="matrix(%[2]s 0 0 %[2]s %s %s)"/>`,
				key.id(), strconv.FormatFloat(r.size/1000, 'g', 5, 64), decimal(x), decimal(r.y))
		}
		x += face.Advance(key.glyph) * r.size
	}
	c.body.WriteString("</g>\n")
}

// define returns the data of a glyph's path, in thousandths of the size; "" for a
// blank.
func (c *svgCanvas) define(key glyphKey) string {
	if d, ok := c.glyphs[key]; ok {
		return d
	}
	outline, err := key.font.face().Outline(key.glyph)
	if err != nil && c.err == nil {
		c.err = err
	}
	var d strings.Builder
	for i, s := range outline {
		if s.Op == typeface.MoveTo && i > 0 {
			d.WriteByte('z')
		}
		d.WriteByte("MLQ"[s.Op])
		points := s.Points[:1]
		if s.Op == typeface.QuadTo {
			points = s.Points[:]
		}
		for n, p := range points {
			if n > 0 {
				d.WriteByte(' ')
			}
			fmt.Fprintf(&d, "%.0f %.0f", p[0]*1000, p[1]*1000)
		}
	}
	if d.Len() > 0 {
		d.WriteByte('z')
	}
	c.glyphs[key] = d.String()
	return d.String()
}

func (c *svgCanvas) symbol(s qrlabels.Symbol, payload string, x, y, side float64) {
	scale := strconv.FormatFloat(side/float64(s.Size()), 'g', 8, 64)
	fmt.Fprintf(&c.body, `<path transform="matrix(%[1]s 0 0 %[1]s %s %s)" shape-rendering="crispEdges" aria-label="%s" d="%s"/>`+"\n",
		scale, decimal(x), decimal(y), xmlText(payload), s.Path())
}

// svgPage draws a page.
func (j Job) svgPage(c *composer, p page) ([]byte, error) {
	on := &svgCanvas{glyphs: map[glyphKey]string{}}
	if err := j.draw(c, on, p); err != nil {
		return nil, err
	}
	if on.err != nil {
		return nil, on.err
	}
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]smm" height="%[2]smm" viewBox="0 0 %[1]s %[2]s"><title>%[3]s</title><defs>`+"\n",
		decimal(j.Sheet.PageWidth), decimal(j.Sheet.PageHeight), xmlText(j.Title))
	for _, key := range slices.SortedFunc(maps.Keys(on.glyphs), func(a, b glyphKey) int {
		return (int(a.font)-int(b.font))<<16 + int(a.glyph) - int(b.glyph)
	}) {
		if d := on.glyphs[key]; d != "" {
			fmt.Fprintf(&out, `<path id="%s" d="%s"/>`+"\n", key.id(), d)
		}
	}
	v := j.view()
	fmt.Fprintf(&out, `</defs><path fill="#fff" d="M0 0H%sV%sH0z"/><g transform="matrix(%[3]g 0 0 %[3]g %[4]g %[5]g)">`+"\n",
		decimal(j.Sheet.PageWidth), decimal(j.Sheet.PageHeight), v.scale, v.x, v.y)
	io.WriteString(&out, on.body.String()) // takes everything
	out.WriteString("</g></svg>\n")
	return []byte(out.String()), nil
}
