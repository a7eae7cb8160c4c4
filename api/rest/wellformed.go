package rest

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// refuseMalformed stands before fiber. It refuses what fasthttp lets through
// although two readers may differ about it, and methods that no route has,
// which fiber would answer by itself, in plain text.
func (s *Server) refuseMalformed(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(rc *fasthttp.RequestCtx) {
		err := wellFormed(&rc.Request.Header)
		if err == nil {
			next(rc)
			return
		}
		c := s.app.AcquireCtx(rc)
		defer s.app.ReleaseCtx(c)
		rc.SetConnectionClose()
		if s.refuse(c, err) != nil {
			rc.SetStatusCode(fiber.StatusInternalServerError)
		}
	}
}

// wellFormed checks the request line and the headers' form (RFC 9112).
func wellFormed(h *fasthttp.RequestHeader) error {
	if !slices.Contains(methods, string(h.Method())) {
		return problem.New(problem.Invalid, "method-unknown", "Use one of %s.", strings.Join(methods, ", "))
	}
	version := string(h.Protocol())
	if version != "HTTP/1.1" && version != "HTTP/1.0" {
		return fiber.ErrBadRequest
	}
	// A line that begins with a blank continues the one before, for some.
	raw := h.RawHeaders()
	if bytes.Contains(raw, []byte("\n ")) || bytes.Contains(raw, []byte("\n\t")) {
		return fiber.ErrBadRequest
	}
	for name := range h.All() {
		if bytes.IndexByte(name, ' ') >= 0 {
			return fiber.ErrBadRequest
		}
	}
	return nil
}
