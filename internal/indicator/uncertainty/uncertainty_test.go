package uncertainty_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/indicator/uncertainty"
	"github.com/ricircolo/ricircolo/internal/problem"
)

func wantNear(t interface{ Errorf(string, ...any) }, what string, got, want, rel float64) {
	if !(math.Abs(got-want) <= rel*math.Max(math.Abs(want), 1e-300)) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// The defaults that the method states for its usual sources.
func TestPedigreeOfKnownSources(t *testing.T) {
	for _, row := range []struct {
		name   string
		scores uncertainty.Scores
		basic  float64
		gsd2   float64
	}{
		{"UK DESNZ used in Italy", uncertainty.Scores{Reliability: 2, Completeness: 2, Temporal: 1, Geographical: 3, Technological: 3}, 1.05, 1.22},
		{"Defra 2011", uncertainty.Scores{Reliability: 2, Completeness: 3, Temporal: 5, Geographical: 3, Technological: 3}, 1.05, 1.57},
		{"nothing but the basic uncertainty", uncertainty.Scores{Reliability: 1, Completeness: 1, Temporal: 1, Geographical: 1, Technological: 1}, 2, 2},
	} {
		got, err := uncertainty.Pedigree(uncertainty.TableV1, row.scores, row.basic)
		if err != nil || math.Abs(got.GSD2-row.gsd2) > 0.01 {
			t.Errorf("%s: got %v, %v, want GSD2 %v", row.name, got, err, row.gsd2)
		}
	}
}

// A worse score never makes a figure more certain.
func TestPedigreeIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := rapid.SampledFrom([]uncertainty.Table{uncertainty.TableV1, uncertainty.TableV2, uncertainty.TableEcoinvent3}).Draw(t, "table")
		digit := func(name string) int { return rapid.IntRange(1, 4).Draw(t, name) }
		s := uncertainty.Scores{Reliability: digit("r"), Completeness: digit("c"), Temporal: digit("t"), Geographical: digit("g"), Technological: digit("f"), Sample: digit("s")}
		before, err := uncertainty.Pedigree(table, s, 1.05)
		if err != nil {
			t.Fatal(err)
		}
		*rapid.SampledFrom([]*int{&s.Reliability, &s.Completeness, &s.Temporal, &s.Geographical, &s.Technological, &s.Sample}).Draw(t, "worse")++
		after, err := uncertainty.Pedigree(table, s, 1.05)
		if err != nil || after.Sigma < before.Sigma {
			t.Errorf("got %v after %v, %v", after, before, err)
		}
	})
}

var figures = rapid.Custom(func(t *rapid.T) uncertainty.Lognormal {
	return uncertainty.Lognormal{Median: rapid.Float64Range(1e-3, 1e6).Draw(t, "median"), GSD2: rapid.Float64Range(1, 5).Draw(t, "gsd2")}
})

// The order of figures does not matter; an exact one only scales.
func TestProductAndSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := figures.Draw(t, "a"), figures.Draw(t, "b")
		for name, of := range map[string]func([]uncertainty.Lognormal) (uncertainty.Lognormal, error){"product": uncertainty.Product, "sum": uncertainty.Sum} {
			x, err := of([]uncertainty.Lognormal{a, b})
			y, err2 := of([]uncertainty.Lognormal{b, a})
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			wantNear(t, name+" median", x.Median, y.Median, 1e-12)
			wantNear(t, name+" spread", x.GSD2, y.GSD2, 1e-12)
		}
		scaled, err := uncertainty.Product([]uncertainty.Lognormal{a, {Median: 3, GSD2: 1}})
		if err != nil {
			t.Fatal(err)
		}
		wantNear(t, "scaled median", scaled.Median, 3*a.Median, 1e-12)
		wantNear(t, "scaled spread", scaled.GSD2, a.GSD2, 1e-12)
		sum, err := uncertainty.Sum([]uncertainty.Lognormal{a, b})
		if err != nil {
			t.Fatal(err)
		}
		wantNear(t, "the mean of a sum", sum.Mean(), a.Mean()+b.Mean(), 1e-9)
	})
}

// With equal spreads, what is shared cancels but for the difference in size;
// just beside equal spreads the general formula gives nearly the same.
func TestDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.Float64Range(1.1, 5).Draw(t, "gsd2")
		b := uncertainty.Lognormal{Median: rapid.Float64Range(10, 100).Draw(t, "baseline"), GSD2: g}
		a := uncertainty.Lognormal{Median: rapid.Float64Range(200, 900).Draw(t, "alternative"), GSD2: g}
		equal, err := uncertainty.Difference(b, a)
		if err != nil {
			t.Fatal(err)
		}
		wantNear(t, "shared", equal.SDShared, math.Abs(a.SD()-b.SD()), 1e-9)
		if equal.SDShared > equal.SDIndependent {
			t.Errorf("shared %v, independent %v", equal.SDShared, equal.SDIndependent)
		}
		a.GSD2 *= 1 + 1e-9
		beside, err := uncertainty.Difference(b, a)
		if err != nil {
			t.Fatal(err)
		}
		wantNear(t, "beside", beside.SDShared, equal.SDShared, 1e-4)
	})
}

func TestRefused(t *testing.T) {
	good := uncertainty.Lognormal{Median: 1, GSD2: 1.1}
	bad := func(l uncertainty.Lognormal) error { return l.Check() }
	sum := func(terms ...uncertainty.Lognormal) error { _, err := uncertainty.Sum(terms); return err }
	product := func(terms ...uncertainty.Lognormal) error { _, err := uncertainty.Product(terms); return err }
	pedigree := func(table uncertainty.Table, r int, basic float64) error {
		_, err := uncertainty.Pedigree(table, uncertainty.Scores{Reliability: r, Completeness: 1, Temporal: 1, Geographical: 1, Technological: 1}, basic)
		return err
	}
	for _, row := range []struct {
		pointer string
		err     error
	}{
		{"/median", bad(uncertainty.Lognormal{Median: 0, GSD2: 1})},
		{"/median", bad(uncertainty.Lognormal{Median: -1, GSD2: 1})},
		{"/median", bad(uncertainty.Lognormal{Median: math.NaN(), GSD2: 1})},
		{"/median", bad(uncertainty.Lognormal{Median: math.Inf(1), GSD2: 1})},
		{"/gsd2", bad(uncertainty.Lognormal{Median: 1, GSD2: 0.99})},
		{"/gsd2", bad(uncertainty.Lognormal{Median: 1, GSD2: math.NaN()})},
		{"/gsd2", bad(uncertainty.Lognormal{Median: 1, GSD2: math.Inf(1)})},
		{"/terms", sum()},
		{"/terms/1/gsd2", sum(good, uncertainty.Lognormal{Median: 1})},
		{"/factors", product()},
		{"/table", pedigree("v9", 1, 1.05)},
		{"/scores/reliability", pedigree("v1", 0, 1.05)},
		{"/scores/reliability", pedigree("v1", 6, 1.05)},
		{"/basic_uncertainty", pedigree("v1", 1, 0.5)},
	} {
		if p := problem.As(row.err); p == nil || p.Kind != problem.Invalid || len(p.Fields) != 1 || p.Fields[0].Pointer != row.pointer {
			t.Errorf("%s: got %v", row.pointer, row.err)
		}
	}
	large := uncertainty.Lognormal{Median: 1e30, GSD2: 1}
	many := make([]uncertainty.Lognormal, 20)
	for i := range many {
		many[i] = large
	}
	if err := product(many...); err == nil {
		t.Error("a product beyond the floats was taken")
	}
}
