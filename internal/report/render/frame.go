package render

import "strings"

// What stands around every page: what is reported, the boundary in small, and what
// it takes to judge the figures.

const footTop = 3.0 // from the rule to the first line

// footer lays out the lines that all pages end with.
func (p *paper) footer() []string {
	l, r := p.l, p.r
	ids := make([]string, 0, 9)
	for _, f := range l.flags(r) {
		ids = append(ids, f.id)
	}
	flags := strings.Join(ids, " ")
	if flags == "" {
		flags = l.text("ui.no-flags")
	}
	named := func(key, value string) string { return l.text(key) + ": " + value }
	text := strings.Join([]string{
		named("ui.functional-unit", l.functionalUnit(r)),
		named("ui.baseline", l.baselineNamed(r)) + " · " + named("ui.factor-set", l.factorSet(r)),
		named("ui.gwp", gwp(r)) + " · " + named("ui.biogenic", l.biogenic(r)),
		named("ui.coverage-name", l.coverage(r)) + " · " + named("ui.flags", flags),
		named("ui.intervals", l.text("ui.intervals-about")),
		named("ui.report", r.ID) + " · " + named("ui.hash", r.Hash),
	}, "\n")
	return wrap(text, footStyle, width)
}

// footerHeight is what the footer takes of a page, the number below included.
func footerHeight(lines []string) float64 {
	return footTop + float64(len(lines))*footStyle.line() + 4 + 8
}

// surround draws header and footer of a page.
func (p *paper) surround(g *page, n int, footer []string) {
	l, r := p.l, p.r
	const stripWidth = 84.0
	g.write(smallBold, left, 13, cut(r.Title, smallBold, width-stripWidth-6))
	g.write(quietStyle, left, 16.4, cut(l.scope(r), quietStyle, width-stripWidth-6))
	g.write(quietStyle, left, 19.8, cut(l.period(r), quietStyle, width-stripWidth-6))
	p.strip(g, right-stripWidth, 11, stripWidth)
	g.box(rule, left, 22, width, 0.2)

	y := p.bottom + 2
	g.box(rule, left, y, width, 0.2)
	y += footTop
	for _, line := range footer {
		g.write(footStyle, left, y, line)
		y += footStyle.line()
	}
	g.writeEnd(quietStyle, right, pageHeight-8, l.textf("ui.page", n, len(p.pages)))
}

// cut shortens a text that the page says in full elsewhere.
func cut(text string, s style, width float64) string {
	if s.width(text) <= width {
		return text
	}
	used := s.width("…")
	for i, r := range text {
		used += s.width(string(r))
		if used > width {
			return strings.TrimRight(text[:i], " ") + "…"
		}
	}
	return text
}

// strip draws the boundary in small: inside the dashes what the inventory counts.
func (p *paper) strip(g *page, x, y, w float64) {
	keys := []string{"strip-production", "strip-ward", "strip-transport", "strip-plant", "strip-treatment", "strip-avoided"}
	const gap, h = 2.2, 6.0
	s := style{regular, 5, ink}
	each := (w - gap*float64(len(keys)-1) - 2) / float64(len(keys))
	g.dashes(blue, x, y-1, (each+gap)*5, h+2, 0.25)
	for i, key := range keys {
		at := x + 1 + float64(i)*(each+gap)
		edge := blue
		if i == len(keys)-1 {
			edge = green
			at++
		}
		g.frame(edge, at, y, each, h, 0.2)
		lines := wrap(p.l.text("ui."+key), s, each-0.6)
		for n, line := range lines {
			g.writeMiddle(s, at+each/2, y+h/2+s.mm()*0.35+(float64(n)-float64(len(lines)-1)/2)*s.line(), line)
		}
		if i > 0 {
			g.polygon(grey, at-0.3, y+h/2, at-1.5, y+h/2-0.7, at-1.5, y+h/2+0.7)
		}
	}
}
