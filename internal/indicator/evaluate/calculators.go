package evaluate

import (
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/formula"
	"github.com/ricircolo/ricircolo/internal/problem"
)

var (
	zero = decimal.Zero
	one  = decimal.NewFromInt(1)
)

// calculator reads its inputs and computes. It checks the reader before it
// computes, with ready.
type calculator func(*reader) (output, error)

var calculators = map[string]calculator{
	"factor_times_mass": factorTimesMass,
	"compare_routes":    compareRoutes,
	"avoided":           avoided,
	"cff":               cff,
	"mci":               mci,
	"pedigree":          pedigree,
	"lognormal_product": lognormalProduct,
	"lognormal_sum":     lognormalSum,
	"difference":        difference,
	"combustion":        combustion,
	"composting":        composting,
	"transport_leg":     transportLeg,
	"hgv_load":          hgvLoad,
	"electricity":       electricity,
	"biogenic":          biogenic,
	"ledger":            ledger,
	"iso59020":          iso59020,
	"separate":          separate,
}

// material is the one calculator that needs more than its inputs.
const material = "material"

func calculate(name string, inputs map[string]rawJSON, materials MaterialFactors) (output, error) {
	r := newReader(inputs)
	if name == material {
		return materialRows(r, materials)
	}
	c, ok := calculators[name]
	if !ok {
		known := append(slices.Collect(maps.Keys(calculators)), material)
		slices.Sort(known)
		return nil, problem.New(problem.Invalid, "calculator-unknown", "There is no calculator %q; there are %s.", clip(name), strings.Join(known, ", "))
	}
	return c(r)
}

// ready reports what is wrong with the inputs, once all were read.
func (r *reader) ready() error {
	r.done()
	return r.err()
}

func factorTimesMass(r *reader) (output, error) {
	mass, massUnit, factor, factorUnit := r.number("mass"), r.text("mass_unit"), r.number("factor"), r.text("factor_unit")
	if err := r.ready(); err != nil {
		return nil, err
	}
	v, err := formula.Emissions(mass, massUnit, factor, factorUnit)
	return output{"kgco2e": v}, err
}

func compareRoutes(r *reader) (output, error) {
	mass, massUnit, factorUnit := r.number("mass"), r.text("mass_unit"), r.text("factor_unit")
	baseline, alternative := r.number("baseline"), r.number("alternative")
	if err := r.ready(); err != nil {
		return nil, err
	}
	v, err := formula.Compare(mass, massUnit, baseline, alternative, factorUnit)
	return output{"delta_kgco2e": v}, err
}

func avoided(r *reader) (output, error) {
	saved, made := zero, zero
	for _, item := range r.objects("items") {
		item.text("material")
		ev, erec, quality := item.number("ev"), item.number("erec"), item.number("quality_ratio")
		out := item.recyclate()
		item.done()
		if err := r.err(); err != nil {
			continue // read on, to report everything
		}
		v, err := formula.Avoided(out, quality, ev, erec)
		item.merge(err)
		saved, made = saved.Add(v), made.Add(out)
	}
	return output{"avoided_kgco2e": saved, "recyclate_kg": made}, r.ready()
}

// recyclate is the recycler's output, as given or as it follows from what was
// collected; not both, since one of the two would be ignored.
func (r *reader) recyclate() decimal.Decimal {
	if !r.given("collected_kg") && !r.given("contamination") && !r.given("process_yield") {
		return r.number("recyclate_kg")
	}
	collected, contamination, yield := r.number("collected_kg"), r.number("contamination"), r.number("process_yield")
	if r.err() != nil {
		return zero
	}
	out, err := formula.Recyclate(collected, contamination, yield)
	r.merge(err)
	return out
}

// merge takes over the fields of a formula's error, below the reader's place.
func (r *reader) merge(err error) {
	if err == nil {
		return
	}
	p := problem.As(err)
	if p == nil || len(p.Fields) == 0 {
		r.fault("", "formula", "%v", err)
		return
	}
	for _, f := range p.Fields {
		r.fault(strings.TrimPrefix(f.Pointer, "/"), f.Code, "%s", f.Detail)
	}
}

func combustion(r *reader) (output, error) {
	b := formula.Burning{Dry: r.number("dry_mass_kg"), FossilFraction: r.number("fossil_fraction"), Oxidation: r.numberOr("oxidation", one)}
	byFormula := r.given("formula") && !r.given("carbon_fraction")
	var carbon decimal.Decimal
	var chemical string
	if byFormula {
		chemical = r.text("formula")
	} else {
		carbon = r.number("carbon_fraction")
	}
	if err := r.ready(); err != nil {
		return nil, err
	}
	var fossil, biogenic decimal.Decimal
	var err error
	if byFormula {
		fossil, biogenic, err = b.ByFormula(chemical)
	} else {
		fossil, biogenic, err = b.ByCarbon(carbon)
	}
	return output{"fossil_kgco2": fossil, "biogenic_kgco2": biogenic}, err
}

func composting(r *reader) (output, error) {
	wet, ch4, n2o := r.number("wet_mass_kg"), r.number("ch4_g_per_kg"), r.number("n2o_g_per_kg")
	gwpCH4, gwpN2O := r.number("gwp_ch4"), r.number("gwp_n2o")
	if err := r.ready(); err != nil {
		return nil, err
	}
	v, err := formula.Composting(wet, ch4, n2o, gwpCH4, gwpN2O)
	return output{"kgco2e": v}, err
}

func transportLeg(r *reader) (output, error) {
	leg, names := formula.VehicleKm, []string{"vehicle_km", "mass_share", "ttw_per_km", "wtt_per_km"}
	switch method := r.text("method"); method {
	case "vehicle_km":
	case "tonne_km":
		leg, names = formula.TonneKm, []string{"load_kg", "km", "ttw_per_tkm", "wtt_per_tkm"}
	default:
		if len(*r.faults) == 0 {
			r.fault("method", "unknown", "There is no method %q; take vehicle_km or tonne_km.", clip(method))
		}
		return nil, r.err()
	}
	var v [4]decimal.Decimal
	for i, name := range names {
		v[i] = r.number(name)
	}
	if err := r.ready(); err != nil {
		return nil, err
	}
	sum, err := leg(v[0], v[1], v[2], v[3])
	return output{"kgco2e": sum}, err
}

func hgvLoad(r *reader) (output, error) {
	e0, e100, load, km := r.number("e0"), r.number("e100"), r.number("load"), r.number("km")
	if err := r.ready(); err != nil {
		return nil, err
	}
	v, err := formula.HGV(e0, e100, load, km)
	return output{"kgco2e": v}, err
}

func electricity(r *reader) (output, error) {
	kwh, factors := r.number("kwh"), r.object("factors")
	location, market := factors.number("location_based"), factors.number("market_based")
	factors.done()
	if err := r.ready(); err != nil {
		return nil, err
	}
	byLocation, byMarket, err := formula.Electricity(kwh, location, market)
	return output{"location_based_kgco2": byLocation, "market_based_kgco2": byMarket}, err
}

func biogenic(r *reader) (output, error) {
	b := formula.Biogenic{
		Mass:       r.number("mass_kg"),
		Production: r.number("production_excl_uptake"),
		Uptake:     r.number("uptake"),
		Released:   r.number("end_of_life_biogenic"),
		Fossil:     r.number("end_of_life_fossil"),
	}
	if err := r.ready(); err != nil {
		return nil, err
	}
	t, err := b.Totals()
	return output{"total_0_0": t.ZeroZero, "total_minus1_plus1": t.MinusOnePlus, "biogenic_memo_kgco2": t.Memo}, err
}

func separate(r *reader) (output, error) {
	a := formula.Accounts{Inventory: r.number("gross_emissions_kgco2e"), Avoided: r.number("avoided_kgco2e"), Biogenic: r.number("biogenic_kgco2")}
	if err := r.ready(); err != nil {
		return nil, err
	}
	return output{"inventory_kgco2e": a.Inventory, "avoided_kgco2e": a.Avoided, "biogenic_kgco2": a.Biogenic}, a.Check()
}
