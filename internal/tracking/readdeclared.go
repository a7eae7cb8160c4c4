package tracking

import (
	"context"
	"errors"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Baselines lists the baselines: the built-in one, then the lab's own by id.
func (s *Service) Baselines(ctx context.Context, c access.Caller, page Page) (List[Baseline], error) {
	built := []Baseline{{Baseline: *indicator.EmiliaRomagna(), BuiltIn: true}}
	return listWithBuiltIn(ctx, s, c, access.ReadBaselines, page, KindBaseline, built)
}

// Baseline returns one baseline, built in or the lab's own, or a NotFound
// problem.
func (s *Service) Baseline(ctx context.Context, c access.Caller, id string) (v Versioned[Baseline], err error) {
	err = s.view(ctx, c, access.ReadBaselines, func(x *reading) error {
		if id == "" {
			return errNotFound()
		}
		b, seq, err := baselineOf(x, id)
		if errors.Is(err, store.ErrNotFound) {
			return errNotFound()
		}
		if err == nil {
			v = Versioned[Baseline]{*b, seq}
		}
		return err
	})
	return v, err
}

// DenominatorFilter says which denominators are wanted; empty values want all.
type DenominatorFilter struct {
	Facility, Kind string
	From, To       calendar.Month // both in it
}

// Denominators lists what was declared in the caller's scope, by facility,
// month and kind.
func (s *Service) Denominators(ctx context.Context, c access.Caller, f DenominatorFilter, page Page) (out List[Denominator], err error) {
	if err := checkDenominatorMonths(f); err != nil {
		return out, err
	}
	err = s.view(ctx, c, access.ReadDenominators, func(x *reading) error {
		spans, err := x.inFacilities(f.Facility, func(facility string) span {
			s := under(facility)
			if f.From != "" {
				s.from = key("", facility, string(f.From)).Value
			}
			if f.To != "" {
				s.to = key("", facility, string(f.To)).Value + afterParts
			}
			return s
		})
		if err != nil {
			return err
		}
		out, err = list(x, page, listing[Denominator, Denominator]{
			kind: KindDenominator, index: byFacility, spans: spans, show: same[Denominator],
			keep: func(d *Denominator) bool { return d.seenBy(c) && f.selects(d) },
		})
		return err
	})
	return out, err
}

func (f DenominatorFilter) selects(d *Denominator) bool {
	return (f.Facility == "" || f.Facility == d.Facility) && (f.Kind == "" || f.Kind == d.Denominator.Kind) &&
		(f.From == "" || f.From <= d.Month) && (f.To == "" || d.Month <= f.To)
}

func checkDenominatorMonths(f DenominatorFilter) error {
	for _, m := range []struct {
		name  string
		month calendar.Month
	}{{"?from", f.From}, {"?to", f.To}} {
		if _, err := calendar.ParseMonth(string(m.month)); m.month != "" && err != nil {
			return errFilter(m.name, "malformed", "Write the month like 2026-03.")
		}
	}
	if f.From != "" && f.To != "" && f.To < f.From {
		return errFilter("?to", "out-of-range", "Use a month from the first one on.")
	}
	return nil
}

// Denominator returns one denominator, or a NotFound problem.
func (s *Service) Denominator(ctx context.Context, c access.Caller, id string) (Versioned[Denominator], error) {
	sees := func(d *Denominator) bool { return d.seenBy(c) }
	return one(ctx, s, c, access.ReadDenominators, KindDenominator, id, sees, same[Denominator])
}

// Pilots lists the pilots in the caller's scope by id.
func (s *Service) Pilots(ctx context.Context, c access.Caller, page Page) (List[Pilot], error) {
	return listReadBy(ctx, s, c, access.ReadPilots, page, KindPilot, seesPilot(c))
}

// Pilot returns one pilot, or a NotFound problem.
func (s *Service) Pilot(ctx context.Context, c access.Caller, id string) (Versioned[Pilot], error) {
	return one(ctx, s, c, access.ReadPilots, KindPilot, id, seesPilot(c), same[Pilot])
}

func seesPilot(c access.Caller) func(*Pilot) bool {
	return func(p *Pilot) bool { return p.seenBy(c) }
}
