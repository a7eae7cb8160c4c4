package render

import (
	"github.com/ricircolo/ricircolo/internal/report"
	"github.com/ricircolo/ricircolo/qrlabels/pdf"
)

// boundary draws what is counted, and what is shown apart or not at all.
func (p *paper) boundary() {
	p.heading(p.l.text("ui.title-boundary"), 105)
	p.paragraph(bodyStyle, p.l.functionalUnitSentence(p.r))
	p.space(3)
	g, y := p.now(), p.y
	const (
		inner  = 122.0 // width of the inventory
		outerX = left + inner + 6
		outerW = right - outerX
		h      = 15.0
		boxW   = 34.0
	)
	g.dashes(blue, left, y, inner, 76, 0.4)
	g.write(style{bold, 8, blue}, left+2, y+4.5, p.l.text("ui.boundary-inside"))
	g.write(style{bold, 8, green}, outerX, y+4.5, p.l.text("ui.boundary-outside"))

	p.node(g, "production", blue, left+4, y+8, boxW+6, h)
	p.node(g, "use", grey, left+62, y+8, boxW+6, h)
	arrow(g, left+44, y+8+h/2, left+62)

	g.dashes(blue, left+3, y+30, inner-6, 43, 0.25)
	g.write(style{bold, 8, blue}, left+5, y+34.5, p.l.text("ui.boundary-waste"))
	p.node(g, "ward", blue, left+6, y+37, boxW, h)
	p.node(g, "transport", blue, left+6+boxW+4, y+37, boxW, h)
	p.node(g, "plant", blue, left+6+2*(boxW+4), y+37, boxW, h)
	p.node(g, "treatment", blue, left+6+2*(boxW+4), y+57, boxW, h-1)
	arrow(g, left+6+boxW, y+37+h/2, left+6+boxW+4)
	arrow(g, left+6+2*boxW+4, y+37+h/2, left+6+2*boxW+8)
	down(g, left+82, y+8+h, y+37, 30)
	down(g, left+6+2*(boxW+4)+boxW/2, y+37+h, y+57, 0)

	p.node(g, "biogenic", brown, outerX, y+8, outerW, h)
	p.node(g, "recycling", green, outerX, y+37, outerW, h)
	p.node(g, "avoided", green, outerX, y+57, outerW, h-1)
	arrow(g, left+6+2*(boxW+4)+boxW, y+37+h/2, outerX)
	down(g, outerX+outerW/2, y+37+h, y+57, 0)
	p.y = y + 80
	p.paragraph(quietStyle, p.l.text("ui.boundary-about"))

	p.heading(p.l.text("ui.title-provenance"), 40)
	p.fields(p.l.constants(p.r))
}

// functionalUnitSentence is the functional unit as a sentence of its own.
func (l locale) functionalUnitSentence(r *report.Report) string {
	return l.text("ui.functional-unit") + ": " + l.functionalUnit(r) + "."
}

// node draws a box with a text in its middle.
func (p *paper) node(g *page, key string, edge pdf.Colour, x, y, w, h float64) {
	g.box(white, x, y, w, h)
	g.frame(edge, x, y, w, h, 0.35)
	lines := wrap(p.l.text("ui.boundary-"+key), smallStyle, w-3)
	for n, line := range lines {
		offset := (float64(n) - float64(len(lines)-1)/2) * smallStyle.line()
		g.writeMiddle(smallStyle, x+w/2, y+h/2+smallStyle.mm()*0.35+offset, line)
	}
}

// arrow points from x1 to x2 on one level.
func arrow(g *page, x1, y, x2 float64) {
	g.box(grey, x1, y-0.15, x2-x1-1.2, 0.3)
	g.polygon(grey, x2, y, x2-1.8, y-1, x2-1.8, y+1)
}

// down points from y1 to y2, on the way shifted to the left.
func down(g *page, x, y1, y2, shift float64) {
	if shift > 0 {
		middle := (y1 + y2) / 2
		g.box(grey, x-0.15, y1, 0.3, middle-y1)
		g.box(grey, x-shift-0.15, middle-0.15, shift+0.3, 0.3)
		x, y1 = x-shift, middle
	}
	g.box(grey, x-0.15, y1, 0.3, y2-y1-1.2)
	g.polygon(grey, x, y2, x-1, y2-1.8, x+1, y2-1.8)
}
