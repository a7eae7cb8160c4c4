package uncertainty

import (
	"math"
)

// Table names a pedigree matrix: what scores of 1 to 5 mean as spreads. Results
// name their table, since the tables differ widely.
type Table string

// The tables.
const (
	// TableV1 are the factors of ecoinvent 2 (Frischknecht and others 2007), as
	// in brightway-lca/pedigree_matrix, pedigree_matrix/data.py at b6818d1,
	// version_1.
	TableV1 Table = "v1"
	// TableV2 are the empirical factors of Ciroth and others (2013), as in the
	// same file, version_2. They leave sample size at 1.
	TableV2 Table = "v2"
	// TableEcoinvent3 are the additive variances of ecoinvent 3 (Weidema and
	// others 2013), as Ocelot has them. There is no sample size in it.
	TableEcoinvent3 Table = "ecoinvent3"
)

// Scores are the digits of the pedigree matrix, from 1 (best) to 5.
type Scores struct {
	Reliability   int
	Completeness  int
	Temporal      int
	Geographical  int
	Technological int
	Sample        int // 0: not scored, which counts as 1
}

// Spread is an uncertainty in the three ways that people write it.
type Spread struct {
	Sigma float64 // standard deviation of the logarithm
	GSD   float64 // exp(σ)
	GSD2  float64 // exp(2σ): median/GSD2 to median×GSD2 holds about 95 %
}

// factors are the uncertainty factors U of tables v1 and v2; a factor adds
// (ln U / 2)² to the variance of the logarithm.
var factors = map[Table][6][5]float64{
	TableV1: {
		{1, 1.05, 1.1, 1.2, 1.5},
		{1, 1.02, 1.05, 1.1, 1.2},
		{1, 1.03, 1.1, 1.2, 1.5},
		{1, 1.01, 1.02, 1.02, 1.1},
		{1, 1, 1.2, 1.5, 2},
		{1, 1.02, 1.05, 1.1, 1.2},
	},
	TableV2: {
		{1, 1.54, 1.61, 1.69, 1.69},
		{1, 1.03, 1.04, 1.08, 1.08},
		{1, 1.03, 1.1, 1.19, 1.29},
		{1, 1.04, 1.08, 1.11, 1.11},
		{1, 1.18, 1.65, 2.08, 2.8},
		{1, 1, 1, 1, 1},
	},
}

// variances are what a score adds to the variance of the logarithm in
// ecoinvent 3.
var variances = [6][5]float64{
	{0, .0006, .002, .008, .04},
	{0, .0001, .0006, .002, .008},
	{0, .0002, .002, .008, .04},
	{0, 2.5e-5, .0001, .0006, .002},
	{0, .0006, .008, .04, .12},
	{},
}

// Pedigree is the spread of a figure by the scores of its source, σ² = (ln
// basic / 2)² + what each score adds. basic is the basic uncertainty factor of
// the kind of figure: 1.05 for energy, materials and CO2, 2 for transport
// services, 3 for infrastructure.
func Pedigree(table Table, scores Scores, basic float64) (Spread, error) {
	var c checks
	if _, ok := factors[table]; !ok && table != TableEcoinvent3 {
		c.fault("/table", "unknown", "There is no pedigree matrix %.32q; take v1, v2 or ecoinvent3.", string(table))
	}
	c.gsd2("/basic_uncertainty", basic)
	digits := scores.digits()
	for i, name := range [6]string{"reliability", "completeness", "temporal", "geographical", "technological", "sample"} {
		if d := digits[i]; d < 1 || d > 5 {
			c.fault("/scores/"+name, "range", "The score is %d; it must be from 1 to 5.", d)
		}
	}
	if err := c.err(); err != nil {
		return Spread{}, err
	}
	variance := square(math.Log(basic) / 2)
	for i, d := range digits {
		if table == TableEcoinvent3 {
			variance += variances[i][d-1]
		} else {
			variance += square(math.Log(factors[table][i][d-1]) / 2)
		}
	}
	return spreadOf(variance), nil
}

func (s Scores) digits() [6]int {
	if s.Sample == 0 {
		s.Sample = 1
	}
	return [6]int{s.Reliability, s.Completeness, s.Temporal, s.Geographical, s.Technological, s.Sample}
}

func spreadOf(variance float64) Spread {
	sigma := math.Sqrt(variance)
	return Spread{Sigma: sigma, GSD: math.Exp(sigma), GSD2: math.Exp(2 * sigma)}
}

func square(v float64) float64 { return v * v }
