package indicator

import (
	"context"
	"math"

	"github.com/shopspring/decimal"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/ricircolo/ricircolo/internal/indicator/uncertainty"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// massGSD2 is how uncertain a mass is by its rung, as the square of the
// geometric standard deviation. Chosen by us, in want of a published figure,
// from what the rungs are: scales by their tolerance, guesses by the spread
// that the tolerances of discrepancies allow.
var massGSD2 = [Rungs]float64{1.5, 1.3, 1.03, 1.02, 1.01}

// massSpread is the variance of ln(mass) of a mass that stands on several
// rungs: the rungs' variances weighted with their shares. Masses of plants are
// on the recycler's scale.
func massSpread(by ByRung) float64 {
	var total, sum float64
	for i, m := range by {
		s := math.Log(massGSD2[i]) / 2
		total += float64(m)
		sum += float64(m) * s * s
	}
	if total <= 0 {
		return 0
	}
	return sum / total
}

// z95 is the two-sided 95 % quantile of the normal distribution.
var z95 = distuv.UnitNormal.Quantile(0.975)

// massFactor is the mass behind a sum, as one more factor of all its terms.
func massFactor(variance float64) uncertainty.Lognormal {
	return uncertainty.Lognormal{Median: 1, GSD2: math.Exp(2 * math.Sqrt(variance))}
}

// term is a weight as an amount, which has the sign, times an uncertain factor.
func (w weight) term() (amount float64, factor uncertainty.Lognormal) {
	value := w.factor.Value
	amount = w.times.InexactFloat64()
	if value.IsNegative() {
		amount = -amount
	}
	return amount, uncertainty.Lognormal{Median: value.Abs().InexactFloat64(), GSD2: w.factor.GSD2.InexactFloat64()}
}

// interval is the analytic 95 % interval of a sum. Terms are grouped by factor
// already, so that they are independent of each other; the mass behind them has
// the given variance of its logarithm. If all terms have one sign the sum is
// lognormal by Fenton and Wilkinson; a difference is not, and gets a normal
// interval.
func (l *linear) interval(mass float64) *Interval {
	var positive, negative []uncertainty.Lognormal
	var mean, variance float64
	for _, ref := range sortedKeys(l.weights) {
		amount, f := l.weights[ref].term()
		if amount == 0 || f.Median == 0 {
			continue
		}
		f.Median *= math.Abs(amount)
		sd := f.SD()
		variance += sd * sd
		if amount < 0 {
			negative, mean = append(negative, f), mean-f.Mean()
		} else {
			positive, mean = append(positive, f), mean+f.Mean()
		}
	}
	switch {
	case len(positive) > 0 && len(negative) > 0:
		relative := math.Expm1(mass)
		half := z95 * math.Sqrt(variance*(1+relative)+mean*mean*relative)
		centre := l.value.InexactFloat64()
		return newInterval(centre-half, centre+half, "normal-difference")
	case len(positive) > 0:
		return lognormalInterval(positive, mass, 1)
	case len(negative) > 0:
		return lognormalInterval(negative, mass, -1)
	}
	return nil
}

// lognormalInterval is the interval of a sum of terms of one sign, times the
// mass behind them.
func lognormalInterval(terms []uncertainty.Lognormal, mass, sign float64) *Interval {
	method := "lognormal-product"
	sum := terms[0]
	var err error
	if len(terms) > 1 {
		method = "fenton-wilkinson"
		if sum, err = uncertainty.Sum(terms); err != nil {
			return nil // beyond what floats hold
		}
	}
	if sum, err = uncertainty.Product([]uncertainty.Lognormal{sum, massFactor(mass)}); err != nil {
		return nil
	}
	low, high := sum.Percentiles()
	if sign < 0 {
		low, high = -high, -low
	}
	return newInterval(low, high, method)
}

// weighed is the interval of a product or quotient of masses that stand on
// rungs; nil where there is nothing to be uncertain about.
func weighed(value decimal.Decimal, by ...ByRung) *Interval {
	variance := 0.0
	for _, b := range by {
		variance += massSpread(b)
	}
	return spread(value, variance)
}

// spread is the interval of a value whose logarithm has a variance.
func spread(value decimal.Decimal, variance float64) *Interval {
	v := value.InexactFloat64()
	if v <= 0 || variance == 0 {
		return nil
	}
	low, high := uncertainty.Lognormal{Median: v, GSD2: massFactor(variance).GSD2}.Percentiles()
	return newInterval(low, high, "lognormal-product")
}

// simulate is the 95 % interval of a sum by a Monte Carlo simulation.
func (l *linear) simulate(mass float64, draws int, seed uint64) *Interval {
	var terms []uncertainty.Term
	shared := uncertainty.Factor{ID: "mass", Lognormal: massFactor(mass)}
	for _, ref := range sortedKeys(l.weights) {
		amount, f := l.weights[ref].term()
		if amount != 0 && f.Median != 0 {
			terms = append(terms, uncertainty.Term{Amount: amount, Factors: []uncertainty.Factor{{ID: ref, Lognormal: f}, shared}})
		}
	}
	if len(terms) == 0 {
		return nil
	}
	s, err := uncertainty.Simulate(context.Background(), terms, nil, uncertainty.Options{Draws: draws, Seed: seed})
	if err != nil {
		return nil // beyond what floats hold
	}
	return newInterval(s.Project.P2_5, s.Project.P97_5, "monte-carlo")
}

// newInterval rounds the ends to six significant digits: they are estimates,
// and the same on every machine.
func newInterval(low, high float64, method string) *Interval {
	return &Interval{significant(decimal.NewFromFloat(low), 6), significant(decimal.NewFromFloat(high), 6), method}
}

// significant rounds to a number of significant digits, half away from zero.
func significant(d decimal.Decimal, digits int) decimal.Decimal {
	if d.IsZero() {
		return decimal.Zero
	}
	lead := int32(d.NumDigits()) + d.Exponent() // digits before the point
	return d.Round(int32(digits) - lead)
}

// display is a value to two significant digits.
func display(d decimal.Decimal) string { return significant(d, 2).String() }

func sumRungs(by ByRung) (measured, estimated quantity.Mass) {
	for i, m := range by {
		if Rung(i) >= WardScale {
			measured += m
		} else {
			estimated += m
		}
	}
	return measured, estimated
}
