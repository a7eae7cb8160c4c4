package indicator_test

import (
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

func TestRatio(t *testing.T) {
	for _, tt := range []struct {
		num, den int64
		want     string
	}{
		{0, 1, "0.0000"},
		{1, 1, "1.0000"},
		{1, 3, "0.3333"},
		{2, 3, "0.6667"},
		{1, 20_000, "0.0001"}, // exactly half: up
		{49_999, 1_000_000_000, "0.0000"},
		{-1, 20_000, "0.0000"}, // exactly half: up, and no minus
		{-1, 3, "-0.3333"},
		{-3, 20_000, "-0.0001"},
		{1234, 1, "1234.0000"},
		{math.MaxInt64, 1, "9223372036854775807.0000"},
		{math.MinInt64, math.MaxInt64, "-1.0000"},
		{1, 0, ""},
		{1, -1, ""},
	} {
		if got := (indicator.Ratio{Num: tt.num, Den: tt.den}).String(); got != tt.want {
			t.Errorf("%d/%d: got %q, want %q", tt.num, tt.den, got, tt.want)
		}
	}
}

func TestRatioJSON(t *testing.T) {
	got, err := json.Marshal([]indicator.Ratio{{Num: 1, Den: 8}, {Num: 1}})
	if want := `["0.1250",null]`; err != nil || string(got) != want {
		t.Errorf("got %s (%v), want %s", got, err, want)
	}
}

// TestRatioRoundTrip: what was read is written the same again.
func TestRatioRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, err := json.Marshal(indicator.Ratio{
			Num: rapid.Int64Range(-1<<40, 1<<40).Draw(t, "num"), Den: rapid.Int64Range(-1, 1<<40).Draw(t, "den"),
		})
		if err != nil {
			t.Fatal(err)
		}
		var r indicator.Ratio
		if err := json.Unmarshal(want, &r); err != nil {
			t.Fatalf("reading %s: %v", want, err)
		}
		if got, err := json.Marshal(r); err != nil || string(got) != string(want) {
			t.Fatalf("got %s, %v, want %s", got, err, want)
		}
	})
	for _, bad := range []string{`"1"`, `"1.00000"`, `1.5`, `"x.1234"`, `"1.12x4"`, `""`} {
		var r indicator.Ratio
		if err := json.Unmarshal([]byte(bad), &r); err == nil {
			t.Errorf("%s: got %v, want an error", bad, r)
		}
	}
}

// TestRatioIsNearest: no four-decimal number is nearer to the quotient, and of
// two that are as near, it is the upper one.
func TestRatioIsNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := indicator.Ratio{Num: rapid.Int64().Draw(t, "num"), Den: rapid.Int64Range(1, math.MaxInt64).Draw(t, "den")}
		got, ok := new(big.Rat).SetString(r.String())
		if !ok {
			t.Fatalf("%q is no number", r)
		}
		off := got.Sub(got, big.NewRat(r.Num, r.Den))
		half := big.NewRat(1, 20_000)
		if off.Cmp(half) > 0 || off.Cmp(new(big.Rat).Neg(half)) <= 0 {
			t.Fatalf("%d/%d is written %s, which is off by %s", r.Num, r.Den, r, off)
		}
	})
}

// activity draws an activity that keeps the identities.
func activity(t *rapid.T) indicator.Activity {
	mass := func(name string) quantity.Mass { return quantity.Mass(rapid.Int64Range(0, 1_000_000).Draw(t, name)) }
	a := indicator.Activity{
		Fills: rapid.Int64Range(0, 100).Draw(t, "fills"), Stored: mass("stored"), InTransit: mass("in transit"), Refused: mass("refused"),
		Difference: quantity.Mass(rapid.Int64Range(-1000, 1000).Draw(t, "difference")),
		Recyclate:  mass("recyclate"), ProcessLoss: mass("process loss"), Residue: mass("residue"), Pending: mass("pending"),
		Contaminant: mass("contaminant"), Diverted: mass("diverted"), Unallocated: mass("unallocated"),
	}
	a.Accepted = a.Recyclate + a.ProcessLoss + a.Residue + a.Pending
	a.Collected = a.Stored + a.InTransit + a.Accepted + a.Refused + a.Difference
	a.CollectedBy[rapid.IntRange(0, indicator.Rungs-1).Draw(t, "departure rung")] = a.Collected
	a.ReceivedBy[rapid.IntRange(0, indicator.Rungs-1).Draw(t, "arrival rung")] = a.Received()
	if out := a.Residue + a.ProcessLoss; out > 0 {
		part := quantity.Mass(rapid.Int64Range(0, int64(out)).Draw(t, "route"))
		a.Routes = map[string]quantity.Mass{"R1": part, "D10": out - part}
	}
	if a.Recyclate > 0 {
		crates := quantity.Mass(rapid.Int64Range(0, int64(a.Recyclate)).Draw(t, "crates"))
		a.Recyclates = map[string]quantity.Mass{
			indicator.RecyclateKey("PP", "crates", "0.80"):      crates,
			indicator.RecyclateKey("PP", "a|b", "") + suffix(t): a.Recyclate - crates,
		}
	}
	if a.Refused > 0 {
		a.RefusedTo = map[string]quantity.Mass{"R1": quantity.Mass(rapid.Int64Range(0, int64(a.Refused)).Draw(t, "refused to"))}
	}
	load := rapid.IntRange(0, 100).Draw(t, "load")
	a.Haul = map[string]int64{
		indicator.HaulKey(indicator.VehicleKm, "van", nil):             rapid.Int64Range(0, 90_000).Draw(t, "metres"),
		indicator.HaulKey(indicator.VehicleKm, "rigid-lorry", &load):   1,
		indicator.HaulKey(indicator.TonneKm, "articulated-lorry", nil): rapid.Int64Range(0, 1e12).Draw(t, "gram-kilometres"),
	}
	return a
}

// suffix makes some keys of recyclate differ by their quality.
func suffix(t *rapid.T) string { return rapid.SampledFrom([]string{"", "1.0"}).Draw(t, "quality") }

func TestIdentitiesSurviveSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sum indicator.Sum
		var plus indicator.Activity
		for range rapid.IntRange(0, 5).Draw(t, "n") {
			a := activity(t)
			plus = plus.Plus(a)
			sum.Add(&a)
		}
		total := sum.Total()
		if broken := total.Check(); broken != "" {
			t.Fatalf("the sum breaks %s", broken)
		}
		if !total.Minus(plus).IsZero() {
			t.Fatalf("Sum gives %+v, Plus %+v", total, plus)
		}
		a := activity(t)
		if back := plus.Plus(a).Minus(a); !back.Minus(plus).IsZero() {
			t.Fatalf("adding and taking away leaves %+v, want %+v", back, plus)
		}
	})
}

// TestSumOwnsItsMaps: neither the activities nor the totals share them.
func TestSumOwnsItsMaps(t *testing.T) {
	var sum indicator.Sum
	one := func() indicator.Activity {
		return indicator.Activity{
			Routes: map[string]quantity.Mass{"k": 5}, Recyclates: map[string]quantity.Mass{"k": 5},
			RefusedTo: map[string]quantity.Mass{"k": 5}, Haul: map[string]int64{"k": 5},
		}
	}
	a := one()
	sum.Add(&a)
	before := sum.Total()
	sum.Add(&a)
	plus := before.Plus(a)
	for name, got := range map[string][4]int64{
		"the activity": parts(a), "the total before": parts(before), "the total": parts(sum.Total()), "Plus": parts(plus),
	} {
		want := int64(5)
		if name == "the total" || name == "Plus" {
			want = 10
		}
		if got != [4]int64{want, want, want, want} {
			t.Errorf("%s: got %v, want %d of each", name, got, want)
		}
	}
	b := one()
	if nothing := a.Minus(b); nothing.Routes != nil || nothing.Recyclates != nil || nothing.RefusedTo != nil || nothing.Haul != nil || !nothing.IsZero() {
		t.Errorf("an activity minus itself leaves %+v", nothing)
	}
}

// parts is what the maps have under "k".
func parts(a indicator.Activity) [4]int64 {
	return [4]int64{int64(a.Routes["k"]), int64(a.Recyclates["k"]), int64(a.RefusedTo["k"]), a.Haul["k"]}
}

// TestEveryMapCounts: none of them is overlooked where nothing else happened.
func TestEveryMapCounts(t *testing.T) {
	grams := map[string]quantity.Mass{"k": 1}
	for name, a := range map[string]indicator.Activity{
		"routes": {Routes: grams}, "recyclates": {Recyclates: grams}, "refused to": {RefusedTo: grams}, "haul": {Haul: map[string]int64{"k": 1}},
	} {
		if a.IsZero() {
			t.Errorf("%s: an activity with it is zero", name)
		}
	}
	for name, a := range map[string]indicator.Activity{
		"more": {Recyclates: grams}, "fewer": {Recyclate: 1, Accepted: 1, Collected: 1, CollectedBy: indicator.ByRung{1}, ReceivedBy: indicator.ByRung{1}},
	} {
		if got, want := a.Check(), "recyclate = sum by polymer, application and quality"; got != want {
			t.Errorf("%s recyclates than recyclate: got %q, want %q", name, got, want)
		}
	}
}

func TestFunnelAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := activity(t)
		f := indicator.FunnelOf(a)
		for i, step := range f.Steps {
			left := step.Grams
			for _, exit := range step.Exits {
				left -= exit.Grams
			}
			if i+1 < len(f.Steps) && left != f.Steps[i+1].Grams {
				t.Fatalf("after %s and its exits %s are left, but %s is %s", step.Name, left, f.Steps[i+1].Name, f.Steps[i+1].Grams)
			}
		}
		if last := f.Steps[len(f.Steps)-1]; last.Grams != a.Recyclate || f.Steps[0].Grams != a.Collected {
			t.Fatalf("goes from %s to %s, want %s to %s", f.Steps[0].Grams, last.Grams, a.Collected, a.Recyclate)
		}
	})
}

func TestBalanceKeepsTheIdentities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := indicator.Summarise(activity(t))
		var byRung, routes quantity.Mass
		for _, s := range b.CollectedBy {
			byRung += s.Grams
		}
		for _, r := range b.Routes {
			routes += r.Grams
		}
		var recyclates, refusedTo quantity.Mass
		for _, r := range b.Recyclates {
			recyclates += r.Grams
		}
		for _, r := range b.RefusedTo {
			refusedTo += r.Grams
		}
		switch {
		case b.Received != b.Accepted+b.Refused,
			b.Collected != b.Stored+b.InTransit+b.Received+b.Difference,
			b.Accepted != b.IntoRecycling+b.Residue+b.Pending,
			b.IntoRecycling != b.Recyclate+b.ProcessLoss,
			byRung != b.Collected, routes != b.Residue+b.ProcessLoss,
			recyclates != b.Recyclate, refusedTo > b.Refused,
			len(b.CollectedBy) != indicator.Rungs:
			t.Fatalf("does not add up: %+v", b)
		case b.Closure.Defined() && b.Difference == 0 && b.Closure.String() != "1.0000":
			t.Fatalf("nothing is missing, but closure is %s", b.Closure)
		}
	})
}

// TestBalanceTakesKeysApart: what a key says is what the balance shows, in the
// order of keys.
func TestBalanceTakesKeysApart(t *testing.T) {
	load := 0
	b := indicator.Summarise(indicator.Activity{
		Recyclates: map[string]quantity.Mass{
			indicator.RecyclateKey("PP", "crates|pallets", "0.80"): 3, indicator.RecyclateKey("PE-HD", "", ""): 2,
		},
		Haul: map[string]int64{
			indicator.HaulKey(indicator.VehicleKm, "rigid-lorry-17t", &load): 12_000,
			indicator.HaulKey(indicator.TonneKm, "van", nil):                 7,
			indicator.HaulKey(indicator.Energy, "electric-van", nil):         450,
		},
	})
	recyclates := []indicator.RecyclateAmount{{Polymer: "PE-HD", Grams: 2}, {Polymer: "PP", Application: "crates|pallets", Quality: "0.80", Grams: 3}}
	if !reflect.DeepEqual(b.Recyclates, recyclates) {
		t.Errorf("recyclates: got %+v, want %+v", b.Recyclates, recyclates)
	}
	haul := []indicator.HaulAmount{
		{Method: "kwh", Vehicle: "electric-van", Amount: 450, Unit: "Wh"},
		{Method: "tonne-km", Vehicle: "van", Amount: 7, Unit: "g-km"},
		{Method: "vehicle-km", Vehicle: "rigid-lorry-17t", LoadPercent: &load, Amount: 12_000, Unit: "vehicle-m"},
	}
	if !reflect.DeepEqual(b.Haul, haul) {
		t.Errorf("haul: got %+v, want %+v", b.Haul, haul)
	}
}

// TestKeys: whatever the parts are, a key gives them back and can be the name
// of a field in MongoDB.
func TestKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringOf(rapid.RuneFrom([]rune("aP|.$%25E→")))
		polymer, application, quality := part.Draw(t, "polymer"), part.Draw(t, "application"), part.Draw(t, "quality")
		key := indicator.RecyclateKey(polymer, application, quality)
		if strings.ContainsAny(key, ".$") {
			t.Fatalf("%q is no name of a field", key)
		}
		if p, a, q := indicator.ParseRecyclateKey(key); p != polymer || a != application || q != quality {
			t.Fatalf("%q gives back %q, %q, %q, want %q, %q, %q", key, p, a, q, polymer, application, quality)
		}
		load := rapid.OneOf(rapid.Just[*int](nil), rapid.Ptr(rapid.IntRange(0, 100), false)).Draw(t, "load")
		key = indicator.HaulKey(indicator.VehicleKm, "rigid-lorry-7.5t", load)
		if m, v, l := indicator.ParseHaulKey(key); m != indicator.VehicleKm || v != "rigid-lorry-7.5t" || !reflect.DeepEqual(l, load) || strings.Contains(key, ".") {
			t.Fatalf("%q gives back %s, %s, %v", key, m, v, l)
		}
	})
}

// BenchmarkSum sums cells as full as they come: 60,000 are those of 200 wards,
// 5 streams and 5 years.
func BenchmarkSum(b *testing.B) {
	for _, n := range []int{1_440, 60_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			cells := make([]indicator.Activity, n)
			for i := range cells {
				cells[i] = fullCell(i)
			}
			b.ReportAllocs()
			for b.Loop() {
				var sum indicator.Sum
				for i := range cells {
					sum.Add(&cells[i])
				}
				if total := sum.Total(); total.Fills != int64(n) {
					b.Fatalf("%d fills", total.Fills)
				}
			}
		})
	}
}

// fullCell has some of everything; its keys are its own, as after decoding.
func fullCell(i int) indicator.Activity {
	own := func(s string) string { return string([]byte(s)) }
	return indicator.Activity{
		Fills: 1, Collected: 10, Accepted: 9, Refused: 1, Recyclate: 6, Residue: 3,
		Routes:     map[string]quantity.Mass{own("R1"): 2, own("D10"): 1},
		Recyclates: map[string]quantity.Mass{own("PP|crates and pallets|0.80"): 5, own("PE-HD|pipes|0.85"): 1},
		RefusedTo:  map[string]quantity.Mass{own("D10"): 1},
		Haul: map[string]int64{
			own("vehicle-km|van|"): 3, own("vehicle-km|rigid-lorry-17t|50"): 5, own("kwh|electric-van|"): int64(i),
		},
	}
}

// TestSummariseNothing: no figure of nothing is 0; it is not defined.
func TestSummariseNothing(t *testing.T) {
	b := indicator.Summarise(indicator.Activity{})
	for name, r := range map[string]indicator.Ratio{
		"contamination": b.Contamination, "refusal": b.Refusal, "closure": b.Closure,
		"calculation point": b.CalculationPointRate, "output": b.OutputRate, "rung": b.CollectedBy[0].Share,
	} {
		if r.Defined() {
			t.Errorf("%s of nothing is %s, want none", name, r)
		}
	}
}
