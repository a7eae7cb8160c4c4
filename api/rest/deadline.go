package rest

import (
	"context"

	"github.com/gofiber/fiber/v2"
)

// enter notes the route and gives its handler a context that ends: fiber's own
// never does, not even when the client has gone.
func (s *Server) enter(route *Route) fiber.Handler {
	deadline := s.cfg.Limits.Deadline
	if route.Class == Heavy || route.Class == Print {
		deadline = s.cfg.Limits.HeavyDeadline
	}
	return func(c *fiber.Ctx) error {
		stateOf(c).route = route
		ctx, cancel := context.WithTimeout(s.base, deadline)
		defer cancel()
		c.SetUserContext(ctx)
		return c.Next()
	}
}
