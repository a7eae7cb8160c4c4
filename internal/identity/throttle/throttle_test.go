package throttle_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/identity/throttle"
)

// clock is set by hand.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// address is the n-th IPv4 address of a large network.
func address(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

// fails lets tries fail until one is refused, at most limit, and returns how
// many were let through and how long the refused one has to wait.
func fails(s *throttle.Sentry, account string, client netip.Addr, limit int) (let int, wait time.Duration) {
	for ; let < limit; let++ {
		attempt, wait := s.Begin(account, client)
		if wait > 0 {
			return let, wait
		}
		attempt.Fail()
	}
	return let, 0
}

func succeed(tb testing.TB, s *throttle.Sentry, account string, client netip.Addr) {
	tb.Helper()
	attempt, wait := s.Begin(account, client)
	if wait > 0 {
		tb.Fatalf("sign-in of %s from %v has to wait %v, want none", account, client, wait)
	}
	attempt.Succeed()
}

func TestPairWaitsLongerAfterEveryFailure(t *testing.T) {
	c := newClock()
	s := throttle.NewSentry(c.now)
	let, wait := fails(s, "anna", address(1), 100)
	if let != throttle.PairTries || wait != throttle.PairWait {
		t.Fatalf("got %d tries and a wait of %v, want %d and %v", let, wait, throttle.PairTries, throttle.PairWait)
	}
	for _, want := range []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 4 * time.Hour} {
		c.advance(wait - time.Millisecond)
		if let, _ := fails(s, "anna", address(1), 100); let != 0 {
			t.Fatalf("got %d tries before the wait was over, want none", let)
		}
		c.advance(time.Millisecond)
		if let, wait = fails(s, "anna", address(1), 100); let != 1 || wait != want {
			t.Fatalf("got %d tries and a wait of %v, want 1 and %v", let, wait, want)
		}
	}
	c.advance(25 * time.Hour)
	if let, _ := fails(s, "anna", address(1), 100); let != throttle.PairTries {
		t.Errorf("a day later: got %d tries, want %d again", let, throttle.PairTries)
	}
}

func TestSuccessForgivesThePair(t *testing.T) {
	c := newClock()
	s := throttle.NewSentry(c.now)
	for range 10 {
		if let, _ := fails(s, "anna", address(1), throttle.PairTries-1); let != throttle.PairTries-1 {
			t.Fatalf("got %d tries, want %d", let, throttle.PairTries-1)
		}
		succeed(t, s, "anna", address(1))
	}
}

func TestForgiveOpensABlockedPair(t *testing.T) {
	s := throttle.NewSentry(newClock().now)
	fails(s, "anna", address(1), 100)
	s.Forgive("anna", address(1))
	succeed(t, s, "anna", address(1))
}

// A thousand addresses guess at one account: 20 guesses in a quarter of an hour
// in all, while its owner and her colleagues sign in from the ward.
func TestPranksterDoesNotLockTheWardOut(t *testing.T) {
	c := newClock()
	s := throttle.NewSentry(c.now)
	ward := address(1)
	succeed(t, s, "anna", ward)

	for quarter := range 4 {
		guesses := 0
		for n := range 1000 {
			let, _ := fails(s, "anna", address(1000+n), 100)
			guesses += let
		}
		if guesses > throttle.AccountTries {
			t.Errorf("quarter %d: got %d guesses, want at most %d", quarter, guesses, throttle.AccountTries)
		}
		if _, wait := s.Begin("anna", address(5000)); wait <= 0 {
			t.Errorf("quarter %d: a stranger may try, want not", quarter)
		}
		succeed(t, s, "anna", ward)
		succeed(t, s, fmt.Sprint("bruno", quarter), ward)
		succeed(t, s, fmt.Sprint("carla", quarter), address(2))
		c.advance(throttle.AccountWindow)
	}
}

// Strictly: never more than 20 in any quarter of an hour, not only in those
// that start when a counter does.
func TestAccountWindowSlides(t *testing.T) {
	c := newClock()
	s := throttle.NewSentry(c.now)
	var at []time.Time
	for n := range 4000 {
		if attempt, wait := s.Begin("anna", address(n)); wait == 0 {
			attempt.Fail()
			at = append(at, c.now())
		}
		c.advance(time.Second)
	}
	if len(at) < 4*throttle.AccountTries {
		t.Fatalf("got %d tries in %d s, want some in every window", len(at), 4000)
	}
	for i := throttle.AccountTries; i < len(at); i++ {
		if span := at[i].Sub(at[i-throttle.AccountTries]); span < throttle.AccountWindow {
			t.Fatalf("got %d tries within %v, want %d at most", throttle.AccountTries+1, span, throttle.AccountTries)
		}
	}
}

// One address tries one password at many accounts.
func TestAddressTriesFewAccounts(t *testing.T) {
	c := newClock()
	s := throttle.NewSentry(c.now)
	succeed(t, s, "anna", address(1))
	let := 0
	for n := range 10_000 {
		attempt, wait := s.Begin(fmt.Sprint("account", n), address(1))
		if wait == 0 {
			attempt.Fail()
			let++
		}
	}
	if let != throttle.AddressTries {
		t.Errorf("got %d tries, want %d", let, throttle.AddressTries)
	}
	succeed(t, s, "anna", address(1)) // familiar, although the guesser sits in the same hospital
	succeed(t, s, "bruno", address(2))
	c.advance(throttle.AddressRefill)
	if attempt, wait := s.Begin("carla", address(1)); wait > 0 {
		t.Errorf("after a refill: got a wait of %v, want none", wait)
	} else {
		attempt.Cancel()
	}
}

func TestIPv6NetworkIsOneClient(t *testing.T) {
	s := throttle.NewSentry(newClock().now)
	let := 0
	for n := range 1000 {
		client := netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 14: byte(n >> 8), 15: byte(n)})
		if attempt, wait := s.Begin("anna", client); wait == 0 {
			attempt.Fail()
			let++
		}
	}
	if let != throttle.PairTries {
		t.Errorf("got %d tries from one /64, want %d", let, throttle.PairTries)
	}
	// The same IPv4 address in either notation is one client, too.
	mapped := netip.AddrFrom16(address(1).As16())
	fails(s, "bruno", address(1), 100)
	if _, wait := s.Begin("bruno", mapped); wait <= 0 {
		t.Error("the mapped form of a blocked address may try, want not")
	}
}

func TestUnknownAddressIsAClient(t *testing.T) {
	s := throttle.NewSentry(newClock().now)
	if let, _ := fails(s, "anna", netip.Addr{}, 100); let != throttle.PairTries {
		t.Errorf("got %d tries, want %d", let, throttle.PairTries)
	}
}

// Tries at the same time count before they have failed.
func TestTriesAtTheSameTimeAreCounted(t *testing.T) {
	s := throttle.NewSentry(newClock().now)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		open []*throttle.Attempt
	)
	for range 200 {
		wg.Go(func() {
			if attempt, wait := s.Begin("anna", address(1)); wait == 0 {
				mu.Lock()
				defer mu.Unlock()
				open = append(open, attempt)
			}
		})
	}
	wg.Wait()
	if len(open) != throttle.PairTries {
		t.Fatalf("got %d tries under way, want %d", len(open), throttle.PairTries)
	}
	for _, attempt := range open {
		wg.Go(attempt.Fail)
	}
	wg.Wait()
	if _, wait := s.Begin("anna", address(1)); wait != throttle.PairWait {
		t.Errorf("got a wait of %v, want %v", wait, throttle.PairWait)
	}
}

func TestCancelledTriesDoNotCount(t *testing.T) {
	s := throttle.NewSentry(newClock().now)
	for range 10 * throttle.AddressTries {
		attempt, wait := s.Begin("anna", address(1))
		if wait > 0 {
			t.Fatalf("got a wait of %v, want none", wait)
		}
		attempt.Cancel()
	}
	if let, _ := fails(s, "anna", address(1), 100); let != throttle.PairTries {
		t.Errorf("got %d tries, want %d", let, throttle.PairTries)
	}
}

func TestAddresses(t *testing.T) {
	c := newClock()
	a := throttle.NewAddresses(3, time.Minute, c.now)
	for i := range 3 {
		if wait := a.Take(address(1)); wait != 0 {
			t.Fatalf("try %d: got a wait of %v, want none", i, wait)
		}
	}
	if wait := a.Take(address(1)); wait != time.Minute {
		t.Errorf("got a wait of %v, want %v", wait, time.Minute)
	}
	if wait := a.Take(address(2)); wait != 0 {
		t.Errorf("another address: got a wait of %v, want none", wait)
	}
	a.GiveBack(address(1))
	if wait := a.Take(address(1)); wait != 0 {
		t.Errorf("after giving back: got a wait of %v, want none", wait)
	}
	c.advance(time.Hour)
	for range 3 {
		a.Take(address(1))
	}
	if wait := a.Take(address(1)); wait != time.Minute {
		t.Errorf("an hour later: got a wait of %v, want no more than the burst saved up", wait)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	const limit = 10 << 20
	keys := 1_000_000
	if testing.Short() {
		keys = 50_000 // enough to fill every counter
	}
	before := heap()
	c := newClock()
	s := throttle.NewSentry(c.now)
	a := throttle.NewAddresses(3, time.Minute, c.now)
	for n := range keys {
		attempt, wait := s.Begin(fmt.Sprint("account", n), address(n))
		if wait > 0 {
			t.Fatalf("key %d has to wait %v, want none", n, wait)
		}
		if n%2 == 0 {
			attempt.Fail()
		} else {
			attempt.Succeed()
		}
		a.Take(address(n))
	}
	grown := int64(heap()) - int64(before)
	t.Logf("%d keys take %.1f MiB", keys, float64(grown)/(1<<20))
	if grown > limit {
		t.Errorf("%d keys take %d bytes, want at most %d", keys, grown, limit)
	}
	runtime.KeepAlive(s)
	runtime.KeepAlive(a)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkBegin(b *testing.B) {
	s := throttle.NewSentry(time.Now)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		if attempt, wait := s.Begin("anna", address(n)); wait == 0 {
			attempt.Cancel()
		}
	}
}
