package rest

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
)

const (
	usersPath    = "/api/v1/users"
	usersListing = "users"
)

// userResponse is a person, with those memberships that the caller may see.
type userResponse struct {
	ID          string               `json:"id"`
	Email       string               `json:"email,omitempty"` // none once erased
	Name        string               `json:"name,omitempty"`  // none once erased
	Memberships []membershipResponse `json:"memberships"`
	Disabled    bool                 `json:"disabled"`
	Erased      bool                 `json:"erased"`
	Invited     bool                 `json:"invited"` // has no password (yet)
	Version     int                  `json:"version"`
	CreatedAt   time.Time            `json:"createdAt"`
	UpdatedAt   time.Time            `json:"updatedAt"`
}

func viewUser(u identity.User) userResponse {
	return userResponse{
		ID: u.ID, Email: u.Email, Name: u.Name, Memberships: each(u.Memberships, viewMembership),
		Disabled: u.Disabled, Erased: u.Erased, Invited: u.Invited,
		Version: u.Version, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
}

// membershipRequest is a role to give. Its lab is always the caller's.
type membershipRequest struct {
	Role     access.Role `json:"role"`
	Facility string      `json:"facility"`
	Ward     string      `json:"ward"`
	Recycler string      `json:"recycler"`
}

func (m membershipRequest) membership() access.Membership {
	return access.Membership{Role: m.Role, Facility: m.Facility, Ward: m.Ward, Recycler: m.Recycler}
}

// codeResponse is a one-time code. It is shown once.
type codeResponse struct {
	Code      string    `json:"code"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// listUsers answers GET /api/v1/users.
func (s *Server) listUsers(c *fiber.Ctx) error {
	query, err := params[struct{ page }](c)
	if err != nil {
		return err
	}
	request, err := query.identityPage(usersListing)
	if err != nil {
		return err
	}
	list, err := s.services.Identity.ListUsers(c.UserContext(), callerOf(c), request)
	if err != nil {
		return err
	}
	return respondIdentityList(c, usersListing, list, viewUser)
}

// getUser answers GET /api/v1/users/{id}.
func (s *Server) getUser(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	user, err := s.services.Identity.GetUser(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(user.Version), viewUser(user))
}

type createUserRequest struct {
	Email       string              `json:"email"`
	Name        string              `json:"name"`
	Memberships []membershipRequest `json:"memberships"`
	Password    string              `json:"password"` // empty: an invitation is made
}

type createdUserResponse struct {
	userResponse
	Invitation *codeResponse `json:"invitation,omitempty"`
}

// createUser answers POST /api/v1/users.
func (s *Server) createUser(c *fiber.Ctx) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	body, err := decode[createUserRequest](c)
	if err != nil {
		return err
	}
	created, err := s.services.Identity.CreateUser(c.UserContext(), callerOf(c), identity.CreateUserRequest{
		Email: body.Email, Name: body.Name, Memberships: each(body.Memberships, membershipRequest.membership),
		Password: body.Password, IdempotencyKey: key,
	})
	if err != nil {
		return err
	}
	out := createdUserResponse{userResponse: viewUser(created.User)}
	if code := created.Invitation; code != nil {
		out.Invitation = &codeResponse{code.Code, code.ExpiresAt}
	}
	return respondCreated(c, usersPath+"/"+out.ID, int64(out.Version), out)
}

// userPatchRequest changes what it has.
type userPatchRequest struct {
	Name        *string              `json:"name"`
	Memberships *[]membershipRequest `json:"memberships"`
	Disabled    *bool                `json:"disabled"`
}

// updateUser answers PATCH /api/v1/users/{id}.
func (s *Server) updateUser(c *fiber.Ctx) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	body, err := decode[userPatchRequest](c)
	if err != nil {
		return err
	}
	change := identity.UserPatch{Name: body.Name, Disabled: body.Disabled}
	if body.Memberships != nil {
		all := each(*body.Memberships, membershipRequest.membership)
		change.Memberships = &all
	}
	user, err := s.services.Identity.UpdateUser(c.UserContext(), callerOf(c), pathID(c), int(version), change)
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(user.Version), viewUser(user))
}

// eraseUser answers POST /api/v1/users/{id}/erase.
func (s *Server) eraseUser(c *fiber.Ctx) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	if err := s.services.Identity.EraseUser(c.UserContext(), callerOf(c), pathID(c), int(version)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// revokeSessions answers POST /api/v1/users/{id}/sessions/revoke.
func (s *Server) revokeSessions(c *fiber.Ctx) error {
	if err := s.services.Identity.RevokeSessions(c.UserContext(), callerOf(c), pathID(c)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// inviteUser answers POST /api/v1/users/{id}/invite.
func (s *Server) inviteUser(c *fiber.Ctx) error {
	code, err := s.services.Identity.InviteUser(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	return respond(c, fiber.StatusOK, codeResponse{code.Code, code.ExpiresAt})
}
