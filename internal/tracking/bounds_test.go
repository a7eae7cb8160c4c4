package tracking_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// flood names n bins that do not exist, and returns the last answers.
func flood(t *testing.T, l *Lab, n int) []tracking.Result {
	t.Helper()
	var results []tracking.Result
	for done := 0; done < n; done += tracking.MaxSync {
		var subs []tracking.Submission
		for i := range tracking.MaxSync {
			subs = append(subs, l.Entry(t, "fill.open", tracking.Body{Bin: fmt.Sprintf("none-%d", done+i)}))
		}
		var err error
		if results, err = l.Service.Sync(context.Background(), l.WardStaff(l.Facility), subs, 0); err != nil {
			t.Fatal(err)
		}
	}
	return results
}

func TestAFloodedInboxIsItsOwnersOnly(t *testing.T) {
	l := MustLab(t, MustStore(t))
	last := flood(t, l, 1200)
	refused := last[len(last)-1].Problem
	if !problem.Is(refused, "too-many-waiting") {
		t.Fatalf("the last of the flood: got %+v, want too-many-waiting", last[len(last)-1])
	}
	other := l.MustRecord(t, l.Driver(l.Recycler), "pickup.scan", tracking.Body{Pickup: "none", Bin: "none"})
	wantStatus(t, "another organisation", other, tracking.ResultNeedsReview, tracking.ReasonUnknownSubject)
	var waiting string
	err := l.Store.View(context.Background(), store.LabID(l.ID), func(r store.Reader) error {
		d, err := r.Get(tracking.KindAwaited, "bin:none-0")
		waiting = string(d.Body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(waiting)
	reviews, err := l.Service.Reviews(context.Background(), l.Manager(l.Facility), tracking.ReviewFilter{}, tracking.Page{Limit: 1})
	if err != nil || len(reviews.Items) != 1 {
		t.Fatalf("reviews: %v", err)
	}
	l.Clock.Advance(time.Second)
	l.MustApply(t, l.Manager(l.Facility), "review.dismiss", tracking.Body{Entry: reviews.Items[0].Doc.Entry, Reason: "a test"})
	again := l.MustRecord(t, l.WardStaff(l.Facility), "fill.open", tracking.Body{Bin: "none-again"})
	wantStatus(t, "after one was dismissed", again, tracking.ResultNeedsReview, tracking.ReasonUnknownSubject)
}

func TestAFloodedFillCanStillBeClosedAndTaken(t *testing.T) {
	l := MustLab(t, MustStore(t))
	bin := l.MustBin(t, l.Facility, "", "")
	pickup := l.MustPickup(t, l.Facility, l.Recycler)
	var subs []tracking.Submission
	for range 2 * tracking.MaxSync {
		subs = append(subs, l.Entry(t, "fill.weigh", tracking.Body{Bin: bin, Measurement: &tracking.Measurement{NetGrams: 5}}))
	}
	for _, batch := range [][]tracking.Submission{subs[:tracking.MaxSync], subs[tracking.MaxSync:]} {
		results, err := l.Service.Sync(context.Background(), l.WardStaff(l.Facility), batch, 0)
		if err != nil {
			t.Fatal(err)
		}
		if last := results[len(results)-1]; batch[0].ID == subs[tracking.MaxSync].ID && !problem.Is(last.Problem, "too-many-entries") {
			t.Fatalf("the last of the flood: got %+v, want too-many-entries", last)
		}
	}
	l.Clock.Advance(time.Second)
	l.MustClose(t, l.Facility, bin, 5)
	l.MustScan(t, l.Recycler, pickup, bin)
}

// What waited and then can't be: the entry that it waited for stands all the
// same, and the ledger can be folded again.
func TestWhatWaitedCantHarmWhatItWaitedFor(t *testing.T) {
	s := MustStore(t)
	l := MustLab(t, s)
	codes := l.MustLabels(t, l.Facility, 1)
	for range 200 {
		l.MustRecord(t, l.Driver(l.Recycler), "pickup.scan", tracking.Body{Pickup: "unknown", Bin: "unknown"})
	}
	scan := l.MustRecord(t, l.Driver(l.Recycler), "pickup.scan", tracking.Body{Pickup: "unknown", Label: codes[0]})
	light := l.MustRecord(t, l.WardStaff(l.Facility), "fill.weigh", tracking.Body{Label: codes[0], Measurement: &tracking.Measurement{GrossGrams: 1}})
	l.Clock.Advance(time.Second)
	l.MustLabelledBin(t, l.Facility, "", "", codes[0])
	if r := get[tracking.Review](t, l, tracking.KindReview, scan.ID); r.Awaits != "pickup:unknown" {
		t.Errorf("the scan waits for %q, want its pickup", r.Awaits)
	}
	if r := get[tracking.Review](t, l, tracking.KindReview, light.ID); r.Reason != tracking.ReasonNetNotPositive {
		t.Errorf("the impossible weighing is in the inbox for %q, want %q", r.Reason, tracking.ReasonNetNotPositive)
	}
	l.MustApply(t, l.Manager(l.Facility), "review.dismiss", tracking.Body{Entry: light.ID, Reason: "a typo"})
	mustHold(t, s, l.ID)
}

// A scan that comes late still says that a correction had to be approved.
func TestAmendmentsAreJudgedAgain(t *testing.T) {
	s := MustStore(t)
	l := MustLab(t, s)
	bin := l.MustBin(t, l.Facility, "", "")
	pickup := l.MustPickup(t, l.Facility, l.Recycler)
	closing := l.MustClose(t, l.Facility, bin, 1000)
	at := l.Clock.Now()
	l.Clock.Advance(time.Hour)
	l.MustApply(t, l.WardStaff(l.Facility), "correct", tracking.Body{Corrects: closing.ID, Reason: "it was wet", Replacement: &tracking.Body{
		Measurement: &tracking.Measurement{NetGrams: 1000}, Sorting: &tracking.Sorting{NotHazardous: true},
	}})
	late := l.EntryAt(t, at, "pickup.scan", tracking.Body{Pickup: pickup, Bin: bin})
	if _, err := l.Service.Record(context.Background(), l.Driver(l.Recycler), late, 0); err != nil {
		t.Fatal(err)
	}
	if fill := get[tracking.Fill](t, l, tracking.KindFill, bin); fill.State != tracking.Collected {
		t.Errorf("the fill is %s, want collected, with a correction that waits for the recycler", fill.State)
	}
	mustHold(t, s, l.ID)
}

// Old dates do not get past the other party.
func TestBackdatingDoesNotUndoCustody(t *testing.T) {
	l := MustLab(t, MustStore(t))
	bin := l.MustBin(t, l.Facility, "", "")
	pickup := l.MustPickup(t, l.Facility, l.Recycler)
	closing := l.MustClose(t, l.Facility, bin, 1000)
	at := l.Clock.Now()
	l.Clock.Advance(time.Minute)
	l.MustScan(t, l.Recycler, pickup, bin)
	l.Clock.Advance(20 * 24 * time.Hour)
	for _, sub := range []tracking.Submission{
		l.EntryAt(t, at, "undo", tracking.Body{Corrects: closing.ID}),
		l.EntryAt(t, at, "correct", tracking.Body{Corrects: closing.ID, Void: true, Reason: "gone"}),
		l.EntryAt(t, at, "bin.retire", tracking.Body{Bin: bin, Reason: "gone"}),
	} {
		by := l.WardStaff(l.Facility)
		if sub.Type == "bin.retire" {
			by = l.Manager(l.Facility)
		}
		if _, err := l.Service.Record(context.Background(), by, sub, 0); err != nil {
			t.Fatal(err)
		}
		if lines := get[tracking.Pickup](t, l, tracking.KindPickup, pickup).Lines; len(lines) != 1 {
			t.Errorf("a backdated %s left the pickup with %d lines, want 1", sub.Type, len(lines))
		}
	}
}

func TestALoadHoldsWhatWasOnTheLorry(t *testing.T) {
	l := MustLab(t, MustStore(t))
	pickup := l.MustPickup(t, l.Facility, l.Recycler)
	first, second := l.MustBin(t, l.Facility, "", ""), l.MustBin(t, l.Facility, "", "")
	for _, bin := range []string{first, second} {
		l.MustClose(t, l.Facility, bin, 1000)
	}
	l.MustScan(t, l.Recycler, pickup, first)
	l.MustReceive(t, l.Recycler, pickup, l.Stream, 1000, 0)
	l.MustScan(t, l.Recycler, pickup, second)
	for bin, want := range map[string]quantity.Mass{first: 1000, second: 0} {
		var got quantity.Mass
		if a := get[tracking.Fill](t, l, tracking.KindFill, bin).Arrival; a != nil {
			got = a.AcceptedGrams
		}
		if got != want {
			t.Errorf("a bin got %d g of the load, want %d", got, want)
		}
	}
}

func mustHold(t *testing.T, s store.Store, lab string) {
	t.Helper()
	into, err := openScratch()
	if err != nil {
		t.Fatal(err)
	}
	defer into.close()
	faults, err := tracking.Verify(context.Background(), s, into.Store, store.LabID(lab), nil)
	if err != nil || len(faults) > 0 {
		t.Errorf("verify: %v %v", faults, err)
	}
}
