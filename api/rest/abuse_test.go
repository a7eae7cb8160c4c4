package rest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// mustHold opens n connections, writes raw on each, and leaves them so until
// the test ends.
func mustHold(tb testing.TB, addr, raw string, n int) []net.Conn {
	tb.Helper()
	conns := make([]net.Conn, n)
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { c.Close() })
		if _, err := io.WriteString(c, raw); err != nil {
			tb.Fatal(err)
		}
		conns[i] = c
	}
	return conns
}

// countOpen says how many of the connections the server has not closed by
// then. Answers are read and dropped.
func countOpen(conns []net.Conn, until time.Time) int {
	open := 0
	for _, c := range conns {
		if c.SetReadDeadline(until) != nil {
			continue
		}
		if _, err := io.Copy(io.Discard, c); err != nil && os.IsTimeout(err) {
			open++
		}
	}
	return open
}

const (
	slowHeader = "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: "
	slowBody   = "POST /sink HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
)

func sink(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusNoContent) }

func TestSlowClientsAreCutOff(t *testing.T) {
	cfg := testConfig()
	cfg.Limits.ReadTimeout = 500 * time.Millisecond
	_, addr := mustStart(t, cfg, nil, func(s *Server) { s.app.Post("/sink", sink) })
	deadline := time.Now().Add(cfg.Limits.ReadTimeout + 2*time.Second)
	conns := append(mustHold(t, addr, slowHeader, 100), mustHold(t, addr, slowBody, 100)...)
	if response, _ := mustGet(t, "http://"+addr+"/healthz"); response.StatusCode != http.StatusOK {
		t.Errorf("got %s meanwhile", response.Status)
	}
	if n := countOpen(conns, deadline); n > 0 {
		t.Errorf("%d of %d slow connections are still open", n, len(conns))
	}
}

// With a time limit that is as good as none the same connections stay.
func TestControlSlowClientsStay(t *testing.T) {
	cfg := testConfig()
	cfg.Limits.ReadTimeout = time.Minute
	cfg.Limits.Drain = time.Second
	_, addr := mustStart(t, cfg, nil, func(s *Server) { s.app.Post("/sink", sink) })
	conns := append(mustHold(t, addr, slowHeader, 20), mustHold(t, addr, slowBody, 20)...)
	if n := countOpen(conns, time.Now().Add(time.Second)); n != len(conns) {
		t.Errorf("%d of %d slow connections are open: the test of the time limit proves nothing", n, len(conns))
	}
	for _, c := range conns {
		c.Close()
	}
}

// residentMB is what the process holds in memory.
func residentMB(tb testing.TB) float64 {
	tb.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		tb.Skipf("SKIP: no /proc: %v", err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		tb.Fatal(err)
	}
	return float64(resident*os.Getpagesize()) / (1 << 20)
}

// mustGrow holds 500 connections that declare a body of that size, and returns
// by how many MB the process grew. Clients and server are one process, so the
// figure is on the safe side.
func mustGrow(t *testing.T, addr, line string, declared int) float64 {
	t.Helper()
	debug.FreeOSMemory()
	before := residentMB(t)
	raw := fmt.Sprintf("%s\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{", line, declared)
	conns := mustHold(t, addr, raw, 500)
	time.Sleep(300 * time.Millisecond) // until the server has read all headers
	grown := residentMB(t) - before
	for _, c := range conns {
		c.Close()
	}
	t.Logf("500 bodies of %d bytes declared: %.0f MB more", declared, grown)
	return grown
}

func TestDeclaredBodiesTakeLittleMemory(t *testing.T) {
	const most = 64 * raceFactor
	l := Config{}.withDefaults().Limits
	routes := []Route{
		testRoute(post, "/sink", Cheap, sink),
		{post, "/batch", SignedIn, Batch, sink},
	}
	_, addr := mustStart(t, testConfig(), routes)
	for _, tt := range []struct {
		name, line string
		declared   int
	}{
		{"largest body", "POST /sink HTTP/1.1", l.Body},
		{"larger body", "POST /sink HTTP/1.1", l.BatchBody},
		{"batch without a token", "POST /batch HTTP/1.1", l.BatchBody},
		{"batch with a bad token", "POST /batch HTTP/1.1\r\nAuthorization: Bearer nonsense", l.BatchBody},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if grown := mustGrow(t, addr, tt.line, tt.declared); grown > most {
				t.Errorf("grew by %.0f MB, want at most %d", grown, most)
			}
		})
	}
	t.Run("batch with a token", func(t *testing.T) {
		// Not open to strangers, so only bounded: 500 times what may be declared.
		if grown, most := mustGrow(t, addr, "POST /batch HTTP/1.1\r\nAuthorization: Bearer role:ward", l.BatchBody), 192.0*raceFactor; grown > most {
			t.Errorf("grew by %.0f MB, want at most %.0f", grown, most)
		}
	})
}

// fasthttp takes memory for whatever is declared; a large limit shows it.
func TestControlLargeBodyLimitTakesMemory(t *testing.T) {
	if raceFactor > 1 {
		t.Skip("the race detector's own memory hides the growth; the plain run has this control")
	}
	_, addr := mustStart(t, testConfig(), []Route{testRoute(post, "/sink", Cheap, sink)},
		func(s *Server) { s.app.Server().MaxRequestBodySize = 1 << 20 })
	if grown := mustGrow(t, addr, "POST /sink HTTP/1.1", 1<<20); grown < 64 {
		t.Errorf("grew by %.0f MB only: the test of the limit proves nothing", grown)
	}
}

func TestBatchRoutesTakeMoreFromCallersWhoSignedIn(t *testing.T) {
	_, addr := mustStart(t, testConfig(), []Route{
		{post, "/batch", SignedIn, Batch, sink},
		{post, "/single", SignedIn, Write, sink},
	})
	for _, tt := range []struct {
		name, path, token string
		size, status      int
	}{
		{"small", "/batch", "role:ward", 1 << 10, 204},
		{"large", "/batch", "role:ward", 256 << 10, 204},
		{"too large", "/batch", "role:ward", 256<<10 + 1, 413},
		{"large with another token", "/batch", "nonsense", 256 << 10, 401},
		{"large without token", "/batch", "", 256 << 10, 401},
		{"large elsewhere", "/single", "role:ward", 256 << 10, 413},
		{"large with a query", "/batch?x=1", "role:ward", 256 << 10, 204},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s chunked=%t", tt.name, chunked), func(t *testing.T) {
				var body io.Reader = strings.NewReader(strings.Repeat(" ", tt.size))
				if chunked {
					body = io.MultiReader(body)
				}
				if chunked && tt.status == http.StatusUnauthorized {
					// fasthttp has forgotten the headers when it gives up on
					// a chunked body.
					tt.status = http.StatusRequestEntityTooLarge
				}
				request, err := http.NewRequestWithContext(t.Context(), post, "http://"+addr+tt.path, body)
				if err != nil {
					t.Fatal(err)
				}
				if tt.token != "" {
					request.Header.Set("Authorization", "Bearer "+tt.token)
				}
				if response, got := mustDo(t, request); response.StatusCode != tt.status {
					t.Errorf("got %s, want %d: %s", response.Status, tt.status, got)
				}
			})
		}
	}
}

func TestConnectionsPerAddress(t *testing.T) {
	cfg := testConfig()
	cfg.Limits.ConnectionsPerAddress = 3
	s, addr := mustStart(t, cfg, nil)
	first := mustHold(t, addr, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 3)
	time.Sleep(50 * time.Millisecond)
	extra, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer extra.Close()
	if n := countOpen([]net.Conn{extra}, time.Now().Add(2*time.Second)); n != 0 {
		t.Error("a connection beyond the cap was accepted")
	}
	first[0].Close()
	deadline := time.Now().Add(2 * time.Second)
	for len(s.listener.Load().openConns()) > 2 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if response, _ := mustGet(t, "http://"+addr+"/healthz"); response.StatusCode != http.StatusOK {
		t.Errorf("got %s after a place became free", response.Status)
	}
}
