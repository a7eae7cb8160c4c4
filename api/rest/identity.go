package rest

import (
	"context"
	"net/netip"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
)

// Identity is what the handlers ask about people, shared phones and sign-ins;
// identity.Service says what each method does and answers.
type Identity interface {
	Login(ctx context.Context, req identity.LoginRequest) (identity.Tokens, error)
	Refresh(ctx context.Context, refreshToken string) (identity.Tokens, error)
	Logout(ctx context.Context, caller access.Caller) error
	AcceptInvitation(ctx context.Context, req identity.AcceptRequest) (identity.Tokens, error)
	Redeem(ctx context.Context, code string, client netip.Addr) (identity.Tokens, error)
	JWKS() []byte

	Me(ctx context.Context, caller access.Caller) (identity.Profile, error)
	ChangeOwnPassword(ctx context.Context, caller access.Caller, req identity.ChangePasswordRequest) error

	ListUsers(ctx context.Context, caller access.Caller, req identity.ListRequest) (identity.Page[identity.User], error)
	GetUser(ctx context.Context, caller access.Caller, id string) (identity.User, error)
	CreateUser(ctx context.Context, caller access.Caller, req identity.CreateUserRequest) (identity.CreatedUser, error)
	UpdateUser(ctx context.Context, caller access.Caller, id string, version int, patch identity.UserPatch) (identity.User, error)
	EraseUser(ctx context.Context, caller access.Caller, id string, version int) error
	RevokeSessions(ctx context.Context, caller access.Caller, id string) error
	InviteUser(ctx context.Context, caller access.Caller, id string) (identity.Code, error)

	ListDevices(ctx context.Context, caller access.Caller, req identity.ListRequest) (identity.Page[identity.Device], error)
	GetDevice(ctx context.Context, caller access.Caller, id string) (identity.Device, error)
	CreateEnrolment(ctx context.Context, caller access.Caller, req identity.EnrolmentRequest) (identity.Enrolment, error)
	RevokeDevice(ctx context.Context, caller access.Caller, id string) (identity.Device, error)
}

// membershipResponse is a role and where it holds.
type membershipResponse struct {
	Lab      string      `json:"lab"`
	Role     access.Role `json:"role"`
	Facility string      `json:"facility,omitempty"`
	Ward     string      `json:"ward,omitempty"`
	Recycler string      `json:"recycler,omitempty"`
}

func viewMembership(m access.Membership) membershipResponse {
	return membershipResponse{Lab: m.Lab, Role: m.Role, Facility: m.Facility, Ward: m.Ward, Recycler: m.Recycler}
}

// callerResponse is whom a token stands for.
type callerResponse struct {
	membershipResponse
	User    string `json:"user,omitempty"`
	Device  string `json:"device,omitempty"`
	Session string `json:"session"`
}

func viewCaller(c access.Caller) callerResponse {
	return callerResponse{viewMembership(c.Membership), c.User, c.Device, c.Session}
}

// identityPage is what identity wants to know of a page of the listing of that
// name.
func (p page) identityPage(name string) (identity.ListRequest, error) {
	at, err := decodeCursor(name, p.Cursor)
	return identity.ListRequest{After: at.ID, Limit: p.Limit.size()}, err
}

// respondIdentityList answers with a page of the listing of that name.
func respondIdentityList[T, V any](c *fiber.Ctx, name string, list identity.Page[T], view func(T) V) error {
	out := listing[V]{Items: each(list.Items, view)}
	if list.Next != "" {
		out.Next = encodeCursor(name, position{ID: list.Next})
	}
	return respond(c, fiber.StatusOK, out)
}

// respondCreated answers with a new resource, where it is, and its version.
func respondCreated(c *fiber.Ctx, path string, version int64, v any) error {
	c.Set(fiber.HeaderLocation, path)
	return respondTagged(c, fiber.StatusCreated, version, v)
}
