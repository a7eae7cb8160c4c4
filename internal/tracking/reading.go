package tracking

import (
	"context"
	"errors"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// reading is one answer in the making: a snapshot, who asks, and when.
type reading struct {
	store.Reader
	ctx    context.Context
	caller access.Caller
	now    calendar.Instant
	memo   map[store.Ref]any // documents decoded before, not to be changed
}

// known reads a document that is looked at several times in one answer, or
// returns store.ErrNotFound. It belongs to the reading and must not be changed.
func known[T any, P interface {
	*T
	document
}](x *reading, kind store.Kind, id string) (P, error) {
	ref := store.Ref{Kind: kind, ID: id}
	if doc, ok := x.memo[ref]; ok {
		return doc.(P), nil
	}
	doc, err := read[T, P](x.Reader, kind, id)
	if err == nil {
		x.memo[ref] = doc
	}
	return doc, err
}

// every visits all documents that a query finds, in pages of the largest size.
func (x *reading) every(q store.Query, visit func(store.Document) error) error {
	q.Limit = store.MaxFind
	for {
		hits, err := x.Find(q)
		if err != nil {
			return err
		}
		for _, h := range hits {
			if err := visit(h.Document); err != nil {
				return err
			}
		}
		if len(hits) < q.Limit {
			return nil
		}
		q.After = &hits[len(hits)-1].Position
	}
}

// readOnly lets the code of the commands run on a snapshot, to see what it
// would answer.
type readOnly struct{ store.Reader }

var errReadOnly = errors.New("a reading does not write")

func (readOnly) Append(store.Entry) (store.Seq, error) { return 0, errReadOnly }
func (readOnly) Put(store.Document) error              { return errReadOnly }
func (readOnly) Delete(store.Kind, string) error       { return errReadOnly }

// lastEntry is an entry id that sorts after all others of the same instant.
const lastEntry = "ffffffff-ffff-7fff-bfff-ffffffffffff"

// wouldApply runs the command itself for an entry of the caller's, now, and
// reports whether it would be applied. It is exact and dear: for entries about
// other entries, whose effect may reach over several fills.
func (x *reading) wouldApply(t Type, b Body) (bool, error) {
	if !x.may(t) {
		return false, nil
	}
	w := newWork(readOnly{x.Reader}, nil)
	w.recorded = x.now
	a, err := w.apply(newContent(x.caller, lastEntry, t, x.now, x.now), b)
	if refusal(err) != nil {
		return false, nil
	}
	return err == nil && a.outcome.Status != NeedsReview, err
}

// may reports whether the caller's role may record entries of a type.
func (x *reading) may(t Type) bool { return access.Allowed(access.Record(string(t)), x.caller.Role) }

// hypothetical is the fact that an entry of the caller's would be now.
func (x *reading) hypothetical(t Type, b Body) Fact {
	return newContent(x.caller, lastEntry, t, x.now, x.now).fact(b)
}

// takes reports whether a fold applied the hypothetical fact.
func takes(facts []Fact) bool {
	for i := range facts {
		if f := &facts[i]; f.Entry == lastEntry {
			a, err := answer(f, "")
			return problem.As(err) == nil && a.outcome.Status != NeedsReview && f.Status != Repeated
		}
	}
	return false
}
