//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// target is where a fleet finds its server. While that is down, phones wait.
type target struct {
	mu  sync.Mutex
	url string
	up  chan struct{} // closed while the server is up
}

func newTarget() *target { return &target{up: make(chan struct{})} }

func (g *target) set(url string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.url = url
	close(g.up)
}

func (g *target) down() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.up = make(chan struct{})
}

// wait returns where the server is, once it is up.
func (g *target) wait(ctx context.Context) (url string, ok bool) {
	g.mu.Lock()
	up := g.up
	g.mu.Unlock()
	select {
	case <-up:
	case <-ctx.Done():
		return "", false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.url, true
}

// fleet is phones that record without end, every entry twice, the second time
// maybe much later. It remembers what was acknowledged.
type fleet struct {
	lab    *lab
	target *target

	mu      sync.Mutex
	sent    map[string]bool            // everything that ever left a phone
	acked   map[string]tracking.Result // the first answer to each id
	again   []tracking.Submission      // acknowledged once, to be sent once more
	unknown int                        // requests whose answer did not come
	faults  []string                   // answers that contradict an earlier one
}

func newFleet(l *lab) *fleet {
	return &fleet{lab: l, target: newTarget(), sent: map[string]bool{}, acked: map[string]tracking.Result{}}
}

// start sends out the phones; wait returns when all have come home, after ctx
// ended.
func (f *fleet) start(ctx context.Context, phones int) (wait func()) {
	var all sync.WaitGroup
	for range phones {
		all.Go(func() {
			for ctx.Err() == nil {
				sub, first := f.next()
				f.deliver(ctx, sub, first)
			}
		})
	}
	return all.Wait
}

// next is an entry to send, and whether for the first time.
func (f *fleet) next() (sub tracking.Submission, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.again); n > 0 && rand.IntN(2) == 0 {
		i := rand.IntN(n)
		sub := f.again[i]
		f.again = slices.Delete(f.again, i, i+1)
		return sub, false
	}
	sub = closing(f.lab.bins[rand.IntN(len(f.lab.bins))], quantity.Mass(500+rand.IntN(3000)), false)
	f.sent[sub.ID] = true
	return sub, true
}

// deliver sends until there is an answer.
func (f *fleet) deliver(ctx context.Context, sub tracking.Submission, first bool) {
	for {
		url, ok := f.target.wait(ctx)
		if !ok {
			return
		}
		result, err := client{url, f.lab.tokens[access.Ward]}.record(ctx, sub)
		if err == nil {
			f.take(sub, result, first)
			return
		}
		f.mu.Lock()
		f.unknown++
		f.mu.Unlock()
	}
}

// take notes an answer.
func (f *fleet) take(sub tracking.Submission, result tracking.Result, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if first {
		f.again = append(f.again, sub)
	}
	was, known := f.acked[sub.ID]
	if !known {
		f.acked[sub.ID] = result
		return
	}
	if result.Status != tracking.ResultDuplicate || result.Seq != was.Seq || !sameOutcome(result.Outcome, was.Outcome) {
		f.faults = append(f.faults, fmt.Sprintf("entry %s was answered %+v, and then %+v", sub.ID, was, result))
	}
}

func sameOutcome(a, b *tracking.Outcome) bool {
	ja, errA := json.Marshal(a)
	jb, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(ja) == string(jb)
}

// mustComeHome sends what was to be sent once more, in batches.
func (f *fleet) mustComeHome(tb testing.TB, p *process) {
	tb.Helper()
	for batch := range slices.Chunk(f.again, tracking.MaxSync) {
		results, err := f.lab.as(p, access.Ward).sync(tb.Context(), batch...)
		if err != nil {
			tb.Fatalf("sending %d entries again: %v", len(batch), err)
		}
		for i, r := range results {
			f.take(batch[i], r, false)
		}
	}
	f.again = nil
}

// mustLedger reads the ledger of a lab whose server does not run.
func mustLedger(tb testing.TB, at site) (records []store.Record) {
	tb.Helper()
	s := at.open(tb)
	err := s.View(tb.Context(), "lab", func(r store.Reader) error {
		for {
			page, err := r.Entries(store.Seq(len(records)), store.MaxFind)
			if err != nil || len(page) == 0 {
				return err
			}
			records = append(records, page...)
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	return records
}

// ledgerFaults compares a ledger with what phones sent and were told: all that
// was acknowledged is there exactly once, in the place that was named (I1);
// what was not, at most once (I2); and nothing else of that type.
func ledgerFaults(ledger []store.Record, acked map[string]tracking.Result, sent map[string]bool) []string {
	var faults []string
	places := map[string][]store.Seq{}
	for _, r := range ledger {
		places[r.Entry.ID] = append(places[r.Entry.ID], r.Seq)
		var c tracking.Content
		if err := json.Unmarshal(r.Entry.Content, &c); err != nil || c.ID != r.Entry.ID {
			faults = append(faults, fmt.Sprintf("entry %d can't be read: %v", r.Seq, err))
		}
		if c.Type == "fill.close" && !sent[c.ID] {
			faults = append(faults, fmt.Sprintf("entry %s was never sent", c.ID))
		}
	}
	for id := range sent {
		at, answer, isAcked := places[id], acked[id], false
		if _, isAcked = acked[id]; isAcked && len(at) == 0 {
			faults = append(faults, fmt.Sprintf("entry %s was acknowledged as number %d and is lost", id, answer.Seq))
		}
		if len(at) > 1 {
			faults = append(faults, fmt.Sprintf("entry %s is there %d times", id, len(at)))
		}
		if isAcked && len(at) == 1 && at[0] != answer.Seq {
			faults = append(faults, fmt.Sprintf("entry %s was acknowledged as number %d and is number %d", id, answer.Seq, at[0]))
		}
	}
	return faults
}

// wantKept wants everything that a fleet was told to be in a store, and the
// store in order.
func (f *fleet) wantKept(tb testing.TB, at site) {
	tb.Helper()
	for _, fault := range append(f.faults, ledgerFaults(mustLedger(tb, at), f.acked, f.sent)...) {
		tb.Error(fault)
	}
	if printed, code := program(tb, at.at("verify")...); code != 0 {
		tb.Errorf("verify found faults:\n%s", printed)
	}
}
