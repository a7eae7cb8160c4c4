package indicator

import "github.com/shopspring/decimal"

// Difference is what a scenario does to one card.
type Difference struct {
	ID         string           `json:"id"`
	Unit       string           `json:"unit"`
	Before     *decimal.Decimal `json:"before"`
	After      *decimal.Decimal `json:"after"`
	Difference *decimal.Decimal `json:"difference"` // after − before
	// Interval is of the difference: factors that both sides share are drawn
	// once for both. Only figures of CO2 have one.
	Interval *Interval `json:"interval,omitempty"`
}

// WhatIf works out the cards as they are, as they would be, and what that is in
// differences.
func WhatIf(in Input, s Scenario, m Method) (before, after []Card, differences []Difference, err error) {
	changed, err := s.Apply(in)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := m.check(&in); err != nil {
		return nil, nil, nil, err
	}
	was, is := newAssessment(&in, &m), newAssessment(&changed, &m)
	if before, err = was.cards(); err != nil {
		return nil, nil, nil, err
	}
	if after, err = is.cards(); err != nil {
		return nil, nil, nil, err
	}
	for i := range before {
		d := Difference{ID: before[i].ID, Unit: before[i].Unit, Before: before[i].Value, After: after[i].Value}
		if d.Before != nil && d.After != nil {
			delta := d.After.Sub(*d.Before)
			d.Difference = &delta
			d.Interval = is.jointly(was, d.ID)
		}
		differences = append(differences, d)
	}
	return before, after, differences, nil
}

// jointly is the interval of the difference between the sums of a card in two
// assessments.
func (a *assessment) jointly(was *assessment, id string) *Interval {
	after, before := a.sums[id], was.sums[id]
	if after == nil || before == nil {
		return nil
	}
	delta := newLinear(a.method.Set)
	delta.include(after, 1)
	delta.include(before, -1)
	if a.method.Draws > 0 {
		return delta.simulate(massSpread(a.total.ReceivedBy), a.method.Draws, a.method.Seed)
	}
	return delta.interval(massSpread(a.total.ReceivedBy))
}
