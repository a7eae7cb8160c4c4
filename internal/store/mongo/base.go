package mongo

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

// groupBase is the newest point of a lab as the closures of a group read it:
// through the cache, and with what several of them want loaded at once.
type groupBase struct {
	frame
	era    int64
	caller context.Context // of the closure that runs
	fault  error           // the first failure that a closure met

	loads   int  // how much the closures of the round may load for themselves
	pretend bool // what is not loaded counts as missing, and is noted
	wanting bool // the closure that runs met such a thing: its outcome does not count
	wanted  map[store.Ref]bool
	asked   map[string]bool

	rows    map[store.Ref]row        // loaded for this attempt
	entries map[string]*store.Record // known to be there; nil: not at the point of this attempt
	claimed map[string]bool          // entry ids that were taken to be new without looking
}

func (b *groupBase) begin(l *lab, ctx context.Context) {
	entries := b.entries
	maps.DeleteFunc(entries, func(_ string, r *store.Record) bool { return r == nil })
	*b = groupBase{entries: entries, wanted: make(map[store.Ref]bool), asked: make(map[string]bool),
		rows: make(map[store.Ref]row), claimed: make(map[string]bool)}
	b.frame = frame{l: l, ctx: ctx}
	b.at, b.cover, b.era = l.now()
	b.seen = b.at.n
	b.settle = func(newest int64) error {
		if newest > b.at.n {
			return errMoved
		}
		return nil
	}
}

// waiting bounds what a closure reads by its caller's patience.
func (b *groupBase) waiting() (end func()) {
	whole := b.ctx
	ctx, cancel := context.WithCancelCause(whole)
	stop := context.AfterFunc(b.caller, func() { cancel(context.Cause(b.caller)) })
	b.ctx = ctx
	return func() {
		stop()
		cancel(nil)
		b.ctx = whole
	}
}

// fewLoads is how much a closure that is alone loads piece by piece: with more,
// it is rather started again.
const fewLoads = 4

// round prepares a run of n closures. Where there are several, or one that
// wants much, they are run as if what is not loaded were missing, which shows
// what they want; that is loaded at once, and they run again.
func (b *groupBase) round(round, n int) {
	b.loads = fewLoads
	b.pretend = round > 0 || n > 1
	if round >= maxRounds {
		b.pretend, b.loads = false, math.MaxInt
	}
}

// postponed reports whether a closure has to do without something for now, and
// if so, with which error. Without one it counts as missing.
func (b *groupBase) postponed() (bool, error) {
	if b.pretend {
		b.wanting = true
		return true, nil
	}
	b.loads--
	if b.loads < 0 {
		b.wanting = true
		return true, errWanted
	}
	return false, nil
}

// met keeps a failure: the whole group fails with it, unless it is that the
// closure's own caller has left.
func (b *groupBase) met(err error) error {
	if left := b.caller.Err(); left != nil {
		return left
	}
	if b.fault == nil {
		b.fault = err
	}
	return err
}

// known is what needs no reading.
func (b *groupBase) known(ref store.Ref) (row, bool) {
	if r, ok := b.rows[ref]; ok {
		return r, true
	}
	if d, ok := b.cover[ref]; ok {
		return row{doc: d, n: b.at.n}, true
	}
	return b.l.s.cache.get(cacheKey{b.l.id, b.era, ref})
}

// row is a document, loaded if it must be.
func (b *groupBase) row(ref store.Ref) (row, error) {
	if r, ok := b.known(ref); ok {
		return r, nil
	}
	if err := b.load([]store.Ref{ref}); err != nil {
		return row{}, err
	}
	return b.rows[ref], nil
}

// load reads documents that are not known.
func (b *groupBase) load(refs []store.Ref) error {
	refs = slices.DeleteFunc(refs, func(ref store.Ref) bool { _, ok := b.known(ref); return ok })
	if len(refs) == 0 {
		return nil
	}
	all, err := b.l.s.rows(b.ctx, b.l.id, refs)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		r := all[ref]
		if r.n > b.at.n {
			return errMoved
		}
		b.rows[ref] = r
		b.l.remember(b.at.n, ref, r)
	}
	return nil
}

// loadWanted reads what the closures of a round asked for.
func (b *groupBase) loadWanted() error {
	if err := b.load(slices.Collect(maps.Keys(b.wanted))); err != nil {
		return err
	}
	clear(b.wanted)
	ids := slices.Collect(maps.Keys(b.asked))
	clear(b.asked)
	return b.loadEntries(ids)
}

func (b *groupBase) loadEntries(ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	all, err := b.l.s.recordsByID(b.ctx, b.l.id, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		b.entries[id] = nil
		if r, ok := all[id]; ok {
			if r.Seq > b.at.seq {
				return errMoved
			}
			b.entries[id] = &r
		}
	}
	return nil
}

// prove looks for the entries that were taken to be new.
func (b *groupBase) prove() error {
	ids := slices.DeleteFunc(slices.Collect(maps.Keys(b.claimed)), func(id string) bool { _, ok := b.entries[id]; return ok })
	if err := b.loadEntries(ids); err != nil {
		return err
	}
	for id := range b.claimed {
		if b.entries[id] != nil {
			return errMoved // known from now on: the closures run again
		}
	}
	return nil
}

// Get reads through the cache.
func (b *groupBase) Get(kind store.Kind, id string) (store.Document, error) {
	ref := store.Ref{Kind: kind, ID: id}
	r, ok := b.known(ref)
	if !ok {
		later, err := b.postponed()
		if later {
			b.wanted[ref] = true
		} else {
			r, err = b.loadOne(ref)
		}
		if err != nil {
			return store.Document{}, err
		}
	}
	if r.doc == nil {
		return store.Document{}, missing(ref)
	}
	return *r.doc, nil
}

// loadOne reads a document for the closure that runs.
func (b *groupBase) loadOne(ref store.Ref) (row, error) {
	defer b.waiting()()
	r, err := b.row(ref)
	if err != nil {
		err = b.met(err)
	}
	return r, err
}

// Entry reads the record of an entry.
func (b *groupBase) Entry(id string) (store.Record, error) {
	r, ok := b.entries[id]
	if !ok {
		later, err := b.postponed()
		if later {
			b.asked[id] = true
		} else {
			err = b.loadEntry(id)
		}
		if err != nil {
			return store.Record{}, err
		}
		r = b.entries[id]
	}
	if r == nil {
		return store.Record{}, &staging.MissingError{Kind: "entry", ID: id}
	}
	return staging.CloneRecord(*r), nil
}

// loadEntry reads the record of an entry for the closure that runs.
func (b *groupBase) loadEntry(id string) error {
	defer b.waiting()()
	if err := b.loadEntries([]string{id}); err != nil {
		return b.met(err)
	}
	return nil
}

// Taken answers whether an entry is known to be there, without looking: see
// staging.Claimer. Nearly every entry is new, and those of a whole group are
// looked for at once.
func (b *groupBase) Taken(id string) (store.Record, error) {
	if r := b.entries[id]; r != nil {
		return staging.CloneRecord(*r), nil
	}
	b.claimed[id] = true
	return store.Record{}, &staging.MissingError{Kind: "entry", ID: id}
}

// Find reads what a query selects.
func (b *groupBase) Find(q store.Query) ([]store.Hit, error) {
	defer b.waiting()()
	hits, err := b.frame.Find(q)
	if err != nil {
		err = b.met(err)
	}
	return hits, err
}

// Changed reads documents in the order of their sequence numbers.
func (b *groupBase) Changed(kind store.Kind, after store.SeqPosition, limit int) ([]store.Document, error) {
	defer b.waiting()()
	docs, err := b.frame.Changed(kind, after, limit)
	if err != nil {
		err = b.met(err)
	}
	return docs, err
}

// Documents reads documents in the order of kind and id.
func (b *groupBase) Documents(after store.Ref, limit int) ([]store.Document, error) {
	defer b.waiting()()
	docs, err := b.frame.Documents(after, limit)
	if err != nil {
		err = b.met(err)
	}
	return docs, err
}

// Entries reads records in their order.
func (b *groupBase) Entries(after store.Seq, limit int) ([]store.Record, error) {
	defer b.waiting()()
	records, err := b.frame.Entries(after, limit)
	if err != nil {
		err = b.met(err)
	}
	return records, err
}
