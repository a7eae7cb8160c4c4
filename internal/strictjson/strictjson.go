// Package strictjson owns how JSON from outside is read: to the letter, so that
// no two readers can understand it differently.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// maxDepth is how deep objects and lists may nest.
const maxDepth = 32

// MaxName bounds what is shown again of a client's own name for a value, in
// bytes, so that a long one does not come back whole.
const MaxName = 64

// Unmarshal reads one JSON value into v, a non-nil pointer. It takes
// what encoding/json takes, less everything that two readers could understand
// differently: unknown keys, keys that differ in case from the field's, the
// same key twice, null where no pointer takes it, text that is not Unicode.
// Its errors are problems that name the place as a JSON pointer.
func Unmarshal(data []byte, v any) error {
	if !utf8.Valid(data) {
		return problem.New(problem.Invalid, "body-not-utf8", "The body is not UTF-8 text.")
	}
	// Decoding comes first because it checks the syntax before anything else:
	// the walk below may rely on it.
	err := json.Unmarshal(data, v)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return problem.New(problem.Invalid, "body-not-json", "The body is not one JSON value; see byte %d.", syntax.Offset)
	}
	w := walker{data: data, probe: err != nil}
	if fault := w.document(planOf(reflect.TypeOf(v).Elem())); fault != nil {
		return fault
	}
	if err != nil {
		// A decoder of the value as a whole refused it.
		return problem.New(problem.Invalid, "body-invalid", "The body does not fit.").Because(err)
	}
	return nil
}

// walker goes through JSON that is known to be well formed, beside the plan of
// the type that it is to fill.
type walker struct {
	data  []byte
	pos   int
	path  []step
	probe bool // decode every leaf alone, to find the one that does not fit
}

// step leads from a value to one inside it: by key, or by index if key is nil.
type step struct {
	key   []byte
	index int
}

func (w *walker) document(p *plan) error {
	w.space()
	return w.value(p)
}

// value checks the value at pos against p and goes past it.
func (w *walker) value(p *plan) error {
	if len(w.path) > maxDepth {
		return w.fault("too-deep", fmt.Sprintf("Nest at most %d deep.", maxDepth))
	}
	start, token := w.pos, tokenOf(w.data[w.pos])
	if p.accepts&token == 0 {
		if token == tokenNull {
			return w.fault("null", "Leave the key out, or give it a value.")
		}
		return w.fault("type", p.wanted)
	}
	var err error
	switch token {
	case tokenObject:
		err = w.object(p)
	case tokenArray:
		err = w.array(p)
	case tokenString:
		_, err = w.text()
	default:
		w.literal()
	}
	if err == nil && w.probe && p.leaf != nil && json.Unmarshal(w.data[start:w.pos], reflect.New(p.leaf).Interface()) != nil {
		return w.fault("value", p.wanted)
	}
	return err
}

func (w *walker) object(p *plan) error {
	w.pos++
	var seen keySet
	for w.space(); w.data[w.pos] != '}'; w.space() {
		key, err := w.text()
		if err != nil {
			return err
		}
		w.path = append(w.path, step{key: key})
		child, fault := p.child(key)
		if fault != "" {
			return w.fault("unknown-key", fault)
		}
		if !seen.add(key) {
			return w.fault("duplicate-key", "Give every key once.")
		}
		w.space()
		w.pos++ // the colon
		w.space()
		if err := w.value(child); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
		w.comma()
	}
	w.pos++
	return nil
}

func (w *walker) array(p *plan) error {
	w.pos++
	i := 0
	for w.space(); w.data[w.pos] != ']'; w.space() {
		w.path = append(w.path, step{index: i})
		if p.length >= 0 && i >= p.length {
			return w.fault("too-many", fmt.Sprintf("Give at most %d.", p.length))
		}
		if err := w.value(p.elem); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
		w.comma()
		i++
	}
	w.pos++
	return nil
}

// text goes past the string at pos and returns it without quotes, unescaped.
func (w *walker) text() ([]byte, error) {
	start := w.pos
	w.pos++
	escaped := false
	for w.data[w.pos] != '"' {
		if w.data[w.pos] == '\\' {
			escaped = true
			w.pos++
		}
		w.pos++
	}
	w.pos++
	raw := w.data[start:w.pos]
	if !escaped {
		return raw[1 : len(raw)-1], nil
	}
	if !wellEscaped(raw) {
		return nil, w.fault("text", "Send whole Unicode characters, and no NUL.")
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, w.fault("text", "Send a string.")
	}
	return []byte(s), nil
}

// wellEscaped refuses half surrogate pairs, which encoding/json would silently
// replace, and NUL, which not every store keeps.
func wellEscaped(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		if raw[i] != 'u' {
			continue
		}
		unit := hex4(raw[i+1:])
		i += 4
		switch {
		case unit == 0 || 0xDC00 <= unit && unit < 0xE000:
			return false
		case 0xD800 <= unit && unit < 0xDC00:
			if !bytes.HasPrefix(raw[i+1:], []byte(`\u`)) {
				return false
			}
			if low := hex4(raw[i+3:]); low < 0xDC00 || low >= 0xE000 {
				return false
			}
			i += 6
		}
	}
	return true
}

// hex4 reads the four digits of a \u escape that is known to be well formed.
func hex4(b []byte) uint64 {
	n, err := strconv.ParseUint(string(b[:4]), 16, 16)
	if err != nil {
		return 0
	}
	return n
}

// literal goes past a number, true, false or null.
func (w *walker) literal() {
	for ; w.pos < len(w.data); w.pos++ {
		switch w.data[w.pos] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return
		}
	}
}

func (w *walker) space() {
	for w.pos < len(w.data) {
		switch w.data[w.pos] {
		case ' ', '\t', '\r', '\n':
			w.pos++
		default:
			return
		}
	}
}

func (w *walker) comma() {
	w.space()
	if w.data[w.pos] == ',' {
		w.pos++
	}
}

// fault is a problem at the current place.
func (w *walker) fault(code, detail string) error {
	return problem.New(problem.Invalid, "body-invalid", "The body does not fit; see errors.").With(w.pointer(), code, detail)
}

func (w *walker) pointer() string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for _, s := range w.path {
		b.WriteByte('/')
		switch {
		case s.key == nil:
			b.WriteString(strconv.Itoa(s.index))
		case len(s.key) > MaxName:
			b.WriteString(escape.Replace(strings.ToValidUTF8(string(s.key[:MaxName]), "")) + "…")
		default:
			b.WriteString(escape.Replace(string(s.key)))
		}
	}
	return b.String()
}

// keySet remembers the keys of one object. The first few, which is to say all
// of them as a rule, are compared one by one: that needs no allocation.
type keySet struct {
	few  [16][]byte
	n    int
	many map[string]bool
}

// add reports whether the key is new.
func (s *keySet) add(key []byte) bool {
	for _, k := range s.few[:s.n] {
		if bytes.Equal(k, key) {
			return false
		}
	}
	if s.n < len(s.few) {
		s.few[s.n] = key
		s.n++
		return true
	}
	if s.many == nil {
		s.many = map[string]bool{}
	}
	fresh := !s.many[string(key)]
	s.many[string(key)] = true
	return fresh
}
