package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
)

// lockedBuffer collects the log of a server.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func loggingConfig() (Config, *lockedBuffer) {
	cfg, log := testConfig(), &lockedBuffer{}
	cfg.Log = slog.New(slog.NewJSONHandler(log, nil))
	return cfg, log
}

func TestPanics(t *testing.T) {
	cfg, log := loggingConfig()
	var nothing *statusResponse
	_, addr := mustStart(t, cfg, []Route{
		testRoute(get, "/panic", Cheap, func(*fiber.Ctx) error { panic("secret") }),
		testRoute(get, "/nil", Read, func(c *fiber.Ctx) error { return respond(c, 200, nothing.Version) }),
		testRoute(get, "/ok", Read, sink),
	})
	for _, path := range []string{"/panic", "/nil", "/nil"} {
		response, body := mustGet(t, "http://"+addr+path)
		id := response.Header.Get("X-Request-Id")
		if response.StatusCode != 500 || mustAnswer(t, body).Code != "internal" || response.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %s %s", path, response.Status, body)
		}
		if strings.Contains(body, "secret") || !strings.Contains(body, id) {
			t.Errorf("%s: got %s, want the request id and no cause", path, body)
		}
		if got := log.String(); !strings.Contains(got, id) || !strings.Contains(got, "chain_test.go") {
			t.Errorf("%s: request id or stack is not in the log: %s", path, got)
		}
	}
	if response, _ := mustGet(t, "http://"+addr+"/ok"); response.StatusCode != 204 {
		t.Errorf("got %s after the panics", response.Status)
	}
}

func TestLogHasNothingThatTheClientSent(t *testing.T) {
	cfg, log := loggingConfig()
	cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	_, addr := mustStart(t, cfg, []Route{
		{get, "/bins/{id}", SignedIn, Read, func(c *fiber.Ctx) error {
			return problem.New(problem.Conflict, "no", "About %s.", c.Params("id"))
		}},
	})
	response, _ := mustGet(t, "http://"+addr+"/bins/"+canary+"?q="+canary, "Authorization", "Bearer role:"+canary,
		"X-Request-Id", canary, "User-Agent", canary, "X-Forwarded-For", "203.0.113.77", "Cookie", canary)
	if id := response.Header.Get("X-Request-Id"); id == canary || len(id) != 36 {
		t.Errorf("got request id %q", id)
	}
	var line struct {
		Method, Route, Request string
		Status                 int
		MS                     *float64
	}
	if err := json.Unmarshal([]byte(log.String()), &line); err != nil {
		t.Fatalf("want one line: %v: %s", err, log)
	}
	if line.Method != "GET" || line.Route != "/bins/{id}" || line.Status != 409 || line.MS == nil || line.Request != response.Header.Get("X-Request-Id") {
		t.Errorf("got %+v", line)
	}
	if got := log.String(); strings.Contains(got, canary) || strings.Contains(got, "203.0.113") {
		t.Errorf("the log repeats the request: %s", got)
	}
}

func TestHeaders(t *testing.T) {
	_, addr := mustStart(t, testConfig(), nil)
	_, broken := mustStart(t, testConfig(), []Route{testRoute(get, "/boom", Cheap, func(*fiber.Ctx) error { panic("boom") })})
	for _, tt := range []struct{ url, cache string }{
		{addr + "/healthz", "no-store"},
		{addr + "/api/v1/status", "no-store"},
		{addr + "/api/v1/docs", "no-cache"},
		{addr + "/nothing", "no-store"},
		{broken + "/boom", "no-store"},
	} {
		response, _ := mustGet(t, "http://"+tt.url, "Origin", "https://evil.example")
		for name, want := range map[string]string{
			"Cache-Control":                tt.cache,
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Content-Security-Policy":      contentPolicy,
			"Permissions-Policy":           "camera=(), geolocation=(), microphone=()",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security":    "max-age=31536000",
			"Access-Control-Allow-Origin":  "",
			"Server":                       "",
			"Set-Cookie":                   "",
		} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s: got %s %q, want %q", tt.url, name, got, want)
			}
		}
		if response.Header.Get("Date") == "" {
			t.Errorf("%s: Date is missing", tt.url)
		}
	}
	if strings.Contains(contentPolicy, "unsafe") {
		t.Error("the content policy lets inline code run")
	}
}

func TestClientAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"no proxy", "203.0.113.1", nil, "203.0.113.1"},
		{"forged by a stranger", "203.0.113.1", []string{"198.51.100.9"}, "203.0.113.1"},
		{"through a proxy", "10.0.0.1", []string{"198.51.100.9"}, "198.51.100.9"},
		{"forged through a proxy", "10.0.0.1", []string{"1.2.3.4, 198.51.100.9"}, "198.51.100.9"},
		{"forged in a line of its own", "10.0.0.1", []string{"1.2.3.4", "198.51.100.9"}, "198.51.100.9"},
		{"forged as a proxy", "10.0.0.1", []string{"10.9.9.9, 198.51.100.9"}, "198.51.100.9"},
		{"two proxies", "10.0.0.1", []string{"1.2.3.4, 198.51.100.9, 10.0.0.2"}, "198.51.100.9"},
		{"proxies only", "10.0.0.1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"no header", "10.0.0.1", nil, "10.0.0.1"},
		{"nonsense", "10.0.0.1", []string{"1.2.3.4, unknown"}, "10.0.0.1"},
		{"nonsense further left", "10.0.0.1", []string{"unknown, 198.51.100.9"}, "198.51.100.9"},
		{"with ports", "10.0.0.1", []string{"198.51.100.9:4711, 10.0.0.2:80"}, "198.51.100.9"},
		{"IPv6", "fd00::1", []string{"2001:db8::9"}, "2001:db8::9"},
		{"IPv6 with port", "fd00::1", []string{"[2001:db8::9]:443"}, "2001:db8::9"},
		{"IPv4 in IPv6", "10.0.0.1", []string{"::ffff:198.51.100.9"}, "198.51.100.9"},
	} {
		var lines [][]byte
		for _, l := range tt.forwarded {
			lines = append(lines, []byte(l))
		}
		if got := clientAddress(netip.MustParseAddr(tt.peer), lines, trusted); got.String() != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// slowRate allows two requests and then, for the length of a test, none.
var slowRate = Rate{PerSecond: 0.01, Burst: 2}

func TestRatePerAddress(t *testing.T) {
	get := func(addr, forwarded string) (int, string) {
		response, _ := mustGet(t, "http://"+addr+"/healthz", "X-Forwarded-For", forwarded)
		return response.StatusCode, response.Header.Get("Retry-After")
	}
	cfg := testConfig()
	cfg.Limits.Address = slowRate
	_, addr := mustStart(t, cfg, nil)
	for i, want := range []int{200, 200, 429, 429} {
		got, after := get(addr, fmt.Sprintf("203.0.113.%d", i)) // no proxy is trusted
		if got != want || (got == 429) != (after != "") {
			t.Errorf("request %d: got %d with Retry-After %q, want %d", i, got, after, want)
		}
	}

	cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	_, addr = mustStart(t, cfg, nil)
	for i, tt := range []struct {
		forwarded string
		want      int
	}{
		{"203.0.113.1", 200}, {"203.0.113.1", 200}, {"203.0.113.1", 429}, {"203.0.113.2", 200},
		{"2001:db8::1", 200}, {"2001:db8::2", 200}, {"2001:db8::3", 429}, {"2001:db8:0:1::1", 200},
	} {
		if got, _ := get(addr, tt.forwarded); got != tt.want {
			t.Errorf("request %d from %s: got %d, want %d", i, tt.forwarded, got, tt.want)
		}
	}
}

func TestRatePerCaller(t *testing.T) {
	cfg := testConfig()
	cfg.Limits.Caller = slowRate
	c := mustClient(t, cfg)
	for range 2 {
		c.As("role:ward").Do(t, "GET", "/api/v1/status", nil).Want(t, 200)
	}
	c.As("role:ward").Do(t, "GET", "/api/v1/status", nil).WantProblem(t, 429, "rate-limited")
	c.As("role:driver").Do(t, "GET", "/api/v1/status", nil).Want(t, 200)
}

func TestBucketsAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBuckets[int](Rate{PerSecond: 1, Burst: 1}, 100, func() time.Time { return now })
	for i := range 100000 {
		b.take(i)
	}
	if b.cache.Len() != 100 {
		t.Errorf("got %d buckets, want 100", b.cache.Len())
	}
	if wait := b.take(99999); wait != time.Second {
		t.Errorf("got a wait of %v, want 1s", wait)
	}
	now = now.Add(time.Second)
	if wait := b.take(99999); wait != 0 {
		t.Errorf("got a wait of %v after it was over", wait)
	}
}

func TestOverloadIsShed(t *testing.T) {
	cfg := testConfig()
	cfg.Limits.Writes, cfg.Limits.Heavy = 2, 1
	entered, release := make(chan struct{}, 8), make(chan struct{})
	wait := func(c *fiber.Ctx) error {
		entered <- struct{}{}
		<-release
		return sink(c)
	}
	_, addr := mustStart(t, cfg, []Route{
		testRoute(get, "/write", Write, wait), testRoute(get, "/heavy", Heavy, wait),
		testRoute(get, "/quick", Write, sink), testRoute(get, "/read", Read, sink), testRoute(get, "/cheap", Cheap, sink),
	})
	var wg sync.WaitGroup
	for _, path := range []string{"/write", "/write", "/heavy"} {
		wg.Go(func() {
			if response, _ := mustGet(t, "http://"+addr+path); response.StatusCode != 204 {
				t.Errorf("%s: got %s", path, response.Status)
			}
		})
	}
	for range 3 {
		<-entered
	}
	waits := map[string]bool{}
	for range 30 {
		response, body := mustGet(t, "http://"+addr+"/quick")
		if response.StatusCode != 503 || mustAnswer(t, body).Code != "overloaded" {
			t.Fatalf("got %s %s", response.Status, body)
		}
		waits[response.Header.Get("Retry-After")] = true
	}
	if len(waits) < 2 || waits[""] {
		t.Errorf("got Retry-After %v, want it spread", waits)
	}
	for path, want := range map[string]int{"/heavy": 503, "/read": 204, "/cheap": 204} {
		if response, _ := mustGet(t, "http://"+addr+path); response.StatusCode != want {
			t.Errorf("%s: got %s, want %d", path, response.Status, want)
		}
	}
	close(release)
	wg.Wait()
	if response, _ := mustGet(t, "http://"+addr+"/quick"); response.StatusCode != 204 {
		t.Errorf("got %s when the places were free again", response.Status)
	}
}

func TestDeadline(t *testing.T) {
	cfg := testConfig()
	cfg.Limits.Deadline, cfg.Limits.HeavyDeadline = 50*time.Millisecond, time.Minute
	left := func(c *fiber.Ctx) error {
		deadline, ok := c.UserContext().Deadline()
		if !ok || time.Until(deadline) > 40*time.Second {
			return c.SendStatus(204)
		}
		<-c.UserContext().Done()
		return fmt.Errorf("reading: %w", c.UserContext().Err())
	}
	_, addr := mustStart(t, cfg, []Route{testRoute(get, "/read", Read, left), testRoute(get, "/heavy", Heavy, left)})
	response, body := mustGet(t, "http://"+addr+"/read")
	if response.StatusCode != 503 || mustAnswer(t, body).Code != "unavailable" || response.Header.Get("Retry-After") == "" {
		t.Errorf("got %s %s", response.Status, body)
	}
	if response, _ := mustGet(t, "http://"+addr+"/heavy"); response.StatusCode != 204 {
		t.Errorf("got %s for the longer deadline", response.Status)
	}
}

func TestMetrics(t *testing.T) {
	cfg := testConfig()
	cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	_, addr := mustStart(t, cfg, nil)
	mustGet(t, "http://"+addr+"/healthz")
	mustGet(t, "http://"+addr+"/"+canary)
	_, body := mustGet(t, "http://"+addr+"/metrics")
	for _, want := range []string{
		`ricircolo_http_requests_total{method="GET",route="/healthz",status="200"} 1`,
		`ricircolo_http_requests_total{method="GET",route="none",status="404"} 1`,
		`ricircolo_http_request_duration_seconds_count{route="/healthz"} 1`,
		"ricircolo_http_requests_in_flight 1", "go_goroutines", "process_resident_memory_bytes",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics have no %s", want)
		}
	}
	if strings.Contains(body, canary) {
		t.Error("metrics repeat the request")
	}
	response, body := mustGet(t, "http://"+addr+"/metrics", "X-Forwarded-For", "203.0.113.1")
	if response.StatusCode != 404 || mustAnswer(t, body).Code != "route-unknown" {
		t.Errorf("got %s from outside", response.Status)
	}
}

func TestAuthorization(t *testing.T) {
	cfg := testConfig()
	_, addr := mustStart(t, cfg, []Route{
		{get, "/any", SignedIn, Cheap, func(c *fiber.Ctx) error { return c.SendString(callerOf(c).Actor()) }},
		{get, "/labels", access.IssueLabels, Cheap, sink},
	})
	for _, tt := range []struct {
		name, path string
		headers    []string
		status     int
		code       string
	}{
		{"none", "/any", nil, 401, "token-missing"},
		{"good", "/any", []string{"Authorization", "Bearer role:ward"}, 200, ""},
		{"lower case", "/any", []string{"Authorization", "bearer role:ward"}, 200, ""},
		{"basic", "/any", []string{"Authorization", "Basic cm9sZQ=="}, 401, "token-malformed"},
		{"empty", "/any", []string{"Authorization", "Bearer "}, 401, "token-malformed"},
		{"huge", "/any", []string{"Authorization", "Bearer " + strings.Repeat("a", 5000)}, 401, "token-malformed"},
		{"in the query", "/any?access_token=role:ward", nil, 401, "token-missing"},
		{"in a cookie", "/any", []string{"Cookie", "token=role:ward"}, 401, "token-missing"},
		{"unknown", "/any", []string{"Authorization", "Bearer x"}, 401, "token-invalid"},
		{"role may not", "/labels", []string{"Authorization", "Bearer role:driver"}, 403, "role-not-allowed"},
		{"role may", "/labels", []string{"Authorization", "Bearer role:manager"}, 204, ""},
	} {
		response, body := mustGet(t, "http://"+addr+tt.path, tt.headers...)
		if response.StatusCode != tt.status || tt.code != "" && mustAnswer(t, body).Code != tt.code {
			t.Errorf("%s: got %s %s, want %d %s", tt.name, response.Status, body, tt.status, tt.code)
		}
		if (response.StatusCode == 401) != (response.Header.Get("WWW-Authenticate") == "Bearer") {
			t.Errorf("%s: got WWW-Authenticate %q", tt.name, response.Header.Get("WWW-Authenticate"))
		}
	}
	request, err := http.NewRequestWithContext(context.Background(), get, "http://"+addr+"/any", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header["Authorization"] = []string{"Bearer role:ward", "Bearer role:manager"}
	if response, _ := mustDo(t, request); response.StatusCode != 401 {
		t.Errorf("two tokens: got %s", response.Status)
	}
}
