package rederivetest

import (
	"math"
	"math/big"
)

// z is the 97.5th percentile of the standard normal distribution.
const z = 1.959963984540054

// gsd2 is how uncertain a mass is, by rung.
var gsd2 = [rungs]float64{1.5, 1.3, 1.03, 1.02, 1.01}

// variance is that of the logarithm of a mass which stands on several rungs.
func variance(by [rungs]int64) float64 {
	total, sum := 0.0, 0.0
	for i, grams := range by {
		s := math.Log(gsd2[i]) / 2
		total += float64(grams)
		sum += float64(grams) * s * s
	}
	if total <= 0 {
		return 0
	}
	return sum / total
}

// Near is a number that is worked out with floats, good to Within.
type Near struct{ Value, Within float64 }

func near(v, scale float64) Near { return Near{v, 1e-5 * max(math.Abs(v), scale)} }

func float(r *big.Rat) float64 {
	f, _ := r.Float64()
	return f
}

// weighed is the interval of a product or quotient of masses.
func weighed(value *big.Rat, by ...[rungs]int64) any {
	sum := 0.0
	for _, b := range by {
		sum += variance(b)
	}
	if v := float(value); v > 0 && sum > 0 {
		return lognormal(math.Log(v), sum, 1, "lognormal-product")
	}
	return nil
}

// lognormal is the interval of a figure by the mean and variance of its
// logarithm.
func lognormal(mean, variance, sign float64, method string) Object {
	half := z * math.Sqrt(variance)
	low, high := math.Exp(mean-half), math.Exp(mean+half)
	if sign < 0 {
		low, high = -high, -low
	}
	return Object{"low": near(low, 0), "high": near(high, 0), "method": method}
}

// interval is that of a sum whose mass has the given variance. A factor that
// occurs in many terms is uncertain once. If all terms have one sign the sum is
// taken for lognormal with their mean and variance (Fenton and Wilkinson);
// otherwise it is taken for normal.
func (s *sum) interval(mass float64) any {
	mean, spread, n, signs := 0.0, 0.0, 0, 0
	var logMedian, logVariance float64
	for _, w := range s.weights {
		v := float(w.times) * float(w.value)
		if v == 0 {
			continue
		}
		sigma2 := math.Pow(math.Log(float(w.gsd2))/2, 2)
		m := v * math.Exp(sigma2/2)
		mean += m
		spread += m * m * math.Expm1(sigma2)
		logMedian, logVariance = math.Log(math.Abs(v)), sigma2
		n++
		if v > 0 {
			signs++
		}
	}
	switch sign := math.Copysign(1, mean); {
	case n == 0:
		return nil
	case signs > 0 && signs < n:
		relative := math.Expm1(mass)
		half := z * math.Sqrt(spread*(1+relative)+mean*mean*relative)
		centre := float(s.value)
		return Object{"low": near(centre-half, half/10), "high": near(centre+half, half/10), "method": "normal-difference"}
	case n == 1:
		return lognormal(logMedian, logVariance+mass, sign, "lognormal-product")
	default:
		inner := math.Log1p(spread / (mean * mean))
		return lognormal(math.Log(math.Abs(mean))-inner/2, inner+mass, sign, "fenton-wilkinson")
	}
}
