package tracking

import (
	"context"
	"slices"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
)

// Pickups lists pickups, the latest first.
func (s *Service) Pickups(ctx context.Context, c access.Caller, f PickupFilter, page Page) (out List[PickupView], err error) {
	err = s.view(ctx, c, access.ReadPickups, func(x *reading) error {
		if err := checkDays(f.From, f.To); err != nil {
			return err
		}
		index, spans, between := x.side(f.Facility, f.Recycler)
		if index == "" && (f.From != "" || f.To != "") { // by day, in every facility
			index = byFacility
			if spans, err = x.inFacilities("", func(facility string) span { return under(facility) }); err != nil {
				return err
			}
		}
		if index != "" {
			for i := range spans {
				spans[i] = spans[i].days(f.From, f.To)
			}
		}
		out, err = list(x, page, listing[Pickup, PickupView]{
			kind: KindPickup, index: index, spans: spans, descending: true, show: showPickup,
			keep: func(p *Pickup) bool {
				return between(p.Facility, p.Recycler) && (f.State == "" || f.State == p.State) &&
					(f.From == "" || f.From <= p.PlannedFor) && (f.To == "" || p.PlannedFor <= f.To)
			},
		})
		return err
	})
	return out, err
}

// days narrows the span of an organisation to days, both included.
func (s span) days(from, to string) span {
	prefix := s.from
	if from != "" {
		s.from = prefix + from
	}
	if to != "" {
		s.to = prefix + to + afterWhole
	}
	return s
}

// Pickup returns one pickup, or a NotFound problem.
func (s *Service) Pickup(ctx context.Context, c access.Caller, id string) (Versioned[PickupView], error) {
	sees := func(p *Pickup) bool { return c.SeesBetween(p.Facility, p.Recycler) }
	return one(ctx, s, c, access.ReadPickups, KindPickup, id, sees, showPickup)
}

func showPickup(x *reading, p *Pickup) (PickupView, error) {
	actions, undo := x.pickupActions(p)
	v := PickupView{Pickup: *p, MissingBins: p.missing(), Actions: actions, Undo: undo}
	v.Facts = x.withoutForeignActors(p.Facts)
	if x.caller.Recycler != "" {
		if v.Handover != nil {
			h := *v.Handover
			h.CountersignedBy = "" // one of the facility's
			v.Handover = &h
		}
		v.Loads = slices.Clone(v.Loads)
		for i := range v.Loads {
			if d := v.Loads[i].Discrepancy; d != nil {
				hidden := *d
				hidden.AcceptedBy = ""
				v.Loads[i].Discrepancy = &hidden
			}
		}
	}
	return v, nil
}

// missing lists the bins that were to be taken and of which nothing is known.
func (p *Pickup) missing() []string {
	accounted := map[string]bool{}
	for i := range p.Lines {
		accounted[p.Lines[i].Bin] = true
	}
	for i := range p.Facts {
		if f := &p.Facts[i]; f.Type == "pickup.missing" && f.Status == Applied {
			accounted[f.Body.Bin] = true
		}
	}
	missing := []string{}
	for _, bin := range p.Bins {
		if !accounted[bin] {
			missing = append(missing, bin)
		}
	}
	return missing
}

func (f *ChainFilter) keeps(pickup, stream string) bool {
	return (f.Pickup == "" || f.Pickup == pickup) && (f.Stream == "" || f.Stream == stream)
}

// Receipts lists receipts, the latest first.
func (s *Service) Receipts(ctx context.Context, c access.Caller, f ChainFilter, page Page) (out List[Receipt], err error) {
	err = s.view(ctx, c, access.ReadPickups, func(x *reading) error {
		index, spans, between := x.side(f.Facility, f.Recycler)
		out, err = list(x, page, listing[Receipt, Receipt]{
			kind: KindReceipt, index: index, spans: spans, descending: true, show: same[Receipt],
			keep: func(r *Receipt) bool { return between(r.Facility, r.Recycler) && f.keeps(r.Pickup, r.Stream) },
		})
		return err
	})
	return out, err
}

// Receipt returns one receipt, or a NotFound problem.
func (s *Service) Receipt(ctx context.Context, c access.Caller, id string) (Versioned[Receipt], error) {
	sees := func(r *Receipt) bool { return c.SeesBetween(r.Facility, r.Recycler) }
	return one(ctx, s, c, access.ReadPickups, KindReceipt, id, sees, same[Receipt])
}

// Treatments lists treatments, the latest first.
func (s *Service) Treatments(ctx context.Context, c access.Caller, f ChainFilter, page Page) (out List[Treatment], err error) {
	err = s.view(ctx, c, access.ReadPickups, func(x *reading) error {
		index, spans, between := x.side(f.Facility, f.Recycler)
		out, err = list(x, page, listing[Treatment, Treatment]{
			kind: KindTreatment, index: index, spans: spans, descending: true, show: same[Treatment],
			keep: func(t *Treatment) bool { return between(t.Facility, t.Recycler) && f.keeps(t.Pickup, t.Stream) },
		})
		return err
	})
	return out, err
}

// Treatment returns one treatment, or a NotFound problem.
func (s *Service) Treatment(ctx context.Context, c access.Caller, id string) (Versioned[Treatment], error) {
	sees := func(t *Treatment) bool { return c.SeesBetween(t.Facility, t.Recycler) }
	return one(ctx, s, c, access.ReadPickups, KindTreatment, id, sees, same[Treatment])
}

// Discrepancies lists discrepancies, the latest first.
func (s *Service) Discrepancies(ctx context.Context, c access.Caller, f DiscrepancyFilter, page Page) (out List[DiscrepancyView], err error) {
	err = s.view(ctx, c, access.ReadDiscrepancies, func(x *reading) error {
		index, spans, between := x.side(f.Facility, f.Recycler)
		out, err = list(x, page, listing[Discrepancy, DiscrepancyView]{
			kind: KindDiscrepancy, index: index, spans: spans, descending: true, show: showDiscrepancy,
			keep: func(d *Discrepancy) bool {
				return between(d.Facility, d.Recycler) && (f.State == "" || f.State == d.State)
			},
		})
		return err
	})
	return out, err
}

// Discrepancy returns one discrepancy, or a NotFound problem.
func (s *Service) Discrepancy(ctx context.Context, c access.Caller, id string) (Versioned[DiscrepancyView], error) {
	sees := func(d *Discrepancy) bool { return c.SeesBetween(d.Facility, d.Recycler) }
	return one(ctx, s, c, access.ReadDiscrepancies, KindDiscrepancy, id, sees, showDiscrepancy)
}

func showDiscrepancy(x *reading, d *Discrepancy) (DiscrepancyView, error) {
	v := DiscrepancyView{
		Discrepancy: *d, Actions: Actions{},
		AgeDays: int64(x.now.Sub(d.OpenedAt) / (24 * time.Hour)), Overdue: d.State != "accepted" && x.now > d.DueAt,
	}
	p, err := known[Pickup](x, KindPickup, d.Pickup)
	if err != nil {
		return v, err
	}
	for _, t := range []Type{"discrepancy.explain", "discrepancy.accept"} {
		if x.may(t) && p.takes(x.hypothetical(t, Body{Discrepancy: d.ID})) {
			v.Actions = append(v.Actions, t)
		}
	}
	if x.caller.Recycler != "" {
		v.AcceptedBy = "" // one of the facility's, or of the lab's
	}
	return v, nil
}

// Reviews lists the inbox of the caller's organisation, the latest first.
func (s *Service) Reviews(ctx context.Context, c access.Caller, f ReviewFilter, page Page) (out List[ReviewView], err error) {
	err = s.view(ctx, c, access.ReadReviews, func(x *reading) error {
		index, spans, between := x.side("", "")
		out, err = list(x, page, listing[Review, ReviewView]{
			kind: KindReview, index: index, spans: spans, descending: true, show: showReview,
			keep: func(r *Review) bool {
				return between(r.Facility, r.Recycler) && (f.State == "" || f.State == r.State)
			},
		})
		return err
	})
	return out, err
}

// Review returns one review by the id of its entry, or a NotFound problem.
func (s *Service) Review(ctx context.Context, c access.Caller, id string) (Versioned[ReviewView], error) {
	sees := func(r *Review) bool { return c.SeesBetween(r.Facility, r.Recycler) }
	return one(ctx, s, c, access.ReadReviews, KindReview, id, sees, showReview)
}

func showReview(x *reading, r *Review) (ReviewView, error) {
	v := ReviewView{Review: *r, Actions: Actions{}}
	ok, err := x.dismissable(r)
	if ok {
		v.Actions = append(v.Actions, "review.dismiss")
	}
	return v, err
}

// dismissable reports whether the caller could dismiss a review now.
func (x *reading) dismissable(r *Review) (bool, error) {
	if r.State != "open" || !x.may("review.dismiss") {
		return false, nil
	}
	b := Body{Entry: r.Entry, Reason: "-"}
	switch {
	case r.Fill != "":
		fill, err := known[Fill](x, KindFill, r.Fill)
		if err != nil {
			return false, err
		}
		bin, err := known[Bin](x, KindBin, fill.Bin)
		if err != nil {
			return false, err
		}
		t, err := x.timelineFrom(bin, fill)
		scope := x.seesBin(bin) || slices.Contains(bin.Recyclers, x.caller.Recycler)
		return err == nil && scope && t.fillTakes(fill, x.hypothetical("review.dismiss", b)), err
	case r.Pickup != "" && r.Awaits == "":
		p, err := known[Pickup](x, KindPickup, r.Pickup)
		return err == nil && p.takes(x.hypothetical("review.dismiss", b)), err
	}
	return x.wouldApply("review.dismiss", b)
}
