package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	batchesPath    = "/api/v1/label-batches"
	batchesListing = "label-batches"
)

// batchItem is a batch of labels in a listing.
type batchItem struct {
	ID       string           `json:"id"`
	Version  store.Seq        `json:"version"`
	Facility string           `json:"facility,omitempty"`
	IssuedAt calendar.Instant `json:"issuedAt"`
	Count    int              `json:"count"`
}

// batchDetail says as well where its labels are in their lives now.
type batchDetail struct {
	batchItem
	Blank   int `json:"blank"`
	Bound   int `json:"bound"`
	Retired int `json:"retired"`
}

func viewBatch(v tracking.Versioned[tracking.Batch]) batchItem {
	b := v.Doc
	return batchItem{ID: b.ID, Version: v.Seq, Facility: b.Facility, IssuedAt: b.IssuedAt, Count: b.Count}
}

func viewBatchDetail(v tracking.Versioned[tracking.BatchView]) batchDetail {
	b := v.Doc
	return batchDetail{viewBatch(tracking.Versioned[tracking.Batch]{Doc: b.Batch, Seq: v.Seq}), b.Blank, b.Bound, b.Retired}
}

type batchQuery struct {
	changes
	Facility string `query:"facility"`
}

func (q batchQuery) filter() tracking.BatchFilter { return tracking.BatchFilter{Facility: q.Facility} }

// listBatches answers GET /api/v1/label-batches.
func (s *Server) listBatches(c *fiber.Ctx) error {
	return answerList[batchQuery](c, batchesListing, s.services.Tracking.Batches, viewBatch)
}

// getBatch answers GET /api/v1/label-batches/{id}.
func (s *Server) getBatch(c *fiber.Ctx) error {
	return answerNow(c, s.services.Tracking.Batch, viewBatchDetail)
}
