package staging_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

var errFail = errors.New("closure fails on purpose")

// TestOverlayIsTheModel runs closures of several groups and holds every answer
// against the model. The engine is a model too; a group is flushed into it by
// applying what the overlay says.
func TestOverlayIsTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		engine, want := storetest.NewModel(), storetest.NewModel()
		for range rapid.IntRange(1, 3).Draw(rt, "groups") {
			overlay := staging.NewOverlay(engine)
			for range rapid.IntRange(1, 5).Draw(rt, "closures") {
				script := storetest.DrawScript(rt)
				fails := rapid.IntRange(0, 3).Draw(rt, "fails") == 0
				after := want.Clone()
				err := overlay.Run(func(tx store.Tx) error {
					if err := script.Run(tx, after); err != nil {
						return err
					}
					if err := storetest.Same(tx, after); err != nil {
						return err
					}
					if fails {
						return errFail
					}
					return nil
				})
				switch {
				case fails && errors.Is(err, errFail):
				case err != nil:
					rt.Fatal(err)
				default:
					want = after
				}
			}
			flush(rt, engine, overlay)
			if err := storetest.Same(engine, want); err != nil {
				rt.Fatalf("after the flush: %v", err)
			}
		}
	})
}

// flush writes a group into a model. A document's Seq is the model's business,
// so entries go in as far as the document saw them.
func flush(rt *rapid.T, engine *storetest.Model, overlay *staging.Overlay) {
	changes := overlay.Changes()
	slices.SortStableFunc(changes, func(a, b staging.Change) int { return int(seqOf(a) - seqOf(b)) })
	records := overlay.Records()
	appendUpTo := func(seq store.Seq) {
		for len(records) > 0 && records[0].Seq <= seq {
			if _, err := engine.Append(records[0].Entry); err != nil {
				rt.Fatal(err)
			}
			records = records[1:]
		}
	}
	for _, c := range changes {
		if c.Document == nil {
			if err := engine.Delete(c.Kind, c.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
				rt.Fatal(err)
			}
			continue
		}
		appendUpTo(c.Document.Seq)
		if err := engine.Put(*c.Document); err != nil {
			rt.Fatal(err)
		}
	}
	seq, _ := overlay.Head()
	appendUpTo(seq)
}

func seqOf(c staging.Change) store.Seq {
	if c.Document == nil {
		return 0
	}
	return c.Document.Seq
}

func TestADocumentIsFlushedOnce(t *testing.T) {
	overlay := staging.NewOverlay(storetest.NewModel())
	for i := range 10 {
		err := overlay.Run(func(tx store.Tx) error {
			return tx.Put(store.Document{Kind: "bin", ID: "b", Body: fmt.Appendf(nil, `{"n":%d}`, i)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	changes := overlay.Changes()
	if len(changes) != 1 || string(changes[0].Document.Body) != `{"n":9}` {
		t.Errorf("got changes %+v, want the last state alone", changes)
	}
}

func TestRehearseStagesNothing(t *testing.T) {
	overlay := staging.NewOverlay(storetest.NewModel())
	err := overlay.Rehearse(func(tx store.Tx) error {
		_, err := tx.Append(store.Entry{ID: "e", Content: []byte(`{}`), Outcome: []byte(`{}`)})
		return errors.Join(err, tx.Put(store.Document{Kind: "bin", ID: "b", Body: []byte(`{}`)}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(overlay.Changes()) + len(overlay.Records()); n != 0 {
		t.Errorf("got %d writes, want none", n)
	}
}

// broken is an engine whose documents cannot be read.
type broken struct{ *storetest.Model }

var errBroken = errors.New("engine is broken")

func (broken) Get(store.Kind, string) (store.Document, error) { return store.Document{}, errBroken }

func TestAnEngineFaultCannotBeSwallowed(t *testing.T) {
	overlay := staging.NewOverlay(broken{storetest.NewModel()})
	err := overlay.Run(func(tx store.Tx) error {
		if _, err := tx.Get("bin", "b"); !errors.Is(err, errBroken) {
			return fmt.Errorf("get: got %v, want %v", err, errBroken)
		}
		// As if it had not been there: the worst that a closure could do.
		_ = tx.Put(store.Document{Kind: "bin", ID: "b", Body: []byte(`{}`)})
		return nil
	})
	if !errors.Is(err, errBroken) {
		t.Errorf("Run: got %v, want %v", err, errBroken)
	}
	if n := len(overlay.Changes()); n != 0 {
		t.Errorf("got %d changes, want none", n)
	}
}

func TestEachSurvivesGoexit(t *testing.T) {
	var began, ended []int
	staging.Each(6, func(i int) {
		began = append(began, i)
		if i%2 == 1 {
			runtime.Goexit()
		}
		ended = append(ended, i)
	})
	if want := []int{0, 1, 2, 3, 4, 5}; !slices.Equal(began, want) {
		t.Errorf("began: got %v, want %v", began, want)
	}
	if want := []int{0, 2, 4}; !slices.Equal(ended, want) {
		t.Errorf("ended: got %v, want %v", ended, want)
	}
}

func TestPanicKeepsItsCause(t *testing.T) {
	err := staging.View(storetest.NewModel(), func(store.Reader) error { panic(errFail) })
	if !errors.Is(err, store.ErrPanic) || !errors.Is(err, errFail) {
		t.Errorf("got %v, want ErrPanic and its cause", err)
	}
	if p, ok := errors.AsType[*staging.PanicError](err); !ok || len(p.Stack) == 0 {
		t.Errorf("got %v, want a panic with its stack", err)
	}
}
