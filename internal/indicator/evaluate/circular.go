package evaluate

import (
	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/formula"
)

// cff reads the parameters of the circular footprint formula. Ev and Erec are 0
// when left out only where they could not matter: Ev when nothing is virgin,
// Erec when nothing is recycled.
func cff(r *reader) (output, error) {
	f := formula.CFF{
		Mass: r.numberOr("mass_kg", one),
		A:    r.numberOr("A", decimal.RequireFromString("0.5")), B: r.numberOr("B", zero),
		R1: r.numberOr("R1", zero), R2: r.numberOr("R2", zero), R3: r.numberOr("R3", zero),
		QsinQp: r.numberOr("Qsin_Qp", one), QsoutQp: r.numberOr("Qsout_Qp", one),
		ErecEoL: r.numberOr("ErecEoL", zero), EER: r.numberOr("EER", zero), LHV: r.numberOr("LHV", zero),
		XElec: r.numberOr("X_elec", zero), ESEElec: r.numberOr("E_SE_elec", zero),
		XHeat: r.numberOr("X_heat", zero), ESEHeat: r.numberOr("E_SE_heat", zero), Ed: r.numberOr("Ed", zero),
	}
	if f.R1.Equal(one) && f.A.Equal(one) && (f.R2.IsZero() || r.given("Ev_star")) {
		f.Ev = r.numberOr("Ev", zero)
	} else {
		f.Ev = r.number("Ev")
	}
	if f.R1.IsZero() || f.A.IsZero() {
		f.Erec = r.numberOr("Erec", zero)
	} else {
		f.Erec = r.number("Erec")
	}
	f.EvStar = r.numberOr("Ev_star", f.Ev)
	if err := r.ready(); err != nil {
		return nil, err
	}
	t, err := f.Terms()
	return output{
		"virgin_term": t.Virgin, "recycled_content_term": t.RecycledContent,
		"recycling_burden_term": t.RecyclingBurden, "recycling_credit_term": t.RecyclingCredit,
		"energy_burden_term": t.EnergyBurden, "energy_credit_term": t.EnergyCredit,
		"disposal_term": t.Disposal, "total_kgco2e": t.Total,
	}, err
}

func mci(r *reader) (output, error) {
	m := formula.MCI{
		M:  r.number("M"),
		FR: r.numberOr("FR", zero), FU: r.numberOr("FU", zero), FS: r.numberOr("FS", zero),
		CR: r.numberOr("CR", zero), CU: r.numberOr("CU", zero), CC: r.numberOr("CC", zero), CE: r.numberOr("CE", zero),
		EF: r.numberOr("EF", one), EC: r.numberOr("EC", one),
		L: r.numberOr("L", one), Lav: r.numberOr("Lav", one), U: r.numberOr("U", one), Uav: r.numberOr("Uav", one),
	}
	if err := r.ready(); err != nil {
		return nil, err
	}
	v, err := m.Indicator()
	return output{"V": v.V, "W0": v.W0, "WC": v.WC, "WF": v.WF, "W": v.W, "LFI": v.LFI, "X": v.X, "FX": v.FX, "MCI": v.MCI}, err
}

func ledger(r *reader) (output, error) {
	l := formula.Ledger{
		Gross: r.numbers("gross_kg"), Tare: r.numbers("tare_kg"),
		Liquid: r.number("moisture_or_liquid_kg"), NonTarget: r.number("non_target_kg"),
		Accepted: r.number("accepted_by_recycler_kg"), Rejected: r.number("rejected_kg"),
		Output: r.number("recyclate_output_kg"), Generated: r.number("total_target_generated_kg"),
	}
	if err := r.ready(); err != nil {
		return nil, err
	}
	v, err := l.Rates()
	return output{
		"net_collected_kg": v.NetCollected, "contamination_rate": v.Contamination, "capture_rate": v.Capture, "sent_rate": v.Sent,
		"net_recycling_rate": v.NetRecycling, "process_yield": v.Yield, "mass_balance_closure": v.Closure,
	}, err
}

func iso59020(r *reader) (output, error) {
	in, out, energy := r.flow("inflow", "renewable"), r.flow("outflow", "biological"), r.object("energy")
	renewable, total := energy.number("renewable"), energy.number("total")
	energy.done()
	if err := r.ready(); err != nil {
		return nil, err
	}
	inflow, err := formula.Inflow(in)
	r.merge(err)
	outflow, err := formula.Outflow(out)
	r.merge(err)
	var share any // null where no energy is used: there is nothing to divide by
	if !total.IsZero() || !renewable.IsZero() {
		share, err = formula.RenewableEnergy(renewable, total)
		r.merge(err)
	}
	return output{
		"A1_reused_in": inflow.Reused, "A2_recycled_in": inflow.Recycled, "A3_renewable_in": inflow.Biological, "linear_in": inflow.Linear,
		"A5_reused_out": outflow.Reused, "A6_recycled_out": outflow.Recycled, "A7_biological_out": outflow.Biological, "linear_out": outflow.Linear,
		"A8_renewable_energy": share,
	}, r.err()
}

func (r *reader) flow(name, biological string) formula.Flow {
	in := r.object(name)
	f := formula.Flow{Total: in.number("total"), Reused: in.number("reused"), Recycled: in.number("recycled"), Biological: in.number(biological)}
	in.done()
	return f
}
