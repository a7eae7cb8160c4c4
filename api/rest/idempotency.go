package rest

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// idempotencyKey is the caller's key for a request that it may send again, or
// "" if it gave none. The key is kept with what the request writes, in the
// same transaction and under the caller's name: a key alone replays nothing.
func idempotencyKey(c *fiber.Ctx) (string, error) {
	const header, maxLength = "Idempotency-Key", 255
	values := c.Request().Header.PeekAll(header)
	if len(values) == 0 {
		return "", nil
	}
	key := string(values[0])
	if len(values) > 1 || len(key) < 1 || len(key) > maxLength || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", problem.New(problem.Invalid, "idempotency-key-invalid",
			"Send one Idempotency-Key of 1 to %d printable ASCII characters.", maxLength)
	}
	return key, nil
}
