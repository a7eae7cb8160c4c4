package formula

import "github.com/shopspring/decimal"

// Composting is kgCO2e of composting wet kg of waste: the CH4 and N2O of the
// process (IPCC 2006 Guidelines, volume 5, chapter 4), given in g per kg of
// wet waste, by their global warming potentials. Its CO2 is biogenic, but for a
// fossil polyester in it, which is Combustion's business.
func Composting(wet, ch4, n2o, gwpCH4, gwpN2O decimal.Decimal) (decimal.Decimal, error) {
	var c checks
	c.nonNegative("wet_mass_kg", wet)
	c.nonNegative("ch4_g_per_kg", ch4)
	c.nonNegative("n2o_g_per_kg", n2o)
	c.nonNegative("gwp_ch4", gwpCH4)
	c.nonNegative("gwp_n2o", gwpN2O)
	if err := c.err(); err != nil {
		return zero, err
	}
	return wet.Mul(ch4.Mul(gwpCH4).Add(n2o.Mul(gwpN2O))).Shift(-3), nil
}

// Electricity is kgCO2 of a use of electricity by both methods of the GHG
// Protocol's Scope 2 Guidance: by the grid of the place, and by what was
// bought. Factors are kgCO2 per kWh. The two are never added.
func Electricity(kwh, location, market decimal.Decimal) (byLocation, byMarket decimal.Decimal, err error) {
	var c checks
	c.nonNegative("kwh", kwh)
	c.nonNegative("factors/location_based", location)
	c.nonNegative("factors/market_based", market)
	if err := c.err(); err != nil {
		return zero, zero, err
	}
	return kwh.Mul(location), kwh.Mul(market), nil
}

// Biogenic are the emissions over the life of a product that has biogenic
// carbon in it, per kg.
type Biogenic struct {
	Mass       decimal.Decimal // kg
	Production decimal.Decimal // kgCO2e/kg at the gate, uptake excluded
	Uptake     decimal.Decimal // kgCO2/kg taken from the air, as a positive number
	Released   decimal.Decimal // kgCO2/kg of biogenic CO2 at the end of life
	Fossil     decimal.Decimal // kgCO2e/kg of the end of life
}

// BiogenicTotals are the same life by the two conventions.
type BiogenicTotals struct {
	ZeroZero     decimal.Decimal // kgCO2e, neither uptake nor release counted (PEF)
	MinusOnePlus decimal.Decimal // kgCO2e, both counted (ISO 14067, EN 15804)
	Memo         decimal.Decimal // kg of biogenic CO2 released
	// Stored is what was taken up and not released, in kg of CO2: the difference
	// of the two totals. Over a whole life it is 0. If not, the life is cut off
	// somewhere, or permanent storage is claimed, which this project does not.
	Stored decimal.Decimal
}

// Totals evaluates both.
func (b Biogenic) Totals() (BiogenicTotals, error) {
	var c checks
	c.nonNegative("mass_kg", b.Mass)
	c.number("production_excl_uptake", b.Production)
	c.nonNegative("uptake", b.Uptake)
	c.nonNegative("end_of_life_biogenic", b.Released)
	c.nonNegative("end_of_life_fossil", b.Fossil)
	if err := c.err(); err != nil {
		return BiogenicTotals{}, err
	}
	t := BiogenicTotals{
		ZeroZero: b.Mass.Mul(b.Production.Add(b.Fossil)),
		Memo:     b.Mass.Mul(b.Released),
		Stored:   b.Mass.Mul(b.Uptake.Sub(b.Released)),
	}
	t.MinusOnePlus = t.ZeroZero.Sub(t.Stored)
	return t, nil
}
