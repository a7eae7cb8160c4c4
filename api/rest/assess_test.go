package rest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/report"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// months are those of a world's chains.
func months(more fields) fields {
	body := fields{"from": "2026-03", "to": "2026-03"}
	for k, v := range more {
		body[k] = v
	}
	return body
}

// mustReport freezes a report of a facility.
func (w *world) mustReport(tb testing.TB, facility string) string {
	tb.Helper()
	var got frozenReportResponse
	w.as("coordinator", "").Do(tb, post, frozenReportsPath, months(fields{"title": "March", "facility": facility})).Want(tb, 201).JSON(tb, &got)
	return got.ID
}

var assessRows = map[string]policyRow{
	"GET /api/v1/indicators/cards":      figures(""),
	"GET /api/v1/indicators/card-table": figures("&by=ward"),
	"POST /api/v1/scenarios": {sees: seesFacilityDoc, wants: 422, body: func(_ *testing.T, _ *people, o object) any {
		return months(fields{"facility": o.ids["facility"], "contamination": "0.9"})
	}},
	"POST /api/v1/round-shares": {sees: seesBetween, hides: 422, body: func(_ *testing.T, _ *people, o object) any {
		return fields{"stops": []fields{{"pickup": o.ids["pickup"], "kilometres": 10}}}
	}},
	"GET /api/v1/pilots/{id}/result": {id: "pilot", sees: seesFacility},

	"GET /api/v1/reports": {},
	"POST /api/v1/reports": {sees: seesFacility, wants: 201, body: func(_ *testing.T, _ *people, o object) any {
		return months(fields{"title": "March", "facility": o.ids["facility"]})
	}},
	"GET /api/v1/reports/{id}":            {id: "frozen", sees: seesFacility},
	"GET /api/v1/reports/{id}/recomputed": {id: "frozen", sees: seesFacility},
	"POST /api/v1/reports/{id}/files": {id: "frozen", sees: seesFacility, wants: 202, body: func(*testing.T, *people, object) any {
		return fields{"format": "json"}
	}},
	// Jobs are the caller's own; those of others are tested below.
	"GET /api/v1/report-jobs/{id}":    {id: "frozen", sees: seesNone},
	"DELETE /api/v1/report-jobs/{id}": {id: "frozen", sees: seesNone},
	"GET /api/v1/report-files/{id}":   {id: "frozen", sees: seesNone},
}

func seesNone(access.Caller, object) bool { return false }

// TestReportLife: a report is frozen, read, made into files by jobs, and
// recomputed; its hash holds for what was sent.
func TestReportLife(t *testing.T) {
	w := mustWorld(t)
	w.mustChain(t, "1", "1")
	coordinator, manager := w.as("coordinator", ""), w.as("manager", "f1")

	request := months(fields{"title": "March"})
	first := coordinator.Do(t, post, frozenReportsPath, request, "Idempotency-Key", "k").Want(t, 201)
	again := coordinator.Do(t, post, frozenReportsPath, request, "Idempotency-Key", "k").Want(t, 201)
	if !bytes.Equal(first.Body, again.Body) {
		t.Error("the same key froze two reports")
	}
	coordinator.Do(t, post, frozenReportsPath, months(fields{"title": "April"}), "Idempotency-Key", "k").WantProblem(t, 422, "idempotency-key-reused")

	var made frozenReportResponse
	first.JSON(t, &made)
	path := frozenReportsPath + "/" + made.ID
	manager.Do(t, get, path, nil).WantProblem(t, 404, "not-found") // it is of the whole lab

	job := mustFile(t, coordinator, path, fields{"format": "json"})
	file := coordinator.As("").Do(t, get, job.Link, nil).Want(t, 200)
	var body report.Report
	if err := json.Unmarshal(file.Body, &body); err != nil || !body.Intact() || body.Hash != made.Hash {
		t.Errorf("the file (%v) does not have the hash of the report, %s", err, made.Hash)
	}
	for format, magic := range map[string]string{"pdf": "%PDF-", "xlsx": "PK", "csv": "\xef\xbb\xbf"} {
		job := mustFile(t, coordinator, path, fields{"format": format})
		got := coordinator.As("").Do(t, get, job.Link, nil).Want(t, 200)
		if !bytes.HasPrefix(got.Body, []byte(magic)) || !strings.Contains(got.Header.Get("Content-Disposition"), "."+format) {
			t.Errorf("%s: got %q, %s", format, got.Body[:8], got.Header.Get("Content-Disposition"))
		}
	}
	w.as("auditor", "").Do(t, get, reportJobsPath+"/"+job.ID, nil).WantProblem(t, 404, "not-found")
	coordinator.Do(t, remove, reportJobsPath+"/"+job.ID, nil).Want(t, 204)
	coordinator.As("").Do(t, get, job.Link, nil).WantProblem(t, 404, "link-expired")

	recomputed := mustGetJSON[tracking.Recomputed](t, coordinator, path+"/recomputed")
	if len(recomputed.Changes) != 0 || len(recomputed.Cards) == 0 {
		t.Errorf("with the same factors: got %d cards, changes %+v", len(recomputed.Cards), recomputed.Changes)
	}
}

// mustFile has a file of a report made.
func mustFile(t *testing.T, c *resttest.Client, path string, body fields) reportJobResponse {
	t.Helper()
	var job reportJobResponse
	location := c.Do(t, post, path+"/files", body).Want(t, 202).Header.Get("Location")
	for range 200 {
		if job = mustGetJSON[reportJobResponse](t, c, location); job.State == "done" {
			return job
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("the file is not made: %+v", job)
	return job
}

// TestAssessmentRefuses: what is wrong is named, with a stable code.
func TestAssessmentRefuses(t *testing.T) {
	w := mustWorld(t)
	w.mustChain(t, "1", "1")
	c := w.as("coordinator", "")
	for _, tt := range []struct {
		method, path string
		body         any
		status       int
		code         string
		pointer      string
	}{
		{get, "/api/v1/indicators/cards?from=2026-03&to=2026-03&draws=5", nil, 400, "draws-invalid", "?draws"},
		{get, "/api/v1/indicators/cards?from=2026-03&to=2026-03&factorSet=x@1", nil, 400, "filter-invalid", "?factorSet"},
		{get, "/api/v1/indicators/cards?from=2026-03&to=2026-03&factorSet=warm-v16@1", nil, 422, "factor-set-for-sensitivity", "/factorSet"},
		{get, "/api/v1/indicators/cards?from=2026-03&to=2026-03&factorSet=desnz-2023@1", nil, 422, "factor-validity", "/factors/0/validFrom"},
		{get, "/api/v1/indicators/cards?from=2026-03&to=2026-03&baseline=x", nil, 400, "filter-invalid", "?baseline"},
		{get, "/api/v1/indicators/card-table?from=2026-03&to=2026-03", nil, 400, "query-invalid", "?by"},
		{post, "/api/v1/scenarios", months(nil), 400, "scenario-invalid", ""},
		{post, "/api/v1/scenarios", fields{"contamination": "0.1"}, 400, "body-invalid", "/from"},
		{post, "/api/v1/scenarios", months(fields{"contamination": "1e9"}), 400, "body-invalid", "/contamination"},
		{post, "/api/v1/scenarios", months(fields{"contamination": "NaN"}), 400, "body-invalid", "/contamination"},
		{post, "/api/v1/scenarios", months(fields{"contamination": "-0.1"}), 400, "scenario-invalid", "/contamination"},
		{post, "/api/v1/scenarios", months(fields{"contamination": "1"}), 400, "scenario-invalid", "/contamination"},
		{post, "/api/v1/scenarios", months(fields{"electric": fields{"vehicle": "van", "wattHoursPerKm": 0}}), 400, "scenario-invalid", "/electric/wattHoursPerKm"},
		{post, "/api/v1/scenarios", months(fields{"closedLoop": fields{"polymer": "PVC", "yield": "1.1", "quality": "1"}}), 400, "scenario-invalid", "/closedLoop/yield"},
		{post, "/api/v1/scenarios", months(fields{"closedLoop": fields{"polymer": "unobtainium", "yield": "1", "quality": "1"}}), 400, "scenario-invalid", "/closedLoop/polymer"},
		{post, frozenReportsPath, months(nil), 400, "", "/title"},
		{post, frozenReportsPath, months(fields{"title": "x", "ward": "nowhere"}), 404, "not-found", ""},
	} {
		got := c.Do(t, tt.method, tt.path, tt.body)
		var p struct {
			Code   string
			Errors []struct{ Pointer string }
		}
		got.Want(t, tt.status).JSON(t, &p)
		found := tt.pointer == ""
		for _, e := range p.Errors {
			found = found || e.Pointer == tt.pointer
		}
		if tt.code != "" && p.Code != tt.code || !found {
			t.Errorf("%s %s %v: got %s", tt.method, tt.path, tt.body, got.Body)
		}
	}
	id := w.mustReport(t, "f1")
	for _, body := range []fields{
		{}, {"format": "doc"}, {"format": "pdf", "language": "fr"}, {"format": "pdf", "part": "wards"}, {"format": "csv", "dialect": "tab"}, {"format": "csv", "part": "all"},
	} {
		c.Do(t, post, frozenReportsPath+"/"+id+"/files", body).WantProblem(t, 400, "body-invalid")
	}
}

// TestNothingNetsInventoryAndAvoided: no answer has a field whose value is the
// sum of the two.
func TestNothingNetsInventoryAndAvoided(t *testing.T) {
	w := mustWorld(t)
	w.mustChain(t, "1", "1")
	c := w.as("coordinator", "")
	cards := mustGetJSON[tracking.CardsAnswer](t, c, "/api/v1/indicators/cards?from=2026-03&to=2026-03")
	byID := map[string]int{}
	for i := range cards.Cards {
		byID[cards.Cards[i].ID] = i
	}
	for _, inventory := range []string{"inventory", "inventory-waste", "inventory-treatment", "inventory-transport"} {
		a, b := cards.Cards[byID[inventory]].Value, cards.Cards[byID["avoided"]].Value
		if a == nil || b == nil || b.IsZero() {
			continue
		}
		net := a.Add(*b)
		for _, other := range cards.Cards {
			if other.Value != nil && other.Value.Equal(net) {
				t.Errorf("%s is %s + avoided", other.ID, inventory)
			}
		}
	}
}
