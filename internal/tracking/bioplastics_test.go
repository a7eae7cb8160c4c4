package tracking_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/bioplastic"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

var documentHash = strings.Repeat("ab", 32)

// aProfile is a bottle that is polyethylene, from plants.
func aProfile() bioplastic.Profile {
	share := 950
	return bioplastic.Profile{
		Name: "Bio-PE bottle", NameIT: "Flacone in bio-PE", Maker: "a maker", Polymer: "PE", DropIn: "PE",
		Composition: bioplastic.Composition{
			Components:   []bioplastic.Component{{Name: "bio-PE", Permille: 1000, Origin: bioplastic.FromPlants}},
			BiobasedMass: &share, Evidence: []bioplastic.Document{{Standard: "EN 16640", SHA256: documentHash}},
		},
		Biobased: bioplastic.Yes, Biodegradable: bioplastic.No, Compostable: bioplastic.None,
		Infectious: bioplastic.No, PatientContact: bioplastic.Unknown,
		Comparison: &bioplastic.Comparison{Task: "one bottle, filled once", Item: aSide("1.1"), Reference: aSide("3.1")},
	}
}

func aSide(production string) bioplastic.Alternative {
	return bioplastic.Alternative{Name: "bottle", Pieces: "1", GramsPerPiece: "28", Factors: []bioplastic.Factor{
		{Modules: bioplastic.WholeLife(), Fossil: production, Uptake: bioplastic.ZeroZero, Source: "a source"},
	}}
}

// bottleSteps lead the bottle to its acceptance.
func bottleSteps() []bioplastic.Advance {
	return []bioplastic.Advance{
		{To: bioplastic.DeskCheck},
		{To: bioplastic.StreamTrial, Trial: &bioplastic.Trial{
			Route: bioplastic.MechanicalRecycling, Facility: "a plant", From: "2026-01-10", To: "2026-01-20", Input: 10_000, Residue: 3, Result: bioplastic.Passed, SHA256: documentHash,
		}},
		{To: bioplastic.OutletConfirmed, Outlet: &bioplastic.Outlet{
			Name: "a plant", Route: bioplastic.MechanicalRecycling, Polymer: "PE", ValidTo: "2026-12-31", SHA256: documentHash,
		}},
		{To: bioplastic.Accepted},
		{To: bioplastic.DeskCheck, Note: "a new supplier"},
		{To: bioplastic.Rejected, Note: "the supplier gave up"},
		{To: bioplastic.NotAssessed, Note: "another supplier"},
	}
}

// mustDossier writes a dossier and takes it through all steps.
func mustDossier(t TB, l *Lab) string {
	t.Helper()
	v, err := l.Service.PutDossier(ctx, l.Coordinator(), tracking.Write{}, "", aProfile())
	if err != nil {
		t.Fatalf("making a dossier: %v", err)
	}
	version := v.Seq
	for _, a := range bottleSteps() {
		l.Clock.Advance(time.Second)
		step, err := l.Service.AdvanceDossier(ctx, l.Coordinator(), tracking.Write{IfVersion: version}, v.Doc.ID, a)
		if err != nil {
			t.Fatalf("to %s: %v", a.To, err)
		}
		version = step.Seq
	}
	return v.Doc.ID
}

func TestDossiersFoldToTheSameBytes(t *testing.T) {
	l := MustLab(t, MustStore(t))
	id := mustDossier(t, l)
	settings, err := l.Service.BioplasticSettings(ctx, l.Coordinator())
	if err != nil || settings.Doc.Threshold != bioplastic.DefaultThreshold {
		t.Fatalf("got %+v, %v, want the default", settings, err)
	}
	if _, err := l.Service.PutBioplasticSettings(ctx, l.Coordinator(), tracking.Write{IfVersion: settings.Seq}, tracking.BioplasticSettings{Threshold: 500}); err != nil {
		t.Fatal(err)
	}
	wantInvariants(t, l)
	steps, err := l.Service.Transitions(ctx, l.Auditor("", ""), id, tracking.Page{Limit: 100})
	if err != nil || len(steps.Items) != len(bottleSteps()) {
		t.Fatalf("got %d steps, %v", len(steps.Items), err)
	}
	at := bioplastic.NotAssessed
	for i, s := range steps.Items {
		if s.Doc.From != at || s.Doc.Number != i+1 || s.Doc.By != l.Coordinator().Actor() || s.Doc.Evidence.To != bottleSteps()[i].To {
			t.Errorf("step %d: got %+v, want one from %s", i+1, s.Doc, at)
		}
		at = s.Doc.Evidence.To
	}
}

// A dossier that says more than its ledger must be noticed.
func TestControlVerifyNoticesAForgedDossier(t *testing.T) {
	l := MustLab(t, MustStore(t))
	id := mustDossier(t, l)
	err := l.Store.Update(ctx, store.LabID(l.ID), func(tx store.Tx) error {
		d, err := tx.Get(tracking.KindDossier, id)
		if err != nil {
			return err
		}
		var doc tracking.Dossier
		if err := json.Unmarshal(d.Body, &doc); err != nil {
			return err
		}
		doc.State = bioplastic.Accepted
		if d.Body, err = json.Marshal(doc); err != nil {
			return err
		}
		return tx.Put(d)
	})
	if err != nil {
		t.Fatal(err)
	}
	scratch, err := openScratch()
	if err != nil {
		t.Fatal(err)
	}
	defer scratch.close()
	faults, err := tracking.Verify(ctx, l.Store, scratch.Store, store.LabID(l.ID), nil)
	if err != nil || len(faults) == 0 {
		t.Errorf("got %v, %v, want a fault", faults, err)
	}
}

func TestStepsOfDossiersAreTheCoordinators(t *testing.T) {
	l := MustLab(t, MustStore(t))
	v, err := l.Service.PutDossier(ctx, l.Coordinator(), tracking.Write{}, "", aProfile())
	if err != nil {
		t.Fatal(err)
	}
	step := func(w tracking.Write, id string) error {
		_, err := l.Service.AdvanceDossier(ctx, l.Coordinator(), w, id, bottleSteps()[0])
		return err
	}
	wantFault(t, "without a version", step(tracking.Write{}, v.Doc.ID), "version-changed", "", "")
	wantFault(t, "of another version", step(tracking.Write{IfVersion: 1}, v.Doc.ID), "version-changed", "", "")
	wantFault(t, "of nothing", step(tracking.Write{IfVersion: v.Seq}, "nothing"), "not-found", "", "")
	_, err = l.Service.AdvanceDossier(ctx, l.Manager(l.Facility), tracking.Write{IfVersion: v.Seq}, v.Doc.ID, bottleSteps()[0])
	wantFault(t, "by a manager", err, "role-not-allowed", "", "")
	_, err = l.Service.PutDossier(ctx, l.Manager(l.Facility), tracking.Write{}, "", aProfile())
	wantFault(t, "a manager's dossier", err, "role-not-allowed", "", "")
	_, err = l.Service.Dossier(ctx, l.WardStaff(l.Facility), v.Doc.ID)
	wantFault(t, "read by a ward", err, "role-not-allowed", "", "")
}
