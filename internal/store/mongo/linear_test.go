package mongo_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

const linearLab = crashLab

var errRefused = errors.New("refused")

// historian has callers work at the same counters through several stores, and
// writes down what they see.
type historian struct {
	stores []store.Store
	began  time.Time
	left   atomic.Int64

	mu     sync.Mutex
	moves  []*move
	recent []*move // entries that may be sent once more
	faults []error
}

// play makes so many moves by 16 callers.
func play(t *testing.T, moves int64, stores ...store.Store) *historian {
	t.Helper()
	h := &historian{stores: stores, began: time.Now()}
	h.left.Store(moves)
	var all sync.WaitGroup
	for n := range 16 {
		all.Go(func() {
			for h.left.Add(-1) >= 0 {
				m := h.next(n)
				m.call = h.now()
				h.do(t.Context(), m)
				h.note(m)
			}
		})
	}
	all.Wait()
	slices.SortFunc(h.moves, func(a, b *move) int { return cmp.Compare(a.call, b.call) })
	return h
}

func (h *historian) now() int64 { return time.Since(h.began).Nanoseconds() }

// next chooses what a caller does.
func (h *historian) next(caller int) *move {
	m := &move{caller: caller, doing: viewing, counter: rand.IntN(counters)}
	dice := rand.IntN(100)
	if dice < 35 {
		return m
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if dice < 50 && len(h.recent) > 0 {
		old := h.recent[rand.IntN(len(h.recent))]
		m.doing, m.counter, m.entry = old.doing, old.counter, old.entry
		return m
	}
	m.doing, m.entry = counting, fmt.Sprintf("e-%d-%d", caller, h.now())
	if dice > 80 {
		m.doing = strictly
	}
	h.recent = append(h.recent[max(0, len(h.recent)-8):], m) // also while it is under way
	return m
}

// do makes the move through a store of its choice. Some callers have little
// patience.
func (h *historian) do(ctx context.Context, m *move) {
	if rand.IntN(20) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(30_000))*time.Microsecond)
		defer cancel()
	}
	s := h.stores[rand.IntN(len(h.stores))]
	var err error
	if m.doing == viewing {
		err = s.View(ctx, linearLab, m.look)
	} else {
		err = s.Update(ctx, linearLab, m.count)
	}
	m.end = h.now()
	switch {
	case err == nil, errors.Is(err, errRefused) && m.refused, errors.Is(err, store.ErrDuplicate) && m.again != nil:
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, store.ErrUnavailable):
		m.answer, m.end = answer{unknown: true}, math.MaxInt64 // it may still take effect
	default:
		h.mu.Lock()
		defer h.mu.Unlock()
		h.faults = append(h.faults, fmt.Errorf("%s: %w", m, err))
	}
}

func (h *historian) note(m *move) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.moves = append(h.moves, m)
}

// look reads the lab in one of the ways that there are.
func (m *move) look(r store.Reader) (err error) {
	m.answer = answer{}
	way := rand.IntN(4)
	if m.saw, err = readCounters(r, way); err != nil {
		return err
	}
	again, err := readCounters(r, way+1)
	if err == nil && again != m.saw {
		err = fmt.Errorf("one View, read in way %d: %+v, in way %d: %+v", way, m.saw, way+1, again)
	}
	return err
}

// count adds an entry and one to its counter.
func (m *move) count(tx store.Tx) (err error) {
	m.answer = answer{}
	if m.saw, err = readCounters(tx, 0); err != nil {
		return err
	}
	value := m.saw.value[m.counter] + 1
	e := store.Entry{ID: m.entry, Content: fmt.Appendf(nil, `{"by":%d}`, m.caller), Outcome: outcome(m.counter, value)}
	known, err := tx.Entry(m.entry)
	if err == nil {
		m.again = &known
	} else if m.doing == strictly && refuses(m.saw.value[m.counter]) {
		m.refused = true
		return errRefused
	}
	m.seq, err = tx.Append(e)
	if duplicate := (*store.DuplicateError)(nil); errors.As(err, &duplicate) {
		if m.again == nil || m.again.Seq != duplicate.First.Seq {
			return fmt.Errorf("Append says %w, Entry said %v", err, m.again)
		}
		return err
	}
	if err != nil {
		return err
	}
	m.again = nil
	return tx.Put(store.Document{
		Kind: "counter", ID: strconv.Itoa(m.counter), Body: counterBody(value),
		Keys: []store.Key{{Index: "value", Value: fmt.Sprintf("%06d", value)}, {Index: "all", Value: "yes"}},
	})
}

func counterBody(value int64) []byte { return fmt.Appendf(nil, `{"value":%d}`, value) }

// readCounters reads the lab, by different kinds of queries.
func readCounters(r store.Reader, way int) (counterLab, error) {
	var s counterLab
	var docs []store.Document
	var hits []store.Hit
	var err error
	if s.head, s.hash, err = r.Head(); err != nil {
		return s, err
	}
	switch way % 4 {
	case 0:
		for i := range counters {
			d, err := r.Get("counter", strconv.Itoa(i))
			if err == nil {
				docs = append(docs, d)
			} else if !errors.Is(err, store.ErrNotFound) {
				return s, err
			}
		}
	case 1:
		hits, err = r.Find(store.Query{Kind: "counter", Index: "value", Limit: 10, Descending: true})
	case 2:
		hits, err = r.Find(store.Query{Kind: "counter", Limit: 10})
	case 3:
		docs, err = r.Changed("counter", store.SeqPosition{}, 10)
	}
	for _, hit := range hits {
		docs = append(docs, hit.Document)
	}
	for _, d := range docs {
		i, err := strconv.Atoi(d.ID)
		if err != nil || i >= counters || s.wrote[i] != 0 {
			return s, fmt.Errorf("way %d: document %s, or twice: %w", way, d.ID, err)
		}
		var body struct{ Value int64 }
		if err := json.Unmarshal(d.Body, &body); err != nil {
			return s, err
		}
		s.value[i], s.wrote[i] = body.Value, d.Seq
	}
	return s, err
}

// mustLedger reads the ledger, whose chain must hold.
func mustLedger(t *testing.T, s store.Store) (ledger []store.Record) {
	t.Helper()
	err := s.View(t.Context(), linearLab, func(r store.Reader) error {
		ledger = nil
		ids, err := storetest.VerifyChain(r)
		if err != nil {
			return err
		}
		for len(ledger) < len(ids) {
			page, err := r.Entries(store.Seq(len(ledger)), store.MaxFind)
			if err != nil {
				return err
			}
			ledger = append(ledger, page...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ledger
}

// mustServers opens stores on one database, as several servers would, each of
// another temper.
func mustServers(t *testing.T, n int) (uri string, stores []store.Store) {
	t.Helper()
	uri = mongotest.Database(t)
	for _, opts := range []ours.Options{{}, {MaxGroup: 4, CacheBytes: 1}, {RunTwice: true}}[:n] {
		opts.URI = uri
		stores = append(stores, mustOpen(t, opts))
	}
	return uri, stores
}

func TestServersOnOneLabAreLinearizable(t *testing.T) {
	for n, moves := range map[int]int64{2: 2000, 3: 600} {
		t.Run(fmt.Sprintf("Servers=%d", n), func(t *testing.T) {
			uri, stores := mustServers(t, n)
			h := play(t, moves, stores...)
			h.wantExplained(t, uri)
		})
	}
}

// TestServersOnABadNetworkAreLinearizable resets the connections of one of two
// servers again and again: answers get lost, and commits are sent twice.
func TestServersOnABadNetworkAreLinearizable(t *testing.T) {
	uri := mongotest.Database(t)
	p, far := mustProxy(t, uri)
	one, two := mustOpen(t, ours.Options{URI: uri}), mustOpen(t, ours.Options{URI: far, Timeout: time.Second})
	done := make(chan struct{})
	var weatherman sync.WaitGroup
	weatherman.Go(func() {
		for i := 0; ; i++ {
			bad := []*weather{{reset: true}, {limit: 4096}, {drop: true}}[i%3]
			for _, w := range []*weather{bad, {}} {
				p.set(w)
				select {
				case <-done:
					p.set(&weather{})
					return
				case <-time.After(60 * time.Millisecond):
				}
			}
		}
	})
	h := play(t, 400, one, two)
	close(done)
	weatherman.Wait()
	h.wantExplained(t, uri)
	if p.disturbed.Load() == 0 {
		t.Error("nothing was disturbed")
	}
	t.Logf("the network disturbed %d pieces of traffic", p.disturbed.Load())
}

// wantExplained closes the stores, so that nothing is on its way any more, and
// wants an order that explains the history, and the collections to be as it
// ended.
func (h *historian) wantExplained(t *testing.T, uri string) {
	t.Helper()
	if err := errors.Join(h.faults...); err != nil {
		t.Fatal(err)
	}
	for _, s := range h.stores {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	last := mustOpen(t, ours.Options{URI: uri})
	ledger := mustLedger(t, last)
	for _, fault := range historyFaults(h.moves, ledger) {
		t.Error(fault)
	}
	h.wantRich(t, ledger)
	wantCollections(t, last, uri)
	wantCounters(t, last, uri)
}

// wantRich wants a history of which all that matters happened, often.
func (h *historian) wantRich(t *testing.T, ledger []store.Record) {
	t.Helper()
	got := make(map[string]int)
	made := make(map[string]bool)
	for _, r := range ledger {
		made[r.Entry.ID] = true
	}
	for _, m := range h.moves {
		switch {
		case m.unknown && m.doing != viewing && made[m.entry]:
			got["unknown, but there"]++
		case m.unknown:
			got["unknown"]++
		case m.refused:
			got["refused"]++
		case m.again != nil:
			got["again"]++
		default:
			got[string(m.doing)]++
		}
	}
	for _, what := range []string{"unknown", "refused", "again", string(viewing), string(counting), string(strictly)} {
		if got[what] < len(h.moves)/200 {
			t.Errorf("of %d moves, %d of the sort %q: too few to show something", len(h.moves), got[what], what)
		}
	}
	t.Logf("%d moves in %s: %v; %d entries", len(h.moves), time.Since(h.began).Round(time.Millisecond), got, len(ledger))
}
