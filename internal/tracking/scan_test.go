package tracking_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

func TestScan(t *testing.T) {
	l := MustLab(t, MustStore(t))
	other, rival := l.MustFacility(t), l.MustRecycler(t)
	codes := l.MustLabels(t, l.Facility, 4)
	bin := l.MustLabelledBin(t, l.Facility, "", "", codes[0])
	l.MustApply(t, l.Manager(l.Facility), "label.bind", tracking.Body{Label: codes[1], Bin: bin, Replaces: codes[0]})
	l.MustClose(t, l.Facility, bin, 3*quantity.Kilogram)
	p := l.MustPickup(t, l.Facility, l.Recycler)
	anyones := l.MustLabels(t, "", 1)[0]
	nobodys := "0000-0000-0000-1"
	for _, tt := range []struct {
		name    string
		by      access.Caller
		code    string
		want    tracking.ScanState
		actions []tracking.Type
	}{
		{"own", l.WardStaff(l.Facility), codes[1], tracking.ScanKnown, []tracking.Type{"fill.weigh", "bin.lost", "undo", "label.bind", "label.retire"}},
		{"as a link", l.WardStaff(l.Facility), "HTTPS://EXAMPLE.ORG/B/" + codes[1], tracking.ScanKnown, nil},
		{"lower case, in groups", l.Manager(l.Facility), strings.ToLower(codes[1][:4] + "-" + codes[1][4:]), tracking.ScanKnown, nil},
		{"former label", l.WardStaff(l.Facility), codes[0], tracking.ScanRetired, nil},
		{"blank", l.WardStaff(l.Facility), codes[2], tracking.ScanBlank, []tracking.Type{"bin.register", "label.bind", "label.retire"}},
		{"blank, for anybody", l.Manager(other), anyones, tracking.ScanBlank, []tracking.Type{"bin.register", "label.bind"}},
		{"blank of others", l.Manager(other), codes[2], tracking.ScanUnknown, []tracking.Type{}},
		{"bin of others", l.Manager(other), codes[1], tracking.ScanForeign, []tracking.Type{}},
		{"former label of others", l.Manager(other), codes[0], tracking.ScanForeign, []tracking.Type{}},
		{"driver who is expected", l.Driver(l.Recycler), codes[1], tracking.ScanKnown, []tracking.Type{"pickup.scan", "pickup.missing", "pickup.exception"}},
		{"driver who is not", l.Driver(rival), codes[1], tracking.ScanForeign, []tracking.Type{}},
		{"driver, blank", l.Driver(l.Recycler), anyones, tracking.ScanUnknown, []tracking.Type{}},
		{"auditor", l.Auditor("", ""), codes[1], tracking.ScanKnown, []tracking.Type{}},
		{"unknown", l.WardStaff(l.Facility), nobodys, tracking.ScanUnknown, []tracking.Type{}},
		{"no code", l.WardStaff(l.Facility), "javascript:alert(1)", tracking.ScanUnknown, []tracking.Type{}},
	} {
		a, err := l.Service.Scan(ctx, tt.by, tt.code)
		if err != nil || a.State != tt.want {
			t.Errorf("%s: got %s (%v), want %s", tt.name, a.State, err, tt.want)
			continue
		}
		if tt.actions != nil && !slices.Equal([]tracking.Type(a.Actions), tt.actions) {
			t.Errorf("%s: got actions %v, want %v", tt.name, a.Actions, tt.actions)
		}
		if leads := tt.want == tracking.ScanKnown || tt.want == tracking.ScanRetired; leads != (a.Bin != nil) || leads && a.Bin.ID != bin {
			t.Errorf("%s: leads to %+v", tt.name, a.Bin)
		}
	}
	l.MustScan(t, l.Recycler, p, bin)
	facility, err := l.Service.Scan(ctx, l.WardStaff(l.Facility), codes[1])
	if err != nil || facility.Bin.LastNetGrams == nil || *facility.Bin.LastNetGrams != 3*quantity.Kilogram {
		t.Errorf("the ward sees %+v (%v), want 3 kg last time", facility.Bin, err)
	}
	driver, err := l.Service.Scan(ctx, l.Driver(l.Recycler), codes[1])
	if err != nil || driver.Bin.LastNetGrams != nil || driver.Undo == "" || slices.Contains(driver.Actions, "pickup.scan") {
		t.Errorf("the driver sees %+v (%v), want no mass, and an undo", driver, err)
	}
}

func TestStorageClock(t *testing.T) {
	l := MustLab(t, MustStore(t))
	clock := func() tracking.StorageClock {
		t.Helper()
		clocks, err := l.Service.StorageClocks(ctx, l.Manager(l.Facility), "")
		if err != nil || len(clocks) != 1 {
			t.Fatalf("%d clocks, %v", len(clocks), err)
		}
		return clocks[0]
	}
	rome := calendar.Rome()
	// 30 November has no counterpart in February; and summer time begins in March.
	l.Clock.Set(time.Date(2026, 11, 30, 9, 0, 0, 0, rome))
	bin := l.MustBin(t, l.Facility, "", "")
	if k := clock(); k.State != tracking.StorageOK || k.Fills != 0 || k.DueAt != nil || k.VolumeShare.String() != "0.0000" {
		t.Errorf("empty bins: %+v", k)
	}
	opened := l.Clock.Now()
	l.MustApply(t, l.WardStaff(l.Facility), "fill.open", tracking.Body{Bin: bin})
	due := time.Date(2027, 2, 28, opened.In(rome).Hour(), opened.Minute(), opened.Second(), 0, rome)
	for _, tt := range []struct {
		at   time.Time
		want tracking.StorageState
	}{
		{due.Add(-15 * 24 * time.Hour), tracking.StorageOK},
		{due.Add(-14 * 24 * time.Hour), tracking.StorageSoon},
		{due, tracking.StorageSoon},
		{due.Add(time.Second), tracking.StorageOverdue},
	} {
		l.Clock.Set(tt.at)
		if k := clock(); k.State != tt.want || *k.DueAt != calendar.At(due) || k.StoredVolumeLitres != 120 || k.VolumeShare.String() != "0.0040" {
			t.Errorf("at %s: %+v, due %s; want %s, due %s", tt.at, k, k.DueAt, tt.want, due)
		}
	}
	l.MustClose(t, l.Facility, bin, 5000)
	if k := clock(); k.StoredGrams != 5000 || k.State != tracking.StorageOverdue || len(k.ByStream) != 1 {
		t.Errorf("closing does not stop the clock: %+v", k)
	}
	l.MustScan(t, l.Recycler, l.MustPickup(t, l.Facility, l.Recycler), bin)
	if k := clock(); k.State != tracking.StorageOK || k.Fills != 0 || k.OldestOpenedAt != nil {
		t.Errorf("the pickup does: %+v", k)
	}
}

func TestStorageByVolume(t *testing.T) {
	l := MustLab(t, MustStore(t))
	tare := 50 * quantity.Kilogram
	for _, tt := range []struct {
		litres int64
		want   tracking.StorageState
	}{{23_999, tracking.StorageOK}, {1, tracking.StorageSoon}, {5_999, tracking.StorageSoon}, {1, tracking.StorageOverdue}} {
		bin := l.MustApply(t, l.Manager(l.Facility), "bin.register", tracking.Body{
			Facility: l.Facility, Ward: l.Ward, Stream: l.Stream, VolumeLitres: tt.litres, TareGrams: &tare, Name: "Scarrabile",
		}).ID
		l.MustClose(t, l.Facility, bin, 1000)
		clocks, err := l.Service.StorageClocks(ctx, l.Coordinator(), l.Facility)
		if err != nil || clocks[0].State != tt.want {
			t.Errorf("with %d l: %s (%v), want %s", clocks[0].StoredVolumeLitres, clocks[0].State, err, tt.want)
		}
	}
}

func TestTrail(t *testing.T) {
	l := MustLab(t, MustStore(t))
	own := mustChain(t, l, l.Facility, l.Ward, l.Recycler)
	other := l.MustFacility(t)
	foreign := mustChain(t, l, other, l.MustWard(t, other), l.MustRecycler(t))
	// The neighbour names a bin that is not its own: that is nobody's business.
	try := l.MustRecord(t, l.Manager(other), "fill.open", tracking.Body{Bin: own.bin}).ID
	read := func(c access.Caller, f tracking.EntryFilter) map[string]bool {
		t.Helper()
		seen := map[string]bool{}
		prev := ""
		for {
			list, err := l.Service.Entries(ctx, c, f, 7)
			if err != nil {
				t.Fatalf("trail of %s: %v", c.Actor(), err)
			}
			for _, e := range list.Items {
				if seen[e.Content.ID] = true; c.LabWide() && f == (tracking.EntryFilter{After: f.After}) && prev != "" && e.Prev != prev {
					t.Errorf("entry %d does not follow its predecessor", e.Seq)
				}
				prev = e.Hash
			}
			if f.After = list.Next; f.After == 0 {
				return seen
			}
		}
	}
	everything := read(l.Coordinator(), tracking.EntryFilter{})
	status, err := l.Service.Status(ctx, l.Coordinator())
	if err != nil || int(status.Head) != len(everything) || status.Awaiting == nil || *status.Awaiting != 1 {
		t.Errorf("the coordinator sees %d entries of %+v (%v)", len(everything), status, err)
	}
	manager := read(l.Manager(l.Facility), tracking.EntryFilter{})
	for what, id := range map[string]string{"close": own.entry, "receipt": own.receipt, "treatment": own.treatment, "plan": own.pickup, "bin": own.bin} {
		if !manager[id] {
			t.Errorf("the manager does not see the %s", what)
		}
	}
	for what, id := range map[string]string{"close": foreign.entry, "receipt": foreign.receipt, "plan": foreign.pickup, "try": try} {
		if manager[id] {
			t.Errorf("the manager sees the foreign %s", what)
		}
	}
	plant := read(l.Auditor("", l.Recycler), tracking.EntryFilter{})
	if !plant[own.pickup] || !plant[own.receipt] || plant[own.entry] || plant[foreign.receipt] {
		t.Errorf("the recycler's auditor sees %v", plant)
	}
	if got := read(l.Manager(l.Facility), tracking.EntryFilter{Bin: own.bin}); len(got) != 3 || !got[own.entry] {
		t.Errorf("of the bin: %v, want its registration, closing and scan", got)
	}
	if got := read(l.Coordinator(), tracking.EntryFilter{Pickup: own.pickup, Type: "receipt.record"}); len(got) != 1 || !got[own.receipt] {
		t.Errorf("of the pickup: %v, want its receipt", got)
	}
}
