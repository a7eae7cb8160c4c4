package uncertainty

import (
	"fmt"
	"math"
)

// Lognormal is a positive figure with its spread.
type Lognormal struct {
	Median float64
	GSD2   float64 // squared geometric standard deviation; 1 is exact
}

// Sigma is the standard deviation of the logarithm.
func (l Lognormal) Sigma() float64 { return math.Log(l.GSD2) / 2 }

// Mean is the expectation: median × exp(σ²/2).
func (l Lognormal) Mean() float64 { return l.Median * math.Exp(square(l.Sigma())/2) }

// SD is the standard deviation.
func (l Lognormal) SD() float64 { return l.Mean() * math.Sqrt(math.Expm1(square(l.Sigma()))) }

// Interval is the one of two geometric standard deviations, median/GSD2 to
// median×GSD2: 95.4 %.
func (l Lognormal) Interval() (lower, upper float64) { return l.Median / l.GSD2, l.Median * l.GSD2 }

// Percentiles are the 2.5th and the 97.5th: 95 %.
func (l Lognormal) Percentiles() (p2_5, p97_5 float64) {
	spread := math.Exp(z975 * l.Sigma())
	return l.Median / spread, l.Median * spread
}

// Check refuses what is no lognormal distribution.
func (l Lognormal) Check() error {
	var c checks
	c.lognormal("", l)
	return c.err()
}

// Product is the distribution of a product of independent figures, which is
// lognormal again: medians multiply, variances of the logarithms add.
func Product(figures []Lognormal) (Lognormal, error) {
	if err := checkAll("/factors", figures); err != nil {
		return Lognormal{}, err
	}
	logMedian, variance := 0.0, 0.0
	median := 1.0
	for _, f := range figures {
		median *= f.Median
		logMedian += math.Log(f.Median)
		variance += square(f.Sigma())
	}
	// The plain product is exact for few figures; by way of logarithms, order
	// does not matter where it would run out of the floats in between.
	if median == 0 || math.IsInf(median, 0) {
		median = math.Exp(logMedian)
	}
	product := Lognormal{Median: median, GSD2: spreadOf(variance).GSD2}
	return product, finite(product.Median, product.GSD2, product.Mean(), product.Median*product.GSD2)
}

// Sum is the distribution of a sum of independent figures, approximated as a
// lognormal one with the sum's mean and variance (Fenton 1960, Wilkinson).
func Sum(terms []Lognormal) (Lognormal, error) {
	if err := checkAll("/terms", terms); err != nil {
		return Lognormal{}, err
	}
	mean, variance := 0.0, 0.0
	for _, t := range terms {
		mean += t.Mean()
		variance += square(t.SD())
	}
	ratio := variance / mean / mean
	sum := Lognormal{Median: mean / math.Sqrt(1+ratio), GSD2: spreadOf(math.Log1p(ratio)).GSD2}
	return sum, finite(mean, variance, sum.Median, sum.GSD2)
}

func checkAll(at string, figures []Lognormal) error {
	var c checks
	if len(figures) == 0 {
		c.fault(at, "empty", "Give at least one.")
	}
	for i, f := range figures {
		c.lognormal(fmt.Sprintf("%s/%d", at, i), f)
	}
	return c.err()
}

// Delta is a difference of two figures. It is not lognormal, and may be of
// either sign.
type Delta struct {
	Mean          float64 // baseline − alternative
	SDIndependent float64 // if nothing is common to the two
	SDShared      float64 // if one factor, drawn for both, makes all the spread
}

// Difference is baseline − alternative. When the two are by the same factors,
// which is the rule for savings, the independent spread is badly inflated:
// what is off is off on both sides.
func Difference(baseline, alternative Lognormal) (Delta, error) {
	var c checks
	c.lognormal("/baseline", baseline)
	c.lognormal("/alternative", alternative)
	if err := c.err(); err != nil {
		return Delta{}, err
	}
	variances := square(baseline.SD()) + square(alternative.SD())
	d := Delta{Mean: baseline.Mean() - alternative.Mean(), SDIndependent: math.Sqrt(variances)}
	if baseline.GSD2 == alternative.GSD2 {
		// One factor times the difference of what it multiplies.
		d.SDShared = math.Abs(d.Mean) * math.Sqrt(math.Expm1(square(baseline.Sigma())))
	} else {
		covariance := baseline.Mean() * alternative.Mean() * math.Expm1(baseline.Sigma()*alternative.Sigma())
		d.SDShared = math.Sqrt(variances - 2*covariance)
	}
	return d, finite(d.Mean, d.SDIndependent, d.SDShared)
}
