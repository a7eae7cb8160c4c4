package rest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

const (
	// streamPiece is how much of a stream has to be taken within WriteTimeout.
	streamPiece = 16 << 10
	// streamBuffer is what the kernel may hold of a stream that the client has
	// not taken. It wakes a writer that waits when a third of this is free;
	// with the megabytes that it would give otherwise, somebody who reads
	// slowly could not be told from somebody who has stopped.
	streamBuffer = 64 << 10
)

// Why a stream ended before its end, for the log.
const (
	cutByClient   = "client"   // gone, or it took nothing for too long
	cutByTime     = "time"     // the whole took too long
	cutByShutdown = "shutdown" // the server is stopping
	cutByFault    = "fault"    // what writes it failed
)

// errStreamCut makes fasthttp break the connection, by which alone the client
// learns that something is missing. It says nothing to fasthttp's own log: the
// cause is in ours.
var errStreamCut = fmt.Errorf("stream cut: %w", io.ErrUnexpectedEOF)

// stream is the body of an answer that is written while it is sent, so that
// memory does not grow with its length. fasthttp runs WriteTo and then Close on
// the goroutine of the connection, when the handler and all around it have
// returned: there is no goroutine to leave behind, and no lock.
//
// To a client of HTTP/1.0 it is sent in chunks as well, which is what proxies
// that speak 1.0 to us expect of a server that says it speaks 1.1.
type stream struct {
	server     *Server
	state      *state
	connection *fasthttp.RequestCtx
	ctx        context.Context // of the writing
	cancel     context.CancelFunc
	write      func(context.Context, io.Writer) error

	to      io.Writer // the connection; fasthttp makes chunks of what comes
	sent    int64
	refused error  // why the connection took no more
	cut     string // why it ended before its end; "" if it did not
	closed  bool
	ends    []func() // what waits for the end
}

var _ fasthttp.BodyWriterTo = (*stream)(nil)

// respondStream answers with what write writes, once the handler has returned
// nil. Nothing can be refused any more by then: check before. write must stop
// when its context ends or its writer fails.
func (s *Server) respondStream(c *fiber.Ctx, write func(context.Context, io.Writer) error) error {
	// Until it has been written it counts as cut: fasthttp may not get so far.
	b := &stream{server: s, state: stateOf(c), connection: c.Context(), write: write, cut: cutByClient}
	b.ctx, b.cancel = context.WithTimeout(s.streams, s.cfg.Limits.Stream)
	b.state.stream = b
	connection := c.Context().Conn()
	b.ends = append(b.ends, stopFunc(context.AfterFunc(b.ctx, func() {
		_ = connection.SetWriteDeadline(time.Now()) // wakes a write that nobody takes
	})))
	c.Context().Response.SetBodyStream(b, -1)
	return nil
}

// WriteTo writes the whole body.
func (b *stream) WriteTo(to io.Writer) (int64, error) {
	b.to = to
	b.shrinkBuffer()
	out := bufio.NewWriterSize(writerFunc(b.pass), streamPiece)
	err := b.run(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		b.cut = ""
		// The last chunk is fasthttp's, and has its time too: what was written
		// last may be long ago.
		return b.sent, b.connection.SetWriteDeadline(b.deadline())
	}
	if b.cut = b.why(); b.cut == cutByFault {
		b.state.err = err
	}
	return b.sent, errStreamCut
}

// run calls write, and survives its panic.
func (b *stream) run(out io.Writer) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{v, debug.Stack()}
		}
	}()
	return b.write(b.ctx, out)
}

func (b *stream) why() string {
	end, _ := b.ctx.Deadline()
	switch {
	case b.refused == nil && b.ctx.Err() == nil:
		return cutByFault
	case b.server.draining.Load():
		return cutByShutdown
	case !time.Now().Before(end):
		return cutByTime
	}
	return cutByClient
}

// pass sends on what was written, piece by piece: as long as every piece is
// taken in time, the client may be as slow as it is.
func (b *stream) pass(p []byte) (n int, err error) {
	for len(p) > 0 {
		if err := b.ctx.Err(); err != nil {
			return n, err
		}
		piece := p[:min(len(p), streamPiece)]
		if b.refused = b.send(piece); b.refused != nil {
			b.cancel() // whoever works for this stream can stop
			return n, b.refused
		}
		n, p, b.sent = n+len(piece), p[len(piece):], b.sent+int64(len(piece))
	}
	return n, nil
}

func (b *stream) send(piece []byte) error {
	if err := b.connection.SetWriteDeadline(b.deadline()); err != nil {
		return err
	}
	if err := b.ctx.Err(); err != nil { // it ended before the deadline was set anew
		return err
	}
	_, err := b.to.Write(piece)
	return err
}

// deadline is until when what is written now has to be taken.
func (b *stream) deadline() time.Time {
	end, _ := b.ctx.Deadline()
	if soon := time.Now().Add(b.server.cfg.Limits.WriteTimeout); soon.Before(end) {
		return soon
	}
	return end
}

func (b *stream) shrinkBuffer() {
	c, ok := b.connection.Conn().(*conn)
	if !ok {
		return
	}
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(streamBuffer) // at worst, a slow client is given up too early
	}
}

// Close ends the stream, whether or not it was written.
func (b *stream) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	for _, end := range b.ends { // the first leaves the connection alone from now on
		end()
	}
	b.cancel()
	return nil
}

// SupportsBodyWriteTo makes fasthttp call WriteTo.
func (b *stream) SupportsBodyWriteTo() bool { return true }

// Read is not how this body is read.
func (b *stream) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

// stopFunc makes an end of a stream of what keeps a function from being called.
func stopFunc(stop func() bool) func() { return func() { stop() } }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
