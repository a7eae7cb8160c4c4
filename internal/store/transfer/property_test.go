package transfer_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/store/storetest"
	"github.com/ricircolo/ricircolo/internal/store/transfer"
)

// errKilled ends a copy where it is, as a kill does.
var errKilled = errors.New("killed")

// TestAnyHistoryIsCopied draws a history, and copies it while it goes on:
// before any call of the copy the source may be written to, any call may fail,
// with or without effect, and be tried again or end the copy, which then begins
// anew. Whatever happens, the copy can be gone on with, and in the end it is
// the source.
func TestAnyHistoryIsCopied(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		from, closeFrom := mustOpen(t)
		defer closeFrom()
		to, closeTo := mustOpen(t)
		defer closeTo()
		h := newHistory(from)
		for range rapid.IntRange(0, 6).Draw(rt, "before") {
			h.drawClosure(rt)
		}
		writes, faults := rapid.IntRange(0, 12).Draw(rt, "writes"), rapid.IntRange(0, 6).Draw(rt, "faults")
		decide := func(storetest.Call) (f storetest.Fault) {
			switch n := rapid.IntRange(0, 9).Draw(rt, "event"); {
			case n < 2 && writes > 0:
				writes--
				h.drawClosure(rt)
			case n == 2 && faults > 0:
				faults--
				f.Outcome = rapid.SampledFrom([]storetest.Outcome{storetest.FailNotApplied, storetest.FailApplied}).Draw(rt, "outcome")
				if rapid.Bool().Draw(rt, "killed") {
					f.Err = errKilled
				}
			}
			return f
		}
		opts := small
		opts.MaxItems = rapid.IntRange(1, 5).Draw(rt, "items")
		opts.MaxPage = rapid.IntRange(1, 4).Draw(rt, "page")
		for range rapid.IntRange(1, 4).Draw(rt, "runs") {
			_, err := transfer.Copy(t.Context(), storetest.NewFaulty(from, decide), storetest.NewFaulty(to, decide), opts)
			if err != nil && !errors.Is(err, errKilled) {
				rt.Fatal(err)
			}
			h.wantResumable(rt, to)
			for range rapid.IntRange(0, 2).Draw(rt, "between") {
				h.drawClosure(rt)
			}
		}
		reports, err := transfer.Copy(t.Context(), from, to, opts)
		if err != nil {
			rt.Fatal(err)
		}
		wantEqual(rt, reports)
		h.wantCopied(rt, to)
		reports, err = transfer.Verify(t.Context(), from, to, opts)
		if err != nil {
			rt.Fatal(err)
		}
		wantEqual(rt, reports)
	})
}
