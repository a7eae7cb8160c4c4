package identity

import (
	"context"
	"net/netip"
	"slices"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// ChangePasswordRequest replaces one's own password.
type ChangePasswordRequest struct {
	Current string
	New     string
	Client  netip.Addr // as in LoginRequest: a stolen phone must not become a place to guess from
}

// ChangeOwnPassword replaces the caller's password and ends all their other
// sign-ins. It answers as Login does to a wrong current password, and
// "password-refused" to a new one that is not good enough.
func (s *Service) ChangeOwnPassword(ctx context.Context, caller access.Caller, req ChangePasswordRequest) error {
	if err := caller.May(access.ReadOwnAccount); err != nil {
		return err
	}
	if caller.User == "" {
		return problem.New(problem.Forbidden, "device-has-no-password", "A shared phone has no password. Sign in as yourself.")
	}
	user, err := s.user(ctx, caller.User)
	if err != nil {
		return err
	}
	if err := checkPolicy("/new", req.New, user.Email); err != nil {
		return err
	}
	_, err = s.checkPassword(ctx, user.Email, req.Current, req.Client, func() (string, error) { return user.Password, nil })
	if err != nil {
		return err
	}
	hash, err := s.hash(ctx, req.New)
	if err != nil {
		return err
	}
	entry := &AccessEntry{Type: UserChanged, Subject: caller.User, Memberships: slices.Clone(user.Memberships)}
	err = s.change(ctx, caller, entry, func(tx store.Tx) error {
		now, err := load[userDoc](tx, userKind, caller.User)
		if err != nil {
			return notFound(err, errUserUnknown())
		}
		if now.Epoch != user.Epoch {
			return errCredentials() // disabled, or given another password, while this one was being hashed
		}
		now.Password = hash
		now.Epoch++
		if err := keepSession(tx, caller.Session, now.Epoch); err != nil {
			return err
		}
		return save(tx, caller.User, now)
	})
	s.forget(caller.User, caller.Session)
	return err
}

// keepSession takes one sign-in over into a new epoch of its owner.
func keepSession(tx store.Tx, id string, epoch int) error {
	doc, err := load[sessionDoc](tx, sessionKind, id)
	if err != nil {
		return notFound(err, nil)
	}
	doc.Epoch = epoch
	return save(tx, id, doc)
}

func (s *Service) user(ctx context.Context, id string) (user userDoc, err error) {
	err = s.cfg.Store.View(ctx, Partition, func(r store.Reader) error {
		user, err = load[userDoc](r, userKind, id)
		return notFound(err, errUserUnknown())
	})
	return user, err
}

// InviteUser gives a person in reach a one-time code with which they choose a
// (new) password. It voids a former code; the former password works until the
// code is used.
func (s *Service) InviteUser(ctx context.Context, caller access.Caller, id string) (Code, error) {
	if err := caller.May(access.WriteUsers); err != nil {
		return Code{}, err
	}
	code, open, err := s.newCode(invitationKind, id, InvitationLife)
	if err != nil {
		return Code{}, err
	}
	entry := &AccessEntry{Type: UserChanged, Subject: id}
	err = s.change(ctx, caller, entry, func(tx store.Tx) error {
		user, err := loadReached(tx, caller, id)
		if err != nil {
			return err
		}
		if user.Disabled {
			return problem.New(problem.Conflict, "user-disabled", "This person is disabled. Enable them first.")
		}
		entry.Memberships = slices.Clone(user.Memberships)
		return save(tx, id, open)
	})
	if err != nil {
		return Code{}, err
	}
	return code, nil
}

// AcceptRequest uses an invitation.
type AcceptRequest struct {
	Code     string
	Password string
	Client   netip.Addr
}

// AcceptInvitation sets the password of the person whom the code is for, ends
// their former sign-ins and signs them in. It answers "code-invalid" to a code
// that is unknown, used or expired, and "password-refused".
func (s *Service) AcceptInvitation(ctx context.Context, req AcceptRequest) (Tokens, error) {
	var tokens Tokens
	err := s.tryCode(req.Client, func() error {
		id, user, err := s.acceptInvitation(ctx, hashCode(req.Code), req.Password)
		if err != nil {
			return err
		}
		s.sentry.Forgive(user.Email, req.Client)
		tokens, err = s.signIn(ctx, id, user, user.Memberships[0], "")
		return err
	})
	return tokens, err
}

func (s *Service) acceptInvitation(ctx context.Context, code, pass string) (string, userDoc, error) {
	var (
		id   string
		open codeDoc
		user userDoc
	)
	read := func(r store.Reader) error {
		var err error
		if id, open, err = s.openCode(r, invitationKind, code); err != nil {
			return err
		}
		user, err = load[userDoc](r, userKind, id)
		return notFound(err, errCodeInvalid())
	}
	if err := s.cfg.Store.View(ctx, Partition, read); err != nil {
		return "", userDoc{}, err
	}
	if err := checkPolicy("/password", pass, user.Email); err != nil {
		return "", userDoc{}, err
	}
	hash, err := s.hash(ctx, pass)
	if err != nil {
		return "", userDoc{}, err
	}
	caller := access.Caller{Membership: user.Memberships[0], User: id}
	entry := &AccessEntry{ID: open.AuditID, Type: UserChanged, Subject: id, Memberships: slices.Clone(user.Memberships)}
	err = s.change(ctx, caller, entry, func(tx store.Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		before := user
		user.Password = hash
		user.Epoch++
		if err := remove(tx, invitationKind, id); err != nil {
			return err
		}
		return s.saveUser(tx, id, before, &user)
	})
	s.forget(id)
	return id, user, err
}

// tryCode uses a one-time code; tries that fail because of the code count
// against the client.
func (s *Service) tryCode(client netip.Addr, use func() error) error {
	if wait := s.codes.Take(client); wait > 0 {
		return problem.New(problem.TooMany, "code-blocked", "There were too many wrong codes. Wait before the next.").After(wait)
	}
	err := use()
	if !problem.Is(err, "code-invalid") {
		s.codes.GiveBack(client)
	}
	return err
}
