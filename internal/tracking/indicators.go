package tracking

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// MaxMonths is the longest range of an indicator: ten years.
const MaxMonths = 120

// Summary is the balance of the months, as booked: a change of a month that
// was closed before counts in the month in which it was recorded.
//
// To a recycler it is the balance of its own pickups, by the month that they
// were planned for; it knows no wards, and nothing that was never picked up.
func (s *Service) Summary(ctx context.Context, c access.Caller, f IndicatorFilter) (a SummaryAnswer, err error) {
	err = s.indicators(ctx, c, f, func(x *reading, cells []*cubeCell, f IndicatorFilter) error {
		var all, adjustments indicator.Sum
		for _, cell := range cells {
			all.Add(&cell.Activity)
			if cell.Adjusts() {
				adjustments.Add(&cell.Activity)
			}
		}
		a = SummaryAnswer{
			Filter: f, Balance: indicator.Summarise(all.Total()), Adjustments: indicator.Summarise(adjustments.Total()), Cells: len(cells),
		}
		a.Head, _, err = x.Head()
		return err
	})
	return a, err
}

// Series is the balance month by month, from From to To, months without
// activity too. The months sum to the Summary.
func (s *Service) Series(ctx context.Context, c access.Caller, f IndicatorFilter) (a SeriesAnswer, err error) {
	err = s.indicators(ctx, c, f, func(x *reading, cells []*cubeCell, f IndicatorFilter) error {
		sums := sumBy(cells, func(c *cubeCell) string { return string(c.Booked) })
		a = SeriesAnswer{Filter: f, Points: []SeriesPoint{}}
		for m := f.From; m <= f.To; m = m.Next() {
			var month indicator.Activity
			if sum := sums[string(m)]; sum != nil {
				month = sum.Total()
			}
			a.Points = append(a.Points, SeriesPoint{m, indicator.Summarise(month)})
		}
		a.Head, _, err = x.Head()
		return err
	})
	return a, err
}

// Breakdown is the balance in parts: one for each facility, ward, stream or
// month with activity. The parts sum to the Summary.
func (s *Service) Breakdown(ctx context.Context, c access.Caller, f IndicatorFilter, by BreakdownBy) (a BreakdownAnswer, err error) {
	key, err := breakdownKey(by)
	if err != nil {
		return a, err
	}
	err = s.indicators(ctx, c, f, func(x *reading, cells []*cubeCell, f IndicatorFilter) error {
		var total indicator.Sum
		sums := sumBy(cells, key)
		a = BreakdownAnswer{Filter: f, By: by, Rows: []BreakdownRow{}}
		for _, key := range slices.Sorted(maps.Keys(sums)) {
			part := sums[key].Total()
			total.Add(&part)
			a.Rows = append(a.Rows, BreakdownRow{key, indicator.Summarise(part)})
		}
		a.Total = indicator.Summarise(total.Total())
		a.Head, _, err = x.Head()
		return err
	})
	return a, err
}

// breakdownKey is what cells are parted by.
func breakdownKey(by BreakdownBy) (func(*cubeCell) string, error) {
	switch by {
	case ByFacility:
		return func(c *cubeCell) string { return c.Facility }, nil
	case ByWard:
		return func(c *cubeCell) string { return c.Ward }, nil
	case ByStream:
		return func(c *cubeCell) string { return c.Stream }, nil
	case ByMonth:
		return func(c *cubeCell) string { return string(c.Booked) }, nil
	}
	return nil, problem.New(problem.Invalid, "filter-invalid", "This can't be filtered by; see the fields.").
		With("?by", "unknown", "Use one of: facility, ward, stream, month.")
}

// Funnel is the way of the mass, step by step, with what leaves it in between.
func (s *Service) Funnel(ctx context.Context, c access.Caller, f IndicatorFilter) (a FunnelAnswer, err error) {
	err = s.indicators(ctx, c, f, func(x *reading, cells []*cubeCell, f IndicatorFilter) error {
		var all indicator.Sum
		for _, cell := range cells {
			all.Add(&cell.Activity)
		}
		a = FunnelAnswer{Filter: f, Funnel: indicator.FunnelOf(all.Total())}
		a.Head, _, err = x.Head()
		return err
	})
	return a, err
}

// Cells lists the cells behind a Summary, by month of booking, month of
// closing, facility, ward and stream.
func (s *Service) Cells(ctx context.Context, c access.Caller, f IndicatorFilter, page Page) (out List[CellView], err error) {
	if err := page.check(); err != nil {
		return out, err
	}
	if page.UpdatedAfter != nil {
		return out, problem.New(problem.Invalid, "page-invalid", "This page can't be asked for; see the fields.").
			With("?updatedAfter", "not-allowed", "Cells can't be followed by their changes: leave it out.")
	}
	err = s.indicators(ctx, c, f, func(x *reading, cells []*cubeCell, _ IndicatorFilter) error {
		out = List[CellView]{Items: []Versioned[CellView]{}}
		at := 0
		if page.After != nil {
			at, _ = slices.BinarySearchFunc(cells, page.After.Value+"\x00", func(c *cubeCell, id string) int { return cmp.Compare(c.id, id) })
		}
		rest := cells[at:]
		if len(rest) > page.Limit {
			rest = rest[:page.Limit]
			out.Next = &store.Position{Value: rest[page.Limit-1].id}
		}
		for _, cell := range rest {
			out.Items = append(out.Items, Versioned[CellView]{cell.view(), cell.seq})
		}
		out.Head, _, err = x.Head()
		return err
	})
	return out, err
}

func (c *cubeCell) view() CellView {
	return CellView{
		Booked: c.Booked, Month: c.Month, Facility: c.Facility, Ward: c.Ward, Stream: c.Stream,
		Adjusts: c.Adjusts(), Balance: indicator.Summarise(c.Activity),
	}
}

// DrillDown lists the fills that were closed in the months of a filter, the
// newest first: what is behind a Summary of months that were not adjusted, and
// behind one cell if the filter is the cell's Month, Facility, Ward and
// Stream. To a recycler it lists those that it took.
func (s *Service) DrillDown(ctx context.Context, c access.Caller, f IndicatorFilter, page Page) (out List[FillView], err error) {
	if err := c.May(access.ReadFills); err != nil {
		return out, err
	}
	err = s.view(ctx, c, access.ReadIndicators, func(x *reading) error {
		f, err := x.admit(f)
		if err != nil {
			return err
		}
		fills := FillFilter{Facility: f.Facility, Ward: f.Ward, Stream: f.Stream}
		out, err = x.fills(fills, monthRange{f.From, f.To}, page)
		return err
	})
	return out, err
}

// indicators runs fn on the cells that a filter selects, by id.
func (s *Service) indicators(ctx context.Context, c access.Caller, f IndicatorFilter, fn func(*reading, []*cubeCell, IndicatorFilter) error) error {
	return s.view(ctx, c, access.ReadIndicators, func(x *reading) error {
		f, err := x.admit(f)
		if err != nil {
			return err
		}
		var cells []*cubeCell
		if c.Recycler != "" {
			cells, err = x.recyclerCells(f)
		} else {
			cells, err = s.cells(x, f)
		}
		if err != nil {
			return err
		}
		return fn(x, cells, f)
	})
}

// cells selects cells of the cube.
func (s *Service) cells(x *reading, f IndicatorFilter) ([]*cubeCell, error) {
	cube, err := s.cubes.at(store.LabID(x.caller.Lab), x.Reader)
	if err != nil {
		return nil, err
	}
	most := 0
	for m := f.From; m <= f.To; m = m.Next() {
		most += len(cube.months[m])
	}
	cells := make([]*cubeCell, 0, most)
	for m := f.From; m <= f.To; m = m.Next() {
		for _, c := range cube.months[m] {
			if f.selects(&c.Cell) {
				cells = append(cells, c)
			}
		}
	}
	return cells, nil
}

func (f *IndicatorFilter) selects(c *Cell) bool {
	return (f.Facility == "" || f.Facility == c.Facility) && (f.Ward == "" || f.Ward == c.Ward) && (f.Stream == "" || f.Stream == c.Stream)
}

func sumBy(cells []*cubeCell, key func(*cubeCell) string) map[string]*indicator.Sum {
	sums := map[string]*indicator.Sum{}
	for _, c := range cells {
		k := key(c)
		if sums[k] == nil {
			sums[k] = &indicator.Sum{}
		}
		sums[k].Add(&c.Activity)
	}
	return sums
}

// admit checks a filter and narrows it to the caller's scope. What it names
// must be there and in scope: a figure of 0 for a misspelt ward would be a lie.
func (x *reading) admit(f IndicatorFilter) (IndicatorFilter, error) {
	for _, m := range []struct {
		name  string
		month calendar.Month
	}{{"?from", f.From}, {"?to", f.To}} {
		if _, err := calendar.ParseMonth(string(m.month)); err != nil {
			return f, errMonth(m.name).Because(err)
		}
	}
	if n := months(f.From, f.To); n < 1 || n > MaxMonths {
		return f, problem.New(problem.Invalid, "filter-invalid", "This can't be filtered by; see the fields.").
			With("?to", "out-of-range", "Use a month from the first one on, within ten years.")
	}
	c := x.caller
	if f.Facility == "" {
		f.Facility = c.Facility
	}
	if f.Facility != "" {
		if _, _, err := found[Facility](x, KindFacility, f.Facility, seesFacilityDoc(c)); err != nil {
			return f, err
		}
	}
	if f.Ward != "" {
		sees := func(w *Ward) bool {
			return c.SeesFacility(w.Facility) && (f.Facility == "" || f.Facility == w.Facility)
		}
		if _, _, err := found[Ward](x, KindWard, f.Ward, sees); err != nil {
			return f, err
		}
	}
	if f.Stream != "" {
		if _, _, err := found[Stream](x, KindStream, f.Stream, func(*Stream) bool { return true }); err != nil {
			return f, err
		}
	}
	return f, nil
}

// months counts the months of a range, both ends included; both are well
// formed.
func months(from, to calendar.Month) int {
	number := func(m calendar.Month) int {
		n := 0
		for _, digit := range strings.Replace(string(m), "-", "", 1) {
			n = n*10 + int(digit-'0')
		}
		return n/100*12 + n%100
	}
	return number(to) - number(from) + 1
}

// maxRecyclerPickups bounds the pickups that one indicator of a recycler
// folds: it has no cube of its own.
const maxRecyclerPickups = 2000

// recyclerCells makes cells of the recycler's own pickups, with the arithmetic
// of the cube.
func (x *reading) recyclerCells(f IndicatorFilter) ([]*cubeCell, error) {
	if f.Ward != "" {
		return nil, errNotFound()
	}
	s := under(x.caller.Recycler).days(string(f.From), string(f.To))
	q := store.Query{Kind: KindPickup, Index: byRecycler, From: s.from, To: s.to, Limit: 100}
	cells := map[string]*cubeCell{}
	for n := 0; ; {
		hits, err := x.Find(q)
		if err != nil {
			return nil, err
		}
		if n += len(hits); n > maxRecyclerPickups {
			return nil, problem.New(problem.Unprocessable, "range-too-large", "There are more than %d pickups in these months: ask for fewer months.", maxRecyclerPickups)
		}
		for _, h := range hits {
			p, err := decode[Pickup](h.Document)
			if err != nil {
				return nil, err
			}
			p.count(cells, h.Seq)
		}
		if len(hits) < q.Limit {
			break
		}
		q.After = &hits[len(hits)-1].Position
	}
	selected := slices.SortedFunc(maps.Values(cells), func(a, b *cubeCell) int { return cmp.Compare(a.id, b.id) })
	return slices.DeleteFunc(selected, func(c *cubeCell) bool { return !f.selects(&c.Cell) }), nil
}

// count adds what a pickup carried to cells without wards, in the month that
// it was planned for.
func (p *Pickup) count(cells map[string]*cubeCell, seq store.Seq) {
	month := calendar.Month(p.PlannedFor[:len("2026-03")])
	add := func(c *contribution) {
		cell := Cell{Booked: month, Month: month, Facility: p.Facility, Stream: c.stream}
		known := cells[cell.ID()]
		if known == nil {
			known = &cubeCell{id: cell.ID(), Cell: cell}
			cells[known.id] = known
		}
		known.seq = max(known.seq, seq)
		known.Activity = known.Activity.Plus(c.activity)
	}
	_, arrivals := foldPickup(*p, p.Facts)
	hauls := p.hauls()
	for _, l := range p.Lines {
		at := l.At
		f := Fill{
			Stream: l.Stream, State: Collected, ClosedAt: &at, CollectedAt: &at, Arrival: arrivals[l.Fill],
			Departure: &Weighing{NetGrams: l.DepartureGrams, Rung: l.Rung}, Haul: hauls[l.Fill],
		}
		add(f.contribution())
	}
	for i := range p.Loads {
		if c := p.unallocated(&p.Loads[i]); c != nil {
			add(c)
		}
	}
}
