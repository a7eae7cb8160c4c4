package identity_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/identity/password"
	"github.com/ricircolo/ricircolo/internal/identity/throttle"
	"github.com/ricircolo/ricircolo/internal/problem"
)

// guess tries a password from an address.
func (k *kit) guess(email, pass string, client netip.Addr) error {
	k.tb.Helper()
	_, err := k.Login(k.tb.Context(), identity.LoginRequest{Email: email, Password: pass, Client: client})
	return err
}

// address is the n-th address of a large network.
func address(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}) }

func TestLogin(t *testing.T) {
	k := newKit(t)
	user := k.person("anna@ward.example", staffOf("hospital"), driverOf("recycler"))
	for _, email := range []string{"anna@ward.example", "Anna@Ward.Example", " anna@ward.example\n"} {
		if got := k.login(email).Caller; got.User != user.ID || got.Membership != staffOf("hospital") {
			t.Errorf("%q: got caller %+v, want %s as ward staff", email, got, user.ID)
		}
	}
	tokens, err := k.Login(t.Context(), identity.LoginRequest{Email: "anna@ward.example", Password: secret, Membership: 1, Client: ward})
	must(t, err)
	if tokens.Caller.Membership != driverOf("recycler") || tokens.TokenType != "Bearer" || tokens.ExpiresIn != identity.AccessLifetime {
		t.Errorf("got %+v, want a driver's bearer token for %v", tokens, identity.AccessLifetime)
	}
	for _, n := range []int{-1, 2} {
		_, err := k.Login(t.Context(), identity.LoginRequest{Email: "anna@ward.example", Password: secret, Membership: n, Client: ward})
		wantProblem(t, err, problem.Invalid, "membership-unknown")
	}
}

// Nobody can find out who has an account: the answer is the same, and so is the
// number of hashes behind it.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	k.person("anna@ward.example", staffOf("hospital"))
	disabled := k.person("disabled@ward.example", staffOf("hospital"))
	_, err := k.UpdateUser(t.Context(), boss, disabled.ID, 1, identity.UserPatch{Disabled: new(true)})
	must(t, err)
	_, err = k.CreateUser(t.Context(), boss, identity.CreateUserRequest{
		Email: "invited@ward.example", Name: "Invited", Memberships: []access.Membership{staffOf("hospital")},
	})
	must(t, err)

	answers := map[string]bool{}
	for i, c := range []struct{ email, pass string }{
		{"anna@ward.example", "wrong password"},
		{"nobody@ward.example", secret},
		{"disabled@ward.example", secret},
		{"invited@ward.example", secret},
		{"invited@ward.example", ""},
		{"", secret},
		{"a\x00b", secret},
		{"\xff\xfe", secret},
	} {
		k.hashes.Store(0)
		err := k.guess(c.email, c.pass, address(i))
		wantProblem(t, err, problem.Unauthenticated, "credentials-invalid")
		answers[err.Error()] = true
		if got := k.hashes.Load(); got != 1 {
			t.Errorf("%q: got %d hashes, want 1", c.email, got)
		}
	}
	if len(answers) != 1 {
		t.Errorf("got answers %v, want one", answers)
	}
	// What is too long for any account is refused for its length alone.
	wantProblem(t, k.guess("anna@ward.example", strings.Repeat("x", 1<<20), ward), problem.Unauthenticated, "credentials-invalid")
	wantProblem(t, k.guess(strings.Repeat("x", 1<<20), secret, ward), problem.Unauthenticated, "credentials-invalid")
}

// One account, a thousand addresses, an hour: at most 20 guesses in a quarter
// of an hour, while its owner and the rest of the ward keep signing in.
func TestGuessingFromManyAddresses(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	k.person("bruno@ward.example", staffOf("hospital"))
	k.login("anna@ward.example")
	for range 4 {
		k.hashes.Store(0)
		for n := range 1000 {
			err := k.guess("anna@ward.example", fmt.Sprint("guess ", n), address(n))
			if p := problem.As(err); p == nil || p.Code == "sign-in-blocked" && p.RetryAfter <= 0 {
				t.Fatalf("guess %d: got %v, want a refusal that says when to try again", n, err)
			}
		}
		if got := k.hashes.Load(); got > throttle.AccountTries {
			t.Errorf("got %d guesses in a quarter of an hour, want at most %d", got, throttle.AccountTries)
		}
		// The right guess is of no use either.
		wantProblem(t, k.guess("anna@ward.example", secret, address(2000)), problem.TooMany, "sign-in-blocked")
		k.login("anna@ward.example")
		k.login("bruno@ward.example")
		k.clock.advance(15 * time.Minute)
	}
}

func TestGuessingFromOneAddress(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	k.hashes.Store(0)
	for n := range 100 {
		if err := k.guess("anna@ward.example", fmt.Sprint("guess ", n), address(1)); err == nil {
			t.Fatal("a guess was right")
		}
	}
	if got := k.hashes.Load(); got != throttle.PairTries {
		t.Errorf("got %d guesses, want %d", got, throttle.PairTries)
	}
	// Accounts that do not exist are counted alike, or counting would tell.
	for n := range 100 {
		if err := k.guess("nobody@ward.example", fmt.Sprint("guess ", n), address(2)); err == nil {
			t.Fatal("a guess was right")
		}
	}
	if got := k.hashes.Load(); got != 2*throttle.PairTries {
		t.Errorf("got %d guesses, want %d", got, 2*throttle.PairTries)
	}
	k.login("anna@ward.example") // from the ward
}

// 200 sign-ins at the same moment: two passwords are hashed at a time, a few
// wait, and the rest is told so before any of them is done.
func TestManySignInsAtOnce(t *testing.T) {
	k := newKit(t)
	const logins, served = 200, 2 + 8 // the slots and the queue
	email := func(n int) string { return fmt.Sprintf("person%d@ward.example", n) }
	for n := range logins {
		k.person(email(n), staffOf("hospital"))
	}
	var hashing, most, busy, ok atomic.Int32
	let := make(chan struct{})
	s := k.another(func(c *identity.Config) {
		c.OnHash = func() {
			most.Store(max(most.Load(), hashing.Add(1)))
			<-let // nobody is done before those who cannot be served were told
			hashing.Add(-1)
		}
	})
	var told, wg sync.WaitGroup
	told.Add(logins - served)
	for n := range logins {
		wg.Go(func() {
			_, err := s.Login(t.Context(), identity.LoginRequest{Email: email(n), Password: secret, Client: address(n)})
			switch p := problem.As(err); {
			case err == nil:
				ok.Add(1)
			case p == nil || p.Code != "sign-in-busy" || p.Kind != problem.TooMany || p.RetryAfter <= 0:
				t.Errorf("got %v, want sign-in-busy with a time to try again", err)
			case busy.Add(1) <= logins-served: // on a slow machine some give up waiting, too
				told.Done()
			}
		})
	}
	told.Wait()
	close(let)
	wg.Wait()
	if got := most.Load(); got > 2 {
		t.Errorf("got %d hashes at once, want 2 at most", got)
	}
	if ok.Load() == 0 || ok.Load()+busy.Load() != logins {
		t.Errorf("got %d signed in and %d told to come back, want %d in all", ok.Load(), busy.Load(), logins)
	}
	// Those who were told have lost no try.
	for n := range 20 {
		tries := 0
		for ; tries < 100; tries++ {
			_, err := s.Login(t.Context(), identity.LoginRequest{Email: email(n), Password: "wrong", Client: address(n)})
			if problem.Is(err, "sign-in-blocked") {
				break
			}
		}
		if tries != throttle.PairTries {
			t.Errorf("person %d: got %d tries, want %d", n, tries, throttle.PairTries)
		}
	}
}

// What happens while a password is being hashed counts.
func TestHashingIsOvertaken(t *testing.T) {
	for name, overtake := range map[string]func(k *kit, boss access.Caller, id string) error{
		"disabled": func(k *kit, boss access.Caller, id string) error {
			_, err := k.UpdateUser(k.tb.Context(), boss, id, 1, identity.UserPatch{Disabled: new(true)})
			return err
		},
		"erased": func(k *kit, boss access.Caller, id string) error { return k.EraseUser(k.tb.Context(), boss, id, 1) },
		"sessions revoked": func(k *kit, boss access.Caller, id string) error {
			return k.RevokeSessions(k.tb.Context(), boss, id)
		},
	} {
		k := newKit(t)
		boss := k.coordinator()
		user := k.person("anna@ward.example", staffOf("hospital"))
		s := k.another(func(c *identity.Config) {
			c.OnHash = func() { must(t, overtake(k, boss, user.ID)) }
		})
		_, err := s.Login(t.Context(), identity.LoginRequest{Email: user.Email, Password: secret, Client: ward})
		if !problem.Is(err, "credentials-invalid") {
			t.Errorf("%s: signing in: got %v, want credentials-invalid", name, err)
		}

		k = newKit(t)
		boss = k.coordinator()
		user = k.person("anna@ward.example", staffOf("hospital"))
		caller := k.login(user.Email).Caller
		hashes := 0
		s = k.another(func(c *identity.Config) {
			c.OnHash = func() {
				if hashes++; hashes == 2 { // that of the new password
					must(t, overtake(k, boss, user.ID))
				}
			}
		})
		err = s.ChangeOwnPassword(t.Context(), caller, identity.ChangePasswordRequest{Current: secret, New: "un'altra frase lunga", Client: ward})
		if !problem.Is(err, "credentials-invalid") {
			t.Errorf("%s: changing the password: got %v, want credentials-invalid", name, err)
		}
	}
}

func TestHashIsRenewedWhenSigningIn(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	stored := func(params string) bool {
		for _, d := range k.dump() {
			if bytes.Contains(d.Body, []byte(params)) {
				return true
			}
		}
		return false
	}
	if !stored("m=8,t=1,p=1") {
		t.Fatal("no hash with the first parameters is stored")
	}
	dearer := k.another(func(c *identity.Config) { c.Argon2 = password.Params{Memory: 16, Passes: 1, Threads: 1} })
	tokens, err := dearer.Login(t.Context(), identity.LoginRequest{Email: "anna@ward.example", Password: secret, Client: ward})
	must(t, err)
	if stored("m=8,t=1,p=1") || !stored("m=16,t=1,p=1") {
		t.Error("the stored hash has the old parameters, want the new")
	}
	must(t, k.Logout(t.Context(), tokens.Caller))
	k.login("anna@ward.example")
}

// A stolen store gives no access: neither passwords, tokens nor codes are in
// it, and hashes of passwords are of no use without the pepper.
func TestStolenStoreOpensNothing(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	first := k.login("coordinator@lab.example")
	last := k.refresh(first.RefreshToken)
	_, device := k.device(boss, "hospital")
	open := k.enrolment(boss, "hospital")
	invited, err := k.CreateUser(t.Context(), boss, identity.CreateUserRequest{
		Email: "anna@ward.example", Name: "Anna", Memberships: []access.Membership{staffOf("hospital")}, IdempotencyKey: "key-1",
	})
	must(t, err)

	secrets := map[string]string{
		"password": secret, "access token": last.AccessToken, "first refresh token": first.RefreshToken,
		"refresh token": last.RefreshToken, "device's refresh token": device.RefreshToken,
		"enrolment code": open.Code.Code, "code as typed": strings.ReplaceAll(open.Code.Code, "-", ""),
		"invitation code": invited.Invitation.Code, "idempotency key": "key-1",
		"pepper": string(k.cfg.Pepper), "secret": string(k.cfg.TokenSecret),
	}
	docs := k.dump()
	found := map[string]bool{}
	for _, d := range docs {
		all := d.ID + string(d.Body)
		for _, key := range d.Keys {
			all += key.Value
		}
		for name, s := range secrets {
			if strings.Contains(all, s) {
				t.Errorf("%s is in the %s %s", name, d.Kind, d.ID)
			}
		}
		found[string(d.Kind)] = true
		if strings.Contains(all, first.Caller.Session) {
			found["control"] = true // the search does find what is there
		}
	}
	for _, want := range []string{"user", "device", "session", "enrolment", "invitation", "idempotency", "control"} {
		if !found[want] {
			t.Errorf("no %s was searched", want)
		}
	}
	// The thief starts a server on the store, but has to make the pepper up.
	thief := k.another(func(c *identity.Config) { c.Pepper = bytes.Repeat([]byte{7}, identity.SecretBytes) })
	_, err = thief.Login(t.Context(), identity.LoginRequest{Email: "coordinator@lab.example", Password: secret, Client: ward})
	wantProblem(t, err, problem.Unauthenticated, "credentials-invalid")
	k.login("coordinator@lab.example") // control
}

func TestChangeOwnPassword(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	user := k.person("anna@ward.example", staffOf("hospital"))
	here, elsewhere := k.login("anna@ward.example"), k.login("anna@ward.example")
	k.accepted(k.Service, elsewhere.AccessToken, elsewhere.Caller)
	change := func(current, next string) error {
		return k.ChangeOwnPassword(t.Context(), here.Caller, identity.ChangePasswordRequest{Current: current, New: next, Client: ward})
	}
	wantProblem(t, change("wrong", "un'altra frase lunga"), problem.Unauthenticated, "credentials-invalid")
	wantProblem(t, change(secret, "short"), problem.Invalid, "password-refused")
	wantProblem(t, change(secret, "anna@ward.example"), problem.Invalid, "password-refused")
	must(t, change(secret, "un'altra frase lunga"))

	k.accepted(k.Service, here.AccessToken, here.Caller)
	k.refresh(here.RefreshToken)
	k.refused(k.Service, elsewhere.AccessToken)
	k.refreshRefused(elsewhere.RefreshToken)
	wantProblem(t, k.guess("anna@ward.example", secret, ward), problem.Unauthenticated, "credentials-invalid")
	must(t, k.guess("anna@ward.example", "un'altra frase lunga", ward))
	if got := k.trail.of(identity.UserChanged, user.ID); len(got) != 1 || got[0].by != here.Caller {
		t.Errorf("got records %+v, want one by the person", got)
	}

	// A stolen session is no place to guess the password from.
	k.hashes.Store(0)
	for range 100 {
		if change("wrong", "ancora un'altra frase") == nil {
			t.Fatal("a wrong password was accepted")
		}
	}
	if got := k.hashes.Load(); got != throttle.PairTries {
		t.Errorf("got %d guesses, want %d", got, throttle.PairTries)
	}
	_, device := k.device(boss, "hospital")
	err := k.ChangeOwnPassword(t.Context(), device.Caller, identity.ChangePasswordRequest{})
	wantProblem(t, err, problem.Forbidden, "device-has-no-password")
}
