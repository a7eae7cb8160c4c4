package rest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/identity/token"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	secret     = "quattro cavalli al galoppo" // everybody's password
	testIssuer = "https://ricircolo.example"
)

// accessTrail puts the changes of access into the labs' ledgers.
type accessTrail struct{ domain *tracking.Service }

func (t accessTrail) RecordAccess(ctx context.Context, caller access.Caller, e identity.AccessEntry) error {
	return t.domain.RecordAccess(ctx, caller, tracking.AccessChange{ID: e.ID, Type: string(e.Type), Subject: e.Subject, Memberships: e.Memberships})
}

// people is a world whose callers are people and phones that sign in.
type people struct {
	*world
	identity *identity.Service
	keys     *token.Keys
	private  ed25519.PrivateKey // the key that signs
	made     int
}

// peopleOptions changes what a server of people is made of.
type peopleOptions struct {
	config        func(*Config)
	identity      func(*identity.Config)
	authenticator func(Authenticator) Authenticator
	start         []startOption // after the services are there
}

func mustPeople(tb testing.TB, o peopleOptions) *people {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), sqlite.Options{Dir: tb.TempDir(), Scratch: true, MaxView: time.Minute, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	w := &world{lab: "lab-a", clock: &worldClock{now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}}
	w.domain = tracking.New(s, w.clock.Now)
	for _, lab := range []string{"lab-a", "lab-b"} {
		w.mustCatalogue(tb, lab)
	}
	w.mustInbox(tb, s)
	p := &people{world: w}
	p.mustKeys(tb)
	ids := identity.Config{
		Store: s, Auditor: accessTrail{w.domain}, Directory: w.domain, Keys: p.keys, Issuer: testIssuer, Audience: "ricircolo",
		Pepper:      bytes.Repeat([]byte{1}, identity.SecretBytes),
		TokenSecret: bytes.Repeat([]byte{2}, identity.SecretBytes),
		Now:         w.clock.Now,
	}
	ids.Argon2.Memory, ids.Argon2.Passes, ids.Argon2.Threads = 8, 1, 1
	if o.identity != nil {
		o.identity(&ids)
	}
	if p.identity, err = identity.New(ids); err != nil {
		tb.Fatal(err)
	}
	cfg := testConfig()
	cfg.Now = w.clock.Now
	if o.config != nil {
		o.config(&cfg)
	}
	authenticator := Authenticator(p.identity)
	if o.authenticator != nil {
		authenticator = o.authenticator(authenticator)
	}
	start := append([]startOption{func(s *Server) {
		s.services = Services{Authenticator: authenticator, Identity: p.identity, Tracking: w.domain, Finder: w.finder}
	}}, o.start...)
	server, addr := mustStart(tb, cfg, nil, start...)
	w.server, w.Client = server, resttest.NewClient(tb, "http://"+addr, mustSpec(tb))
	return p
}

// mustKeys makes a signing key, of which the test keeps the private part as an
// attacker would love to have it.
func (p *people) mustKeys(tb testing.TB) {
	tb.Helper()
	text, err := token.Generate()
	if err != nil {
		tb.Fatal(err)
	}
	if p.keys, err = token.ParseKeys(text); err != nil {
		tb.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		tb.Fatal(err)
	}
	p.private = key.(ed25519.PrivateKey)
}

// membership is that of a role in lab-a, at a facility or recycler such as
// "f1" or "r1", or in the whole lab.
func membership(role access.Role, of string) access.Membership {
	m := access.Membership{Lab: "lab-a", Role: role}
	switch {
	case of != "" && of[0] == 'f':
		m.Facility = of
	case of != "" && of[0] == 'r':
		m.Recycler = of
	}
	return m
}

// mustPerson makes somebody from the command line and returns the id and the
// e-mail address.
func (p *people) mustPerson(tb testing.TB, ms ...access.Membership) (id, email string) {
	tb.Helper()
	p.made++
	email = fmt.Sprintf("person-%d@example.org", p.made)
	created, err := p.identity.CreateFromConsole(tb.Context(), identity.CreateUserRequest{
		Lab: ms[0].Lab, Email: email, Name: "Person", Memberships: ms, Password: secret,
	})
	if err != nil {
		tb.Fatalf("creating a person: %v", err)
	}
	return created.User.ID, email
}

// mustLogin signs somebody in over HTTP.
func (p *people) mustLogin(tb testing.TB, email string) (got tokensResponse) {
	tb.Helper()
	p.Do(tb, post, "/api/v1/auth/login", fields{"email": email, "password": secret}).Want(tb, 200).JSON(tb, &got)
	return got
}

// signedIn makes somebody with a role and returns their client and id.
func (p *people) signedIn(tb testing.TB, role access.Role, of string) (*resttest.Client, string) {
	tb.Helper()
	id, email := p.mustPerson(tb, membership(role, of))
	return p.As(p.mustLogin(tb, email).AccessToken), id
}

// mustEnrol prepares a shared phone.
func (p *people) mustEnrol(tb testing.TB, by *resttest.Client, facility string) (e enrolmentResponse) {
	tb.Helper()
	by.Do(tb, post, devicesPath, fields{"name": "Telefono", "facility": facility}).Want(tb, 201).JSON(tb, &e)
	return e
}

// mustDevice enrols a shared phone and returns its client and id.
func (p *people) mustDevice(tb testing.TB, by *resttest.Client, facility string) (*resttest.Client, string) {
	tb.Helper()
	e := p.mustEnrol(tb, by, facility)
	var got tokensResponse
	p.Do(tb, post, "/api/v1/auth/devices/redeem", fields{"code": e.Code}).Want(tb, 200).JSON(tb, &got)
	return p.As(got.AccessToken), e.ID
}
