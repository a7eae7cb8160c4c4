package formula

import "github.com/shopspring/decimal"

// MCI are the parameters of the Material Circularity Indicator of a product
// (Ellen MacArthur Foundation and Granta Design, Circularity Indicators, 2015
// and 2019). The ones from FR to EC are shares.
type MCI struct {
	M              decimal.Decimal // mass, kg
	FR, FU, FS     decimal.Decimal // of the feedstock: recycled, reused, biological from sustained production
	CR, CU, CC, CE decimal.Decimal // at the end of life: to recycling, reuse, composting, energy recovery (biological only)
	EF, EC         decimal.Decimal // efficiency of the recycling that made the feedstock, and of the one at the end of life
	L, Lav         decimal.Decimal // lifetime of the product, and of the industry's average
	U, Uav         decimal.Decimal // functional units in use, likewise
}

// MCIResult has every step of the indicator.
type MCIResult struct {
	V   decimal.Decimal // virgin feedstock: M (1 − FR − FU − FS), kg
	W0  decimal.Decimal // waste to landfill or burning: M (1 − CR − CU − CC − CE), kg
	WC  decimal.Decimal // waste of recycling at the end of life: M (1 − EC) CR, kg
	WF  decimal.Decimal // waste of making recycled feedstock: M FR (1 − EF)/EF, kg
	W   decimal.Decimal // W0 + (WF + WC)/2, kg
	LFI decimal.Decimal // linear flow index: (V + W)/(2M + (WF − WC)/2)
	X   decimal.Decimal // utility: (L/Lav)(U/Uav)
	FX  decimal.Decimal // 0.9/X
	MCI decimal.Decimal // max(0, 1 − LFI FX)
}

// Indicator evaluates it. The maximum with 0 is part of the indicator's
// definition. The denominator has (WF − WC)/2, which much published software
// leaves out.
func (m MCI) Indicator() (MCIResult, error) {
	if err := m.check(); err != nil {
		return MCIResult{}, err
	}
	r := MCIResult{
		V:  m.M.Mul(decimal.Sum(one, m.FR.Neg(), m.FU.Neg(), m.FS.Neg())),
		W0: m.M.Mul(decimal.Sum(one, m.CR.Neg(), m.CU.Neg(), m.CC.Neg(), m.CE.Neg())),
		WC: m.M.Mul(one.Sub(m.EC)).Mul(m.CR),
	}
	if m.FR.IsPositive() {
		r.WF = quo(m.M.Mul(m.FR).Mul(one.Sub(m.EF)), m.EF)
	}
	half := decimal.RequireFromString("0.5")
	r.W = r.W0.Add(r.WF.Add(r.WC).Mul(half))
	r.LFI = quo(r.V.Add(r.W), m.M.Mul(two).Add(r.WF.Sub(r.WC).Mul(half)))
	use, average := m.L.Mul(m.U), m.Lav.Mul(m.Uav)
	r.X = quo(use, average)
	r.FX = quo(decimal.RequireFromString("0.9").Mul(average), use)
	r.MCI = decimal.Max(zero, one.Sub(r.LFI.Mul(r.FX)))
	return r, nil
}

func (m MCI) check() error {
	var c checks
	c.positive("M", m.M)
	for _, s := range []struct {
		name  string
		value decimal.Decimal
	}{
		{"FR", m.FR}, {"FU", m.FU}, {"FS", m.FS}, {"CR", m.CR}, {"CU", m.CU}, {"CC", m.CC}, {"CE", m.CE}, {"EC", m.EC},
	} {
		c.share(s.name, s.value)
	}
	if c.share("EF", m.EF) && m.EF.IsZero() && m.FR.IsPositive() {
		c.fault("EF", "zero", "EF is 0, but FR says that there is recycled feedstock: nothing is made with no yield.")
	}
	c.positive("L", m.L)
	c.positive("Lav", m.Lav)
	c.positive("U", m.U)
	c.positive("Uav", m.Uav)
	c.within("FR", "FR + FU + FS, the shares of the feedstock", one, m.FR, m.FU, m.FS)
	c.within("CR", "CR + CU + CC + CE, the shares at the end of life", one, m.CR, m.CU, m.CC, m.CE)
	return c.err()
}
