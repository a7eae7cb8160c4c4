package formula_test

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/indicator/formula"
	"github.com/ricircolo/ricircolo/internal/problem"
)

func d(text string) decimal.Decimal { return decimal.RequireFromString(text) }

var one = d("1")

// amounts are masses and distances to the milligram; factors are of either sign.
var (
	amounts = rapid.Custom(func(t *rapid.T) decimal.Decimal {
		return decimal.New(rapid.Int64Range(0, 1e12).Draw(t, "mantissa"), -6)
	})
	factors = rapid.Custom(func(t *rapid.T) decimal.Decimal {
		return decimal.New(rapid.Int64Range(-1e10, 1e10).Draw(t, "mantissa"), -8)
	})
	shares = rapid.Custom(func(t *rapid.T) decimal.Decimal {
		return decimal.New(rapid.Int64Range(0, 1e6).Draw(t, "millionths"), -6)
	})
)

func must[T any](t interface{ Fatal(...any) }) func(T, error) T {
	return func(v T, err error) T {
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantEqual(t interface{ Errorf(string, ...any) }, what string, got, want decimal.Decimal) {
	if !got.Equal(want) {
		t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

// A lot split in two gives the same total, exactly; twice the mass twice the
// emissions.
func TestAvoidedIsLinear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, q := amounts.Draw(t, "a"), amounts.Draw(t, "b"), shares.Draw(t, "quality")
		ev, erec := factors.Draw(t, "ev"), factors.Draw(t, "erec")
		of := func(m decimal.Decimal) decimal.Decimal {
			return must[decimal.Decimal](t)(formula.Avoided(m, q, ev, erec))
		}
		wantEqual(t, "split", of(a).Add(of(b)), of(a.Add(b)))
		wantEqual(t, "doubled", of(a.Add(a)), of(a).Mul(d("2")))
		wantEqual(t, "the other way round", must[decimal.Decimal](t)(formula.Avoided(a, q, erec, ev)), of(a).Neg())
		if first, again := of(a).String(), of(a).String(); first != again {
			t.Error("computed twice, the bytes differ")
		}
	})
}

func TestOtherSumsAreLinear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, s := amounts.Draw(t, "a"), amounts.Draw(t, "b"), shares.Draw(t, "share")
		f, g := factors.Draw(t, "f").Abs(), factors.Draw(t, "g").Abs()
		for name, of := range map[string]func(decimal.Decimal) (decimal.Decimal, error){
			"vehicle-km": func(m decimal.Decimal) (decimal.Decimal, error) { return formula.VehicleKm(m, s, f, g) },
			"tonne-km":   func(m decimal.Decimal) (decimal.Decimal, error) { return formula.TonneKm(m, f, g, g) },
			"lorry":      func(m decimal.Decimal) (decimal.Decimal, error) { return formula.HGV(f, g, s, m) },
			"composting": func(m decimal.Decimal) (decimal.Decimal, error) {
				return formula.Composting(m, f, g, d("28"), d("265"))
			},
			"mass":   func(m decimal.Decimal) (decimal.Decimal, error) { return formula.Emissions(m, "t", f, "kgCO2e/t") },
			"output": func(m decimal.Decimal) (decimal.Decimal, error) { return formula.Recyclate(m, s, s) },
		} {
			one := must[decimal.Decimal](t)
			wantEqual(t, name, one(of(a)).Add(one(of(b))), one(of(a.Add(b))))
		}
	})
}

// In a closed loop, it does not matter who is given the burden: the result does
// not depend on A.
func TestCFFOfAClosedLoopDoesNotDependOnA(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, ev, erec := shares.Draw(t, "R"), factors.Draw(t, "Ev"), factors.Draw(t, "Erec")
		of := func(a decimal.Decimal) decimal.Decimal {
			f := formula.CFF{Mass: d("7"), A: a, R1: r, R2: r, Ev: ev, EvStar: ev, Erec: erec, ErecEoL: erec, QsinQp: one, QsoutQp: one}
			return must[formula.CFFTerms](t)(f.Terms()).Total
		}
		wantEqual(t, "total", of(shares.Draw(t, "A")), of(d("0")))
	})
}

// Every term is linear in the mass, and the total is their sum.
func TestCFFTermsSumToTheTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r2 := shares.Draw(t, "R2")
		f := formula.CFF{
			Mass: amounts.Draw(t, "mass"), A: shares.Draw(t, "A"), B: shares.Draw(t, "B"), R1: shares.Draw(t, "R1"), R2: r2, R3: one.Sub(r2).Mul(shares.Draw(t, "R3")),
			Ev: factors.Draw(t, "Ev"), Erec: factors.Draw(t, "Erec"), ErecEoL: factors.Draw(t, "ErecEoL"), EvStar: factors.Draw(t, "EvStar"),
			QsinQp: shares.Draw(t, "Qsin"), QsoutQp: shares.Draw(t, "Qsout"), EER: factors.Draw(t, "EER"), LHV: amounts.Draw(t, "LHV"), Ed: factors.Draw(t, "Ed"),
			XElec: d("0.3"), XHeat: d("0.5"), ESEElec: factors.Draw(t, "elec"), ESEHeat: factors.Draw(t, "heat"),
		}
		v := must[formula.CFFTerms](t)(f.Terms())
		wantEqual(t, "total", decimal.Sum(v.Virgin, v.RecycledContent, v.RecyclingBurden, v.RecyclingCredit, v.EnergyBurden, v.EnergyCredit, v.Disposal), v.Total)
		f.Mass = f.Mass.Mul(d("3"))
		wantEqual(t, "three times the mass", must[formula.CFFTerms](t)(f.Terms()).Total, v.Total.Mul(d("3")))
	})
}

// The indicator is from 0 to 1, is not a matter of size, and more recycled
// content makes no product less circular while making it wastes nothing.
func TestMCI(t *testing.T) {
	near := d("1e-18")
	rapid.Check(t, func(t *rapid.T) {
		m := formula.MCI{
			M: amounts.Draw(t, "M").Add(one), FR: shares.Draw(t, "FR"), EF: shares.Draw(t, "EF").Add(d("0.000001")), EC: shares.Draw(t, "EC"),
			L: shares.Draw(t, "L").Add(d("0.1")), Lav: one, U: one, Uav: one,
		}
		m.EF = decimal.Min(m.EF, one)
		m.FU = one.Sub(m.FR).Mul(shares.Draw(t, "FU"))
		m.CR = shares.Draw(t, "CR")
		m.CU = one.Sub(m.CR).Mul(shares.Draw(t, "CU"))
		v := must[formula.MCIResult](t)(m.Indicator()).MCI
		if v.IsNegative() || v.GreaterThan(one) {
			t.Fatalf("got %s, want 0 to 1", v)
		}
		bigger := m
		bigger.M = m.M.Mul(d("1000"))
		if w := must[formula.MCIResult](t)(bigger.Indicator()).MCI; w.Sub(v).Abs().GreaterThan(near) {
			t.Errorf("of 1000 times the mass: got %s, want %s", w, v)
		}
		m.EF = one
		less := must[formula.MCIResult](t)(m.Indicator()).MCI
		m.FR = m.FR.Add(one.Sub(m.FR).Sub(m.FU).Mul(shares.Draw(t, "more")))
		if more := must[formula.MCIResult](t)(m.Indicator()).MCI; more.LessThan(less) {
			t.Errorf("with more recycled content: got %s, want at least %s", more, less)
		}
	})
}

func TestUnitsGoRound(t *testing.T) {
	masses, perMass := []string{"kg", "g", "t", "lb", "short_ton"}, []string{"kgCO2e/kg", "kgCO2e/t", "tCO2e/t", "MTCO2E/short_ton"}
	rapid.Check(t, func(t *rapid.T) {
		near := func(what string, got, want decimal.Decimal) {
			if got.Sub(want).Abs().GreaterThan(d("1e-12")) {
				t.Errorf("%s: got %s, want %s", what, got, want)
			}
		}
		m, a, b := amounts.Draw(t, "mass"), rapid.SampledFrom(masses).Draw(t, "a"), rapid.SampledFrom(masses).Draw(t, "b")
		there := must[decimal.Decimal](t)(formula.ConvertMass(m, a, b))
		near("mass", must[decimal.Decimal](t)(formula.ConvertMass(there, b, a)), m)
		f, x, y := factors.Draw(t, "factor"), rapid.SampledFrom(perMass).Draw(t, "x"), rapid.SampledFrom(perMass).Draw(t, "y")
		over := must[decimal.Decimal](t)(formula.ConvertFactor(f, x, y))
		near("factor", must[decimal.Decimal](t)(formula.ConvertFactor(over, y, x)), f)
		near("emissions", must[decimal.Decimal](t)(formula.Emissions(there.Shift(-6), b, over, y)), must[decimal.Decimal](t)(formula.Emissions(m.Shift(-6), a, f, x)))
	})
}

// Shares of a round are whole, sum to the total, are off by less than 1, and
// stay with their stop whatever the order.
func TestShareRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		stops := make([]formula.Stop, n)
		sum := new(big.Int)
		for i := range stops {
			stops[i] = formula.Stop{ID: string(rune('a' + i)), Grams: rapid.Int64Min(0).Draw(t, "grams"), Metres: rapid.Int64Min(0).Draw(t, "metres")}
			sum.Add(sum, new(big.Int).Mul(big.NewInt(stops[i].Grams), big.NewInt(stops[i].Metres)))
		}
		if sum.Sign() == 0 {
			t.Skip("nothing to share by")
		}
		total := rapid.Int64Min(0).Draw(t, "total")
		got := must[[]int64](t)(formula.ShareRound(total, stops))
		left := total
		for i, share := range got {
			left -= share
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(total), new(big.Int).Mul(big.NewInt(stops[i].Grams), big.NewInt(stops[i].Metres))), sum)
			off := new(big.Rat).Sub(new(big.Rat).SetInt64(share), exact)
			if share < 0 || off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Errorf("stop %d: got %d, want within 1 of %s", i, share, exact.FloatString(3))
			}
		}
		if left != 0 {
			t.Errorf("%d of %d are left over", left, total)
		}
		slices.Reverse(stops)
		again := must[[]int64](t)(formula.ShareRound(total, stops))
		slices.Reverse(again)
		if !slices.Equal(got, again) {
			t.Errorf("in reverse order: got %v, want %v", again, got)
		}
	})
}

func TestShareRoundByHand(t *testing.T) {
	for _, row := range []struct {
		name  string
		total int64
		stops []formula.Stop
		want  []int64
	}{
		{"by mass × distance", 1000, []formula.Stop{{"a", 1000, 10}, {"b", 3000, 10}, {"c", 1000, 60}}, []int64{100, 300, 600}},
		{"what is left goes to the largest remainder", 10, []formula.Stop{{"a", 1, 10}, {"b", 1, 26}, {"c", 1, 64}}, []int64{1, 3, 6}},
		{"and between equals to the lower id", 10, []formula.Stop{{"z", 1, 1}, {"b", 1, 1}, {"c", 1, 1}}, []int64{3, 4, 3}},
		{"a stop without a load has no share", 7, []formula.Stop{{"a", 0, 10}, {"b", 5, 10}}, []int64{0, 7}},
		{"no overflow", math.MaxInt64, []formula.Stop{{"a", math.MaxInt64, math.MaxInt64}, {"b", math.MaxInt64, math.MaxInt64}}, []int64{math.MaxInt64/2 + 1, math.MaxInt64 / 2}},
	} {
		got, err := formula.ShareRound(row.total, row.stops)
		if err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, %v, want %v", row.name, got, err, row.want)
		}
	}
}

// The two origins of carbon sum to the whole, and a formula without brackets is
// read to the end.
func TestBurning(t *testing.T) {
	b := formula.Burning{Dry: d("12"), FossilFraction: d("0.25"), Oxidation: d("0.5")}
	fossil, biogenic, err := b.ByCarbon(d("0.5"))
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "fossil", fossil, d("2.75"))
	wantEqual(t, "biogenic", biogenic, d("8.25"))
	plain, _, _ := b.ByFormula("C6H6")
	for _, same := range []string{"(CH)6", "C2(CH)2((CH)2H2)"} { // 6 C and 6 H
		if got, _, err := b.ByFormula(same); err != nil || !got.Equal(plain) {
			t.Errorf("formula %q: got %s, %v, want %s", same, got, err, plain)
		}
	}
	for _, chemical := range []string{"", "c2", "C0", "C01", "2C", "(CH2", "CH2)", "()", "(C)0", "((((((C))))))", "C H", "Xx", "C99999", "C2H4 ", strings.Repeat("C", 65), "é"} {
		if _, _, err := b.ByFormula(chemical); err == nil {
			t.Errorf("formula %q was taken", chemical)
		}
	}
}

func ledger() formula.Ledger {
	return formula.Ledger{
		Gross: []decimal.Decimal{d("12")}, Tare: []decimal.Decimal{d("2")}, Liquid: d("1"), NonTarget: d("1"),
		Accepted: d("8"), Rejected: d("1"), Output: d("6"), Generated: d("20"),
	}
}

// Nothing is clamped: whatever is out of range is refused, at the field.
func TestRefused(t *testing.T) {
	edit := func(change func(*formula.Ledger)) error {
		l := ledger()
		change(&l)
		_, err := l.Rates()
		return err
	}
	of := func(_ decimal.Decimal, err error) error { return err }
	cff := func(change func(*formula.CFF)) error {
		f := formula.CFF{Mass: one, A: one, Ev: one, QsinQp: one, QsoutQp: one}
		change(&f)
		_, err := f.Terms()
		return err
	}
	mci := func(change func(*formula.MCI)) error {
		m := formula.MCI{M: one, EF: one, EC: one, L: one, Lav: one, U: one, Uav: one}
		change(&m)
		_, err := m.Indicator()
		return err
	}
	round := func(total int64, stops ...formula.Stop) error {
		_, err := formula.ShareRound(total, stops)
		return err
	}
	for _, row := range []struct {
		pointer, code string
		err           error
	}{
		{"/recyclate_kg", "negative", of(formula.Avoided(d("-1"), one, one, one))},
		{"/quality_ratio", "more-than-one", of(formula.Avoided(one, d("1.01"), one, one))},
		{"/ev", "magnitude", of(formula.Avoided(one, one, decimal.New(1, 2000000000), one))},
		{"/erec", "magnitude", of(formula.Avoided(one, one, one, decimal.New(1, -2000000000)))},
		{"/contamination", "more-than-one", of(formula.Recyclate(one, d("2"), one))},
		{"/process_yield", "more-than-one", of(formula.Recyclate(one, one, d("2")))},
		{"/mass_share", "more-than-one", of(formula.VehicleKm(one, d("2"), one, one))},
		{"/load_kg", "negative", of(formula.TonneKm(d("-1"), one, one, one))},
		{"/load", "more-than-one", of(formula.HGV(one, one, d("2"), one))},
		{"/mass_unit", "unit-unknown", of(formula.Emissions(one, "KG", one, "kgCO2e/kg"))},
		{"/factor_unit", "unit-unknown", of(formula.Emissions(one, "kg", one, ""))},
		{"/from", "unit-unknown", of(formula.ConvertMass(one, "oz", "kg"))},
		{"/wet_mass_kg", "negative", of(formula.Composting(d("-1"), one, one, one, one))},
		{"/energy/total", "zero", of(formula.RenewableEnergy(d("0"), d("0")))},
		{"/energy/renewable", "sum", of(formula.RenewableEnergy(d("2"), one))},
		{"/A", "more-than-one", cff(func(f *formula.CFF) { f.A = d("1.1") })},
		{"/R3", "sum", cff(func(f *formula.CFF) { f.R2, f.R3 = d("0.6"), d("0.5") })},
		{"/X_heat", "sum", cff(func(f *formula.CFF) { f.XElec, f.XHeat = d("0.6"), d("0.5") })},
		{"/Qsout_Qp", "more-than-one", cff(func(f *formula.CFF) { f.QsoutQp = d("1.1") })},
		{"/LHV", "negative", cff(func(f *formula.CFF) { f.LHV = d("-1") })},
		{"/M", "zero", mci(func(m *formula.MCI) { m.M = d("0") })},
		{"/FR", "sum", mci(func(m *formula.MCI) { m.FR, m.FU = d("0.6"), d("0.5") })},
		{"/CR", "sum", mci(func(m *formula.MCI) { m.CR, m.CE = d("0.6"), d("0.5") })},
		{"/EF", "zero", mci(func(m *formula.MCI) { m.FR, m.EF = d("0.6"), d("0") })},
		{"/L", "zero", mci(func(m *formula.MCI) { m.L = d("0") })},
		{"/recyclate_output_kg", "discrepancy", edit(func(l *formula.Ledger) { l.Output = d("8.001") })},
		{"/non_target_kg", "discrepancy", edit(func(l *formula.Ledger) { l.NonTarget = d("9.001") })},
		{"/total_target_generated_kg", "discrepancy", edit(func(l *formula.Ledger) { l.Generated, l.Accepted, l.Output = d("7.999"), d("1"), d("1") })},
		{"/accepted_by_recycler_kg", "discrepancy", edit(func(l *formula.Ledger) { l.Accepted = d("20.001") })},
		{"/tare_kg/0", "tare", edit(func(l *formula.Ledger) { l.Tare[0] = d("12.001") })},
		{"/tare_kg", "length", edit(func(l *formula.Ledger) { l.Tare = nil })},
		{"/gross_kg/0", "magnitude", edit(func(l *formula.Ledger) { l.Gross[0] = decimal.New(1, 1000000000) })},
		{"/gross_emissions_kgco2e", "negative", formula.Accounts{Inventory: d("-1")}.Check()},
		{"/total", "negative", round(-1, formula.Stop{ID: "a", Grams: 1, Metres: 1})},
		{"/stops/0/grams", "negative", round(1, formula.Stop{ID: "a", Grams: -1, Metres: 1})},
		{"/stops/0/metres", "negative", round(1, formula.Stop{ID: "a", Grams: 1, Metres: -1})},
		{"/stops/1/id", "duplicate", round(1, formula.Stop{ID: "a", Grams: 1, Metres: 1}, formula.Stop{ID: "a", Grams: 1, Metres: 1})},
		{"/stops", "nothing", round(1, formula.Stop{ID: "a", Grams: 1})},
		{"/stops", "nothing", round(1)},
	} {
		p := problem.As(row.err)
		if p == nil || p.Kind != problem.Invalid || len(p.Fields) != 1 || p.Fields[0].Pointer != row.pointer || p.Fields[0].Code != row.code {
			t.Errorf("%s %s: got %v", row.pointer, row.code, row.err)
		}
	}
	if _, err := ledger().Rates(); err != nil {
		t.Errorf("the control: %v", err)
	}
}
