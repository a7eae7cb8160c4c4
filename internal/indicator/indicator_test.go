package indicator_test

import (
	"encoding/json"
	"math"
	"math/big"
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
	return a
}

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

// TestSumOwnsItsRoutes: neither the activities nor the totals share the map.
func TestSumOwnsItsRoutes(t *testing.T) {
	var sum indicator.Sum
	a := indicator.Activity{Routes: map[string]quantity.Mass{"R1": 5}}
	sum.Add(&a)
	before := sum.Total()
	sum.Add(&a)
	if a.Routes["R1"] != 5 || before.Routes["R1"] != 5 || sum.Total().Routes["R1"] != 10 {
		t.Errorf("got %v, %v, %v; want 5, 5, 10", a.Routes, before.Routes, sum.Total().Routes)
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
		switch {
		case b.Received != b.Accepted+b.Refused,
			b.Collected != b.Stored+b.InTransit+b.Received+b.Difference,
			b.Accepted != b.IntoRecycling+b.Residue+b.Pending,
			b.IntoRecycling != b.Recyclate+b.ProcessLoss,
			byRung != b.Collected, routes != b.Residue+b.ProcessLoss,
			len(b.CollectedBy) != indicator.Rungs:
			t.Fatalf("does not add up: %+v", b)
		case b.Closure.Defined() && b.Difference == 0 && b.Closure.String() != "1.0000":
			t.Fatalf("nothing is missing, but closure is %s", b.Closure)
		}
	})
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
