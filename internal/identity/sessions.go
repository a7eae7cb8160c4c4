package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Tokens is what a sign-in gives.
type Tokens struct {
	AccessToken      string        // a JWT; proves who sends a request
	TokenType        string        // "Bearer"
	ExpiresIn        time.Duration // of the access token
	RefreshToken     string        // opaque; to be used once, with Refresh
	RefreshExpiresAt time.Time     // if it is not used before
	Caller           access.Caller
}

// newSession returns a sign-in with its first refresh token. doc says whose it
// is.
func (s *Service) newSession(doc sessionDoc) (id string, _ sessionDoc, _ refreshToken, err error) {
	var t refreshToken
	if t.session, err = uuid.NewV7(); err != nil {
		return "", doc, t, fmt.Errorf("making an id: %w", err)
	}
	rand.Read(t.secret[:]) // never fails: crypto/rand ends the program instead
	doc.CreatedAt = s.now().UnixMilli()
	doc.RotatedAt = doc.CreatedAt
	doc.Current = t.hash()
	return t.session.String(), doc, t, nil
}

// issue makes the answer to a sign-in or a refresh.
func (s *Service) issue(id string, doc sessionDoc, m access.Membership, t refreshToken) (Tokens, error) {
	expires := doc.expires()
	raw, accessExpires, err := s.codec.Sign(doc.owner(), id, m.Lab, expires)
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{
		AccessToken:      raw,
		TokenType:        "Bearer",
		ExpiresIn:        accessExpires.Sub(s.now()),
		RefreshToken:     s.keys.formatRefresh(t),
		RefreshExpiresAt: expires,
		Caller:           access.Caller{Membership: m, User: doc.User, Device: doc.Device, Session: id},
	}, nil
}

// Refresh gives a new pair of tokens for a refresh token, which is then used.
// A used one leads to the same successor again for RefreshGrace, as long as the
// successor has not been used itself; after that it shows that two parties hold
// the family, and the sign-in is ended for both. Whatever is wrong is the one
// problem "refresh-invalid".
func (s *Service) Refresh(ctx context.Context, raw string) (Tokens, error) {
	t, err := s.keys.parseRefresh(raw)
	if err != nil {
		return Tokens{}, errRefreshInvalid().Because(err)
	}
	id := t.session.String()
	audit, err := newID()
	if err != nil {
		return Tokens{}, err
	}
	var (
		doc    sessionDoc
		m      access.Membership
		reused bool
	)
	err = s.cfg.Store.Update(ctx, Partition, func(tx store.Tx) error {
		var err error
		if doc, err = load[sessionDoc](tx, sessionKind, id); err != nil {
			return notFound(err, errRefreshInvalid())
		}
		if doc.Revoked || !s.now().Before(doc.expires()) {
			return errRefreshInvalid()
		}
		if reused = s.isReuse(doc, t); reused {
			doc.Revoked, doc.AuditDue = true, audit
			return save(tx, id, doc)
		}
		doc, m, err = s.rotate(tx, id, doc, t)
		return err
	})
	if err != nil {
		return Tokens{}, err
	}
	if reused {
		s.forget(doc.owner(), id)
		s.reportReuse(ctx, id, doc)
		return Tokens{}, errRefreshInvalid().Because(errors.New("refresh token was used before"))
	}
	return s.issue(id, doc, m, s.keys.next(t))
}

// isReuse reports whether a token issued here was used before, longer ago than
// a lost reply explains.
func (s *Service) isReuse(doc sessionDoc, t refreshToken) bool {
	return t.generation < doc.Generation && !s.inGrace(doc, t)
}

func (s *Service) inGrace(doc sessionDoc, t refreshToken) bool {
	return t.generation+1 == doc.Generation && same(t.hash(), doc.Previous) &&
		s.now().UnixMilli()-doc.RotatedAt <= RefreshGrace.Milliseconds()
}

// rotate uses a token up, unless that was done within the grace, and returns
// the sign-in with what it may do now.
func (s *Service) rotate(tx store.Tx, id string, doc sessionDoc, t refreshToken) (sessionDoc, access.Membership, error) {
	subject, err := readSubject(tx, doc.User, doc.Device)
	if err != nil {
		return doc, access.Membership{}, err
	}
	m, ok := subject.act(doc.Membership, doc.Epoch)
	if !ok {
		return doc, m, errRefreshInvalid()
	}
	if s.inGrace(doc, t) {
		return doc, m, nil
	}
	if t.generation != doc.Generation || !same(t.hash(), doc.Current) {
		return doc, m, errRefreshInvalid() // from a store that was since restored from a backup
	}
	next := s.keys.next(t)
	doc.Previous, doc.Current = doc.Current, next.hash()
	doc.Generation, doc.RotatedAt = next.generation, s.now().UnixMilli()
	return doc, m, save(tx, id, doc)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// reportReuse records that a family was revoked. That is the one change that
// comes before its record: leaving a stolen sign-in open because the trail
// cannot be written would protect the thief. The sign-in remembers the record
// that is due, under its id, and Sweep tries again.
func (s *Service) reportReuse(ctx context.Context, id string, doc sessionDoc) {
	s.cfg.Log.WarnContext(ctx, "a used refresh token came again: sign-in ended", "session", id, "subject", doc.owner())
	if err := s.settleAudit(ctx, id, doc); err != nil {
		s.cfg.Log.ErrorContext(ctx, "recording an ended sign-in failed, will be tried again", "session", id, "error", err)
	}
}

func (s *Service) settleAudit(ctx context.Context, id string, doc sessionDoc) error {
	caller := access.Caller{Membership: doc.Membership, User: doc.User, Device: doc.Device, Session: id}
	err := s.cfg.Auditor.RecordAccess(ctx, caller, AccessEntry{
		ID: doc.AuditDue, Type: FamilyRevoked, Subject: doc.owner(), Memberships: []access.Membership{doc.Membership},
	})
	if err != nil {
		return err
	}
	return s.cfg.Store.Update(ctx, Partition, func(tx store.Tx) error {
		doc, err := load[sessionDoc](tx, sessionKind, id)
		if err != nil {
			return notFound(err, nil)
		}
		doc.AuditDue = ""
		return save(tx, id, doc)
	})
}

// Logout ends the caller's sign-in. Ending it again is no error.
func (s *Service) Logout(ctx context.Context, caller access.Caller) error {
	defer s.sessions.drop(caller.Session)
	return s.cfg.Store.Update(ctx, Partition, func(tx store.Tx) error {
		doc, err := load[sessionDoc](tx, sessionKind, caller.Session)
		if errors.Is(err, store.ErrNotFound) || doc.Revoked {
			return nil
		}
		if err != nil {
			return err
		}
		doc.Revoked = true
		return save(tx, caller.Session, doc)
	})
}

// makeRoom deletes the sign-in of a person that was used least recently if
// there are maxSessions, and returns its id.
func makeRoom(tx store.Tx, owner string) (string, error) {
	hits, err := tx.Find(exactly(sessionKind, sessionByOwner, owner, maxSessions))
	if err != nil || len(hits) < maxSessions {
		return "", err
	}
	var (
		oldest string
		since  int64
	)
	for _, hit := range hits {
		var doc sessionDoc
		if err := decode(hit.Document, &doc); err != nil {
			return "", err
		}
		if doc.AuditDue == "" && (oldest == "" || doc.RotatedAt < since) {
			oldest, since = hit.Document.ID, doc.RotatedAt
		}
	}
	if oldest == "" {
		return "", nil
	}
	return oldest, tx.Delete(sessionKind, oldest)
}
