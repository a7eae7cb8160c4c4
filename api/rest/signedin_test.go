package rest

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
)

// cookieOf is the one cookie that an answer sets, or nil.
func cookieOf(tb testing.TB, header http.Header) *http.Cookie {
	tb.Helper()
	cookies := (&http.Response{Header: header}).Cookies()
	if len(cookies) > 1 {
		tb.Errorf("got %d cookies, want one at most", len(cookies))
	}
	if len(cookies) == 0 {
		return nil
	}
	return cookies[0]
}

// ways are all ways to sign in, with the answer of each.
func (p *people) ways(t *testing.T) map[string]http.Header {
	t.Helper()
	_, email := p.mustPerson(t, membership(access.Coordinator, ""))
	answer := p.Do(t, post, "/api/v1/auth/login", fields{"email": email, "password": secret}).Want(t, 200)
	var got tokensResponse
	answer.JSON(t, &got)
	ways := map[string]http.Header{"login": answer.Header}
	ways["refresh"] = p.Do(t, post, "/api/v1/auth/refresh", fields{"refreshToken": got.RefreshToken}).Want(t, 200).Header
	enrolment := p.mustEnrol(t, p.As(got.AccessToken), "f1")
	ways["redeem"] = p.Do(t, post, "/api/v1/auth/devices/redeem", fields{"code": enrolment.Code}).Want(t, 200).Header
	ways["logout"] = p.As(got.AccessToken).Do(t, post, "/api/v1/auth/logout", nil).Want(t, 204).Header
	return ways
}

func TestSignInLeavesACookieForTheApp(t *testing.T) {
	p := mustPeople(t, peopleOptions{config: func(c *Config) { c.AppURL = "/app" }})
	ways := p.ways(t)
	for name, least := range map[string]time.Duration{"login": 13 * 24 * time.Hour, "refresh": 13 * 24 * time.Hour, "redeem": 179 * 24 * time.Hour} {
		c := cookieOf(t, ways[name])
		if c == nil || c.Name != "__Host-ricircolo-signed-in" || c.Value != "1" || c.Path != "/" || c.Domain != "" || !c.HttpOnly || !c.Secure ||
			c.SameSite != http.SameSiteLaxMode || c.MaxAge < int(least.Seconds()) {
			t.Errorf("%s: got %v, want a cookie that says nothing but that", name, c)
		}
	}
	if c := cookieOf(t, ways["logout"]); c == nil || c.Name != "__Host-ricircolo-signed-in" || c.Value != "" || c.MaxAge > 0 || !c.Expires.Before(time.Now()) || !c.Secure {
		t.Errorf("logout: got %v, want the cookie taken away", c)
	}
	p.Do(t, post, "/api/v1/auth/login", fields{"email": "nobody@example.org", "password": secret}).Want(t, 401)
	if c := cookieOf(t, p.Do(t, post, "/api/v1/auth/refresh", fields{"refreshToken": "rrt_none"}).Want(t, 401).Header); c != nil {
		t.Errorf("who is refused gets %v", c)
	}
	// It opens nothing.
	p.Do(t, get, "/api/v1/me", nil, "Cookie", "__Host-ricircolo-signed-in=1").WantProblem(t, 401, "token-missing")
}

func TestTheCookieOverHTTP(t *testing.T) {
	p := mustPeople(t, peopleOptions{config: func(c *Config) { c.AppURL, c.BaseURL = "/app", "http://127.0.0.1:8080" }})
	if c := cookieOf(t, p.ways(t)["login"]); c == nil || c.Name != "ricircolo-signed-in" || c.Secure {
		t.Errorf("got %v, want one that a browser takes over http", c)
	}
}

func TestWithoutAnAppThereIsNoCookie(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	for name, header := range p.ways(t) {
		if c := cookieOf(t, header); c != nil {
			t.Errorf("%s: got %v", name, c)
		}
	}
}

func TestLabelsLeadOnToTheApp(t *testing.T) {
	const name = "__Host-ricircolo-signed-in"
	for _, tt := range []struct {
		name, app, path string
		headers         []string
		status          int
		leads           string
	}{
		{"signed in", "/app", "/b/7k4m-9qxp-2rtbw", []string{"Cookie", name + "=1"}, 303, "/app/b/7K4M9QXP2RTBW"},
		{"as printed", "https://app.example/x", "/B/7K4M9QXP2RTBW", []string{"Cookie", "a=b; " + name + "=1"}, 303, "https://app.example/x/b/7K4M9QXP2RTBW"},
		{"as a GS1 link", "/app", "/8003/" + assetPrefix + unissued, []string{"Cookie", name + "=1"}, 303, "/app/b/7K4M9QXP2RTBW"},
		{"not signed in", "/app", "/b/" + unissued, nil, 404, ""},
		{"signed out", "/app", "/b/" + unissued, []string{"Cookie", name + "="}, 404, ""},
		{"another cookie", "/app", "/b/" + unissued, []string{"Cookie", "ricircolo-signed-in=1"}, 404, ""},
		{"a program", "/app", "/b/" + unissued, []string{"Cookie", name + "=1", "Accept", "application/json"}, 404, ""},
		{"a mistyped code", "/app", "/b/" + unissued + "X", []string{"Cookie", name + "=1"}, 404, ""},
		{"without an app", "", "/b/" + unissued, []string{"Cookie", name + "=1"}, 404, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := mustWorld(t, func(c *Config) { c.AppURL = tt.app })
			response, _ := visit(t, w.Base, get, tt.path, "", slices.Concat(asPage, tt.headers)...)
			if got := response.Header.Get("Location"); response.StatusCode != tt.status || got != tt.leads {
				t.Errorf("got %s to %q, want %d to %q", response.Status, got, tt.status, tt.leads)
			}
			if got := response.Header.Get("Vary"); got != "Accept, Accept-Language, Cookie" {
				t.Errorf("got Vary %q", got)
			}
		})
	}
}
