package rest

import (
	"errors"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"
)

// observe counts the request and writes its log line: which route and what
// came of it, and nothing that the client sent. Values of paths, queries,
// headers and bodies name people and bins.
func (s *Server) observe(c *fiber.Ctx) error {
	s.metrics.inFlight.Inc()
	defer s.metrics.inFlight.Dec()
	err := c.Next()
	st, status := stateOf(c), c.Response().StatusCode()
	took := time.Since(st.start)
	s.metrics.observe(c.Method(), st.route, status, took)
	s.log(c, st, status, took)
	return err
}

func (s *Server) log(c *fiber.Ctx, st *state, status int, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("method", knownMethod(c.Method())),
		slog.String("route", st.route.pattern()),
		slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("request", st.id),
	}
	level := slog.LevelInfo
	if status >= fiber.StatusInternalServerError {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", st.err))
		var p *panicError
		if errors.As(st.err, &p) {
			attrs = append(attrs, slog.String("stack", string(p.stack)))
		}
	}
	s.cfg.Log.LogAttrs(c.UserContext(), level, "request", attrs...)
}
