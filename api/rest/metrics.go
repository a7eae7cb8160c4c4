package rest

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
)

// metrics are what /metrics shows. Labels take their values from the route
// table and never from a request, which could make up any number of them.
type metrics struct {
	registry           *prometheus.Registry
	requests           *prometheus.CounterVec
	duration           *prometheus.HistogramVec
	inFlight           prometheus.Gauge
	shed               prometheus.Counter
	refusedConnections prometheus.Counter
	cut                prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ricircolo_http_requests_total", Help: "Requests answered.",
		}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ricircolo_http_request_duration_seconds", Help: "Time from the headers' arrival to the answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ricircolo_http_requests_in_flight", Help: "Requests being answered.",
		}),
		shed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ricircolo_http_requests_shed_total", Help: "Requests refused because their class had no place free.",
		}),
		refusedConnections: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ricircolo_http_connections_refused_total", Help: "Connections beyond the cap of their address.",
		}),
		cut: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ricircolo_http_streams_cut_total", Help: "Streamed answers that ended before their end.",
		}),
	}
	m.registry.MustRegister(m.requests, m.duration, m.inFlight, m.shed, m.refusedConnections, m.cut,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// knownMethod is the method, or "other" for what only a client has heard of.
func knownMethod(method string) string {
	if slices.Contains(methods, method) {
		return method
	}
	return "other"
}

func (m *metrics) observe(method string, route *Route, status int, took time.Duration) {
	m.requests.WithLabelValues(knownMethod(method), route.pattern(), strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(route.pattern()).Observe(took.Seconds())
}

// serveMetrics answers GET /metrics, to the networks that may read it.
func (s *Server) serveMetrics(c *fiber.Ctx) error {
	if !inAny(s.cfg.MetricsFrom, stateOf(c).client) {
		return fiber.ErrNotFound
	}
	families, err := s.metrics.registry.Gather()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	encoder := expfmt.NewEncoder(&b, format)
	for _, f := range families {
		if err := encoder.Encode(f); err != nil {
			return err
		}
	}
	c.Set(fiber.HeaderContentType, string(format))
	return c.Send(b.Bytes())
}
