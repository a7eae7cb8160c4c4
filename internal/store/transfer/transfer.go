// Package transfer copies a whole store into another one through the port, so
// that every engine can be left for every other one, and verifies that two
// stores hold the same.
//
// It owns the order in which that is done. Entries get the same numbers and
// bytes, so the chain of hashes is the same; documents get the same bodies,
// keys and Seq. A store gives a document the number of its head, so a document
// of number n can only be put while the target's head is n. What makes this
// possible for a source that is written to meanwhile:
//
//   - The Seq of a document never goes down: it is the head at the moment of
//     the write. In a View of the source whose head is beyond n, the documents
//     of number n are therefore frozen: the set of them can lose members (to
//     higher numbers, or by deletion) but never get another one.
//   - Entry n+1 is appended to the target only after all documents of number
//     n, read in Views whose head was beyond n, were put.
//
// So at every moment, and whatever was interrupted, this holds: a document of
// the source whose Seq is below the target's head is in the target, equal. The
// target's head is all that a copy has to remember; it begins again with the
// documents of that number, which may be there in part.
//
// Documents also change, and go, without the head moving. They are found by
// walking all documents of both sides in pairs: what differs has the number of
// the target's head, by the above, and is put; what the source does not have
// is deleted. A difference below the head means that the target was not made
// from this source, or that one of them was changed by other means: then the
// copy is given up with ErrBehind.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
)

var (
	// ErrForeign is returned, before anything is written, when the target holds
	// something that does not come from the source.
	ErrForeign = errors.New("the target holds something else than a part of the source: copy into an empty one")
	// ErrBehind is returned when a document of the target differs and can't get
	// its number any more.
	ErrBehind = errors.New("the target can't take this document any more: copy into an empty one")
	// ErrMoved is returned when somebody else appends to the target.
	ErrMoved = errors.New("something else writes to the target: end it, and copy into an empty one")
)

// Options say how a transfer behaves. The zero value of every field means its
// default.
type Options struct {
	// MaxItems is the largest number of entries and documents in one closure;
	// 256.
	MaxItems int
	// MaxBytes bounds the bytes of one closure, unless a single entry or
	// document has more; and about those of a page that is read. 1 MiB.
	MaxBytes int
	// MaxPage is the largest number of entries or documents read in one View;
	// 256. Pages get smaller when documents are large or Views take too long.
	MaxPage int
	// RetryAfter is how long an unavailable store is left alone before the first
	// retry; 100 ms. The wait doubles up to a hundred times that.
	RetryAfter time.Duration
	// Progress is told how far the transfer is, on the caller's goroutine.
	Progress func(Progress)
	// Logger is told when a store is unavailable; slog.Default() when nil.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxItems, 256)
	setDefault(&o.MaxBytes, 1<<20)
	setDefault(&o.MaxPage, 256)
	setDefault(&o.RetryAfter, 100*time.Millisecond)
	o.MaxPage = min(o.MaxPage, store.MaxFind)
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// passes is how often a partition is copied and compared before what still
// differs is left to be reported: each pass takes what the source wrote during
// the one before.
const passes = 3

// Copy makes the target hold what the source holds, goes on with a copy that
// was interrupted, and verifies the result. The source may be written to
// meanwhile: the copy then ends somewhere in its ledger, and each report says
// by how many entries the source is ahead; running it again after the source
// has stopped takes the rest. Nobody else may write to the target.
//
// The error is for what kept it from copying; see Reports.Equal for whether
// the two sides are equal. A store that is unavailable is waited for until ctx
// ends.
func Copy(ctx context.Context, from, to store.Store, opts Options) (Reports, error) {
	t := newTransfer(from, to, opts)
	labs, err := t.prepare(ctx)
	if err == nil {
		err = t.checkTarget(ctx)
	}
	if err != nil {
		return nil, err
	}
	var reports Reports
	for done := map[store.LabID]bool{}; ; {
		for _, lab := range labs {
			if done[lab] {
				continue
			}
			r, err := t.copyLab(ctx, lab)
			if err != nil {
				return reports, fmt.Errorf("copying %s: %w", lab, err)
			}
			reports, done[lab] = append(reports, r), true
		}
		// A partition may have come into being meanwhile.
		if labs, err = t.from.labs(ctx); err != nil {
			return reports, err
		}
		if !slices.ContainsFunc(labs, func(l store.LabID) bool { return !done[l] }) {
			t.meter.finish()
			return reports, nil
		}
	}
}

// Verify compares the two stores and writes nothing. What is newer in the
// source than the target's head does not count.
func Verify(ctx context.Context, from, to store.Store, opts Options) (Reports, error) {
	t := newTransfer(from, to, opts)
	labs, err := t.prepare(ctx)
	if err != nil {
		return nil, err
	}
	var reports Reports
	for _, lab := range labs {
		r, err := t.verifyLab(ctx, lab)
		if err != nil {
			return reports, fmt.Errorf("verifying %s: %w", lab, err)
		}
		reports = append(reports, r)
	}
	strays, err := t.strays(ctx)
	for _, lab := range strays {
		r := Report{Lab: lab}
		r.Ledger.add("the source has no such partition")
		reports = append(reports, r)
	}
	if err == nil {
		t.meter.finish()
	}
	return reports, err
}

// transfer is one run of Copy or Verify.
type transfer struct {
	opts     Options
	from, to side
	meter    *meter
}

func newTransfer(from, to store.Store, opts Options) *transfer {
	opts = opts.withDefaults()
	return &transfer{
		opts: opts, from: side{from, "the source", opts}, to: side{to, "the target", opts},
		meter: &meter{notify: opts.Progress},
	}
}

// prepare lists the partitions of the source in the order in which they are
// copied: what has no ledger of its own, such as the people, comes last. Until
// a copy is whole, nobody can sign in on it.
func (t *transfer) prepare(ctx context.Context) ([]store.LabID, error) {
	labs, err := t.from.labs(ctx)
	if err != nil {
		return nil, err
	}
	reserved := func(lab store.LabID) bool { return strings.HasPrefix(string(lab), "_") }
	slices.SortStableFunc(labs, func(a, b store.LabID) int {
		switch {
		case reserved(a) == reserved(b):
			return 0
		case reserved(a):
			return 1
		}
		return -1
	})
	for _, lab := range labs {
		at, err := t.from.head(ctx, lab)
		if err != nil {
			return nil, err
		}
		t.meter.ledgers += int64(at.seq)
	}
	return labs, nil
}

// checkTarget refuses a target that is not a part of the source: every ledger
// must be the beginning of the source's, and nothing may lie in a partition
// that the source does not have.
func (t *transfer) checkTarget(ctx context.Context) error {
	strays, err := t.strays(ctx)
	if err != nil {
		return err
	}
	if len(strays) > 0 {
		return fmt.Errorf("partition %s: %w", strays[0], ErrForeign)
	}
	labs, err := t.to.labs(ctx)
	if err != nil {
		return err
	}
	for _, lab := range labs {
		at, err := t.to.head(ctx, lab)
		if err != nil {
			return err
		}
		there, err := t.from.markAt(ctx, lab, at.seq)
		if err != nil {
			return err
		}
		switch {
		case there == mark{} && at.seq > 0:
			return fmt.Errorf("the target's ledger of %s goes on to entry %d, behind the source's: was it served from already? %w", lab, at.seq, ErrForeign)
		case there != at:
			return fmt.Errorf("entry %d of %s: %w", at.seq, lab, ErrForeign)
		}
		t.meter.copied(int64(at.seq), 0)
	}
	return nil
}

// strays are the partitions of the target that hold something and that the
// source does not have.
func (t *transfer) strays(ctx context.Context) ([]store.LabID, error) {
	there, err := t.to.labs(ctx)
	if err != nil {
		return nil, err
	}
	// Listed after the target's, so that what comes into being meanwhile is no
	// stray.
	known, err := t.from.labs(ctx)
	if err != nil {
		return nil, err
	}
	var strays []store.LabID
	for _, lab := range there {
		if slices.Contains(known, lab) {
			continue
		}
		empty := false
		err := t.to.view(ctx, lab, func(r store.Reader) error {
			seq, _, err := r.Head()
			if err != nil {
				return err
			}
			docs, err := r.Documents(store.Ref{}, 1)
			empty = seq == 0 && len(docs) == 0
			return err
		})
		if err != nil {
			return nil, err
		}
		if !empty {
			strays = append(strays, lab)
		}
	}
	return strays, nil
}

func (t *transfer) copyLab(ctx context.Context, lab store.LabID) (Report, error) {
	p, err := t.open(ctx, lab)
	if err != nil {
		return Report{}, err
	}
	for pass := 1; ; pass++ {
		if err := p.follow(ctx); err != nil {
			return p.report, err
		}
		// The last pass only looks.
		wrote, err := p.compareDocuments(ctx, pass < passes)
		if err != nil {
			return p.report, err
		}
		if !wrote {
			break
		}
	}
	return p.report, p.compareLedgers(ctx)
}

func (t *transfer) verifyLab(ctx context.Context, lab store.LabID) (Report, error) {
	p, err := t.open(ctx, lab)
	if err != nil {
		return Report{}, err
	}
	if err := p.compareLedgers(ctx); err != nil {
		return p.report, err
	}
	_, err = p.compareDocuments(ctx, false)
	return p.report, err
}
