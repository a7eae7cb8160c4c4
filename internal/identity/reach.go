package identity

import (
	"context"
	"fmt"
	"slices"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
)

// managersReach reports whether a membership is of the kind that managers see,
// give and take in their own facility.
func managersReach(m access.Membership) bool {
	return m.Role == access.Ward || m.Role == access.Manager
}

// sees reports whether a membership is in the caller's view: coordinators and
// auditors see what lies in their scope, managers only their staff.
func sees(caller access.Caller, m access.Membership) bool {
	switch {
	case m.Lab != caller.Lab:
		return false
	case caller.LabWide():
		return true
	case caller.Role == access.Manager && !managersReach(m):
		return false
	case m.Facility != "":
		return caller.SeesFacility(m.Facility)
	}
	return m.Recycler != "" && caller.SeesRecycler(m.Recycler)
}

// reaches reports whether the caller may give and take a membership. It never
// is more than the caller has.
func reaches(caller access.Caller, m access.Membership) bool {
	switch caller.Role {
	case access.Coordinator:
		return m.Lab == caller.Lab
	case access.Manager:
		return sees(caller, m)
	}
	return false
}

// seesUser reports whether a person is in the caller's view: with one
// membership at least.
func seesUser(caller access.Caller, u userDoc) bool {
	return u.Lab == caller.Lab && (caller.LabWide() ||
		slices.ContainsFunc(u.Memberships, func(m access.Membership) bool { return sees(caller, m) }))
}

// reachesUser reports whether the caller may change a person: only with all of
// their memberships in reach, because a name, a password and the right to sign
// in belong to all of them.
func reachesUser(caller access.Caller, u userDoc) bool {
	return u.Lab == caller.Lab &&
		!slices.ContainsFunc(u.Memberships, func(m access.Membership) bool { return !reaches(caller, m) })
}

// checkMemberships validates the memberships of a person, fills the lab in
// where it is left out, and lets check judge each one. All must be of one lab.
func (s *Service) checkMemberships(ctx context.Context, lab string, ms []access.Membership, reach func(access.Membership) bool) ([]access.Membership, error) {
	switch {
	case len(ms) == 0:
		return nil, invalid("/memberships", "required", "Give the person a membership.")
	case len(ms) > maxMemberships:
		return nil, invalid("/memberships", "too-many", fmt.Sprintf("A person can have %d memberships.", maxMemberships))
	}
	out := make([]access.Membership, 0, len(ms))
	for i, m := range ms {
		pointer := fmt.Sprintf("/memberships/%d", i)
		if m.Lab == "" {
			m.Lab = lab
		}
		if err := m.Validate(); err != nil {
			return nil, beneath(pointer, err)
		}
		if slices.Contains(out, m) {
			return nil, invalid(pointer, "repeated", "This membership is in the list already.")
		}
		if m.Lab != lab {
			return nil, problem.New(problem.Unprocessable, "membership-foreign", "All memberships of a person belong to one lab, your own.").
				With(pointer+"/lab", "foreign", "Leave the lab out.")
		}
		if !reach(m) {
			return nil, problem.New(problem.Forbidden, "membership-out-of-reach", "You may not give this membership. Ask your coordinator.").
				With(pointer, "out-of-reach", "Managers give roles of ward staff and managers in their own facility.")
		}
		// The whole lab is no place that could be unknown, and the first
		// coordinator is there before anything else.
		if m.Facility != "" || m.Recycler != "" {
			if err := s.cfg.Directory.CheckMembership(ctx, m); err != nil {
				return nil, beneath(pointer, err)
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// invalid is the problem of one faulty value.
func invalid(pointer, code, detail string) *problem.Error {
	return problem.New(problem.Invalid, "request-invalid", "A value is missing or not valid.").With(pointer, code, detail)
}

// beneath puts a pointer in front of those of a problem.
func beneath(pointer string, err error) error {
	p := problem.As(err)
	if p == nil {
		return err
	}
	moved := *p
	moved.Fields = make([]problem.Field, len(p.Fields))
	for i, f := range p.Fields {
		f.Pointer = pointer + f.Pointer
		moved.Fields[i] = f
	}
	return &moved
}
