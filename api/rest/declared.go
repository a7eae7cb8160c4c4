package rest

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	baselinesPath       = "/api/v1/baselines"
	baselinesListing    = "baselines"
	denominatorsPath    = "/api/v1/denominators"
	denominatorsListing = "denominators"
	pilotsPath          = "/api/v1/pilots"
	pilotsListing       = "pilots"
	assessmentPath      = "/api/v1/assessment"
)

// Declared is what the handlers ask about what a lab declares for its
// indicators; tracking.Service says what each method does and answers.
type Declared interface {
	FactorSets(ctx context.Context, c access.Caller, page tracking.Page) (tracking.List[tracking.FactorSet], error)
	FactorSet(ctx context.Context, c access.Caller, ref string) (tracking.Versioned[tracking.FactorSet], error)
	PutFactorSet(ctx context.Context, c access.Caller, w tracking.Write, set tracking.FactorSet) (tracking.Versioned[tracking.FactorSet], error)
	PublishFactorSet(ctx context.Context, c access.Caller, w tracking.Write, ref string) (tracking.Versioned[tracking.FactorSet], error)
	RenewFactorSet(ctx context.Context, c access.Caller, w tracking.Write, ref string) (tracking.Versioned[tracking.FactorSet], error)
	DiffFactorSets(ctx context.Context, c access.Caller, from, to string) (tracking.FactorSetDiff, error)

	Baselines(ctx context.Context, c access.Caller, page tracking.Page) (tracking.List[tracking.Baseline], error)
	Baseline(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Baseline], error)
	PutBaseline(ctx context.Context, c access.Caller, w tracking.Write, b tracking.Baseline) (tracking.Versioned[tracking.Baseline], error)

	Denominators(ctx context.Context, c access.Caller, f tracking.DenominatorFilter, page tracking.Page) (tracking.List[tracking.Denominator], error)
	Denominator(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Denominator], error)
	PutDenominator(ctx context.Context, c access.Caller, w tracking.Write, d tracking.Denominator) (tracking.Versioned[tracking.Denominator], error)

	Pilots(ctx context.Context, c access.Caller, page tracking.Page) (tracking.List[tracking.Pilot], error)
	Pilot(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Pilot], error)
	PutPilot(ctx context.Context, c access.Caller, w tracking.Write, p tracking.Pilot) (tracking.Versioned[tracking.Pilot], error)

	Assessment(ctx context.Context, c access.Caller) (tracking.Versioned[tracking.Assessment], error)
	PutAssessment(ctx context.Context, c access.Caller, w tracking.Write, a tracking.Assessment) (tracking.Versioned[tracking.Assessment], error)
}

// declaredRoutes are what a lab declares for its indicators.
func (s *Server) declaredRoutes() []Route {
	return []Route{
		{get, factorSetsPath, access.ReadFactorSets, Heavy, s.listFactorSets},
		{post, factorSetsPath, access.WriteFactorSets, Batch, s.createFactorSet},
		{get, factorSetsPath + "/{id}", access.ReadFactorSets, Read, s.getFactorSet},
		{put, factorSetsPath + "/{id}", access.WriteFactorSets, Batch, s.replaceFactorSet},
		{post, factorSetsPath + "/{id}/publish", access.WriteFactorSets, Write, s.publishFactorSet},
		{post, factorSetsPath + "/{id}/versions", access.WriteFactorSets, Write, s.renewFactorSet},
		{get, factorSetsPath + "/{id}/diff", access.ReadFactorSets, Read, s.diffFactorSets},
		{get, factorSetsPath + "/{id}/factors.csv", access.ReadFactorSets, Read, s.getFactorTable},
		{put, factorSetsPath + "/{id}/factors", access.WriteFactorSets, Batch, s.replaceFactorTable},

		{get, baselinesPath, access.ReadBaselines, Read, s.listBaselines},
		{post, baselinesPath, access.WriteBaselines, Write, s.createBaseline},
		{get, baselinesPath + "/{id}", access.ReadBaselines, Read, s.getBaseline},
		{put, baselinesPath + "/{id}", access.WriteBaselines, Write, s.replaceBaseline},

		{get, denominatorsPath, access.ReadDenominators, Read, s.listDenominators},
		{post, denominatorsPath, access.WriteDenominators, Write, s.createDenominator},
		{get, denominatorsPath + "/{id}", access.ReadDenominators, Read, s.getDenominator},
		{put, denominatorsPath + "/{id}", access.WriteDenominators, Write, s.replaceDenominator},

		{get, pilotsPath, access.ReadPilots, Read, s.listPilots},
		{post, pilotsPath, access.WritePilots, Write, s.createPilot},
		{get, pilotsPath + "/{id}", access.ReadPilots, Read, s.getPilot},
		{put, pilotsPath + "/{id}", access.WritePilots, Write, s.replacePilot},

		{get, assessmentPath, access.ReadAssessment, Read, s.getAssessment},
		{put, assessmentPath, access.WriteAssessment, Write, s.replaceAssessment},
	}
}

// baselineFields are what a baseline has in requests and answers alike.
type baselineFields struct {
	Name              string        `json:"name"`
	NameIT            string        `json:"nameIt"`
	Dated             string        `json:"dated"`
	Source            string        `json:"source"`
	Routes            []routeFields `json:"routes"`
	Legs              []legFields   `json:"legs,omitempty"`
	HazardousPermille *int          `json:"hazardousPermille,omitempty"`
}

type routeFields struct {
	Operation string `json:"operation"`
	Permille  int    `json:"permille"`
}

type legFields struct {
	Vehicle    string `json:"vehicle"`
	Kilometres int64  `json:"kilometres"`
}

type baselineRequest struct{ baselineFields }

func (r baselineRequest) document(id string) tracking.Baseline {
	return tracking.Baseline{Baseline: indicator.Baseline{
		ID: id, Name: r.Name, NameIT: r.NameIT, Dated: r.Dated, Source: r.Source, HazardousPermille: r.HazardousPermille,
		Routes: each(r.Routes, func(f routeFields) indicator.RouteShare { return indicator.RouteShare(f) }),
		Legs:   each(r.Legs, func(f legFields) indicator.BaselineLeg { return indicator.BaselineLeg(f) }),
	}}
}

type baselineResponse struct {
	ID string `json:"id"`
	baselineFields
	BuiltIn bool      `json:"builtIn"`
	Version store.Seq `json:"version"`
}

func (r baselineResponse) id() string { return r.ID }

func viewBaseline(v tracking.Versioned[tracking.Baseline]) baselineResponse {
	d := v.Doc
	return baselineResponse{ID: d.ID, BuiltIn: d.BuiltIn, Version: v.Seq, baselineFields: baselineFields{
		Name: d.Name, NameIT: d.NameIT, Dated: d.Dated, Source: d.Source, HazardousPermille: d.HazardousPermille,
		Routes: each(d.Routes, func(r indicator.RouteShare) routeFields { return routeFields(r) }),
		Legs:   each(d.Legs, func(l indicator.BaselineLeg) legFields { return legFields(l) }),
	}}
}

// listBaselines answers GET /api/v1/baselines.
func (s *Server) listBaselines(c *fiber.Ctx) error {
	return listCatalogue(c, baselinesListing, s.services.Tracking.Baselines, viewBaseline)
}

// createBaseline answers POST /api/v1/baselines.
func (s *Server) createBaseline(c *fiber.Ctx) error {
	return createCatalogue[baselineRequest](c, baselinesPath, s.services.Tracking.PutBaseline, viewBaseline)
}

// getBaseline answers GET /api/v1/baselines/{id}.
func (s *Server) getBaseline(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Baseline, viewBaseline)
}

// replaceBaseline answers PUT /api/v1/baselines/{id}.
func (s *Server) replaceBaseline(c *fiber.Ctx) error {
	return replaceCatalogue[baselineRequest](c, s.services.Tracking.PutBaseline, viewBaseline)
}

// quantityFields are what may change of a denominator.
type quantityFields struct {
	Quantity string `json:"quantity"` // decimal
	Source   string `json:"source"`   // where the number is from
}

// Validate finds a quantity that is no number.
func (r *quantityFields) Validate() error {
	faults := problem.New(problem.Invalid, "denominator-invalid", "The denominator is not valid; see the fields.")
	if parseDecimal(r.Quantity, "/quantity", true, faults); len(faults.Fields) > 0 {
		return faults
	}
	return nil
}

// document puts the quantity in the place of what its id names. What is no id
// of a denominator names nothing that is there.
func (r quantityFields) document(id string) tracking.Denominator {
	d, _ := tracking.ParseDenominatorID(id)
	d.Quantity, d.Source = parseDecimal(r.Quantity, "", false, &problem.Error{}), r.Source
	return d
}

// denominatorRequest says also what is declared, and for when.
type denominatorRequest struct {
	Facility string `json:"facility"`
	Month    string `json:"month"`
	Kind     string `json:"kind"`
	quantityFields
}

func (r denominatorRequest) document(string) tracking.Denominator {
	d := r.quantityFields.document("")
	d.Facility, d.Month, d.Kind = r.Facility, calendar.Month(r.Month), r.Kind
	return d
}

type denominatorResponse struct {
	ID       string         `json:"id"`
	Facility string         `json:"facility"`
	Month    calendar.Month `json:"month"`
	Kind     string         `json:"kind"`
	quantityFields
	Version store.Seq `json:"version"`
}

func (r denominatorResponse) id() string { return r.ID }

func viewDenominator(v tracking.Versioned[tracking.Denominator]) denominatorResponse {
	d := v.Doc
	return denominatorResponse{d.ID, d.Facility, d.Month, d.Kind, quantityFields{d.Quantity.String(), d.Source}, v.Seq}
}

type denominatorQuery struct {
	Facility string         `query:"facility"`
	Kind     string         `query:"kind" oneof:"bed-day dialysis-session procedure encounter generated-gram"`
	From     calendar.Month `query:"from"`
	To       calendar.Month `query:"to"`
	changes
}

func (q denominatorQuery) filter() tracking.DenominatorFilter {
	return tracking.DenominatorFilter{Facility: q.Facility, Kind: q.Kind, From: q.From, To: q.To}
}

// listDenominators answers GET /api/v1/denominators.
func (s *Server) listDenominators(c *fiber.Ctx) error {
	return answerList[denominatorQuery](c, denominatorsListing, s.services.Tracking.Denominators, viewDenominator)
}

// createDenominator answers POST /api/v1/denominators.
func (s *Server) createDenominator(c *fiber.Ctx) error {
	return createCatalogue[denominatorRequest](c, denominatorsPath, s.services.Tracking.PutDenominator, viewDenominator)
}

// getDenominator answers GET /api/v1/denominators/{id}.
func (s *Server) getDenominator(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Denominator, viewDenominator)
}

// replaceDenominator answers PUT /api/v1/denominators/{id}.
func (s *Server) replaceDenominator(c *fiber.Ctx) error {
	return replaceCatalogue[quantityFields](c, s.services.Tracking.PutDenominator, viewDenominator)
}
