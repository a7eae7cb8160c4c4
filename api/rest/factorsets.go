package rest

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	factorSetsPath    = "/api/v1/factor-sets"
	factorSetsListing = "factor-sets"
)

// factorSetRequest is the content of a draft.
type factorSetRequest struct {
	Title       string         `json:"title"`
	Base        string         `json:"base"` // built-in set that it changes and adds to; none: it stands alone
	Sensitivity bool           `json:"sensitivityOnly"`
	Factors     []factorFields `json:"factors"`
}

// Validate finds the numbers that are none.
func (r *factorSetRequest) Validate() error {
	faults := problem.New(problem.Invalid, "factor-set-invalid", "Some values of the factor set can't be taken. Correct the fields that are named.")
	if len(r.Factors) > tracking.MaxFactors {
		return nil // tracking refuses so many
	}
	if factorsOf(r.Factors, faults); len(faults.Fields) > 0 {
		return faults
	}
	return nil
}

func (r factorSetRequest) document(ref string) tracking.FactorSet {
	set := tracking.FactorSet{Base: r.Base}
	set.ID, set.Version = cutSetRef(ref)
	set.Title, set.Sensitivity, set.Factors = r.Title, r.Sensitivity, factorsOf(r.Factors, &problem.Error{})
	return set
}

// cutSetRef takes "own@2" apart. What is no name of a version has none.
func cutSetRef(ref string) (id string, version int) {
	id, number, _ := strings.Cut(ref, "@")
	version, err := strconv.Atoi(number)
	if err != nil || tracking.SetRef(id, version) != ref {
		return "", 0
	}
	return id, version
}

// newFactorSetRequest makes a set under a name of the caller's choice.
type newFactorSetRequest struct {
	ID string `json:"id"` // without a version
	factorSetRequest
}

func (r newFactorSetRequest) document(string) tracking.FactorSet {
	set := r.factorSetRequest.document("")
	set.ID = r.ID
	return set
}

// factorSetItem is a version of a set in a listing, without its factors.
type factorSetItem struct {
	ID           string       `json:"id"`  // "own@2"
	Set          string       `json:"set"` // "own"
	Number       int          `json:"number"`
	State        factor.State `json:"state"`
	Title        string       `json:"title"`
	Base         string       `json:"base,omitempty"`
	PublishedOn  string       `json:"publishedOn,omitempty"`
	SupersededBy string       `json:"supersededBy,omitempty"`
	Sensitivity  bool         `json:"sensitivityOnly"`
	BuiltIn      bool         `json:"builtIn"`
	Count        int          `json:"factorCount"`
	Version      store.Seq    `json:"version"`
}

func viewFactorSetItem(v tracking.Versioned[tracking.FactorSet]) factorSetItem {
	d := v.Doc
	out := factorSetItem{
		ID: d.Name(), Set: d.ID, Number: d.Set.Version, State: d.State, Title: d.Title, Base: d.Base, PublishedOn: d.Published,
		Sensitivity: d.Sensitivity, BuiltIn: d.BuiltIn, Count: len(d.Factors), Version: v.Seq,
	}
	if d.SupersededBy != 0 {
		out.SupersededBy = tracking.SetRef(d.ID, d.SupersededBy)
	}
	return out
}

type factorSetResponse struct {
	factorSetItem
	Factors []factorFields `json:"factors"` // by kind and subject; the base's are not among them
}

func (r factorSetResponse) id() string { return r.ID }

func viewFactorSet(v tracking.Versioned[tracking.FactorSet]) factorSetResponse {
	return factorSetResponse{viewFactorSetItem(v), each(v.Doc.Factors, viewFactor)}
}

// listFactorSets answers GET /api/v1/factor-sets.
func (s *Server) listFactorSets(c *fiber.Ctx) error {
	return listCatalogue(c, factorSetsListing, s.services.Tracking.FactorSets, viewFactorSetItem)
}

// createFactorSet answers POST /api/v1/factor-sets.
func (s *Server) createFactorSet(c *fiber.Ctx) error {
	return createCatalogue[newFactorSetRequest](c, factorSetsPath, s.services.Tracking.PutFactorSet, viewFactorSet)
}

// getFactorSet answers GET /api/v1/factor-sets/{id}.
func (s *Server) getFactorSet(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.FactorSet, viewFactorSet)
}

// replaceFactorSet answers PUT /api/v1/factor-sets/{id}.
func (s *Server) replaceFactorSet(c *fiber.Ctx) error {
	return replaceCatalogue[factorSetRequest](c, s.services.Tracking.PutFactorSet, viewFactorSet)
}

// publishFactorSet answers POST /api/v1/factor-sets/{id}/publish. It takes
// If-Match, so that nothing is frozen that its publisher has not read.
func (s *Server) publishFactorSet(c *fiber.Ctx) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	w := tracking.Write{Key: key, IfVersion: store.Seq(version)}
	set, err := s.services.Tracking.PublishFactorSet(c.UserContext(), callerOf(c), w, pathID(c))
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(set.Seq), viewFactorSet(set))
}

// renewFactorSet answers POST /api/v1/factor-sets/{id}/versions.
func (s *Server) renewFactorSet(c *fiber.Ctx) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	set, err := s.services.Tracking.RenewFactorSet(c.UserContext(), callerOf(c), tracking.Write{Key: key}, pathID(c))
	if err != nil {
		return err
	}
	return respondCreated(c, factorSetsPath+"/"+set.Doc.Name(), int64(set.Seq), viewFactorSet(set))
}

type diffQuery struct {
	To string `query:"to"`
}

// diffResponse is what changes from one set to another, their bases included.
type diffResponse struct {
	From    string          `json:"from"`
	To      string          `json:"to"`
	Changes []factor.Change `json:"changes"`
}

// diffFactorSets answers GET /api/v1/factor-sets/{id}/diff.
func (s *Server) diffFactorSets(c *fiber.Ctx) error {
	return answerPlain(c, func(ctx context.Context, caller access.Caller, q diffQuery) (diffResponse, error) {
		d, err := s.services.Tracking.DiffFactorSets(ctx, caller, pathID(c), q.To)
		return diffResponse{d.From, d.To, append([]factor.Change{}, d.Changes...)}, err
	})
}

// getFactorTable answers GET /api/v1/factor-sets/{id}/factors.csv.
func (s *Server) getFactorTable(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	set, err := s.services.Tracking.FactorSet(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	var table bytes.Buffer
	if err := factor.WriteCSV(&table, set.Doc.Factors); err != nil {
		return err
	}
	return respondWithTag(c, fiber.StatusOK, entityTag(int64(set.Seq)), func() error {
		c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
		c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+set.Doc.Name()+`.csv"`)
		return c.Send(table.Bytes())
	})
}

// replaceFactorTable answers PUT /api/v1/factor-sets/{id}/factors: the factors
// of a draft from a table, all or none.
func (s *Server) replaceFactorTable(c *fiber.Ctx) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	table, err := csvBody(c)
	if err != nil {
		return err
	}
	factors, err := factor.ReadCSV(bytes.NewReader(table), factor.Limits{Factors: tracking.MaxFactors})
	if err != nil {
		return err
	}
	// What else the set has stays as it was read: if it has changed meanwhile,
	// the version is not the one in If-Match.
	old, err := s.services.Tracking.FactorSet(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	set := old.Doc
	set.Factors = factors
	w := tracking.Write{IfVersion: store.Seq(version)}
	put, err := s.services.Tracking.PutFactorSet(c.UserContext(), callerOf(c), w, set)
	if err != nil {
		return inTable(err, table)
	}
	return respondTagged(c, fiber.StatusOK, int64(put.Seq), viewFactorSet(put))
}

// csvBody is the body of a request with a table.
func csvBody(c *fiber.Ctx) ([]byte, error) {
	media, parameters, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	charset, given := parameters["charset"]
	if err != nil || media != "text/csv" || given && !strings.EqualFold(charset, "utf-8") {
		return nil, problem.New(problem.Unsupported, "content-type-unsupported", "Send the table as Content-Type: text/csv, in UTF-8.")
	}
	if len(c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return nil, problem.New(problem.Unsupported, "content-encoding-unsupported", "Send the body without Content-Encoding.")
	}
	return c.Request().Body(), nil
}

// inTable names lines of a table where the domain has named factors. A factor
// that could be read is on one line.
func inTable(err error, table []byte) error {
	p := problem.As(err)
	if p == nil {
		return err
	}
	var lines []int
	for i, line := range bytes.Split(table, []byte("\n")) {
		if len(bytes.TrimSuffix(line, []byte("\r"))) > 0 {
			lines = append(lines, i+1)
		}
	}
	named := *p
	named.Fields = nil
	for _, f := range p.Fields {
		parts := strings.Split(f.Pointer, "/")
		if len(parts) == 4 && parts[1] == "factors" {
			if at, err := strconv.Atoi(parts[2]); err == nil && at+1 < len(lines) { // the header is the first
				f.Pointer = fmt.Sprintf("/lines/%d/%s", lines[at+1], parts[3])
				f.Detail = fmt.Sprintf("Line %d, column %s: %s", lines[at+1], parts[3], f.Detail)
			}
		}
		named.Fields = append(named.Fields, f)
	}
	return &named
}
