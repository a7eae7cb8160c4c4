package rest

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
)

// maxToken is the longest bearer token worth looking at.
const maxToken = 4096

// authenticate finds out who makes the request.
func (s *Server) authenticate(c *fiber.Ctx) error {
	caller, err := s.callerFrom(c.UserContext(), &c.Request().Header)
	if err != nil {
		return err
	}
	stateOf(c).caller = caller
	return c.Next()
}

// callerFrom reads the one Authorization header. Tokens are taken from nowhere
// else: queries end up in logs, and cookies are sent by foreign pages.
func (s *Server) callerFrom(ctx context.Context, h *fasthttp.RequestHeader) (access.Caller, error) {
	values := h.PeekAll(fiber.HeaderAuthorization)
	if len(values) != 1 {
		return access.Caller{}, problem.New(problem.Unauthenticated, "token-missing", "Send one header Authorization: Bearer <token>.")
	}
	scheme, token, _ := strings.Cut(string(values[0]), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return access.Caller{}, problem.New(problem.Unauthenticated, "token-malformed", "Send Authorization: Bearer <token>.")
	}
	return s.services.Authenticator.Authenticate(ctx, token)
}

// authorise refuses callers whose role may not do the action. What lies
// outside a caller's scope the services treat as not there.
func authorise(action access.Action) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := callerOf(c).May(action); err != nil {
			return err
		}
		return c.Next()
	}
}

// bodyLimit is asked when the headers of a request have come, and before
// memory is taken for its body: fasthttp takes as much as the headers declare.
// So only the batch routes may declare more than the common limit, and only to
// callers who have signed in.
func (s *Server) bodyLimit(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	l := s.cfg.Limits
	if large := h.ContentLength() > l.Body || h.ContentLength() < 0; !large || !s.takesBatch(h) {
		return fasthttp.RequestConfig{}
	}
	ctx, cancel := context.WithTimeout(s.base, l.Deadline)
	defer cancel()
	if _, err := s.callerFrom(ctx, h); err != nil {
		return fasthttp.RequestConfig{}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: l.BatchBody}
}

// takesBatch reports whether the request is for a route that takes many things
// at once: of the class Batch, or Print.
func (s *Server) takesBatch(h *fasthttp.RequestHeader) bool {
	path, _, _ := strings.Cut(string(h.RequestURI()), "?")
	for i := range s.table {
		if r := &s.table[i]; r.takesBatch() && r.Method == string(h.Method()) && r.matches(path) {
			return true
		}
	}
	return false
}
