package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// pickupResponse is one visit of a recycler.
type pickupResponse struct {
	ID          string               `json:"id"`
	Version     store.Seq            `json:"version"`
	Facility    string               `json:"facility"`
	Recycler    string               `json:"recycler"`
	PlannedFor  string               `json:"plannedFor"`
	State       tracking.PickupState `json:"state"`
	Bins        []string             `json:"bins"`
	MissingBins []string             `json:"missingBins"`
	Lines       []lineResponse       `json:"lines"`
	Handover    *handoverResponse    `json:"handover,omitempty"`
	Loads       []loadResponse       `json:"loads"`
	Facts       []factResponse       `json:"facts"`
	Actions     tracking.Actions     `json:"actions"`
	Undo        string               `json:"undo,omitempty"`
}

type lineResponse struct {
	Fill           string           `json:"fill"`
	Bin            string           `json:"bin"`
	Scan           string           `json:"scan"`
	At             calendar.Instant `json:"at"`
	Ward           string           `json:"ward"`
	Stream         string           `json:"stream"`
	DepartureGrams quantity.Mass    `json:"departureGrams"`
	Rung           indicator.Rung   `json:"rung"`
	VolumeLitres   int64            `json:"volumeLitres"`
	TareGrams      quantity.Mass    `json:"tareGrams"`
	NotPlanned     bool             `json:"notPlanned"`
}

type handoverResponse struct {
	Entry           string            `json:"entry"`
	At              calendar.Instant  `json:"at"`
	Document        string            `json:"document,omitempty"`
	Plate           string            `json:"plate,omitempty"`
	Legs            []tracking.Leg    `json:"legs,omitempty"`
	Unattended      bool              `json:"unattended"`
	CountersignedAt *calendar.Instant `json:"countersignedAt,omitempty"`
	CountersignedBy string            `json:"countersignedBy,omitempty"`
}

// loadResponse is what a pickup carries of one stream.
type loadResponse struct {
	Stream           string                      `json:"stream"`
	DeclaredGrams    quantity.Mass               `json:"declaredGrams"`
	WaitingGrams     quantity.Mass               `json:"waitingGrams"`
	AcceptedGrams    quantity.Mass               `json:"acceptedGrams"`
	RefusedGrams     quantity.Mass               `json:"refusedGrams"`
	ContaminantGrams quantity.Mass               `json:"contaminantGrams"`
	RecyclateGrams   quantity.Mass               `json:"recyclateGrams"`
	ProcessLossGrams quantity.Mass               `json:"processLossGrams"`
	PendingGrams     quantity.Mass               `json:"pendingGrams"`
	Recyclates       []indicator.RecyclateAmount `json:"recyclates,omitempty"`
	Routes           map[string]quantity.Mass    `json:"routes,omitempty"`
	NextDestination  string                      `json:"nextDestination,omitempty"`
	Unallocated      *arrivalResponse            `json:"unallocated,omitempty"`
	Discrepancy      string                      `json:"discrepancy,omitempty"` // its id
}

func pickupView(v tracking.Versioned[tracking.PickupView]) pickupResponse {
	p := v.Doc
	r := pickupResponse{
		ID: p.ID, Version: v.Seq, Facility: p.Facility, Recycler: p.Recycler, PlannedFor: p.PlannedFor, State: p.State,
		Bins: append([]string{}, p.Bins...), MissingBins: p.MissingBins,
		Lines: each(p.Lines, func(l tracking.Line) lineResponse { return lineResponse(l) }),
		Loads: each(p.Loads, loadView), Facts: each(p.Facts, factView), Actions: p.Actions, Undo: p.Undo,
	}
	if p.Handover != nil {
		h := handoverResponse(*p.Handover)
		r.Handover = &h
	}
	return r
}

func loadView(l tracking.Load) loadResponse {
	v := loadResponse{
		Stream: l.Stream, DeclaredGrams: l.DeclaredGrams, WaitingGrams: l.WaitingGrams, AcceptedGrams: l.AcceptedGrams,
		RefusedGrams: l.RefusedGrams, ContaminantGrams: l.ContaminantGrams, RecyclateGrams: l.RecyclateGrams,
		ProcessLossGrams: l.ProcessLossGrams, PendingGrams: l.PendingGrams,
		Recyclates: indicator.RecyclateAmounts(l.Recyclates), Routes: l.Routes,
		NextDestination: l.NextDestination, Unallocated: arrivalView(l.Unallocated),
	}
	if l.Discrepancy != nil {
		v.Discrepancy = l.Discrepancy.ID
	}
	return v
}

type pickupQuery struct {
	changes
	Facility string `query:"facility"`
	Recycler string `query:"recycler"`
	State    string `query:"state" oneof:"planned under-way handed-over received settled cancelled"`
	From     string `query:"from"`
	To       string `query:"to"`
}

func (q pickupQuery) filter() tracking.PickupFilter {
	return tracking.PickupFilter{Facility: q.Facility, Recycler: q.Recycler, State: tracking.PickupState(q.State), From: q.From, To: q.To}
}

// listPickups answers GET /api/v1/pickups.
func (s *Server) listPickups(c *fiber.Ctx) error {
	return answerList[pickupQuery](c, "pickups", s.services.Tracking.Pickups, pickupView)
}

// getPickup answers GET /api/v1/pickups/{id}.
func (s *Server) getPickup(c *fiber.Ctx) error {
	return answerNow(c, s.services.Tracking.Pickup, pickupView)
}

// roundRequest names the pickups of a round.
type roundRequest struct {
	Stops []tracking.RoundStop `json:"stops"`
}

// roundResponse is what falls on each, in the order of the request.
type roundResponse struct {
	Shares []tracking.RoundShare `json:"shares"`
}

// postRoundShares answers POST /api/v1/round-shares. It records nothing.
func (s *Server) postRoundShares(c *fiber.Ctx) error {
	r, err := decode[roundRequest](c)
	if err != nil {
		return err
	}
	shares, err := s.services.Tracking.RoundShares(c.UserContext(), callerOf(c), r.Stops)
	if err != nil {
		return err
	}
	return respond(c, fiber.StatusOK, roundResponse{shares})
}
