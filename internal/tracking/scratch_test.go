package tracking_test

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

// scratch is a store that verify folds into.
type scratch struct {
	store.Store
	dir string
}

func openScratch() (*scratch, error) {
	dir, err := os.MkdirTemp("", "ricircolo-scratch")
	if err != nil {
		return nil, err
	}
	s, err := sqlite.Open(context.Background(), sqlite.Options{
		Dir: dir, Scratch: true, MaxView: time.Minute, Logger: slog.New(slog.DiscardHandler),
	})
	return &scratch{s, dir}, err
}

func (s *scratch) close() {
	_ = s.Close()
	_ = os.RemoveAll(s.dir)
}
