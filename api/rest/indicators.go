package rest

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// scopeQuery says what is summed. It has no person: a ward is the smallest
// unit that is shown.
type scopeQuery struct {
	From     calendar.Month `query:"from"`
	To       calendar.Month `query:"to"`
	Facility string         `query:"facility"`
	Ward     string         `query:"ward"`
	Stream   string         `query:"stream"`
}

func (q scopeQuery) filter() tracking.IndicatorFilter {
	return tracking.IndicatorFilter{From: q.From, To: q.To, Facility: q.Facility, Ward: q.Ward, Stream: q.Stream}
}

// Validate asks for the months.
func (q *scopeQuery) Validate() error {
	if q.From == "" || q.To == "" {
		return queryRequired("from", "Give the first and the last month, from and to.")
	}
	return nil
}

// scopeListQuery selects the parts of a sum, in pages.
type scopeListQuery struct {
	changes
	scopeQuery
}

type breakdownQuery struct {
	scopeQuery
	By string `query:"by" oneof:"facility ward stream month"`
}

// Validate asks for what has no default.
func (q *breakdownQuery) Validate() error {
	if q.By == "" {
		return queryRequired("by", "Say by what: facility, ward, stream or month.")
	}
	return q.scopeQuery.Validate()
}

// answerFigures answers with a figure of what the query selects.
func answerFigures[A any](c *fiber.Ctx, read func(context.Context, access.Caller, tracking.IndicatorFilter) (A, error)) error {
	return answerPlain(c, func(ctx context.Context, caller access.Caller, q scopeQuery) (A, error) {
		return read(ctx, caller, q.filter())
	})
}

// getSummary answers GET /api/v1/indicators/summary.
func (s *Server) getSummary(c *fiber.Ctx) error { return answerFigures(c, s.services.Tracking.Summary) }

// getSeries answers GET /api/v1/indicators/series.
func (s *Server) getSeries(c *fiber.Ctx) error { return answerFigures(c, s.services.Tracking.Series) }

// getFunnel answers GET /api/v1/indicators/funnel.
func (s *Server) getFunnel(c *fiber.Ctx) error { return answerFigures(c, s.services.Tracking.Funnel) }

// getBreakdown answers GET /api/v1/indicators/breakdown.
func (s *Server) getBreakdown(c *fiber.Ctx) error {
	return answerPlain(c, func(ctx context.Context, caller access.Caller, q breakdownQuery) (tracking.BreakdownAnswer, error) {
		return s.services.Tracking.Breakdown(ctx, caller, q.filter(), tracking.BreakdownBy(q.By))
	})
}

// cellResponse is a cell of the activity cube.
type cellResponse struct {
	tracking.CellView
	Version int64 `json:"version"`
}

func cellView(v tracking.Versioned[tracking.CellView]) cellResponse {
	return cellResponse{v.Doc, int64(v.Seq)}
}

// listCells answers GET /api/v1/indicators/cells.
func (s *Server) listCells(c *fiber.Ctx) error {
	return answerList[scopeListQuery](c, "cells", s.services.Tracking.Cells, cellView)
}

// drillDown answers GET /api/v1/indicators/drill-down.
func (s *Server) drillDown(c *fiber.Ctx) error {
	return answerList[scopeListQuery](c, "drill-down", s.services.Tracking.DrillDown, fillView)
}
