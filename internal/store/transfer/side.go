package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
)

// side is one of the two stores. Its calls are repeated while the store is
// unavailable.
type side struct {
	store store.Store
	name  string
	opts  Options
}

// mark is a place in a ledger: an entry's number and the hash of its bytes,
// which stands for all that is before it.
type mark struct {
	seq  store.Seq
	hash store.Hash
}

func (s side) labs(ctx context.Context) (labs []store.LabID, err error) {
	err = s.repeat(ctx, func() error {
		labs, err = s.store.Labs(ctx)
		return err
	})
	return labs, err
}

func (s side) view(ctx context.Context, lab store.LabID, fn func(store.Reader) error) error {
	return s.repeat(ctx, func() error { return s.store.View(ctx, lab, fn) })
}

// closurePatience is how long a closure may take. It is far larger than those
// of requests, which engines are made for.
const closurePatience = time.Minute

func (s side) update(ctx context.Context, lab store.LabID, fn func(store.Tx) error) error {
	return s.repeat(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, closurePatience)
		defer cancel()
		return s.store.Update(ctx, lab, fn)
	})
}

func (s side) head(ctx context.Context, lab store.LabID) (m mark, err error) {
	err = s.view(ctx, lab, func(r store.Reader) error {
		m.seq, m.hash, err = r.Head()
		return err
	})
	return m, err
}

// markAt is the place of entry seq; the zero mark where the ledger has none.
func (s side) markAt(ctx context.Context, lab store.LabID, seq store.Seq) (m mark, err error) {
	if seq == 0 {
		return mark{}, nil
	}
	err = s.view(ctx, lab, func(r store.Reader) error {
		m = mark{}
		records, err := r.Entries(seq-1, 1)
		if len(records) == 1 {
			m = mark{records[0].Seq, records[0].Hash()}
		}
		return err
	})
	return m, err
}

// repeat calls until the store answers or ctx ends. A call that took too long
// is as one that found the store unavailable.
func (s side) repeat(ctx context.Context, call func() error) error {
	wait := s.opts.RetryAfter
	for {
		err := call()
		if err == nil {
			return nil
		}
		if !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if ctx.Err() == nil {
			s.opts.Logger.Warn("waiting for "+s.name, "again in", wait, "error", err)
			pause(ctx, wait)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w; %w", s.name, err, context.Cause(ctx))
		}
		wait = min(2*wait, 100*s.opts.RetryAfter)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// page is what one View read, and the head of that View.
type page[T any] struct {
	items []T
	full  bool // there may be more behind
	head  store.Seq
}

// pager reads the pages of one walk. Nothing tells how large a document is
// before it is read, so pages begin small and grow with what they held.
type pager[T any] struct {
	side  side
	lab   store.LabID
	limit int
	bytes func(T) int
}

// firstPage is the limit of a walk's first page.
const firstPage = 16

func newPager[T any](s side, lab store.LabID, bytes func(T) int) *pager[T] {
	return &pager[T]{s, lab, min(firstPage, s.opts.MaxPage), bytes}
}

func (p *pager[T]) next(ctx context.Context, read func(r store.Reader, limit int) ([]T, error)) (page[T], error) {
	var got page[T]
	err := p.side.repeat(ctx, func() error {
		got = page[T]{}
		limit := p.limit
		err := p.side.store.View(ctx, p.lab, func(r store.Reader) (err error) {
			if got.head, _, err = r.Head(); err != nil {
				return err
			}
			got.items, err = read(r, limit)
			return err
		})
		got.full = len(got.items) == limit
		if errors.Is(err, context.DeadlineExceeded) {
			p.limit = max(1, limit/2) // a View has to be short
		}
		return err
	})
	if err == nil {
		p.adapt(got)
	}
	return got, err
}

func (p *pager[T]) adapt(got page[T]) {
	total := 0
	for _, item := range got.items {
		total += p.bytes(item)
	}
	most := p.side.opts.MaxBytes
	switch {
	case total > most:
		p.limit = max(1, int(int64(p.limit)*int64(most)/int64(total)))
	case got.full && total <= most/2:
		p.limit = min(2*p.limit, p.side.opts.MaxPage)
	}
}

func documentBytes(d store.Document) int {
	n := len(d.Kind) + len(d.ID) + len(d.Body)
	for _, k := range d.Keys {
		n += len(k.Index) + len(k.Value)
	}
	return n
}

func recordBytes(r store.Record) int { return len(r.Entry.ID) + len(r.Bytes) }
