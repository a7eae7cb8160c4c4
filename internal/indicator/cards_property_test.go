package indicator_test

import (
	"encoding/json"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// materials are those of which the default set knows everything.
var materials = []string{"PET", "PE-HD", "PE-LD", "PP", "PVC", "PS"}

// drawInput draws the activity of two streams that keeps the identities.
func drawInput(t *rapid.T, name string) indicator.Input {
	in := indicator.Input{From: "2026-01", To: "2026-12", Head: 1}
	for i, stream := range []string{"a", "b"} {
		draw := func(what string) quantity.Mass {
			return quantity.Mass(rapid.Int64Range(0, 5_000_000).Draw(t, name+stream+what))
		}
		first, second := materials[i], materials[5-i]
		a := indicator.Activity{Fills: 5, Refused: draw("refused"), Stored: draw("stored"), Pending: draw("pending")}
		a.Recyclates = map[string]quantity.Mass{
			indicator.RecyclateKey(first, "x", "0.9"): draw("recyclate"), indicator.RecyclateKey(second, "x", "0.75"): draw("other"),
		}
		for _, m := range a.Recyclates {
			a.Recyclate += m
		}
		a.Routes = map[string]quantity.Mass{"R1": draw("R1"), "D10": draw("D10"), "D1": draw("D1")}
		a.RefusedTo = map[string]quantity.Mass{"D10": a.Refused / 2}
		for _, m := range a.Routes {
			a.Residue += m
		}
		a.ProcessLoss = a.Routes["R1"] / 3
		a.Residue -= a.ProcessLoss
		a.Accepted = a.Recyclate + a.ProcessLoss + a.Residue + a.Pending
		a.Collected = a.Accepted + a.Refused + a.Stored
		a.Hauled, a.Contaminant = a.Collected-a.Stored, a.Residue/2
		a.Haul = map[string]int64{indicator.HaulKey(indicator.VehicleKm, "van", nil): int64(draw("metres"))}
		a.CollectedBy[indicator.WardScale], a.ReceivedBy[indicator.RecyclerScale] = a.Collected, a.Received()
		if fault := a.Check(); fault != "" {
			t.Fatalf("the drawn activity is wrong: %s", fault)
		}
		permille := rapid.IntRange(1, 999).Draw(t, stream+"share")
		in.Streams = append(in.Streams, indicator.StreamActivity{Stream: stream, Family: "fossil", EER: "15 01 02", Activity: a, Polymers: []indicator.PolymerShare{
			{Polymer: first, Permille: permille}, {Polymer: second, Permille: 1000 - permille},
		}})
	}
	return in
}

// withBaseline is a method whose every card has a value.
func withBaseline() indicator.Method {
	hazardous := 120
	return indicator.Method{Set: factor.Default(), Baseline: &indicator.Baseline{
		ID: "b", Name: "b", Dated: "2025-01-01", HazardousPermille: &hazardous,
		Routes: []indicator.RouteShare{{Operation: "R1", Permille: 910}, {Operation: "D10", Permille: 90}},
	}}
}

func mustAdditive(t *rapid.T, in indicator.Input) map[string]*decimal.Decimal {
	values, err := indicator.Additive(in, withBaseline())
	if err != nil {
		t.Fatalf("Additive: %v", err)
	}
	for _, id := range indicator.AdditiveCards {
		if values[id] == nil {
			t.Fatalf("%s has no value", id)
		}
	}
	return values
}

// plus sums the activities of two inputs with the same streams.
func plus(a, b indicator.Input) indicator.Input {
	sum := a
	sum.Streams = append([]indicator.StreamActivity{}, a.Streams...)
	for i := range sum.Streams {
		sum.Streams[i].Activity = a.Streams[i].Activity.Plus(b.Streams[i].Activity)
	}
	return sum
}

// TestPartsSumToTheWhole: split in any way, by ward or month or lot, the parts
// sum to the whole exactly; and so what is twice as much weighs twice.
func TestPartsSumToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawInput(t, "1")
		b := a
		b.Streams = append([]indicator.StreamActivity{}, a.Streams...)
		for i, s := range drawInput(t, "2").Streams {
			b.Streams[i].Activity = s.Activity
		}
		one, other, whole := mustAdditive(t, a), mustAdditive(t, b), mustAdditive(t, plus(a, b))
		for _, id := range indicator.AdditiveCards {
			if sum := one[id].Add(*other[id]); !sum.Equal(*whole[id]) {
				t.Fatalf("%s: %s + %s is %s, the whole is %s", id, one[id], other[id], sum, whole[id])
			}
		}
		twice := mustAdditive(t, plus(a, a))
		for _, id := range indicator.AdditiveCards {
			if want := one[id].Mul(decimal.NewFromInt(2)); !twice[id].Equal(want) {
				t.Fatalf("%s: twice %s is %s", id, one[id], twice[id])
			}
		}
	})
}

// TestAdditiveIsWhatCardsSay: tables of parts show what the cards show.
func TestAdditiveIsWhatCardsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t, "")
		values := mustAdditive(t, in)
		cards, err := indicator.Cards(in, withBaseline())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cards {
			if v, additive := values[c.ID]; additive && (c.Value == nil || !c.Value.Equal(*v)) {
				t.Fatalf("%s: the card says %v, the table %v", c.ID, c.Value, v)
			}
		}
	})
}

// TestSameInputsSameBytes, and one gram more other ones.
func TestSameInputsSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t, "")
		bytes := func(in indicator.Input, m indicator.Method) string {
			cards, err := indicator.Cards(in, m)
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(cards)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		first := bytes(in, withBaseline())
		if bytes(in, withBaseline()) != first {
			t.Fatal("the same inputs give other bytes")
		}
		more := plus(in, indicator.Input{Streams: []indicator.StreamActivity{{Activity: indicator.Activity{Stored: 1, Collected: 1}}, {}}})
		if bytes(more, withBaseline()) == first {
			t.Fatal("a gram more gives the same bytes")
		}
		other := withBaseline()
		other.Set = other.Set.Clone()
		f, _ := other.Set.Find(factor.ElectricityLocal, "")
		f.Value = f.Value.Add(decimal.New(1, -9))
		if bytes(in, other) == first {
			t.Fatal("another factor gives the same bytes")
		}
	})
}

// TestIntervalsHoldTheValue: also those of the simulation, which is the same
// for the same seed.
func TestIntervalsHoldTheValue(t *testing.T) {
	in := oneStream()
	for _, draws := range []int{0, indicator.MinDraws} {
		m := method()
		m.Draws, m.Seed = draws, 7
		cards := mustCards(t, in, m)
		for id, c := range cards {
			if i := c.Interval; i != nil && (c.Value.LessThan(i.Low) || c.Value.GreaterThan(i.High) || i.Low.GreaterThan(i.High)) {
				t.Errorf("%s, %d draws: %s is not within %s … %s", id, draws, c.Value, i.Low, i.High)
			}
		}
		for _, id := range []string{"inventory", "inventory-transport", "inventory-treatment", "avoided", "comparison"} {
			want := map[bool]string{true: "monte-carlo"}[draws > 0]
			if i := cards[id].Interval; i == nil || want != "" && i.Method != want {
				t.Errorf("%s, %d draws: got interval %v", id, draws, i)
			}
		}
	}
}

// TestSimulationAgreesWithTheFormula within some percent.
func TestSimulationAgreesWithTheFormula(t *testing.T) {
	analytic := mustCards(t, oneStream(), method())
	m := method()
	m.Draws, m.Seed = indicator.MinDraws, 1
	drawn := mustCards(t, oneStream(), m)
	for _, id := range []string{"inventory-treatment", "inventory-waste", "inventory", "avoided"} {
		a, d := analytic[id], drawn[id]
		width := a.Interval.High.Sub(a.Interval.Low)
		for _, gap := range []decimal.Decimal{a.Interval.Low.Sub(d.Interval.Low), a.Interval.High.Sub(d.Interval.High)} {
			if gap.Abs().GreaterThan(width.Mul(decimal.New(6, -2))) {
				t.Errorf("%s: %s … %s by formula, %s … %s by draws", id, a.Interval.Low, a.Interval.High, d.Interval.Low, d.Interval.High)
			}
		}
	}
}

// TestSharedFactorsCancel: a project that does what the baseline does differs
// by nothing, and surely so.
func TestSharedFactorsCancel(t *testing.T) {
	in := oneStream()
	a := &in.Streams[0].Activity
	*a = indicator.Activity{Fills: 1, Collected: 1000, Accepted: 1000, Residue: 1000, Hauled: 1000, Routes: map[string]quantity.Mass{"R1": 1000}}
	a.CollectedBy[indicator.WardScale], a.ReceivedBy[indicator.RecyclerScale] = 1000, 1000
	c := mustCards(t, in, method())["comparison"]
	if c.Value == nil || !c.Value.IsZero() || c.Interval != nil {
		t.Errorf("got %v, %v, want 0 without an interval", c.Value, c.Interval)
	}
	// Against another factor the difference is unsure.
	m := method()
	m.Baseline = &indicator.Baseline{ID: "d", Dated: "2025-01-01", Routes: []indicator.RouteShare{{Operation: "D1", Permille: 1000}}}
	if c := mustCards(t, in, m)["comparison"]; c.Interval == nil {
		t.Error("control: a real difference has no interval")
	}
}

// TestMissingFactorIsNeverZero: a material that no factor is known for leaves
// the figure out, says which, and shows how much of the mass is covered.
func TestMissingFactorIsNeverZero(t *testing.T) {
	in := oneStream()
	in.Streams[0].Polymers = []indicator.PolymerShare{{Polymer: "PET", Permille: 750}, {Polymer: "TPU", Permille: 250}}
	cards := mustCards(t, in, method())
	for id, missing := range map[string]string{
		"inventory-production": "virgin-production/TPU", "inventory-treatment": "incineration/TPU", "inventory-waste": "incineration/TPU",
		"inventory": "incineration/TPU", "biogenic": "incineration/TPU", "comparison": "incineration/TPU", "inventory-waste-per-kg": "incineration/TPU",
	} {
		c := cards[id]
		if c.Value != nil || c.Display != "" || c.Interval != nil || c.Reason != "factor-missing" || len(c.Missing) == 0 || c.Missing[0] != missing {
			t.Errorf("%s: got %v, %s %v, want no value for want of %s", id, c.Value, c.Reason, c.Missing, missing)
		}
	}
	if c := cards["inventory-production"].Coverage; c.Mass != 1_000_000 || c.Covered != 750_000 {
		t.Errorf("coverage: got %d of %d g, want 750000 of 1000000", c.Covered, c.Mass)
	}
	in = oneStream()
	in.Streams[0].Activity.Routes = map[string]quantity.Mass{"D9": 150_000}
	if c := mustCards(t, in, method())["inventory-treatment"]; c.Value != nil || c.Missing[0] != "route/D9" {
		t.Errorf("a route without a factor: got %v, %v", c.Value, c.Missing)
	}
	in = oneStream()
	in.Streams[0].Activity.Recyclates = map[string]quantity.Mass{indicator.RecyclateKey("PET", "bottles", ""): 800_000}
	if c := mustCards(t, in, method())["avoided"]; c.Value != nil || c.Missing[0] != "quality-ratio/PET" {
		t.Errorf("a quality ratio that nobody declared: got %v, %v", c.Value, c.Missing)
	}
	in = oneStream()
	in.Streams[0].Activity.Haul = map[string]int64{indicator.HaulKey(indicator.VehicleKm, "electric-van", nil): 1000}
	if c := mustCards(t, in, method())["inventory-transport"]; c.Value != nil || c.Coverage.Covered != 0 {
		t.Errorf("a vehicle without a factor: got %v, %d g covered", c.Value, c.Coverage.Covered)
	}
	in = oneStream()
	in.Streams[0].Activity.Hauled--
	for _, id := range []string{"inventory-transport", "inventory-waste", "inventory"} {
		if c := mustCards(t, in, method())[id]; c.Value != nil || c.Reason != "transport-not-declared" {
			t.Errorf("%s, with a gram that nobody carried: got %v, %s", id, c.Value, c.Reason)
		}
	}
}

// TestNothingIsClamped: recycling that is worse than virgin production shows
// as such.
func TestNothingIsClamped(t *testing.T) {
	m := method()
	m.Set = m.Set.Clone()
	f, _ := m.Set.Find(factor.RecycledProduction, "PET")
	f.Value = decimal.NewFromInt(5)
	c := mustCards(t, oneStream(), m)["avoided"]
	// 720 kg × (5 − 3.86390131)
	if c.Value == nil || c.Value.String() != "817.9910568" {
		t.Errorf("got %v, want 817.9910568", c.Value)
	}
}

// TestMethodsThatCantBeUsed are refused as a whole, with a code.
func TestMethodsThatCantBeUsed(t *testing.T) {
	change := func(kind factor.Kind, subject string, do func(*factor.Factor)) *factor.Set {
		s := factor.Default().Clone()
		f, _ := s.Find(kind, subject)
		do(f)
		return s
	}
	warm, _ := factor.ByRef("warm-v16@1")
	overlapping := change(factor.VirginProduction, "PET", func(f *factor.Factor) { f.Modules = append(f.Modules, factor.WasteDisposal) })
	mixed := change(factor.VirginProduction, "PET", func(f *factor.Factor) { f.Uptake = factor.MinusOnePlus })
	expired := change(factor.VirginProduction, "PET", func(f *factor.Factor) { f.To = "2026-02-28" })
	for _, tt := range []struct {
		name, code string
		method     indicator.Method
	}{
		{"no set", "factor-set-missing", indicator.Method{}},
		{"for sensitivity only", "factor-set-for-sensitivity", indicator.Method{Set: warm}},
		{"overlapping modules", "modules-overlap", indicator.Method{Set: overlapping}},
		{"mixed conventions", "uptake-mixed", indicator.Method{Set: mixed}},
		{"period across a validity", "factor-validity", indicator.Method{Set: expired}},
		{"few draws", "draws-invalid", indicator.Method{Set: factor.Default(), Draws: 10}},
		{"baseline that sums to less", "baseline-invalid", indicator.Method{Set: factor.Default(), Baseline: &indicator.Baseline{
			Routes: []indicator.RouteShare{{Operation: "R1", Permille: 900}},
		}}},
	} {
		if _, err := indicator.Cards(oneStream(), tt.method); problem.As(err) == nil || problem.As(err).Code != tt.code {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.code)
		}
	}
}

// TestBaselineThatOverlaps: landfill factors hold their own transport. The
// comparison has no value then; the lab's own figures stay.
func TestBaselineThatOverlaps(t *testing.T) {
	m := method()
	m.Baseline = &indicator.Baseline{
		ID: "l", Dated: "2025-01-01", Routes: []indicator.RouteShare{{Operation: "D1", Permille: 1000}}, Legs: []indicator.BaselineLeg{{Vehicle: "van", Kilometres: 10}},
	}
	cards := mustCards(t, oneStream(), m)
	for _, id := range []string{"comparison", "comparison-baseline"} {
		if c := cards[id]; c.Value != nil || c.Reason != "baseline-overlaps" || len(c.Coverage.ByRung) != indicator.Rungs {
			t.Errorf("%s: got %v, %s, %v", id, c.Value, c.Reason, c.Coverage)
		}
	}
	if cards["inventory"].Value == nil {
		t.Error("the inventory is gone as well")
	}
	m.Baseline.Legs = nil
	if c := mustCards(t, oneStream(), m)["comparison"]; c.Value == nil {
		t.Errorf("control: without legs: got %s", c.Reason)
	}
}
