package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/identity/token"
	"github.com/ricircolo/ricircolo/internal/problem"
)

func TestCallerComesFromTheStore(t *testing.T) {
	k := newKit(t)
	user := k.person("anna@ward.example", staffOf("hospital"))
	tokens := k.login("anna@ward.example")
	want := access.Caller{Membership: staffOf("hospital"), User: user.ID, Session: tokens.Caller.Session}
	if tokens.Caller != want || tokens.Caller.Session == "" {
		t.Errorf("got caller %+v, want %+v", tokens.Caller, want)
	}
	k.accepted(k.Service, tokens.AccessToken, want)
	k.accepted(k.Service, tokens.AccessToken, want) // now from the caches
}

// forge signs a token for a sign-in with the server's own key.
func (k *kit) forge(caller access.Caller, edit func(*jwt.Token, *token.Claims)) string {
	k.tb.Helper()
	claims := &token.Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: caller.Actor(), ID: "forged",
			IssuedAt: jwt.NewNumericDate(k.clock.now()), ExpiresAt: jwt.NewNumericDate(k.clock.now().Add(time.Minute)),
		},
		Session: caller.Session, Lab: caller.Lab,
	}
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	t.Header["typ"], t.Header["kid"] = "at+jwt", k.cfg.Keys.KeyID()
	if edit != nil {
		edit(t, claims)
	}
	raw, err := t.SignedString(k.private)
	if err != nil {
		k.tb.Fatalf("signing: %v", err)
	}
	return raw
}

// What makes a token itself invalid is the token package's matter; here it must
// lead to the one answer, also for claims that no check of a token can judge.
func TestBadTokensHaveOneAnswer(t *testing.T) {
	k := newKit(t)
	anna := k.signedIn("anna@ward.example", staffOf("hospital"))
	bruno := k.signedIn("bruno@ward.example", staffOf("hospital"))
	k.accepted(k.Service, k.forge(anna, nil), anna) // control: the forger has the key

	answers := map[string]bool{}
	for name, raw := range map[string]string{
		"empty":          "",
		"garbage":        "a.b.c",
		"huge":           strings.Repeat(".", 1<<20),
		"no exp":         k.forge(anna, func(_ *jwt.Token, c *token.Claims) { c.ExpiresAt = nil }),
		"other audience": k.forge(anna, func(_ *jwt.Token, c *token.Claims) { c.Audience = jwt.ClaimStrings{"x"} }),
		"other session":  k.forge(anna, func(_ *jwt.Token, c *token.Claims) { c.Session = bruno.Session }),
		"no session":     k.forge(anna, func(_ *jwt.Token, c *token.Claims) { c.Session = "0190-none" }),
		"odd session":    k.forge(anna, func(_ *jwt.Token, c *token.Claims) { c.Session = "../" + anna.Session }),
		"other subject":  k.forge(anna, func(_ *jwt.Token, c *token.Claims) { c.Subject = bruno.User }),
		"other lab":      k.forge(anna, func(_ *jwt.Token, c *token.Claims) { c.Lab = "other" }),
	} {
		_, err := k.Authenticate(t.Context(), raw)
		p := problem.As(err)
		if p == nil || p.Kind != problem.Unauthenticated {
			t.Errorf("%s: got %v, want %s", name, err, problem.Unauthenticated)
			continue
		}
		answers[p.Code+p.Detail] = true
	}
	if len(answers) != 1 {
		t.Errorf("got answers %v, want one", answers)
	}
}

// Whatever takes a right away is effective at once in the server that did it
// and within 5 s in another one. The other server's cache is warm, which the
// control shows: without the passing of time it still lets the token through.
func TestRevocationIsEffective(t *testing.T) {
	for _, c := range []struct {
		name   string
		revoke func(t *testing.T, k *kit, boss access.Caller, victim access.Caller)
	}{
		{"signed out", func(t *testing.T, k *kit, _, victim access.Caller) {
			must(t, k.Logout(t.Context(), victim))
		}},
		{"sessions revoked", func(t *testing.T, k *kit, boss, victim access.Caller) {
			must(t, k.RevokeSessions(t.Context(), boss, victim.User))
		}},
		{"disabled", func(t *testing.T, k *kit, boss, victim access.Caller) {
			_, err := k.UpdateUser(t.Context(), boss, victim.User, 1, identity.UserPatch{Disabled: new(true)})
			must(t, err)
		}},
		{"erased", func(t *testing.T, k *kit, boss, victim access.Caller) {
			must(t, k.EraseUser(t.Context(), boss, victim.User, 1))
		}},
		{"memberships replaced by others", func(t *testing.T, k *kit, boss, victim access.Caller) {
			ms := []access.Membership{staffOf("clinic"), driverOf("recycler")}
			_, err := k.UpdateUser(t.Context(), boss, victim.User, 1, identity.UserPatch{Memberships: &ms})
			must(t, err)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t)
			boss := k.coordinator()
			k.person("victim@ward.example", staffOf("hospital"))
			tokens := k.login("victim@ward.example")
			other := k.another(nil)
			k.accepted(k.Service, tokens.AccessToken, tokens.Caller)
			k.accepted(other, tokens.AccessToken, tokens.Caller)

			c.revoke(t, k, boss, tokens.Caller)
			k.refused(k.Service, tokens.AccessToken)
			k.accepted(other, tokens.AccessToken, tokens.Caller) // control
			k.clock.advance(5 * time.Second)
			k.refused(other, tokens.AccessToken)

			_, err := k.Refresh(t.Context(), tokens.RefreshToken)
			wantProblem(t, err, problem.Unauthenticated, "refresh-invalid")
		})
	}
}

func TestLostPhoneIsShutOut(t *testing.T) {
	k := newKit(t)
	boss := k.signedIn("manager@hospital.example", managerOf("hospital"))
	device, tokens := k.device(boss, "hospital")
	want := access.Caller{Membership: staffOf("hospital"), Device: device.ID, Session: tokens.Caller.Session}
	other := k.another(nil)
	k.accepted(k.Service, tokens.AccessToken, want)
	k.accepted(other, tokens.AccessToken, want)

	revoked, err := k.RevokeDevice(t.Context(), boss, device.ID)
	must(t, err)
	if revoked.State != identity.DeviceOut || revoked.Version != device.Version+2 {
		t.Errorf("got state %s and version %d, want %s and %d", revoked.State, revoked.Version, identity.DeviceOut, device.Version+2)
	}
	k.refused(k.Service, tokens.AccessToken)
	k.accepted(other, tokens.AccessToken, want) // control: its cache is warm
	k.clock.advance(5 * time.Second)
	k.refused(other, tokens.AccessToken)
	_, err = k.Refresh(t.Context(), tokens.RefreshToken)
	wantProblem(t, err, problem.Unauthenticated, "refresh-invalid")
}

func TestLoweredRoleIsSeenWithTheSameToken(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	user := k.person("manager@hospital.example", managerOf("hospital"))
	tokens := k.login("manager@hospital.example")
	other := k.another(nil)
	k.accepted(k.Service, tokens.AccessToken, tokens.Caller)
	k.accepted(other, tokens.AccessToken, tokens.Caller)

	_, err := k.UpdateUser(t.Context(), boss, user.ID, 1, identity.UserPatch{Memberships: &[]access.Membership{staffOf("hospital")}})
	must(t, err)
	lowered := tokens.Caller
	lowered.Membership = staffOf("hospital")
	k.accepted(k.Service, tokens.AccessToken, lowered)
	k.accepted(other, tokens.AccessToken, tokens.Caller) // control: its cache is warm
	k.clock.advance(5 * time.Second)
	k.accepted(other, tokens.AccessToken, lowered)
	if got := k.refresh(tokens.RefreshToken).Caller; got != lowered {
		t.Errorf("after a refresh: got caller %+v, want %+v", got, lowered)
	}
}

func TestEnabledAgainStartsAfresh(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	user := k.person("anna@ward.example", staffOf("hospital"))
	tokens := k.login("anna@ward.example")
	_, err := k.UpdateUser(t.Context(), boss, user.ID, 1, identity.UserPatch{Disabled: new(true)})
	must(t, err)
	_, err = k.UpdateUser(t.Context(), boss, user.ID, 2, identity.UserPatch{Disabled: new(false)})
	must(t, err)
	k.refused(k.Service, tokens.AccessToken)
	k.login("anna@ward.example")
}

func TestAccessTokenExpires(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	tokens := k.login("anna@ward.example")
	k.accepted(k.Service, tokens.AccessToken, tokens.Caller)
	k.clock.advance(tokens.ExpiresIn + token.Leeway)
	k.refused(k.Service, tokens.AccessToken) // although it was verified before
}

// A clock that is set back must not make what was read last for longer.
func TestClockSetBackDoesNotKeepTheCache(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	tokens := k.login("anna@ward.example")
	other := k.another(nil)
	k.accepted(other, tokens.AccessToken, tokens.Caller)
	must(t, k.Logout(t.Context(), tokens.Caller))
	k.clock.advance(-time.Hour)
	k.refused(other, tokens.AccessToken)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("got error %v, want none", err)
	}
}
