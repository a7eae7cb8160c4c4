package rest

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/report"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	frozenReportsPath    = "/api/v1/reports"
	frozenReportsListing = "reports"
)

// reportItem is a report in a listing.
type reportItem struct {
	tracking.ReportHead
	Version store.Seq `json:"version"`
}

func viewFrozenHead(v tracking.Versioned[tracking.ReportHead]) reportItem {
	return reportItem{v.Doc, v.Seq}
}

// frozenReportResponse is a whole report, as it was frozen.
type frozenReportResponse struct {
	report.Report
	Version store.Seq `json:"version"`
}

func viewFrozen(v tracking.Versioned[tracking.Report]) frozenReportResponse {
	return frozenReportResponse{v.Doc.Report, v.Seq}
}

// frozenReportRequest says what a report is to be about.
type frozenReportRequest struct {
	Title string `json:"title"`
	scopeBody
	Draws int   `json:"draws"`
	Seed  int64 `json:"seed"`
}

// Validate checks the form.
func (r *frozenReportRequest) Validate() error {
	bad := problem.New(problem.Invalid, "body-invalid", "The body does not fit; see errors.")
	r.check(bad)
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// listFrozenReports answers GET /api/v1/reports.
func (s *Server) listFrozenReports(c *fiber.Ctx) error {
	return listCatalogue(c, frozenReportsListing, s.services.Tracking.Reports, viewFrozenHead)
}

// getFrozenReport answers GET /api/v1/reports/{id}.
func (s *Server) getFrozenReport(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Report, viewFrozen)
}

// createFrozenReport answers POST /api/v1/reports.
func (s *Server) createFrozenReport(c *fiber.Ctx) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	r, err := decode[frozenReportRequest](c)
	if err != nil {
		return err
	}
	asked := tracking.ReportRequest{
		Title: r.Title, Filter: r.filter(), FactorSet: r.FactorSet, Baseline: r.Baseline, Draws: r.Draws, Seed: uint64(r.Seed),
	}
	v, err := s.services.Tracking.CreateReport(c.UserContext(), callerOf(c), tracking.Write{Key: key}, asked)
	if err != nil {
		return err
	}
	return respondCreated(c, frozenReportsPath+"/"+v.Doc.ID, int64(v.Seq), viewFrozen(v))
}

// getRecomputed answers GET /api/v1/reports/{id}/recomputed.
func (s *Server) getRecomputed(c *fiber.Ctx) error {
	return answerPlain(c, func(ctx context.Context, caller access.Caller, q methodQuery) (tracking.Recomputed, error) {
		return s.services.Tracking.Recompute(ctx, caller, pathID(c), q.options())
	})
}
