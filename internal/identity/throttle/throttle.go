// Package throttle owns how often somebody may guess: at the password of an
// account, or at one-time codes from an address.
//
// All counters live in memory, in a bounded space, and a restart forgets them:
// it gives an attacker one more round of guesses and nothing else. Several
// servers count each for itself.
package throttle

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// PairTries is how many consecutive failures an account has from one
	// address before the pair has to wait.
	PairTries = 5
	// PairWait is how long it waits first; every further failure doubles it,
	// up to MaxPairWait.
	PairWait    = 15 * time.Minute
	MaxPairWait = 4 * time.Hour
	// pairMemory is after how long without a failure a pair is forgotten.
	pairMemory = 24 * time.Hour

	// AccountTries is how many failures an account has within AccountWindow
	// from all unfamiliar addresses together.
	AccountTries  = 20
	AccountWindow = 15 * time.Minute

	// AddressTries is how many failures an unfamiliar address has at once, over
	// all accounts; one more is allowed every AddressRefill.
	AddressTries  = 30
	AddressRefill = 10 * time.Second

	// busyWait is asked of those who have as many tries under way as they have
	// left: one of them will have ended by then.
	busyWait = time.Second

	// maxCounters is how many counters of each sort are kept; all together stay
	// below 10 MB. A try that costs no hash leaves no counter, so whoever wants
	// to push one out pays as many hashes as there are places, for the few tries
	// that this gives back.
	maxCounters = 8 << 10
)

// Sentry decides whether a sign-in may be tried. Three counters guard an
// account, so that guessing is slow from one address, slow from a thousand,
// and yet nobody can lock a ward out by failing on purpose elsewhere:
//
//   - the pair of account and address, with a wait that doubles;
//   - the account over all addresses, except those from which its owner has
//     signed in: they are familiar, have only their pair's counter, and stay
//     open while strangers are locked out;
//   - the address over all accounts, again except for familiar pairs, so that a
//     hospital behind one address keeps working while somebody in it guesses.
//
// A try is counted before the password is looked at and taken back when it was
// right or was not looked at: any number of tries at the same time is no more
// than that number one after the other. Sentry is safe for concurrent use.
type Sentry struct {
	now func() time.Time

	mu       sync.Mutex // guards what follows
	pairs    *simplelru.LRU[key, *pair]
	accounts *simplelru.LRU[key, *window]
	familiar *simplelru.LRU[key, struct{}]
	sources  *bucket
}

// key is a hash: counters must not keep e-mail addresses in memory.
type key [16]byte

type pair struct {
	failures     int32
	pending      int32
	blockedUntil int64 // Unix milliseconds
	lastFailure  int64
}

// window holds the times of the last tries, in Unix seconds, rounded up; 0 is a
// place without one. Seconds keep it small, and last until 2106.
type window struct{ tries [AccountTries]uint32 }

// NewSentry returns a Sentry that takes the time from now.
func NewSentry(now func() time.Time) *Sentry {
	return &Sentry{
		now:      now,
		pairs:    newLRU[*pair](),
		accounts: newLRU[*window](),
		familiar: newLRU[struct{}](),
		sources:  newBucket(AddressTries, AddressRefill),
	}
}

// Attempt is one counted try. Exactly one of its methods must be called.
type Attempt struct {
	sentry        *Sentry
	account, pair key
	source        netip.Addr
	at            int64
	familiar      bool
}

// Begin counts a try at an account from an address, or says how long to wait
// (always more than zero) and returns nil. account is any stable name of the
// account, whether it exists or not.
func (s *Sentry) Begin(account string, client netip.Addr) (*Attempt, time.Duration) {
	client = network(client)
	a := &Attempt{sentry: s, source: client, account: hash("account", account)}
	a.pair = hash("pair", account, client.String())

	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	a.at = now.UnixMilli()
	_, a.familiar = s.familiar.Get(a.pair)

	p, ok := s.pairs.Get(a.pair)
	if !ok || a.at-p.lastFailure > pairMemory.Milliseconds() && p.pending == 0 {
		p = &pair{}
	}
	if wait := p.wait(a.at); wait > 0 {
		return nil, wait
	}
	w, ok := s.accounts.Get(a.account)
	if !ok {
		w = &window{}
	}
	if !a.familiar {
		if wait := w.wait(a.at); wait > 0 {
			return nil, wait
		}
		if wait := s.sources.take(client, now); wait > 0 {
			return nil, wait
		}
		*w.oldest() = seconds(a.at)
		s.accounts.Add(a.account, w)
	}
	p.pending++
	s.pairs.Add(a.pair, p)
	return a, 0
}

// Fail keeps the try on the counters: the password was wrong.
func (a *Attempt) Fail() {
	s := a.sentry
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.pairs.Get(a.pair)
	if !ok { // pushed out meanwhile
		p = &pair{}
		s.pairs.Add(a.pair, p)
	}
	p.pending = max(p.pending-1, 0)
	p.failures++
	p.lastFailure = s.now().UnixMilli()
	if over := p.failures - PairTries; over >= 0 {
		wait := MaxPairWait
		if over < 8 { // beyond that the shift is past the maximum anyway
			wait = min(PairWait<<over, MaxPairWait)
		}
		p.blockedUntil = p.lastFailure + wait.Milliseconds()
	}
}

// Succeed takes the try back, forgives the pair, and makes it familiar. The
// account's counter keeps the failures of others: the owner signing in now and
// then must not give a guesser new tries.
func (a *Attempt) Succeed() {
	s := a.sentry
	s.mu.Lock()
	defer s.mu.Unlock()
	a.takeBack()
	s.familiar.Add(a.pair, struct{}{})
	s.forgive(a.pair)
}

// Forgive lets an account sign in from an address again, and makes the pair
// familiar: somebody there has proved by other means to be the owner.
func (s *Sentry) Forgive(account string, client netip.Addr) {
	k := hash("pair", account, network(client).String())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.familiar.Add(k, struct{}{})
	s.forgive(k)
}

// Cancel takes the try back: the password was not looked at.
func (a *Attempt) Cancel() {
	s := a.sentry
	s.mu.Lock()
	defer s.mu.Unlock()
	a.takeBack()
}

func (a *Attempt) takeBack() {
	s := a.sentry
	if p, ok := s.pairs.Get(a.pair); ok {
		p.pending = max(p.pending-1, 0)
		s.drop(a.pair, p)
	}
	if a.familiar {
		return
	}
	s.sources.giveBack(a.source)
	if w, ok := s.accounts.Get(a.account); ok && w.remove(a.at) {
		s.accounts.Remove(a.account)
	}
}

func (s *Sentry) forgive(k key) {
	if p, ok := s.pairs.Get(k); ok {
		p.failures, p.blockedUntil = 0, 0
		s.drop(k, p)
	}
}

// drop forgets a pair that has nothing to remember.
func (s *Sentry) drop(k key, p *pair) {
	if p.failures == 0 && p.pending == 0 {
		s.pairs.Remove(k)
	}
}

// wait is how long a pair has to wait. Once it has used its tries up, it gets
// one at a time.
func (p *pair) wait(now int64) time.Duration {
	if p.blockedUntil > now {
		return time.Duration(p.blockedUntil-now) * time.Millisecond
	}
	if p.pending > 0 && p.pending >= PairTries-p.failures {
		return busyWait
	}
	return 0
}

// oldest is the place of the try that leaves the window first.
func (w *window) oldest() *uint32 {
	oldest := &w.tries[0]
	for i := range w.tries {
		if w.tries[i] < *oldest {
			oldest = &w.tries[i]
		}
	}
	return oldest
}

func (w *window) wait(now int64) time.Duration {
	free := int64(*w.oldest())*1000 + AccountWindow.Milliseconds()
	return time.Duration(max(free-now, 0)) * time.Millisecond
}

// remove takes back one try made at a time and reports whether none is left.
func (w *window) remove(at int64) (empty bool) {
	for i := range w.tries {
		if w.tries[i] == seconds(at) {
			w.tries[i] = 0
			break
		}
	}
	return *w == window{}
}

func seconds(ms int64) uint32 { return uint32((ms + 999) / 1000) }

// hash gives the parts a key. Only the account may contain a zero byte, so the
// parts cannot be mistaken for others.
func hash(parts ...string) key {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return key(h.Sum(nil)[:len(key{})])
}

func newLRU[V any]() *simplelru.LRU[key, V] {
	lru, err := simplelru.NewLRU[key, V](maxCounters, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return lru
}
