package tracking

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
)

// AssessOptions choose how cards are worked out, other than the lab has
// settled.
type AssessOptions struct {
	FactorSet string // "default@1"; empty: the lab's
	Baseline  string // id; empty: the lab's
	Draws     int    // of a Monte Carlo simulation; 0: analytic intervals
	Seed      uint64
}

// CardsAnswer is all cards of a filter.
type CardsAnswer struct {
	Filter    IndicatorFilter     `json:"filter"`
	FactorSet string              `json:"factorSet"`
	Baseline  *indicator.Baseline `json:"baseline"`
	Cards     []indicator.Card    `json:"cards"`
	Waste     indicator.Waste     `json:"waste"` // after ESRS E5-5
	Head      store.Seq           `json:"head"`
}

// CardRow is the additive cards of one part: exact decimals by card, null where
// a factor is missing. Over all parts they sum to the cards of the whole.
type CardRow struct {
	Key    string                      `json:"key"`
	Fills  int64                       `json:"fills"`
	Values map[string]*decimal.Decimal `json:"values"`
}

// CardTable is the additive cards in parts.
type CardTable struct {
	Filter    IndicatorFilter `json:"filter"`
	By        BreakdownBy     `json:"by"`
	FactorSet string          `json:"factorSet"`
	Total     CardRow         `json:"total"`
	Rows      []CardRow       `json:"rows"`
	Head      store.Seq       `json:"head"`
}

// assessment is what cards are worked out from, in one snapshot.
type assessment struct {
	x      *reading
	filter IndicatorFilter
	cells  []*cubeCell
	method indicator.Method
	ref    string // of the factor set
}

// assess runs fn on what a filter selects, with the method that the options or
// the lab choose.
func (s *Service) assess(ctx context.Context, c access.Caller, f IndicatorFilter, o AssessOptions, fn func(*assessment) error) error {
	return s.indicators(ctx, c, f, func(x *reading, cells []*cubeCell, f IndicatorFilter) error {
		m, err := x.choose(o)
		if err != nil {
			return err
		}
		return fn(&assessment{x: x, filter: f, cells: cells, method: m, ref: m.Set.Name()})
	})
}

// choose is the method of the options, with what the lab has settled for the
// rest.
func (x *reading) choose(o AssessOptions) (indicator.Method, error) {
	m, err := x.method(o.FactorSet, o.Baseline)
	m.Draws, m.Seed = o.Draws, o.Seed
	return m, err
}

// Cards works out all indicators of the months, as booked.
func (s *Service) Cards(ctx context.Context, c access.Caller, f IndicatorFilter, o AssessOptions) (a CardsAnswer, err error) {
	err = s.assess(ctx, c, f, o, func(as *assessment) error {
		in, err := as.input(as.cells)
		if err != nil {
			return err
		}
		cards, err := indicator.Cards(in, as.method)
		if err != nil {
			return err
		}
		a = CardsAnswer{
			Filter: as.filter, FactorSet: as.ref, Baseline: as.method.Baseline, Cards: cards,
			Waste: indicator.WasteOf(in.Total()), Head: store.Seq(in.Head),
		}
		return nil
	})
	return a, err
}

// CardsBy works out the additive cards for each facility, ward, stream or
// month with activity. The parts sum to the whole, exactly.
func (s *Service) CardsBy(ctx context.Context, c access.Caller, f IndicatorFilter, by BreakdownBy, o AssessOptions) (t CardTable, err error) {
	key, err := breakdownKey(by)
	if err != nil {
		return t, err
	}
	err = s.assess(ctx, c, f, o, func(as *assessment) error {
		parts := map[string][]*cubeCell{}
		for _, cell := range as.cells {
			k := key(cell)
			parts[k] = append(parts[k], cell)
		}
		t = CardTable{Filter: as.filter, By: by, FactorSet: as.ref, Rows: []CardRow{}}
		if t.Total, err = as.row("", as.cells); err != nil {
			return err
		}
		for _, k := range slices.Sorted(maps.Keys(parts)) {
			row, err := as.row(k, parts[k])
			if err != nil {
				return err
			}
			t.Rows = append(t.Rows, row)
		}
		t.Head, _, err = as.x.Head()
		return err
	})
	return t, err
}

func (as *assessment) row(key string, cells []*cubeCell) (CardRow, error) {
	in, err := as.streams(cells)
	if err != nil {
		return CardRow{}, err
	}
	values, err := indicator.Additive(in, as.method)
	return CardRow{key, totalOf(cells).Fills, values}, err
}

// input is what cells say, with the quantities of service that go with them.
func (as *assessment) input(cells []*cubeCell) (indicator.Input, error) {
	in, err := as.streams(cells)
	if err != nil {
		return in, err
	}
	in.Denominators, err = as.denominated(cells)
	return in, err
}

// streams sums cells by stream.
func (as *assessment) streams(cells []*cubeCell) (indicator.Input, error) {
	in := indicator.Input{From: as.filter.From, To: as.filter.To}
	head, _, err := as.x.Head()
	if err != nil {
		return in, err
	}
	in.Head = int64(head)
	sums := sumBy(cells, func(c *cubeCell) string { return c.Stream })
	for _, id := range slices.Sorted(maps.Keys(sums)) {
		stream, err := known[Stream](as.x, KindStream, id)
		if err != nil {
			return in, fmt.Errorf("reading stream %s: %w", id, err)
		}
		part := indicator.StreamActivity{Stream: id, Family: stream.Family, EER: stream.EER, Activity: sums[id].Total()}
		for _, p := range stream.Polymers {
			part.Polymers = append(part.Polymers, indicator.PolymerShare(p))
		}
		in.Streams = append(in.Streams, part)
	}
	return in, nil
}

// facilityMonth is where and when a quantity of service is declared.
type facilityMonth struct {
	facility string
	month    calendar.Month
}

// denominated sums the declared quantities of service with what those
// facilities collected in those months. They are a facility's: for a single
// ward, and to a recycler, they say nothing.
func (as *assessment) denominated(cells []*cubeCell) ([]indicator.Denominated, error) {
	if as.filter.Ward != "" || as.x.caller.Recycler != "" {
		return nil, nil
	}
	collected := map[facilityMonth]quantity.Mass{}
	for _, c := range cells {
		collected[facilityMonth{c.Facility, c.Booked}] += c.Activity.Collected
	}
	declared, err := as.x.denominators(as.filter.Facility, as.filter.From, as.filter.To)
	if err != nil {
		return nil, err
	}
	byKind := map[string]*indicator.Denominated{}
	for i := range declared {
		d := &declared[i]
		sum := byKind[d.Kind]
		if sum == nil {
			sum = &indicator.Denominated{Kind: d.Kind, Lacking: len(collected)}
			byKind[d.Kind] = sum
		}
		at := facilityMonth{d.Facility, d.Month}
		sum.Quantity, sum.Months = sum.Quantity.Add(d.Quantity), sum.Months+1
		if mass, active := collected[at]; active {
			sum.Collected, sum.Lacking = sum.Collected+mass, sum.Lacking-1
		}
	}
	var out []indicator.Denominated
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		out = append(out, *byKind[kind])
	}
	return out, nil
}

func totalOf(cells []*cubeCell) indicator.Activity {
	var sum indicator.Sum
	for _, c := range cells {
		sum.Add(&c.Activity)
	}
	return sum.Total()
}
