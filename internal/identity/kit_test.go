package identity_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/identity/password"
	"github.com/ricircolo/ricircolo/internal/identity/token"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	issuer   = "https://ricircolo.example"
	audience = "ricircolo"
	lab      = "mirandola"
	secret   = "quattro cavalli al galoppo" // everybody's password
)

// ward is where people sign in from.
var ward = netip.MustParseAddr("192.0.2.10")

// kit is an identity service over a store of its own, with everything around it
// in the test's hands.
type kit struct {
	*identity.Service
	tb      testing.TB
	cfg     identity.Config
	clock   *clock
	trail   *trail
	places  *places
	private ed25519.PrivateKey // the key that signs
	hashes  atomic.Int32       // computed so far
}

func newKit(tb testing.TB) *kit {
	tb.Helper()
	st, err := sqlite.Open(tb.Context(), sqlite.Options{Dir: tb.TempDir()})
	if err != nil {
		tb.Fatalf("opening the store: %v", err)
	}
	tb.Cleanup(func() {
		if err := st.Close(); err != nil {
			tb.Errorf("closing the store: %v", err)
		}
	})
	text, err := token.Generate()
	if err != nil {
		tb.Fatalf("generating a key: %v", err)
	}
	block, _ := pem.Decode(text)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		tb.Fatalf("reading the key: %v", err)
	}
	keys, err := token.ParseKeys(text)
	if err != nil {
		tb.Fatalf("parsing the key: %v", err)
	}
	k := &kit{tb: tb, clock: newClock(), trail: &trail{}, places: &places{}, private: private.(ed25519.PrivateKey)}
	k.cfg = identity.Config{
		Store: st, Auditor: k.trail, Directory: k.places, Keys: keys, Issuer: issuer, Audience: audience,
		Pepper:      bytes.Repeat([]byte{1}, identity.SecretBytes),
		TokenSecret: bytes.Repeat([]byte{2}, identity.SecretBytes),
		Now:         k.clock.now,
		Argon2:      password.Params{Memory: 8, Passes: 1, Threads: 1},
		OnHash:      func() { k.hashes.Add(1) },
	}
	k.Service = k.another(nil)
	return k
}

// another is a second server process on the same store.
func (k *kit) another(edit func(*identity.Config)) *identity.Service {
	k.tb.Helper()
	cfg := k.cfg
	if edit != nil {
		edit(&cfg)
	}
	s, err := identity.New(cfg)
	if err != nil {
		k.tb.Fatalf("making the service: %v", err)
	}
	return s
}

// person makes somebody with a role from the command line.
func (k *kit) person(email string, ms ...access.Membership) identity.User {
	k.tb.Helper()
	created, err := k.CreateFromConsole(k.tb.Context(), identity.CreateUserRequest{
		Lab: lab, Email: email, Name: "Name of " + email, Memberships: ms, Password: secret,
	})
	if err != nil {
		k.tb.Fatalf("creating %s: %v", email, err)
	}
	return created.User
}

func (k *kit) login(email string) identity.Tokens {
	k.tb.Helper()
	tokens, err := k.Login(k.tb.Context(), identity.LoginRequest{Email: email, Password: secret, Client: ward})
	if err != nil {
		k.tb.Fatalf("signing %s in: %v", email, err)
	}
	return tokens
}

// signedIn makes somebody with a role and signs them in.
func (k *kit) signedIn(email string, m access.Membership) access.Caller {
	k.tb.Helper()
	k.person(email, m)
	return k.login(email).Caller
}

func (k *kit) coordinator() access.Caller {
	k.tb.Helper()
	return k.signedIn("coordinator@lab.example", coordinatorOf())
}

// device enrols a shared phone and returns it with its tokens.
func (k *kit) device(caller access.Caller, facility string) (identity.Device, identity.Tokens) {
	k.tb.Helper()
	e := k.enrolment(caller, facility)
	tokens, err := k.Redeem(k.tb.Context(), e.Code.Code, ward)
	if err != nil {
		k.tb.Fatalf("redeeming: %v", err)
	}
	return e.Device, tokens
}

func (k *kit) enrolment(caller access.Caller, facility string) identity.Enrolment {
	k.tb.Helper()
	e, err := k.CreateEnrolment(k.tb.Context(), caller, identity.EnrolmentRequest{Name: "phone", Facility: facility})
	if err != nil {
		k.tb.Fatalf("enrolling: %v", err)
	}
	return e
}

func (k *kit) refresh(raw string) identity.Tokens {
	k.tb.Helper()
	tokens, err := k.Refresh(k.tb.Context(), raw)
	if err != nil {
		k.tb.Fatalf("refreshing: %v", err)
	}
	return tokens
}

// accepted checks that a token is that of the caller.
func (k *kit) accepted(s *identity.Service, raw string, want access.Caller) {
	k.tb.Helper()
	got, err := s.Authenticate(k.tb.Context(), raw)
	if err != nil || got != want {
		k.tb.Errorf("authenticating: got %+v and error %v, want %+v", got, err, want)
	}
}

// refused checks that a token is not accepted.
func (k *kit) refused(s *identity.Service, raw string) {
	k.tb.Helper()
	got, err := s.Authenticate(k.tb.Context(), raw)
	wantProblem(k.tb, err, problem.Unauthenticated, "token-invalid")
	if got != (access.Caller{}) {
		k.tb.Errorf("got caller %+v with the error, want none", got)
	}
}

func wantProblem(tb testing.TB, err error, kind problem.Kind, code string) {
	tb.Helper()
	if p := problem.As(err); p == nil || p.Kind != kind || p.Code != code {
		tb.Errorf("got error %v, want %s %s", err, kind, code)
	}
}

// dump returns everything that the store holds.
func (k *kit) dump() []store.Document {
	k.tb.Helper()
	var all []store.Document
	err := k.cfg.Store.View(k.tb.Context(), identity.Partition, func(r store.Reader) error {
		all = nil
		var after store.Ref
		for {
			docs, err := r.Documents(after, 100)
			if err != nil || len(docs) == 0 {
				return err
			}
			all = append(all, docs...)
			after = store.Ref{Kind: docs[len(docs)-1].Kind, ID: docs[len(docs)-1].ID}
		}
	})
	if err != nil {
		k.tb.Fatalf("reading the store: %v", err)
	}
	return all
}

// clock is set by hand.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// record is what the trail was told.
type record struct {
	identity.AccessEntry
	by access.Caller
}

// trail is an Auditor that keeps its promise about repeated ids, and fails when
// it is told to.
type trail struct {
	mu      sync.Mutex
	records []record
	calls   int
	fail    error
}

func (t *trail) RecordAccess(ctx context.Context, caller access.Caller, e identity.AccessEntry) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls++
	if t.fail != nil {
		return t.fail
	}
	if !slices.ContainsFunc(t.records, func(r record) bool { return r.ID == e.ID }) {
		t.records = append(t.records, record{e, caller})
	}
	return ctx.Err()
}

func (t *trail) failWith(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail = err
}

// of returns the records about a subject of a type.
func (t *trail) of(typ identity.AccessType, subject string) []record {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.records), func(r record) bool { return r.Type != typ || r.Subject != subject })
}

var errPlaceUnknown = errors.New("unknown place")

// places is a Directory of a lab with two facilities and a recycler.
type places struct{}

func (*places) CheckMembership(_ context.Context, m access.Membership) error {
	known := m.Facility == "" || m.Facility == "hospital" || m.Facility == "clinic"
	known = known && (m.Ward == "" || m.Ward == "cardiology") && (m.Recycler == "" || m.Recycler == "recycler")
	if !known || m.Lab != lab && m.Lab != "other" {
		return problem.New(problem.Unprocessable, "place-unknown", "No such place.").Because(errPlaceUnknown)
	}
	return nil
}

func coordinatorOf() access.Membership {
	return access.Membership{Lab: lab, Role: access.Coordinator}
}

func managerOf(facility string) access.Membership {
	return access.Membership{Lab: lab, Role: access.Manager, Facility: facility}
}

func staffOf(facility string) access.Membership {
	return access.Membership{Lab: lab, Role: access.Ward, Facility: facility}
}

func driverOf(recycler string) access.Membership {
	return access.Membership{Lab: lab, Role: access.Driver, Recycler: recycler}
}

func auditorOf(facility string) access.Membership {
	return access.Membership{Lab: lab, Role: access.Auditor, Facility: facility}
}
