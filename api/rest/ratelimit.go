package rest

import (
	"time"

	"github.com/gofiber/fiber/v2"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// buckets holds a token bucket for each of the most recent keys. Forgetting
// the least recent bounds the memory; whoever comes back then finds a full
// bucket, which is harmless as long as there are many more places than
// addresses that one attacker has.
type buckets[K comparable] struct {
	rate  Rate
	now   func() time.Time
	cache *lru.Cache[K, *rate.Limiter]
}

func newBuckets[K comparable](r Rate, size int, now func() time.Time) *buckets[K] {
	cache, err := lru.New[K, *rate.Limiter](size)
	if err != nil {
		panic(err) // only for a size that Config.Validate refuses
	}
	return &buckets[K]{rate: r, now: now, cache: cache}
}

// take takes a token, or says when there will be one.
func (b *buckets[K]) take(key K) (wait time.Duration) { return b.takeN(key, 1) }

// takeN takes n tokens, at most a burst, or none and says when there will be as
// many.
func (b *buckets[K]) takeN(key K, n int) (wait time.Duration) {
	limiter, ok := b.cache.Get(key)
	if !ok {
		limiter = rate.NewLimiter(rate.Limit(b.rate.PerSecond), b.rate.Burst)
		if former, ok, _ := b.cache.PeekOrAdd(key, limiter); ok {
			limiter = former
		}
	}
	now := b.now()
	r := limiter.ReserveN(now, n)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// limitAddress bounds the requests of one client address, signed in or not.
func (s *Server) limitAddress(c *fiber.Ctx) error {
	if wait := s.addresses.take(addressOf(stateOf(c).client)); wait > 0 {
		return tooMany(wait)
	}
	return c.Next()
}

// limitCaller bounds the requests of one signed-in person or device, wherever
// they come from.
func (s *Server) limitCaller(c *fiber.Ctx) error {
	if wait := s.callers.take(callerOf(c).Actor()); wait > 0 {
		return tooMany(wait)
	}
	return c.Next()
}

func tooMany(wait time.Duration) error {
	return problem.New(problem.TooMany, "rate-limited", "Too many requests; wait for the time in Retry-After.").After(wait)
}

// organisation is a facility or a recycler, or the lab itself.
type organisation struct{ lab, id string }

// limitLabels bounds the labels that one organisation issues: the ledger keeps
// them for ever. What would be refused anyway takes nothing.
func (s *Server) limitLabels(c *fiber.Ctx, count int) error {
	if count < 1 || count > tracking.MaxLabels {
		return nil
	}
	by := callerOf(c)
	if wait := s.issues.takeN(organisation{by.Lab, by.Organisation()}, count); wait > 0 {
		return problem.New(problem.TooMany, "too-many-labels-issued",
			"Too many labels were issued here; print those that are blank, or wait for the time in Retry-After.").After(wait)
	}
	return nil
}
