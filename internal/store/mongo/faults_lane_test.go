package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// TestAnswerToOneWhoLeft: a closure that was not run since its caller had left
// is never said to be committed. (It was, if the caller happened to look into
// its mail box late.)
func TestAnswerToOneWhoLeft(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, ours.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	err := ours.AnswerToOneWhoLeft(ctx, s, faultLab, func(store.Tx) error { ran = true; return nil })
	if ran || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, run: %v, want the context's error of a closure that was not run", err, ran)
	}
}

// TestPostponedRunsOnce has a group grow full, so that a closure is left to the
// next one, and then has to begin anew. (The closure was left twice, and ran
// twice.)
func TestPostponedRunsOnce(t *testing.T) {
	t.Parallel()
	uri := mongotest.Database(t)
	s, other := mustOpen(t, ours.Options{URI: uri, Timeout: time.Minute}), mustOpen(t, ours.Options{URI: uri})
	if err := errors.Join(putNumber(t.Context(), other, "moved", 0), other.Close()); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	update := func(fn func(store.Tx) error) {
		all.Go(func() {
			if err := s.Update(t.Context(), faultLab, fn); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(20 * time.Millisecond) // they queue up in order
	}
	hold := make(chan struct{})
	update(func(store.Tx) error { <-hold; return nil })
	var once sync.Once
	update(func(tx store.Tx) error { // wants what somebody else changes before it is loaded
		once.Do(func() {
			third, err := ours.Open(t.Context(), ours.Options{URI: uri})
			if err == nil {
				err = errors.Join(putNumber(t.Context(), third, "moved", 1), third.Close())
			}
			if err != nil {
				t.Error(err)
			}
		})
		_, err := tx.Get("bin", "moved")
		return err
	})
	update(func(tx store.Tx) error { // fills the group
		body := `{"b":"` + strings.Repeat("b", 3<<20) + `"}`
		return errors.Join(tx.Put(store.Document{Kind: "big", ID: "1", Body: []byte(body)}), tx.Put(store.Document{Kind: "big", ID: "2", Body: []byte(body)}))
	})
	update(func(tx store.Tx) error { // is left to the next one
		n, err := counter(tx)
		if err != nil {
			return err
		}
		return tx.Put(store.Document{Kind: "counter", ID: "all", Body: fmt.Appendf(nil, `{"n":%d}`, n+1)})
	})
	close(hold)
	all.Wait()
	err := s.View(t.Context(), faultLab, func(r store.Reader) error {
		n, err := counter(r)
		if n != 1 {
			t.Errorf("the counter is %d after one increment", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
