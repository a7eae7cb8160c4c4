package staging

import (
	"cmp"
	"slices"

	"github.com/ricircolo/ricircolo/internal/store"
)

// stagedDocument is the staged state of a document: nil when it is deleted,
// false when no layer knows it.
func (r *reader) stagedDocument(ref store.Ref) (*store.Document, bool) {
	for _, l := range r.layers {
		if l == nil {
			break
		}
		if d, ok := l.docs[ref]; ok {
			return d, true
		}
	}
	return nil, false
}

// eachStaged calls visit with the newest state of every staged document that
// is not deleted, in no order.
func (r *reader) eachStaged(visit func(*store.Document)) {
	for i, l := range r.layers {
		if l == nil {
			break
		}
		for ref, d := range l.docs {
			if d != nil && (i == 0 || !r.layers[0].has(ref)) {
				visit(d)
			}
		}
	}
}

// documentsIn are clones of the documents of a walk that are wanted.
func documentsIn(each func(visit func(*store.Document)), wanted func(*store.Document) bool) []store.Document {
	var docs []store.Document
	each(func(d *store.Document) {
		if wanted(d) {
			docs = append(docs, cloned(*d))
		}
	})
	return docs
}

func changedAfter(kind store.Kind, after store.SeqPosition) func(*store.Document) bool {
	mark := &store.Document{Seq: after.Seq, ID: after.ID}
	return func(d *store.Document) bool { return d.Kind == kind && bySeq(d, mark) > 0 }
}

func behind(after store.Ref) func(*store.Document) bool {
	mark := &store.Document{Kind: after.Kind, ID: after.ID}
	return func(d *store.Document) bool { return byRef(d, mark) > 0 }
}

// hitsIn are what a query finds among the documents of a walk.
func hitsIn(each func(visit func(*store.Document)), q store.Query) []store.Hit {
	var hits []store.Hit
	add := func(p store.Position, d *store.Document) {
		if selects(q, p) {
			hits = append(hits, store.Hit{Position: p, Document: cloned(*d)})
		}
	}
	each(func(d *store.Document) {
		switch {
		case d.Kind != q.Kind:
		case q.Index == "":
			add(store.Position{Value: d.ID}, d)
		default:
			for _, k := range d.Keys {
				if k.Index == q.Index {
					add(store.Position{Value: k.Value, ID: d.ID}, d)
				}
			}
		}
	})
	return hits
}

// selects says whether a position lies in the range of a query and behind its
// After.
func selects(q store.Query, p store.Position) bool {
	if p.Value < q.From || (q.To != "" && p.Value >= q.To) {
		return false
	}
	if q.After == nil {
		return true
	}
	after := *q.After
	if q.Index == "" {
		after.ID = ""
	}
	if q.Descending {
		return byPosition(p, after) < 0
	}
	return byPosition(p, after) > 0
}

func byPosition(a, b store.Position) int {
	return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.ID, b.ID))
}

func hitOrder(q store.Query) func(a, b *store.Hit) int {
	if q.Descending {
		return func(a, b *store.Hit) int { return byPosition(b.Position, a.Position) }
	}
	return func(a, b *store.Hit) int { return byPosition(a.Position, b.Position) }
}

func bySeq(a, b *store.Document) int {
	return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID))
}

func byRef(a, b *store.Document) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}

func refOf(d *store.Document) store.Ref { return store.Ref{Kind: d.Kind, ID: d.ID} }

// unshadowed gathers, page by page, up to limit rows of the base that no layer
// replaces or deletes. page returns up to limit rows behind last (nil: from
// the start).
func unshadowed[T any](r *reader, limit int, page func(last *T, limit int) ([]T, error), ref func(*T) store.Ref) ([]T, error) {
	rows, err := page(nil, limit)
	if err != nil || !r.staging() {
		return rows, err
	}
	var kept []T
	for {
		for i := range rows {
			if _, shadowed := r.stagedDocument(ref(&rows[i])); !shadowed {
				kept = append(kept, rows[i])
			}
		}
		if len(kept) >= limit || len(rows) < limit {
			return kept, nil
		}
		if rows, err = page(&rows[len(rows)-1], limit); err != nil {
			return nil, err
		}
	}
}

func (r *reader) staging() bool {
	return r.layers[0] != nil && len(r.layers[0].docs)+len(r.layers[1].docs) > 0
}

// merged merges rows that are in order with staged ones that are not yet.
func merged[T any](rows, staged []T, limit int, order func(a, b *T) int) []T {
	if len(staged) > 0 {
		rows = append(rows, staged...)
		slices.SortFunc(rows, func(a, b T) int { return order(&a, &b) })
	}
	return rows[:min(limit, len(rows))]
}
