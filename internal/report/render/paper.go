package render

import (
	"strings"

	"github.com/ricircolo/ricircolo/internal/report"
	"github.com/ricircolo/ricircolo/qrlabels/pdf"
	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

// Measures of a page, A4 upright, in millimetres.
const (
	pageWidth, pageHeight = 210.0, 297.0
	left, right           = 18.0, 192.0
	width                 = right - left
	top                   = 27.0 // below the header
	point                 = 25.4 / 72
	leading               = 1.32 // of the size of a font
)

// The colours keep apart for those who see red and green alike.
var (
	white     = pdf.Colour{255, 255, 255}
	ink       = pdf.Colour{27, 38, 49}
	grey      = pdf.Colour{105, 115, 124}
	pale      = pdf.Colour{238, 242, 243}
	rule      = pdf.Colour{198, 206, 210}
	blue      = pdf.Colour{0, 104, 160}
	paleBlue  = pdf.Colour{186, 214, 232}
	green     = pdf.Colour{0, 128, 96}
	orange    = pdf.Colour{196, 88, 0}
	paleAmber = pdf.Colour{248, 217, 188}
	brown     = pdf.Colour{126, 98, 44}
)

// font is one of the two fonts of a report.
type font int

const (
	regular font = iota
	bold
)

func (f font) face() *typeface.Face {
	if f == bold {
		return typeface.Bold()
	}
	return typeface.Regular()
}

// page is a page that was laid out and not yet drawn: how many there are has to
// be known before the first is written.
type page struct {
	draw     []func(*pdf.Content)
	sections []string // that begin on it
}

// paper lays pages out from top to bottom.
type paper struct {
	l      locale
	r      *report.Report
	pages  []*page
	y      float64 // where the next block begins
	bottom float64 // where the footer begins
}

func (p *paper) now() *page { return p.pages[len(p.pages)-1] }

func (p *paper) newPage() {
	p.pages = append(p.pages, &page{})
	p.y = top
}

// need begins a new page unless there is so much room.
func (p *paper) need(height float64) {
	if p.y+height > p.bottom {
		p.newPage()
	}
}

func (g *page) add(f func(*pdf.Content)) { g.draw = append(g.draw, f) }

// style is how a text is set; the size is in points.
type style struct {
	font   font
	size   float64
	colour pdf.Colour
}

func (s style) mm() float64 { return s.size * point }

// line is the height of a line.
func (s style) line() float64 { return s.mm() * leading }

func (s style) width(text string) float64 { return s.font.face().Width(text) * s.mm() }

// The styles.
var (
	titleStyle   = style{bold, 22, ink}
	headingStyle = style{bold, 14, ink}
	subStyle     = style{bold, 10.5, ink}
	bodyStyle    = style{regular, 9.5, ink}
	leadStyle    = style{regular, 11, ink}
	smallStyle   = style{regular, 7.5, ink}
	smallBold    = style{bold, 7.5, ink}
	quietStyle   = style{regular, 7.5, grey}
	footStyle    = style{regular, 6, grey}
)

// write sets a text from a point of its baseline on.
func (g *page) write(s style, x, y float64, text string) {
	if text == "" {
		return
	}
	text = strings.ReplaceAll(text, noBreak, " ") // who searches types a plain one
	g.add(func(c *pdf.Content) {
		c.Colour(s.colour)
		c.Text(int(s.font), s.font.face(), s.mm(), x, y, text)
	})
}

// writeEnd sets a text that ends at x, writeMiddle one around x.
func (g *page) writeEnd(s style, x, y float64, text string) { g.write(s, x-s.width(text), y, text) }

func (g *page) writeMiddle(s style, x, y float64, text string) {
	g.write(s, x-s.width(text)/2, y, text)
}

func (g *page) box(colour pdf.Colour, x, y, w, h float64) {
	g.add(func(c *pdf.Content) {
		c.Colour(colour)
		c.Rectangle(x, y, w, h)
		c.Fill()
	})
}

// frame draws the edges of a rectangle.
func (g *page) frame(colour pdf.Colour, x, y, w, h, stroke float64) {
	g.box(colour, x, y, w, stroke)
	g.box(colour, x, y+h-stroke, w, stroke)
	g.box(colour, x, y, stroke, h)
	g.box(colour, x+w-stroke, y, stroke, h)
}

// dashes draws the edges of a rectangle, dashed.
func (g *page) dashes(colour pdf.Colour, x, y, w, h, stroke float64) {
	const dash, gap = 1.6, 1.0
	for at := 0.0; at < w; at += dash + gap {
		n := min(dash, w-at)
		g.box(colour, x+at, y, n, stroke)
		g.box(colour, x+at, y+h-stroke, n, stroke)
	}
	for at := 0.0; at < h; at += dash + gap {
		n := min(dash, h-at)
		g.box(colour, x, y+at, stroke, n)
		g.box(colour, x+w-stroke, y+at, stroke, n)
	}
}

// polygon fills a polygon of points x, y.
func (g *page) polygon(colour pdf.Colour, points ...float64) {
	g.add(func(c *pdf.Content) {
		c.Colour(colour)
		c.MoveTo(points[0], points[1])
		for i := 2; i+1 < len(points); i += 2 {
			c.LineTo(points[i], points[i+1])
		}
		c.Close()
		c.Fill()
	})
}

// ribbon fills a band of one thickness from (x1, y1) to (x2, y2), its upper
// edge's ends, that leaves and arrives level.
func (g *page) ribbon(colour pdf.Colour, x1, y1, x2, y2, thickness float64) {
	middle := (x1 + x2) / 2
	g.add(func(c *pdf.Content) {
		c.Colour(colour)
		c.MoveTo(x1, y1)
		c.CurveTo(middle, y1, middle, y2, x2, y2)
		c.LineTo(x2, y2+thickness)
		c.CurveTo(middle, y2+thickness, middle, y1+thickness, x1, y1+thickness)
		c.Close()
		c.Fill()
	})
}

// noBreak is the space between a number and its unit.
const noBreak = "\u00a0"

// breaks reports whether a line may end at a character.
func breaks(r rune) bool { return r == ' ' || r == '\t' || r == '\r' }

// wrap breaks a text into lines of a width; a word that is wider is broken
// anywhere. It looks at each character a bounded number of times.
func wrap(text string, s style, width float64) []string {
	var lines []string
	for _, paragraph := range strings.Split(text, "\n") {
		line, used := "", 0.0
		for _, word := range strings.FieldsFunc(paragraph, breaks) {
			for _, part := range fit(word, s, width) {
				w := s.width(part)
				if line != "" && used+s.width(" ")+w > width {
					lines = append(lines, line)
					line, used = "", 0
				}
				if line != "" {
					line, used = line+" ", used+s.width(" ")
				}
				line, used = line+part, used+w
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// fit cuts a word into pieces that fit into a width, after a mark in the word if
// there is one: ids are read in parts.
func fit(word string, s style, width float64) []string {
	if s.width(word) <= width {
		return []string{word}
	}
	var parts []string
	piece, used := "", 0.0
	for _, r := range word {
		w := s.width(string(r))
		if piece != "" && used+w > width {
			at := 1 + strings.LastIndexAny(piece, "/@")
			if at == 0 {
				at = 1 + strings.LastIndexByte(piece, '-')
			}
			if at == 0 {
				at = len(piece)
			}
			parts = append(parts, piece[:at])
			piece = piece[at:]
			used = s.width(piece)
		}
		piece, used = piece+string(r), used+w
	}
	return append(parts, piece)
}
