package rest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// policyRow says how the policy matrix asks for a route, and who sees what is
// asked for. Who may ask at all is in access.Policy and nowhere else.
type policyRow struct {
	// query follows the path. In path and query {bin}, {facility} and so on
	// stand for what the object under test has; {id} and {code} in the path
	// are the ids of the kind that the row names.
	query string
	id    string // what {id} or {code} in the path stands for, such as "bin"
	// fresh makes another one of the kind for every request, where the request
	// uses it up.
	fresh func(*testing.T, *people, object) string
	// body is made anew for every request; nil for none.
	body func(*testing.T, *people, object) any
	// version asks for If-Match with the version of what is in the path.
	version bool
	// last puts the route behind all others, because it ends sign-ins.
	last bool
	// action is what is judged by the service where the route only asks for
	// somebody who has signed in.
	action access.Action
	// sees reports whether the object is in the caller's scope. With nil there
	// is no object.
	sees func(access.Caller, object) bool
	// wants are the statuses if all is well, and if the object is not seen; 200
	// and 404 if 0. A listing answers both with 200, and then alike.
	wants, hides int
	// tells is what an answer about something foreign may say instead of
	// "unknown", and nothing more.
	tells string
	// wantsFrom is for what some callers are refused for what they are.
	wantsFrom func(access.Caller) int
	// hidesFrom is for what is hidden by another status from another caller.
	hidesFrom func(access.Caller) int
}

// rowSets are the rows of all routes, in a file for each group of resources.
var rowSets = []map[string]policyRow{serviceRows, entryRows, readRows, catalogueRows, printRows, bioplasticRows, peopleRows, finderRows, declaredRows, assessRows}

// object is what a request is about: the ids of everything that hangs together
// with one chain, by kind.
type object struct {
	name               string
	lab                string
	facility, recycler string
	ids                map[string]string
}

// matrixCaller is one who asks.
type matrixCaller struct {
	name   string
	caller access.Caller // zero for one without a valid token
	client *resttest.Client
}

func (m matrixCaller) signedIn() bool { return m.caller.Lab != "" }

// Who sees what.
func seesFacility(c access.Caller, o object) bool {
	return c.Lab == o.lab && c.SeesFacility(o.facility)
}

func seesBetween(c access.Caller, o object) bool {
	return c.Lab == o.lab && c.SeesBetween(o.facility, o.recycler)
}

func seesLab(c access.Caller, o object) bool { return c.Lab == o.lab }

// eitherAuthenticator takes the tokens of a world, and those of real sign-ins.
type eitherAuthenticator struct{ real Authenticator }

func (a eitherAuthenticator) Authenticate(ctx context.Context, raw string) (access.Caller, error) {
	if strings.Contains(raw, "/") {
		return worldAuthenticator{}.Authenticate(ctx, raw)
	}
	return a.real.Authenticate(ctx, raw)
}

func mustMatrixPeople(t *testing.T, options ...startOption) *people {
	t.Helper()
	options = append(options, func(s *Server) { s.press = linePress })
	p := mustPeople(t, peopleOptions{
		authenticator: func(real Authenticator) Authenticator { return eitherAuthenticator{real} }, start: options,
	})
	p.mustCatalogue(t, "lab-c")
	return p
}

// mustObjects makes a chain for each distance from f1 and r1 of lab-a. The
// last is one that does not exist.
func mustObjects(t *testing.T, p *people) []object {
	t.Helper()
	make := func(name, lab, facility, recycler string) object {
		x := p.in(lab).mustChain(t, facility, recycler)
		user, _ := p.mustPerson(t, access.Membership{Lab: lab, Role: access.Ward, Facility: "f" + facility})
		device := p.mustEnrol(t, p.in(lab).as("coordinator", ""), "f"+facility).ID
		return object{name, lab, "f" + facility, "r" + recycler, map[string]string{
			"facility": "f" + facility, "recycler": "r" + recycler, "ward": "w" + facility, "stream": streamOf(lab),
			"bin": x.bin, "label": x.label, "batch": x.batch, "fill": x.fill, "entry": x.open, "pickup": x.pickup,
			"receipt": x.receipt, "treatment": x.treatment, "discrepancy": x.discrepancy, "review": x.review,
			"user": user, "device": device, "printer": p.in(lab).mustPrinter(t, "f"+facility), "sheet": p.in(lab).mustSheet(t, "foglio-"+facility+"-"+recycler),
			"dossier": p.in(lab).mustDossier(t), "frozen": p.in(lab).mustReport(t, "f"+facility),
			"set": p.in(lab).mustFactorSet(t, "own-"+facility+"-"+recycler), "baseline": p.in(lab).mustDeclared(t, baselinesPath, baselineBody),
			"denominator": p.in(lab).mustDenominator(t, "f"+facility), "pilot": p.in(lab).mustDeclared(t, pilotsPath, aPilot("w"+facility)),
			"grai": assetPrefix + x.label, "report": p.mustFinderReport(t, lab, x.label),
		}}
	}
	objects := []object{
		make("own", "lab-a", "1", "1"), make("other facility", "lab-a", "2", "1"), make("other recycler", "lab-a", "1", "2"),
	}
	foreign := make("other lab", "lab-c", "c1", "c1")
	unknown := object{name: "unknown", ids: map[string]string{}}
	for kind := range foreign.ids {
		unknown.ids[kind] = uuid.Must(uuid.NewV7()).String()
	}
	unknown.ids["label"], unknown.ids["discrepancy"] = "7K4M9QXP2RTBW", unknown.ids["pickup"]+":s1"
	unknown.ids["set"], unknown.ids["denominator"] = "nothing@1", "nowhere:2026-03:bed-day"
	return append(objects, foreign, unknown)
}

// mustCallers signs in somebody of every role at f1, at r1, or in the lab, and
// some who may not do anything.
func mustCallers(t *testing.T, p *people) []matrixCaller {
	t.Helper()
	signIn := func(name string, m access.Membership) matrixCaller {
		_, email := p.mustPerson(t, m)
		got := p.mustLogin(t, email)
		return matrixCaller{name, access.Caller{Membership: m, User: got.Caller.User}, p.As(got.AccessToken)}
	}
	expired := signIn("expired token", membership(access.Coordinator, ""))
	p.clock.advance(time.Hour)
	revoked := signIn("revoked token", membership(access.Coordinator, ""))
	revoked.client.Do(t, post, "/api/v1/auth/logout", nil).Want(t, 204)
	expired.caller, revoked.caller = access.Caller{}, access.Caller{}

	coordinator := signIn("coordinator", membership(access.Coordinator, ""))
	phone, id := p.mustDevice(t, coordinator.client, "f1")
	return []matrixCaller{
		coordinator, expired, revoked, {"no token", access.Caller{}, p.As("")},
		signIn("ward", membership(access.Ward, "f1")), signIn("manager", membership(access.Manager, "f1")),
		signIn("driver", membership(access.Driver, "r1")), signIn("plant", membership(access.Plant, "r1")),
		signIn("auditor", membership(access.Auditor, "")), signIn("auditor of f1", membership(access.Auditor, "f1")),
		signIn("other lab's coordinator", access.Membership{Lab: "lab-c", Role: access.Coordinator}),
		{"device", access.Caller{Membership: membership(access.Ward, "f1"), Device: id}, phone},
	}
}

// want is the status that a caller must get for an object.
func (r policyRow) want(route Route, c access.Caller, o object) int {
	action := route.Action
	if r.action != "" {
		action = r.action
	}
	_, inPolicy := access.Policy[action]
	switch {
	case route.Action == Public:
	case c.Lab == "":
		return http.StatusUnauthorized
	case inPolicy && !access.Allowed(action, c.Role):
		return http.StatusForbidden
	}
	switch {
	case r.wantsFrom != nil:
		return r.wantsFrom(c)
	case r.sees == nil || r.sees(c, o):
		return orStatus(r.wants, http.StatusOK)
	case r.hidesFrom != nil:
		return r.hidesFrom(c)
	}
	return orStatus(r.hides, http.StatusNotFound)
}

func orStatus(status, fallback int) int {
	if status == 0 {
		return fallback
	}
	return status
}

// fill puts the ids of an object into a path or query.
func (o object) fill(text string) string {
	for kind, id := range o.ids {
		text = strings.ReplaceAll(text, "{"+kind+"}", id)
	}
	return text
}

// ask sends the row's request about an object.
func (r policyRow) ask(t *testing.T, p *people, route Route, m matrixCaller, o object) resttest.Answer {
	t.Helper()
	id := o.ids[r.id]
	if r.fresh != nil && o.lab != "" {
		id = r.fresh(t, p, o)
	}
	path := o.fill(strings.NewReplacer("{id}", id, "{code}", id).Replace(route.Path) + r.query)
	var body any
	if r.body != nil {
		body = r.body(t, p, o)
	}
	var headers []string
	if r.version {
		headers = []string{"If-Match", versionOf(t, p, route, id, o)}
	}
	return m.client.Do(t, route.Method, path, body, headers...)
}

// ownNames are what differs between two answers that say the same: when they
// were given, and what the ledger calls them.
var ownNames = regexp.MustCompile(`"(requestId|id|seq|recordedAt|head|issuedAt|codes)":("[^"]*"|[0-9]+|\[[^\]]*\])`)

// withoutOwnNames is an answer about an object, less these and what the caller
// has asked for.
func withoutOwnNames(a resttest.Answer, o object) string {
	text := ownNames.ReplaceAllString(string(a.Body), "")
	for kind, id := range o.ids {
		text = strings.ReplaceAll(text, id, "{"+kind+"}")
	}
	return fmt.Sprint(a.Status, " ", text)
}

func policyRows(t *testing.T) map[string]policyRow {
	t.Helper()
	all := map[string]policyRow{}
	for _, set := range rowSets {
		for name, row := range set {
			if _, twice := all[name]; twice {
				t.Errorf("%s has two rows", name)
			}
			all[name] = row
		}
	}
	return all
}

// Every route, asked by everybody about everything, answers as the policy and
// the scopes say; and what is out of scope exactly as what does not exist.
func TestPolicyMatrix(t *testing.T) {
	p := mustMatrixPeople(t)
	objects, rows := mustObjects(t, p), policyRows(t)
	callers := mustCallers(t, p)
	asked := 0
	routes := p.server.Routes()
	slices.SortStableFunc(routes, func(a, b Route) int {
		return compareBool(rows[a.Method+" "+a.Path].last, rows[b.Method+" "+b.Path].last)
	})
	for _, route := range routes {
		name := route.Method + " " + route.Path
		row, ok := rows[name]
		if !ok {
			t.Errorf("%s has no row", name)
			continue
		}
		delete(rows, name)
		for _, m := range callers {
			n, faults := askAbout(t, p, route, row, m, objects)
			asked += n
			for _, fault := range faults {
				t.Error(fault)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		t.Errorf("row %s has no route", name)
	}
	t.Logf("%d requests", asked)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// askAbout asks one caller's questions of one route, and returns how many, and
// what is wrong with the answers.
func askAbout(t *testing.T, p *people, route Route, row policyRow, m matrixCaller, objects []object) (asked int, faults []string) {
	t.Helper()
	if row.sees == nil {
		objects = objects[:1]
	}
	answers := make([]resttest.Answer, len(objects))
	for i, o := range objects {
		answers[i] = row.ask(t, p, route, m, o)
		if want := row.want(route, m.caller, o); answers[i].Status != want {
			faults = append(faults, fmt.Sprintf("%s %s by %s about %s: got %d, want %d: %.300s", route.Method, route.Path, m.name, o.name, answers[i].Status, want, answers[i].Body))
		}
	}
	if row.sees == nil || !m.signedIn() {
		return len(objects), faults
	}
	unknown := withoutOwnNames(answers[len(answers)-1], objects[len(objects)-1])
	for i, o := range objects {
		got := withoutOwnNames(answers[i], o)
		if row.tells != "" {
			got = strings.ReplaceAll(got, row.tells, "unknown")
		}
		if !row.sees(m.caller, o) && got != unknown {
			faults = append(faults, fmt.Sprintf("%s %s by %s: %s is told from unknown:\n%s\n%s", route.Method, route.Path, m.name, o.name, got, unknown))
		}
	}
	return len(objects), faults
}

// leakyTracking forgets the caller's scope in two reads.
type leakyTracking struct{ Tracking }

func labWide(c access.Caller) access.Caller {
	c.Facility, c.Recycler = "", ""
	return c
}

func (l leakyTracking) Bin(ctx context.Context, c access.Caller, id string) (tracking.Versioned[tracking.BinView], error) {
	return l.Tracking.Bin(ctx, labWide(c), id)
}

func (l leakyTracking) Receipts(ctx context.Context, c access.Caller, f tracking.ChainFilter, page tracking.Page) (tracking.List[tracking.Receipt], error) {
	return l.Tracking.Receipts(ctx, labWide(c), f, page)
}

// A service that leaks, and a route that anybody may use, must be noticed.
func TestControlMatrixNoticesLeaks(t *testing.T) {
	p := mustMatrixPeople(t, func(s *Server) { s.services.Tracking = leakyTracking{s.services.Tracking} })
	objects, callers := mustObjects(t, p), mustCallers(t, p)
	for _, tt := range []struct {
		path   string
		action access.Action
		faulty bool
	}{
		{"/api/v1/bins/{id}", access.ReadBins, true},
		{"/api/v1/receipts", access.ReadPickups, true},
		{"/api/v1/fills/{id}", access.ReadFills, false},
		{"/api/v1/pickups/{id}", access.ReadMonths, true}, // the server asks for another action
	} {
		count := 0
		for _, m := range callers {
			_, faults := askAbout(t, p, Route{Method: get, Path: tt.path, Action: tt.action}, readRows["GET "+tt.path], m, objects)
			count += len(faults)
		}
		if (count > 0) != tt.faulty {
			t.Errorf("%s: got %d faults, want some: %t", tt.path, count, tt.faulty)
		}
	}
}

// A matrix that sees everybody see everything must fail.
func TestControlPolicyRowsTellScopes(t *testing.T) {
	ward := access.Caller{Membership: membership(access.Ward, "f1"), User: "u"}
	route := Route{Method: get, Path: "/api/v1/bins/{id}", Action: access.ReadBins}
	row := readRows["GET /api/v1/bins/{id}"]
	for _, tt := range []struct {
		caller access.Caller
		object object
		want   int
	}{
		{ward, object{lab: "lab-a", facility: "f1"}, 200},
		{ward, object{lab: "lab-a", facility: "f2"}, 404},
		{ward, object{lab: "lab-b", facility: "f1"}, 404},
		{access.Caller{Membership: membership(access.Driver, "r1")}, object{lab: "lab-a", facility: "f1"}, 403},
		{access.Caller{}, object{lab: "lab-a", facility: "f1"}, 401},
	} {
		if got := row.want(route, tt.caller, tt.object); got != tt.want {
			t.Errorf("%+v about %+v: got %d, want %d", tt.caller.Membership, tt.object, got, tt.want)
		}
	}
}

var serviceRows = map[string]policyRow{
	"GET /healthz":             {},
	"GET /readyz":              {},
	"GET /metrics":             {},
	"GET /api/v1/openapi.yaml": {},
	"GET /api/v1/docs":         {},
	"GET /api/v1/docs.css":     {},
	"GET /api/v1/status":       {},
}

// newEntry is an entry with an id of its own.
func newEntry(typ string, body fields) fields {
	return fields{"id": uuid.Must(uuid.NewV7()).String(), "type": typ, "occurredAt": "2026-03-02T12:00:00Z", "body": body}
}

var entryRows = map[string]policyRow{
	"POST /api/v1/entries": {
		action: access.Record("bin.lost"), sees: seesBetween, wants: 201, hides: 201,
		body: func(_ *testing.T, _ *people, o object) any { return newEntry("bin.lost", fields{"bin": o.ids["bin"]}) },
	},
	"POST /api/v1/entries/sync": {
		sees: seesBetween, hides: 200,
		body: func(_ *testing.T, _ *people, o object) any {
			return fields{"sentAt": "2026-03-02T12:00:00Z", "entries": []fields{newEntry("bin.found", fields{"label": o.ids["label"]})}}
		},
	},
	"GET /api/v1/entries":     {query: "?pickup={pickup}", sees: seesBetween, hides: 200},
	"GET /api/v1/entry-types": {},
	"GET /api/v1/entries/{id}": {id: "entry", sees: func(c access.Caller, o object) bool {
		return seesFacility(c, o) && access.Allowed(access.ReadAudit, c.Role)
	}},
	"POST /api/v1/labels": {
		sees: seesFacility, wants: 201, hides: 422,
		body: func(_ *testing.T, _ *people, o object) any { return fields{"facility": o.ids["facility"], "count": 1} },
	},
}

// listed is the row of a listing that is narrowed to something of the object.
func listed(filter string, sees func(access.Caller, object) bool) policyRow {
	return policyRow{query: "?" + filter + "={" + filter + "}", sees: sees, hides: 200}
}

// figures is the row of a sum over a facility. Recyclers know the facilities,
// and see there what they took themselves.
func figures(more string) policyRow {
	return policyRow{query: "?from=2026-03&to=2026-03&facility={facility}" + more, sees: seesFacilityDoc}
}

var readRows = map[string]policyRow{
	"GET /api/v1/scan":                     {query: "?payload={label}", sees: seesBetween, hides: 200, tells: "other-organisation"},
	"GET /api/v1/scan/{code}":              {id: "label", sees: seesBetween, hides: 200, tells: "other-organisation"},
	"GET /api/v1/bins":                     listed("facility", seesFacility),
	"GET /api/v1/bins/{id}":                {id: "bin", sees: seesFacility},
	"GET /api/v1/fills":                    listed("bin", seesBetween),
	"GET /api/v1/fills/{id}":               {id: "fill", sees: seesBetween},
	"GET /api/v1/labels":                   listed("batch", seesFacility),
	"GET /api/v1/labels/{code}":            {id: "label", sees: seesFacility},
	"GET /api/v1/labels/{code}/symbol.png": {id: "label", query: "?pixels=100", sees: seesFacility},
	"GET /api/v1/storage-clocks":           {query: "?facility={facility}", sees: seesFacility},
	"GET /api/v1/pickups":                  {query: "?facility={facility}&recycler={recycler}", sees: seesBetween, hides: 200},
	"GET /api/v1/pickups/{id}":             {id: "pickup", sees: seesBetween},
	"GET /api/v1/receipts":                 listed("pickup", seesBetween),
	"GET /api/v1/receipts/{id}":            {id: "receipt", sees: seesBetween},
	"GET /api/v1/treatments":               listed("pickup", seesBetween),
	"GET /api/v1/treatments/{id}":          {id: "treatment", sees: seesBetween},
	"GET /api/v1/discrepancies":            {query: "?facility={facility}&recycler={recycler}", sees: seesBetween, hides: 200},
	"GET /api/v1/discrepancies/{id}":       {id: "discrepancy", sees: seesBetween},
	"GET /api/v1/reviews":                  {},
	"GET /api/v1/reviews/{id}":             {id: "review", sees: seesBetween},
	"GET /api/v1/months":                   {},
	"GET /api/v1/indicators/summary":       figures(""),
	"GET /api/v1/indicators/series":        figures(""),
	"GET /api/v1/indicators/funnel":        figures(""),
	"GET /api/v1/indicators/breakdown":     figures("&by=ward"),
	"GET /api/v1/indicators/cells":         figures(""),
	"GET /api/v1/indicators/drill-down":    figures(""),
}

// versionOf is the ETag of what a request would change, or one that could be.
func versionOf(t *testing.T, p *people, route Route, id string, o object) string {
	t.Helper()
	path, _, _ := strings.Cut(route.Path, "{id}")
	if o.lab == "" {
		return entityTag(1)
	}
	if tag := p.in(o.lab).as("coordinator", "").Do(t, get, path+id, nil).Header.Get("ETag"); tag != "" {
		return tag
	}
	return entityTag(1)
}
