package tracking

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// MaxLabels is the largest batch of labels.
const MaxLabels = 2000

// earliest is before everything that can be recorded.
const earliest calendar.Instant = 946684800000 // 2000-01-01

// LabelBatch is a set of blank labels that were issued together.
type LabelBatch struct {
	ID       string           `json:"id"` // entry
	Facility string           `json:"facility,omitempty"`
	IssuedAt calendar.Instant `json:"issuedAt"`
	Codes    []string         `json:"codes"`
}

type labelIssue struct {
	Facility string   `json:"facility,omitempty"`
	Count    int      `json:"count"`
	Codes    []string `json:"codes"`
}

// IssueLabels reserves count codes, unique for ever, as blank labels for a
// facility (or, by a coordinator, for whoever binds them first).
func (s *Service) IssueLabels(ctx context.Context, c access.Caller, w Write, facility string, count int) (LabelBatch, error) {
	if err := c.May(access.IssueLabels); err != nil {
		return LabelBatch{}, err
	}
	if count > MaxLabels {
		return LabelBatch{}, problem.New(problem.Invalid, "too-many-labels", "Issue at most %d labels at once, and more in several requests.", MaxLabels).
			With("/count", "too-many", fmt.Sprintf("At most %d labels.", MaxLabels))
	}
	v := &validation{}
	v.optionalID(facility, "/facility")
	v.ok(count >= 1, "/count", "out-of-range", fmt.Sprintf("Use 1 to %d.", MaxLabels))
	v.ok(facility != "" || c.LabWide(), "/facility", "required", "Name your facility.")
	if err := v.err(); err != nil {
		return LabelBatch{}, err
	}
	issue := labelIssue{Facility: facility, Count: count}
	for range count {
		code, err := qrlabels.NewCode(s.random)
		if err != nil {
			return LabelBatch{}, fmt.Errorf("making a label code: %w", err)
		}
		issue.Codes = append(issue.Codes, code.String())
	}
	now := s.instant()
	p := prepared{content: newContent(c, w.entryID(c, typeLabelIssue), typeLabelIssue, now, now)}
	if err := p.canonicalise(issue); err != nil {
		return LabelBatch{}, err
	}
	var batch LabelBatch
	err := s.store.Update(ctx, store.LabID(c.Lab), func(tx store.Tx) (err error) {
		batch, err = recordLabels(tx, p, issue)
		return err
	})
	return batch, err
}

func recordLabels(tx store.Tx, p prepared, issue labelIssue) (LabelBatch, error) {
	if first, err := tx.Entry(p.content.ID); err == nil {
		return repeatedIssue(first, issue)
	}
	w := newWork(tx, nil)
	if issue.Facility != "" {
		_, err := fetch[Facility](w, KindFacility, issue.Facility)
		if err == nil && !p.content.scope().SeesFacility(issue.Facility) {
			err = store.ErrNotFound
		}
		if err != nil {
			return LabelBatch{}, unknownReference(err, "/facility", "facility")
		}
	}
	for _, code := range issue.Codes {
		if _, err := tx.Get(KindLabel, code); err == nil {
			return LabelBatch{}, fmt.Errorf("label code %s is taken: the random source repeats itself", code)
		}
	}
	if _, err := appendEntry(tx, p.content.ID, p.canonical, Outcome{Status: WasApplied}); err != nil {
		return LabelBatch{}, err
	}
	w.putBatch(p.content, issue)
	if err := w.flush(); err != nil {
		return LabelBatch{}, err
	}
	return batchOf(p.content, issue), nil
}

// putBatch stages a batch and its labels.
func (w *work) putBatch(c Content, issue labelIssue) {
	w.put(&Batch{ID: c.ID, Facility: issue.Facility, IssuedAt: c.RecordedAt, Count: len(issue.Codes)})
	for _, code := range issue.Codes {
		w.put(&Label{Code: code, State: Blank, Batch: c.ID, Facility: issue.Facility, IssuedAt: c.RecordedAt})
	}
}

func batchOf(c Content, issue labelIssue) LabelBatch {
	return LabelBatch{ID: c.ID, Facility: issue.Facility, IssuedAt: c.RecordedAt, Codes: issue.Codes}
}

func repeatedIssue(first store.Record, asked labelIssue) (LabelBatch, error) {
	c, issue, err := parseIssue(first)
	if err != nil {
		return LabelBatch{}, err
	}
	if issue.Facility != asked.Facility || issue.Count != asked.Count {
		return LabelBatch{}, problem.New(problem.Unprocessable, "idempotency-key-reused",
			"This Idempotency-Key was used for another request. Make a new key for a new request.")
	}
	return batchOf(c, issue), nil
}

func parseIssue(r store.Record) (c Content, issue labelIssue, err error) {
	if c, _, err = parseContent(r); err != nil {
		return c, issue, err
	}
	if err = json.Unmarshal(c.Body, &issue); err != nil {
		err = fmt.Errorf("reading the body of entry %d: %w", r.Seq, err)
	}
	return c, issue, err
}
