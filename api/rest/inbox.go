package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// discrepancyResponse is a difference between departure and arrival that
// somebody has to explain.
type discrepancyResponse struct {
	ID             string           `json:"id"`
	Version        store.Seq        `json:"version"`
	Pickup         string           `json:"pickup"`
	Stream         string           `json:"stream"`
	Facility       string           `json:"facility"`
	Recycler       string           `json:"recycler"`
	ExpectedGrams  quantity.Mass    `json:"expectedGrams"`
	ObservedGrams  quantity.Mass    `json:"observedGrams"`
	ToleranceGrams quantity.Mass    `json:"toleranceGrams"`
	ToleranceRule  string           `json:"toleranceRule"`
	State          string           `json:"state"`
	Owner          string           `json:"owner"`
	OpenedAt       calendar.Instant `json:"openedAt"`
	DueAt          calendar.Instant `json:"dueAt"`
	Explanation    string           `json:"explanation,omitempty"`
	AcceptedBy     string           `json:"acceptedBy,omitempty"`
	AgeDays        int64            `json:"ageDays"`
	Overdue        bool             `json:"overdue"`
	Actions        tracking.Actions `json:"actions"`
}

func discrepancyView(v tracking.Versioned[tracking.DiscrepancyView]) discrepancyResponse {
	d := v.Doc
	return discrepancyResponse{
		ID: d.ID, Version: v.Seq, Pickup: d.Pickup, Stream: d.Stream, Facility: d.Facility, Recycler: d.Recycler,
		ExpectedGrams: d.ExpectedGrams, ObservedGrams: d.ObservedGrams, ToleranceGrams: d.ToleranceGrams,
		ToleranceRule: d.ToleranceRule, State: d.State, Owner: d.Owner, OpenedAt: d.OpenedAt, DueAt: d.DueAt,
		Explanation: d.Explanation, AcceptedBy: d.AcceptedBy, AgeDays: d.AgeDays, Overdue: d.Overdue, Actions: d.Actions,
	}
}

type discrepancyQuery struct {
	changes
	State    string `query:"state" oneof:"open explained accepted"`
	Facility string `query:"facility"`
	Recycler string `query:"recycler"`
}

func (q discrepancyQuery) filter() tracking.DiscrepancyFilter {
	return tracking.DiscrepancyFilter{State: q.State, Facility: q.Facility, Recycler: q.Recycler}
}

// listDiscrepancies answers GET /api/v1/discrepancies.
func (s *Server) listDiscrepancies(c *fiber.Ctx) error {
	return answerList[discrepancyQuery](c, "discrepancies", s.services.Tracking.Discrepancies, discrepancyView)
}

// getDiscrepancy answers GET /api/v1/discrepancies/{id}.
func (s *Server) getDiscrepancy(c *fiber.Ctx) error {
	return answerNow(c, s.services.Tracking.Discrepancy, discrepancyView)
}

// reviewResponse is an entry that does not fit what else is known, or that
// waits for the other side.
type reviewResponse struct {
	ID         string           `json:"id"` // of the entry
	Version    store.Seq        `json:"version"`
	Type       tracking.Type    `json:"type"`
	Reason     tracking.Reason  `json:"reason"`
	State      string           `json:"state"`
	Facility   string           `json:"facility,omitempty"`
	Recycler   string           `json:"recycler,omitempty"`
	At         calendar.Instant `json:"at"`
	RecordedAt calendar.Instant `json:"recordedAt"`
	Bin        string           `json:"bin,omitempty"`
	Fill       string           `json:"fill,omitempty"`
	Pickup     string           `json:"pickup,omitempty"`
	Note       string           `json:"note,omitempty"`
	Actions    tracking.Actions `json:"actions"`
}

func reviewView(v tracking.Versioned[tracking.ReviewView]) reviewResponse {
	r := v.Doc
	return reviewResponse{
		ID: r.Entry, Version: v.Seq, Type: r.Type, Reason: r.Reason, State: r.State, Facility: r.Facility, Recycler: r.Recycler,
		At: r.At, RecordedAt: r.RecordedAt, Bin: r.Bin, Fill: r.Fill, Pickup: r.Pickup, Note: r.Note, Actions: r.Actions,
	}
}

type reviewQuery struct {
	changes
	State string `query:"state" oneof:"open dismissed"`
}

func (q reviewQuery) filter() tracking.ReviewFilter { return tracking.ReviewFilter{State: q.State} }

// listReviews answers GET /api/v1/reviews.
func (s *Server) listReviews(c *fiber.Ctx) error {
	return answerList[reviewQuery](c, "reviews", s.services.Tracking.Reviews, reviewView)
}

// getReview answers GET /api/v1/reviews/{id}.
func (s *Server) getReview(c *fiber.Ctx) error {
	return answerNow(c, s.services.Tracking.Review, reviewView)
}
