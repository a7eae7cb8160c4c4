// Package identity owns people and shared ward phones: their memberships,
// passwords, sign-ins and tokens. Names and e-mail addresses live here and
// nowhere else, so that they can be erased.
//
// Everything is kept as documents of one reserved partition of the store. A
// change is authorised, rehearsed on a snapshot, recorded with the Auditor and
// then made; if it cannot be recorded it is not made.
package identity

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity/password"
	"github.com/ricircolo/ricircolo/internal/identity/throttle"
	"github.com/ricircolo/ricircolo/internal/identity/token"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Partition is the part of the store that holds the documents of this package.
const Partition store.LabID = "_identity"

// How long things last.
const (
	AccessLifetime   = token.Lifetime      // an access token
	RefreshGrace     = 10 * time.Second    // a used refresh token, for whoever lost the reply
	PersonIdle       = 14 * 24 * time.Hour // a person's sign-in that is not used
	PersonAbsolute   = 30 * 24 * time.Hour // a person's sign-in in any case
	DeviceIdle       = 180 * 24 * time.Hour
	EnrolmentLife    = 10 * time.Minute
	InvitationLife   = 72 * time.Hour
	IdempotencyLife  = 90 * 24 * time.Hour // longer than a phone lies in a drawer
	stateTTL         = 3 * time.Second     // how old the knowledge of a revocation may be
	hashWait         = 500 * time.Millisecond
	hashSlots        = 2
	hashQueue        = 8
	stateCacheSize   = 16 << 10 // sessions, and people and devices, each some 300 bytes
	tokenCacheSize   = 16 << 10
	redeemTries      = 10
	redeemRefill     = 30 * time.Second
	maxSessions      = 20 // of one person; the oldest ends
	maxMemberships   = 6  // of one person: two index keys each, next to four others
	maxIdempotency   = 255
	defaultListLimit = 50
	maxListLimit     = 200
)

// Console is the user id under which changes made on the server's command line
// are recorded.
const Console = "console"

// Service is the whole of identity. It is safe for concurrent use.
type Service struct {
	cfg    Config
	codec  *token.Codec
	hasher *password.Hasher
	sentry *throttle.Sentry
	codes  *throttle.Addresses // tries at enrolment and invitation codes
	keys   secrets

	tokens   *tokenCache
	sessions *stateCache[sessionState]
	subjects *stateCache[subjectState]
}

// New returns a service, or all faults of the configuration at once.
func New(cfg Config) (*Service, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Service{
		cfg:      cfg,
		tokens:   newTokenCache(tokenCacheSize),
		sessions: newStateCache[sessionState](stateCacheSize, stateTTL),
		subjects: newStateCache[subjectState](stateCacheSize, stateTTL),
	}
	s.sentry = throttle.NewSentry(s.now)
	s.codes = throttle.NewAddresses(redeemTries, redeemRefill, s.now)
	var errs [3]error
	s.codec, errs[0] = token.NewCodec(cfg.Keys, cfg.Issuer, cfg.Audience, s.now)
	s.hasher, errs[1] = password.NewHasher(password.Options{
		Pepper: cfg.Pepper, Params: cfg.Argon2, OnHash: cfg.OnHash,
		Slots: hashSlots, Queue: hashQueue, Wait: hashWait,
	})
	s.keys, errs[2] = deriveSecrets(cfg.TokenSecret)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("setting identity up: %w", err)
	}
	return s, nil
}

// now is the clock at the precision that is stored.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// secrets are the keys derived from Config.TokenSecret, one per purpose.
type secrets struct{ successor, tag, code, request []byte }

func deriveSecrets(secret []byte) (secrets, error) {
	var (
		s   secrets
		err error
	)
	for purpose, key := range map[string]*[]byte{
		"refresh successor": &s.successor,
		"refresh tag":       &s.tag,
		"one-time code":     &s.code,
		"request digest":    &s.request,
	} {
		if *key, err = hkdf.Expand(sha256.New, secret, purpose, sha256.Size); err != nil {
			return secrets{}, fmt.Errorf("deriving the key for the %s: %w", purpose, err)
		}
	}
	return s, nil
}

func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making an id: %w", err)
	}
	return id.String(), nil
}

// change makes a change to people or devices: plan is rehearsed on a snapshot,
// which finds what forbids it and completes entry; entry is recorded; then plan
// is run. plan may run several times and must have no effects but on its Tx and
// on variables that its last run overwrites.
//
// What the record states is therefore that the change was authorised and about
// to be made. If the store fails afterwards, or somebody else was faster, the
// record stands without a change; a change never stands without a record.
func (s *Service) change(ctx context.Context, caller access.Caller, entry *AccessEntry, plan func(store.Tx) error) error {
	err := s.cfg.Store.View(ctx, Partition, func(r store.Reader) error { return plan(rehearsal{r}) })
	if err != nil {
		return err
	}
	if entry.ID == "" {
		if entry.ID, err = newID(); err != nil {
			return err
		}
	}
	if err := s.cfg.Auditor.RecordAccess(ctx, caller, *entry); err != nil {
		return fmt.Errorf("recording %s of %s: %w", entry.Type, entry.Subject, err)
	}
	return s.cfg.Store.Update(ctx, Partition, plan)
}

// rehearsal lets a plan run on a snapshot: what it writes is dropped.
type rehearsal struct{ store.Reader }

func (rehearsal) Append(store.Entry) (store.Seq, error) { return 0, nil }
func (rehearsal) Put(store.Document) error              { return nil }
func (rehearsal) Delete(store.Kind, string) error       { return nil }
