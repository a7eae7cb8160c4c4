package rest

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// Catalogue is what the handlers ask about facilities, wards, recyclers,
// streams, printers and sheets; tracking.Service says what each method does and answers.
type Catalogue interface {
	Facilities(ctx context.Context, c access.Caller, page tracking.Page) (tracking.List[tracking.Facility], error)
	Facility(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Facility], error)
	PutFacility(ctx context.Context, c access.Caller, w tracking.Write, f tracking.Facility) (tracking.Versioned[tracking.Facility], error)

	Wards(ctx context.Context, c access.Caller, facility string, page tracking.Page) (tracking.List[tracking.Ward], error)
	Ward(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Ward], error)
	PutWard(ctx context.Context, c access.Caller, w tracking.Write, ward tracking.Ward) (tracking.Versioned[tracking.Ward], error)

	Recyclers(ctx context.Context, c access.Caller, page tracking.Page) (tracking.List[tracking.Recycler], error)
	Recycler(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Recycler], error)
	PutRecycler(ctx context.Context, c access.Caller, w tracking.Write, r tracking.Recycler) (tracking.Versioned[tracking.Recycler], error)

	Streams(ctx context.Context, c access.Caller, page tracking.Page) (tracking.List[tracking.Stream], error)
	Stream(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Stream], error)
	PutStream(ctx context.Context, c access.Caller, w tracking.Write, stream tracking.Stream) (tracking.Versioned[tracking.Stream], error)

	Printers(ctx context.Context, c access.Caller, page tracking.Page) (tracking.List[tracking.Printer], error)
	Printer(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Printer], error)
	PutPrinter(ctx context.Context, c access.Caller, w tracking.Write, p tracking.Printer) (tracking.Versioned[tracking.Printer], error)

	Sheets(ctx context.Context, c access.Caller, page tracking.Page) (tracking.List[tracking.Sheet], error)
	Sheet(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Sheet], error)
	PutSheet(ctx context.Context, c access.Caller, w tracking.Write, sheet tracking.Sheet) (tracking.Versioned[tracking.Sheet], error)
}

// The methods of Catalogue are of these forms for each kind of document.
type (
	catalogueLister[D any] func(context.Context, access.Caller, tracking.Page) (tracking.List[D], error)
	catalogueWriter[D any] func(context.Context, access.Caller, tracking.Write, D) (tracking.Versioned[D], error)
)

// catalogueRequest is a body that describes a whole document of the catalogue,
// apart from its id.
type catalogueRequest[D any] interface{ document(id string) D }

// catalogueResponse is a document of the catalogue as answers show it.
type catalogueResponse interface{ id() string }

// listCatalogue answers GET of a listing.
func listCatalogue[D, V any](c *fiber.Ctx, name string, read catalogueLister[D], view func(tracking.Versioned[D]) V) error {
	query, err := params[struct{ changes }](c)
	if err != nil {
		return err
	}
	page, err := query.ledgerPage(name)
	if err != nil {
		return err
	}
	list, err := read(c.UserContext(), callerOf(c), page)
	if err != nil {
		return err
	}
	return respondLedgerList(c, name, query.changes, list, view)
}

// createCatalogue answers POST of a new document.
func createCatalogue[Q catalogueRequest[D], D any, V catalogueResponse](c *fiber.Ctx, path string, put catalogueWriter[D], view func(tracking.Versioned[D]) V) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	body, err := decode[Q](c)
	if err != nil {
		return err
	}
	doc, err := put(c.UserContext(), callerOf(c), tracking.Write{Key: key}, body.document(""))
	if err != nil {
		return err
	}
	out := view(doc)
	return respondCreated(c, path+"/"+out.id(), int64(doc.Seq), out)
}

// replaceCatalogue answers PUT of a whole document in the place of the version
// that the caller read.
func replaceCatalogue[Q catalogueRequest[D], D, V any](c *fiber.Ctx, put catalogueWriter[D], view func(tracking.Versioned[D]) V) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	body, err := decode[Q](c)
	if err != nil {
		return err
	}
	doc, err := put(c.UserContext(), callerOf(c), tracking.Write{IfVersion: store.Seq(version)}, body.document(pathID(c)))
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(doc.Seq), view(doc))
}
