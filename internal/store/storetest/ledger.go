package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/ricircolo/ricircolo/internal/store"
)

var ledgerTests = []test{
	{"NumbersHaveNoGapsAndHashesChain", testChain},
	{"DuplicateEntry", testDuplicate},
	{"DuplicateWithinOneClosure", testDuplicateWithin},
	{"FailedClosuresUseNoNumbers", testFailedNumbers},
	{"EntriesPageByNumber", testEntries},
	{"RecordsCanBeParsed", testParse},
	{"EntriesComeBackByteForByte", testEntryBytes},
	{"RecordsAreNotShared", testRecordsOwned},
}

func testRecordsOwned(t *testing.T, s store.Store) {
	mustAppend(t, s, entry("x"))
	spoil := func(r store.Reader) error {
		first, err := r.Entry("x")
		if err != nil {
			return err
		}
		want := string(first.Bytes)
		clear(first.Bytes)
		again, err := r.Entry("x")
		if err == nil && string(again.Bytes) != want {
			err = fmt.Errorf("got %q after the former answer was changed, want %q", again.Bytes, want)
		}
		return err
	}
	mustView(t, s, spoil)
	mustUpdate(t, s, func(tx store.Tx) error { return spoil(tx) })
}

func testEntryBytes(t *testing.T, s store.Store) {
	for i, body := range hostileBodies {
		mustAppend(t, s, store.Entry{ID: fmt.Sprint(i), Content: []byte(body), Outcome: []byte(body)})
	}
	mustView(t, s, func(r store.Reader) error {
		for i, body := range hostileBodies {
			rec, err := r.Entry(fmt.Sprint(i))
			if err != nil || string(rec.Entry.Content) != body || string(rec.Entry.Outcome) != body {
				return fmt.Errorf("got %s and %s, %v, want twice %s", rec.Entry.Content, rec.Entry.Outcome, err, body)
			}
		}
		_, err := VerifyChain(r)
		return err
	})
}

func testChain(t *testing.T, s store.Store) {
	for i := range 20 {
		mustUpdate(t, s, func(tx store.Tx) error {
			for j := range i % 4 {
				seq, err := tx.Append(entry(fmt.Sprintf("e%d-%d", i, j)))
				if err != nil {
					return err
				}
				if head, _, err := tx.Head(); err != nil || head != seq {
					return fmt.Errorf("head within the closure: got %d, %v, want %d", head, err, seq)
				}
			}
			_, err := VerifyChain(tx)
			return err
		})
	}
	mustView(t, s, func(r store.Reader) error {
		known, err := VerifyChain(r)
		if err == nil && len(known) != 30 {
			err = fmt.Errorf("got %d entries, want 30", len(known))
		}
		return err
	})
}

func testDuplicate(t *testing.T, s store.Store) {
	first := store.Entry{ID: "e", Content: []byte(`{"grams":1}`), Outcome: []byte(`{"ok":true}`)}
	mustAppend(t, s, entry("before"), first, entry("behind"))
	for _, again := range []store.Entry{
		first,
		{ID: "e", Content: []byte(`{"grams":2}`), Outcome: []byte(`{"ok":true}`)},
	} {
		mustUpdate(t, s, func(tx store.Tx) error {
			_, err := tx.Append(again)
			dup, ok := errors.AsType[*store.DuplicateError](err)
			if !ok || !errors.Is(err, store.ErrDuplicate) {
				return fmt.Errorf("append: got %v, want a DuplicateError", err)
			}
			r := dup.First
			if r.Seq != 2 || r.Entry.ID != "e" || !bytes.Equal(r.Entry.Content, first.Content) || !bytes.Equal(r.Entry.Outcome, first.Outcome) {
				return fmt.Errorf("first: got %d %s, want the first entry", r.Seq, r.Bytes)
			}
			// The closure may go on with something else.
			return tx.Put(doc("seen", `{}`))
		})
	}
	mustView(t, s, func(r store.Reader) error {
		known, err := VerifyChain(r)
		if err == nil && len(known) != 3 {
			err = fmt.Errorf("got %d entries, want 3", len(known))
		}
		return errors.Join(err, wantBody(r, "bin", "seen", `{}`))
	})
	err := s.Update(t.Context(), "another lab", func(tx store.Tx) error { _, err := tx.Append(first); return err })
	if err != nil {
		t.Errorf("the same entry id in another lab: %v", err)
	}
}

func testDuplicateWithin(t *testing.T, s store.Store) {
	const n = 20 // enough for any lookup structure of the adapter
	mustUpdate(t, s, func(tx store.Tx) error {
		for i := range n {
			if _, err := tx.Append(entry(fmt.Sprint("e", i))); err != nil {
				return err
			}
		}
		for i := range n {
			_, err := tx.Append(entry(fmt.Sprint("e", i)))
			dup, ok := errors.AsType[*store.DuplicateError](err)
			if !ok || dup.First.Seq != store.Seq(i+1) {
				return fmt.Errorf("e%d: got %v, want a duplicate of number %d", i, err, i+1)
			}
		}
		return nil
	})
}

func testFailedNumbers(t *testing.T, s store.Store) {
	for i := range 10 {
		err := s.Update(t.Context(), lab, func(tx store.Tx) error {
			if seq, err := tx.Append(entry(fmt.Sprint("e", i))); err != nil || int(seq) != i/2+1 {
				return fmt.Errorf("append: got %d, %v, want %d", seq, err, i/2+1)
			}
			if i%2 == 0 {
				return errFail
			}
			return nil
		})
		if i%2 == 0 {
			wantError(t, "Update", err, errFail)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	mustView(t, s, func(r store.Reader) error {
		known, err := VerifyChain(r)
		if err == nil && len(known) != 5 {
			err = fmt.Errorf("got %d entries, want 5", len(known))
		}
		if _, missing := r.Entry("e0"); !errors.Is(missing, store.ErrNotFound) {
			err = errors.Join(err, fmt.Errorf("entry of a failed closure: got %v, want ErrNotFound", missing))
		}
		return err
	})
}

func testEntries(t *testing.T, s store.Store) {
	mustAppend(t, s, entry("e1"), entry("e2"), entry("e3"))
	mustUpdate(t, s, func(tx store.Tx) error {
		if _, err := tx.Append(entry("e4")); err != nil {
			return err
		}
		for _, want := range []struct {
			after store.Seq
			limit int
			first store.Seq
			n     int
		}{{0, 2, 1, 2}, {0, 9, 1, 4}, {2, 9, 3, 2}, {3, 9, 4, 1}, {4, 9, 0, 0}, {1 << 60, 9, 0, 0}, {-5, 1, 1, 1}} {
			got, err := tx.Entries(want.after, want.limit)
			if err != nil || len(got) != want.n || want.n > 0 && got[0].Seq != want.first {
				return fmt.Errorf("entries after %d up to %d: got %d, %v, want %d from %d",
					want.after, want.limit, len(got), err, want.n, want.first)
			}
		}
		return nil
	})
}

func testParse(t *testing.T, s store.Store) {
	e := store.Entry{ID: "e", Content: []byte(`{"a":{"entry":{}},"z":"è <&> \u0000"}`), Outcome: []byte(`{"outcome":[1]}`)}
	mustAppend(t, s, e)
	mustView(t, s, func(r store.Reader) error {
		rec, err := r.Entry("e")
		if err != nil {
			return err
		}
		parsed, err := store.ParseRecord("e", rec.Bytes)
		if err == nil && (equalRecord(parsed, rec) != 0 || !bytes.Equal(rec.Entry.Content, e.Content)) {
			err = fmt.Errorf("got %+v, want %+v", parsed, rec)
		}
		return err
	})
}
