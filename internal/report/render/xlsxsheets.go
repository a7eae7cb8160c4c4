package render

import (
	"strings"

	"github.com/ricircolo/ricircolo/internal/indicator"
)

func (b *book) cards() {
	b.begin("cards", []float64{16, 44, 22, 14, 14, 34, 14, 14, 14, 14, 13, 13, 13, 13, 9, 40, 40, 26, 14, 60},
		"group", "indicator", "id", "value", "unit", "reason", "low", "high", "source-low", "source-high",
		"mass", "covered", "measured", "estimated", "fills", "notes", "factors", "baseline", "method", "inputs")
	for i := range b.r.Cards {
		c := &b.r.Cards[i]
		reason, baseline := "", ""
		if c.Value == nil {
			reason = b.l.reasonInShort(c, fewInCell)
		}
		if isComparison(c.ID) {
			baseline = b.l.baselineNamed(b.r)
		}
		low, high := ends(c.Interval)
		sourceLow, sourceHigh := ends(c.Sources)
		v := c.Coverage
		b.add(word(b.l.text("group."+c.Group)), word(b.l.text("card."+c.ID)), word(c.ID), exact(c.Value), word(c.Unit), word(reason),
			low, high, sourceLow, sourceHigh, kilos(v.Mass), kilos(v.Covered), kilos(v.Measured), kilos(v.Estimated), whole(c.Fills),
			word(b.l.noteTexts(c.Notes)), word(strings.Join(c.Factors, "\n")), word(baseline), word(c.Method), word(c.Inputs))
	}
}

func (l locale) noteTexts(codes []string) string {
	texts := make([]string, len(codes))
	for i, code := range codes {
		texts[i] = l.text("note." + code)
	}
	return strings.Join(texts, "\n")
}

func (b *book) lines() {
	b.begin("lines", []float64{40, 26, 18, 16, 18, 14, 8, 46, 14, 14, 30, 14, 14},
		"indicator", "phase", "subject", "route", "stream", "amount", "unit", "factor", "per-unit", "value", "missing", "low", "high")
	for _, c := range b.r.Cards {
		for _, line := range c.Lines {
			low, high := ends(line.Interval)
			b.add(word(b.l.text("card."+c.ID)), word(b.l.phase(line.Phase)), word(line.Subject), word(line.Route), word(line.Stream),
				exact(&line.Amount), word(line.Unit), word(line.Factor), exact(line.Per), exact(line.Value), word(line.Missing), low, high)
		}
	}
}

// masses are the columns of a balance that series and streams share.
var masses = []string{
	"fills", "collected", "received", "accepted", "refused", "into-recycling", "recyclate", "process-loss", "residue",
	"pending", "contaminant", "contamination", "refusal", "closure", "calculation-point-rate", "output-rate",
}

func balanceCells(a indicator.Balance) []cell {
	return []cell{
		whole(a.Fills), kilos(a.Collected), kilos(a.Received), kilos(a.Accepted), kilos(a.Refused), kilos(a.IntoRecycling), kilos(a.Recyclate),
		kilos(a.ProcessLoss), kilos(a.Residue), kilos(a.Pending), kilos(a.Contaminant), ratio(a.Contamination), ratio(a.Refusal),
		ratio(a.Closure), ratio(a.CalculationPointRate), ratio(a.OutputRate),
	}
}

func (b *book) series() {
	b.begin("series", []float64{12}, append([]string{"month"}, masses...)...)
	for _, m := range b.r.Series {
		b.add(append([]cell{word(string(m.Month))}, balanceCells(m.Balance)...)...)
	}
}

func (b *book) streams() {
	b.begin("streams", []float64{18, 36}, append([]string{"id", "stream"}, masses...)...)
	for _, s := range b.r.Streams {
		b.add(append([]cell{word(s.Stream.ID), word(b.l.stream(s.Stream))}, balanceCells(s.Balance)...)...)
	}
}

// balance is the funnel with what leaves it, then the ladder of quality and the
// ways of the residue.
func (b *book) balance() {
	b.begin("balance", []float64{52, 14, 14}, "step", "mass", "share")
	for _, s := range b.r.Funnel.Steps {
		b.add(word(b.l.text("step."+s.Name)), kilos(s.Grams), ratio(s.Share))
		for _, e := range s.Exits {
			b.add(word("– "+b.l.text("exit."+e.Reason)), kilos(e.Grams), ratio(share(e.Grams, b.r.Balance.Collected)))
		}
	}
	f := b.r.Funnel
	b.add(word(b.l.text("step.contaminant")), kilos(f.Contaminant))
	b.add(word(b.l.text("step.diverted")), kilos(f.Diverted))
	b.add(word(b.l.text("step.unallocated")), kilos(f.Unallocated))
	for _, s := range b.r.Balance.CollectedBy {
		b.add(word(b.l.text("step.collected")+": "+b.l.text("rung."+s.Rung.String())), kilos(s.Grams), ratio(s.Share))
	}
	for _, s := range b.r.Balance.ReceivedBy {
		b.add(word(b.l.text("step.received")+": "+b.l.text("rung."+s.Rung.String())), kilos(s.Grams), ratio(s.Share))
	}
	for _, route := range b.r.Balance.Routes {
		b.add(word(b.l.text("ui.residue-by-route")+": "+b.l.text("operation."+route.Operation)), kilos(route.Grams))
	}
}

func (b *book) wards() {
	b.begin("wards", []float64{36, 36}, "facility", "ward", "fills", "collected", "accepted", "refused", "contaminant", "recyclate",
		"contamination", "inventory-waste", "avoided")
	for _, w := range b.r.Wards {
		b.add(word(w.Facility.Name), word(w.Ward.Name), whole(w.Fills), kilos(w.Collected), kilos(w.Accepted), kilos(w.Refused),
			kilos(w.Contaminant), kilos(w.Recyclate), ratio(w.Contaminated), exact(w.WasteCO2), exact(w.Avoided))
	}
}

func (b *book) waste() {
	b.begin("waste", []float64{52, 18, 18}, "destination", "hazardous", "non-hazardous")
	for _, row := range wasteRows(b.r.Waste) {
		b.add(word(b.l.text("waste."+row.id)), kilos(row.hazardous), kilos(row.other))
	}
	b.add(word(b.l.text("waste.total")), kilos(b.r.Waste.Total))
	b.add(word(b.l.text("waste.non-recycled")), kilos(b.r.Waste.NonRecycled), ratio(b.r.Waste.Share))
	b.add(word(b.l.text("waste.unresolved")), kilos(b.r.Waste.Unresolved))
}

func (b *book) factors() {
	b.begin("factors", []float64{36, 12, 14, 12, 14, 12, 10, 8, 10, 10, 8, 48, 40, 26, 12, 10, 40},
		"id", "subject", "value", "biogenic", "unit", "modules", "basis", "gwp", "uptake", "region", "year", "source", "table", "licence",
		"scores", "gsd2", "notes")
	for i := range b.r.Factors {
		f := &b.r.Factors[i]
		b.add(word(f.ID), word(f.Subject), exact(&f.Value), exact(&f.Biogenic), word(f.Unit), word(modules(f)), word(f.Basis), word(f.GWP),
			word(string(f.Uptake)), word(f.Region), cell{number: int64(f.Year)}, word(f.Source), word(f.Table), word(f.Licence),
			word(scores(f)), exact(&f.GSD2), word(f.Note))
	}
}

func (b *book) method() {
	b.begin("method", []float64{36, 110}, "name", "about")
	for _, f := range b.l.constants(b.r) {
		b.add(word(f.name), word(f.value))
	}
	for _, f := range b.l.flags(b.r) {
		b.add(word(b.l.text("ui.flags")+" "+f.id), word(f.text))
	}
	for _, rule := range rules {
		b.add(word(b.l.text("ui.rule")), word(b.l.text("rule."+rule)))
	}
}

func (b *book) glossary() {
	b.begin("glossary", []float64{44, 110}, "name", "about")
	for _, g := range b.l.glossary(b.r) {
		b.add(word(g.name), word(g.value))
	}
}
