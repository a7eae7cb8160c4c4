//go:build unix

package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

var cycles = flag.Int("faults.cycles", 8, "how often to kill the server under load")

// TestKilledUnderLoad kills the server again and again at any moment while 32
// phones record, and wants everything that was acknowledged kept exactly once.
func TestKilledUnderLoad(t *testing.T) { onEngines(t, testKilledUnderLoad) }

func testKilledUnderLoad(t *testing.T, newSite func(testing.TB) site) {
	l := mustLabOn(t, newSite)
	f := newFleet(l)
	ctx, stop := context.WithCancel(t.Context())
	wait := f.start(ctx, 32)
	var started []time.Duration
	var early site
	for cycle := range *cycles {
		p := l.serve(t)
		started = append(started, p.started)
		f.target.set(p.url)
		time.Sleep(200*time.Millisecond + rand.N(800*time.Millisecond)) // until the power fails
		f.target.down()
		p.kill()
		if cycle == 0 {
			early = l.copy(t, newSite)
		}
	}
	stop()
	wait()
	p := l.serve(t)
	f.mustComeHome(t, p)
	p.mustStop(t)

	f.wantKept(t, l.site)
	if len(f.acked) < l.scaled(100)**cycles || f.unknown < *cycles {
		t.Errorf("got %d acknowledged and %d requests cut off in %d cycles: was there load?", len(f.acked), f.unknown, *cycles)
	}
	t.Logf("%d cycles, %d entries acknowledged twice each, %d requests cut off; ready after %v to %v",
		*cycles, len(f.acked), f.unknown, slices.Min(started), slices.Max(started))

	t.Run("Control", func(t *testing.T) {
		lost := ledgerFaults(mustLedger(t, early), f.acked, f.sent)
		if len(lost) == 0 || !strings.Contains(lost[0], "is lost") {
			t.Errorf("a store set back to an earlier day: got %d faults %.1q, want lost entries", len(lost), lost)
		}
		if printed, code := program(t, early.at("verify")...); code != 0 {
			t.Errorf("the earlier day by itself: verify found\n%s", printed)
		}
	})
}

// TestKilledWhileStarting kills the first start on an empty folder at many
// points; the next start makes a whole lab of whatever there is.
func TestKilledWhileStarting(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		skipLoudly(t, "strace is not installed")
	}
	killed := 0
	for _, call := range []string{"fsync", "pwrite64", "mkdirat", "renameat", "linkat"} {
		for _, nth := range []int{1, 2, 3, 5, 8, 13} {
			dir := filepath.Join(t.TempDir(), "data")
			p := startServer(t, []string{
				strace, "-f", "-qq", "-o", os.DevNull, "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, nth),
			}, dir)
			if p.waitReady(t.Context()) == nil {
				p.kill()
				break // there are fewer such calls
			}
			killed++
			again := startServer(t, nil, dir)
			if err := again.waitReady(t.Context()); err != nil {
				t.Errorf("killed at %s %d, and then: %v\n%s", call, nth, err, again.stderr.String())
				continue
			}
			again.mustStop(t)
			if printed, code := program(t, "verify", "--data", dir); code != 0 || !strings.Contains(printed, "lab: 1 entries") {
				t.Errorf("killed at %s %d, and started again: verify said %s", call, nth, printed)
			}
		}
	}
	if killed < 8 {
		t.Errorf("only %d starts were killed on their way: the test shows little", killed)
	}
	t.Logf("%d starts killed on their way", killed)
}

// TestLedgerFaultsAreNoticed is the control of all tests that compare a ledger
// with what was acknowledged.
func TestLedgerFaultsAreNoticed(t *testing.T) {
	record := func(seq store.Seq, id string) store.Record {
		return store.Record{Seq: seq, Entry: store.Entry{ID: id, Content: []byte(`{"id":"` + id + `","type":"fill.close"}`)}}
	}
	acked := map[string]tracking.Result{"a": {Seq: 1}, "b": {Seq: 2}}
	sent := map[string]bool{"a": true, "b": true, "c": true}
	for _, c := range []struct {
		name   string
		ledger []store.Record
		want   string // "" for no fault
	}{
		{"all kept", []store.Record{record(1, "a"), record(2, "b")}, ""},
		{"one more that was not acknowledged", []store.Record{record(1, "a"), record(2, "b"), record(3, "c")}, ""},
		{"one lost", []store.Record{record(1, "a")}, "is lost"},
		{"one doubled", []store.Record{record(1, "a"), record(2, "b"), record(3, "a")}, "2 times"},
		{"an unacknowledged one doubled", []store.Record{record(1, "a"), record(2, "b"), record(3, "c"), record(4, "c")}, "2 times"},
		{"one in another place", []store.Record{record(1, "a"), record(3, "b")}, "is number 3"},
		{"one from nowhere", []store.Record{record(1, "a"), record(2, "b"), record(3, "x")}, "never sent"},
		{"one unreadable", []store.Record{record(1, "a"), record(2, "b"), {Seq: 3, Entry: store.Entry{ID: "c"}}}, "can't be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(ledgerFaults(c.ledger, acked, sent), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
