package mongo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

const (
	faultLab    = store.LabID("lab")
	loadWriters = 32
	loadReaders = 3
	patience    = 3 * time.Second // of each call
	overtime    = time.Second     // that a call may take beyond its patience
	healing     = 10 * time.Second
)

// load is writers and readers who keep book of what they were told.
type load struct {
	stores []store.Store // processes that share a database
	name   string        // what its entry ids begin with
	// newIDs makes the writers wrong: they send again under another entry id.
	newIDs bool

	stop chan struct{}
	work sync.WaitGroup

	acks, failures atomic.Int64

	mu     sync.Mutex
	sent   map[string]bool // entry ids that were sent; true: acknowledged
	faults []string        // what the contract does not allow
	last   time.Time       // when something was acknowledged
	gap    time.Duration   // the longest time without
	why    map[string]int  // how often calls failed with an error
}

// startLoad sets writers and readers on a lab. They stop with the test.
func startLoad(t *testing.T, name string, newIDs bool, stores ...store.Store) *load {
	t.Helper()
	l := &load{stores: stores, name: name, newIDs: newIDs, stop: make(chan struct{}), sent: make(map[string]bool), why: make(map[string]int)}
	for w := range loadWriters {
		l.work.Go(func() { l.write(w) })
	}
	for r := range loadReaders {
		l.work.Go(func() { l.read(r) })
	}
	t.Cleanup(l.end)
	return l
}

func (l *load) end() {
	l.mu.Lock()
	if !l.stopped() {
		close(l.stop)
	}
	l.mu.Unlock()
	l.work.Wait()
}

func (l *load) stopped() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

func (l *load) rest(d time.Duration) {
	select {
	case <-time.After(d):
	case <-l.stop:
	}
}

// write sends one entry after the other, and each again when it is not known
// what became of it.
func (l *load) write(w int) {
	for n := 0; !l.stopped(); n++ {
		intent := fmt.Sprintf("%s-%02d-%05d", l.name, w, n)
		for try := range 4 {
			id := intent + "/0"
			if l.newIDs {
				id = fmt.Sprintf("%s/%d", intent, try)
			}
			if l.send(w, n, id, try > 0 && !l.newIDs) || l.stopped() {
				break
			}
			l.rest(50 * time.Millisecond)
		}
		l.rest(20 * time.Millisecond)
	}
}

// send makes one call, and says whether it was acknowledged.
func (l *load) send(w, n int, id string, again bool) bool {
	l.mu.Lock()
	if !l.sent[id] {
		l.sent[id] = false // sent, which is not to say acknowledged
	}
	l.mu.Unlock()
	err := l.call("Update", func(ctx context.Context) error {
		return l.stores[w%len(l.stores)].Update(ctx, faultLab, func(tx store.Tx) error { return weigh(tx, w, n, id) })
	}, func(err error) bool { return again && errors.Is(err, store.ErrDuplicate) })
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent[id] = true
	return true
}

// weigh is an entry, a counter of all entries, and a bin whose state changes
// to and fro.
func weigh(tx store.Tx, w, n int, id string) error {
	if _, err := tx.Append(store.Entry{ID: id, Content: []byte(`{"type":"weighing"}`), Outcome: []byte(`{}`)}); err != nil {
		return err
	}
	count, err := counter(tx)
	if err != nil {
		return err
	}
	if err := tx.Put(store.Document{Kind: "counter", ID: "all", Body: fmt.Appendf(nil, `{"n":%d}`, count+1)}); err != nil {
		return err
	}
	state := stateOf(n)
	return tx.Put(store.Document{Kind: "bin", ID: fmt.Sprint(w), Body: fmt.Appendf(nil, `{"state":%q}`, state), Keys: []store.Key{{Index: "state", Value: state}}})
}

func stateOf(n int) string { return [...]string{"empty", "full"}[n%2] }

func counter(r store.Reader) (int, error) {
	d, err := r.Get("counter", "all")
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var body struct{ N int }
	return body.N, json.Unmarshal(d.Body, &body)
}

// call makes a call with a deadline of its own, and notes what the contract
// does not allow. What fine accepts counts as success.
func (l *load) call(what string, do func(context.Context) error, fine func(error) bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	start := time.Now()
	err := do(ctx)
	if took := time.Since(start); took > patience+overtime {
		l.fault("%s took %v, its deadline was %v: %v", what, took, patience, err)
	}
	switch {
	case err == nil || fine(err):
		if what == "Update" {
			l.acks.Add(1)
			l.acknowledged(time.Now())
		}
		return nil
	case !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded):
		l.fault("%s: got error %v, want ErrUnavailable or the context's", what, err)
	}
	l.failures.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.why[what+": "+err.Error()]++
	return err
}

func (l *load) acknowledged(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.last.IsZero() {
		l.gap = max(l.gap, now.Sub(l.last))
	}
	l.last = now
}

func (l *load) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// read looks whether what is read fits together.
func (l *load) read(r int) {
	never := func(error) bool { return false }
	for !l.stopped() {
		var wrong error
		err := l.call("View", func(ctx context.Context) error {
			return l.stores[r%len(l.stores)].View(ctx, faultLab, func(r store.Reader) (err error) {
				wrong, err = coherent(r)
				return err
			})
		}, never)
		if err == nil && wrong != nil {
			l.fault("View: %v", wrong)
		}
		l.rest(30 * time.Millisecond)
	}
}

// coherent compares the counter with the ledger, and the bins with their index.
func coherent(r store.Reader) (wrong, err error) {
	seq, _, err := r.Head()
	if err != nil {
		return nil, err
	}
	n, err := counter(r)
	if err != nil {
		return nil, err
	}
	if n != int(seq) {
		return fmt.Errorf("the counter is %d after %d entries", n, seq), nil
	}
	all, err := r.Find(store.Query{Kind: "bin", Limit: store.MaxFind})
	if err != nil {
		return nil, err
	}
	want, got := make(map[string]string), make(map[string]string)
	for _, h := range all {
		want[h.Document.ID] = h.Document.Keys[0].Value
	}
	for _, state := range []string{"empty", "full"} {
		hits, err := r.Find(store.Query{Kind: "bin", Index: "state", From: state, To: state + "\x01", Limit: store.MaxFind})
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			got[h.Document.ID] = h.Value
		}
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("at %d the index has bins %v, want %v", seq, got, want), nil
	}
	return nil, nil
}

// awaitAck waits until something is acknowledged that was sent from now on.
func (l *load) awaitAck(t *testing.T) {
	t.Helper()
	start := time.Now()
	for i := 0; ; i++ {
		id := fmt.Sprintf("%s-heal-%d/%d", l.name, start.UnixNano(), i)
		if l.send(loadWriters, i, id, false) {
			break
		}
		if time.Since(start) > healing {
			t.Errorf("nothing was acknowledged within %v of healing", healing)
			return
		}
	}
	if took := time.Since(start); took > healing {
		t.Errorf("the first acknowledgement came %v after healing, want %v", took, healing)
	} else {
		t.Logf("healed after %v", took.Round(time.Millisecond))
	}
}

// settle ends the load and compares its book with what another store reads,
// which goes to the database by uri. It returns the entries' ids.
func (l *load) settle(t *testing.T, uri string) []string {
	t.Helper()
	l.end()
	for i, fault := range l.faults {
		if i == 10 {
			t.Errorf("… and %d more", len(l.faults)-i)
			break
		}
		t.Error(fault)
	}
	witness := mustOpen(t, ours.Options{URI: uri})
	var ids []string
	err := witness.View(t.Context(), faultLab, func(r store.Reader) (err error) {
		if ids, err = storetest.VerifyChain(r); err != nil {
			return err
		}
		wrong, err := coherent(r)
		return errors.Join(wrong, err)
	})
	if err != nil {
		t.Errorf("after the load: %v", err)
	}
	for _, fault := range audit(l.sent, ids) {
		t.Error(fault)
	}
	t.Logf("%d acknowledged, %d calls failed, %d entries", l.acks.Load(), l.failures.Load(), len(ids))
	for why, n := range l.why {
		t.Logf("%d times %s", n, why)
	}
	return ids
}

// audit compares what was acknowledged with a ledger: it has to be there, and
// nothing twice, and nothing that was never sent.
func audit(sent map[string]bool, ledger []string) []string {
	var faults []string
	times := make(map[string]int, len(ledger))
	for _, id := range ledger {
		times[id]++
	}
	for id, acknowledged := range sent {
		if acknowledged && times[id] == 0 {
			faults = append(faults, fmt.Sprintf("entry %s was acknowledged and is lost", id))
		}
	}
	for id, n := range times {
		if n > 1 {
			faults = append(faults, fmt.Sprintf("entry %s is there %d times", id, n))
		}
		if _, known := sent[id]; !known {
			faults = append(faults, fmt.Sprintf("entry %s was never sent", id))
		}
	}
	return faults
}

// doubled counts what was meant once and recorded more often.
func doubled(ledger []string) int {
	times, n := make(map[string]int), 0
	for _, id := range ledger {
		intent, _, _ := strings.Cut(id, "/")
		if times[intent]++; times[intent] == 2 {
			n++
		}
	}
	return n
}

// Control: the book-keeping notices what is lost, doubled or made up.
func TestAuditNotices(t *testing.T) {
	sent := map[string]bool{"a": true, "b": true, "c": false}
	for _, c := range []struct {
		ledger string
		want   int
	}{
		{"a b", 0}, {"b a c", 0}, {"a", 1}, {"", 2}, {"a b b", 1}, {"a b c c", 1}, {"a b x", 1},
	} {
		if got := audit(sent, strings.Fields(c.ledger)); len(got) != c.want {
			t.Errorf("ledger %s: got %q, want %d faults", strconv.Quote(c.ledger), got, c.want)
		}
	}
	if got := doubled(strings.Fields("a/0 a/1 b/0 c/0 c/1 c/2")); got != 2 {
		t.Errorf("got %d doubled, want 2", got)
	}
}
