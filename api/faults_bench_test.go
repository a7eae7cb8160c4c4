//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// stage is how long each part of the benchmark lasts.
const stage = 3 * time.Second

// BenchmarkHTTP puts recording over HTTP (token, policy, validation, ledger,
// documents, cube, fsync) into proportion, all in one run on one machine, with
// server and clients sharing it:
//
//	scan/no-op       to an answer that does nothing, through the same chain;
//	                 client-scan/no-op is the same with clients of net/http
//	scan/bare        to net/http doing nothing
//	scan/raw-single  to appending to the ledger one by one, each with its fsync
//	sync/single      entries in batches of 200 to entries one by one, by one phone
//	p99/p50          at half the load that it can take
//
// The memory, and the time to start with what was recorded so far, are those
// of the program in a process of its own, under full load.
func BenchmarkHTTP(b *testing.B) {
	l := mustLab(b)
	for b.Loop() {
		s := mustBenchServer(b, l)
		noop := s.rate(b, phones, 1, func(int) []byte { return s.request(http.MethodGet, "/healthz", nil) })
		bare := s.bare(b)
		raw := rawSingle(b)
		single := s.rate(b, phones, 1, s.single)
		batch := s.rate(b, batches, tracking.MaxSync, s.batch)
		clientNoop := s.clientRate(b, http.MethodGet, "/healthz", func(int) any { return nil })
		clientScan := s.clientRate(b, http.MethodPost, "/api/v1/entries", func(n int) any { return s.entry(n, phones) })
		alone, together := s.rate(b, 1, 1, s.single), s.rate(b, 1, tracking.MaxSync, s.batch)
		p50, p99 := s.latencies(b, single/2)
		head := s.end(b)
		start, rss := s.outside(b)
		for name, value := range map[string]float64{
			"scan/s": single, "synced/s": batch, "no-op/s": noop, "bare/s": bare, "raw-single/s": raw, "scan/no-op": single / noop, "scan/bare": single / bare,
			"client-scan/s": clientScan, "client-no-op/s": clientNoop, "client-scan/no-op": clientScan / clientNoop,
			"scan/raw-single": single / raw, "sync/single": together / alone, "p50-ms": p50.Seconds() * 1000, "p99-ms": p99.Seconds() * 1000,
			"p99/p50": p99.Seconds() / p50.Seconds(), "RSS-MiB": rss, "entries": float64(head), "start-ms": start.Seconds() * 1000,
		} {
			b.ReportMetric(value, name)
		}
		b.ReportMetric(0, "ns/op")
	}
}

// benchServer is the program's server in this process.
type benchServer struct {
	lab     *lab
	address string
	stop    func() error
	app     *application
	at      atomic.Int64 // ms, moves on with every entry
}

func mustBenchServer(b *testing.B, l *lab) *benchServer {
	b.Helper()
	cfg, err := defaults()
	if err != nil {
		b.Fatal(err)
	}
	cfg.Data, cfg.Listen, cfg.TokenIssuer, cfg.LogLevel = l.dir, freeAddress(b), "ricircolo-test", slog.LevelWarn
	cfg.AddressRate, cfg.AddressBurst, cfg.CallerRate, cfg.CallerBurst = 1e6, 1e6, 1e6, 1e6
	app, err := open(b.Context(), cfg, cfg.Logger(os.Stderr))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- app.serve(ctx, func() { close(ready) }) }()
	<-ready
	s := &benchServer{lab: l, address: cfg.Listen, app: app, stop: func() error {
		cancel()
		return errors.Join(<-ended, app.close())
	}}
	s.at.Store(time.Now().Add(-30 * 24 * time.Hour).UnixMilli())
	return s
}

// end stops the server and returns how many entries there are.
func (s *benchServer) end(b *testing.B) int64 {
	b.Helper()
	head, err := (client{"http://" + s.address, s.lab.tokens[access.Coordinator]}).head(b.Context())
	if err := errors.Join(err, s.stop()); err != nil {
		b.Fatal(err)
	}
	return head
}

// request is the text of a request.
func (s *benchServer) request(method, path string, body any) []byte {
	raw := []byte(nil)
	if body != nil {
		raw, _ = json.Marshal(body) // of types that we know
	}
	return append(fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		method, path, s.lab.tokens[access.Ward], len(raw)), raw...)
}

// entry closes one of the bins that the nth of several phones looks after.
func (s *benchServer) entry(n, phones int) tracking.Submission {
	mine := len(s.lab.bins) / phones
	sub := closing(s.lab.bins[n*mine+rand.IntN(mine)], quantity.Mass(500+rand.IntN(3000)), false)
	sub.OccurredAt = calendar.Instant(s.at.Add(1)).String()
	return sub
}

// phones is how many work at once, and batches how many send batches.
const phones, batches = 64, 8

func (s *benchServer) single(n int) []byte {
	return s.request(http.MethodPost, "/api/v1/entries", s.entry(n, phones))
}

func (s *benchServer) batch(n int) []byte {
	entries := make([]tracking.Submission, tracking.MaxSync)
	for i := range entries {
		entries[i] = s.entry(n, batches)
	}
	return s.request(http.MethodPost, "/api/v1/entries/sync", map[string]any{"sentAt": calendar.At(time.Now()), "entries": entries})
}

// rate sends requests from several connections for one stage, each worth so
// many entries, and returns entries per second.
func (s *benchServer) rate(b *testing.B, connections, worth int, next func(n int) []byte) float64 {
	b.Helper()
	var done atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for n := range connections {
		all.Go(func() {
			c := mustDial(b, s.address)
			defer c.Close()
			for time.Since(began) < stage && c.exchange(b, next(n)) {
				done.Add(int64(worth))
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

// latencies sends single entries at a fixed rate, whether or not the former
// ones were answered, and returns how long the answers took after their time.
func (s *benchServer) latencies(b *testing.B, perSecond float64) (p50, p99 time.Duration) {
	b.Helper()
	due, began := make(chan time.Time, 1<<16), time.Now()
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	for n := range phones {
		all.Go(func() {
			c := mustDial(b, s.address)
			defer c.Close()
			for at := range due {
				if !c.exchange(b, s.single(n)) {
					return
				}
				mu.Lock()
				took = append(took, time.Since(at))
				mu.Unlock()
			}
		})
	}
	for n := 0; time.Since(began) < stage; n++ {
		at := began.Add(time.Duration(float64(n) / perSecond * float64(time.Second)))
		time.Sleep(time.Until(at)) // an open loop
		due <- at
	}
	close(due)
	all.Wait()
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100]
}

// connection is a client that costs little: what it takes from the machine,
// the server lacks.
type connection struct {
	net.Conn
	r *bufio.Reader
}

func mustDial(b *testing.B, address string) *connection {
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Error(err)
		return &connection{}
	}
	return &connection{c, bufio.NewReader(c)}
}

// exchange sends a request and reads its answer, which must be a success.
func (c *connection) exchange(b *testing.B, request []byte) bool {
	length, status := 0, []byte(nil)
	_, err := c.Write(request)
	for first := true; err == nil; first = false {
		var line []byte
		if line, err = c.r.ReadSlice('\n'); err != nil || len(line) == 2 {
			break
		}
		if first {
			status = bytes.Clone(line[9:12])
		} else if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
	if err == nil {
		_, err = c.r.Discard(length)
	}
	if err != nil || status[0] != '2' {
		b.Errorf("got %s, %v, want a success", status, err)
		return false
	}
	return true
}

// bare is the rate of net/http doing nothing, for the same client.
func (s *benchServer) bare(b *testing.B) float64 {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })}
	go func() { _ = server.Serve(ln) }()
	defer server.Close()
	nothing := &benchServer{lab: s.lab, address: ln.Addr().String()}
	return nothing.rate(b, phones, 1, func(int) []byte { return nothing.request(http.MethodGet, "/", nil) })
}

// rawSingle is the rate at which one caller appends to the ledger, each entry
// with an fsync of its own.
func rawSingle(b *testing.B) float64 {
	b.Helper()
	s, err := sqlite.Open(b.Context(), sqlite.Options{Dir: b.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	began, n := time.Now(), 0
	content := fmt.Appendf(nil, `{"filler":%q}`, strings.Repeat("x", 600))
	for ; time.Since(began) < stage; n++ {
		err := s.Update(b.Context(), "lab", func(tx store.Tx) error {
			_, err := tx.Append(store.Entry{ID: strconv.Itoa(n), Content: content, Outcome: []byte(`{}`)})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(began).Seconds()
}

// outside starts the program as a process and has it record, too.
func (s *benchServer) outside(b *testing.B) (start time.Duration, rssMiB float64) {
	b.Helper()
	p := mustServe(b, s.lab.dir)
	s.address = strings.TrimPrefix(p.url, "http://")
	s.rate(b, phones, 1, s.single)
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	p.mustStop(b)
	if err != nil {
		return p.started, 0 // not Linux
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); fields[0] == "VmHWM:" {
			rssMiB, _ = strconv.ParseFloat(fields[1], 64)
			rssMiB /= 1024
		}
	}
	return p.started, rssMiB
}
