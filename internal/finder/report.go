package finder

import (
	"context"
	"slices"
	"strings"
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

// The outcomes. AlreadyReported says that nothing was written: enough people
// have said so, or the same was just said.
const (
	Received        Outcome = "received"
	AlreadyReported Outcome = "already-reported"
)

// Report keeps a report about the bin that a label of the lab is, or was, on.
// A label that is on none has nothing to be reported: "label-unknown".
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

// alreadyTold reports whether a new report would say nothing new: people have
// to go and look anyway, and strangers could fill the store.
func alreadyTold(tx store.Reader, r *Report) (bool, error) {
	same, err := tx.Find(exactly(byLabel, labelKey(r.Lab, r.Label), MaxOpenLabel))
	if err != nil || len(same) == MaxOpenLabel {
		return true, err
	}
	for _, hit := range same {
		// A second tap on the button, or a page that was sent again.
		if former, err := decode(hit.Document); err != nil || former.Problem == r.Problem && former.Note == r.Note {
			return true, err
		}
	}
	all, err := tx.Find(exactly(byPlace, placeKey(r.Lab, r.Facility, Open), MaxOpenFacility))
	return len(all) == MaxOpenFacility, err
}

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
