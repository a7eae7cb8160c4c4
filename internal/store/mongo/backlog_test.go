package mongo_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// TestABacklogIsWorkedOffInSteps has commits pile up that write new documents,
// as an import does. Closures wait for the watermark, and not for ever: it has
// to move while they are worked off.
func TestABacklogIsWorkedOffInSteps(t *testing.T) {
	const commits, each, most = 20, 300, 1000 + 300
	held := make(chan struct{})
	var first sync.Once
	fault := func(s ours.Step) {
		if s.String() == "between writes" {
			first.Do(func() { <-held })
		}
	}
	var mu sync.Mutex
	writes, steps, longest := 0, 0, 0
	monitor := &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		if e.CommandName != "update" {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		switch e.Command.Lookup("update").StringValue() {
		case "documents":
			values, _ := e.Command.Lookup("updates").Array().Values()
			writes += len(values)
			longest = max(longest, writes)
		case "labs":
			writes = 0
			steps++
		}
	}}
	uri := mongotest.Database(t)
	s := mustOpen(t, ours.WithMonitor(ours.WithFault(ours.Options{URI: uri, MaxGroup: 1}, fault), monitor))
	for i := range commits {
		err := s.Update(t.Context(), crashLab, func(tx store.Tx) error {
			for j := range each {
				if err := tx.Put(store.Document{Kind: "import", ID: fmt.Sprintf("%d-%d", i, j), Body: []byte(`{}`)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	close(held)
	for applied, head := watermarks(t, uri); applied < head; applied, head = watermarks(t, uri) {
		time.Sleep(20 * time.Millisecond) // the test's own time limit ends it
	}
	mu.Lock()
	defer mu.Unlock()
	if n, err := rawDatabase(t, uri).Collection("documents").CountDocuments(t.Context(), bson.D{}); err != nil || n != commits*each {
		t.Errorf("%d documents, %v", n, err)
	}
	if longest > most {
		t.Errorf("%d documents were written before the watermark moved, want at most %d (it moved %d times)", longest, most, steps)
	}
}
