package transfer

import (
	"context"
	"fmt"
	"strings"

	"github.com/ricircolo/ricircolo/internal/store"
)

// partition is the transfer of one partition.
type partition struct {
	*transfer
	lab    store.LabID
	at     mark // the target's head
	report Report
}

func (t *transfer) open(ctx context.Context, lab store.LabID) (*partition, error) {
	at, err := t.to.head(ctx, lab)
	p := &partition{transfer: t, lab: lab, report: Report{Lab: lab}}
	p.moveTo(at)
	return p, err
}

func (p *partition) moveTo(at mark) {
	p.at, p.report.Head, p.report.Hash = at, at.seq, at.hash
}

// follow appends what the source's ledger has more, with the documents in
// between, in rounds: until the source is no more than one closure ahead of
// where it was when the round began.
func (p *partition) follow(ctx context.Context) error {
	for {
		goal, kinds, err := p.survey(ctx)
		if err != nil {
			return err
		}
		behind := goal - p.at.seq
		if behind < 0 {
			return fmt.Errorf("the source ends at entry %d, the target at %d: %w", goal, p.at.seq, ErrForeign)
		}
		if behind == 0 {
			return nil
		}
		if err := p.round(ctx, goal, kinds); err != nil {
			return err
		}
		if behind <= store.Seq(p.opts.MaxItems) {
			return nil
		}
	}
}

// lastID is behind all ids, or the largest one itself.
var lastID = strings.Repeat("\U0010ffff", store.MaxIDBytes/4)

// survey returns the source's head, and the kinds of which there are documents
// in the same View: a kind that appears later has no document below that head.
func (p *partition) survey(ctx context.Context) (head store.Seq, kinds []store.Kind, err error) {
	err = p.from.view(ctx, p.lab, func(r store.Reader) error {
		kinds = nil
		if head, _, err = r.Head(); err != nil || head == p.at.seq {
			return err
		}
		for after := (store.Ref{}); ; {
			docs, err := r.Documents(after, 1)
			if err != nil || len(docs) == 0 {
				return err
			}
			kinds = append(kinds, docs[0].Kind)
			after = store.Ref{Kind: docs[0].Kind, ID: lastID}
		}
	})
	return head, kinds, err
}

// round brings the target up to goal: for every number the documents, then the
// next entry. Those of the goal itself may not be all yet; the next round, or
// the comparison, sees to the rest.
func (p *partition) round(ctx context.Context, goal store.Seq, kinds []store.Kind) error {
	streams := make([]*stream, len(kinds))
	for i, kind := range kinds {
		streams[i] = &stream{
			kind: kind, goal: goal, place: store.SeqPosition{Seq: p.at.seq},
			pager: newPager(p.from, p.lab, documentBytes),
		}
	}
	ledger := &ledger{place: p.at, pager: newPager(p.from, p.lab, recordBytes)}
	b := &batch{p: p}
	for seq := p.at.seq; ; seq++ {
		for _, s := range streams {
			if err := s.putUpTo(ctx, seq, b); err != nil {
				return err
			}
		}
		if seq == goal {
			return b.flush(ctx)
		}
		record, err := ledger.next(ctx)
		if err == nil {
			err = b.append(ctx, record)
		}
		if err != nil {
			return err
		}
	}
}

// stream reads the documents of one kind in the order of their numbers, up to
// a goal that the source has reached.
type stream struct {
	kind  store.Kind
	goal  store.Seq
	place store.SeqPosition // of the last one read
	pager *pager[store.Document]
	read  []store.Document // and not yet put
	ended bool             // there are no more up to the goal
}

// putUpTo puts the documents of numbers up to seq. The source may have changed
// some since they were read; it then has them under a higher number.
func (s *stream) putUpTo(ctx context.Context, seq store.Seq, b *batch) error {
	for {
		if len(s.read) == 0 && !s.ended {
			if err := s.fill(ctx); err != nil {
				return err
			}
		}
		if len(s.read) == 0 || s.read[0].Seq > seq {
			return nil
		}
		if err := b.put(ctx, s.read[0]); err != nil {
			return err
		}
		s.read[0] = store.Document{}
		s.read = s.read[1:]
	}
}

func (s *stream) fill(ctx context.Context) error {
	got, err := s.pager.next(ctx, func(r store.Reader, limit int) ([]store.Document, error) {
		return r.Changed(s.kind, s.place, limit)
	})
	if err != nil {
		return err
	}
	if got.head < s.goal {
		return errWentBack(got.head, s.goal)
	}
	s.ended = !got.full
	for i, d := range got.items {
		if d.Seq > s.goal {
			got.items, s.ended = got.items[:i], true
			break
		}
		s.place = store.SeqPosition{Seq: d.Seq, ID: d.ID}
	}
	s.read = got.items
	return nil
}

func errWentBack(head, known store.Seq) error {
	return fmt.Errorf("the source's head went back from %d to %d: was it replaced? Begin again with an empty target", known, head)
}

// ledger reads the records of one side in their order, and checks the chain.
type ledger struct {
	place mark // the last record returned
	pager *pager[store.Record]
	read  []store.Record
}

func (l *ledger) next(ctx context.Context) (store.Record, error) {
	if len(l.read) == 0 {
		got, err := l.pager.next(ctx, func(r store.Reader, limit int) ([]store.Record, error) {
			return r.Entries(l.place.seq, limit)
		})
		if err != nil {
			return store.Record{}, err
		}
		l.read = got.items
	}
	if len(l.read) == 0 {
		return store.Record{}, &chainError{l.pager.side.name, l.place.seq + 1, "is not there"}
	}
	r := l.read[0]
	if r.Seq != l.place.seq+1 || r.Prev != l.place.hash {
		return r, &chainError{l.pager.side.name, l.place.seq + 1, "does not follow the one before it"}
	}
	l.read[0] = store.Record{}
	l.read, l.place = l.read[1:], mark{r.Seq, r.Hash()}
	return r, nil
}

// chainError is an entry that breaks its ledger's chain.
type chainError struct {
	side string
	seq  store.Seq
	what string
}

func (e *chainError) Error() string {
	return fmt.Sprintf("entry %d of %s %s: run verify there", e.seq, e.side, e.what)
}
