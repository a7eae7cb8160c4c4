package rest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

func TestShutdownAnswersWhatIsInFlight(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s, addr := mustStart(t, testConfig(), []Route{testRoute(get, "/slow", Cheap, func(c *fiber.Ctx) error {
		close(entered)
		<-release
		return c.SendString("done")
	})})
	silent := mustHold(t, addr, "", 3) // must not hold up the shutdown
	type result struct {
		status int
		body   string
	}
	answered := make(chan result, 1)
	go func() {
		response, body := mustGet(t, "http://"+addr+"/slow")
		answered <- result{response.StatusCode, body}
	}()
	<-entered
	stopped := make(chan error, 1)
	start := time.Now()
	go func() { stopped <- s.Shutdown(context.Background()) }()
	if n := countOpen(silent, time.Now().Add(2*time.Second)); n > 0 {
		t.Errorf("%d silent connections are still open", n)
	}
	for {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			break // refused, as it should be
		}
		c.Close()
		if time.Since(start) > 3*time.Second {
			t.Fatal("new connections are still accepted")
		}
	}
	select {
	case err := <-stopped:
		t.Fatalf("shutdown did not wait: %v", err)
	default:
	}
	close(release)
	if got := <-answered; got.status != http.StatusOK || got.body != "done" {
		t.Errorf("got %+v", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// mustServe serves a route until the test shuts the server down itself; served
// then tells how it ended.
func mustServe(t *testing.T, cfg Config, route Route) (s *Server, addr string, served <-chan error) {
	t.Helper()
	s, err := newServer(cfg, Services{Authenticator: testAuthenticator{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.mount([]Route{route}); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	return s, ln.Addr().String(), ended
}

func TestShutdownIsBounded(t *testing.T) {
	cfg := testConfig()
	cfg.Limits.Drain = 300 * time.Millisecond
	entered, left := make(chan struct{}), make(chan error, 1)
	s, addr, served := mustServe(t, cfg, testRoute(get, "/stuck", Cheap, func(c *fiber.Ctx) error {
		close(entered)
		<-c.UserContext().Done()
		left <- c.UserContext().Err()
		return c.UserContext().Err()
	}))
	mustHold(t, addr, "GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n", 1)
	<-entered
	start := time.Now()
	if err := s.Shutdown(context.Background()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the drain limit's end", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("shutdown took %v", took)
	}
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the handler's context ended with %v, want it cancelled", err)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestServeAfterShutdown(t *testing.T) {
	s, err := New(testConfig(), Services{Authenticator: testAuthenticator{}, Identity: struct{ Identity }{}, Tracking: quietTracking{}, Finder: struct{ Finder }{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(ln); err != nil {
		t.Errorf("got %v", err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("the port is still open")
	}
}

func TestReadinessEndsWithDraining(t *testing.T) {
	c := mustClient(t, testConfig())
	c.Do(t, "GET", "/readyz", nil).Want(t, 200)

	cfg := testConfig()
	cfg.Ready = func(context.Context) error { return errors.New("disk full at /secret") }
	answer := mustClient(t, cfg).Do(t, "GET", "/readyz", nil).WantProblem(t, 503, "not-ready")
	if answer.Header.Get("Retry-After") == "" {
		t.Error("Retry-After is missing")
	}

	s, addr := mustStart(t, testConfig(), nil)
	mustGet(t, "http://"+addr+"/readyz") // it serves
	s.draining.Store(true)
	if response, _ := mustGet(t, "http://"+addr+"/readyz"); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %s while draining", response.Status)
	}
}
