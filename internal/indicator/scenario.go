package indicator

import (
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// Scenario is a question of the kind "what if". Each part that is given
// changes the activity; nothing else does.
type Scenario struct {
	// Contamination is the share of foreign material in what is received. The
	// foreign material that is less is taken to stay out of the bins: it is
	// neither collected nor part of the residue.
	Contamination *decimal.Decimal `json:"contamination,omitempty"`
	Electric      *Electric        `json:"electric,omitempty"`
	ClosedLoop    *ClosedLoop      `json:"closedLoop,omitempty"`
}

// Electric replaces a vehicle by an electric one. There is no default for its
// consumption: state the vehicle's own.
type Electric struct {
	Vehicle     string `json:"vehicle"`
	WattHoursKm int64  `json:"wattHoursPerKm"`
}

// ClosedLoop sends a polymer's residue to recycling, with the yield and quality
// ratio that a recycler vouches for.
type ClosedLoop struct {
	Polymer string          `json:"polymer"`
	Yield   decimal.Decimal `json:"yield"`
	Quality decimal.Decimal `json:"quality"`
}

// Check lists everything that is wrong with a scenario.
func (s *Scenario) Check() error {
	bad := problem.New(problem.Invalid, "scenario-invalid", "The scenario is not valid; see the fields.")
	share := func(at string, d decimal.Decimal) {
		if d.IsNegative() || d.GreaterThan(decimal.NewFromInt(1)) || d.Exponent() < -6 {
			bad.With(at, "out-of-range", "Use 0 to 1, with at most six decimals.")
		}
	}
	if s.Contamination == nil && s.Electric == nil && s.ClosedLoop == nil {
		bad.With("", "required", "Say what changes: contamination, electric or closedLoop.")
	}
	if c := s.Contamination; c != nil {
		if share("/contamination", *c); c.Equal(decimal.NewFromInt(1)) {
			bad.With("/contamination", "out-of-range", "Not everything can be foreign material.")
		}
	}
	if e := s.Electric; e != nil {
		if e.WattHoursKm < 10 || e.WattHoursKm > 5000 {
			bad.With("/electric/wattHoursPerKm", "out-of-range", "Use 10 to 5000 watt-hours per kilometre.")
		}
		if e.Vehicle == "" || len(e.Vehicle) > 40 {
			bad.With("/electric/vehicle", "required", "Name the vehicle that is replaced.")
		}
	}
	if c := s.ClosedLoop; c != nil {
		share("/closedLoop/yield", c.Yield)
		share("/closedLoop/quality", c.Quality)
		if _, ok := factor.Material(c.Polymer); !ok {
			bad.With("/closedLoop/polymer", "unknown", "Name a material by its ISO 1043-1 code, for example PVC.")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// Apply returns what the input would have been. The input itself stays.
func (s *Scenario) Apply(in Input) (Input, error) {
	if err := s.Check(); err != nil {
		return in, err
	}
	in.Streams = slices.Clone(in.Streams)
	var cleaner, electric, closed bool
	for i := range in.Streams {
		stream := &in.Streams[i]
		if s.Contamination != nil {
			changed, err := stream.contaminate(*s.Contamination)
			if err != nil {
				return in, err
			}
			cleaner = cleaner || changed
		}
		if s.Electric != nil && s.Electric.apply(&stream.Activity) {
			electric = true
		}
		if s.ClosedLoop != nil && s.ClosedLoop.apply(stream) {
			closed = true
		}
	}
	return in, s.effect(cleaner, electric, closed)
}

// effect refuses parts of a scenario that change nothing: differences of 0
// would read as "it would not help".
func (s *Scenario) effect(cleaner, electric, closed bool) error {
	p := problem.New(problem.Unprocessable, "scenario-without-effect", "A part of this scenario changes nothing; see the fields.")
	if s.Contamination != nil && !cleaner {
		p.With("/contamination", "no-effect", "No stream has more foreign material than that: ask for a lower share.")
	}
	if s.Electric != nil && !electric {
		p.With("/electric/vehicle", "no-effect", "No leg in this period is by kilometres of that vehicle: legs by tonne-kilometres do not say how far it drove.")
	}
	if s.ClosedLoop != nil && !closed {
		p.With("/closedLoop/polymer", "no-effect", "No residue of that polymer was burned or dumped, or the yield is 0.")
	}
	if len(p.Fields) > 0 {
		return p
	}
	return nil
}

// contaminate lowers the share of foreign material to x: of the received mass R
// x is foreign instead of C, so that C − Δ = x·(R − Δ) and Δ = (C − x·R)/(1 − x).
// A stream that is below x stays as it is. Foreign material is found where it
// ended: in the residue, else in what is pending, else in what was refused.
func (s *StreamActivity) contaminate(x decimal.Decimal) (changed bool, err error) {
	a := &s.Activity
	foreign, received := decimal.NewFromInt(int64(a.Contaminant)), decimal.NewFromInt(int64(a.Received()))
	less := quantity.Mass(foreign.Sub(x.Mul(received)).DivRound(decimal.NewFromInt(1).Sub(x), 0).IntPart())
	if less <= 0 {
		return false, nil
	}
	if found := a.Residue + a.Pending + a.Refused; less > found {
		return false, problem.New(problem.Unprocessable, "scenario-impossible",
			"In stream %s only %s did not become recyclate, less than the %s of foreign material that would have to stay away.", s.Stream, found, less).
			With("/contamination", "out-of-range", "Ask for a higher share.")
	}
	residue := min(less, a.Residue)
	pending := min(less-residue, a.Pending)
	refused := less - residue - pending
	a.Routes = scaled(a.Routes, residue)
	a.RefusedTo = scaled(a.RefusedTo, min(refused, sumOf(a.RefusedTo)))
	a.Residue, a.Pending, a.Refused, a.Contaminant = a.Residue-residue, a.Pending-pending, a.Refused-refused, a.Contaminant-less
	a.Accepted -= residue + pending
	a.Collected -= less
	a.Hauled -= min(less, a.Hauled)
	take(&a.CollectedBy, less)
	take(&a.ReceivedBy, less)
	return true, nil
}

// scaled takes a mass out of masses in proportion, in whole grams that sum to
// it exactly.
func scaled(m map[string]quantity.Mass, less quantity.Mass) map[string]quantity.Mass {
	out := make(map[string]quantity.Mass, len(m))
	left, rest := less, sumOf(m)
	for _, key := range sortedKeys(m) {
		part := quantity.Mass(0)
		if rest > 0 {
			part = quantity.Mass(decimal.NewFromInt(int64(m[key])).Mul(decimal.NewFromInt(int64(left))).DivRound(decimal.NewFromInt(int64(rest)), 0).IntPart())
		}
		rest, left = rest-m[key], left-part
		out[key] = m[key] - part
	}
	return out
}

// take takes a mass from the best rungs that have it.
func take(by *ByRung, m quantity.Mass) {
	for i := Rungs - 1; i >= 0 && m != 0; i-- {
		part := min(by[i], m)
		by[i] -= part
		m -= part
	}
}

// apply turns the kilometres of a vehicle into energy. It reports whether there
// were any.
func (e *Electric) apply(a *Activity) (changed bool) {
	haul := maps.Clone(a.Haul)
	for key, metres := range a.Haul {
		if method, vehicle, _ := ParseHaulKey(key); method == VehicleKm && vehicle == e.Vehicle {
			delete(haul, key)
			haul[HaulKey(Energy, "electric-"+vehicle, nil)] += metres * e.WattHoursKm / 1000
			changed = true
		}
	}
	a.Haul = haul
	return changed
}

// apply moves the polymer's part of what was burned or dumped into recycling.
// It reports whether there was any.
func (c *ClosedLoop) apply(s *StreamActivity) (changed bool) {
	want, _ := factor.Material(c.Polymer)
	a := &s.Activity
	a.Routes, a.Recyclates = maps.Clone(a.Routes), maps.Clone(a.Recyclates)
	for _, operation := range sortedKeys(a.Routes) {
		s.polymers(a.Routes[operation], func(code string, _ decimal.Decimal, entering quantity.Mass) {
			out := quantity.Mass(decimal.NewFromInt(int64(entering)).Mul(c.Yield).IntPart())
			if code != want || out == 0 {
				return
			}
			if a.Recyclates == nil {
				a.Recyclates = map[string]quantity.Mass{}
			}
			a.Routes[operation] -= out
			a.Recyclates[RecyclateKey(code, "closed loop", c.Quality.String())] += out
			a.move(entering, out)
			changed = true
		})
	}
	return changed
}

// move books that a mass of what was burned or dumped enters recycling, and
// that a part of it comes out as recyclate.
func (a *Activity) move(entering, out quantity.Mass) {
	fromResidue := min(out, a.Residue)
	a.Recyclate += out
	a.Residue -= fromResidue
	a.ProcessLoss -= out - fromResidue
	loss := min(entering-out, a.Residue)
	a.Residue -= loss
	a.ProcessLoss += loss
}
