package demo

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// The ids of what the coordinator declares once.
const (
	ownFactors     = "lab-demo"
	beforeBaseline = "before-the-project"
	firstReport    = "First year (demo)"
)

// ownSet is what the default set lacks for the streams of the demo: without
// the production of bioplastics there is no inventory.
func ownSet() tracking.FactorSet {
	set := tracking.FactorSet{Base: tracking.SetRef(factor.Default().ID, factor.Default().Version)}
	set.ID, set.Title = ownFactors, "Default, and made-up bioplastics (demo)"
	for _, f := range []struct{ polymer, value string }{{"PHB", "3.9"}, {"PLA", "2.6"}, {"bio-PE", "2.1"}} {
		set.Factors = append(set.Factors, factor.Factor{
			ID: factor.ID(factor.VirginProduction, f.polymer), Kind: factor.VirginProduction, Subject: f.polymer,
			Modules: []factor.Module{factor.RawMaterial, factor.InboundHaul, factor.Conversion},
			Value:   decimal.RequireFromString(f.value), Unit: "kgCO2e/kg", Uptake: factor.ZeroZero,
			Region: "world", Year: 2025, From: "2024-01-01",
			Source: "made up for the demo: no supplier's declaration", Table: "none", Licence: "none",
			Scores: factor.Scores{Reliability: 4, Completeness: 4, Temporal: 3, Geographical: 3, Technological: 4},
			GSD2:   decimal.RequireFromString("1.60"), // what the scores give
			Note:   "without the uptake of biogenic CO2; ask the maker for an environmental product declaration",
		})
	}
	return set
}

// settle chooses how the lab's figures are worked out: with its own factors,
// against what an audit found before the project.
func (w *world) settle() error {
	s, ctx, c := w.out.service, w.out.ctx, w.desk.coordinator.Caller
	draft, err := s.PutFactorSet(ctx, c, tracking.Write{Key: "demo:factors"}, ownSet())
	if err != nil {
		return fmt.Errorf("writing the factors: %w", err)
	}
	ref := tracking.SetRef(ownFactors, draft.Doc.Version)
	if _, err := s.PublishFactorSet(ctx, c, tracking.Write{Key: "demo:factors:publish", IfVersion: draft.Seq}, ref); err != nil {
		return fmt.Errorf("publishing the factors: %w", err)
	}
	hazardous := 120
	before := tracking.Baseline{Baseline: indicator.Baseline{
		ID: beforeBaseline, Name: "Before the project (demo)", NameIT: "Prima del progetto (demo)",
		Dated: w.first.AddDate(0, 0, -45).Format(time.DateOnly), Source: "made up for the demo audit",
		Routes:            []indicator.RouteShare{{Operation: "R1", Permille: 900}, {Operation: "D10", Permille: 100}},
		HazardousPermille: &hazardous,
	}}
	if err := keep(s.PutBaseline)(ctx, c, "baseline", before); err != nil {
		return err
	}
	return keep(s.PutAssessment)(ctx, c, "assessment", tracking.Assessment{FactorSet: ref, Baseline: beforeBaseline})
}

// report freezes the first twelve months, or as many of them as are over. Of a
// lab that is older than its factors nobody can make one, and there is none.
func (w *world) report() error {
	from := calendar.MonthOf(calendar.At(w.first))
	to := from
	for n := 1; n < 12 && to < w.monthBefore(1); n++ {
		to = to.Next()
	}
	w.out.clock = w.opts.Until
	_, err := w.out.service.CreateReport(w.out.ctx, w.desk.coordinator.Caller, tracking.Write{Key: "demo:report"}, tracking.ReportRequest{
		Title: firstReport, Filter: tracking.IndicatorFilter{From: from, To: to},
	})
	if problem.Is(err, "factor-validity") {
		return nil
	}
	return err
}

// monthBefore is the month that is so many before that of the last day; the
// last whole one is 1 before.
func (w *world) monthBefore(months int) calendar.Month {
	end := w.opts.Until
	return calendar.MonthOf(calendar.At(time.Date(end.Year(), end.Month()-time.Month(months), 1, 12, 0, 0, 0, calendar.Rome())))
}
