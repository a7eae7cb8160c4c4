package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// chain writes, for each of n bins, what it names: each document is known only
// when the one before was read.
func chain(tx store.Tx, entry string, n, length int) error {
	for i := range n {
		if _, err := tx.Append(store.Entry{ID: fmt.Sprint(entry, i), Content: []byte(`{}`), Outcome: []byte(`{}`)}); err != nil {
			return err
		}
		id := fmt.Sprint("bin-", i)
		for range length {
			body := fmt.Sprintf(`{"next":"%sx"}`, id)
			switch d, err := tx.Get("bin", id); {
			case errors.Is(err, store.ErrNotFound):
			case err != nil:
				return err
			default:
				body = string(d.Body)
			}
			if err := tx.Put(store.Document{Kind: "bin", ID: id, Body: []byte(body)}); err != nil {
				return err
			}
			id = strings.TrimSuffix(strings.TrimPrefix(body, `{"next":"`), `"}`)
		}
	}
	return nil
}

// What a phone's batch wants is loaded in some steps, not piece by piece.
func TestBatchesAreLoadedAtOnce(t *testing.T) {
	const bins, length, atMost = 200, 3, 12
	opts := ours.Options{URI: mongotest.Database(t)}
	update := func(s *ours.Store, entry string) {
		t.Helper()
		if err := s.Update(t.Context(), "lab", func(tx store.Tx) error { return chain(tx, entry, bins, length) }); err != nil {
			t.Fatal(err)
		}
	}
	first := mustOpen(t, opts)
	update(first, "a")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	var reads atomic.Int64
	s := mustOpen(t, ours.WithMonitor(opts, &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		if e.CommandName == "find" {
			reads.Add(1)
		}
	}}))
	reads.Store(0)
	update(s, "b")
	if n := reads.Load(); n > atMost {
		t.Errorf("%d documents were read by %d queries, want at most %d", bins*length, n, atMost)
	}
	err := s.View(t.Context(), "lab", func(r store.Reader) error {
		docs, err := r.Find(store.Query{Kind: "bin", Limit: store.MaxFind})
		seq, _, _ := r.Head()
		if err == nil && (len(docs) != bins*length || seq != 2*bins) {
			err = fmt.Errorf("got %d documents and %d entries", len(docs), seq)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
