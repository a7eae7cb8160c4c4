package rest

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// statuses is the whole of how problems become HTTP. It is one to one, so that
// a client can map back.
var statuses = []struct {
	kind   problem.Kind
	status int
	title  string
}{
	{problem.Invalid, fiber.StatusBadRequest, "Invalid request"},
	{problem.Unauthenticated, fiber.StatusUnauthorized, "Sign in"},
	{problem.Forbidden, fiber.StatusForbidden, "Not allowed"},
	{problem.NotFound, fiber.StatusNotFound, "Not found"},
	{problem.Conflict, fiber.StatusConflict, "Conflict"},
	{problem.Precondition, fiber.StatusPreconditionFailed, "Changed meanwhile"},
	{problem.TooLarge, fiber.StatusRequestEntityTooLarge, "Too large"},
	{problem.Unsupported, fiber.StatusUnsupportedMediaType, "Unsupported format"},
	{problem.Unprocessable, fiber.StatusUnprocessableEntity, "Not acceptable as it is"},
	{problem.PreconditionDue, fiber.StatusPreconditionRequired, "If-Match required"},
	{problem.TooMany, fiber.StatusTooManyRequests, "Too many requests"},
	{problem.Unavailable, fiber.StatusServiceUnavailable, "Try again later"},
}

// protocolFaults are what fiber and fasthttp refuse on their own. Their error
// texts may quote the request and are never shown.
var protocolFaults = []answer{
	{Status: fiber.StatusNotFound, Title: "Not found", Code: "route-unknown", Detail: "There is nothing at this address; /api/v1/docs lists what there is."},
	{Status: fiber.StatusMethodNotAllowed, Title: "Method not allowed", Code: "method-not-allowed", Detail: "This address does not take this method; the header Allow lists those it takes."},
	{Status: fiber.StatusRequestTimeout, Title: "Request too slow", Code: "request-timeout", Detail: "The request did not arrive in time; send it again."},
	{Status: fiber.StatusRequestEntityTooLarge, Title: "Too large", Code: "body-too-large", Detail: "The body is larger than this address takes; split it."},
	{Status: fiber.StatusRequestHeaderFieldsTooLarge, Title: "Headers too large", Code: "headers-too-large", Detail: "Request line and headers together are too large; shorten them."},
	{Status: fiber.StatusBadRequest, Title: "Invalid request", Code: "request-malformed", Detail: "This is not a well-formed HTTP/1.1 request."},
}

// answer is a problem as RFC 9457 puts it.
type answer struct {
	Type      string          `json:"type"`
	Title     string          `json:"title"`
	Status    int             `json:"status"`
	Code      string          `json:"code"`
	Detail    string          `json:"detail"`
	RequestID string          `json:"requestId"`
	Errors    []problem.Field `json:"errors,omitempty"`

	retryAfter time.Duration
}

// retryUnavailable is when to try again where nobody knows better.
const retryUnavailable = time.Second

// answerTo turns any error into what the caller may see of it.
func answerTo(err error) answer {
	if p := problem.As(err); p != nil {
		return answerToProblem(p)
	}
	var fe *fiber.Error
	if errors.As(err, &fe) {
		for _, a := range protocolFaults {
			if a.Status == fe.Code {
				return a
			}
		}
		// Whatever else the parser reports (a broken connection is "bad
		// gateway" to fiber) is the request's fault, not ours.
		return protocolFaults[len(protocolFaults)-1]
	}
	if transient(err) {
		return answerToProblem(problem.New(problem.Unavailable, "unavailable",
			"The server could not do this in time; nothing is lost, try again."))
	}
	return answer{
		Status: fiber.StatusInternalServerError, Title: "Internal error", Code: "internal",
		Detail: "Something went wrong here; report the request id if it stays.",
	}
}

// answerToProblem looks the kind up; a kind without a row is our fault.
func answerToProblem(p *problem.Error) answer {
	for _, row := range statuses {
		if row.kind == p.Kind {
			a := answer{Status: row.status, Title: row.title, Code: p.Code, Detail: p.Detail, Errors: p.Fields, retryAfter: p.RetryAfter}
			if p.Kind == problem.Unavailable {
				// Spread the clients that were turned away at the same moment.
				a.retryAfter = max(a.retryAfter, retryUnavailable) + rand.N(2*time.Second)
			}
			return a
		}
	}
	return answerTo(errors.New("problem of an unknown kind"))
}

// transient reports whether trying again may help.
func transient(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrClosed)
}

// renderErrors writes what the inner handlers return as an error. It stands
// inside observe, which has to see the final status.
func (s *Server) renderErrors(c *fiber.Ctx) error {
	err := c.Next()
	if err == nil {
		return nil
	}
	stateOf(c).err = err
	return s.writeFault(c, err, answerTo(err))
}

// refuse answers a request that never reached the routes, because the parser
// gave up on it. It is fiber's error handler.
func (s *Server) refuse(c *fiber.Ctx, err error) error {
	s.prepare(c)
	if errors.Is(err, fiber.ErrRequestEntityTooLarge) {
		err = s.whyTooLarge(c, err)
	}
	a := answerTo(err)
	s.metrics.observe(c.Method(), nil, a.Status, 0)
	s.log(c.Method(), stateOf(c), a.Status, 0)
	return s.writeFault(c, err, a)
}

// whyTooLarge looks whether a batch was cut off by bodyLimit only because its
// token has run out: then the caller has to sign in, not to split it. (Of a
// chunked body fasthttp has forgotten the headers; that stays too large.)
func (s *Server) whyTooLarge(c *fiber.Ctx, tooLarge error) error {
	if !s.takesBatch(&c.Request().Header) {
		return tooLarge
	}
	ctx, cancel := context.WithTimeout(s.base, s.cfg.Limits.Deadline)
	defer cancel()
	if _, err := s.callerFrom(ctx, &c.Request().Header); err != nil {
		return err
	}
	return tooLarge
}

// writeFault tells a program of the problem, or a person by a page.
func (s *Server) writeFault(c *fiber.Ctx, err error, a answer) error {
	if a.retryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(a.retrySeconds()))
	}
	if forFinders(c) && !wantsJSON(c) {
		failed := s.writeFaultPage(c, err, a)
		if failed == nil {
			return nil
		}
		s.cfg.Log.Error("making the page of a fault", "request", stateOf(c).id, "error", failed)
	}
	return writeAnswer(c, a)
}

// retrySeconds is when to try again, in whole seconds.
func (a answer) retrySeconds() int { return int(math.Ceil(a.retryAfter.Seconds())) }

// writeAnswer replaces whatever the response holds by the problem.
func writeAnswer(c *fiber.Ctx, a answer) error {
	a.Type = "urn:ricircolo:problem:" + a.Code
	a.RequestID = stateOf(c).id
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if a.Status == fiber.StatusUnauthorized {
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Response().Header.Del(fiber.HeaderETag)
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return c.Status(a.Status).Send(body)
}
