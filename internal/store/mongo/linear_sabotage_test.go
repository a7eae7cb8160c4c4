package mongo_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/ricircolo/ricircolo/internal/store"
)

// sabotage is what is done in place of an Update or a View.
type sabotage struct {
	update func(s *sabotaged, ctx context.Context, fn func(store.Tx) error) error
	view   func(s *sabotaged, ctx context.Context, fn func(store.Reader) error) error
}

// sabotaged is a store that breaks a promise at every third call: a checker
// that says yes to everything would not notice.
type sabotaged struct {
	store.Store
	sabotage
	calls atomic.Int64

	mu  sync.Mutex
	old *counterLab // as it was a while ago
}

func (s *sabotaged) Update(ctx context.Context, lab store.LabID, fn func(store.Tx) error) error {
	if s.update != nil && s.calls.Add(1)%3 == 0 {
		return s.update(s, ctx, fn)
	}
	return s.Store.Update(ctx, lab, fn)
}

func (s *sabotaged) View(ctx context.Context, lab store.LabID, fn func(store.Reader) error) error {
	if s.view != nil && s.calls.Add(1)%3 == 0 {
		return s.view(s, ctx, fn)
	}
	return s.Store.View(ctx, lab, fn)
}

// before is the lab as it was at the call before, which it keeps for the next.
func (s *sabotaged) before(ctx context.Context) (counterLab, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var now counterLab
	err := s.Store.View(ctx, linearLab, func(r store.Reader) (err error) {
		now, err = readCounters(r, 0)
		return err
	})
	old := s.old
	s.old = &now
	if old == nil {
		return now, err
	}
	return *old, err
}

var errSabotage = errors.New("sabotage")

// fakeTx is a Tx on a state, whose writes go nowhere.
type fakeTx struct {
	store.Tx // nil: what is not needed
	at       counterLab
}

func (f fakeTx) Head() (store.Seq, store.Hash, error) { return f.at.head, f.at.hash, nil }

func (f fakeTx) Get(kind store.Kind, id string) (store.Document, error) {
	i := id[0] - '0'
	if f.at.wrote[i] == 0 {
		return store.Document{}, store.ErrNotFound
	}
	return store.Document{Kind: kind, ID: id, Seq: f.at.wrote[i], Body: counterBody(f.at.value[i])}, nil
}

func (f fakeTx) all() (docs []store.Document) {
	for i := range counters {
		if d, err := f.Get("counter", string(rune('0'+i))); err == nil {
			docs = append(docs, d)
		}
	}
	return docs
}

func (f fakeTx) Find(store.Query) (hits []store.Hit, err error) {
	for _, d := range f.all() {
		hits = append(hits, store.Hit{Document: d})
	}
	return hits, nil
}

func (f fakeTx) Changed(store.Kind, store.SeqPosition, int) ([]store.Document, error) {
	return f.all(), nil
}

func (f fakeTx) Entry(string) (store.Record, error)    { return store.Record{}, store.ErrNotFound }
func (f fakeTx) Append(store.Entry) (store.Seq, error) { return f.at.head + 1, nil }
func (f fakeTx) Put(store.Document) error              { return nil }

// twiceTx adds each entry, and one more.
type twiceTx struct{ store.Tx }

func (tx twiceTx) Append(e store.Entry) (store.Seq, error) {
	seq, err := tx.Tx.Append(e)
	if err == nil {
		e.ID += "-again"
		_, err = tx.Tx.Append(e)
	}
	return seq, err
}

// forgetfulTx does not know that an entry is there.
type forgetfulTx struct{ store.Tx }

func (forgetfulTx) Entry(string) (store.Record, error) { return store.Record{}, store.ErrNotFound }

func (tx forgetfulTx) Append(e store.Entry) (store.Seq, error) {
	seq, err := tx.Tx.Append(e)
	if errors.Is(err, store.ErrDuplicate) {
		e.ID += "-again"
		seq, err = tx.Tx.Append(e)
	}
	return seq, err
}

// sabotages break one promise each.
var sabotages = map[string]sabotage{
	"AViewOfAnOlderState": {view: func(s *sabotaged, ctx context.Context, fn func(store.Reader) error) error {
		old, err := s.before(ctx)
		return errors.Join(err, fn(fakeTx{at: old}))
	}},
	"ARefusalForAnOlderState": {update: func(s *sabotaged, ctx context.Context, fn func(store.Tx) error) error {
		old, err := s.before(ctx)
		if err != nil {
			return err
		}
		if err := fn(fakeTx{at: old}); errors.Is(err, errRefused) {
			return err
		}
		return s.Store.Update(ctx, linearLab, fn)
	}},
	"AcknowledgedAndNotCommitted": {update: func(s *sabotaged, ctx context.Context, fn func(store.Tx) error) error {
		var inner error
		err := s.Store.Update(ctx, linearLab, func(tx store.Tx) error {
			if inner = fn(tx); inner != nil {
				return inner
			}
			return errSabotage
		})
		if errors.Is(err, errSabotage) {
			return nil
		}
		return err
	}},
	"CommittedAndRefused": {update: func(s *sabotaged, ctx context.Context, fn func(store.Tx) error) error {
		var inner error
		err := s.Store.Update(ctx, linearLab, func(tx store.Tx) error {
			if inner = fn(tx); errors.Is(inner, errRefused) {
				_, err := tx.Append(store.Entry{ID: "sabotage-" + string(rune('a'+s.calls.Load()%1000)), Content: []byte(`{}`), Outcome: []byte(`{}`)})
				return err
			}
			return inner
		})
		return errors.Join(err, inner)
	}},
	"AppliedTwice": {update: func(s *sabotaged, ctx context.Context, fn func(store.Tx) error) error {
		return s.Store.Update(ctx, linearLab, func(tx store.Tx) error { return fn(twiceTx{tx}) })
	}},
	"ADuplicateRecordedAgain": {update: func(s *sabotaged, ctx context.Context, fn func(store.Tx) error) error {
		return s.Store.Update(ctx, linearLab, func(tx store.Tx) error { return fn(forgetfulTx{tx}) })
	}},
	"ALostUpdate": {update: func(s *sabotaged, ctx context.Context, fn func(store.Tx) error) error {
		old, err := s.before(ctx)
		if err != nil {
			return err
		}
		return s.Store.Update(ctx, linearLab, func(tx store.Tx) error { return fn(staleTx{tx, fakeTx{at: old}}) })
	}},
}

// staleTx reads counters as they were, and writes.
type staleTx struct {
	store.Tx
	old fakeTx
}

func (tx staleTx) Get(kind store.Kind, id string) (store.Document, error) {
	return tx.old.Get(kind, id)
}

// TestSabotageIsNoticed is the control of TestServersOnOneLabAreLinearizable.
func TestSabotageIsNoticed(t *testing.T) {
	for name, how := range sabotages {
		t.Run(name, func(t *testing.T) {
			_, stores := mustServers(t, 2)
			bad := &sabotaged{Store: stores[1], sabotage: how}
			h := play(t, 200, stores[0], bad)
			ledger := mustLedger(t, stores[0])
			faults := historyFaults(h.moves, ledger)
			at := slices.IndexFunc(faults, func(f string) bool { return strings.HasPrefix(f, string(porcupine.Illegal)) })
			if at < 0 {
				t.Fatalf("nothing was noticed: %q, %v", faults, h.faults)
			}
			first, _, _ := strings.Cut(faults[at], "\n")
			t.Log(first)
		})
	}
}
