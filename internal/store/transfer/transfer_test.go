package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
	"github.com/ricircolo/ricircolo/internal/store/transfer"
)

func mustUpdate(tb testing.TB, s store.Store, lab store.LabID, fn func(store.Tx) error) {
	tb.Helper()
	if err := s.Update(tb.Context(), lab, fn); err != nil {
		tb.Fatal(err)
	}
}

func mustPut(tb testing.TB, s store.Store, lab store.LabID, docs ...store.Document) {
	tb.Helper()
	mustUpdate(tb, s, lab, func(tx store.Tx) error { return putAll(tx, docs...) })
}

func putAll(tx store.Tx, docs ...store.Document) error {
	for _, d := range docs {
		if err := tx.Put(d); err != nil {
			return err
		}
	}
	return nil
}

func doc(id, body string, keys ...store.Key) store.Document {
	return store.Document{Kind: "bin", ID: id, Body: []byte(body), Keys: keys}
}

func entry(id string) store.Entry {
	return store.Entry{ID: id, Content: fmt.Appendf(nil, `{"id":%q}`, id), Outcome: []byte(`{}`)}
}

// record appends an entry and puts documents behind it.
func record(tb testing.TB, s store.Store, lab store.LabID, id string, docs ...store.Document) {
	tb.Helper()
	mustUpdate(tb, s, lab, func(tx store.Tx) error {
		_, err := tx.Append(entry(id))
		return errors.Join(err, putAll(tx, docs...))
	})
}

func mustCopy(tb testing.TB, from, to store.Store) transfer.Reports {
	tb.Helper()
	reports, err := transfer.Copy(tb.Context(), from, to, small)
	if err != nil {
		tb.Fatal(err)
	}
	return reports
}

func mustVerify(tb testing.TB, from, to store.Store) transfer.Reports {
	tb.Helper()
	reports, err := transfer.Verify(tb.Context(), from, to, small)
	if err != nil {
		tb.Fatal(err)
	}
	return reports
}

// differences are all that reports name.
func differences(reports transfer.Reports) string {
	var all []string
	for _, r := range reports {
		for _, d := range append(r.Ledger.First, r.Documents.First...) {
			all = append(all, fmt.Sprintf("%s: %s", r.Lab, d))
		}
	}
	return strings.Join(all, "\n")
}

// TestWriterMeanwhile copies a store that several goroutines write to, delete
// from, and change without entries.
func TestWriterMeanwhile(t *testing.T) {
	from, to := opened(t), opened(t)
	for n := range 500 {
		record(t, from, "lab", fmt.Sprint("before-", n), doc(fmt.Sprint(n%50), `{}`))
	}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for w, lab := range []store.LabID{"lab", "lab", "other", "_identity"} {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			for n := 0; ctx.Err() == nil; n++ {
				err := from.Update(t.Context(), lab, func(tx store.Tx) error {
					if lab[0] != '_' && random.IntN(2) == 0 {
						if _, err := tx.Append(entry(fmt.Sprintf("e-%d-%d", w, n))); err != nil {
							return err
						}
					}
					kind, id := store.Kind(fmt.Sprint("kind", random.IntN(3+n/300))), fmt.Sprint(random.IntN(200))
					if random.IntN(4) == 0 {
						if err := tx.Delete(kind, id); !errors.Is(err, store.ErrNotFound) {
							return err
						}
					}
					return tx.Put(store.Document{Kind: kind, ID: id, Body: fmt.Appendf(nil, `{"n":%d}`, n)})
				})
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(2 * time.Millisecond) // a writer that is faster than the copy is never caught up with
			}
		})
	}
	opts := transfer.Options{MaxItems: 16, MaxPage: 16}
	moved := false
	for try := 0; try < 3 || !moved && try < 100; try++ { // most copies see the source move
		reports, err := transfer.Copy(t.Context(), from, to, opts)
		if err != nil {
			t.Error(err)
			break
		}
		for _, r := range reports {
			if r.Ledger.N > 0 || r.Entries != int64(r.Head) {
				t.Errorf("%v: %q", r, r.Ledger.First)
			}
		}
		moved = moved || reports.Ahead() > 0
	}
	stop()
	writers.Wait()
	if !moved {
		t.Error("the source never was ahead: the test shows nothing")
	}
	reports, err := transfer.Copy(t.Context(), from, to, opts)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, reports)
	if err := sameStores(t.Context(), from, to); err != nil {
		t.Error(err)
	}
}

// TestWhatNeedsTheComparison shows that documents which change, or go, without
// the head moving are found by the walk in the end, and by nothing else.
func TestWhatNeedsTheComparison(t *testing.T) {
	from, to := opened(t), opened(t)
	record(t, from, "lab", "e-1", doc("stays", `{}`), doc("goes", `{}`), doc("changes", `{"n":1}`))
	record(t, from, "lab", "e-2")
	mustPut(t, from, "_identity", doc("stays", `{}`), doc("goes", `{}`), doc("changes", `{"n":1}`))
	mustCopy(t, from, to)
	for _, lab := range []store.LabID{"lab", "_identity"} {
		mustUpdate(t, from, lab, func(tx store.Tx) error {
			return errors.Join(tx.Delete("bin", "goes"), putAll(tx, doc("changes", `{"n":2}`), doc("comes", `{}`)))
		})
	}

	t.Run("ControlWithout", func(t *testing.T) {
		if err := errors.Join(transfer.Follow(t.Context(), from, to, "lab"), transfer.Follow(t.Context(), from, to, "_identity")); err != nil {
			t.Fatal(err)
		}
		got := differences(mustVerify(t, from, to))
		for _, want := range []string{
			"lab: bin goes is not in the source", "lab: bin changes differs", "lab: bin comes is missing",
			"_identity: bin goes is not in the source", "_identity: bin changes differs", "_identity: bin comes is missing",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("got\n%s\nwant %s", got, want)
			}
		}
	})
	reports := mustCopy(t, from, to)
	wantEqual(t, reports)
	for _, r := range reports {
		if r.CopiedEntries != 0 || r.CopiedDocuments != 2 || r.Deleted != 1 {
			t.Errorf("%s: got %d entries, %d documents, %d deleted; want 0, 2, 1", r.Lab, r.CopiedEntries, r.CopiedDocuments, r.Deleted)
		}
	}
	if err := sameStores(t.Context(), from, to); err != nil {
		t.Error(err)
	}
}

// TestVerifyNames makes a target differ in one way each.
func TestVerifyNames(t *testing.T) {
	key := func(v string) store.Key { return store.Key{Index: "ward", Value: v} }
	for name, tt := range map[string]struct {
		change func(tb testing.TB, from, to store.Store)
		want   string // "" for no difference
		ahead  store.Seq
	}{
		"Nothing":   {func(testing.TB, store.Store, store.Store) {}, "", 0},
		"Body":      {func(tb testing.TB, _, to store.Store) { mustPut(tb, to, "lab", doc("last", `{"n":2}`)) }, "lab: bin last differs (as of entry 2 in the source, 2 in the target)", 0},
		"Keys":      {func(tb testing.TB, _, to store.Store) { mustPut(tb, to, "lab", doc("last", `{}`, key("w"))) }, "lab: bin last differs", 0},
		"Seq":       {func(tb testing.TB, _, to store.Store) { mustPut(tb, to, "lab", doc("first", `{}`, key("w"))) }, "lab: bin first differs (as of entry 1 in the source, 2 in the target)", 0},
		"Extra":     {func(tb testing.TB, _, to store.Store) { mustPut(tb, to, "lab", doc("more", `{}`)) }, "lab: bin more is not in the source", 0},
		"Partition": {func(tb testing.TB, _, to store.Store) { mustPut(tb, to, "_other", doc("more", `{}`)) }, "_other: the source has no such partition", 0},
		"Missing": {func(tb testing.TB, _, to store.Store) {
			mustUpdate(tb, to, "lab", func(tx store.Tx) error { return tx.Delete("bin", "first") })
		}, "lab: bin first is missing in the target", 0},
		"TargetAhead": {func(tb testing.TB, _, to store.Store) { record(tb, to, "lab", "e-3") }, "lab: the target has 1 more entries than the source", 0},
		"SourceAhead": {func(tb testing.TB, from, _ store.Store) {
			record(tb, from, "lab", "e-3", doc("first", `{"n":2}`), doc("new", `{}`))
			mustUpdate(tb, from, "lab", func(tx store.Tx) error { return tx.Delete("bin", "last") })
		}, "", 1},
		"BothAhead": {func(tb testing.TB, from, to store.Store) {
			record(tb, from, "lab", "e-3")
			record(tb, to, "lab", "e-other")
		}, "lab: entry 3 differs", 0},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := opened(t), opened(t)
			record(t, from, "lab", "e-1", doc("first", `{}`, key("w")))
			record(t, from, "lab", "e-2", doc("last", `{}`))
			mustCopy(t, from, to)
			tt.change(t, from, to)
			reports := mustVerify(t, from, to)
			if got := differences(reports); !strings.HasPrefix(got, tt.want) || (tt.want == "") != (got == "") || strings.Contains(got, "\n") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if reports.Equal() != (tt.want == "") || reports.Ahead() != tt.ahead {
				t.Errorf("got equal %t, ahead %d, want %t, %d", reports.Equal(), reports.Ahead(), tt.want == "", tt.ahead)
			}
		})
	}
}

// TestANaiveCopyIsNoticed is the control of Verify: documents put after all
// entries have the wrong numbers.
func TestANaiveCopyIsNoticed(t *testing.T) {
	from, to := opened(t), opened(t)
	record(t, from, "lab", "e-1", doc("a", `{}`))
	record(t, from, "lab", "e-2", doc("b", `{}`))
	record(t, to, "lab", "e-1")
	record(t, to, "lab", "e-2", doc("a", `{}`), doc("b", `{}`))
	reports := mustVerify(t, from, to)
	if got, want := differences(reports), "lab: bin a differs (as of entry 1 in the source, 2 in the target)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if d := reports[0].Documents; d.Source == d.Target {
		t.Error("the digests are the same")
	}
}

// TestForeignTargets are refused before anything is written.
func TestForeignTargets(t *testing.T) {
	for name, prepare := range map[string]func(tb testing.TB, to store.Store){
		"OtherLedger":   func(tb testing.TB, to store.Store) { record(tb, to, "lab", "e-x") },
		"LongerLedger":  func(tb testing.TB, to store.Store) { record(tb, to, "lab", "e-1"); record(tb, to, "lab", "e-2") },
		"OtherLab":      func(tb testing.TB, to store.Store) { record(tb, to, "zzz", "e-1") },
		"OtherDocument": func(tb testing.TB, to store.Store) { mustPut(tb, to, "_people", doc("x", `{}`)) },
	} {
		t.Run(name, func(t *testing.T) {
			from, to, before := opened(t), opened(t), opened(t)
			mustPut(t, from, "_identity", doc("u", `{}`))
			record(t, from, "another", "e-1")
			record(t, from, "lab", "e-1", doc("a", `{}`))
			prepare(t, to)
			prepare(t, before)
			if _, err := transfer.Copy(t.Context(), from, to, small); !errors.Is(err, transfer.ErrForeign) {
				t.Errorf("got %v, want ErrForeign", err)
			}
			if err := sameStores(t.Context(), before, to); err != nil {
				t.Errorf("the target was written to: %v", err)
			}
		})
	}
	t.Run("ControlEmptied", func(t *testing.T) {
		from, to := opened(t), opened(t)
		record(t, from, "lab", "e-1")
		mustPut(t, to, "_people", doc("x", `{}`))
		mustUpdate(t, to, "_people", func(tx store.Tx) error { return tx.Delete("bin", "x") })
		wantEqual(t, mustCopy(t, from, to))
	})
}

// TestTamperedTarget has a document changed below its head by somebody else.
func TestTamperedTarget(t *testing.T) {
	from, to := opened(t), opened(t)
	record(t, from, "lab", "e-1", doc("a", `{}`))
	record(t, from, "lab", "e-2", doc("b", `{}`))
	mustCopy(t, from, to)
	mustPut(t, to, "lab", doc("a", `{"n":1}`))
	_, err := transfer.Copy(t.Context(), from, to, small)
	if !errors.Is(err, transfer.ErrBehind) || !strings.Contains(err.Error(), "bin a is as of entry 1") {
		t.Errorf("got %v, want ErrBehind that names the document", err)
	}
}

// TestTwoCopies has somebody else append to the target during the copy.
func TestTwoCopies(t *testing.T) {
	from, to := opened(t), opened(t)
	for n := range 20 {
		record(t, from, "lab", fmt.Sprint("e-", n))
	}
	calls := 0
	faulty := storetest.NewFaulty(to, func(c storetest.Call) storetest.Fault {
		if calls++; c.Method == "Update" && calls > 6 {
			record(t, to, "lab", fmt.Sprint("mine-", calls))
		}
		return storetest.Fault{}
	})
	if _, err := transfer.Copy(t.Context(), from, faulty, small); !errors.Is(err, transfer.ErrMoved) {
		t.Errorf("got %v, want ErrMoved", err)
	}
}

// TestUnavailable waits for a store until the context ends.
func TestUnavailable(t *testing.T) {
	from, to := opened(t), opened(t)
	record(t, from, "lab", "e-1", doc("a", `{}`))
	ctx, stop := context.WithCancel(t.Context())
	calls := 0
	down := storetest.NewFaulty(to, func(c storetest.Call) storetest.Fault {
		if c.Method != "Update" {
			return storetest.Fault{}
		}
		if calls++; calls == 20 {
			stop()
		}
		return storetest.Fault{Outcome: storetest.FailNotApplied}
	})
	_, err := transfer.Copy(ctx, from, down, small)
	if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.Canceled) || calls != 20 {
		t.Errorf("got %v after %d calls, want both reasons after 20", err, calls)
	}
}

// TestSlowViews has Views of the source end by their own deadline when they
// read more than three documents.
func TestSlowViews(t *testing.T) {
	from, to := opened(t), opened(t)
	for n := range 40 {
		record(t, from, "lab", fmt.Sprint("e-", n), doc(fmt.Sprint(n), `{}`))
	}
	wantEqual(t, mustCopyOf(t, slowViews{from}, to, transfer.Options{RetryAfter: time.Nanosecond, Logger: slog.New(slog.DiscardHandler)}))
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer stop()
	if _, err := transfer.Copy(ctx, hangingViews{from}, opened(t), small); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Views that never end: got %v, want DeadlineExceeded", err)
	}
}

func mustCopyOf(tb testing.TB, from, to store.Store, opts transfer.Options) transfer.Reports {
	tb.Helper()
	reports, err := transfer.Copy(tb.Context(), from, to, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return reports
}

type slowViews struct{ store.Store }

func (s slowViews) View(ctx context.Context, lab store.LabID, fn func(store.Reader) error) error {
	return s.Store.View(ctx, lab, func(r store.Reader) error { return fn(slowReader{r}) })
}

type slowReader struct{ store.Reader }

func (r slowReader) Changed(kind store.Kind, after store.SeqPosition, limit int) ([]store.Document, error) {
	if limit > 3 {
		return nil, context.DeadlineExceeded
	}
	return r.Reader.Changed(kind, after, limit)
}

type hangingViews struct{ store.Store }

func (hangingViews) View(context.Context, store.LabID, func(store.Reader) error) error {
	return fmt.Errorf("view: %w", context.DeadlineExceeded)
}

// TestBounds copies documents of all sizes and looks at what one closure, and
// one page, gets.
func TestBounds(t *testing.T) {
	from, to := opened(t), opened(t)
	large := `{"x":"` + strings.Repeat("x", store.MaxBodyBytes-8) + `"}`
	for n := range 6 {
		record(t, from, "lab", fmt.Sprint("large-", n), doc(fmt.Sprint("large-", n), large))
	}
	for n := range 600 {
		record(t, from, "lab", fmt.Sprint("small-", n), doc(fmt.Sprint("small-", n), `{"n":1}`))
	}
	measured := &measuring{Store: to}
	wantEqual(t, mustCopyOf(t, from, measured, transfer.Options{Logger: slog.New(slog.DiscardHandler)}))
	if measured.items > 256 {
		t.Errorf("a closure wrote %d, want at most 256", measured.items)
	}
	if most := store.MaxBodyBytes + 1<<10; measured.bytes > most {
		t.Errorf("a closure wrote %d bytes, want at most %d", measured.bytes, most)
	}
	if measured.closures > 30 {
		t.Errorf("%d closures, want about ten: are pages and closures full?", measured.closures)
	}
}

// measuring keeps the largest number and size of what a closure writes.
type measuring struct {
	store.Store
	items, bytes, closures int
}

func (m *measuring) Update(ctx context.Context, lab store.LabID, fn func(store.Tx) error) error {
	tx := &measuringTx{}
	err := m.Store.Update(ctx, lab, func(inner store.Tx) error {
		*tx = measuringTx{Tx: inner}
		return fn(tx)
	})
	m.items, m.bytes, m.closures = max(m.items, tx.items), max(m.bytes, tx.bytes), m.closures+1
	return err
}

type measuringTx struct {
	store.Tx
	items, bytes int
}

func (m *measuringTx) Append(e store.Entry) (store.Seq, error) {
	m.items, m.bytes = m.items+1, m.bytes+len(e.Content)+len(e.Outcome)
	return m.Tx.Append(e)
}

func (m *measuringTx) Put(d store.Document) error {
	m.items, m.bytes = m.items+1, m.bytes+len(d.Body)
	return m.Tx.Put(d)
}

func TestProgress(t *testing.T) {
	from, to := opened(t), opened(t)
	for n := range 30 {
		record(t, from, "lab", fmt.Sprint("e-", n), doc(fmt.Sprint(n), `{}`))
		mustPut(t, from, "_identity", doc(fmt.Sprint(n), `{}`))
	}
	for _, run := range []func(context.Context, store.Store, store.Store, transfer.Options) (transfer.Reports, error){
		transfer.Copy, transfer.Copy, transfer.Verify,
	} {
		var shares []float64
		opts := small
		opts.Progress = func(p transfer.Progress) { shares = append(shares, p.Share) }
		if _, err := run(t.Context(), from, to, opts); err != nil {
			t.Fatal(err)
		}
		for i, s := range shares {
			if s < 0 || s > 1 || i > 0 && s < shares[i-1] || s == 1 && i < len(shares)-1 {
				t.Fatalf("shares %v at %d, want them to grow and 1 in the end only", shares, i)
			}
		}
		if n := len(shares); n < 30 || shares[n-1] != 1 {
			t.Errorf("got %d shares, want many, the last of them 1", n)
		}
	}
}

// TestASourceThatWentBack is replaced by an older backup between two runs.
func TestASourceThatWentBack(t *testing.T) {
	from, older, to := opened(t), opened(t), opened(t)
	for _, s := range []store.Store{from, older} {
		record(t, s, "lab", "e-1", doc("a", `{}`))
	}
	record(t, from, "lab", "e-2", doc("a", `{}`))
	mustCopy(t, from, to)
	if _, err := transfer.Copy(t.Context(), older, to, small); !errors.Is(err, transfer.ErrForeign) {
		t.Errorf("got %v, want ErrForeign", err)
	}
}
