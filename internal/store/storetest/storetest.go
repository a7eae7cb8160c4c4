// Package storetest owns what it means to be a store: the conformance suite
// that every adapter of package store must pass, a model of the port to hold
// one against, and Faulty, a store that fails on demand, for the tests of the
// layers above.
package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
)

// Run holds an adapter against the port. open returns a fresh, empty store,
// and closes it with t.Cleanup; every subtest opens its own.
//
// An adapter that can be told to run closures more than once runs the suite a
// second time that way.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"Documents", documentTests},
		{"Queries", queryTests},
		{"Ledger", ledgerTests},
		{"Closures", closureTests},
		{"Concurrency", concurrencyTests},
		{"Limits", limitTests},
		{"Model", []test{{"RandomClosures", testProperty}}},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, tt := range group.tests {
				t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
			}
		})
	}
}

type test struct {
	name string
	run  func(*testing.T, store.Store)
}

// patience is how long an event may take that must come; nothing waits that
// long in a run that passes.
const patience = 20 * time.Second

const lab = store.LabID("lab")

func mustUpdate(t *testing.T, s store.Store, fn func(store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), lab, fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func mustView(t *testing.T, s store.Store, fn func(store.Reader) error) {
	t.Helper()
	if err := s.View(t.Context(), lab, fn); err != nil {
		t.Fatalf("View: %v", err)
	}
}

func mustPut(t *testing.T, s store.Store, docs ...store.Document) {
	t.Helper()
	mustUpdate(t, s, func(tx store.Tx) error { return putAll(tx, docs...) })
}

func putAll(tx store.Tx, docs ...store.Document) error {
	for _, d := range docs {
		if err := tx.Put(d); err != nil {
			return err
		}
	}
	return nil
}

func mustAppend(t *testing.T, s store.Store, entries ...store.Entry) {
	t.Helper()
	mustUpdate(t, s, func(tx store.Tx) error {
		for _, e := range entries {
			if _, err := tx.Append(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// doc is a document of kind "bin".
func doc(id, body string, keys ...store.Key) store.Document {
	return store.Document{Kind: "bin", ID: id, Body: []byte(body), Keys: keys}
}

func key(index, value string) store.Key { return store.Key{Index: index, Value: value} }

func entry(id string) store.Entry {
	return store.Entry{ID: id, Content: []byte(`{"type":"test"}`), Outcome: []byte(`{}`)}
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

func wantBody(r store.Reader, kind store.Kind, id, want string) error {
	d, err := r.Get(kind, id)
	if err != nil {
		return fmt.Errorf("get %s: %w", id, err)
	}
	if string(d.Body) != want {
		return fmt.Errorf("get %s: got body %s, want %s", id, d.Body, want)
	}
	return nil
}

func wantMissing(r store.Reader, kind store.Kind, id string) error {
	if d, err := r.Get(kind, id); !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("get %s: got %s, %v, want ErrNotFound", id, d.Body, err)
	}
	return nil
}

// VerifyChain reads the whole ledger in small pages and checks that numbers
// have no gaps and that every record names its predecessor. It returns the
// entry ids in order.
func VerifyChain(r store.Reader) ([]string, error) {
	var known []string
	var prev store.Hash
	for {
		after := store.Seq(len(known))
		records, err := r.Entries(after, 7)
		if err != nil {
			return nil, err
		}
		for i, rec := range records {
			if want := after + store.Seq(i) + 1; rec.Seq != want {
				return nil, fmt.Errorf("record %s: got number %d, want %d", rec.Entry.ID, rec.Seq, want)
			}
			if rec.Prev != prev {
				return nil, fmt.Errorf("record %d: got prev %s, want %s", rec.Seq, rec.Prev, prev)
			}
			if sealed := store.Seal(rec.Entry, rec.Seq, prev); !bytes.Equal(sealed.Bytes, rec.Bytes) {
				return nil, fmt.Errorf("record %d: got bytes %s, want %s", rec.Seq, rec.Bytes, sealed.Bytes)
			}
			prev = rec.Hash()
			known = append(known, rec.Entry.ID)
		}
		if len(records) < 7 {
			break
		}
	}
	seq, hash, err := r.Head()
	if err == nil && (seq != store.Seq(len(known)) || hash != prev) {
		err = fmt.Errorf("head: got %d %s, want %d %s", seq, hash, len(known), prev)
	}
	return known, err
}
