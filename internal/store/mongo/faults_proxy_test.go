package mongo_test

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proxy lies between a store and its database and has a weather. It is our own
// because toxiproxy v2.5.0 does not do in process. In our trial, under 32
// clients that come and go, putting latency and reset_peer on and off three
// times had not ended after 20 s, and limit_data and timeout left goroutines
// behind, which goleak reports.
type proxy struct {
	upstream  string
	listener  net.Listener
	work      sync.WaitGroup
	disturbed atomic.Int64 // pieces of traffic that the weather did something to

	mu    sync.Mutex
	now   *weather
	links map[*link]bool
}

// weather is what becomes of the traffic. The zero value is a fine day.
type weather struct {
	latency time.Duration // of every answer
	drop    bool          // nothing arrives any more
	hold    bool          // nothing arrives before the weather changes; then all does
	reset   bool          // a connection is reset as soon as something moves on it
	off     bool          // all connections are reset, new ones at once
	limit   int           // bytes of answers that a connection sees, then it ends

	// One request that has match in it meets its fate, upon which next follows.
	match []byte
	fate  fate
	next  *weather
	met   atomic.Bool

	over chan struct{} // closed when another weather comes
}

// fate is what becomes of a request. The first two reset its connection.
type fate int

const (
	answerCut fate = iota // half of its answer arrives
	lost                  // it does not arrive itself
	late                  // it arrives when the next weather is over
)

// link is a connection of the store with the one that stands for it.
type link struct {
	client, server *net.TCPConn
	doomed         *weather // its next answer is cut, and this weather's next follows; guarded by proxy.mu
	under          *weather // what answered was counted under; of the goroutine that passes answers
	answered       int
}

// reset ends a link as a machine does that knows nothing of it.
func (l *link) reset() {
	for _, c := range []*net.TCPConn{l.client, l.server} {
		c.SetLinger(0)
		c.Close()
	}
}

// mustProxy makes a proxy that the test's end stops, and the connection string
// that leads through it.
func mustProxy(t testing.TB, uri string) (*proxy, string) {
	t.Helper()
	scheme, host, path := partsOf(uri)
	if strings.Contains(host, ",") || strings.Contains(path, "replicaSet") || strings.HasSuffix(scheme, "srv") {
		t.Skip("SKIPPED: a client of a replica set finds its members by itself, round any proxy: set MONGODB_URI to a single server")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	user, server, found := strings.Cut(host, "@")
	if !found {
		user, server = "", host
	} else {
		user += "@"
	}
	p := &proxy{upstream: server, listener: listener, now: &weather{over: make(chan struct{})}, links: make(map[*link]bool)}
	p.work.Go(p.serve)
	t.Cleanup(func() {
		listener.Close()
		p.set(&weather{off: true})
		p.work.Wait()
	})
	return p, scheme + "://" + user + listener.Addr().String() + "/" + path
}

// partsOf cuts a connection string.
func partsOf(uri string) (scheme, host, path string) {
	scheme, rest, _ := strings.Cut(uri, "://")
	host, path, _ = strings.Cut(rest, "/")
	return scheme, host, path
}

// set changes the weather. Connections that bytes were lost on end with it.
func (p *proxy) set(w *weather) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.over = make(chan struct{})
	if p.now.drop || w.off {
		for l := range p.links {
			p.disturbed.Add(1)
			l.reset()
		}
	}
	close(p.now.over)
	p.now = w
}

func (p *proxy) weather() *weather {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// open is how many connections there are.
func (p *proxy) open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		l := &link{client: client.(*net.TCPConn)}
		server, err := net.Dial("tcp", p.upstream)
		if err != nil {
			client.Close()
			continue
		}
		l.server = server.(*net.TCPConn)
		p.mu.Lock()
		off := p.now.off
		p.links[l] = true
		p.mu.Unlock()
		if off {
			p.disturbed.Add(1)
			l.reset()
		}
		var both sync.WaitGroup
		both.Go(func() { p.pass(l, l.client, l.server, false) })
		both.Go(func() { p.pass(l, l.server, l.client, true) })
		p.work.Go(func() {
			both.Wait()
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.links, l)
		})
	}
}

// pass copies one direction of a link. The other one ends with it.
func (p *proxy) pass(l *link, from, to *net.TCPConn, answers bool) {
	defer l.client.Close()
	defer l.server.Close()
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 && !p.through(l, to, piece[:n], answers) || err != nil {
			return
		}
	}
}

// through sends a piece on, as the weather allows. It reports whether the link
// goes on.
func (p *proxy) through(l *link, to *net.TCPConn, piece []byte, answer bool) bool {
	w := p.weather()
	for w.hold {
		p.disturbed.Add(1)
		<-w.over
		w = p.weather()
	}
	switch {
	case w.off || w.reset:
		p.disturbed.Add(1)
		l.reset()
		return false
	case w.drop:
		p.disturbed.Add(1)
		return true
	case w.latency > 0 && answer:
		p.disturbed.Add(1)
		select {
		case <-time.After(w.latency):
		case <-w.over:
		}
	case w.limit > 0 && answer:
		if l.under != w {
			l.under, l.answered = w, 0
		}
		if l.answered += len(piece); l.answered > w.limit {
			p.disturbed.Add(1)
			to.Write(piece[:max(0, len(piece)-(l.answered-w.limit))])
			return false
		}
	}
	if !p.matched(l, w, to, piece, answer) {
		return false
	}
	_, err := to.Write(piece)
	return err == nil
}

// matched looks after the one request that the weather waits for.
func (p *proxy) matched(l *link, w *weather, to *net.TCPConn, piece []byte, answer bool) bool {
	p.mu.Lock()
	doomed := l.doomed
	if !answer && w.match != nil && bytes.Contains(piece, w.match) && w.met.CompareAndSwap(false, true) {
		doomed = w
		if w.fate == answerCut {
			l.doomed = w
		}
	}
	p.mu.Unlock()
	if doomed == nil || !answer && doomed.fate == answerCut {
		return true
	}
	p.disturbed.Add(1)
	if answer {
		to.Write(piece[:len(piece)/2])
	}
	if doomed.next != nil {
		p.set(doomed.next)
	}
	if doomed.fate == late {
		<-doomed.next.over
		return true
	}
	l.reset()
	return false
}
