package rest

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// liking is how much a client wants an offer: by its q first, then by how
// exactly it has named it.
type liking struct {
	q     float64
	exact int
}

func (l liking) over(m liking) bool { return l.q > m.q || l.q == m.q && l.exact > m.exact }

// unasked is the liking for what no part of a header covers, and unwanted for
// what it excludes.
var (
	unasked  = liking{q: -1}
	unwanted = liking{q: -2}
)

// likingOf finds the part of a header such as Accept that covers an offer most
// exactly (RFC 9110, 12.4.2 and 12.5). covers says how exactly a part does: 0
// for not at all. Parts that are broken are left out.
func likingOf(header string, covers func(part string) int) liking {
	best := unasked
	for one := range strings.SplitSeq(header, ",") {
		part, parameters, _ := strings.Cut(one, ";")
		q, ok := quality(parameters)
		exact := covers(strings.ToLower(strings.TrimSpace(part)))
		if !ok || exact <= best.exact {
			continue
		}
		if best = (liking{q, exact}); q == 0 {
			best = liking{unwanted.q, exact}
		}
	}
	return best
}

// quality reads the q among parameters; 1 if there is none.
func quality(parameters string) (q float64, ok bool) {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "q") {
			q, err := strconv.ParseFloat(value, 64)
			return q, err == nil && q >= 0 && q <= 1
		}
	}
	return 1, true
}

// language is the one of ours that the client likes best; Italian for somebody
// who likes none of them.
func language(c *fiber.Ctx) string {
	header := joined(c, fiber.HeaderAcceptLanguage)
	of := func(ours string) liking {
		return likingOf(header, func(part string) int {
			switch {
			case part == ours:
				return 3
			case strings.HasPrefix(part, ours+"-"):
				return 2
			case part == "*":
				return 1
			}
			return 0
		})
	}
	// "it-IT, it, en" names one language twice; only q tells it from another.
	if of("en").q > of("it").q {
		return "en"
	}
	return "it"
}

// wantsJSON reports whether the client would rather have JSON than a page. Who
// does not say gets what it sent, and otherwise a page: a label is for people.
func wantsJSON(c *fiber.Ctx) bool {
	header := joined(c, fiber.HeaderAccept)
	of := func(group string, types ...string) liking {
		return likingOf(header, func(part string) int {
			for _, t := range types {
				if part == t {
					return 3
				}
			}
			switch part {
			case group + "/*":
				return 2
			case "*/*":
				return 1
			}
			return 0
		})
	}
	page, data := of("text", fiber.MIMETextHTML), of("application", fiber.MIMEApplicationJSON, "application/problem+json")
	if page == data {
		return jsonOnly(c) == nil
	}
	return data.over(page)
}

// joined is a header that may be sent in several lines.
func joined(c *fiber.Ctx, name string) string {
	return string(bytes.Join(c.Request().Header.PeekAll(name), []byte(",")))
}
