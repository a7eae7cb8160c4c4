package demo

import (
	"slices"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// dispatchAll decides who comes today, and on which way: the visits of one
// recycler on one day are one vehicle's round.
func (w *world) dispatchAll() {
	for _, recycler := range recyclers() {
		var coming []*route
		for _, r := range w.routes {
			if r.recycler != recycler.ID || r.pickup == "" || !w.visits(r, w.day) {
				continue
			}
			if r.comes = r.waiting() > 0 && !w.script.take(cancelledPickup, w.day); r.comes {
				coming = append(coming, r)
			}
		}
		if len(coming) > 0 {
			w.dispatch(recycler.ID, coming)
		}
	}
}

// waiting is the mass that a driver will find, as far as anybody knows.
func (r *route) waiting() (sum quantity.Mass) {
	for _, b := range r.bins {
		if b.closed != nil && (b.lostUntil == 0 || !slices.Contains(r.listed, b)) {
			sum += b.closed.departure
		}
	}
	return sum
}

// dispatch gives each visit of a round its share of the way, by mass; the
// shares sum to the whole.
func (w *world) dispatch(recycler string, coming []*route) {
	legs := w.way(recycler)
	left, mass := int64(1000), quantity.Mass(0)
	rest := quantity.Mass(1000 - len(coming)) // beyond the least that a share can be
	for _, r := range coming {
		mass += r.waiting()
	}
	for i, r := range coming {
		share := 1 + int64(r.waiting()*rest/mass)
		if i == len(coming)-1 {
			share = left
		}
		left -= share
		r.legs = slices.Clone(legs)
		for j := range r.legs {
			if len(coming) > 1 && r.legs[j].Method != indicator.TonneKm {
				r.legs[j].ShareThousandths = &share
			}
		}
	}
}

// way is the way of a round to its plant: the polymers go there directly, in
// turn with a lorry and a van; everything else is fetched with an electric van
// that knows what it used, and sent on from its depot with other freight.
func (w *world) way(recycler string) []tracking.Leg {
	near, far := int64(w.between(6, 14)), int64(w.between(18, 46))
	if recycler == organics {
		used := int64(float64(near) * w.between(210, 290))
		return []tracking.Leg{
			{Kilometres: near, Vehicle: "electric-van", WattHours: &used},
			{Kilometres: far * 3, Vehicle: "articulated-lorry", Method: indicator.TonneKm},
		}
	}
	if w.day/7%2 == 1 {
		return []tracking.Leg{{Kilometres: near + far, Vehicle: "van"}}
	}
	there, back := 10*(1+w.rng.IntN(3)), 10*(4+w.rng.IntN(5)) // as drivers guess it
	return []tracking.Leg{
		{Kilometres: near, Vehicle: "rigid-lorry-17t", LoadPercent: &there},
		{Kilometres: far, Vehicle: "rigid-lorry-17t", LoadPercent: &back},
	}
}
