package rest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/access"
)

func TestServiceRoutesFitTheDocument(t *testing.T) {
	c := mustClient(t, testConfig())
	c.Do(t, "GET", "/healthz", nil).Want(t, 200)
	c.Do(t, "HEAD", "/healthz", nil).Want(t, 200)
	c.Do(t, "GET", "/readyz", nil).Want(t, 200)
	c.Do(t, "GET", "/metrics", nil).Want(t, 200)
	c.Do(t, "GET", "/api/v1/status", nil).WantProblem(t, 401, "token-missing")
	c.As("nonsense").Do(t, "GET", "/api/v1/status", nil).WantProblem(t, 401, "token-invalid")
	c.As("role:nobody").Do(t, "GET", "/api/v1/status", nil).WantProblem(t, 403, "role-not-allowed")
	c.Do(t, "GET", "/api/v1/nothing", nil).WantProblem(t, 404, "route-unknown")
	if got := c.Do(t, "POST", "/healthz", nil).WantProblem(t, 405, "method-not-allowed").Header.Get("Allow"); !strings.Contains(got, "GET") {
		t.Errorf("got Allow %q, want GET in it", got)
	}

	var status statusResponse
	c.As("role:ward").Do(t, "GET", "/api/v1/status", nil).Want(t, 200).JSON(t, &status)
	if status.Version != "1.2.3" || status.Time.IsZero() {
		t.Errorf("got status %+v", status)
	}
	for _, path := range []string{"/api/v1/openapi.yaml", "/api/v1/docs", "/api/v1/docs.css"} {
		tag := c.Do(t, "GET", path, nil).Want(t, 200).Header.Get("ETag")
		c.Do(t, "GET", path, nil, "If-None-Match", tag).Want(t, 304)
	}
}

func TestEveryRouteHasAnOperationAndTheOtherWayRound(t *testing.T) {
	s, _ := mustStart(t, testConfig(), nil)
	spec := mustSpec(t)
	routes := map[string]Route{}
	for _, r := range s.Routes() {
		routes[r.Method+" "+r.Path] = r
		if op, ok := spec.Find(r.Method, r.Path); !ok || op.Path != r.Path {
			t.Errorf("route %s %s has no operation", r.Method, r.Path)
		}
	}
	for _, op := range spec.Operations() {
		r, ok := routes[op.Method+" "+op.Path]
		if !ok {
			t.Errorf("operation %s %s has no route", op.Method, op.Path)
			continue
		}
		checkOperation(t, spec, op, r)
	}
}

// checkOperation checks that the document says of an operation what the chain
// of its route does.
func checkOperation(t *testing.T, spec *resttest.Spec, op resttest.Operation, r Route) {
	t.Helper()
	name := op.Method + " " + op.Path
	security, overridden := op.Node["security"].([]any)
	if public := overridden && len(security) == 0; public != (r.Action == Public) {
		t.Errorf("%s: security in the document does not fit the action %q", name, r.Action)
	}
	for _, key := range []string{"operationId", "summary", "tags"} {
		if op.Node[key] == nil {
			t.Errorf("%s: %s is missing", name, key)
		}
	}
	responses := op.Node["responses"].(map[string]any)
	want := []string{"429"}
	if r.Action != Public {
		want = append(want, "401")
	}
	if _, inPolicy := access.Policy[r.Action]; inPolicy {
		want = append(want, "403")
	}
	if r.Class != Cheap {
		want = append(want, "503")
	}
	if op.Node["requestBody"] != nil {
		want = append(want, "400", "413", "415")
		checkExamples(t, spec, name+" request", op.Node["requestBody"], operationPointer(op)+"/requestBody")
	}
	for _, status := range want {
		if responses[status] == nil {
			t.Errorf("%s: response %s is missing", name, status)
		}
	}
	for status, response := range responses {
		if status[0] == '2' {
			checkExamples(t, spec, name+" "+status, response, operationPointer(op)+"/responses/"+status)
		}
	}
}

func operationPointer(op resttest.Operation) string {
	return "/paths/" + resttest.Escape(op.Path) + "/" + strings.ToLower(op.Method)
}

// checkExamples checks that JSON content has examples, and that they fit.
func checkExamples(t *testing.T, spec *resttest.Spec, name string, node any, pointer string) {
	t.Helper()
	resolved, pointer := spec.Resolve(node, pointer)
	content, _ := resolved["content"].(map[string]any)
	media, ok := content["application/json"].(map[string]any)
	if !ok {
		return
	}
	schema := pointer + "/content/" + resttest.Escape("application/json") + "/schema"
	examples := map[string]any{}
	if e, ok := media["example"]; ok {
		examples["example"] = e
	}
	if named, ok := media["examples"].(map[string]any); ok {
		for n, e := range named {
			examples[n] = e.(map[string]any)["value"]
		}
	}
	if len(examples) == 0 {
		t.Errorf("%s: no example", name)
	}
	for n, e := range examples {
		if err := spec.Validate(schema, e); err != nil {
			t.Errorf("%s: example %q: %v", name, n, err)
		}
	}
}

// An answer that the document does not describe must be noticed, or all tests
// that use the client are worth nothing.
func TestClientNoticesDrift(t *testing.T) {
	spec := mustSpec(t)
	answer := func(status int, media, body string, header ...string) *http.Response {
		r := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {media}}}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return r
	}
	const lab = `,"lab":{"id":"lab","name":"Lab","head":0,"headHash":"0000000000000000000000000000000000000000000000000000000000000000"}`
	good := `{"version":"1","time":"2026-03-01T08:30:00Z"` + lab + `}`
	for _, tt := range []struct {
		name   string
		status int
		media  string
		body   string
		ok     bool
	}{
		{"as declared", 200, "application/json", good, true},
		{"undeclared key", 200, "application/json", `{"version":"1","time":"2026-03-01T08:30:00Z","more":1` + lab + `}`, false},
		{"missing key", 200, "application/json", `{"version":"1"` + lab + `}`, false},
		{"format", 200, "application/json", `{"version":"1","time":"yesterday"` + lab + `}`, false},
		{"undeclared status", 201, "application/json", good, false},
		{"undeclared media type", 200, "text/html", good, false},
		{"missing header", 503, "application/problem+json", mustJSON(t, answerTo(problemForTest())), false},
	} {
		err := spec.Check("GET", "/api/v1/status", answer(tt.status, tt.media, tt.body), []byte(tt.body))
		if (err == nil) != tt.ok {
			t.Errorf("%s: got %v, want ok = %t", tt.name, err, tt.ok)
		}
	}
}

func mustJSON(tb testing.TB, v any) string {
	tb.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

func TestDocsPage(t *testing.T) {
	c := mustClient(t, testConfig())
	page := string(c.Do(t, "GET", "/api/v1/docs", nil).Want(t, 200).Body)
	for _, want := range []string{`href="#get-api-v1-status"`, "Where the server and the caller", `id="Problem"`, "docs.css"} {
		if !strings.Contains(page, want) {
			t.Errorf("page has no %q", want)
		}
	}
	for _, never := range []string{"<script", "style=", `="http`, "url(", "ZgotmplZ"} {
		if strings.Contains(page, never) {
			t.Errorf("page has %q", never)
		}
	}
}

func TestProseIsEscaped(t *testing.T) {
	got := string(prose("a `code` & <b>`<i>`</b>"))
	if want := "a <code>code</code> &amp; &lt;b&gt;<code>&lt;i&gt;</code>&lt;/b&gt;"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
