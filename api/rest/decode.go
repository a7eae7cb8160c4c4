package rest

import (
	"mime"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/strictjson"
)

// validator is implemented by request types that check their own values.
type validator interface{ Validate() error }

// decode reads the request body, which must be one JSON value that fits T to
// the letter (see strictjson), and validates it. The result shares no
// memory with the request.
func decode[T any](c *fiber.Ctx) (T, error) {
	var v T
	if err := jsonOnly(c); err != nil {
		return v, err
	}
	// Not c.Body(), which would undo a Content-Encoding and copy.
	body := c.Request().Body()
	if len(body) == 0 {
		return v, problem.New(problem.Invalid, "body-missing", "Send a JSON body.")
	}
	if err := strictjson.Unmarshal(body, &v); err != nil {
		return v, err
	}
	if checked, ok := any(&v).(validator); ok {
		if err := checked.Validate(); err != nil {
			return v, err
		}
	}
	return v, nil
}

// jsonOnly refuses bodies that are not plain JSON in UTF-8.
func jsonOnly(c *fiber.Ctx) error {
	media, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	charset, given := params["charset"]
	delete(params, "charset")
	if err != nil || media != fiber.MIMEApplicationJSON || len(params) > 0 || (given && !strings.EqualFold(charset, "utf-8")) {
		return problem.New(problem.Unsupported, "content-type-unsupported", "Send the body as Content-Type: application/json.")
	}
	if len(c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return problem.New(problem.Unsupported, "content-encoding-unsupported", "Send the body without Content-Encoding.")
	}
	return nil
}
