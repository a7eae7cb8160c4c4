package report_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/report"
)

// input is a lab that recycled some PET.
func input() indicator.Input {
	a := indicator.Activity{
		Fills: 3, Collected: 100_000, Accepted: 100_000, Recyclate: 80_000, Residue: 20_000, Hauled: 100_000,
		Routes:     map[string]quantity.Mass{"R1": 20_000},
		Recyclates: map[string]quantity.Mass{indicator.RecyclateKey("PET", "bottles", "0.9"): 80_000},
		Haul:       map[string]int64{indicator.HaulKey(indicator.VehicleKm, "van", nil): 24_000},
	}
	a.CollectedBy[indicator.WardScale], a.ReceivedBy[indicator.RecyclerScale] = 100_000, 100_000
	return indicator.Input{From: "2026-01", To: "2026-03", Head: 7, Streams: []indicator.StreamActivity{
		{Stream: "bottles", Family: "fossil", EER: "15 01 02", Polymers: []indicator.PolymerShare{{Polymer: "PET", Permille: 1000}}, Activity: a},
	}}
}

func mustCards(t *testing.T, set *factor.Set) []indicator.Card {
	t.Helper()
	cards, err := indicator.Cards(input(), indicator.Method{Set: set, Baseline: indicator.EmiliaRomagna()})
	if err != nil {
		t.Fatalf("Cards with %s: %v", set.Name(), err)
	}
	return cards
}

// otherSet is the default set in which a recycler has measured its PET, and
// nothing is known of incineration.
func otherSet() *factor.Set {
	s := factor.Default().Clone()
	s.ID, s.Version = "lab", 2
	s.Factors = slices.DeleteFunc(s.Factors, func(f factor.Factor) bool { return f.Kind == factor.Incineration })
	f, _ := s.Find(factor.RecycledProduction, "PET")
	f.Value = decimal.RequireFromString("1.5")
	return s
}

func mustReport(t *testing.T) report.Report {
	t.Helper()
	in := input()
	r := report.Report{
		ID: "r1", CreatedAt: 1_780_000_000_000, Title: "First quarter", Lab: report.Name{ID: "lab", Name: "Lab"}, From: in.From, To: in.To, Head: in.Head,
		Method: indicator.MethodID, Set: "default@1", Input: in, Cards: mustCards(t, factor.Default()),
		Balance: indicator.Summarise(in.Streams[0].Activity), Funnel: indicator.FunnelOf(in.Streams[0].Activity),
		Waste: indicator.WasteOf(in.Streams[0].Activity), Factors: factor.Default().Factors,
	}
	if err := r.Seal(); err != nil {
		t.Fatalf("Seal: %v", err)
	}
	return r
}

func TestSealShowsEveryChange(t *testing.T) {
	r := mustReport(t)
	if !r.Intact() {
		t.Fatal("a fresh report is not intact")
	}
	for name, change := range map[string]func(*report.Report){
		"title": func(r *report.Report) { r.Title = "Second quarter" },
		"head":  func(r *report.Report) { r.Head++ },
		"hash":  func(r *report.Report) { r.Hash = strings.Repeat("0", 64) },
		"card": func(r *report.Report) {
			r.Cards = append([]indicator.Card{}, r.Cards...)
			more := r.Cards[0].Value.Add(decimal.NewFromInt(1))
			r.Cards[0].Value = &more
		},
	} {
		changed := r
		change(&changed)
		if changed.Intact() {
			t.Errorf("a changed %s does not show", name)
		}
	}
}

// TestReportSurvivesTheLedger: read back from JSON it is the same to the byte,
// so that its hash holds.
func TestReportSurvivesTheLedger(t *testing.T) {
	r := mustReport(t)
	want, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back report.Report
	if err := json.Unmarshal(want, &back); err != nil {
		t.Fatalf("reading it back: %v", err)
	}
	if got, err := json.Marshal(back); err != nil || string(got) != string(want) {
		t.Errorf("got other bytes (%v):\n%s\n%s", err, got, want)
	}
	if !back.Intact() {
		t.Error("it is not intact any more")
	}
	cards, err := indicator.Cards(back.Input, indicator.Method{Set: factor.Default(), Baseline: indicator.EmiliaRomagna()})
	if err != nil {
		t.Fatal(err)
	}
	if changes := report.Compare(r.Cards, cards); len(changes) != 0 {
		t.Errorf("the same factors give something else: %+v", changes)
	}
}

func TestReportTooLarge(t *testing.T) {
	r := mustReport(t)
	r.Title = strings.Repeat("x", report.MaxBytes)
	if err := r.Seal(); !errors.Is(err, report.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

func TestCompareShowsLineByLine(t *testing.T) {
	changes := report.Compare(mustCards(t, factor.Default()), mustCards(t, otherSet()))
	byCard := map[string][]report.Change{}
	for _, c := range changes {
		byCard[c.Card] = append(byCard[c.Card], c)
	}
	// 72 kg × −1.65 against 72 kg × (1.5 − 3.86390131)
	a := byCard["avoided"]
	if len(a) != 2 || a[0].Before.String() != "-118.8" || a[0].After.String() != "-170.20089432" || a[0].Difference.String() != "-51.40089432" {
		t.Fatalf("avoided: got %+v", a)
	}
	if l := a[1]; l.Phase != "avoided" || l.Subject != "PET" || !strings.HasPrefix(l.FactorAfter, "lab@2/") || l.PerBefore.String() != "-1.65" {
		t.Errorf("its line: got %+v", l)
	}
	// There is no incineration in that set: a value that is gone is a change.
	if treated := byCard["inventory-treatment"]; len(treated) == 0 || treated[0].After != nil || treated[0].Difference != nil {
		t.Errorf("inventory-treatment: got %+v, want its value gone", treated)
	}
	if len(byCard["collected"]) != 0 {
		t.Error("a card that is the same is listed")
	}
}
