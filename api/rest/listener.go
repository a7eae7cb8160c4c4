package rest

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// listener caps the open connections of one client address, so that one client
// cannot take all that there are. It also knows the open connections, which
// shutdown needs.
type listener struct {
	net.Listener
	perAddress int
	trusted    []netip.Prefix // proxies, through which everybody comes
	refused    prometheus.Counter

	closing  sync.Once
	closeErr error

	mu    sync.Mutex // guards what follows
	count map[address]int
	conns map[*conn]struct{}
}

func newListener(ln net.Listener, cfg Config, refused prometheus.Counter) *listener {
	return &listener{
		Listener:   ln,
		perAddress: cfg.Limits.ConnectionsPerAddress,
		trusted:    cfg.TrustedProxies,
		refused:    refused,
		count:      map[address]int{},
		conns:      map[*conn]struct{}{},
	}
}

// Accept returns the next connection of a client that may have one more;
// others are closed at once, which costs least.
func (l *listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.admit(raw); c != nil {
			return c, nil
		}
		l.refused.Inc()
		raw.Close()
	}
}

// Close stops accepting. It may be called twice: by Shutdown, and by fasthttp
// if that was serving by then.
func (l *listener) Close() error {
	l.closing.Do(func() { l.closeErr = l.Listener.Close() })
	return l.closeErr
}

func (l *listener) admit(raw net.Conn) *conn {
	peer := peerOf(raw.RemoteAddr())
	c := &conn{Conn: raw, listener: l, from: addressOf(peer)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count[c.from] >= l.perAddress && !inAny(l.trusted, peer) {
		return nil
	}
	l.count[c.from]++
	l.conns[c] = struct{}{}
	return c
}

func (l *listener) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	if l.count[c.from]--; l.count[c.from] == 0 {
		delete(l.count, c.from)
	}
}

// closeSilent closes the connections on which nothing has come yet.
func (l *listener) closeSilent() {
	for _, c := range l.openConns() {
		if !c.heard.Load() {
			c.Close()
		}
	}
}

// closeAll closes all connections.
func (l *listener) closeAll() {
	for _, c := range l.openConns() {
		c.Close()
	}
}

func (l *listener) openConns() []*conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*conn
	for c := range l.conns {
		all = append(all, c)
	}
	return all
}

// conn is a connection that its listener counts.
type conn struct {
	net.Conn
	listener *listener
	from     address
	heard    atomic.Bool // something has come
	reading  atomic.Bool // somebody waits for more
	ended    atomic.Bool // nothing more will come
	closed   sync.Once
}

func (c *conn) Read(b []byte) (int, error) {
	c.reading.Store(true)
	defer c.reading.Store(false)
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard.Store(true)
	}
	if err != nil {
		c.ended.Store(true)
	}
	return n, err
}

// Close closes the connection, gently if the client is still sending: closed
// with something unread, the kernel would reset it, and the client might never
// see why its request was refused.
func (c *conn) Close() error {
	c.closed.Do(func() {
		if c.heard.Load() && !c.reading.Load() && !c.ended.Load() {
			c.linger()
		}
		c.listener.forget(c)
	})
	return c.Conn.Close()
}

// linger ends our side and drops what still comes, for a moment.
func (c *conn) linger() {
	const (
		most    = 512 << 10
		longest = 250 * time.Millisecond
	)
	tcp, ok := c.Conn.(*net.TCPConn)
	if !ok || tcp.CloseWrite() != nil || tcp.SetReadDeadline(time.Now().Add(longest)) != nil {
		return
	}
	// Whatever ends it, the connection is closed next.
	_, _ = io.CopyN(io.Discard, tcp, most)
}
