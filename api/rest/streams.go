package rest

import (
	"context"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	streamsPath    = "/api/v1/streams"
	streamsListing = "streams"
)

// streamFields are what a stream has in requests and answers alike.
type streamFields struct {
	Name          string         `json:"name"`
	NameIT        string         `json:"nameIt"`
	Family        string         `json:"family"`
	EER           string         `json:"eer"`
	Polymers      []polymerShare `json:"polymers,omitempty"`
	Accepts       []string       `json:"accepts,omitempty"`
	Refuses       []string       `json:"refuses,omitempty"`
	AcceptsIT     []string       `json:"acceptsIt,omitempty"`
	RefusesIT     []string       `json:"refusesIt,omitempty"`
	GramsPerLitre int64          `json:"gramsPerLitre"` // holds from now on
	Colour        string         `json:"colour,omitempty"`
	Pictograms    []string       `json:"pictograms,omitempty"`
}

type polymerShare struct {
	Polymer  string `json:"polymer"`
	Permille int    `json:"permille"`
}

type streamRequest struct{ streamFields }

func (r streamRequest) document(id string) tracking.Stream {
	stream := tracking.Stream{
		ID: id, Name: r.Name, NameIT: r.NameIT, Family: r.Family, EER: r.EER,
		Accepts: r.Accepts, Refuses: r.Refuses, AcceptsIT: r.AcceptsIT, RefusesIT: r.RefusesIT,
		Densities: []tracking.DatedDensity{{GramsPerLitre: r.GramsPerLitre}}, Colour: r.Colour,
		Pictograms: r.Pictograms,
	}
	for _, p := range r.Polymers {
		stream.Polymers = append(stream.Polymers, tracking.PolymerShare(p))
	}
	return stream
}

type streamResponse struct {
	ID string `json:"id"`
	streamFields
	Densities []densityResponse `json:"densities"` // ascending
	Version   store.Seq         `json:"version"`
}

type densityResponse struct {
	From          calendar.Instant `json:"from"`
	GramsPerLitre int64            `json:"gramsPerLitre"`
}

func (r streamResponse) id() string { return r.ID }

func viewStream(v tracking.Versioned[tracking.Stream]) streamResponse {
	d := v.Doc
	out := streamResponse{ID: d.ID, Version: v.Seq, streamFields: streamFields{
		Name: d.Name, NameIT: d.NameIT, Family: d.Family, EER: d.EER,
		Accepts: d.Accepts, Refuses: d.Refuses, AcceptsIT: d.AcceptsIT, RefusesIT: d.RefusesIT, Colour: d.Colour,
		Pictograms: d.Pictograms,
	}}
	for _, p := range d.Polymers {
		out.Polymers = append(out.Polymers, polymerShare(p))
	}
	for _, density := range d.Densities {
		out.Densities = append(out.Densities, densityResponse(density))
		out.GramsPerLitre = density.GramsPerLitre
	}
	return out
}

// putStream names the bulk density as requests do when that is at fault.
func (s *Server) putStream(ctx context.Context, c access.Caller, w tracking.Write, d tracking.Stream) (tracking.Versioned[tracking.Stream], error) {
	put, err := s.services.Tracking.PutStream(ctx, c, w, d)
	if p := problem.As(err); p != nil {
		moved := *p
		moved.Fields = slices.Clone(p.Fields)
		for i := range moved.Fields {
			if moved.Fields[i].Pointer == "/densities/0/gramsPerLitre" {
				moved.Fields[i].Pointer = "/gramsPerLitre"
			}
		}
		return put, &moved
	}
	return put, err
}

// listStreams answers GET /api/v1/streams.
func (s *Server) listStreams(c *fiber.Ctx) error {
	return listCatalogue(c, streamsListing, s.services.Tracking.Streams, viewStream)
}

// getStream answers GET /api/v1/streams/{id}.
func (s *Server) getStream(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Stream, viewStream)
}

// createStream answers POST /api/v1/streams.
func (s *Server) createStream(c *fiber.Ctx) error {
	return createCatalogue[streamRequest](c, streamsPath, s.putStream, viewStream)
}

// replaceStream answers PUT /api/v1/streams/{id}.
func (s *Server) replaceStream(c *fiber.Ctx) error {
	return replaceCatalogue[streamRequest](c, s.putStream, viewStream)
}
