package rederivetest

import (
	"math"
	"math/big"
)

// coverage is how much of the mass that a card is about has a figure.
type coverage struct {
	mass, covered, measured, estimated, pending int64
	by                                          [rungs]int64
	of                                          int64 // that the rungs are shares of
}

func (c coverage) object() Object {
	return Object{
		"massGrams": c.mass, "coveredGrams": c.covered, "measuredGrams": c.measured, "estimatedGrams": c.estimated,
		"pendingGrams": c.pending, "byRung": shares(c.by, c.of),
	}
}

// on is the coverage of a mass by its rungs; the ward's scale and above are
// measured.
func on(mass int64, by [rungs]int64) coverage {
	return coverage{
		mass: mass, covered: mass, measured: by[wardScale] + by[recyclerScale] + by[weighbridge],
		estimated: by[volumeEstimate] + by[wardEstimate], by: by, of: mass,
	}
}

func (w *working) collected() coverage {
	return on(w.total["collected"], w.total.byRung("collectedBy"))
}

func (w *working) received() coverage {
	c := on(w.total.received(), w.total.byRung("receivedBy"))
	c.pending = w.total["pending"]
	return c
}

// settled is the coverage of what has its final route.
func (w *working) settled() coverage {
	c := w.received()
	c.mass = settledMass(w.total)
	c.covered, c.measured, c.estimated, c.pending = c.mass, c.mass, 0, w.total.received()-c.mass
	return c
}

// card is a card without a value.
func (w *working) card(group, id, unit string, c coverage) Object {
	return Object{
		"id": id, "group": group, "unit": unit, "value": nil, "display": "", "fills": w.total["fills"], "watermark": w.head,
		"from": w.from, "to": w.to, "coverage": c.object(),
	}
}

// worth gives a card its value, and as many digits of it as a card shows.
func worth(card Object, v *big.Rat) {
	digits := 2
	if card["unit"] == "kg" {
		digits = 4
	}
	card["value"], card["display"] = v, significant(v, digits)
}

func bounded(card Object, interval any) {
	if delete(card, "interval"); interval != nil && card["value"] != nil {
		card["interval"] = interval
	}
}

func lacks(card Object, reason string) {
	card["value"], card["display"], card["reason"] = nil, "", reason
	delete(card, "interval")
}

// cards are all cards, in order.
func (w *working) cards() []Object {
	cards := append(w.massCards(), w.emissionCards()...)
	cards = append(cards, w.circularityCards()...)
	for _, c := range cards {
		if c["id"] == "inventory-waste" {
			return append(cards, w.intensityCards(c)...)
		}
	}
	return nil
}

func (w *working) massCards() []Object {
	t, collected, received := w.total, w.collected(), w.received()
	mass := func(id string, grams int64, c coverage) Object {
		card := w.card("mass", id, "kg", c)
		worth(card, kilograms(grams))
		bounded(card, weighed(kilograms(grams), c.by))
		return card
	}
	capture := w.card("mass", "capture", "1", collected)
	switch d := w.declared["generated-gram"]; {
	case d == nil || d.quantity.Sign() <= 0:
		lacks(capture, "denominator-missing")
	case d.lacking > 0:
		lacks(capture, "denominator-incomplete")
	default:
		v := rounded(divided(whole(d.collected-t["contaminant"]), d.quantity), 4)
		worth(capture, v)
		bounded(capture, weighed(v, collected.by))
	}
	return []Object{
		mass("collected", t["collected"], collected), mass("accepted", t["accepted"], received),
		mass("refused", t["refused"], received), mass("recyclate", t["recyclate"], received),
		w.portion("mass", "contamination", t["contaminant"], t.received(), received),
		w.portion("mass", "refusal", t["refused"], t.received(), received),
		capture,
		w.quotient("mass", "closure", t.received(), t.arrived(), collected, received.by, collected.by),
	}
}

// quotient is a card of a quotient of masses.
func (w *working) quotient(group, id string, num, den int64, c coverage, by ...[rungs]int64) Object {
	card := w.card(group, id, "1", c)
	r := ratio(num, den)
	if r == nil {
		lacks(card, "no-activity")
		return card
	}
	worth(card, r)
	bounded(card, weighed(r, by...))
	return card
}

// portion is a card of a part of what plants weighed: part and rest are weighed
// by themselves, so that ln r varies by (1 − r)² of what both do.
func (w *working) portion(group, id string, num, den int64, c coverage) Object {
	card := w.quotient(group, id, num, den, c)
	r, is := card["value"].(*big.Rat)
	if !is {
		return card
	}
	rest := 1 - float(r)
	if v, sum := float(r), 2*rest*rest*variance(w.received().by); v > 0 && sum > 0 {
		bounded(card, lognormal(math.Log(v), sum, 1, "lognormal-product"))
	}
	return card
}

// emission is a card of a sum. Its interval is that of the sum on a mass which
// stands on the given rungs.
func (w *working) emission(id string, s *sum, c coverage, by [rungs]int64) Object {
	if s.mass != 0 {
		c.mass, c.covered = s.mass, s.covered
		if c.estimated == 0 {
			c.measured = s.mass
		}
	}
	card := w.card("co2", id, "kgCO2e", c)
	if lines := s.lines(); len(lines) > 0 {
		card["lines"] = lines
	}
	for id := range s.weights {
		w.used[id] = true
	}
	switch {
	case s.lacks:
		lacks(card, "factor-missing")
	case len(s.terms) == 0 && c.mass == 0:
		lacks(card, "no-activity")
	default:
		worth(card, s.value)
		bounded(card, s.interval(variance(by)))
	}
	return card
}

// carried takes the value from a card that counts transport if nobody declared
// a part of it.
func (w *working) carried(card Object) Object {
	if card["value"] != nil && w.total["hauled"] != w.total.arrived() {
		lacks(card, "transport-not-declared")
	}
	return card
}

func (w *working) emissionCards() []Object {
	made := w.production(func(v vector) int64 { return v["collected"] })
	moved, treated := w.transport("electricity-location-based", ""), w.treatment()
	all, waste := newSum(w.set), newSum(w.set)
	for _, s := range []*sum{made, moved, treated} {
		all.include(s, 1)
	}
	waste.include(moved, 1)
	waste.include(treated, 1)
	collected, settled := w.collected(), w.settled()

	joint := collected
	joint.mass, joint.covered = made.mass, made.covered
	if treated.covered < treated.mass {
		joint.covered = min(joint.covered, made.mass-(treated.mass-treated.covered))
	}
	inventory := w.carried(w.emission("inventory", all, collected, collected.by))
	inventory["coverage"] = joint.object()
	delete(inventory, "lines")

	carried := collected
	carried.mass, carried.covered = w.total.arrived(), w.total["hauled"]
	transport := w.carried(w.emission("inventory-transport", moved, collected, [rungs]int64{}))
	transport["coverage"] = carried.object()
	if transport["value"] != nil && carried.mass == 0 {
		lacks(transport, "no-activity")
	}
	scope3 := w.carried(w.emission("inventory-waste", waste, settled, settled.by))
	delete(scope3, "lines")

	cards := []Object{
		inventory, w.emission("inventory-production", made, collected, collected.by), transport,
		w.emission("inventory-treatment", treated, settled, settled.by), scope3, w.avoidedCard(settled),
		w.emission("biogenic", w.biogenic(), settled, settled.by),
		w.emission("recycler-process", w.recyclers(), settled, settled.by),
	}
	cards = append(cards, w.comparisonCards(moved, treated)...)
	for _, by := range []string{"location", "market"} {
		s := w.transport("electricity-"+by+"-based", "kwh")
		cards = append(cards, w.emission("electricity-"+by, s, coverage{}, [rungs]int64{}))
	}
	return cards
}

func (w *working) avoidedCard(settled coverage) Object {
	s := w.avoided()
	card := w.emission("avoided", s, settled, settled.by)
	c := settled
	if s.mass != 0 {
		c.mass, c.covered = s.mass, s.covered
	}
	c.measured, c.estimated = c.mass, 0
	card["coverage"] = c.object()
	if card["value"] == nil || len(s.terms) == 0 {
		return card
	}
	low, high := new(big.Rat), new(big.Rat)
	for _, t := range s.terms {
		saved := w.saved[replaced(t.subject)]
		if saved == nil {
			return card
		}
		low, high = minus(low, times(t.amount, saved[1])), minus(high, times(t.amount, saved[0]))
	}
	card["sourceRange"] = Object{"low": low, "high": high, "method": "sources"}
	return card
}

func (w *working) comparisonCards(moved, treated *sum) []Object {
	settled, collected := w.settled(), w.collected()
	segregation := w.card("co2", "segregation", "kgCO2e", collected)
	lacks(segregation, "not-audited")
	if w.base.Hazardous != nil {
		segregation = w.emission("segregation", w.segregation(), collected, collected.by)
	}
	base, delta := w.otherwise(), newSum(w.set)
	delta.include(treated, 1)
	delta.include(w.avoided(), 1)
	if len(w.base.Legs) > 0 {
		delta.include(moved, 1)
	}
	delta.include(base, -1)
	delta.mass, delta.covered = base.mass, base.covered
	difference := w.emission("comparison", delta, settled, settled.by)
	if len(w.base.Legs) > 0 {
		difference = w.carried(difference)
	}
	return []Object{difference, w.emission("comparison-baseline", base, settled, settled.by), segregation}
}
