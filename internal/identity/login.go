package identity

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity/password"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// LoginRequest is what somebody signs in with.
type LoginRequest struct {
	Email    string
	Password string
	// Membership is the place, from 0, of the membership to act under among
	// those of the person.
	Membership int
	// Client is where the request comes from, as far as the server can vouch
	// for it: attempts are counted by it.
	Client netip.Addr
}

// Login signs a person in. It answers "credentials-invalid" to whatever is
// wrong with the credentials, "sign-in-blocked" after too many failures and
// "sign-in-busy" when too many sign in at once (both TooMany, with RetryAfter),
// and "membership-unknown" for a membership that the person does not have.
func (s *Service) Login(ctx context.Context, req LoginRequest) (Tokens, error) {
	email := normaliseEmail(req.Email)
	var (
		id   string
		user userDoc
	)
	stale, err := s.checkPassword(ctx, email, req.Password, req.Client, func() (hash string, err error) {
		id, user, err = s.userByEmail(ctx, email)
		if err != nil || user.Disabled {
			return "", err
		}
		return user.Password, nil
	})
	if err != nil {
		return Tokens{}, err
	}
	if req.Membership < 0 || req.Membership >= len(user.Memberships) {
		return Tokens{}, problem.New(problem.Invalid, "membership-unknown", "You do not have that many memberships.").
			With("/membership", "out-of-range", "Count from 0.")
	}
	fresh := ""
	if stale {
		// A failure only postpones the better hash to the next sign-in.
		if fresh, err = s.hasher.Hash(ctx, req.Password); err != nil && ctx.Err() != nil {
			return Tokens{}, err
		}
	}
	return s.signIn(ctx, id, user, user.Memberships[req.Membership], fresh)
}

// checkPassword compares a password with the hash of an account, as often as
// the account and the client may try. It asks for the hash once they may; an
// empty one stands for no account and takes as long. stale says that the hash
// should be replaced.
func (s *Service) checkPassword(ctx context.Context, account, pass string, client netip.Addr, hash func() (string, error)) (stale bool, err error) {
	if len(account) > maxEmailBytes || password.TooLong(pass) {
		return false, errCredentials() // depends on the request only, so it tells nothing
	}
	attempt, wait := s.sentry.Begin(account, client)
	if wait > 0 {
		return false, errBlocked(wait)
	}
	stored, err := hash()
	if err != nil {
		attempt.Cancel()
		return false, err
	}
	ok, stale, err := s.hasher.Verify(ctx, stored, pass)
	switch {
	case errors.Is(err, password.ErrBusy):
		attempt.Cancel()
		return false, errBusy(err)
	case err != nil:
		attempt.Cancel()
		return false, err
	case !ok:
		attempt.Fail()
		return false, errCredentials()
	}
	attempt.Succeed()
	return stale, nil
}

// userByEmail returns the person with a normalised address, or nobody (an empty
// id) without an error: the caller must not take a shorter way for them.
func (s *Service) userByEmail(ctx context.Context, email string) (id string, user userDoc, err error) {
	if email == "" || strings.ContainsRune(email, 0) {
		return "", userDoc{}, nil
	}
	err = s.cfg.Store.View(ctx, Partition, func(r store.Reader) error {
		id, user, err = find[userDoc](r, userKind, userByEmail, email)
		return notFound(err, nil)
	})
	return id, user, err
}

// signIn opens a sign-in for a person whose password has been checked against
// user, and puts fresh, if any, in the place of the hash.
func (s *Service) signIn(ctx context.Context, id string, user userDoc, m access.Membership, fresh string) (Tokens, error) {
	session, doc, refresh, err := s.newSession(sessionDoc{User: id, Membership: m, Epoch: user.Epoch})
	if err != nil {
		return Tokens{}, err
	}
	var dropped string
	err = s.cfg.Store.Update(ctx, Partition, func(tx store.Tx) error {
		now, err := load[userDoc](tx, userKind, id)
		if err != nil {
			return notFound(err, errCredentials())
		}
		if now.Epoch != user.Epoch {
			return errCredentials() // disabled, or given another password, while this one was being hashed
		}
		if fresh != "" {
			now.Password = fresh
			if err := save(tx, id, now); err != nil {
				return err
			}
		}
		if dropped, err = makeRoom(tx, id); err != nil {
			return err
		}
		return save(tx, session, doc)
	})
	if dropped != "" {
		s.sessions.drop(dropped)
	}
	if err != nil {
		return Tokens{}, err
	}
	return s.issue(session, doc, m, refresh)
}

// maxEmailBytes is the longest address that can be delivered to (RFC 5321).
const maxEmailBytes = 254

// normaliseEmail gives all ways to write an address the same form. It does not
// check it.
func normaliseEmail(email string) string {
	if len(email) > 2*maxEmailBytes {
		return email // will be refused for its length
	}
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(email)))
}
