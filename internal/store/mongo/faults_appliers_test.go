package mongo_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// rendezvous has two that come to a step go on together, or the one after a
// while if the other does not come.
type rendezvous struct {
	mu      sync.Mutex
	waiting chan struct{} // closed by the second; guarded by mu
	met     int           // guarded by mu
}

func (r *rendezvous) at(step ours.Step) {
	if step.String() != "between writes" {
		return
	}
	r.mu.Lock()
	if r.waiting != nil {
		close(r.waiting)
		r.waiting = nil
		r.met++
		r.mu.Unlock()
		return
	}
	mine := make(chan struct{})
	r.waiting = mine
	r.mu.Unlock()
	select {
	case <-mine:
	case <-time.After(100 * time.Millisecond):
		r.mu.Lock()
		if r.waiting == mine {
			r.waiting = nil
		}
		r.mu.Unlock()
	}
}

// TestTwoAppliers has two processes apply the first commits of documents at the
// same time. (Who came second took it that the first one's state was the newer
// one, and the documents stayed behind for good.)
func TestTwoAppliers(t *testing.T) {
	t.Parallel()
	uri := mongotest.Database(t)
	var together rendezvous
	a := mustOpen(t, ours.WithFault(ours.Options{URI: uri}, together.at))
	b := mustOpen(t, ours.WithFault(ours.Options{URI: uri}, together.at))
	const documents = 100
	for i := range documents {
		for n, s := range []store.Store{a, b} {
			if err := putNumber(t.Context(), s, fmt.Sprint(i), n); err != nil {
				t.Fatal(err)
			}
		}
	}
	a.Close()
	b.Close()
	if together.met < documents/2 {
		t.Errorf("the control is gone: two applied at the same time %d times only", together.met)
	}
	err := mustOpen(t, ours.Options{URI: uri}).View(t.Context(), faultLab, func(r store.Reader) error {
		for i := range documents {
			d, err := r.Get("bin", fmt.Sprint(i))
			if err != nil {
				return err
			}
			if string(d.Body) != `{"n":1}` {
				t.Errorf("document %d is %s, want the second state", i, d.Body)
			}
		}
		hits, err := r.Find(store.Query{Kind: "bin", Index: "n", From: "1", Limit: store.MaxFind})
		if len(hits) != documents {
			t.Errorf("found %d documents, want %d", len(hits), documents)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func putNumber(ctx context.Context, s store.Store, id string, n int) error {
	return s.Update(ctx, faultLab, func(tx store.Tx) error {
		return tx.Put(store.Document{Kind: "bin", ID: id, Body: fmt.Appendf(nil, `{"n":%d}`, n), Keys: []store.Key{{Index: "n", Value: fmt.Sprint(n)}}})
	})
}
