package mongo

import (
	"context"
	"runtime"

	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/ricircolo/ricircolo/internal/store"
)

// Step is a place on the way of a commit.
type Step = step

// Steps are all of them.
const Steps = int(steps)

// WithFault makes a store call fault at the steps of its commits.
func WithFault(opts Options, fault func(Step)) Options {
	opts.fault = fault
	return opts
}

// WithMonitor makes a store show the commands that it sends.
func WithMonitor(opts Options, monitor *event.CommandMonitor) Options {
	opts.monitor = monitor
	return opts
}

func (s step) String() string {
	return [...]string{"before commit", "after commit", "between writes", "before watermark", "after watermark"}[s]
}

// The checks on opening, of servers that no test has.
var (
	CheckVersion  = checkVersion
	CheckShardKey = checkShardKey
)

// AbsorbWhileApplying has a lab come upon commits of others while its applier
// looks whether there is more to do.
func AbsorbWhileApplying(s *Store, commits int64) {
	l := newLab(s, "elsewhere")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range commits {
			l.absorb(&commit{point: point{n: n + 1}})
			l.hasApplied(n + 1)
		}
	}()
	for {
		select {
		case <-done:
			l.applier.stop()
			return
		default:
			l.applier.more(l)
		}
	}
}

// AnswerToOneWhoLeft is the answer to a call whose caller left before its
// closure was run. The caller may just see it yet.
func AnswerToOneWhoLeft(ctx context.Context, s *Store, lab store.LabID, fn func(store.Tx) error) error {
	j := &job{ctx: ctx, fn: fn, done: make(chan error, 1)}
	j.leave()
	s.lab(lab).submit(j)
	return <-j.done
}

// WaitForRoom has a closure wait for a backlog that another process works off:
// nothing here applies it, the watermark is only seen to have moved.
func WaitForRoom(ctx context.Context, s *Store) error {
	l := newLab(s, "elsewhere")
	for n := range int64(maxBacklog) {
		l.absorb(&commit{point: point{n: n + 1}})
	}
	l.applier.stop()
	l.applier.mu.Lock()
	l.applier.running = true
	l.applier.mu.Unlock()
	waited := make(chan error, 1)
	go func() { waited <- l.room(ctx) }()
	for waiting := false; !waiting; runtime.Gosched() {
		l.applier.mu.Lock()
		waiting = l.applier.moved != nil
		l.applier.mu.Unlock()
	}
	l.hasApplied(maxBacklog)
	return <-waited
}
