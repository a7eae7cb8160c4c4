package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/calendar"
)

// The scripts in testdata/workflows are plain text, read from top to bottom by
// people and by this interpreter. A line is one of
//
//	# a comment
//	let NAME = TEXT           gives a name to a text
//	as ROLE                   whose token, $ROLEToken, the next requests carry; "as nobody" for none
//	METHOD PATH               a request, followed by header lines (Name: value), a JSON body, and
//	=> STATUS                 the status of its answer; then what is said of the answer:
//	PATH == JSON              equal as JSON; likewise !=
//	PATH contains JSON        a text has this part, an array this element; the opposite is lacks
//	PATH exists               something is there, maybe null; the opposite is missing
//	PATH count N              an array has N elements
//	header NAME == TEXT       the header's value; likewise contains
//	capture NAME = PATH       keeps a value for later
//
// A PATH is made of keys, of [2] for an element by its place, and of [key=text]
// for the element that has this: loads[stream=$bottles].acceptedGrams. The
// whole answer is body, and its very text is text.
//
// $NAME or ${NAME} stands for a text or value anywhere. $uuid7 is a new id each
// time; $now is the time, and $now-2h, $now+5m, $now-3d are times beside it;
// $today is the date in the lab, $thisMonth and $lastMonth are its months.
//
// Scripts can't cover: requests at the same moment, crashes, slow or broken
// connections, clocks other than the machine's, and what is shown on a screen.
// Concurrency and faults have tests of their own, on the store and on the
// process.

// interpreter runs scripts against a server. Captured values stay from script
// to script.
type interpreter struct {
	base   string // such as http://127.0.0.1:8080
	client *http.Client
	vars   map[string]any

	script string // name, for messages
	role   string
	last   *exchange
	faults []error // of what was said of the last answer
}

func newInterpreter(base string) *interpreter {
	return &interpreter{base: base, client: &http.Client{Timeout: 30 * time.Second}, vars: map[string]any{}}
}

// exchange is a request with its answer.
type exchange struct {
	method, path string
	headers      http.Header
	body         string

	status  int
	answer  http.Header
	text    []byte
	decoded any // nil if the answer is no JSON
}

// run runs a script. It stops behind the first answer that is not as the script
// says, and the error tells the line, the request and the whole answer.
func (in *interpreter) run(name, text string) error {
	in.script, in.role, in.last, in.faults = name, "nobody", nil, nil
	lines := strings.Split(text, "\n")
	for at := 0; at < len(lines); {
		next, err := in.statement(lines, at)
		if err != nil {
			return err
		}
		at = next
	}
	return in.settle()
}

var (
	requestLine = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) (/\S*)$`)
	headerLine  = regexp.MustCompile(`^([A-Z][A-Za-z-]*): (.+)$`)
	statusLine  = regexp.MustCompile(`^=> ([1-5][0-9]{2})$`)
	letLine     = regexp.MustCompile(`^let ([A-Za-z][A-Za-z0-9]*) = (.+)$`)
	captureLine = regexp.MustCompile(`^capture ([A-Za-z][A-Za-z0-9]*) = (\S+)$`)
	roleLine    = regexp.MustCompile(`^as ([a-z][A-Za-z0-9]*)$`)
	claimLine   = regexp.MustCompile(`^(header )?(\S+) (==|!=|contains|lacks|exists|missing|count)(?: (.+))?$`)
)

// statement runs the statement at a line and returns the line behind it.
func (in *interpreter) statement(lines []string, at int) (next int, err error) {
	line := strings.TrimSpace(lines[at])
	switch {
	case line == "" || strings.HasPrefix(line, "#"):
		return at + 1, nil
	case requestLine.MatchString(line):
		if err := in.settle(); err != nil {
			return at, err
		}
		return in.request(lines, at)
	case letLine.MatchString(line):
		m := letLine.FindStringSubmatch(line)
		value, err := in.expand(m[2])
		in.vars[m[1]] = value
		return at + 1, in.at(at, err)
	case roleLine.MatchString(line):
		in.role = roleLine.FindStringSubmatch(line)[1]
		return at + 1, nil
	case captureLine.MatchString(line):
		return at + 1, in.capture(at, captureLine.FindStringSubmatch(line))
	case claimLine.MatchString(line):
		if in.last == nil {
			return at, in.at(at, errors.New("there is no answer yet"))
		}
		if err := in.claim(claimLine.FindStringSubmatch(line)); err != nil {
			in.faults = append(in.faults, in.at(at, fmt.Errorf("%s: %w", line, err)))
		}
		return at + 1, nil
	}
	return at, in.at(at, fmt.Errorf("%q is no statement", line))
}

// at says at which line something is wrong.
func (in *interpreter) at(line int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s:%d: %w", in.script, line+1, err)
}

// settle reports what was wrong with the last answer.
func (in *interpreter) settle() error {
	if len(in.faults) == 0 {
		return nil
	}
	return fmt.Errorf("%w\n\n%s", errors.Join(in.faults...), in.last)
}

// String shows the exchange as it went over the wire, the answer indented. Of
// tokens nothing is shown.
func (e *exchange) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", e.method, e.path)
	for name := range e.headers {
		if name != "Authorization" && name != "Content-Type" {
			fmt.Fprintf(&b, "%s: %s\n", name, e.headers.Get(name))
		}
	}
	if e.body != "" {
		b.WriteString(e.body + "\n")
	}
	fmt.Fprintf(&b, "\n=> %d %s\n", e.status, e.answer.Get("Content-Type"))
	var pretty bytes.Buffer
	if json.Indent(&pretty, e.text, "", "  ") != nil {
		return b.String() + string(e.text)
	}
	return b.String() + pretty.String()
}

// request sends the request that begins at a line.
func (in *interpreter) request(lines []string, at int) (next int, err error) {
	m := requestLine.FindStringSubmatch(strings.TrimSpace(lines[at]))
	e := &exchange{method: m[1], headers: http.Header{}}
	in.last = e
	if e.path, err = in.expand(m[2]); err != nil {
		return at, in.at(at, err)
	}
	var body []string
	for next = at + 1; next < len(lines); next++ {
		line, err := in.expand(strings.TrimSpace(lines[next]))
		if err != nil {
			return at, in.at(next, err)
		}
		if status := statusLine.FindStringSubmatch(line); status != nil {
			e.body = strings.Join(body, "\n")
			if err := in.send(e); err != nil {
				return at, in.at(at, err)
			}
			if strconv.Itoa(e.status) != status[1] {
				in.faults = append(in.faults, in.at(next, fmt.Errorf("%s: got %d", line, e.status)))
			}
			return next + 1, nil
		}
		if h := headerLine.FindStringSubmatch(line); h != nil && len(body) == 0 {
			e.headers.Set(h[1], h[2])
		} else if line != "" {
			body = append(body, line)
		}
	}
	return at, in.at(at, errors.New("the request has no line => STATUS"))
}

func (in *interpreter) send(e *exchange) error {
	r, err := http.NewRequest(e.method, in.base+e.path, strings.NewReader(e.body))
	if err != nil {
		return err
	}
	if e.body != "" {
		e.headers.Set("Content-Type", "application/json")
	}
	if in.role != "nobody" {
		token, err := in.expand("$" + in.role + "Token")
		if err != nil {
			return err
		}
		e.headers.Set("Authorization", "Bearer "+token)
	}
	r.Header = e.headers
	response, err := in.client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	e.status, e.answer = response.StatusCode, response.Header
	if e.text, err = io.ReadAll(response.Body); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	e.decoded, _ = decodeJSON(string(e.text)) // not every answer is JSON
	return nil
}

func (in *interpreter) capture(at int, m []string) error {
	if err := in.settle(); err != nil {
		return err
	}
	if in.last == nil {
		return in.at(at, errors.New("there is no answer yet"))
	}
	path, err := in.expand(m[2])
	if err != nil {
		return in.at(at, err)
	}
	value, found := in.last.lookup(path)
	if !found {
		return fmt.Errorf("%w\n\n%s", in.at(at, fmt.Errorf("there is no %s", path)), in.last)
	}
	in.vars[m[1]] = value
	return nil
}

// claim checks what a line says of the last answer.
func (in *interpreter) claim(m []string) error {
	path, err := in.expand(m[2])
	if err != nil {
		return err
	}
	want, err := in.expand(m[4])
	if err != nil {
		return err
	}
	if m[1] != "" {
		return claimHeader(in.last.answer.Get(path), m[3], want)
	}
	got, found := in.last.lookup(path)
	if !found {
		if m[3] == "missing" {
			return nil
		}
		return errors.New("there is no such thing in the answer")
	}
	switch m[3] {
	case "exists":
		return nil
	case "missing":
		return fmt.Errorf("it is there: %s", encodeJSON(got))
	case "count":
		elements, isArray := got.([]any)
		if !isArray || strconv.Itoa(len(elements)) != want {
			return fmt.Errorf("got %d: %s", len(elements), encodeJSON(got))
		}
		return nil
	}
	value, err := decodeJSON(want)
	if err != nil {
		return fmt.Errorf("%s is not JSON: %w", want, err)
	}
	return compare(got, m[3], value)
}

func claimHeader(got, how, want string) error {
	if how == "==" && got == want || how == "contains" && strings.Contains(got, want) {
		return nil
	}
	return fmt.Errorf("got %q, want %s %q", got, how, want)
}

// compare checks got against a value.
func compare(got any, how string, value any) error {
	holds := false
	switch how {
	case "==", "!=":
		holds = reflect.DeepEqual(got, value) == (how == "==")
	case "contains", "lacks":
		switch got := got.(type) {
		case string:
			part, isText := value.(string)
			if !isText {
				return fmt.Errorf("a text can't contain %s", encodeJSON(value))
			}
			holds = strings.Contains(got, part)
		case []any:
			for _, element := range got {
				holds = holds || reflect.DeepEqual(element, value)
			}
		default:
			return fmt.Errorf("got %s, which is neither a text nor an array", encodeJSON(got))
		}
		holds = holds == (how == "contains")
	}
	if !holds {
		return fmt.Errorf("got %s", encodeJSON(got))
	}
	return nil
}

var pathPart = regexp.MustCompile(`[^.\[\]]+|\[[^\]]*\]`)

// lookup finds a path in the answer.
func (e *exchange) lookup(path string) (value any, found bool) {
	if path == "text" {
		return string(e.text), true
	}
	value = e.decoded
	if path == "body" {
		return value, value != nil
	}
	for _, part := range pathPart.FindAllString(path, -1) {
		if inner, bracket := strings.CutPrefix(part, "["); bracket {
			value, found = element(value, strings.TrimSuffix(inner, "]"))
		} else {
			object, _ := value.(map[string]any)
			value, found = object[part]
		}
		if !found {
			return nil, false
		}
	}
	return value, found
}

// element finds the element of an array by its place, or by a key and its text.
func element(value any, which string) (any, bool) {
	elements, _ := value.([]any)
	key, text, byKey := strings.Cut(which, "=")
	if !byKey {
		i, err := strconv.Atoi(which)
		if err != nil || i < 0 || i >= len(elements) {
			return nil, false
		}
		return elements[i], true
	}
	for _, e := range elements {
		object, _ := e.(map[string]any)
		if v, has := object[key]; has && fmt.Sprint(v) == text {
			return e, true
		}
	}
	return nil, false
}

var variable = regexp.MustCompile(`\$\{?(now([+-])([0-9]+)([smhd])|[A-Za-z][A-Za-z0-9]*)\}?`)

// expand puts values in the place of $NAMEs.
func (in *interpreter) expand(text string) (string, error) {
	var unknown []string
	expanded := variable.ReplaceAllStringFunc(text, func(whole string) string {
		m := variable.FindStringSubmatch(whole)
		tail := ""
		if !strings.HasPrefix(whole, "${") && strings.HasSuffix(whole, "}") {
			tail = "}" // it belongs to the text: {"a":$b}
		}
		value, known := in.value(m)
		if !known {
			unknown = append(unknown, "$"+m[1])
		}
		return value + tail
	})
	if unknown != nil {
		return "", fmt.Errorf("nothing is called %s", strings.Join(unknown, ", "))
	}
	return expanded, nil
}

func (in *interpreter) value(m []string) (text string, known bool) {
	const instant = "2006-01-02T15:04:05.000Z"
	now := time.Now()
	if m[2] != "" {
		n, err := strconv.Atoi(m[3])
		offset := time.Duration(n) * map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[4]]
		if m[2] == "-" {
			offset = -offset
		}
		return now.Add(offset).UTC().Format(instant), err == nil
	}
	local := now.In(calendar.Rome())
	switch m[1] {
	case "uuid7":
		return uuid.Must(uuid.NewV7()).String(), true
	case "now":
		return now.UTC().Format(instant), true
	case "today":
		return local.Format(time.DateOnly), true
	case "thisMonth":
		return local.Format("2006-01"), true
	case "lastMonth":
		return local.AddDate(0, 0, -local.Day()).Format("2006-01"), true
	}
	v, known := in.vars[m[1]]
	if s, isText := v.(string); isText {
		return s, known
	}
	return encodeJSON(v), known
}

// decodeJSON keeps numbers as they are written: masses are exact.
func decodeJSON(text string) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err = d.Decode(&v); err == nil && d.More() {
		err = errors.New("there is more than one value")
	}
	return v, err
}

func encodeJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}
