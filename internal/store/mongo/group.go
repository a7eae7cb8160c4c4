package mongo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

// group is one group commit: closures that share a commit document.
//
// They run on what this process believes is the newest point of the lab. All
// that they read, and that entries are new, is proven by the insert of the
// commit with the next number: it succeeds only if nobody else has made that
// commit. Until then no answer counts, not even that of a closure that failed.
type group struct {
	l     *lab
	ctx   context.Context
	jobs  []*job
	later []*job // full: these are for the next group

	at      point
	overlay *staging.Overlay
	base    *groupBase
}

var (
	// errMoved ends a run on a point that is not the newest one any more.
	errMoved = errors.New("the lab has moved on")
	// errWanted ends the run of a closure that wants what is not loaded yet.
	errWanted = errors.New("to be loaded first")
)

// commit runs the closures and makes durable what they wrote, as often as it
// takes. With an error nothing was written, or it is not known; no outcome
// counts then.
func (g *group) commit() error {
	for try := 0; ; try++ {
		err := g.attempt()
		if errors.Is(err, store.ErrTooLarge) && len(g.jobs) > 1 {
			g.jobs, g.later = g.jobs[:1], append(slices.Clone(g.jobs[1:]), g.later...)
			continue
		}
		if !errors.Is(err, errMoved) {
			return err
		}
		if try > 0 {
			g.pause(try)
		}
		if err := g.l.catchUp(g.ctx); err != nil {
			return err
		}
	}
}

// pause waits, longer after more lost races, but never the same.
func (g *group) pause(try int) {
	limit := time.Duration(min(try, 10)) * 4 * time.Millisecond
	wait := time.NewTimer(rand.N(limit))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-g.ctx.Done():
	}
}

func (g *group) attempt() error {
	if err := g.ctx.Err(); err != nil {
		return context.Cause(g.ctx)
	}
	l := g.l
	if !l.isKnown() {
		if err := l.catchUp(g.ctx); err != nil {
			return err
		}
	}
	if g.base == nil {
		g.base = &groupBase{entries: make(map[string]*store.Record)}
	}
	g.base.begin(l, g.ctx)
	g.at = g.base.at
	g.overlay = staging.NewOverlay(g.base)
	if err := g.run(); err != nil {
		return err
	}
	c, err := g.gather()
	if err != nil {
		return err
	}
	if err := g.base.prove(); err != nil {
		return err
	}
	if c == nil {
		return g.unchanged()
	}
	return g.insert(c)
}

// unchanged proves a group that wrote nothing.
func (g *group) unchanged() error {
	if err := g.l.catchUp(g.ctx); err != nil {
		return err
	}
	if g.l.newest() != g.at.n {
		return errMoved
	}
	return nil
}

// maxRounds is how often closures are started again to load at once what all
// of them want; then each loads for itself.
const maxRounds = 8

// run runs the closures until each one has an outcome.
func (g *group) run() error {
	defer g.postpone()
	todo := g.jobs
	for round := 0; len(todo) > 0; round++ {
		g.base.round(round, len(todo))
		var again []*job
		staging.Each(len(todo), func(i int) {
			if g.full() {
				g.later = append(g.later, todo[i])
				return
			}
			defer func() {
				if g.base.wanting {
					again = append(again, todo[i])
				}
			}()
			g.runJob(todo[i])
		})
		if g.base.fault != nil {
			return g.base.fault
		}
		if err := g.base.loadWanted(); err != nil {
			return err
		}
		todo = again
	}
	return nil
}

// full reports whether the commit has grown so much that it has to do without
// further closures.
func (g *group) full() bool { return g.overlay.Size() > groupBytes }

// postpone leaves what did not fit to the next group.
func (g *group) postpone() {
	if len(g.later) == 0 {
		return
	}
	g.jobs = slices.DeleteFunc(slices.Clone(g.jobs), func(j *job) bool { return slices.Contains(g.later, j) })
}

// runJob runs a closure, unless its caller has left, and notes its outcome.
func (g *group) runJob(j *job) {
	g.base.wanting = false
	if g.base.fault != nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.gone {
		j.err = j.ctx.Err() // not what an attempt before this one left there
		return
	}
	g.base.caller = j.ctx
	j.err = staging.ErrExited
	j.err = g.runOne(j)
}

func (g *group) runOne(j *job) error {
	if g.l.s.opts.RunTwice {
		// Only the outcome of the run that counts is reported.
		_ = g.overlay.Rehearse(j.fn)
		if g.base.wanting {
			return errWanted
		}
	}
	return g.overlay.RunIf(j.fn, func() bool { return !g.base.wanting })
}

// gather makes the commit of what the closures wrote; nil if that is nothing.
func (g *group) gather() (*commit, error) {
	records, changes := g.overlay.Records(), g.overlay.Changes()
	refs := make([]store.Ref, len(changes))
	for i := range changes {
		refs[i] = changes[i].Ref
	}
	if err := g.base.load(refs); err != nil {
		return nil, err
	}
	c := &commit{point: point{n: g.at.n + 1}, by: g.l.s.newToken(), records: records, mine: true}
	c.seq, c.hash = g.overlay.Head()
	for _, ch := range changes {
		before, err := g.base.row(ch.Ref)
		if err != nil {
			return nil, err
		}
		if ch.Document != nil || before.doc != nil { // else it came and went within the group
			c.changes = append(c.changes, change{ref: ch.Ref, now: ch.Document, before: before.doc})
		}
	}
	if len(c.records)+len(c.changes) == 0 {
		return nil, nil
	}
	return c, nil
}

// encoded is the commit as a document that fits: without what was before if it
// must be, and then with JSON as it came, which cannot grow.
func (c *commit) encoded(lab store.LabID) (bson.Raw, error) {
	var raw bson.Raw
	for _, w := range []encoding{{}, {blind: true}, {blind: true, verbatim: true}} {
		var err error
		if raw, err = w.encode(lab, c); err != nil || len(raw) <= maxCommitBytes {
			c.blind = w.blind
			return raw, err
		}
	}
	return nil, fmt.Errorf("%d bytes in one commit, limit %d: %w", len(raw), maxCommitBytes, store.ErrTooLarge)
}

// insert makes the commit, if nobody else makes one with that number.
//
// When the answer is lost, the commit may be there, or not, or be on its way.
// The same document is then sent again: it is refused if the first one has
// arrived, and reading tells which it was.
func (g *group) insert(c *commit) error {
	l := g.l
	raw, err := c.encoded(l.id)
	if err != nil {
		return err
	}
	if err := l.s.announce(g.ctx, l.id, c.n); err != nil {
		return err
	}
	l.s.at(beforeCommit)
	for try := 0; ; try++ {
		_, err := l.s.commits.InsertOne(g.ctx, raw)
		if err == nil {
			break
		}
		if g.ctx.Err() != nil {
			return g.unsure(err)
		}
		mine, err := l.s.landed(g.ctx, l.id, c, err)
		switch {
		case errors.Is(err, errMoved):
			return errMoved
		case err != nil && g.ctx.Err() != nil:
			return g.unsure(err)
		case mine:
			l.committed(c)
			return nil
		}
		l.s.log.say(slog.LevelWarn, "a commit is sent again", "lab", l.id, "err", err)
		g.pause(try + 1)
	}
	l.s.at(afterCommit)
	l.committed(c)
	return nil
}

// unsure is the answer when it is not known whether the commit is there.
func (g *group) unsure(err error) error {
	return unavailable("it is not known whether it was stored; send it again", err)
}

// landed looks for the commit after its insert has failed with why. It returns
// errMoved when another one has its number, or has its entries. Otherwise it
// says whether the commit is there, and if not, with the error that stands for
// trying again.
func (s *Store) landed(ctx context.Context, lab store.LabID, c *commit, why error) (bool, error) {
	found, err := s.commitsAfter(ctx, lab, c.n-1, 1)
	switch {
	case err != nil:
		return false, err
	case len(found) == 1 && bytes.Equal(found[0].by[:], c.by[:]):
		return true, nil
	case len(found) == 1:
		return false, errMoved
	case mongo.IsDuplicateKeyError(why):
		return false, s.collision(ctx, lab, c, why)
	}
	return false, why
}

// collision is what a duplicate means where the commit's number is not taken:
// that one of its entries is there, which the closures will meet when they run
// again; or that the number is taken, by this or another commit, but not yet by a
// majority: then sending again will tell.
func (s *Store) collision(ctx context.Context, lab store.LabID, c *commit, why error) error {
	ids := make([]string, len(c.records))
	for i := range c.records {
		ids[i] = c.records[i].Entry.ID
	}
	there, err := s.recordsByID(ctx, lab, ids)
	switch {
	case err != nil:
		return err
	case len(there) > 0:
		return errMoved
	}
	return why
}

// committed is told of a commit that this process has made.
func (l *lab) committed(c *commit) {
	c.records = nil // the ledger has them
	l.absorb(c)
	l.applier.start(l)
}
