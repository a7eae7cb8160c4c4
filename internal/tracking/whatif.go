package tracking

import (
	"context"
	"maps"
	"slices"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/store"
)

// ScenarioAnswer is the cards as they are and as they would be.
type ScenarioAnswer struct {
	Filter      IndicatorFilter        `json:"filter"`
	FactorSet   string                 `json:"factorSet"`
	Baseline    *indicator.Baseline    `json:"baseline"`
	Scenario    indicator.Scenario     `json:"scenario"`
	Differences []indicator.Difference `json:"differences"`
	Before      []indicator.Card       `json:"before"`
	After       []indicator.Card       `json:"after"`
	Head        store.Seq              `json:"head"`
}

// Scenario answers "what if": nothing is recorded.
func (s *Service) Scenario(ctx context.Context, c access.Caller, f IndicatorFilter, w indicator.Scenario, o AssessOptions) (a ScenarioAnswer, err error) {
	err = s.assess(ctx, c, f, o, func(as *assessment) error {
		in, err := as.input(as.cells)
		if err != nil {
			return err
		}
		a = ScenarioAnswer{Filter: as.filter, FactorSet: as.ref, Baseline: as.method.Baseline, Scenario: w, Head: store.Seq(in.Head)}
		a.Before, a.After, a.Differences, err = indicator.WhatIf(in, w, as.method)
		return err
	})
	return a, err
}

// PilotAnswer is what a pilot did, against its reference.
type PilotAnswer struct {
	Pilot     Pilot                `json:"pilot"`
	FactorSet string               `json:"factorSet"`
	Contrasts []indicator.Contrast `json:"contrasts"`
	// The cards of both sides; sums of unlike periods and wards are not to be
	// subtracted, intensities are.
	Cards          []indicator.Card `json:"cards"`
	ReferenceCards []indicator.Card `json:"referenceCards"`
	Head           store.Seq        `json:"head"`
}

// PilotResult works out a pilot against its reference.
func (s *Service) PilotResult(ctx context.Context, c access.Caller, id string, o AssessOptions) (a PilotAnswer, err error) {
	err = s.view(ctx, c, access.ReadIndicators, func(x *reading) error {
		pilot, _, err := found[Pilot](x, KindPilot, id, seesPilot(c))
		if err != nil {
			return err
		}
		m, err := x.choose(o)
		if err != nil {
			return err
		}
		a = PilotAnswer{Pilot: *pilot, FactorSet: m.Set.Name()}
		tried := pilotSide{pilot.Wards, pilot.Streams, IndicatorFilter{From: pilot.From, To: pilot.To}}
		other := pilotSide{pilot.Reference.Wards, pilot.Streams, IndicatorFilter{From: pilot.Reference.From, To: pilot.Reference.To}}
		if len(other.wards) == 0 {
			other.wards = pilot.Wards
		}
		activities, cards, err := s.side(x, m, tried)
		if err != nil {
			return err
		}
		reference, referenceCards, err := s.side(x, m, other)
		if err != nil {
			return err
		}
		a.Contrasts, a.Cards, a.ReferenceCards = indicator.ComparePilot(activities, reference), cards, referenceCards
		a.Head, _, err = x.Head()
		return err
	})
	return a, err
}

// pilotSide is the wards, streams and months of one side of a pilot.
type pilotSide struct {
	wards, streams []string
	filter         IndicatorFilter
}

// side reads the ward-months of one side of a pilot, and works out their cards.
func (s *Service) side(x *reading, m indicator.Method, p pilotSide) ([]indicator.Activity, []indicator.Card, error) {
	all, err := s.cells(x, p.filter)
	if err != nil {
		return nil, nil, err
	}
	cells := slices.DeleteFunc(all, func(c *cubeCell) bool {
		return !slices.Contains(p.wards, c.Ward) || len(p.streams) > 0 && !slices.Contains(p.streams, c.Stream)
	})
	as := &assessment{x: x, filter: p.filter, cells: cells, method: m}
	in, err := as.streams(cells)
	if err != nil {
		return nil, nil, err
	}
	cards, err := indicator.Cards(in, m)
	if err != nil {
		return nil, nil, err
	}
	months := sumBy(cells, func(c *cubeCell) string { return c.Ward + "|" + string(c.Booked) })
	activities := make([]indicator.Activity, 0, len(months))
	for _, key := range slices.Sorted(maps.Keys(months)) {
		activities = append(activities, months[key].Total())
	}
	return activities, cards, nil
}
