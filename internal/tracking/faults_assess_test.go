package tracking_test

import (
	"context"
	"maps"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// withAssessWrites adds the methods that freeze reports.
func withAssessWrites(rows map[string]faultWrite) map[string]faultWrite {
	rows["CreateReport"] = faultWrite{entries: 1, update: 3, new: func(_ TB, l *Lab) request {
		w := tracking.Write{Key: l.ID7()}
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return s.CreateReport(ctx, l.Coordinator(), w, tracking.ReportRequest{Title: "March", Filter: always2026})
		}
	}}
	return rows
}

// always2026 is a period that the default factors cover.
var always2026 = tracking.IndicatorFilter{From: "2026-01", To: "2026-12"}

// withAssessReads adds the methods that work indicators out.
func withAssessReads(rows map[string]faultRead) map[string]faultRead {
	type service = tracking.Service
	share := decimal.New(1, -1)
	all := map[string]faultRead{
		"RoundShares": func(ctx context.Context, s *service, l *Lab, of chain) (any, error) {
			return s.RoundShares(ctx, l.Coordinator(), []tracking.RoundStop{{Pickup: of.pickup, Kilometres: 10}})
		},
		"Cards": func(ctx context.Context, s *service, l *Lab, _ chain) (any, error) {
			return s.Cards(ctx, l.Coordinator(), always2026, tracking.AssessOptions{})
		},
		"CardsBy": func(ctx context.Context, s *service, l *Lab, _ chain) (any, error) {
			return s.CardsBy(ctx, l.Coordinator(), always2026, tracking.ByWard, tracking.AssessOptions{})
		},
		"Scenario": func(ctx context.Context, s *service, l *Lab, _ chain) (any, error) {
			return s.Scenario(ctx, l.Coordinator(), always2026, indicator.Scenario{Contamination: &share}, tracking.AssessOptions{})
		},
		"PilotResult": func(ctx context.Context, s *service, l *Lab, _ chain) (any, error) {
			return s.PilotResult(ctx, l.Coordinator(), "one", tracking.AssessOptions{})
		},
		"Reports": func(ctx context.Context, s *service, l *Lab, _ chain) (any, error) {
			return s.Reports(ctx, l.Coordinator(), tracking.Page{Limit: 50})
		},
		"Report": func(ctx context.Context, s *service, l *Lab, _ chain) (any, error) {
			return s.Report(ctx, l.Coordinator(), l.report)
		},
		"Recompute": func(ctx context.Context, s *service, l *Lab, _ chain) (any, error) {
			return s.Recompute(ctx, l.Coordinator(), l.report, tracking.AssessOptions{FactorSet: "default@1"})
		},
	}
	maps.Copy(rows, all)
	return rows
}
