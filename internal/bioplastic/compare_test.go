package bioplastic_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/bioplastic"
)

func factorOf(fossil, biogenic string, modules ...bioplastic.Module) bioplastic.Factor {
	return bioplastic.Factor{Modules: modules, Fossil: fossil, Biogenic: biogenic, Uptake: bioplastic.ZeroZero, Source: "a source"}
}

// tray is a comparison by hand: 18.5 g of PLA against 15 g of PS.
func tray() *bioplastic.Comparison {
	return &bioplastic.Comparison{
		Task: "one tray, sterilised and used once",
		Item: bioplastic.Alternative{Name: "PLA tray", Pieces: "1", GramsPerPiece: "18.5", Factors: []bioplastic.Factor{
			factorOf("2.45", "", "A1", "A2", "A3"), factorOf("0.1", "", "C2"), factorOf("0.05", "1.832", "C3", "C4"),
		}},
		Reference: bioplastic.Alternative{Name: "PS tray", Pieces: "1", GramsPerPiece: "15", Factors: []bioplastic.Factor{
			factorOf("4.3768", "", "A1", "A3"), factorOf("0.1", "", "A2", "C2"), factorOf("3.38", "", "C3", "C4"),
		}},
	}
}

func TestComparisonIsByTheTask(t *testing.T) {
	for _, tt := range []struct {
		state  bioplastic.State
		credit string
	}{{bioplastic.StreamTrial, "0"}, {bioplastic.OutletConfirmed, "0.069752"}} {
		p := pla()
		p.Comparison = tray()
		d := mustReach(t, p, tt.state)
		got, ok := d.Compare(today)
		if !ok {
			t.Fatal("no comparison")
		}
		text := fmt.Sprintf("%s %s %s %s", got.Item, got.Reference, got.Saving, got.Credit)
		// 0.0185 × 2.60; 0.0185 × 1.832; 0.015 × 7.8568
		if want := "{0.0481 0.033892} {0.117852 0} {0.069752 -0.033892} " + tt.credit; text != want {
			t.Errorf("%s: got %s, want %s", tt.state, text, want)
		}
	}
	d := mustReach(t, pla(), bioplastic.Accepted)
	if _, ok := d.Compare(today); ok {
		t.Error("compared with nothing")
	}
}

// An item that is worse than what it replaces shows so, credit and all.
func TestNothingIsClamped(t *testing.T) {
	p := pla()
	p.Comparison = tray()
	p.Comparison.Item, p.Comparison.Reference = p.Comparison.Reference, p.Comparison.Item
	d := mustReach(t, p, bioplastic.Accepted)
	got, _ := d.Compare(today)
	if !got.Saving.Fossil.IsNegative() || !got.Credit.Equal(got.Saving.Fossil) {
		t.Errorf("got saving %s, credit %s", got.Saving.Fossil, got.Credit)
	}
}

func TestComparisonsThatAreRefused(t *testing.T) {
	for _, tt := range []struct {
		code, at string
		change   func(*bioplastic.Comparison)
	}{
		{"life-incomplete", "/comparison/item/factors", func(c *bioplastic.Comparison) { c.Item.Factors = c.Item.Factors[:2] }},
		{"life-incomplete", "/comparison/reference/factors", func(c *bioplastic.Comparison) { c.Reference.Factors = c.Reference.Factors[1:] }},
		{"life-incomplete", "/comparison/reference/factors", func(c *bioplastic.Comparison) { c.Reference.Factors = nil }},
		{"repeated", "/comparison/item/factors/1/modules", func(c *bioplastic.Comparison) {
			c.Item.Factors[1].Modules = append(c.Item.Factors[1].Modules, "A3")
		}},
		{"uptake-mixed", "/comparison", func(c *bioplastic.Comparison) { c.Item.Factors[0].Uptake = bioplastic.InAndOut }},
		{"functional-unit-missing", "/comparison/task", func(c *bioplastic.Comparison) { c.Task = "" }},
		{"functional-unit-missing", "/comparison/item/piecesPerTask", func(c *bioplastic.Comparison) { c.Item.Pieces = "" }},
		{"functional-unit-missing", "/comparison/item/gramsPerPiece", func(c *bioplastic.Comparison) { c.Item.GramsPerPiece = "" }},
		{"functional-unit-missing", "/comparison/reference/gramsPerPiece", func(c *bioplastic.Comparison) { c.Reference.GramsPerPiece = "0.0" }},
		{"malformed", "/comparison/item/factors/0/fossilPerKg", func(c *bioplastic.Comparison) { c.Item.Factors[0].Fossil = "1e3" }},
		{"required", "/comparison/item/factors/0/source", func(c *bioplastic.Comparison) { c.Item.Factors[0].Source = "" }},
	} {
		p := pla()
		p.Comparison = tray()
		if len(p.Check()) > 0 {
			t.Fatalf("the comparison itself: %v", p.Check())
		}
		tt.change(p.Comparison)
		found := false
		for _, f := range p.Check() {
			found = found || f.Code == tt.code && f.Pointer == tt.at
		}
		if !found {
			t.Errorf("%s at %s: got %v", tt.code, tt.at, p.Check())
		}
	}
}

// Twice the pieces are twice the emissions, to the last digit.
func TestComparisonIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := pla()
		p.Comparison = tray()
		n := rapid.IntRange(1, 99_999).Draw(t, "thousandths")
		p.Comparison.Item.Pieces = decimal.New(int64(n), -3).String()
		one := bioplastic.Dossier{Profile: p, State: bioplastic.NotAssessed}
		first, _ := one.Compare(today)
		p.Comparison.Item.Pieces = decimal.New(int64(2*n), -3).String()
		second, _ := one.Compare(today)
		if !second.Item.Fossil.Equal(first.Item.Fossil.Mul(decimal.NewFromInt(2))) {
			t.Fatalf("%s and %s", first.Item.Fossil, second.Item.Fossil)
		}
	})
}
