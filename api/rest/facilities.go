package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	facilitiesPath    = "/api/v1/facilities"
	facilitiesListing = "facilities"
)

type facilityRequest struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Contact string `json:"contact"`
}

func (r facilityRequest) document(id string) tracking.Facility {
	return tracking.Facility{ID: id, Name: r.Name, Address: r.Address, Contact: r.Contact}
}

type facilityResponse struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Address string    `json:"address,omitempty"`
	Contact string    `json:"contact,omitempty"`
	Version store.Seq `json:"version"`
}

func (r facilityResponse) id() string { return r.ID }

func viewFacility(v tracking.Versioned[tracking.Facility]) facilityResponse {
	f := v.Doc
	return facilityResponse{ID: f.ID, Name: f.Name, Address: f.Address, Contact: f.Contact, Version: v.Seq}
}

// listFacilities answers GET /api/v1/facilities.
func (s *Server) listFacilities(c *fiber.Ctx) error {
	return listCatalogue(c, facilitiesListing, s.services.Tracking.Facilities, viewFacility)
}

// getFacility answers GET /api/v1/facilities/{id}.
func (s *Server) getFacility(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Facility, viewFacility)
}

// createFacility answers POST /api/v1/facilities.
func (s *Server) createFacility(c *fiber.Ctx) error {
	return createCatalogue[facilityRequest](c, facilitiesPath, s.services.Tracking.PutFacility, viewFacility)
}

// replaceFacility answers PUT /api/v1/facilities/{id}.
func (s *Server) replaceFacility(c *fiber.Ctx) error {
	return replaceCatalogue[facilityRequest](c, s.services.Tracking.PutFacility, viewFacility)
}
