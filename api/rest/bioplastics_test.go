package rest

import (
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/access"
)

var documentHash = strings.Repeat("ab", 32)

func lifeFactors(production string) []fields {
	return []fields{
		{"modules": []string{"A1", "A2", "A3"}, "fossilPerKg": production, "uptake": "0/0", "source": "a data sheet"},
		{"modules": []string{"C2", "C3", "C4"}, "fossilPerKg": "0.1", "biogenicPerKg": "1.832", "uptake": "0/0", "source": "a data sheet"},
	}
}

// aDossier is what is said of a compostable tray.
func aDossier() fields {
	return fields{
		"name": "PLA tray", "nameIt": "Vassoio in PLA", "maker": "a maker", "polymer": "PLA", "thicknessMicrometres": 400,
		"composition": fields{
			"components":             []fields{{"name": "PLA", "permille": 1000, "origin": "biobased"}},
			"biobasedCarbonPermille": 980, "evidence": []fields{{"standard": "EN 16640", "sha256": documentHash}},
		},
		"biobased": "yes", "biodegradable": "yes", "compostable": "industrial", "infectious": "no", "patientContact": "unknown",
		"comparison": fields{
			"task":      "one tray, used once",
			"item":      fields{"name": "PLA tray", "piecesPerTask": "1", "gramsPerPiece": "18.5", "factors": lifeFactors("2.45")},
			"reference": fields{"name": "PS tray", "piecesPerTask": "1", "gramsPerPiece": "15", "factors": lifeFactors("4.3768")},
		},
	}
}

// mustDossier adds a dossier to the lab.
func (w *world) mustDossier(tb testing.TB) string {
	tb.Helper()
	var got dossierResponse
	w.as("coordinator", "").Do(tb, post, bioplasticsPath, aDossier()).Want(tb, 201).JSON(tb, &got)
	return got.ID
}

var bioplasticRows = map[string]policyRow{
	"GET /api/v1/bioplastics":          {},
	"POST /api/v1/bioplastics":         {wants: 201, body: func(*testing.T, *people, object) any { return aDossier() }},
	"GET /api/v1/bioplastics/alarms":   {query: "?from=2026-03-01&to=2026-03-31"},
	"GET /api/v1/bioplastics/settings": {},
	"PUT /api/v1/bioplastics/settings": {
		version: true, body: func(*testing.T, *people, object) any { return fields{"thresholdPpm": 900} },
		wantsFrom: func(c access.Caller) int {
			if c.Lab != "lab-a" {
				return 412 // its own lab's have another version
			}
			return 200
		},
	},
	"GET /api/v1/bioplastics/{id}": {id: "dossier", sees: seesLab},
	"PUT /api/v1/bioplastics/{id}": {
		id: "dossier", sees: seesLab, version: true, body: func(*testing.T, *people, object) any { return aDossier() },
	},
	"GET /api/v1/bioplastics/{id}/transitions": {id: "dossier", sees: seesLab},
	"POST /api/v1/bioplastics/{id}/transitions": {
		id: "dossier", sees: seesLab, version: true, wants: 201,
		fresh: func(t *testing.T, p *people, o object) string { return p.in(o.lab).mustDossier(t) },
		body:  func(*testing.T, *people, object) any { return fields{"to": "rejected", "note": "not wanted"} },
	},
	"GET /api/v1/bioplastics/{id}/comparison": {id: "dossier", sees: seesLab},
}

// The steps of a tray to its acceptance.
func traySteps() []fields {
	return []fields{
		{"to": "desk-check"},
		{"to": "certificate-verified", "certificates": []fields{{
			"standard": "EN 13432", "body": "a body", "number": "DEMO-0001", "scope": "product", "maxThicknessMicrometres": 500,
			"expires": "2026-12-31", "sha256": documentHash,
		}}},
		{"to": "stream-trial", "trial": fields{
			"route": "composting", "facility": "a plant", "from": "2025-11-01", "to": "2026-01-24", "inputGrams": 10000, "residueGrams": 400,
			"result": "passed", "sha256": documentHash,
		}},
		{"to": "outlet-confirmed", "outlet": fields{
			"name": "a plant", "route": "composting", "residenceDays": 90, "validTo": "2026-10-31", "sha256": documentHash,
		}},
		{"to": "accepted"},
	}
}

func TestLifeOfADossier(t *testing.T) {
	w := mustWorld(t)
	coordinator := w.as("coordinator", "")
	id := w.mustDossier(t)
	path := bioplasticsPath + "/" + id
	version := func() string { return coordinator.Do(t, get, path, nil).Want(t, 200).Header.Get("ETag") }
	credit := func() string { return mustGetJSON[comparisonResponse](t, coordinator, path+"/comparison").Credit }

	for i, step := range traySteps() {
		if i < 4 && credit() != "0" {
			t.Errorf("before step %d: got credit %s, want 0", i, credit())
		}
		coordinator.Do(t, post, path+"/transitions", step).WantProblem(t, 428, "if-match-missing")
		first := coordinator.Do(t, post, path+"/transitions", step, "If-Match", version(), "Idempotency-Key", step["to"].(string)).Want(t, 201)
		again := coordinator.Do(t, post, path+"/transitions", step, "If-Match", entityTag(1), "Idempotency-Key", step["to"].(string)).Want(t, 201)
		if string(first.Body) != string(again.Body) {
			t.Errorf("step %d repeated: got %s, want %s", i, again.Body, first.Body)
		}
		coordinator.Do(t, post, path+"/transitions", step, "If-Match", entityTag(1)).WantProblem(t, 412, "version-changed")
	}
	coordinator.Do(t, post, path+"/transitions", fields{"to": "desk-check", "note": "x"}, "If-Match", version(), "Idempotency-Key", "accepted").
		WantProblem(t, 422, "idempotency-key-reused")
	coordinator.Do(t, post, path+"/transitions", fields{"to": "certified"}, "If-Match", version()).WantProblem(t, 400, "entry-invalid")

	auditor := w.as("auditor", "")
	if got := mustGetJSON[dossierResponse](t, auditor, path); got.State != "accepted" || got.Steps != 5 || !got.Creditable {
		t.Errorf("got %+v, want it accepted", got)
	}
	// 15 g × 4.4768 less 18.5 g × 2.55
	if got := credit(); got != "0.019977" {
		t.Errorf("got credit %s, want 0.019977", got)
	}
	steps := mustGetJSON[ledgerListing[transitionResponse]](t, auditor, path+"/transitions?limit=200")
	if len(steps.Items) != 5 || steps.Items[0].From != "not-assessed" || steps.Items[4].To != "accepted" || steps.Items[1].Certificates[0].Number != "DEMO-0001" {
		t.Errorf("got %+v, want the five steps", steps.Items)
	}
	w.wantLapse(t, auditor, path)
}

// wantLapse waits until the plant's acceptance has run out.
func (w *world) wantLapse(t *testing.T, auditor *resttest.Client, path string) {
	t.Helper()
	tag := auditor.Do(t, get, path, nil).Want(t, 200).Header.Get("ETag")
	w.clock.advance(300 * 24 * time.Hour) // past 31 October
	var got dossierResponse
	auditor.Do(t, get, path, nil, "If-None-Match", tag).Want(t, 200).JSON(t, &got)
	if got.State != "stream-trial" || got.RecordedState != "accepted" || got.Creditable || got.Reasons[0].Code != "outlet-expired" {
		t.Errorf("got %s of %s, %+v, want it back at the trial", got.State, got.RecordedState, got.Reasons)
	}
	if c := mustGetJSON[comparisonResponse](t, auditor, path+"/comparison"); c.Credit != "0" || c.Saving.Fossil != "0.019977" {
		t.Errorf("got credit %s of %s, want none", c.Credit, c.Saving.Fossil)
	}
	for state, want := range map[string]int{"stream-trial": 1, "accepted": 0} {
		if list := mustGetJSON[ledgerListing[dossierResponse]](t, auditor, bioplasticsPath+"?state="+state); len(list.Items) != want {
			t.Errorf("%s: got %d dossiers, want %d", state, len(list.Items), want)
		}
	}
}

func TestDossiersThatAreRefused(t *testing.T) {
	w := mustWorld(t)
	coordinator := w.as("coordinator", "")
	for code, change := range map[string]func(fields){
		"sum":             func(f fields) { f["composition"].(fields)["components"].([]fields)[0]["permille"] = 999 },
		"life-incomplete": func(f fields) { f["comparison"].(fields)["item"].(fields)["factors"] = lifeFactors("1")[:1] },
		"uptake-mixed": func(f fields) {
			f["comparison"].(fields)["item"].(fields)["factors"].([]fields)[0]["uptake"] = "-1/+1"
		},
		"functional-unit-missing": func(f fields) { delete(f["comparison"].(fields)["item"].(fields), "piecesPerTask") },
	} {
		body := aDossier()
		change(body)
		got := coordinator.Do(t, post, bioplasticsPath, body).WantProblem(t, 400, "entry-invalid")
		if !strings.Contains(string(got.Body), `"`+code+`"`) {
			t.Errorf("got %s, want %s", got.Body, code)
		}
	}
	id := w.mustDossier(t)
	tag := coordinator.Do(t, get, bioplasticsPath+"/"+id, nil).Header.Get("ETag")
	coordinator.Do(t, post, bioplasticsPath+"/"+id+"/transitions", fields{"to": "accepted"}, "If-Match", tag).WantProblem(t, 422, "transition-not-allowed")
	body := aDossier()
	delete(body, "comparison")
	coordinator.Do(t, put, bioplasticsPath+"/"+id, body, "If-Match", tag).Want(t, 200)
	coordinator.Do(t, put, bioplasticsPath+"/"+id, body, "If-Match", tag).WantProblem(t, 412, "version-changed")
	coordinator.Do(t, get, bioplasticsPath+"/"+id+"/comparison", nil).WantProblem(t, 422, "comparison-missing")
}

func TestSortingAlarmsFollowTheThreshold(t *testing.T) {
	w := mustWorld(t)
	coordinator := w.as("coordinator", "")
	stream := coordinator.Do(t, get, "/api/v1/streams/s1", nil).Header.Get("ETag")
	coordinator.Do(t, put, "/api/v1/streams/s1", fields{
		"name": "Bottles", "nameIt": "Flaconi", "family": "fossil", "eer": "15 01 02", "gramsPerLitre": 30,
		"polymers": []fields{{"polymer": "PET", "permille": 1000}},
	}, "If-Match", stream).Want(t, 200)
	chain := w.mustChain(t, "1", "1")
	alarms := func(role, organisation, query string) []alarmResponse {
		return mustGetJSON[ledgerListing[alarmResponse]](t, w.as(role, organisation), bioplasticsPath+"/alarms"+query).Items
	}
	if got := alarms("coordinator", "", ""); len(got) != 0 {
		t.Errorf("got %+v, want none yet", got)
	}
	correction := w.mustRecord(t, w.as("plant", "r1"), "correct", fields{"corrects": chain.treatment, "reason": "sorted by hand", "replacement": fields{
		"inputGrams": 7500, "calculationPointGrams": 7000,
		"outputs": []fields{{"operation": "R3", "grams": 6800, "polymer": "PET"}, {"operation": "R1", "grams": 692}, {"operation": "R1", "grams": 8, "polymer": "PLA"}},
	}})
	w.mustRecord(t, w.as("manager", "f1"), "correction.approve", fields{"correction": correction})
	for _, who := range []struct {
		role, organisation, query string
		want                      int
	}{
		{"coordinator", "", "?from=2026-03-02&to=2026-03-02", 1}, {"coordinator", "", "?from=2026-03-03", 0}, {"coordinator", "", "?to=2026-03-01", 0},
		{"plant", "r1", "", 1}, {"plant", "r2", "", 0}, {"manager", "f1", "", 1}, {"manager", "f2", "", 0}, {"auditor", "", "", 1},
	} {
		got := alarms(who.role, who.organisation, who.query)
		if len(got) != who.want || who.want == 1 && (got[0].Contaminant != 8 || got[0].Threshold != 1000 || got[0].Treatment != chain.treatment) {
			t.Errorf("%+v: got %+v", who, got)
		}
	}
	settings := coordinator.Do(t, get, bioplasticsPath+"/settings", nil).Want(t, 200).Header.Get("ETag")
	coordinator.Do(t, put, bioplasticsPath+"/settings", fields{"thresholdPpm": 50001}, "If-Match", settings).WantProblem(t, 400, "entry-invalid")
	coordinator.Do(t, put, bioplasticsPath+"/settings", fields{"thresholdPpm": 1100}, "If-Match", settings).Want(t, 200)
	coordinator.Do(t, put, bioplasticsPath+"/settings", fields{"thresholdPpm": 1200}, "If-Match", settings).WantProblem(t, 412, "version-changed")
	if got := alarms("coordinator", "", ""); len(got) != 0 {
		t.Errorf("8 g of 7.5 kg are less than 1100 ppm: got %+v", got)
	}
	coordinator.Do(t, get, bioplasticsPath+"/alarms?from=yesterday", nil).WantProblem(t, 400, "filter-invalid")
}
