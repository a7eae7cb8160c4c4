package formula

import "github.com/shopspring/decimal"

// Flow is one side of a system for the core indicators of ISO 59020:2024,
// annex A: masses in kg. A material is in one class only. Biological is
// renewable inflow or biologically recirculated outflow.
type Flow struct {
	Total, Reused, Recycled, Biological decimal.Decimal
}

// FlowShares are its shares of the total, which sum to 1.
type FlowShares struct {
	Reused     decimal.Decimal // A.1 in, A.5 out
	Recycled   decimal.Decimal // A.2 in, A.6 out: what WAS recycled, not what could be
	Biological decimal.Decimal // A.3 in, A.7 out
	Linear     decimal.Decimal // the rest
}

// Inflow gives the shares of a system's inflow.
func Inflow(f Flow) (FlowShares, error) { return f.shares("inflow/", "renewable") }

// Outflow gives the shares of a system's outflow.
func Outflow(f Flow) (FlowShares, error) { return f.shares("outflow/", "biological") }

func (f Flow) shares(at, biological string) (FlowShares, error) {
	var c checks
	if c.positive(at+"total", f.Total) && c.nonNegative(at+"reused", f.Reused) &&
		c.nonNegative(at+"recycled", f.Recycled) && c.nonNegative(at+biological, f.Biological) {
		c.within(at+"total", "reused + recycled + "+biological, f.Total, f.Reused, f.Recycled, f.Biological)
	}
	if err := c.err(); err != nil {
		return FlowShares{}, err
	}
	s := FlowShares{Reused: quo(f.Reused, f.Total), Recycled: quo(f.Recycled, f.Total), Biological: quo(f.Biological, f.Total)}
	s.Linear = quo(decimal.Sum(f.Total, f.Reused.Neg(), f.Recycled.Neg(), f.Biological.Neg()), f.Total)
	return s, nil
}

// RenewableEnergy is the renewable share of the energy used (ISO 59020:2024,
// A.8, for a system that exports none). Both have the same unit.
func RenewableEnergy(renewable, total decimal.Decimal) (decimal.Decimal, error) {
	var c checks
	if c.positive("energy/total", total) && c.nonNegative("energy/renewable", renewable) {
		c.within("energy/renewable", "renewable energy", total, renewable)
	}
	if err := c.err(); err != nil {
		return zero, err
	}
	return quo(renewable, total), nil
}
