package rest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// catalogueBodies are good bodies, by path.
var catalogueBodies = map[string]fields{
	facilitiesPath: {"name": "Clinica", "address": "Via Roma 1", "contact": "+39 0535 1"},
	wardsPath:      {"facility": "f1", "name": "Dialisi"},
	recyclersPath:  {"name": "Riciclo"},
	streamsPath: {
		"name": "Film", "nameIt": "Film", "family": "fossil", "eer": "15 01 02", "gramsPerLitre": 25, "colour": "#1b7f5c",
		"polymers": []fields{{"polymer": "PE", "permille": 1000}}, "accepts": []string{"film"}, "refusesIt": []string{"aghi"}, "pictograms": []string{"film", "bag"},
	},
}

func TestCatalogueFlows(t *testing.T) {
	w := mustWorld(t)
	for path, body := range catalogueBodies {
		t.Run(path, func(t *testing.T) {
			checkCatalogueFlow(t, w, path, body)
			w.as("manager", "f1").Do(t, post, path, body).WantProblem(t, 403, "role-not-allowed")
		})
	}
	checkCatalogueFlow(t, w, printersPath, printerBody)
}

// checkCatalogueFlow makes a document, changes it, and tries to do so in the
// wrong way.
func checkCatalogueFlow(t *testing.T, w *world, path string, body fields) {
	t.Helper()
	c := w.as("coordinator", "")
	first := c.Do(t, post, path, body, "Idempotency-Key", "k").Want(t, 201)
	again := c.Do(t, post, path, body, "Idempotency-Key", "k").Want(t, 201)
	if string(first.Body) != string(again.Body) || first.Header.Get("ETag") != again.Header.Get("ETag") {
		t.Errorf("got %s, then %s with the same key", first.Body, again.Body)
	}
	other := maps.Clone(body)
	other["name"] = "Other"
	c.Do(t, post, path, other, "Idempotency-Key", "k").WantProblem(t, 422, "idempotency-key-reused")
	c.Do(t, post, path, body, "Idempotency-Key", strings.Repeat("k", 256)).WantProblem(t, 400, "idempotency-key-invalid")
	w.as("coordinator", "x").Do(t, post, path, other, "Idempotency-Key", "k").Want(t, 201)

	at, tag := first.Header.Get("Location"), first.Header.Get("ETag")
	got := c.Do(t, get, at, nil).Want(t, 200)
	if string(got.Body) != string(first.Body) {
		t.Errorf("got %s, want %s", got.Body, first.Body)
	}
	c.Do(t, get, at, nil, "If-None-Match", tag).Want(t, 304)
	c.Do(t, put, at, other).WantProblem(t, 428, "if-match-missing")
	c.Do(t, put, at, other, "If-Match", `"v0"`).WantProblem(t, 412, "changed-meanwhile")
	fresh := c.Do(t, put, at, other, "If-Match", tag).Want(t, 200).Header.Get("ETag")
	c.Do(t, put, at, body, "If-Match", tag).WantProblem(t, 412, "version-changed")
	c.Do(t, put, at, body, "If-Match", fresh).Want(t, 200)
	c.Do(t, put, path+"/nothing", body, "If-Match", `"v1"`).WantProblem(t, 404, "not-found")
	c.Do(t, put, path+"/nothing", body, "If-Match", `"v0"`).WantProblem(t, 412, "changed-meanwhile")
	c.Do(t, get, path+"/nothing", nil).WantProblem(t, 404, "not-found")
	w.As("lab-b/coordinator/").Do(t, get, at, nil).WantProblem(t, 404, "not-found")
	w.As("lab-b/coordinator/").Do(t, put, at, body, "If-Match", fresh).WantProblem(t, 404, "not-found")
}

func TestCatalogueListings(t *testing.T) {
	w := mustWorld(t)
	c := w.as("coordinator", "")
	for path, body := range catalogueBodies {
		for i := range 4 {
			more := maps.Clone(body)
			more["name"] = fmt.Sprintf("Name %d", i)
			c.Do(t, post, path, more).Want(t, 201)
		}
		all := mustWalk(t, c, path+"?limit=2")
		if len(all) < 5 || len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
			t.Errorf("%s: got %v, want each once", path, all)
		}
		head := mustGetJSON[ledgerListing[struct{}]](t, c, path).Head
		if got := mustWalk(t, c, fmt.Sprintf("%s?updatedAfter=%d", path, head)); len(got) != 0 {
			t.Errorf("%s: got %v after the head, want none", path, got)
		}
		made := c.Do(t, post, path, body).Want(t, 201).Header.Get("Location")
		if got := mustWalk(t, c, fmt.Sprintf("%s?limit=2&updatedAfter=%d", path, head)); len(got) != 1 || path+"/"+got[0] != made {
			t.Errorf("%s: got %v, want only what is new", path, got)
		}
		// A cursor of one order is none of the other.
		next := mustGetJSON[ledgerListing[struct{}]](t, c, path+"?limit=1").Next
		c.Do(t, get, path+"?limit=1&updatedAfter=0&cursor="+next, nil).WantProblem(t, 400, "cursor-invalid")
	}
	if got := mustWalk(t, c, wardsPath+"?facility=f2"); !slices.Equal(got, []string{"w2"}) {
		t.Errorf("got %v, want the ward of f2", got)
	}
	for query, want := range map[string]int{wardsPath: 1, wardsPath + "?facility=f1": 0, facilitiesPath: 1} {
		if got := mustWalk(t, w.as("manager", "f2"), query); len(got) != want {
			t.Errorf("manager of f2: %s: got %v, want %d", query, got, want)
		}
	}
	if got := mustWalk(t, w.as("driver", "r1"), recyclersPath); !slices.Equal(got, []string{"r1"}) {
		t.Errorf("driver of r1 sees %v, want r1 only", got)
	}
}

// mustWalk reads all pages of a listing and returns the ids.
func mustWalk(tb testing.TB, c *resttest.Client, path string) (ids []string) {
	tb.Helper()
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	for next := path; ; {
		list := mustGetJSON[ledgerListing[struct {
			ID string `json:"id"`
		}]](tb, c, next)
		for _, item := range list.Items {
			ids = append(ids, item.ID)
		}
		if list.Next == "" {
			return ids
		}
		next = path + join + "cursor=" + list.Next
	}
}

func TestStreamDensityIsDated(t *testing.T) {
	w := mustWorld(t)
	c := w.as("coordinator", "")
	body := maps.Clone(catalogueBodies[streamsPath])
	first := c.Do(t, post, streamsPath, body).Want(t, 201)
	at := first.Header.Get("Location")
	w.clock.advance(24 * time.Hour)
	body["gramsPerLitre"] = 28
	var got streamResponse
	c.Do(t, put, at, body, "If-Match", first.Header.Get("ETag")).Want(t, 200).JSON(t, &got)
	if len(got.Densities) != 2 || got.Densities[0].GramsPerLitre != 25 || got.Densities[1].GramsPerLitre != 28 ||
		!got.Densities[1].From.Time().Equal(w.clock.Now()) || got.GramsPerLitre != 28 {
		t.Errorf("got %+v, want 25 g/l and from now on 28 g/l", got)
	}
	for _, wrong := range []any{0, -1, 2001, nil} {
		body["gramsPerLitre"] = wrong
		if wrong == nil {
			delete(body, "gramsPerLitre")
		}
		a := mustAnswer(t, string(c.Do(t, post, streamsPath, body).Want(t, 400).Body))
		if len(a.Errors) != 1 || a.Errors[0].Pointer != "/gramsPerLitre" {
			t.Errorf("%v: got %+v, want an error at /gramsPerLitre", wrong, a.Errors)
		}
	}
	body["gramsPerLitre"] = 30
	for key, wrong := range map[string]any{"eer": "15 01 02*", "family": "wood", "colour": "red", "polymers": []fields{{"polymer": "PE", "permille": 999}}, "name": ""} {
		bad := maps.Clone(body)
		bad[key] = wrong
		a := mustAnswer(t, string(c.Do(t, post, streamsPath, bad).Want(t, 400).Body))
		if len(a.Errors) != 1 || a.Errors[0].Pointer != "/"+key {
			t.Errorf("%s: got %+v, want an error at it", key, a.Errors)
		}
	}
}

func TestStreamPictograms(t *testing.T) {
	w := mustWorld(t)
	c := w.as("coordinator", "")
	body := maps.Clone(catalogueBodies[streamsPath])
	var got streamResponse
	body["pictograms"] = []string{"cap", "bottle", "tray", "cup", "box"}
	c.Do(t, post, streamsPath, body).Want(t, 201).JSON(t, &got)
	if !slices.Equal(got.Pictograms, []string{"cap", "bottle", "tray", "cup", "box"}) {
		t.Errorf("got %v, want them in their order", got.Pictograms)
	}
	for _, tt := range []struct {
		given         []string
		pointer, code string
	}{
		{[]string{"bottle", "spoon"}, "/pictograms/1", "unknown"},
		{[]string{"Bottle"}, "/pictograms/0", "unknown"},
		{[]string{""}, "/pictograms/0", "unknown"},
		{[]string{"cap", "cap"}, "/pictograms/1", "repeated"},
		{[]string{"cap", "bottle", "tray", "cup", "box", "bag"}, "/pictograms", "too-many"},
	} {
		body["pictograms"] = tt.given
		a := mustAnswer(t, string(c.Do(t, post, streamsPath, body).Want(t, 400).Body))
		if len(a.Errors) != 1 || a.Errors[0].Pointer != tt.pointer || a.Errors[0].Code != tt.code {
			t.Errorf("%v: got %+v, want %s at %s", tt.given, a.Errors, tt.code, tt.pointer)
		}
	}
}

// The document names the pictograms that labels can show.
func TestDocumentNamesPictograms(t *testing.T) {
	node, _ := mustSpec(t).Resolve(map[string]any{"$ref": "#/components/schemas/Pictograms"}, "")
	var want []any
	for _, p := range print.Pictograms() {
		want = append(want, string(p))
	}
	if got := node["items"].(map[string]any)["enum"].([]any); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := fmt.Sprint(node["maxItems"]); got != fmt.Sprint(print.MaxPictograms) {
		t.Errorf("got at most %s, want %d", got, print.MaxPictograms)
	}
}

func TestWardStaysInItsFacility(t *testing.T) {
	w := mustWorld(t)
	c := w.as("coordinator", "")
	tag := c.Do(t, get, wardsPath+"/w1", nil).Want(t, 200).Header.Get("ETag")
	c.Do(t, put, wardsPath+"/w1", fields{"facility": "f2", "name": "x"}, "If-Match", tag).WantProblem(t, 422, "facility-fixed")
	c.Do(t, post, wardsPath, fields{"facility": "f9", "name": "x"}).WantProblem(t, 422, "reference-unknown")
}
