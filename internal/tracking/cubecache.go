package tracking

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"unique"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/store"
)

// maxCachedCells bounds the cells that all cached cubes hold together; a cell
// with all kinds of figures takes 1.6 kB. The cube used last stays, whatever its size.
const maxCachedCells = 80_000

// cubeCache keeps the decoded cells of the labs that were asked for last, so
// that an indicator costs the number of cells that it sums, and not the number
// of fills, nor a read of the whole cube.
//
// A cached cube belongs to one head of its ledger and never changes. An answer
// uses it only for a snapshot of the same head; for a newer snapshot it makes
// the next cube, which shares what stayed the same; an older one (the caller
// was overtaken) reads the cube for itself.
type cubeCache struct {
	mu    sync.Mutex
	cubes map[store.LabID]*cachedCube
	uses  uint64
	cells int // of all cubes
	limit int
}

type cachedCube struct {
	cube *cube
	used uint64 // the number of the last use
}

// cube is the activity cube at one head. It is immutable.
type cube struct {
	head    store.Seq
	dropped int64
	months  map[calendar.Month][]*cubeCell // by booked month; by id
	cells   int
}

// cubeCell is a cell with the number of the entry that changed it last.
type cubeCell struct {
	id  string
	seq store.Seq
	Cell
}

func newCubeCache() *cubeCache {
	return &cubeCache{cubes: map[store.LabID]*cachedCube{}, limit: maxCachedCells}
}

// at returns the lab's cube exactly as it is in the snapshot.
func (cc *cubeCache) at(lab store.LabID, r store.Reader) (*cube, error) {
	head, _, err := r.Head()
	if err != nil {
		return nil, err
	}
	base := cc.get(lab)
	if base != nil && base.head == head {
		return base, nil
	}
	dropped, err := droppedCells(r)
	if err != nil {
		return nil, err
	}
	if base == nil || base.head > head || base.dropped != dropped {
		base = &cube{dropped: dropped}
	}
	next, err := base.advanced(r, head)
	if err != nil {
		return nil, err
	}
	cc.put(lab, next)
	return next, nil
}

func (cc *cubeCache) get(lab store.LabID) *cube {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cached := cc.cubes[lab]
	if cached == nil {
		return nil
	}
	cc.use(cached)
	return cached.cube
}

func (cc *cubeCache) use(c *cachedCube) {
	cc.uses++
	c.used = cc.uses
}

// put keeps a cube unless a newer one is there, and drops those that were not
// used for the longest time where there are too many cells.
func (cc *cubeCache) put(lab store.LabID, c *cube) {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cached := cc.cubes[lab]
	if cached == nil {
		cached = &cachedCube{cube: &cube{}}
		cc.cubes[lab] = cached
	}
	cc.use(cached)
	if cached.cube.head > c.head {
		return
	}
	cc.cells += c.cells - cached.cube.cells
	cached.cube = c
	for cc.cells > cc.limit && len(cc.cubes) > 1 {
		cc.dropOldest()
	}
}

func (cc *cubeCache) dropOldest() {
	var oldest store.LabID
	for lab, c := range cc.cubes {
		if o := cc.cubes[oldest]; o == nil || c.used < o.used {
			oldest = lab
		}
	}
	cc.cells -= cc.cubes[oldest].cube.cells
	delete(cc.cubes, oldest)
}

// droppedCells is how many cells were ever deleted: if that changed, the
// changes alone do not tell which are left.
func droppedCells(r store.Reader) (int64, error) {
	c, err := read[Cube](r, KindCube, string(KindCube))
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return c.Dropped, nil
}

// advanced returns the cube at a later head: what changed since is read, and
// only the months that it touches are copied.
func (c *cube) advanced(r store.Reader, head store.Seq) (*cube, error) {
	next := &cube{head: head, dropped: c.dropped, months: maps.Clone(c.months), cells: c.cells}
	if next.months == nil {
		next.months = map[calendar.Month][]*cubeCell{}
	}
	changed := map[calendar.Month][]*cubeCell{}
	// Cells of the entry at which c ended are read again: it costs little, and
	// nothing depends on documents never being put without an entry.
	for after := (store.SeqPosition{Seq: c.head}); ; {
		docs, err := r.Changed(KindCell, after, store.MaxFind)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			cell, err := decodeCell(d)
			if err != nil {
				return nil, err
			}
			changed[cell.Booked] = append(changed[cell.Booked], cell)
		}
		if len(docs) < store.MaxFind {
			break
		}
		last := docs[len(docs)-1]
		after = store.SeqPosition{Seq: last.Seq, ID: last.ID}
	}
	for month, cells := range changed {
		merged := mergeCells(next.months[month], cells)
		next.cells += len(merged) - len(next.months[month])
		next.months[month] = merged
	}
	return next, nil
}

// decodeCell reads a cell. Its words occur in many cells and are kept once.
func decodeCell(d store.Document) (*cubeCell, error) {
	cell := &cubeCell{id: d.ID, seq: d.Seq}
	if err := decodeInto(d.Body, &cell.Cell, "cell "+d.ID); err != nil {
		return nil, err
	}
	cell.Booked, cell.Month = unique.Make(cell.Booked).Value(), unique.Make(cell.Month).Value()
	for _, word := range []*string{&cell.Facility, &cell.Ward, &cell.Stream} {
		*word = unique.Make(*word).Value()
	}
	return cell, nil
}

// mergeCells returns old with the changed cells put in place of their
// predecessors, by id; old stays as it is.
func mergeCells(old, changed []*cubeCell) []*cubeCell {
	byID := func(a, b *cubeCell) int { return cmp.Compare(a.id, b.id) }
	slices.SortFunc(changed, byID)
	merged := make([]*cubeCell, 0, len(old)+len(changed))
	for len(old) > 0 && len(changed) > 0 {
		switch order := byID(old[0], changed[0]); {
		case order < 0:
			merged, old = append(merged, old[0]), old[1:]
		case order > 0:
			merged, changed = append(merged, changed[0]), changed[1:]
		default:
			old = old[1:]
		}
	}
	return append(append(merged, old...), changed...)
}
