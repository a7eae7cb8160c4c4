package tracking

import (
	"context"

	"github.com/ricircolo/ricircolo/internal/store"
)

// FoundState is what anybody may know of a label.
type FoundState string

// The states. A retired label was replaced, or thrown away unused.
const (
	FoundUnknown FoundState = "unknown"
	FoundBlank   FoundState = "blank"
	FoundBound   FoundState = "bound"
	FoundRetired FoundState = "retired"
)

// Found is what anybody may learn from a label: what its bin is for, and whom
// to call. It has no place for ids, wards, masses, times or people, so that
// none of these can reach a stranger by a field too many.
type Found struct {
	State  FoundState
	Code   string       // in its one form; "" if it is none
	Stream *FoundStream // of the bin that the label is, or was, on
	Owner  *FoundOwner  // whose the bin is, or for whom a blank label was printed
}

// FoundStream is what a bin takes.
type FoundStream struct {
	Name, NameIT       string
	Colour             string // #rrggbb, or ""
	Accepts, AcceptsIT []string
	Refuses, RefusesIT []string
}

// FoundOwner is a facility as it is called, and may be called.
type FoundOwner struct{ Name, Contact string }

// Found resolves a code for somebody who has not signed in. It reads one lab:
// a code of another is as unknown as one that nobody issued, and takes the
// same one read to find out. Beyond that, how long an answer takes follows
// from its state alone, which the answer says anyway.
func (s *Service) Found(ctx context.Context, lab, code string) (f Found, err error) {
	err = s.store.View(ctx, store.LabID(lab), func(r store.Reader) (err error) {
		f, _, err = strangerSees(r, code)
		return err
	})
	return f, err
}

// FoundAt is the id of the facility whose bin the label is, or was, on; "" if
// there is none. It is where reports go, and not for a finder's eyes.
func (s *Service) FoundAt(ctx context.Context, lab, code string) (facility string, err error) {
	err = s.store.View(ctx, store.LabID(lab), func(r store.Reader) error {
		f, at, err := strangerSees(r, code)
		if facility = ""; f.Stream != nil {
			facility = at
		}
		return err
	})
	return facility, err
}

// strangerSees also returns the owner's id.
func strangerSees(r store.Reader, text string) (f Found, facility string, err error) {
	f = Found{State: FoundUnknown, Code: canonicalCode(text)}
	if f.Code == "" {
		return f, "", nil
	}
	l, err := read[Label](r, KindLabel, f.Code)
	if err != nil {
		return f, "", ignoreNotFound(err)
	}
	f.State, facility = foundStates[l.State], l.Facility
	if l.Bin != "" {
		bin, err := read[Bin](r, KindBin, l.Bin)
		if err != nil {
			return f, "", err
		}
		if f.Stream, err = foundStream(r, bin.now().Stream); err != nil {
			return f, "", err
		}
		facility = bin.Facility
		if bin.Retired != nil { // nothing goes in any more, and nobody looks after it
			f.State, f.Stream, facility = FoundRetired, nil, ""
		}
	}
	if facility == "" || l.Bin == "" && l.State == LabelIsGone {
		return f, "", nil // nobody's yet, or nobody's any more
	}
	owner, err := read[Facility](r, KindFacility, facility)
	if err != nil {
		return f, "", err
	}
	f.Owner = &FoundOwner{owner.Name, owner.Contact}
	return f, facility, nil
}

var foundStates = map[LabelState]FoundState{Blank: FoundBlank, Bound: FoundBound, LabelIsGone: FoundRetired}

func foundStream(r store.Reader, id string) (*FoundStream, error) {
	s, err := read[Stream](r, KindStream, id)
	if err != nil {
		return nil, err
	}
	return &FoundStream{
		Name: s.Name, NameIT: s.NameIT, Colour: s.Colour,
		Accepts: s.Accepts, AcceptsIT: s.AcceptsIT, Refuses: s.Refuses, RefusesIT: s.RefusesIT,
	}, nil
}
