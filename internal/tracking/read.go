package tracking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// MaxPage is the largest number of items on a page.
const MaxPage = 200

// maxScanned bounds the documents that are looked at for one page: where a
// filter keeps few of them, a page may be short, or empty, and still have a
// next one.
const maxScanned = 1000

// Page says which part of a list is wanted.
type Page struct {
	Limit int             // 1 … MaxPage
	After *store.Position // where the last page ended; opaque to clients
	// UpdatedAfter asks, instead of the natural order, for the documents that
	// changed after this entry, in the order of their last change. A document
	// that was deleted is not among them.
	UpdatedAfter *store.Seq
}

// List is one page.
type List[T any] struct {
	Items []Versioned[T]
	Next  *store.Position // nil: no more. With it, there may be more.
	Head  store.Seq       // the ledger's head that the answer belongs to
}

// check returns an Invalid problem for a page that can't be.
func (p Page) check() error {
	if p.Limit < 1 || p.Limit > MaxPage {
		return problem.New(problem.Invalid, "page-invalid", "This page can't be asked for; see the fields.").
			With("?limit", "out-of-range", fmt.Sprintf("Use 1 to %d.", MaxPage))
	}
	if p.UpdatedAfter != nil && *p.UpdatedAfter < 0 {
		return problem.New(problem.Invalid, "page-invalid", "This page can't be asked for; see the fields.").
			With("?updatedAfter", "out-of-range", "Use 0 or the number of an entry.")
	}
	if p.After == nil {
		return nil
	}
	_, err := p.changedAfter()
	if !storable(p.After.Value, store.MaxKeyBytes) || p.After.ID != "" && !storable(p.After.ID, store.MaxIDBytes) || err != nil {
		return errCursor()
	}
	return nil
}

func errCursor() error {
	return problem.New(problem.Invalid, "cursor-invalid", "The cursor is none that this list gave out. Start from the first page.").
		With("?cursor", "malformed", "Leave it out, or use the one of the last answer as it was.")
}

// changedAfter is where to go on among the changed documents. After the last
// page it is written in Page.After: the number as the value, and the id.
func (p Page) changedAfter() (store.SeqPosition, error) {
	switch {
	case p.UpdatedAfter == nil:
		return store.SeqPosition{}, nil
	case p.After == nil:
		return store.SeqPosition{Seq: min(*p.UpdatedAfter, math.MaxInt64-1) + 1}, nil
	}
	seq, err := strconv.ParseInt(p.After.Value, 10, 64)
	if err != nil || store.Seq(seq) <= *p.UpdatedAfter {
		return store.SeqPosition{}, errCursor()
	}
	return store.SeqPosition{Seq: store.Seq(seq), ID: p.After.ID}, nil
}

// storable reports whether the store takes s as an id or key at all.
func storable(s string, maxBytes int) bool {
	if s == "" || len(s) > maxBytes || !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if s[i] == 0 {
			return false
		}
	}
	return true
}

// errNotFound answers for what is not there and for what is not the caller's,
// word for word alike.
func errNotFound() error {
	return problem.New(problem.NotFound, "not-found", "There is nothing with this id, or it is not yours to see.")
}

// view runs fn on a snapshot, if the caller may do the action.
func (s *Service) view(ctx context.Context, c access.Caller, action access.Action, fn func(*reading) error) error {
	if err := c.May(action); err != nil {
		return err
	}
	return s.store.View(ctx, store.LabID(c.Lab), func(r store.Reader) error {
		return fn(&reading{Reader: r, ctx: ctx, caller: c, now: s.instant(), memo: map[store.Ref]any{}})
	})
}

// found reads a document that must be there and must pass sees.
func found[T any, P interface {
	*T
	document
}](x *reading, kind store.Kind, id string, sees func(P) bool) (P, store.Seq, error) {
	if !storable(id, store.MaxIDBytes) {
		return nil, 0, errNotFound()
	}
	d, err := x.Get(kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, errNotFound()
	}
	if err != nil {
		return nil, 0, err
	}
	doc, err := decode[T, P](d)
	if err != nil {
		return nil, 0, err
	}
	if !sees(doc) {
		return nil, 0, errNotFound()
	}
	return doc, d.Seq, nil
}

// one answers a request for one document: read, judged by sees, and shown.
func one[T any, P interface {
	*T
	document
}, V any](ctx context.Context, s *Service, c access.Caller, action access.Action, kind store.Kind, id string,
	sees func(P) bool, show func(*reading, P) (V, error),
) (v Versioned[V], err error) {
	err = s.view(ctx, c, action, func(x *reading) error {
		doc, seq, err := found[T, P](x, kind, id, sees)
		if err != nil {
			return err
		}
		v.Seq = seq
		v.Doc, err = show(x, doc)
		return err
	})
	return v, err
}

// same shows a document as it is.
func same[T any](_ *reading, doc *T) (T, error) { return *doc, nil }

// decodeInto reads JSON of the store's own making.
func decodeInto(raw []byte, into any, what string) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("reading %s: %w", what, err)
	}
	return nil
}
