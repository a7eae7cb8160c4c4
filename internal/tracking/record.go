package tracking

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Service is the domain's front door: it authorises, records and answers.
type Service struct {
	store      store.Store
	now        func() time.Time
	random     io.Reader // of label codes
	cubes      *cubeCache
	remembered *remembered
}

// New returns a service over a store. now is the server's clock.
func New(s store.Store, now func() time.Time) *Service {
	return &Service{store: s, now: now, random: rand.Reader, cubes: newCubeCache(), remembered: newRemembered()}
}

func (s *Service) instant() calendar.Instant { return calendar.At(s.now()) }

// Result is the answer to one submission.
type Result struct {
	ID         string           `json:"id"`
	Status     ResultStatus     `json:"status"`
	Seq        store.Seq        `json:"seq,omitempty"` // place in the ledger; none if refused
	RecordedAt calendar.Instant `json:"recordedAt,omitempty"`
	Outcome    *Outcome         `json:"outcome,omitempty"` // none if refused
	Problem    *problem.Error   `json:"-"`                 // why refused
}

// ResultStatus is the short answer to a submission.
type ResultStatus string

// The answers. With Duplicate the outcome is that of the first time.
const (
	ResultApplied     ResultStatus = "applied"
	ResultWarning     ResultStatus = "warning"
	ResultNeedsReview ResultStatus = "needs-review"
	ResultDuplicate   ResultStatus = "duplicate"
	ResultRefused     ResultStatus = "refused"
)

// Record records one entry. skew is the server's clock minus the device's, 0
// if unknown. A refusal is the error, a *problem.Error.
func (s *Service) Record(ctx context.Context, c access.Caller, sub Submission, skew time.Duration) (Result, error) {
	results, err := s.Sync(ctx, c, []Submission{sub}, skew)
	if err != nil {
		return Result{}, err
	}
	if p := results[0].Problem; p != nil {
		return Result{}, p
	}
	return results[0], nil
}

// Sync records up to MaxSync entries that may come in any order, and answers
// each, in the order given. The error is for the whole: then it is unknown
// which were recorded, and sending all again is safe.
func (s *Service) Sync(ctx context.Context, c access.Caller, subs []Submission, skew time.Duration) ([]Result, error) {
	if len(subs) == 0 || len(subs) > MaxSync {
		return nil, problem.New(problem.Invalid, "sync-size", "Send 1 to %d entries at a time.", MaxSync).
			With("/entries", "out-of-range", "Split what is waiting into several requests.")
	}
	now := s.instant()
	results := make([]Result, len(subs))
	entries := make([]*prepared, len(subs))
	for i, sub := range subs {
		p, err := prepare(c, sub, now, skew)
		if refused := problem.As(err); refused != nil {
			results[i] = Result{ID: sub.ID, Status: ResultRefused, Problem: refused}
			continue
		}
		if err != nil {
			return nil, err
		}
		entries[i] = p
	}
	if !slices.ContainsFunc(entries, func(p *prepared) bool { return p != nil }) {
		return results, nil
	}
	err := s.store.Update(ctx, store.LabID(c.Lab), func(tx store.Tx) error {
		w := newWork(tx, s.remembered)
		for _, i := range inTime(entries) {
			r, err := w.record(entries[i])
			if err != nil {
				return err
			}
			results[i] = r
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("recording %d entries: %w", len(subs), err)
	}
	return results, nil
}

// inTime returns the indexes of the entries in the order in which they
// happened, so that few have to wait for one another.
func inTime(entries []*prepared) []int {
	var order []int
	for i, p := range entries {
		if p != nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := entries[i].content, entries[j].content
		return compareFacts(Fact{At: a.EffectiveAt, Entry: a.ID}, Fact{At: b.EffectiveAt, Entry: b.ID})
	})
	return order
}

// record applies one entry and appends it to the ledger. A known id shows when
// it is appended, before anything is written.
func (w *work) record(p *prepared) (Result, error) {
	a, seq, err := w.applyAndAppend(p)
	if err == nil {
		return Result{
			ID: p.content.ID, Status: ResultStatus(a.outcome.Status), Seq: seq, RecordedAt: p.content.RecordedAt, Outcome: &a.outcome,
		}, nil
	}
	w.forget()
	if first := (*store.DuplicateError)(nil); errors.As(err, &first) {
		return duplicate(first.First, p)
	}
	refused := refusal(err)
	if refused == nil {
		return Result{}, err
	}
	// What was accepted once is answered as it was then, whatever changed since.
	if first, err := w.tx.Entry(p.content.ID); err == nil {
		return duplicate(first, p)
	} else if !errors.Is(err, store.ErrNotFound) {
		return Result{}, err
	}
	return Result{ID: p.content.ID, Status: ResultRefused, Problem: refused}, nil
}

// refusal turns what can't be recorded into the problem that says why.
func refusal(err error) *problem.Error {
	switch {
	case errors.Is(err, errTooManyFacts):
		return problem.New(problem.Unprocessable, "too-many-entries", "There are too many entries for this fill or pickup already. Ask your coordinator.")
	case errors.Is(err, errTooManyLines):
		return problem.New(problem.Unprocessable, "too-many-bins", "A pickup has at most %d bins: start another one.", MaxLines)
	}
	return problem.As(err)
}

// applyAndAppend applies an entry, appends it with its outcome, writes what
// changed, and then applies what was waiting for it.
func (w *work) applyAndAppend(p *prepared) (applied, store.Seq, error) {
	c := p.content
	w.recorded = c.RecordedAt
	a, err := w.apply(c, p.body)
	if err != nil {
		return a, 0, err
	}
	if a.awaits != "" {
		if err := w.await(c, p.body, a.awaits, true); err != nil {
			return a, 0, err
		}
	}
	a.outcome.Warnings = append(c.clockWarnings(), a.outcome.Warnings...)
	if a.outcome.Status == WasApplied && len(a.outcome.Warnings) > 0 {
		a.outcome.Status = WithWarning
	}
	seq, err := appendEntry(w.tx, c.ID, p.canonical, a.outcome)
	if err != nil {
		return a, 0, err
	}
	if err = w.flush(); err == nil {
		err = w.release(c, a.known)
	}
	if problem.As(err) != nil || errors.Is(err, store.ErrDuplicate) {
		err = fmt.Errorf("after entry %d was appended: %v", seq, err) // not a refusal any more
	}
	return a, seq, err
}

func appendEntry(tx store.Tx, id string, content []byte, o Outcome) (store.Seq, error) {
	outcome, err := json.Marshal(o)
	if err != nil {
		return 0, err
	}
	return tx.Append(store.Entry{ID: id, Content: content, Outcome: outcome})
}

// duplicate answers a known id: with the first outcome if the client says the
// same again, otherwise with a conflict.
func duplicate(first store.Record, p *prepared) (Result, error) {
	c, _, err := parseContent(first)
	if err != nil {
		return Result{}, err
	}
	if !c.said(p.content) {
		return Result{ID: p.content.ID, Status: ResultRefused, Problem: problem.New(problem.Conflict, "entry-id-reused",
			"An entry with this id, but another content, is in the ledger. Make a new id for a new entry.")}, nil
	}
	o, err := parseOutcome(first)
	if err != nil {
		return Result{}, err
	}
	return Result{ID: c.ID, Status: ResultDuplicate, Seq: first.Seq, RecordedAt: c.RecordedAt, Outcome: &o}, nil
}
