package indicator

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/ricircolo/ricircolo/internal/quantity"
)

// Ratio is an exact quotient of two integers. It is printed with four
// decimals; it is not defined unless the denominator is positive (a change
// that takes mass away has no shares).
type Ratio struct{ Num, Den int64 }

// RatioOf is the quotient of two masses.
func RatioOf(num, den quantity.Mass) Ratio { return Ratio{int64(num), int64(den)} }

// Defined reports whether the quotient has a value.
func (r Ratio) Defined() bool { return r.Den > 0 }

// String is the quotient with four decimals, a half rounded up (towards plus
// infinity), or "" if it is not defined.
func (r Ratio) String() string {
	if !r.Defined() {
		return ""
	}
	// floor((2·10⁴·num + den) / (2·den)); big, so that nothing overflows
	n := new(big.Int).Mul(big.NewInt(r.Num), big.NewInt(2*10_000))
	n.Add(n, big.NewInt(r.Den))
	d := new(big.Int).Lsh(big.NewInt(r.Den), 1)
	n.Div(n, d) // Euclidean: floors, as d is positive
	sign := ""
	if n.Sign() < 0 {
		sign = "-"
		n.Abs(n)
	}
	digits := n.String()
	for len(digits) < 5 {
		digits = "0" + digits
	}
	point := len(digits) - 4
	return sign + digits[:point] + "." + digits[point:]
}

// MarshalJSON writes the decimal as a text, or null if it is not defined.
func (r Ratio) MarshalJSON() ([]byte, error) {
	if !r.Defined() {
		return []byte("null"), nil
	}
	return []byte(`"` + r.String() + `"`), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. The quotient is then the rounded
// one, which is written the same again.
func (r *Ratio) UnmarshalJSON(b []byte) error {
	var text *string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	if text == nil {
		*r = Ratio{}
		return nil
	}
	whole, decimals, found := strings.Cut(*text, ".")
	n, err := strconv.ParseInt(whole+decimals, 10, 64)
	if err != nil || !found || len(decimals) != 4 {
		return fmt.Errorf("%q is no quotient with four decimals", *text)
	}
	*r = Ratio{n, 10_000}
	return nil
}
