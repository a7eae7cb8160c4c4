package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// worldClock is the time of a world: that of the server and of all phones.
type worldClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *worldClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *worldClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// worldAuthenticator knows tokens such as "lab-a/manager/f1": lab, role, and
// the facility or recycler.
type worldAuthenticator struct{}

func (worldAuthenticator) Authenticate(_ context.Context, raw string) (access.Caller, error) {
	parts := strings.Split(raw, "/")
	if len(parts) != 3 {
		return access.Caller{}, problem.New(problem.Unauthenticated, "token-invalid", "Sign in again.")
	}
	c := access.Caller{Membership: access.Membership{Lab: parts[0], Role: access.Role(parts[1])}, User: "user-" + parts[1] + "-" + parts[2]}
	if parts[1] == "device" { // a ward's shared phone
		c.Role, c.User, c.Device = access.Ward, "", "device-"+parts[2]
	}
	switch {
	case strings.HasPrefix(parts[2], "f"):
		c.Facility = parts[2]
	case strings.HasPrefix(parts[2], "r"):
		c.Recycler = parts[2]
	}
	return c, nil
}

// world is a server with the domain behind it: lab-a with the facilities f1
// and f2 (wards w1 and w2) and the recyclers r1 and r2, and lab-b with the
// same ids, one stream each.
type world struct {
	*resttest.Client
	lab    string // whose tokens as gives
	domain *tracking.Service
	clock  *worldClock
	server *Server
	store  store.Store
	finder *finder.Service
}

func mustWorld(tb testing.TB, options ...func(*Config)) *world {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), sqlite.Options{Dir: tb.TempDir(), Scratch: true, MaxView: time.Minute, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	w := &world{lab: "lab-a", clock: &worldClock{now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}}
	w.domain = tracking.New(s, w.clock.Now)
	w.mustInbox(tb, s)
	for _, lab := range []string{"lab-a", "lab-b"} {
		w.mustCatalogue(tb, lab)
	}
	cfg := testConfig()
	cfg.Now = w.clock.Now
	for _, o := range options {
		o(&cfg)
	}
	server, addr := mustStart(tb, cfg, nil, func(s *Server) {
		s.services.Authenticator, s.services.Tracking, s.services.Finder = worldAuthenticator{}, w.domain, w.finder
	})
	w.server, w.Client = server, resttest.NewClient(tb, "http://"+addr, mustSpec(tb))
	return w
}

// mustInbox puts the inbox of the finders on the world's store.
func (w *world) mustInbox(tb testing.TB, s store.Store) {
	tb.Helper()
	w.store = s
	var err error
	if w.finder, err = finder.New(finder.Config{Store: s, Labels: w.domain, Now: w.clock.Now}); err != nil {
		tb.Fatal(err)
	}
}

// numbersOf are what the facilities, wards and recyclers of a lab are called
// by: f1, w1 and r1. Those of lab-c are in no other lab.
var numbersOf = map[string][]string{"lab-a": {"1", "2"}, "lab-b": {"1", "2"}, "lab-c": {"c1"}}

// streamOf is the one stream of a lab.
func streamOf(lab string) string {
	if lab == "lab-c" {
		return "sc1"
	}
	return "s1"
}

func (w *world) mustCatalogue(tb testing.TB, lab string) {
	tb.Helper()
	ctx, c := tb.Context(), access.Caller{Membership: access.Membership{Lab: lab, Role: access.Coordinator}, User: "coordinator"}
	var errs []error
	must := func(err error) { errs = append(errs, err) }
	must(w.domain.CreateLab(ctx, lab, "Laboratorio "+lab))
	for _, n := range numbersOf[lab] {
		_, err := w.domain.PutFacility(ctx, c, tracking.Write{}, tracking.Facility{ID: "f" + n, Name: "Ospedale " + n})
		must(err)
		_, err = w.domain.PutWard(ctx, c, tracking.Write{}, tracking.Ward{ID: "w" + n, Facility: "f" + n, Name: "Reparto " + n})
		must(err)
		_, err = w.domain.PutRecycler(ctx, c, tracking.Write{}, tracking.Recycler{ID: "r" + n, Name: "Riciclatore " + n})
		must(err)
	}
	_, err := w.domain.PutStream(ctx, c, tracking.Write{}, tracking.Stream{
		ID: streamOf(lab), Name: "Bottles", NameIT: "Flaconi", Family: "fossil", EER: "15 01 02", Colour: "#1b7f5c",
		Polymers: []tracking.PolymerShare{{Polymer: "PP", Permille: 1000}},
		Accepts:  []string{"bottles"}, AcceptsIT: []string{"flaconi"}, Refuses: []string{"sharps"}, RefusesIT: []string{"taglienti"},
		Densities: []tracking.DatedDensity{{GramsPerLitre: 30}},
	})
	must(err)
	for _, err := range errs {
		if err != nil {
			tb.Fatalf("making %s: %v", lab, err)
		}
	}
}

// as is the client with the token of a role, such as as("manager", "f1").
func (w *world) as(role, of string) *resttest.Client { return w.As(w.lab + "/" + role + "/" + of) }

// in is the same world as people of another lab see it.
func (w *world) in(lab string) *world {
	other := *w
	other.lab = lab
	return &other
}

// fields is a JSON object in a test.
type fields = map[string]any

// entryID is a new id that sorts by the world's clock.
func (w *world) entryID() string { return uuid.Must(uuid.NewV7()).String() }

// entry is a submission of now.
func (w *world) entry(typ string, body fields) fields {
	return fields{"id": w.entryID(), "type": typ, "occurredAt": w.clock.Now().Format(time.RFC3339Nano), "body": body}
}

// mustRecord records an entry that must be applied, moves the clock on by a
// second, and returns the entry's id.
func (w *world) mustRecord(tb testing.TB, c *resttest.Client, typ string, body fields) string {
	tb.Helper()
	e := w.entry(typ, body)
	var got resultResponse
	answer := c.Do(tb, post, "/api/v1/entries", e).Want(tb, 201)
	answer.JSON(tb, &got)
	if got.Status != tracking.ResultApplied && got.Status != tracking.ResultWarning {
		tb.Fatalf("%s: got %s, want applied: %s", typ, got.Status, answer.Body)
	}
	if want := "/api/v1/entries/" + e["id"].(string); answer.Header.Get("Location") != want {
		tb.Errorf("%s: got Location %q, want %q", typ, answer.Header.Get("Location"), want)
	}
	w.clock.advance(time.Second)
	return got.ID
}

// mustGetJSON reads a resource.
func mustGetJSON[T any](tb testing.TB, c *resttest.Client, path string) (v T) {
	tb.Helper()
	c.Do(tb, get, path, nil).Want(tb, 200).JSON(tb, &v)
	return v
}

// mustBin registers a bin with a new label at a facility.
func (w *world) mustBin(tb testing.TB, n string) (bin, label string) {
	tb.Helper()
	var batch batchResponse
	manager := w.as("manager", "f"+n)
	manager.Do(tb, post, "/api/v1/labels", fields{"facility": "f" + n, "count": 1}).Want(tb, 201).JSON(tb, &batch)
	bin = w.mustRecord(tb, manager, "bin.register", fields{
		"facility": "f" + n, "ward": "w" + n, "stream": streamOf(w.lab), "volumeLitres": 120, "tareGrams": 2000,
		"name": "Contenitore " + n, "label": batch.Codes[0],
	})
	return bin, batch.Codes[0]
}

var sorted = fields{"notHazardous": true, "notContaminated": true, "notIsolation": true}

// chain is the life of a fill between a facility and a recycler, with the ids
// of all that came of it.
type chain struct {
	bin, label, batch, fill, open, pickup, scan, receipt, treatment, discrepancy, review string
}

// mustChain lives through the life of a fill between f{n} and r{m}: it is
// received short, so that there is a discrepancy, and one entry too many ends
// in the inbox.
func (w *world) mustChain(tb testing.TB, n, m string) (x chain) {
	tb.Helper()
	ward, driver, plant, coordinator := w.as("ward", "f"+n), w.as("driver", "r"+m), w.as("plant", "r"+m), w.as("coordinator", "")
	x.bin, x.label = w.mustBin(tb, n)
	x.batch = mustGetJSON[labelResponse](tb, coordinator, "/api/v1/labels/"+x.label).Batch
	x.fill = mustGetJSON[binResponse](tb, ward, "/api/v1/bins/"+x.bin).Fill.ID
	x.open = w.mustRecord(tb, ward, "fill.open", fields{"label": x.label})
	w.clock.advance(time.Hour)
	w.mustRecord(tb, ward, "fill.close", fields{"label": x.label, "measurement": fields{"grossGrams": 12000}, "sorting": sorted})
	x.pickup = w.mustRecord(tb, coordinator, "pickup.plan", fields{
		"facility": "f" + n, "recycler": "r" + m, "plannedFor": "2026-03-02", "bins": []string{x.bin},
	})
	x.scan = w.mustRecord(tb, driver, "pickup.scan", fields{"pickup": x.pickup, "bin": x.bin})
	w.mustRecord(tb, driver, "pickup.handover", fields{
		"pickup": x.pickup, "document": "FIR-1", "plate": "AB123CD", "legs": []fields{{"kilometres": 42, "vehicle": "rigid-lorry"}},
	})
	w.mustRecord(tb, ward, "pickup.countersign", fields{"pickup": x.pickup})
	w.clock.advance(time.Hour)
	x.receipt = w.mustRecord(tb, plant, "receipt.record", fields{
		"pickup": x.pickup, "stream": streamOf(w.lab), "outcome": "P", "measurement": fields{"netGrams": 8000}, "refusedGrams": 500,
		"cause": "NC", "contaminantGrams": 120, "weighbridge": true, "scale": "pesa 1", "nextDestination": "inceneritore", "nextOperation": "R1",
	})
	x.treatment = w.mustRecord(tb, plant, "treatment.record", fields{
		"pickup": x.pickup, "stream": streamOf(w.lab), "inputGrams": 7500, "calculationPointGrams": 7000, "outputs": []fields{
			{"operation": "R3", "grams": 6800, "polymer": "PP", "quality": "0.85"}, {"operation": "R1", "grams": 700},
		},
	})
	x.discrepancy = x.pickup + ":" + streamOf(w.lab)
	again := w.entry("receipt.record", fields{"pickup": x.pickup, "stream": streamOf(w.lab), "outcome": "A", "measurement": fields{"netGrams": 9000}})
	x.review = again["id"].(string)
	var got resultResponse
	plant.Do(tb, post, "/api/v1/entries", again).Want(tb, 201).JSON(tb, &got)
	if got.Status != tracking.ResultNeedsReview {
		tb.Fatalf("second receipt: got %+v, want a review", got)
	}
	return x
}

func mustMarshal(tb testing.TB, v any) []byte {
	tb.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func at(format string, args ...any) string { return "/api/v1" + fmt.Sprintf(format, args...) }
