package render

import (
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// The drawing of the funnel: a column for each step, what goes on between them at
// the top, and what leaves as boxes below the next step, far enough down that the
// bands of later steps pass above.

const (
	sankeyHeight = 56.0 // of the largest step
	barWidth     = 3.5
	labelWidth   = 28.0
)

// exit is one exit as it is drawn.
type exit struct {
	label []string
	grams quantity.Mass
	y, h  float64
}

// stage is a step as it is drawn.
type stage struct {
	step  indicator.FunnelStep
	x, h  float64
	more  quantity.Mass // what came in between the former step and this one
	exits []exit        // of the former step, below this one
}

// sankey works out where all of it stands, from y on, and where it ends. ok is
// false if the masses cannot be drawn: none, or negative ones.
func (l locale) sankey(f indicator.Funnel, y float64) (stages []stage, end float64, ok bool) {
	most := quantity.Mass(0)
	for _, s := range f.Steps {
		if s.Grams < 0 {
			return nil, y, false
		}
		most = max(most, s.Grams)
	}
	if most == 0 {
		return nil, y, false
	}
	scale := func(m quantity.Mass) float64 { return float64(m) / float64(most) * sankeyHeight }
	stages = make([]stage, len(f.Steps))
	pitch := (width - barWidth - 28) / float64(max(len(f.Steps)-1, 1))
	for i, s := range f.Steps {
		stages[i] = stage{step: s, x: left + float64(i)*pitch, h: scale(s.Grams)}
		if i == 0 {
			continue
		}
		for _, e := range f.Steps[i-1].Exits {
			if e.Grams > 0 {
				stages[i].exits = append(stages[i].exits, exit{wrap(l.text("exit."+e.Reason), smallStyle, labelWidth), e.Grams, 0, scale(e.Grams)})
			} else {
				stages[i].more -= e.Grams
			}
		}
		if stages[i].more > s.Grams {
			return nil, y, false // what came in has left again at once
		}
	}
	return stages, place(stages, y), true
}

// place stacks the exits, from the last step back, and returns where they end.
func place(stages []stage, y float64) float64 {
	end := y
	for i := len(stages) - 1; i >= 0; i-- {
		s := &stages[i]
		at := max(y+s.h, end) + 4
		for n := range s.exits {
			s.exits[n].y = at
			at += max(s.exits[n].h, float64(len(s.exits[n].label)+1)*smallStyle.line()) + 1.5
		}
		if len(s.exits) > 0 {
			end = max(end, at)
		}
		end = max(end, y+s.h)
	}
	return end
}

// funnel draws the funnel with a table of the same figures.
func (p *paper) funnel() {
	const labels = 13.0
	_, height, _ := p.l.sankey(p.r.Funnel, 0)
	p.heading(p.l.text("ui.title-funnel"), height+labels+12)
	p.paragraph(quietStyle, p.l.text("ui.funnel-about"))
	p.space(2)
	y := p.y + labels
	stages, end, ok := p.l.sankey(p.r.Funnel, y)
	if !ok {
		p.paragraph(bodyStyle, p.l.text("ui.funnel-not-drawn"))
	} else {
		g := p.now()
		for i := range stages[1:] {
			p.bands(g, &stages[i], &stages[i+1], y)
		}
		for i := range stages {
			p.stage(g, &stages[i], y)
		}
		p.y = end + 4
	}
	p.funnelTable()
}

// bands draws what goes from a step to the next one, and what leaves.
func (p *paper) bands(g *page, from, to *stage, y float64) {
	more := 0.0
	if to.step.Grams > 0 {
		more = to.h * float64(to.more) / float64(to.step.Grams)
	}
	x1, x2 := from.x+barWidth, to.x
	through := to.h - more
	if through > 0 {
		g.box(paleBlue, x1, y, x2-x1, through)
	}
	at := y + through
	for _, e := range to.exits {
		g.ribbon(paleAmber, x1, at, x2, e.y, e.h)
		at += e.h
	}
	if to.more > 0 {
		const stub = 9.0 // from nowhere: it was not on the scales at departure
		g.ribbon(green, x2-stub, y+to.h+3, x2, y+through, max(more, 0.2))
		g.writeEnd(smallStyle, x2-1, y+to.h+3+more+4, p.l.textf("ui.funnel-more", p.l.kilograms(to.more)+" kg"))
	}
}

// stage draws a step, its exits and their labels.
func (p *paper) stage(g *page, s *stage, y float64) {
	colour := blue
	if s.step.Name == "recyclate" {
		colour = green
	}
	g.box(colour, s.x, y, barWidth, max(s.h, 0.2))
	g.write(smallBold, s.x, y-8, p.l.text("step."+s.step.Name))
	g.write(smallStyle, s.x, y-4.8, p.l.kilograms(s.step.Grams)+" kg")
	g.write(quietStyle, s.x, y-1.6, p.l.percent(s.step.Share))
	for _, e := range s.exits {
		g.box(orange, s.x, e.y, barWidth, max(e.h, 0.2))
		at := e.y + smallStyle.mm()
		for _, line := range e.label {
			g.write(smallStyle, s.x+barWidth+1, at, line)
			at += smallStyle.line()
		}
		g.write(smallBold, s.x+barWidth+1, at, p.l.kilograms(e.grams)+" kg")
	}
}

// funnelTable lists the same masses, those that are too small to be seen as well.
func (p *paper) funnelTable() {
	l, f := p.l, p.r.Funnel
	var rows []gridRow
	for _, s := range f.Steps {
		rows = append(rows, gridRow{[]string{l.text("step." + s.Name), l.kilograms(s.Grams), l.percent(s.Share)}, true})
		for _, e := range s.Exits {
			rows = append(rows, gridRow{[]string{"– " + l.text("exit."+e.Reason), l.kilograms(e.Grams), l.percent(share(e.Grams, p.r.Balance.Collected))}, false})
		}
	}
	for _, beside := range []field{{"contaminant", l.kilograms(f.Contaminant)}, {"diverted", l.kilograms(f.Diverted)}, {"unallocated", l.kilograms(f.Unallocated)}} {
		rows = append(rows, gridRow{[]string{l.text("step." + beside.name), beside.value, ""}, false})
	}
	p.grid([]column{{l.text("column.step"), 60, false}, {l.text("column.mass"), 20, true}, {l.text("column.share"), 20, true}}, rows)
}
