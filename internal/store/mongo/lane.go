package mongo

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

// job is a closure on its way through the lane of its lab.
type job struct {
	ctx  context.Context
	fn   func(store.Tx) error
	mu   sync.Mutex // held while fn runs
	gone bool       // the caller has left: fn must not run any more; guarded by mu
	err  error      // the closure's outcome
	done chan error // gets the answer; has room for it
}

// leave is called by the caller whose context has ended. It waits until fn does
// not run: it must not run on in the back of a caller that has its answer. The
// commit may take place.
func (j *job) leave() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.gone = true
}

// lane is the queue of a lab's closures. A goroutine serves it while it is not
// empty.
type lane struct {
	mu      sync.Mutex
	queue   []*job
	running bool
}

// Update hands fn to the lane of its lab and waits for the commit. See
// store.Store.
func (s *Store) Update(ctx context.Context, id store.LabID, fn func(store.Tx) error) error {
	if err := staging.CheckLab(id); err != nil {
		return err
	}
	done, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer done()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return store.ErrClosed
	}
	j := &job{ctx: ctx, fn: fn, done: make(chan error, 1)}
	s.lab(id).submit(j)
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
	}
	j.leave()
	select {
	case err := <-j.done:
		return err
	default:
		return ctx.Err()
	}
}

func (l *lab) submit(j *job) {
	l.lane.mu.Lock()
	defer l.lane.mu.Unlock()
	l.lane.queue = append(l.lane.queue, j)
	if !l.lane.running {
		l.lane.running = true
		l.s.background.Go(l.serve)
	}
}

// serve works the queue off.
func (l *lab) serve() {
	for {
		jobs := l.next()
		if jobs == nil {
			return
		}
		l.serveGroup(jobs)
	}
}

// next is what waits, up to the size of a group; nil ends the goroutine.
func (l *lab) next() []*job {
	l.lane.mu.Lock()
	defer l.lane.mu.Unlock()
	n := min(len(l.lane.queue), l.s.opts.MaxGroup)
	if n == 0 {
		l.lane.queue, l.lane.running = nil, false
		return nil
	}
	jobs := l.lane.queue[:n:n]
	l.lane.queue = l.lane.queue[n:]
	return jobs
}

// requeue puts jobs back in front: their group was full.
func (l *lab) requeue(jobs []*job) {
	l.lane.mu.Lock()
	defer l.lane.mu.Unlock()
	l.lane.queue = append(slices.Clone(jobs), l.lane.queue...)
}

// deadline is when the last of the jobs has to have its answer, and at most
// Timeout away.
func (l *lab) deadline(jobs []*job) time.Time {
	limit := time.Now().Add(l.s.opts.Timeout)
	var last time.Time
	for _, j := range jobs {
		d, ok := j.ctx.Deadline()
		if !ok || d.After(limit) {
			return limit
		}
		if d.After(last) {
			last = d
		}
	}
	return last
}

var errNoAnswer = unavailable("the database has not answered in time", nil)

// serveGroup commits jobs and answers them.
func (l *lab) serveGroup(jobs []*job) {
	ctx, cancel := context.WithDeadlineCause(l.s.life, l.deadline(jobs), errNoAnswer)
	defer cancel()
	g := &group{l: l, ctx: ctx, jobs: jobs}
	err := l.room(ctx)
	if err == nil {
		err = g.commit()
	}
	for _, j := range g.jobs {
		if err != nil {
			j.done <- err
			continue
		}
		if p, ok := errors.AsType[*staging.PanicError](j.err); ok {
			l.s.opts.Logger.Error("closure panicked", "lab", l.id, "panic", p.Value, "stack", string(p.Stack))
		}
		j.done <- j.err
	}
	l.requeue(g.later)
	if err != nil {
		l.s.log.say(slog.LevelWarn, "store could not commit", "lab", l.id, "err", err)
	}
}
