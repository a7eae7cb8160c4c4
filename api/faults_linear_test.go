//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// system is what the clients of a history speak to.
type system interface {
	record(ctx context.Context, role access.Role, sub tracking.Submission) (tracking.Result, error)
	bin(ctx context.Context, id string) (tracking.CurrentFill, error)
}

// overHTTP is a server that may be down now and then.
type overHTTP struct {
	lab    *lab
	target *target
}

func (h overHTTP) record(ctx context.Context, role access.Role, sub tracking.Submission) (tracking.Result, error) {
	url, _ := h.target.wait(ctx)
	return client{url, h.lab.tokens[role]}.record(ctx, sub)
}

func (h overHTTP) bin(ctx context.Context, id string) (tracking.CurrentFill, error) {
	url, _ := h.target.wait(ctx)
	var bin struct{ Fill tracking.CurrentFill }
	err := client{url, h.lab.tokens[access.Ward]}.call(ctx, http.MethodGet, "/api/v1/bins/"+id, nil, &bin)
	return bin.Fill, err
}

// alternating speaks to one system and then to the next.
type alternating struct {
	systems []system
	n       atomic.Int64
}

func (a *alternating) next() system { return a.systems[int(a.n.Add(1))%len(a.systems)] }

func (a *alternating) record(ctx context.Context, role access.Role, sub tracking.Submission) (tracking.Result, error) {
	return a.next().record(ctx, role, sub)
}

func (a *alternating) bin(ctx context.Context, id string) (tracking.CurrentFill, error) {
	return a.next().bin(ctx, id)
}

// inProcess is the service itself on a store.
type inProcess struct {
	service *tracking.Service
	lab     *lab
}

func (s inProcess) caller(role access.Role) access.Caller {
	m := access.Membership{Lab: "lab", Role: role}
	if role == access.Ward {
		m.Facility = s.lab.facility
	} else {
		m.Recycler = s.lab.recycler
	}
	return access.Caller{Membership: m, User: string(role)}
}

func (s inProcess) record(ctx context.Context, role access.Role, sub tracking.Submission) (tracking.Result, error) {
	return s.service.Record(ctx, s.caller(role), sub, 0)
}

func (s inProcess) bin(ctx context.Context, id string) (tracking.CurrentFill, error) {
	v, err := s.service.Bin(ctx, s.caller(access.Ward), id)
	return v.Doc.Fill, err
}

// historian lets clients work at the same bins and writes down what they see.
type historian struct {
	system  system
	bins    []string
	pickups map[string]string // of each bin, so that no pickup gets too large
	began   time.Time
	left    atomic.Int64  // operations to do
	quarter chan struct{} // receives after each quarter of them

	mu      sync.Mutex
	history []*operation
	recent  map[string][]*operation // by bin, to be sent once more
}

func newHistorian(s system, bins []string, pickups map[string]string, operations int64) *historian {
	h := &historian{
		system: s, bins: bins, pickups: pickups, quarter: make(chan struct{}, 4), began: time.Now(), recent: map[string][]*operation{},
	}
	h.left.Store(operations)
	return h
}

// start sends out the clients; wait returns when all operations are done.
func (h *historian) start(ctx context.Context, clients int) (wait func()) {
	var all sync.WaitGroup
	quarter := h.left.Load() / 4
	for n := range clients {
		all.Go(func() {
			for left := h.left.Add(-1); left >= 0 && ctx.Err() == nil; left = h.left.Add(-1) {
				if left%quarter == 0 {
					h.quarter <- struct{}{}
				}
				op := h.next(n)
				op.call = h.now()
				h.do(ctx, op)
				h.note(op)
			}
		})
	}
	return all.Wait
}

func (h *historian) now() int64 { return time.Since(h.began).Nanoseconds() }

// next chooses what a client does.
func (h *historian) next(client int) *operation {
	op := &operation{client: client, bin: h.bins[rand.IntN(len(h.bins))]}
	h.mu.Lock()
	defer h.mu.Unlock()
	recent := h.recent[op.bin]
	switch dice := rand.IntN(100); {
	case dice < 35:
		return op // a read
	case dice < 65 && len(recent) > 0:
		op.fact = recent[rand.IntN(len(recent))].fact
		if dice < 45 && op.fact.typ == "fill.close" {
			op.variant = 1
		}
		return op
	case dice < 82:
		op.fact = &fact{typ: "fill.close"}
	default:
		op.fact = &fact{typ: "pickup.scan"}
	}
	now := submission(op.fact.typ, tracking.Body{})
	op.fact.id, op.fact.bin, op.fact.at = now.ID, op.bin, time.Now().UnixMilli()
	h.recent[op.bin] = append(recent[max(0, len(recent)-6):], op) // also while it is under way
	return op
}

// do sends the request and notes the answer.
func (h *historian) do(ctx context.Context, op *operation) {
	defer func() {
		if op.end = h.now(); op.answer.unknown {
			op.end = math.MaxInt64 // it may still take effect
		}
	}()
	if op.fact == nil {
		seen, err := h.system.bin(ctx, op.bin)
		op.answer.seen, op.answer.unknown = seen, err != nil
		return
	}
	role, sub := h.submission(op)
	result, err := h.system.record(ctx, role, sub)
	if refused := (*refusal)(nil); errors.As(err, &refused) && refused.Code == "entry-id-reused" || problem.Is(err, "entry-id-reused") {
		op.answer.conflict = true
		return
	}
	if err != nil {
		op.answer.unknown = true
		return
	}
	outcome, _ := json.Marshal(result.Outcome) // of a type that we know
	op.answer = answer{
		first: result.Status != tracking.ResultDuplicate, seq: result.Seq, outcome: string(outcome),
		applied: result.Outcome.Status != tracking.NeedsReview,
	}
}

// submission is the entry of a fact. A closing comes in two contents under one
// id, which do the same to the bin.
func (h *historian) submission(op *operation) (access.Role, tracking.Submission) {
	f, role, body := op.fact, access.Driver, tracking.Body{Bin: op.fact.bin, Pickup: h.pickups[op.fact.bin]}
	if f.typ == "fill.close" {
		role, body = access.Ward, tracking.Body{
			Bin: f.bin, Measurement: &tracking.Measurement{NetGrams: quantity.Mass(1000 + op.variant)},
			Sorting: &tracking.Sorting{NotHazardous: true, NotContaminated: true, NotIsolation: true},
		}
	}
	sub := submissionAt(time.UnixMilli(f.at), f.typ, body)
	sub.ID = f.id
	return role, sub
}

func (h *historian) note(op *operation) {
	if op.fact == nil && op.answer.unknown {
		return // a read without an answer says nothing
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.history = append(h.history, op)
}

// wantExplained wants an order that explains the history, which must be rich
// enough to show something.
func (h *historian) wantExplained(t *testing.T) {
	t.Helper()
	var firsts, repetitions, conflicts, unknown, reads int
	for _, op := range h.history {
		switch a := op.answer; {
		case op.fact == nil:
			reads++
		case a.unknown:
			unknown++
		case a.conflict:
			conflicts++
		case a.first:
			firsts++
		default:
			repetitions++
		}
	}
	worked := time.Since(h.began)
	for _, fault := range historyFaults(h.history) {
		t.Error(fault)
	}
	t.Logf("%d operations in %v: %d firsts, %d repetitions, %d conflicts, %d reads, %d unknown; checked in %v", len(h.history),
		worked.Round(time.Millisecond), firsts, repetitions, conflicts, reads, unknown, (time.Since(h.began) - worked).Round(time.Millisecond))
	if min(firsts, repetitions, conflicts, reads) < len(h.history)/50 {
		t.Error("the history shows too little of some kind of operation")
	}
}

// TestLinearizableOverHTTP is about the program as clients see it, killed
// three times meanwhile.
func TestLinearizableOverHTTP(t *testing.T) { onEngines(t, testLinearizableOverHTTP) }

func testLinearizableOverHTTP(t *testing.T, newSite func(testing.TB) site) {
	l, at := mustLabOn(t, newSite), newTarget()
	bins, operations := l.bins[:16], int64(5000)
	if l.store != "" {
		operations = 2000
	}
	p := l.serve(t)
	h := newHistorian(overHTTP{l, at}, bins, mustPickups(t, l, l.as(p, access.Coordinator), bins), operations)
	at.set(p.url)
	wait := h.start(t.Context(), 8)
	for range 3 {
		<-h.quarter
		at.down()
		p.kill()
		p = l.serve(t)
		at.set(p.url)
	}
	wait()
	p.mustStop(t)
	h.wantExplained(t)
	mustProgram(t, l.at("verify")...)
	wantSabotageNoticed(t, h.history)
}

// mustPickups plans a pickup for each bin.
func mustPickups(tb testing.TB, l *lab, c client, bins []string) map[string]string {
	tb.Helper()
	plans := make([]tracking.Submission, len(bins))
	for i := range plans {
		plans[i] = l.plan()
	}
	pickups := map[string]string{}
	for i, r := range c.mustApply(tb, plans...) {
		pickups[bins[i]] = r.ID
	}
	return pickups
}

// plan plans a pickup for today.
func (l *lab) plan() tracking.Submission {
	return submission("pickup.plan", tracking.Body{Facility: l.facility, Recycler: l.recycler, PlannedFor: time.Now().Format(time.DateOnly)})
}

// TestLinearizableInProcess is about the service on the store, which is
// faster, without kills, and so without fsync.
func TestLinearizableInProcess(t *testing.T) {
	l := mustLab(t)
	s, err := sqlite.Open(t.Context(), sqlite.Options{Dir: l.dir, Scratch: true, RunTwice: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	in := inProcess{tracking.New(s, time.Now), l}
	coordinator := access.Caller{Membership: access.Membership{Lab: "lab", Role: access.Coordinator}, User: "coordinator"}
	pickups := map[string]string{}
	for _, bin := range l.bins {
		r, err := in.service.Record(t.Context(), coordinator, l.plan(), 0)
		if err != nil {
			t.Fatal(err)
		}
		pickups[bin] = r.ID
	}
	h := newHistorian(in, l.bins, pickups, 20_000)
	h.start(t.Context(), 16)()
	h.wantExplained(t)
	wantSabotageNoticed(t, h.history)
}
