package rederivetest

import "math/big"

func (w *working) circularityCards() []Object {
	t := w.total
	out := t.intoRecycling() + t["residue"] + t["refused"]
	c := w.settled()
	c.mass, c.covered, c.measured, c.pending = out, out, out, t.received()-out
	var composted int64
	for operation, grams := range finals(t) {
		if operation == "composting" || operation == "anaerobic-digestion" {
			composted += grams
		}
	}
	cards := []Object{w.indicator(out, composted, c)}
	for _, q := range []struct {
		id    string
		grams int64
	}{
		{"calculation-point-rate", t.intoRecycling()}, {"output-rate", t["recyclate"]}, {"iso59020-recycled-out", t["recyclate"]},
		{"iso59020-biological-out", composted}, {"iso59020-linear-out", out - t["recyclate"] - composted},
	} {
		cards = append(cards, w.portion("circularity", q.id, q.grams, out, c))
	}
	bare := w.collected()
	bare.covered = 0
	for _, id := range []string{"iso59020-reused-out", "iso59020-reused-in", "iso59020-recycled-in", "iso59020-renewable-in", "iso59020-renewable-energy"} {
		card := w.card("circularity", id, "1", bare)
		lacks(card, "not-declared")
		cards = append(cards, card)
	}
	settled := w.settled()
	cff := w.emission("cff", w.footprint(), settled, settled.by)
	cff["group"] = "circularity"
	return append(cards, cff)
}

// indicator is the Material Circularity Indicator of what has its fate, virgin
// and of average life: 1 − 0.9 (V + W)/(2M + (WF − WC)/2), with M = V = 1,
// WF = 0, WC = what recycling loses and W = what neither is recycled nor
// composted, plus half of WC.
func (w *working) indicator(out, composted int64, c coverage) Object {
	card := w.card("circularity", "mci", "1", c)
	if out <= 0 {
		lacks(card, "no-activity")
		return card
	}
	var both int64 // entered the plant's operation, and was composted
	for _, f := range w.flows {
		both += min(f.v["routes/composting"]+f.v["routes/anaerobic-digestion"], f.v["processLoss"])
	}
	half := parts(1, 2)
	lost := times(parts(w.total["processLoss"]-both, out), half)
	linear := parts(out-w.total.intoRecycling()+both-composted, out)
	index := divided(plus(plus(whole(1), linear), lost), minus(whole(2), lost))
	mci := minus(whole(1), times(parts(9, 10), index))
	if mci.Sign() < 0 {
		mci = new(big.Rat)
	}
	worth(card, rounded(mci, 4))
	return card
}

func (w *working) intensityCards(waste Object) []Object {
	same := func(id, unit string) Object {
		card := w.card("intensity", id, unit, coverage{})
		card["coverage"] = waste["coverage"]
		return card
	}
	each := func(card Object, by *big.Rat) Object {
		v, is := waste["value"].(*big.Rat)
		if !is {
			lacks(card, waste["reason"].(string))
			return card
		}
		if by.Sign() <= 0 {
			lacks(card, "no-activity")
			return card
		}
		worth(card, rounded(divided(v, by), 6))
		if i, is := waste["interval"].(Object); is {
			low, high := i["low"].(Near), i["high"].(Near)
			bounded(card, Object{"low": low.by(float(by)), "high": high.by(float(by)), "method": i["method"]})
		}
		return card
	}
	cards := []Object{each(same("inventory-waste-per-kg", "kgCO2e/kg"), kilograms(settledMass(w.total)))}
	for _, kind := range []string{"bed-day", "dialysis-session", "procedure", "encounter"} {
		d := w.declared[kind]
		c := w.collected()
		perWaste := same("inventory-waste-per-"+kind, "kgCO2e/"+kind)
		if d == nil || d.quantity.Sign() <= 0 {
			c.covered = 0
			mass := w.card("intensity", "collected-per-"+kind, "kg/"+kind, c)
			lacks(mass, "denominator-missing")
			lacks(perWaste, "denominator-missing")
			cards = append(cards, mass, perWaste)
			continue
		}
		c.covered = d.collected
		mass := w.card("intensity", "collected-per-"+kind, "kg/"+kind, c)
		v := rounded(divided(kilograms(d.collected), d.quantity), 6)
		worth(mass, v)
		bounded(mass, weighed(v, c.by))
		if d.lacking > 0 {
			lacks(perWaste, "denominator-incomplete")
		} else {
			perWaste = each(perWaste, d.quantity)
		}
		cards = append(cards, mass, perWaste)
	}
	return cards
}

// by is a number divided and rounded to six decimals.
func (n Near) by(d float64) Near { return Near{n.Value / d, n.Within/d + 1e-6} }
