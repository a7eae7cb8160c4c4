package demo

import (
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// The pilot: the hospital's film, in the last whole months, against the same
// wards in the months before. All of its wards take part, because a plant
// finds foreign material in a load, not in a ward's bin.
const (
	pilotID     = "clean-film"
	pilotMonths = 3
)

// beginPilot writes the pilot down on its first day.
func (w *world) beginPilot() error {
	var wards []string
	for _, p := range places() {
		for _, kind := range p.bins {
			if kind.stream == film && p.Facility == hospital {
				wards = append(wards, p.ID)
			}
		}
	}
	pilot := tracking.Pilot{Pilot: indicator.Pilot{
		ID: pilotID, Name: "Clean film (demo)", Changed: "Film bins moved to where parcels are unpacked, each with a picture of what goes in",
		From: w.monthBefore(pilotMonths), To: w.monthBefore(1), Wards: wards, Streams: []string{film},
		Reference: indicator.Reference{From: w.monthBefore(2 * pilotMonths), To: w.monthBefore(pilotMonths + 1)},
	}}
	return keep(w.out.service.PutPilot)(w.out.ctx, w.desk.coordinator.Caller, "pilot", pilot)
}

// tried reports whether a load is of what the pilot is about, at any time.
func (b *batch) tried() bool {
	return b.material.ID == film && b.load[0].bin.place.Facility == hospital
}

// inPilot reports whether a fill was closed since the pilot began.
func (w *world) inPilot(c *closing) bool {
	return calendar.MonthOf(calendar.At(c.at)) >= w.monthBefore(pilotMonths)
}

// sorted states the foreign material that the plant finds in some fills of the
// pilot's film: it has an eye on that, and there is less since the pilot began.
func (b *batch) sorted(body *tracking.Body, fills ...taken) {
	if !b.tried() || body.Outcome == "R" {
		return
	}
	found, before, now := 0.0, 0.03+0.03*b.foreign.Float64(), 0.006+0.012*b.foreign.Float64()
	for _, t := range fills {
		share := before
		if b.inPilot(t.closing) {
			share = now
		}
		found += share * float64(t.truth)
	}
	body.ContaminantGrams = max(quantity.Mass(found), body.RefusedGrams*3/5)
}

// mayRefuse is how much of what a plant would refuse it does refuse: of the
// pilot's film a quarter.
func (b *batch) mayRefuse(refused quantity.Mass) quantity.Mass {
	if b.tried() && b.inPilot(b.load[0].closing) {
		refused = max(refused/4, 1)
	}
	return refused
}
