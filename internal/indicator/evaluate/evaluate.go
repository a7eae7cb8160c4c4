// Package evaluate owns the file format of worked examples, and how one is
// checked: by the same functions that the service computes with.
package evaluate

import (
	"fmt"
	"io"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/strictjson"
)

// schema names the file format, and sign how its results are to be read.
const (
	schema = "ricircolo-examples-1"
	sign   = "positive = emission, negative = avoided"
)

// Limits of a file.
const (
	MaxBytes    = 16 << 20
	MaxExamples = 10_000
	maxList     = 10_000 // values in a list of inputs
	maxNumber   = 64     // characters of a number
)

// MaterialFactors gives the factor of a set for a material and a route, in
// kgCO2e per kg. Not ok: the set has none.
type MaterialFactors func(set, material, route string) (value decimal.Decimal, ok bool)

// Mismatch is what did not hold of an example. Without a field, the example
// could not be evaluated, and Got says why.
type Mismatch struct {
	ID, Field, Got, Want string
}

func (m Mismatch) String() string {
	if m.Field == "" {
		return m.ID + ": " + m.Got
	}
	return fmt.Sprintf("%s: %s: got %s, want %s", m.ID, m.Field, m.Got, m.Want)
}

// Report is what came of a file. Every example has passed or failed.
type Report struct {
	Passed, Failed int
	Mismatches     []Mismatch // in the order of the file
}

// file and example are the file format.
type file struct {
	Schema   string    `json:"schema"`
	Sign     string    `json:"sign"`
	Examples []rawJSON `json:"examples"`
}

type example struct {
	ID         string             `json:"id"`
	Calculator string             `json:"calculator"`
	Title      string             `json:"title"`
	Kind       string             `json:"kind"`
	Source     string             `json:"source"`
	Inputs     map[string]rawJSON `json:"inputs"`
	Expected   map[string]rawJSON `json:"expected"`
	Tolerance  map[string]rawJSON `json:"tolerance"`
}

// Read reads a file of examples and evaluates each. What is wrong with the file
// as a whole is an error, what is wrong with an example a mismatch of it.
func Read(r io.Reader, materials MaterialFactors) (Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Report{}, fmt.Errorf("reading the examples: %w", err)
	}
	if len(data) > MaxBytes {
		return Report{}, problem.New(problem.TooLarge, "examples-too-large", "The file is larger than %d MiB.", MaxBytes>>20)
	}
	var f file
	if err := strictjson.Unmarshal(data, &f); err != nil {
		return Report{}, err
	}
	switch {
	case f.Schema != schema:
		return Report{}, problem.New(problem.Invalid, "examples-schema", "The schema is %.64q; only %q is read here.", f.Schema, schema)
	case f.Sign != "" && f.Sign != sign:
		return Report{}, problem.New(problem.Invalid, "examples-sign", "The sign is %.64q; only %q is read here.", f.Sign, sign)
	case len(f.Examples) == 0:
		return Report{}, problem.New(problem.Invalid, "examples-none", "There are no examples in the file.")
	case len(f.Examples) > MaxExamples:
		return Report{}, problem.New(problem.TooLarge, "examples-too-many", "There are %d examples in the file; give at most %d.", len(f.Examples), MaxExamples)
	}
	return evaluateAll(f.Examples, materials), nil
}

func evaluateAll(examples []rawJSON, materials MaterialFactors) Report {
	var report Report
	seen := map[string]bool{}
	for i, raw := range examples {
		id, mismatches := evaluateOne(i, raw, materials)
		if seen[id] {
			mismatches = append(mismatches, Mismatch{ID: id, Got: "another example before this one has the same id"})
		}
		seen[id] = true
		if len(mismatches) > 0 {
			report.Failed++
		} else {
			report.Passed++
		}
		report.Mismatches = append(report.Mismatches, mismatches...)
	}
	return report
}

// evaluateOne computes an example and compares it. One without an id goes by
// its place in the file, from 0.
func evaluateOne(index int, raw rawJSON, materials MaterialFactors) (id string, _ []Mismatch) {
	id = fmt.Sprintf("#%d", index)
	var e example
	if err := strictjson.Unmarshal(raw, &e); err != nil {
		return id, []Mismatch{{ID: id, Got: explain(err)}}
	}
	switch {
	case e.ID == "":
		return id, []Mismatch{{ID: id, Got: "it has no id"}}
	case len(e.Expected) == 0:
		return e.ID, []Mismatch{{ID: e.ID, Got: "it expects nothing, so that it shows nothing"}}
	}
	within, err := readTolerance(e.Tolerance)
	if err != nil {
		return e.ID, []Mismatch{{ID: e.ID, Got: explain(err)}}
	}
	got, err := calculate(e.Calculator, e.Inputs, materials)
	if err != nil {
		return e.ID, []Mismatch{{ID: e.ID, Got: explain(err)}}
	}
	return e.ID, compare(e.ID, got, e.Expected, within)
}

// explain puts an error in one line.
func explain(err error) string {
	p := problem.As(err)
	if p == nil {
		return err.Error()
	}
	text := p.Detail
	for _, f := range p.Fields {
		text += fmt.Sprintf(" [%s: %s]", f.Pointer, f.Detail)
	}
	return text
}
