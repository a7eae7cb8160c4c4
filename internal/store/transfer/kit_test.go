package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
	"github.com/ricircolo/ricircolo/internal/store/transfer"
)

// small options make every bound matter.
var small = transfer.Options{MaxItems: 3, MaxBytes: 200, MaxPage: 2, RetryAfter: time.Nanosecond, Logger: slog.New(slog.DiscardHandler)}

type failer interface {
	Helper()
	Fatal(...any)
}

// mustOpen opens an empty store. close is for those that are opened many times
// in a test.
func mustOpen(tb testing.TB) (s store.Store, close func()) {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), sqlite.Options{Dir: tb.TempDir(), Scratch: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	close = func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	}
	tb.Cleanup(close)
	return s, close
}

func opened(tb testing.TB) store.Store {
	tb.Helper()
	s, _ := mustOpen(tb)
	return s
}

// history is a source, and what must be in it.
type history struct {
	store  store.Store
	models map[store.LabID]*storetest.Model
	n      int // entries so far, for their ids
}

func newHistory(s store.Store) *history {
	return &history{s, map[store.LabID]*storetest.Model{}, 0}
}

// write does the same to the source and to the model.
func (h *history) write(f failer, lab store.LabID, fn func(e store.Tx, m *storetest.Model) error) {
	f.Helper()
	before := h.models[lab]
	if before == nil {
		before = storetest.NewModel()
	}
	var after *storetest.Model
	err := h.store.Update(context.Background(), lab, func(tx store.Tx) error {
		after = before.Clone()
		return fn(tx, after)
	})
	if err != nil {
		f.Fatal(err)
	}
	h.models[lab] = after
}

var (
	kinds = []store.Kind{"bin", "fill", "pickup"}
	ids   = []string{"a", "b", "c", "\U0010ffff"}
)

// drawClosure writes to one partition: entries with documents, or documents
// alone, which also go.
func (h *history) drawClosure(rt *rapid.T) {
	lab := rapid.SampledFrom([]store.LabID{"lab", "lab", "lab", "other", "_identity", "_finder"}).Draw(rt, "lab")
	if rapid.IntRange(0, 3).Draw(rt, "script") == 0 {
		script := storetest.DrawScript(rt)
		h.write(rt, lab, script.Run)
		return
	}
	type op struct {
		doc    store.Document
		delete bool
		entry  string
	}
	ops := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) op {
		o := op{doc: store.Document{
			Kind: rapid.SampledFrom(kinds).Draw(rt, "kind"), ID: rapid.SampledFrom(ids).Draw(rt, "id"),
			Body: fmt.Appendf(nil, `{"n":%d}`, rapid.IntRange(0, 9).Draw(rt, "n")),
		}}
		switch rapid.IntRange(0, 5).Draw(rt, "op") {
		case 0:
			o.delete = true
		case 1, 2:
			if lab[0] != '_' {
				h.n++
				o.entry = fmt.Sprintf("entry-%d", h.n)
			}
		case 3:
			o.doc.Keys = []store.Key{{Index: "z", Value: "1"}, {Index: "a", Value: "2"}}
		}
		return o
	}), 1, 6).Draw(rt, "ops")
	h.write(rt, lab, func(e store.Tx, m *storetest.Model) error {
		for _, tx := range []store.Tx{e, m} {
			for _, o := range ops {
				var err error
				switch {
				case o.entry != "":
					_, err = tx.Append(entry(o.entry))
				case o.delete:
					if err = tx.Delete(o.doc.Kind, o.doc.ID); errors.Is(err, store.ErrNotFound) {
						err = nil
					}
				default:
					err = tx.Put(o.doc)
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// wantCopied wants a store to hold what the source must hold.
func (h *history) wantCopied(f failer, to store.Store) {
	f.Helper()
	for lab, model := range h.models {
		if err := to.View(context.Background(), lab, func(r store.Reader) error { return storetest.Same(r, model) }); err != nil {
			f.Fatal(fmt.Sprintf("%s: %v", lab, err))
		}
	}
	labs, err := to.Labs(context.Background())
	if err != nil {
		f.Fatal(err)
	}
	for _, lab := range labs {
		if h.models[lab] == nil {
			f.Fatal(fmt.Sprintf("partition %s comes from nowhere", lab))
		}
	}
}

// wantResumable wants what a copy must keep to at every moment: the target's
// ledger is the beginning of the source's, and documents below its head are
// there.
func (h *history) wantResumable(f failer, to store.Store) {
	f.Helper()
	for lab, model := range h.models {
		err := to.View(context.Background(), lab, func(r store.Reader) error {
			head, _, err := r.Head()
			if err != nil {
				return err
			}
			got, _ := r.Entries(0, store.MaxFind)
			want, _ := model.Entries(0, store.MaxFind)
			if len(got) > len(want) || !slices.EqualFunc(got, want[:len(got)], func(a, b store.Record) bool { return bytes.Equal(a.Bytes, b.Bytes) }) {
				return fmt.Errorf("the ledger is not a beginning of the source's")
			}
			docs, _ := model.Documents(store.Ref{}, store.MaxFind)
			for _, d := range docs {
				if d.Seq >= head {
					continue
				}
				got, err := r.Get(d.Kind, d.ID)
				if err != nil || got.Seq != d.Seq || !bytes.Equal(got.Body, d.Body) {
					return fmt.Errorf("head %d: %s %s of entry %d: got %s of %d, %v, want %s", head, d.Kind, d.ID, d.Seq, got.Body, got.Seq, err, d.Body)
				}
			}
			return nil
		})
		if err != nil {
			f.Fatal(fmt.Sprintf("%s: %v", lab, err))
		}
	}
}

// wantEqual wants reports without a difference.
func wantEqual(f failer, reports transfer.Reports) {
	f.Helper()
	for _, r := range reports {
		if !r.Equal() || r.Ahead != 0 || r.Documents.Newer != 0 {
			f.Fatal(fmt.Sprintf("got %v\n%q\n%q, want no difference", r, r.Ledger.First, r.Documents.First))
		}
	}
}

// sameStores compares two stores by reading all of them, in another way than
// the transfer does.
func sameStores(ctx context.Context, a, b store.Store) error {
	dump := func(s store.Store) (map[string]string, error) {
		all := map[string]string{}
		labs, err := s.Labs(ctx)
		if err != nil {
			return nil, err
		}
		for _, lab := range labs {
			err := s.View(ctx, lab, func(r store.Reader) error {
				for after := (store.Ref{}); ; {
					docs, err := r.Documents(after, store.MaxFind)
					if err != nil || len(docs) == 0 {
						break
					}
					for _, d := range docs {
						all[fmt.Sprintf("%s/%s/%s", lab, d.Kind, d.ID)] = fmt.Sprintf("%d %s %v", d.Seq, d.Body, d.Keys)
					}
					after = store.Ref{Kind: docs[len(docs)-1].Kind, ID: docs[len(docs)-1].ID}
				}
				for after := store.Seq(0); ; {
					records, err := r.Entries(after, store.MaxFind)
					if err != nil || len(records) == 0 {
						return err
					}
					for _, rec := range records {
						all[fmt.Sprintf("%s/%d", lab, rec.Seq)] = rec.Entry.ID + string(rec.Bytes)
					}
					after = records[len(records)-1].Seq
				}
			})
			if err != nil {
				return nil, err
			}
		}
		return all, nil
	}
	got, err := dump(b)
	if err != nil {
		return err
	}
	want, err := dump(a)
	if err != nil {
		return err
	}
	if !maps.Equal(got, want) {
		for k, v := range want {
			if got[k] != v {
				return fmt.Errorf("%s: got %s, want %s", k, got[k], v)
			}
		}
		return fmt.Errorf("got %d things, want %d", len(got), len(want))
	}
	return nil
}
