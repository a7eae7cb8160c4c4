package rest

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// binResponse is a bin with its settings of now.
type binResponse struct {
	ID           string              `json:"id"`
	Version      store.Seq           `json:"version"`
	Facility     string              `json:"facility"`
	Name         string              `json:"name"`
	Ward         string              `json:"ward"`
	Stream       string              `json:"stream"`
	VolumeLitres int64               `json:"volumeLitres"`
	TareGrams    quantity.Mass       `json:"tareGrams"`
	Label        string              `json:"label,omitempty"`
	Labels       []string            `json:"labels"`
	RetiredAt    *calendar.Instant   `json:"retiredAt,omitempty"`
	Lost         bool                `json:"lost"`
	Fill         currentFillResponse `json:"fill"`
	Settings     []settingsResponse  `json:"settings"` // dated, oldest first
	Actions      tracking.Actions    `json:"actions"`
	Undo         string              `json:"undo,omitempty"`
}

type currentFillResponse struct {
	ID        string             `json:"id"`
	State     tracking.FillState `json:"state"`
	StartedAt calendar.Instant   `json:"startedAt"`
}

type settingsResponse struct {
	From         calendar.Instant `json:"from"`
	Entry        string           `json:"entry"`
	Ward         string           `json:"ward"`
	Stream       string           `json:"stream"`
	VolumeLitres int64            `json:"volumeLitres"`
	TareGrams    quantity.Mass    `json:"tareGrams"`
}

func binView(v tracking.Versioned[tracking.BinView]) binResponse {
	b := v.Doc
	now := b.Settings[len(b.Settings)-1]
	return binResponse{
		ID: b.ID, Version: v.Seq, Facility: b.Facility, Name: b.Name, Ward: now.Ward, Stream: now.Stream,
		VolumeLitres: now.VolumeLitres, TareGrams: now.TareGrams, Label: b.Label, Labels: append([]string{}, b.Labels...),
		RetiredAt: b.Retired, Lost: b.Lost, Fill: currentFillResponse(b.Fill), Actions: b.Actions, Undo: b.Undo,
		Settings: each(b.Settings, func(s tracking.BinSettings) settingsResponse { return settingsResponse(s) }),
	}
}

type binQuery struct {
	changes
	Facility string `query:"facility"`
	Ward     string `query:"ward"`
	Stream   string `query:"stream"`
	State    string `query:"state" oneof:"open closed retired lost"`
}

func (q binQuery) filter() tracking.BinFilter {
	return tracking.BinFilter{Facility: q.Facility, Ward: q.Ward, Stream: q.Stream, State: q.State}
}

// listBins answers GET /api/v1/bins.
func (s *Server) listBins(c *fiber.Ctx) error {
	return answerList[binQuery](c, "bins", s.services.Tracking.Bins, binView)
}

// getBin answers GET /api/v1/bins/{id}.
func (s *Server) getBin(c *fiber.Ctx) error { return answerNow(c, s.services.Tracking.Bin, binView) }

// scanResponse is what a code is to the caller.
type scanResponse struct {
	State   tracking.ScanState `json:"state"`
	Code    string             `json:"code,omitempty"`
	Bin     *binCardResponse   `json:"bin,omitempty"`
	Actions tracking.Actions   `json:"actions"`
	Undo    string             `json:"undo,omitempty"`
	Pickups []string           `json:"pickups,omitempty"`
}

type binCardResponse struct {
	ID           string              `json:"id"`
	Name         string              `json:"name"`
	Facility     string              `json:"facility"`
	Ward         string              `json:"ward"`
	WardName     string              `json:"wardName"`
	Stream       string              `json:"stream"`
	StreamName   string              `json:"streamName"`
	StreamNameIT string              `json:"streamNameIt"`
	Accepts      []string            `json:"accepts"`
	Refuses      []string            `json:"refuses"`
	AcceptsIT    []string            `json:"acceptsIt"`
	RefusesIT    []string            `json:"refusesIt"`
	VolumeLitres int64               `json:"volumeLitres"`
	Label        string              `json:"label,omitempty"`
	Fill         currentFillResponse `json:"fill"`
	Lost         bool                `json:"lost"`
	LastNetGrams *quantity.Mass      `json:"lastNetGrams,omitempty"`
}

func scanView(a tracking.ScanAnswer) scanResponse {
	v := scanResponse{State: a.State, Code: a.Code, Actions: a.Actions, Undo: a.Undo, Pickups: a.Pickups}
	if b := a.Bin; b != nil {
		list := func(texts []string) []string { return append([]string{}, texts...) }
		v.Bin = &binCardResponse{
			ID: b.ID, Name: b.Name, Facility: b.Facility, Ward: b.Ward, WardName: b.WardName,
			Stream: b.Stream, StreamName: b.StreamName, StreamNameIT: b.StreamNameIT,
			Accepts: list(b.Accepts), Refuses: list(b.Refuses), AcceptsIT: list(b.AcceptsIT), RefusesIT: list(b.RefusesIT),
			VolumeLitres: b.VolumeLitres, Label: b.Label, Fill: currentFillResponse(b.Fill), Lost: b.Lost, LastNetGrams: b.LastNetGrams,
		}
	}
	return v
}

// scanCode answers GET /api/v1/scan/{code}: a code that somebody typed.
func (s *Server) scanCode(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	a, err := s.services.Tracking.Scan(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	return respond(c, fiber.StatusOK, scanView(a))
}

type scanQuery struct {
	Payload string `query:"payload"` // what a camera saw, whatever it is
}

// Validate asks for what was seen.
func (q *scanQuery) Validate() error {
	if q.Payload == "" {
		return queryRequired("payload", "Give what the camera saw.")
	}
	return nil
}

// scanPayload answers GET /api/v1/scan: a link or code that a camera saw.
// Links do not go into paths, where proxies take their slashes for ours.
func (s *Server) scanPayload(c *fiber.Ctx) error {
	return answerPlain(c, func(ctx context.Context, caller access.Caller, q scanQuery) (scanResponse, error) {
		a, err := s.services.Tracking.Scan(ctx, caller, q.Payload)
		return scanView(a), err
	})
}
