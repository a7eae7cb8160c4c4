package identity

import (
	"context"
	"errors"
	"slices"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// UserPatch changes what is not nil.
type UserPatch struct {
	Name        *string
	Memberships *[]access.Membership // the whole new list
	Disabled    *bool                // true also ends all sign-ins
}

// UpdateUser changes a person if they still have the version that the caller
// read. It answers "version-changed", "user-unknown", "user-out-of-reach",
// "user-erased", and "last-coordinator" for a change after which nobody could
// run the lab.
func (s *Service) UpdateUser(ctx context.Context, caller access.Caller, id string, version int, patch UserPatch) (User, error) {
	if err := caller.May(access.WriteUsers); err != nil {
		return User{}, err
	}
	if version < 1 {
		return User{}, problem.New(problem.PreconditionDue, "version-required", "Say which version you have read.")
	}
	patch, err := s.checkPatch(ctx, caller, patch)
	if err != nil {
		return User{}, err
	}
	entry := &AccessEntry{Subject: id}
	var after userDoc
	err = s.change(ctx, caller, entry, func(tx store.Tx) error {
		before, err := loadReached(tx, caller, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return problem.VersionChanged()
		}
		after = patch.apply(before)
		if sameUser(before, after) {
			return errRepeated
		}
		entry.Type, entry.Memberships = UserChanged, slices.Clone(after.Memberships)
		if after.Disabled && !before.Disabled {
			entry.Type = UserDisabled
			after.Epoch++ // enabling them again must not bring old sign-ins back
			if err := remove(tx, invitationKind, id); err != nil {
				return err
			}
		}
		return s.saveUser(tx, id, before, &after)
	})
	s.forget(id)
	if err != nil && !errors.Is(err, errRepeated) {
		return User{}, err
	}
	return viewUser(caller, id, after), nil
}

func (s *Service) checkPatch(ctx context.Context, caller access.Caller, patch UserPatch) (UserPatch, error) {
	if patch.Name != nil {
		name, err := checkName("/name", *patch.Name)
		if err != nil {
			return patch, err
		}
		patch.Name = &name
	}
	if patch.Memberships != nil {
		ms, err := s.checkMemberships(ctx, caller.Lab, *patch.Memberships, func(m access.Membership) bool { return reaches(caller, m) })
		if err != nil {
			return patch, err
		}
		patch.Memberships = &ms
	}
	return patch, nil
}

func (p UserPatch) apply(u userDoc) userDoc {
	if p.Name != nil {
		u.Name = *p.Name
	}
	if p.Memberships != nil {
		u.Memberships = *p.Memberships
	}
	if p.Disabled != nil {
		u.Disabled = *p.Disabled
	}
	return u
}

// sameUser reports whether a patch left everything as it was.
func sameUser(a, b userDoc) bool {
	return a.Name == b.Name && a.Disabled == b.Disabled && slices.Equal(a.Memberships, b.Memberships)
}

// saveUser writes a changed person with the next version, unless nobody could
// run the lab afterwards.
func (s *Service) saveUser(tx store.Tx, id string, before userDoc, after *userDoc) error {
	if before.activeCoordinator() && !after.activeCoordinator() {
		hits, err := tx.Find(exactly(userKind, userByCoordinator, before.Lab, 2))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(hits, func(h store.Hit) bool { return h.Document.ID != id }) {
			return problem.New(problem.Conflict, "last-coordinator", "This is the last active coordinator of the lab. Appoint another one first.")
		}
	}
	after.Version++
	after.UpdatedAt = s.now().UnixMilli()
	return save(tx, id, *after)
}

// EraseUser removes the name, the e-mail address and the password of a person
// for good and ends their sign-ins. The id stays, disabled, because entries
// point to it, and so do the memberships, which say where those entries
// belong. version is that which the caller read; 0 erases any. Erasing again is
// no error.
//
// Backups of the store keep what was in them until they are deleted.
func (s *Service) EraseUser(ctx context.Context, caller access.Caller, id string, version int) error {
	if err := caller.May(access.WriteUsers); err != nil {
		return err
	}
	entry := &AccessEntry{Type: UserErased, Subject: id}
	err := s.change(ctx, caller, entry, func(tx store.Tx) error {
		before, err := loadSeen(tx, caller, id)
		switch {
		case err != nil:
			return err
		case !reachesUser(caller, before):
			return errOutOfReach()
		case before.Erased:
			return errRepeated
		case version != 0 && before.Version != version:
			return problem.VersionChanged()
		}
		after := before
		after.Email, after.Name, after.Password = "", "", ""
		after.Disabled, after.Erased = true, true
		after.Epoch++
		entry.Memberships = slices.Clone(after.Memberships)
		if err := remove(tx, invitationKind, id); err != nil {
			return err
		}
		return s.saveUser(tx, id, before, &after)
	})
	s.forget(id)
	if errors.Is(err, errRepeated) {
		return nil
	}
	return err
}

// RevokeSessions ends all sign-ins of a person: one's own, also the current
// one, or those of somebody in reach.
func (s *Service) RevokeSessions(ctx context.Context, caller access.Caller, id string) error {
	own := id != "" && id == caller.User
	action := access.WriteUsers
	if own {
		action = access.ReadOwnAccount
	}
	if err := caller.May(action); err != nil {
		return err
	}
	entry := &AccessEntry{Type: SessionsRevoked, Subject: id}
	err := s.change(ctx, caller, entry, func(tx store.Tx) error {
		var (
			user userDoc
			err  error
		)
		if own {
			user, err = load[userDoc](tx, userKind, id)
			err = notFound(err, errUserUnknown())
		} else {
			user, err = loadReached(tx, caller, id)
		}
		if err != nil {
			return err
		}
		user.Epoch++
		entry.Memberships = slices.Clone(user.Memberships)
		return save(tx, id, user)
	})
	s.forget(id)
	return err
}
