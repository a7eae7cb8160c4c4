package tracking_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// get reads a document as the ledger made it.
func get[T any](t TB, l *Lab, kind store.Kind, id string) (doc T) {
	t.Helper()
	err := l.Store.View(context.Background(), store.LabID(l.ID), func(r store.Reader) error {
		d, err := r.Get(kind, id)
		if err != nil {
			return err
		}
		return json.Unmarshal(d.Body, &doc)
	})
	if err != nil {
		t.Fatalf("reading %s %s: %v", kind, id, err)
	}
	return doc
}

func clean() *tracking.Sorting {
	return &tracking.Sorting{NotHazardous: true, NotContaminated: true, NotIsolation: true}
}

func wantStatus(t TB, what string, r tracking.Result, want tracking.ResultStatus, reason tracking.Reason) {
	t.Helper()
	if r.Status != want || r.Outcome != nil && r.Outcome.Reason != reason {
		t.Fatalf("%s: got %s %+v, want %s %s", what, r.Status, r.Outcome, want, reason)
	}
}

func TestLifeOfAFill(t *testing.T) {
	l := MustLab(t, MustStore(t))
	bin := l.MustBin(t, l.Facility, "", "")
	l.MustClose(t, l.Facility, bin, 4000)
	pickup := l.MustPickup(t, l.Facility, l.Recycler)
	scan := l.MustScan(t, l.Recycler, pickup, bin)
	l.MustApply(t, l.Driver(l.Recycler), "pickup.handover", tracking.Body{
		Pickup: pickup, Document: "FIR 1", Legs: []tracking.Leg{{Kilometres: 12, Vehicle: "van"}},
	})
	l.MustApply(t, l.WardStaff(l.Facility), "pickup.countersign", tracking.Body{Pickup: pickup})
	l.MustReceive(t, l.Recycler, pickup, l.Stream, 3900, 400)
	l.MustApply(t, l.Plant(l.Recycler), "treatment.record", tracking.Body{
		Pickup: pickup, Stream: l.Stream, InputGrams: 3500, CalculationPointGrams: 3200,
		Outputs: []tracking.Output{
			{Operation: "R3", Grams: 3000, Polymer: "PP", Quality: "0.85"}, {Operation: "R1", Grams: 500},
		},
	})

	fill := get[tracking.Fill](t, l, tracking.KindFill, bin)
	a := fill.Arrival
	if fill.State != tracking.Treated || a == nil {
		t.Fatalf("the fill is %s with arrival %+v, want treated", fill.State, a)
	}
	got := []quantity.Mass{fill.Departure.NetGrams, a.AcceptedGrams, a.RefusedGrams, a.RecyclateGrams, a.ProcessLossGrams, a.ResidueGrams, a.PendingGrams}
	for i, want := range []quantity.Mass{4000, 3500, 400, 3000, 200, 300, 0} {
		if got[i] != want {
			t.Errorf("mass %d: got %d, want %d", i, got[i], want)
		}
	}
	p := get[tracking.Pickup](t, l, tracking.KindPickup, pickup)
	if p.State != tracking.Settled || p.Handover.CountersignedAt == nil {
		t.Errorf("the pickup is %s, countersigned %v, want settled and signed", p.State, p.Handover.CountersignedAt)
	}
	now := get[tracking.Bin](t, l, tracking.KindBin, bin)
	if now.Fill.ID != scan.ID || now.Fill.State != tracking.Open {
		t.Errorf("the bin holds %+v, want an open fill named after the scan", now.Fill)
	}
}

func TestALoadIsGivenBackToItsFills(t *testing.T) {
	l := MustLab(t, MustStore(t))
	pickup := l.MustPickup(t, l.Facility, l.Recycler)
	departed := []quantity.Mass{1000, 2000, 4000}
	var bins []string
	for _, m := range departed {
		bin := l.MustBin(t, l.Facility, "", "")
		l.MustClose(t, l.Facility, bin, m)
		l.MustScan(t, l.Recycler, pickup, bin)
		bins = append(bins, bin)
	}
	l.MustReceive(t, l.Recycler, pickup, l.Stream, 6998, 100)
	var accepted, refused quantity.Mass
	for i, want := range []quantity.Mass{985, 1971, 3942} { // 6898 in proportion 1:2:4 is 985.43, 1970.86, 3941.71
		a := get[tracking.Fill](t, l, tracking.KindFill, bins[i]).Arrival
		if a.AcceptedGrams != want || !a.Allocated {
			t.Errorf("fill %d: accepted %d, want %d", i, a.AcceptedGrams, want)
		}
		accepted, refused = accepted+a.AcceptedGrams, refused+a.RefusedGrams
	}
	if accepted != 6898 || refused != 100 {
		t.Errorf("the parts sum to %d accepted and %d refused, want 6898 and 100", accepted, refused)
	}

	t.Run("and again when one of them is found to be another load's", func(t *testing.T) {
		correct := l.MustRecord(t, l.Driver(l.Recycler), "correct", tracking.Body{Corrects: p0(t, l, pickup), Void: true, Reason: "scanned from the wrong list"})
		l.Clock.Advance(time.Minute)
		if w := correct.Outcome.Warnings; len(w) != 1 || w[0] != tracking.WarnAwaitsApproval {
			t.Fatalf("warnings %v, want %s", w, tracking.WarnAwaitsApproval)
		}
		l.MustApply(t, l.Manager(l.Facility), "correction.approve", tracking.Body{Correction: correct.ID})
		p := get[tracking.Pickup](t, l, tracking.KindPickup, pickup)
		if len(p.Lines) != 2 || p.Loads[0].AcceptedGrams != 6898 {
			t.Errorf("the load has %d lines and %d g, want 2 and all of 6898 g", len(p.Lines), p.Loads[0].AcceptedGrams)
		}
	})
}

// p0 is the scan of a pickup's first line.
func p0(t TB, l *Lab, pickup string) string {
	return get[tracking.Pickup](t, l, tracking.KindPickup, pickup).Lines[0].Scan
}

func TestDoesNotFitIsKept(t *testing.T) {
	l := MustLab(t, MustStore(t))
	bin := l.MustBin(t, l.Facility, "", "")
	pickup := l.MustPickup(t, l.Facility, l.Recycler)

	early := l.MustRecord(t, l.Driver(l.Recycler), "pickup.scan", tracking.Body{Pickup: pickup, Bin: bin})
	wantStatus(t, "a scan of an open bin", early, tracking.ResultNeedsReview, tracking.ReasonNotClosed)
	review := get[tracking.Review](t, l, tracking.KindReview, early.ID)
	if review.Fill != bin || review.Facility != l.Facility || review.Recycler != l.Recycler {
		t.Errorf("the review is %+v, want the closest fill in both inboxes", review)
	}

	before := l.EntryAt(t, l.Clock.Now().Add(-time.Hour), "fill.close", tracking.Body{
		Bin: bin, Measurement: &tracking.Measurement{FullnessPercent: 50}, Sorting: clean(),
	})
	late, err := l.Service.Record(context.Background(), l.WardStaff(l.Facility), before, 0)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, "the closing that came late", late, tracking.ResultApplied, "")
	if fill := get[tracking.Fill](t, l, tracking.KindFill, bin); fill.State != tracking.Collected || fill.Departure.NetGrams != 120*GramsPerLitre/2 {
		t.Errorf("the fill is %s with %v, want collected with half a bin", fill.State, fill.Departure)
	}
	err = l.Store.View(context.Background(), store.LabID(l.ID), func(r store.Reader) error {
		_, err := r.Get(tracking.KindReview, early.ID)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the review is still there (%v), although the scan fits now", err)
	}
}

func TestRefusedIsWhatCanNeverBe(t *testing.T) {
	l := MustLab(t, MustStore(t))
	bin := l.MustBin(t, l.Facility, "", "")
	for _, test := range []struct {
		name, code string
		by         access.Caller
		typ        tracking.Type
		body       tracking.Body
	}{
		{"gross not above tare", "net-not-positive", l.WardStaff(l.Facility), "fill.weigh", tracking.Body{Bin: bin, Measurement: &tracking.Measurement{GrossGrams: 2000}}},
		{"two statements of one mass", "entry-invalid", l.WardStaff(l.Facility), "fill.weigh", tracking.Body{Bin: bin, Measurement: &tracking.Measurement{NetGrams: 1, FullnessPercent: 1}}},
		{"more than a lorry", "entry-invalid", l.WardStaff(l.Facility), "fill.weigh", tracking.Body{Bin: bin, Measurement: &tracking.Measurement{NetGrams: quantity.MaxMass + 1}}},
		{"no answer to the sorting question", "entry-invalid", l.WardStaff(l.Facility), "fill.close", tracking.Body{Bin: bin, Measurement: &tracking.Measurement{NetGrams: 1}}},
		{"a part refused without saying why", "entry-invalid", l.Plant(l.Recycler), "receipt.record", tracking.Body{Pickup: "p", Stream: l.Stream, Outcome: "P", RefusedGrams: 1, Measurement: &tracking.Measurement{NetGrams: 2}}},
		{"outputs that do not sum", "entry-invalid", l.Plant(l.Recycler), "treatment.record", tracking.Body{Pickup: "p", Stream: l.Stream, InputGrams: 10, Outputs: []tracking.Output{{Operation: "R1", Grams: 9}}}},
		{"a role that may not", "role-not-allowed", l.Driver(l.Recycler), "fill.close", tracking.Body{Bin: bin, Measurement: &tracking.Measurement{NetGrams: 1}, Sorting: clean()}},
		{"a month that is not over", "month-not-over", l.Coordinator(), "month.close", tracking.Body{Month: "2026-03"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := l.Record(t, test.by, test.typ, test.body)
			if !problem.Is(err, test.code) {
				t.Errorf("got %v, want the problem %s", err, test.code)
			}
		})
	}
}

func TestTheSameEntryAgain(t *testing.T) {
	l := MustLab(t, MustStore(t))
	bin := l.MustBin(t, l.Facility, "", "")
	sub := l.Entry(t, "fill.close", tracking.Body{Bin: bin, Measurement: &tracking.Measurement{NetGrams: 900_000}, Sorting: clean()})
	first, err := l.Service.Record(context.Background(), l.WardStaff(l.Facility), sub, 0)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, "an implausible mass", first, tracking.ResultWarning, "")
	l.Clock.Advance(400 * 24 * time.Hour)
	again, err := l.Service.Record(context.Background(), l.WardStaff(l.Facility), sub, 0)
	if err != nil || again.Status != tracking.ResultDuplicate || again.Seq != first.Seq || again.Outcome.Status != tracking.WithWarning {
		t.Errorf("a year later: got %+v, %v, want a duplicate with the first outcome", again, err)
	}
	sub.Body = json.RawMessage(`{"bin":"` + bin + `","measurement":{"netGrams":1},"sorting":{"notHazardous":true,"notContaminated":true,"notIsolation":true}}`)
	if _, err := l.Service.Record(context.Background(), l.WardStaff(l.Facility), sub, 0); !problem.Is(err, "entry-id-reused") {
		t.Errorf("the same id with another body: got %v, want entry-id-reused", err)
	}
}

func TestForeignAnswersLikeUnknown(t *testing.T) {
	l := MustLab(t, MustStore(t))
	other := l.MustFacility(t)
	bin := l.MustBin(t, l.Facility, "", "")
	closing := func(id string) tracking.Result {
		r := l.MustRecord(t, l.WardStaff(other), "fill.close", tracking.Body{Bin: id, Measurement: &tracking.Measurement{NetGrams: 5}, Sorting: clean()})
		l.Clock.Advance(time.Second)
		return r
	}
	foreign, unknown := closing(bin), closing("01910000-0000-7000-8000-000000000000")
	wantStatus(t, "foreign", foreign, tracking.ResultNeedsReview, tracking.ReasonUnknownSubject)
	wantStatus(t, "unknown", unknown, tracking.ResultNeedsReview, tracking.ReasonUnknownSubject)
	if fill := get[tracking.Fill](t, l, tracking.KindFill, bin); fill.State != tracking.Open || len(fill.Facts) != 0 {
		t.Errorf("the foreign closing left %s and %d facts, want nothing", fill.State, len(fill.Facts))
	}
}

func TestClocksLie(t *testing.T) {
	l := MustLab(t, MustStore(t))
	bin := l.MustBin(t, l.Facility, "", "")
	body := tracking.Body{Bin: bin, Measurement: &tracking.Measurement{NetGrams: 5}, Sorting: clean()}
	for _, test := range []struct {
		name       string
		says, skew time.Duration // relative to the server's clock
		effective  time.Duration
		warning    tracking.Warning
	}{
		{"a little slow", -4 * time.Minute, 4 * time.Minute, -4 * time.Minute, ""},
		{"two days slow", -48 * time.Hour, 48 * time.Hour, 0, tracking.WarnClockSkew},
		{"two days fast, an hour ago", 47 * time.Hour, -48 * time.Hour, -time.Hour, tracking.WarnClockSkew},
		{"in the future, no clock sent", time.Hour, 0, 0, tracking.WarnInFuture},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := l.Clock.Now()
			r, err := l.Service.Record(context.Background(), l.WardStaff(l.Facility), l.EntryAt(t, now.Add(test.says), "fill.close", body), test.skew)
			if err != nil {
				t.Fatal(err)
			}
			var c tracking.Content
			err = l.Store.View(context.Background(), store.LabID(l.ID), func(rd store.Reader) error {
				record, err := rd.Entry(r.ID)
				if err != nil {
					return err
				}
				return json.Unmarshal(record.Entry.Content, &c)
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := c.EffectiveAt.Time().Sub(now); got != test.effective || !c.OccurredAt.Time().Equal(now.Add(test.says)) {
				t.Errorf("took effect at %v, want %v, with the device's own time kept", got, test.effective)
			}
			warned := len(r.Outcome.Warnings) > 0 && r.Outcome.Warnings[0] == test.warning
			if warned != (test.warning != "") {
				t.Errorf("warnings %v, want %q", r.Outcome.Warnings, test.warning)
			}
		})
	}
}

func TestClosedMonthsAreFrozen(t *testing.T) {
	l := MustLab(t, MustStore(t))
	bin := l.MustBin(t, l.Facility, "", "")
	closed := l.MustClose(t, l.Facility, bin, 3000)
	l.Clock.Set(time.Date(2026, 5, 3, 9, 0, 0, 0, time.UTC))
	l.MustApply(t, l.Coordinator(), "month.close", tracking.Body{Month: "2026-03"})
	cell := func(booked string) tracking.Cell {
		return get[tracking.Cell](t, l, tracking.KindCell, booked+"|2026-03|"+l.Facility+"|"+l.Ward+"|"+l.Stream)
	}
	l.MustApply(t, l.WardStaff(l.Facility), "correct", tracking.Body{
		Corrects: closed.ID, Reason: "read the scale wrongly",
		Replacement: &tracking.Body{Measurement: &tracking.Measurement{NetGrams: 3500}, Sorting: clean()},
	})
	if frozen := cell("2026-03").Activity; frozen.Collected != 3000 || frozen.Fills != 1 {
		t.Errorf("the closed month now says %d g of %d fills, want 3000 of 1", frozen.Collected, frozen.Fills)
	}
	if adjustment := cell("2026-05").Activity; adjustment.Collected != 500 || adjustment.Fills != 0 {
		t.Errorf("the adjustment in May is %d g of %d fills, want 500 of 0", adjustment.Collected, adjustment.Fills)
	}
}

func TestLabels(t *testing.T) {
	l := MustLab(t, MustStore(t))
	codes := l.MustLabels(t, l.Facility, 3)
	bin := l.MustLabelledBin(t, l.Facility, "", "", codes[0])
	other := l.MustBin(t, l.Facility, "", "")

	taken := l.MustRecord(t, l.WardStaff(l.Facility), "label.bind", tracking.Body{Label: codes[0], Bin: other})
	wantStatus(t, "a label that sits on another bin", taken, tracking.ResultNeedsReview, tracking.ReasonLabelBound)

	l.Clock.Advance(time.Second)
	l.MustApply(t, l.WardStaff(l.Facility), "label.bind", tracking.Body{Label: codes[1], Bin: bin, Replaces: codes[0]})
	old := get[tracking.Label](t, l, tracking.KindLabel, codes[0])
	if old.State != tracking.LabelIsGone || old.Bin != bin {
		t.Errorf("the replaced label is %s and leads to %q, want retired and still to its bin", old.State, old.Bin)
	}
	gone := l.MustApply(t, l.WardStaff(l.Facility), "fill.close", tracking.Body{Label: codes[0], Measurement: &tracking.Measurement{NetGrams: 5}, Sorting: clean()})
	if gone.Outcome.Fill != bin {
		t.Errorf("closing by the replaced label went to fill %q, want %q", gone.Outcome.Fill, bin)
	}

	early := l.MustRecord(t, l.WardStaff(l.Facility), "fill.open", tracking.Body{Label: codes[2]})
	wantStatus(t, "an entry by a blank label", early, tracking.ResultNeedsReview, tracking.ReasonUnknownSubject)
	l.Clock.Advance(time.Second)
	third := l.MustLabelledBin(t, l.Facility, "", "", codes[2])
	if fill := get[tracking.Fill](t, l, tracking.KindFill, third); len(fill.Facts) != 1 || fill.Facts[0].Status != tracking.Applied {
		t.Errorf("after binding, the fill has the facts %+v, want the one that waited", fill.Facts)
	}
}

func TestDiscrepancies(t *testing.T) {
	l := MustLab(t, MustStore(t))
	bin := l.MustBin(t, l.Facility, "", "")
	l.MustClose(t, l.Facility, bin, 10_000)
	pickup := l.MustPickup(t, l.Facility, l.Recycler)
	l.MustScan(t, l.Recycler, pickup, bin)
	receipt := l.MustReceive(t, l.Recycler, pickup, l.Stream, 8000, 0)
	id := pickup + ":" + l.Stream
	d := get[tracking.Discrepancy](t, l, tracking.KindDiscrepancy, id)
	if d.State != "open" || d.ExpectedGrams != 10_000 || d.ObservedGrams != 8000 || d.Owner != l.Facility {
		t.Fatalf("got %+v, want an open discrepancy of the facility", d)
	}
	l.MustApply(t, l.Manager(l.Facility), "discrepancy.explain", tracking.Body{Discrepancy: id, Reason: "wet bottles dried out"})
	l.MustApply(t, l.Coordinator(), "discrepancy.accept", tracking.Body{Discrepancy: id})
	if d := get[tracking.Discrepancy](t, l, tracking.KindDiscrepancy, id); d.State != "accepted" || d.Explanation == "" {
		t.Errorf("got %+v, want it explained and accepted", d)
	}

	correction := l.MustRecord(t, l.Plant(l.Recycler), "correct", tracking.Body{
		Corrects: receipt.ID, Reason: "tare of the crate taken off twice",
		Replacement: &tracking.Body{Outcome: "A", Measurement: &tracking.Measurement{NetGrams: 9900}},
	})
	l.Clock.Advance(time.Second)
	own := l.MustRecord(t, l.Plant(l.Recycler), "correction.approve", tracking.Body{Correction: correction.ID})
	wantStatus(t, "approving the own correction", own, tracking.ResultNeedsReview, tracking.ReasonOtherParty)
	l.Clock.Advance(time.Second)
	l.MustApply(t, l.Manager(l.Facility), "correction.approve", tracking.Body{Correction: correction.ID})
	if a := get[tracking.Fill](t, l, tracking.KindFill, bin).Arrival; a.AcceptedGrams != 9900 {
		t.Errorf("accepted %d, want the corrected 9900", a.AcceptedGrams)
	}
}
