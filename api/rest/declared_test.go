package rest

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
)

// epd is a factor of a supplier's declaration.
var epd = fields{
	"kind": "virgin-production", "subject": "PP", "modules": []string{"A1", "A3"}, "value": "1.63", "unit": "kgCO2e/kg", "uptake": "0/0",
	"region": "IT", "year": 2024, "validFrom": "2024-01-01", "source": "EPD", "table": "4", "licence": "by courtesy", "gsd2": "1.1",
	"scores": fields{"reliability": 1, "completeness": 2, "temporal": 1, "geographical": 1, "technological": 1},
}

var (
	setBody      = fields{"title": "EPD dei fornitori", "base": "default@1", "factors": []fields{epd}}
	baselineBody = fields{
		"name": "Audit", "nameIt": "Verifica", "dated": "2025-12-31", "source": "Audit 2025", "hazardousPermille": 300,
		"routes": []fields{{"operation": "R1", "permille": 800}, {"operation": "D10", "permille": 200}}, "legs": []fields{{"vehicle": "van", "kilometres": 20}},
	}
	quantityBody = fields{"quantity": "1240.5", "source": "Registro dei letti"}
)

func aFactorSet(id string) fields {
	return fields{"id": id, "title": "EPD dei fornitori", "base": "default@1", "factors": []fields{epd}}
}

func aPilot(ward string) fields {
	return fields{
		"name": "Dialisi", "changed": "Sacche svuotate", "from": "2026-01", "to": "2026-03", "wards": []string{ward},
		"reference": fields{"from": "2025-01", "to": "2025-03"},
	}
}

func aDenominator(facility, kind string) fields {
	return fields{"facility": facility, "month": "2026-03", "kind": kind, "quantity": "1240.5", "source": "Registro dei letti"}
}

// mustDeclared makes a document as the coordinator, and returns its id.
func (w *world) mustDeclared(tb testing.TB, path string, body fields) string {
	tb.Helper()
	at := w.as("coordinator", "").Do(tb, post, path, body).Want(tb, 201).Header.Get("Location")
	return strings.TrimPrefix(at, path+"/")
}

func (w *world) mustFactorSet(tb testing.TB, id string) string {
	return w.mustDeclared(tb, factorSetsPath, aFactorSet(id))
}

// mustDenominator declares the bed days of a facility, or finds them declared.
func (w *world) mustDenominator(tb testing.TB, facility string) string {
	tb.Helper()
	c := w.as("coordinator", "")
	id := facility + ":2026-03:bed-day"
	if c.Do(tb, get, denominatorsPath+"/"+id, nil).Status == 200 {
		return id
	}
	return w.mustDeclared(tb, denominatorsPath, aDenominator(facility, "bed-day"))
}

func freshSet(t *testing.T, p *people, o object) string {
	return p.in(o.lab).mustFactorSet(t, "f-"+uuid.NewString())
}

func freshPublished(t *testing.T, p *people, o object) string {
	id := freshSet(t, p, o)
	c := p.in(o.lab).as("coordinator", "")
	tag := c.Do(t, get, factorSetsPath+"/"+id, nil).Want(t, 200).Header.Get("ETag")
	c.Do(t, post, factorSetsPath+"/"+id+"/publish", nil, "If-Match", tag).Want(t, 200)
	return id
}

func given(body fields) func(*testing.T, *people, object) any {
	return func(*testing.T, *people, object) any { return body }
}

var declaredRows = map[string]policyRow{
	"GET /api/v1/factor-sets": {},
	"POST /api/v1/factor-sets": {wants: 201, body: func(*testing.T, *people, object) any {
		return aFactorSet("new-" + uuid.NewString())
	}},
	"GET /api/v1/factor-sets/{id}":             {id: "set", sees: seesLab},
	"PUT /api/v1/factor-sets/{id}":             {id: "set", sees: seesLab, version: true, body: given(setBody)},
	"POST /api/v1/factor-sets/{id}/publish":    {id: "set", fresh: freshSet, sees: seesLab, version: true},
	"POST /api/v1/factor-sets/{id}/versions":   {id: "set", fresh: freshPublished, sees: seesLab, wants: 201},
	"GET /api/v1/factor-sets/{id}/diff":        {id: "set", sees: seesLab, query: "?to=default@1"},
	"GET /api/v1/factor-sets/{id}/factors.csv": {id: "set", sees: seesLab},
	// A body that is no table is refused before the set is looked for.
	"PUT /api/v1/factor-sets/{id}/factors": {wants: 415, id: "set", version: true, body: given(setBody)},

	"GET /api/v1/baselines":      {},
	"POST /api/v1/baselines":     {wants: 201, body: given(baselineBody)},
	"GET /api/v1/baselines/{id}": {id: "baseline", sees: seesLab},
	"PUT /api/v1/baselines/{id}": {id: "baseline", sees: seesLab, version: true, body: given(baselineBody)},

	"GET /api/v1/denominators": listed("facility", seesFacility),
	"POST /api/v1/denominators": {sees: seesFacility, wants: 409, hides: 422, body: func(_ *testing.T, _ *people, o object) any {
		return aDenominator(o.ids["facility"], "bed-day") // is there already
	}},
	"GET /api/v1/denominators/{id}": {id: "denominator", sees: seesFacility},
	"PUT /api/v1/denominators/{id}": {id: "denominator", sees: seesFacility, version: true, body: given(quantityBody)},

	"GET /api/v1/pilots": {},
	"POST /api/v1/pilots": {sees: seesFacility, wants: 201, hides: 422, body: func(_ *testing.T, _ *people, o object) any {
		return aPilot(o.ids["ward"])
	}},
	"GET /api/v1/pilots/{id}": {id: "pilot", sees: seesFacility},
	"PUT /api/v1/pilots/{id}": {id: "pilot", sees: seesFacility, version: true, body: func(_ *testing.T, _ *people, o object) any {
		return aPilot(o.ids["ward"])
	}},

	"GET /api/v1/assessment": {},
	// The version is that of the lab of the object.
	"PUT /api/v1/assessment": {version: true, wantsFrom: func(c access.Caller) int {
		if c.Lab == "lab-a" {
			return 200
		}
		return 412
	}, body: given(fields{"factorSet": "default@1", "baseline": ""})},
}

// checkCatalogueFlow tries what every document of the catalogue goes through.
func TestDeclaredFlows(t *testing.T) {
	w := mustWorld(t)
	checkCatalogueFlow(t, w, baselinesPath, baselineBody)
	checkCatalogueFlow(t, w, pilotsPath, aPilot("w1"))
}

func TestFactorSetsOverHTTP(t *testing.T) {
	w := mustWorld(t)
	c, plant := w.as("coordinator", ""), w.as("plant", "r1")
	first := c.Do(t, post, factorSetsPath, aFactorSet("own"), "Idempotency-Key", "k").Want(t, 201)
	again := c.Do(t, post, factorSetsPath, aFactorSet("own"), "Idempotency-Key", "k").Want(t, 201)
	if string(first.Body) != string(again.Body) || first.Header.Get("Location") != factorSetsPath+"/own@1" {
		t.Errorf("got %s at %s, then %s", first.Body, first.Header.Get("Location"), again.Body)
	}
	at, tag := factorSetsPath+"/own@1", first.Header.Get("ETag")
	c.Do(t, post, factorSetsPath, aFactorSet("own")).WantProblem(t, 409, "id-taken")
	c.Do(t, post, factorSetsPath, aFactorSet("default")).WantProblem(t, 422, "factor-set-built-in")
	plant.Do(t, post, factorSetsPath, aFactorSet("mine")).WantProblem(t, 403, "role-not-allowed")
	c.Do(t, put, at, setBody).WantProblem(t, 428, "if-match-missing")
	c.Do(t, put, at, setBody, "If-Match", `"v1"`).WantProblem(t, 412, "version-changed")
	c.Do(t, put, factorSetsPath+"/own", setBody, "If-Match", tag).WantProblem(t, 404, "not-found")
	tag = c.Do(t, put, at, setBody, "If-Match", tag).Want(t, 200).Header.Get("ETag")

	wrong := aFactorSet("wrong")
	bad := maps.Clone(epd)
	bad["value"], bad["year"] = "1e3", 1900
	wrong["factors"] = []fields{epd, bad}
	a := mustAnswer(t, string(c.Do(t, post, factorSetsPath, wrong).Want(t, 400).Body))
	if len(a.Errors) != 1 || a.Errors[0].Pointer != "/factors/1/value" {
		t.Errorf("got %+v, want a fault at /factors/1/value", a.Errors)
	}

	c.Do(t, post, at+"/publish", nil).WantProblem(t, 428, "if-match-missing")
	published := c.Do(t, post, at+"/publish", nil, "If-Match", tag, "Idempotency-Key", "p").Want(t, 200)
	repeated := c.Do(t, post, at+"/publish", nil, "If-Match", tag, "Idempotency-Key", "p").Want(t, 200)
	if string(published.Body) != string(repeated.Body) {
		t.Errorf("got %s, then %s with the same key", published.Body, repeated.Body)
	}
	c.Do(t, put, at, setBody, "If-Match", published.Header.Get("ETag")).WantProblem(t, 409, "factor-set-published")
	second := c.Do(t, post, at+"/versions", nil).Want(t, 201)
	if got := second.Header.Get("Location"); got != factorSetsPath+"/own@2" {
		t.Errorf("the next version is at %s", got)
	}
	c.Do(t, post, factorSetsPath+"/own@2/publish", nil, "If-Match", second.Header.Get("ETag")).Want(t, 200)
	old := mustGetJSON[factorSetResponse](t, plant, at)
	if old.State != "superseded" || old.SupersededBy != "own@2" || len(old.Factors) != 1 {
		t.Errorf("got %+v, want it superseded, and readable", old)
	}
	diff := mustGetJSON[diffResponse](t, plant, factorSetsPath+"/default@1/diff?to=own@2")
	if len(diff.Changes) != 1 || diff.Changes[0].ID != "virgin-production/PP" || diff.Changes[0].What != "changed" {
		t.Errorf("got %+v, want PP changed and the base as it is", diff)
	}
	c.Do(t, get, at+"/diff?to=own@9", nil).WantProblem(t, 400, "filter-invalid")
	list := mustWalk(t, plant, factorSetsPath+"?limit=2")
	if n := len(factor.Sets()); len(list) != n+2 || list[0] != "default@1" || !slices.Equal(list[n:], []string{"own@1", "own@2"}) {
		t.Errorf("got %v, want the built-in sets, then own@1 and own@2", list)
	}
}

// A table goes out, comes back, and changes nothing; a wrong one is named by
// line and column.
func TestFactorTables(t *testing.T) {
	w := mustWorld(t)
	c := w.as("coordinator", "")
	at := factorSetsPath + "/" + w.mustFactorSet(t, "own")
	before := c.Do(t, get, at, nil).Want(t, 200)
	table := string(c.Do(t, get, at+"/factors.csv", nil).Want(t, 200).Body)
	send := func(text, tag string) resttest.Answer {
		return c.Do(t, put, at+"/factors", []byte(text), "Content-Type", "text/csv", "If-Match", tag)
	}
	after := send(table, before.Header.Get("ETag")).Want(t, 200)
	was, is := factorSetResponse{}, factorSetResponse{}
	before.JSON(t, &was)
	after.JSON(t, &is)
	if was.Version = is.Version; !reflect.DeepEqual(was, is) {
		t.Errorf("got %+v, want %+v", is, was)
	}
	tag := after.Header.Get("ETag")
	send(table, before.Header.Get("ETag")).WantProblem(t, 412, "version-changed")
	header, row, _ := strings.Cut(table, "\n")
	for _, tt := range []struct{ text, pointer string }{
		{header + "\n" + strings.Replace(row, "1.63", "1e3", 1), "/lines/2/value"},
		{header + "\n\n" + row + row, "/lines/4/subject"},
		{strings.Replace(header, "gsd2", "gsd3", 1) + "\n" + row, "/lines/1/header"},
	} {
		a := mustAnswer(t, string(send(tt.text, tag).Want(t, 400).Body))
		if len(a.Errors) == 0 || a.Errors[0].Pointer != tt.pointer {
			t.Errorf("%.40s…: got %+v, want a fault at %s", tt.text, a.Errors, tt.pointer)
		}
	}
	large := header + "\n" + strings.Repeat(row, 1000)
	send(large, tag).WantProblem(t, 413, "too-many-factors") // more than other bodies may be: it is read
	send(strings.Repeat(row, 3000), tag).WantProblem(t, 413, "body-too-large")
}

func TestDenominatorsOverHTTP(t *testing.T) {
	w := mustWorld(t)
	manager, c := w.as("manager", "f1"), w.as("coordinator", "")
	first := manager.Do(t, post, denominatorsPath, aDenominator("f1", "bed-day"), "Idempotency-Key", "k").Want(t, 201)
	manager.Do(t, post, denominatorsPath, aDenominator("f1", "bed-day"), "Idempotency-Key", "k").Want(t, 201)
	at, tag := first.Header.Get("Location"), first.Header.Get("ETag")
	manager.Do(t, post, denominatorsPath, aDenominator("f1", "bed-day")).WantProblem(t, 409, "id-taken")
	manager.Do(t, post, denominatorsPath, aDenominator("f2", "bed-day")).WantProblem(t, 422, "reference-unknown")
	manager.Do(t, put, at, quantityBody).WantProblem(t, 428, "if-match-missing")
	manager.Do(t, put, at, fields{"quantity": "2", "source": "Conteggio"}, "If-Match", tag).Want(t, 200)
	got := mustGetJSON[denominatorResponse](t, c, at)
	if got.Quantity != "2" || got.Facility != "f1" || got.Month != "2026-03" || got.Kind != "bed-day" {
		t.Errorf("got %+v", got)
	}
	c.Do(t, post, denominatorsPath, aDenominator("f2", "procedure")).Want(t, 201)
	for query, want := range map[string]int{"": 2, "?facility=f2": 1, "?kind=bed-day": 1, "?from=2026-04": 0, "?from=2026-01&to=2026-03": 2, "?updatedAfter=0": 2} {
		if ids := mustWalk(t, c, denominatorsPath+query); len(ids) != want {
			t.Errorf("%q: got %v, want %d", query, ids, want)
		}
	}
	if ids := mustWalk(t, w.as("manager", "f2"), denominatorsPath); len(ids) != 1 {
		t.Errorf("the manager of f2 sees %v", ids)
	}
	for _, wrong := range []any{"", "x", "1e3", "-1", "1.2345"} {
		body := aDenominator("f1", "encounter")
		body["quantity"] = wrong
		a := mustAnswer(t, string(manager.Do(t, post, denominatorsPath, body).Want(t, 400).Body))
		if len(a.Errors) != 1 || a.Errors[0].Pointer != "/quantity" {
			t.Errorf("%q: got %+v, want an error at /quantity", wrong, a.Errors)
		}
	}
}

func TestAssessmentOverHTTP(t *testing.T) {
	w := mustWorld(t)
	c := w.as("coordinator", "")
	first := c.Do(t, get, assessmentPath, nil).Want(t, 200)
	body := fields{"factorSet": "desnz-2025@1", "baseline": w.mustDeclared(t, baselinesPath, baselineBody)}
	w.as("manager", "f1").Do(t, put, assessmentPath, body, "If-Match", first.Header.Get("ETag")).WantProblem(t, 403, "role-not-allowed")
	c.Do(t, put, assessmentPath, body).WantProblem(t, 428, "if-match-missing")
	tag := c.Do(t, put, assessmentPath, body, "If-Match", first.Header.Get("ETag")).Want(t, 200).Header.Get("ETag")
	c.Do(t, put, assessmentPath, body, "If-Match", first.Header.Get("ETag")).WantProblem(t, 412, "version-changed")
	c.Do(t, put, assessmentPath, fields{"factorSet": "warm-v16@1", "baseline": ""}, "If-Match", tag).WantProblem(t, 400, "entry-invalid")
	if got := mustGetJSON[assessmentResponse](t, w.as("plant", "r1"), assessmentPath); got.FactorSet != "desnz-2025@1" {
		t.Errorf("got %+v", got)
	}
}

// Only a route of the same shape takes a large body.
func TestLargeBodiesByShape(t *testing.T) {
	r := Route{Path: "/api/v1/factor-sets/{id}/factors"}
	for path, want := range map[string]bool{
		"/api/v1/factor-sets/own@1/factors": true, "/api/v1/factor-sets//factors": false,
		"/api/v1/factor-sets/own@1": false, "/api/v1/factor-sets/a/b/factors": false, "/api/v1/bins/own@1/factors": false,
	} {
		if got := r.matches(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}
