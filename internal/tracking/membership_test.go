package tracking_test

import (
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
)

func TestCheckMembership(t *testing.T) {
	s := MustStore(t)
	l, other := MustLab(t, s), MustEmptyLab(t, s)
	second := l.MustFacility(t)
	for _, tt := range []struct {
		name    string
		m       access.Membership
		pointer string // of what is unknown, or ""
	}{
		{"whole lab", access.Membership{Lab: l.ID, Role: access.Coordinator}, ""},
		{"facility", access.Membership{Lab: l.ID, Facility: l.Facility}, ""},
		{"ward", access.Membership{Lab: l.ID, Facility: l.Facility, Ward: l.Ward}, ""},
		{"recycler", access.Membership{Lab: l.ID, Recycler: l.Recycler}, ""},
		{"unknown facility", access.Membership{Lab: l.ID, Facility: "nowhere"}, "/facility"},
		{"unknown ward", access.Membership{Lab: l.ID, Facility: l.Facility, Ward: "nowhere"}, "/ward"},
		{"ward of another facility", access.Membership{Lab: l.ID, Facility: second, Ward: l.Ward}, "/ward"},
		{"unknown recycler", access.Membership{Lab: l.ID, Recycler: "nobody"}, "/recycler"},
		{"a recycler for a facility", access.Membership{Lab: l.ID, Facility: l.Recycler}, "/facility"},
		{"no id at all", access.Membership{Lab: l.ID, Facility: "a\x00b"}, "/facility"},
		{"another lab's facility", access.Membership{Lab: other.ID, Facility: l.Facility}, "/facility"},
		{"unknown lab", access.Membership{Lab: "nowhere", Facility: l.Facility}, "/facility"},
	} {
		err := l.Service.CheckMembership(t.Context(), tt.m)
		p := problem.As(err)
		switch {
		case tt.pointer == "" && err != nil:
			t.Errorf("%s: got %v, want none", tt.name, err)
		case tt.pointer != "" && (p == nil || p.Kind != problem.Unprocessable || p.Code != "reference-unknown" || len(p.Fields) != 1 || p.Fields[0].Pointer != tt.pointer):
			t.Errorf("%s: got %v, want reference-unknown at %s", tt.name, err, tt.pointer)
		}
	}
}
