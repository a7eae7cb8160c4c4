package rest

import (
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// respond answers with v as JSON.
func respond(c *fiber.Ctx, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Status(status).Send(body)
}

type healthResponse struct {
	Status string `json:"status"`
}

// health answers GET /healthz: the process runs and serves.
func (s *Server) health(c *fiber.Ctx) error {
	return respond(c, fiber.StatusOK, healthResponse{"ok"})
}

// ready answers GET /readyz: requests would be served now.
func (s *Server) ready(c *fiber.Ctx) error {
	if s.draining.Load() {
		return problem.New(problem.Unavailable, "not-ready", "The server is shutting down.")
	}
	if err := s.cfg.Ready(c.UserContext()); err != nil {
		return problem.New(problem.Unavailable, "not-ready", "The server cannot take requests now.").Because(err)
	}
	return respond(c, fiber.StatusOK, healthResponse{"ready"})
}

type statusResponse struct {
	Version string            `json:"version"`
	Time    time.Time         `json:"time"` // lets a phone estimate how wrong its clock is
	Lab     labStatusResponse `json:"lab"`
}

// labStatusResponse says where the caller's lab stands.
type labStatusResponse struct {
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	Head         store.Seq       `json:"head"`
	HeadHash     string          `json:"headHash"`
	ClosedMonths []monthResponse `json:"closedMonths,omitempty"`
	Awaiting     *int            `json:"awaiting,omitempty"`
}

// status answers GET /api/v1/status.
func (s *Server) status(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	a, err := s.services.Tracking.Status(c.UserContext(), callerOf(c))
	if err != nil {
		return err
	}
	months := each(a.ClosedMonths, func(m tracking.ClosedMonth) monthResponse { return monthResponse(m) })
	lab := labStatusResponse{ID: a.Lab, Name: a.Name, Head: a.Head, HeadHash: a.HeadHash, ClosedMonths: months, Awaiting: a.Awaiting}
	return respond(c, fiber.StatusOK, statusResponse{s.cfg.Version, s.cfg.Now().UTC().Truncate(time.Millisecond), lab})
}
