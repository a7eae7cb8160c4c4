package rederivetest

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
)

// term is an amount times a factor per unit.
type term struct {
	phase, subject, route, quality, stream, unit string
	amount                                       *big.Rat
	factor                                       string
	per, value                                   *big.Rat // nil: a factor is missing
}

// use is a factor in a term: amount × times × factor.
type use struct {
	id    string
	times *big.Rat
}

// weight is how often a factor counts in a sum, and with which value.
type weight struct {
	value, gsd2, times *big.Rat
}

// sum is a sum of terms.
type sum struct {
	set           *factors
	terms         []term
	value         *big.Rat
	weights       map[string]*weight
	lacks         bool
	mass, covered int64 // that the terms are about, and of that with a factor
}

func newSum(set *factors) *sum {
	return &sum{set: set, value: new(big.Rat), weights: map[string]*weight{}}
}

func whole(n int64) *big.Rat         { return new(big.Rat).SetInt64(n) }
func parts(n, of int64) *big.Rat     { return big.NewRat(n, of) }
func times(a, b *big.Rat) *big.Rat   { return new(big.Rat).Mul(a, b) }
func plus(a, b *big.Rat) *big.Rat    { return new(big.Rat).Add(a, b) }
func minus(a, b *big.Rat) *big.Rat   { return new(big.Rat).Sub(a, b) }
func divided(a, b *big.Rat) *big.Rat { return new(big.Rat).Quo(a, b) }

func once(id string) use { return use{id, whole(1)} }
func off(id string) use  { return use{id, whole(-1)} }

// add adds a term about a mass.
func (s *sum) add(t term, mass int64, uses ...use) {
	s.mass += mass
	t.per = new(big.Rat)
	for _, u := range uses {
		f := s.set.by[u.id]
		if f == nil {
			t.per, t.factor, s.lacks = nil, "", true
			s.terms = append(s.terms, t)
			return
		}
		sign := " + "
		if u.times.Sign() < 0 {
			sign = " - "
		}
		t.factor += sign + s.set.name + "/" + f.id
		t.per = plus(t.per, times(u.times, f.value))
	}
	t.factor = strings.TrimPrefix(t.factor, " + ")
	for _, u := range uses {
		f := s.set.by[u.id]
		s.weigh(f.id, f.value, f.gsd2, times(t.amount, u.times))
	}
	s.put(t, mass)
}

// put adds a term whose factor is known.
func (s *sum) put(t term, mass int64) {
	s.covered += mass
	t.value = times(t.amount, t.per)
	s.value = plus(s.value, t.value)
	s.terms = append(s.terms, t)
}

func (s *sum) weigh(id string, value, gsd2, n *big.Rat) {
	w := s.weights[id]
	if w == nil {
		w = &weight{value, gsd2, new(big.Rat)}
		s.weights[id] = w
	}
	w.times = plus(w.times, n)
}

// include adds the terms of another sum, or those of a baseline with a minus.
func (s *sum) include(o *sum, sign int64) {
	by := whole(sign)
	s.value = plus(s.value, times(o.value, by))
	s.lacks = s.lacks || o.lacks
	for id, w := range o.weights {
		s.weigh(id, w.value, w.gsd2, times(w.times, by))
	}
	for _, t := range o.terms {
		if sign < 0 {
			t.phase, t.amount = "baseline "+t.phase, times(t.amount, by)
			if t.value != nil {
				t.value = times(t.value, by)
			}
		}
		s.terms = append(s.terms, t)
	}
}

// lines are the terms as a card shows them.
func (s *sum) lines() []any {
	slices.SortStableFunc(s.terms, func(a, b term) int {
		return cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(a.stream, b.stream), cmp.Compare(a.route, b.route),
			cmp.Compare(a.subject, b.subject), cmp.Compare(a.quality, b.quality))
	})
	var lines []any
	for _, t := range s.terms {
		line := Object{
			"phase": t.phase, "subject": t.subject, "stream": t.stream, "unit": t.unit,
			"amount": t.amount, "perUnit": orNull(t.per), "value": orNull(t.value),
		}
		for name, text := range map[string]string{"route": t.route, "quality": t.quality, "factor": t.factor} {
			if text != "" {
				line[name] = text
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// orNull is a number, or nothing.
func orNull(r *big.Rat) any {
	if r == nil {
		return nil
	}
	return r
}
