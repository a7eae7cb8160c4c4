package tracking_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// said is a submission and who makes it.
type said struct {
	by  access.Caller
	sub tracking.Submission
}

// history draws what many people say about a few bins and pickups within a
// few days: mostly sensible, partly contradictory, with amendments of anything.
type history struct {
	t    *rapid.T
	lab  *Lab
	n    int
	said []said
	bins []string
	runs []string // pickups

	span                       int // in steps of five minutes
	otherStream, otherRecycler string
	rivals                     []string // pickups of the other recycler
}

func (h *history) id() string {
	h.n++
	return fmt.Sprintf("01910000-0000-7000-8000-%012d", h.n)
}

func (h *history) say(by access.Caller, typ tracking.Type, body tracking.Body) string {
	h.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		h.t.Fatalf("encoding a body: %v", err)
	}
	minutes := rapid.IntRange(0, h.span).Draw(h.t, "at") * 5
	at := Start.Add(time.Duration(minutes) * time.Minute)
	id := h.id()
	h.said = append(h.said, said{by, tracking.Submission{
		ID: id, Type: typ, OccurredAt: at.Format("2006-01-02T15:04:05.000Z"), Body: raw,
	}})
	return id
}

func (h *history) pick(name string, ids []string) string {
	return rapid.SampledFrom(ids).Draw(h.t, name)
}

func (h *history) anyEntry() string {
	return h.said[rapid.IntRange(0, len(h.said)-1).Draw(h.t, "target")].sub.ID
}

func (h *history) mass(name string) quantity.Mass {
	return quantity.Mass(rapid.IntRange(1, 30_000).Draw(h.t, name))
}

func (h *history) measurement() *tracking.Measurement {
	switch rapid.IntRange(0, 3).Draw(h.t, "how") {
	case 0:
		return &tracking.Measurement{FullnessPercent: rapid.IntRange(1, 100).Draw(h.t, "fullness")}
	case 1:
		return &tracking.Measurement{NetGrams: h.mass("net"), Estimated: true}
	case 2:
		return &tracking.Measurement{NetGrams: h.mass("net")}
	}
	return &tracking.Measurement{GrossGrams: 10_000 + h.mass("gross")}
}

// register makes the bins and pickups, as entries that may come late as well.
func (h *history) register() {
	l := h.lab
	for i := range 3 {
		tare := quantity.Mass(1000 * (i + 1))
		h.bins = append(h.bins, h.say(l.WardStaff(l.Facility), "bin.register", tracking.Body{
			Facility: l.Facility, Ward: l.Ward, Stream: l.Stream, VolumeLitres: 120, TareGrams: &tare, Name: "Contenitore",
		}))
	}
	for range 2 {
		h.rivals = append(h.rivals, h.say(l.Manager(l.Facility), "pickup.plan", tracking.Body{
			Facility: l.Facility, Recycler: h.otherRecycler, PlannedFor: "2026-03-04",
		}))
	}
	for range 3 {
		h.runs = append(h.runs, h.say(l.Manager(l.Facility), "pickup.plan", tracking.Body{
			Facility: l.Facility, Recycler: l.Recycler, PlannedFor: "2026-03-04",
		}))
	}
}

func (h *history) event() {
	l := h.lab
	ward, driver, plant := l.WardStaff(l.Facility), l.Driver(l.Recycler), l.Plant(l.Recycler)
	bin, run := h.pick("bin", h.bins), h.pick("pickup", h.runs)
	switch rapid.SampledFrom([]string{
		"close", "close", "close", "scan", "scan", "scan", "weigh", "open", "receipt", "receipt", "treatment",
		"handover", "undo", "correct", "approve", "dismiss", "tare", "lost", "missing", "foreign", "retire", "countersign", "cancel", "discrepancy",
	}).Draw(h.t, "event") {
	case "open":
		h.say(ward, "fill.open", tracking.Body{Bin: bin})
	case "weigh":
		h.say(ward, "fill.weigh", tracking.Body{Bin: bin, Measurement: h.measurement()})
	case "close":
		clean := rapid.IntRange(0, 9).Draw(h.t, "clean") > 0
		h.say(ward, "fill.close", tracking.Body{Bin: bin, Measurement: h.measurement(), Sorting: &tracking.Sorting{NotHazardous: clean, NotContaminated: true, NotIsolation: true}})
	case "scan":
		if rapid.IntRange(0, 3).Draw(h.t, "rival") == 0 {
			driver, run = l.Driver(h.otherRecycler), h.pick("pickup", h.rivals)
		}
		h.say(driver, "pickup.scan", tracking.Body{Bin: bin, Pickup: run})
	case "foreign":
		h.say(l.WardStaff("facility-2"), "fill.close", tracking.Body{Bin: bin, Measurement: h.measurement(), Sorting: &tracking.Sorting{NotHazardous: true, NotContaminated: true, NotIsolation: true}})
	case "lost":
		by := rapid.SampledFrom([]access.Caller{ward, driver}).Draw(h.t, "loser")
		h.say(by, rapid.SampledFrom([]tracking.Type{"bin.lost", "bin.found"}).Draw(h.t, "lost"), tracking.Body{Bin: bin})
	case "missing":
		h.say(driver, "pickup.missing", tracking.Body{Pickup: run, Bin: bin, Cause: "not-found"})
	case "handover":
		h.say(driver, "pickup.handover", tracking.Body{Pickup: run, Document: "FIR", Legs: drawLegs(h.t), Unattended: rapid.Bool().Draw(h.t, "unattended")})
	case "cancel":
		h.say(plant, "pickup.cancel", tracking.Body{Pickup: run, Reason: "no lorry"})
	case "discrepancy":
		settled := tracking.Body{Discrepancy: run + ":" + l.Stream, Reason: "because"}
		typ := tracking.Type("discrepancy.explain")
		if rapid.Bool().Draw(h.t, "accepts") {
			typ, settled.Reason = "discrepancy.accept", ""
		}
		h.say(l.Manager(l.Facility), typ,
			settled)
	case "countersign":
		h.say(ward, "pickup.countersign", tracking.Body{Pickup: run})
	case "retire":
		if rapid.IntRange(0, 3).Draw(h.t, "really") == 0 {
			h.say(l.Manager(l.Facility), "bin.retire", tracking.Body{Bin: bin, Reason: "broken"})
		}
	case "tare":
		update := tracking.Body{Bin: bin}
		switch rapid.IntRange(0, 2).Draw(h.t, "what") {
		case 0:
			tare := quantity.Mass(rapid.IntRange(1, 9000).Draw(h.t, "tare"))
			update.TareGrams = &tare
		case 1:
			update.VolumeLitres = int64(rapid.IntRange(60, 240).Draw(h.t, "volume"))
		case 2:
			update.Stream = h.pick("stream", []string{l.Stream, h.otherStream})
		}
		h.say(l.Manager(l.Facility), "bin.update", update)
	case "receipt":
		h.receipt(plant, run, bin)
	case "treatment":
		h.treatment(plant, run)
	default:
		h.amend(ward, driver, plant)
	}
}

func (h *history) receipt(plant access.Caller, run, bin string) {
	b := tracking.Body{Pickup: run, Stream: h.lab.Stream, Outcome: "A", Measurement: &tracking.Measurement{NetGrams: h.mass("net")}}
	if rapid.Bool().Draw(h.t, "per bin") {
		b.Bin = bin
	}
	switch net := b.Measurement.NetGrams; rapid.IntRange(0, 3).Draw(h.t, "outcome") {
	case 0:
		b.Outcome, b.RefusedGrams, b.Cause = "R", net, "NC"
	case 1:
		if net > 1 {
			b.Outcome, b.Cause, b.RefusedGrams = "P", "IR", quantity.Mass(rapid.IntRange(1, int(net)-1).Draw(h.t, "refused"))
		}
	}
	if b.Outcome != "A" {
		b.NextOperation = drawNext(h.t)
	}
	b.ContaminantGrams = quantity.Mass(rapid.IntRange(0, int(b.Measurement.NetGrams)).Draw(h.t, "contaminant"))
	h.say(plant, "receipt.record", b)
}

func (h *history) treatment(plant access.Caller, run string) {
	recyclate, loss, residue, later := h.mass("recyclate")/4, h.mass("loss")/8, h.mass("residue")/8, h.mass("later")/8
	h.say(plant, "treatment.record", tracking.Body{
		Pickup: run, Stream: h.lab.Stream, InputGrams: recyclate + loss + residue + later, CalculationPointGrams: recyclate + loss,
		Outputs: []tracking.Output{
			{Operation: "R3", Grams: recyclate / 3, Polymer: "PP", Application: h.pick("application", []string{"crates", "pipes"}), Quality: "0.8"},
			{Operation: "R5", Grams: recyclate - recyclate/3, Polymer: "PE-HD"}, {Operation: "R1", Grams: loss, Polymer: "PLA"},
			{Operation: "D10", Grams: residue}, {Operation: "R12", Grams: later},
		},
	})
}

func (h *history) amend(ward, driver, plant access.Caller) {
	by := rapid.SampledFrom([]access.Caller{ward, driver, plant}).Draw(h.t, "by")
	target := h.anyEntry()
	switch rapid.IntRange(0, 3).Draw(h.t, "amendment") {
	case 0:
		h.say(by, "undo", tracking.Body{Corrects: target})
	case 1:
		if rapid.Bool().Draw(h.t, "voids") {
			h.say(by, "correct", tracking.Body{Corrects: target, Reason: "it did not happen", Void: true})
			return
		}
		clean, closings := rapid.Bool().Draw(h.t, "clean"), []string{}
		for _, s := range h.said {
			if s.sub.Type == "fill.close" {
				closings = append(closings, s.sub.ID)
			}
		}
		if len(closings) == 0 {
			return // a replacement of anything else would be refused for its form
		}
		h.say(by, "correct", tracking.Body{Corrects: h.pick("closing", closings), Reason: "it was otherwise", Replacement: &tracking.Body{
			Measurement: h.measurement(), Sorting: &tracking.Sorting{NotHazardous: clean, NotContaminated: true, NotIsolation: true},
		}})
	case 2:
		by = rapid.SampledFrom([]access.Caller{h.lab.Manager(h.lab.Facility), plant}).Draw(h.t, "approver")
		if rapid.Bool().Draw(h.t, "approves") {
			h.say(by, "correction.approve", tracking.Body{Correction: target})
		} else {
			h.say(by, "correction.reject", tracking.Body{Correction: target, Reason: "we do not agree"})
		}
	case 3:
		by = rapid.SampledFrom([]access.Caller{h.lab.Manager(h.lab.Facility), plant}).Draw(h.t, "dismisser")
		h.say(by, "review.dismiss", tracking.Body{Entry: target, Reason: "settled"})
	}
}

func drawHistory(t *rapid.T, l *Lab, until time.Time) *history {
	h := &history{t: t, lab: l, otherStream: l.MustStream(t), otherRecycler: l.MustRecycler(t), span: int(until.Sub(Start)/(5*time.Minute)) - 1}
	h.span = min(h.span, 6*24*12)
	h.register()
	for range rapid.IntRange(1, 40).Draw(t, "events") {
		h.event()
	}
	return h
}

// tell sends a history in the order given, in batches of the sizes drawn. Only
// entries that the service refuses for their form may be missing at the end.
func tell(t *rapid.T, l *Lab, told []said, batch func() int) {
	for len(told) > 0 {
		n := min(batch(), len(told))
		by := told[0].by
		var subs []tracking.Submission
		for len(subs) < n && told[len(subs)].by == by {
			subs = append(subs, told[len(subs)].sub)
			if len(subs) == len(told) {
				break
			}
		}
		told = told[len(subs):]
		if _, err := l.Service.Sync(context.Background(), by, subs, 0); err != nil {
			t.Fatalf("sync: %v", err)
		}
	}
}

// documents returns all documents of a lab by kind and id, without what
// depends on the order of arrival by design: seq, and the cube's counter of
// dropped cells.
func documents(t *rapid.T, s store.Store, lab string) map[string][]byte {
	docs := map[string][]byte{}
	err := s.View(context.Background(), store.LabID(lab), func(r store.Reader) error {
		var after store.Ref
		for {
			page, err := r.Documents(after, 500)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, d := range page {
				after = store.Ref{Kind: d.Kind, ID: d.ID}
				if d.Kind == tracking.KindCube || d.Kind == tracking.KindLab || d.Kind == tracking.KindFacility {
					continue
				}
				slices.SortFunc(d.Keys, func(a, b store.Key) int { return bytes.Compare([]byte(a.Index+a.Value), []byte(b.Index+b.Value)) })
				docs[string(d.Kind)+" "+d.ID] = append(d.Body, fmt.Sprint(d.Keys)...)
			}
		}
	})
	if err != nil {
		t.Fatalf("reading documents: %v", err)
	}
	return docs
}

// Any order, any duplication and any batching of the same entries ends in the
// same documents; grams are conserved; and a rebuild gives every byte again.
func TestHistoryInAnyOrderEndsInTheSameDocuments(t *testing.T) {
	anyHistory(t, MustStore(t))
}

// The same on the distributed engine, which is slower: a tenth of the histories.
func TestHistoryInAnyOrderOnMongoDB(t *testing.T) {
	s := mongotest.Open(t)
	checks := flag.Lookup("rapid.checks").Value
	all, err := strconv.Atoi(checks.String())
	if err != nil {
		t.Fatal(err)
	}
	defer checks.Set(checks.String())
	if err := checks.Set(strconv.Itoa(max(1, all/10))); err != nil {
		t.Fatal(err)
	}
	anyHistory(t, s)
}

func anyHistory(t *testing.T, s store.Store) {
	rapid.Check(t, func(t *rapid.T) {
		straight, shuffled := MustLab(t, s), MustLab(t, s)
		straight.MustFacility(t)
		shuffled.MustFacility(t)
		// Within a day of the last entries, amendments count as made when the
		// phones say so; a month later, as made on arrival.
		far := Start.Add(time.Duration(rapid.SampledFrom([]int{1, 30}).Draw(t, "days")) * 24 * time.Hour)
		h := drawHistory(t, straight, far)
		shuffled.MustStream(t)
		shuffled.MustRecycler(t)
		straight.Clock.Set(far)
		shuffled.Clock.Set(far)
		tell(t, straight, h.said, func() int { return 1 })

		again := slices.Concat(h.said, rapid.SliceOfN(rapid.SampledFrom(h.said), 0, 20).Draw(t, "duplicates"))
		order := rapid.Permutation(again).Draw(t, "order")
		for i := range order { // the same people, in the other lab
			order[i].by.Lab = shuffled.ID
		}
		tell(t, shuffled, order, func() int { return rapid.IntRange(1, 20).Draw(t, "batch") })

		want, got := documents(t, s, straight.ID), documents(t, s, shuffled.ID)
		for id, body := range want {
			if !bytes.Equal(got[id], body) {
				from := max(0, firstDifference(body, got[id])-160)
				t.Errorf("%s differs\n in order: …%s\n shuffled: …%s", id, body[min(from, len(body)):], got[id][min(from, len(got[id])):])
			}
		}
		for id, body := range got {
			if want[id] == nil {
				t.Errorf("%s is there only when shuffled: %s", id, body)
			}
		}
		mustVerify(t, s, shuffled.ID)
		if t.Failed() {
			for _, said := range h.said {
				t.Logf("%s %s %s %s %s", said.sub.ID, said.sub.Type, said.sub.OccurredAt, said.by.User, said.sub.Body)
			}
		}
	})
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func mustVerify(t *rapid.T, s store.Store, lab string) {
	t.Helper()
	scratch, err := openScratch()
	if err != nil {
		t.Fatalf("opening a scratch store: %v", err)
	}
	defer scratch.close()
	faults, err := tracking.Verify(context.Background(), s, scratch.Store, store.LabID(lab), nil)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	for _, f := range faults {
		t.Errorf("verify: %v", f)
	}
}
