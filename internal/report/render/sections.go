package render

import (
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/report"
	"github.com/ricircolo/ricircolo/qrlabels/pdf"
)

// The sections of the paper, in their order.

// cardsOf finds some cards, those that there are.
func cardsOf(r *report.Report, ids ...string) (cards []*indicator.Card) {
	for _, id := range ids {
		if c := find(r, id); c != nil {
			cards = append(cards, c)
		}
	}
	return cards
}

// cover is the first page: what was achieved and how sure it is.
func (p *paper) cover() {
	r, l := p.r, p.l
	p.space(6)
	p.paragraph(titleStyle, r.Title)
	p.space(1)
	p.paragraph(style{regular, 12, grey}, l.scope(r))
	p.paragraph(style{regular, 12, grey}, l.period(r))
	p.space(6)
	p.heading(l.text("ui.title-results"), 60)
	p.paragraph(leadStyle, strings.Join(l.summary(r), " "))
	p.space(5)
	p.panels()
	p.space(3)
	p.paragraph(quietStyle, l.text("rule.three"))
	p.subheading(l.text("ui.title-flags"), 14)
	p.flags()
}

// panels shows the figures that people ask for first, each in a box of its own.
func (p *paper) panels() {
	l := p.l
	type panel struct {
		key, id string
		colour  pdf.Colour
	}
	list := []panel{
		{"mass", "collected", grey}, {"recyclate", "recyclate", green}, {"intensity", "inventory-waste-per-kg", blue},
		{"inventory", "inventory-waste", blue}, {"avoided", "avoided", green}, {"biogenic", "biogenic", brown},
	}
	const gap, h = 4.0, 25.0
	w := (width - 2*gap) / 3
	p.need(2*h + gap)
	g := p.now()
	for i, panel := range list {
		x, y := left+float64(i%3)*(w+gap), p.y+float64(i/3)*(h+gap)
		g.box(pale, x, y, w, h)
		g.box(panel.colour, x, y, 1.2, h)
		p.panel(g, panel.id, l.text("ui.key-"+panel.key), x, y, w)
	}
	p.y += 2*h + gap
}

// panel writes one figure, or why there is none.
func (p *paper) panel(g *page, id, name string, x, y, w float64) {
	l := p.l
	g.write(quietStyle, x+4, y+5, cut(name, quietStyle, w-6))
	c := find(p.r, id)
	if c == nil || c.Value == nil {
		text := l.text("ui.not-computed")
		if c != nil {
			text = l.value(c)
		}
		lines := wrap(text, smallStyle, w-8)
		for n, line := range lines[:min(3, len(lines))] { // in full among all indicators
			g.write(smallStyle, x+4, y+10+float64(n)*smallStyle.line(), line)
		}
		return
	}
	number := style{bold, 14, ink}
	g.write(number, x+4, y+12.5, l.shown(c))
	g.write(smallStyle, x+4+number.width(l.shown(c))+1.5, y+12.5, l.unit(c))
	y += 13.5
	if c.Interval != nil {
		y += quietStyle.line()
		g.write(quietStyle, x+4, y, l.textf("ui.interval-short", l.span(c, c.Interval)))
	}
	if c.Sources != nil {
		y += quietStyle.line()
		g.write(quietStyle, x+4, y, l.textf("ui.sources-short", l.span(c, c.Sources)))
	}
}

// summary says in plain words what was achieved and how sure it is.
func (l locale) summary(r *report.Report) []string {
	b := r.Balance
	text := []string{l.textf("ui.sum-collected", l.period(r), l.scope(r), l.wholeKilograms(b.Collected), l.count(b.Fills),
		l.wholeKilograms(b.Accepted), l.wholeKilograms(b.Recyclate), l.percent(share(b.Recyclate, b.Collected)))}
	say := func(id string, sentence func(c *indicator.Card) string) {
		c := find(r, id)
		switch {
		case c == nil:
		case c.Value == nil:
			text = append(text, l.textf("ui.sum-missing", l.text("card."+id), l.reasonInShort(c, fewOnPaper)))
		default:
			text = append(text, sentence(c))
		}
	}
	say("inventory-waste", func(c *indicator.Card) string { return l.textf("ui.sum-inventory", l.about(c)) })
	say("avoided", func(c *indicator.Card) string {
		if c.Value.IsPositive() {
			return l.textf("ui.sum-avoided-worse", l.about(c))
		}
		return l.textf("ui.sum-avoided", l.about(c))
	})
	if r.Baseline != nil {
		say("comparison", func(c *indicator.Card) string {
			key := "ui.sum-comparison-better"
			if c.Value.IsPositive() {
				key = "ui.sum-comparison-worse"
			}
			return l.textf(key, l.baseline(r.Baseline)+", "+l.day(r.Baseline.Dated), l.about(c))
		})
	}
	if v, ok := coverage(r); ok {
		text = append(text, l.textf("ui.sum-sure", l.percent(share(v.Measured, v.Mass)), l.percent(share(v.Estimated, v.Mass)), l.percent(share(v.Covered, v.Mass))))
	}
	return text
}

// about is how large a value is, whatever its sign, with its ranges. The sentence
// around it says which way it goes.
func (l locale) about(c *indicator.Card) string {
	negative := c.Value.IsNegative()
	size := func(d decimal.Decimal) string {
		if negative {
			d = d.Neg()
		}
		return l.amount(c, d)
	}
	ends := func(i *indicator.Interval) (string, string) {
		if negative {
			return size(i.High), size(i.Low)
		}
		return size(i.Low), size(i.High)
	}
	s := withUnit(size(*c.Value), l.unit(c))
	if c.Interval != nil {
		low, high := ends(c.Interval)
		s += l.textf("ui.sum-range", low, high)
	}
	if c.Sources != nil {
		low, high := ends(c.Sources)
		s += l.textf("ui.sum-sources", low, high)
	}
	return s
}

func (p *paper) flags() {
	flags := p.l.flags(p.r)
	if len(flags) == 0 {
		p.paragraph(bodyStyle, p.l.text("ui.no-flags"))
	}
	for _, f := range flags {
		p.paragraph(smallStyle, f.id+" – "+f.text)
	}
}

// co2 shows the three results in three charts, and the comparison in a section of
// its own.
func (p *paper) co2() {
	r, l := p.r, p.l
	p.newPage()
	p.heading(l.text("ui.title-co2"), 60)
	p.paragraph(bodyStyle, l.text("ui.co2-about"))
	p.paragraph(quietStyle, l.text("ui.legend"))
	unit := l.text("ui.unit-axis")
	p.chart(l.text("ui.chart-inventory"), unit, blue,
		cardsOf(r, "inventory-production", "inventory-transport", "inventory-treatment", "inventory-waste", "inventory"))
	p.chart(l.text("ui.chart-avoided"), unit, green, cardsOf(r, "avoided"))
	p.chart(l.text("ui.chart-biogenic"), l.text("ui.unit-axis-biogenic"), brown, cardsOf(r, "biogenic"))
	p.intensity()

	p.heading(l.text("ui.title-comparison"), 40)
	if r.Baseline == nil {
		p.paragraph(bodyStyle, l.text("ui.no-comparison"))
		return
	}
	p.paragraph(bodyStyle, l.textf("ui.comparison-about", l.baselineNamed(r)))
	p.chart(l.baselineNamed(r), unit, grey, cardsOf(r, "comparison-baseline", "comparison"))
}

// intensity stands on the same pages as what is avoided.
func (p *paper) intensity() {
	var rows []gridRow
	for i := range p.r.Cards {
		if c := &p.r.Cards[i]; c.Group == "intensity" {
			rows = append(rows, gridRow{cells: []string{p.l.text("card." + c.ID), p.l.value(c), p.l.span(c, c.Interval), p.l.span(c, c.Sources)}})
		}
	}
	if len(rows) == 0 {
		return
	}
	p.subheading(p.l.text("group.intensity"), 20)
	p.paragraph(quietStyle, p.l.text("rule.intensity"))
	p.grid([]column{{p.l.text("column.indicator"), 46, false}, {p.l.text("column.value"), 40, true}, {p.l.text("column.interval"), 25, true}, {p.l.text("column.sources"), 22, true}}, rows)
}

// cards lists all indicators by group.
func (p *paper) cards() {
	l := p.l
	numbers := notesOf(p.r)
	p.heading(l.text("ui.title-cards"), 40)
	for _, group := range groups(p.r) {
		var rows []gridRow
		for i := range p.r.Cards {
			c := &p.r.Cards[i]
			if c.Group != group {
				continue
			}
			v := c.Coverage
			value := l.text("ui.not-computed")
			if c.Value != nil {
				value = l.value(c)
			}
			rows = append(rows, gridRow{cells: []string{l.text("card." + c.ID), value, l.span(c, c.Interval), l.span(c, c.Sources), l.percent(share(v.Covered, v.Mass)), l.percent(share(v.Measured, v.Mass)), p.remarks(c, numbers)}})
		}
		p.subheading(l.text("group."+group), 20)
		p.grid([]column{
			{l.text("column.indicator"), 38, false}, {l.text("column.value"), 28, true}, {l.text("column.interval"), 29, true},
			{l.text("column.sources"), 27, true}, {l.text("column.coverage"), 14, true}, {l.text("column.measured-share"), 15, true}, {l.text("column.notes"), 34, false},
		}, rows)
	}
	for i, code := range numbers {
		p.paragraph(smallStyle, noteNumber(i)+" "+l.text("note."+code))
	}
}

// notesOf are the codes of all notes, once each, in the order of the cards: many
// cards share theirs, which stand below the tables under their numbers.
func notesOf(r *report.Report) (codes []string) {
	for _, c := range r.Cards {
		for _, code := range c.Notes {
			if !slices.Contains(codes, code) { // a few dozen at most
				codes = append(codes, code)
			}
		}
	}
	return codes
}

func noteNumber(i int) string { return "(" + strconv.Itoa(i+1) + ")" }

// remarks is what has to be said about a card: why it has no value, what it is
// compared with, the numbers of its notes.
func (p *paper) remarks(c *indicator.Card, numbers []string) string {
	var list []string
	if c.Value == nil {
		list = append(list, p.l.reasonInShort(c, fewOnPaper))
	}
	if isComparison(c.ID) {
		list = append(list, p.l.text("ui.baseline")+": "+p.l.baselineNamed(p.r))
	}
	if len(c.Notes) > 0 {
		marks := make([]string, len(c.Notes))
		for i, code := range c.Notes {
			marks[i] = noteNumber(slices.Index(numbers, code))
		}
		list = append(list, strings.Join(marks, " "))
	}
	return strings.Join(list, "\n")
}

// groups are those of the cards, in their order.
func groups(r *report.Report) (list []string) {
	seen := make(map[string]bool)
	for _, c := range r.Cards {
		if !seen[c.Group] {
			seen[c.Group] = true
			list = append(list, c.Group)
		}
	}
	return list
}
