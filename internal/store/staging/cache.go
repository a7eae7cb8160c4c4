package staging

import "container/list"

// Cache remembers values up to a number of bytes, the least recently used ones
// going first. What is in it is never changed, only replaced. It is used by
// one goroutine at a time.
type Cache[K comparable, V any] struct {
	limit, size int // bytes
	rows        map[K]*list.Element
	recent      list.List // of *cached; most recent in front
}

type cached[K comparable, V any] struct {
	key   K
	value V
	size  int
}

// NewCache is an empty cache of limit bytes.
func NewCache[K comparable, V any](limit int) *Cache[K, V] {
	return &Cache[K, V]{limit: limit, rows: make(map[K]*list.Element)}
}

// Get returns the value under a key, which is now the most recently used one.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	e, ok := c.rows[key]
	if !ok {
		var none V
		return none, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cached[K, V]).value, true
}

// Put keeps a value of size bytes under a key.
func (c *Cache[K, V]) Put(key K, value V, size int) {
	if e, ok := c.rows[key]; ok {
		old := e.Value.(*cached[K, V])
		c.size += size - old.size
		old.value, old.size = value, size
		c.recent.MoveToFront(e)
	} else {
		c.rows[key] = c.recent.PushFront(&cached[K, V]{key, value, size})
		c.size += size
	}
	for c.size > c.limit {
		oldest := c.recent.Back()
		old := c.recent.Remove(oldest).(*cached[K, V])
		delete(c.rows, old.key)
		c.size -= old.size
	}
}
