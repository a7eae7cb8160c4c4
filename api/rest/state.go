package rest

import (
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/access"
)

// state is what the chain has learnt about a request.
type state struct {
	id     string // UUIDv7; ids from outside are not taken over
	start  time.Time
	client netip.Addr
	route  *Route // nil until one matched
	caller access.Caller
	err    error // what the handler returned, for the log

	stream *stream // the body of the answer, if it is written while it is sent
}

// atEnd runs what is left to do when the answer has been given: at once, or
// where its body is still to be written, behind that.
func (st *state) atEnd(do func()) {
	if st.stream == nil || st.stream.closed {
		do()
		return
	}
	st.stream.ends = append(st.stream.ends, do)
}

type stateKey struct{}

// stateOf returns the state that begin has made.
func stateOf(c *fiber.Ctx) *state {
	return c.Locals(stateKey{}).(*state)
}

// callerOf is who makes the request. Only for routes that are not Public.
func callerOf(c *fiber.Ctx) access.Caller { return stateOf(c).caller }

// begin gives the request its state, its id and the headers that every answer
// carries.
func (s *Server) begin(c *fiber.Ctx) error {
	s.prepare(c)
	return c.Next()
}

func (s *Server) prepare(c *fiber.Ctx) {
	id, err := uuid.NewV7()
	if err != nil {
		// Only without a source of randomness, where nothing is safe to serve.
		panic(err)
	}
	st := &state{id: id.String(), start: time.Now()}
	st.client = clientAddress(peerOf(c.Context().RemoteAddr()), c.Request().Header.PeekAll(fiber.HeaderXForwardedFor), s.cfg.TrustedProxies)
	c.Locals(stateKey{}, st)
	c.Set(fiber.HeaderXRequestID, st.id)
	s.setSecurityHeaders(c)
}
