package rest

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"go.uber.org/goleak"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// tokens that testAuthenticator takes: "role:" and a role.
type testAuthenticator struct{}

func (testAuthenticator) Authenticate(_ context.Context, raw string) (access.Caller, error) {
	role, ok := strings.CutPrefix(raw, "role:")
	if !ok {
		return access.Caller{}, problem.New(problem.Unauthenticated, "token-invalid", "Sign in again.")
	}
	return access.Caller{Membership: access.Membership{Lab: "lab", Role: access.Role(role)}, User: "user-" + role}, nil
}

// quietTracking is a lab in which nothing ever happened.
type quietTracking struct{ Tracking }

func (quietTracking) Status(context.Context, access.Caller) (tracking.StatusAnswer, error) {
	return tracking.StatusAnswer{Lab: "lab", Name: "Laboratorio", HeadHash: strings.Repeat("0", 64)}, nil
}

// testConfig is a valid configuration whose rates are out of the way.
func testConfig() Config {
	unlimited := Rate{PerSecond: 1e6, Burst: 1 << 20}
	return Config{
		BaseURL: "https://ricircolo.example",
		Lab:     "lab-a",
		Ready:   func(context.Context) error { return nil },
		Log:     slog.New(slog.NewTextHandler(io.Discard, nil)),
		Version: "1.2.3",
		Limits: Limits{
			Address: unlimited, Caller: unlimited, ConnectionsPerAddress: 2048, Looks: unlimited,
			Reports: ReportLimits{LabelAddress: unlimited, Address: unlimited, Label: unlimited},
		},
	}
}

// startOption changes a server before it is mounted.
type startOption func(*Server)

// mustStart serves the routes (those of the table if nil) on a port of its own
// until the test ends, and returns the address.
func mustStart(tb testing.TB, cfg Config, routes []Route, options ...startOption) (*Server, string) {
	tb.Helper()
	leaks := goleak.IgnoreCurrent()
	s, err := newServer(cfg, Services{Authenticator: testAuthenticator{}, Tracking: quietTracking{}})
	if err != nil {
		tb.Fatal(err)
	}
	for _, o := range options {
		o(s)
	}
	if routes == nil {
		routes = s.routes()
	}
	if err := s.mount(routes); err != nil {
		tb.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	tb.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			tb.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			tb.Errorf("serve: %v", err)
		}
		// fasthttp keeps one goroutine for the Date header for ever, and its
		// pool's cleaner for up to 10 s. Idle workers belong to other servers
		// of the test.
		goleak.VerifyNone(tb, leaks, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
			goleak.IgnoreTopFunction("github.com/valyala/fasthttp.(*workerPool).workerFunc"))
	})
	return s, ln.Addr().String()
}

func mustSpec(tb testing.TB) *resttest.Spec {
	tb.Helper()
	document, err := OpenAPI()
	if err != nil {
		tb.Fatal(err)
	}
	return resttest.Load(tb, document)
}

// mustClient starts a server with the real routes and returns a client of it.
func mustClient(tb testing.TB, cfg Config) *resttest.Client {
	tb.Helper()
	_, addr := mustStart(tb, cfg, nil)
	return resttest.NewClient(tb, "http://"+addr, mustSpec(tb))
}

// testRoute is a public route that is not in the table.
func testRoute(method, path string, class Class, h fiber.Handler) Route {
	return Route{method, path, Public, class, h}
}

// mustGet reads an address that the OpenAPI document does not have.
func mustGet(tb testing.TB, url string, header ...string) (*http.Response, string) {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return mustDo(tb, request)
}

// mustDo sends a request on a connection of its own.
func mustDo(tb testing.TB, request *http.Request) (*http.Response, string) {
	tb.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return response, string(body)
}

// mustAnswer reads a problem.
func mustAnswer(tb testing.TB, body string) answer {
	tb.Helper()
	var a answer
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		tb.Fatalf("not a problem: %v: %s", err, body)
	}
	return a
}
