package throttle

import (
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Addresses lets every client address do something a number of times at once
// and then at a steady rate. It is safe for concurrent use.
type Addresses struct {
	now func() time.Time

	mu     sync.Mutex // guards bucket
	bucket *bucket
}

// NewAddresses returns a limiter that allows burst tries, refilled by one per
// refill. It takes the time from now.
func NewAddresses(burst int, refill time.Duration, now func() time.Time) *Addresses {
	return &Addresses{now: now, bucket: newBucket(burst, refill)}
}

// Take counts a try, or returns how long to wait before the next.
func (a *Addresses) Take(client netip.Addr) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bucket.take(network(client), a.now())
}

// GiveBack takes a try back that should not have counted.
func (a *Addresses) GiveBack(client netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bucket.giveBack(network(client))
}

// bucket is a token bucket per network, kept as the one instant at which it
// will be full again (the generic cell rate algorithm): eight bytes, and a
// token can be put back. golang.org/x/time/rate takes ten times the memory and
// cannot put one back once its time has come.
type bucket struct {
	burst  int64
	refill int64                      // ms per token
	fullAt *simplelru.LRU[key, int64] // Unix milliseconds
}

func newBucket(burst int, refill time.Duration) *bucket {
	return &bucket{burst: int64(burst), refill: refill.Milliseconds(), fullAt: newLRU[int64]()}
}

func (b *bucket) take(client netip.Addr, at time.Time) time.Duration {
	now := at.UnixMilli()
	fullAt, _ := b.fullAt.Get(client.As16())
	fullAt = max(fullAt, now) + b.refill
	if wait := fullAt - b.burst*b.refill - now; wait > 0 {
		return time.Duration(wait) * time.Millisecond
	}
	b.fullAt.Add(client.As16(), fullAt)
	return 0
}

func (b *bucket) giveBack(client netip.Addr) {
	if fullAt, ok := b.fullAt.Get(client.As16()); ok {
		b.fullAt.Add(client.As16(), fullAt-b.refill)
	}
}

// network is what counts as one client: an IPv4 address, or the /64 that an
// IPv6 provider gives to one customer. An address that is not known is a client
// of its own.
func network(client netip.Addr) netip.Addr {
	client = client.Unmap().WithZone("")
	if !client.Is6() {
		return client
	}
	prefix, err := client.Prefix(64)
	if err != nil {
		return client
	}
	return prefix.Addr()
}
