package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// Config is what the program decides about the server. The zero value of a
// field with a default stands for that default.
type Config struct {
	// BaseURL is where the outside reaches the server, such as
	// "https://ricircolo.example": scheme and host only. Required. With https
	// the answers carry Strict-Transport-Security.
	BaseURL string

	// Lab is the id of the lab whose labels have public pages here. Required.
	Lab string

	// AppURL is where the app is: a URL, or a path on this host. A browser that
	// has signed in is led there from the page of a label. Default: there is no
	// app, so nobody is led anywhere.
	AppURL string

	// Labels is where the links on printed labels lead. Default: BaseURL.
	Labels qrlabels.Base

	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	// Default: none, so that the header is ignored.
	TrustedProxies []netip.Prefix

	// MetricsFrom are the networks that may read /metrics; to all others it
	// does not exist. Default: loopback.
	MetricsFrom []netip.Prefix

	// Limits bound what clients can use up.
	Limits Limits

	// Ready says whether requests would be served now; its error makes
	// /readyz answer 503 and is logged, not shown. Required.
	Ready func(context.Context) error

	// Log receives one line per request. Required.
	Log *slog.Logger

	// Now is the clock. Default: time.Now.
	Now func() time.Time

	// Version is the program's version, shown by /api/v1/status. Required.
	Version string
}

// Rate is a token bucket: PerSecond on average, Burst at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Limits bound what clients can use up. Every field has a default.
type Limits struct {
	ReadTimeout   time.Duration // for a whole request to arrive; 5 s
	WriteTimeout  time.Duration // for an answer to be taken; 10 s
	IdleTimeout   time.Duration // between two requests of a connection; 30 s
	Deadline      time.Duration // for a handler; 5 s
	HeavyDeadline time.Duration // for a handler of the class Heavy; 20 s
	Stream        time.Duration // for a whole streamed answer, of which WriteTimeout is for every piece; 5 min
	Drain         time.Duration // for requests in flight at shutdown; 5 s

	Header    int // bytes of request line and headers; 8 KiB
	Body      int // bytes of a request body; 64 KiB
	BatchBody int // bytes of a body of the classes Batch and Print, for signed-in callers; 256 KiB

	Connections           int // open connections in all; 2,048
	ConnectionsPerAddress int // of one IPv4 address or IPv6 /64, trusted proxies apart; 512

	Reads  int // requests in flight of the class Read; 256
	Writes int // requests in flight of the classes Write and Batch; 256
	Heavy  int // requests in flight of the class Heavy; 8
	Print  int // requests in flight of the class Print, until they are sent; 4

	Address Rate // requests of one IPv4 address or IPv6 /64; 200/s, burst 1,000
	Caller  Rate // requests of one signed-in person or device; 20/s, burst 100
	Looks   Rate // pages of labels read by one address; 20/s, burst 200: a hospital's guests share one
	Labels  Rate // labels issued by one facility, or by the lab's coordinators; 20,000 a day, burst 20,000
	Reports ReportLimits
	Buckets int // addresses, callers and labels whose rate is remembered, of each kind; 65,536
}

// ReportLimits bound the reports of people who have not signed in.
type ReportLimits struct {
	Body         int  // bytes of a report; 4 KiB
	LabelAddress Rate // about one label by one address; one in 2 min, burst 3
	Address      Rate // by one address; one in 10 s, burst 20
	Label        Rate // about one label, by whomever; one in 20 s, burst 10
}

// withDefaults returns c with every zero field replaced by its default.
func (c Config) withDefaults() Config {
	if c.MetricsFrom == nil {
		c.MetricsFrom = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Labels == (qrlabels.Base{}) {
		c.Labels, _ = qrlabels.NewBase(c.BaseURL) // Validate has reported the error
	}
	l := &c.Limits
	or(&l.ReadTimeout, 5*time.Second)
	or(&l.WriteTimeout, 10*time.Second)
	or(&l.IdleTimeout, 30*time.Second)
	or(&l.Deadline, 5*time.Second)
	or(&l.HeavyDeadline, 20*time.Second)
	or(&l.Stream, 5*time.Minute)
	or(&l.Drain, 5*time.Second)
	or(&l.Header, 8<<10)
	or(&l.Body, 64<<10)
	or(&l.BatchBody, 256<<10)
	or(&l.Connections, 2048)
	or(&l.ConnectionsPerAddress, 512)
	or(&l.Reads, 256)
	or(&l.Writes, 256)
	or(&l.Heavy, 8)
	or(&l.Print, 4)
	or(&l.Address, Rate{PerSecond: 200, Burst: 1000})
	or(&l.Caller, Rate{PerSecond: 20, Burst: 100})
	or(&l.Looks, Rate{PerSecond: 20, Burst: 200})
	or(&l.Labels, Rate{PerSecond: 20_000.0 / 86_400, Burst: 20_000})
	or(&l.Reports.Body, 4<<10)
	or(&l.Reports.LabelAddress, Rate{PerSecond: 1.0 / 120, Burst: 3})
	or(&l.Reports.Address, Rate{PerSecond: 0.1, Burst: 20})
	or(&l.Reports.Label, Rate{PerSecond: 0.05, Burst: 10})
	or(&l.Buckets, 1<<16)
	return c
}

// or sets a zero field to its default.
func or[T comparable](field *T, fallback T) {
	var zero T
	if *field == zero {
		*field = fallback
	}
}

// Validate reports all faults at once.
func (c Config) Validate() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	u, err := url.Parse(c.BaseURL)
	fault(err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || c.BaseURL != u.Scheme+"://"+u.Host,
		"base URL %q: want a scheme and a host, such as https://ricircolo.example", c.BaseURL)
	if c.Labels == (qrlabels.Base{}) {
		_, err := qrlabels.NewBase(c.BaseURL)
		fault(err != nil, "base URL for the labels: %w", err)
	}
	for _, p := range append(append([]netip.Prefix{}, c.TrustedProxies...), c.MetricsFrom...) {
		fault(!p.IsValid() || p.Bits() == 0, "network %q: want a prefix that is not everybody, such as 10.0.0.0/8", p)
	}
	fault(c.Lab == "", "lab is missing")
	_, err = url.Parse(c.AppURL)
	fault(err != nil || strings.HasSuffix(c.AppURL, "/"), "app URL %q: want a URL or a path without a slash at its end", c.AppURL)
	fault(c.Ready == nil, "ready check is missing")
	fault(c.Log == nil, "logger is missing")
	fault(c.Version == "", "version is missing")
	faults = append(faults, c.Limits.faults()...)
	return errors.Join(faults...)
}

// faults lists the limits that are out of range.
func (l Limits) faults() []error {
	l = Config{Limits: l}.withDefaults().Limits
	var faults []error
	for _, d := range []struct {
		name       string
		value, max time.Duration
	}{
		{"read timeout", l.ReadTimeout, time.Minute}, {"write timeout", l.WriteTimeout, time.Minute}, {"idle timeout", l.IdleTimeout, time.Minute},
		{"deadline", l.Deadline, time.Minute}, {"heavy deadline", l.HeavyDeadline, time.Minute}, {"stream", l.Stream, time.Hour},
		{"drain", l.Drain, time.Minute},
	} {
		if d.value <= 0 || d.value > d.max {
			faults = append(faults, fmt.Errorf("%s %v: want more than 0 and at most %v", d.name, d.value, d.max))
		}
	}
	for _, n := range []struct {
		name            string
		value, min, max int
	}{
		{"header bytes", l.Header, 1 << 10, 64 << 10},
		{"body bytes", l.Body, 1 << 10, 1 << 20},
		{"batch body bytes", l.BatchBody, l.Body, 1 << 20},
		{"connections", l.Connections, 1, 1 << 20},
		{"connections per address", l.ConnectionsPerAddress, 1, l.Connections},
		{"reads in flight", l.Reads, 1, 1 << 16},
		{"writes in flight", l.Writes, 1, 1 << 16},
		{"heavy requests in flight", l.Heavy, 1, 1 << 10},
		{"printing requests in flight", l.Print, 1, 1 << 10},
		{"report bytes", l.Reports.Body, 1 << 10, l.Body},
		{"rate buckets", l.Buckets, 1, 1 << 20},
	} {
		if n.value < n.min || n.value > n.max {
			faults = append(faults, fmt.Errorf("%s %d: want %d to %d", n.name, n.value, n.min, n.max))
		}
	}
	if l.Labels.Burst < tracking.MaxLabels {
		faults = append(faults, fmt.Errorf("labels at once %d: want at least the %d of the largest batch", l.Labels.Burst, tracking.MaxLabels))
	}
	return append(faults, l.rateFaults()...)
}

func (l Limits) rateFaults() (faults []error) {
	for _, r := range []struct {
		name string
		Rate
	}{
		{"address", l.Address}, {"caller", l.Caller}, {"looks", l.Looks}, {"reports of a label by an address", l.Reports.LabelAddress},
		{"reports of an address", l.Reports.Address}, {"reports of a label", l.Reports.Label},
		{"labels of an organisation", l.Labels},
	} {
		if r.PerSecond <= 0 || r.Burst < 1 || r.Burst > 1<<20 {
			faults = append(faults, fmt.Errorf("rates: %s: %+v: want more than 0 per second and a burst of 1 to %d", r.name, r.Rate, 1<<20))
		}
	}
	return faults
}
