package render

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/report"
)

// What every page and the sheet of the method say about where the figures come
// from.

func find(r *report.Report, id string) *indicator.Card {
	for i := range r.Cards {
		if r.Cards[i].ID == id {
			return &r.Cards[i]
		}
	}
	return nil
}

// coverage is that of the widest card there is.
func coverage(r *report.Report) (indicator.Coverage, bool) {
	for _, id := range []string{"inventory", "inventory-production", "collected"} {
		if c := find(r, id); c != nil && c.Coverage.Mass > 0 {
			return c.Coverage, true
		}
	}
	return indicator.Coverage{}, false
}

func share(part, whole quantity.Mass) indicator.Ratio { return indicator.RatioOf(part, whole) }

func (l locale) coverage(r *report.Report) string {
	v, ok := coverage(r)
	if !ok {
		return l.text("ui.coverage-none")
	}
	return l.textf("ui.coverage", l.percent(share(v.Measured, v.Mass)), l.percent(share(v.Estimated, v.Mass)), l.percent(share(v.Mass-v.Covered, v.Mass)))
}

func (l locale) baseline(b *indicator.Baseline) string {
	if l.lang == Italian && b.NameIT != "" {
		return b.NameIT
	}
	return b.Name
}

// baselineNamed is the baseline with its date, or that there is none.
func (l locale) baselineNamed(r *report.Report) string {
	if r.Baseline == nil {
		return l.text("ui.no-baseline")
	}
	return l.textf("ui.baseline-named", l.baseline(r.Baseline), l.day(r.Baseline.Dated))
}

func (l locale) stream(s report.StreamName) string {
	if l.lang == Italian && s.NameIT != "" {
		return s.NameIT
	}
	return s.Name
}

// scope is what the report is about.
func (l locale) scope(r *report.Report) string {
	parts := []string{r.Lab.Name}
	if r.Facility != nil {
		parts = append(parts, r.Facility.Name)
	}
	if r.Ward != nil {
		parts = append(parts, r.Ward.Name)
	}
	if r.Stream != nil {
		parts = append(parts, l.text("ui.stream")+" "+l.stream(*r.Stream))
	}
	return strings.Join(parts, ", ")
}

func (l locale) period(r *report.Report) string {
	if r.From == r.To {
		return l.month(r.From)
	}
	return l.month(r.From) + " – " + l.month(r.To)
}

// month writes "2026-03" as "March 2026".
func (l locale) month(m calendar.Month) string {
	year, number, _ := strings.Cut(string(m), "-")
	return l.text("month."+number) + " " + year
}

// day writes "2026-03-01" as the language does; anything else as it is.
func (l locale) day(s string) string {
	parts := strings.Split(s, "-")
	if len(parts) != 3 {
		return s
	}
	name := l.text("month." + parts[1])
	return strings.TrimPrefix(parts[2], "0") + " " + name + " " + parts[0]
}

// factorSet names the set, its version and its date.
func (l locale) factorSet(r *report.Report) string {
	s := r.SetTitle + " (" + r.Set + ")"
	if r.SetDate != "" {
		s += ", " + l.textf("ui.published", l.day(r.SetDate))
	}
	return s
}

// gwp lists the sets of warming potentials that the factors were made with.
func gwp(r *report.Report) string {
	var sets []string
	for _, f := range r.Factors {
		if f.GWP != "" && !slices.Contains(sets, f.GWP) {
			sets = append(sets, f.GWP)
		}
	}
	slices.Sort(sets)
	if len(sets) == 0 {
		return "–"
	}
	return strings.Join(sets, ", ")
}

// biogenic says how biogenic carbon was counted.
func (l locale) biogenic(r *report.Report) string {
	var conventions []string
	for _, f := range r.Factors {
		if u := string(f.Uptake); u != "" && !slices.Contains(conventions, u) {
			conventions = append(conventions, u)
		}
	}
	slices.Sort(conventions)
	if len(conventions) == 0 {
		return "–"
	}
	texts := make([]string, len(conventions))
	for i, u := range conventions {
		texts[i] = u + " (" + l.text("uptake."+u) + ")"
	}
	return strings.Join(texts, ", ")
}

// flag is something about the data that a reader has to know.
type flag struct{ id, text string }

// The bounds beyond which data are flagged.
var (
	closureLow  = indicator.Ratio{Num: 95, Den: 100}
	closureHigh = indicator.Ratio{Num: 105, Den: 100}
)

// manyEstimated is the share of estimated mass, in percent, from which it is
// flagged.
const manyEstimated = 10

// flags are what the data are flagged for, numbered in a fixed order.
func (l locale) flags(r *report.Report) []flag {
	var texts []string
	add := func(key string, values ...any) { texts = append(texts, l.textf(key, values...)) }
	b := r.Balance
	if b.Closure.Defined() && (less(b.Closure, closureLow) || less(closureHigh, b.Closure)) {
		add("flag.closure", l.percent(b.Closure))
	}
	if v, ok := coverage(r); ok && int64(v.Estimated)*100 >= int64(v.Mass)*manyEstimated {
		add("flag.estimated", l.percent(share(v.Estimated, v.Mass)))
	}
	if v, ok := coverage(r); ok && v.Covered < v.Mass {
		add("flag.uncovered", l.percent(share(v.Mass-v.Covered, v.Mass)))
	}
	if b.Pending > 0 {
		add("flag.pending", l.kilograms(b.Pending))
	}
	if b.Unallocated != 0 {
		add("flag.unallocated", l.kilograms(b.Unallocated))
	}
	if r.Waste.Unresolved > 0 {
		add("flag.unresolved", l.kilograms(r.Waste.Unresolved))
	}
	if n := missing(r); n > 0 {
		add("flag.missing", n)
	}
	list := make([]flag, len(texts))
	for i, text := range texts {
		list[i] = flag{"D" + string(rune('1'+i)), text}
	}
	return list
}

func missing(r *report.Report) (n int) {
	for _, c := range r.Cards {
		if c.Value == nil {
			n++
		}
	}
	return n
}

// less compares two defined ratios exactly.
func less(a, b indicator.Ratio) bool {
	return decimal.NewFromInt(a.Num).Mul(decimal.NewFromInt(b.Den)).LessThan(decimal.NewFromInt(b.Num).Mul(decimal.NewFromInt(a.Den)))
}

// field is a name with a value, as the method annex and its sheet list them.
type field struct{ name, value string }

// constants are what is the same for the whole report.
func (l locale) constants(r *report.Report) []field {
	name := func(key, value string) field { return field{l.text(key), value} }
	fields := []field{
		name("ui.functional-unit", l.functionalUnit(r)),
		name("ui.scope", l.scope(r)),
		name("ui.period", l.period(r)),
		name("ui.baseline", l.baselineNamed(r)),
	}
	if r.Baseline != nil {
		fields = append(fields, name("ui.baseline-source", r.Baseline.Source), name("ui.baseline-routes", l.routes(r.Baseline)))
	}
	return append(fields,
		name("ui.factor-set", l.factorSet(r)),
		name("ui.gwp", gwp(r)),
		name("ui.biogenic", l.biogenic(r)),
		name("ui.coverage-name", l.coverage(r)),
		name("ui.intervals", l.text("ui.intervals-about")),
		name("ui.method", r.Method),
		name("ui.ledger", l.textf("ui.ledger-about", r.Head)),
		name("ui.created", r.CreatedAt.String()),
		name("ui.report", r.ID),
		name("ui.hash", r.Hash),
	)
}

func (l locale) functionalUnit(r *report.Report) string {
	return l.textf("ui.functional-unit-about", l.scope(r), l.period(r))
}

func (l locale) routes(b *indicator.Baseline) string {
	parts := make([]string, len(b.Routes))
	for i, route := range b.Routes {
		parts[i] = l.text("operation."+route.Operation) + " " + l.percent(indicator.Ratio{Num: int64(route.Permille), Den: 1000})
	}
	return strings.Join(parts, ", ")
}
