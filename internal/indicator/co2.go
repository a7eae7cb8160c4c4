package indicator

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/indicator/formula"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// The phases of the life cycle. A factor that fuses two of them is shown as
// one: nothing is split by guess.
const (
	PhaseProduction = "raw-material+transformation"
	PhaseTransport  = "transport"
	PhaseTreatment  = "treatment"
	PhaseAvoided    = "avoided"
	PhaseBiogenic   = "biogenic"
)

// polymers calls fn for each polymer of a part of a stream's mass: with its
// kilograms, exactly, and with whole grams that sum to the mass, for the
// coverage. A stream that does not declare its polymers has one that no set has
// a factor for.
func (s *StreamActivity) polymers(m quantity.Mass, fn func(code string, kg decimal.Decimal, grams quantity.Mass)) {
	if len(s.Polymers) == 0 {
		fn("not-declared", kilograms(m), m)
		return
	}
	before, sum := quantity.Mass(0), quantity.Mass(0)
	for _, p := range s.Polymers {
		sum += quantity.Mass(p.Permille)
		code, ok := factor.Material(p.Polymer)
		if !ok {
			code = p.Polymer
		}
		upTo := m * sum / 1000
		fn(code, sharedKilograms(m, p.Permille), upTo-before)
		before = upTo
	}
}

// production is what it took to make what was thrown away: Σ mass × Ev.
func production(in *Input, set *factor.Set) *linear {
	l := newLinear(set)
	for i := range in.Streams {
		s := &in.Streams[i]
		if s.Activity.Collected == 0 {
			continue
		}
		s.polymers(s.Activity.Collected, func(code string, kg decimal.Decimal, grams quantity.Mass) {
			line := Line{Phase: PhaseProduction, Subject: code, Stream: s.Stream, Amount: kg, Unit: "kg"}
			l.add(line, grams, one(factor.VirginProduction, code))
		})
	}
	return l
}

// transport is Σ legs, well to wheel. Electric vehicles count by their energy
// and the grid of the place.
func transport(in *Input, set *factor.Set, grid factor.Kind) *linear {
	l := newLinear(set)
	for i := range in.Streams {
		s := &in.Streams[i]
		for _, key := range sortedKeys(s.Activity.Haul) {
			l.haul(s.Stream, key, s.Activity.Haul[key], grid)
		}
	}
	return l
}

func (l *linear) haul(stream, key string, amount int64, grid factor.Kind) {
	method, vehicle, load := ParseHaulKey(key)
	line := Line{Phase: PhaseTransport, Subject: vehicle, Route: string(method), Stream: stream}
	whole := decimal.NewFromInt(1)
	switch method {
	case TonneKm:
		line.Amount, line.Unit = decimal.New(amount, -6), "tkm"
		l.addBy(line, 0, func(f []*factor.Factor) (decimal.Decimal, error) {
			return formula.TonneKm(line.Amount.Abs().Shift(3), whole, f[0].Value, f[1].Value)
		}, one(factor.TonneKmTTW, vehicle), one(factor.TonneKmWTT, vehicle))
	case Energy:
		line.Amount, line.Unit = decimal.New(amount, -3), "kWh"
		l.addBy(line, 0, func(f []*factor.Factor) (decimal.Decimal, error) {
			v, _, err := formula.Electricity(line.Amount.Abs(), f[0].Value, decimal.Zero)
			return v, err
		}, one(grid, ""))
	default:
		line.Amount, line.Unit = decimal.New(amount, -3), "km"
		l.vehicle(line, load)
	}
}

// vehicle adds vehicle-kilometres. With a known load of a lorry they are
// interpolated between empty and full.
func (l *linear) vehicle(line Line, load *int) {
	whole := decimal.NewFromInt(1)
	if load == nil {
		l.addBy(line, 0, func(f []*factor.Factor) (decimal.Decimal, error) {
			return formula.VehicleKm(line.Amount.Abs(), whole, f[0].Value, f[1].Value)
		}, one(factor.VehicleKmTTW, line.Subject), one(factor.VehicleKmWTT, line.Subject))
		return
	}
	line.Route += fmt.Sprintf(" at %d %%", *load)
	full := decimal.New(int64(*load), -2)
	empty := whole.Sub(full)
	var parts []part
	for _, kind := range []factor.Kind{factor.VehicleKmTTW, factor.VehicleKmWTT} {
		parts = append(parts, part{kind, line.Subject + "@0", empty}, part{kind, line.Subject + "@100", full})
	}
	l.addBy(line, 0, func(f []*factor.Factor) (decimal.Decimal, error) {
		return formula.HGV(f[0].Value.Add(f[2].Value), f[1].Value.Add(f[3].Value), full, line.Amount.Abs())
	}, parts...)
}

// finalRoutes is what went which way in the end: of the residue, of the loss of
// recycling, and of what was refused.
func (a *Activity) finalRoutes() map[string]quantity.Mass {
	routes := make(map[string]quantity.Mass, len(a.Routes)+len(a.RefusedTo))
	for _, part := range []map[string]quantity.Mass{a.Routes, a.RefusedTo} {
		for operation, m := range part {
			routes[operation] += m
		}
	}
	return routes
}

// treatment is Σ mass of final routes × factor of the route. What is recycled
// is cut off at the recycler's gate: its burden belongs to the next product.
func treatment(in *Input, set *factor.Set) *linear {
	l := newLinear(set)
	for i := range in.Streams {
		s := &in.Streams[i]
		routes := s.Activity.finalRoutes()
		for _, operation := range sortedKeys(routes) {
			l.treat(s, operation, routes[operation], 1000)
		}
	}
	return l
}

// treat adds the treatment of a part of a mass, in thousandths, by an
// operation. The polymers of a residue are taken to be the stream's.
func (l *linear) treat(s *StreamActivity, operation string, m quantity.Mass, of int) {
	s.polymers(m, func(code string, kg decimal.Decimal, mass quantity.Mass) {
		amount := kg.Mul(decimal.New(int64(of), -3))
		mass = mass * quantity.Mass(of) / 1000
		line := Line{Phase: PhaseTreatment, Subject: code, Route: operation, Stream: s.Stream, Amount: amount, Unit: "kg"}
		switch operation {
		case "R1", "D10":
			l.add(line, mass, one(factor.Incineration, code))
		case "D1", "D5":
			l.add(line, mass, one(factor.Landfill, code))
		case "composting":
			// The process emits CH4 and N2O; fossil carbon of the polymer becomes fossil CO2.
			l.add(line, mass, one(factor.Composting, "organic"), one(factor.Incineration, code))
		case "anaerobic-digestion":
			l.add(line, mass, one(factor.AnaerobicDigestion, "organic"), one(factor.Incineration, code))
		case "R3", "R5": // cut-off, see isRecycling
			l.mass, l.covered = l.mass+mass, l.covered+mass
		default:
			l.mass += mass
			l.lack(line, "route/"+operation)
		}
	})
}

// biogenic is the memo: biogenic CO2 of what was burned, composted or
// digested. It assumes full oxidation: nothing is credited as stored.
func biogenic(in *Input, set *factor.Set) *linear {
	l := newLinear(set)
	for i := range in.Streams {
		s := &in.Streams[i]
		routes := s.Activity.finalRoutes()
		for _, operation := range sortedKeys(routes) {
			switch {
			case oxidises(operation):
				l.oxidise(s, operation, routes[operation])
			case !isRecycling(operation):
				l.bury(s, operation, routes[operation])
			}
		}
	}
	return l
}

// bury adds what does not burn: without biogenic carbon there is nothing to
// release; with it nobody knows how much is.
func (l *linear) bury(s *StreamActivity, operation string, m quantity.Mass) {
	s.polymers(m, func(code string, kg decimal.Decimal, mass quantity.Mass) {
		l.mass += mass
		if f, ok := l.set.Find(factor.Incineration, code); ok && f.Biogenic.IsZero() && (operation == "D1" || operation == "D5") {
			l.covered += mass
			return
		}
		l.lack(Line{Phase: PhaseBiogenic, Subject: code, Route: operation, Stream: s.Stream, Amount: kg, Unit: "kg"}, "biogenic-release/"+operation+"/"+code)
	})
}

func isRecycling(operation string) bool { return operation == "R3" || operation == "R5" }

func oxidises(operation string) bool {
	return slices.Contains([]string{"R1", "D10", "composting", "anaerobic-digestion"}, operation)
}

func (l *linear) oxidise(s *StreamActivity, operation string, m quantity.Mass) {
	s.polymers(m, func(code string, kg decimal.Decimal, mass quantity.Mass) {
		line := Line{Phase: PhaseBiogenic, Subject: code, Route: operation, Stream: s.Stream, Amount: kg, Unit: "kg"}
		l.mass += mass
		f, ok := l.set.Find(factor.Incineration, code)
		if !ok {
			l.lack(line, string(factor.Incineration)+"/"+code)
			return
		}
		l.covered += mass
		per := f.Biogenic
		value := line.Amount.Mul(per)
		line.Factor, line.Per, line.Value = l.set.Ref(f), &per, &value
		l.value = l.value.Add(value)
		memo := *f
		memo.Value = f.Biogenic
		l.weigh(&memo, line.Amount)
		l.lines = append(l.lines, line)
	})
}

// avoided is Σ recyclate × quality ratio × (Erec − Ev). It is not clamped: a
// positive line is recycling that is worse than virgin production.
func avoided(in *Input, set *factor.Set) *linear {
	l := newLinear(set)
	for i := range in.Streams {
		s := &in.Streams[i]
		for _, key := range sortedKeys(s.Activity.Recyclates) {
			m := s.Activity.Recyclates[key]
			polymer, application, quality := ParseRecyclateKey(key)
			line := Line{Phase: PhaseAvoided, Subject: polymer, Route: application, Quality: quality, Stream: s.Stream, Amount: kilograms(m), Unit: "kg"}
			q, err := decimal.NewFromString(quality)
			if quality == "" || err != nil {
				l.mass += m
				l.lack(line, "quality-ratio/"+polymer)
				continue
			}
			code := substituted(polymer)
			line.Amount = line.Amount.Mul(q)
			l.addBy(line, m, func(f []*factor.Factor) (decimal.Decimal, error) {
				return formula.Avoided(kilograms(m).Abs(), q, f[1].Value, f[0].Value)
			}, one(factor.RecycledProduction, code), minus(factor.VirginProduction, code))
		}
	}
	return l
}

// substituted is the material that a recyclate takes the place of: a drop-in's
// fossil twin, otherwise the polymer itself.
func substituted(polymer string) string {
	if code, ok := factor.Twin(polymer); ok {
		return code
	}
	return polymer
}

// recyclerProcess is what the recycler emitted for the recyclate, which the
// next product carries: shown, never part of the inventory.
func recyclerProcess(in *Input, set *factor.Set) *linear {
	l := newLinear(set)
	for i := range in.Streams {
		s := &in.Streams[i]
		for _, key := range sortedKeys(s.Activity.Recyclates) {
			polymer, application, quality := ParseRecyclateKey(key)
			m := s.Activity.Recyclates[key]
			line := Line{Phase: "recycler-process", Subject: polymer, Route: application, Quality: quality, Stream: s.Stream, Amount: kilograms(m), Unit: "kg"}
			l.add(line, m, one(factor.RecycledProduction, substituted(polymer)))
		}
	}
	return l
}
