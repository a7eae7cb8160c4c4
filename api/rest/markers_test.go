package rest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// marker is what one request says of itself in four places.
type marker struct {
	Path, Query, Header string
	Body                string `json:"body"`
}

// markerStore keeps what handlers were given, as a store would.
type markerStore struct {
	mu   sync.Mutex
	kept []marker
}

func (m *markerStore) keep(c *fiber.Ctx) error {
	body, err := decode[struct {
		Body string `json:"body"`
	}](c)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = append(m.kept, marker{c.Params("id"), c.Query("q"), c.Get("X-Marker"), body.Body})
	return c.SendStatus(fiber.StatusNoContent)
}

// mixed counts the kept markers whose places do not agree, or that came twice.
func (m *markerStore) mixed() int {
	n, seen := 0, map[string]bool{}
	for _, k := range m.kept {
		id := k.Path
		if k != (marker{id, "q" + id, "h" + id, "b" + id}) || seen[id] {
			n++
		}
		seen[id] = true
	}
	return n
}

// mustSendMarkers sends n requests over a few connections each used many times.
func mustSendMarkers(t *testing.T, addr string, n int) {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 50, MaxConnsPerHost: 50}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			id := fmt.Sprintf("BIN-%06d", i)
			body := bytes.NewBufferString(fmt.Sprintf(`{"body":"b%s"}`, id))
			request, err := http.NewRequestWithContext(t.Context(), post, fmt.Sprintf("http://%s/bins/%s?q=q%s", addr, id, id), body)
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("X-Marker", "h"+id)
			response, err := client.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusNoContent {
				t.Errorf("%s: %s, %v", id, response.Status, err)
			}
		})
	}
	wg.Wait()
}

func TestRequestsDoNotMix(t *testing.T) {
	const n = 1000
	var store markerStore
	_, addr := mustStart(t, testConfig(), []Route{testRoute(post, "/bins/{id}", Cheap, store.keep)})
	mustSendMarkers(t, addr, n)
	if len(store.kept) != n || store.mixed() > 0 {
		t.Errorf("kept %d of %d, %d of them mixed up", len(store.kept), n, store.mixed())
	}
}

// Without Immutable the strings that a handler keeps change under it.
func TestControlMutableStringsMix(t *testing.T) {
	var store markerStore
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Post("/bins/:id", store.keep)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(ln) }()
	mustSendMarkers(t, ln.Addr().String(), 1000)
	if err := app.Shutdown(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if store.mixed() == 0 {
		t.Error("nothing was mixed up: the test of Immutable proves nothing")
	}
}
