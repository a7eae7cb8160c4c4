package identity

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity/password"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// CreateUserRequest is a new person.
type CreateUserRequest struct {
	// Lab is needed on the command line only; otherwise it is the caller's.
	Lab   string
	Email string // no two people of any lab share one: it is what one signs in with
	Name  string
	// Memberships are one at least, all of one lab; their Lab may be left out.
	Memberships []access.Membership
	// Password is the initial password. Empty: the person gets an invitation
	// code and chooses one.
	Password string
	// IdempotencyKey, if given, makes a repeated request harmless: it is
	// answered as the first was. The password is not part of the comparison.
	IdempotencyKey string
}

// CreatedUser is the answer to CreateUser.
type CreatedUser struct {
	User       User
	Invitation *Code // nil if a password was given
}

// CreateUser adds a person, within the reach of the caller: coordinators give
// any role in their lab, managers those of ward staff and managers in their
// facility.
func (s *Service) CreateUser(ctx context.Context, caller access.Caller, req CreateUserRequest) (CreatedUser, error) {
	if err := caller.May(access.WriteUsers); err != nil {
		return CreatedUser{}, err
	}
	req.Lab = caller.Lab
	return s.createUser(ctx, caller, req, func(m access.Membership) bool { return reaches(caller, m) })
}

// CreateFirst adds a coordinator of a lab from the server's command line, where
// there is nobody yet who could be asked.
func (s *Service) CreateFirst(ctx context.Context, lab, email, name, password string) (User, error) {
	created, err := s.CreateFromConsole(ctx, CreateUserRequest{
		Lab: lab, Email: email, Name: name, Password: password,
		Memberships: []access.Membership{{Lab: lab, Role: access.Coordinator}},
	})
	return created.User, err
}

// CreateFromConsole adds a person of any lab and with any roles. Only the
// server's command line may call it: whoever can run that needs no permission.
// It is recorded under the user id Console.
func (s *Service) CreateFromConsole(ctx context.Context, req CreateUserRequest) (CreatedUser, error) {
	if req.Lab == "" {
		return CreatedUser{}, invalid("/lab", "required", "Name the lab.")
	}
	console := access.Caller{Membership: access.Membership{Lab: req.Lab, Role: access.Coordinator}, User: Console}
	return s.createUser(ctx, console, req, func(access.Membership) bool { return true })
}

func (s *Service) createUser(ctx context.Context, caller access.Caller, req CreateUserRequest, reach func(access.Membership) bool) (CreatedUser, error) {
	req, err := s.checkNewUser(ctx, req, reach)
	if err != nil {
		return CreatedUser{}, err
	}
	c, err := s.newCreation(caller, req)
	if err != nil {
		return CreatedUser{}, err
	}
	if req.Password != "" {
		// Hashing is dear: first see whether it is needed.
		err = s.cfg.Store.View(ctx, Partition, func(r store.Reader) error { return c.plan(rehearsal{r}) })
		if err == nil {
			c.user.Password, err = s.hash(ctx, req.Password)
		}
	}
	if err == nil {
		entry := &AccessEntry{Type: UserCreated, Subject: c.id, Memberships: slices.Clone(c.user.Memberships)}
		err = s.change(ctx, caller, entry, c.plan)
	}
	if errors.Is(err, errRepeated) {
		return s.createdBefore(ctx, caller, c.once)
	}
	if err != nil {
		return CreatedUser{}, err
	}
	created := CreatedUser{User: fullUser(c.id, c.user)}
	if c.open != nil {
		created.Invitation = &c.invitation
	}
	return created, nil
}

// creation is a person about to be created.
type creation struct {
	service    *Service
	once       *once
	id         string
	user       userDoc
	invitation Code
	open       *codeDoc // nil if a password was given
}

func (s *Service) newCreation(caller access.Caller, req CreateUserRequest) (*creation, error) {
	now := s.now().UnixMilli()
	c := &creation{service: s, user: userDoc{
		Lab: req.Lab, Email: req.Email, Name: req.Name, Memberships: req.Memberships,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}}
	var err error
	if c.id, err = newID(); err != nil {
		return nil, err
	}
	c.once, err = s.newOnce(caller, req.IdempotencyKey, "create-user", req.Email, req.Name, req.Memberships, req.Password == "")
	if err != nil {
		return nil, err
	}
	c.once.Result = c.id
	if req.Password == "" {
		var open codeDoc
		if c.invitation, open, err = s.newCode(invitationKind, c.id, InvitationLife); err != nil {
			return nil, err
		}
		c.open, c.once.CodeSeed, c.once.CodeUntil = &open, open.AuditID, open.ExpiresAt
	}
	return c, nil
}

func (c *creation) plan(tx store.Tx) error {
	if err := c.service.checkOnce(tx, c.once); err != nil {
		return err
	}
	if err := emailFree(tx, c.user.Email); err != nil {
		return err
	}
	if c.open != nil {
		if err := save(tx, c.id, *c.open); err != nil {
			return err
		}
	}
	if err := save(tx, c.id, c.user); err != nil {
		return err
	}
	return saveOnce(tx, c.once)
}

// createdBefore is the answer to a request that was answered before.
func (s *Service) createdBefore(ctx context.Context, caller access.Caller, once *once) (CreatedUser, error) {
	var created CreatedUser
	err := s.cfg.Store.View(ctx, Partition, func(r store.Reader) error {
		user, err := loadSeen(r, caller, once.Result)
		created.User = viewUser(caller, once.Result, user)
		return err
	})
	if err != nil {
		return CreatedUser{}, err
	}
	if once.CodeUntil > s.now().UnixMilli() {
		code := s.code(invitationKind, once.Result, once.CodeSeed, once.CodeUntil)
		created.Invitation = &code
	}
	return created, nil
}

// checkNewUser returns the request in normal form.
func (s *Service) checkNewUser(ctx context.Context, req CreateUserRequest, reach func(access.Membership) bool) (CreateUserRequest, error) {
	var err error
	if req.Email, err = checkEmail(req.Email); err != nil {
		return req, err
	}
	if req.Name, err = checkName("/name", req.Name); err != nil {
		return req, err
	}
	if req.Password != "" {
		if err := checkPolicy("/password", req.Password, req.Email); err != nil {
			return req, err
		}
	}
	req.Memberships, err = s.checkMemberships(ctx, req.Lab, req.Memberships, reach)
	return req, err
}

// emailFree returns a problem if somebody has the address. That tells a manager
// that an account exists, somewhere; the address is what one signs in with, so
// there is no other answer.
func emailFree(r store.Reader, email string) error {
	_, _, err := find[userDoc](r, userKind, userByEmail, email)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return problem.New(problem.Conflict, "email-taken", "There is an account with this e-mail address.").
		With("/email", "taken", "Use another address, or ask your coordinator to extend the account.")
}

// hash hashes a new password.
func (s *Service) hash(ctx context.Context, pass string) (string, error) {
	hash, err := s.hasher.Hash(ctx, pass)
	if errors.Is(err, password.ErrBusy) {
		return "", errBusy(err)
	}
	return hash, err
}

func checkPolicy(pointer, pass, email string) error {
	if fault := password.Check(pass, email); fault != nil {
		return problem.New(problem.Invalid, "password-refused", "This password is not good enough.").With(pointer, fault.Code, fault.Detail)
	}
	return nil
}

func checkEmail(email string) (string, error) {
	email = normaliseEmail(email)
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxEmailBytes || strings.ContainsFunc(email, unprintable) {
		return "", invalid("/email", "malformed", "Give an e-mail address like name@example.org.")
	}
	return email, nil
}

// maxNameChars bounds the names of people and devices, in characters.
const maxNameChars = 100

func checkName(pointer, name string) (string, error) {
	if len(name) > 4*maxNameChars {
		return "", invalid(pointer, "too-long", fmt.Sprintf("Use at most %d characters.", maxNameChars))
	}
	name = norm.NFC.String(strings.TrimSpace(name))
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return "", invalid(pointer, "required", "Give a name.")
	case n > maxNameChars:
		return "", invalid(pointer, "too-long", fmt.Sprintf("Use at most %d characters.", maxNameChars))
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unprintable):
		return "", invalid(pointer, "malformed", "Leave control characters out.")
	}
	return name, nil
}

// unprintable includes the marks that turn the direction of the text around
// them, which make one name look like another.
func unprintable(r rune) bool { return unicode.In(r, unicode.C) || r == utf8.RuneError }
