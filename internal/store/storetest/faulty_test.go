package storetest_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

func mustOpen(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestFaultyPassesTheSuiteWithoutFaults(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return storetest.NewFaulty(mustOpen(t), nil) })
}

func TestFaulty(t *testing.T) {
	errMine := errors.New("mine")
	for _, tt := range []struct {
		fault   storetest.Fault
		want    error
		applied bool
	}{
		{storetest.Fault{}, nil, true},
		{storetest.Fault{Outcome: storetest.FailNotApplied}, store.ErrUnavailable, false},
		{storetest.Fault{Outcome: storetest.FailNotApplied, Err: errMine}, errMine, false},
		{storetest.Fault{Outcome: storetest.FailApplied}, store.ErrUnavailable, true},
		{storetest.Fault{Outcome: storetest.FailApplied, Err: errMine}, errMine, true},
		{storetest.Fault{Outcome: storetest.Slow, Delay: time.Millisecond}, nil, true},
		{storetest.Fault{Outcome: storetest.Slow, Delay: time.Hour}, context.DeadlineExceeded, false},
		{storetest.Fault{Outcome: storetest.Hang}, context.DeadlineExceeded, false},
	} {
		t.Run(tt.fault.Outcome.String(), func(t *testing.T) {
			inner := mustOpen(t)
			f := storetest.NewFaulty(inner, func(storetest.Call) storetest.Fault { return tt.fault })
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if errors.Is(tt.want, context.DeadlineExceeded) {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 10*time.Millisecond)
			}
			defer cancel()
			err := f.Update(ctx, "lab", func(tx store.Tx) error {
				return tx.Put(store.Document{Kind: "bin", ID: "b", Body: []byte(`{}`)})
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("Update: got %v, want %v", err, tt.want)
			}
			err = inner.View(t.Context(), "lab", func(r store.Reader) error { _, err := r.Get("bin", "b"); return err })
			if applied := err == nil; applied != tt.applied {
				t.Errorf("applied: got %t, want %t", applied, tt.applied)
			}
		})
	}
}

func TestFaultyHangsUntilTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := storetest.NewFaulty(nil, func(storetest.Call) storetest.Fault { return storetest.Fault{Outcome: storetest.Hang} })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		err := f.Check(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Hour {
			t.Errorf("Check: got %v after %s, want the deadline after 1h", err, time.Since(start))
		}
	})
}

func TestFaultyNamesSites(t *testing.T) {
	var calls []storetest.Call
	f := storetest.NewFaulty(mustOpen(t), func(c storetest.Call) storetest.Fault {
		calls = append(calls, c)
		return storetest.Fault{}
	})
	for range 3 {
		if err := f.View(t.Context(), "lab", func(store.Reader) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Labs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(calls) != 4 || calls[2].N != 3 || calls[2].Method != "View" || calls[3].Method != "Labs" || calls[3].N != 1 {
		t.Errorf("got calls %+v, want three Views and Labs", calls)
	}
	if site := calls[0].Site; !strings.Contains(site, "storetest_test.TestFaultyNamesSites:") || site == calls[3].Site {
		t.Errorf("got sites %q and %q, want two lines of this test", site, calls[3].Site)
	}
	if n := f.Sites()[calls[0].Site]; n != 3 {
		t.Errorf("got %d calls of the first site, want 3", n)
	}
}
