package indicator_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

func share(s string) *decimal.Decimal {
	d := decimal.RequireFromString(s)
	return &d
}

// whatIf lists the differences of a scenario by card.
func whatIf(t *testing.T, in indicator.Input, s indicator.Scenario) map[string]indicator.Difference {
	t.Helper()
	_, _, differences, err := indicator.WhatIf(in, s, method())
	if err != nil {
		t.Fatalf("WhatIf: %v", err)
	}
	byID := map[string]indicator.Difference{}
	for _, d := range differences {
		byID[d.ID] = d
	}
	return byID
}

func wantDifference(t *testing.T, d indicator.Difference, want string) {
	t.Helper()
	if d.Difference == nil || d.Difference.String() != want {
		t.Errorf("%s: got %v → %v, difference %v, want %s", d.ID, d.Before, d.After, d.Difference, want)
	}
}

// TestContaminationFalls: of 1000 kg received 60 kg are foreign. For them to be
// 2 %, (60 − 0.02 · 1000) ÷ 0.98 = 40.816 kg have to stay away.
func TestContaminationFalls(t *testing.T) {
	d := whatIf(t, oneStream(), indicator.Scenario{Contamination: share("0.02")})
	wantDifference(t, d["contamination"], "-0.04")
	wantDifference(t, d["collected"], "-40.816")
	wantDifference(t, d["inventory-treatment"], "-93.473036577072") // × 2.290107717, which is no longer burned
	wantDifference(t, d["avoided"], "0")                            // the recyclate stays
	wantDifference(t, d["inventory-transport"], "0")                // so does the lorry
	if i := d["inventory-treatment"].Interval; i == nil || !i.High.IsNegative() {
		t.Errorf("inventory-treatment: got interval %v, want it below 0: both sides have the same factor", i)
	}
}

// TestTruckBecomesElectric: 24 km × 0.2 kWh × 0.216 instead of 7.60536 kg.
func TestTruckBecomesElectric(t *testing.T) {
	d := whatIf(t, oneStream(), indicator.Scenario{Electric: &indicator.Electric{Vehicle: "van", WattHoursKm: 200}})
	wantDifference(t, d["inventory-transport"], "-6.56856")
	wantDifference(t, d["inventory-treatment"], "0")
	if d["electricity-market"].Before != nil || d["electricity-market"].After.String() != "2.1168" {
		t.Errorf("electricity-market: got %v → %v, want none → 2.1168", d["electricity-market"].Before, d["electricity-market"].After)
	}
}

// TestPolymerGoesToClosedLoop: 80 % of the 150 kg of PET that were burned
// become recyclate of full quality.
func TestPolymerGoesToClosedLoop(t *testing.T) {
	d := whatIf(t, oneStream(), indicator.Scenario{ClosedLoop: &indicator.ClosedLoop{Polymer: "PET", Yield: *share("0.8"), Quality: *share("1")}})
	wantDifference(t, d["recyclate"], "120")
	wantDifference(t, d["avoided"], "-198")                      // 120 × 1.65
	wantDifference(t, d["inventory-treatment"], "-274.81292604") // 120 × 2.290107717
	wantDifference(t, d["calculation-point-rate"], "0.1")        // the rest of the 100 kg of residue enters, too
}

// TestScenarioWithoutEffect: a difference of 0 would read as "it would not help".
func TestScenarioWithoutEffect(t *testing.T) {
	for pointer, s := range map[string]indicator.Scenario{
		"/contamination":    {Contamination: share("0.5")},
		"/electric/vehicle": {Electric: &indicator.Electric{Vehicle: "rigid-lorry", WattHoursKm: 900}},
		"/closedLoop/polymer": {
			Contamination: share("0.02"), ClosedLoop: &indicator.ClosedLoop{Polymer: "PVC", Yield: *share("0.8"), Quality: *share("1")},
		},
	} {
		_, err := s.Apply(oneStream())
		if p := problem.As(err); p == nil || p.Code != "scenario-without-effect" || len(p.Fields) != 1 || p.Fields[0].Pointer != pointer {
			t.Errorf("%s: got %v", pointer, err)
		}
	}
}

// TestScenariosKeepTheBalance: whatever is asked, the masses still add up, and
// the input stays as it was.
func TestScenariosKeepTheBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t, "")
		var before []indicator.Activity
		for _, s := range in.Streams {
			before = append(before, s.Activity.Plus(indicator.Activity{}))
		}
		fraction := func(name string, most int64) decimal.Decimal {
			return decimal.New(rapid.Int64Range(0, most).Draw(t, name), -3)
		}
		contamination := fraction("contamination", 999)
		s := indicator.Scenario{
			Contamination: &contamination, Electric: &indicator.Electric{Vehicle: "van", WattHoursKm: 300},
			ClosedLoop: &indicator.ClosedLoop{Polymer: rapid.SampledFrom(materials).Draw(t, "polymer"), Yield: fraction("yield", 1000), Quality: fraction("quality", 1000)},
		}
		changed, err := s.Apply(in)
		if p := problem.As(err); p != nil && (p.Code == "scenario-impossible" || p.Code == "scenario-without-effect") {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range changed.Streams {
			a := changed.Streams[i].Activity
			if fault := a.Check(); fault != "" {
				t.Fatalf("%s does not hold any more: %+v", fault, a)
			}
			for _, m := range []quantity.Mass{a.Collected, a.Accepted, a.Refused, a.Residue, a.Pending, a.ProcessLoss, a.Contaminant, a.Hauled} {
				if m < 0 {
					t.Fatalf("a mass is negative: %+v", a)
				}
			}
			if !in.Streams[i].Activity.Minus(before[i]).IsZero() {
				t.Fatal("the input was changed")
			}
		}
	})
}

// activities of n ward-months with a contamination around a mean.
func wardMonths(n int, contaminant ...quantity.Mass) []indicator.Activity {
	var out []indicator.Activity
	for i := range n {
		a := indicator.Activity{Fills: 10, Collected: 100_000, Accepted: 100_000, Contaminant: contaminant[i%len(contaminant)], Recyclate: 80_000, Residue: 20_000}
		out = append(out, a)
	}
	return out
}

func TestPilot(t *testing.T) {
	for _, tt := range []struct {
		name             string
		pilot, reference []indicator.Activity
		verdict, diff    string
	}{
		{"clearly lower", wardMonths(6, 1000, 1200, 900), wardMonths(6, 5000, 5200, 4900), "lower", "-0.04"},
		{"clearly higher", wardMonths(6, 5000, 5200, 4900), wardMonths(6, 1000, 1200, 900), "higher", "0.04"},
		{"not to be told apart", wardMonths(6, 1000, 9000, 2000), wardMonths(6, 1500, 8000, 3000), "no-difference", "-0.0017"},
		{"alike to the gram", wardMonths(3, 1010), wardMonths(3, 1000), "not-enough-data", "0.0001"},
		{"two ward-months", wardMonths(2, 1000), wardMonths(6, 5000, 5200), "not-enough-data", "-0.041"},
		{"nothing to compare with", wardMonths(6, 1000, 1100), nil, "not-enough-data", ""},
	} {
		got := indicator.ComparePilot(tt.pilot, tt.reference)[0]
		if got.ID != "contamination" || got.Verdict != tt.verdict || (got.Interval == nil) != (tt.verdict == "not-enough-data") {
			t.Errorf("%s: got %+v, want %s", tt.name, got, tt.verdict)
		}
		if got.Difference == nil && tt.diff != "" || got.Difference != nil && got.Difference.String() != tt.diff {
			t.Errorf("%s: got difference %v, want %s", tt.name, got.Difference, tt.diff)
		}
		if got.Pilot.WardMonths != len(tt.pilot) || got.Pilot.Fills != int64(10*len(tt.pilot)) {
			t.Errorf("%s: got a sample of %+v", tt.name, got.Pilot)
		}
	}
	few := wardMonths(4, 1000, 1100)
	for i := range few {
		few[i].Fills = 2
	}
	if got := indicator.ComparePilot(few, wardMonths(6, 5000, 5100))[0]; got.Verdict != "not-enough-data" {
		t.Errorf("eight fills: got %s", got.Verdict)
	}
}

// TestWelch: by hand for two samples with x = 100 kg: the ratios are means, so
// that the interval is Welch's. Means 0.02 and 0.05, variances of the means
// 1e-4/3 and 4e-4/3 (unit: share), ν = 2.94, t = 3.23.
func TestWelch(t *testing.T) {
	got := indicator.ComparePilot(wardMonths(3, 1000, 2000, 3000), wardMonths(3, 3000, 5000, 7000))[0]
	if got.Difference.String() != "-0.03" {
		t.Fatalf("got %s, want -0.03", got.Difference)
	}
	half := got.Interval.High.Sub(got.Interval.Low).Div(decimal.NewFromInt(2)).InexactFloat64()
	// √(1e-4/3 + 4e-4/3) × t(0.975; 2.94)
	if half < 0.0129*3.17 || half > 0.0130*3.29 {
		t.Errorf("got half a width of %v, want about 0.0129 × 3.22", half)
	}
	if got.Verdict != "no-difference" {
		t.Errorf("got %s", got.Verdict)
	}
}

func TestWaste(t *testing.T) {
	a := oneStream().Streams[0].Activity
	a.Routes = map[string]quantity.Mass{"R1": 70_000, "D10": 30_000, "D1": 20_000, "D9": 10_000, "composting": 20_000}
	a.Stored, a.Pending, a.Diverted, a.Refused = 5, 7, 11, 60_000
	w := indicator.WasteOf(a)
	want := indicator.WasteByRoute{Recycling: 820_000, OtherRecovery: 70_000, Incineration: 80_000, Landfill: 20_000, OtherDisposal: 10_000}
	if w.NonHazardous != want || w.Hazardous != (indicator.WasteByRoute{}) {
		t.Errorf("got %+v, want %+v", w.NonHazardous, want)
	}
	// Stored, pending, diverted, and 10 kg refused without a next operation.
	if w.Total != 1_000_000 || w.NonRecycled != 180_000 || w.Share.String() != "0.1800" || w.Unresolved != 5+7+11+10_000 {
		t.Errorf("got %+v", w)
	}
}
