package sqlite

import (
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

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
	c.Put(cacheKey{lab, ref}, r, staging.Weigh(ref, &r.doc))
}
