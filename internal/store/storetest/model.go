package storetest

import (
	"cmp"
	"maps"
	"slices"

	"github.com/ricircolo/ricircolo/internal/store"
)

// Model is what the port says about one lab, as simply as it can be said: the
// property tests hold an engine against it. It keeps everything in memory,
// enforces no limits and is slow on purpose.
type Model struct {
	records []store.Record
	docs    map[store.Ref]store.Document
}

var _ store.Tx = (*Model)(nil)

// NewModel is an empty lab.
func NewModel() *Model { return &Model{docs: make(map[store.Ref]store.Document)} }

// Clone is what a closure works on: it takes the model's place if the closure
// succeeds.
func (m *Model) Clone() *Model {
	return &Model{records: slices.Clone(m.records), docs: maps.Clone(m.docs)}
}

// Head is documented in store.Reader, as are all methods.
func (m *Model) Head() (store.Seq, store.Hash, error) {
	if len(m.records) == 0 {
		return 0, store.Hash{}, nil
	}
	last := m.records[len(m.records)-1]
	return last.Seq, last.Hash(), nil
}

// Get returns a document.
func (m *Model) Get(kind store.Kind, id string) (store.Document, error) {
	d, ok := m.docs[store.Ref{Kind: kind, ID: id}]
	if !ok {
		return store.Document{}, store.ErrNotFound
	}
	return d, nil
}

// Find looks at all documents.
func (m *Model) Find(q store.Query) ([]store.Hit, error) {
	var hits []store.Hit
	for _, d := range m.docs {
		if d.Kind != q.Kind {
			continue
		}
		if q.Index == "" {
			hits = append(hits, store.Hit{Position: store.Position{Value: d.ID}, Document: d})
		}
		for _, k := range d.Keys {
			if q.Index != "" && k.Index == q.Index {
				hits = append(hits, store.Hit{Position: store.Position{Value: k.Value, ID: d.ID}, Document: d})
			}
		}
	}
	order := func(a, b store.Position) int {
		c := cmp.Compare(a.Value, b.Value)
		if c == 0 && q.Index != "" {
			c = cmp.Compare(a.ID, b.ID)
		}
		if q.Descending {
			return -c
		}
		return c
	}
	slices.SortFunc(hits, func(a, b store.Hit) int { return order(a.Position, b.Position) })
	hits = slices.DeleteFunc(hits, func(h store.Hit) bool {
		return h.Value < q.From || q.To != "" && h.Value >= q.To ||
			q.After != nil && order(h.Position, *q.After) <= 0
	})
	return hits[:min(q.Limit, len(hits))], nil
}

// Changed looks at all documents.
func (m *Model) Changed(kind store.Kind, after store.SeqPosition, limit int) ([]store.Document, error) {
	order := func(a, b store.SeqPosition) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID))
	}
	place := func(d store.Document) store.SeqPosition { return store.SeqPosition{Seq: d.Seq, ID: d.ID} }
	docs := m.sorted(func(a, b store.Document) int { return order(place(a), place(b)) })
	docs = slices.DeleteFunc(docs, func(d store.Document) bool {
		return d.Kind != kind || order(place(d), after) <= 0
	})
	return docs[:min(limit, len(docs))], nil
}

// Documents looks at all documents.
func (m *Model) Documents(after store.Ref, limit int) ([]store.Document, error) {
	order := func(a, b store.Ref) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) }
	place := func(d store.Document) store.Ref { return store.Ref{Kind: d.Kind, ID: d.ID} }
	docs := m.sorted(func(a, b store.Document) int { return order(place(a), place(b)) })
	docs = slices.DeleteFunc(docs, func(d store.Document) bool { return order(place(d), after) <= 0 })
	return docs[:min(limit, len(docs))], nil
}

func (m *Model) sorted(order func(a, b store.Document) int) []store.Document {
	return slices.SortedFunc(maps.Values(m.docs), order)
}

// Entry looks at all records.
func (m *Model) Entry(id string) (store.Record, error) {
	for _, r := range m.records {
		if r.Entry.ID == id {
			return r, nil
		}
	}
	return store.Record{}, store.ErrNotFound
}

// Entries returns a part of the ledger.
func (m *Model) Entries(after store.Seq, limit int) ([]store.Record, error) {
	from := min(int(max(after, 0)), len(m.records))
	to := min(from+limit, len(m.records))
	return slices.Clone(m.records[from:to]), nil
}

// Append adds an entry.
func (m *Model) Append(e store.Entry) (store.Seq, error) {
	if first, err := m.Entry(e.ID); err == nil {
		return 0, &store.DuplicateError{First: first}
	}
	seq, prev, _ := m.Head()
	m.records = append(m.records, store.Seal(e, seq+1, prev))
	return seq + 1, nil
}

// Put writes a document.
func (m *Model) Put(d store.Document) error {
	d.Seq, _, _ = m.Head()
	d.Body, d.Keys = slices.Clone(d.Body), slices.Clone(d.Keys)
	m.docs[store.Ref{Kind: d.Kind, ID: d.ID}] = d
	return nil
}

// Delete removes a document.
func (m *Model) Delete(kind store.Kind, id string) error {
	if _, err := m.Get(kind, id); err != nil {
		return err
	}
	delete(m.docs, store.Ref{Kind: kind, ID: id})
	return nil
}
