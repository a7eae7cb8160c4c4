package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	recyclersPath    = "/api/v1/recyclers"
	recyclersListing = "recyclers"
)

type recyclerRequest struct {
	Name string `json:"name"`
}

func (r recyclerRequest) document(id string) tracking.Recycler {
	return tracking.Recycler{ID: id, Name: r.Name}
}

type recyclerResponse struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Version store.Seq `json:"version"`
}

func (r recyclerResponse) id() string { return r.ID }

func viewRecycler(v tracking.Versioned[tracking.Recycler]) recyclerResponse {
	return recyclerResponse{ID: v.Doc.ID, Name: v.Doc.Name, Version: v.Seq}
}

// listRecyclers answers GET /api/v1/recyclers.
func (s *Server) listRecyclers(c *fiber.Ctx) error {
	return listCatalogue(c, recyclersListing, s.services.Tracking.Recyclers, viewRecycler)
}

// getRecycler answers GET /api/v1/recyclers/{id}.
func (s *Server) getRecycler(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Recycler, viewRecycler)
}

// createRecycler answers POST /api/v1/recyclers.
func (s *Server) createRecycler(c *fiber.Ctx) error {
	return createCatalogue[recyclerRequest](c, recyclersPath, s.services.Tracking.PutRecycler, viewRecycler)
}

// replaceRecycler answers PUT /api/v1/recyclers/{id}.
func (s *Server) replaceRecycler(c *fiber.Ctx) error {
	return replaceCatalogue[recyclerRequest](c, s.services.Tracking.PutRecycler, viewRecycler)
}
