package rest

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/finder"
)

const (
	reportsPath    = "/api/v1/finder-reports"
	reportsListing = "finder-reports"
)

// reportResponse is what a stranger reported.
type reportResponse struct {
	ID         string            `json:"id"`
	Version    int               `json:"version"`
	Facility   string            `json:"facility"`
	Label      string            `json:"label"`
	Problem    finder.Kind       `json:"problem"`
	Note       string            `json:"note,omitempty"`
	NoteErased bool              `json:"noteErased,omitempty"`
	ErasedAt   *calendar.Instant `json:"erasedAt,omitempty"`
	ErasedBy   string            `json:"erasedBy,omitempty"`
	At         calendar.Instant  `json:"at"`
	State      finder.State      `json:"state"`
	HandledAt  *calendar.Instant `json:"handledAt,omitempty"`
	HandledBy  string            `json:"handledBy,omitempty"`
}

func viewReport(r finder.Report) reportResponse {
	v := reportResponse{
		ID: r.ID, Version: r.Version, Facility: r.Facility, Label: r.Label, Problem: r.Problem, Note: r.Note, NoteErased: r.NoteErased, ErasedBy: r.ErasedBy,
		At: r.At, State: r.State, HandledBy: r.HandledBy,
	}
	if r.State == finder.Handled {
		v.HandledAt = &r.HandledAt
	}
	if r.ErasedAt != 0 { // those erased by former versions have none
		v.ErasedAt = &r.ErasedAt
	}
	return v
}

type reportQuery struct {
	page
	Facility string `query:"facility"`
	State    string `query:"state" oneof:"open handled"`
}

// listReports answers GET /api/v1/finder-reports.
func (s *Server) listReports(c *fiber.Ctx) error {
	query, err := params[reportQuery](c)
	if err != nil {
		return err
	}
	at, err := decodeCursor(reportsListing, query.Cursor)
	if err != nil {
		return err
	}
	filter := finder.Filter{Facility: query.Facility, State: finder.State(query.State)}
	list, err := s.services.Finder.List(c.UserContext(), callerOf(c), filter, at.ID, query.Limit.size())
	if err != nil {
		return err
	}
	out := listing[reportResponse]{Items: each(list.Items, viewReport)}
	if list.Next != "" {
		out.Next = encodeCursor(reportsListing, position{ID: list.Next})
	}
	return respond(c, fiber.StatusOK, out)
}

// getReport answers GET /api/v1/finder-reports/{id}.
func (s *Server) getReport(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	report, err := s.services.Finder.Get(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(report.Version), viewReport(report))
}

// handleReport answers POST /api/v1/finder-reports/{id}/handle.
func (s *Server) handleReport(c *fiber.Ctx) error {
	return changeReport(c, s.services.Finder.Handle)
}

// eraseNote answers POST /api/v1/finder-reports/{id}/erase-note.
func (s *Server) eraseNote(c *fiber.Ctx) error {
	return changeReport(c, s.services.Finder.EraseNote)
}

// changeReport makes a change to the version of a report that If-Match names.
func changeReport(c *fiber.Ctx, change func(context.Context, access.Caller, string, int) (finder.Report, error)) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	report, err := change(c.UserContext(), callerOf(c), pathID(c), int(version))
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(report.Version), viewReport(report))
}
