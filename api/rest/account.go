package rest

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
)

// meResponse is what callers may know of themselves.
type meResponse struct {
	Caller callerResponse `json:"caller"`
	// Actions are what the caller's role may do at all; the app shows no
	// button for anything else.
	Actions []access.Action `json:"actions"`
	User    *userResponse   `json:"user,omitempty"`
	Device  *deviceResponse `json:"device,omitempty"`
}

// me answers GET /api/v1/me.
func (s *Server) me(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	profile, err := s.services.Identity.Me(c.UserContext(), callerOf(c))
	if err != nil {
		return err
	}
	out := meResponse{Caller: viewCaller(profile.Caller), Actions: actionsOf(profile.Caller.Role)}
	if profile.User != nil {
		user := viewUser(*profile.User)
		out.User = &user
	}
	if profile.Device != nil {
		device := viewDevice(*profile.Device)
		out.Device = &device
	}
	return respond(c, fiber.StatusOK, out)
}

// actionsOf lists what the policy gives to a role.
func actionsOf(role access.Role) []access.Action {
	var actions []access.Action
	for action := range access.Policy {
		if access.Allowed(action, role) {
			actions = append(actions, action)
		}
	}
	slices.Sort(actions)
	return actions
}

type changePasswordRequest struct {
	Current string `json:"current"`
	New     string `json:"new"`
}

// changePassword answers POST /api/v1/me/password.
func (s *Server) changePassword(c *fiber.Ctx) error {
	body, err := decode[changePasswordRequest](c)
	if err != nil {
		return err
	}
	err = s.services.Identity.ChangeOwnPassword(c.UserContext(), callerOf(c), identity.ChangePasswordRequest{
		Current: body.Current, New: body.New, Client: stateOf(c).client,
	})
	if err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
