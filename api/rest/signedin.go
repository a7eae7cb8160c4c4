package rest

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// signedInCookie is the name of a cookie that says only that somebody signed in
// with this browser, so that the label of a bin opens in the app. It says not
// who, proves nothing, and nothing but that is decided by it: tokens are taken
// from no cookie. With __Host- no other host of the domain can set it.
func (s *Server) signedInCookie() (name string, secure bool) {
	if strings.HasPrefix(s.cfg.BaseURL, "https:") {
		return "__Host-ricircolo-signed-in", true
	}
	return "ricircolo-signed-in", false
}

// rememberSignIn sets the cookie until the sign-in ends, or takes it away if
// that is over. Without an app there is nothing to lead to, and no cookie.
func (s *Server) rememberSignIn(c *fiber.Ctx, until time.Time) {
	if s.cfg.AppURL == "" {
		return
	}
	name, secure := s.signedInCookie()
	cookie := &fiber.Cookie{Name: name, Value: "1", Path: "/", HTTPOnly: true, Secure: secure, SameSite: fiber.CookieSameSiteLaxMode}
	if left := until.Sub(s.cfg.Now()); left > 0 {
		cookie.MaxAge = int(left.Seconds())
	} else {
		cookie.Value, cookie.Expires = "", time.Unix(0, 0)
	}
	c.Cookie(cookie)
}

// leadsOn reports whether a browser is led from a label's page into the app.
func (s *Server) leadsOn(c *fiber.Ctx) bool {
	name, _ := s.signedInCookie()
	return s.cfg.AppURL != "" && c.Cookies(name) != "" && !wantsJSON(c)
}
