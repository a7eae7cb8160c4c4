package tracking

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// span is a range of key values: from is in it, to is not. Empty ends are open.
type span struct{ from, to string }

// Key values end in "|" and the next part; these follow all of them, and all
// values that are the whole key.
const (
	afterParts = "}" // follows "|"
	afterWhole = "~" // follows every character of a word, day or number
)

// under is the span of all key values that start with these parts and go on.
func under(parts ...string) span {
	prefix := key("", parts...).Value
	return span{prefix + "|", prefix + afterParts}
}

// exactly is the span of the key value made of these parts.
func exactly(parts ...string) span {
	value := key("", parts...).Value
	return span{value, value + afterWhole}
}

// listing says where the documents of a list are found, which of them are
// wanted, and how the caller sees them.
type listing[T, V any] struct {
	kind       store.Kind
	index      string // "": by id
	spans      []span // apart from each other, in any order
	descending bool
	// through leads from the document that is found to the one that is listed,
	// if that is another one.
	through func(*reading, store.Document) (store.Document, error)
	keep    func(*T) bool // scope and filter; nil: all
	show    func(*reading, *T) (V, error)
}

// list makes one page. Its cost is bounded by maxScanned documents, whatever
// the filter.
func list[T, V any](x *reading, page Page, l listing[T, V]) (List[V], error) {
	out := List[V]{Items: []Versioned[V]{}}
	if err := page.check(); err != nil {
		return out, err
	}
	var err error
	if out.Head, _, err = x.Head(); err != nil {
		return out, err
	}
	l.sortSpans()
	last, scanned := page.After, 0
	for {
		hits, err := l.pull(x, page, last, max(page.Limit-len(out.Items)+1, 32))
		if err != nil || len(hits) == 0 {
			return out, err
		}
		for i := range hits {
			if len(out.Items) == page.Limit || scanned == maxScanned {
				out.Next = last
				return out, nil
			}
			last = &hits[i].Position
			scanned++
			if err := l.take(x, hits[i].Document, &out); err != nil {
				return out, err
			}
		}
	}
}

// take adds a found document to the page if it is wanted.
func (l *listing[T, V]) take(x *reading, d store.Document, out *List[V]) (err error) {
	if l.through != nil {
		if d, err = l.through(x, d); err != nil {
			return err
		}
	}
	doc := new(T)
	if err := decodeInto(d.Body, doc, string(d.Kind)+" "+d.ID); err != nil {
		return err
	}
	if l.keep != nil && !l.keep(doc) {
		return nil
	}
	shown, err := l.show(x, doc)
	if err != nil {
		return err
	}
	out.Items = append(out.Items, Versioned[V]{shown, d.Seq})
	return nil
}

func (l *listing[T, V]) sortSpans() {
	slices.SortFunc(l.spans, func(a, b span) int {
		if l.descending {
			a, b = b, a
		}
		return cmp.Compare(a.from, b.from)
	})
}

// pull reads what follows a position; nothing means the end.
func (l *listing[T, V]) pull(x *reading, page Page, after *store.Position, limit int) ([]store.Hit, error) {
	if page.UpdatedAfter != nil {
		page.After = after
		return l.pullChanged(x, page, limit)
	}
	for _, s := range l.spans {
		if s.from != "" && !storable(s.from, store.MaxKeyBytes) || s.to != "" && !storable(s.to, store.MaxKeyBytes) {
			continue // a filter that no id fulfils
		}
		q := store.Query{Kind: l.kind, Index: l.index, From: s.from, To: s.to, Descending: l.descending, Limit: limit}
		if after != nil {
			above, below := s.to != "" && after.Value >= s.to, after.Value < s.from
			if above && !l.descending || below && l.descending {
				continue // this span is done
			}
			if !above && !below {
				q.After = after
			}
		}
		if hits, err := x.Find(q); err != nil || len(hits) > 0 {
			return hits, err
		}
	}
	return nil, nil
}

func (l *listing[T, V]) pullChanged(x *reading, page Page, limit int) ([]store.Hit, error) {
	after, err := page.changedAfter()
	if err != nil || len(l.spans) == 0 {
		return nil, err
	}
	docs, err := x.Changed(l.kind, after, limit)
	hits := make([]store.Hit, len(docs))
	for i, d := range docs {
		hits[i] = store.Hit{Position: store.Position{Value: strconv.FormatInt(int64(d.Seq), 10), ID: d.ID}, Document: d}
	}
	return hits, err
}

// everything is the one span of a list without bounds.
func everything() []span { return []span{{}} }

// facilities lists the ids of the facilities that the caller's scope and a
// filter ("": all) leave. A recycler is at home in none.
func (x *reading) facilities(filter string) ([]string, error) {
	switch {
	case !x.caller.LabWide() && (filter != "" && filter != x.caller.Facility || x.caller.Facility == ""):
		return nil, nil
	case !x.caller.LabWide():
		return []string{x.caller.Facility}, nil
	case filter != "":
		return []string{filter}, nil
	}
	var ids []string
	err := x.every(store.Query{Kind: KindFacility}, func(d store.Document) error {
		ids = append(ids, d.ID)
		return nil
	})
	return ids, err
}

// inFacilities gives the spans of an index by facility, one for each that is
// left.
func (x *reading) inFacilities(filter string, of func(facility string) span) ([]span, error) {
	ids, err := x.facilities(filter)
	spans := make([]span, len(ids))
	for i, id := range ids {
		spans[i] = of(id)
	}
	return spans, err
}

// side is where the documents between facilities and recyclers are found that
// the caller's scope and a filter leave: the index, its spans, and what the
// index does not judge.
func (x *reading) side(facility, recycler string) (index string, spans []span, keep func(f, r string) bool) {
	c := x.caller
	keep = func(f, r string) bool {
		return c.SeesBetween(f, r) && (facility == "" || facility == f) && (recycler == "" || recycler == r)
	}
	switch {
	case c.Facility != "":
		return byFacility, []span{under(c.Facility)}, keep
	case c.Recycler != "":
		return byRecycler, []span{under(c.Recycler)}, keep
	case facility != "":
		return byFacility, []span{under(facility)}, keep
	case recycler != "":
		return byRecycler, []span{under(recycler)}, keep
	}
	return "", everything(), keep
}

// seesBin and the like judge single documents.
func (x *reading) seesBin(b *Bin) bool { return x.caller.SeesFacility(b.Facility) }

func seesFill(c access.Caller) func(*Fill) bool {
	return func(f *Fill) bool { return c.SeesBetween(f.Facility, f.Recycler) }
}

// checkDays returns an Invalid problem for a day that is none.
func checkDays(from, to string) error {
	for _, day := range []struct{ name, value string }{{"?from", from}, {"?to", to}} {
		if _, err := time.Parse(time.DateOnly, day.value); day.value != "" && err != nil {
			return problem.New(problem.Invalid, "filter-invalid", "This can't be filtered by; see the fields.").
				With(day.name, "malformed", "Write the day like 2026-03-01.")
		}
	}
	return nil
}
