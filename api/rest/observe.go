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
	err := c.Next()
	// c is another request's by the time that a stream ends.
	st, status, method := stateOf(c), c.Response().StatusCode(), c.Method()
	st.atEnd(func() {
		s.metrics.inFlight.Dec()
		took := time.Since(st.start)
		s.metrics.observe(method, st.route, status, took)
		s.log(method, st, status, took)
	})
	return err
}

func (s *Server) log(method string, st *state, status int, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("method", knownMethod(method)),
		slog.String("route", st.route.pattern()),
		slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("request", st.id),
	}
	level := slog.LevelInfo
	if b := st.stream; b != nil {
		attrs = append(attrs, slog.Int64("bytes", b.sent))
		if b.cut != "" {
			attrs = append(attrs, slog.String("cut", b.cut))
			s.metrics.cut.Inc()
		}
	}
	if status >= fiber.StatusInternalServerError || st.stream != nil && st.stream.cut == cutByFault {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", st.err))
		var p *panicError
		if errors.As(st.err, &p) {
			attrs = append(attrs, slog.String("stack", string(p.stack)))
		}
	}
	s.cfg.Log.LogAttrs(s.base, level, "request", attrs...)
}
