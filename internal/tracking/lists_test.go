package tracking_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// ids reads a whole list, two items at a time.
func ids[T any](t *testing.T, get func(tracking.Page) (tracking.List[T], error), id func(T) string, updatedAfter *store.Seq) []string {
	t.Helper()
	return idsBy(t, 2, get, id, updatedAfter)
}

// idsBy reads a whole list, so many items at a time.
func idsBy[T any](t *testing.T, limit int, get func(tracking.Page) (tracking.List[T], error), id func(T) string, updatedAfter *store.Seq) []string {
	t.Helper()
	found := []string{}
	page := tracking.Page{Limit: limit, UpdatedAfter: updatedAfter}
	for {
		list, err := get(page)
		if err != nil {
			t.Fatalf("listing: %v", err)
		}
		for _, item := range list.Items {
			found = append(found, id(item.Doc))
		}
		if page.After = list.Next; page.After == nil {
			return found
		}
	}
}

func TestFillLists(t *testing.T) {
	l := MustLab(t, MustStore(t))
	second := l.MustFacility(t)
	ward := l.MustWard(t, second)
	var closed []string // fills, in the order of closing
	head := store.Seq(0)
	for i, facility := range []string{l.Facility, second, l.Facility, second, l.Facility} {
		l.Clock.Set(time.Date(2026, time.Month(3+i/2), 15, 8, 0, 0, 0, time.UTC))
		w := l.Ward
		if facility == second {
			w = ward
		}
		bin := l.MustBin(t, facility, w, "")
		if i == 3 {
			head = l.MustClose(t, facility, bin, 1000).Seq
		} else {
			l.MustClose(t, facility, bin, 1000)
		}
		closed = append(closed, bin) // a bin's first fill has its id
	}
	open := l.MustBin(t, second, ward, "")
	list := func(c access.Caller, f tracking.FillFilter, after *store.Seq) []string {
		t.Helper()
		return ids(t, func(p tracking.Page) (tracking.List[tracking.FillView], error) { return l.Service.Fills(ctx, c, f, p) },
			func(v tracking.FillView) string { return v.ID }, after)
	}
	for _, tt := range []struct {
		name string
		got  []string
		want []string
	}{
		{"a facility, newest first", list(l.Manager(l.Facility), tracking.FillFilter{}, nil), []string{closed[4], closed[2], closed[0]}},
		{"the lab, by facility", list(l.Coordinator(), tracking.FillFilter{}, nil), []string{closed[3], closed[1], closed[4], closed[2], closed[0]}},
		{"a month", list(l.Coordinator(), tracking.FillFilter{Month: "2026-04"}, nil), []string{closed[3], closed[2]}},
		{"a ward", list(l.Coordinator(), tracking.FillFilter{Ward: ward}, nil), []string{closed[3], closed[1]}},
		{"open ones", list(l.Coordinator(), tracking.FillFilter{State: tracking.Open}, nil), []string{open}},
		{"of a bin", list(l.Coordinator(), tracking.FillFilter{Bin: open}, nil), []string{open}},
		{"of nothing", list(l.Coordinator(), tracking.FillFilter{Facility: "none"}, nil), []string{}},
		{"changed after", list(l.Coordinator(), tracking.FillFilter{}, &head), []string{closed[4], open}},
		{"changed after, of others", list(l.Manager(l.Facility), tracking.FillFilter{}, &head), []string{closed[4]}},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

func TestBinLists(t *testing.T) {
	l := MustLab(t, MustStore(t))
	bins := map[string]string{}
	for _, state := range []string{"open", "closed", "retired", "lost"} {
		bins[state] = l.MustBin(t, l.Facility, "", "")
	}
	l.MustClose(t, l.Facility, bins["closed"], 1000)
	l.MustApply(t, l.Manager(l.Facility), "bin.retire", tracking.Body{Bin: bins["retired"], Reason: "broken"})
	l.MustApply(t, l.WardStaff(l.Facility), "bin.lost", tracking.Body{Bin: bins["lost"]})
	list := func(f tracking.BinFilter) []string {
		return ids(t, func(p tracking.Page) (tracking.List[tracking.BinView], error) {
			return l.Service.Bins(ctx, l.Coordinator(), f, p)
		}, func(b tracking.BinView) string { return b.ID }, nil)
	}
	for state, want := range map[string][]string{
		"closed": {bins["closed"]}, "retired": {bins["retired"]}, "lost": {bins["lost"]}, "open": {bins["open"], bins["lost"]},
		"": {bins["closed"], bins["open"], bins["lost"], bins["retired"]}, "nonsense": {},
	} {
		if got := list(tracking.BinFilter{State: state}); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", state, got, want)
		}
	}
	if got := list(tracking.BinFilter{Ward: "none"}); len(got) != 0 {
		t.Errorf("of no ward: got %v", got)
	}
}

func TestPickupLists(t *testing.T) {
	l := MustLab(t, MustStore(t))
	second := l.MustRecycler(t)
	plan := func(recycler, day string) string {
		return l.MustApply(t, l.Coordinator(), "pickup.plan", tracking.Body{Facility: l.Facility, Recycler: recycler, PlannedFor: day}).ID
	}
	a, b, c := plan(l.Recycler, "2026-03-05"), plan(second, "2026-03-01"), plan(l.Recycler, "2026-03-09")
	for _, tt := range []struct {
		by   access.Caller
		f    tracking.PickupFilter
		want []string
	}{
		{l.Manager(l.Facility), tracking.PickupFilter{}, []string{c, a, b}},
		{l.Manager(l.Facility), tracking.PickupFilter{From: "2026-03-05", To: "2026-03-05"}, []string{a}},
		{l.Coordinator(), tracking.PickupFilter{To: "2026-03-05"}, []string{a, b}},
		{l.Coordinator(), tracking.PickupFilter{Recycler: second}, []string{b}},
		{l.Driver(l.Recycler), tracking.PickupFilter{}, []string{c, a}},
		{l.Driver(l.Recycler), tracking.PickupFilter{From: "2026-03-06"}, []string{c}},
		{l.Driver(l.Recycler), tracking.PickupFilter{Recycler: second}, []string{}},
		{l.Plant(second), tracking.PickupFilter{State: tracking.Settled}, []string{}},
	} {
		got := ids(t, func(p tracking.Page) (tracking.List[tracking.PickupView], error) {
			return l.Service.Pickups(ctx, tt.by, tt.f, p)
		}, func(p tracking.PickupView) string { return p.ID }, nil)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s, %+v: got %v, want %v", tt.by.Actor(), tt.f, got, tt.want)
		}
	}
}

func TestCatalogueLists(t *testing.T) {
	l := MustLab(t, MustStore(t))
	l.MustWard(t, l.MustFacility(t))
	l.MustRecycler(t)
	s := l.Service
	for _, tt := range []struct {
		by   access.Caller
		want string // how many facilities, wards, recyclers, streams
	}{
		{l.Coordinator(), "2 2 2 1"}, {l.WardStaff(l.Facility), "1 1 2 1"}, {l.Driver(l.Recycler), "2 0 1 1"}, {l.Auditor("", ""), "2 2 2 1"},
	} {
		page := tracking.Page{Limit: 10}
		facilities, err1 := s.Facilities(ctx, tt.by, page)
		wards, err2 := s.Wards(ctx, tt.by, "", page)
		recyclers, err3 := s.Recyclers(ctx, tt.by, page)
		streams, err4 := s.Streams(ctx, tt.by, page)
		got := fmt.Sprint(len(facilities.Items), len(wards.Items), len(recyclers.Items), len(streams.Items))
		if got != tt.want || err1 != nil || err2 != nil || err3 != nil || err4 != nil {
			t.Errorf("%s: got %s (%v %v %v %v), want %s", tt.by.Actor(), got, err1, err2, err3, err4, tt.want)
		}
	}
}

func TestPagesThatCanNotBe(t *testing.T) {
	l := MustLab(t, MustStore(t))
	seq := store.Seq(-1)
	zero := store.Seq(0)
	for name, page := range map[string]tracking.Page{
		"no limit":         {},
		"too many":         {Limit: tracking.MaxPage + 1},
		"before the start": {Limit: 1, UpdatedAfter: &seq},
		"empty cursor":     {Limit: 1, After: &store.Position{}},
		"NUL":              {Limit: 1, After: &store.Position{Value: "a\x00"}},
		"no number":        {Limit: 1, UpdatedAfter: &zero, After: &store.Position{Value: "x", ID: "y"}},
	} {
		if _, err := l.Service.Fills(ctx, l.Coordinator(), tracking.FillFilter{}, page); problem.As(err) == nil || problem.As(err).Kind != problem.Invalid {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
	for name, f := range map[string]tracking.IndicatorFilter{
		"no months": {}, "backwards": {From: "2026-03", To: "2026-02"}, "eleven years": {From: "2020-01", To: "2030-12"}, "no month": {From: "2026-13", To: "2026-13"},
	} {
		if _, err := l.Service.Funnel(ctx, l.Coordinator(), f); problem.As(err) == nil || problem.As(err).Kind != problem.Invalid {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
}

// TestAdjustments: what changes a closed month shows in the month of its
// recording, and is told apart.
func TestAdjustments(t *testing.T) {
	l := MustLab(t, MustStore(t))
	bin := l.MustBin(t, l.Facility, "", "")
	l.MustClose(t, l.Facility, bin, 4000)
	p := l.MustPickup(t, l.Facility, l.Recycler)
	l.Clock.Set(time.Date(2026, 4, 10, 8, 0, 0, 0, time.UTC))
	l.MustApply(t, l.Coordinator(), "month.close", tracking.Body{Month: "2026-03"})
	l.MustScan(t, l.Recycler, p, bin)
	march, err1 := l.Service.Summary(ctx, l.Coordinator(), tracking.IndicatorFilter{From: "2026-03", To: "2026-03"})
	april, err2 := l.Service.Summary(ctx, l.Coordinator(), tracking.IndicatorFilter{From: "2026-04", To: "2026-04"})
	if err1 != nil || err2 != nil || march.Balance.Stored != 4000 || march.Adjustments.Stored != 0 {
		t.Errorf("March: %+v (%v %v), want 4 kg stored, as when it was closed", march, err1, err2)
	}
	if b := april.Adjustments; b.Stored != -4000 || b.InTransit != 4000 || b.Collected != 0 || b.Closure.Defined() {
		t.Errorf("adjustments in April: %+v, want 4 kg from stored to in transit", b)
	}
	months, err := l.Service.Months(ctx, l.Manager(l.Facility))
	if err != nil || len(months) != 1 || months[0].Month != "2026-03" {
		t.Errorf("closed months: %v, %v", months, err)
	}
	f, err := l.Service.Funnel(ctx, l.Manager(l.Facility), tracking.IndicatorFilter{From: "2026-03", To: "2026-04"})
	if err != nil || f.Funnel.Steps[0].Grams != 4000 || f.Filter.Facility != l.Facility {
		t.Errorf("funnel: %+v, %v", f, err)
	}
}
