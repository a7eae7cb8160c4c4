package formula

import (
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// kilograms are the units of mass in kg. The pound is exact by definition
// (international yard and pound agreement, 1959); a short ton is 2000 of them.
var kilograms = map[string]decimal.Decimal{
	"kg":        one,
	"g":         decimal.RequireFromString("0.001"),
	"t":         thousand,
	"lb":        decimal.RequireFromString("0.45359237"),
	"short_ton": decimal.RequireFromString("907.18474"),
}

// perMass are the units of factors as kgCO2e over kg, kept as two numbers
// since 1000/907.18474 has no exact decimal.
var perMass = map[string]struct{ kgCO2e, kg decimal.Decimal }{
	"kgCO2e/kg":        {one, one},
	"kgCO2e/t":         {decimal.RequireFromString("0.001"), one},
	"tCO2e/t":          {one, one},
	"MTCO2E/short_ton": {thousand, kilograms["short_ton"]}, // metric tonnes of CO2e, as EPA writes it
}

// ConvertMass expresses a mass in another unit: kg, g, t, lb or short_ton.
func ConvertMass(mass decimal.Decimal, from, to string) (decimal.Decimal, error) {
	var c checks
	c.nonNegative("mass", mass)
	f, t := unitOf(&c, "from", from, kilograms), unitOf(&c, "to", to, kilograms)
	if err := c.err(); err != nil {
		return zero, err
	}
	return over(mass.Mul(f), t), nil
}

// ConvertFactor expresses a factor per mass in another unit: kgCO2e/kg,
// kgCO2e/t, tCO2e/t or MTCO2E/short_ton.
func ConvertFactor(factor decimal.Decimal, from, to string) (decimal.Decimal, error) {
	var c checks
	c.number("factor", factor)
	f, t := unitOf(&c, "from", from, perMass), unitOf(&c, "to", to, perMass)
	if err := c.err(); err != nil {
		return zero, err
	}
	return over(factor.Mul(f.kgCO2e).Mul(t.kg), f.kg.Mul(t.kgCO2e)), nil
}

// Emissions is mass × factor in kgCO2e, whatever the units of the two.
func Emissions(mass decimal.Decimal, massUnit string, factor decimal.Decimal, factorUnit string) (decimal.Decimal, error) {
	var c checks
	c.nonNegative("mass", mass)
	c.number("factor", factor)
	m, f := unitOf(&c, "mass_unit", massUnit, kilograms), unitOf(&c, "factor_unit", factorUnit, perMass)
	if err := c.err(); err != nil {
		return zero, err
	}
	return over(mass.Mul(m).Mul(factor).Mul(f.kgCO2e), f.kg), nil
}

// over is a / b, exact when nothing is to be divided.
func over(a, b decimal.Decimal) decimal.Decimal {
	if b.Equal(one) {
		return a
	}
	return quo(a, b)
}

func unitOf[T any](c *checks, field, name string, units map[string]T) T {
	u, ok := units[name]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(units)), ", ")
		c.fault(field, "unit-unknown", "There is no unit %.32q here; take one of %s.", name, known)
	}
	return u
}
