package tracking

import (
	"context"
	"errors"
	"fmt"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/indicator/formula"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
)

// MaxRoundStops bounds the pickups of one round.
const MaxRoundStops = 50

// RoundStop is a pickup on a round that one vehicle makes for several
// facilities, with the way that its load is carried.
type RoundStop struct {
	Pickup     string `json:"pickup"`
	Kilometres int64  `json:"kilometres"`
}

// RoundShare is the part of a round that falls on a pickup: what its legs say
// as shareThousandths.
type RoundShare struct {
	Pickup     string        `json:"pickup"`
	Grams      quantity.Mass `json:"grams"` // that it took, by its departure
	Kilometres int64         `json:"kilometres"`
	Thousandth int64         `json:"shareThousandths"`
}

// RoundShares divides a round among its pickups by mass × distance, in
// thousandths that sum to 1000. Nothing is recorded.
func (s *Service) RoundShares(ctx context.Context, c access.Caller, stops []RoundStop) (shares []RoundShare, err error) {
	v := &validation{}
	v.ok(len(stops) >= 1 && len(stops) <= MaxRoundStops, "/stops", "out-of-range", fmt.Sprintf("Name 1 to %d pickups.", MaxRoundStops))
	for i, stop := range stops {
		v.id(stop.Pickup, fmt.Sprintf("/stops/%d/pickup", i))
		v.ok(stop.Kilometres >= 1 && stop.Kilometres <= 5000, fmt.Sprintf("/stops/%d/kilometres", i), "out-of-range", "Use 1 to 5000 km.")
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	err = s.view(ctx, c, access.ReadPickups, func(x *reading) error {
		shares, err = x.roundShares(stops)
		return err
	})
	return shares, err
}

func (x *reading) roundShares(stops []RoundStop) ([]RoundShare, error) {
	shares, parts := make([]RoundShare, len(stops)), make([]formula.Stop, len(stops))
	for i, stop := range stops {
		p, err := known[Pickup](x, KindPickup, stop.Pickup)
		if errors.Is(err, store.ErrNotFound) || err == nil && !x.caller.SeesBetween(p.Facility, p.Recycler) {
			return nil, unknownReference(store.ErrNotFound, fmt.Sprintf("/stops/%d/pickup", i), "pickup")
		}
		if err != nil {
			return nil, err
		}
		shares[i] = RoundShare{Pickup: p.ID, Grams: p.departed(), Kilometres: stop.Kilometres}
		parts[i] = formula.Stop{ID: p.ID, Grams: int64(shares[i].Grams), Metres: stop.Kilometres * 1000}
	}
	thousandths, err := formula.ShareRound(1000, parts)
	if err != nil {
		return nil, problem.New(problem.Unprocessable, "round-empty", "These pickups can't share a round: each is named once, and at least one has taken something.").
			With("/stops", "out-of-range", "Scan the bins first.").Because(err)
	}
	for i, share := range thousandths {
		shares[i].Thousandth = share
	}
	return shares, nil
}

// departed is what a pickup took.
func (p *Pickup) departed() (sum quantity.Mass) {
	for i := range p.Lines {
		sum += p.Lines[i].DepartureGrams
	}
	return sum
}
