package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/ricircolo/ricircolo/internal/bioplastic"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// evaluation is a dossier of the demo and the steps that it takes.
type evaluation struct {
	key     string
	profile bioplastic.Profile
	steps   []evaluationStep

	id      string
	version store.Seq
}

// evaluationStep is due so many days after the lab began.
type evaluationStep struct {
	day int
	bioplastic.Advance
}

// evaluations are two bioplastics: bottles that are polyethylene, accepted, and
// tableware that passed its trial and finds no plant that takes it.
func (w *world) evaluations() []*evaluation {
	const maker = "a maker (demo)"
	end := w.dayAfter(w.last + 400)
	trial := bioplastic.Trial{From: w.dayAfter(30), To: w.dayAfter(114), Input: 40_000, Result: bioplastic.Passed}
	recycling, composting := trial, trial
	recycling.Route, recycling.Facility, recycling.Residue, recycling.SHA256 = bioplastic.MechanicalRecycling, "Polimeri Bassa (demo)", 12, document("trial of the bottles")
	composting.Route, composting.Facility, composting.Residue, composting.SHA256 = bioplastic.Composting, "a composting plant (demo)", 2_900, document("trial of the tableware")
	bottle := bioplastic.Profile{
		Name: "Bio-PE bottle, 500 ml", NameIT: "Flacone in bio-PE, 500 ml", Maker: maker, Polymer: "PE", DropIn: "PE", Thickness: 900,
		Composition: composition("bio-PE", 950, "masterbatch"), Biobased: bioplastic.Yes, Biodegradable: bioplastic.No, Compostable: bioplastic.None,
		Infectious: bioplastic.No, PatientContact: bioplastic.No,
		Comparison: comparison("one bottle of 500 ml, filled once", "bio-PE bottle", "28", "1.1", "PE bottle", "28", "3.1"),
	}
	tableware := bioplastic.Profile{
		Name: "PLA tray", NameIT: "Vassoio in PLA", Maker: maker, Polymer: "PLA", Thickness: 450,
		Composition: composition("PLA", 970, "additives"), Biobased: bioplastic.Yes, Biodegradable: bioplastic.Yes, Compostable: bioplastic.Industrial,
		Infectious: bioplastic.No, PatientContact: bioplastic.No,
		Comparison: comparison("one tray, used once", "PLA tray", "18.5", "2.4", "PS tray", "15", "4.4"),
	}
	certificate := bioplastic.Certificate{
		Standard: "EN 13432", Body: "a body (demo)", Number: "DEMO-0001", Scope: "product", MaxThickness: 500, Expires: end, SHA256: document("certificate"),
	}
	outlet := bioplastic.Outlet{
		Name: "Polimeri Bassa (demo)", Route: bioplastic.MechanicalRecycling, Polymer: "PE", ValidTo: end, SHA256: document("acceptance of the bottles"),
	}
	return []*evaluation{
		{key: "bottle", profile: bottle, steps: []evaluationStep{
			{12, bioplastic.Advance{To: bioplastic.DeskCheck}},
			{120, bioplastic.Advance{To: bioplastic.StreamTrial, Trial: &recycling}},
			{134, bioplastic.Advance{To: bioplastic.OutletConfirmed, Outlet: &outlet}},
			{141, bioplastic.Advance{To: bioplastic.Accepted, Note: "goes with the PE bottles"}},
		}},
		{key: "tableware", profile: tableware, steps: []evaluationStep{
			{12, bioplastic.Advance{To: bioplastic.DeskCheck}},
			{26, bioplastic.Advance{To: bioplastic.CertificateVerified, Certificates: []bioplastic.Certificate{certificate}}},
			{121, bioplastic.Advance{To: bioplastic.StreamTrial, Trial: &composting, Note: "no plant has said in writing yet that it takes it"}},
		}},
	}
}

// composition is one main component from plants, and the rest.
func composition(main string, permille int, rest string) bioplastic.Composition {
	share := permille
	return bioplastic.Composition{
		Components: []bioplastic.Component{
			{Name: main, Permille: permille, Origin: bioplastic.FromPlants}, {Name: rest, Permille: 1000 - permille, Origin: bioplastic.Fossil},
		},
		BiobasedMass: &share, Evidence: []bioplastic.Document{{Standard: "EN 16640", SHA256: document("composition of " + main)}},
	}
}

// comparison has round numbers that say of themselves that they are no data.
func comparison(task, item, grams, production, reference, referenceGrams, referenceProduction string) *bioplastic.Comparison {
	side := func(name, grams, production string) bioplastic.Alternative {
		factor := func(perKg string, modules ...bioplastic.Module) bioplastic.Factor {
			return bioplastic.Factor{Modules: modules, Fossil: perKg, Uptake: bioplastic.ZeroZero, Source: "a round number for the demo"}
		}
		return bioplastic.Alternative{Name: name, Pieces: "1", GramsPerPiece: grams, Factors: []bioplastic.Factor{
			factor(production, "A1", "A2", "A3"), factor("0.1", "C2", "C3", "C4"),
		}}
	}
	return &bioplastic.Comparison{Task: task, Item: side(item, grams, production), Reference: side(reference, referenceGrams, referenceProduction)}
}

// document is the hash of a document that nobody wrote.
func document(name string) string {
	sum := sha256.Sum256([]byte("demo: " + name))
	return hex.EncodeToString(sum[:])
}

func (w *world) dayAfter(days int) bioplastic.Day {
	return bioplastic.Day(w.sharp(days, 12).Format("2006-01-02"))
}

// openDossiers writes the dossiers, not assessed yet.
func (w *world) openDossiers() error {
	w.dossiers = w.evaluations()
	for _, e := range w.dossiers {
		v, err := w.out.service.PutDossier(w.out.ctx, w.desk.coordinator.Caller, tracking.Write{Key: "demo:dossier:" + e.key}, "", e.profile)
		if err != nil {
			return fmt.Errorf("writing the dossier of the %s: %w", e.key, err)
		}
		e.id, e.version = v.Doc.ID, v.Seq
	}
	return nil
}

// evaluate takes the steps that are due at the end of a day.
func (w *world) evaluate() error {
	for _, e := range w.dossiers {
		for _, s := range e.steps {
			if s.day != w.day || w.day == w.last {
				continue
			}
			w.out.clock = w.sharp(w.day, 24) // nothing of the day is sent later
			write := tracking.Write{Key: fmt.Sprintf("demo:dossier:%s:%s", e.key, s.To), IfVersion: e.version}
			v, err := w.out.service.AdvanceDossier(w.out.ctx, w.desk.coordinator.Caller, write, e.id, s.Advance)
			if err != nil {
				return fmt.Errorf("taking the %s to %s: %w", e.key, s.To, err)
			}
			e.version = v.Seq
		}
	}
	return nil
}
