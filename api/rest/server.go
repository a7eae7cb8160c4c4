// Package rest owns HTTP: the route table, what happens to every request
// before and after its handler, the one mapping from problems to statuses, and
// the OpenAPI document. A handler decodes, calls one service method, and
// renders; rules and authorisation within a scope are the services'.
//
// It is the only package that imports fiber, and no fiber type leaves it.
package rest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/report/job"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// Services are what the handlers call. All are required.
type Services struct {
	Authenticator Authenticator
	Identity      Identity
	Tracking      Tracking
	Finder        Finder
}

// Authenticator turns the bearer token of a request into its caller. It
// returns a problem of the kind Unauthenticated for a token that is not valid
// (any more).
type Authenticator interface {
	Authenticate(ctx context.Context, raw string) (access.Caller, error)
}

// Server serves the REST interface. Make one with New.
type Server struct {
	cfg      Config
	services Services
	app      *fiber.App
	table    []Route
	metrics  *metrics
	spec     *spec
	press    press

	addresses *buckets[address]
	callers   *buckets[string]
	issues    *buckets[organisation]  // labels that were issued
	places    map[Class]chan struct{} // places in line, by class
	downloads downloads
	finder    *finderSide
	jobs      *job.Runner // files of reports

	base     context.Context // of every handler; ends when draining has taken too long
	stop     context.CancelFunc
	streams  context.Context // of answers that are streamed; ends in time for their clients to see it
	cut      context.CancelFunc
	draining atomic.Bool
	listener atomic.Pointer[listener]
}

// New makes a server that does not listen yet.
func New(cfg Config, services Services) (*Server, error) {
	if services.Identity == nil || services.Tracking == nil || services.Finder == nil {
		return nil, errors.New("rest: a service is missing")
	}
	s, err := newServer(cfg, services)
	if err != nil {
		return nil, err
	}
	return s, s.mount(s.routes())
}

// newServer makes a server without routes.
func newServer(cfg Config, services Services) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("rest: %w", err)
	}
	if services.Authenticator == nil {
		return nil, errors.New("rest: authenticator is missing")
	}
	cfg = cfg.withDefaults()
	spec, err := loadSpec()
	if err != nil {
		return nil, fmt.Errorf("rest: %w", err)
	}
	finder, err := newFinderSide(cfg)
	if err != nil {
		return nil, fmt.Errorf("rest: %w", err)
	}
	s := &Server{
		cfg:       cfg,
		services:  services,
		metrics:   newMetrics(),
		spec:      spec,
		press:     press{print.Job.Write, print.Job.Calibration},
		addresses: newBuckets[address](cfg.Limits.Address, cfg.Limits.Buckets, cfg.Now),
		callers:   newBuckets[string](cfg.Limits.Caller, cfg.Limits.Buckets, cfg.Now),
		issues:    newBuckets[organisation](cfg.Limits.Labels, cfg.Limits.Buckets, cfg.Now),
		places:    newPlaces(cfg.Limits),
		finder:    finder,
		jobs:      job.NewRunner(job.Config{}),
	}
	s.base, s.stop = context.WithCancel(context.Background())
	s.streams, s.cut = context.WithCancel(s.base)
	s.app = s.newApp()
	return s, nil
}

// methods are those that any route takes.
var methods = []string{fiber.MethodGet, fiber.MethodHead, fiber.MethodPost, fiber.MethodPut, fiber.MethodPatch, fiber.MethodDelete}

// newApp sets every option of fiber and fasthttp on which safety depends; most
// of their defaults are "unlimited".
func (s *Server) newApp() *fiber.App {
	l := s.cfg.Limits
	app := fiber.New(fiber.Config{
		ReadTimeout:           l.ReadTimeout,
		WriteTimeout:          l.WriteTimeout,
		IdleTimeout:           l.IdleTimeout,
		BodyLimit:             l.Body,
		ReadBufferSize:        l.Header,
		Concurrency:           l.Connections,
		RequestMethods:        methods,
		ErrorHandler:          s.refuse,
		CaseSensitive:         true,
		StrictRouting:         true,
		DisableStartupMessage: true,
		// Strings from a Ctx would otherwise change under a handler that keeps
		// them, which here means weights on the wrong bin.
		Immutable: true,
		// Otherwise fasthttp writes large multipart bodies to temporary files.
		DisablePreParseMultipartForm: true,
		// With no proxy listed fiber then trusts no X-Forwarded header; the
		// client's address is found by clientAddress.
		EnableTrustedProxyCheck: true,
	})
	server := app.Server()
	server.HeaderReceived = s.bodyLimit
	server.CloseOnShutdown = true
	server.SecureErrorLogMessage = true // its parse errors would quote the request
	return app
}

// mount puts the routes behind the chain that every request goes through.
func (s *Server) mount(table []Route) error {
	if err := checkTable(table); err != nil {
		return fmt.Errorf("rest: %w", err)
	}
	s.table = table
	s.app.Use(s.begin, s.observe, s.renderErrors, recoverPanics, s.limitAddress)
	for i := range s.table {
		route := &s.table[i]
		s.app.Add(route.Method, fiberPath(route.Path), s.chain(route)...)
		if route.Method == fiber.MethodGet {
			s.app.Add(fiber.MethodHead, fiberPath(route.Path), s.chain(route)...)
		}
	}
	s.app.Server().Handler = s.refuseMalformed(s.app.Handler())
	return nil
}

// Routes is the route table, for tests that walk it.
func (s *Server) Routes() []Route { return slices.Clone(s.table) }

// Serve answers requests from ln until Shutdown, and then returns nil. It
// closes ln.
func (s *Server) Serve(ln net.Listener) error {
	guarded := newListener(ln, s.cfg, s.metrics.refusedConnections)
	if !s.listener.CompareAndSwap(nil, guarded) {
		return errors.New("rest: serving already")
	}
	if s.draining.Load() {
		return guarded.Close()
	}
	return s.app.Server().Serve(guarded)
}

// Shutdown refuses new connections, lets requests in flight be answered, and
// returns when all are, or ctx ends, or the drain limit is over. In the latter
// cases it breaks the connections that are left, and returns an error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	defer s.stop()
	defer s.jobs.Close()
	ln := s.listener.Load()
	if ln == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Drain)
	defer cancel()
	if err := ln.Close(); err != nil {
		return fmt.Errorf("rest: closing the listener: %w", err)
	}
	// Downloads that will not have ended by then are cut, so that slow ones don't
	// make a failure of a clean stop.
	if end, ok := ctx.Deadline(); ok {
		timer := time.AfterFunc(time.Until(end)*3/4, s.cut)
		defer timer.Stop()
	}
	// fasthttp would wait 5 s for connections on which nothing ever came.
	ln.closeSilent()
	if err := s.app.Server().ShutdownWithContext(ctx); err != nil {
		ln.closeAll()
		return fmt.Errorf("rest: requests were still in flight: %w", err)
	}
	return nil
}
