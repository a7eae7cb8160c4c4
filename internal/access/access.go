// Package access owns who may do what: the roles, the scope of a caller, and
// the one policy table from action to roles.
//
// It decides by role only. Whether an object lies inside the caller's scope is
// asked of Caller.SeesFacility and Caller.SeesRecycler by the services, which
// answer for a foreign object exactly as for one that does not exist.
package access

import (
	"fmt"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// Role is what a person or device is in a lab.
type Role string

// The roles. A shared ward phone is a device with the role Ward.
const (
	Ward        Role = "ward"        // ward staff of one facility
	Manager     Role = "manager"     // facility manager
	Driver      Role = "driver"      // drives for one recycler
	Plant       Role = "plant"       // receives and sorts at one recycler's plant
	Coordinator Role = "coordinator" // runs the lab
	Auditor     Role = "auditor"     // reads all that its scope allows
)

// Roles lists all roles in the order of the words above.
var Roles = []Role{Ward, Manager, Driver, Plant, Coordinator, Auditor}

// Membership gives a person or device a role in a lab, within a scope: a
// facility (and for ward staff possibly a ward), a recycler, or the whole lab.
type Membership struct {
	Lab      string `json:"lab"`
	Role     Role   `json:"role"`
	Facility string `json:"facility,omitempty"`
	Ward     string `json:"ward,omitempty"`
	Recycler string `json:"recycler,omitempty"`
}

// Validate checks that role and scope fit together: ward staff and managers
// belong to a facility, drivers and plants to a recycler, coordinators to the
// lab; an auditor may have any one scope.
func (m Membership) Validate() error {
	bad := func(pointer, code, detail string) error {
		return problem.New(problem.Invalid, "membership-invalid", "This membership does not fit together.").With(pointer, code, detail)
	}
	if m.Lab == "" {
		return bad("/lab", "required", "Name the lab.")
	}
	if m.Ward != "" && (m.Facility == "" || m.Role != Ward) {
		return bad("/ward", "not-allowed", "Only ward staff of a facility can belong to a ward.")
	}
	if m.Facility != "" && m.Recycler != "" {
		return bad("/recycler", "not-allowed", "Name a facility or a recycler, not both.")
	}
	switch m.Role {
	case Ward, Manager:
		if m.Facility == "" {
			return bad("/facility", "required", "This role belongs to a facility: name it.")
		}
	case Driver, Plant:
		if m.Recycler == "" {
			return bad("/recycler", "required", "This role belongs to a recycler: name it.")
		}
	case Coordinator:
		if m.Facility != "" || m.Recycler != "" {
			return bad("/role", "not-allowed", "A coordinator belongs to the whole lab.")
		}
	case Auditor:
	default:
		return bad("/role", "unknown", fmt.Sprintf("Use one of %v.", Roles))
	}
	return nil
}

// Caller is who makes a request: a signed-in person, or an enrolled device,
// acting under one membership.
type Caller struct {
	Membership
	User    string // id of the person; empty for a device
	Device  string // id of the device; empty where a person uses an own one
	Session string // id of the sign-in
}

// Actor is the id under which the caller's entries are recorded: the person's,
// or the device's where no person is signed in.
func (c Caller) Actor() string {
	if c.User != "" {
		return c.User
	}
	return c.Device
}

// Organisation is the id of the facility or recycler that the caller speaks
// for, or the lab's.
func (c Caller) Organisation() string {
	switch {
	case c.Facility != "":
		return c.Facility
	case c.Recycler != "":
		return c.Recycler
	}
	return c.Lab
}

// LabWide reports whether the caller's scope is the whole lab.
func (c Caller) LabWide() bool { return c.Facility == "" && c.Recycler == "" }

// SeesFacility reports whether what belongs to the facility is in scope.
func (c Caller) SeesFacility(facility string) bool {
	return c.LabWide() || (c.Facility != "" && c.Facility == facility)
}

// SeesRecycler reports whether what belongs to the recycler is in scope.
func (c Caller) SeesRecycler(recycler string) bool {
	return c.LabWide() || (c.Recycler != "" && c.Recycler == recycler)
}

// SeesBetween reports whether something between a facility and a recycler (a
// pickup, its receipts, its discrepancies) is in scope: either side sees it.
func (c Caller) SeesBetween(facility, recycler string) bool {
	return c.SeesFacility(facility) || c.SeesRecycler(recycler)
}

// May returns nil if the caller's role may do the action, otherwise a
// Forbidden problem.
func (c Caller) May(action Action) error {
	if Allowed(action, c.Role) {
		return nil
	}
	return problem.New(problem.Forbidden, "role-not-allowed",
		"The role %s may not do %s. Ask your coordinator if it should.", c.Role, action)
}
