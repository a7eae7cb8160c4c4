package print

import "github.com/ricircolo/ricircolo/qrlabels"

// colour is red, green and blue.
type colour [3]uint8

var (
	black = colour{}
	white = colour{255, 255, 255}
	grey  = colour{70, 70, 70} // of what has no colour of its own
	faint = colour{150, 150, 150}
)

// canvas is a page that can be drawn on, in millimetres to the right and down from
// its top left corner.
type canvas interface {
	// band draws the ground of a band; what is written on it is white or black.
	band(c colour, at box, ink colour)
	// picture draws a picture, made for a square of side 1, into a square.
	picture(c colour, layers []layer, x, y, side float64)
	text(ink colour, r run)
	// symbol draws a symbol with its quiet zone into a square, as large as the
	// canvas can draw it well.
	symbol(s qrlabels.Symbol, payload string, x, y, side float64)
	// outline draws a thin line along the edges of a box.
	outline(at box)
	// dotsPerMM is how many dots a millimetre has; 0 if it is not made of dots.
	dotsPerMM() float64
}

// The parts that are shapes on most canvases.

// bandShape is the ground of a band.
func bandShape(at box) shape { return shape{}.rounded(at.x, at.y, at.w, at.h, min(1.2, at.h/5)) }

// outlineWidth is that of cut marks, in mm.
const outlineWidth = 0.1

// outlineShape is a thin line along the inside of the edges of a box.
func outlineShape(at box) shape {
	const t = outlineWidth
	return shape{}.rectangle(at.x, at.y, at.w, t).rectangle(at.x, at.y+at.h-t, at.w, t).
		rectangle(at.x, at.y+t, t, at.h-2*t).rectangle(at.x+at.w-t, at.y+t, t, at.h-2*t)
}

// parseColour reads #rrggbb; anything else is grey.
func parseColour(s string) colour {
	if !colourForm.MatchString(s) {
		return grey
	}
	digit := func(b byte) uint8 {
		if b >= 'a' {
			return b - 'a' + 10
		}
		return b - '0'
	}
	var c colour
	for i := range c {
		c[i] = digit(s[1+2*i])<<4 | digit(s[2+2*i])
	}
	return c
}

// view is how a page lies on the paper: grown and moved, as the printer needs it.
type view struct{ scale, x, y float64 }

func (j Job) view() view { return view{j.Printer.Scale, j.Printer.OffsetX, j.Printer.OffsetY} }

// straight reports whether nothing has to be changed.
func (v view) straight() bool { return v == view{scale: 1} }
