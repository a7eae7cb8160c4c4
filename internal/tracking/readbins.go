package tracking

import (
	"context"
	"slices"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Bins lists bins by facility, state and id.
func (s *Service) Bins(ctx context.Context, c access.Caller, f BinFilter, page Page) (out List[BinView], err error) {
	err = s.view(ctx, c, access.ReadBins, func(x *reading) error {
		spans, err := x.inFacilities(f.Facility, func(facility string) span { return binSpan(facility, f.State) })
		if err != nil {
			return err
		}
		out, err = list(x, page, listing[Bin, BinView]{
			kind: KindBin, index: byFacility, spans: spans, show: showBin,
			keep: func(b *Bin) bool { return x.seesBin(b) && f.keeps(b) },
		})
		return err
	})
	return out, err
}

// binSpan uses the state that the index knows.
func binSpan(facility, state string) span {
	switch state {
	case string(Open), string(Closed), "retired":
		return exactly(facility, state)
	}
	return under(facility)
}

func (f *BinFilter) keeps(b *Bin) bool {
	s := b.now()
	if f.Facility != "" && f.Facility != b.Facility || f.Ward != "" && f.Ward != s.Ward || f.Stream != "" && f.Stream != s.Stream {
		return false
	}
	switch f.State {
	case "":
		return true
	case "retired":
		return b.Retired != nil
	case "lost":
		return b.Lost
	}
	return b.Retired == nil && string(b.Fill.State) == f.State
}

// Bin returns one bin, or a NotFound problem.
func (s *Service) Bin(ctx context.Context, c access.Caller, id string) (Versioned[BinView], error) {
	sees := func(b *Bin) bool { return c.SeesFacility(b.Facility) }
	return one(ctx, s, c, access.ReadBins, KindBin, id, sees, showBin)
}

func showBin(x *reading, b *Bin) (BinView, error) {
	actions, undo, err := x.binActions(b)
	return BinView{Bin: *b, Actions: actions, Undo: undo}, err
}

// Fills lists fills, newest first: all of a bin if one is given, otherwise the
// closed ones (to a recycler: those that it collected), or with State open
// what is in the bins now.
func (s *Service) Fills(ctx context.Context, c access.Caller, f FillFilter, page Page) (out List[FillView], err error) {
	err = s.view(ctx, c, access.ReadFills, func(x *reading) error {
		months := monthRange{f.Month, f.Month}
		out, err = x.fills(f, months, page)
		return err
	})
	return out, err
}

// monthRange is a range of months, both included; empty ends are open.
type monthRange struct{ from, to calendar.Month }

// under is the span of an index by facility and instant of closing.
func (m monthRange) under(part string) span {
	s := under(part)
	if m.from != "" {
		s.from = key("", part, m.from.Start().SortKey()).Value
	}
	if m.to != "" {
		s.to = key("", part, m.to.Next().Start().SortKey()).Value
	}
	return s
}

func (m monthRange) has(i *calendar.Instant) bool {
	if m.from == "" && m.to == "" {
		return true
	}
	return i != nil && (m.from == "" || *i >= m.from.Start()) && (m.to == "" || *i < m.to.Next().Start())
}

func (x *reading) fills(f FillFilter, closed monthRange, page Page) (List[FillView], error) {
	if f.Month != "" {
		if _, err := calendar.ParseMonth(string(f.Month)); err != nil {
			return List[FillView]{}, errMonth("?month").Because(err)
		}
	}
	l := listing[Fill, FillView]{kind: KindFill, descending: true, show: showFill}
	l.keep = func(fill *Fill) bool {
		return seesFill(x.caller)(fill) && f.keeps(fill) && closed.has(fill.ClosedAt)
	}
	var err error
	switch {
	case f.Bin != "":
		l.index, l.spans = byBin, []span{under(f.Bin)}
	case x.caller.Recycler != "":
		l.index, l.spans = byRecycler, []span{under(x.caller.Recycler)} // closing and collecting may lie months apart
	case f.State == Open && page.UpdatedAfter == nil:
		l.spans, err = x.inFacilities(f.Facility, func(facility string) span { return exactly(facility, string(Open)) })
		return x.openFills(l, page, err)
	default:
		l.index = byClosed
		l.spans, err = x.inFacilities(f.Facility, closed.under)
	}
	if err != nil {
		return List[FillView]{}, err
	}
	return list(x, page, l)
}

func errMonth(pointer string) *problem.Error {
	return problem.New(problem.Invalid, "filter-invalid", "This can't be filtered by; see the fields.").
		With(pointer, "malformed", "Write the month like 2026-03.")
}

// openFills finds fills by the bins that hold them: fills that were never
// closed are in no index by time.
func (x *reading) openFills(l listing[Fill, FillView], page Page, err error) (List[FillView], error) {
	if err != nil {
		return List[FillView]{}, err
	}
	l.kind, l.index, l.descending = KindBin, byFacility, false
	l.through = func(x *reading, d store.Document) (store.Document, error) {
		b, err := decode[Bin](d)
		if err != nil {
			return d, err
		}
		return x.Get(KindFill, b.Fill.ID)
	}
	return list(x, page, l)
}

func (f *FillFilter) keeps(fill *Fill) bool {
	return (f.Facility == "" || f.Facility == fill.Facility) && (f.Ward == "" || f.Ward == fill.Ward) &&
		(f.Stream == "" || f.Stream == fill.Stream) && (f.Bin == "" || f.Bin == fill.Bin) && (f.State == "" || f.State == fill.State)
}

// Fill returns one fill, or a NotFound problem.
func (s *Service) Fill(ctx context.Context, c access.Caller, id string) (Versioned[FillView], error) {
	return one(ctx, s, c, access.ReadFills, KindFill, id, seesFill(c), showFill)
}

func showFill(x *reading, f *Fill) (FillView, error) {
	actions, undo, err := x.fillActions(f)
	if err != nil {
		return FillView{}, err
	}
	v := FillView{Fill: *f, Actions: actions, Undo: undo}
	if x.caller.Recycler != "" {
		v.forRecycler(x.caller.Recycler)
	}
	v.Facts = x.withoutForeignActors(v.Facts)
	return v, nil
}

// forRecycler leaves of a fill what concerns the recycler that took it: how it
// was weighed, that it was taken, and what was corrected of that.
func (v *FillView) forRecycler(recycler string) {
	v.OpenedAt, v.PreviousBy, v.Lost = nil, "", false
	shown := map[string]bool{}
	facts := []Fact{}
	for _, f := range v.Facts {
		switch f.Type {
		case "fill.weigh", "fill.close":
		case "pickup.scan":
			if f.Organisation != recycler {
				continue // another recycler's driver tried, too
			}
		default:
			if target := amendedEntry(f.Type, &f.Body); target == nil || !shown[*target] {
				continue
			}
		}
		shown[f.Entry] = true
		f.Warnings = nil
		facts = append(facts, f)
	}
	v.Facts = facts
}

// withoutForeignActors takes the people and phones of other organisations out
// of facts: an organisation answers for its own staff, and nobody else needs
// to tell them apart.
func (x *reading) withoutForeignActors(facts []Fact) []Fact {
	if x.caller.LabWide() {
		return facts
	}
	shown := slices.Clone(facts)
	for i := range shown {
		if shown[i].Organisation != x.caller.Organisation() {
			shown[i].Actor, shown[i].Device = "", ""
		}
	}
	return shown
}

// fillBefore is the fill that was in the bin before, or nil.
func (x *reading) fillBefore(f *Fill) (*Fill, error) {
	hits, err := x.Find(store.Query{
		Kind: KindFill, Index: byBin, From: f.Bin + "|", To: f.startKey().Value, Descending: true, Limit: 1,
	})
	if err != nil || len(hits) == 0 {
		return nil, err
	}
	return decode[Fill](hits[0].Document)
}
