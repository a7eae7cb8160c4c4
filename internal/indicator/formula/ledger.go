package formula

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// Ledger are the masses of a period, in kg.
type Ledger struct {
	Gross, Tare []decimal.Decimal // of each container
	Liquid      decimal.Decimal   // moisture and liquids in it
	NonTarget   decimal.Decimal   // other materials in it
	Accepted    decimal.Decimal   // by the recycler, at the EU calculation point
	Rejected    decimal.Decimal   // by the recycler
	Output      decimal.Decimal   // of recyclate
	Generated   decimal.Decimal   // all target material that arose, from purchases or an audit
}

// Rates are what follows. One with nothing to divide by is null.
type Rates struct {
	NetCollected  decimal.Decimal     // Σ gross − Σ tare, kg
	Contamination decimal.NullDecimal // non-target / net collected
	Capture       decimal.NullDecimal // target collected / generated
	Sent          decimal.NullDecimal // accepted / generated: the EU calculation point (Directive 2008/98/EC, article 11a)
	NetRecycling  decimal.NullDecimal // output / generated
	Yield         decimal.NullDecimal // output / accepted
	Closure       decimal.NullDecimal // (accepted + rejected) / (net collected − liquid): 1 when the weighings agree
}

// Rates evaluates the ledger. Masses that contradict one another are a
// discrepancy to be looked into, not to be trimmed away. A closure other than 1
// is no error: scales differ, and the figure is there to show by how much.
func (l Ledger) Rates() (Rates, error) {
	net, err := l.net()
	if err != nil {
		return Rates{}, err
	}
	dry := net.Sub(l.Liquid)
	target := dry.Sub(l.NonTarget)
	if err := l.agree(target); err != nil {
		return Rates{}, err
	}
	return Rates{
		NetCollected:  net,
		Contamination: ratio(l.NonTarget, net),
		Capture:       ratio(target, l.Generated),
		Sent:          ratio(l.Accepted, l.Generated),
		NetRecycling:  ratio(l.Output, l.Generated),
		Yield:         ratio(l.Output, l.Accepted),
		Closure:       ratio(l.Accepted.Add(l.Rejected), dry),
	}, nil
}

// net checks each mass by itself and sums the containers.
func (l Ledger) net() (decimal.Decimal, error) {
	var c checks
	c.nonNegative("moisture_or_liquid_kg", l.Liquid)
	c.nonNegative("non_target_kg", l.NonTarget)
	c.nonNegative("accepted_by_recycler_kg", l.Accepted)
	c.nonNegative("rejected_kg", l.Rejected)
	c.nonNegative("recyclate_output_kg", l.Output)
	c.nonNegative("total_target_generated_kg", l.Generated)
	if len(l.Gross) != len(l.Tare) {
		c.fault("tare_kg", "length", "There are %d gross weights and %d tares; give one tare for each.", len(l.Gross), len(l.Tare))
		return zero, c.err()
	}
	sum := zero
	for i := range l.Gross {
		gross, tare := fmt.Sprintf("gross_kg/%d", i), fmt.Sprintf("tare_kg/%d", i)
		if c.nonNegative(gross, l.Gross[i]) && c.nonNegative(tare, l.Tare[i]) && l.Tare[i].GreaterThan(l.Gross[i]) {
			c.fault(tare, "tare", "The container weighs %s empty and %s full.", l.Tare[i], l.Gross[i])
		}
		if len(c.fields) == 0 {
			sum = sum.Add(l.Gross[i]).Sub(l.Tare[i])
		}
	}
	return sum, c.err()
}

// agree refuses masses that can't all be true.
func (l Ledger) agree(target decimal.Decimal) error {
	e := problem.New(problem.Invalid, "ledger-discrepancy", "The masses contradict one another: find out which weighing is wrong.")
	if target.IsNegative() {
		_ = e.With("/non_target_kg", "discrepancy", "Liquid and other materials weigh more than what was collected.")
	}
	if l.Output.GreaterThan(l.Accepted) {
		_ = e.With("/recyclate_output_kg", "discrepancy", fmt.Sprintf("The recycler made %s kg out of %s kg accepted.", l.Output, l.Accepted))
	}
	if target.GreaterThan(l.Generated) {
		_ = e.With("/total_target_generated_kg", "discrepancy", fmt.Sprintf("%s kg of target material were collected, of only %s kg generated.", target, l.Generated))
	}
	if l.Accepted.GreaterThan(l.Generated) {
		_ = e.With("/accepted_by_recycler_kg", "discrepancy", fmt.Sprintf("The recycler accepted %s kg, of only %s kg generated.", l.Accepted, l.Generated))
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}
