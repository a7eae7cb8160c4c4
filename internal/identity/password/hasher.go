// Package password owns how passwords are judged, hashed and compared. It
// keeps nothing and knows no accounts.
package password

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

const (
	// PepperBytes is the length of the pepper.
	PepperBytes = 32

	saltBytes = 16
	keyBytes  = 32

	// maxMemory bounds what a stored hash can make Verify allocate, in KiB.
	maxMemory = 256 << 10
	maxPasses = 16
)

// ErrBusy is returned when too many hashes are being computed already.
var ErrBusy = errors.New("too many passwords are being hashed")

// Params is the cost of an argon2id hash.
type Params struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultParams is the smallest configuration that OWASP's password storage
// cheat sheet names for argon2id: 19 MiB, two passes, one lane.
func DefaultParams() Params { return Params{Memory: 19 << 10, Passes: 2, Threads: 1} }

// Options is how a Hasher works.
type Options struct {
	// Pepper is mixed into every password before hashing. It must be
	// PepperBytes long and be kept apart from the hashes: without it a stolen
	// hash cannot be tried against guesses. Changing it voids every password.
	Pepper []byte
	// Params is the cost of new hashes. Zero: DefaultParams.
	Params Params
	// Slots is how many hashes are computed at once; each holds Params.Memory.
	Slots int
	// Queue is how many callers may wait for a slot. All others are sent away
	// at once, so that a flood of sign-ins costs neither memory nor patience.
	Queue int
	// Wait is how long a queued caller waits before it gets ErrBusy.
	Wait time.Duration
	// OnHash, if set, is called at the start of every hash, while its slot is
	// held. Tests count with it.
	OnHash func()
}

// Hasher hashes and compares passwords, a bounded number at a time. It is safe
// for concurrent use.
type Hasher struct {
	opts  Options
	slots chan struct{}
	queue chan struct{} // places for those who hash or wait
	dummy string
}

// NewHasher returns a Hasher, or an error that says what is wrong with opts.
func NewHasher(opts Options) (*Hasher, error) {
	if len(opts.Pepper) != PepperBytes {
		return nil, fmt.Errorf("pepper has %d bytes, want %d", len(opts.Pepper), PepperBytes)
	}
	if opts.Slots < 1 || opts.Queue < 0 {
		return nil, fmt.Errorf("hasher with %d slots and a queue of %d", opts.Slots, opts.Queue)
	}
	if opts.Params == (Params{}) {
		opts.Params = DefaultParams()
	}
	if !opts.Params.sane() {
		return nil, fmt.Errorf("argon2id parameters %+v are out of bounds", opts.Params)
	}
	return &Hasher{
		opts:  opts,
		slots: make(chan struct{}, opts.Slots),
		queue: make(chan struct{}, opts.Slots+opts.Queue),
		// A random key: no password leads to it, and comparing costs the same.
		dummy: phc{opts.Params, random(saltBytes), random(keyBytes)}.String(),
	}, nil
}

// Hash returns the hash of a password as a PHC string, or ErrBusy, or the
// error of a context that ended while waiting.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	p := phc{Params: h.opts.Params, salt: random(saltBytes)}
	var err error
	if p.key, err = h.derive(ctx, password, p.Params, p.salt, keyBytes); err != nil {
		return "", err
	}
	return p.String(), nil
}

// Verify reports whether a password belongs to a hash, and whether the hash
// was made with parameters other than today's and should be replaced. An empty
// hash belongs to no password and costs as much as any: whoever asks cannot
// tell an account without a password, or no account, from a wrong password.
// Errors are those of Hash, or a stored hash that cannot be read.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (ok, stale bool, err error) {
	if hash == "" {
		hash = h.dummy
	}
	p, err := parsePHC(hash)
	if err != nil {
		return false, false, err
	}
	key, err := h.derive(ctx, password, p.Params, p.salt, len(p.key))
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(key, p.key) == 1, p.Params != h.opts.Params, nil
}

// derive runs argon2id over the peppered password when there is a slot.
func (h *Hasher) derive(ctx context.Context, password string, p Params, salt []byte, length int) ([]byte, error) {
	release, err := h.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if h.opts.OnHash != nil {
		h.opts.OnHash()
	}
	mac := hmac.New(sha256.New, h.opts.Pepper)
	mac.Write([]byte(normalise(password)))
	return argon2.IDKey(mac.Sum(nil), salt, p.Passes, p.Memory, p.Threads, uint32(length)), nil
}

// acquire takes a place in the queue, then a slot. release gives both back.
func (h *Hasher) acquire(ctx context.Context) (release func(), err error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	timer := time.NewTimer(h.opts.Wait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.queue }, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = ErrBusy
	}
	<-h.queue
	return nil, err
}

// phc is a hash in the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$salt$key.
type phc struct {
	Params
	salt, key []byte
}

func (p phc) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Passes, p.Threads, b64(p.salt), b64(p.key))
}

func parsePHC(s string) (phc, error) {
	// The text itself stays out of the errors, and so out of the log.
	bad := errors.New("stored password hash cannot be read")
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, bad
	}
	var p phc
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.Memory, &p.Passes, &p.Threads); err != nil {
		return phc{}, bad
	}
	var err1, err2 error
	p.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	p.key, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	if errors.Join(err1, err2) != nil || len(p.salt) < saltBytes || len(p.key) != keyBytes || !p.sane() {
		return phc{}, bad
	}
	return p, nil
}

func (p Params) sane() bool {
	return p.Threads >= 1 && p.Passes >= 1 && p.Passes <= maxPasses &&
		p.Memory >= 8*uint32(p.Threads) && p.Memory <= maxMemory
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}
