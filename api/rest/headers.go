package rest

import (
	"strings"

	"github.com/gofiber/fiber/v2"
)

// contentPolicy lets a page of ours load our own style sheets, and nothing
// else from anywhere.
const contentPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// formPolicy lets a page also send its form to us.
var formPolicy = strings.Replace(contentPolicy, "form-action 'none'", "form-action 'self'", 1)

// setSecurityHeaders sets what every answer carries. A handler whose pages
// need more sets its own after this. There is no Access-Control header on
// purpose: browsers let no foreign page read an answer.
func (s *Server) setSecurityHeaders(c *fiber.Ctx) {
	h := &c.Response().Header
	h.Set(fiber.HeaderContentSecurityPolicy, contentPolicy)
	h.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	h.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	h.Set(fiber.HeaderPermissionsPolicy, "camera=(), geolocation=(), microphone=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set(fiber.HeaderCacheControl, "no-store")
	if strings.HasPrefix(s.cfg.BaseURL, "https:") {
		h.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
	if forFinders(c) {
		h.Set(fiber.HeaderContentSecurityPolicy, formPolicy)
		// With no-referrer a browser would hide from us, too, that a form comes
		// from our page; see sameSite.
		h.Set(fiber.HeaderReferrerPolicy, "same-origin")
		h.Set(fiber.HeaderVary, "Accept, Accept-Language, Cookie")
	}
}
