package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/ricircolo/ricircolo/internal/store"
)

var closureTests = []test{
	{"ErrorWritesNothing", testClosureError},
	{"PanicWritesNothing", testPanic},
	{"GoexitWritesNothing", testGoexit},
	{"PanicInView", testPanicInView},
	{"TxIsOfNoUseAfterReturn", testTxAfterReturn},
	{"CancelledBefore", testCancelledBefore},
	{"CancelledWhileQueued", testCancelledQueued},
	{"CancelledDuring", testCancelledDuring},
	{"UseAfterClose", testAfterClose},
	{"CloseEndsWhatIsQueued", testCloseQueued},
}

func testClosureError(t *testing.T, s store.Store) {
	mustPut(t, s, doc("b", `{"n":1}`, key("ward", "w1")))
	err := s.Update(t.Context(), lab, func(tx store.Tx) error {
		if _, err := tx.Append(entry("e")); err != nil {
			return err
		}
		if err := putAll(tx, doc("b", `{"n":2}`, key("ward", "w2")), doc("c", `{}`)); err != nil {
			return err
		}
		return fmt.Errorf("wrapped: %w", errFail)
	})
	wantError(t, "Update", err, errFail)
	err = s.Update(t.Context(), lab, func(tx store.Tx) error {
		return errors.Join(tx.Delete("bin", "b"), errFail)
	})
	wantError(t, "Update", err, errFail)
	wantUntouched(t, s)
}

// wantUntouched checks the state that the tests of failing closures begin
// with.
func wantUntouched(t *testing.T, s store.Store) {
	t.Helper()
	want := NewModel()
	if err := want.Put(doc("b", `{"n":1}`, key("ward", "w1"))); err != nil {
		t.Fatal(err)
	}
	check := func(r store.Reader) error { return Same(r, want) }
	mustView(t, s, check)
	mustUpdate(t, s, func(tx store.Tx) error { return check(tx) })
}

func testPanic(t *testing.T, s store.Store) {
	mustPut(t, s, doc("b", `{"n":1}`, key("ward", "w1")))
	err := s.Update(t.Context(), lab, func(tx store.Tx) error {
		if err := tx.Put(doc("b", `{"n":2}`)); err != nil {
			return err
		}
		panic(fmt.Errorf("index 7 of 3: %w", errFail))
	})
	wantError(t, "Update", err, store.ErrPanic)
	err = s.Update(t.Context(), lab, func(store.Tx) error {
		var none map[string]int
		none["a"] = 1 //lint:ignore SA5000 the panic is the point
		return nil
	})
	wantError(t, "Update", err, store.ErrPanic)
	wantUntouched(t, s)
}

func testGoexit(t *testing.T, s store.Store) {
	mustPut(t, s, doc("b", `{"n":1}`, key("ward", "w1")))
	err := s.Update(t.Context(), lab, func(tx store.Tx) error {
		if err := tx.Put(doc("b", `{"n":2}`)); err != nil {
			return err
		}
		runtime.Goexit()
		return nil
	})
	wantError(t, "Update", err, store.ErrPanic)
	wantUntouched(t, s)
}

func testPanicInView(t *testing.T, s store.Store) {
	for range 10 { // more often than there are connections
		err := s.View(t.Context(), lab, func(store.Reader) error { panic("no") })
		wantError(t, "View", err, store.ErrPanic)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = s.View(t.Context(), lab, func(store.Reader) error { runtime.Goexit(); return nil })
		}()
		<-done
	}
	mustView(t, s, func(r store.Reader) error { return wantMissing(r, "bin", "b") })
}

func testTxAfterReturn(t *testing.T, s store.Store) {
	mustPut(t, s, doc("b", `{"n":1}`, key("ward", "w1")))
	var tx store.Tx
	mustUpdate(t, s, func(running store.Tx) error { tx = running; return nil })
	var r store.Reader
	mustView(t, s, func(running store.Reader) error { r = running; return nil })
	_, appendErr := tx.Append(entry("e"))
	for name, err := range map[string]error{
		"Append": appendErr, "Put": tx.Put(doc("b", `{"n":2}`)), "Delete": tx.Delete("bin", "b"),
		"reads of Tx": useReader(tx), "reads of Reader": useReader(r),
	} {
		if err == nil {
			t.Errorf("%s after the closure returned: got nil, want an error", name)
		}
	}
	wantUntouched(t, s)
}

// useReader returns nil when any method works.
func useReader(r store.Reader) error {
	var errs [7]error
	_, _, errs[0] = r.Head()
	_, errs[1] = r.Get("bin", "b")
	_, errs[2] = r.Find(store.Query{Kind: "bin", Limit: 1})
	_, errs[3] = r.Changed("bin", store.SeqPosition{}, 1)
	_, errs[4] = r.Documents(store.Ref{}, 1)
	_, errs[5] = r.Entry("e")
	_, errs[6] = r.Entries(0, 1)
	for _, err := range errs {
		if err == nil || errors.Is(err, store.ErrNotFound) {
			return nil
		}
	}
	return errs[0]
}

func testCancelledBefore(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	wantError(t, "Update", s.Update(ctx, lab, func(store.Tx) error { ran = true; return nil }), context.Canceled)
	wantError(t, "View", s.View(ctx, lab, func(store.Reader) error { ran = true; return nil }), context.Canceled)
	_, err := s.Labs(ctx)
	wantError(t, "Labs", err, context.Canceled)
	if ran {
		t.Error("a closure ran although its context had ended before")
	}
}

func testCancelledQueued(t *testing.T, s store.Store) {
	inside, release := make(chan struct{}, 4), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- s.Update(t.Context(), lab, func(store.Tx) error { inside <- struct{}{}; <-release; return nil })
	}()
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		second <- s.Update(ctx, lab, func(tx store.Tx) error { return tx.Put(doc("b", `{}`)) })
	}()
	cancel()
	wantError(t, "Update that waits", <-second, context.Canceled)
	close(release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, s, func(tx store.Tx) error { return wantMissing(tx, "bin", "b") })
}

func testCancelledDuring(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	runs := 0
	err := s.Update(ctx, lab, func(tx store.Tx) error {
		runs++ // the race detector sees it when Update returns before fn does
		cancel()
		return tx.Put(doc("b", `{}`))
	})
	if runs == 0 {
		t.Error("the closure did not run")
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Update: got %v, want nil or %v", err, context.Canceled)
	}
	if err != nil {
		return // the commit may or may not have taken place
	}
	mustView(t, s, func(r store.Reader) error { return wantBody(r, "bin", "b", `{}`) })
}

func testAfterClose(t *testing.T, s store.Store) {
	mustPut(t, s, doc("b", `{}`))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	nothing := func(store.Tx) error { return nil }
	wantError(t, "Update", s.Update(t.Context(), lab, nothing), store.ErrClosed)
	wantError(t, "View", s.View(t.Context(), lab, func(store.Reader) error { return nil }), store.ErrClosed)
	wantError(t, "Check", s.Check(t.Context()), store.ErrClosed)
	_, err := s.Labs(t.Context())
	wantError(t, "Labs", err, store.ErrClosed)
	if b, ok := s.(store.Backuper); ok {
		wantError(t, "Backup", b.Backup(t.Context(), t.TempDir()+"/backup", nil), store.ErrClosed)
	}
}

func testCloseQueued(t *testing.T, s store.Store) {
	const n = 32
	inside, release := make(chan struct{}, 4), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- s.Update(t.Context(), lab, func(store.Tx) error { inside <- struct{}{}; <-release; return nil })
	}()
	<-inside
	results := make(chan error, n)
	for i := range n {
		go func() {
			results <- s.Update(t.Context(), lab, func(tx store.Tx) error { return tx.Put(doc(fmt.Sprint(i), `{}`)) })
		}()
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	close(release)
	if err := <-first; err != nil {
		t.Errorf("Update that was running: %v", err)
	}
	for range n {
		if err := <-results; err != nil && !errors.Is(err, store.ErrClosed) {
			t.Errorf("Update that was queued: got %v, want nil or ErrClosed", err)
		}
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
}
