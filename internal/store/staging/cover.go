package staging

import "github.com/ricircolo/ricircolo/internal/store"

// Cover is the state of some documents, nil for one that is not there, that
// hides what an engine says of them. An engine whose collections run ahead of
// a state, or lag behind it, lays a cover over them to read that state.
type Cover map[store.Ref]*store.Document

// Hits are what a query finds in the cover, in no order, in full.
func (c Cover) Hits(q store.Query) []store.Hit { return hitsIn(c.each, q) }

// Changed are the documents of a kind in the cover that lie behind a place in
// the order of Reader.Changed, in no order.
func (c Cover) Changed(kind store.Kind, after store.SeqPosition) []store.Document {
	return documentsIn(c.each, changedAfter(kind, after))
}

// Documents are the documents in the cover that lie behind ref, in no order.
func (c Cover) Documents(after store.Ref) []store.Document {
	return documentsIn(c.each, behind(after))
}

func (c Cover) each(visit func(*store.Document)) {
	for _, d := range c {
		if d != nil {
			visit(d)
		}
	}
}

// MergeHits puts covered hits among those of the engine, which are in order,
// and keeps the first ones.
func MergeHits(rows, covered []store.Hit, q store.Query) []store.Hit {
	return merged(rows, covered, q.Limit, hitOrder(q))
}

// MergeChanged does so in the order of Reader.Changed.
func MergeChanged(rows, covered []store.Document, limit int) []store.Document {
	return merged(rows, covered, limit, bySeq)
}

// MergeDocuments does so in the order of Reader.Documents.
func MergeDocuments(rows, covered []store.Document, limit int) []store.Document {
	return merged(rows, covered, limit, byRef)
}
