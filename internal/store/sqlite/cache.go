package sqlite

import (
	"container/list"

	"github.com/ricircolo/ricircolo/internal/store"
)

// rowOverhead is what a row costs in the cache besides its text, in bytes.
const rowOverhead = 256

type cacheKey struct {
	lab int64
	ref store.Ref
}

// cache remembers committed documents, the least recently used ones going
// first. It also remembers that a document is not there. The writer alone
// uses it; the rows in it are never changed, only replaced.
type cache struct {
	limit, size int // bytes
	rows        map[cacheKey]*list.Element
	recent      list.List // of *cached; most recent in front
}

type cached struct {
	key  cacheKey
	row  row
	size int
}

func newCache(limit int) *cache {
	return &cache{limit: limit, rows: make(map[cacheKey]*list.Element)}
}

func (c *cache) get(lab int64, ref store.Ref) (row, bool) {
	e, ok := c.rows[cacheKey{lab, ref}]
	if !ok {
		return row{}, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cached).row, true
}

func (c *cache) put(lab int64, ref store.Ref, r row) {
	key := cacheKey{lab, ref}
	size := rowOverhead + len(ref.Kind) + len(ref.ID) + len(r.doc.Body)
	for _, k := range r.doc.Keys {
		size += len(k.Index) + len(k.Value)
	}
	if e, ok := c.rows[key]; ok {
		old := e.Value.(*cached)
		c.size += size - old.size
		old.row, old.size = r, size
		c.recent.MoveToFront(e)
	} else {
		c.rows[key] = c.recent.PushFront(&cached{key, r, size})
		c.size += size
	}
	for c.size > c.limit {
		oldest := c.recent.Back()
		old := c.recent.Remove(oldest).(*cached)
		delete(c.rows, old.key)
		c.size -= old.size
	}
}
