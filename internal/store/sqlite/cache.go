package sqlite

import (
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

// rowOverhead is what a row costs in the cache besides its text, in bytes.
const rowOverhead = 256

type cacheKey struct {
	lab int64
	ref store.Ref
}

// cache remembers committed documents, and that a document is not there. The
// writer alone uses it.
type cache struct{ *staging.Cache[cacheKey, row] }

func newCache(limit int) cache { return cache{staging.NewCache[cacheKey, row](limit)} }

func (c cache) get(lab int64, ref store.Ref) (row, bool) { return c.Get(cacheKey{lab, ref}) }

func (c cache) put(lab int64, ref store.Ref, r row) {
	size := rowOverhead + len(ref.Kind) + len(ref.ID) + len(r.doc.Body)
	for _, k := range r.doc.Keys {
		size += len(k.Index) + len(k.Value)
	}
	c.Put(cacheKey{lab, ref}, r, size)
}
