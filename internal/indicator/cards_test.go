package indicator_test

import (
	"encoding/json"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/indicator/formula"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// oneStream is a lab with one stream of PET, of which everything is known.
func oneStream() indicator.Input {
	a := indicator.Activity{
		Fills: 12, Collected: 1_000_000, Accepted: 950_000, Refused: 50_000,
		Recyclate: 800_000, ProcessLoss: 50_000, Residue: 100_000, Contaminant: 60_000, Hauled: 1_000_000,
		Routes:     map[string]quantity.Mass{"R1": 150_000},
		RefusedTo:  map[string]quantity.Mass{"D10": 50_000},
		Recyclates: map[string]quantity.Mass{indicator.RecyclateKey("PET", "bottles", "0.9"): 800_000},
		Haul:       map[string]int64{indicator.HaulKey(indicator.VehicleKm, "van", nil): 24_000},
	}
	a.CollectedBy[indicator.WardScale], a.ReceivedBy[indicator.RecyclerScale] = 1_000_000, 1_000_000
	return indicator.Input{From: "2026-01", To: "2026-03", Head: 42, Streams: []indicator.StreamActivity{{
		Stream: "bottles", Family: "fossil", EER: "15 01 02", Polymers: []indicator.PolymerShare{{Polymer: "PET", Permille: 1000}}, Activity: a,
	}}}
}

func method() indicator.Method {
	return indicator.Method{Set: factor.Default(), Baseline: indicator.EmiliaRomagna()}
}

func mustCards(t testing.TB, in indicator.Input, m indicator.Method) map[string]indicator.Card {
	t.Helper()
	cards, err := indicator.Cards(in, m)
	if err != nil {
		t.Fatalf("Cards: %v", err)
	}
	byID := map[string]indicator.Card{}
	for _, c := range cards {
		if _, twice := byID[c.ID]; twice {
			t.Errorf("card %s twice", c.ID)
		}
		byID[c.ID] = c
	}
	return byID
}

// TestCardsByHand works every figure of a small lab out by hand.
func TestCardsByHand(t *testing.T) {
	cards := mustCards(t, oneStream(), method())
	for id, want := range map[string]string{
		"collected": "1000", "accepted": "950", "refused": "50", "recyclate": "800",
		"contamination": "0.06", "refusal": "0.05", "closure": "1",
		// 1000 kg × 3.86390131
		"inventory-production": "3863.90131",
		// 24 km × (0.25561 + 0.06128)
		"inventory-transport": "7.60536",
		// (150 + 50) kg × 2.290107717
		"inventory-treatment": "458.0215434",
		"biogenic":            "0",
		// 800 kg × 0.9 × (2.21390131 − 3.86390131)
		"avoided": "-1188",
		// 1000 kg × 2.290107717, all of it has a final route
		"comparison-baseline": "2290.107717",
		// 458.0215434 − 1188 − 2290.107717
		"comparison": "-3020.0861736",
		// 850 ÷ 1000, 800 ÷ 1000
		"calculation-point-rate": "0.85", "output-rate": "0.8",
		"iso59020-recycled-out": "0.8", "iso59020-linear-out": "0.2", "iso59020-biological-out": "0",
	} {
		c := cards[id]
		if c.Value == nil || c.Value.String() != want {
			t.Errorf("%s: got %v (%s %v), want %s", id, c.Value, c.Reason, c.Missing, want)
		}
	}
	for id, reason := range map[string]string{
		"capture": "denominator-missing", "segregation": "not-audited", "iso59020-reused-out": "not-declared", "iso59020-recycled-in": "not-declared",
		"collected-per-bed-day": "denominator-missing", "electricity-location": "no-activity",
	} {
		if c := cards[id]; c.Value != nil || c.Reason != reason || c.Display != "" {
			t.Errorf("%s: got %v (%s), want none, %s", id, c.Value, c.Reason, reason)
		}
	}
	b, _ := json.MarshalIndent(cards["avoided"], "", " ")
	t.Logf("%s", b)
}

// TestFootprintIsThePublishedFormula: the card cff, which adds terms so that
// their factors stay apart, gives what the formula does.
func TestFootprintIsThePublishedFormula(t *testing.T) {
	value := func(kind factor.Kind) decimal.Decimal {
		f, _ := factor.Default().Find(kind, "PET")
		return f.Value
	}
	share := func(s string) decimal.Decimal { return decimal.RequireFromString(s) }
	// 1000 kg: 800 kg of recyclate at 0.9, 200 kg burned
	terms, err := formula.CFF{
		Mass: share("1000"), A: share("0.5"), R2: share("0.8"), R3: share("0.2"), QsinQp: share("1"), QsoutQp: share("0.9"),
		Ev: value(factor.VirginProduction), EvStar: value(factor.VirginProduction), ErecEoL: value(factor.RecycledProduction), EER: value(factor.Incineration),
	}.Terms()
	if err != nil {
		t.Fatal(err)
	}
	if c := mustCards(t, oneStream(), method())["cff"]; c.Value == nil || !c.Value.Equal(terms.Total) {
		t.Errorf("got %v, want %s", c.Value, terms.Total)
	}
}
