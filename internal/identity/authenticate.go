package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity/token"
	"github.com/ricircolo/ricircolo/internal/store"
)

// sessionState is what a request needs to know about its sign-in. The zero
// value is one that has ended or never was.
type sessionState struct {
	user, device string
	membership   access.Membership
	epoch        int
	expires      time.Time
}

// subjectState is what a request needs to know about a person or device. The
// zero value is one that may do nothing.
type subjectState struct {
	memberships []access.Membership // shared: nobody may change it
	epoch       int
}

// Authenticate returns who sends a request with this access token. Everything
// that is wrong with the token, the sign-in, the person or the device is the
// one problem "token-invalid"; other errors are the store's.
//
// What the caller may do is read from the store, not from the token: a revoked
// sign-in or device, a disabled person and a changed membership are effective
// at once in the process that made the change, and within stateTTL plus the
// time of one read in others. raw is not kept.
func (s *Service) Authenticate(ctx context.Context, raw string) (access.Caller, error) {
	v, err := s.verify(raw)
	if err != nil {
		return access.Caller{}, errTokenInvalid().Because(err)
	}
	session, err := s.sessionState(ctx, v.session)
	if err != nil {
		return access.Caller{}, err
	}
	id := session.user + session.device // one of them is empty
	if id == "" || id != v.subject || !s.now().Before(session.expires) {
		return access.Caller{}, errTokenInvalid().Because(errors.New("sign-in has ended"))
	}
	subject, err := s.subjectState(ctx, session)
	if err != nil {
		return access.Caller{}, err
	}
	m, ok := subject.act(session.membership, session.epoch)
	if !ok || m.Lab != v.lab {
		return access.Caller{}, errTokenInvalid().Because(errors.New("person or device may not act any more"))
	}
	return access.Caller{Membership: m, User: session.user, Device: session.device, Session: v.session}, nil
}

// verify returns the claims of a token, which it may have verified before.
func (s *Service) verify(raw string) (verified, error) {
	if len(raw) > token.MaxBytes {
		return verified{}, token.ErrInvalid // before anything is done with it
	}
	hash := sha256.Sum256([]byte(raw))
	if v, ok := s.tokens.get(hash, s.now()); ok {
		return v, nil
	}
	claims, err := s.codec.Verify(raw)
	if err != nil {
		return verified{}, err
	}
	v := verified{subject: claims.Subject, session: claims.Session, lab: claims.Lab, expires: claims.ExpiresAt.Time}
	s.tokens.put(hash, v)
	return v, nil
}

// act chooses the membership of a sign-in among those held now: the one chosen
// when signing in or, if that is gone and there is only one, that one, so that
// somebody who moves to another ward need not sign in again.
func (st subjectState) act(chosen access.Membership, epoch int) (access.Membership, bool) {
	if epoch != st.epoch {
		return access.Membership{}, false
	}
	if slices.Contains(st.memberships, chosen) {
		return chosen, true
	}
	if len(st.memberships) == 1 {
		return st.memberships[0], true
	}
	return access.Membership{}, false
}

func (s *Service) sessionState(ctx context.Context, id string) (sessionState, error) {
	now := s.now()
	st, epoch, ok := s.sessions.get(id, now)
	if ok {
		return st, nil
	}
	err := s.cfg.Store.View(ctx, Partition, func(r store.Reader) error {
		st = sessionState{}
		d, err := load[sessionDoc](r, sessionKind, id)
		if errors.Is(err, store.ErrNotFound) || d.Revoked {
			return nil
		}
		st = sessionState{user: d.User, device: d.Device, membership: d.Membership, epoch: d.Epoch, expires: d.expires()}
		return err
	})
	if err != nil {
		return sessionState{}, err
	}
	s.sessions.put(id, st, now, epoch)
	return st, nil
}

func (s *Service) subjectState(ctx context.Context, session sessionState) (subjectState, error) {
	id, now := session.user+session.device, s.now()
	st, epoch, ok := s.subjects.get(id, now)
	if ok {
		return st, nil
	}
	err := s.cfg.Store.View(ctx, Partition, func(r store.Reader) error {
		var err error
		st, err = readSubject(r, session.user, session.device)
		return err
	})
	if err != nil {
		return subjectState{}, err
	}
	s.subjects.put(id, st, now, epoch)
	return st, nil
}

// readSubject reads what a person or device may do now.
func readSubject(r store.Reader, user, device string) (subjectState, error) {
	if user != "" {
		d, err := load[userDoc](r, userKind, user)
		if errors.Is(err, store.ErrNotFound) || d.Disabled || d.Erased {
			return subjectState{}, nil
		}
		return subjectState{memberships: d.Memberships, epoch: d.Epoch}, err
	}
	d, err := load[deviceDoc](r, deviceKind, device)
	if errors.Is(err, store.ErrNotFound) || d.RevokedAt != 0 {
		return subjectState{}, nil
	}
	return subjectState{memberships: []access.Membership{d.membership()}}, err
}

// forget makes a change to a person or device, or to one of their sign-ins,
// effective for the requests that this process serves. It is called whatever
// the store answered: a commit may have taken place although it failed.
func (s *Service) forget(subject string, sessions ...string) {
	s.subjects.drop(subject)
	for _, id := range sessions {
		s.sessions.drop(id)
	}
}
