package rest

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
)

// What people are and may do is in the ledger as ids; names, addresses and
// secrets are neither there nor in the log.
func TestTrailOfAccess(t *testing.T) {
	log := &lockedBuffer{}
	p := mustPeople(t, peopleOptions{
		config:   func(c *Config) { c.Log = slog.New(slog.NewJSONHandler(log, nil)) },
		identity: func(c *identity.Config) { c.Log = slog.New(slog.NewJSONHandler(log, nil)) },
	})
	_, email := p.mustPerson(t, membership(access.Coordinator, ""))
	tokens := p.mustLogin(t, email)
	coordinator := p.As(tokens.AccessToken)
	var anna createdUserResponse
	coordinator.Do(t, post, usersPath, fields{
		"email": "anna@example.org", "name": "Anna Verdi", "memberships": []fields{{"role": "ward", "facility": "f1"}},
	}).Want(t, 201).JSON(t, &anna)
	e := p.mustEnrol(t, coordinator, "f1")
	p.Do(t, post, "/api/v1/auth/devices/redeem", fields{"code": e.Code}).Want(t, 200)
	coordinator.Do(t, post, devicesPath+"/"+e.ID+"/revoke", nil).Want(t, 200)
	p.Do(t, post, "/api/v1/auth/refresh", fields{"refreshToken": tokens.RefreshToken}).Want(t, 200)
	p.guess(t, email, "")

	trail := string(coordinator.Do(t, get, "/api/v1/entries?limit=200", nil).Want(t, 200).Body)
	for _, want := range []string{"access.user-created", "access.device-enrolled", "access.device-redeemed", "access.device-revoked", anna.ID, e.ID} {
		if !strings.Contains(trail, want) {
			t.Errorf("ledger has no %s: %s", want, trail)
		}
	}
	for name, text := range map[string]string{"ledger": trail, "log": log.String()} {
		for _, never := range []string{"anna@", "Anna", email, secret, "wrong", tokens.AccessToken, tokens.RefreshToken, e.Code, anna.Invitation.Code} {
			if strings.Contains(text, never) {
				t.Errorf("%s has %q", name, never)
			}
		}
	}
	if !strings.Contains(log.String(), "/api/v1/auth/login") {
		t.Errorf("log has no sign-in: %s", log.String())
	}
}
