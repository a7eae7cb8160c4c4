// Package quantity owns the types of measured amounts: integers in a fixed
// unit, with exact parsing and printing, so that no sum is ever rounded.
package quantity

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Mass is a mass in grams. It marshals as an integer number of grams.
type Mass int64

// Masses.
const (
	Gram     Mass = 1
	Kilogram Mass = 1000
	Tonne    Mass = 1000 * Kilogram
	// MaxMass is the largest mass of one weighing that any scale of this
	// product's world shows: 40 t, the legal limit of a lorry train.
	MaxMass = 40 * Tonne
)

// ErrMass is wrapped by ParseKilograms.
var ErrMass = errors.New("not a mass in kilograms")

// ParseKilograms reads a decimal number of kilograms with at most three
// decimals, written with a point or a comma: "12.5", "12,5", "0,250". No sign,
// exponent, blank or grouping; at most MaxMass.
func ParseKilograms(s string) (Mass, error) {
	whole, frac, _ := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	if len(whole) == 0 || len(whole) > 5 || len(frac) > 3 || !digits(whole) || !digits(frac) || strings.HasSuffix(s, ".") || strings.HasSuffix(s, ",") {
		return 0, fmt.Errorf("%w: %q; write it like 12.5 or 12,5", ErrMass, s)
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", 3-len(frac)), 10, 64)
	if err != nil || Mass(n) > MaxMass {
		return 0, fmt.Errorf("%w: %q is more than %s", ErrMass, s, MaxMass)
	}
	return Mass(n), nil
}

func digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// String prints kilograms with as many decimals as needed: "12.5 kg".
func (m Mass) String() string {
	sign, n := "", uint64(m)
	if m < 0 {
		sign, n = "-", -n
	}
	s := strconv.FormatUint(n/1000, 10)
	if frac := strings.TrimRight(fmt.Sprintf("%03d", n%1000), "0"); frac != "" {
		s += "." + frac
	}
	return sign + s + " kg"
}
