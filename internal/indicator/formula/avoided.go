package formula

import "github.com/shopspring/decimal"

// Avoided is what recyclate saves in kgCO2e by taking the place of virgin
// material: out × quality × (erec − ev). It is negative when it saves, and
// positive when recycling the lot was worse than virgin production.
//
// out is the recycler's OUTPUT in kg, not what the bins weighed; quality is
// Qsout/Qp, at most 1; ev and erec are kgCO2e per kg of virgin and of recycled
// material. (Substitution, as in the credit term of the PEF's circular
// footprint formula, EC Recommendation (EU) 2021/2279, Annex I.)
func Avoided(out, quality, ev, erec decimal.Decimal) (decimal.Decimal, error) {
	var c checks
	c.nonNegative("recyclate_kg", out)
	c.share("quality_ratio", quality)
	c.number("ev", ev)
	c.number("erec", erec)
	if err := c.err(); err != nil {
		return zero, err
	}
	return out.Mul(quality).Mul(erec.Sub(ev)), nil
}

// Recyclate is the recycler's output in kg that a collected mass becomes:
// collected × (1 − contamination) × yield.
func Recyclate(collected, contamination, yield decimal.Decimal) (decimal.Decimal, error) {
	var c checks
	c.nonNegative("collected_kg", collected)
	c.share("contamination", contamination)
	c.share("process_yield", yield)
	if err := c.err(); err != nil {
		return zero, err
	}
	return collected.Mul(one.Sub(contamination)).Mul(yield), nil
}

// Compare is what taking the alternative instead of the baseline changes, in
// kgCO2e: mass × (alternative − baseline). Both factors have the same unit.
func Compare(mass decimal.Decimal, massUnit string, baseline, alternative decimal.Decimal, factorUnit string) (decimal.Decimal, error) {
	var c checks
	c.number("baseline", baseline)
	c.number("alternative", alternative)
	if err := c.err(); err != nil {
		return zero, err
	}
	return Emissions(mass, massUnit, alternative.Sub(baseline), factorUnit)
}

// Accounts are the three results of a lot, which nothing nets: what it emitted,
// what it avoided elsewhere, and biogenic CO2 as a memo (GHG Protocol Scope 3,
// chapter 5; ISO 14067).
type Accounts struct {
	Inventory decimal.Decimal // kgCO2e, 0 or more
	Avoided   decimal.Decimal // kgCO2e, of either sign
	Biogenic  decimal.Decimal // kgCO2, 0 or more
}

// Check refuses an inventory or a memo below 0: a credit hides in there.
func (a Accounts) Check() error {
	var c checks
	c.nonNegative("gross_emissions_kgco2e", a.Inventory)
	c.number("avoided_kgco2e", a.Avoided)
	c.nonNegative("biogenic_kgco2", a.Biogenic)
	return c.err()
}
