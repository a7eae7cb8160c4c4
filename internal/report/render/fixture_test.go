package render_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/report"
)

// The report that the tests render: made-up places, all groups of cards, some
// without a value. Its masses keep the identities of the funnel; the emissions
// are plausible and not worked out.

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func ptr(d decimal.Decimal) *decimal.Decimal { return &d }

func span(low, high, method string) *indicator.Interval {
	return &indicator.Interval{Low: dec(low), High: dec(high), Method: method}
}

const from, to = calendar.Month("2026-03"), calendar.Month("2026-08")

// activity is that of a part of what was collected, in thousandths.
func activity(permille int64) indicator.Activity {
	part := func(grams int64) quantity.Mass { return quantity.Mass(grams * permille / 1000) }
	a := indicator.Activity{
		Fills: 1842 * permille / 1000, Stored: part(184_300), InTransit: part(96_000), Difference: part(57_200),
		Refused: part(612_500), Residue: part(1_033_000), Pending: part(410_000), Recyclate: part(9_846_000), ProcessLoss: part(702_000),
		Contaminant: part(388_000), Diverted: part(75_000), Unallocated: part(12_500),
	}
	a.Accepted = a.Residue + a.Pending + a.Recyclate + a.ProcessLoss
	received := a.Accepted + a.Refused
	a.Collected = received + a.Stored + a.InTransit + a.Difference
	a.CollectedBy[indicator.WardEstimate] = a.Collected / 5
	a.CollectedBy[indicator.WardScale] = a.Collected - a.Collected/5
	a.ReceivedBy[indicator.RecyclerScale] = received
	a.Routes = map[string]quantity.Mass{"R1": a.Residue + a.ProcessLoss/2, "D10": a.ProcessLoss - a.ProcessLoss/2}
	return a
}

// sample is a report of so many wards.
func sample(tb testing.TB, wards int) *report.Report {
	tb.Helper()
	created, err := calendar.ParseInstant("2026-09-04T09:12:00.000Z")
	if err != nil {
		tb.Fatal(err)
	}
	whole := activity(1000)
	r := &report.Report{
		ID: "r-2026-h1", Hash: "9f2c1b7ae0d4583366a1c4b8e97f0d215c3e8a6b4d1f7029e8c5a3b6d7f01e42",
		Title: "Plastica dei reparti: marzo – agosto 2026", Lab: report.Name{ID: "lab", Name: "Laboratorio della Valle"},
		CreatedAt: created, From: from, To: to, Facility: &report.Name{ID: "f1", Name: "Ospedale di Borgochiaro"}, Head: 48_211,
		Method: indicator.MethodID, Set: "default@1", SetTitle: "DESNZ 2025, IPCC, ISPRA", SetDate: "2026-01-15",
		Baseline: &indicator.Baseline{
			ID: "incineration", Name: "All to incineration", NameIT: "Tutto all'incenerimento", Dated: "2026-02-01",
			Source: "ARPAE 2021, p. 88", Routes: []indicator.RouteShare{{Operation: "D10", Permille: 910}, {Operation: "R1", Permille: 90}},
		},
		Balance: indicator.Summarise(whole), Funnel: indicator.FunnelOf(whole),
		Waste: indicator.Waste{
			Total:        12_193_500,
			NonHazardous: indicator.WasteByRoute{Recycling: 9_846_000, OtherRecovery: 1_384_000, Incineration: 963_500},
			Unresolved:   690_300, NonRecycled: 2_347_500, Share: indicator.Ratio{Num: 2_347_500, Den: 12_193_500},
		},
	}
	r.Cards = cards(whole)
	for m, i := from, int64(0); m <= to; m, i = m.Next(), i+1 {
		r.Series = append(r.Series, report.Month{Month: m, Balance: indicator.Summarise(activity(140 + 12*i))})
	}
	for i, s := range []report.StreamName{{ID: "bottles", Name: "Bottles and vials", NameIT: "Flaconi e bottiglie"}, {ID: "film", Name: "Film and wrap", NameIT: "Pellicole e teli"}} {
		r.Streams = append(r.Streams, report.Stream{Stream: s, Balance: indicator.Summarise(activity([]int64{640, 360}[i]))})
	}
	for i := range wards {
		r.Wards = append(r.Wards, ward(i, wards))
	}
	r.Factors = factors()
	return r
}

var wardNames = []string{"Dialisi", "Ortopedia", "Sala operatoria", "Terapia intensiva", "Pronto soccorso", "Pediatria", "Chirurgia generale", "Endoscopia"}

func ward(i, wards int) report.Ward {
	a := activity(int64(1000/wards + i%7))
	w := report.Ward{
		Ward:     report.Name{ID: fmt.Sprintf("w%03d", i), Name: fmt.Sprintf("%s %d", wardNames[i%len(wardNames)], i/len(wardNames)+1)},
		Facility: report.Name{ID: "f1", Name: "Ospedale di Borgochiaro"}, Fills: a.Fills, Collected: a.Collected, Accepted: a.Accepted,
		Refused: a.Refused, Contaminant: a.Contaminant, Recyclate: a.Recyclate, Contaminated: indicator.RatioOf(a.Contaminant, a.Accepted+a.Refused),
		WasteCO2: ptr(decimal.New(int64(a.Collected)*17, -5)), Avoided: ptr(decimal.New(-int64(a.Recyclate)*124, -5)),
	}
	if i%9 == 4 { // a material without a factor
		w.Avoided = nil
	}
	return w
}

func card(group, id, unit, value, display string, interval, sources *indicator.Interval) indicator.Card {
	c := indicator.Card{
		ID: id, Group: group, Unit: unit, Display: display, Interval: interval, Sources: sources, Fills: 1842,
		Method: indicator.MethodID, From: from, To: to, Head: 48_211,
		Inputs: "4be0c2d1f8a97c3b5e6d8f0a1b2c3d4e5f60718293a4b5c6d7e8f9010a1b2c3d",
	}
	if value != "" {
		c.Value = ptr(dec(value))
	}
	return c
}

func without(group, id, unit, reason string, missing ...string) indicator.Card {
	c := card(group, id, unit, "", "", nil, nil)
	c.Reason, c.Missing = reason, missing
	return c
}

func cards(a indicator.Activity) []indicator.Card {
	product := func(low, high string) *indicator.Interval { return span(low, high, "lognormal-product") }
	sum := func(low, high string) *indicator.Interval { return span(low, high, "fenton-wilkinson") }
	difference := func(low, high string) *indicator.Interval { return span(low, high, "monte-carlo") }
	sources := func(low, high string) *indicator.Interval { return span(low, high, "sources") }
	list := []indicator.Card{
		card("mass", "collected", "kg", "12941", "13000", nil, nil),
		card("mass", "accepted", "kg", "11991", "12000", nil, nil),
		card("mass", "refused", "kg", "612.5", "610", nil, nil),
		card("mass", "recyclate", "kg", "9846", "9800", nil, nil),
		card("mass", "contamination", "1", "0.0308", "0.031", nil, nil),
		card("mass", "refusal", "1", "0.0486", "0.049", nil, nil),
		without("mass", "capture", "1", "denominator-missing", "generated-gram 2026-03"),
		card("mass", "closure", "1", "0.9955", "1.0", nil, nil),
		card("co2", "inventory", "kgCO2e", "43310.42", "43000", sum("36800", "51200"), sources("29400", "43310.42")),
		card("co2", "inventory-production", "kgCO2e", "41105.36", "41000", sum("34700", "48900"), sources("27200", "41105.36")),
		card("co2", "inventory-transport", "kgCO2e", "412.18", "410", product("240", "690"), nil),
		card("co2", "inventory-treatment", "kgCO2e", "1792.88", "1800", sum("1610", "2000"), nil),
		card("co2", "inventory-waste", "kgCO2e", "2205.06", "2200", sum("1950", "2530"), nil),
		card("co2", "avoided", "kgCO2e", "-12184.55", "-12000", difference("-16900", "-8100"), sources("-14800", "-5300")),
		card("co2", "biogenic", "kgCO2", "86.4", "86", product("80", "93"), nil),
		card("co2", "comparison", "kgCO2e", "-38120.7", "-38000", difference("-44100", "-32600"), sources("-41000", "-30900")),
		card("co2", "comparison-baseline", "kgCO2e", "28141.21", "28000", sum("26600", "29800"), nil),
		card("co2", "segregation", "kgCO2e", "-940.2", "-940", difference("-1400", "-520"), nil),
		without("co2", "recycler-process", "kgCO2e", "transport-not-declared", "legs"),
		card("co2", "electricity-location", "kgCO2e", "18.36", "18", product("15", "22"), nil),
		card("co2", "electricity-market", "kgCO2e", "37.49", "37", product("31", "46"), nil),
		card("circularity", "mci", "1", "0.412", "0.41", nil, nil),
		card("circularity", "calculation-point-rate", "1", "0.8797", "0.88", nil, nil),
		card("circularity", "output-rate", "1", "0.8211", "0.82", nil, nil),
		card("circularity", "iso59020-reused-out", "1", "0", "0", nil, nil),
		card("circularity", "iso59020-recycled-out", "1", "0.8075", "0.81", nil, nil),
		card("circularity", "iso59020-biological-out", "1", "0", "0", nil, nil),
		card("circularity", "iso59020-linear-out", "1", "0.1925", "0.19", nil, nil),
		without("circularity", "iso59020-reused-in", "1", "not-declared"),
		without("circularity", "iso59020-recycled-in", "1", "not-declared"),
		without("circularity", "iso59020-renewable-in", "1", "not-declared"),
		without("circularity", "iso59020-renewable-energy", "1", "not-declared"),
		without("circularity", "cff", "kgCO2e", "factor-missing", "virgin-production/TPU"),
		card("intensity", "collected-per-bed-day", "kg/bed-day", "0.311", "0.31", nil, nil),
		card("intensity", "collected-per-dialysis-session", "kg/dialysis-session", "1.87", "1.9", nil, nil),
		without("intensity", "collected-per-procedure", "kg/procedure", "denominator-missing", "procedure 2026-03", "procedure 2026-04"),
		without("intensity", "collected-per-encounter", "kg/encounter", "no-activity"),
		card("intensity", "inventory-waste-per-kg", "kgCO2e/kg", "0.1704", "0.17", sum("0.151", "0.196"), nil),
		card("intensity", "inventory-waste-per-bed-day", "kgCO2e/bed-day", "0.053", "0.053", sum("0.047", "0.061"), nil),
		card("intensity", "inventory-waste-per-dialysis-session", "kgCO2e/dialysis-session", "0.32", "0.32", sum("0.28", "0.37"), nil),
	}
	for i := range list {
		list[i].Coverage = indicator.Coverage{
			Mass: a.Collected, Covered: a.Collected * 96 / 100, Measured: a.Collected - a.Collected/5, Estimated: a.Collected / 5, Pending: a.Pending,
			ByRung: indicator.Summarise(a).CollectedBy,
		}
		switch list[i].ID {
		case "avoided":
			list[i].Modules, list[i].Factors = []string{"D"}, []string{"default@1/recycled-production/PP", "default@1/virgin-production/PP"}
			list[i].Lines = []indicator.Line{
				{Phase: "avoided", Subject: "PP", Route: "crates", Quality: "0.90", Stream: "bottles", Amount: dec("9631.86"), Unit: "kg", Factor: "default@1/recycled-production/PP - default@1/virgin-production/PP",
					Per: ptr(dec("-1.265")), Value: ptr(dec("-12184.55")), Interval: difference("-16900", "-8100")},
				{Phase: "avoided", Subject: "TPU", Quality: "=1+1", Stream: "film", Amount: dec("214.14"), Unit: "kg", Missing: "virgin-production/TPU"},
			}
			list[i].Notes = []string{"a-code-without-a-text"}
		case "comparison":
			list[i].Notes = []string{"same-transport", "comparative-result"}
			list[i].Lines = []indicator.Line{{Phase: "baseline treatment", Subject: "PP", Route: "D10", Stream: "bottles", Amount: dec("-8970.74"), Unit: "kg",
				Factor: "default@1/incineration/PP", Per: ptr(dec("3.137")), Value: ptr(dec("-28141.21"))}}
		case "inventory-transport":
			list[i].Modules = []string{"C2"}
			list[i].Lines = []indicator.Line{{Phase: "transport", Subject: "rigid-lorry@50", Amount: dec("651.2"), Unit: "km", Factor: "default@1/vehicle-km-ttw/rigid-lorry@50 + default@1/vehicle-km-wtt/rigid-lorry@50",
				Per: ptr(dec("0.63296")), Value: ptr(dec("412.18")), Interval: product("240", "690")}}
		}
	}
	return list
}

func factors() []factor.Factor {
	one := func(kind factor.Kind, subject, value, unit, table string, year int, modules ...factor.Module) factor.Factor {
		return factor.Factor{
			ID: string(kind) + "/" + subject, Kind: kind, Subject: subject, Modules: modules, Value: dec(value), Unit: unit, GWP: "AR5", Uptake: factor.ZeroZero,
			Region: "GB", Year: year, From: "2025-06-10", Source: "UK DESNZ, GHG conversion factors 2025, flat file v1", Table: table, Licence: "OGL v3",
			Scores: factor.Scores{Reliability: 2, Completeness: 2, Temporal: 1, Geographical: 3, Technological: 3}, GSD2: dec("1.22"),
		}
	}
	var list []factor.Factor
	for _, polymer := range []struct{ name, virgin, recycled, burnt string }{
		{"PE-HD", "3.09516", "1.77079", "3.137"}, {"PE-LD", "2.96508", "1.0979", "3.137"}, {"PET", "3.8639", "2.2139", "2.29"}, {"PP", "2.57757", "1.31257", "3.137"},
	} {
		list = append(list,
			one(factor.Incineration, polymer.name, polymer.burnt, "kgCO2e/kg", "stoichiometry", 2006, factor.WasteDisposal),
			one(factor.RecycledProduction, polymer.name, polymer.recycled, "kgCO2e/kg", "Material use, closed-loop", 2025, factor.RawMaterial, factor.InboundHaul, factor.Conversion),
			one(factor.VirginProduction, polymer.name, polymer.virgin, "kgCO2e/kg", "Material use, primary", 2025, factor.RawMaterial, factor.InboundHaul, factor.Conversion))
	}
	return append(list, one(factor.VehicleKmTTW, "rigid-lorry@50", "0.50103", "kgCO2e/km", "Freighting goods", 2025, factor.WasteHaul),
		one(factor.VehicleKmWTT, "rigid-lorry@50", "0.13193", "kgCO2e/km", "WTT delivery", 2025, factor.WasteHaul))
}
