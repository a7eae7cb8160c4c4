package mongo

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ricircolo/ricircolo/internal/store"
)

// between is a range of an index: equal to the values of prefix, then, of one
// more field, behind after and from from up to, but without, to, in order of
// that field and of the one that breaks ties.
type between struct {
	prefix     bson.D
	field, tie string // tie may be empty
	from, to   any    // nil: no bound
	after      any    // nil: from the start
	afterTie   any
	descending bool
}

// parts are the ranges in which the index is read one after the other. A place
// to go on behind has two: the rest of its value, and the values behind.
func (b between) parts() []bson.D {
	value := bson.D{}
	if b.from != nil {
		value = append(value, bson.E{Key: "$gte", Value: b.from})
	}
	if b.to != nil {
		value = append(value, bson.E{Key: "$lt", Value: b.to})
	}
	behind := "$gt"
	if b.descending {
		behind = "$lt"
	}
	var parts []bson.D
	if b.after != nil {
		if b.tie != "" {
			parts = append(parts, append(slices.Clone(b.prefix),
				bson.E{Key: b.field, Value: append(slices.Clone(value), bson.E{Key: "$eq", Value: b.after})},
				bson.E{Key: b.tie, Value: bson.D{{Key: behind, Value: b.afterTie}}}))
		}
		value = append(value, bson.E{Key: behind, Value: b.after})
	}
	rest := slices.Clone(b.prefix)
	if len(value) > 0 {
		rest = append(rest, bson.E{Key: b.field, Value: value})
	}
	return append(parts, rest)
}

func (b between) sort() bson.D {
	direction := 1
	if b.descending {
		direction = -1
	}
	order := slices.Clone(b.prefix)
	for i := range order {
		order[i].Value = direction
	}
	order = append(order, bson.E{Key: b.field, Value: direction})
	if b.tie != "" {
		order = append(order, bson.E{Key: b.tie, Value: direction})
	}
	return order
}

// walk is a range on its way through the database.
type walk[T any] struct {
	s      *Store
	name   string // of the collection
	parts  []bson.D
	order  bson.D
	decode func(bson.Raw) (T, error)
	// resume makes the parts of what lies behind an item.
	resume func(T) []bson.D
}

// next reads up to limit more items; none are left when there are fewer.
func (w *walk[T]) next(ctx context.Context, limit int) ([]T, error) {
	var items []T
	c := w.s.db.Collection(w.name)
	for _, part := range w.parts {
		opts := options.Find().SetSort(w.order).SetLimit(int64(limit - len(items))).SetBatchSize(int32(limit + 1))
		err := find(ctx, c, part, opts, func(raw bson.Raw) (bool, error) {
			item, err := w.decode(raw)
			items = append(items, item)
			return true, err
		})
		if err != nil {
			return nil, err
		}
		if len(items) == limit {
			break
		}
	}
	if len(items) > 0 {
		w.parts = w.resume(items[len(items)-1])
	}
	return items, nil
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
	return found{ref: ref, row: r}, err
}

// documentWalk goes through the collection documents.
func (s *Store) documentWalk(b between, resume func(*between, found)) *walk[found] {
	return &walk[found]{s: s, name: documents, parts: b.parts(), order: b.sort(), decode: decodeFound, resume: func(last found) []bson.D {
		resume(&b, last)
		return b.parts()
	}}
}

// byID walks the documents of a kind in the order of their ids.
func (s *Store) byID(lab store.LabID, q store.Query) *walk[found] {
	b := bounded(bson.D{{Key: "lab", Value: string(lab)}, {Key: "_id.kind", Value: string(q.Kind)}}, "_id.id", "", q)
	w := s.documentWalk(b, func(b *between, last found) { b.after = last.ref.ID })
	decode := w.decode
	w.decode = func(raw bson.Raw) (found, error) {
		f, err := decode(raw)
		f.place.Value = f.ref.ID
		return f, err
	}
	return w
}

// bounded is the range of a query.
func bounded(prefix bson.D, field, tie string, q store.Query) between {
	b := between{prefix: prefix, field: field, tie: tie, descending: q.Descending}
	if q.From != "" {
		b.from = q.From
	}
	if q.To != "" {
		b.to = q.To
	}
	if q.After != nil {
		b.after, b.afterTie = q.After.Value, q.After.ID
	}
	return b
}

// changed walks the documents of a kind in the order of their sequence numbers.
func (s *Store) changed(lab store.LabID, kind store.Kind, after store.SeqPosition) *walk[found] {
	return s.documentWalk(between{
		prefix: bson.D{{Key: "lab", Value: string(lab)}, {Key: "_id.kind", Value: string(kind)}},
		field:  "seq", tie: "_id.id", from: int64(0), after: int64(after.Seq), afterTie: after.ID,
	}, func(b *between, last found) { b.after, b.afterTie = int64(last.doc.Seq), last.ref.ID })
}

// all walks the documents of a lab in the order of kind and id.
func (s *Store) all(lab store.LabID, after store.Ref) *walk[found] {
	return s.documentWalk(between{
		prefix: bson.D{{Key: "lab", Value: string(lab)}},
		field:  "_id.kind", tie: "_id.id", after: string(after.Kind), afterTie: after.ID,
	}, func(b *between, last found) { b.after, b.afterTie = string(last.ref.Kind), last.ref.ID })
}

// keyed is a row of the collection keys.
type keyed struct {
	store.Position
	ref store.Ref
}

// byKey walks the keys of an index.
func (s *Store) byKey(lab store.LabID, q store.Query) *walk[keyed] {
	b := bounded(bson.D{
		{Key: "lab", Value: string(lab)}, {Key: "_id.kind", Value: string(q.Kind)}, {Key: "_id.index", Value: q.Index},
	}, "_id.value", "_id.id", q)
	return &walk[keyed]{s: s, name: keys, parts: b.parts(), order: b.sort(), decode: decodeKey, resume: func(last keyed) []bson.D {
		b.after, b.afterTie = last.Value, last.Position.ID
		return b.parts()
	}}
}
