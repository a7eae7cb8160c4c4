package rest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// submission is an entry as a client sends it. What its body may hold depends
// on the type: tracking judges that.
type submission struct {
	ID         string          `json:"id"`
	Type       tracking.Type   `json:"type"`
	OccurredAt string          `json:"occurredAt"`
	Body       json.RawMessage `json:"body"`
}

type entryRequest struct {
	submission
	SentAt calendar.Instant `json:"sentAt"` // by the device's clock; optional
}

type syncRequest struct {
	SentAt  calendar.Instant `json:"sentAt"`
	Entries []submission     `json:"entries"`
}

// Validate asks for the time on the device: what was recorded offline is
// ordered by it, corrected by how wrong the device's clock is now.
func (r *syncRequest) Validate() error {
	if r.SentAt == 0 {
		return problem.New(problem.Invalid, "body-invalid", "The body does not fit; see errors.").
			With("/sentAt", "required", "Give the time on the device when it sent this.")
	}
	return nil
}

// resultResponse is the answer to one submission.
type resultResponse struct {
	ID         string                `json:"id"`
	Status     tracking.ResultStatus `json:"status"`
	Seq        store.Seq             `json:"seq,omitempty"`
	RecordedAt calendar.Instant      `json:"recordedAt,omitempty"`
	Outcome    *outcomeResponse      `json:"outcome,omitempty"`
	Problem    *refusalResponse      `json:"problem,omitempty"`
}

type outcomeResponse struct {
	Fill     string                 `json:"fill,omitempty"`
	Reason   tracking.Reason        `json:"reason,omitempty"`
	Status   tracking.OutcomeStatus `json:"status"`
	Warnings []tracking.Warning     `json:"warnings,omitempty"`
}

// refusalResponse says why an entry of a batch was refused, as the answer to
// that entry alone would.
type refusalResponse struct {
	Status int             `json:"status"`
	Code   string          `json:"code"`
	Detail string          `json:"detail"`
	Errors []problem.Field `json:"errors,omitempty"`
}

// syncResponse answers each entry, and counts the answers, so that nobody
// takes the whole for a success in which single entries were refused.
type syncResponse struct {
	Counts  map[tracking.ResultStatus]int `json:"counts"`
	Results []resultResponse              `json:"results"`
}

// resultStatuses are all, for what counts them.
var resultStatuses = []tracking.ResultStatus{
	tracking.ResultApplied, tracking.ResultWarning, tracking.ResultNeedsReview, tracking.ResultDuplicate, tracking.ResultRefused,
}

// skew is how far a device's clock is behind ours; none if it did not say.
func (s *Server) skew(sentAt calendar.Instant) time.Duration {
	if sentAt == 0 {
		return 0
	}
	return calendar.At(s.cfg.Now()).Sub(sentAt)
}

// postEntry answers POST /api/v1/entries.
func (s *Server) postEntry(c *fiber.Ctx) error {
	r, err := decode[entryRequest](c)
	if err != nil {
		return err
	}
	result, err := s.services.Tracking.Record(c.UserContext(), callerOf(c), tracking.Submission(r.submission), s.skew(r.SentAt))
	if err != nil {
		return err
	}
	status := fiber.StatusCreated
	if result.Status == tracking.ResultDuplicate {
		status = fiber.StatusOK
	}
	c.Set(fiber.HeaderLocation, "/api/v1/entries/"+result.ID)
	return respond(c, status, resultView(result))
}

// syncEntries answers POST /api/v1/entries/sync.
func (s *Server) syncEntries(c *fiber.Ctx) error {
	r, err := decode[syncRequest](c)
	if err != nil {
		return err
	}
	subs := each(r.Entries, func(e submission) tracking.Submission { return tracking.Submission(e) })
	results, err := s.services.Tracking.Sync(c.UserContext(), callerOf(c), subs, s.skew(r.SentAt))
	if err != nil {
		return err
	}
	return respond(c, fiber.StatusOK, syncView(results))
}

func syncView(results []tracking.Result) syncResponse {
	counts := make(map[tracking.ResultStatus]int, len(resultStatuses))
	for _, status := range resultStatuses {
		counts[status] = 0
	}
	for _, r := range results {
		counts[r.Status]++
	}
	return syncResponse{counts, each(results, resultView)}
}

func resultView(r tracking.Result) resultResponse {
	v := resultResponse{ID: r.ID, Status: r.Status, Seq: r.Seq, RecordedAt: r.RecordedAt}
	if r.Outcome != nil {
		o := outcomeResponse(*r.Outcome)
		v.Outcome = &o
	}
	if r.Problem != nil {
		a := answerTo(r.Problem)
		v.Problem = &refusalResponse{a.Status, a.Code, a.Detail, a.Errors}
	}
	return v
}

// trailResponse is an entry in its place in the ledger.
type trailResponse struct {
	Seq     store.Seq       `json:"seq"`
	Prev    string          `json:"prev"`
	Hash    string          `json:"hash"`
	Entry   contentResponse `json:"entry"`
	Outcome outcomeResponse `json:"outcome"`
	// Canonical is the text whose SHA-256 is Hash. Only where one entry is
	// read.
	Canonical string `json:"canonical,omitempty"`
}

type contentResponse struct {
	ID           string           `json:"id"`
	Type         tracking.Type    `json:"type"`
	Actor        string           `json:"actor"`
	Role         access.Role      `json:"role,omitempty"`
	Organisation string           `json:"organisation"`
	Device       string           `json:"device,omitempty"`
	OccurredAt   calendar.Instant `json:"occurredAt"`
	EffectiveAt  calendar.Instant `json:"effectiveAt"`
	RecordedAt   calendar.Instant `json:"recordedAt"`
	SkewMs       int64            `json:"skewMs,omitempty"`
	Body         json.RawMessage  `json:"body"`
}

func trailView(e tracking.EntryView) trailResponse {
	return trailResponse{Seq: e.Seq, Prev: e.Prev, Hash: e.Hash, Entry: contentResponse(e.Content), Outcome: outcomeResponse(e.Outcome)}
}

// entryQuery selects entries. After a page the cursor says where to go on,
// and not after.
type entryQuery struct {
	page
	Type   string     `query:"type"`
	Actor  string     `query:"actor"`
	Bin    string     `query:"bin"`
	Pickup string     `query:"pickup"`
	After  *ledgerSeq `query:"after"`
}

func (q entryQuery) filter() (tracking.EntryFilter, error) {
	f := tracking.EntryFilter{Type: tracking.Type(q.Type), Actor: q.Actor, Bin: q.Bin, Pickup: q.Pickup}
	at, err := decodeCursor("entries", q.Cursor)
	if q.After != nil {
		f.After = store.Seq(*q.After)
	}
	f.After = max(f.After, store.Seq(at.Seq))
	return f, err
}

// listEntries answers GET /api/v1/entries.
func (s *Server) listEntries(c *fiber.Ctx) error {
	q, err := params[entryQuery](c)
	if err != nil {
		return err
	}
	f, err := q.filter()
	if err != nil {
		return err
	}
	list, err := s.services.Tracking.Entries(c.UserContext(), callerOf(c), f, q.Limit.size())
	if err != nil {
		return err
	}
	out := ledgerListing[trailResponse]{Head: list.Head}
	out.Items = each(list.Items, trailView)
	if list.Next != 0 {
		out.Next = encodeCursor("entries", position{Seq: int64(list.Next)})
	}
	return respond(c, fiber.StatusOK, out)
}

// getEntry answers GET /api/v1/entries/{id}.
func (s *Server) getEntry(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	e, err := s.services.Tracking.Entry(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	v := trailView(e)
	v.Canonical = string(e.Bytes)
	return respondTagged(c, fiber.StatusOK, int64(e.Seq), v)
}

// entryTypeResponse says what an entry of a type holds and who may record it.
type entryTypeResponse struct {
	Type  tracking.Type `json:"type"`
	Keys  []string      `json:"keys"`
	Roles []access.Role `json:"roles"`
}

type entryTypesResponse struct {
	Items []entryTypeResponse `json:"items"`
}

// listEntryTypes answers GET /api/v1/entry-types.
func (s *Server) listEntryTypes(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	return respond(c, fiber.StatusOK, entryTypesResponse{each(tracking.Types(), func(t tracking.Type) entryTypeResponse {
		return entryTypeResponse{t, t.Keys(), slices.Clone(access.Policy[access.Record(string(t))])}
	})})
}
