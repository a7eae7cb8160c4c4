package staging

import (
	"errors"
	"slices"
	"sync/atomic"

	"github.com/ricircolo/ricircolo/internal/store"
)

// reader reads base through layers.
type reader struct {
	base   Base
	layers [2]*layer // newest first; nil in a View
	first  store.Seq // head of base, when there are layers
	ended  atomic.Bool
	fault  error // the first failure of the engine; it sticks
}

func (r *reader) end() { r.ended.Store(true) }

func (r *reader) usable() error {
	if r.ended.Load() {
		return errReturned
	}
	return r.fault
}

// failed keeps a failure of the engine and returns it.
func (r *reader) failed(err error) error {
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		r.fault = err
	}
	return err
}

func (r *reader) Head() (store.Seq, store.Hash, error) {
	if err := r.usable(); err != nil {
		return 0, store.Hash{}, err
	}
	seq, hash, err := r.base.Head()
	return seq, hash, r.failed(err)
}

func (r *reader) Get(kind store.Kind, id string) (store.Document, error) {
	if err := r.usable(); err != nil {
		return store.Document{}, err
	}
	if err := checkRef(kind, id); err != nil {
		return store.Document{}, err
	}
	ref := store.Ref{Kind: kind, ID: id}
	if d, ok := r.stagedDocument(ref); ok {
		if d == nil {
			return store.Document{}, &MissingError{string(kind), id}
		}
		return cloned(*d), nil
	}
	d, err := r.base.Get(kind, id)
	if err != nil {
		return store.Document{}, r.failed(err)
	}
	return cloned(d), nil
}

func (r *reader) Find(q store.Query) ([]store.Hit, error) {
	if err := r.usable(); err != nil {
		return nil, err
	}
	if err := checkQuery(q); err != nil {
		return nil, err
	}
	page := func(last *store.Hit, limit int) ([]store.Hit, error) {
		rest := q
		rest.Limit = limit
		if last != nil {
			rest.After = &last.Position
		}
		return r.base.Find(rest)
	}
	ref := func(h *store.Hit) store.Ref { return store.Ref{Kind: h.Kind, ID: h.Document.ID} }
	found, err := unshadowed(r, q.Limit, page, ref)
	if err != nil {
		return nil, r.failed(err)
	}
	return merged(found, hitsIn(r.eachStaged, q), q.Limit, hitOrder(q)), nil
}

func (r *reader) Changed(kind store.Kind, after store.SeqPosition, limit int) ([]store.Document, error) {
	if err := r.usable(); err != nil {
		return nil, err
	}
	if err := checkName("kind", string(kind)); err != nil {
		return nil, err
	}
	if err := checkPosition(limit, after.ID); err != nil {
		return nil, err
	}
	page := func(last *store.Document, limit int) ([]store.Document, error) {
		from := after
		if last != nil {
			from = store.SeqPosition{Seq: last.Seq, ID: last.ID}
		}
		return r.base.Changed(kind, from, limit)
	}
	found, err := unshadowed(r, limit, page, refOf)
	if err != nil {
		return nil, r.failed(err)
	}
	staged := documentsIn(r.eachStaged, changedAfter(kind, after))
	return merged(found, staged, limit, bySeq), nil
}

func (r *reader) Documents(after store.Ref, limit int) ([]store.Document, error) {
	if err := r.usable(); err != nil {
		return nil, err
	}
	if err := checkPosition(limit, string(after.Kind), after.ID); err != nil {
		return nil, err
	}
	page := func(last *store.Document, limit int) ([]store.Document, error) {
		from := after
		if last != nil {
			from = refOf(last)
		}
		return r.base.Documents(from, limit)
	}
	found, err := unshadowed(r, limit, page, refOf)
	if err != nil {
		return nil, r.failed(err)
	}
	staged := documentsIn(r.eachStaged, behind(after))
	return merged(found, staged, limit, byRef), nil
}

func (r *reader) Entry(id string) (store.Record, error) {
	if err := r.usable(); err != nil {
		return store.Record{}, err
	}
	if err := checkName("entry id", id); err != nil {
		return store.Record{}, err
	}
	if rec, ok := r.stagedRecord(id); ok {
		return rec, nil
	}
	rec, err := r.base.Entry(id)
	return rec, r.failed(err)
}

// stagedRecord is a record that a layer knows.
func (r *reader) stagedRecord(id string) (store.Record, bool) {
	for _, l := range r.layers {
		if l == nil {
			break
		}
		if rec, ok := l.record(id); ok {
			return CloneRecord(rec), true
		}
	}
	return store.Record{}, false
}

func (r *reader) Entries(after store.Seq, limit int) ([]store.Record, error) {
	if err := r.usable(); err != nil {
		return nil, err
	}
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	if r.layers[0] == nil {
		records, err := r.base.Entries(after, limit)
		return records, r.failed(err)
	}
	var records []store.Record
	if after < r.first {
		var err error
		if records, err = r.base.Entries(after, limit); err != nil {
			return nil, r.failed(err)
		}
	}
	for _, l := range slices.Backward(r.layers[:]) {
		for _, rec := range l.records {
			if rec.Seq > after && len(records) < limit {
				records = append(records, CloneRecord(rec))
			}
		}
	}
	return records, nil
}

// MissingError says which document or entry is not there;
// errors.Is(err, store.ErrNotFound) holds. It is cheaper to make than a
// formatted error: looking for what is not there is the common case before a
// first write.
type MissingError struct{ Kind, ID string }

func (e *MissingError) Error() string { return e.Kind + " " + e.ID + ": " + store.ErrNotFound.Error() }

// Unwrap makes errors.Is(err, store.ErrNotFound) true.
func (e *MissingError) Unwrap() error { return store.ErrNotFound }

func cloned(d store.Document) store.Document {
	d.Body = slices.Clone(d.Body)
	d.Keys = slices.Clone(d.Keys)
	return d
}

// CloneRecord is a record that shares no memory with r.
func CloneRecord(r store.Record) store.Record {
	return withBytes(r, slices.Clone(r.Bytes), len(r.Entry.Content), len(r.Entry.Outcome))
}

// withBytes makes the entry's parts lie in the record's own bytes.
func withBytes(r store.Record, b []byte, content, outcome int) store.Record {
	from := len(`{"entry":`)
	r.Entry.Content = b[from : from+content : from+content]
	from += content + len(`,"outcome":`)
	r.Entry.Outcome = b[from : from+outcome : from+outcome]
	r.Bytes = b
	return r
}
