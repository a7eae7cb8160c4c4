package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// receiptResponse is the plant's answer to a load or to one bin.
type receiptResponse struct {
	ID               string              `json:"id"`
	Version          store.Seq           `json:"version"`
	Pickup           string              `json:"pickup"`
	Facility         string              `json:"facility"`
	Recycler         string              `json:"recycler"`
	Stream           string              `json:"stream"`
	Bin              string              `json:"bin,omitempty"`
	ReceivedAt       calendar.Instant    `json:"receivedAt"`
	Status           tracking.Status     `json:"status"`
	Outcome          string              `json:"outcome"`
	AcceptedGrams    quantity.Mass       `json:"acceptedGrams"`
	RefusedGrams     quantity.Mass       `json:"refusedGrams"`
	ContaminantGrams quantity.Mass       `json:"contaminantGrams"`
	Cause            string              `json:"cause,omitempty"`
	Reason           string              `json:"reason,omitempty"`
	Rung             indicator.Rung      `json:"rung"`
	Scale            string              `json:"scale,omitempty"`
	Ticket           string              `json:"ticket,omitempty"`
	NextDestination  string              `json:"nextDestination,omitempty"`
	NextOperation    string              `json:"nextOperation,omitempty"`
	Allocation       []allocatedResponse `json:"allocation"`
}

type allocatedResponse struct {
	Fill           string        `json:"fill"`
	Bin            string        `json:"bin"`
	Ward           string        `json:"ward"`
	DepartureGrams quantity.Mass `json:"departureGrams"`
	AcceptedGrams  quantity.Mass `json:"acceptedGrams"`
	RefusedGrams   quantity.Mass `json:"refusedGrams"`
}

func receiptView(v tracking.Versioned[tracking.Receipt]) receiptResponse {
	r := v.Doc
	return receiptResponse{
		ID: r.ID, Version: v.Seq, Pickup: r.Pickup, Facility: r.Facility, Recycler: r.Recycler, Stream: r.Stream, Bin: r.Bin,
		ReceivedAt: r.ReceivedAt, Status: r.Status, Outcome: r.Outcome, AcceptedGrams: r.AcceptedGrams, RefusedGrams: r.RefusedGrams,
		ContaminantGrams: r.ContaminantGrams, Cause: r.Cause, Reason: r.Reason, Rung: r.Rung, Scale: r.Scale, Ticket: r.Ticket,
		NextDestination: r.NextDestination, NextOperation: r.NextOperation,
		Allocation: each(r.Allocation, func(a tracking.Allocated) allocatedResponse { return allocatedResponse(a) }),
	}
}

// treatmentResponse is what came out of a load.
type treatmentResponse struct {
	ID                    string            `json:"id"`
	Version               store.Seq         `json:"version"`
	Pickup                string            `json:"pickup"`
	Facility              string            `json:"facility"`
	Recycler              string            `json:"recycler"`
	Stream                string            `json:"stream"`
	TreatedAt             calendar.Instant  `json:"treatedAt"`
	Status                tracking.Status   `json:"status"`
	InputGrams            quantity.Mass     `json:"inputGrams"`
	CalculationPointGrams quantity.Mass     `json:"calculationPointGrams"`
	Outputs               []tracking.Output `json:"outputs"`
	Certificate           string            `json:"certificate,omitempty"`
}

func treatmentView(v tracking.Versioned[tracking.Treatment]) treatmentResponse {
	t := v.Doc
	return treatmentResponse{
		ID: t.ID, Version: v.Seq, Pickup: t.Pickup, Facility: t.Facility, Recycler: t.Recycler, Stream: t.Stream,
		TreatedAt: t.TreatedAt, Status: t.Status, InputGrams: t.InputGrams, CalculationPointGrams: t.CalculationPointGrams,
		Outputs: t.Outputs, Certificate: t.Certificate,
	}
}

// chainQuery selects receipts and treatments.
type chainQuery struct {
	changes
	Facility string `query:"facility"`
	Recycler string `query:"recycler"`
	Pickup   string `query:"pickup"`
	Stream   string `query:"stream"`
}

func (q chainQuery) filter() tracking.ChainFilter {
	return tracking.ChainFilter{Facility: q.Facility, Recycler: q.Recycler, Pickup: q.Pickup, Stream: q.Stream}
}

// listReceipts answers GET /api/v1/receipts.
func (s *Server) listReceipts(c *fiber.Ctx) error {
	return answerList[chainQuery](c, "receipts", s.services.Tracking.Receipts, receiptView)
}

// getReceipt answers GET /api/v1/receipts/{id}.
func (s *Server) getReceipt(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Receipt, receiptView)
}

// listTreatments answers GET /api/v1/treatments.
func (s *Server) listTreatments(c *fiber.Ctx) error {
	return answerList[chainQuery](c, "treatments", s.services.Tracking.Treatments, treatmentView)
}

// getTreatment answers GET /api/v1/treatments/{id}.
func (s *Server) getTreatment(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Treatment, treatmentView)
}
