package rederivetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"regexp"
)

// Comparison is what came of holding a report against its second working.
type Comparison struct {
	Numbers []string // the JSON paths of all numbers of the report, null ones too
	Faults  []Fault  // what differs, or is on one side only
	Near    int      // of Numbers: worked out with floats, the others exactly
}

// Fault is where a report and its second working differ.
type Fault struct{ Path, What string }

// Compare holds a report's JSON against what was derived. Every number of the
// report, also one that is written as a text, and every null, must have been
// derived; a text only where the derivation has one.
func Compare(report []byte, derived Object) (Comparison, error) {
	decoder := json.NewDecoder(bytes.NewReader(report))
	decoder.UseNumber()
	var got any
	var c Comparison
	if err := decoder.Decode(&got); err != nil {
		return c, fmt.Errorf("reading the report: %w", err)
	}
	c.node("", got, derived)
	return c, nil
}

func (c *Comparison) fault(path, format string, values ...any) {
	c.Faults = append(c.Faults, Fault{path, fmt.Sprintf(format, values...)})
}

// missing stands for what was not derived.
type missing struct{}

func (c *Comparison) node(path string, got, want any) {
	switch g := got.(type) {
	case map[string]any:
		w, is := want.(Object)
		if !is && want != (any)(missing{}) {
			c.fault(path, "the report has an object")
		}
		for _, k := range sorted(g) {
			if v, derived := w[k]; derived {
				c.node(path+"/"+k, g[k], v)
			} else {
				c.node(path+"/"+k, g[k], missing{})
			}
		}
		for _, k := range sorted(w) {
			if _, there := g[k]; !there {
				c.fault(path+"/"+k, "derived, but not in the report")
			}
		}
	case []any:
		w, is := want.([]any)
		if is && len(w) != len(g) {
			c.fault(path, "the report has %d, derived are %d", len(g), len(w))
		}
		for i := range g {
			if i < len(w) {
				c.node(fmt.Sprintf("%s/%d", path, i), g[i], w[i])
			} else {
				c.node(fmt.Sprintf("%s/%d", path, i), g[i], missing{})
			}
		}
	default:
		c.leaf(path, got, want)
	}
}

var number = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// numeric is a leaf's number; numbers are also written as texts, to be exact.
func numeric(got any) (text string, is bool) {
	switch g := got.(type) {
	case json.Number:
		return g.String(), true
	case string:
		return g, number.MatchString(g)
	}
	return "", false
}

func (c *Comparison) leaf(path string, got, want any) {
	text, is := numeric(got)
	if is || got == nil {
		c.Numbers = append(c.Numbers, path)
	}
	switch w := want.(type) {
	case missing:
		if is || got == nil {
			c.fault(path, "%v was not derived", got)
		}
	case nil:
		if got != nil {
			c.fault(path, "the report has %v, derived is nothing", got)
		}
	case string:
		if got != w {
			c.fault(path, "the report has %q, derived is %q", got, w)
		}
	case int64:
		c.exact(path, text, whole(w))
	case *big.Rat:
		c.exact(path, text, w)
	case Near:
		c.Near++
		g, err := decimal(text)
		if err != nil || !is || math.Abs(float(g)-w.Value) > w.Within {
			c.fault(path, "the report has %v, derived is %.8g within %.1g", got, w.Value, w.Within)
		}
	default:
		c.fault(path, "the report has %v, derived is a %T", got, want)
	}
}

func (c *Comparison) exact(path, text string, want *big.Rat) {
	if got, err := decimal(text); err != nil || text == "" || got.Cmp(want) != 0 {
		c.fault(path, "the report has %q, derived is %s", text, want.FloatString(12))
	}
}
