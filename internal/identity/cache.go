package identity

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/ricircolo/ricircolo/internal/identity/token"
)

// stateCache keeps what was last read about sessions, or about people and
// devices, for a short time: that time is the longest for which a change made
// by another process goes unnoticed. Changes made by this process are noticed
// at once, because drop is called after them. It is safe for concurrent use.
type stateCache[V any] struct {
	ttl time.Duration

	mu    sync.Mutex // guards what follows
	lru   *simplelru.LRU[string, cached[V]]
	epoch uint64 // raised by every drop
}

type cached[V any] struct {
	value  V
	readAt time.Time
}

func newStateCache[V any](size int, ttl time.Duration) *stateCache[V] {
	return &stateCache[V]{ttl: ttl, lru: mustLRU[string, cached[V]](size)}
}

// get returns what was read about id less than the TTL ago. For what is not
// there it returns the epoch to hand to put.
func (c *stateCache[V]) get(id string, now time.Time) (v V, epoch uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	hit, ok := c.lru.Get(id)
	// A clock that was set back must not make old knowledge last.
	if age := now.Sub(hit.readAt); !ok || age < 0 || age >= c.ttl {
		return v, c.epoch, false
	}
	return hit.value, c.epoch, true
}

// put keeps what was read about id, unless something was dropped since get
// returned the epoch: it may have been read before that change.
func (c *stateCache[V]) put(id string, v V, readAt time.Time, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch == c.epoch {
		c.lru.Add(id, cached[V]{v, readAt})
	}
}

// drop forgets what was read about id.
func (c *stateCache[V]) drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	c.lru.Remove(id)
}

// tokenCache remembers tokens whose signature has been verified, by their
// hash: a phone sends the same one for a quarter of an hour, and verifying it
// takes longer than all the rest. It is safe for concurrent use.
type tokenCache struct {
	mu  sync.Mutex // guards lru
	lru *simplelru.LRU[[sha256.Size]byte, verified]
}

// verified is what is needed of a token's claims.
type verified struct {
	subject, session, lab string
	expires               time.Time
}

func newTokenCache(size int) *tokenCache {
	return &tokenCache{lru: mustLRU[[sha256.Size]byte, verified](size)}
}

func (c *tokenCache) get(hash [sha256.Size]byte, now time.Time) (verified, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.lru.Get(hash)
	if ok && !now.Before(v.expires.Add(token.Leeway)) {
		c.lru.Remove(hash)
		return verified{}, false
	}
	return v, ok
}

func (c *tokenCache) put(hash [sha256.Size]byte, v verified) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Add(hash, v)
}

func mustLRU[K comparable, V any](size int) *simplelru.LRU[K, V] {
	lru, err := simplelru.NewLRU[K, V](size, nil)
	if err != nil {
		panic(err) // only for a size below 1, and all sizes are constants
	}
	return lru
}
