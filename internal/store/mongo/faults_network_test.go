package mongo_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

const (
	badTime = 4 * time.Second // how long the weather is bad
	// slack is how many goroutines and connections there may be more than before.
	slack = 5
)

// insertOf is what the request that makes a commit has in it.
var insertOf = []byte("\x02insert\x00\x08\x00\x00\x00commits\x00")

// toxic is a kind of bad weather.
type toxic struct {
	processes int
	fatal     bool           // calls fail for certain
	spoil     func(p *proxy) // makes it for as long as it runs
}

var toxics = map[string]toxic{
	"Latency":      {1, true, func(p *proxy) { p.during(&weather{latency: 2 * time.Second}) }},
	"Blackhole":    {1, true, func(p *proxy) { p.during(&weather{drop: true}) }},
	"Stall":        {1, true, func(p *proxy) { p.during(&weather{hold: true}) }},
	"ResetPeer":    {1, true, func(p *proxy) { p.during(&weather{reset: true}) }},
	"LimitData":    {1, false, func(p *proxy) { p.during(&weather{limit: 5000}) }},
	"Flapping":     {1, false, (*proxy).flap},
	"TwoProcesses": {2, false, (*proxy).flap},
}

func (p *proxy) flap() {
	for range int(badTime / (400 * time.Millisecond)) {
		p.set(&weather{off: true})
		time.Sleep(200 * time.Millisecond)
		p.set(&weather{})
		time.Sleep(200 * time.Millisecond)
	}
}

func (p *proxy) during(w *weather) {
	p.set(w)
	time.Sleep(badTime)
}

// patient is a load with its proxy, before, while and after the weather is bad.
type patient struct {
	*load
	p    *proxy
	uri  string // round the proxy
	open int    // connections in good weather
}

func mustAdmit(t *testing.T, processes int) *patient {
	t.Helper()
	uri := mongotest.Database(t)
	p, through := mustProxy(t, uri)
	var stores []store.Store
	for range processes {
		stores = append(stores, mustOpen(t, ours.Options{URI: through}))
	}
	return &patient{load: startLoad(t, "before", false, stores...), p: p, uri: uri}
}

// TestFaultsOfTheNetwork lets the network between store and database fail
// under load.
func TestFaultsOfTheNetwork(t *testing.T) {
	patients := make(map[string]*patient)
	for name, toxic := range toxics {
		patients[name] = mustAdmit(t, toxic.processes)
	}
	time.Sleep(2 * time.Second)
	for _, c := range patients {
		c.end()
	}
	before := idleGoroutines(t, patients, 0)
	for _, c := range patients {
		c.open = c.p.open()
	}
	t.Run("Toxics", func(t *testing.T) {
		for name, toxic := range toxics {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c := patients[name]
				c.load = resumeLoad(t, c.load)
				time.Sleep(500 * time.Millisecond)
				toxic.spoil(c.p)
				c.p.set(&weather{})
				c.awaitAck(t)
				time.Sleep(500 * time.Millisecond)
				if n := c.p.disturbed.Load(); n < 5 {
					t.Errorf("the control is gone: only %d pieces of traffic were disturbed", n)
				}
				if toxic.fatal && c.failures.Load() == 0 {
					t.Error("the control is gone: no call failed")
				}
				c.settle(t, c.uri)
			})
		}
	})
	if after := idleGoroutines(t, patients, before+slack); after > before+slack {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after:\n%s", before, after, stacks[:runtime.Stack(stacks, true)])
	}
	for name, c := range patients {
		if open := c.p.open(); open > c.open+slack {
			t.Errorf("%s: %d connections before, %d after", name, c.open, open)
		}
	}
}

// idleGoroutines are those besides the proxies', when there are no more than
// want, or else after some seconds.
func idleGoroutines(t *testing.T, patients map[string]*patient, want int) int {
	t.Helper()
	var n int
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		n = runtime.NumGoroutine()
		for _, c := range patients {
			n -= 3 * c.p.open() // pass, pass, and who waits for them
		}
		if n <= want || want == 0 && time.Until(end) < 3*time.Second || time.Now().After(end) {
			return n
		}
	}
}

// resumeLoad goes on with the book of a load that has ended.
func resumeLoad(t *testing.T, old *load) *load {
	t.Helper()
	l := startLoad(t, "while", old.newIDs, old.stores...)
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, acknowledged := range old.sent {
		l.sent[id] = l.sent[id] || acknowledged
	}
	l.faults = append(l.faults, old.faults...)
	return l
}

// Control: a client that sends again under another entry id what it does not
// know the outcome of doubles effects, and the test sees it.
func TestNewEntryIDsDouble(t *testing.T) {
	t.Parallel()
	uri := mongotest.Database(t)
	p, through := mustProxy(t, uri)
	l := startLoad(t, "wrong", true, mustOpen(t, ours.Options{URI: through}))
	time.Sleep(300 * time.Millisecond)
	p.set(&weather{match: insertOf, next: &weather{drop: true}})
	time.Sleep(patience + time.Second)
	p.set(&weather{})
	l.awaitAck(t)
	if n := doubled(l.settle(t, uri)); n == 0 {
		t.Error("nothing was doubled")
	} else {
		t.Logf("%d doubled", n)
	}
}

// increment is one call of Update with an entry.
func increment(ctx context.Context, s store.Store, id string) error {
	return s.Update(ctx, faultLab, func(tx store.Tx) error { return weigh(tx, 0, 0, id) })
}

func wantLedger(t *testing.T, s store.Store, want ...string) {
	t.Helper()
	err := s.View(t.Context(), faultLab, func(r store.Reader) error {
		records, err := r.Entries(0, store.MaxFind)
		if err != nil {
			return err
		}
		var got []string
		for _, rec := range records {
			got = append(got, rec.Entry.ID)
		}
		if len(got) != len(want) {
			t.Errorf("the ledger has %q, want %q", got, want)
		}
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Errorf("entry %d is %s, want %s", i+1, got[i], want[i])
			}
		}
		n, err := counter(r)
		if n != len(want) {
			t.Errorf("the counter is %d, want %d", n, len(want))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestLostAnswer loses the answer to the insert of a commit that took place:
// the store finds out by itself.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		fate fate
	}{{"Applied", answerCut}, {"NotApplied", lost}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			uri := mongotest.Database(t)
			p, through := mustProxy(t, uri)
			s := mustOpen(t, ours.Options{URI: through})
			if err := increment(t.Context(), s, "first"); err != nil {
				t.Fatal(err)
			}
			cut := &weather{match: insertOf, fate: c.fate}
			p.set(cut)
			if err := increment(t.Context(), s, "second"); err != nil {
				t.Errorf("Update: %v", err)
			}
			if !cut.met.Load() {
				t.Error("the control is gone: no answer was lost")
			}
			wantLedger(t, s, "first", "second")
			wantLedger(t, mustOpen(t, ours.Options{URI: uri}), "first", "second")
		})
	}
}

// Control: the driver by itself does not find out. The insert fails and the
// document is there.
func TestLostAnswerOfTheDriver(t *testing.T) {
	t.Parallel()
	uri := mongotest.Database(t)
	p, through := mustProxy(t, uri)
	client, err := mongo.Connect(options.Client().ApplyURI(through).SetRetryWrites(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Disconnect(context.Background()) })
	_, _, name := partsOf(uri)
	db := client.Database(name)
	p.set(&weather{match: insertOf})
	_, err = db.Collection("commits").InsertOne(t.Context(), bson.D{{Key: "_id", Value: 1}})
	if !mongo.IsNetworkError(err) {
		t.Errorf("InsertOne: got %v, want a network error", err)
	}
	n, err := db.Collection("commits").CountDocuments(t.Context(), bson.D{})
	if err != nil || n != 1 {
		t.Errorf("got %d documents, %v, want 1", n, err)
	}
}

// TestUnknownOutcome loses the answer and then all answers until the caller's
// patience has ended. The caller may send the entry again.
func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		fate fate
		next *weather
	}{
		{"AppliedThenSilence", answerCut, &weather{drop: true}},
		{"AppliedThenRefused", answerCut, &weather{off: true}},
		{"NotAppliedThenSilence", lost, &weather{drop: true}},
		{"AppliedLate", late, &weather{hold: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			uri := mongotest.Database(t)
			p, through := mustProxy(t, uri)
			s := mustOpen(t, ours.Options{URI: through, Timeout: 1500 * time.Millisecond})
			if err := increment(t.Context(), s, "first"); err != nil {
				t.Fatal(err)
			}
			p.set(&weather{match: insertOf, fate: c.fate, next: c.next})
			start := time.Now()
			err := increment(t.Context(), s, "second")
			if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "not known") {
				t.Errorf("Update: got %v, want ErrUnavailable that says that it is not known", err)
			}
			if took := time.Since(start); took > 1500*time.Millisecond+overtime {
				t.Errorf("Update took %v", took)
			}
			p.set(&weather{})
			if err := increment(t.Context(), s, "second"); err != nil && !errors.Is(err, store.ErrDuplicate) {
				t.Errorf("again: got %v, want nil or ErrDuplicate", err)
			}
			if err := increment(t.Context(), s, "third"); err != nil {
				t.Errorf("Update: %v", err)
			}
			wantLedger(t, s, "first", "second", "third")
			wantLedger(t, mustOpen(t, ours.Options{URI: uri}), "first", "second", "third")
		})
	}
}
