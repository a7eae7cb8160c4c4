package demo_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/demo"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

var (
	coordinator = access.Caller{Membership: access.Membership{Lab: demo.Lab, Role: access.Coordinator}, User: "somebody"}
	wholeYear   = tracking.IndicatorFilter{From: "2025-09", To: "2026-08"}
)

func mustCards(t *testing.T, s store.Store, f tracking.IndicatorFilter, o tracking.AssessOptions) map[string]indicator.Card {
	t.Helper()
	a, err := tracking.New(s, time.Now).Cards(context.Background(), coordinator, f, o)
	if err != nil {
		t.Fatalf("cards: %v", err)
	}
	cards := map[string]indicator.Card{}
	for _, c := range a.Cards {
		cards[c.ID] = c
	}
	return cards
}

// What the lab declares is what the cards need: each has a value, and is
// without one if the lab's choice is taken away.
func checkCards(t *testing.T, s store.Store) {
	cards := mustCards(t, s, wholeYear, tracking.AssessOptions{})
	for _, id := range []string{
		"inventory", "inventory-production", "inventory-transport", "inventory-treatment", "inventory-waste", "avoided", "biogenic",
		"comparison", "comparison-baseline", "segregation", "capture", "collected-per-bed-day", "collected-per-dialysis-session",
		"collected-per-procedure", "collected-per-encounter", "inventory-waste-per-procedure",
	} {
		card, there := cards[id]
		if !there || card.Value == nil {
			t.Errorf("%s: got no value: %q %v", id, card.Reason, card.Missing)
			continue
		}
		t.Logf("%-32s %10s %-22s notes %v", id, card.Display, card.Unit, card.Notes)
	}
	hospital := wholeYear
	hospital.Facility = "ospedale-argine"
	ofHospital := mustCards(t, s, hospital, tracking.AssessOptions{})
	for _, id := range []string{"inventory-waste-per-bed-day", "inventory-waste-per-dialysis-session"} {
		if card := ofHospital[id]; card.Value == nil {
			t.Errorf("%s of the hospital: got no value: %q %v", id, card.Reason, card.Missing)
		}
	}
	if v := cards["capture"].Value; v != nil && (v.LessThan(decimal.RequireFromString("0.6")) || v.GreaterThan(decimal.RequireFromString("0.8"))) {
		t.Errorf("capture is %s, want 0.6 to 0.8", v)
	}
	others := mustCards(t, s, wholeYear, tracking.AssessOptions{FactorSet: "default@1", Baseline: indicator.EmiliaRomagna().ID})
	for id, reason := range map[string]string{"inventory": "factor-missing", "segregation": "not-audited"} {
		if card := others[id]; card.Value != nil || card.Reason != reason {
			t.Errorf("%s without the lab's own choice: got %v, %q, want nothing: %s", id, card.Value, card.Reason, reason)
		}
	}
}

// Every facility declares each whole month, and the running one not yet.
func checkCounts(t *testing.T, b books) {
	months := map[string][]calendar.Month{}
	for _, d := range all[tracking.Denominator](t, b, tracking.KindDenominator, nil) {
		of := d.Facility + " " + d.Denominator.Kind
		months[of] = append(months[of], d.Month)
		if !d.Quantity.IsPositive() || !d.Quantity.IsInteger() || d.Source != "made up for the demo" {
			t.Errorf("%s: %s from %q", d.ID, d.Quantity, d.Source)
		}
	}
	for _, of := range []string{
		"ospedale-argine bed-day", "ospedale-argine dialysis-session", "ospedale-argine procedure", "ospedale-argine generated-gram",
		"poliambulatorio-canale procedure", "poliambulatorio-canale encounter", "poliambulatorio-canale generated-gram",
	} {
		if got := months[of]; len(got) != 12 || slices.Min(got) != "2025-09" || slices.Max(got) != "2026-08" {
			t.Errorf("%s: got %v, want 2025-09 to 2026-08", of, got)
		}
		delete(months, of)
	}
	if len(months) > 0 {
		t.Errorf("declared by who has none: %v", months)
	}
}

// checkFactors: the made-up factors say what they are, and their GSD2 is what
// version 1 of the pedigree matrix gives.
func checkFactors(t *testing.T, s store.Store) {
	a, err := tracking.New(s, time.Now).FactorSet(context.Background(), coordinator, "lab-demo@1")
	if err != nil || a.Doc.State != "published" || a.Doc.Base != "default@1" || len(a.Doc.Factors) != 3 {
		t.Fatalf("got %+v, %v", a.Doc, err)
	}
	sum := 0.0
	for _, u := range []float64{1.05, 1.2, 1.1, 1.1, 1.02, 1.5} { // basic, then scores 4 4 3 3 4
		sum += math.Pow(math.Log(u), 2)
	}
	for _, f := range a.Doc.Factors {
		if f.Source != "made up for the demo: no supplier's declaration" || f.Licence != "none" {
			t.Errorf("%s: source %q, licence %q", f.ID, f.Source, f.Licence)
		}
		if want := fmt.Sprintf("%.2f", math.Exp(math.Sqrt(sum))); f.GSD2.StringFixed(2) != want {
			t.Errorf("%s: GSD2 is %s, its scores give %s", f.ID, f.GSD2, want)
		}
	}
}

// checkPilot: there is less foreign material since the pilot began, and the
// figures are sure of it; of what the pilot did not touch they are not.
func checkPilot(t *testing.T, s store.Store) {
	service, ctx := tracking.New(s, time.Now), context.Background()
	a, err := service.PilotResult(ctx, coordinator, "clean-film", tracking.AssessOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range a.Contrasts {
		t.Logf("%-24s %v against %v: %s", c.ID, c.Pilot.Value, c.Reference.Value, c.Verdict)
	}
	if c := a.Contrasts[0]; c.ID != "contamination" || c.Verdict != "lower" {
		t.Errorf("%s: got %s, want contamination lower", c.ID, c.Verdict)
	}
	control := a.Pilot
	control.ID, control.Streams = "control", []string{"imballaggi-rigidi"}
	if _, err := service.PutPilot(ctx, coordinator, tracking.Write{Key: "control"}, control); err != nil {
		t.Fatal(err)
	}
	untouched, err := service.PilotResult(ctx, coordinator, control.ID, tracking.AssessOptions{})
	if err != nil || untouched.Contrasts[0].Verdict != "no-difference" {
		t.Errorf("contamination of another stream: got %+v, %v, want no-difference", untouched.Contrasts[0], err)
	}
	if a.Pilot.From != "2026-06" || a.Pilot.To != "2026-08" || a.Pilot.Reference.From != "2026-03" || a.Pilot.Reference.To != "2026-05" {
		t.Errorf("the pilot is %+v", a.Pilot)
	}
}

// checkReport: one frozen report, of what the lab has chosen.
func checkReport(t *testing.T, s store.Store) {
	service, ctx := tracking.New(s, time.Now), context.Background()
	list, err := service.Reports(ctx, coordinator, tracking.Page{Limit: 10})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("got %d reports, %v, want one", len(list.Items), err)
	}
	head := list.Items[0].Doc
	if head.Title != "First year (demo)" || head.From != wholeYear.From || head.To != wholeYear.To || head.FactorSet != "lab-demo@1" || head.CreatedAt != calendar.At(until) {
		t.Errorf("the report is %+v", head)
	}
	r, err := service.Report(ctx, coordinator, head.ID)
	if err != nil || r.Doc.Baseline == nil || r.Doc.Baseline.ID != "before-the-project" || r.Doc.Head != int64(r.Seq)-1 {
		t.Errorf("the report is against %+v, at %d of %d, %v", r.Doc.Baseline, r.Doc.Head, r.Seq, err)
	}
}

// Other years end on the first of a month, in a short month or long after the
// first year: what is declared fits them.
func TestOtherEndsAreDeclared(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		demo.Options
		from, to calendar.Month
	}{
		"first of a month":    {demo.Options{Until: time.Date(2026, 3, 1, 0, 10, 0, 0, calendar.Rome()), Seed: 11}, "2025-03", "2026-02"},
		"two years, to 02-29": {demo.Options{Until: time.Date(2028, 2, 29, 12, 0, 0, 0, calendar.Rome()), Seed: 13, Years: 2}, "2026-03", "2027-02"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.Store = mustStore(t, true)
			mustSeed(t, c.Options)
			list, err := tracking.New(c.Store, time.Now).Reports(context.Background(), coordinator, tracking.Page{Limit: 10})
			if err != nil || len(list.Items) != 1 || list.Items[0].Doc.From != c.from || list.Items[0].Doc.To != c.to {
				t.Errorf("got %+v, %v, want one report from %s to %s", list.Items, err, c.from, c.to)
			}
			cards := mustCards(t, c.Store, tracking.IndicatorFilter{From: c.from, To: c.to}, tracking.AssessOptions{})
			for _, id := range []string{"inventory", "avoided", "comparison", "segregation", "capture"} {
				if cards[id].Value == nil {
					t.Errorf("%s: got no value: %s %v", id, cards[id].Reason, cards[id].Missing)
				}
			}
			a, err := tracking.New(c.Store, time.Now).PilotResult(context.Background(), coordinator, "clean-film", tracking.AssessOptions{})
			if err != nil || a.Contrasts[0].Verdict != "lower" {
				t.Errorf("contamination in the pilot: got %+v, %v, want lower", a.Contrasts, err)
			}
		})
	}
}
