package rest

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/gofiber/fiber/v2"
)

// resource is content that does not change while the program runs.
type resource struct {
	contentType string
	body        []byte
	tag         string
}

func newResource(contentType string, body []byte) resource {
	sum := sha256.Sum256(body)
	return resource{contentType, body, `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// send answers with the content, which a cache may keep as long as it asks
// whether it is still current.
func (r resource) send(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return respondWithTag(c, fiber.StatusOK, r.tag, func() error {
		c.Set(fiber.HeaderContentType, r.contentType)
		return c.Send(r.body)
	})
}
