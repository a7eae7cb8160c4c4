package formula

import "github.com/shopspring/decimal"

// VehicleKm is kgCO2e of a leg by the distance that the vehicle drove, empty
// return included: km × share × (ttw + wtt). share is the part of the round
// that falls on this load; factors are kgCO2e per vehicle-km, tank to wheel and
// well to tank, which ISO 14083 wants summed.
func VehicleKm(km, share, ttw, wtt decimal.Decimal) (decimal.Decimal, error) {
	var c checks
	c.nonNegative("vehicle_km", km)
	c.share("mass_share", share)
	c.nonNegative("ttw_per_km", ttw)
	c.nonNegative("wtt_per_km", wtt)
	if err := c.err(); err != nil {
		return zero, err
	}
	return km.Mul(share).Mul(ttw.Add(wtt)), nil
}

// TonneKm is kgCO2e of a leg in shared haulage: load in t × km × (ttw + wtt).
// load is in kg, factors are kgCO2e per tonne-km. A leg is by this method or by
// VehicleKm, never by both.
func TonneKm(load, km, ttw, wtt decimal.Decimal) (decimal.Decimal, error) {
	var c checks
	c.nonNegative("load_kg", load)
	c.nonNegative("km", km)
	c.nonNegative("ttw_per_tkm", ttw)
	c.nonNegative("wtt_per_tkm", wtt)
	if err := c.err(); err != nil {
		return zero, err
	}
	return load.Shift(-3).Mul(km).Mul(ttw.Add(wtt)), nil
}

// HGV is kgCO2e of a lorry by how full it is: km × (empty + load × (full −
// empty)). The factors of UK DESNZ at 0, 50 and 100 % load lie on this line.
// load is 0 to 1; factors are kgCO2e per km.
func HGV(empty, full, load, km decimal.Decimal) (decimal.Decimal, error) {
	var c checks
	c.nonNegative("e0", empty)
	c.nonNegative("e100", full)
	c.share("load", load)
	c.nonNegative("km", km)
	if err := c.err(); err != nil {
		return zero, err
	}
	return km.Mul(empty.Add(load.Mul(full.Sub(empty)))), nil
}
