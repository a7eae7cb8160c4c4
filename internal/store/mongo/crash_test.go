package mongo_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

const crashLab = store.LabID("lab")

// mark is what each closure of the crash tests does: an entry, a document of
// its own, one that all change, and one that comes and goes.
func mark(tx store.Tx, id string) error {
	seq, err := tx.Append(store.Entry{ID: id, Content: []byte(`{"type":"mark"}`), Outcome: []byte(`{}`)})
	if err != nil {
		return err
	}
	err = tx.Put(store.Document{Kind: "mark", ID: id, Body: []byte(`{}`), Keys: []store.Key{{Index: "parity", Value: strconv.Itoa(int(seq % 2))}}})
	if err != nil {
		return err
	}
	body := fmt.Appendf(nil, `{"marks":%d}`, seq)
	if err := tx.Put(store.Document{Kind: "sum", ID: "all", Body: body, Keys: []store.Key{{Index: "marks", Value: fmt.Sprint(seq)}}}); err != nil {
		return err
	}
	flag := store.Document{Kind: "flag", ID: fmt.Sprint(seq % 3), Body: []byte(`{}`), Keys: []store.Key{{Index: "up", Value: "yes"}}}
	if err := tx.Delete(flag.Kind, flag.ID); errors.Is(err, store.ErrNotFound) {
		return tx.Put(flag)
	} else if err != nil {
		return err
	}
	return nil
}

// TestCrashingProcess is the process that TestKilledAtEveryStep kills: it
// writes down each entry that was acknowledged.
func TestCrashingProcess(t *testing.T) {
	uri, at := os.Getenv("RICIRCOLO_CRASH_URI"), os.Getenv("RICIRCOLO_CRASH_AT")
	if uri == "" {
		t.Skip("only as the child of TestKilledAtEveryStep")
	}
	var where, times int
	if _, err := fmt.Sscanf(at, "%d/%d", &where, &times); err != nil {
		t.Fatal(err)
	}
	var met atomic.Int64
	s := mustOpen(t, ours.WithFault(ours.Options{URI: uri}, func(step ours.Step) {
		if int(step) == where && met.Add(1) == int64(times) {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}))
	var out sync.Mutex
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("e-%d-%d-%d", os.Getpid(), w, i)
				if err := s.Update(t.Context(), crashLab, func(tx store.Tx) error { return mark(tx, id) }); err != nil {
					t.Error(err)
					return
				}
				out.Lock()
				fmt.Println("acknowledged", id)
				out.Unlock()
			}
		}()
	}
	time.Sleep(time.Minute)
}

// runUntilKilled runs the child and returns what it acknowledged.
func runUntilKilled(t *testing.T, uri, at string) []string {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashingProcess$", "-test.v")
	child.Env = append(os.Environ(), "RICIRCOLO_CRASH_URI="+uri, "RICIRCOLO_CRASH_AT="+at)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var acknowledged, rest []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "acknowledged "); ok {
			acknowledged = append(acknowledged, id)
		} else {
			rest = append(rest, lines.Text())
		}
	}
	err = child.Wait()
	if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child was not killed: %v\n%s", err, strings.Join(rest, "\n"))
	}
	return acknowledged
}

// TestKilledAtEveryStep ends a process at every step of a commit. Whoever
// opens the database next goes on where it was.
func TestKilledAtEveryStep(t *testing.T) {
	for step := range ours.Steps {
		t.Run(ours.Step(step).String(), func(t *testing.T) {
			t.Parallel()
			uri := mongotest.Database(t)
			var acknowledged []string
			behind := 0
			for _, times := range []int{1, 2, 9} {
				acknowledged = append(acknowledged, runUntilKilled(t, uri, fmt.Sprintf("%d/%d", step, times))...)
				if applied, head := watermarks(t, uri); applied < head {
					behind++
				}
			}
			if ours.Step(step).String() == "after commit" && behind == 0 {
				t.Error("the control is gone: after a kill between commit and application nothing was left to apply")
			}
			s := mustOpen(t, ours.Options{URI: uri})
			wantMarks(t, s, acknowledged)
			wantCollections(t, s, uri)
		})
	}
}

// wantMarks checks the ledger and what was folded from it.
func wantMarks(t *testing.T, s store.Store, acknowledged []string) {
	t.Helper()
	err := s.View(t.Context(), crashLab, func(r store.Reader) error {
		ids, err := storetest.VerifyChain(r)
		if err != nil {
			return err
		}
		seen := make(map[string]bool, len(ids))
		for _, id := range ids {
			if seen[id] {
				return fmt.Errorf("entry %s is there twice", id)
			}
			seen[id] = true
			if _, err := r.Get("mark", id); err != nil {
				return fmt.Errorf("entry %s without its document: %w", id, err)
			}
		}
		for _, id := range acknowledged {
			if !seen[id] {
				return fmt.Errorf("entry %s was acknowledged and is lost", id)
			}
		}
		marks, err := r.Find(store.Query{Kind: "mark", Limit: store.MaxFind})
		if err != nil || len(marks) != len(ids) {
			return fmt.Errorf("got %d marks, %v, want %d", len(marks), err, len(ids))
		}
		sum, err := r.Find(store.Query{Kind: "sum", Index: "marks", Limit: 10})
		if err != nil || len(sum) != 1 || string(sum[0].Body) != fmt.Sprintf(`{"marks":%d}`, len(ids)) {
			return fmt.Errorf("got sum %v, %v, want one of %d", sum, err, len(ids))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// watermarks are how far the collections of the lab are, and its newest commit.
func watermarks(t *testing.T, uri string) (applied, head int64) {
	t.Helper()
	db := rawDatabase(t, uri)
	var doc struct{ Applied int64 }
	if err := db.Collection("labs").FindOne(t.Context(), bson.D{{Key: "_id", Value: string(crashLab)}}).Decode(&doc); err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		t.Fatal(err)
	}
	head, err := db.Collection("commits").CountDocuments(t.Context(), bson.D{{Key: "lab", Value: string(crashLab)}})
	if err != nil {
		t.Fatal(err)
	}
	return doc.Applied, head
}

func rawDatabase(t testing.TB, uri string) *mongo.Database {
	t.Helper()
	base, _, _ := strings.Cut(uri, "?")
	return mustConnect(t, uri).Database(base[strings.LastIndex(base, "/")+1:])
}

// wantCollections waits until all commits are applied, and compares what
// others see in the collections with what the store says.
func wantCollections(t *testing.T, s store.Store, uri string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		if applied, head := watermarks(t, uri); applied == head {
			break
		}
		if ctx.Err() != nil {
			t.Fatal("the commits were never applied")
		}
		time.Sleep(20 * time.Millisecond)
	}
	want := make(map[string]bool)
	err := s.View(t.Context(), crashLab, func(r store.Reader) error {
		docs, err := r.Documents(store.Ref{}, store.MaxFind)
		for _, d := range docs {
			want[fmt.Sprint("document ", d.Kind, " ", d.ID, " ", d.Seq)] = true
			for _, k := range d.Keys {
				want[fmt.Sprint("key ", d.Kind, " ", k.Index, " ", k.Value, " ", d.ID)] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]bool)
	db := rawDatabase(t, uri)
	eachRaw(t, db.Collection("documents"), bson.D{{Key: "gone", Value: bson.D{{Key: "$exists", Value: false}}}}, func(raw bson.Raw) {
		got[fmt.Sprint("document ", raw.Lookup("_id", "kind").StringValue(), " ", raw.Lookup("_id", "id").StringValue(), " ", raw.Lookup("seq").Int64())] = true
	})
	eachRaw(t, db.Collection("keys"), bson.D{}, func(raw bson.Raw) {
		id := raw.Lookup("_id").Document()
		text := func(key string) string { return id.Lookup(key).StringValue() }
		got[fmt.Sprint("key ", text("kind"), " ", text("index"), " ", text("value"), " ", text("id"))] = true
	})
	for what := range want {
		if !got[what] {
			t.Errorf("the collections lack %s", what)
		}
	}
	for what := range got {
		// A key may be left of what the killed process had sent last: readers
		// pass it over, as wantMarks sees.
		if !want[what] && !strings.HasPrefix(what, "key ") {
			t.Errorf("the collections have %s, which is not so", what)
		}
	}
}

func eachRaw(t *testing.T, c *mongo.Collection, filter bson.D, visit func(bson.Raw)) {
	t.Helper()
	cursor, err := c.Find(t.Context(), filter)
	if err != nil {
		t.Fatal(err)
	}
	defer cursor.Close(t.Context())
	for cursor.Next(t.Context()) {
		visit(cursor.Current)
	}
	if err := cursor.Err(); err != nil {
		t.Fatal(err)
	}
}
