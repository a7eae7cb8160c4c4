package evaluate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/strictjson"
)

// rawJSON is a value that is read later. It was checked to be well formed, with
// no key twice.
type rawJSON = json.RawMessage

// reader reads the inputs of one calculator by name, and collects what is wrong
// with them. A reader of an object inside shares the collection.
type reader struct {
	at     string // JSON pointer of the object
	values map[string]rawJSON
	used   map[string]bool
	faults *[]problem.Field
}

func newReader(values map[string]rawJSON) *reader {
	return &reader{values: values, used: map[string]bool{}, faults: new([]problem.Field)}
}

func (r *reader) fault(name, code, detail string, args ...any) {
	*r.faults = append(*r.faults, problem.Field{Pointer: r.at + "/" + clip(name), Code: code, Detail: fmt.Sprintf(detail, args...)})
}

// take gives the value of an input, and notes that something reads it.
func (r *reader) take(name string) (raw rawJSON, given bool) {
	r.used[name] = true
	raw, given = r.values[name]
	return raw, given
}

func (r *reader) must(name string) (raw rawJSON, given bool) {
	if raw, given = r.take(name); !given {
		r.fault(name, "missing", "The input %s is missing.", name)
	}
	return raw, given
}

func (r *reader) given(name string) bool {
	_, given := r.values[name]
	return given
}

// number reads an input that must be there.
func (r *reader) number(name string) decimal.Decimal {
	raw, given := r.must(name)
	if !given {
		return decimal.Zero
	}
	return r.parse(name, raw)
}

// numberOr reads an input that has a default.
func (r *reader) numberOr(name string, fallback decimal.Decimal) decimal.Decimal {
	raw, given := r.take(name)
	if !given {
		return fallback
	}
	return r.parse(name, raw)
}

func (r *reader) parse(name string, raw rawJSON) decimal.Decimal {
	v, fault := parseNumber(raw)
	if fault != "" {
		r.fault(name, "number", "%s is %s.", name, fault)
	}
	return v
}

// parseNumber reads a JSON number exactly. A fault says what it is instead.
func parseNumber(raw rawJSON) (_ decimal.Decimal, fault string) {
	if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return decimal.Zero, clip(string(raw)) + ", which is no number"
	}
	if len(raw) > maxNumber {
		return decimal.Zero, fmt.Sprintf("longer than %d characters", maxNumber)
	}
	// What is not finite as a float is not meant: 1e400.
	if _, err := strconv.ParseFloat(string(raw), 64); err != nil {
		return decimal.Zero, clip(string(raw)) + ", which is not finite"
	}
	v, err := decimal.NewFromString(string(raw))
	if err != nil {
		return decimal.Zero, clip(string(raw)) + ", which is no number"
	}
	if v.Exponent() < -400 || v.Exponent() > 400 {
		return decimal.Zero, clip(string(raw)) + ", which has too large an exponent"
	}
	return v, ""
}

// float reads a number for what is computed in floats.
func (r *reader) float(name string) float64 { return r.number(name).InexactFloat64() }

func (r *reader) text(name string) string {
	raw, given := r.must(name)
	if !given {
		return ""
	}
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		r.fault(name, "type", "%s is %s, which is no text.", name, clip(string(raw)))
	}
	return s
}

// digit reads a small whole number.
func (r *reader) digit(name string) int {
	before := len(*r.faults)
	v := r.number(name)
	if len(*r.faults) > before {
		return 0
	}
	if !v.IsInteger() || v.Abs().GreaterThan(decimal.NewFromInt(maxList)) {
		r.fault(name, "type", "%s is %s, which is no small whole number.", name, v)
		return 0
	}
	return int(v.IntPart())
}

// numbers reads a list of numbers.
func (r *reader) numbers(name string) []decimal.Decimal {
	var list []decimal.Decimal
	for i, raw := range r.list(name) {
		list = append(list, r.parse(name+"/"+strconv.Itoa(i), raw))
	}
	return list
}

func (r *reader) list(name string) []rawJSON {
	raw, given := r.must(name)
	if !given {
		return nil
	}
	var list []rawJSON
	switch {
	case raw[0] != '[' || json.Unmarshal(raw, &list) != nil:
		r.fault(name, "type", "%s is %s, which is no list.", name, clip(string(raw)))
	case len(list) > maxList:
		r.fault(name, "too-many", "%s has %d values; give at most %d.", name, len(list), maxList)
		return nil
	}
	return list
}

// object reads an object inside.
func (r *reader) object(name string) *reader {
	raw, given := r.must(name)
	return r.inner(name, raw, given)
}

func (r *reader) objects(name string) []*reader {
	var list []*reader
	for i, raw := range r.list(name) {
		list = append(list, r.inner(name+"/"+strconv.Itoa(i), raw, true))
	}
	if len(list) == 0 && len(*r.faults) == 0 {
		r.fault(name, "empty", "%s is empty; give at least one.", name)
	}
	return list
}

// inner reads an object. One that is missing or none has no inputs: its own
// are not reported missing on top.
func (r *reader) inner(name string, raw rawJSON, given bool) *reader {
	in := &reader{at: r.at + "/" + name, used: map[string]bool{}, faults: r.faults}
	if given && raw[0] == '{' && json.Unmarshal(raw, &in.values) == nil {
		return in
	}
	if given {
		r.fault(name, "type", "%s is %s, which is no object.", name, clip(string(raw)))
	}
	in.faults = new([]problem.Field)
	return in
}

// names are the keys of an object whose keys are free.
func (r *reader) names() []string { return slices.Sorted(maps.Keys(r.values)) }

// done reports inputs that nothing has read.
func (r *reader) done() {
	for _, name := range r.names() {
		if !r.used[name] {
			r.fault(name, "unknown", "There is no input %s here.", clip(name))
		}
	}
}

// err is what was wrong so far.
func (r *reader) err() error {
	if len(*r.faults) == 0 {
		return nil
	}
	e := problem.New(problem.Invalid, "input-invalid", "The inputs do not fit the calculator.")
	e.Fields = *r.faults
	return e
}

// clip shortens what came from outside before it is shown again.
func clip(s string) string {
	if len(s) > strictjson.MaxName {
		return string([]rune(s[:strictjson.MaxName])) + "…"
	}
	return s
}
