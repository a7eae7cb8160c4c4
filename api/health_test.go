//go:build unix

package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	server := mustServe(t, t.TempDir())
	address := strings.TrimPrefix(server.url, "http://")
	if printed := mustProgram(t, "health", "--listen", address); printed != "ready\n" {
		t.Errorf("a server that is ready: got %q", printed)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	mustProgram(t, "health", "--listen", ":"+port)
	server.mustStop(t)
	if printed, code := program(t, "health", "--listen", address); code != 1 || !strings.Contains(printed, "not ready") {
		t.Errorf("a server that has ended: got code %d and %q", code, printed)
	}
}

// A server that runs and is not ready, or hangs, is not healthy.
func TestHealthOfAServerThatIsNotReady(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		answer http.HandlerFunc
		says   string
	}{
		{"refuses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "503"},
		{"hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "deadline"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			paths := make(chan string, 1)
			fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				paths <- r.URL.Path
				row.answer(w, r)
			}))
			defer fake.Close()
			began := time.Now()
			err := healthCommand{Listen: strings.TrimPrefix(fake.URL, "http://")}.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %q", err, row.says)
			}
			if took := time.Since(began); took > 2*healthTimeout {
				t.Errorf("it took %v", took)
			}
			if path := <-paths; path != "/readyz" {
				t.Errorf("it asked %s", path)
			}
		})
	}
}

func TestHealthFindsTheServer(t *testing.T) {
	for listen, want := range map[string]string{
		":8080": "127.0.0.1:8080", "0.0.0.0:80": "127.0.0.1:80", "[::]:80": "[::1]:80", "127.0.0.1:8080": "127.0.0.1:8080",
		"192.0.2.1:8080": "192.0.2.1:8080", "localhost:1": "localhost:1",
	} {
		if got, err := reachable(listen); got != want || err != nil {
			t.Errorf("%s: got %q and %v, want %q", listen, got, err, want)
		}
	}
	if _, err := reachable("8080"); err == nil {
		t.Error("a port alone was taken")
	}
}
