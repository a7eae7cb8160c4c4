package access_test

import (
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
)

func TestMembershipValidate(t *testing.T) {
	type m = access.Membership
	for _, row := range []struct {
		name    string
		m       m
		pointer string // of the fault; empty: fine
	}{
		{"ward staff of a facility", m{Lab: "l", Role: access.Ward, Facility: "f"}, ""},
		{"ward staff of a ward", m{Lab: "l", Role: access.Ward, Facility: "f", Ward: "w"}, ""},
		{"manager of a facility", m{Lab: "l", Role: access.Manager, Facility: "f"}, ""},
		{"driver of a recycler", m{Lab: "l", Role: access.Driver, Recycler: "r"}, ""},
		{"plant of a recycler", m{Lab: "l", Role: access.Plant, Recycler: "r"}, ""},
		{"coordinator of the lab", m{Lab: "l", Role: access.Coordinator}, ""},
		{"auditor of the lab", m{Lab: "l", Role: access.Auditor}, ""},
		{"auditor of a facility", m{Lab: "l", Role: access.Auditor, Facility: "f"}, ""},
		{"auditor of a recycler", m{Lab: "l", Role: access.Auditor, Recycler: "r"}, ""},

		{"no lab", m{Role: access.Coordinator}, "/lab"},
		{"no role", m{Lab: "l"}, "/role"},
		{"a role that there is not", m{Lab: "l", Role: "admin"}, "/role"},
		{"a role in capitals", m{Lab: "l", Role: "Ward", Facility: "f"}, "/role"},
		{"ward staff of the whole lab", m{Lab: "l", Role: access.Ward}, "/facility"},
		{"ward staff of a recycler", m{Lab: "l", Role: access.Ward, Recycler: "r"}, "/facility"},
		{"ward without its facility", m{Lab: "l", Role: access.Ward, Ward: "w"}, "/ward"},
		{"manager of the whole lab", m{Lab: "l", Role: access.Manager}, "/facility"},
		{"manager of a ward", m{Lab: "l", Role: access.Manager, Facility: "f", Ward: "w"}, "/ward"},
		{"auditor of a ward", m{Lab: "l", Role: access.Auditor, Facility: "f", Ward: "w"}, "/ward"},
		{"driver of the whole lab", m{Lab: "l", Role: access.Driver}, "/recycler"},
		{"driver of a facility", m{Lab: "l", Role: access.Driver, Facility: "f"}, "/recycler"},
		{"plant of the whole lab", m{Lab: "l", Role: access.Plant}, "/recycler"},
		{"coordinator of a facility", m{Lab: "l", Role: access.Coordinator, Facility: "f"}, "/role"},
		{"coordinator of a recycler", m{Lab: "l", Role: access.Coordinator, Recycler: "r"}, "/role"},
		{"facility and recycler", m{Lab: "l", Role: access.Ward, Facility: "f", Recycler: "r"}, "/recycler"},
		{"auditor of a facility and a recycler", m{Lab: "l", Role: access.Auditor, Facility: "f", Recycler: "r"}, "/recycler"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := row.m.Validate()
			if row.pointer == "" {
				if err != nil {
					t.Errorf("got %v, want no fault", err)
				}
				return
			}
			got := problem.As(err)
			if got == nil || got.Kind != problem.Invalid || got.Code != "membership-invalid" || len(got.Fields) != 1 || got.Fields[0].Pointer != row.pointer {
				t.Errorf("got %v, want an invalid membership at %s", err, row.pointer)
			}
		})
	}
}

func TestCallerScope(t *testing.T) {
	in := func(facility, recycler string) access.Caller {
		return access.Caller{Membership: access.Membership{Lab: "l", Facility: facility, Recycler: recycler}}
	}
	for _, row := range []struct {
		name                     string
		caller                   access.Caller
		organisation             string
		facility, recycler, both bool // sees f, r, and what is between f and r
	}{
		{"the lab", in("", ""), "l", true, true, true},
		{"the facility", in("f", ""), "f", true, false, true},
		{"another facility", in("g", ""), "g", false, false, false},
		{"the recycler", in("", "r"), "r", false, true, true},
		{"another recycler", in("", "s"), "s", false, false, false},
		{"a facility with the recycler's id", in("r", ""), "r", false, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.caller.Organisation(); got != row.organisation {
				t.Errorf("organisation: got %q, want %q", got, row.organisation)
			}
			if got := row.caller.SeesFacility("f"); got != row.facility {
				t.Errorf("sees the facility: got %v, want %v", got, row.facility)
			}
			if got := row.caller.SeesRecycler("r"); got != row.recycler {
				t.Errorf("sees the recycler: got %v, want %v", got, row.recycler)
			}
			if got := row.caller.SeesBetween("f", "r"); got != row.both {
				t.Errorf("sees what is between them: got %v, want %v", got, row.both)
			}
			if row.caller.LabWide() {
				return
			}
			if row.caller.SeesFacility("") || row.caller.SeesRecycler("") || row.caller.SeesBetween("", "") {
				t.Error("sees what belongs to nobody")
			}
		})
	}
}

func TestCallerActor(t *testing.T) {
	for _, row := range []struct {
		caller access.Caller
		want   string
	}{
		{access.Caller{User: "u", Device: "d"}, "u"},
		{access.Caller{User: "u"}, "u"},
		{access.Caller{Device: "d"}, "d"},
	} {
		if got := row.caller.Actor(); got != row.want {
			t.Errorf("%+v: got %q, want %q", row.caller, got, row.want)
		}
	}
}
