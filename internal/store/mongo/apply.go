package mongo

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"golang.org/x/sync/errgroup"

	"github.com/ricircolo/ricircolo/internal/store"
)

const (
	// foreignPatience is how long another process is given to apply a commit
	// of its own before this one helps.
	foreignPatience = 500 * time.Millisecond
	// maxBacklog commits, or maxBacklogBytes, may wait to be applied; further
	// closures wait for that.
	maxBacklog      = 32
	maxBacklogBytes = 32 << 20
	// writesAtOnce is how many writes share a call, and its time.
	writesAtOnce = 1000
	// documentsAtOnce is how many documents are written, by as many commits as
	// it takes, before the watermark moves, which closures may wait for.
	documentsAtOnce = 1000
)

// applier brings the collections up to date with the commits of a lab. A
// goroutine does so while there is something to do.
type applier struct {
	mu      sync.Mutex
	running bool
	timer   *time.Timer   // until a foreign commit is looked after
	moved   chan struct{} // closed when the watermark has moved, perhaps; nil when nobody waits
	trouble error         // why commits could not be applied the last time
	marks   []mark        // of the goroutine that runs
}

// start has the pending commits applied, now.
func (a *applier) start(l *lab) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.running {
		a.running = true
		l.s.background.Go(func() { a.run(l) })
	}
}

// watch has the pending commits looked after if the process that made them
// does not.
func (a *applier) watch(l *lab) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer == nil && !a.running {
		a.timer = time.AfterFunc(foreignPatience, func() { a.help(l) })
	}
}

// help applies what the watermark of the database still lies before.
func (a *applier) help(l *lab) {
	done, err := l.s.enter(l.s.life)
	if err != nil {
		return
	}
	defer done()
	a.mu.Lock()
	a.timer = nil
	a.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(l.s.life, l.s.opts.Timeout, errNoAnswer)
	defer cancel()
	n, err := l.s.appliedOf(ctx, l.id)
	if err == nil {
		l.hasApplied(n)
	}
	if len(l.pending()) > 0 {
		a.start(l)
	}
}

// stop forgets the timer.
func (a *applier) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
	}
}

func (a *applier) run(l *lab) {
	for try := 0; ; {
		commits := a.more(l)
		if commits == nil {
			return
		}
		// Fewer at once, if it did not work out with more.
		commits = together(commits[:max(1, len(commits)>>try)])
		err := l.apply(commits)
		a.note(err)
		if err != nil {
			l.s.log.say(slog.LevelWarn, "store could not apply commits and tries again", "lab", l.id, "err", err)
			try++
			l.s.sleep(time.Duration(min(try, 10)) * time.Duration(20+rand.Int64N(80)) * time.Millisecond)
			continue
		}
		try = 0
		a.trim(l)
	}
}

// together are those of some commits that are applied at once: it pays where
// they change the same documents.
func together(commits []*commit) []*commit {
	changed := make(map[store.Ref]bool)
	for i, c := range commits {
		for j := range c.changes {
			changed[c.changes[j].ref] = true
		}
		if i > 0 && len(changed) > documentsAtOnce {
			return commits[:i]
		}
	}
	return commits
}

// more is what is to be applied; nil ends the goroutine.
func (a *applier) more(l *lab) []*commit {
	commits := l.pending()
	if len(commits) > 0 && l.s.life.Err() == nil {
		return commits
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if commits = l.pending(); len(commits) > 0 && l.s.life.Err() == nil {
		return commits
	}
	a.running = false
	return nil
}

// room waits until so little is left to apply that closures may go on.
func (l *lab) room(ctx context.Context) error {
	for {
		moved := l.applier.waiter()
		if n, bytes := l.backlog(); n < maxBacklog && bytes < maxBacklogBytes {
			return nil
		}
		l.applier.start(l)
		select {
		case <-moved:
		case <-ctx.Done():
			if err := l.applier.noted(); err != nil {
				return unavailable("former commits can't be applied", err)
			}
			return context.Cause(ctx)
		}
	}
}

// note remembers how applying ended.
func (a *applier) note(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble = err
}

func (a *applier) noted() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.trouble
}

func (a *applier) waiter() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.moved == nil {
		a.moved = make(chan struct{})
	}
	return a.moved
}

func (a *applier) wake() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.moved != nil {
		close(a.moved)
		a.moved = nil
	}
}

// apply brings the collections up to the last of some commits that follow each
// other, and moves the watermark. All of it may be done twice, in part, late or
// by several processes at once: every write is guarded by the number of its
// commit.
func (l *lab) apply(commits []*commit) error {
	ctx := l.s.life
	if !commits[0].mine {
		n, err := l.s.appliedOf(ctx, l.id)
		if err != nil {
			return err
		}
		if n >= commits[0].n {
			l.hasApplied(n)
			return nil // what is left comes next
		}
	}
	w, err := l.writesOf(ctx, commits)
	if err != nil {
		return err
	}
	if err := l.s.write(ctx, w); err != nil {
		return err
	}
	l.s.at(beforeWatermark)
	last := commits[len(commits)-1].n
	if err := l.s.moveWatermark(ctx, l.id, last); err != nil {
		return err
	}
	l.hasApplied(last)
	l.s.at(afterWatermark)
	return nil
}

func (s *Store) moveWatermark(ctx context.Context, lab store.LabID, n int64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.Timeout, errNoAnswer)
	defer cancel()
	_, err := s.labs.UpdateOne(ctx, labFilter(lab), bson.D{{Key: "$max", Value: bson.D{{Key: "applied", Value: n}}}}, options.UpdateOne().SetUpsert(true))
	return engineError(ctx, "moving the watermark", err)
}

// announce makes a lab known before its first commit, so that a process which
// comes later finds it even if this one gets no further.
func (s *Store) announce(ctx context.Context, lab store.LabID, n int64) error {
	if n != 1 {
		return nil
	}
	err := s.moveWatermark(ctx, lab, 0)
	if mongo.IsDuplicateKeyError(err) {
		return nil
	}
	return err
}

// write makes all writes, in no order.
func (s *Store) write(ctx context.Context, w writes) error {
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return s.bulk(ctx, s.keys, w.keys) })
	both.Go(func() error {
		s.at(betweenWrites)
		return s.bulk(ctx, s.documents, w.documents)
	})
	return both.Wait()
}

// bulk makes writes in any order. Those that find a newer state already there
// do nothing.
func (s *Store) bulk(ctx context.Context, c *mongo.Collection, writes []mongo.WriteModel) error {
	for part := range slices.Chunk(writes, writesAtOnce) {
		if err := s.bulkPart(ctx, c, part); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) bulkPart(ctx context.Context, c *mongo.Collection, writes []mongo.WriteModel) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.Timeout, errNoAnswer)
	defer cancel()
	for {
		_, err := c.BulkWrite(ctx, writes, options.BulkWrite().SetOrdered(false))
		if !onlyDuplicates(err) {
			return engineError(ctx, "writing "+c.Name(), err)
		}
		writes = again(writes)
	}
}

// again is how writes are repeated some of which were to make what was there
// already. It was not there when their filters were looked at, so that it may
// well be older. A document that is there stays there, and its guard decides; a
// key may have gone again.
func again(writes []mongo.WriteModel) []mongo.WriteModel {
	writes = slices.Clone(writes)
	for i, w := range writes {
		if replace, ok := w.(*mongo.ReplaceOneModel); ok {
			there := *replace
			writes[i] = there.SetUpsert(false)
		}
	}
	return writes
}

// writes are what commits come to in the collections.
type writes struct{ keys, documents []mongo.WriteModel }

// last is what commits did to one document.
type last struct {
	now *store.Document
	n   int64
	had map[store.Key]bool // keys that it had before or after any of the commits
	// kept are the keys that it had before and after all of them. Of others the
	// collection may be in any state: another process may have got half way.
	kept map[store.Key]bool
}

// follow takes the document on to what commit n made of it.
func (s *last) follow(now *store.Document, n int64) {
	s.now, s.n = now, n
	var keys []store.Key
	if now != nil {
		keys = now.Keys
	}
	for k := range s.kept {
		if !slices.Contains(keys, k) {
			delete(s.kept, k)
		}
	}
	for _, k := range keys {
		s.had[k] = true
	}
}

func (l *lab) writesOf(ctx context.Context, commits []*commit) (writes, error) {
	all := make(map[store.Ref]*last)
	var order []store.Ref
	for _, c := range commits {
		for i := range c.changes {
			ch := &c.changes[i]
			state, ok := all[ch.ref]
			if !ok {
				var err error
				if state, err = l.before(ctx, c, ch); err != nil {
					return writes{}, err
				}
				all[ch.ref] = state
				order = append(order, ch.ref)
			}
			state.follow(ch.now, c.n)
		}
	}
	// In one order, whatever the commits: where a server makes the writes of a
	// call in one transaction, those of two processes wait for each other else.
	slices.SortFunc(order, func(a, b store.Ref) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	var w writes
	for _, ref := range order {
		if err := w.add(l.id, ref, all[ref]); err != nil {
			return writes{}, err
		}
	}
	return w, nil
}

// before is what a document was before its first commit. Where the commit does
// not tell, the collection is asked: it may already be further, so that no key
// is taken to be there.
func (l *lab) before(ctx context.Context, c *commit, ch *change) (*last, error) {
	state := &last{had: make(map[store.Key]bool), kept: make(map[store.Key]bool)}
	before := ch.before
	if c.blind {
		rows, err := l.s.rows(ctx, l.id, []store.Ref{ch.ref})
		if err != nil {
			return nil, err
		}
		before = rows[ch.ref].doc
	}
	if before != nil {
		for _, k := range before.Keys {
			state.had[k] = true
			state.kept[k] = !c.blind
		}
	}
	return state, nil
}

func (w *writes) add(lab store.LabID, ref store.Ref, state *last) error {
	older := bson.E{Key: "commit", Value: bson.D{{Key: "$lt", Value: state.n}}}
	doc, err := documentOf(lab, ref, state)
	if err != nil {
		return err
	}
	w.documents = append(w.documents, mongo.NewReplaceOneModel().
		SetFilter(append(one(lab, documentID(lab, ref)), older)).SetReplacement(doc).SetUpsert(true))
	if state.now != nil {
		for _, k := range slices.SortedFunc(slices.Values(state.now.Keys), compareKeys) {
			delete(state.had, k)
			if !state.kept[k] {
				w.keys = append(w.keys, mongo.NewUpdateOneModel().SetFilter(one(lab, keyID(lab, ref, k))).
					SetUpdate(bson.D{{Key: "$max", Value: bson.D{{Key: "commit", Value: state.n}}}}).SetUpsert(true))
			}
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(state.had), compareKeys) {
		w.keys = append(w.keys, mongo.NewDeleteOneModel().SetFilter(append(one(lab, keyID(lab, ref, k)), older)))
	}
	return nil
}

func compareKeys(a, b store.Key) int {
	return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Value, b.Value))
}

// documentOf is the content of collection documents for a document, or the
// guard of one that is gone.
func documentOf(lab store.LabID, ref store.Ref, state *last) (bson.Raw, error) {
	start, b := bsoncore.AppendDocumentStart(nil)
	id, err := bson.Marshal(documentID(lab, ref))
	if err != nil {
		return nil, err
	}
	b = bsoncore.AppendDocumentElement(b, "_id", id)
	b = bsoncore.AppendStringElement(b, "lab", string(lab))
	b = bsoncore.AppendInt64Element(b, "commit", state.n)
	if state.now == nil {
		b = bsoncore.AppendDateTimeElement(b, "gone", time.Now().UnixMilli())
	} else {
		b = encoding{}.appendFields(b, state.now)
	}
	return bsoncore.AppendDocumentEnd(b, start)
}
