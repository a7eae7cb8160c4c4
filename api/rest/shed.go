package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// Class says what a route uses up. Each class has its own places in line, so
// that a flood of summaries does not keep a scan from being recorded.
type Class int

// The classes.
const (
	Cheap Class = iota // touches no store; unbounded
	Read               // reads the store
	Write              // writes to the store
	Batch              // writes many entries: as Write, with a larger body
	Heavy              // reads much: indicators, reports, exports
)

func newPlaces(l Limits) map[Class]chan struct{} {
	writes := make(chan struct{}, l.Writes)
	return map[Class]chan struct{}{
		Read:  make(chan struct{}, l.Reads),
		Write: writes,
		Batch: writes,
		Heavy: make(chan struct{}, l.Heavy),
	}
}

// admit runs the handler if the class has a free place, and otherwise refuses
// at once. A streamed answer keeps its place until it has been sent. Work that waits in an unbounded line is done after its client gave
// up: early refusal keeps the answers that are given in time.
func (s *Server) admit(class Class) fiber.Handler {
	places := s.places[class]
	return func(c *fiber.Ctx) error {
		select {
		case places <- struct{}{}:
			defer func() { stateOf(c).atEnd(func() { <-places }) }()
			return c.Next()
		default:
			s.metrics.shed.Inc()
			return problem.New(problem.Unavailable, "overloaded", "The server is busy; try again after the time in Retry-After.")
		}
	}
}
