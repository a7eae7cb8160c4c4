package rest

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// ledgerListing is the answer of every route that lists what the ledger made.
type ledgerListing[T any] struct {
	listing[T]
	// Head is the ledger's last entry when the answer was made: what a client
	// that has read all pages sends as updatedAfter next time.
	Head store.Seq `json:"head"`
}

// ledgerPage is what tracking wants to know of a page of the listing of that
// name.
func (p changes) ledgerPage(name string) (tracking.Page, error) {
	page := tracking.Page{Limit: p.Limit.size()}
	if p.UpdatedAfter != nil {
		seq := store.Seq(*p.UpdatedAfter)
		page.UpdatedAfter = &seq
	}
	at, err := decodeCursor(p.cursorName(name), p.Cursor)
	if err != nil {
		return page, err
	}
	if p.Cursor != "" {
		page.After = &store.Position{Value: at.Value, ID: at.ID}
	}
	return page, nil
}

// cursorName keeps the cursors of the two orders of a listing apart.
func (p changes) cursorName(name string) string {
	if p.UpdatedAfter != nil {
		return name + " changed"
	}
	return name
}

// respondLedgerList answers with a page of the listing of that name.
func respondLedgerList[D, V any](c *fiber.Ctx, name string, p changes, list tracking.List[D], view func(tracking.Versioned[D]) V) error {
	out := ledgerListing[V]{listing: listing[V]{Items: each(list.Items, view)}, Head: list.Head}
	if list.Next != nil {
		out.Next = encodeCursor(p.cursorName(name), position{Value: list.Next.Value, ID: list.Next.ID})
	}
	return respond(c, fiber.StatusOK, out)
}

// pathID is the id, or the code of a label, in the path of the request. One that is not well escaped
// stays as it is, and is then the id of nothing.
func pathID(c *fiber.Ctx) string {
	raw := c.Params("id", c.Params("code", c.Params("grai")))
	if id, err := url.PathUnescape(raw); err == nil {
		return id
	}
	return raw
}
