package tracking_test

import (
	"context"
	"errors"
	"maps"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// withDeclaredWrites adds the methods that write what a lab declares.
func withDeclaredWrites(rows map[string]faultWrite) map[string]faultWrite {
	maps.Copy(rows, declaredWrites)
	return rows
}

// withDeclaredReads adds the methods that read it.
func withDeclaredReads(rows map[string]faultRead) map[string]faultRead {
	page := tracking.Page{Limit: 50}
	ask := func(read func(context.Context, *tracking.Service, access.Caller) (any, error)) faultRead {
		return func(ctx context.Context, s *tracking.Service, l *Lab, _ chain) (any, error) {
			return read(ctx, s, l.Coordinator())
		}
	}
	type (
		service = tracking.Service
		caller  = access.Caller
	)
	maps.Copy(rows, map[string]faultRead{
		"FactorSets": ask(func(ctx context.Context, s *service, c caller) (any, error) { return s.FactorSets(ctx, c, page) }),
		"FactorSet":  ask(func(ctx context.Context, s *service, c caller) (any, error) { return s.FactorSet(ctx, c, "own@1") }),
		"DiffFactorSets": ask(func(ctx context.Context, s *service, c caller) (any, error) {
			return s.DiffFactorSets(ctx, c, "own@1", "default@1")
		}),
		"Baselines": ask(func(ctx context.Context, s *service, c caller) (any, error) { return s.Baselines(ctx, c, page) }),
		"Baseline":  ask(func(ctx context.Context, s *service, c caller) (any, error) { return s.Baseline(ctx, c, "one") }),
		"Denominators": ask(func(ctx context.Context, s *service, c caller) (any, error) {
			return s.Denominators(ctx, c, tracking.DenominatorFilter{}, page)
		}),
		"Denominator": ask(func(ctx context.Context, s *service, c caller) (any, error) {
			return s.Denominator(ctx, c, "facility-1:2026-03:bed-day")
		}),
		"Pilots":     ask(func(ctx context.Context, s *service, c caller) (any, error) { return s.Pilots(ctx, c, page) }),
		"Pilot":      ask(func(ctx context.Context, s *service, c caller) (any, error) { return s.Pilot(ctx, c, "one") }),
		"Assessment": ask(func(ctx context.Context, s *service, c caller) (any, error) { return s.Assessment(ctx, c) }),
	})
	return rows
}

// mustDeclare declares one of everything.
func mustDeclare(t TB, l *Lab) {
	t.Helper()
	l.MustPublish(t, "own", epd("PP", "1.5"))
	bin := l.MustBin(t, l.Facility, "", "")
	l.MustClose(t, l.Facility, bin, 9000)
	foreign := l.MustPickup(t, l.Facility, l.Recycler, bin)
	l.MustScan(t, l.Recycler, foreign, bin)
	l.MustApply(t, l.Plant(l.Recycler), "receipt.record", tracking.Body{
		Pickup: foreign, Stream: l.Stream, Outcome: "A", Measurement: &tracking.Measurement{NetGrams: 9000}, ContaminantGrams: 8000,
	})
	b, p := aBaseline(), tracking.Pilot{Pilot: aPilot(l.Ward, l.Stream)}
	b.ID, p.ID = "one", "one"
	_, err1 := l.Service.PutBaseline(ctx, l.Coordinator(), tracking.Write{}, b)
	_, err2 := l.Service.PutPilot(ctx, l.Coordinator(), tracking.Write{}, p)
	_, err3 := l.Service.PutDenominator(ctx, l.Coordinator(), tracking.Write{}, aDenominator(l.Facility, "2026-03", "bed-day", "5"))
	_, err4 := l.Service.PutAssessment(ctx, l.Coordinator(), tracking.Write{IfVersion: 1}, tracking.Assessment{FactorSet: "own@1", Baseline: "one"})
	r, err5 := l.Service.CreateReport(ctx, l.Coordinator(), tracking.Write{}, tracking.ReportRequest{Title: "Year", Filter: always2026})
	l.report = r.Doc.ID
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		t.Fatalf("declaring: %v", err)
	}
}

// declaredWrites are these methods, by name.
var declaredWrites = map[string]faultWrite{
	"PutBaseline": put((*tracking.Service).PutBaseline, aBaseline()),
	"PutPilot":    put((*tracking.Service).PutPilot, tracking.Pilot{Pilot: aPilot("ward-1", "stream-2")}),
	"PutDenominator": {entries: 1, new: func(t TB, l *Lab) request {
		w, d := tracking.Write{Key: l.ID7()}, aDenominator(l.MustFacility(t), "2026-03", "bed-day", "5")
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return s.PutDenominator(ctx, l.Coordinator(), w, d)
		}
	}},
	"PutFactorSet": {entries: 1, new: func(_ TB, l *Lab) request {
		w, set := tracking.Write{Key: l.ID7()}, ownSet("s-"+l.ID7(), epd("PP", "1.5"))
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return s.PutFactorSet(ctx, l.Coordinator(), w, set)
		}
	}},
	"PublishFactorSet": {entries: 1, new: func(t TB, l *Lab) request {
		draft, err := l.Service.PutFactorSet(ctx, l.Coordinator(), tracking.Write{}, ownSet("s-"+l.ID7(), epd("PP", "1.5")))
		if err != nil {
			t.Fatalf("making a set: %v", err)
		}
		w := tracking.Write{Key: l.ID7(), IfVersion: draft.Seq}
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return s.PublishFactorSet(ctx, l.Coordinator(), w, draft.Doc.Name())
		}
	}},
	"RenewFactorSet": {entries: 1, new: func(t TB, l *Lab) request {
		w, set := tracking.Write{Key: l.ID7()}, l.MustPublish(t, "s-"+l.ID7(), epd("PP", "1.5"))
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return s.RenewFactorSet(ctx, l.Coordinator(), w, set.Doc.Name())
		}
	}},
	"PutAssessment": {entries: 1, new: func(_ TB, l *Lab) request {
		w := tracking.Write{Key: l.ID7()}
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			// Changed from what it is, whoever has chosen meanwhile.
			now, err := l.Service.Assessment(context.WithoutCancel(ctx), l.Coordinator())
			if err != nil {
				return nil, err
			}
			w.IfVersion = now.Seq
			return s.PutAssessment(ctx, l.Coordinator(), w, tracking.Assessment{FactorSet: "default@1"})
		}
	}},
}
