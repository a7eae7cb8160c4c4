package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/ricircolo/ricircolo/internal/store"
)

// The order of the port is that of _id, whose fields are compared one after the
// other: a shorter one lies before those that it begins. No other index is read
// in order by every server: DocumentDB, under FerretDB, sorts all that a
// secondary index selects.

// span is a range of _id within a lab.
type span struct {
	lab        store.LabID
	low, high  bson.D // high is not in it
	open       bool   // low is not in it either
	descending bool
}

func (p span) filter() bson.D {
	low := "$gte"
	if p.open {
		low = "$gt"
	}
	return bson.D{
		{Key: "_id", Value: bson.D{{Key: low, Value: p.low}, {Key: "$lt", Value: p.high}}},
		{Key: "lab", Value: string(p.lab)},
	}
}

// behind is what of a span follows an _id.
func (p span) behind(id bson.D) span {
	if p.descending {
		p.high = id
	} else {
		p.low, p.open = id, true
	}
	return p
}

// found is a document that a walk came upon: at its place among the hits, if
// that is what was looked for.
type found struct {
	place store.Position
	ref   store.Ref
	row
}

func decodeFound(raw bson.Raw) (found, error) {
	ref, r, err := decodeRow(raw)
	return found{place: store.Position{Value: ref.ID}, ref: ref, row: r}, err
}

// keyed is a row of the collection keys.
type keyed struct {
	store.Position
	ref store.Ref
}

func decodeKey(raw bson.Raw) (keyed, error) {
	f := fields{at: bsoncore.Document(raw)}
	id := f.inner("_id")
	k := keyed{
		Position: store.Position{Value: id.text("value"), ID: id.text("id")},
		ref:      store.Ref{Kind: store.Kind(id.text("kind")), ID: id.text("id")},
	}
	if fault := firstOf(f.fault, id.fault); fault != nil {
		return k, damaged(keys, raw, fault)
	}
	return k, nil
}

// walk is a span on its way through a collection.
type walk[T any] struct {
	s          *Store
	collection string
	rest       span
	decode     func(bson.Raw) (T, error)
	id         func(T) bson.D
}

// next reads up to limit more items; none are left when there are fewer.
func (w *walk[T]) next(ctx context.Context, limit int) ([]T, error) {
	direction := 1
	if w.rest.descending {
		direction = -1
	}
	opts := options.Find().SetSort(bson.D{{Key: "_id", Value: direction}}).SetLimit(int64(limit)).SetBatchSize(int32(limit + 1))
	var items []T
	err := find(ctx, w.s.db.Collection(w.collection), w.rest.filter(), opts, func(raw bson.Raw) (bool, error) {
		item, err := w.decode(raw)
		items = append(items, item)
		return true, err
	})
	if err == nil && len(items) > 0 {
		w.rest = w.rest.behind(w.id(items[len(items)-1]))
	}
	return items, err
}

func (s *Store) walkDocuments(lab store.LabID, p span) *walk[found] {
	p.lab = lab
	return &walk[found]{s: s, collection: documents, rest: p, decode: decodeFound,
		id: func(f found) bson.D { return documentID(lab, f.ref) }}
}

// all walks the documents of a lab in the order of kind and id.
func (s *Store) all(lab store.LabID, after store.Ref) *walk[found] {
	return s.walkDocuments(lab, span{
		low: documentID(lab, after), open: true,
		high: bson.D{{Key: "lab", Value: string(lab)}, {Key: "kind", Value: bson.MaxKey{}}},
	})
}

// byID walks the documents of a kind in the order of their ids.
func (s *Store) byID(lab store.LabID, q store.Query) *walk[found] {
	at := func(id any) bson.D {
		return bson.D{{Key: "lab", Value: string(lab)}, {Key: "kind", Value: string(q.Kind)}, {Key: "id", Value: id}}
	}
	return s.walkDocuments(lab, bounded(q, at, func(p store.Position) bson.D { return at(p.Value) }))
}

// byKey walks the keys of an index.
func (s *Store) byKey(lab store.LabID, q store.Query) *walk[keyed] {
	at := func(value any) bson.D {
		return bson.D{
			{Key: "lab", Value: string(lab)}, {Key: "kind", Value: string(q.Kind)},
			{Key: "index", Value: q.Index}, {Key: "value", Value: value},
		}
	}
	place := func(p store.Position) bson.D { return append(at(p.Value), bson.E{Key: "id", Value: p.ID}) }
	rest := bounded(q, at, place)
	rest.lab = lab
	return &walk[keyed]{s: s, collection: keys, rest: rest, decode: decodeKey, id: func(k keyed) bson.D { return place(k.Position) }}
}

// bounded is the span of a query. at makes the _id before all that have a
// value, and place that of a hit.
func bounded(q store.Query, at func(value any) bson.D, place func(store.Position) bson.D) span {
	p := span{low: at(q.From), high: at(bson.MaxKey{}), descending: q.Descending}
	if q.To != "" {
		p.high = at(q.To)
	}
	switch {
	case q.After == nil:
	case q.Descending && (q.To == "" || q.After.Value < q.To), !q.Descending && q.After.Value >= q.From:
		p = p.behind(place(*q.After))
	}
	return p
}

// windows are the ranges of sequence numbers in which ordered documents are
// read, so that no more than about a page has to be sorted at once: each is
// four times as wide as the one before.
type windows struct {
	after, to store.Seq // what is left
	width     store.Seq
}

func (w *windows) next() (after, to store.Seq, more bool) {
	if w.after >= w.to {
		return 0, 0, false
	}
	after = w.after
	w.after = min(w.to, after+w.width)
	w.width *= 4
	return after, w.after, true
}

// changed walks the documents of a kind in the order of their sequence numbers.
type changed struct {
	s     *Store
	lab   store.LabID
	kind  store.Kind
	rest  windows
	parts []bson.D
}

func (s *Store) changed(lab store.LabID, kind store.Kind, after store.SeqPosition, head store.Seq, limit int) *changed {
	w := &changed{s: s, lab: lab, kind: kind}
	w.from(after, head, limit)
	return w
}

// from goes on behind a place.
func (w *changed) from(after store.SeqPosition, head store.Seq, limit int) {
	w.rest = windows{after: after.Seq, to: head, width: store.Seq(4 * limit)}
	w.parts = []bson.D{w.filter(bson.E{Key: "seq", Value: int64(after.Seq)},
		bson.E{Key: "_id.id", Value: bson.D{{Key: "$gt", Value: after.ID}}})}
}

func (w *changed) filter(more ...bson.E) bson.D {
	return append(bson.D{{Key: "lab", Value: string(w.lab)}, {Key: "_id.kind", Value: string(w.kind)}}, more...)
}

// next reads up to limit more documents; none are left when there are fewer.
func (w *changed) next(ctx context.Context, limit int) ([]found, error) {
	var items []found
	for len(items) < limit {
		if len(w.parts) == 0 {
			after, to, more := w.rest.next()
			if !more {
				return items, nil
			}
			w.parts = []bson.D{w.filter(bson.E{Key: "seq", Value: bson.D{{Key: "$gt", Value: int64(after)}, {Key: "$lte", Value: int64(to)}}})}
		}
		part := w.parts[0]
		w.parts = w.parts[1:]
		opts := options.Find().SetSort(bson.D{{Key: "seq", Value: 1}, {Key: "_id.id", Value: 1}}).SetLimit(int64(limit - len(items))).SetBatchSize(int32(limit + 1))
		err := find(ctx, w.s.documents, part, opts, func(raw bson.Raw) (bool, error) {
			item, err := decodeFound(raw)
			items = append(items, item)
			return true, err
		})
		if err != nil {
			return nil, err
		}
	}
	last := items[len(items)-1]
	w.from(store.SeqPosition{Seq: last.doc.Seq, ID: last.ref.ID}, w.rest.to, limit)
	return items, nil
}
