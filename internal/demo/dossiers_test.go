package demo_test

import (
	"testing"

	"github.com/ricircolo/ricircolo/internal/bioplastic"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// The bottles are accepted and have a credit; the tableware has an honest
// comparison and none, since no plant takes it.
func checkDossiers(t *testing.T, b books) {
	today := bioplastic.Day(until.Format("2006-01-02"))
	want := map[string]bioplastic.State{"PE": bioplastic.Accepted, "PLA": bioplastic.StreamTrial}
	dossiers := all[tracking.Dossier](t, b, tracking.KindDossier, nil)
	steps := all[tracking.Transition](t, b, tracking.KindTransition, nil)
	if len(dossiers) != len(want) || len(steps) != 7 {
		t.Errorf("got %d dossiers and %d steps, want 2 and 7", len(dossiers), len(steps))
	}
	for _, d := range dossiers {
		standing := d.Standing(today)
		if standing.State != want[d.Polymer] || d.State != standing.State || d.Maker != "a maker (demo)" {
			t.Errorf("%s of %s: got %s, recorded %s, %v", d.Name, d.Maker, standing.State, d.State, standing.Reasons)
		}
		o, ok := d.Compare(today)
		if !ok || o.Saving.Fossil.IsZero() || o.Credit.IsZero() != (d.Polymer == "PLA") {
			t.Errorf("%s: got saving %s, credit %s", d.Name, o.Saving.Fossil, o.Credit)
		}
	}
}
