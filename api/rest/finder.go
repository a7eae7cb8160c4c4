package rest

import (
	"context"
	"errors"
	"html/template"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// Finder is the inbox of what strangers report; finder.Service says what each
// method does and answers.
type Finder interface {
	Report(ctx context.Context, lab string, code qrlabels.Code, report finder.NewReport) (finder.Outcome, error)
	List(ctx context.Context, c access.Caller, f finder.Filter, after string, limit int) (finder.Page, error)
	Get(ctx context.Context, c access.Caller, id string) (finder.Report, error)
	Handle(ctx context.Context, c access.Caller, id string, version int) (finder.Report, error)
	EraseNote(ctx context.Context, c access.Caller, id string, version int) (finder.Report, error)
}

// finderSide is what the public pages of labels need.
type finderSide struct {
	page  *template.Template
	style resource

	looks        *buckets[address]
	labelAddress *buckets[labelAddress]
	address      *buckets[address]
	label        *buckets[qrlabels.Code]
}

type labelAddress struct {
	label qrlabels.Code
	from  address
}

func newFinderSide(cfg Config) (*finderSide, error) {
	page, err := template.ParseFS(docsFiles, "page/finder.html")
	if err != nil {
		return nil, err
	}
	style, err := docsFiles.ReadFile("page/finder.css")
	if err != nil {
		return nil, err
	}
	l, r := cfg.Limits, cfg.Limits.Reports
	return &finderSide{
		page: page, style: newResource("text/css; charset=utf-8", style),
		looks:        newBuckets[address](l.Looks, l.Buckets, cfg.Now),
		labelAddress: newBuckets[labelAddress](r.LabelAddress, l.Buckets, cfg.Now),
		address:      newBuckets[address](r.Address, l.Buckets, cfg.Now),
		label:        newBuckets[qrlabels.Code](r.Label, l.Buckets, cfg.Now),
	}, nil
}

// finderRoutes are where the links on printed labels lead, whose paths are in
// capitals, and the inbox of what comes of them.
func (s *Server) finderRoutes() []Route {
	return []Route{
		{get, "/finder.css", Public, Cheap, s.finderStyle},
		{get, "/b/{code}", Public, Read, s.foundLabel},
		{get, "/B/{code}", Public, Read, s.foundLabel},
		{get, "/8003/{grai}", Public, Read, s.foundAsset},
		{get, "/b/{code}/thanks", Public, Cheap, s.thankFinder},
		{post, "/b/{code}/reports", Public, Write, s.postReport},

		{get, reportsPath, access.ReadFinderReports, Read, s.listReports},
		{get, reportsPath + "/{id}", access.ReadFinderReports, Read, s.getReport},
		{post, reportsPath + "/{id}/handle", access.HandleFinderReports, Write, s.handleReport},
		{post, reportsPath + "/{id}/erase-note", access.HandleFinderReports, Write, s.eraseNote},
	}
}

// forFinders reports whether a request is for the public side of labels, where
// also what goes wrong is told to people.
func forFinders(c *fiber.Ctx) bool {
	path := c.Path()
	return strings.HasPrefix(path, "/b/") || strings.HasPrefix(path, "/B/") || strings.HasPrefix(path, "/8003/")
}

// finderStyle answers GET /finder.css.
func (s *Server) finderStyle(c *fiber.Ctx) error { return s.finder.style.send(c) }

// foundLabel answers GET /b/{code} and GET /B/{code}.
func (s *Server) foundLabel(c *fiber.Ctx) error {
	code, err := pathCode(c)
	if err != nil {
		return err
	}
	return s.found(c, code)
}

// foundAsset answers GET /8003/{grai}, the link of a label that is a GS1 one.
func (s *Server) foundAsset(c *fiber.Ctx) error {
	grai := pathID(c)
	code, err := qrlabels.ParseAsset(grai)
	var mistake *qrlabels.CodeError
	switch {
	case errors.As(err, &mistake):
		return mistyped(grai[assetDigits:], mistake)
	case err != nil:
		return errLabelUnknown().Because(err)
	}
	return s.found(c, code)
}

// assetDigits are what stands in a GRAI before its serial.
const assetDigits = 14

// found answers with what anybody may learn from a label. A phone that has
// signed in is led on to the app instead, before anything is read.
func (s *Server) found(c *fiber.Ctx, code qrlabels.Code) error {
	if wait := s.finder.looks.take(addressOf(stateOf(c).client)); wait > 0 {
		return tooMany(wait)
	}
	if s.leadsOn(c) {
		return c.Redirect(s.cfg.AppURL+"/b/"+code.String(), fiber.StatusSeeOther)
	}
	found, err := s.services.Tracking.Found(c.UserContext(), s.cfg.Lab, code.String())
	if err != nil {
		return err
	}
	if found.State == tracking.FoundUnknown {
		return errLabelUnknown()
	}
	if wantsJSON(c) {
		return respond(c, fiber.StatusOK, viewFound(code, found))
	}
	return s.writePage(c, fiber.StatusOK, foundView(phrasesFor(c), code, found))
}

type thanksQuery struct {
	Status string `query:"status" oneof:"received already-reported"`
}

// thankFinder answers GET /b/{code}/thanks, where a form leads that was sent.
// It reads nothing, and says the same of every code.
func (s *Server) thankFinder(c *fiber.Ctx) error {
	code, err := pathCode(c)
	if err != nil {
		return err
	}
	query, err := params[thanksQuery](c)
	if err != nil {
		return err
	}
	outcome := finder.Received
	if query.Status != "" {
		outcome = finder.Outcome(query.Status)
	}
	if wantsJSON(c) {
		return respond(c, fiber.StatusOK, thanksResponse{outcome})
	}
	return s.writePage(c, fiber.StatusOK, thanksView(phrasesFor(c), code, outcome))
}

// codeMistake is a code in a path that can be no label's, as it was typed.
type codeMistake struct {
	typed string
	err   *qrlabels.CodeError
}

func (m *codeMistake) Error() string { return m.err.Error() }

// pathCode is the code in the path of the request.
func pathCode(c *fiber.Ctx) (qrlabels.Code, error) {
	typed := pathID(c)
	code, err := qrlabels.ParseCode(typed)
	var mistake *qrlabels.CodeError
	if errors.As(err, &mistake) {
		return code, mistyped(typed, mistake)
	}
	return code, err
}

func mistyped(typed string, err *qrlabels.CodeError) error {
	return problem.New(problem.NotFound, "code-mistyped", "This is not a label's code (%s). Compare it with the label.", err.Error()).
		Because(&codeMistake{typed, err})
}

func errLabelUnknown() *problem.Error {
	return problem.New(problem.NotFound, "label-unknown", "There is no bin with this label.")
}

// foundResponse is what anybody may learn from a label.
type foundResponse struct {
	Code     string               `json:"code"`
	Grouped  string               `json:"grouped"`
	State    tracking.FoundState  `json:"state"`
	Stream   *foundStreamResponse `json:"stream,omitempty"`
	Facility *foundOwnerResponse  `json:"facility,omitempty"`
}

type foundStreamResponse struct {
	Name      string   `json:"name"`
	NameIT    string   `json:"nameIt"`
	Colour    string   `json:"colour,omitempty"`
	Accepts   []string `json:"accepts"`
	AcceptsIT []string `json:"acceptsIt"`
	Refuses   []string `json:"refuses"`
	RefusesIT []string `json:"refusesIt"`
}

type foundOwnerResponse struct {
	Name    string `json:"name"`
	Contact string `json:"contact,omitempty"`
}

func viewFound(code qrlabels.Code, f tracking.Found) foundResponse {
	r := foundResponse{Code: code.String(), Grouped: code.Grouped(), State: f.State}
	words := func(list []string) []string { return append([]string{}, list...) }
	if s := f.Stream; s != nil {
		r.Stream = &foundStreamResponse{
			Name: s.Name, NameIT: s.NameIT, Colour: s.Colour, Accepts: words(s.Accepts), AcceptsIT: words(s.AcceptsIT),
			Refuses: words(s.Refuses), RefusesIT: words(s.RefusesIT),
		}
	}
	if f.Owner != nil {
		r.Facility = &foundOwnerResponse{f.Owner.Name, f.Owner.Contact}
	}
	return r
}
