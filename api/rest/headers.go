package rest

import (
	"strings"

	"github.com/gofiber/fiber/v2"
)

// contentPolicy lets a page of ours load our own style sheets, and nothing
// else from anywhere.
const contentPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

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
}
