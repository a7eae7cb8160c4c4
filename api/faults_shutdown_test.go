//go:build unix

package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// flight is a request of many entries, long enough to be under way when the
// server is told to end.
type flight struct {
	began time.Time
	err   error
}

// flights sends batches without end from several phones and notes which were
// answered.
type flights struct {
	*fleet
	answered atomic.Int64
	done     []flight // guarded by fleet.mu
}

// start sends out the phones; wait returns when each had a request without an
// answer, or ctx ended.
func (f *flights) start(ctx context.Context, p *process, phones int) (wait func()) {
	var all sync.WaitGroup
	for range phones {
		all.Go(func() {
			for ctx.Err() == nil && f.batch(ctx, p) {
			}
		})
	}
	return all.Wait
}

func (f *flights) batch(ctx context.Context, p *process) (answered bool) {
	batch := make([]tracking.Submission, f.lab.scaled(100))
	for i := range batch {
		batch[i], _ = f.next()
	}
	flight := flight{began: time.Now()}
	var results []tracking.Result
	results, flight.err = f.lab.as(p, access.Ward).sync(ctx, batch...)
	for i, r := range results {
		f.take(batch[i], r, false)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, flight)
	f.answered.Add(1)
	return flight.err == nil
}

// cutOff counts the requests that had arrived by an instant and were not
// answered. A little before it counts as arrived: that is how long loopback
// may take on a busy machine.
func (f *flights) cutOff(at time.Time) (n int) {
	for _, x := range f.done {
		if x.err != nil && x.began.Before(at.Add(-30*time.Millisecond)) {
			n++
		}
	}
	return n
}

// TestTerminatedUnderLoad tells the server to end while requests are in
// flight: these are answered, new ones are refused, and what was acknowledged
// is kept.
func TestTerminatedUnderLoad(t *testing.T) { onEngines(t, testTerminatedUnderLoad) }

func testTerminatedUnderLoad(t *testing.T, newSite func(testing.TB) site) {
	l := mustLabOn(t, newSite)
	f, p, wait := flightsUnderWay(t, l)
	at := time.Now()
	code, took := p.terminate(t)
	wait()
	if code != 0 || took > 5*time.Second {
		t.Errorf("it ended with %d after %v, want 0 within 5 s:\n%s", code, took, p.stderr.String())
	}
	if n := f.cutOff(at); n > 0 {
		t.Errorf("%d requests in flight were cut off, want all answered", n)
	}
	if c, err := net.DialTimeout("tcp", strings.TrimPrefix(p.url, "http://"), time.Second); err == nil {
		c.Close()
		t.Error("connections are still accepted")
	}
	f.wantKept(t, l.site)
	t.Logf("ended in %v after %d requests, %d entries acknowledged", took.Round(time.Millisecond), f.answered.Load(), len(f.acked))

	t.Run("Control", func(t *testing.T) {
		l := mustLabOn(t, newSite)
		f, p, wait := flightsUnderWay(t, l)
		at := time.Now()
		p.kill()
		wait()
		if f.cutOff(at) == 0 {
			t.Error("killed: no request was cut off; the test sees nothing")
		}
		f.wantKept(t, l.site)
	})
}

// flightsUnderWay starts a server and 8 phones, and returns when these had
// some answers and wait for the next ones.
func flightsUnderWay(t *testing.T, l *lab) (f *flights, p *process, wait func()) {
	t.Helper()
	p = l.serve(t)
	f = &flights{fleet: newFleet(l)}
	ctx, stop := context.WithCancel(t.Context())
	home := f.start(ctx, p, 8)
	for f.answered.Load() < 16 && !t.Failed() {
		time.Sleep(time.Millisecond) // until it is under way
	}
	time.Sleep(60 * time.Millisecond) // until the next requests have arrived
	return f, p, func() {
		home()
		stop()
	}
}

// TestOneProcessPerFolder starts more programs on the folder of a running
// server, which goes on as if nothing had happened.
func TestOneProcessPerFolder(t *testing.T) {
	l := mustLab(t)
	p := mustServe(t, l.dir)
	ward := l.as(p, access.Ward)
	refused := map[string][]string{
		"serve":   {"serve", "--data", l.dir, "--listen", freeAddress(t)},
		"verify":  {"verify", "--data", l.dir},
		"rebuild": {"rebuild", "--data", l.dir},
		"restore": {"restore", "--data", l.dir, mustBinary(t)},
		"user":    {"user", "create", "--data", l.dir, "--email", "a@b.example", "--name", "A", "--password-file", "-"},
	}
	for name, command := range refused {
		t.Run(name, func(t *testing.T) {
			printed, code := programReading(t, testPassword, command...)
			if code == 0 || !strings.Contains(printed, "belongs to another running ricircolo") || strings.Count(printed, "\n") > 1 {
				t.Errorf("ended with %d and said %q, want one sentence that says who has the folder", code, printed)
			}
			ward.mustApply(t, closing(l.bins[0], 900, false))
		})
	}
	p.mustStop(t)
	t.Run("Control", func(t *testing.T) {
		mustProgram(t, refused["verify"]...)
		mustServe(t, l.dir).mustStop(t)
	})
	if n := len(mustLedger(t, l.site)); n == 0 {
		t.Error(fmt.Sprint("the ledger has ", n, " entries"))
	}
}
