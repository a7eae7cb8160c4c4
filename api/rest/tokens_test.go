package rest

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
)

// forge makes tokens out of a good one's header and claims, each changed at
// one place and signed with the server's own key where it does not matter.
type forge struct {
	tb      testing.TB
	private ed25519.PrivateKey
	header  fields
	claims  fields
}

func mustForge(tb testing.TB, p *people, good string) *forge {
	tb.Helper()
	f := &forge{tb: tb, private: p.private}
	parts := strings.Split(good, ".")
	for i, into := range []*fields{&f.header, &f.claims} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			tb.Fatal(err)
		}
		if err := json.Unmarshal(b, into); err != nil {
			tb.Fatal(err)
		}
	}
	return f
}

// signed is the token with changes to its header and claims; nil takes a key
// away.
func (f *forge) signed(header, claims fields, sign func([]byte) []byte) string {
	f.tb.Helper()
	var parts []string
	for _, part := range []struct{ good, change fields }{{f.header, header}, {f.claims, claims}} {
		changed := maps.Clone(part.good)
		for k, v := range part.change {
			if changed[k] = v; v == nil {
				delete(changed, k)
			}
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(mustMarshal(f.tb, changed)))
	}
	text := strings.Join(parts, ".")
	return text + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(text)))
}

// own signs with the server's key.
func (f *forge) own(text []byte) []byte { return ed25519.Sign(f.private, text) }

// attacks are the tokens that must be worth nothing.
func (f *forge) attacks(now time.Time) map[string]string {
	public := f.private.Public().(ed25519.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		f.tb.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	mac := func(key []byte) func([]byte) []byte {
		return func(b []byte) []byte {
			m := hmac.New(sha512.New, key)
			m.Write(b)
			return m.Sum(nil)
		}
	}
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.tb.Fatal(err)
	}
	good := f.signed(nil, nil, f.own)
	in := func(d time.Duration) int64 { return now.Add(d).Unix() }
	return map[string]string{
		"alg none":              f.signed(fields{"alg": "none"}, nil, func([]byte) []byte { return nil }),
		"alg None, own key":     f.signed(fields{"alg": "None"}, nil, f.own),
		"HS512, public bytes":   f.signed(fields{"alg": "HS512"}, nil, mac(public)),
		"HS512, public PEM":     f.signed(fields{"alg": "HS512"}, nil, mac(text)),
		"RS256":                 f.signed(fields{"alg": "RS256"}, nil, f.rs256),
		"a stranger's key":      f.signed(nil, nil, func(b []byte) []byte { return ed25519.Sign(stranger, b) }),
		"no signature":          f.signed(nil, nil, func([]byte) []byte { return nil }),
		"no exp":                f.signed(nil, fields{"exp": nil}, f.own),
		"exp is text":           f.signed(nil, fields{"exp": "never"}, f.own),
		"expired":               f.signed(nil, fields{"exp": in(-time.Hour)}, f.own),
		"not yet":               f.signed(nil, fields{"nbf": in(time.Hour)}, f.own),
		"another iss":           f.signed(nil, fields{"iss": "https://evil.example"}, f.own),
		"no iss":                f.signed(nil, fields{"iss": nil}, f.own),
		"another aud":           f.signed(nil, fields{"aud": "finder"}, f.own),
		"no aud":                f.signed(nil, fields{"aud": nil}, f.own),
		"another typ":           f.signed(fields{"typ": "JWT"}, nil, f.own),
		"no typ":                f.signed(fields{"typ": nil}, nil, f.own),
		"kid is a path":         f.signed(fields{"kid": "../../../dev/null"}, nil, f.own),
		"kid is SQL":            f.signed(fields{"kid": "x' UNION SELECT 'k"}, nil, f.own),
		"kid is a list":         f.signed(fields{"kid": []string{"a"}}, nil, f.own),
		"no kid":                f.signed(fields{"kid": nil}, nil, f.own),
		"crit":                  f.signed(fields{"crit": []string{"b64"}, "b64": false}, nil, f.own),
		"jwk in the header":     f.signed(fields{"jwk": fields{"kty": "OKP"}, "kid": nil}, nil, f.own),
		"another lab":           f.signed(nil, fields{"lab": "lab-b"}, f.own),
		"no lab":                f.signed(nil, fields{"lab": nil}, f.own),
		"another person":        f.signed(nil, fields{"sub": "019a3c1e-7f10-7c3a-9f62-0d1e2f3a4b5c"}, f.own),
		"another sign-in":       f.signed(nil, fields{"sid": "019a3c1e-7f10-7c3a-9f62-0d1e2f3a4b5c"}, f.own),
		"claims of another":     strings.Split(good, ".")[0] + "." + strings.Split(f.signed(nil, fields{"sub": "x"}, f.own), ".")[1] + "." + strings.Split(good, ".")[2],
		"last characters":       good[:len(good)-2] + other(good[len(good)-2:], "AA", "BA"),
		"padding":               good + "==",
		"four parts":            good + ".x",
		"only dots":             strings.Repeat(".", 4000),
		"huge":                  good + strings.Repeat("A", 4000-len(good)),
		"not a token":           "rrt_" + strings.Repeat("A", 90),
		"a list":                "W10.W10.W10",
		"another case of EdDSA": f.signed(fields{"alg": "EDDSA"}, nil, f.own),
	}
}

func (f *forge) rs256(text []byte) []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.tb.Fatal(err)
	}
	sum := sha256.Sum256(text)
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		f.tb.Fatal(err)
	}
	return signature
}

func TestForgedTokensAreWorthNothing(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	_, email := p.mustPerson(t, membership(access.Coordinator, ""))
	good := p.mustLogin(t, email).AccessToken
	f := mustForge(t, p, good)
	// If this one were refused, the test would show nothing.
	p.As(f.signed(nil, nil, f.own)).Do(t, get, "/api/v1/me", nil).Want(t, 200)

	want := withoutRequestID(t, p.As("nonsense").Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid"))
	for name, raw := range f.attacks(p.clock.Now()) {
		answer := p.As(raw).Do(t, get, "/api/v1/me", nil)
		if answer.Status != 401 || withoutRequestID(t, answer) != want {
			t.Errorf("%s: got %d %s, want 401 %s", name, answer.Status, answer.Body, want)
		}
		if got := answer.Header.Get("WWW-Authenticate"); got != "Bearer" {
			t.Errorf("%s: got WWW-Authenticate %q, want Bearer and no reason", name, got)
		}
	}
	// What is longer than any token of ours is not looked at.
	p.As(strings.Repeat("A", 5000)).Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-malformed")
	p.As(strings.Repeat("A", 20000)).Do(t, get, "/api/v1/nothing", nil).Want(t, 431)

	for _, place := range [][2]string{{"/api/v1/me?access_token=" + good, ""}, {"/api/v1/me", "Cookie"}, {"/api/v1/me", "X-Access-Token"}} {
		header := []string{}
		if place[1] != "" {
			header = []string{place[1], "token=" + good}
		}
		p.Do(t, get, place[0], nil, header...).WantProblem(t, 401, "token-missing")
	}
	p.clock.advance(16 * time.Minute)
	p.As(good).Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid")
}

// What is taken from somebody is gone with their next request.
func TestRevocationIsVisibleAtOnce(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	coordinator, _ := p.signedIn(t, access.Coordinator, "")
	tagOf := func(id string) string {
		return coordinator.Do(t, get, usersPath+"/"+id, nil).Want(t, 200).Header.Get("ETag")
	}
	change := func(id string, body fields) {
		coordinator.Do(t, patch, usersPath+"/"+id, body, "If-Match", tagOf(id)).Want(t, 200)
	}
	manager, id := p.signedIn(t, access.Manager, "f1")
	manager.Do(t, get, usersPath, nil).Want(t, 200)

	change(id, fields{"memberships": []fields{{"role": "ward", "facility": "f1"}}})
	manager.Do(t, get, usersPath, nil).WantProblem(t, 403, "role-not-allowed")
	change(id, fields{"disabled": true})
	manager.Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid")
	change(id, fields{"disabled": false})
	manager.Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid")

	driver, id := p.signedIn(t, access.Driver, "r1")
	coordinator.Do(t, post, usersPath+"/"+id+"/sessions/revoke", nil).Want(t, 204)
	driver.Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid")

	plant, id := p.signedIn(t, access.Plant, "r1")
	plant.Do(t, post, usersPath+"/"+id+"/sessions/revoke", nil).Want(t, 204) // one's own
	plant.Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid")

	auditor, id := p.signedIn(t, access.Auditor, "")
	coordinator.Do(t, post, usersPath+"/"+id+"/erase", nil, "If-Match", tagOf(id)).Want(t, 204)
	auditor.Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid")

	device, id := p.mustDevice(t, coordinator, "f1")
	device.Do(t, get, "/api/v1/me", nil).Want(t, 200)
	coordinator.Do(t, post, devicesPath+"/"+id+"/revoke", nil).Want(t, 200)
	device.Do(t, get, "/api/v1/me", nil).WantProblem(t, 401, "token-invalid")
}

// other is a, or b if what is there is a already.
func other(there, a, b string) string {
	if there == a {
		return b
	}
	return a
}
