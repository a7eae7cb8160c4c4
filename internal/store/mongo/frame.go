package mongo

import (
	"context"
	"fmt"
	"slices"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

// frame reads a lab as it was at one point: through the collections, under a
// cover. What a reading finds newer than the point is the business of settle,
// which is called after each: it extends the cover, or gives up.
type frame struct {
	l     *lab
	ctx   context.Context
	at    point
	seen  int64 // the cover knows of the commits up to here
	cover staging.Cover
	ahead []store.Record // what was read of the ledger beyond what was asked for
	// settle is told the highest commit number that a reading came upon.
	settle func(newest int64) error
}

func (f *frame) Head() (store.Seq, store.Hash, error) { return f.at.seq, f.at.hash, nil }

func missing(ref store.Ref) error {
	return &staging.MissingError{Kind: string(ref.Kind), ID: ref.ID}
}

// covered is the state of a document that the cover knows.
func (f *frame) covered(ref store.Ref) (store.Document, bool, error) {
	d, ok := f.cover[ref]
	switch {
	case !ok:
		return store.Document{}, false, nil
	case d == nil:
		return store.Document{}, true, missing(ref)
	}
	return *d, true, nil
}

// Get reads a document.
func (f *frame) Get(kind store.Kind, id string) (store.Document, error) {
	ref := store.Ref{Kind: kind, ID: id}
	if d, ok, err := f.covered(ref); ok {
		return d, err
	}
	all, err := f.l.s.rows(f.ctx, f.l.id, []store.Ref{ref})
	if err != nil {
		return store.Document{}, err
	}
	r, there := all[ref]
	if there && r.n <= f.seen && r.doc != nil {
		return *r.doc, nil
	}
	if err := f.settle(r.n); err != nil {
		return store.Document{}, err
	}
	if d, ok, err := f.covered(ref); ok {
		return d, err
	}
	if r.doc == nil {
		return store.Document{}, missing(ref)
	}
	return *r.doc, nil
}

// gather reads until it has limit documents that the cover leaves as they are,
// or all of them.
func (f *frame) gather(limit int, next func() (rows []found, more bool, err error)) ([]found, error) {
	var rows []found
	for {
		page, more, err := next()
		if err != nil {
			return nil, err
		}
		newest := f.seen
		for i := range page {
			newest = max(newest, page[i].n)
		}
		rows = append(rows, page...)
		if err := f.settle(newest); err != nil {
			return nil, err
		}
		// What was kept before may have changed since: the cover has it now.
		rows = slices.DeleteFunc(rows, func(r found) bool {
			_, covered := f.cover[r.ref]
			return covered || r.doc == nil
		})
		if len(rows) >= limit || !more {
			return rows, nil
		}
	}
}

// walking is a gather over a walk through documents.
func (f *frame) walking(limit int, w interface {
	next(ctx context.Context, limit int) ([]found, error)
}) ([]found, error) {
	return f.gather(limit, func() ([]found, bool, error) {
		rows, err := w.next(f.ctx, limit)
		return rows, len(rows) == limit, err
	})
}

func documentsOf(rows []found) []store.Document {
	docs := make([]store.Document, len(rows))
	for i := range rows {
		docs[i] = *rows[i].doc
	}
	return docs
}

// Changed reads documents in the order of their sequence numbers.
func (f *frame) Changed(kind store.Kind, after store.SeqPosition, limit int) ([]store.Document, error) {
	// What is newer than the point is covered: there is no need to find it.
	rows, err := f.walking(limit, f.l.s.changed(f.l.id, kind, after, f.at.seq, limit))
	if err != nil {
		return nil, err
	}
	return staging.MergeChanged(documentsOf(rows), f.cover.Changed(kind, after), limit), nil
}

// Documents reads documents in the order of kind and id.
func (f *frame) Documents(after store.Ref, limit int) ([]store.Document, error) {
	rows, err := f.walking(limit, f.l.s.all(f.l.id, after))
	if err != nil {
		return nil, err
	}
	return staging.MergeDocuments(documentsOf(rows), f.cover.Documents(after), limit), nil
}

// Find reads what a query selects.
func (f *frame) Find(q store.Query) ([]store.Hit, error) {
	var rows []found
	var err error
	if q.Index == "" {
		rows, err = f.walking(q.Limit, f.l.s.byID(f.l.id, q))
	} else {
		rows, err = f.gather(q.Limit, f.keyPages(q))
	}
	if err != nil {
		return nil, err
	}
	hits := make([]store.Hit, len(rows))
	for i, r := range rows {
		hits[i] = store.Hit{Position: r.place, Document: *r.doc}
	}
	return staging.MergeHits(hits, f.cover.Hits(q), q), nil
}

// keyPages reads keys and then the documents that they belong to. A document
// knows which keys it has: a key that a crash has left behind, or that a commit
// has taken since, is passed over.
func (f *frame) keyPages(q store.Query) func() ([]found, bool, error) {
	w := f.l.s.byKey(f.l.id, q)
	return func() ([]found, bool, error) {
		places, err := w.next(f.ctx, q.Limit)
		if err != nil {
			return nil, false, err
		}
		docs, err := f.rowsOf(places)
		if err != nil {
			return nil, false, err
		}
		var rows []found
		for _, k := range places {
			if r := docs[k.ref]; r.doc != nil {
				if slices.Contains(r.doc.Keys, store.Key{Index: q.Index, Value: k.Value}) || r.n > f.seen {
					rows = append(rows, found{place: k.Position, ref: k.ref, row: r})
				}
			}
		}
		return rows, len(places) == q.Limit, nil
	}
}

// rowsOf reads the documents of keys that the cover does not know.
func (f *frame) rowsOf(places []keyed) (map[store.Ref]row, error) {
	var refs []store.Ref
	known := make(map[store.Ref]bool, len(places))
	for _, k := range places {
		if _, covered := f.cover[k.ref]; !covered && !known[k.ref] {
			known[k.ref] = true
			refs = append(refs, k.ref)
		}
	}
	return f.l.s.rows(f.ctx, f.l.id, refs)
}

// Entry reads the record of an entry.
func (f *frame) Entry(id string) (store.Record, error) {
	all, err := f.l.s.recordsByID(f.ctx, f.l.id, []string{id})
	if err != nil {
		return store.Record{}, err
	}
	r, ok := all[id]
	if !ok || r.Seq > f.at.seq {
		return store.Record{}, &staging.MissingError{Kind: "entry", ID: id}
	}
	return r, nil
}

// Entries reads records in their order.
func (f *frame) Entries(after store.Seq, limit int) ([]store.Record, error) {
	var records []store.Record
	for next := max(after, 0) + 1; len(records) < limit && next <= f.at.seq; next++ {
		r, err := f.record(next, limit-len(records))
		if err != nil {
			return nil, err
		}
		records = append(records, staging.CloneRecord(r))
	}
	return records, nil
}

// record is the record with a number that is in the ledger. As a rule the next
// ones are wanted next: they come out of the same commits.
func (f *frame) record(seq store.Seq, wanted int) (store.Record, error) {
	if len(f.ahead) == 0 || seq < f.ahead[0].Seq || seq > f.ahead[len(f.ahead)-1].Seq {
		records, err := f.l.s.records(f.ctx, f.l.id, seq-1, min(f.at.seq, seq-1+store.Seq(wanted)), f.at.seq)
		if err != nil {
			return store.Record{}, err
		}
		f.ahead = records
	}
	at := int(seq - f.ahead[0].Seq)
	if at < 0 || at >= len(f.ahead) || f.ahead[at].Seq != seq {
		return store.Record{}, &DecodeError{Collection: commits, What: fmt.Sprint("ledger of lab ", f.l.id), Why: fmt.Sprintf("entry %d is not there", seq)}
	}
	return f.ahead[at], nil
}

// View runs fn on a snapshot. See store.Store.
//
// It looks at the newest commit that the database has. From then on it is a
// seqlock with a memory: after each reading of the collections it asks for
// newer commits, and takes what those changed from what they say was there
// before, instead of reading again.
func (s *Store) View(ctx context.Context, id store.LabID, fn func(store.Reader) error) error {
	if err := staging.CheckLab(id); err != nil {
		return err
	}
	done, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.MaxView, errViewTooLong)
	defer cancel()
	l := s.lab(id)
	if err := l.catchUp(ctx); err != nil {
		return err
	}
	f := &frame{l: l, ctx: ctx}
	f.at, f.cover = l.enter()
	defer l.leave(f.at.n)
	f.seen = f.at.n
	f.settle = func(int64) error {
		if err := l.catchUp(ctx); err != nil {
			return err
		}
		f.cover, f.seen, err = l.back(f.cover, f.seen == f.at.n, f.seen)
		return err
	}
	return staging.View(f, fn)
}
