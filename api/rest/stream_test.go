package rest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// streamed is a server with one route of the class Heavy, /stream, that
// answers with what write writes.
type streamed struct {
	server *Server
	addr   string
	log    *lockedBuffer
}

func mustStream(t *testing.T, limits func(*Limits), write func(context.Context, io.Writer) error) *streamed {
	t.Helper()
	cfg, log := loggingConfig()
	if limits != nil {
		limits(&cfg.Limits)
	}
	x := &streamed{log: log}
	routes := []Route{
		testRoute(post, "/stream", Heavy, func(c *fiber.Ctx) error { return x.server.respondStream(c, write) }),
		testRoute(get, "/ok", Heavy, sink),
	}
	x.server, x.addr = mustStart(t, cfg, routes)
	return x
}

// mustAsk sends the request on a connection whose buffer is small, so that what
// is not read stays with the server.
func (x *streamed) mustAsk(t *testing.T) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", x.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(32 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReaderSize(c, 4<<10)
}

// mustReadAll reads the answer, as fast as each lets it.
func mustReadAll(t *testing.T, r *bufio.Reader, each func()) (n int, err error) {
	t.Helper()
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("got %s", response.Status)
	}
	piece := make([]byte, 16<<10)
	for {
		m, err := io.ReadFull(response.Body, piece)
		n += m
		if err == io.EOF || err == io.ErrUnexpectedEOF && m > 0 && bytes.HasSuffix(piece[:m], []byte("end")) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		each()
	}
}

// status is that of a request in a line with the streams.
func (x *streamed) status(t *testing.T) int {
	t.Helper()
	response, _ := mustGet(t, "http://"+x.addr+"/ok")
	return response.StatusCode
}

// line waits for the log line of the stream.
func (x *streamed) line(t *testing.T) (line struct {
	Level, Route, Cut, Error, Stack string
	Status, Bytes                   int
	MS                              float64
}) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		for text := range strings.Lines(x.log.String()) {
			if strings.Contains(text, `"/stream"`) {
				if err := json.Unmarshal([]byte(text), &line); err != nil {
					t.Fatal(err)
				}
				return line
			}
		}
	}
	t.Fatal("the stream is not in the log")
	return line
}

// megabytes writes n of them, and "end".
func megabytes(n int) func(context.Context, io.Writer) error {
	return func(_ context.Context, w io.Writer) error {
		piece := bytes.Repeat([]byte("x"), 1<<20)
		for range n {
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, "end")
		return err
	}
}

func unhurried() {}

func TestStreamArrivesWhole(t *testing.T) {
	x := mustStream(t, nil, megabytes(3))
	c, r := x.mustAsk(t)
	n, err := mustReadAll(t, r, unhurried)
	if want := 3<<20 + 3; n != want || err != nil {
		t.Errorf("got %d bytes, %v, want %d", n, err, want)
	}
	if line := x.line(t); line.Status != 200 || line.Bytes != n || line.Cut != "" || line.Level != "INFO" {
		t.Errorf("got log line %+v", line)
	}
	// The connection serves on, and no deadline of the stream is left on it.
	if _, err := io.WriteString(c, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if response, err := http.ReadResponse(r, nil); err != nil || response.StatusCode != 204 {
		t.Errorf("got %v, %v after the stream", response, err)
	}
}

// However long a stream is, it takes no more memory.
func TestStreamTakesNoMemory(t *testing.T) {
	piece := make([]byte, 64<<10)
	const pieces = 1000
	x := mustStream(t, nil, func(_ context.Context, w io.Writer) error {
		for range pieces {
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		return nil
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	response, err := http.Post("http://"+x.addr+"/stream", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	runtime.ReadMemStats(&after)
	http.DefaultClient.CloseIdleConnections()
	if n != pieces*int64(len(piece)) || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20 {
		t.Errorf("%d bytes of stream took %d bytes of memory", n, took)
	}
}

// The write deadline is about progress: whoever reads steadily gets all of it,
// whatever time it takes.
func TestSlowReaderGetsTheWholeStream(t *testing.T) {
	const patience = 250 * time.Millisecond
	x := mustStream(t, func(l *Limits) { l.WriteTimeout = patience }, megabytes(2))
	_, r := x.mustAsk(t)
	start := time.Now()
	n, err := mustReadAll(t, r, func() { time.Sleep(10 * time.Millisecond) })
	if want := 2<<20 + 3; n != want || err != nil {
		t.Errorf("got %d bytes, %v, want %d", n, err, want)
	}
	if took := time.Since(start); took < 4*patience {
		t.Errorf("it took %v: the reader was not slow", took)
	}
	if line := x.line(t); line.Cut != "" || line.MS < float64((4*patience).Milliseconds()) {
		t.Errorf("got log line %+v, want the time that the client took", line)
	}
}

// The write deadline is the client's: what is slow to draw is not its fault.
func TestStreamThatTakesTimeToDraw(t *testing.T) {
	const patience = 100 * time.Millisecond
	x := mustStream(t, func(l *Limits) { l.WriteTimeout = patience }, func(_ context.Context, w io.Writer) error {
		for range 2 {
			if _, err := w.Write(make([]byte, 2*streamPiece)); err != nil {
				return err
			}
			time.Sleep(3 * patience)
		}
		return nil
	})
	_, r := x.mustAsk(t)
	if n, err := mustReadAll(t, r, unhurried); n != 4*streamPiece || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
}

// A reader that has stopped is given up, and its place in line is free again.
func TestStoppedReaderIsGivenUp(t *testing.T) {
	ended := make(chan error, 1)
	x := mustStream(t, func(l *Limits) { l.WriteTimeout, l.Heavy = 200*time.Millisecond, 1 }, func(ctx context.Context, w io.Writer) error {
		err := megabytes(8)(ctx, w)
		ended <- errors.Join(err, ctx.Err())
		return err
	})
	start := time.Now()
	x.mustAsk(t)
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the work ended with %v, want it cancelled", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it was given up after %v", took)
	}
	if line := x.line(t); line.Cut != cutByClient || line.Level != "INFO" || line.Bytes == 0 || line.Bytes > 1<<20 {
		t.Errorf("got log line %+v", line)
	}
	if got := x.status(t); got != 204 {
		t.Errorf("got %d, want the place free", got)
	}
}

// The place in line is held until the last byte, not until the handler returns.
func TestStreamKeepsItsPlace(t *testing.T) {
	more := make(chan struct{})
	x := mustStream(t, func(l *Limits) { l.Heavy = 1 }, func(_ context.Context, w io.Writer) error {
		_, err := w.Write(make([]byte, 2*streamPiece))
		<-more
		return err
	})
	_, r := x.mustAsk(t)
	if _, err := r.Peek(1); err != nil { // the handler has returned
		t.Fatal(err)
	}
	if got := x.status(t); got != 503 {
		t.Errorf("got %d, want 503 while the stream has the place", got)
	}
	if got := x.metric(t, "ricircolo_http_requests_in_flight"); got != "1" {
		t.Errorf("got %s requests in flight, want 1", got)
	}
	close(more)
	if n, err := mustReadAll(t, r, unhurried); n != 2*streamPiece || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
	x.line(t)
	if got := x.status(t); got != 204 {
		t.Errorf("got %d, want the place free", got)
	}
}

// metric is the value of a metric without labels.
func (x *streamed) metric(t *testing.T, name string) string {
	t.Helper()
	families, err := x.server.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return fmt.Sprint(m.GetGauge().GetValue() + m.GetCounter().GetValue())
		}
	}
	return "none"
}

// A client that goes away stops the work.
func TestStreamOfClientThatLeft(t *testing.T) {
	ended := make(chan struct{})
	var written atomic.Int64
	x := mustStream(t, nil, func(ctx context.Context, w io.Writer) error {
		defer close(ended)
		for ctx.Err() == nil { // never done by itself
			n, err := w.Write(make([]byte, 4<<10))
			written.Add(int64(n))
			if err != nil {
				<-ctx.Done() // and its helpers are told
				return err
			}
		}
		return ctx.Err()
	})
	c, r := x.mustAsk(t)
	if _, err := r.Peek(1); err != nil {
		t.Fatal(err)
	}
	c.Close()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the work goes on without a client")
	}
	if line := x.line(t); line.Cut != cutByClient || line.Level != "INFO" || line.Error != "" {
		t.Errorf("got log line %+v", line)
	}
	if got := x.metric(t, "ricircolo_http_streams_cut_total"); got != "1" {
		t.Errorf("got %s streams cut, want 1", got)
	}
}

// A stream that fails half-way is never taken for a whole one, and the log says
// why.
func TestStreamThatFails(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("no more paper") },
		"panic": func() error { panic("no more paper") },
	} {
		t.Run(name, func(t *testing.T) {
			x := mustStream(t, func(l *Limits) { l.Heavy = 1 }, func(_ context.Context, w io.Writer) error {
				if _, err := w.Write(make([]byte, 100<<10)); err != nil {
					return err
				}
				return fail()
			})
			_, r := x.mustAsk(t)
			n, err := mustReadAll(t, r, unhurried)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %d bytes and %v, want the end missing", n, err)
			}
			line := x.line(t)
			if line.Cut != cutByFault || line.Level != "ERROR" || !strings.Contains(line.Error, "no more paper") || (line.Stack != "") != (name == "panic") {
				t.Errorf("got log line %+v", line)
			}
			if got := x.status(t); got != 204 {
				t.Errorf("got %d, want the place free", got)
			}
		})
	}
}

// Somebody who reads for ever does not keep a place for ever.
func TestStreamHasAnEnd(t *testing.T) {
	x := mustStream(t, func(l *Limits) { l.Stream = 300 * time.Millisecond }, func(ctx context.Context, w io.Writer) error {
		for {
			if _, err := w.Write(make([]byte, streamPiece)); err != nil {
				return err
			}
		}
	})
	_, r := x.mustAsk(t)
	start := time.Now()
	if _, err := mustReadAll(t, r, func() { time.Sleep(time.Millisecond) }); err == nil {
		t.Error("the stream came to an end of its own")
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it was cut after %v", took)
	}
	if line := x.line(t); line.Cut != cutByTime || line.Level != "INFO" {
		t.Errorf("got log line %+v", line)
	}
}

func TestShutdownSendsWhatIsStreaming(t *testing.T) {
	x := mustStream(t, nil, megabytes(2))
	_, r := x.mustAsk(t)
	if _, err := r.Peek(1); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- x.server.Shutdown(context.Background()) }()
	if n, err := mustReadAll(t, r, func() { time.Sleep(time.Millisecond) }); n != 2<<20+3 || err != nil {
		t.Errorf("got %d bytes, %v, want all", n, err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// Shutdown waits for a stream nearly as long as for any request; then it is cut, and
// somebody's slow download does not make a failure of a clean stop.
func TestShutdownCutsStreams(t *testing.T) {
	ended := make(chan struct{})
	cfg, log := loggingConfig()
	cfg.Limits.Drain = 2 * time.Second // of which a quarter is left after the cut, also on a busy machine
	x := &streamed{log: log}
	server, addr, served := mustServe(t, cfg, testRoute(post, "/stream", Heavy, func(c *fiber.Ctx) error {
		return x.server.respondStream(c, func(ctx context.Context, w io.Writer) error {
			defer close(ended)
			return megabytes(100)(ctx, w)
		})
	}))
	x.server, x.addr = server, addr
	_, r := x.mustAsk(t)
	if _, err := r.Peek(1); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := server.Shutdown(context.Background()); err != nil {
		t.Errorf("got %v, want a clean stop", err)
	}
	if took := time.Since(start); took > cfg.Limits.Drain {
		t.Errorf("shutdown took %v", took)
	}
	select {
	case <-ended:
	case <-time.After(2 * time.Second):
		t.Error("the work goes on behind the shutdown")
	}
	if line := x.line(t); line.Cut != cutByShutdown {
		t.Errorf("got log line %+v", line)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}
