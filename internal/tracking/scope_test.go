package tracking_test

import (
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// chain is what a load leaves behind on its way: one of everything.
type chain struct{ facility, ward, recycler, bin, fill, label, pickup, receipt, treatment, discrepancy, review, entry, batch, printer, dossier string }

// mustChain runs one bin through the whole chain, with a load that does not
// arrive whole, and a weighing that does not fit.
func mustChain(t TB, l *Lab, facility, ward, recycler string) chain {
	t.Helper()
	c := chain{facility: facility, ward: ward, recycler: recycler, label: l.MustLabels(t, facility, 1)[0]}
	c.bin = l.MustLabelledBin(t, facility, ward, l.Stream, c.label)
	c.fill = c.bin
	c.batch = l.batchOf(t, c.label)
	c.printer = l.MustPrinter(t, facility)
	c.dossier = mustDossier(t, l)
	c.entry = l.MustClose(t, facility, c.bin, 9000).ID
	c.pickup = l.MustPickup(t, facility, recycler, c.bin)
	l.MustScan(t, recycler, c.pickup, c.bin)
	c.receipt = l.MustReceive(t, recycler, c.pickup, l.Stream, 5000, 0).ID
	c.treatment = l.MustApply(t, l.Plant(recycler), "treatment.record", treatment(c.pickup, l.Stream, 3000)).ID
	c.discrepancy = c.pickup + ":" + l.Stream
	c.review = l.MustRecord(t, l.Driver(recycler), "pickup.scan", tracking.Body{Pickup: c.pickup, Bin: l.MustBin(t, facility, ward, "")}).ID
	return c
}

// singleRead is a way to read one thing of a chain by its id.
type singleRead struct {
	what    string
	get     func(c access.Caller, id string) error
	id      func(chain) string
	callers []access.Caller
	entries func(access.Caller) bool // who may read the trail; the others see their own entries
}

// singleReads lists them all, with the scoped callers for whom a foreign thing
// is foreign.
func singleReads(l *Lab) []singleRead {
	s := l.Service
	errOf := func(_ any, err error) error { return err }
	facility := []access.Caller{l.WardStaff(l.Facility), l.Manager(l.Facility), l.Auditor(l.Facility, "")}
	recycler := []access.Caller{l.Driver(l.Recycler), l.Plant(l.Recycler), l.Auditor("", l.Recycler)}
	both := append(append([]access.Caller{}, facility...), recycler...)
	auditor := func(c access.Caller) bool { return c.Role == access.Manager || c.Role == access.Auditor }
	all := tracking.IndicatorFilter{From: "2026-01", To: "2026-12"}
	return []singleRead{
		{"facility", func(c access.Caller, id string) error { return errOf(s.Facility(ctx, c, id)) }, func(c chain) string { return c.facility }, facility, nil},
		{"ward", func(c access.Caller, id string) error { return errOf(s.Ward(ctx, c, id)) }, func(c chain) string { return c.ward }, facility, nil},
		{"recycler", func(c access.Caller, id string) error { return errOf(s.Recycler(ctx, c, id)) }, func(c chain) string { return c.recycler }, recycler, nil},
		{"bin", func(c access.Caller, id string) error { return errOf(s.Bin(ctx, c, id)) }, func(c chain) string { return c.bin }, facility, nil},
		{"fill", func(c access.Caller, id string) error { return errOf(s.Fill(ctx, c, id)) }, func(c chain) string { return c.fill }, both, nil},
		{"label", func(c access.Caller, id string) error { return errOf(s.Label(ctx, c, id)) }, func(c chain) string { return c.label }, facility, nil},
		{"batch", func(c access.Caller, id string) error { return errOf(s.Batch(ctx, c, id)) }, func(c chain) string { return c.batch }, facility, nil},
		{"printer", func(c access.Caller, id string) error { return errOf(s.Printer(ctx, c, id)) }, func(c chain) string { return c.printer }, facility, nil},
		{"pickup", func(c access.Caller, id string) error { return errOf(s.Pickup(ctx, c, id)) }, func(c chain) string { return c.pickup }, both, nil},
		{"receipt", func(c access.Caller, id string) error { return errOf(s.Receipt(ctx, c, id)) }, func(c chain) string { return c.receipt }, both, nil},
		{"treatment", func(c access.Caller, id string) error { return errOf(s.Treatment(ctx, c, id)) }, func(c chain) string { return c.treatment }, both, nil},
		{"discrepancy", func(c access.Caller, id string) error { return errOf(s.Discrepancy(ctx, c, id)) }, func(c chain) string { return c.discrepancy }, both, nil},
		{"review", func(c access.Caller, id string) error { return errOf(s.Review(ctx, c, id)) }, func(c chain) string { return c.review }, both, nil},
		{"entry", func(c access.Caller, id string) error { return errOf(s.Entry(ctx, c, id)) }, func(c chain) string { return c.entry }, facility, auditor},
		{"entry of the plant", func(c access.Caller, id string) error { return errOf(s.Entry(ctx, c, id)) }, func(c chain) string { return c.receipt }, recycler, auditor},
		{"storage clock", func(c access.Caller, id string) error { return errOf(s.StorageClocks(ctx, c, id)) }, func(c chain) string { return c.facility }, facility, nil},
		{"summary of a facility", func(c access.Caller, id string) error {
			f := all
			f.Facility = id
			return errOf(s.Summary(ctx, c, f))
		}, func(c chain) string { return c.facility }, facility, nil},
		{"drill-down to a ward", func(c access.Caller, id string) error {
			f := all
			f.Ward = id
			return errOf(s.DrillDown(ctx, c, f, tracking.Page{Limit: 1}))
		}, func(c chain) string { return c.ward }, facility, nil},
	}
}

// TestForeignIsUnknown: whoever asks for what is not theirs gets, word for
// word, the answer for what is not there.
func TestForeignIsUnknown(t *testing.T) {
	l := MustLab(t, MustStore(t))
	own := mustChain(t, l, l.Facility, l.Ward, l.Recycler)
	other := l.MustFacility(t)
	foreign := mustChain(t, l, other, l.MustWard(t, other), l.MustRecycler(t))

	lab := []access.Caller{l.Coordinator(), l.Auditor("", "")}
	for _, tt := range singleReads(l) {
		for _, c := range tt.callers {
			unknown := tt.get(c, "01900000-0000-7000-8000-000000000000")
			if p := problem.As(unknown); p != nil && p.Kind == problem.Forbidden {
				continue // this role does not read these at all
			}
			if err := tt.get(c, tt.id(own)); err != nil && (tt.entries == nil || tt.entries(c)) {
				t.Errorf("own %s by %s: %v", tt.what, c.Actor(), err)
			}
			if p := problem.As(unknown); p == nil || p.Kind != problem.NotFound || p.Code != "not-found" {
				t.Errorf("unknown %s by %s: got %v, want not-found", tt.what, c.Actor(), unknown)
			}
			for _, id := range []string{tt.id(foreign), "", "\x00", string(make([]byte, 200)), "a|b", "\xff"} {
				if id == "" && tt.what != "bin" {
					continue // with some, it asks for all
				}
				if err := tt.get(c, id); err == nil || err.Error() != unknown.Error() {
					t.Errorf("%s %q by %s: got %v, want %v", tt.what, id, c.Actor(), err, unknown)
				}
			}
		}
		for _, c := range lab {
			for _, id := range []string{tt.id(own), tt.id(foreign)} {
				if err := tt.get(c, id); err != nil {
					t.Errorf("%s by %s: %v", tt.what, c.Actor(), err)
				}
			}
		}
	}
}

// TestListsStayInScope: no list shows anything of others, in its natural order
// or by changes, filtered for the foreign or not.
func TestListsStayInScope(t *testing.T) {
	l := MustLab(t, MustStore(t))
	mustChain(t, l, l.Facility, l.Ward, l.Recycler)
	other := l.MustFacility(t)
	foreign := mustChain(t, l, other, l.MustWard(t, other), l.MustRecycler(t))
	s := l.Service
	for _, c := range []access.Caller{
		l.WardStaff(l.Facility), l.Manager(l.Facility), l.Driver(l.Recycler), l.Plant(l.Recycler), l.Auditor(l.Facility, ""), l.Auditor("", l.Recycler),
	} {
		mine := func(facility, recycler string) bool { return c.SeesBetween(facility, recycler) }
		for _, page := range []tracking.Page{{Limit: 1}, {Limit: 200}, {Limit: 1, UpdatedAfter: new(store.Seq)}} {
			for _, facility := range []string{"", foreign.facility, "a\x00b"} {
				walk(t, c, page, func(p tracking.Page) (tracking.List[tracking.BinView], error) {
					return s.Bins(ctx, c, tracking.BinFilter{Facility: facility}, p)
				}, func(b tracking.BinView) bool { return mine(b.Facility, "") })
				walk(t, c, page, func(p tracking.Page) (tracking.List[tracking.FillView], error) {
					return s.Fills(ctx, c, tracking.FillFilter{Facility: facility}, p)
				}, func(f tracking.FillView) bool { return mine(f.Facility, f.Recycler) })
				walk(t, c, page, func(p tracking.Page) (tracking.List[tracking.FillView], error) {
					return s.Fills(ctx, c, tracking.FillFilter{Facility: facility, State: tracking.Open}, p)
				}, func(f tracking.FillView) bool { return mine(f.Facility, f.Recycler) && f.State == tracking.Open })
				walk(t, c, page, func(p tracking.Page) (tracking.List[tracking.PickupView], error) {
					return s.Pickups(ctx, c, tracking.PickupFilter{Facility: facility, From: "2026-01-01"}, p)
				}, func(v tracking.PickupView) bool { return mine(v.Facility, v.Recycler) })
				walk(t, c, page, func(p tracking.Page) (tracking.List[tracking.DiscrepancyView], error) {
					return s.Discrepancies(ctx, c, tracking.DiscrepancyFilter{Facility: facility}, p)
				}, func(d tracking.DiscrepancyView) bool { return mine(d.Facility, d.Recycler) })
				walk(t, c, page, func(p tracking.Page) (tracking.List[tracking.Label], error) {
					return s.Labels(ctx, c, tracking.LabelFilter{Facility: facility}, p)
				}, func(v tracking.Label) bool { return mine(v.Facility, "") })
				walk(t, c, page, func(p tracking.Page) (tracking.List[tracking.Batch], error) {
					return s.Batches(ctx, c, tracking.BatchFilter{Facility: facility}, p)
				}, func(b tracking.Batch) bool { return mine(b.Facility, "") })
				walk(t, c, page, func(p tracking.Page) (tracking.List[tracking.Ward], error) {
					return s.Wards(ctx, c, facility, p)
				}, func(w tracking.Ward) bool { return mine(w.Facility, "") })
			}
			walk(t, c, page, func(p tracking.Page) (tracking.List[tracking.Printer], error) {
				return s.Printers(ctx, c, p)
			}, func(v tracking.Printer) bool { return mine(v.Facility, "") })
			walk(t, c, page, func(p tracking.Page) (tracking.List[tracking.Receipt], error) {
				return s.Receipts(ctx, c, tracking.ChainFilter{}, p)
			}, func(r tracking.Receipt) bool { return mine(r.Facility, r.Recycler) })
			walk(t, c, page, func(p tracking.Page) (tracking.List[tracking.ReviewView], error) {
				return s.Reviews(ctx, c, tracking.ReviewFilter{}, p)
			}, func(r tracking.ReviewView) bool { return mine(r.Facility, r.Recycler) })
		}
	}
}

func walk[T any](t *testing.T, c access.Caller, page tracking.Page, get func(tracking.Page) (tracking.List[T], error), mine func(T) bool) {
	t.Helper()
	for range 100 {
		list, err := get(page)
		if err != nil {
			if p := problem.As(err); p == nil || p.Kind != problem.Forbidden {
				t.Errorf("%T by %s: %v", list.Items, c.Actor(), err)
			}
			return
		}
		for _, item := range list.Items {
			if !mine(item.Doc) {
				t.Errorf("%s sees %+v", c.Actor(), item.Doc)
			}
		}
		if page.After = list.Next; page.After == nil {
			return
		}
	}
	t.Errorf("%s: a list without end", c.Actor())
}

// TestRecyclersSeeNoMoreThanTheyNeed: of a fill that a recycler took it sees
// the weighings and its own scan, nobody's name but its own people's, and
// nothing of the tries of another recycler.
func TestRecyclersSeeNoMoreThanTheyNeed(t *testing.T) {
	l := MustLab(t, MustStore(t))
	rival := l.MustRecycler(t)
	bin := l.MustBin(t, l.Facility, "", "")
	l.MustApply(t, l.WardStaff(l.Facility), "fill.open", tracking.Body{Bin: bin})
	visit := l.MustPickup(t, l.Facility, rival)
	l.MustRecord(t, l.Driver(rival), "pickup.scan", tracking.Body{Pickup: visit, Bin: bin})
	l.MustClose(t, l.Facility, bin, 3*quantity.Kilogram)
	p := l.MustPickup(t, l.Facility, l.Recycler)
	l.MustScan(t, l.Recycler, p, bin)
	v, err := l.Service.Fill(ctx, l.Driver(l.Recycler), bin)
	if err != nil {
		t.Fatal(err)
	}
	var types []tracking.Type
	for _, f := range v.Doc.Facts {
		types = append(types, f.Type)
		if own := f.Organisation == l.Recycler; own != (f.Actor != "") {
			t.Errorf("%s of %s shows actor %q", f.Type, f.Organisation, f.Actor)
		}
	}
	if len(types) != 2 || types[0] != "fill.close" || types[1] != "pickup.scan" || v.Doc.OpenedAt != nil {
		t.Errorf("a driver sees %v, opened %v; want fill.close and pickup.scan", types, v.Doc.OpenedAt)
	}
	if _, err := l.Service.Fill(ctx, l.Driver(rival), bin); !problem.Is(err, "not-found") {
		t.Errorf("the rival gets %v, want not-found", err)
	}
}
