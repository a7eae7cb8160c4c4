package mongo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

// lab is what this process knows of a lab's history: the commits that it may
// still need, and documents as of the newest one.
//
// The collections run behind the commits, which are applied to them after they
// were made, and they run ahead of a View, which others do not wait for. Either
// way a state is read as the collections' content under a cover, which is made
// of the commits around it: from the watermark up to the state by what they
// left, and beyond the state by what they found.
type lab struct {
	s  *Store
	id store.LabID

	mu      sync.Mutex
	known   bool // top is a point of this lab, not the zero one
	top     point
	applied int64     // the watermark, as far as this process knows it
	log     []*commit // the commits from base+1 to top.n
	base    int64
	views   map[int64]int // how many Views look at each commit number
	cover   staging.Cover // what the commits from applied+1 to top.n left; nil: to be made
	era     int64         // changes when documents in the cache may be out of date
	size    int           // bytes of what is not applied yet, roughly

	lane    lane
	applier applier
}

func newLab(s *Store, id store.LabID) *lab {
	return &lab{s: s, id: id, views: make(map[int64]int)}
}

// cacheKey names a document in the cache of the whole store.
type cacheKey struct {
	lab store.LabID
	era int64
	ref store.Ref
}

// cache is shared by the labs.
type cache struct {
	mu   sync.Mutex
	rows *staging.Cache[cacheKey, row]
}

func (c *cache) get(key cacheKey) (row, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rows.Get(key)
}

func (c *cache) put(key cacheKey, r row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows.Put(key, r, staging.Weigh(key.ref, r.doc))
}

// refresh replaces a row that is there.
func (c *cache) refresh(key cacheKey, r row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.rows.Get(key); ok {
		c.rows.Put(key, r, staging.Weigh(key.ref, r.doc))
	}
}

// absorb adds the commit that follows the newest one; others are known, or not
// next.
func (l *lab) absorb(c *commit) {
	if l.follow(c) && !c.mine {
		l.applier.watch(l) // not under l.mu: the applier takes that under its own lock
	}
}

// follow adds c, if it is the commit that follows. Documents of one that this
// process has just made are likely to be wanted again.
func (l *lab) follow(c *commit) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.n != l.top.n+1 {
		return false
	}
	l.top = c.point
	l.log = append(l.log, c)
	l.cover = nil
	for i := range c.changes {
		ch := &c.changes[i]
		key, r := cacheKey{l.id, l.era, ch.ref}, row{ch.now, c.n}
		c.size += staging.Weigh(ch.ref, ch.now) + staging.Weigh(ch.ref, ch.before)
		if c.mine {
			l.s.cache.put(key, r)
		} else {
			l.s.cache.refresh(key, r)
		}
	}
	l.size += c.size
	return true
}

// remember keeps a row that was read when n was the newest commit, unless
// another one has come since.
func (l *lab) remember(n int64, ref store.Ref, r row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.top.n == n {
		l.s.cache.put(cacheKey{l.id, l.era, ref}, r)
	}
}

// begin makes p the only thing known of the lab, if it is newer than what is
// known. Unless the commits up to p are trimmed, and there is no other way, it
// does so only where nothing here depends on what is known.
func (l *lab) begin(p point, trimmed bool) {
	defer l.applier.wake()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.known && p.n <= l.top.n:
		return
	case l.known && !trimmed && (len(l.views) > 0 || l.applied < l.top.n):
		return
	}
	l.known, l.top, l.applied, l.base = true, p, p.n, p.n
	l.log, l.cover, l.size = nil, nil, 0
	l.era++
}

// hasApplied moves the watermark that this process knows.
func (l *lab) hasApplied(n int64) {
	defer l.applier.wake() // after l.mu: the applier takes that under its own lock
	l.mu.Lock()
	defer l.mu.Unlock()
	if n = min(n, l.top.n); n > l.applied {
		for _, c := range l.log[l.applied-l.base : n-l.base] {
			l.size -= c.size
		}
		l.applied = n
		l.cover = nil
		l.prune()
	}
}

// prune forgets the commits that are applied and that no View needs.
func (l *lab) prune() {
	keep := l.applied
	for n := range l.views {
		keep = min(keep, n)
	}
	if keep <= l.base {
		return
	}
	l.log = slices.Clone(l.log[keep-l.base:])
	l.base = keep
}

// pending are the commits that are not applied yet.
func (l *lab) pending() []*commit {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.log[l.applied-l.base:])
}

// watermark is how far the collections are, as far as this process knows.
func (l *lab) watermark() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.applied
}

// backlog is how many commits, of about how many bytes, are not applied yet.
func (l *lab) backlog() (commits int64, bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.top.n - l.applied, l.size
}

// newest is the number of the newest commit that is known.
func (l *lab) newest() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.top.n
}

func (l *lab) isKnown() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known
}

// now is the newest point with its cover, and the era of the cache that belongs
// to it.
func (l *lab) now() (point, staging.Cover, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.top, l.covered(), l.era
}

// enter is now, for a View: until leave, the commits behind the point are kept.
func (l *lab) enter() (point, staging.Cover) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.views[l.top.n]++
	return l.top, l.covered()
}

func (l *lab) leave(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.views[n]--; l.views[n] == 0 {
		delete(l.views, n)
	}
	l.prune()
}

// covered is what the commits that are not applied left. It must not be
// changed.
func (l *lab) covered() staging.Cover {
	if l.cover == nil {
		l.cover = make(staging.Cover)
		for _, c := range l.log[l.applied-l.base:] {
			for i := range c.changes {
				l.cover[c.changes[i].ref] = c.changes[i].now
			}
		}
	}
	return l.cover
}

// errLost is returned where a View needs what commits do not tell.
var errLost = unavailable("the lab has moved on under a long reading; read again", nil)

// back extends a View's cover by what the commits after seen found, up to the
// newest one, whose number it returns. A cover that others have, too, is copied
// before.
func (l *lab) back(cover staging.Cover, shared bool, seen int64) (staging.Cover, int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seen < l.base {
		return nil, 0, errLost
	}
	newer := l.log[seen-l.base:]
	if len(newer) == 0 {
		return cover, seen, nil
	}
	if shared {
		cover = maps.Clone(cover)
	}
	for _, c := range newer {
		if c.blind && len(c.changes) > 0 {
			return nil, 0, errLost
		}
		for i := range c.changes {
			if _, ok := cover[c.changes[i].ref]; !ok {
				cover[c.changes[i].ref] = c.changes[i].before
			}
		}
	}
	return cover, l.top.n, nil
}

const (
	// fetchCommits is how many commits are asked for at once.
	fetchCommits = 8
	// farBehind is how many commits behind the watermark a process rather starts
	// from there than reads one after the other.
	farBehind = 64
)

// catchUp makes the newest point known that the database had when it was
// called, or a later one.
func (l *lab) catchUp(ctx context.Context) error {
	for near := l.isKnown(); ; near = false {
		if !near { // how far there is to go, the watermark says
			if err := l.jump(ctx, 0); err != nil {
				return err
			}
		}
		found, err := l.s.commitsAfter(ctx, l.id, l.newest(), fetchCommits)
		if err != nil {
			return err
		}
		trimmed := slices.IndexFunc(found, func(c *commit) bool { return c.trimmed })
		if trimmed >= 0 {
			// Beyond the watermark there may be more than was found.
			if err := l.jump(ctx, found[trimmed].n); err != nil {
				return err
			}
			continue
		}
		for _, c := range found {
			l.absorb(c)
		}
		if len(found) < fetchCommits {
			return nil
		}
	}
}

// jump begins at the watermark of the database where that is far ahead, or where
// nothing was known, or where a commit is trimmed, which the watermark must not
// lie before.
func (l *lab) jump(ctx context.Context, trimmed int64) error {
	p, err := l.s.watermark(ctx, l.id)
	if err != nil {
		return err
	}
	if p.n < trimmed {
		return &DecodeError{Collection: commits, What: fmt.Sprint("commit ", trimmed, " of lab ", l.id), Why: "it has lost its changes before they were applied"}
	}
	l.hasApplied(p.n)
	if !l.isKnown() || trimmed > 0 || p.n > l.newest()+farBehind {
		l.begin(p, trimmed > 0)
	}
	return nil
}
