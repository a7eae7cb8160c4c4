package mongo_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// A closure that waits for a backlog goes on when another process has worked it
// off.
func TestRoomIsMadeByOthers(t *testing.T) {
	s := mustOpen(t, ours.Options{URI: mongotest.Database(t)})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := ours.WaitForRoom(ctx, s); err != nil {
		t.Errorf("got %v, although nothing is left to apply", err)
	}
}

// A process that has slept begins at the watermark, instead of reading hundreds
// of commits one after the other.
func TestCatchingUpIsShort(t *testing.T) {
	const commits, atMost = 300, 12
	uri := mongotest.Database(t)
	var reads atomic.Int64
	sleeper := mustOpen(t, ours.WithMonitor(ours.Options{URI: uri}, &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		if e.CommandName == "find" {
			reads.Add(1)
		}
	}}))
	head := func() (seq store.Seq) {
		t.Helper()
		err := sleeper.View(t.Context(), crashLab, func(r store.Reader) (err error) { seq, _, err = r.Head(); return err })
		if err != nil {
			t.Fatal(err)
		}
		return seq
	}
	busy := mustOpen(t, ours.Options{URI: uri, MaxGroup: 1})
	write := func(id string) {
		t.Helper()
		if err := busy.Update(t.Context(), crashLab, func(tx store.Tx) error { return mark(tx, id) }); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	head()
	for i := range commits {
		write(fmt.Sprint("e", i))
	}
	for applied, newest := watermarks(t, uri); applied < newest; applied, newest = watermarks(t, uri) {
		time.Sleep(20 * time.Millisecond) // the test's own time limit ends it
	}
	reads.Store(0)
	if got := head(); got != commits+1 {
		t.Errorf("got head %d, want %d", got, commits+1)
	}
	if n := reads.Load(); n > atMost {
		t.Errorf("%d commits behind: %d queries, want at most %d", commits, n, atMost)
	}
}

// Where the commits that a process lacks are trimmed, it begins at the watermark,
// and still reads the acknowledged ones that lie behind that.
func TestCatchingUpBehindTrimmedCommits(t *testing.T) {
	uri := mongotest.Database(t)
	held, holding := make(chan struct{}), atomic.Bool{}
	busy := mustOpen(t, ours.WithFault(ours.Options{URI: uri, MaxView: 50 * time.Millisecond}, func(s ours.Step) {
		if s.String() == "between writes" && holding.Load() {
			<-held
		}
	}))
	t.Cleanup(func() { close(held) }) // before busy is closed
	sleeper := mustOpen(t, ours.Options{URI: uri})
	n := store.Seq(0)
	write := func() {
		t.Helper()
		n++
		if err := busy.Update(t.Context(), crashLab, func(tx store.Tx) error { return mark(tx, fmt.Sprint("e", n)) }); err != nil {
			t.Fatal(err)
		}
		for applied, newest := watermarks(t, uri); !holding.Load() && applied < newest; applied, newest = watermarks(t, uri) {
			time.Sleep(20 * time.Millisecond) // the test's own time limit ends it
		}
	}
	head := func() (seq store.Seq) {
		t.Helper()
		err := sleeper.View(t.Context(), crashLab, func(r store.Reader) (err error) { seq, _, err = r.Head(); return err })
		if err != nil {
			t.Fatal(err)
		}
		return seq
	}
	write()
	head()
	for trimmed := false; !trimmed; {
		if n > 6 {
			t.Fatal("nothing was trimmed: the test shows nothing")
		}
		time.Sleep(1100 * time.Millisecond)
		write()
		left, err := rawDatabase(t, uri).Collection("commits").CountDocuments(t.Context(), bson.D{
			{Key: "_id.n", Value: 2}, {Key: "changes", Value: bson.D{{Key: "$exists", Value: true}}}})
		if err != nil {
			t.Fatal(err)
		}
		trimmed = n > 2 && left == 0
	}
	holding.Store(true)
	write()
	if got := head(); got != n {
		t.Errorf("got head %d, want %d: an acknowledged commit is not seen", got, n)
	}
}
