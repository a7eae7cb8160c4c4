package mongo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ricircolo/ricircolo/internal/store"
)

var errViewTooLong = fmt.Errorf("view took too long: %w", context.DeadlineExceeded)

// unavailable is a store.ErrUnavailable.
func unavailable(why string, err error) error {
	if err == nil {
		return fmt.Errorf("%s: %w", why, store.ErrUnavailable)
	}
	return fmt.Errorf("%s: %w: %w", why, store.ErrUnavailable, err)
}

// engineError says what was being done. A context that ended is the caller's
// own business; everything else may pass.
func engineError(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		if cause := context.Cause(ctx); cause != errViewTooLong {
			return cause
		}
		return unavailable(doing, errViewTooLong) // the database was waited for, not the closure
	}
	return unavailable(doing, err)
}

// onlyDuplicates reports whether all that went wrong with a bulk of writes is
// that documents were there already.
func onlyDuplicates(err error) bool {
	var bulk mongo.BulkWriteException
	if !errors.As(err, &bulk) || bulk.WriteConcernError != nil || len(bulk.WriteErrors) == 0 {
		return false
	}
	for _, e := range bulk.WriteErrors {
		if !mongo.IsDuplicateKeyError(e.WriteError) {
			return false
		}
	}
	return true
}

// throttle logs each message at most once a second.
type throttle struct {
	log *slog.Logger

	mu         sync.Mutex
	last       map[string]time.Time
	suppressed map[string]int
}

func (t *throttle) say(level slog.Level, msg string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Sub(t.last[msg]) < time.Second {
		t.suppressed[msg]++
		return
	}
	t.last[msg] = now
	t.log.Log(context.Background(), level, msg, append(args, "suppressed", t.suppressed[msg])...)
	delete(t.suppressed, msg)
}
