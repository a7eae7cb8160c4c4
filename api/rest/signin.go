package rest

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/identity"
)

// tokensResponse is what a sign-in gives. Like every answer it is not to be
// cached; see setSecurityHeaders.
type tokensResponse struct {
	AccessToken      string         `json:"accessToken"`
	TokenType        string         `json:"tokenType"`
	ExpiresIn        int64          `json:"expiresIn"` // seconds
	RefreshToken     string         `json:"refreshToken"`
	RefreshExpiresAt time.Time      `json:"refreshExpiresAt"`
	Caller           callerResponse `json:"caller"`
}

// respondTokens answers what every way to sign in answers.
func (s *Server) respondTokens(c *fiber.Ctx, t identity.Tokens, err error) error {
	if err != nil {
		return err
	}
	s.rememberSignIn(c, t.RefreshExpiresAt)
	return respond(c, fiber.StatusOK, tokensResponse{
		AccessToken: t.AccessToken, TokenType: t.TokenType, ExpiresIn: int64(t.ExpiresIn / time.Second),
		RefreshToken: t.RefreshToken, RefreshExpiresAt: t.RefreshExpiresAt, Caller: viewCaller(t.Caller),
	})
}

type loginRequest struct {
	Email      string `json:"email"`
	Password   string `json:"password"`
	Membership int    `json:"membership"`
}

// login answers POST /api/v1/auth/login.
func (s *Server) login(c *fiber.Ctx) error {
	body, err := decode[loginRequest](c)
	if err != nil {
		return err
	}
	tokens, err := s.services.Identity.Login(c.UserContext(), identity.LoginRequest{
		Email: body.Email, Password: body.Password, Membership: body.Membership, Client: stateOf(c).client,
	})
	return s.respondTokens(c, tokens, err)
}

type refreshRequest struct {
	RefreshToken string `json:"refreshToken"`
}

// refresh answers POST /api/v1/auth/refresh.
func (s *Server) refresh(c *fiber.Ctx) error {
	body, err := decode[refreshRequest](c)
	if err != nil {
		return err
	}
	tokens, err := s.services.Identity.Refresh(c.UserContext(), body.RefreshToken)
	return s.respondTokens(c, tokens, err)
}

// logout answers POST /api/v1/auth/logout.
func (s *Server) logout(c *fiber.Ctx) error {
	if err := s.services.Identity.Logout(c.UserContext(), callerOf(c)); err != nil {
		return err
	}
	s.rememberSignIn(c, time.Time{})
	return c.SendStatus(fiber.StatusNoContent)
}

type acceptInvitationRequest struct {
	Code     string `json:"code"`
	Password string `json:"password"`
}

// acceptInvitation answers POST /api/v1/auth/invitations/accept.
func (s *Server) acceptInvitation(c *fiber.Ctx) error {
	body, err := decode[acceptInvitationRequest](c)
	if err != nil {
		return err
	}
	tokens, err := s.services.Identity.AcceptInvitation(c.UserContext(), identity.AcceptRequest{
		Code: body.Code, Password: body.Password, Client: stateOf(c).client,
	})
	return s.respondTokens(c, tokens, err)
}

type redeemRequest struct {
	Code string `json:"code"`
}

// redeemEnrolment answers POST /api/v1/auth/devices/redeem.
func (s *Server) redeemEnrolment(c *fiber.Ctx) error {
	body, err := decode[redeemRequest](c)
	if err != nil {
		return err
	}
	tokens, err := s.services.Identity.Redeem(c.UserContext(), body.Code, stateOf(c).client)
	return s.respondTokens(c, tokens, err)
}

// jwks answers GET /api/v1/auth/jwks.json and GET /.well-known/jwks.json.
func (s *Server) jwks(c *fiber.Ctx) error {
	return newResource(fiber.MIMEApplicationJSON, s.services.Identity.JWKS()).send(c)
}
