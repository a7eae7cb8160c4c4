package tracking_test

import (
	"testing"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// TestRoundIsSharedByMassTimesDistance: 9 kg over 30 km and 3 kg over 10 km are
// 270 and 30 kg·km, 900 and 100 thousandths.
func TestRoundIsSharedByMassTimesDistance(t *testing.T) {
	l := MustLab(t, MustStore(t))
	take := func(grams quantity.Mass) string {
		bin := l.MustBin(t, l.Facility, "", "")
		l.MustClose(t, l.Facility, bin, grams)
		pickup := l.MustPickup(t, l.Facility, l.Recycler, bin)
		l.MustScan(t, l.Recycler, pickup, bin)
		return pickup
	}
	far, near, empty := take(9000), take(3000), l.MustPickup(t, l.Facility, l.Recycler)
	shares, err := l.Service.RoundShares(ctx, l.Driver(l.Recycler), []tracking.RoundStop{{far, 30}, {near, 10}, {empty, 5}})
	if err != nil {
		t.Fatal(err)
	}
	if shares[0].Thousandth != 900 || shares[1].Thousandth != 100 || shares[2].Thousandth != 0 || shares[0].Grams != 9000 {
		t.Errorf("got %+v", shares)
	}
	for name, tt := range map[string]struct {
		stops []tracking.RoundStop
		code  string
	}{
		"none":          {nil, "entry-invalid"},
		"too many":      {make([]tracking.RoundStop, tracking.MaxRoundStops+1), "entry-invalid"},
		"no distance":   {[]tracking.RoundStop{{far, 0}}, "entry-invalid"},
		"nothing taken": {[]tracking.RoundStop{{empty, 5}}, "round-empty"},
		"twice":         {[]tracking.RoundStop{{far, 5}, {far, 5}}, "round-empty"},
		"unknown":       {[]tracking.RoundStop{{l.ID7(), 5}}, "reference-unknown"},
	} {
		if _, err := l.Service.RoundShares(ctx, l.Driver(l.Recycler), tt.stops); problem.As(err) == nil || problem.As(err).Code != tt.code {
			t.Errorf("%s: got %v, want %s", name, err, tt.code)
		}
	}
	if _, err := l.Service.RoundShares(ctx, l.Driver(l.MustRecycler(t)), []tracking.RoundStop{{far, 30}}); !problem.Is(err, "reference-unknown") {
		t.Errorf("another recycler's pickup: got %v", err)
	}
}
