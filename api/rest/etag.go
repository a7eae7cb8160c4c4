package rest

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// entityTag is the strong tag of a version: the ledger's number of the entry
// that last wrote the resource.
func entityTag(version int64) string {
	return `"v` + strconv.FormatInt(version, 10) + `"`
}

// parseEntityTag is the inverse of entityTag; a tag of another form is no
// version of ours.
func parseEntityTag(tag string) (version int64, ok bool) {
	digits, cut := strings.CutPrefix(tag, `"v`)
	digits, closed := strings.CutSuffix(digits, `"`)
	version, err := strconv.ParseInt(digits, 10, 64)
	return version, cut && closed && err == nil && version >= 0 && entityTag(version) == tag
}

// ifMatch is the version that the caller read, which a change must still find.
// Missing is 428; a tag that no version of ours can have is 412, as a version
// that is gone would be. Lists and "*" are refused: a change is made to what
// was read, not to whatever is there.
func ifMatch(c *fiber.Ctx) (int64, error) {
	header := strings.TrimSpace(c.Get(fiber.HeaderIfMatch))
	if header == "" {
		return 0, problem.New(problem.PreconditionDue, "if-match-missing", "Send If-Match with the ETag that you read.")
	}
	if header == "*" || strings.Contains(header, ",") {
		return 0, problem.New(problem.Invalid, "if-match-invalid", "Send one entity tag in If-Match: the ETag that you read.")
	}
	version, ok := parseEntityTag(header)
	// Versions start at 1; to the services, 0 is "any" or "none yet".
	if !ok || version < 1 {
		return 0, changedMeanwhile()
	}
	return version, nil
}

// mustMatch checks If-Match against the current version, for resources whose
// service does not compare versions itself.
func mustMatch(c *fiber.Ctx, current int64) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	if version != current {
		return changedMeanwhile()
	}
	return nil
}

func changedMeanwhile() error {
	return problem.New(problem.Precondition, "changed-meanwhile", "This was changed since you read it; read it again.")
}

// respondTagged answers with a resource and its version, or with 304 where the
// caller has that version.
func respondTagged(c *fiber.Ctx, status int, version int64, v any) error {
	return respondWithTag(c, status, entityTag(version), func() error { return respond(c, status, v) })
}

// respondWithTag sets the tag and answers 304 to a read that names it, or by
// send.
func respondWithTag(c *fiber.Ctx, status int, tag string, send func() error) error {
	c.Set(fiber.HeaderETag, tag)
	read := c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead
	if read && status == fiber.StatusOK && noneMatch(c.Get(fiber.HeaderIfNoneMatch), tag) {
		return c.Status(fiber.StatusNotModified).Send(nil)
	}
	return send()
}

// noneMatch reports whether If-None-Match names the tag. The comparison is the
// weak one (RFC 9110, 13.1.2).
func noneMatch(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}
