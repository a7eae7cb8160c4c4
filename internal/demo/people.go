package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
)

// SignIn is an account of the demo.
type SignIn struct {
	Role         access.Role
	Email        string
	Password     string
	Organisation string // the name of the facility, the recycler or the lab
}

// signUp makes one account for each role. It comes last: the ids of accounts
// are random, and what is recorded about them must not come between the
// entries that are the same in every run.
func signUp(ctx context.Context, opts Options) ([]SignIn, error) {
	password := opts.Password
	if password == "" {
		password = strings.ToLower(rand.Text()[:16])
	}
	facility, recycler := facilities()[0], recyclers()[0]
	var signIns []SignIn
	for _, role := range access.Roles {
		m := access.Membership{Lab: Lab, Role: role}
		organisation := LabName
		switch role {
		case access.Ward:
			m.Facility, m.Ward, organisation = facility.ID, firstWard, facility.Name
		case access.Manager:
			m.Facility, organisation = facility.ID, facility.Name
		case access.Driver, access.Plant:
			m.Recycler, organisation = recycler.ID, recycler.Name
		}
		s := SignIn{role, string(role) + "@demo.ricircolo.example", password, organisation}
		_, err := opts.Identity.CreateFromConsole(ctx, identity.CreateUserRequest{
			Lab: Lab, Email: s.Email, Name: "Demo: " + string(role), Memberships: []access.Membership{m}, Password: password,
		})
		if err != nil {
			return nil, fmt.Errorf("signing the demo's %s up: %w", role, err)
		}
		signIns = append(signIns, s)
	}
	return signIns, nil
}
