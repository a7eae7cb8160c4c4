package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// fillResponse is one filling of a bin, with the entries that made it.
type fillResponse struct {
	ID             string                 `json:"id"`
	Version        store.Seq              `json:"version"`
	Bin            string                 `json:"bin"`
	Facility       string                 `json:"facility"`
	Ward           string                 `json:"ward"`
	Stream         string                 `json:"stream"`
	State          tracking.FillState     `json:"state"`
	StartedAt      calendar.Instant       `json:"startedAt"`
	OpenedAt       *calendar.Instant      `json:"openedAt,omitempty"`
	ClosedAt       *calendar.Instant      `json:"closedAt,omitempty"`
	CollectedAt    *calendar.Instant      `json:"collectedAt,omitempty"`
	VolumeLitres   int64                  `json:"volumeLitres"`
	Departure      *weighingResponse      `json:"departure,omitempty"`
	TareGrams      quantity.Mass          `json:"tareGrams,omitempty"`
	Pickup         string                 `json:"pickup,omitempty"`
	Recycler       string                 `json:"recycler,omitempty"`
	PreviousPickup string                 `json:"previousPickup,omitempty"`
	Lost           bool                   `json:"lost"`
	Arrival        *arrivalResponse       `json:"arrival,omitempty"`
	Haul           []indicator.HaulAmount `json:"haul,omitempty"`
	Facts          []factResponse         `json:"facts"`
	Actions        tracking.Actions       `json:"actions"`
	Undo           string                 `json:"undo,omitempty"`
}

type weighingResponse struct {
	NetGrams quantity.Mass  `json:"netGrams"`
	Rung     indicator.Rung `json:"rung"`
	Entry    string         `json:"entry"`
}

// arrivalResponse is what the plant said of a fill.
type arrivalResponse struct {
	Receipt          string                      `json:"receipt"`
	ReceivedAt       calendar.Instant            `json:"receivedAt"`
	Rung             indicator.Rung              `json:"rung"`
	Allocated        bool                        `json:"allocated"`
	AcceptedGrams    quantity.Mass               `json:"acceptedGrams"`
	RefusedGrams     quantity.Mass               `json:"refusedGrams"`
	NextOperation    string                      `json:"nextOperation,omitempty"`
	ContaminantGrams quantity.Mass               `json:"contaminantGrams"`
	RecyclateGrams   quantity.Mass               `json:"recyclateGrams"`
	ProcessLossGrams quantity.Mass               `json:"processLossGrams"`
	ResidueGrams     quantity.Mass               `json:"residueGrams"`
	PendingGrams     quantity.Mass               `json:"pendingGrams"`
	Recyclates       []indicator.RecyclateAmount `json:"recyclates,omitempty"`
	Routes           map[string]quantity.Mass    `json:"routes,omitempty"`
}

// factResponse is an entry as it stands among the others about the same thing.
type factResponse struct {
	Entry        string             `json:"entry"`
	Type         tracking.Type      `json:"type"`
	At           calendar.Instant   `json:"at"`
	RecordedAt   calendar.Instant   `json:"recordedAt"`
	Actor        string             `json:"actor,omitempty"` // not shown to other organisations
	Organisation string             `json:"organisation"`
	Device       string             `json:"device,omitempty"`
	Body         tracking.Body      `json:"body"`
	Replaced     *tracking.Body     `json:"replaced,omitempty"`
	Status       tracking.Status    `json:"status"`
	Reason       tracking.Reason    `json:"reason,omitempty"`
	Warnings     []tracking.Warning `json:"warnings,omitempty"`
}

func factView(f tracking.Fact) factResponse { return factResponse(f) }

func arrivalView(a *tracking.Arrival) *arrivalResponse {
	if a == nil {
		return nil
	}
	return &arrivalResponse{
		Receipt: a.Receipt, ReceivedAt: a.ReceivedAt, Rung: a.Rung, Allocated: a.Allocated,
		AcceptedGrams: a.AcceptedGrams, RefusedGrams: a.RefusedGrams, NextOperation: a.NextOperation,
		ContaminantGrams: a.ContaminantGrams, RecyclateGrams: a.RecyclateGrams, ProcessLossGrams: a.ProcessLossGrams,
		ResidueGrams: a.ResidueGrams, PendingGrams: a.PendingGrams,
		Recyclates: indicator.RecyclateAmounts(a.Recyclates), Routes: a.Routes,
	}
}

func fillView(v tracking.Versioned[tracking.FillView]) fillResponse {
	f := v.Doc
	r := fillResponse{
		ID: f.ID, Version: v.Seq, Bin: f.Bin, Facility: f.Facility, Ward: f.Ward, Stream: f.Stream, State: f.State,
		StartedAt: f.StartedAt, OpenedAt: f.OpenedAt, ClosedAt: f.ClosedAt, CollectedAt: f.CollectedAt,
		VolumeLitres: f.VolumeLitres, TareGrams: f.TareGrams, Pickup: f.Pickup, Recycler: f.Recycler,
		PreviousPickup: f.PreviousBy, Lost: f.Lost, Arrival: arrivalView(f.Arrival),
		Haul:  indicator.HaulAmounts(f.Haul),
		Facts: each(f.Facts, factView), Actions: f.Actions, Undo: f.Undo,
	}
	if f.Departure != nil {
		w := weighingResponse(*f.Departure)
		r.Departure = &w
	}
	return r
}

type fillsQuery struct {
	changes
	Facility string         `query:"facility"`
	Ward     string         `query:"ward"`
	Stream   string         `query:"stream"`
	Bin      string         `query:"bin"`
	State    string         `query:"state" oneof:"open closed collected received treated diverted"`
	Month    calendar.Month `query:"month"`
}

func (q fillsQuery) filter() tracking.FillFilter {
	return tracking.FillFilter{
		Facility: q.Facility, Ward: q.Ward, Stream: q.Stream, Bin: q.Bin, State: tracking.FillState(q.State), Month: q.Month,
	}
}

// listFills answers GET /api/v1/fills.
func (s *Server) listFills(c *fiber.Ctx) error {
	return answerList[fillsQuery](c, "fills", s.services.Tracking.Fills, fillView)
}

// getFill answers GET /api/v1/fills/{id}.
func (s *Server) getFill(c *fiber.Ctx) error { return answerNow(c, s.services.Tracking.Fill, fillView) }
