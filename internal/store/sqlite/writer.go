package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

// probeEvery is how often a full disk is tried again.
const probeEvery = time.Second

// job is a closure on its way through the writer.
type job struct {
	ctx   context.Context
	lab   store.LabID
	fn    func(store.Tx) error
	state atomic.Int32
	group *group     // set before state becomes taken
	err   error      // the closure's outcome, for the writer
	done  chan error // gets the answer; has room for it
}

const (
	waiting   int32 = iota
	taken           // by the writer
	abandoned       // by the caller, whose context ended first
)

// Update hands fn to the writer and waits for the commit. See store.Store.
func (s *Store) Update(ctx context.Context, lab store.LabID, fn func(store.Tx) error) error {
	if err := staging.CheckLab(lab); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{ctx: ctx, lab: lab, fn: fn, done: make(chan error, 1)}
	if err := s.enqueue(j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
	}
	if j.state.CompareAndSwap(waiting, abandoned) {
		return ctx.Err()
	}
	// fn has begun, perhaps: it must not run on in the back of a caller that
	// has its answer. The commit may.
	<-j.group.ran
	select {
	case err := <-j.done:
		return err
	default:
		return ctx.Err()
	}
}

func (s *Store) enqueue(j *job) error {
	if s.isClosing() {
		return store.ErrClosed
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	if err := s.health.refusal(); err != nil {
		return err
	}
	select {
	case s.writer.queue <- j:
		return nil
	case <-j.ctx.Done():
		return j.ctx.Err()
	}
}

// writer owns the one connection that writes. Its fields belong to the
// goroutine of run, except for queue and stopped.
type writer struct {
	opts    Options
	db      *sql.DB
	ses     *session
	health  *health
	long    *atomic.Int32 // see Store.longReads
	queue   chan *job
	stopped chan struct{}

	cache cache
	labs  map[store.LabID]*labState
	wal   int64 // length of the WAL, in bytes, roughly
	due   int64 // the length from which it is copied
	jobs  []*job
}

// labState is what the writer remembers of a lab.
type labState struct {
	lab    int64 // 0: nothing was written yet
	loaded bool  // seq and hash are known
	seq    store.Seq
	hash   store.Hash
}

func openWriter(ctx context.Context, s *Store) (*writer, error) {
	if err := makePrivate(filepath.Join(s.opts.Dir, dataFile)); err != nil {
		return nil, err
	}
	db, err := openDB(s.opts, readWrite)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	ses, err := openSession(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &writer{
		opts: s.opts, db: db, ses: ses, health: s.health, long: &s.longReads,
		queue: make(chan *job, s.opts.QueueLimit), stopped: make(chan struct{}),
		cache: newCache(s.opts.CacheBytes), labs: make(map[store.LabID]*labState),
		wal: walLength(s.opts.Dir), due: s.opts.CheckpointBytes,
	}
	if err := ses.verify(ctx, pragmas(s.opts, readWrite)); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if err := migrate(ctx, ses.conn); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *writer) close() error { return errors.Join(w.ses.close(), w.db.Close()) }

// run serves the queue until it is closed and empty.
func (w *writer) run() {
	defer close(w.stopped)
	probe := time.NewTicker(probeEvery)
	defer probe.Stop()
	for {
		select {
		case j, open := <-w.queue:
			if !open {
				return
			}
			w.serve(w.gather(j))
		case <-probe.C:
			if w.health.isFull() {
				w.probe()
			}
		}
	}
}

// gather takes what waits behind first, up to the size of a group.
func (w *writer) gather(first *job) []*job {
	w.jobs = append(w.jobs[:0], first)
	for len(w.jobs) < w.opts.MaxGroup {
		select {
		case j, open := <-w.queue:
			if !open {
				return w.jobs // run finds it closed once more
			}
			w.jobs = append(w.jobs, j)
		default:
			return w.jobs
		}
	}
	return w.jobs
}

// serve takes jobs up, commits them and answers them.
func (w *writer) serve(jobs []*job) {
	g := &group{w: w, ran: make(chan struct{}), labs: make(map[store.LabID]*labGroup)}
	live := jobs[:0]
	for _, j := range jobs {
		j.group = g
		switch {
		case j.ctx.Err() != nil:
			if j.state.CompareAndSwap(waiting, taken) {
				j.done <- j.ctx.Err()
			}
		case j.state.CompareAndSwap(waiting, taken):
			live = append(live, j)
		}
	}
	if len(live) == 0 {
		close(g.ran)
		return
	}
	err := w.health.refusal()
	if err == nil {
		err = g.commit(live)
	} else {
		close(g.ran)
	}
	for i, j := range live {
		if err != nil {
			j.done <- err
		} else {
			j.done <- j.err
		}
		live[i] = nil
	}
	if err == nil {
		w.checkpoint()
	}
}

// group is one group commit.
type group struct {
	w     *writer
	ran   chan struct{} // closed when no closure of the group will run any more
	tx    *snapshot
	labs  map[store.LabID]*labGroup
	order []*labGroup
	fault error // the first failure of the engine that a closure met
}

// labGroup is the part of a group that concerns one lab.
type labGroup struct {
	name    store.LabID
	state   *labState
	base    *groupBase
	overlay *staging.Overlay
	lab     int64 // as in state, or the number given to a new lab
	written []cacheEntry
}

type cacheEntry struct {
	ref store.Ref
	row row
}

// commit runs the closures of jobs, leaves each one's outcome in its job and
// makes durable what they wrote. With an error nothing was written, and no
// outcome counts: even that of a closure that failed may rest on what a
// neighbour had written before it.
func (g *group) commit(jobs []*job) error {
	if _, err := g.w.ses.exec(`BEGIN IMMEDIATE`); err != nil {
		close(g.ran)
		return g.w.failed("beginning a transaction", err)
	}
	g.tx = &snapshot{ctx: context.Background(), ses: g.w.ses}
	g.run(jobs)
	close(g.ran)
	doing, err := "reading", g.fault
	if err == nil {
		doing, err = "writing", g.flush()
	}
	if err == nil {
		doing = "committing"
		_, err = g.w.ses.exec(`COMMIT`)
	}
	if err != nil {
		g.w.rollback()
		return g.w.failed(doing, err)
	}
	g.remember()
	return nil
}

func (g *group) run(jobs []*job) {
	staging.Each(len(jobs), func(i int) {
		j := jobs[i]
		j.err = staging.ErrExited
		j.err = g.runOne(j)
		if p, ok := errors.AsType[*staging.PanicError](j.err); ok {
			g.w.opts.Logger.Error("closure panicked", "lab", j.lab, "panic", p.Value, "stack", string(p.Stack))
		}
	})
}

func (g *group) runOne(j *job) error {
	if g.fault != nil {
		return g.fault
	}
	l, err := g.lab(j.lab)
	if err != nil {
		return err
	}
	if g.w.opts.RunTwice {
		// Only the outcome of the run that counts is reported.
		_ = l.overlay.Rehearse(j.fn)
	}
	return l.overlay.Run(j.fn)
}

func (g *group) lab(name store.LabID) (*labGroup, error) {
	if l, ok := g.labs[name]; ok {
		return l, nil
	}
	state, known := g.w.labs[name]
	if !known {
		r, err := g.tx.reads(name)
		if err != nil {
			g.fault = err
			return nil, err
		}
		state = &labState{lab: r.lab, loaded: r.lab == 0}
		g.w.labs[name] = state
	}
	base := &groupBase{reads: reads{snapshot: g.tx, lab: state.lab}, g: g, state: state}
	l := &labGroup{name: name, state: state, base: base, lab: state.lab, overlay: staging.NewOverlay(base)}
	g.labs[name] = l
	g.order = append(g.order, l)
	return l, nil
}

// remember makes the committed state that of the cache.
func (g *group) remember() {
	for _, l := range g.order {
		l.state.lab = l.lab
		if l.lab == 0 {
			continue
		}
		for _, e := range l.written {
			g.w.cache.put(l.lab, e.ref, e.row)
		}
		if len(l.overlay.Records()) > 0 {
			l.state.seq, l.state.hash = l.overlay.Head()
			l.state.loaded = true
		}
	}
}

// failed keeps a failure in mind and returns the answer to those who waited.
func (w *writer) failed(doing string, err error) error {
	return w.health.note(fmt.Errorf("%s: %w", doing, err), w.severity(doing, err))
}

func (w *writer) severity(doing string, err error) severity {
	if doing == "reading" {
		return passing // what is on the disk is as good as before
	}
	return severityOf(err, w.opts.Dir)
}

// rollback ends a transaction that failed. SQLite may have done so already.
func (w *writer) rollback() {
	if _, err := w.ses.exec(`ROLLBACK`); err != nil {
		w.health.log.say(slog.LevelDebug, "rolling back", "err", err)
	}
}
