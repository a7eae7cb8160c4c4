package finder

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// NewReport is what somebody who has not signed in says about a bin.
type NewReport struct {
	Problem Kind
	Note    string // optional
}

// Outcome is what became of a new report.
type Outcome string

// The outcomes. AlreadyReported says that nothing was written: the same problem
// of the same bin is open, and the note says nothing new.
const (
	Received        Outcome = "received"
	AlreadyReported Outcome = "already-reported"
)

// Report keeps a report about the bin that a label of the lab is, or was, on.
// A label that is on none has nothing to be reported: "label-unknown". When too
// many reports are open nothing is written, and whoever reports is told so:
// "inbox-full".
func (s *Service) Report(ctx context.Context, lab string, code qrlabels.Code, report NewReport) (Outcome, error) {
	if err := report.check(); err != nil {
		return "", err
	}
	facility, err := s.cfg.Labels.FoundAt(ctx, lab, code.String())
	if err != nil {
		return "", wrap("looking a label up", err)
	}
	if facility == "" {
		return "", problem.New(problem.NotFound, "label-unknown", "There is no bin with this label.")
	}
	now := s.now()
	id, err := newID(now)
	if err != nil {
		return "", err
	}
	r := Report{
		ID: id, Lab: lab, Facility: facility, Label: code.String(), Problem: report.Problem, Note: report.Note,
		At: calendar.At(now), State: Open, Version: 1,
	}
	outcome := Received
	err = s.cfg.Store.Update(ctx, Partition, func(tx store.Tx) error {
		told, err := alreadyTold(tx, &r)
		if outcome = Received; told {
			outcome = AlreadyReported
		}
		if err != nil || told {
			return err
		}
		return save(tx, &r)
	})
	return outcome, wrap("keeping a report", err)
}

// alreadyTold reports whether a new report would say nothing new: a second tap on
// the button, a page that was sent again, or the same problem without a note. It
// returns the problem "inbox-full" where there is no room for what is new, since
// strangers could fill the store.
func alreadyTold(tx store.Reader, r *Report) (bool, error) {
	open, err := tx.Find(exactly(byLabel, labelKey(r.Lab, r.Label), MaxOpenLabel*len(Kinds)))
	if err != nil {
		return false, err
	}
	same := 0
	for _, hit := range open {
		former, err := decode(hit.Document)
		if err != nil {
			return false, err
		}
		if former.Problem != r.Problem {
			continue
		}
		if same++; r.Note == "" || former.Note == r.Note {
			return true, nil
		}
	}
	all, err := tx.Find(exactly(byPlace, placeKey(r.Lab, r.Facility, Open), MaxOpenFacility))
	if err == nil && (same >= MaxOpenLabel || len(all) == MaxOpenFacility) {
		err = problem.New(problem.Unavailable, "inbox-full",
			"There are too many reports that nobody has looked at: this one was not kept. If it is urgent, call the facility.").After(retryFull)
	}
	return false, err
}

// retryFull is when a full inbox may have been looked at.
const retryFull = time.Hour

// Validate says what is wrong with a report by itself, as Report does.
func (n NewReport) Validate() error { return n.check() }

// check puts the report into its one form, or refuses it.
func (n *NewReport) check() error {
	// Browsers send a line's end as two characters, and count it as one.
	n.Note = strings.TrimSpace(strings.ReplaceAll(n.Note, "\r\n", "\n"))
	switch {
	case !slices.Contains(Kinds, n.Problem):
		return invalid("/problem", "unknown", "Say what is wrong: full, contaminated, damaged, misplaced or other.")
	case !utf8.ValidString(n.Note) || strings.ContainsFunc(n.Note, unprintable):
		return invalid("/note", "malformed", "Leave control characters out.")
	case utf8.RuneCountInString(n.Note) > MaxNote:
		return invalid("/note", "too-long", "Use at most 300 characters.")
	}
	return nil
}

// unprintable are control characters, and the marks that turn the direction of
// the text around them, which make a note look like another. The joiners that
// some scripts and signs are written with are fine.
func unprintable(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError)
}
