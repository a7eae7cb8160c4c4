package render

import (
	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/report"
)

// The tables and annexes behind the results.

func (p *paper) balances(first string, names []string, list []indicator.Balance) {
	l := p.l
	columns := []column{{l.text("column." + first), 26, false}}
	for _, head := range []string{"fills", "collected", "received", "accepted", "refused", "into-recycling", "recyclate", "contamination", "closure"} {
		columns = append(columns, column{l.text("column." + head), 15, true})
	}
	columns[1].width = 18 // the longest word of a head
	rows := make([]gridRow, len(list))
	for i, b := range list {
		rows[i] = gridRow{cells: []string{names[i], l.count(b.Fills), l.kilograms(b.Collected), l.kilograms(b.Received), l.kilograms(b.Accepted),
			l.kilograms(b.Refused), l.kilograms(b.IntoRecycling), l.kilograms(b.Recyclate), l.percent(b.Contamination), l.percent(b.Closure)}}
	}
	p.grid(columns, rows)
}

func (l locale) count(n int64) string { return l.number(decimal.NewFromInt(n).String()) }

func (p *paper) series() {
	if len(p.r.Series) == 0 {
		return
	}
	p.heading(p.l.text("ui.title-series"), 70)
	p.paragraph(quietStyle, p.l.text("ui.series-about"))
	p.space(2)
	p.months()
	names, list := make([]string, len(p.r.Series)), make([]indicator.Balance, len(p.r.Series))
	for i, m := range p.r.Series {
		names[i], list[i] = p.l.month(m.Month), m.Balance
	}
	p.balances("month", names, list)
}

func (p *paper) streams() {
	if len(p.r.Streams) == 0 {
		return
	}
	p.heading(p.l.text("ui.title-streams"), 30)
	names, list := make([]string, len(p.r.Streams)), make([]indicator.Balance, len(p.r.Streams))
	for i, s := range p.r.Streams {
		names[i], list[i] = p.l.stream(s.Stream), s.Balance
	}
	p.balances("stream", names, list)
}

func (p *paper) waste() {
	l, w := p.l, p.r.Waste
	p.heading(l.text("ui.title-waste"), 55)
	var rows []gridRow
	for _, row := range wasteRows(w) {
		rows = append(rows, gridRow{cells: []string{l.text("waste." + row.id), l.kilograms(row.hazardous), l.kilograms(row.other)}})
	}
	rows = append(rows,
		gridRow{[]string{l.text("waste.total"), "", l.kilograms(w.Total)}, true},
		gridRow{[]string{l.text("waste.non-recycled") + " (" + l.percent(w.Share) + ")", "", l.kilograms(w.NonRecycled)}, false},
		gridRow{[]string{l.text("waste.unresolved"), "", l.kilograms(w.Unresolved)}, false})
	p.grid([]column{{l.text("column.destination"), 60, false}, {l.text("column.hazardous"), 20, true}, {l.text("column.non-hazardous"), 20, true}}, rows)
}

// wards is in the order of the report: it ranks nobody.
func (p *paper) wards() {
	if len(p.r.Wards) == 0 {
		return
	}
	l := p.l
	p.heading(l.text("ui.title-wards"), 30)
	p.paragraph(quietStyle, l.text("ui.wards-about"))
	p.space(1)
	var rows []gridRow
	for i, w := range p.r.Wards {
		rows = append(rows, gridRow{cells: []string{w.Ward.Name, l.count(w.Fills), l.kilograms(w.Collected), l.kilograms(w.Accepted),
			l.kilograms(w.Refused), l.kilograms(w.Recyclate), l.percent(w.Contaminated), l.estimate(w.WasteCO2), l.estimate(w.Avoided)}})
		if i+1 == len(p.r.Wards) || p.r.Wards[i+1].Facility != w.Facility {
			p.wardsOf(w.Facility, rows)
			rows = nil
		}
	}
}

// wardsOf is the table of one facility, whose name is part of the head and so
// stands on each page.
func (p *paper) wardsOf(facility report.Name, rows []gridRow) {
	l := p.l
	p.grid([]column{
		{facility.Name + ": " + l.text("column.ward"), 44, false}, {l.text("column.fills"), 17, true}, {l.text("column.collected"), 15, true},
		{l.text("column.accepted"), 15, true}, {l.text("column.refused"), 15, true}, {l.text("column.recyclate"), 15, true},
		{l.text("column.contamination"), 15, true}, {l.text("column.inventory-waste"), 19, true}, {l.text("column.avoided"), 16, true},
	}, rows)
}

// estimate writes a value to two digits, or a dash for none.
func (l locale) estimate(d *decimal.Decimal) string {
	if d == nil {
		return "–"
	}
	return l.rounded(*d)
}

func (p *paper) factors() {
	l := p.l
	p.newPage()
	p.heading(l.text("ui.title-factors"), 40)
	p.paragraph(bodyStyle, l.factorSet(p.r))
	p.paragraph(quietStyle, l.text("ui.factors-about"))
	p.space(1)
	rows := make([]gridRow, len(p.r.Factors))
	for i := range p.r.Factors {
		f := &p.r.Factors[i]
		source := f.Source
		if f.Table != "" {
			source += ", " + f.Table
		}
		rows[i] = gridRow{cells: []string{f.ID, l.number(f.Value.String()), f.Unit, modules(f), f.GWP, string(f.Uptake), f.Region + " " + decimal.NewFromInt(int64(f.Year)).String(),
			scores(f), l.number(f.GSD2.String()), source}}
	}
	p.grid([]column{
		{l.text("column.id"), 34, false}, {l.text("column.value"), 19, true}, {l.text("column.unit"), 17, false}, {l.text("column.modules"), 15, false},
		{l.text("column.gwp"), 9, false}, {l.text("column.uptake"), 16, false}, {l.text("column.region"), 14, false}, {l.text("column.scores"), 14, false},
		{l.text("column.gsd2"), 10, true}, {l.text("column.source"), 34, false},
	}, rows)
}

func (p *paper) method() {
	l := p.l
	p.heading(l.text("ui.title-method"), 40)
	for _, id := range rules {
		p.paragraph(bodyStyle, "• "+l.text("rule."+id))
		p.space(1)
	}
	p.heading(l.text("ui.title-flags"), 20)
	p.flags()
	p.heading(l.text("ui.title-glossary"), 40)
	p.fields(l.glossary(p.r))
}
