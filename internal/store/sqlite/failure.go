package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/ricircolo/ricircolo/internal/store"
)

// severity is what a failed write means for the store.
type severity int

const (
	passing severity = iota // this group is refused, the next may succeed
	full                    // no space: refuse until a probe succeeds
	fatal                   // never acknowledge again
)

// resultCode is SQLite's extended result code, or 0 for an error that is not
// SQLite's.
func resultCode(err error) int {
	if e, ok := errors.AsType[*driver.Error](err); ok {
		return e.Code()
	}
	return 0
}

// severityOf judges a failed write or commit. SQLite itself reports ENOSPC as
// SQLITE_FULL; a file that may not grow (EFBIG, EDQUOT) is a mere I/O error to
// it, so the surroundings are asked.
func severityOf(err error, dir string) severity {
	code := resultCode(err)
	switch code & 0xff {
	case sqlite3.SQLITE_FULL:
		return full
	case sqlite3.SQLITE_IOERR:
		switch code {
		case sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_TRUNCATE:
			if noSpace(dir) {
				return full
			}
		case sqlite3.SQLITE_IOERR_NOMEM:
			return passing
		}
		return fatal
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fatal
	}
	return passing
}

// noSpace says whether files in dir cannot grow at the moment.
func noSpace(dir string) bool {
	for _, name := range []string{dataFile, dataFile + "-wal"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err == nil && info.Size()+probeBytes > fileSizeLimit() {
			return true
		}
	}
	f, err := os.CreateTemp(dir, "space-*")
	if err != nil {
		return isSpace(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	_, err = f.Write(make([]byte, probeBytes))
	return isSpace(err)
}

func isSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// engineError says what was being done. Faults that may pass are made
// store.ErrUnavailable.
func engineError(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	switch resultCode(err) & 0xff {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT:
		return fmt.Errorf("%s: %w: %w", doing, store.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// health is whether the store acknowledges, and why not.
type health struct {
	failed chan struct{} // closed with the first fatal fault
	log    *throttle

	mu    sync.RWMutex
	full  error
	fatal error
}

func newHealth(log *slog.Logger) *health {
	return &health{failed: make(chan struct{}), log: &throttle{log: log, last: make(map[string]time.Time)}}
}

// refusal is the error with which Update answers now, or nil.
func (h *health) refusal() error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	switch {
	case h.fatal != nil:
		return fmt.Errorf("%w until it is started again: %w", store.ErrUnavailable, h.fatal)
	case h.full != nil:
		return fmt.Errorf("%w until there is space: %w", store.ErrUnavailable, h.full)
	}
	return nil
}

func (h *health) failure() error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.fatal
}

func (h *health) isFull() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.full != nil && h.fatal == nil
}

// note keeps a failed write in mind and returns the error for those who
// waited for it.
func (h *health) note(err error, s severity) error {
	h.mu.Lock()
	switch {
	case s == fatal && h.fatal == nil:
		h.fatal = err
		close(h.failed)
	case s == full:
		h.full = err
	}
	h.mu.Unlock()
	switch s {
	case fatal:
		h.log.say(slog.LevelError, "store has stopped acknowledging", "err", err)
	case full:
		h.log.say(slog.LevelError, "store has no space and refuses writes", "err", err)
	default:
		h.log.say(slog.LevelWarn, "store could not commit", "err", err)
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return h.refusal()
}

// healed ends a shortage of space.
func (h *health) healed() {
	h.mu.Lock()
	h.full = nil
	h.mu.Unlock()
	h.log.say(slog.LevelInfo, "store has space and takes writes again")
}

// throttle logs each message at most once a second. It is used by one
// goroutine.
type throttle struct {
	log        *slog.Logger
	last       map[string]time.Time
	suppressed int
}

func (t *throttle) say(level slog.Level, msg string, args ...any) {
	now := time.Now()
	if now.Sub(t.last[msg]) < time.Second {
		t.suppressed++
		return
	}
	t.last[msg] = now
	t.log.Log(context.Background(), level, msg, append(args, "suppressed", t.suppressed)...)
	t.suppressed = 0
}
