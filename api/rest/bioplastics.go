package rest

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/bioplastic"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	bioplasticsPath    = "/api/v1/bioplastics"
	dossiersListing    = "bioplastics"
	transitionsListing = "transitions"
	alarmsListing      = "sorting-alarms"
)

// Bioplastics is what the handlers ask about dossiers; tracking.Service says
// what each method does and answers.
type Bioplastics interface {
	Dossiers(ctx context.Context, c access.Caller, f tracking.DossierFilter, page tracking.Page) (tracking.List[tracking.DossierView], error)
	Dossier(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.DossierView], error)
	PutDossier(ctx context.Context, c access.Caller, w tracking.Write, id string, p bioplastic.Profile) (tracking.Versioned[tracking.DossierView], error)
	AdvanceDossier(ctx context.Context, c access.Caller, w tracking.Write, id string, a bioplastic.Advance) (tracking.Versioned[tracking.Transition], error)
	Transitions(ctx context.Context, c access.Caller, dossier string, page tracking.Page) (tracking.List[tracking.Transition], error)
	Comparison(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.ComparisonView], error)
	SortingAlarms(ctx context.Context, c access.Caller, f tracking.AlarmFilter, page tracking.Page) (tracking.List[tracking.SortingAlarm], error)
	BioplasticSettings(ctx context.Context, c access.Caller) (tracking.Versioned[tracking.BioplasticSettings], error)
	PutBioplasticSettings(ctx context.Context, c access.Caller, w tracking.Write, settings tracking.BioplasticSettings) (tracking.Versioned[tracking.BioplasticSettings], error)
}

type dossierResponse struct {
	ID string `json:"id"`
	bioplastic.Profile
	State         bioplastic.State    `json:"state"` // on the day
	RecordedState bioplastic.State    `json:"recordedState"`
	Reasons       []bioplastic.Reason `json:"reasons"` // why the two differ
	Follows       []bioplastic.State  `json:"follows"`
	Day           bioplastic.Day      `json:"day"`
	Creditable    bool                `json:"creditable"`
	File          bioplastic.File     `json:"file"`
	Steps         int                 `json:"steps"`
	Version       store.Seq           `json:"version"`
}

func viewDossier(v tracking.Versioned[tracking.DossierView]) dossierResponse {
	d := v.Doc
	return dossierResponse{
		ID: d.ID, Profile: d.Profile, State: d.Standing.State, RecordedState: d.State, Day: d.Day,
		Reasons: append([]bioplastic.Reason{}, d.Standing.Reasons...), Follows: bioplastic.Follows(d.Standing.State, d.DropIn != ""),
		Creditable: d.Creditable(d.Day), File: d.File, Steps: d.Steps, Version: v.Seq,
	}
}

type dossiersQuery struct {
	changes
	State string `query:"state" oneof:"not-assessed desk-check certificate-verified stream-trial outlet-confirmed accepted rejected"`
}

func (q dossiersQuery) filter() tracking.DossierFilter {
	return tracking.DossierFilter{State: bioplastic.State(q.State)}
}

// listDossiers answers GET /api/v1/bioplastics.
func (s *Server) listDossiers(c *fiber.Ctx) error {
	return answerList[dossiersQuery](c, dossiersListing, s.services.Tracking.Dossiers, viewDossier)
}

// getDossier answers GET /api/v1/bioplastics/{id}. The tag is the version, for
// If-Match; but the state depends on the day as well, so there is no 304.
func (s *Server) getDossier(c *fiber.Ctx) error {
	return answerAnew(c, s.services.Tracking.Dossier, viewDossier)
}

// answerAnew answers as answerOne does, and always with the content.
func answerAnew[D, V any](c *fiber.Ctx, read func(context.Context, access.Caller, string) (tracking.Versioned[D], error),
	view func(tracking.Versioned[D]) V,
) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	v, err := read(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderETag, entityTag(int64(v.Seq)))
	return respond(c, fiber.StatusOK, view(v))
}

// createDossier answers POST /api/v1/bioplastics.
func (s *Server) createDossier(c *fiber.Ctx) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	profile, err := decode[bioplastic.Profile](c)
	if err != nil {
		return err
	}
	v, err := s.services.Tracking.PutDossier(c.UserContext(), callerOf(c), tracking.Write{Key: key}, "", profile)
	if err != nil {
		return err
	}
	return respondCreated(c, bioplasticsPath+"/"+v.Doc.ID, int64(v.Seq), viewDossier(v))
}

// replaceDossier answers PUT /api/v1/bioplastics/{id}.
func (s *Server) replaceDossier(c *fiber.Ctx) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	profile, err := decode[bioplastic.Profile](c)
	if err != nil {
		return err
	}
	v, err := s.services.Tracking.PutDossier(c.UserContext(), callerOf(c), tracking.Write{IfVersion: store.Seq(version)}, pathID(c), profile)
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(v.Seq), viewDossier(v))
}

type transitionResponse struct {
	ID      string           `json:"id"`
	Dossier string           `json:"dossier"`
	Number  int              `json:"number"`
	At      calendar.Instant `json:"at"`
	By      string           `json:"by"`
	From    bioplastic.State `json:"from"`
	bioplastic.Advance
	Version store.Seq `json:"version"`
}

func viewTransition(v tracking.Versioned[tracking.Transition]) transitionResponse {
	t := v.Doc
	return transitionResponse{t.ID, t.Dossier, t.Number, t.At, t.By, t.From, t.Evidence, v.Seq}
}

// listTransitions answers GET /api/v1/bioplastics/{id}/transitions.
func (s *Server) listTransitions(c *fiber.Ctx) error {
	id := pathID(c)
	return listCatalogue(c, transitionsListing, func(ctx context.Context, caller access.Caller, page tracking.Page) (tracking.List[tracking.Transition], error) {
		return s.services.Tracking.Transitions(ctx, caller, id, page)
	}, viewTransition)
}

// advanceDossier answers POST /api/v1/bioplastics/{id}/transitions.
func (s *Server) advanceDossier(c *fiber.Ctx) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	asked, err := decode[bioplastic.Advance](c)
	if err != nil {
		return err
	}
	w := tracking.Write{Key: key, IfVersion: store.Seq(version)}
	v, err := s.services.Tracking.AdvanceDossier(c.UserContext(), callerOf(c), w, pathID(c), asked)
	if err != nil {
		return err
	}
	return respondCreated(c, bioplasticsPath+"/"+v.Doc.Dossier, int64(v.Seq), viewTransition(v))
}

type amountResponse struct {
	Fossil   string `json:"fossilKgCO2e"`
	Biogenic string `json:"biogenicKgCO2"` // memo
}

func viewAmount(a bioplastic.Amount) amountResponse {
	return amountResponse{a.Fossil.String(), a.Biogenic.String()}
}

type comparisonResponse struct {
	Dossier    string                `json:"dossier"`
	Comparison bioplastic.Comparison `json:"comparison"`
	Item       amountResponse        `json:"itemPerTask"`
	Reference  amountResponse        `json:"referencePerTask"`
	Saving     amountResponse        `json:"savingPerTask"`
	Credit     string                `json:"creditKgCO2ePerTask"`
	Creditable bool                  `json:"creditable"`
	State      bioplastic.State      `json:"state"`
	Day        bioplastic.Day        `json:"day"`
	Version    store.Seq             `json:"version"`
}

// getComparison answers GET /api/v1/bioplastics/{id}/comparison.
func (s *Server) getComparison(c *fiber.Ctx) error {
	return answerAnew(c, s.services.Tracking.Comparison, func(v tracking.Versioned[tracking.ComparisonView]) comparisonResponse {
		d, o := v.Doc, v.Doc.Outcome
		return comparisonResponse{
			Dossier: d.ID, Comparison: *d.Comparison, Item: viewAmount(o.Item), Reference: viewAmount(o.Reference), Saving: viewAmount(o.Saving),
			Credit: o.Credit.String(), Creditable: d.Creditable(d.Day), State: d.Standing.State, Day: d.Day, Version: v.Seq,
		}
	})
}

type alarmsQuery struct {
	page
	From string `query:"from"`
	To   string `query:"to"`
}

type alarmResponse struct {
	Treatment   string                     `json:"treatment"`
	Pickup      string                     `json:"pickup"`
	Facility    string                     `json:"facility"`
	Recycler    string                     `json:"recycler"`
	Stream      string                     `json:"stream"`
	TreatedAt   calendar.Instant           `json:"treatedAt"`
	Input       quantity.Mass              `json:"inputGrams"`
	Contaminant quantity.Mass              `json:"contaminantGrams"`
	Threshold   bioplastic.PartsPerMillion `json:"thresholdPpm"`
}

func viewAlarm(v tracking.Versioned[tracking.SortingAlarm]) alarmResponse {
	a := v.Doc
	return alarmResponse{a.ID, a.Pickup, a.Facility, a.Recycler, a.Stream, a.TreatedAt, a.InputGrams, a.Contaminant, a.Threshold}
}

// listSortingAlarms answers GET /api/v1/bioplastics/alarms.
func (s *Server) listSortingAlarms(c *fiber.Ctx) error {
	q, err := params[alarmsQuery](c)
	if err != nil {
		return err
	}
	asked := changes{page: q.page} // what changed is no list of its own: a new threshold changes all
	page, err := asked.ledgerPage(alarmsListing)
	if err != nil {
		return err
	}
	list, err := s.services.Tracking.SortingAlarms(c.UserContext(), callerOf(c), tracking.AlarmFilter{From: q.From, To: q.To}, page)
	if err != nil {
		return err
	}
	return respondLedgerList(c, alarmsListing, asked, list, viewAlarm)
}

type bioplasticSettings struct {
	Threshold bioplastic.PartsPerMillion `json:"thresholdPpm"`
}

// getBioplasticSettings answers GET /api/v1/bioplastics/settings.
func (s *Server) getBioplasticSettings(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	v, err := s.services.Tracking.BioplasticSettings(c.UserContext(), callerOf(c))
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(v.Seq), bioplasticSettings(v.Doc))
}

// replaceBioplasticSettings answers PUT /api/v1/bioplastics/settings.
func (s *Server) replaceBioplasticSettings(c *fiber.Ctx) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	body, err := decode[bioplasticSettings](c)
	if err != nil {
		return err
	}
	v, err := s.services.Tracking.PutBioplasticSettings(c.UserContext(), callerOf(c), tracking.Write{IfVersion: store.Seq(version)}, tracking.BioplasticSettings(body))
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(v.Seq), bioplasticSettings(v.Doc))
}
