package tracking_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

var always = tracking.IndicatorFilter{From: "2025-01", To: "2034-12"}

// fromScratch sums what fills and loads say, without the cube.
func fromScratch(fills []tracking.Fill, pickups []tracking.Pickup, f tracking.IndicatorFilter) indicator.Activity {
	var sum indicator.Activity
	for _, fill := range fills {
		if f.Facility != "" && f.Facility != fill.Facility || f.Ward != "" && f.Ward != fill.Ward || f.Stream != "" && f.Stream != fill.Stream {
			continue
		}
		sum = sum.Plus(ofFill(fill))
	}
	for _, p := range pickups {
		for _, l := range p.Loads {
			if u := l.Unallocated; u != nil && (f.Facility == "" || f.Facility == p.Facility) && f.Ward == "" && (f.Stream == "" || f.Stream == l.Stream) {
				a := ofArrival(u)
				a.Unallocated, a.Difference = a.Received(), -a.Received()
				sum = sum.Plus(a)
			}
		}
	}
	return sum
}

func ofFill(f tracking.Fill) (a indicator.Activity) {
	m := f.Departure.NetGrams
	if f.State == tracking.Diverted {
		return indicator.Activity{Diverted: m}
	}
	if f.Arrival != nil {
		a = ofArrival(f.Arrival)
		a.Difference = m - a.Received()
	} else if f.CollectedAt != nil {
		a.InTransit = m
	} else {
		a.Stored = m
	}
	a.Fills, a.Collected, a.CollectedBy[f.Departure.Rung], a.Haul = 1, m, m, f.Haul
	return a
}

func ofArrival(v *tracking.Arrival) indicator.Activity {
	a := indicator.Activity{
		Accepted: v.AcceptedGrams, Refused: v.RefusedGrams, Contaminant: v.ContaminantGrams, Recyclate: v.RecyclateGrams,
		ProcessLoss: v.ProcessLossGrams, Residue: v.ResidueGrams, Pending: v.PendingGrams, Routes: v.Routes,
		Recyclates: v.Recyclates,
	}
	if v.NextOperation != "" && v.RefusedGrams > 0 {
		a.RefusedTo = map[string]quantity.Mass{v.NextOperation: v.RefusedGrams}
	}
	a.ReceivedBy[v.Rung] = a.Received()
	return a
}

func (w *world) allPickups() (pickups []tracking.Pickup) {
	for _, id := range w.pickups {
		p, err := w.Service.Pickup(ctx, w.Coordinator(), id)
		if err != nil {
			w.t.Fatalf("pickup: %v", err)
		}
		pickups = append(pickups, p.Doc.Pickup)
	}
	return pickups
}

// TestSummaryIsTheSumOfFills: whatever happened, with months closed on the
// way, every summary is what its fills and loads say; its parts sum to it; a
// service that has followed every step answers as one that has just started.
func TestSummaryIsTheSumOfFills(t *testing.T) {
	s := MustStore(t)
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, s)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			w.happen()
			if rapid.Bool().Draw(t, "look") {
				_ = w.summary(w.Coordinator(), always) // fills the cache
			}
		}
		fills, pickups := w.allFills(), w.allPickups()
		callers := []access.Caller{w.Coordinator(), w.Manager(w.facilities[0]), w.WardStaff(w.facilities[1])}
		for _, c := range callers {
			f := always
			f.Facility = c.Facility
			w.checkSummary(c, f, fills, pickups)
			f.Stream = w.pick(w.streams, "stream")
			w.checkSummary(c, f, fills, pickups)
		}
		for _, p := range pickups {
			checkHaul(t, p, fills)
		}
		f := always
		f.Ward = w.wards[1]
		w.checkSummary(w.Coordinator(), f, fills, pickups)
		w.checkPlants(pickups)
	})
}

func (w *world) summary(c access.Caller, f tracking.IndicatorFilter) tracking.SummaryAnswer {
	w.t.Helper()
	a, err := w.Service.Summary(ctx, c, f)
	if err != nil {
		w.t.Fatalf("summary: %v", err)
	}
	return a
}

func (w *world) checkSummary(c access.Caller, f tracking.IndicatorFilter, fills []tracking.Fill, pickups []tracking.Pickup) {
	w.t.Helper()
	want := fromScratch(fills, pickups, f)
	if broken := want.Check(); broken != "" {
		w.t.Fatalf("the fills break %s", broken)
	}
	got := w.summary(c, f)
	if !reflect.DeepEqual(got.Balance, indicator.Summarise(want)) {
		w.t.Fatalf("summary of %+v\ngot  %+v\nwant %+v", f, got.Balance, indicator.Summarise(want))
	}
	fresh, err := tracking.New(w.Store, w.Clock.Now).Summary(ctx, c, f)
	if err != nil || !reflect.DeepEqual(fresh, got) {
		w.t.Fatalf("a service that has just started answers\n%+v (%v), the other\n%+v", fresh, err, got)
	}
	for _, by := range []tracking.BreakdownBy{tracking.ByFacility, tracking.ByWard, tracking.ByStream, tracking.ByMonth} {
		b, err := w.Service.Breakdown(ctx, c, f, by)
		if err != nil || !reflect.DeepEqual(b.Total, got.Balance) {
			w.t.Fatalf("parts by %s sum to %+v (%v), want %+v", by, b.Total, err, got.Balance)
		}
	}
	series, err := w.Service.Series(ctx, c, f)
	if err != nil || len(series.Points) != 120 {
		w.t.Fatalf("series has %d points (%v), want 120", len(series.Points), err)
	}
	var collected quantity.Mass
	for _, p := range series.Points {
		collected += p.Balance.Collected
	}
	if collected != got.Balance.Collected {
		w.t.Fatalf("months sum to %s, want %s", collected, got.Balance.Collected)
	}
}

// checkPlants: a plant's balance is that of the fills that it took.
func (w *world) checkPlants(pickups []tracking.Pickup) {
	for _, r := range w.recyclers {
		var fills []tracking.Fill
		var own []tracking.Pickup
		for _, p := range pickups {
			if p.Recycler != r {
				continue
			}
			own = append(own, p)
			for _, l := range p.Lines {
				f, err := w.Service.Fill(ctx, w.Plant(r), l.Fill)
				if err != nil {
					w.t.Fatalf("fill on an own pickup: %v", err)
				}
				fills = append(fills, f.Doc.Fill)
			}
		}
		got, want := w.summary(w.Plant(r), always).Balance, indicator.Summarise(fromScratch(fills, own, always))
		if !reflect.DeepEqual(got, want) {
			w.t.Fatalf("balance of %s\ngot  %+v\nwant %+v", r, got, want)
		}
	}
}

// TestCellsLeadToTheirFills: the fills behind each cell that is no adjustment
// are those that it counts, page by page.
func TestCellsLeadToTheirFills(t *testing.T) {
	l := MustLab(t, MustStore(t))
	for _, at := range []time.Time{ // around summer time and the ends of months, in Rome
		time.Date(2026, 3, 28, 22, 59, 59, 0, time.UTC), time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC),
		time.Date(2026, 3, 31, 21, 59, 59, 999e6, time.UTC), time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC),
		time.Date(2026, 10, 31, 22, 59, 59, 999e6, time.UTC), time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC),
	} {
		l.Clock.Set(at.Add(-time.Second))
		l.MustClose(t, l.Facility, l.MustBin(t, l.Facility, "", ""), 1000)
	}
	want := map[calendar.Month]int{"2026-03": 3, "2026-04": 1, "2026-10": 1, "2026-11": 1}
	page := tracking.Page{Limit: 1}
	for n := 0; ; n++ {
		cells, err := l.Service.Cells(ctx, l.Manager(l.Facility), always, page)
		if err != nil || len(cells.Items) != 1 {
			t.Fatalf("cells: %+v, %v", cells, err)
		}
		c := cells.Items[0].Doc
		f := tracking.IndicatorFilter{From: c.Month, To: c.Month, Ward: c.Ward, Stream: c.Stream}
		fills, err := l.Service.DrillDown(ctx, l.Manager(l.Facility), f, tracking.Page{Limit: 10})
		if err != nil || len(fills.Items) != want[c.Month] || int64(len(fills.Items)) != c.Balance.Fills {
			t.Errorf("%s: %d fills behind the cell, %d in it (%v), want %d", c.Month, len(fills.Items), c.Balance.Fills, err, want[c.Month])
		}
		if page.After = cells.Next; page.After == nil {
			if n != 3 {
				t.Errorf("%d cells, want 4", n+1)
			}
			return
		}
	}
}

// TestSummaryBelongsToItsHead: while others write, equal heads give equal
// answers, and a head says how many fills were closed.
func TestSummaryBelongsToItsHead(t *testing.T) {
	l := MustLab(t, MustStore(t))
	var bins []string
	for range 60 {
		bins = append(bins, l.MustBin(t, l.Facility, "", ""))
	}
	first := l.MustRecord(t, l.Coordinator(), "pickup.plan", tracking.Body{Facility: l.Facility, Recycler: l.Recycler, PlannedFor: "2026-03-02"}).Seq
	var entries []tracking.Submission
	for _, b := range bins {
		l.Clock.Advance(time.Second)
		entries = append(entries, l.Entry(t, "fill.close", tracking.Body{
			Bin: b, Measurement: &tracking.Measurement{NetGrams: 1000},
			Sorting: &tracking.Sorting{NotHazardous: true, NotContaminated: true, NotIsolation: true},
		}))
	}
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for {
				a, err := l.Service.Summary(ctx, l.Coordinator(), always)
				if want := quantity.Mass(a.Head-first) * 1000; err != nil || a.Balance.Collected != want {
					t.Errorf("at %d: collected %s, want %s (%v)", a.Head, a.Balance.Collected, want, err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for _, e := range entries {
		if _, err := l.Service.Record(ctx, l.WardStaff(l.Facility), e, 0); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	close(done)
	readers.Wait()
}

// BenchmarkSummary: a lab-year of 40 wards and 3 streams that counts 10⁴ or
// 10⁶ fills. The cube has as many cells in both, and a summary costs as much.
func BenchmarkSummary(b *testing.B) {
	for _, fills := range []int{10_000, 1_000_000} {
		l := MustLab(b, MustStore(b))
		cells := putCells(b, l, fills)
		f := tracking.IndicatorFilter{From: "2026-01", To: "2026-12"}
		run := func(name string, service func() *tracking.Service) {
			b.Run(fmt.Sprintf("%s/fills=%d", name, fills), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					a, err := service().Summary(ctx, l.Coordinator(), f)
					if err != nil || a.Balance.Fills != int64(fills) {
						b.Fatalf("%d fills, %v", a.Balance.Fills, err)
					}
				}
				b.ReportMetric(float64(cells), "cells")
			})
		}
		run("warm", func() *tracking.Service { return l.Service })
		run("cold", func() *tracking.Service { return tracking.New(l.Store, l.Clock.Now) })
	}
}

// putCells writes the cells that so many fills would have left.
func putCells(b *testing.B, l *Lab, fills int) (cells int) {
	const wards, streams = 40, 3
	err := l.Store.Update(ctx, store.LabID(l.ID), func(tx store.Tx) error {
		cells = 0
		for m := calendar.Month("2026-01"); m <= "2026-12"; m = m.Next() {
			for i := range wards * streams {
				n := int64(fills / (12 * wards * streams))
				if cells < fills%(12*wards*streams) {
					n++
				}
				mass := quantity.Mass(n) * 3210
				c := tracking.Cell{Booked: m, Month: m, Facility: "f", Ward: fmt.Sprintf("w%d", i/streams), Stream: fmt.Sprintf("s%d", i%streams)}
				c.Activity = indicator.Activity{Fills: n, Collected: mass, Accepted: mass, Recyclate: mass / 2, Residue: mass - mass/2, Routes: map[string]quantity.Mass{"R1": mass - mass/2}}
				c.Activity.Recyclates = map[string]quantity.Mass{indicator.RecyclateKey("PP", "crates", "0.80"): mass / 2}
				c.Activity.Haul = map[string]int64{
					indicator.HaulKey(indicator.VehicleKm, "van", nil): n * 100, indicator.HaulKey(indicator.Energy, "electric-van", nil): n,
				}
				c.Activity.CollectedBy[indicator.WardScale], c.Activity.ReceivedBy[indicator.RecyclerScale] = mass, mass
				body, err := json.Marshal(c)
				if err != nil {
					return err
				}
				if err := tx.Put(store.Document{Kind: tracking.KindCell, ID: c.ID(), Body: body}); err != nil {
					return err
				}
				cells++
			}
		}
		return nil
	})
	if err != nil {
		b.Fatalf("writing cells: %v", err)
	}
	return cells
}
