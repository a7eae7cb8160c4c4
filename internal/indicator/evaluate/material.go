package evaluate

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/indicator/formula"
	"github.com/ricircolo/ricircolo/internal/problem"
)

// routes are the routes of the examples, by the kind of factor that a mass
// going that way is multiplied with: always what the route itself emits, gross.
// A credit for what it replaces is the avoided calculator's. A closed loop makes
// recycled material, and emits what making it does. An open loop has no kind of
// its own, so that it is missing rather than stood in for by a closed loop.
var routes = map[string]factor.Kind{
	"recycling_closed_loop": factor.RecycledProduction,
	"recycling_open_loop":   "",
	"incineration":          factor.Incineration,
	"landfill":              factor.Landfill,
	"composting":            factor.Composting,
	"anaerobic_digestion":   factor.AnaerobicDigestion,
	"virgin_production":     factor.VirginProduction,
	"recycled_production":   factor.RecycledProduction,
	"hazardous":             factor.HazardousRoute,
	"residual":              factor.ResidualRoute,
}

// KindOf is the kind of factor for a route of the examples. Not ok: there is
// none, so that the factor is missing.
func KindOf(route string) (kind factor.Kind, ok bool) {
	kind = routes[route]
	return kind, kind != ""
}

// materialRows sums mass × factor of rows. A row whose factor is missing makes
// the sum unknown, never smaller: coverage says how much of the mass has one.
func materialRows(r *reader, factors MaterialFactors) (output, error) {
	set := r.text("factor_set")
	if set != "default" && set != "default@1" && len(*r.faults) == 0 {
		r.fault("factor_set", "unknown", "There is no factor set %q; take default.", clip(set))
	}
	if factors == nil {
		return nil, problem.New(problem.Unavailable, "factors-unavailable", "There are no factor sets here.")
	}
	missing := []string{}
	covered, total, sum := zero, zero, zero
	for _, row := range r.objects("rows") {
		name, route, mass := row.text("material"), row.text("route"), row.number("mass_kg")
		row.done()
		if _, known := routes[route]; !known && len(*r.faults) == 0 {
			row.fault("route", "unknown", "There is no route %q.", clip(route))
		}
		if r.err() != nil {
			continue
		}
		value, ok := factors(set, name, route)
		part, err := formula.Emissions(mass, "kg", value, "kgCO2e/kg")
		row.merge(err)
		if r.err() != nil {
			continue
		}
		total = total.Add(mass)
		if ok {
			covered, sum = covered.Add(mass), sum.Add(part)
		} else if at := clip(name) + "/" + route; !slices.Contains(missing, at) {
			missing = append(missing, at)
		}
	}
	if total.IsZero() && r.err() == nil {
		r.fault("rows", "zero", "The rows have no mass, so that no share of it can be told.")
	}
	if err := r.ready(); err != nil {
		return nil, err
	}
	return materialOutput(sum, covered, total, missing), nil
}

func materialOutput(sum, covered, total decimal.Decimal, missing []string) output {
	o := output{"computed": len(missing) == 0, "coverage": covered.DivRound(total, formula.Digits), "missing": missing, "kgco2e": nil}
	if len(missing) == 0 {
		o["kgco2e"] = sum
	}
	return o
}
