package formula

import "github.com/shopspring/decimal"

// CFF are the parameters of the circular footprint formula of the Product
// Environmental Footprint (EC Recommendation (EU) 2021/2279, Annex I, 4.4.8.1).
// Emissions are kgCO2e per kg; the rest are shares, but for LHV.
type CFF struct {
	Mass decimal.Decimal // kg

	A decimal.Decimal // allocation of burdens and credits between supplier and user of recyclate
	B decimal.Decimal // allocation of energy recovery

	R1 decimal.Decimal // recycled content, at the input of production
	R2 decimal.Decimal // share recycled, at the OUTPUT of the recycling plant
	R3 decimal.Decimal // share to energy recovery

	Ev, Erec         decimal.Decimal // virgin material; recycled material of the input
	ErecEoL, EvStar  decimal.Decimal // recycling at the end of life; virgin material that it replaces
	QsinQp, QsoutQp  decimal.Decimal // quality of recyclate against virgin, in and out
	EER              decimal.Decimal // energy recovery
	LHV              decimal.Decimal // lower heating value, energy per kg
	XElec, XHeat     decimal.Decimal // efficiencies of energy recovery
	ESEElec, ESEHeat decimal.Decimal // replaced energy, kgCO2e per unit of energy
	Ed               decimal.Decimal // disposal
}

// CFFTerms are the terms of the formula in kgCO2e. Credits are negative if they
// save. The total already contains the credit for what is avoided: never add
// Avoided to it.
type CFFTerms struct {
	Virgin          decimal.Decimal // (1−R1) Ev
	RecycledContent decimal.Decimal // R1 (A Erec + (1−A) Ev Qsin/Qp)
	RecyclingBurden decimal.Decimal // (1−A) R2 ErecEoL
	RecyclingCredit decimal.Decimal // −(1−A) R2 E*v Qsout/Qp
	EnergyBurden    decimal.Decimal // (1−B) R3 EER
	EnergyCredit    decimal.Decimal // −(1−B) R3 LHV (Xheat ESEheat + Xelec ESEelec)
	Disposal        decimal.Decimal // (1−R2−R3) Ed
	Total           decimal.Decimal
}

// Terms evaluates the formula, exactly.
func (f CFF) Terms() (CFFTerms, error) {
	if err := f.check(); err != nil {
		return CFFTerms{}, err
	}
	notA, notB := one.Sub(f.A), one.Sub(f.B)
	replaced := f.XHeat.Mul(f.ESEHeat).Add(f.XElec.Mul(f.ESEElec))
	t := CFFTerms{
		Virgin:          one.Sub(f.R1).Mul(f.Ev).Mul(f.Mass),
		RecycledContent: f.R1.Mul(f.A.Mul(f.Erec).Add(notA.Mul(f.Ev).Mul(f.QsinQp))).Mul(f.Mass),
		RecyclingBurden: notA.Mul(f.R2).Mul(f.ErecEoL).Mul(f.Mass),
		RecyclingCredit: notA.Mul(f.R2).Mul(f.EvStar).Mul(f.QsoutQp).Neg().Mul(f.Mass),
		EnergyBurden:    notB.Mul(f.R3).Mul(f.EER).Mul(f.Mass),
		EnergyCredit:    notB.Mul(f.R3).Mul(f.LHV).Mul(replaced).Neg().Mul(f.Mass),
		Disposal:        one.Sub(f.R2).Sub(f.R3).Mul(f.Ed).Mul(f.Mass),
	}
	t.Total = decimal.Sum(t.Virgin, t.RecycledContent, t.RecyclingBurden, t.RecyclingCredit, t.EnergyBurden, t.EnergyCredit, t.Disposal)
	return t, nil
}

func (f CFF) check() error {
	var c checks
	c.nonNegative("mass_kg", f.Mass)
	for _, s := range []struct {
		name  string
		value decimal.Decimal
	}{
		{"A", f.A}, {"B", f.B}, {"R1", f.R1}, {"R2", f.R2}, {"R3", f.R3},
		{"Qsin_Qp", f.QsinQp}, {"Qsout_Qp", f.QsoutQp}, {"X_elec", f.XElec}, {"X_heat", f.XHeat},
	} {
		c.share(s.name, s.value)
	}
	for _, n := range []struct {
		name  string
		value decimal.Decimal
	}{
		{"Ev", f.Ev}, {"Erec", f.Erec}, {"ErecEoL", f.ErecEoL}, {"Ev_star", f.EvStar},
		{"EER", f.EER}, {"E_SE_elec", f.ESEElec}, {"E_SE_heat", f.ESEHeat}, {"Ed", f.Ed},
	} {
		c.number(n.name, n.value)
	}
	c.nonNegative("LHV", f.LHV)
	c.within("R3", "R2 + R3, the shares recycled and burned", one, f.R2, f.R3)
	c.within("X_heat", "X_elec + X_heat, the efficiencies of energy recovery", one, f.XElec, f.XHeat)
	return c.err()
}
