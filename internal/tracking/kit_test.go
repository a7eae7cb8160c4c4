package tracking_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// TB is what the kit needs of *testing.T, *testing.B and *rapid.T.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// MustStore opens a store of its own for a test. Its labs are cheap: property
// tests make one per check.
func MustStore(tb testing.TB) store.Store {
	tb.Helper()
	s, err := sqlite.Open(context.Background(), sqlite.Options{
		Dir: tb.TempDir(), Scratch: true, MaxView: time.Minute, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatalf("opening the store: %v", err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// Clock is a clock that only the test moves.
type Clock struct{ now time.Time }

// Now is the time by the clock.
func (c *Clock) Now() time.Time { return c.now }

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.now = c.now.Add(d) }

// Set moves the clock to an instant, forth or back.
func (c *Clock) Set(t time.Time) { c.now = t }

// Start is where the clock of a new lab stands: a Monday morning in Mirandola.
var Start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

var labs atomic.Int64

// Lab is a lab under test with a service and a clock of its own. MustLab gives
// it one facility with one ward, one recycler and one stream.
type Lab struct {
	ID                                 string
	Service                            *tracking.Service
	Store                              store.Store
	Clock                              *Clock
	Facility, Ward, Recycler, Stream   string
	entries, facilities, recyclers, no int
	report                             string // of mustDeclare
}

// GramsPerLitre is the bulk density of the streams of MustStream.
const GramsPerLitre = 30

// MustLab makes a lab in the store.
func MustLab(t TB, s store.Store) *Lab {
	t.Helper()
	l := MustEmptyLab(t, s)
	l.Facility = l.MustFacility(t)
	l.Ward = l.MustWard(t, l.Facility)
	l.Recycler = l.MustRecycler(t)
	l.Stream = l.MustStream(t)
	return l
}

// MustEmptyLab makes a lab without a catalogue.
func MustEmptyLab(t TB, s store.Store) *Lab {
	t.Helper()
	l := &Lab{ID: fmt.Sprintf("lab-%d", labs.Add(1)), Store: s, Clock: &Clock{Start}}
	l.Service = tracking.New(s, l.Clock.Now)
	if err := l.Service.CreateLab(context.Background(), l.ID, "Laboratorio di prova"); err != nil {
		t.Fatalf("making a lab: %v", err)
	}
	return l
}

// MustFacility, MustWard, MustRecycler and MustStream add to the catalogue and
// return the id.
func (l *Lab) MustFacility(t TB) string {
	t.Helper()
	l.facilities++
	id := fmt.Sprintf("facility-%d", l.facilities)
	f := tracking.Facility{ID: id, Name: fmt.Sprintf("Ospedale %d", l.facilities)}
	if _, err := l.Service.PutFacility(context.Background(), l.Coordinator(), tracking.Write{}, f); err != nil {
		t.Fatalf("making a facility: %v", err)
	}
	return id
}

// MustWard adds a ward to a facility.
func (l *Lab) MustWard(t TB, facility string) string {
	t.Helper()
	l.no++
	w := tracking.Ward{ID: fmt.Sprintf("ward-%d", l.no), Facility: facility, Name: fmt.Sprintf("Reparto %d", l.no)}
	if _, err := l.Service.PutWard(context.Background(), l.Coordinator(), tracking.Write{}, w); err != nil {
		t.Fatalf("making a ward: %v", err)
	}
	return w.ID
}

// MustRecycler adds a recycler.
func (l *Lab) MustRecycler(t TB) string {
	t.Helper()
	l.recyclers++
	r := tracking.Recycler{ID: fmt.Sprintf("recycler-%d", l.recyclers), Name: fmt.Sprintf("Riciclatore %d", l.recyclers)}
	if _, err := l.Service.PutRecycler(context.Background(), l.Coordinator(), tracking.Write{}, r); err != nil {
		t.Fatalf("making a recycler: %v", err)
	}
	return r.ID
}

// MustStream adds a stream with the bulk density GramsPerLitre.
func (l *Lab) MustStream(t TB) string {
	t.Helper()
	l.no++
	s := tracking.Stream{
		ID: fmt.Sprintf("stream-%d", l.no), Name: "Bottles", NameIT: "Flaconi", Family: "fossil", EER: "15 01 02",
		Accepts: []string{"bottles"}, AcceptsIT: []string{"flaconi"}, Refuses: []string{"sharps"}, RefusesIT: []string{"taglienti"},
		Densities: []tracking.DatedDensity{{GramsPerLitre: GramsPerLitre}},
	}
	if _, err := l.Service.PutStream(context.Background(), l.Coordinator(), tracking.Write{}, s); err != nil {
		t.Fatalf("making a stream: %v", err)
	}
	return s.ID
}

// MustBin registers a bin of 120 l and 2 kg; ward and stream may be "" for the
// lab's own.
func (l *Lab) MustBin(t TB, facility, ward, stream string) string {
	t.Helper()
	return l.MustLabelledBin(t, facility, ward, stream, "")
}

// MustLabelledBin registers a bin with a label.
func (l *Lab) MustLabelledBin(t TB, facility, ward, stream, label string) string {
	t.Helper()
	l.no++
	tare := 2 * quantity.Kilogram
	r := l.MustApply(t, l.Manager(facility), "bin.register", tracking.Body{
		Facility: facility, Ward: or(ward, l.Ward), Stream: or(stream, l.Stream), VolumeLitres: 120, TareGrams: &tare,
		Name: fmt.Sprintf("Contenitore %d", l.no), Label: label,
	})
	return r.ID
}

// MustLabels issues blank labels for a facility ("": for any).
func (l *Lab) MustLabels(t TB, facility string, count int) []string {
	t.Helper()
	b, err := l.Service.IssueLabels(context.Background(), l.Coordinator(), tracking.Write{}, facility, count)
	if err != nil {
		t.Fatalf("issuing labels: %v", err)
	}
	return b.Codes
}

// MustPickup plans a pickup for today, by the coordinator.
func (l *Lab) MustPickup(t TB, facility, recycler string, bins ...string) string {
	t.Helper()
	return l.MustApply(t, l.Coordinator(), "pickup.plan", tracking.Body{
		Facility: facility, Recycler: recycler, PlannedFor: l.Clock.Now().Format(time.DateOnly), Bins: bins,
	}).ID
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (l *Lab) caller(role access.Role, facility, recycler string) access.Caller {
	return access.Caller{
		Membership: access.Membership{Lab: l.ID, Role: role, Facility: facility, Recycler: recycler},
		User:       string(role) + "-" + or(facility+recycler, l.ID),
	}
}

// Coordinator is the lab's coordinator.
func (l *Lab) Coordinator() access.Caller { return l.caller(access.Coordinator, "", "") }

// Manager is the manager of a facility.
func (l *Lab) Manager(facility string) access.Caller { return l.caller(access.Manager, facility, "") }

// WardStaff is a nurse of a facility.
func (l *Lab) WardStaff(facility string) access.Caller { return l.caller(access.Ward, facility, "") }

// Driver drives for a recycler.
func (l *Lab) Driver(recycler string) access.Caller { return l.caller(access.Driver, "", recycler) }

// Plant is the plant of a recycler.
func (l *Lab) Plant(recycler string) access.Caller { return l.caller(access.Plant, "", recycler) }

// Auditor reads, within a facility, a recycler, or (both "") the lab.
func (l *Lab) Auditor(facility, recycler string) access.Caller {
	return l.caller(access.Auditor, facility, recycler)
}

// ID7 makes the next entry id: a UUIDv7 of the clock's time, in the order of
// making within a millisecond, and the same in every run.
func (l *Lab) ID7() string {
	l.entries++
	var id uuid.UUID
	ms := uint64(l.Clock.Now().UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	id[6], id[8] = 0x70, 0x80
	for i := range 4 {
		id[12+i] = byte(l.entries >> (8 * (3 - i)))
	}
	return id.String()
}

// Entry makes a submission of now, with a new id.
func (l *Lab) Entry(t TB, typ tracking.Type, body tracking.Body) tracking.Submission {
	t.Helper()
	return l.EntryAt(t, l.Clock.Now(), typ, body)
}

// EntryAt makes a submission of another time.
func (l *Lab) EntryAt(t TB, at time.Time, typ tracking.Type, body tracking.Body) tracking.Submission {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatalf("encoding a body: %v", err)
	}
	return tracking.Submission{ID: l.ID7(), Type: typ, OccurredAt: calendar.At(at).String(), Body: raw}
}

// Record records an entry of now.
func (l *Lab) Record(t TB, c access.Caller, typ tracking.Type, body tracking.Body) (tracking.Result, error) {
	t.Helper()
	return l.Service.Record(context.Background(), c, l.Entry(t, typ, body), 0)
}

// MustRecord records an entry of now that must not be refused.
func (l *Lab) MustRecord(t TB, c access.Caller, typ tracking.Type, body tracking.Body) tracking.Result {
	t.Helper()
	r, err := l.Record(t, c, typ, body)
	if err != nil {
		t.Fatalf("%s by %s: %v", typ, c.Actor(), err)
	}
	return r
}

// MustApply records an entry of now that must be applied, with or without a
// warning, and moves the clock on by a second.
func (l *Lab) MustApply(t TB, c access.Caller, typ tracking.Type, body tracking.Body) tracking.Result {
	t.Helper()
	r := l.MustRecord(t, c, typ, body)
	if r.Status != tracking.ResultApplied && r.Status != tracking.ResultWarning {
		t.Fatalf("%s by %s: got %s (%+v), want applied", typ, c.Actor(), r.Status, *r.Outcome)
	}
	l.Clock.Advance(time.Second)
	return r
}

// MustClose closes a bin's fill with a net mass from the ward's scale.
func (l *Lab) MustClose(t TB, facility, bin string, net quantity.Mass) tracking.Result {
	t.Helper()
	return l.MustApply(t, l.WardStaff(facility), "fill.close", tracking.Body{
		Bin: bin, Measurement: &tracking.Measurement{NetGrams: net},
		Sorting: &tracking.Sorting{NotHazardous: true, NotContaminated: true, NotIsolation: true},
	})
}

// MustScan has a driver take a bin.
func (l *Lab) MustScan(t TB, recycler, pickup, bin string) tracking.Result {
	t.Helper()
	return l.MustApply(t, l.Driver(recycler), "pickup.scan", tracking.Body{Pickup: pickup, Bin: bin})
}

// MustReceive has a plant receive a whole load of a stream, refusing some of
// it if refused is not 0.
func (l *Lab) MustReceive(t TB, recycler, pickup, stream string, net, refused quantity.Mass) tracking.Result {
	t.Helper()
	b := tracking.Body{Pickup: pickup, Stream: stream, Outcome: "A", Measurement: &tracking.Measurement{NetGrams: net}}
	if refused > 0 {
		b.Outcome, b.Cause, b.RefusedGrams = "P", "NC", refused
	}
	return l.MustApply(t, l.Plant(recycler), "receipt.record", b)
}
