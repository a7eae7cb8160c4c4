package indicator

import (
	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// comparisonCards set the project against the baseline, for the mass whose
// final route is known: what the baseline would have emitted, and the
// difference. Both sides use the same factors, which are drawn once for both.
func (a *assessment) comparisonCards(moved, treated *linear) []Card {
	reference := a.card("co2", "comparison-baseline", "kgCO2e")
	difference := a.card("co2", "comparison", "kgCO2e")
	segregation := a.segregationCard()
	reference.Coverage, difference.Coverage = a.settledCoverage(), a.settledCoverage()
	if a.method.Baseline == nil {
		reference.lack("baseline-missing")
		difference.lack("baseline-missing")
		return []Card{difference, reference, segregation}
	}
	base, err := a.baseline()
	if err != nil { // what the lab chose for comparison must not take its own figures away
		reference.lack("baseline-overlaps")
		difference.lack("baseline-overlaps")
		return []Card{difference, reference, segregation}
	}
	reference = a.inventoryCard("comparison-baseline", base, a.settledCoverage(), a.total.ReceivedBy)

	delta := newLinear(a.method.Set)
	delta.include(treated, 1)
	delta.include(avoided(a.in, a.method.Set), 1)
	if len(a.method.Baseline.Legs) > 0 {
		delta.include(moved, 1)
	}
	project := delta.lacking
	delta.include(base, -1)
	// The same mass is on both sides: the side that lacks more says how much.
	delta.mass, delta.covered, delta.lacking = base.mass, base.mass, max(project, base.mass-base.covered)
	difference = a.inventoryCard("comparison", delta, a.settledCoverage(), a.total.ReceivedBy)
	if len(a.method.Baseline.Legs) > 0 {
		a.needHaul(&difference)
	} else {
		difference.Notes = append(difference.Notes, "same-transport")
	}
	difference.Notes = append(difference.Notes, "comparative-result", "no-energy-credit")
	reference.Notes = append(reference.Notes, "no-energy-credit")
	for _, card := range []*Card{&difference, &reference} {
		card.Baseline = a.method.Baseline.ID
	}
	return []Card{difference, reference, segregation}
}

// baseline is what the settled mass would have emitted on the baseline's way.
func (a *assessment) baseline() (*linear, error) {
	routes, legs := newLinear(a.method.Set), newLinear(a.method.Set)
	var settledMass quantity.Mass
	for i := range a.in.Streams {
		s := &a.in.Streams[i]
		m := settled(&s.Activity)
		if m == 0 {
			continue
		}
		for _, r := range a.method.Baseline.Routes {
			routes.treat(s, r.Operation, m, r.Permille)
		}
		settledMass += m
		for _, leg := range a.method.Baseline.Legs {
			line := Line{Phase: PhaseTransport, Subject: leg.Vehicle, Route: string(TonneKm), Stream: s.Stream, Unit: "tkm"}
			line.Amount = decimal.New(int64(m), -6).Mul(decimal.NewFromInt(leg.Kilometres))
			legs.add(line, 0, one(factor.TonneKmTTW, leg.Vehicle), one(factor.TonneKmWTT, leg.Vehicle))
		}
	}
	if err := routes.combine(legs); err != nil {
		return nil, err
	}
	l := newLinear(a.method.Set)
	l.include(routes, 1)
	l.include(legs, 1)
	l.mass, l.covered, l.lacking = settledMass, settledMass-(routes.mass-routes.covered), 0
	return l, nil
}

// segregationCard is what it does that material no longer goes the way of
// infectious waste: its own line, never part of another. It takes an audit of
// how much went there before.
func (a *assessment) segregationCard() Card {
	b := a.method.Baseline
	if b == nil || b.HazardousPermille == nil {
		card := a.card("co2", "segregation", "kgCO2e")
		card.Coverage = a.collectedCoverage()
		card.lack("not-audited", "hazardousPermille")
		return card
	}
	l := newLinear(a.method.Set)
	for i := range a.in.Streams {
		s := &a.in.Streams[i]
		if m := s.Activity.Collected; m != 0 {
			line := Line{Phase: "segregation", Subject: "health-care-waste", Stream: s.Stream, Amount: sharedKilograms(m, *b.HazardousPermille), Unit: "kg"}
			l.add(line, m, one(factor.ResidualRoute, "health-care-waste"),
				minus(factor.HazardousRoute, "health-care-waste"))
		}
	}
	card := a.inventoryCard("segregation", l, a.collectedCoverage(), a.total.CollectedBy)
	card.Baseline = b.ID
	return card
}
