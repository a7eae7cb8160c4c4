package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	wardsPath    = "/api/v1/wards"
	wardsListing = "wards"
)

type wardRequest struct {
	Facility string `json:"facility"`
	Name     string `json:"name"`
}

func (r wardRequest) document(id string) tracking.Ward {
	return tracking.Ward{ID: id, Facility: r.Facility, Name: r.Name}
}

type wardResponse struct {
	ID       string    `json:"id"`
	Facility string    `json:"facility"`
	Name     string    `json:"name"`
	Version  store.Seq `json:"version"`
}

func (r wardResponse) id() string { return r.ID }

func viewWard(v tracking.Versioned[tracking.Ward]) wardResponse {
	return wardResponse{ID: v.Doc.ID, Facility: v.Doc.Facility, Name: v.Doc.Name, Version: v.Seq}
}

// wardParams are the parameters of the listing of wards.
type wardParams struct {
	changes
	Facility string `query:"facility"` // only its wards
}

func (p wardParams) filter() string { return p.Facility }

// listWards answers GET /api/v1/wards.
func (s *Server) listWards(c *fiber.Ctx) error {
	return answerList[wardParams](c, wardsListing, s.services.Tracking.Wards, viewWard)
}

// getWard answers GET /api/v1/wards/{id}.
func (s *Server) getWard(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Ward, viewWard)
}

// createWard answers POST /api/v1/wards.
func (s *Server) createWard(c *fiber.Ctx) error {
	return createCatalogue[wardRequest](c, wardsPath, s.services.Tracking.PutWard, viewWard)
}

// replaceWard answers PUT /api/v1/wards/{id}.
func (s *Server) replaceWard(c *fiber.Ctx) error {
	return replaceCatalogue[wardRequest](c, s.services.Tracking.PutWard, viewWard)
}
