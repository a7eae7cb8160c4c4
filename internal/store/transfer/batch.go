package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/ricircolo/ricircolo/internal/store"
)

// step is one write: a record to append, a document to put, or one that goes.
type step struct {
	record   *store.Record
	document *store.Document
	gone     store.Ref
}

// batch gathers steps for one closure on the target.
type batch struct {
	p     *partition
	steps []step
	bytes int
}

// add takes a step, and first writes what it gathered if that makes it too
// large.
func (b *batch) add(ctx context.Context, s step, bytes int) error {
	if n := len(b.steps); n > 0 && (n == b.p.opts.MaxItems || b.bytes+bytes > b.p.opts.MaxBytes) {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	b.steps, b.bytes = append(b.steps, s), b.bytes+bytes
	return nil
}

func (b *batch) put(ctx context.Context, d store.Document) error {
	return b.add(ctx, step{document: &d}, documentBytes(d))
}

func (b *batch) append(ctx context.Context, r store.Record) error {
	return b.add(ctx, step{record: &r}, recordBytes(r))
}

func (b *batch) delete(ctx context.Context, ref store.Ref) error {
	return b.add(ctx, step{gone: ref}, len(ref.Kind)+len(ref.ID))
}

// flush writes the steps in one closure.
func (b *batch) flush(ctx context.Context) error {
	if len(b.steps) == 0 {
		return nil
	}
	before, after := b.p.at, b.p.at
	var entries, documents, deleted int64
	for _, s := range b.steps {
		switch {
		case s.record != nil:
			after = mark{s.record.Seq, s.record.Hash()}
			entries++
		case s.document != nil:
			documents++
		default:
			deleted++
		}
	}
	err := b.p.to.update(ctx, b.p.lab, func(tx store.Tx) error { return apply(tx, before, after, b.steps) })
	if err != nil {
		return err
	}
	b.p.moveTo(after)
	b.p.report.CopiedEntries += entries
	b.p.report.CopiedDocuments += documents
	b.p.report.Deleted += deleted
	b.p.meter.copied(entries, documents)
	clear(b.steps)
	b.steps, b.bytes = b.steps[:0], 0
	return nil
}

// apply makes steps that lead from one place of the ledger to another. It may
// have done so already: a closure is there whole or not at all, but its answer
// can get lost. Without entries it does the same again, which changes nothing.
func apply(tx store.Tx, before, after mark, steps []step) error {
	switch at, err := headOf(tx); {
	case err != nil:
		return err
	case at == after && after != before:
		return nil
	case at != before:
		return fmt.Errorf("its ledger is at %d, not at %d: %w", at.seq, before.seq, ErrMoved)
	}
	for _, s := range steps {
		if err := s.apply(tx); err != nil {
			return err
		}
	}
	switch at, err := headOf(tx); {
	case err != nil:
		return err
	case at != after:
		return fmt.Errorf("entry %d got the hash %s, want %s: the engine does not keep the bytes", at.seq, at.hash, after.hash)
	}
	return nil
}

func (s step) apply(tx store.Tx) error {
	switch {
	case s.record != nil:
		_, err := tx.Append(s.record.Entry)
		if errors.Is(err, store.ErrDuplicate) {
			return fmt.Errorf("appending number %d: %w: %w", s.record.Seq, err, ErrForeign)
		}
		return err
	case s.document != nil:
		if err := tx.Put(*s.document); err != nil {
			return fmt.Errorf("putting %s %s: %w", s.document.Kind, s.document.ID, err)
		}
		return nil
	}
	if err := tx.Delete(s.gone.Kind, s.gone.ID); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

func headOf(r store.Reader) (m mark, err error) {
	m.seq, m.hash, err = r.Head()
	return m, err
}
