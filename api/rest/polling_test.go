package rest

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/ricircolo/ricircolo/internal/tracking"
)

// hostileTexts are stored as they are and come back as they were sent.
var hostileTexts = []string{
	`<script>alert(1)</script>`, `'; DROP TABLE documents;--`, `{"$gt":""}`, `=1+1`, "riga\nnuova", `\u0041`, "à è ì 😀", "e\u0301",
	strings.Repeat("x", 60), "..", "%00", "NULL", "a|b", "__proto__",
}

func TestHostileTextsComeBackAsSent(t *testing.T) {
	w := mustWorld(t)
	bin, _ := w.mustBin(t, "1")
	manager := w.as("manager", "f1")
	for _, text := range hostileTexts {
		w.mustRecord(t, manager, "bin.update", fields{"bin": bin, "name": text})
		if got := mustGetJSON[binResponse](t, manager, at("/bins/%s", bin)).Name; got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	for _, text := range append(hostileTexts, "f1|open", "f1|", "~", "bin\x7f") {
		escaped := url.PathEscape(text)
		manager.Do(t, get, at("/bins/%s", escaped), nil).Want(t, 404)
		manager.Do(t, get, at("/labels/%s", escaped), nil).Want(t, 404)
		if answer := manager.Do(t, get, at("/bins?facility=%s", url.QueryEscape(text)), nil); answer.Status != 200 && answer.Status != 400 {
			t.Errorf("filter %q: got %d", text, answer.Status)
		}
		if scan := mustGetJSON[scanResponse](t, manager, at("/scan/%s", escaped)); scan.State != tracking.ScanUnknown || scan.Code != "" {
			t.Errorf("scan %q: got %+v", text, scan)
		}
	}
}

func TestQueriesAreChecked(t *testing.T) {
	w := mustWorld(t)
	coordinator := w.as("coordinator", "")
	for _, query := range []string{
		"/bins?colour=red", "/bins?state=broken", "/bins?State=open", "/fills?month=2026-13", "/fills?state=Open", "/pickups?from=yesterday",
		"/bins?limit=0", "/bins?limit=201", "/bins?facility=f1&facility=f2", "/bins?facility=", "/bins?updatedAfter=-1",
		"/entries?after=x", "/scan", "/scan?code=x", "/indicators/summary", "/indicators/summary?from=2026-03&to=2026-02",
		"/indicators/breakdown?from=2026-03&to=2026-03", "/indicators/breakdown?from=2026-03&to=2026-03&by=user", "/months?x=1",
		"/entries?updatedAfter=0", "/bins/x?x=1", "/fills/x?x=1", "/entries/x?x=1", "/scan/x?x=1", "/status?x=1", "/entry-types?x=1",
	} {
		coordinator.Do(t, get, at("%s", query), nil).Want(t, 400)
	}
}

func TestCursors(t *testing.T) {
	w := mustWorld(t)
	for range 3 {
		w.mustBin(t, "1")
	}
	manager := w.as("manager", "f1")
	cursors := map[string]string{}
	for _, path := range []string{"/bins", "/labels", "/entries"} {
		seen := map[string]bool{}
		next, pages := "", 0
		for {
			list := mustGetJSON[ledgerListing[struct {
				ID, Code string
				Entry    struct{ ID string }
			}]](t, manager, at("%s?limit=1", path)+cursorParam(next))
			for _, item := range list.Items {
				seen[item.ID+item.Code+item.Entry.ID] = true
			}
			pages++
			if next = list.Next; next == "" || pages > 100 {
				break
			}
			cursors[path] = next
		}
		if path != "/entries" && len(seen) != 3 {
			t.Errorf("%s: got %d of 3 in %d pages", path, len(seen), pages)
		}
	}
	good := cursors["/bins"]
	bad := []string{cursors["/labels"], good[1:], good + "A", "A", strings.ToUpper(good), encodeCursor("bins changed", position{Value: "1", ID: "x"})}
	for i := range good {
		b := []byte(good)
		b[i] ^= 1
		bad = append(bad, string(b))
	}
	for _, cursor := range bad {
		manager.Do(t, get, at("/bins?cursor=%s", url.QueryEscape(cursor)), nil).Want(t, 400)
	}
	// A forged one with the right checksum leads nowhere else.
	for _, p := range []position{{Value: "f2|open", ID: ""}, {Value: "", ID: ""}, {Value: "f2|open", ID: "x"}, {Value: "\xff", ID: "\x00"}} {
		answer := manager.Do(t, get, at("/bins?cursor=%s", encodeCursor("bins", p)), nil)
		if answer.Status == 200 && strings.Contains(string(answer.Body), `"facility":"f2"`) || answer.Status >= 500 {
			t.Errorf("%+v: got %d %s", p, answer.Status, answer.Body)
		}
	}
}

func cursorParam(cursor string) string {
	if cursor == "" {
		return ""
	}
	return "&cursor=" + url.QueryEscape(cursor)
}

// A client that polls sees every change, whatever is written meanwhile.
func TestPollingSeesEverything(t *testing.T) {
	w := mustWorld(t)
	manager := w.as("manager", "f1")
	const writers, each = 4, 15
	var mu sync.Mutex
	written := map[string]bool{}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				e := w.entry("bin.register", fields{
					"facility": "f1", "ward": "w1", "stream": "s1", "volumeLitres": 120, "tareGrams": 2000, "name": fmt.Sprint(i, " ", j),
				})
				if answer := manager.Do(t, post, "/api/v1/entries", e); answer.Status != 201 {
					t.Errorf("got %d: %s", answer.Status, answer.Body)
				}
				mu.Lock()
				written[e["id"].(string)] = true
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	seen := map[string]bool{}
	after := int64(0)
	for finished := false; ; {
		head := pollOnce(t, w, after, seen)
		if finished {
			break
		}
		after = head
		select {
		case <-done:
			finished = true
		default:
		}
	}
	for id := range written {
		if !seen[id] {
			t.Errorf("bin %s was never seen", id)
		}
	}
}

// pollOnce reads all pages of what changed after an entry, and returns the
// head of the first page.
func pollOnce(t *testing.T, w *world, after int64, seen map[string]bool) (head int64) {
	next := ""
	for page := 0; ; page++ {
		list := mustGetJSON[ledgerListing[binResponse]](t, w.as("manager", "f1"), at("/bins?limit=3&updatedAfter=%d", after)+cursorParam(next))
		for _, b := range list.Items {
			seen[b.ID] = true
		}
		if page == 0 {
			head = int64(list.Head)
		}
		if next = list.Next; next == "" {
			return head
		}
	}
}
