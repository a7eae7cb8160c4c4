package finder_test

import (
	"errors"
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

// underFaults is the inbox on a store whose next call fails.
func (in *inbox) underFaults(tb testing.TB, outcome storetest.Outcome) *finder.Service {
	tb.Helper()
	faulty := storetest.NewFaulty(in.store, func(c storetest.Call) storetest.Fault {
		if c.N == 1 {
			return storetest.Fault{Outcome: outcome}
		}
		return storetest.Fault{}
	})
	s, err := finder.New(finder.Config{Store: faulty, Labels: in.labels})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Whatever the store does, whoever sends a report or a change again ends with
// one report, and one change of it.
func TestTryingAgainAfterAFault(t *testing.T) {
	for _, tt := range []struct {
		outcome storetest.Outcome
		again   finder.Outcome // of the report
		change  string         // problem of the change
	}{
		{storetest.FailNotApplied, finder.Received, ""},
		{storetest.FailApplied, finder.AlreadyReported, "version-changed"},
	} {
		t.Run(tt.outcome.String(), func(t *testing.T) {
			in := mustInbox(t)
			code, report := in.mustLabel(t, "f1"), finder.NewReport{Problem: finder.Full, Note: "una nota"}
			s := in.underFaults(t, tt.outcome)
			if _, err := s.Report(ctx, "lab-a", code, report); !errors.Is(err, store.ErrUnavailable) || problem.As(err) != nil {
				t.Errorf("got %v, want the store's fault", err)
			}
			if got, err := s.Report(ctx, "lab-a", code, report); err != nil || got != tt.again {
				t.Errorf("sent again: got %s, %v, want %s", got, err, tt.again)
			}
			manager := caller(access.Manager, "f1")
			list := in.list(t, manager, finder.Filter{})
			if len(list) != 1 {
				t.Fatalf("got %d reports, want one", len(list))
			}
			s = in.underFaults(t, tt.outcome)
			if _, err := s.Handle(ctx, manager, list[0].ID, 1); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("got %v, want the store's fault", err)
			}
			if _, err := s.Handle(ctx, manager, list[0].ID, 1); tt.change != "" || err != nil {
				wantProblem(t, err, tt.change)
			}
			if got, err := in.Get(ctx, manager, list[0].ID); err != nil || got.State != finder.Handled || got.Version != 2 {
				t.Errorf("got %+v, %v, want it handled once", got, err)
			}
			for name, read := range map[string]func(*finder.Service) error{
				"List":  func(s *finder.Service) error { _, err := s.List(ctx, manager, finder.Filter{}, "", 1); return err },
				"Get":   func(s *finder.Service) error { _, err := s.Get(ctx, manager, list[0].ID); return err },
				"Sweep": func(s *finder.Service) error { _, err := s.Sweep(ctx); return err },
			} {
				if err := read(in.underFaults(t, tt.outcome)); !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("%s: got %v, want the store's fault", name, err)
				}
			}
		})
	}
}
