// Package sqlite keeps the labs in one SQLite file: the embedded engine, for
// one process.
//
// It owns the data folder: the file ricircolo.db with its WAL, and
// ricircolo.lock, which keeps a second process out. One goroutine writes. It
// takes the closures that wait, runs them over a staging.Overlay, writes what
// is left of them in one IMMEDIATE transaction, and answers all of them after
// the COMMIT, whose fsync they share. Views run on a pool of query_only
// connections, each in a read transaction of its own.
//
// When a write or an fsync fails with an I/O error, the store stops
// acknowledging for good and says so through Failed: the kernel may have
// dropped the pages that it could not write, so a second fsync that succeeds
// proves nothing. Starting again recovers what was acknowledged. A full disk,
// in contrast, only refuses writes until there is space again.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

const (
	dataFile = "ricircolo.db"
	lockFile = "ricircolo.lock"
)

// Options say where a store lies and how it behaves. Only Dir is required; the
// zero value of every other field means its default.
type Options struct {
	// Dir is the data folder. It is made, readable to its owner only, when it
	// is not there.
	Dir string
	// MaxGroup is the largest number of closures that share one commit; 256.
	MaxGroup int
	// QueueLimit is how many closures may wait for the writer; 1024. When the
	// queue is full, Update waits for a place until its context ends: to shed
	// load earlier is the caller's business.
	QueueLimit int
	// Readers is the number of Views that run at the same time; 4. Further
	// ones wait until their context ends.
	Readers int
	// MaxView is how long a View may hold its snapshot; 5 s. Then the snapshot
	// is given up and the View fails with context.DeadlineExceeded: an old
	// snapshot keeps the WAL from being reused, and it grows.
	MaxView time.Duration
	// CacheBytes bounds the documents that the writer remembers; 8 MiB.
	CacheBytes int
	// CheckpointBytes is the length of the WAL from which the writer copies it
	// into the main file; 16 MiB. From four times this length on it also waits
	// for Views that keep the WAL from being begun anew, up to 50 ms; from
	// sixteen times on, up to MaxView.
	CheckpointBytes int64
	// Scratch turns every fsync off. What is acknowledged does not survive a
	// power cut: for stores that are thrown away, such as those that verify
	// and rebuild fold a ledger into.
	Scratch bool
	// RunTwice runs every closure twice and drops what the first run wrote,
	// which proves that closures have no effects besides those on their Tx.
	RunTwice bool
	// Logger gets faults and recoveries, each kind at most once a second;
	// slog.Default() when nil.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxGroup, 256)
	setDefault(&o.QueueLimit, 1024)
	setDefault(&o.Readers, 4)
	setDefault(&o.MaxView, 5*time.Second)
	setDefault(&o.CacheBytes, 8<<20)
	setDefault(&o.CheckpointBytes, 16<<20)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func setDefault[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Store is a store.Store and a store.Backuper.
type Store struct {
	opts   Options
	lock   *flock.Flock
	read   *sql.DB
	pool   readers
	writer *writer
	health *health
	// longReads counts the snapshots that may be older than MaxView: the
	// writer does not wait for them.
	longReads   atomic.Int32
	longRunning sync.WaitGroup // the same, for Close

	gate     sync.RWMutex // held for reading while a job is put into the queue
	closed   bool         // guarded by gate
	closing  chan struct{}
	closeErr error // set once, by the first Close
	once     sync.Once
}

var (
	_ store.Store    = (*Store)(nil)
	_ store.Backuper = (*Store)(nil)
)

// Open opens the store in a data folder, or makes one, and brings its schema
// up to date. It returns store.ErrLocked when another process has the folder,
// and store.ErrNewerSchema when a newer program has written it.
func Open(ctx context.Context, opts Options) (*Store, error) {
	opts = opts.withDefaults()
	if opts.Dir == "" {
		return nil, errors.New("opening store: no data folder given")
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	opts.Dir = dir
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	lock, err := acquire(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{opts: opts, lock: lock, closing: make(chan struct{}), health: newHealth(opts.Logger)}
	if err := s.start(ctx); err != nil {
		return nil, fmt.Errorf("opening store in %s: %w", dir, errors.Join(err, lock.Unlock()))
	}
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	w, err := openWriter(ctx, s)
	if err != nil {
		return err
	}
	s.read, err = openDB(s.opts, readOnly)
	if err != nil {
		return errors.Join(err, w.close())
	}
	if s.pool, err = openReaders(ctx, s.read, s.opts); err != nil {
		return errors.Join(err, s.read.Close(), w.close())
	}
	s.writer = w
	go w.run()
	return nil
}

func acquire(dir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("locking the data folder %s: %w", dir, err)
	case !ok:
		return nil, fmt.Errorf("the data folder %s belongs to another running ricircolo: %w", dir, store.ErrLocked)
	}
	return lock, nil
}

// makeDir makes a folder and its entry in the parent durable.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// syncDir makes the names in a folder durable. Windows cannot, and does not
// need to.
func syncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// makePrivate makes an empty main file for SQLite to fill, that only its owner
// can read; the WAL takes over its mode. An old file keeps what it has.
func makePrivate(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// View runs fn on the caller's goroutine. See store.Store.
func (s *Store) View(ctx context.Context, lab store.LabID, fn func(store.Reader) error) error {
	if err := staging.CheckLab(lab); err != nil {
		return err
	}
	return s.withSnapshot(ctx, func(sn *snapshot) error {
		r, err := sn.reads(lab)
		if err != nil {
			return err
		}
		return staging.View(r, fn)
	})
}

// Labs lists the partitions. See store.Store.
func (s *Store) Labs(ctx context.Context) ([]store.LabID, error) {
	var labs []store.LabID
	err := s.withSnapshot(ctx, func(sn *snapshot) error {
		return sn.each(sn.ctx, `SELECT name FROM labs ORDER BY name`, nil, func(rows *sql.Rows) error {
			var lab store.LabID
			err := rows.Scan(&lab)
			labs = append(labs, lab)
			return err
		})
	})
	return labs, err
}

// Check says whether Update would be acknowledged now. See store.Store.
func (s *Store) Check(ctx context.Context) error {
	if s.isClosing() {
		return store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.health.refusal()
}

// Failed is closed when the store has stopped acknowledging for good: the
// process should report FailureCause, exit with an error and be started again.
func (s *Store) Failed() <-chan struct{} { return s.health.failed }

// FailureCause is why Failed is closed, or nil.
func (s *Store) FailureCause() error { return s.health.failure() }

func (s *Store) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// Close ends the queued closures and the running Views, copies the WAL into
// the main file and gives the folder free. Closing twice is allowed.
func (s *Store) Close() error {
	s.once.Do(func() {
		close(s.closing)
		s.gate.Lock()
		s.closed = true
		s.gate.Unlock()
		close(s.writer.queue)
		<-s.writer.stopped
		s.longRunning.Wait()
		// The last connection to close copies the WAL. Failing to is no loss:
		// the WAL is then read when the store is opened again.
		s.closeErr = errors.Join(s.pool.close(), s.read.Close(), s.writer.close(), s.lock.Unlock())
	})
	return s.closeErr
}
