package indicator

import (
	"cmp"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// linear is a sum of amounts times factors, as every figure of CO2 is. It
// keeps how often each factor counts in all, so that a factor which occurs in
// many terms is uncertain once.
type linear struct {
	set     *factor.Set
	lines   []Line
	value   decimal.Decimal
	weights map[string]weight // by factor reference
	missing map[string]bool
	mass    quantity.Mass // that the terms are about
	covered quantity.Mass // of mass: with a factor
	lacking quantity.Mass // of the sums that it includes: without one
}

// weight is a factor and how often it counts.
type weight struct {
	factor *factor.Factor
	times  decimal.Decimal
}

// part is a factor within one term: amount × times × factor.
type part struct {
	kind    factor.Kind
	subject string
	times   decimal.Decimal
}

func one(kind factor.Kind, subject string) part { return part{kind, subject, decimal.NewFromInt(1)} }

func minus(kind factor.Kind, subject string) part { return part{kind, subject, decimal.NewFromInt(-1)} }

func newLinear(set *factor.Set) *linear {
	return &linear{set: set, value: decimal.Zero, weights: map[string]weight{}, missing: map[string]bool{}}
}

// add adds the term line.Amount × Σ parts, which is about a mass. If a factor
// is missing the term has no value, and the sum neither.
func (l *linear) add(line Line, mass quantity.Mass, parts ...part) {
	l.addBy(line, mass, nil, parts...)
}

// equation is a term's value by the equation that is published for it, from the
// factors in the order of the parts. It is asked for amounts that are not
// negative; an adjustment that takes away has the same value with a minus.
type equation func(f []*factor.Factor) (decimal.Decimal, error)

// addBy adds a term whose value an equation gives. It must be what amount and
// parts come to, which uncertainty counts with.
func (l *linear) addBy(line Line, mass quantity.Mass, value equation, parts ...part) {
	l.mass += mass
	found := make([]*factor.Factor, len(parts))
	for i, p := range parts {
		f, ok := l.set.Find(p.kind, p.subject)
		if !ok {
			l.lack(line, factor.ID(p.kind, p.subject))
			return
		}
		found[i] = f
	}
	per := decimal.Zero
	for i, p := range parts {
		per = per.Add(p.times.Mul(found[i].Value))
	}
	v := line.Amount.Mul(per)
	if value != nil {
		var err error
		if v, err = value(found); err != nil {
			l.lack(line, "equation/"+line.Phase) // a factor that no equation takes
			return
		}
		if line.Amount.IsNegative() {
			v = v.Neg()
		}
	}
	l.covered += mass
	for i, p := range parts {
		line.Factor = joinFactor(line.Factor, l.set.Ref(found[i]), p.times.IsNegative())
		l.weigh(found[i], line.Amount.Mul(p.times))
	}
	line.Per, line.Value = &per, &v
	l.value = l.value.Add(v)
	l.lines = append(l.lines, line)
}

// lack notes a term that has no value.
func (l *linear) lack(line Line, what string) {
	line.Missing = what
	l.missing[what] = true
	l.lines = append(l.lines, line)
}

func (l *linear) weigh(f *factor.Factor, times decimal.Decimal) {
	ref := l.set.Ref(f)
	w, known := l.weights[ref]
	if !known {
		w = weight{f, decimal.Zero}
	}
	w.times = w.times.Add(times)
	l.weights[ref] = w
}

func joinFactor(list, ref string, minus bool) string {
	switch {
	case list == "" && !minus:
		return ref
	case list == "":
		return "- " + ref
	case minus:
		return list + " - " + ref
	}
	return list + " + " + ref
}

// include adds all terms of another sum, or takes them off as those of the
// baseline.
func (l *linear) include(o *linear, sign int64) {
	times := decimal.NewFromInt(sign)
	l.value = l.value.Add(o.value.Mul(times))
	for _, ref := range slices.Sorted(maps.Keys(o.weights)) {
		w := o.weights[ref]
		l.weigh(w.factor, w.times.Mul(times))
	}
	maps.Copy(l.missing, o.missing)
	l.lacking += o.lacking + o.mass - o.covered
	for _, line := range o.lines {
		if sign < 0 {
			line.Phase = "baseline " + line.Phase
			line.Amount = line.Amount.Neg()
			if line.Value != nil {
				minus := line.Value.Neg()
				line.Value = &minus
			}
		}
		l.lines = append(l.lines, line)
	}
}

// modules lists the modules of the factors, in order.
func (l *linear) modules() []factor.Module {
	seen := map[factor.Module]bool{}
	for _, w := range l.weights {
		for _, m := range w.factor.Modules {
			seen[m] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// tidy puts lines into one order whatever the order of the terms was.
func (l *linear) tidy() []Line {
	slices.SortStableFunc(l.lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Quality, b.Quality))
	})
	return l.lines
}

// kilograms is a mass in kg, exactly.
func kilograms(m quantity.Mass) decimal.Decimal { return decimal.New(int64(m), -3) }

// part of a mass in thousandths, in kg, exactly.
func sharedKilograms(m quantity.Mass, permille int) decimal.Decimal {
	return decimal.New(int64(m), -3).Mul(decimal.New(int64(permille), -3))
}
