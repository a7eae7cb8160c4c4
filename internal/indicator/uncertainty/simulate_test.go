package uncertainty_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/ricircolo/ricircolo/internal/indicator/uncertainty"
	"github.com/ricircolo/ricircolo/internal/problem"
)

func factor(id string, median, gsd2 float64) uncertainty.Factor {
	return uncertainty.Factor{ID: id, Lognormal: uncertainty.Lognormal{Median: median, GSD2: gsd2}}
}

func simulated(t *testing.T, project, baseline []uncertainty.Term, o uncertainty.Options) uncertainty.Simulation {
	t.Helper()
	s, err := uncertainty.Simulate(context.Background(), project, baseline, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// many are terms with some factors in common, and a credit.
func many(n int) []uncertainty.Term {
	var terms []uncertainty.Term
	for i := range n {
		terms = append(terms, uncertainty.Term{Amount: float64(i%7) - 1, Factors: []uncertainty.Factor{
			factor(fmt.Sprint("f", i), 1.5, 1.3), factor(fmt.Sprint("shared", i%5), 0.2, 1.2),
		}})
	}
	return terms
}

// One term is a lognormal figure: the closed form says what must come out.
func TestSimulateAgreesWithTheClosedForms(t *testing.T) {
	a, b := factor("a", 200, 1.1), factor("b", 0.5, 1.4)
	s := simulated(t, []uncertainty.Term{{Amount: 2, Factors: []uncertainty.Factor{a, b}}}, []uncertainty.Term{{Amount: 300}}, uncertainty.Options{Draws: 400_000, Seed: 1})
	want, err := uncertainty.Product([]uncertainty.Lognormal{a.Lognormal, b.Lognormal, {Median: 2, GSD2: 1}})
	if err != nil {
		t.Fatal(err)
	}
	lower, upper := want.Percentiles()
	wantNear(t, "median", s.Project.Median, want.Median, 0.005)
	wantNear(t, "mean", s.Project.Mean, want.Mean(), 0.005)
	wantNear(t, "p2.5", s.Project.P2_5, lower, 0.005)
	wantNear(t, "p97.5", s.Project.P97_5, upper, 0.005)
	wantNear(t, "an exact side", s.Baseline.P97_5-s.Baseline.P2_5, 0, 0)
	wantNear(t, "the difference", s.Difference.Mean, want.Mean()-300, 0.01)
}

// A factor on both sides is drawn once: equal sides cancel to nothing, and
// under another ID they do not.
func TestSharedFactorsAreDrawnOnce(t *testing.T) {
	side := func(id string) []uncertainty.Term {
		return []uncertainty.Term{{Amount: 100, Factors: []uncertainty.Factor{factor(id, 2, 1.5)}}}
	}
	shared := simulated(t, side("grid"), side("grid"), uncertainty.Options{Seed: 7})
	if shared.Difference != (uncertainty.Summary{}) {
		t.Errorf("shared: got %+v, want 0 throughout", shared.Difference)
	}
	apart := simulated(t, side("grid"), side("other"), uncertainty.Options{Seed: 7})
	if width := apart.Difference.P97_5 - apart.Difference.P2_5; width < 100 {
		t.Errorf("apart: got an interval of %v, want the spread of both", width)
	}
	// Within a side too: x + x spreads like 2x, not like x + y.
	double := simulated(t, append(side("x"), side("x")...), nil, uncertainty.Options{Seed: 7})
	single := simulated(t, side("x"), nil, uncertainty.Options{Seed: 7})
	wantNear(t, "x + x", double.Project.P97_5, 2*single.Project.P97_5, 1e-12)
	// And within a term: x·x has twice the sigma.
	squared := simulated(t, []uncertainty.Term{{Amount: 1, Factors: []uncertainty.Factor{factor("x", 1, 1.5), factor("x", 1, 1.5)}}}, nil, uncertainty.Options{Seed: 7, Draws: 400_000})
	wantNear(t, "x·x", squared.Project.P97_5, math.Pow(1.5, 1.959964), 0.01)
}

// The same seed gives the same bits on any number of cores; another seed
// others.
func TestSimulateRepeats(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	o := uncertainty.Options{Draws: 10_500, Seed: 42}
	var first uncertainty.Simulation
	for i, cores := range []int{1, 2, 3, 8} {
		runtime.GOMAXPROCS(cores)
		s := simulated(t, many(20), many(10), o)
		if i == 0 {
			first = s
		}
		if s != first {
			t.Errorf("on %d cores: got %+v, want %+v", cores, s, first)
		}
	}
	o.Seed++
	if s := simulated(t, many(20), many(10), o); s.Project == first.Project {
		t.Error("another seed gave the same")
	}
}

// Chunks are independent: if they repeated one another, the tails of many
// draws would be those of one chunk.
func TestChunksDiffer(t *testing.T) {
	one := []uncertainty.Term{{Amount: 1, Factors: []uncertainty.Factor{factor("x", 1, 4)}}}
	small := simulated(t, one, nil, uncertainty.Options{Draws: 1000, Seed: 3})
	large := simulated(t, one, nil, uncertainty.Options{Draws: 50_000, Seed: 3})
	if small.Project.Mean == large.Project.Mean {
		t.Error("the mean of 50 chunks is exactly that of the first")
	}
	wantNear(t, "p97.5", large.Project.P97_5, math.Pow(4, 1.959964/2), 0.04)
}

// counted is a context that ends when it was asked often enough.
type counted struct {
	context.Context
	left atomic.Int64
}

func (c *counted) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// The context is asked before every chunk of 1000 draws, and what it says holds.
func TestSimulateStopsBetweenChunks(t *testing.T) {
	ctx := &counted{Context: context.Background()}
	ctx.left.Store(50)
	if _, err := uncertainty.Simulate(ctx, many(3), nil, uncertainty.Options{Draws: 100_000}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it to end after 50 chunks of 100", err)
	}
}

func TestSimulateStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := uncertainty.Simulate(ctx, many(3), nil, uncertainty.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestSimulateRefuses(t *testing.T) {
	good := many(1)
	for _, row := range []struct {
		pointer string
		project []uncertainty.Term
		o       uncertainty.Options
	}{
		{"/draws", good, uncertainty.Options{Draws: 999}},
		{"/draws", good, uncertainty.Options{Draws: 1_000_001}},
		{"/draws", many(9000), uncertainty.Options{Draws: 1_000_000}},
		{"/project", slices.Repeat(good, 10_001), uncertainty.Options{}},
		{"/project/0/amount", []uncertainty.Term{{Amount: math.NaN()}}, uncertainty.Options{}},
		{"/project/0/amount", []uncertainty.Term{{Amount: math.Inf(-1)}}, uncertainty.Options{}},
		{"/project/0/factors", []uncertainty.Term{{Factors: slices.Repeat([]uncertainty.Factor{factor("x", 1, 1)}, 17)}}, uncertainty.Options{}},
		{"/project/0/factors/0/gsd2", []uncertainty.Term{{Factors: []uncertainty.Factor{factor("x", 1, 0)}}}, uncertainty.Options{}},
		{"/project/0/factors/1/id", []uncertainty.Term{{Factors: []uncertainty.Factor{factor("x", 1, 1), factor("x", 2, 1)}}}, uncertainty.Options{}},
	} {
		_, err := uncertainty.Simulate(context.Background(), row.project, nil, row.o)
		if p := problem.As(err); p == nil || len(p.Fields) != 1 || p.Fields[0].Pointer != row.pointer {
			t.Errorf("%s: got %v", row.pointer, err)
		}
	}
}

// BenchmarkSimulate is 100,000 draws of 200 terms, each with a factor of its
// own and one that is shared.
func BenchmarkSimulate(b *testing.B) {
	terms := many(200)
	for b.Loop() {
		if _, err := uncertainty.Simulate(context.Background(), terms, nil, uncertainty.Options{Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*uncertainty.DefaultDraws*200/b.Elapsed().Seconds(), "draws*terms/s")
}
