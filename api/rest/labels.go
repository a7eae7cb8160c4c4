package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// labelResponse is a label and what to print on it.
type labelResponse struct {
	Code      string              `json:"code"`
	Version   store.Seq           `json:"version"`
	State     tracking.LabelState `json:"state"`
	Batch     string              `json:"batch"`
	Facility  string              `json:"facility,omitempty"`
	IssuedAt  calendar.Instant    `json:"issuedAt"`
	Bin       string              `json:"bin,omitempty"`
	BoundBy   string              `json:"boundBy,omitempty"`
	RetiredBy string              `json:"retiredBy,omitempty"`
	Grouped   string              `json:"grouped"` // for people to read and type
	Payload   string              `json:"payload"` // for the symbol
}

func (s *Server) labelView(v tracking.Versioned[tracking.Label]) labelResponse {
	l := v.Doc
	r := labelResponse{
		Code: l.Code, Version: v.Seq, State: l.State, Batch: l.Batch, Facility: l.Facility, IssuedAt: l.IssuedAt,
		Bin: l.Bin, BoundBy: l.BoundBy, RetiredBy: l.Retired,
	}
	// What the ledger holds as a label's code is one.
	if code, err := qrlabels.ParseCode(l.Code); err == nil {
		r.Grouped, r.Payload = code.Grouped(), s.cfg.Labels.Payload(code)
	}
	return r
}

type labelQuery struct {
	changes
	Facility string `query:"facility"`
	State    string `query:"state" oneof:"blank bound retired"`
	Batch    string `query:"batch"`
}

func (q labelQuery) filter() tracking.LabelFilter {
	return tracking.LabelFilter{Facility: q.Facility, State: tracking.LabelState(q.State), Batch: q.Batch}
}

// listLabels answers GET /api/v1/labels.
func (s *Server) listLabels(c *fiber.Ctx) error {
	return answerList[labelQuery](c, "labels", s.services.Tracking.Labels, s.labelView)
}

// getLabel answers GET /api/v1/labels/{code}.
func (s *Server) getLabel(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Label, s.labelView)
}

type issueRequest struct {
	Facility string `json:"facility"`
	Count    int    `json:"count"`
}

type batchResponse struct {
	ID       string           `json:"id"`
	Facility string           `json:"facility,omitempty"`
	IssuedAt calendar.Instant `json:"issuedAt"`
	Codes    []string         `json:"codes"`
}

// issueLabels answers POST /api/v1/labels.
func (s *Server) issueLabels(c *fiber.Ctx) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	r, err := decode[issueRequest](c)
	if err != nil {
		return err
	}
	if err := s.limitLabels(c, r.Count); err != nil {
		return err
	}
	batch, err := s.services.Tracking.IssueLabels(c.UserContext(), callerOf(c), tracking.Write{Key: key}, r.Facility, r.Count)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderLocation, "/api/v1/labels?batch="+batch.ID)
	return respond(c, fiber.StatusCreated, batchResponse(batch))
}

// symbolQuery says how large the image is to be.
type symbolQuery struct {
	Pixels int `query:"pixels"`
}

// defaultPixels prints a label of 2 cm at 600 dpi.
const defaultPixels = 480

// symbol answers GET /api/v1/labels/{code}/symbol.png. The image follows from
// the code, the base and the width: it never changes.
func (s *Server) symbol(c *fiber.Ctx) error {
	q, err := params[symbolQuery](c)
	if err != nil {
		return err
	}
	or(&q.Pixels, defaultPixels)
	l, err := s.services.Tracking.Label(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	payload := s.labelView(l).Payload
	tag := newResource("", fmt.Appendf(nil, "%s %d", payload, q.Pixels)).tag
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	return respondWithTag(c, fiber.StatusOK, tag, func() error { return sendSymbol(c, payload, q.Pixels) })
}

func sendSymbol(c *fiber.Ctx, payload string, pixels int) error {
	symbol, err := qrlabels.Encode(payload, qrlabels.H)
	if err != nil {
		return err
	}
	var image bytes.Buffer
	var limit *qrlabels.LimitError
	err = symbol.PNG(&image, pixels)
	if errors.As(err, &limit) {
		return problem.New(problem.Invalid, "query-invalid", "The query does not fit; see errors.").
			With("?pixels", "out-of-range", fmt.Sprintf("Give a width from %d to %d pixels.", limit.Min, limit.Max))
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "image/png")
	return c.Send(image.Bytes())
}

// storageResponse says how close the temporary storages are to their limits.
type storageResponse struct {
	Items []tracking.StorageClock `json:"items"`
}

type storageQuery struct {
	Facility string `query:"facility"`
}

// listStorageClocks answers GET /api/v1/storage-clocks.
func (s *Server) listStorageClocks(c *fiber.Ctx) error {
	return answerPlain(c, func(ctx context.Context, caller access.Caller, q storageQuery) (storageResponse, error) {
		clocks, err := s.services.Tracking.StorageClocks(ctx, caller, q.Facility)
		return storageResponse{clocks}, err
	})
}
