package render

import (
	"math"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/qrlabels/pdf"
)

// Measures of a chart of bars: names to the left, the plot, values to the right.
const (
	nameWidth  = 52.0
	valueWidth = 51.0
	plotLeft   = left + nameWidth
	plotWidth  = width - nameWidth - valueWidth
	barPitch   = 13.0
	barHeight  = 4.6
)

// axis maps values to the plot.
type axis struct{ low, high, step float64 }

// axisOf covers zero and all the values with at most about six marks.
func axisOf(values []float64) axis {
	low, high := 0.0, 0.0
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if low == high {
		high = 1
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, times := range []float64{1, 2, 5, 10} {
		if (high-low)/(step*times) <= 5 {
			step *= times
			break
		}
	}
	return axis{math.Floor(low/step) * step, math.Ceil(high/step) * step, step}
}

func (a axis) x(v float64) float64 { return plotLeft + (v-a.low)/(a.high-a.low)*plotWidth }

// reach lists all that a card wants to be seen in its chart.
func reach(c *indicator.Card) (values []float64) {
	if c.Value == nil {
		return nil
	}
	values = append(values, c.Value.InexactFloat64())
	for _, i := range []*indicator.Interval{c.Interval, c.Sources} {
		if i != nil {
			values = append(values, i.Low.InexactFloat64(), i.High.InexactFloat64())
		}
	}
	return values
}

// chart draws a bar for each card, side by side and never on top of each other,
// on an axis of their own.
func (p *paper) chart(title, unit string, colour pdf.Colour, cards []*indicator.Card) {
	if len(cards) == 0 {
		return
	}
	height := float64(len(cards))*barPitch + 10
	p.subheading(title, height)
	var values []float64
	for _, c := range cards {
		values = append(values, reach(c)...)
	}
	g, y := p.now(), p.y
	if len(values) > 0 {
		p.axis(g, axisOf(values), unit, y, height-8)
	}
	for i, c := range cards {
		p.bar(g, axisOf(values), colour, c, y+float64(i)*barPitch+2)
	}
	p.y += height
}

func (p *paper) axis(g *page, a axis, unit string, y, height float64) {
	for n := 0; ; n++ {
		v := a.low + float64(n)*a.step
		if v > a.high+a.step/2 {
			break
		}
		colour, stroke := rule, 0.15
		if math.Abs(v) < a.step/2 {
			colour, stroke = grey, 0.3
		}
		g.box(colour, a.x(v)-stroke/2, y, stroke, height)
		// Through a decimal, so that 0.30000000000000004 is not printed.
		mark := decimal.NewFromFloat(v).Round(places(decimal.NewFromFloat(a.step)))
		g.writeMiddle(style{regular, 6, grey}, a.x(v), y+height+2.6, p.l.number(mark.String()))
	}
	g.write(style{regular, 6, grey}, plotLeft+plotWidth+4, y+height+2.6, unit)
}

// bar draws the bar of one card with its interval and the range between sources,
// or says why there is none.
func (p *paper) bar(g *page, a axis, colour pdf.Colour, c *indicator.Card, y float64) {
	for n, line := range wrap(p.l.text("card."+c.ID), smallStyle, nameWidth-4) {
		g.write(smallStyle, left, y+2.6+float64(n)*smallStyle.line(), line)
	}
	if c.Value == nil {
		lines := wrap(p.l.value(c), quietStyle, plotWidth+valueWidth-4)
		g.box(white, plotLeft+1, y-0.4, plotWidth+valueWidth-2, float64(len(lines))*quietStyle.line()+0.8)
		for n, line := range lines {
			g.write(quietStyle, plotLeft+2, y+3+float64(n)*quietStyle.line(), line)
		}
		return
	}
	v := a.x(c.Value.InexactFloat64())
	zero := a.x(0)
	g.box(colour, min(v, zero), y, max(math.Abs(v-zero), 0.2), barHeight)
	if i := c.Interval; i != nil {
		low, high := a.x(i.Low.InexactFloat64()), a.x(i.High.InexactFloat64())
		g.box(ink, low, y+barHeight/2-0.15, high-low, 0.3)
		g.box(ink, low-0.15, y+0.9, 0.3, barHeight-1.8)
		g.box(ink, high-0.15, y+0.9, 0.3, barHeight-1.8)
	}
	if s := c.Sources; s != nil {
		for _, end := range []float64{a.x(s.Low.InexactFloat64()), a.x(s.High.InexactFloat64())} {
			g.polygon(orange, end, y+barHeight+0.3, end-1.1, y+barHeight+2.3, end+1.1, y+barHeight+2.3)
		}
	}
	p.figures(g, c, plotLeft+plotWidth+4, y)
}

// figures writes a value with its intervals, one below the other.
func (p *paper) figures(g *page, c *indicator.Card, x, y float64) {
	l := p.l
	g.write(smallBold, x, y+2.6, withUnit(l.shown(c), l.unit(c)))
	y += 2.6
	if c.Interval != nil {
		y += quietStyle.line()
		g.write(quietStyle, x, y, l.textf("ui.interval-short", l.span(c, c.Interval)))
	}
	if c.Sources != nil {
		y += quietStyle.line()
		g.write(quietStyle, x, y, l.textf("ui.sources-short", l.span(c, c.Sources)))
	}
}

// months draws what was collected, accepted and recycled month by month.
func (p *paper) months() {
	most := 0.0
	for _, m := range p.r.Series {
		b := m.Balance
		most = max(most, float64(b.Collected), float64(b.Accepted), float64(b.Recyclate))
	}
	if most <= 0 {
		return
	}
	const height = 42.0
	p.need(height + 10)
	g, y := p.now(), p.y
	a := axisOf([]float64{most / 1000})
	level := func(kg float64) float64 { return y + height - kg/a.high*height }
	for v := 0.0; v <= a.high+a.step/2; v += a.step {
		g.box(rule, left+14, level(v), width-14, 0.15)
		g.writeEnd(style{regular, 6, grey}, left+12, level(v)+0.8, p.l.number(decimal.NewFromFloat(v).Round(places(decimal.NewFromFloat(a.step))).String()))
	}
	pitch := (width - 16) / float64(len(p.r.Series))
	w := min(pitch*0.24, 6)
	every := int(math.Ceil(11 / pitch)) // labels that do not run into each other
	for i, m := range p.r.Series {
		x := left + 16 + float64(i)*pitch + (pitch-3*w)/2
		for n, bar := range []struct {
			colour pdf.Colour
			grams  float64
		}{{rule, float64(m.Balance.Collected)}, {blue, float64(m.Balance.Accepted)}, {green, float64(m.Balance.Recyclate)}} {
			if bar.grams > 0 {
				g.box(bar.colour, x+float64(n)*w, level(bar.grams/1000), w*0.9, y+height-level(bar.grams/1000))
			}
		}
		if i%every == 0 {
			g.writeMiddle(style{regular, 6, grey}, x+1.5*w, y+height+3, string(m.Month))
		}
	}
	p.y += height + 8
}
