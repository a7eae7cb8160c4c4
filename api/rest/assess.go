package rest

import (
	"context"
	"regexp"

	"github.com/gofiber/fiber/v2"
	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// Assessment is what the handlers ask about indicators beyond masses;
// tracking.Service says what each method does and answers.
type Assessment interface {
	Cards(ctx context.Context, c access.Caller, f tracking.IndicatorFilter, o tracking.AssessOptions) (tracking.CardsAnswer, error)
	CardsBy(ctx context.Context, c access.Caller, f tracking.IndicatorFilter, by tracking.BreakdownBy, o tracking.AssessOptions) (tracking.CardTable, error)
	Scenario(ctx context.Context, c access.Caller, f tracking.IndicatorFilter, w indicator.Scenario, o tracking.AssessOptions) (tracking.ScenarioAnswer, error)
	PilotResult(ctx context.Context, c access.Caller, id string, o tracking.AssessOptions) (tracking.PilotAnswer, error)

	Reports(ctx context.Context, c access.Caller, page tracking.Page) (tracking.List[tracking.ReportHead], error)
	Report(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.Report], error)
	CreateReport(ctx context.Context, c access.Caller, w tracking.Write, r tracking.ReportRequest) (tracking.Versioned[tracking.Report], error)
	Recompute(ctx context.Context, c access.Caller, id string, o tracking.AssessOptions) (tracking.Recomputed, error)
}

// methodQuery chooses how cards are worked out.
type methodQuery struct {
	FactorSet string `query:"factorSet"`
	Baseline  string `query:"baseline"`
	Draws     int    `query:"draws"`
	Seed      int64  `query:"seed"`
}

func (q methodQuery) options() tracking.AssessOptions {
	return tracking.AssessOptions{FactorSet: q.FactorSet, Baseline: q.Baseline, Draws: q.Draws, Seed: uint64(q.Seed)}
}

// Validate checks what the service takes as it comes.
func (q *methodQuery) Validate() error {
	if q.Seed < 0 {
		return problem.New(problem.Invalid, "query-invalid", "The query does not fit; see errors.").With("?seed", "out-of-range", "Give a whole number from 0.")
	}
	return nil
}

// cardsQuery is the filter of GET /api/v1/indicators/cards.
type cardsQuery struct {
	scopeQuery
	methodQuery
}

// Validate asks for the months, and for a fitting method.
func (q *cardsQuery) Validate() error {
	if err := q.scopeQuery.Validate(); err != nil {
		return err
	}
	return q.methodQuery.Validate()
}

// cardTableQuery says as well what the parts are.
type cardTableQuery struct {
	breakdownQuery
	methodQuery
}

// Validate asks for the parts, too.
func (q *cardTableQuery) Validate() error {
	if err := q.breakdownQuery.Validate(); err != nil {
		return err
	}
	return q.methodQuery.Validate()
}

// getCards answers GET /api/v1/indicators/cards.
func (s *Server) getCards(c *fiber.Ctx) error {
	return answerPlain(c, func(ctx context.Context, caller access.Caller, q cardsQuery) (tracking.CardsAnswer, error) {
		return s.services.Tracking.Cards(ctx, caller, q.filter(), q.options())
	})
}

// getCardTable answers GET /api/v1/indicators/card-table.
func (s *Server) getCardTable(c *fiber.Ctx) error {
	return answerPlain(c, func(ctx context.Context, caller access.Caller, q cardTableQuery) (tracking.CardTable, error) {
		return s.services.Tracking.CardsBy(ctx, caller, q.filter(), tracking.BreakdownBy(q.By), q.options())
	})
}

// getPilotResult answers GET /api/v1/pilots/{id}/result.
func (s *Server) getPilotResult(c *fiber.Ctx) error {
	return answerPlain(c, func(ctx context.Context, caller access.Caller, q methodQuery) (tracking.PilotAnswer, error) {
		return s.services.Tracking.PilotResult(ctx, caller, pathID(c), q.options())
	})
}

// scopeBody is what a request in a body is about.
type scopeBody struct {
	From      calendar.Month `json:"from"`
	To        calendar.Month `json:"to"`
	Facility  string         `json:"facility"`
	Ward      string         `json:"ward"`
	Stream    string         `json:"stream"`
	FactorSet string         `json:"factorSet"` // none: the lab's
	Baseline  string         `json:"baseline"`  // none: the lab's
}

func (b scopeBody) filter() tracking.IndicatorFilter {
	return tracking.IndicatorFilter{From: b.From, To: b.To, Facility: b.Facility, Ward: b.Ward, Stream: b.Stream}
}

// check notes what is missing.
func (b scopeBody) check(bad *problem.Error) {
	if b.From == "" {
		bad.With("/from", "required", "Give the first month.")
	}
	if b.To == "" {
		bad.With("/to", "required", "Give the last month.")
	}
}

// decimalText is a decimal in a request, written out: exponents are refused
// before they are read, since 1e999999999 would be a very long number.
type decimalText string

var decimalForm = regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{1,9})?$`)

func (d decimalText) check(bad *problem.Error, at string) {
	if !decimalForm.MatchString(string(d)) {
		bad.With(at, "malformed", `Write a decimal as a string, like "0.02".`)
	}
}

func (d decimalText) value() decimal.Decimal { return decimal.RequireFromString(string(d)) }

// scenarioRequest asks "what if".
type scenarioRequest struct {
	scopeBody
	Contamination *decimalText `json:"contamination"`
	Electric      *struct {
		Vehicle     string `json:"vehicle"`
		WattHoursKm int64  `json:"wattHoursPerKm"`
	} `json:"electric"`
	ClosedLoop *struct {
		Polymer string      `json:"polymer"`
		Yield   decimalText `json:"yield"`
		Quality decimalText `json:"quality"`
	} `json:"closedLoop"`
}

// Validate checks the form; what a scenario may be is checked by itself.
func (r *scenarioRequest) Validate() error {
	bad := problem.New(problem.Invalid, "body-invalid", "The body does not fit; see errors.")
	r.check(bad)
	if r.Contamination != nil {
		r.Contamination.check(bad, "/contamination")
	}
	if l := r.ClosedLoop; l != nil {
		l.Yield.check(bad, "/closedLoop/yield")
		l.Quality.check(bad, "/closedLoop/quality")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func (r *scenarioRequest) scenario() indicator.Scenario {
	var s indicator.Scenario
	if r.Contamination != nil {
		share := r.Contamination.value()
		s.Contamination = &share
	}
	if e := r.Electric; e != nil {
		s.Electric = &indicator.Electric{Vehicle: e.Vehicle, WattHoursKm: e.WattHoursKm}
	}
	if l := r.ClosedLoop; l != nil {
		s.ClosedLoop = &indicator.ClosedLoop{Polymer: l.Polymer, Yield: l.Yield.value(), Quality: l.Quality.value()}
	}
	return s
}

// postScenario answers POST /api/v1/scenarios. It records nothing.
func (s *Server) postScenario(c *fiber.Ctx) error {
	r, err := decode[scenarioRequest](c)
	if err != nil {
		return err
	}
	o := tracking.AssessOptions{FactorSet: r.FactorSet, Baseline: r.Baseline}
	a, err := s.services.Tracking.Scenario(c.UserContext(), callerOf(c), r.filter(), r.scenario(), o)
	if err != nil {
		return err
	}
	return respond(c, fiber.StatusOK, a)
}
