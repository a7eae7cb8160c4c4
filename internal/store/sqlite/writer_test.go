package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

// inOneGroup makes closures wait behind one that blocks the writer, so that
// they share a commit, and returns their results. Each is queued before the
// next.
func inOneGroup(t *testing.T, s store.Store, fns ...func(store.Tx) error) []error {
	t.Helper()
	inside, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- s.Update(t.Context(), "other", func(store.Tx) error { close(inside); <-release; return nil })
	}()
	<-inside
	results := make([]chan error, len(fns))
	for i, fn := range fns {
		results[i] = make(chan error, 1)
		queued := &waitCtx{Context: t.Context(), waited: make(chan struct{})}
		go func() { results[i] <- s.Update(queued, "lab", fn) }()
		<-queued.waited
	}
	close(release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	errs := make([]error, len(fns))
	for i := range results {
		errs[i] = <-results[i]
	}
	return errs
}

// poison makes SQLite refuse one entry id when the group is written.
const poison = `CREATE TRIGGER poison BEFORE INSERT ON entries WHEN NEW.id = 'poison'
	BEGIN SELECT RAISE(ABORT, 'poison'); END`

// TestNobodyIsAnsweredFromAGroupThatFails: a closure that finds the entry of a
// neighbour, and is content, must not be told so when the neighbour's entry is
// lost.
func TestNobodyIsAnsweredFromAGroupThatFails(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, sqlite.Options{Dir: dir})
	if err := appendOne(s, "e0"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, poison)
	s = mustOpen(t, sqlite.Options{Dir: dir})
	put := func(tx store.Tx, n int) error {
		return tx.Put(store.Document{Kind: "bin", ID: "b", Body: fmt.Appendf(nil, `{"n":%d}`, n)})
	}
	entry := store.Entry{ID: "poison", Content: []byte(`{}`), Outcome: []byte(`{}`)}
	if err := s.Update(t.Context(), "lab", func(tx store.Tx) error { return put(tx, 1) }); err != nil {
		t.Fatal(err)
	}
	errs := inOneGroup(t, s,
		func(tx store.Tx) error { _, err := tx.Append(entry); return errors.Join(err, put(tx, 2)) },
		func(tx store.Tx) error { _, err := tx.Append(entry); return err },
		func(tx store.Tx) error { _, err := tx.Entry("poison"); return err },
	)
	for i, err := range errs {
		wantError(t, fmt.Sprint("closure ", i), err, store.ErrUnavailable)
	}
	if errors.Is(errs[1], store.ErrDuplicate) {
		t.Error("a closure was told that its entry is recorded, and it is not")
	}
	// The next group begins with what is committed.
	err := s.Update(t.Context(), "lab", func(tx store.Tx) error {
		if _, err := tx.Entry("poison"); !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("entry: got %v, want ErrNotFound", err)
		}
		if seq, _, err := tx.Head(); err != nil || seq != 1 {
			return fmt.Errorf("head: got %d, %v, want 1", seq, err)
		}
		if d, err := tx.Get("bin", "b"); err != nil || string(d.Body) != `{"n":1}` {
			return fmt.Errorf("document: got %s, %v, want the committed one", d.Body, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := appendOne(s, "e1"); err != nil {
		t.Errorf("Update after a group that failed: %v", err)
	}
}

// TestAFullQueueWaits: callers wait for a place until their context ends.
func TestAFullQueueWaits(t *testing.T) {
	s := mustOpen(t, sqlite.Options{QueueLimit: 1})
	inside, release := make(chan struct{}), make(chan struct{})
	results := make(chan error, 2)
	go func() {
		results <- s.Update(t.Context(), "lab", func(store.Tx) error { close(inside); <-release; return nil })
	}()
	<-inside
	queued := &waitCtx{Context: t.Context(), waited: make(chan struct{})}
	go func() { results <- s.Update(queued, "lab", func(store.Tx) error { return nil }) }()
	<-queued.waited
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := s.Update(ctx, "lab", func(store.Tx) error { t.Error("the closure ran"); return nil })
	wantError(t, "Update with a full queue", err, context.DeadlineExceeded)
	close(release)
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// TestAnOldSnapshotIsCut: a View that does not end loses its snapshot, and is
// told so.
func TestAnOldSnapshotIsCut(t *testing.T) {
	s := mustOpen(t, sqlite.Options{MaxView: 50 * time.Millisecond, Readers: 1})
	for i := range 20 {
		if err := appendOne(s, fmt.Sprint("e", i)); err != nil {
			t.Fatal(err)
		}
	}
	swallowed := s.View(t.Context(), "lab", func(r store.Reader) error {
		for began := time.Now(); time.Since(began) < 5*time.Second; {
			if _, err := r.Get("bin", "b"); !errors.Is(err, store.ErrNotFound) {
				return nil
			}
		}
		return errors.New("the snapshot was not cut")
	})
	wantError(t, "View that swallows the error", swallowed, context.DeadlineExceeded)
	if known := entryIDs(t, s); len(known) != 20 {
		t.Errorf("got %d entries on the connection afterwards, want 20", len(known))
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := s.View(ctx, "lab", func(r store.Reader) error {
		cancel()
		for began := time.Now(); time.Since(began) < 5*time.Second; {
			if _, _, err := r.Head(); err != nil {
				return err
			}
		}
		return errors.New("the snapshot was not cut")
	})
	wantError(t, "View whose context ends", err, context.Canceled)
}

// TestTheWALIsBounded writes much more than the bound while Views overlap all
// the time.
func TestTheWALIsBounded(t *testing.T) {
	const bound = 64 << 10
	dir := t.TempDir()
	s := mustOpen(t, sqlite.Options{Dir: dir, CheckpointBytes: bound})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	views := make(chan error, 2)
	for range 2 {
		go func() {
			for ctx.Err() == nil {
				err := s.View(context.WithoutCancel(ctx), "lab", func(r store.Reader) error {
					for range 5 {
						if _, err := r.Entries(0, 5); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					views <- err
					return
				}
			}
			views <- nil
		}()
	}
	var longest int64
	for i := range 400 {
		if err := appendOne(s, fmt.Sprint("e", i)); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(dir, "ricircolo.db-wal")); err == nil {
			longest = max(longest, info.Size())
		}
	}
	stop()
	for range 2 {
		if err := <-views; err != nil {
			t.Errorf("View: %v", err)
		}
	}
	t.Logf("WAL at most %d kB", longest>>10)
	if most := int64(18 * bound); longest > most {
		t.Errorf("the WAL grew to %d bytes, want %d at most", longest, most)
	}
}

// waitCtx closes waited when somebody waits for the context's end: Update does
// so, the second time, when its closure is in the queue.
type waitCtx struct {
	context.Context
	waited chan struct{}
	calls  int // of Done, by the one goroutine that has the context
}

func (c *waitCtx) Done() <-chan struct{} {
	if c.calls++; c.calls == 2 {
		close(c.waited)
	}
	return c.Context.Done()
}
