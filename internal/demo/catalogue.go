package demo

import (
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// The ids of the catalogue.
const (
	hospital   = "ospedale-argine"
	polyclinic = "poliambulatorio-canale"

	polymers  = "rigenera-pianura"
	organics  = "polimeri-bassa"
	rigid     = "imballaggi-rigidi"
	film      = "film"
	wrap      = "teli-sterilizzazione"
	infusion  = "flaconi-infusione"
	devices   = "dispositivi-misti"
	bioPE     = "flaconi-bio-pe"
	compost   = "stoviglie-compostabili"
	basement  = "farmacia"
	slowClock = "sale-operatorie" // whose phone's clock is off for two months
	firstWard = "degenza-azzurra" // the one that the tour and the sign-ins are about
)

// Nobody and nothing in these tables exists.

func facilities() []tracking.Facility {
	return []tracking.Facility{
		{ID: hospital, Name: "Ospedale dell'Argine (demo)", Address: "Via dell'Esempio 1, Mirandola (MO)", Contact: "Centralino: 0535 000 000"},
		{ID: polyclinic, Name: "Poliambulatorio del Canale (demo)", Address: "Via dell'Esempio 2, Mirandola (MO)", Contact: "Accettazione: 0535 000 001"},
	}
}

func recyclers() []tracking.Recycler {
	return []tracking.Recycler{
		{ID: polymers, Name: "Rigenera Pianura (demo)"},
		{ID: organics, Name: "Polimeri e Compost della Bassa (demo)"},
	}
}

// place is a ward, its bins and its habits.
type place struct {
	tracking.Ward
	scale   string  // how it weighs: "" (it guesses), "net" or "gross"
	busy    float64 // how fast its bins fill
	weekend float64 // how much of that at the weekend
	bins    []binsOf
}

// binsOf are bins of one kind in a ward.
type binsOf struct {
	stream string
	litres int64
	count  int
}

func places() []place {
	return []place{
		{tracking.Ward{ID: firstWard, Facility: hospital, Name: "Degenza azzurra"}, "", 1.0, 0.85,
			[]binsOf{{infusion, 120, 3}, {film, 120, 2}, {rigid, 60, 2}, {bioPE, 60, 1}}},
		{tracking.Ward{ID: "degenza-verde", Facility: hospital, Name: "Degenza verde"}, "", 0.9, 0.85,
			[]binsOf{{infusion, 120, 3}, {film, 120, 2}, {rigid, 60, 2}, {bioPE, 60, 1}}},
		{tracking.Ward{ID: slowClock, Facility: hospital, Name: "Sale operatorie"}, "net", 1.25, 0.2,
			[]binsOf{{wrap, 240, 4}, {rigid, 120, 3}, {film, 240, 2}, {devices, 120, 1}}},
		{tracking.Ward{ID: "dialisi", Facility: hospital, Name: "Dialisi"}, "net", 1.3, 0.5,
			[]binsOf{{infusion, 240, 3}, {rigid, 120, 2}, {devices, 120, 2}, {bioPE, 120, 1}}},
		{tracking.Ward{ID: basement, Facility: hospital, Name: "Farmacia (seminterrato)"}, "gross", 1.1, 0.1,
			[]binsOf{{film, 240, 3}, {rigid, 120, 2}, {bioPE, 120, 1}}},
		{tracking.Ward{ID: "ristorazione", Facility: hospital, Name: "Ristorazione"}, "", 1.05, 0.9,
			[]binsOf{{compost, 120, 3}, {film, 120, 1}}},
		{tracking.Ward{ID: "ambulatori", Facility: polyclinic, Name: "Ambulatori"}, "", 0.8, 0.05,
			[]binsOf{{rigid, 60, 2}, {devices, 60, 2}, {compost, 60, 2}, {film, 120, 1}, {bioPE, 60, 1}}},
		{tracking.Ward{ID: "endoscopia", Facility: polyclinic, Name: "Endoscopia"}, "net", 0.95, 0.05,
			[]binsOf{{devices, 120, 2}, {wrap, 120, 2}, {infusion, 120, 2}, {rigid, 60, 2}}},
	}
}

// tareGrams is the mass of an empty bin by its volume.
func tareGrams(litres int64) int64 {
	switch litres {
	case 60:
		return 2_400
	case 120:
		return 8_300
	}
	return 11_800
}

// material is a stream, who takes it, and what becomes of it there.
type material struct {
	tracking.Stream
	recycler  string
	recyclate float64 // share of what is accepted that comes out as recyclate, or as compost
	loss      float64 // share that enters the process and does not come out
	product   tracking.Output
}

func materials() []material {
	all := append(packagingMaterials(), sterileMaterials()...)
	return append(all, bioMaterials()...)
}

// pictograms are what the labels of a stream show.
func pictograms(all ...print.Pictogram) []string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = string(p)
	}
	return names
}

func packagingMaterials() []material {
	return []material{
		{tracking.Stream{
			ID: rigid, Name: "Rigid packaging", NameIT: "Imballaggi rigidi", Family: "fossil", EER: "15 01 02", Colour: "#1f6fb2",
			Polymers:   []tracking.PolymerShare{{Polymer: "PP", Permille: 850}, {Polymer: "PE-HD", Permille: 100}, {Polymer: "PET", Permille: 50}},
			Accepts:    []string{"empty trays and blisters without paper", "caps and canisters, empty", "rigid boxes of devices"},
			AcceptsIT:  []string{"vaschette e blister vuoti, senza carta", "tappi e taniche, vuoti", "scatole rigide di dispositivi"},
			Refuses:    []string{"medicine residues", "sharps", "anything visibly contaminated"},
			RefusesIT:  []string{"residui di farmaci", "taglienti", "tutto ciò che è visibilmente contaminato"},
			Densities:  []tracking.DatedDensity{{GramsPerLitre: 30}},
			Pictograms: pictograms(print.Tray, print.Blister, print.Cap, print.Canister, print.Box),
		}, polymers, 0.80, 0.06, tracking.Output{Operation: "R3", Polymer: "PP", Application: "crates and pallets", Quality: "0.80"}},
		{tracking.Stream{
			ID: film, Name: "Film and bags", NameIT: "Film e sacchi", Family: "fossil", EER: "15 01 02", Colour: "#5aa9e6",
			Polymers:   []tracking.PolymerShare{{Polymer: "PE-LD", Permille: 900}, {Polymer: "PP", Permille: 100}},
			Accepts:    []string{"transparent outer film", "bags of linen and gowns, clean", "shrink film of pallets"},
			AcceptsIT:  []string{"film esterno trasparente", "sacchi puliti di biancheria e camici", "film estensibile dei bancali"},
			Refuses:    []string{"paper labels by the roll", "infectious waste bags", "food residues"},
			RefusesIT:  []string{"etichette di carta in rotoli", "sacchi per rifiuti infettivi", "residui di cibo"},
			Densities:  []tracking.DatedDensity{{GramsPerLitre: 22}},
			Pictograms: pictograms(print.Film, print.Bag, print.Wrap),
		}, polymers, 0.84, 0.05, tracking.Output{Operation: "R3", Polymer: "PE-LD", Application: "refuse bags", Quality: "0.75"}},
		{tracking.Stream{
			ID: infusion, Name: "Infusion bottles", NameIT: "Flaconi per infusione", Family: "fossil", EER: "15 01 02", Colour: "#f2a541",
			Polymers:   []tracking.PolymerShare{{Polymer: "PE-LD", Permille: 900}, {Polymer: "PP", Permille: 100}},
			Accepts:    []string{"emptied bottles of saline and glucose", "their outer bags"},
			AcceptsIT:  []string{"flaconi svuotati di fisiologica e glucosata", "le loro buste esterne"},
			Refuses:    []string{"bottles with added medicines", "needles and tubing", "glass"},
			RefusesIT:  []string{"flaconi con farmaci aggiunti", "aghi e deflussori", "vetro"},
			Densities:  []tracking.DatedDensity{{GramsPerLitre: 36}},
			Pictograms: pictograms(print.Infusion, print.Bag),
		}, polymers, 0.86, 0.05, tracking.Output{Operation: "R3", Polymer: "PE-LD", Application: "pipes", Quality: "0.85"}},
	}
}

func sterileMaterials() []material {
	return []material{
		{tracking.Stream{
			ID: wrap, Name: "Sterilisation wrap", NameIT: "Teli di sterilizzazione", Family: "fossil", EER: "15 01 02", Colour: "#3a5a98",
			Polymers:   []tracking.PolymerShare{{Polymer: "PP", Permille: 1000}},
			Accepts:    []string{"blue wrap, opened before the patient enters", "outer pouches, plastic side"},
			AcceptsIT:  []string{"teli blu, aperti prima dell'ingresso del paziente", "buste esterne, lato plastica"},
			Refuses:    []string{"used gowns and drapes", "paper side of pouches", "tapes with metal"},
			RefusesIT:  []string{"camici e teli usati", "lato carta delle buste", "nastri con metallo"},
			Densities:  []tracking.DatedDensity{{GramsPerLitre: 26}},
			Pictograms: pictograms(print.Wrap, print.Bag),
		}, polymers, 0.88, 0.04, tracking.Output{Operation: "R3", Polymer: "PP", Application: "containers", Quality: "0.90"}},
		{tracking.Stream{
			ID: devices, Name: "Disposables, not infectious", NameIT: "Monouso non infettivi", Family: "mixed", EER: "18 01 04", Colour: "#8a6fae",
			Polymers:   []tracking.PolymerShare{{Polymer: "PP", Permille: 250}, {Polymer: "PVC", Permille: 600}, {Polymer: "PS", Permille: 150}},
			Accepts:    []string{"masks and tubing from patients without infection, dry", "unused expired disposables"},
			AcceptsIT:  []string{"maschere e tubi asciutti, di pazienti senza infezioni", "monouso scaduti e mai usati"},
			Refuses:    []string{"anything with blood or fluids", "anything from isolation rooms", "sharps"},
			RefusesIT:  []string{"tutto ciò che ha sangue o liquidi", "tutto ciò che viene da stanze di isolamento", "taglienti"},
			Densities:  []tracking.DatedDensity{{GramsPerLitre: 48}},
			Pictograms: pictograms(print.Mask, print.Tube),
		}, organics, 0.55, 0.09, tracking.Output{Operation: "R3", Polymer: "PVC", Application: "flooring", Quality: "0.60"}},
	}
}

func bioMaterials() []material {
	return []material{
		{tracking.Stream{
			ID: bioPE, Name: "Bio-PE bottles", NameIT: "Flaconi in bio-PE", Family: "bio-based-drop-in", EER: "15 01 02", Colour: "#2e8b57",
			Polymers:   []tracking.PolymerShare{{Polymer: "bio-PE", Permille: 1000}},
			Accepts:    []string{"bottles marked bio-PE, emptied and rinsed", "their caps"},
			AcceptsIT:  []string{"flaconi con marchio bio-PE, svuotati e sciacquati", "i loro tappi"},
			Refuses:    []string{"compostable bottles", "bottles of disinfectant concentrate"},
			RefusesIT:  []string{"flaconi compostabili", "flaconi di disinfettante concentrato"},
			Densities:  []tracking.DatedDensity{{GramsPerLitre: 34}},
			Pictograms: pictograms(print.Bottle, print.Cap),
		}, organics, 0.87, 0.05, tracking.Output{Operation: "R3", Polymer: "bio-PE", Application: "bottles, not for food", Quality: "0.90"}},
		{tracking.Stream{
			ID: compost, Name: "Compostable tableware", NameIT: "Stoviglie compostabili", Family: "compostable", EER: "20 01 08", Colour: "#7a9e3a",
			Polymers:   []tracking.PolymerShare{{Polymer: "PLA", Permille: 700}, {Polymer: "PHA", Permille: 300}},
			Accepts:    []string{"cups, trays and cutlery certified EN 13432", "food residues on them"},
			AcceptsIT:  []string{"bicchieri, vassoi e posate certificati EN 13432", "residui di cibo su di essi"},
			Refuses:    []string{"conventional plastics", "tableware from isolation rooms"},
			RefusesIT:  []string{"plastica tradizionale", "stoviglie da stanze di isolamento"},
			Densities:  []tracking.DatedDensity{{GramsPerLitre: 55}},
			Pictograms: pictograms(print.Cup, print.Tray, print.Cutlery),
		}, organics, 0.90, 0, tracking.Output{Operation: "composting"}},
	}
}
