package tracking

import (
	"maps"
	"slices"
	"strings"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// Leg is one part of a vehicle's way. Its transport is accounted for by one
// method: the vehicle's kilometres times the share of the load on it, which is
// the default, or tonne-kilometres; with WattHours by the energy used.
type Leg struct {
	Kilometres int64                `json:"kilometres"`
	Vehicle    string               `json:"vehicle"`          // one of Vehicles
	Method     indicator.HaulMethod `json:"method,omitempty"` // vehicle-km or tonne-km

	// ShareThousandths is this pickup's part of the mass on a vehicle that
	// several pickups share; nil: all of it.
	ShareThousandths *int64 `json:"shareThousandths,omitempty"`
	// LoadPercent is how full a lorry was on average; nil: not known.
	LoadPercent *int `json:"loadPercent,omitempty"`
	// WattHours is what an electric van used on the whole leg, as measured.
	WattHours *int64 `json:"wattHours,omitempty"`
}

// Vehicles are the kinds of vehicle of a leg. A rigid lorry may say to which
// class of gross vehicle mass it belongs.
var Vehicles = []string{
	"van", "electric-van", "rigid-lorry", "rigid-lorry-7.5t", "rigid-lorry-17t", "rigid-lorry-over-17t", "articulated-lorry",
}

// maxWattHours is beyond what any electric van uses on a leg of 5000 km.
const maxWattHours = 5_000_000

func isLorry(vehicle string) bool { return strings.Contains(vehicle, "lorry") }

func (l *Leg) check(v *validation) {
	v.ok(l.Kilometres >= 1 && l.Kilometres <= 5000, "/legs/kilometres", "out-of-range", "Use 1 to 5000 km.")
	v.oneOf(l.Vehicle, "/legs/vehicle", Vehicles...)
	if l.Method != "" {
		v.oneOf(string(l.Method), "/legs/method", string(indicator.VehicleKm), string(indicator.TonneKm))
	}
	byVehicle := l.Method != indicator.TonneKm
	if s := l.ShareThousandths; s != nil {
		v.ok(*s >= 1 && *s <= 1000, "/legs/shareThousandths", "out-of-range", "Use 1 to 1000.")
		v.ok(byVehicle, "/legs/shareThousandths", "not-allowed", "Tonne-kilometres count the own load only: leave the share out.")
	}
	if p := l.LoadPercent; p != nil {
		v.ok(*p >= 0 && *p <= 100, "/legs/loadPercent", "out-of-range", "Use 0 to 100.")
		v.ok(byVehicle && isLorry(l.Vehicle), "/legs/loadPercent", "not-allowed", "The load matters for the kilometres of a lorry only: leave it out.")
	}
	if wh := l.WattHours; wh != nil {
		v.ok(*wh >= 1 && *wh <= maxWattHours, "/legs/wattHours", "out-of-range", "Use 1 to 5000000 Wh.")
		v.ok(byVehicle && l.Vehicle == "electric-van", "/legs/wattHours", "not-allowed", "Measured energy goes with an electric-van and without tonne-km.")
	}
}

// key is the kind of transport that the leg is.
func (l *Leg) key() string {
	switch {
	case l.Method == indicator.TonneKm:
		return indicator.HaulKey(indicator.TonneKm, l.Vehicle, nil)
	case l.WattHours != nil:
		return indicator.HaulKey(indicator.Energy, l.Vehicle, nil)
	}
	return indicator.HaulKey(indicator.VehicleKm, l.Vehicle, l.LoadPercent)
}

// amount is what the vehicle did for this pickup: metres, or watt-hours to the
// nearest one.
func (l *Leg) amount() int64 {
	share := int64(1000)
	if l.ShareThousandths != nil {
		share = *l.ShareThousandths
	}
	if l.WattHours != nil {
		return (*l.WattHours*share + 500) / 1000
	}
	return l.Kilometres * share // metres × share ÷ 1000
}

// hauls gives the transport of a pickup that was handed over back to its
// fills, by fill id and HaulKey: what the vehicle did by departure mass, as a
// load is, so that the parts sum to it exactly; tonne-kilometres by what each
// fill weighs.
func (p *Pickup) hauls() map[string]map[string]int64 {
	if p.Handover == nil || len(p.Handover.Legs) == 0 || len(p.Lines) == 0 {
		return nil
	}
	hauls := make(map[string]map[string]int64, len(p.Lines))
	lines := make([]*Line, len(p.Lines))
	for i := range p.Lines {
		lines[i] = &p.Lines[i]
		hauls[lines[i].Fill] = map[string]int64{}
	}
	whole := map[string]int64{}
	for i := range p.Handover.Legs {
		leg := &p.Handover.Legs[i]
		key := leg.key()
		if leg.Method != indicator.TonneKm {
			whole[key] += leg.amount()
			continue
		}
		for _, l := range lines {
			hauls[l.Fill][key] += int64(l.DepartureGrams) * leg.Kilometres
		}
	}
	departed := departureShares(lines)
	for _, key := range slices.Sorted(maps.Keys(whole)) {
		for i, part := range allocate(quantity.Mass(whole[key]), departed) {
			if part != 0 {
				hauls[lines[i].Fill][key] = int64(part)
			}
		}
	}
	return hauls
}

// setHaul sets the transport of a fill; nothing is nil, as it is when read.
func (f *Fill) setHaul(haul map[string]int64) {
	f.Haul = nil
	if len(haul) > 0 {
		f.Haul = haul
	}
}
