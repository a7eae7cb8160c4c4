package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// pilotFields are what a pilot has in requests and answers alike.
type pilotFields struct {
	Name      string          `json:"name"`
	Changed   string          `json:"changed"`
	From      string          `json:"from"`
	To        string          `json:"to"`
	Wards     []string        `json:"wards"`
	Streams   []string        `json:"streams,omitempty"` // none: all
	Reference referenceFields `json:"reference"`
}

type referenceFields struct {
	From  string   `json:"from"`
	To    string   `json:"to"`
	Wards []string `json:"wards,omitempty"` // none: the pilot's own
}

type pilotRequest struct{ pilotFields }

func (r pilotRequest) document(id string) tracking.Pilot {
	return tracking.Pilot{Pilot: indicator.Pilot{
		ID: id, Name: r.Name, Changed: r.Changed, From: calendar.Month(r.From), To: calendar.Month(r.To), Wards: r.Wards, Streams: r.Streams,
		Reference: indicator.Reference{From: calendar.Month(r.Reference.From), To: calendar.Month(r.Reference.To), Wards: r.Reference.Wards},
	}}
}

type pilotResponse struct {
	ID string `json:"id"`
	pilotFields
	Facilities []string  `json:"facilities"`
	Version    store.Seq `json:"version"`
}

func (r pilotResponse) id() string { return r.ID }

func viewPilot(v tracking.Versioned[tracking.Pilot]) pilotResponse {
	d := v.Doc
	return pilotResponse{ID: d.ID, Facilities: d.Facilities, Version: v.Seq, pilotFields: pilotFields{
		Name: d.Name, Changed: d.Changed, From: string(d.From), To: string(d.To), Wards: d.Wards, Streams: d.Streams,
		Reference: referenceFields{From: string(d.Reference.From), To: string(d.Reference.To), Wards: d.Reference.Wards},
	}}
}

// listPilots answers GET /api/v1/pilots.
func (s *Server) listPilots(c *fiber.Ctx) error {
	return listCatalogue(c, pilotsListing, s.services.Tracking.Pilots, viewPilot)
}

// createPilot answers POST /api/v1/pilots.
func (s *Server) createPilot(c *fiber.Ctx) error {
	return createCatalogue[pilotRequest](c, pilotsPath, s.services.Tracking.PutPilot, viewPilot)
}

// getPilot answers GET /api/v1/pilots/{id}.
func (s *Server) getPilot(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Pilot, viewPilot)
}

// replacePilot answers PUT /api/v1/pilots/{id}.
func (s *Server) replacePilot(c *fiber.Ctx) error {
	return replaceCatalogue[pilotRequest](c, s.services.Tracking.PutPilot, viewPilot)
}

// assessmentFields are how the lab's figures are worked out unless somebody
// asks for something else.
type assessmentFields struct {
	FactorSet string `json:"factorSet"`
	Baseline  string `json:"baseline"` // empty: the built-in one
}

type assessmentRequest struct{ assessmentFields }

func (r assessmentRequest) document(string) tracking.Assessment {
	return tracking.Assessment(r.assessmentFields)
}

type assessmentResponse struct {
	assessmentFields
	Version store.Seq `json:"version"`
}

func viewAssessment(v tracking.Versioned[tracking.Assessment]) assessmentResponse {
	return assessmentResponse{assessmentFields(v.Doc), v.Seq}
}

// getAssessment answers GET /api/v1/assessment.
func (s *Server) getAssessment(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	v, err := s.services.Tracking.Assessment(c.UserContext(), callerOf(c))
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(v.Seq), viewAssessment(v))
}

// replaceAssessment answers PUT /api/v1/assessment.
func (s *Server) replaceAssessment(c *fiber.Ctx) error {
	return replaceCatalogue[assessmentRequest](c, s.services.Tracking.PutAssessment, viewAssessment)
}
