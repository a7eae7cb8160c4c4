package uncertainty

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Limits of a simulation.
const (
	DefaultDraws = 100_000
	minDraws     = 1_000     // below, the percentiles are noise
	maxDraws     = 1_000_000 // 24 MB of results
	maxTerms     = 10_000    // on both sides together
	maxFactors   = 16        // of a term
	maxWork      = 2_000_000_000
	// chunk is how many draws come from one random stream. It is part of the
	// result: another size gives other draws for the same seed.
	chunk = 1_000
)

// Factor is an uncertain factor. Within a simulation, all factors of the same
// ID are one: drawn once per draw, wherever they occur.
type Factor struct {
	ID string
	Lognormal
}

// Term is amount × the product of its factors. The amount is exact, and may be
// negative: a credit.
type Term struct {
	Amount  float64
	Factors []Factor
}

// Options of a simulation.
type Options struct {
	Draws int // 0: DefaultDraws
	Seed  uint64
}

// Summary is a simulated distribution.
type Summary struct {
	Mean, Median, P2_5, P97_5 float64
}

// Simulation is what came out, with what repeats it.
type Simulation struct {
	Project    Summary
	Baseline   Summary
	Difference Summary // project − baseline within each draw: negative is a saving
	Draws      int
	Seed       uint64
}

// Simulate draws the sums of both sides by Monte Carlo. Both sides of a draw
// use the same values of the factors that they share. A side without terms is
// 0. The same inputs and seed give the same result on any number of cores. It
// ends early with the context's error.
func Simulate(ctx context.Context, project, baseline []Term, o Options) (Simulation, error) {
	if o.Draws == 0 {
		o.Draws = DefaultDraws
	}
	m, err := newModel(project, baseline, o)
	if err != nil {
		return Simulation{}, err
	}
	results, err := m.run(ctx, o)
	if err != nil {
		return Simulation{}, err
	}
	s := Simulation{Draws: o.Draws, Seed: o.Seed}
	for i, into := range []*Summary{&s.Project, &s.Baseline, &s.Difference} {
		*into = summarise(results[i])
		if err := finite(into.Mean, into.P2_5, into.P97_5); err != nil {
			return Simulation{}, err
		}
	}
	return s, nil
}

// model is a simulation made ready: factors by number, exact ones multiplied
// into the amounts, terms of the same factors made one.
type model struct {
	sigmas []float64
	sides  [2][]product
}

// product is a coefficient times factors, which are numbers into sigmas; one
// that occurs twice is squared.
type product struct {
	coefficient float64
	factors     []int
}

func newModel(project, baseline []Term, o Options) (*model, error) {
	var c checks
	spreads := map[string]Lognormal{}
	for i, side := range [][]Term{project, baseline} {
		c.terms([]string{"/project", "/baseline"}[i], side, spreads)
	}
	terms := len(project) + len(baseline)
	if terms > maxTerms {
		c.fault("/project", "too-many", "There are %d terms; give at most %d.", terms, maxTerms)
	}
	switch {
	case o.Draws < minDraws || o.Draws > maxDraws:
		c.fault("/draws", "range", "%d draws; take from %d to %d.", o.Draws, minDraws, maxDraws)
	case terms*o.Draws > maxWork:
		c.fault("/draws", "range", "%d draws of %d terms are too much work; take at most %d.", o.Draws, terms, maxWork/terms)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	m := &model{}
	number := map[string]int{}
	// By ID and not as they come, so that the order of terms changes no draw.
	for _, id := range slices.Sorted(maps.Keys(spreads)) {
		if sigma := spreads[id].Sigma(); sigma > 0 {
			number[id] = len(m.sigmas)
			m.sigmas = append(m.sigmas, sigma)
		}
	}
	m.sides = [2][]product{products(project, number), products(baseline, number)}
	return m, nil
}

// terms checks a side and notes the spread of each factor.
func (c *checks) terms(at string, side []Term, spreads map[string]Lognormal) {
	for i, t := range side {
		if !(math.Abs(t.Amount) <= maxMedian) {
			c.fault(fmt.Sprintf("%s/%d/amount", at, i), "range", "The amount is %v; it must be a number of at most %v.", t.Amount, maxMedian)
		}
		if len(t.Factors) > maxFactors {
			c.fault(fmt.Sprintf("%s/%d/factors", at, i), "too-many", "Give at most %d factors.", maxFactors)
		}
		for j, f := range t.Factors {
			pointer := fmt.Sprintf("%s/%d/factors/%d", at, i, j)
			c.lognormal(pointer, f.Lognormal)
			if known, ok := spreads[f.ID]; ok && known != f.Lognormal {
				c.fault(pointer+"/id", "conflict", "Factor %.64q occurs with two different distributions.", f.ID)
			}
			spreads[f.ID] = f.Lognormal
		}
	}
}

func products(terms []Term, number map[string]int) []product {
	var all []product
	at := map[string]int{}
	for _, t := range terms {
		p := product{coefficient: t.Amount}
		for _, f := range t.Factors {
			p.coefficient *= f.Median
			if n, ok := number[f.ID]; ok {
				p.factors = append(p.factors, n)
			}
		}
		slices.Sort(p.factors)
		key := fmt.Sprint(p.factors)
		if i, ok := at[key]; ok {
			all[i].coefficient += p.coefficient
			continue
		}
		at[key] = len(all)
		all = append(all, p)
	}
	return all
}

// run draws all chunks, on as many cores as there are. Chunks write to places
// of their own, so that it does not matter who draws which.
func (m *model) run(ctx context.Context, o Options) (results [3][]float64, err error) {
	for i := range results {
		results[i] = make([]float64, o.Draws)
	}
	chunks := (o.Draws + chunk - 1) / chunk
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), chunks) {
		workers.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= chunks {
					return
				}
				from, to := n*chunk, min((n+1)*chunk, o.Draws)
				m.draw(stream(o.Seed, uint64(n)), results[0][from:to], results[1][from:to], results[2][from:to])
			}
		})
	}
	workers.Wait()
	return results, ctx.Err()
}

// draw fills one chunk.
func (m *model) draw(random *rand.Rand, project, baseline, difference []float64) {
	values := make([]float64, len(m.sigmas))
	for i := range project {
		for j, sigma := range m.sigmas {
			values[j] = math.Exp(sigma * random.NormFloat64())
		}
		project[i], baseline[i] = evaluate(m.sides[0], values), evaluate(m.sides[1], values)
		difference[i] = project[i] - baseline[i]
	}
}

func evaluate(side []product, values []float64) float64 {
	sum := 0.0
	for i := range side {
		v := side[i].coefficient
		for _, n := range side[i].factors {
			v *= values[n]
		}
		sum += v
	}
	return sum
}

// stream is the random stream of a chunk: of seed + chunk, mixed so that
// neighbours have nothing in common (the finaliser of SplitMix64).
func stream(seed, n uint64) *rand.Rand {
	a := mix(seed + n*0x9e3779b97f4a7c15)
	return rand.New(rand.NewPCG(a, mix(a^n)))
}

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// summarise sums in the order of draws and sorts after, so that the mean has
// the same last bit every time.
func summarise(values []float64) Summary {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	slices.Sort(values)
	return Summary{Mean: sum / float64(len(values)), Median: percentile(values, 0.5), P2_5: percentile(values, 0.025), P97_5: percentile(values, 0.975)}
}

// percentile is between the two nearest of sorted values.
func percentile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
