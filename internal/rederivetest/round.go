package rederivetest

import "math/big"

// rounded is a number to so many decimals (negative: tens, hundreds), a half
// away from zero.
func rounded(r *big.Rat, decimals int) *big.Rat {
	scale := power(decimals)
	n := times(new(big.Rat).Abs(r), scale)
	n = floor(plus(n, parts(1, 2)))
	if r.Sign() < 0 {
		n.Neg(n)
	}
	return divided(n, scale)
}

func power(n int) *big.Rat {
	if n < 0 {
		return new(big.Rat).Inv(power(-n))
	}
	return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
}

// floor is the largest whole number that is not greater.
func floor(r *big.Rat) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Div(r.Num(), r.Denom())) // Euclidean, and Denom is positive
}

// significant is a number to so many significant digits.
func significant(r *big.Rat, digits int) *big.Rat {
	if r.Sign() == 0 {
		return r
	}
	lead := 0 // digits before the point
	for a := new(big.Rat).Abs(r); a.Cmp(power(lead)) >= 0; lead++ {
	}
	for a := new(big.Rat).Abs(r); a.Cmp(power(lead-1)) < 0; lead-- {
	}
	return rounded(r, digits-lead)
}

// ratio is a quotient to four decimals, a half upwards; nothing unless the
// denominator is positive.
func ratio(num, den int64) *big.Rat {
	if den <= 0 {
		return nil
	}
	scale := power(4)
	return divided(floor(plus(times(parts(num, den), scale), parts(1, 2))), scale)
}
