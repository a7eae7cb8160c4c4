// Package formula owns the equations of the indicators: pure functions from
// masses, factors and shares to emissions and rates, with no state and no data.
//
// Values are exact decimals. What is linear is never rounded; a quotient is
// rounded once, to Digits decimal places. Nothing is clamped: a value out of
// its range is a *problem.Error that names the field, by the symbol that the
// source of the formula uses.
package formula

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// Digits is how many decimal places a quotient keeps.
const Digits = 24

// magnitude bounds the decimal exponents of inputs: 1e-40 < |v| < 1e40. Any
// real figure lies far inside, and a number such as 1e999999 would cost memory
// in proportion to its exponent.
const magnitude = 40

var (
	zero     = decimal.Zero
	one      = decimal.NewFromInt(1)
	two      = decimal.NewFromInt(2)
	thousand = decimal.NewFromInt(1000)
)

// quo is a / b, rounded once.
func quo(a, b decimal.Decimal) decimal.Decimal { return a.DivRound(b, Digits) }

// ratio is a / b, or null if b is 0: a rate of nothing is unknown, not 0.
func ratio(a, b decimal.Decimal) decimal.NullDecimal {
	if b.IsZero() {
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(quo(a, b))
}

// checks collects what is wrong with inputs, so that a caller learns of
// everything at once.
type checks struct{ fields []problem.Field }

func (c *checks) fault(name, code, detail string, args ...any) {
	c.fields = append(c.fields, problem.Field{Pointer: "/" + name, Code: code, Detail: fmt.Sprintf(detail, args...)})
}

// number accepts any value of a sane magnitude, of either sign.
func (c *checks) number(name string, v decimal.Decimal) bool {
	if v.Exponent() < -magnitude || v.NumDigits()+int(v.Exponent()) > magnitude || v.Exponent() > magnitude {
		c.fault(name, "magnitude", "Give %s with at most %d digits before and after the point.", name, magnitude)
		return false
	}
	return true
}

func (c *checks) nonNegative(name string, v decimal.Decimal) bool {
	if !c.number(name, v) {
		return false
	}
	if v.IsNegative() {
		c.fault(name, "negative", "%s is %s; it can't be negative.", name, v)
		return false
	}
	return true
}

func (c *checks) positive(name string, v decimal.Decimal) bool {
	if !c.nonNegative(name, v) {
		return false
	}
	if v.IsZero() {
		c.fault(name, "zero", "%s is 0; it must be more.", name)
		return false
	}
	return true
}

// share accepts 0 to 1.
func (c *checks) share(name string, v decimal.Decimal) bool {
	if !c.nonNegative(name, v) {
		return false
	}
	if v.GreaterThan(one) {
		c.fault(name, "more-than-one", "%s is %s; it is a share, from 0 to 1.", name, v)
		return false
	}
	return true
}

// within refuses parts that together are more than the whole. field is the one
// to point at.
func (c *checks) within(field, what string, whole decimal.Decimal, parts ...decimal.Decimal) {
	sum := zero
	for _, p := range parts {
		sum = sum.Add(p)
	}
	if sum.GreaterThan(whole) {
		c.fault(field, "sum", "%s: %s is more than %s.", what, sum, whole)
	}
}

func (c *checks) err() error {
	if len(c.fields) == 0 {
		return nil
	}
	e := problem.New(problem.Invalid, "input-invalid", "The inputs of the formula do not fit; see errors.")
	e.Fields = c.fields
	return e
}
