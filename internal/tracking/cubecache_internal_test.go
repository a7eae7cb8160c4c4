package tracking

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

// cubes is a store of labs that have nothing but cells.
type cubes struct {
	t *testing.T
	store.Store
	n int
}

func newCubes(t *testing.T) *cubes {
	s, err := sqlite.Open(context.Background(), sqlite.Options{Dir: t.TempDir(), Scratch: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &cubes{t: t, Store: s}
}

// set lets the ward's cell count fills, or (0) deletes it as the domain does.
func (c *cubes) set(lab store.LabID, ward string, fills int64) {
	c.t.Helper()
	c.n++
	err := c.Update(context.Background(), lab, func(tx store.Tx) error {
		if _, err := tx.Append(store.Entry{ID: fmt.Sprint("entry-", c.n), Content: []byte(`{}`), Outcome: []byte(`{}`)}); err != nil {
			return err
		}
		cell := Cell{Booked: "2026-03", Month: "2026-03", Facility: "f", Ward: ward, Stream: "s"}
		if cell.Activity.Fills = fills; fills == 0 {
			if err := tx.Delete(KindCell, cell.ID()); err != nil {
				return err
			}
			w := newWork(tx, nil)
			if err := w.cellDropped(); err != nil {
				return err
			}
			return w.flush()
		}
		body, err := json.Marshal(cell)
		if err != nil {
			return err
		}
		return tx.Put(store.Document{Kind: KindCell, ID: cell.ID(), Body: body})
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *cubes) view(lab store.LabID, fn func(store.Reader)) {
	c.t.Helper()
	err := c.View(context.Background(), lab, func(r store.Reader) error { fn(r); return nil })
	if err != nil {
		c.t.Fatal(err)
	}
}

func fillsIn(t *testing.T, cc *cubeCache, lab store.LabID, r store.Reader) string {
	t.Helper()
	cube, err := cc.at(lab, r)
	if err != nil {
		t.Fatal(err)
	}
	text, n := "", 0
	for _, m := range []calendar.Month{"2026-03"} {
		for _, cell := range cube.months[m] {
			text += fmt.Sprintf("%s%d ", cell.Ward, cell.Activity.Fills)
			n++
		}
	}
	if n != cube.cells {
		t.Errorf("cube of %d cells counts %d", n, cube.cells)
	}
	return text
}

// TestCubeOfTheSnapshot: the cube is that of the snapshot, also for one that
// was overtaken, and also where cells were deleted.
func TestCubeOfTheSnapshot(t *testing.T) {
	c, cc := newCubes(t), newCubeCache()
	expect := func(r store.Reader, want string) {
		t.Helper()
		if got := fillsIn(t, cc, "lab", r); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	c.view("lab", func(r store.Reader) { expect(r, "") })
	c.set("lab", "b", 1)
	c.set("lab", "a", 2)
	c.view("lab", func(old store.Reader) {
		expect(old, "a2 b1 ")
		c.set("lab", "b", 5)
		c.set("lab", "c", 7)
		c.view("lab", func(r store.Reader) { expect(r, "a2 b5 c7 ") })
		expect(old, "a2 b1 ")
		c.set("lab", "a", 0)
		c.view("lab", func(r store.Reader) { expect(r, "b5 c7 ") })
		expect(old, "a2 b1 ")
		c.view("lab", func(r store.Reader) { expect(r, "b5 c7 ") })
	})
	c.set("lab", "a", 9)
	c.view("lab", func(r store.Reader) { expect(r, "a9 b5 c7 ") })
}

// TestCubeCacheIsBounded: the labs that were not asked for the longest time go
// first, and come back when asked for.
func TestCubeCacheIsBounded(t *testing.T) {
	c, cc := newCubes(t), newCubeCache()
	cc.limit = 3
	for i := range 4 {
		lab := store.LabID(fmt.Sprint("lab-", i))
		c.set(lab, "a", int64(i+1))
		c.view(lab, func(r store.Reader) { fillsIn(t, cc, lab, r) })
		c.view("lab-0", func(r store.Reader) {
			if got := fillsIn(t, cc, "lab-0", r); got != "a1 " {
				t.Errorf("got %q", got)
			}
		})
	}
	if _, kept := cc.cubes["lab-1"]; kept || cc.cells != 3 || len(cc.cubes) != 3 || cc.cubes["lab-0"] == nil {
		t.Errorf("%d cells of %d labs are kept, lab-1 %v; want 3 of 3, without lab-1", cc.cells, len(cc.cubes), kept)
	}
	c.view("lab-1", func(r store.Reader) {
		if got := fillsIn(t, cc, "lab-1", r); got != "a2 " {
			t.Errorf("got %q", got)
		}
	})
}
