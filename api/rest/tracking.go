package rest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// Tracking is the domain as the handlers see it. Every method judges the
// caller's scope itself: what lies outside is answered as what is not there.
// Its errors are problems, or faults of the store.
type Tracking interface {
	Catalogue
	Assessment
	Bioplastics
	Declared

	Record(ctx context.Context, c access.Caller, sub tracking.Submission, skew time.Duration) (tracking.Result, error)
	Sync(ctx context.Context, c access.Caller, subs []tracking.Submission, skew time.Duration) ([]tracking.Result, error)
	Entries(ctx context.Context, c access.Caller, f tracking.EntryFilter, limit int) (tracking.EntryList, error)
	Entry(ctx context.Context, c access.Caller, id string) (tracking.EntryView, error)

	Found(ctx context.Context, lab, code string) (tracking.Found, error)
	Scan(ctx context.Context, c access.Caller, code string) (tracking.ScanAnswer, error)
	Bins(ctx context.Context, c access.Caller, f tracking.BinFilter, page tracking.Page) (tracking.List[tracking.BinView], error)
	Bin(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.BinView], error)
	Fills(ctx context.Context, c access.Caller, f tracking.FillFilter, page tracking.Page) (tracking.List[tracking.FillView], error)
	Fill(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.FillView], error)
	Labels(ctx context.Context, c access.Caller, f tracking.LabelFilter, page tracking.Page) (tracking.List[tracking.Label], error)
	Label(ctx context.Context, c access.Caller, code string) (tracking.Versioned[tracking.Label], error)
	IssueLabels(ctx context.Context, c access.Caller, w tracking.Write, facility string, count int) (tracking.LabelBatch, error)
	Batches(ctx context.Context, c access.Caller, f tracking.BatchFilter, page tracking.Page) (tracking.List[tracking.Batch], error)
	Batch(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.BatchView], error)
	LabelFaces(ctx context.Context, c access.Caller, sel tracking.LabelSelection) ([]tracking.LabelFace, error)
	PrintSetup(ctx context.Context, c access.Caller, sheet, printer string) (print.Sheet, print.Printer, error)
	CalibrationSetup(ctx context.Context, c access.Caller, printer, sheet string) (print.Sheet, print.Printer, error)
	StorageClocks(ctx context.Context, c access.Caller, facility string) ([]tracking.StorageClock, error)

	Pickups(ctx context.Context, c access.Caller, f tracking.PickupFilter, page tracking.Page) (tracking.List[tracking.PickupView], error)
	Pickup(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.PickupView], error)
	RoundShares(ctx context.Context, c access.Caller, stops []tracking.RoundStop) ([]tracking.RoundShare, error)
	Receipts(ctx context.Context, c access.Caller, f tracking.ChainFilter, page tracking.Page) (tracking.List[tracking.Receipt], error)
	Receipt(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Receipt], error)
	Treatments(ctx context.Context, c access.Caller, f tracking.ChainFilter, page tracking.Page) (tracking.List[tracking.Treatment], error)
	Treatment(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Treatment], error)
	Discrepancies(ctx context.Context, c access.Caller, f tracking.DiscrepancyFilter, page tracking.Page) (tracking.List[tracking.DiscrepancyView], error)
	Discrepancy(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.DiscrepancyView], error)
	Reviews(ctx context.Context, c access.Caller, f tracking.ReviewFilter, page tracking.Page) (tracking.List[tracking.ReviewView], error)
	Review(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.ReviewView], error)

	Summary(ctx context.Context, c access.Caller, f tracking.IndicatorFilter) (tracking.SummaryAnswer, error)
	Series(ctx context.Context, c access.Caller, f tracking.IndicatorFilter) (tracking.SeriesAnswer, error)
	Funnel(ctx context.Context, c access.Caller, f tracking.IndicatorFilter) (tracking.FunnelAnswer, error)
	Breakdown(ctx context.Context, c access.Caller, f tracking.IndicatorFilter, by tracking.BreakdownBy) (tracking.BreakdownAnswer, error)
	Cells(ctx context.Context, c access.Caller, f tracking.IndicatorFilter, page tracking.Page) (tracking.List[tracking.CellView], error)
	DrillDown(ctx context.Context, c access.Caller, f tracking.IndicatorFilter, page tracking.Page) (tracking.List[tracking.FillView], error)

	Months(ctx context.Context, c access.Caller) ([]tracking.ClosedMonth, error)
	Status(ctx context.Context, c access.Caller) (tracking.StatusAnswer, error)
}

// answerOne answers with the resource whose id is in the path.
func answerOne[D, V any](c *fiber.Ctx, read func(context.Context, access.Caller, string) (tracking.Versioned[D], error),
	view func(tracking.Versioned[D]) V,
) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	v, err := read(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(v.Seq), view(v))
}

// answerNow answers as answerOne does, where the answer depends on the caller
// and on the time as well: on what the caller could do about it now. Its tag is
// that of the text, so that nobody keeps a button that would fail.
func answerNow[D, V any](c *fiber.Ctx, read func(context.Context, access.Caller, string) (tracking.Versioned[D], error),
	view func(tracking.Versioned[D]) V,
) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	v, err := read(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	body, err := json.Marshal(view(v))
	if err != nil {
		return err
	}
	r := newResource(fiber.MIMEApplicationJSON, body)
	return respondWithTag(c, fiber.StatusOK, r.tag, func() error {
		c.Set(fiber.HeaderContentType, r.contentType)
		return c.Send(r.body)
	})
}

// query is what the route of a listing reads its query into.
type query[F any] interface {
	filter() F
	ledgerPage(name string) (tracking.Page, error)
	asked() changes
}

// asked is the page that was asked for, of whatever embeds it.
func (p changes) asked() changes { return p }

// answerList answers with a page of the listing of that name.
func answerList[Q query[F], F, D, V any](c *fiber.Ctx, name string,
	read func(context.Context, access.Caller, F, tracking.Page) (tracking.List[D], error), view func(tracking.Versioned[D]) V,
) error {
	q, err := params[Q](c)
	if err != nil {
		return err
	}
	page, err := q.ledgerPage(name)
	if err != nil {
		return err
	}
	list, err := read(c.UserContext(), callerOf(c), q.filter(), page)
	if err != nil {
		return err
	}
	return respondLedgerList(c, name, q.asked(), list, view)
}

// answerPlain answers with what a read without pages returns.
func answerPlain[Q, A any](c *fiber.Ctx, read func(context.Context, access.Caller, Q) (A, error)) error {
	q, err := params[Q](c)
	if err != nil {
		return err
	}
	a, err := read(c.UserContext(), callerOf(c), q)
	if err != nil {
		return err
	}
	return respond(c, fiber.StatusOK, a)
}

// each converts every item; the answer is never nil, so that it is a list on
// the wire too.
func each[A, B any](items []A, view func(A) B) []B {
	out := make([]B, len(items))
	for i, item := range items {
		out[i] = view(item)
	}
	return out
}

// monthsResponse lists what is frozen.
type monthsResponse struct {
	Items []monthResponse `json:"items"`
}

type monthResponse struct {
	Month calendar.Month   `json:"month"`
	At    calendar.Instant `json:"closedAt"`
	Entry string           `json:"entry"`
}

// listMonths answers GET /api/v1/months.
func (s *Server) listMonths(c *fiber.Ctx) error {
	return answerPlain(c, func(ctx context.Context, caller access.Caller, _ struct{}) (monthsResponse, error) {
		months, err := s.services.Tracking.Months(ctx, caller)
		return monthsResponse{each(months, func(m tracking.ClosedMonth) monthResponse { return monthResponse(m) })}, err
	})
}
