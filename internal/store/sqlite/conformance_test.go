package sqlite_test

import (
	"log/slog"
	"testing"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	for name, opts := range map[string]sqlite.Options{
		"Default":     {},
		"RunTwice":    {RunTwice: true},
		"SmallGroups": {MaxGroup: 2, Readers: 1, CacheBytes: 1, CheckpointBytes: 64 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) store.Store { return mustOpen(t, opts) })
		})
	}
}

// mustOpen opens a store that the test's end closes, in a new folder unless
// one is given.
func mustOpen(t testing.TB, opts sqlite.Options) *sqlite.Store {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = t.TempDir()
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := sqlite.Open(t.Context(), opts)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}
