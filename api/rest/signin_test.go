package rest

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
)

func TestLifeOfASignIn(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	id, email := p.mustPerson(t, membership(access.Manager, "f1"), membership(access.Ward, "f2"))

	answer := p.Do(t, post, "/api/v1/auth/login", fields{"email": strings.ToUpper(email), "password": secret, "membership": 1}).Want(t, 200)
	if got := answer.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("got Cache-Control %q, want no-store", got)
	}
	var first, second tokensResponse
	answer.JSON(t, &first)
	if c := first.Caller; c.User != id || c.Role != access.Ward || c.Facility != "f2" || first.ExpiresIn != 900 {
		t.Errorf("got %+v, want the second membership for 900 s", first)
	}

	var me meResponse
	p.As(first.AccessToken).Do(t, get, "/api/v1/me", nil).Want(t, 200).JSON(t, &me)
	if me.Caller != first.Caller || me.User == nil || me.User.Email != email || len(me.User.Memberships) != 2 || me.Device != nil {
		t.Errorf("got %+v, want the caller with both memberships", me)
	}
	for _, a := range me.Actions {
		if !access.Allowed(a, access.Ward) {
			t.Errorf("action %s is not the role's", a)
		}
	}

	refresh := func(token string) resttest.Answer {
		return p.Do(t, post, "/api/v1/auth/refresh", fields{"refreshToken": token})
	}
	refresh(first.RefreshToken).Want(t, 200).JSON(t, &second)
	if second.RefreshToken == first.RefreshToken {
		t.Error("refresh token was not rotated")
	}
	// A lost reply is given again; later the same token means two holders.
	var again tokensResponse
	refresh(first.RefreshToken).Want(t, 200).JSON(t, &again)
	if again.RefreshToken != second.RefreshToken {
		t.Error("a lost reply was answered with another refresh token")
	}
	p.clock.advance(identity.RefreshGrace + time.Second)
	refresh(first.RefreshToken).WantProblem(t, 401, "refresh-invalid")
	refresh(second.RefreshToken).WantProblem(t, 401, "refresh-invalid")
	p.As(second.AccessToken).Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid")

	third := p.mustLogin(t, email)
	c := p.As(third.AccessToken)
	c.Do(t, post, "/api/v1/auth/logout", nil).Want(t, 204)
	c.Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid")
	c.Do(t, post, "/api/v1/auth/logout", nil).WantProblem(t, 401, "token-invalid")
	refresh(third.RefreshToken).WantProblem(t, 401, "refresh-invalid")
}

func TestLoginTellsNothing(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	_, email := p.mustPerson(t, membership(access.Coordinator, ""))
	var bodies []string
	for _, body := range []fields{
		{"email": email, "password": "wrong"},
		{"email": "nobody@example.org", "password": secret},
		{"email": "", "password": ""},
		{"email": "a\u202e@example.org", "password": secret},
		{"email": "' OR 1=1 --", "password": secret},
		{"email": strings.Repeat("x", 3000), "password": secret},
		{"email": "other@example.org", "password": strings.Repeat("x", 5000)},
	} {
		answer := p.Do(t, post, "/api/v1/auth/login", body).WantProblem(t, 401, "credentials-invalid")
		bodies = append(bodies, withoutRequestID(t, answer))
	}
	for _, b := range bodies {
		if b != bodies[0] {
			t.Errorf("got %s, want the same as %s", b, bodies[0])
		}
	}
	p.Do(t, post, "/api/v1/auth/login", fields{"email": email, "password": secret, "membership": 7}).WantProblem(t, 400, "membership-unknown")
	p.Do(t, post, "/api/v1/auth/login", fields{"email": email, "password": secret, "membership": "1"}).WantProblem(t, 400, "body-invalid")
	p.Do(t, post, "/api/v1/auth/login", []byte(`{"email":"a\u0000","password":"x"}`)).WantProblem(t, 400, "body-invalid")
}

// withoutRequestID is the body of a problem without what differs each time.
func withoutRequestID(tb testing.TB, a resttest.Answer) string {
	tb.Helper()
	return strings.ReplaceAll(string(a.Body), mustAnswer(tb, string(a.Body)).RequestID, "")
}

// With the clock standing still, 30 phones that all lost the first reply get
// the same pair.
func TestParallelRefreshes(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	_, email := p.mustPerson(t, membership(access.Ward, "f1"))
	first := p.mustLogin(t, email)
	got := make([]tokensResponse, 30)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			p.Do(t, post, "/api/v1/auth/refresh", fields{"refreshToken": first.RefreshToken}).JSON(t, &got[i])
		})
	}
	wg.Wait()
	for _, g := range got {
		if g.RefreshToken == "" || g.RefreshToken != got[0].RefreshToken {
			t.Errorf("got %q, want %q for all", g.RefreshToken, got[0].RefreshToken)
		}
	}
}

func TestInvitation(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	coordinator, _ := p.signedIn(t, access.Coordinator, "")
	var made createdUserResponse
	coordinator.Do(t, post, usersPath, fields{
		"email": "anna@example.org", "name": "Anna Verdi", "memberships": []fields{{"role": "ward", "facility": "f1", "ward": "w1"}},
	}).Want(t, 201).JSON(t, &made)
	if made.Invitation == nil || !made.Invited {
		t.Fatalf("got %+v, want an invitation", made)
	}
	accept := func(code, password string) resttest.Answer {
		return p.Do(t, post, "/api/v1/auth/invitations/accept", fields{"code": code, "password": password})
	}
	accept(made.Invitation.Code, "short").WantProblem(t, 400, "password-refused")
	accept("00000-00000-00000-00000-000000", secret).WantProblem(t, 401, "code-invalid")

	var second codeResponse
	coordinator.Do(t, post, usersPath+"/"+made.ID+"/invite", nil).Want(t, 200).JSON(t, &second)
	accept(made.Invitation.Code, secret).WantProblem(t, 401, "code-invalid")

	var tokens tokensResponse
	accept(strings.ToLower(strings.ReplaceAll(second.Code, "-", "")), secret).Want(t, 200).JSON(t, &tokens)
	if tokens.Caller.User != made.ID || tokens.Caller.Ward != "w1" {
		t.Errorf("got caller %+v, want Anna in w1", tokens.Caller)
	}
	accept(second.Code, secret).WantProblem(t, 401, "code-invalid")
	p.As(tokens.AccessToken).Do(t, get, "/api/v1/me", nil).Want(t, 200)

	coordinator.Do(t, post, usersPath+"/"+made.ID+"/invite", nil).Want(t, 200).JSON(t, &second)
	p.clock.advance(identity.InvitationLife)
	accept(second.Code, secret).WantProblem(t, 401, "code-invalid")
}

func TestOwnPassword(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	_, email := p.mustPerson(t, membership(access.Ward, "f1"))
	phone, tablet := p.mustLogin(t, email), p.mustLogin(t, email)
	change := func(current, fresh string) resttest.Answer {
		return p.As(phone.AccessToken).Do(t, post, "/api/v1/me/password", fields{"current": current, "new": fresh})
	}
	const fresh = "cinque tartarughe in gara"
	change("wrong", fresh).WantProblem(t, 401, "credentials-invalid")
	change(secret, "password").WantProblem(t, 400, "password-refused")
	change(secret, fresh).Want(t, 204)
	p.As(phone.AccessToken).Do(t, get, "/api/v1/me", nil).Want(t, 200)
	p.As(tablet.AccessToken).Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid")
	p.Do(t, post, "/api/v1/auth/login", fields{"email": email, "password": secret}).WantProblem(t, 401, "credentials-invalid")
	p.Do(t, post, "/api/v1/auth/login", fields{"email": email, "password": fresh}).Want(t, 200)

	coordinator, _ := p.signedIn(t, access.Coordinator, "")
	device, _ := p.mustDevice(t, coordinator, "f1")
	device.Do(t, post, "/api/v1/me/password", fields{"current": secret, "new": fresh}).WantProblem(t, 403, "device-has-no-password")
}

func TestKeySet(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	for _, path := range []string{"/api/v1/auth/jwks.json", "/.well-known/jwks.json"} {
		answer := p.Do(t, get, path, nil).Want(t, 200)
		if !strings.Contains(string(answer.Body), p.keys.KeyID()) || strings.Contains(string(answer.Body), `"d"`) {
			t.Errorf("%s: got %s, want the public key only", path, answer.Body)
		}
		p.Do(t, get, path, nil, "If-None-Match", answer.Header.Get("ETag")).Want(t, 304)
	}
}

// guess tries a wrong password and returns the answer.
func (p *people) guess(tb testing.TB, email, forwarded string) resttest.Answer {
	tb.Helper()
	return p.Do(tb, post, "/api/v1/auth/login", fields{"email": email, "password": "wrong"}, "X-Forwarded-For", forwarded)
}

func TestForgedAddressesDoNotHelpGuessing(t *testing.T) {
	for _, tt := range []struct {
		name      string
		trusted   []netip.Prefix
		forwarded string // what each guess says, with a number in it
		tries     int
	}{
		{"no proxy is trusted", nil, "10.1.%d.%d", 5},
		{"made up in front of what the proxy says", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "10.1.%d.%d, 203.0.113.9", 5},
		{"really from everywhere", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "203.0.%d.%d", 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := mustPeople(t, peopleOptions{config: func(c *Config) { c.TrustedProxies = tt.trusted }})
			_, email := p.mustPerson(t, membership(access.Coordinator, ""))
			_, colleague := p.mustPerson(t, membership(access.Ward, "f1"))
			for i := range 1000 {
				answer := p.guess(t, email, fmt.Sprintf(tt.forwarded, i/200, 1+i%200))
				if i < tt.tries {
					answer.WantProblem(t, 401, "credentials-invalid")
					continue
				}
				if answer.WantProblem(t, 429, "sign-in-blocked").Header.Get("Retry-After") == "" {
					t.Fatal("no Retry-After")
				}
			}
			p.mustLogin(t, colleague)
		})
	}
}

func TestForgedAddressesDoNotHelpGuessingCodes(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	for i := range 30 {
		answer := p.Do(t, post, "/api/v1/auth/devices/redeem", fields{"code": fmt.Sprintf("00000-00000-00000-00000-%06d", i)},
			"X-Forwarded-For", fmt.Sprintf("10.0.0.%d", i))
		if i < 10 {
			answer.WantProblem(t, 401, "code-invalid")
		} else {
			answer.WantProblem(t, 429, "code-blocked")
		}
	}
}

// While two passwords are being hashed, of 200 more only those that find a
// place in the queue wait, and not for long; and nobody else notices.
func TestParallelLoginsAreShed(t *testing.T) {
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	defer open()
	var closed atomic.Bool
	p := mustPeople(t, peopleOptions{
		config: func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} },
		identity: func(c *identity.Config) {
			c.OnHash = func() {
				if closed.Load() {
					<-gate
				}
			}
		},
	})
	coordinator, _ := p.signedIn(t, access.Coordinator, "")
	closed.Store(true)

	var (
		mu       sync.Mutex
		statuses = map[int]int{}
		slowest  time.Duration
		wg       sync.WaitGroup
		shed     = make(chan struct{}, 200)
	)
	for i := range 200 {
		wg.Go(func() {
			start := time.Now()
			answer := p.guess(t, fmt.Sprintf("nobody-%d@example.org", i), fmt.Sprintf("203.0.113.%d", i))
			mu.Lock()
			defer mu.Unlock()
			statuses[answer.Status]++
			if answer.Status == http.StatusTooManyRequests {
				slowest = max(slowest, time.Since(start))
				if answer.Header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
				shed <- struct{}{}
			}
		})
	}
	for range 198 {
		select {
		case <-shed:
		case <-time.After(20 * time.Second):
			t.Fatalf("too few were sent away: %v", statuses)
		}
	}
	start := time.Now()
	coordinator.Do(t, get, facilitiesPath, nil).Want(t, 200)
	t.Logf("slowest refusal after %v; a read meanwhile took %v", slowest, time.Since(start))
	open()
	wg.Wait()
	if statuses[401] != 2 || statuses[429] != 198 {
		t.Errorf("got %v, want 2 hashed and 198 sent away", statuses)
	}
	if slowest > 5*time.Second {
		t.Errorf("slowest refusal took %v", slowest)
	}
}

func TestDeviceEnrolment(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	coordinator, _ := p.signedIn(t, access.Coordinator, "")
	var e, again enrolmentResponse
	body := fields{"name": "Telefono dialisi", "facility": "f1", "ward": "w1"}
	coordinator.Do(t, post, devicesPath, body, "Idempotency-Key", "k1").Want(t, 201).JSON(t, &e)
	coordinator.Do(t, post, devicesPath, body, "Idempotency-Key", "k1").Want(t, 201).JSON(t, &again)
	if again.ID != e.ID || again.Code != e.Code {
		t.Errorf("got %s %s for a repeated request, want %s %s", again.ID, again.Code, e.ID, e.Code)
	}
	coordinator.Do(t, post, devicesPath, fields{"name": "x", "facility": "f1"}, "Idempotency-Key", "k1").WantProblem(t, 422, "idempotency-key-reused")
	if want := testIssuer + "/e#" + e.Code; e.QRPayload != want || !strings.HasPrefix(string(e.QRPNG), "\x89PNG") {
		t.Errorf("got payload %q and image %.8q, want %q and a PNG", e.QRPayload, e.QRPNG, want)
	}
	if e.State != identity.DevicePending || e.Ward != "w1" {
		t.Errorf("got %+v, want a pending phone in w1", e)
	}

	redeem := func(code string) resttest.Answer {
		return p.Do(t, post, "/api/v1/auth/devices/redeem", fields{"code": code})
	}
	var tokens tokensResponse
	redeem(e.Code).Want(t, 200).JSON(t, &tokens)
	redeem(e.Code).WantProblem(t, 401, "code-invalid")
	if c := tokens.Caller; c.Device != e.ID || c.User != "" || c.Role != access.Ward || c.Ward != "w1" {
		t.Errorf("got caller %+v, want the phone", c)
	}
	var me meResponse
	device := p.As(tokens.AccessToken)
	device.Do(t, get, "/api/v1/me", nil).Want(t, 200).JSON(t, &me)
	if me.Device == nil || me.Device.State != identity.DeviceActive || me.User != nil {
		t.Errorf("got %+v, want the active phone", me)
	}

	// The code is in no later answer.
	for _, path := range []string{devicesPath, devicesPath + "/" + e.ID} {
		if got := coordinator.Do(t, get, path, nil).Want(t, 200); strings.Contains(string(got.Body), e.Code) {
			t.Errorf("%s shows the code", path)
		}
	}

	coordinator.Do(t, post, devicesPath+"/"+e.ID+"/revoke", nil).Want(t, 200)
	device.Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid")
	p.Do(t, post, "/api/v1/auth/refresh", fields{"refreshToken": tokens.RefreshToken}).WantProblem(t, 401, "refresh-invalid")
	coordinator.Do(t, post, devicesPath+"/"+e.ID+"/revoke", nil).Want(t, 200)

	late, void := p.mustEnrol(t, coordinator, "f1"), p.mustEnrol(t, coordinator, "f1")
	coordinator.Do(t, post, devicesPath+"/"+void.ID+"/revoke", nil).Want(t, 200)
	redeem(void.Code).WantProblem(t, 401, "code-invalid")
	p.clock.advance(identity.EnrolmentLife)
	redeem(late.Code).WantProblem(t, 401, "code-invalid")

	coordinator.Do(t, post, devicesPath, fields{"name": "x", "facility": "nowhere"}).WantProblem(t, 422, "reference-unknown")
	coordinator.Do(t, post, devicesPath, fields{"name": "x", "facility": "f1", "ward": "w2"}).WantProblem(t, 422, "reference-unknown")
}
