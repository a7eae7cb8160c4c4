package rest

import (
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// assetPrefix is a GRAI up to its serial.
const assetPrefix = "09521234000013"

// mustFinderReport lets a stranger report the bin of a label, and returns the
// report's id.
func (w *world) mustFinderReport(tb testing.TB, lab, label string) string {
	tb.Helper()
	code, err := qrlabels.ParseCode(label)
	if err == nil {
		_, err = w.finder.Report(tb.Context(), lab, code, finder.NewReport{Problem: finder.Full, Note: "una nota"})
	}
	if err != nil {
		tb.Fatalf("reporting %s: %v", label, err)
	}
	coordinator := access.Caller{Membership: access.Membership{Lab: lab, Role: access.Coordinator}}
	page, err := w.finder.List(tb.Context(), coordinator, finder.Filter{}, "", finder.MaxPage)
	if err != nil {
		tb.Fatal(err)
	}
	for _, r := range page.Items {
		if r.Label == label {
			return r.ID
		}
	}
	tb.Fatalf("the report of %s is not in the inbox", label)
	return ""
}

func aReport(*testing.T, *people, object) any {
	return fields{"problem": "other"} // the same again and again: it is kept once
}

var finderRows = map[string]policyRow{
	"GET /finder.css":        {},
	"GET /b/{code}":          {id: "label"},
	"GET /B/{code}":          {id: "label"},
	"GET /8003/{grai}":       {},
	"GET /b/{code}/thanks":   {id: "label"},
	"POST /b/{code}/reports": {id: "label", wants: 202, body: aReport},

	"GET /api/v1/finder-reports":                  listed("facility", seesFacility),
	"GET /api/v1/finder-reports/{id}":             {id: "report", sees: seesFacility},
	"POST /api/v1/finder-reports/{id}/handle":     {id: "report", sees: seesFacility, version: true},
	"POST /api/v1/finder-reports/{id}/erase-note": {id: "report", sees: seesFacility, version: true},
}
