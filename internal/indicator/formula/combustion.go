package formula

import (
	"strconv"

	"github.com/shopspring/decimal"
)

// atomic are the standard atomic weights that occur in polymers and their
// fillers, in g/mol, abridged to five digits (IUPAC Commission on Isotopic
// Abundances and Atomic Weights, 2021; conventional values for intervals).
var atomic = func() map[string]decimal.Decimal {
	weights := map[string]decimal.Decimal{}
	for symbol, text := range map[string]string{
		"H": "1.008", "B": "10.81", "C": "12.011", "N": "14.007", "O": "15.999", "F": "18.998", "Na": "22.990", "Mg": "24.305",
		"Al": "26.982", "Si": "28.085", "P": "30.974", "S": "32.06", "Cl": "35.45", "K": "39.098", "Ca": "40.078", "Ti": "47.867", "Zn": "65.38", "Br": "79.904",
	} {
		weights[symbol] = decimal.RequireFromString(text)
	}
	return weights
}()

// maxFormula and maxAtoms bound a chemical formula.
const (
	maxFormula = 64
	maxAtoms   = 9999
)

// Burning is a mass to be burned.
type Burning struct {
	Dry            decimal.Decimal // kg, without water
	FossilFraction decimal.Decimal // of the carbon
	Oxidation      decimal.Decimal // share of the carbon that burns
}

// ByCarbon gives kg of fossil and of biogenic CO2 from the share of carbon in
// the dry mass: m × CF × OF × 44/12, split by the origin of the carbon (IPCC
// 2006 Guidelines, volume 5, equation 5.1).
func (b Burning) ByCarbon(carbon decimal.Decimal) (fossil, biogenic decimal.Decimal, err error) {
	var c checks
	b.check(&c)
	c.share("carbon_fraction", carbon)
	if err := c.err(); err != nil {
		return zero, zero, err
	}
	fossil, biogenic = b.split(carbon.Mul(decimal.NewFromInt(44)), decimal.NewFromInt(12))
	return fossil, biogenic, nil
}

// ByFormula gives the same from the chemical formula of the repeat unit, such
// as C10H8O4, by molar masses: each C becomes one CO2.
func (b Burning) ByFormula(chemical string) (fossil, biogenic decimal.Decimal, err error) {
	var c checks
	b.check(&c)
	carbons, molar := molarMass(&c, chemical)
	if err := c.err(); err != nil {
		return zero, zero, err
	}
	co2 := atomic["C"].Add(atomic["O"].Mul(two))
	fossil, biogenic = b.split(carbons.Mul(co2), molar)
	return fossil, biogenic, nil
}

// split is the CO2 of both origins, where burning 1 kg gives over/under kg. The
// two quotients are taken from one, so that they sum to the whole.
func (b Burning) split(numerator, denominator decimal.Decimal) (fossil, biogenic decimal.Decimal) {
	all := b.Dry.Mul(b.Oxidation).Mul(numerator)
	fossil = quo(all.Mul(b.FossilFraction), denominator)
	return fossil, quo(all.Mul(one.Sub(b.FossilFraction)), denominator)
}

func (b Burning) check(c *checks) {
	c.nonNegative("dry_mass_kg", b.Dry)
	c.share("fossil_fraction", b.FossilFraction)
	c.share("oxidation", b.Oxidation)
}

// molarMass reads a chemical formula: symbols and groups in brackets, with
// counts, such as C2H4(OH)2. It returns how many atoms of carbon there are, and
// g/mol.
func molarMass(c *checks, chemical string) (carbons, molar decimal.Decimal) {
	p := chemistry{rest: chemical}
	if chemical != "" && len(chemical) <= maxFormula {
		if carbons, molar, ok := p.group(maxBrackets); ok && p.rest == "" {
			return carbons, molar
		}
	}
	c.fault("formula", "formula", "%.32q is no chemical formula that is known here; write it like C10H8O4.", chemical)
	return zero, zero
}

// maxBrackets is how deep brackets may be.
const maxBrackets = 4

// chemistry is a chemical formula being read.
type chemistry struct{ rest string }

// group reads up to the end or a closing bracket. It reports false for what is
// no formula.
func (p *chemistry) group(deep int) (carbons, molar decimal.Decimal, ok bool) {
	for empty := true; ; empty = false {
		if p.rest == "" || p.rest[0] == ')' {
			return carbons, molar, !empty
		}
		var c, m decimal.Decimal
		if p.rest[0] == '(' {
			p.rest = p.rest[1:]
			if c, m, ok = p.group(deep - 1); !ok || deep == 0 || p.rest == "" {
				return zero, zero, false
			}
			p.rest = p.rest[1:] // the closing bracket
		} else if c, m, ok = p.atom(); !ok {
			return zero, zero, false
		}
		count, ok := p.count()
		if !ok {
			return zero, zero, false
		}
		carbons, molar = carbons.Add(c.Mul(count)), molar.Add(m.Mul(count))
	}
}

func (p *chemistry) atom() (carbons, molar decimal.Decimal, ok bool) {
	n := 1
	for n < len(p.rest) && 'a' <= p.rest[n] && p.rest[n] <= 'z' {
		n++
	}
	symbol := p.rest[:n]
	p.rest = p.rest[n:]
	weight, known := atomic[symbol]
	if symbol == "C" {
		carbons = one
	}
	return carbons, weight, known
}

// count reads how often what came before occurs: once if it does not say.
func (p *chemistry) count() (decimal.Decimal, bool) {
	n := 0
	for n < len(p.rest) && '0' <= p.rest[n] && p.rest[n] <= '9' {
		n++
	}
	if n == 0 {
		return one, true
	}
	count, err := strconv.Atoi(p.rest[:n])
	ok := err == nil && p.rest[0] != '0' && count <= maxAtoms
	p.rest = p.rest[n:]
	return decimal.NewFromInt(int64(count)), ok
}
