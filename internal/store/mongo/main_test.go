package mongo_test

import (
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mustOpen opens a store that the test's end closes, in a new database unless
// one is given.
func mustOpen(t testing.TB, opts ours.Options) *ours.Store {
	t.Helper()
	if opts.URI == "" {
		opts.URI = mongotest.Database(t)
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := ours.Open(t.Context(), opts)
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
