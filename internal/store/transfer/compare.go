package transfer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ricircolo/ricircolo/internal/store"
)

// compareDocuments walks the documents of both sides in pairs and reports how
// they compare. With repair, what differs is put into the target or deleted
// there; wrote says whether there was any.
func (p *partition) compareDocuments(ctx context.Context, repair bool) (wrote bool, err error) {
	t := newTally()
	ours, theirs := newWalk(p.from, p.lab), newWalk(p.to, p.lab)
	b := &batch{p: p}
	for {
		pair, err := nextPair(ctx, ours, theirs)
		if err != nil {
			return wrote, err
		}
		if pair == (couple{}) {
			break
		}
		verdict := p.judge(pair, ours.head)
		t.add(pair, verdict)
		p.meter.compared(0, 1)
		if !repair || verdict == equal || verdict == newer {
			continue
		}
		wrote = true
		if err := p.repair(ctx, b, pair); err != nil {
			return wrote, err
		}
	}
	p.report.Documents = t.result()
	p.report.Ahead = max(0, ours.head-p.at.seq)
	return wrote, b.flush(ctx)
}

// couple is a document as both sides have it; nil where one does not.
type couple struct{ source, target *store.Document }

func (c couple) ref() store.Ref {
	d := cmp.Or(c.source, c.target)
	return store.Ref{Kind: d.Kind, ID: d.ID}
}

// verdict is how the two of a couple compare.
type verdict int

const (
	equal     verdict = iota
	newer             // the source wrote it behind the entry at which the target is
	goneLater         // the source does not have it, and is ahead of the target
	gone              // the source does not have it
	missing           // the target does not have it
	differs
)

// judge compares a couple. head is that of the View of the source.
func (p *partition) judge(c couple, head store.Seq) verdict {
	switch {
	case c.source == nil && head > p.at.seq:
		return goneLater
	case c.source == nil:
		return gone
	case c.source.Seq > p.at.seq:
		return newer
	case c.target == nil:
		return missing
	case c.source.Seq != c.target.Seq || !bytes.Equal(c.source.Body, c.target.Body) || !slices.Equal(c.source.Keys, c.target.Keys):
		return differs
	}
	return equal
}

// repair makes the target's document like the source's.
func (p *partition) repair(ctx context.Context, b *batch, c couple) error {
	switch {
	case c.source == nil:
		return b.delete(ctx, c.ref())
	case c.source.Seq < p.at.seq:
		return fmt.Errorf("%s %s is as of entry %d in the source, and the target is at %d: %w",
			c.source.Kind, c.source.ID, c.source.Seq, p.at.seq, ErrBehind)
	}
	return b.put(ctx, *c.source)
}

// walk reads all documents of one side by their kind and id.
type walk struct {
	pager *pager[store.Document]
	place store.Ref // of the last one read
	read  []store.Document
	ended bool
	head  store.Seq // of the last View
}

func newWalk(s side, lab store.LabID) *walk {
	return &walk{pager: newPager(s, lab, documentBytes)}
}

// peek returns the next document, or nil.
func (w *walk) peek(ctx context.Context) (*store.Document, error) {
	if len(w.read) == 0 && !w.ended {
		got, err := w.pager.next(ctx, func(r store.Reader, limit int) ([]store.Document, error) {
			return r.Documents(w.place, limit)
		})
		if err != nil {
			return nil, err
		}
		w.read, w.ended, w.head = got.items, !got.full, got.head
		if n := len(w.read); n > 0 {
			w.place = store.Ref{Kind: w.read[n-1].Kind, ID: w.read[n-1].ID}
		}
	}
	if len(w.read) == 0 {
		return nil, nil
	}
	return &w.read[0], nil
}

func (w *walk) skip() { w.read = w.read[1:] }

// nextPair returns the first document in order of those that the two walks are
// at, and goes on behind it.
func nextPair(ctx context.Context, ours, theirs *walk) (couple, error) {
	s, err := ours.peek(ctx)
	if err != nil {
		return couple{}, err
	}
	t, err := theirs.peek(ctx)
	if err != nil {
		return couple{}, err
	}
	c := couple{s, t}
	if s != nil && t != nil {
		switch order := cmp.Or(cmp.Compare(s.Kind, t.Kind), cmp.Compare(s.ID, t.ID)); {
		case order < 0:
			c.target = nil
		case order > 0:
			c.source = nil
		}
	}
	if c.source != nil {
		ours.skip()
	}
	if c.target != nil {
		theirs.skip()
	}
	return c, nil
}

// compareLedgers reads both ledgers up to the target's head and compares every
// record.
func (p *partition) compareLedgers(ctx context.Context) error {
	source, err := p.from.head(ctx, p.lab)
	if err != nil {
		return err
	}
	if more := p.at.seq - source.seq; more > 0 {
		p.report.Ledger.add("the target has %d more entries than the source", more)
	}
	ours := &ledger{pager: newPager(p.from, p.lab, recordBytes)}
	theirs := &ledger{pager: newPager(p.to, p.lab, recordBytes)}
	for p.report.Entries < int64(min(p.at.seq, source.seq)) {
		s, err := ours.next(ctx)
		if err == nil {
			var t store.Record
			t, err = theirs.next(ctx)
			if err == nil && (s.Entry.ID != t.Entry.ID || !bytes.Equal(s.Bytes, t.Bytes)) {
				p.report.Ledger.add("entry %d differs", s.Seq)
				return nil // and with it all that follow
			}
		}
		if broken, ok := errors.AsType[*chainError](err); ok {
			p.report.Ledger.add("%v", broken)
			return nil
		}
		if err != nil {
			return err
		}
		p.report.Entries++
		p.meter.compared(1, 0)
	}
	if theirs.place != p.at && p.report.Ledger.N == 0 {
		p.report.Ledger.add("the target's head names the hash %s, its last entry has %s", p.at.hash, theirs.place.hash)
	}
	return nil
}
