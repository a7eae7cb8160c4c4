package rest

import (
	"sync"
	"time"

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
	Print              // draws labels, and sends them for as long as the client takes
)

func newPlaces(l Limits) map[Class]chan struct{} {
	writes := make(chan struct{}, l.Writes)
	return map[Class]chan struct{}{
		Read:  make(chan struct{}, l.Reads),
		Write: writes,
		Batch: writes,
		Heavy: make(chan struct{}, l.Heavy),
		Print: make(chan struct{}, l.Print),
	}
}

// admit runs the handler if the class has a free place, and otherwise refuses
// at once. A streamed answer keeps its place until it has been sent. Work that
// waits in an unbounded line is done after its client gave up: early refusal keeps
// the answers that are given in time.
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

// maxDownloads is how many streams one caller takes at the same time: slow ones
// would keep all places from others.
const maxDownloads = 2

// downloads counts the streams of callers that have any.
type downloads struct {
	mu    sync.Mutex
	count map[string]int
}

// take begins a stream of a caller's, unless there are enough, and returns what
// ends it.
func (d *downloads) take(caller string) (end func(), ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.count[caller] >= maxDownloads {
		return nil, false
	}
	if d.count == nil {
		d.count = map[string]int{}
	}
	d.count[caller]++
	return func() { d.end(caller) }, true
}

func (d *downloads) end(caller string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.count[caller]--; d.count[caller] == 0 {
		delete(d.count, caller)
	}
}

// limitDownloads bounds the streams of one caller.
func (s *Server) limitDownloads(c *fiber.Ctx) error {
	end, ok := s.downloads.take(callerOf(c).Actor())
	if !ok {
		return problem.New(problem.TooMany, "too-many-downloads", "You have %d downloads under way: wait until one has ended.", maxDownloads).After(retryDownload)
	}
	defer func() { stateOf(c).atEnd(end) }()
	return c.Next()
}

// retryDownload is how long a usual download takes.
const retryDownload = 5 * time.Second
