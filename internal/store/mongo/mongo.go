// Package mongo keeps the labs in a MongoDB database: the distributed engine,
// for several processes at once.
//
// It owns the collections of one database. A commit is one inserted document,
// numbered 1, 2, 3 … in its lab: the insert is the compare-and-swap on the head
// of the lab, and the document is the record from which the collections that
// are read are brought up to date, by whoever comes by. So there is no
// transaction over several documents, and a standalone server, a replica set, a
// sharded cluster and FerretDB all do.
//
// The closures that wait for a lab share a commit. They run on what the process
// knows, which the insert proves right or wrong: see group. How a state is read
// while commits are being applied, see lab and frame.
package mongo

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

// Options say where a store lies and how it behaves. Only URI is required; the
// zero value of every other field means its default.
type Options struct {
	// URI is the connection string, mongodb://… or mongodb+srv://…; its path
	// names the database, "ricircolo" if it has none.
	URI string
	// MaxGroup is the largest number of closures that share one commit; 256.
	MaxGroup int
	// QueueLimit is how many closures may wait or run at once; 1024. Further
	// ones wait for a place until their context ends.
	QueueLimit int
	// MaxView is how long a View may take; 5 s. Commits keep what Views need
	// for twelve times as long.
	MaxView time.Duration
	// Timeout bounds what the store asks of the database by itself, and for
	// closures whose context has no deadline; 5 s.
	Timeout time.Duration
	// CacheBytes bounds the documents that the store remembers; 32 MiB.
	CacheBytes int
	// Existing refuses a database that holds no store, instead of making one.
	Existing bool
	// RunTwice runs every closure twice and drops what the first run wrote,
	// which proves that closures have no effects besides those on their Tx.
	RunTwice bool
	// Logger gets faults and recoveries, each kind at most once a second;
	// slog.Default() when nil.
	Logger *slog.Logger

	// fault is called at the steps of a commit, by tests that end the process
	// there.
	fault func(step)
	// monitor sees the commands that are sent, for tests that explain them.
	monitor *event.CommandMonitor
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxGroup, 256)
	setDefault(&o.QueueLimit, 1024)
	setDefault(&o.MaxView, 5*time.Second)
	setDefault(&o.Timeout, 5*time.Second)
	setDefault(&o.CacheBytes, 32<<20)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// step is a place on the way of a commit.
type step int

const (
	beforeCommit step = iota
	afterCommit
	betweenWrites
	beforeWatermark
	afterWatermark
	steps // how many there are
)

func (s *Store) at(where step) {
	if s.opts.fault != nil {
		s.opts.fault(where)
	}
}

// Store is a store.Store.
type Store struct {
	opts   Options
	log    *throttle
	client *mongo.Client
	db     *mongo.Database
	// the collections, see schema.go
	labs, commits, documents, keys *mongo.Collection

	maker [8]byte // this process, in tokens
	made  atomic.Uint64
	cache *cache
	slots chan struct{} // a place in it is a closure that waits or runs

	life       context.Context // of everything in the background
	end        context.CancelFunc
	background sync.WaitGroup // lanes and appliers

	mu       sync.Mutex
	known    map[store.LabID]*lab // guarded by mu
	closed   bool                 // guarded by mu
	running  sync.WaitGroup       // calls; Add is guarded by mu
	closing  chan struct{}
	once     sync.Once
	closeErr error // set once, by the first Close
}

var _ store.Store = (*Store)(nil)

// Open connects to the database, checks that it can keep promises, and brings
// its schema up to date. It returns store.ErrNewerSchema when a newer program
// has written it.
func Open(ctx context.Context, opts Options) (*Store, error) {
	opts = opts.withDefaults()
	settings, database, err := clientOptions(opts)
	if err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	client, err := mongo.Connect(settings)
	if err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	s := newStore(opts, client, client.Database(database))
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	if err := s.start(ctx); err != nil {
		s.end()
		s.background.Wait()
		return nil, fmt.Errorf("opening store in database %s: %w", database, errors.Join(err, s.disconnect()))
	}
	return s, nil
}

func newStore(opts Options, client *mongo.Client, db *mongo.Database) *Store {
	s := &Store{
		opts: opts, log: &throttle{log: opts.Logger, last: make(map[string]time.Time), suppressed: make(map[string]int)},
		client: client, db: db,
		labs: db.Collection(labs), commits: db.Collection(commits), documents: db.Collection(documents), keys: db.Collection(keys),
		cache: &cache{rows: staging.NewCache[cacheKey, row](opts.CacheBytes)},
		slots: make(chan struct{}, opts.QueueLimit), closing: make(chan struct{}), known: make(map[store.LabID]*lab),
	}
	rand.Read(s.maker[:]) // never fails
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

func (s *Store) start(ctx context.Context) error {
	if err := s.inspect(ctx); err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	return s.rollForward(ctx)
}

// newToken is a token that no other commit has.
func (s *Store) newToken() token {
	var t token
	copy(t[:], s.maker[:])
	binary.BigEndian.PutUint64(t[8:], s.made.Add(1))
	return t
}

// lab is what this process knows of a lab.
func (s *Store) lab(id store.LabID) *lab {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.known[id]
	if !ok {
		l = newLab(s, id)
		s.known[id] = l
	}
	return l
}

// enter begins a call, and returns what ends it.
func (s *Store) enter(ctx context.Context) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.running.Add(1)
	return s.running.Done, nil
}

// rollForward has the commits applied that a process which ended left behind.
func (s *Store) rollForward(ctx context.Context) error {
	all, err := s.partitions(ctx)
	if err != nil {
		return err
	}
	for id := range all {
		l := s.lab(id)
		err := l.catchUp(ctx)
		if damage := (*DecodeError)(nil); errors.As(err, &damage) {
			s.opts.Logger.Error("a lab is damaged; the others are served", "lab", id, "err", err)
			continue
		}
		if err != nil {
			return err
		}
		if len(l.pending()) > 0 {
			l.applier.start(l)
		}
	}
	return nil
}

// partitions are the labs that were announced, with their watermarks.
func (s *Store) partitions(ctx context.Context) (map[store.LabID]int64, error) {
	all := make(map[store.LabID]int64)
	err := find(ctx, s.labs, bson.D{}, options.Find(), func(raw bson.Raw) (bool, error) {
		var doc struct {
			ID      string `bson:"_id"`
			Applied int64  `bson:"applied"`
		}
		if err := bson.Unmarshal(raw, &doc); err != nil {
			return false, damaged(labs, raw, err)
		}
		all[store.LabID(doc.ID)] = doc.Applied
		return true, nil
	})
	return all, err
}

// Labs lists the partitions. See store.Store.
func (s *Store) Labs(ctx context.Context) ([]store.LabID, error) {
	done, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	all, err := s.partitions(ctx)
	if err != nil {
		return nil, err
	}
	var ids []store.LabID
	for id, applied := range all {
		if applied == 0 { // announced; perhaps the first commit was never made
			found, err := s.commitsAfter(ctx, id, 0, 1)
			if err != nil {
				return nil, err
			}
			if len(found) == 0 {
				continue
			}
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}

// checkPatience is how long Check waits for an answer.
const checkPatience = 2 * time.Second

// Check says whether Update would be acknowledged now. See store.Store.
func (s *Store) Check(ctx context.Context) error {
	done, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithTimeoutCause(ctx, checkPatience, errNoAnswer)
	defer cancel()
	return engineError(ctx, "asking the database whether it is there", s.client.Ping(ctx, nil))
}

// closeGrace is how long Close lets commits be applied. What is left is applied
// by whoever opens the database next.
const closeGrace = 2 * time.Second

// Close lets the running closures end and the last commits be applied. Closing
// twice is allowed.
func (s *Store) Close() error {
	s.once.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		close(s.closing)
		s.running.Wait()
		for _, l := range s.known {
			l.applier.stop()
		}
		grace := time.AfterFunc(closeGrace, s.end)
		s.background.Wait()
		grace.Stop()
		s.end()
		s.closeErr = s.disconnect()
	})
	return s.closeErr
}

func (s *Store) disconnect() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	return s.client.Disconnect(ctx)
}

// sleep waits, at most until the store is closed.
func (s *Store) sleep(d time.Duration) {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-s.life.Done():
	}
}
