package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/ricircolo/ricircolo/internal/store"
)

var concurrencyTests = []test{
	{"ParallelUpdatesOfOneLab", testOneLab},
	{"ParallelUpdatesOfManyLabs", testManyLabs},
	{"NeighboursOfFailingClosures", testNeighbours},
	{"TheSameEntryFromEverywhere", testSameEntry},
	{"ViewIsASnapshot", testSnapshot},
	{"TotalsBelongToOneHead", testTotals},
}

const parallel = 64

type counter struct{ N int }

// increment is a read-modify-write: a lost update shows in the sum.
func increment(tx store.Tx, id string) error {
	var c counter
	d, err := tx.Get("counter", id)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(d.Body, &c); err != nil {
			return err
		}
	}
	c.N++
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return tx.Put(store.Document{Kind: "counter", ID: id, Body: body, Keys: []store.Key{key("n", fmt.Sprintf("%06d", c.N))}})
}

func wantCount(r store.Reader, id string, n int) error {
	if err := wantBody(r, "counter", id, fmt.Sprintf(`{"N":%d}`, n)); err != nil {
		return err
	}
	hits, err := r.Find(store.Query{Kind: "counter", Index: "n", Limit: 10})
	if err == nil && (len(hits) != 1 || hits[0].Value != fmt.Sprintf("%06d", n)) {
		err = fmt.Errorf("index of %s: got %v, want %d alone", id, hits, n)
	}
	return err
}

func testOneLab(t *testing.T, s store.Store) {
	const each = 5
	var all errgroup.Group
	for i := range parallel {
		all.Go(func() error {
			for j := range each {
				var seq store.Seq
				err := s.Update(t.Context(), lab, func(tx store.Tx) (err error) {
					if seq, err = tx.Append(entry(fmt.Sprintf("e-%d-%d", i, j))); err != nil {
						return err
					}
					return increment(tx, "all")
				})
				if err != nil {
					return err
				}
				// What was acknowledged is visible, in its place.
				err = s.View(t.Context(), lab, func(r store.Reader) error {
					rec, err := r.Entry(fmt.Sprintf("e-%d-%d", i, j))
					if err == nil && rec.Seq != seq {
						err = fmt.Errorf("got number %d, want %d", rec.Seq, seq)
					}
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	mustView(t, s, func(r store.Reader) error {
		known, err := VerifyChain(r)
		if err == nil && len(known) != parallel*each {
			err = fmt.Errorf("got %d entries, want %d", len(known), parallel*each)
		}
		return errors.Join(err, wantCount(r, "all", parallel*each))
	})
}

func testManyLabs(t *testing.T, s store.Store) {
	const labs = 7
	name := func(i int) store.LabID { return store.LabID(fmt.Sprint("lab-", i%labs)) }
	var all errgroup.Group
	for i := range parallel {
		all.Go(func() error {
			return s.Update(t.Context(), name(i), func(tx store.Tx) error {
				if _, err := tx.Append(entry(fmt.Sprint("e", i))); err != nil {
					return err
				}
				return increment(tx, "all")
			})
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range labs {
		want := parallel / labs
		if i < parallel%labs {
			want++
		}
		err := s.View(t.Context(), name(i), func(r store.Reader) error {
			_, err := VerifyChain(r)
			return errors.Join(err, wantCount(r, "all", want))
		})
		if err != nil {
			t.Errorf("%s: %v", name(i), err)
		}
	}
}

func testNeighbours(t *testing.T, s store.Store) {
	var all errgroup.Group
	for i := range parallel {
		all.Go(func() error {
			err := s.Update(t.Context(), lab, func(tx store.Tx) error {
				if _, err := tx.Append(entry(fmt.Sprint("e", i))); err != nil {
					return err
				}
				if err := increment(tx, "all"); err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					return errFail
				case 2:
					panic(errFail)
				case 3:
					runtime.Goexit()
				}
				return nil
			})
			switch {
			case i%4 == 0 && err != nil:
				return err
			case i%4 == 1 && !errors.Is(err, errFail), i%4 > 1 && !errors.Is(err, store.ErrPanic):
				return fmt.Errorf("closure %d: got %v, want its failure", i, err)
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	mustView(t, s, func(r store.Reader) error {
		known, err := VerifyChain(r)
		if err == nil && len(known) != parallel/4 {
			err = fmt.Errorf("got %d entries, want %d", len(known), parallel/4)
		}
		return errors.Join(err, wantCount(r, "all", parallel/4))
	})
}

func testSameEntry(t *testing.T, s store.Store) {
	results := make(chan error, parallel)
	for range parallel {
		go func() {
			results <- s.Update(t.Context(), lab, func(tx store.Tx) error {
				if _, err := tx.Append(entry("e")); err != nil {
					return err
				}
				return increment(tx, "all")
			})
		}()
	}
	recorded := 0
	for range parallel {
		switch err := <-results; {
		case err == nil:
			recorded++
		case !errors.Is(err, store.ErrDuplicate):
			t.Errorf("Update: got %v, want nil or ErrDuplicate", err)
		}
	}
	if recorded != 1 {
		t.Errorf("the entry was recorded %d times, want once", recorded)
	}
	mustView(t, s, func(r store.Reader) error { return wantCount(r, "all", 1) })
}

func testSnapshot(t *testing.T, s store.Store) {
	write := func(id string) {
		mustUpdate(t, s, func(tx store.Tx) error {
			if _, err := tx.Append(entry(id)); err != nil {
				return err
			}
			return increment(tx, "all")
		})
	}
	write("e1")
	mustView(t, s, func(r store.Reader) error {
		for i := range 3 {
			write(fmt.Sprint("later-", i))
			if seq, _, err := r.Head(); err != nil || seq != 1 {
				return fmt.Errorf("head: got %d, %v, want 1", seq, err)
			}
			if err := wantCount(r, "all", 1); err != nil {
				return err
			}
			if known, err := VerifyChain(r); err != nil || len(known) != 1 {
				return fmt.Errorf("ledger: got %v, %v, want 1 entry", known, err)
			}
		}
		return nil
	})
	mustView(t, s, func(r store.Reader) error { return wantCount(r, "all", 4) })
}

// testTotals keeps two documents equal and looks whether a View ever sees them
// differ, from each other or from the head.
func testTotals(t *testing.T, s store.Store) {
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	var all errgroup.Group
	for i := range 4 {
		all.Go(func() error {
			for j := range 50 {
				err := s.Update(ctx, lab, func(tx store.Tx) error {
					if _, err := tx.Append(entry(fmt.Sprintf("e-%d-%d", i, j))); err != nil {
						return err
					}
					return errors.Join(increment(tx, "left"), increment(tx, "right"))
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		all.Go(func() error {
			for range 50 {
				err := s.View(ctx, lab, func(r store.Reader) error {
					left, err := r.Get("counter", "left")
					if errors.Is(err, store.ErrNotFound) {
						return nil
					}
					right, err2 := r.Get("counter", "right")
					head, _, err3 := r.Head()
					if err := errors.Join(err, err2, err3); err != nil {
						return err
					}
					if want := fmt.Sprintf(`{"N":%d}`, head); string(left.Body) != want || string(right.Body) != want {
						return fmt.Errorf("got %s and %s at head %d, want them equal", left.Body, right.Body, head)
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
}
