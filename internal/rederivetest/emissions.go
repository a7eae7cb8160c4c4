package rederivetest

import (
	"maps"
	"math/big"
	"slices"
	"strconv"
)

// flow is what happened in one stream.
type flow struct {
	stream stream
	v      vector
}

const thousand = 1000

func kilograms(grams int64) *big.Rat { return parts(grams, thousand) }

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// polymers parts a mass by the polymers that the stream declares: kilograms
// exactly, and whole grams that sum to the mass.
func (f *flow) polymers(grams int64, fn func(code string, kg *big.Rat, grams int64)) {
	if len(f.stream.Polymers) == 0 {
		fn("not-declared", kilograms(grams), grams)
	}
	var before, permille int64
	for _, p := range f.stream.Polymers {
		permille += p.Permille
		to := grams * permille / thousand
		fn(code(p.Polymer), times(kilograms(grams), parts(p.Permille, thousand)), to-before)
		before = to
	}
}

// production is mass × virgin production.
func (w *working) production(mass func(vector) int64) *sum {
	s := newSum(w.set)
	for _, f := range w.flows {
		grams := mass(f.v)
		if grams == 0 {
			continue
		}
		f.polymers(grams, func(code string, kg *big.Rat, grams int64) {
			t := term{phase: "raw-material+transformation", subject: code, stream: f.stream.ID, unit: "kg", amount: kg}
			s.add(t, grams, once("virgin-production/"+code))
		})
	}
	return s
}

// transport is the legs, well to wheel.
func (w *working) transport(electricity string, only string) *sum {
	s := newSum(w.set)
	for _, f := range w.flows {
		haul := f.v.part("haul")
		for _, k := range sorted(haul) {
			p := unkey(k)
			method, vehicle := p[0], p[1]
			if only != "" && method != only {
				continue
			}
			t := term{phase: "transport", subject: vehicle, route: method, stream: f.stream.ID}
			switch method {
			case "tonne-km":
				t.amount, t.unit = parts(haul[k], 1_000_000), "tkm"
				s.add(t, 0, once("tonne-km-ttw/"+vehicle), once("tonne-km-wtt/"+vehicle))
			case "kwh":
				t.amount, t.unit = parts(haul[k], thousand), "kWh"
				s.add(t, 0, once(electricity))
			default:
				t.amount, t.unit = parts(haul[k], thousand), "km"
				if p[2] == "" {
					s.add(t, 0, once("vehicle-km-ttw/"+vehicle), once("vehicle-km-wtt/"+vehicle))
					continue
				}
				load, _ := strconv.ParseInt(p[2], 10, 64) // that this package has written
				t.route += " at " + p[2] + " %"
				var uses []use
				for _, kind := range []string{"vehicle-km-ttw/", "vehicle-km-wtt/"} {
					uses = append(uses, use{kind + vehicle + "@0", parts(100-load, 100)}, use{kind + vehicle + "@100", parts(load, 100)})
				}
				s.add(t, 0, uses...)
			}
		}
	}
	return s
}

// finals is what went which way in the end, refused mass too.
func finals(v vector) map[string]int64 {
	routes := vector{}
	routes.add(v.part("routes"), 1)
	routes.add(v.part("refusedTo"), 1)
	return routes
}

// settledMass is what has its final route.
func settledMass(v vector) int64 {
	m := v.intoRecycling() + v["residue"]
	for _, grams := range v.part("refusedTo") {
		m += grams
	}
	return m
}

// treatment is mass × route.
func (w *working) treatment() *sum {
	s := newSum(w.set)
	for _, f := range w.flows {
		routes := finals(f.v)
		for _, operation := range sorted(routes) {
			s.treat(f, operation, routes[operation], thousand)
		}
	}
	return s
}

// treat adds the treatment of so many thousandths of a mass.
func (s *sum) treat(f *flow, operation string, grams, permille int64) {
	f.polymers(grams, func(code string, kg *big.Rat, grams int64) {
		t := term{phase: "treatment", subject: code, route: operation, stream: f.stream.ID, unit: "kg", amount: times(kg, parts(permille, thousand))}
		grams = grams * permille / thousand
		switch operation {
		case "R1", "D10":
			s.add(t, grams, once("incineration/"+code))
		case "D1", "D5":
			s.add(t, grams, once("landfill/"+code))
		case "composting", "anaerobic-digestion":
			s.add(t, grams, once(operation+"/organic"), once("incineration/"+code))
		case "R3", "R5": // belongs to the next product
			s.mass, s.covered = s.mass+grams, s.covered+grams
		default:
			s.mass, s.lacks = s.mass+grams, true
			s.terms = append(s.terms, t)
		}
	})
}

// biogenic is the memo of what was oxidised.
func (w *working) biogenic() *sum {
	s := newSum(w.set)
	for _, f := range w.flows {
		routes := finals(f.v)
		for _, operation := range sorted(routes) {
			if !slices.Contains([]string{"R1", "D10", "composting", "anaerobic-digestion"}, operation) {
				continue
			}
			f.polymers(routes[operation], func(code string, kg *big.Rat, grams int64) {
				s.mass += grams
				t := term{phase: "biogenic", subject: code, route: operation, stream: f.stream.ID, unit: "kg", amount: kg}
				burnt := w.set.by["incineration/"+code]
				if burnt == nil {
					s.lacks, s.terms = true, append(s.terms, t)
					return
				}
				t.factor, t.per = w.set.name+"/"+burnt.id, burnt.biogenic
				s.weigh(burnt.id, burnt.biogenic, burnt.gsd2, kg)
				s.put(t, grams)
			})
		}
	}
	return s
}

// recyclates calls fn for each kind of recyclate; q is nil where none is
// declared.
func (w *working) recyclates(fn func(t term, grams int64, q *big.Rat, code string)) {
	for _, f := range w.flows {
		kinds := f.v.part("recyclates")
		for _, k := range sorted(kinds) {
			p := unkey(k)
			t := term{subject: p[0], route: p[1], quality: p[2], stream: f.stream.ID, unit: "kg", amount: kilograms(kinds[k])}
			var q *big.Rat
			if p[2] != "" {
				q, _ = new(big.Rat).SetString(p[2])
			}
			fn(t, kinds[k], q, replaced(p[0]))
		}
	}
}

// avoided is recyclate × Q × (recycled − virgin).
func (w *working) avoided() *sum {
	s := newSum(w.set)
	w.recyclates(func(t term, grams int64, q *big.Rat, code string) {
		t.phase = "avoided"
		if q == nil {
			s.mass, s.lacks, s.terms = s.mass+grams, true, append(s.terms, t)
			return
		}
		t.amount = times(t.amount, q)
		s.add(t, grams, once("recycled-production/"+code), off("virgin-production/"+code))
	})
	return s
}

// recyclers is what recyclers emitted for the recyclate.
func (w *working) recyclers() *sum {
	s := newSum(w.set)
	w.recyclates(func(t term, grams int64, _ *big.Rat, code string) {
		t.phase = "recycler-process"
		s.add(t, grams, once("recycled-production/"+code))
	})
	return s
}

// footprint is the Circular Footprint Formula with A = ½, R1 = 0, B = 0.
func (w *working) footprint() *sum {
	s := newSum(w.set)
	made := w.production(settledMass)
	s.include(made, 1)
	s.mass, s.covered = made.mass, made.covered
	w.recyclates(func(t term, _ int64, q *big.Rat, code string) {
		t.phase, t.amount = "recycling", times(t.amount, parts(1, 2))
		if q == nil {
			s.lacks, s.terms = true, append(s.terms, t)
			return
		}
		s.add(t, 0, once("recycled-production/"+code), use{"virgin-production/" + code, new(big.Rat).Neg(q)})
	})
	s.include(w.treatment(), 1)
	return s
}

// baseline is what would have become of the settled mass otherwise.
func (w *working) otherwise() *sum {
	routes, legs := newSum(w.set), newSum(w.set)
	var all int64
	for _, f := range w.flows {
		grams := settledMass(f.v)
		if grams == 0 {
			continue
		}
		all += grams
		for _, r := range w.base.Routes {
			routes.treat(f, r.Operation, grams, r.Permille)
		}
		for _, l := range w.base.Legs {
			t := term{phase: "transport", subject: l.Vehicle, route: "tonne-km", stream: f.stream.ID, unit: "tkm", amount: parts(grams*l.Kilometres, 1_000_000)}
			legs.add(t, 0, once("tonne-km-ttw/"+l.Vehicle), once("tonne-km-wtt/"+l.Vehicle))
		}
	}
	s := newSum(w.set)
	s.include(routes, 1)
	s.include(legs, 1)
	s.mass, s.covered = all, all-(routes.mass-routes.covered)
	return s
}

// segregation is what no longer goes the way of infectious waste.
func (w *working) segregation() *sum {
	s := newSum(w.set)
	for _, f := range w.flows {
		if grams := f.v["collected"]; grams != 0 {
			t := term{phase: "segregation", subject: "health-care-waste", stream: f.stream.ID, unit: "kg"}
			t.amount = times(kilograms(grams), parts(*w.base.Hazardous, thousand))
			s.add(t, grams, once("residual-route/health-care-waste"), off("hazardous-route/health-care-waste"))
		}
	}
	return s
}
