package mongo_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// TestCloseInBadWeather closes a store that cannot apply its last commits. It
// does not wait for better weather, and whoever opens the database next goes
// on.
func TestCloseInBadWeather(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func() *weather{
		"Blackhole": func() *weather { return &weather{drop: true} },
		"Stall":     func() *weather { return &weather{hold: true} },
		"Refused":   func() *weather { return &weather{off: true} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uri := mongotest.Database(t)
			p, through := mustProxy(t, uri)
			s, err := ours.Open(t.Context(), ours.WithFault(ours.Options{URI: through, Logger: slog.New(slog.DiscardHandler)}, func(step ours.Step) {
				if step.String() == "between writes" {
					p.set(bad())
				}
			}))
			if err != nil {
				t.Fatal(err)
			}
			if err := increment(t.Context(), s, "first"); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			// What could not be said good-bye to may be an error.
			if err := s.Close(); err != nil {
				t.Logf("Close: %v", err)
			}
			if took := time.Since(start); took > 6*time.Second {
				t.Errorf("Close took %v", took)
			}
			if applied, head := watermarks(t, uri); head != 1 || applied != 0 {
				t.Errorf("the control is gone: of %d commits %d were applied, want 0 of 1", head, applied)
			}
			p.set(&weather{})
			next := mustOpen(t, ours.Options{URI: uri})
			wantLedger(t, next, "first")
			err = next.View(t.Context(), faultLab, func(r store.Reader) error {
				wrong, err := coherent(r)
				if wrong != nil {
					return fmt.Errorf("after reopening: %w", wrong)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
