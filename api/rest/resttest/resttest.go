// Package resttest is a test client for the REST interface that checks every
// answer it sees against the OpenAPI document: the operation must exist, the
// status, the media type and the headers must be declared, and the body must
// fit its schema.
package resttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// Spec is an OpenAPI document against which answers are checked. It is safe
// for concurrent use.
type Spec struct {
	document map[string]any
	paths    []pathPattern

	mu       sync.Mutex // guards what follows
	compiler *jsonschema.Compiler
	seen     map[string]bool // "GET /healthz 200"
}

// pathPattern finds the path of the document that a request's path belongs to.
type pathPattern struct {
	path   string
	regexp *regexp.Regexp
}

// Operation is one operation of the document.
type Operation struct {
	Method, Path string
	Node         map[string]any
}

const documentURL = "mem:///openapi.json"

// Load reads an OpenAPI 3.1 document in YAML.
func Load(tb testing.TB, document []byte) *Spec {
	tb.Helper()
	var raw any
	if err := yaml.Unmarshal(document, &raw); err != nil {
		tb.Fatalf("reading the OpenAPI document: %v", err)
	}
	// Through JSON, so that numbers have the types that jsonschema knows.
	b, err := json.Marshal(raw)
	if err != nil {
		tb.Fatalf("the OpenAPI document is not JSON: %v", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		tb.Fatalf("the OpenAPI document is not JSON: %v", err)
	}
	s := &Spec{document: doc.(map[string]any), compiler: jsonschema.NewCompiler(), seen: map[string]bool{}}
	s.compiler.DefaultDraft(jsonschema.Draft2020)
	s.compiler.AssertFormat()
	if err := s.compiler.AddResource(documentURL, doc); err != nil {
		tb.Fatalf("adding the OpenAPI document: %v", err)
	}
	for path := range object(s.document["paths"]) {
		pattern := regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`)
		s.paths = append(s.paths, pathPattern{path, regexp.MustCompile("^" + pattern + "$")})
	}
	return s
}

// Operations lists all operations.
func (s *Spec) Operations() []Operation {
	var all []Operation
	for path, item := range object(s.document["paths"]) {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if op, ok := object(item)[method]; ok {
				all = append(all, Operation{strings.ToUpper(method), path, object(op)})
			}
		}
	}
	return all
}

// Find returns the operation of a request, or false. A path without parameters
// goes before one with.
func (s *Spec) Find(method, path string) (Operation, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	best := ""
	for _, p := range s.paths {
		if p.regexp.MatchString(path) && (best == "" || strings.Count(p.path, "{") < strings.Count(best, "{")) {
			best = p.path
		}
	}
	op, ok := object(object(s.document["paths"])[best])[strings.ToLower(method)]
	return Operation{method, best, object(op)}, ok
}

// Resolve follows a $ref within the document, with the pointer at which the
// target stands.
func (s *Spec) Resolve(node any, pointer string) (map[string]any, string) {
	for {
		ref, ok := object(node)["$ref"].(string)
		if !ok {
			return object(node), pointer
		}
		pointer = strings.TrimPrefix(ref, "#")
		node = s.document
		for key := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
			node = object(node)[unescape(key)]
		}
	}
}

// Validate checks a value against the schema at a JSON pointer.
func (s *Spec) Validate(pointer string, value any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	schema, err := s.compiler.Compile(documentURL + "#" + pointer)
	if err != nil {
		return fmt.Errorf("schema at %s: %w", pointer, err)
	}
	return schema.Validate(value)
}

// Seen reports whether an answer of that status was checked.
func (s *Spec) Seen(method, path string, status int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[fmt.Sprint(method, " ", path, " ", status)]
}

// Check returns what is wrong with an answer whose body has been read.
func (s *Spec) Check(method, path string, response *http.Response, body []byte) error {
	op, ok := s.Find(method, path)
	if !ok {
		return s.checkUndeclared(response, body)
	}
	status := fmt.Sprint(response.StatusCode)
	declared, ok := object(op.Node["responses"])[status]
	if !ok {
		return fmt.Errorf("%s %s: status %s is not declared: %s", method, op.Path, status, body)
	}
	s.mu.Lock()
	s.seen[fmt.Sprint(op.Method, " ", op.Path, " ", status)] = true
	s.mu.Unlock()
	pointer := "/paths/" + Escape(op.Path) + "/" + strings.ToLower(op.Method) + "/responses/" + status
	if err := s.checkResponse(declared, pointer, method, response, body); err != nil {
		return fmt.Errorf("%s %s %s: %w", method, op.Path, status, err)
	}
	return nil
}

// checkUndeclared takes only problems for addresses and methods that the
// document does not have.
func (s *Spec) checkUndeclared(response *http.Response, body []byte) error {
	if response.StatusCode < 400 || response.StatusCode > 499 {
		return fmt.Errorf("%s %s is not in the document and was answered %s", response.Request.Method, response.Request.URL.Path, response.Status)
	}
	if response.Request.Method == http.MethodHead {
		return nil
	}
	return s.checkBody("/components/schemas/Problem", "application/problem+json", body)
}

func (s *Spec) checkResponse(declared any, pointer, method string, response *http.Response, body []byte) error {
	node, pointer := s.Resolve(declared, pointer)
	for name, header := range object(node["headers"]) {
		if err := s.checkHeader(name, header, pointer+"/headers/"+Escape(name), response.Header); err != nil {
			return err
		}
	}
	content := object(node["content"])
	if len(content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("a body is not declared: %s", body)
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("Content-Type: %w", err)
	}
	if _, ok := content[media]; !ok {
		return fmt.Errorf("Content-Type %s is not declared", media)
	}
	if method == http.MethodHead {
		return nil
	}
	return s.checkBody(pointer+"/content/"+Escape(media)+"/schema", media, body)
}

func (s *Spec) checkHeader(name string, declared any, pointer string, got http.Header) error {
	node, pointer := s.Resolve(declared, pointer)
	value := got.Get(name)
	if value == "" {
		if node["required"] == true {
			return fmt.Errorf("header %s is missing", name)
		}
		return nil
	}
	var typed any = value
	if object(node["schema"])["type"] == "integer" {
		typed = json.Number(value)
	}
	if err := s.Validate(pointer+"/schema", typed); err != nil {
		return fmt.Errorf("header %s: %w", name, err)
	}
	return nil
}

func (s *Spec) checkBody(pointer, media string, body []byte) error {
	var value any = string(body)
	if strings.HasSuffix(media, "json") {
		var err error
		if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(body)); err != nil {
			return fmt.Errorf("body is not JSON: %w: %s", err, body)
		}
	}
	if err := s.Validate(pointer, value); err != nil {
		return fmt.Errorf("body %s: %w", body, err)
	}
	return nil
}

// Client sends requests to a server and fails the test on an answer that the
// document does not allow.
type Client struct {
	Base  string // such as http://127.0.0.1:8080
	Token string // bearer token; none if empty
	Spec  *Spec
	HTTP  *http.Client
}

// NewClient makes a client with connections of its own, which end with the
// test.
func NewClient(tb testing.TB, base string, spec *Spec) *Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	tb.Cleanup(transport.CloseIdleConnections)
	return &Client{Base: base, Spec: spec, HTTP: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
}

// As returns a client with another token.
func (c *Client) As(token string) *Client {
	other := *c
	other.Token = token
	return &other
}

// Answer is a checked answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request. body may be nil, a []byte sent as it is, or a value sent
// as JSON; headers are pairs of name and value.
func (c *Client) Do(tb testing.TB, method, path string, body any, headers ...string) Answer {
	tb.Helper()
	request := c.request(tb, method, path, body, headers)
	response, err := c.HTTP.Do(request)
	if err != nil {
		tb.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatalf("%s %s: reading the answer: %v", method, path, err)
	}
	if err := c.Spec.Check(method, request.URL.EscapedPath(), response, got); err != nil {
		tb.Errorf("answer against the OpenAPI document: %v", err)
	}
	return Answer{response.StatusCode, response.Header, got}
}

func (c *Client) request(tb testing.TB, method, path string, body any, headers []string) *http.Request {
	tb.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		reader = bytes.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			tb.Fatalf("%s %s: %v", method, path, err)
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(tb.Context(), method, c.Base+path, reader)
	if err != nil {
		tb.Fatalf("%s %s: %v", method, path, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return request
}

// Want fails the test unless the answer has the status.
func (a Answer) Want(tb testing.TB, status int) Answer {
	tb.Helper()
	if a.Status != status {
		tb.Fatalf("got status %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

// WantProblem fails the test unless the answer is a problem of that status and
// code.
func (a Answer) WantProblem(tb testing.TB, status int, code string) Answer {
	tb.Helper()
	var got struct{ Code string }
	a.Want(tb, status).JSON(tb, &got)
	if got.Code != code {
		tb.Fatalf("got problem %q, want %q: %s", got.Code, code, a.Body)
	}
	return a
}

// JSON reads the body into v.
func (a Answer) JSON(tb testing.TB, v any) {
	tb.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		tb.Fatalf("answer is not JSON: %v: %s", err, a.Body)
	}
}

// Escape makes a key fit for a JSON pointer in a URL fragment.
func Escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(key)
}

func unescape(key string) string {
	return strings.NewReplacer("~1", "/", "~0", "~", "%7B", "{", "%7D", "}").Replace(key)
}

// object is v as an object, or an empty one.
func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}
