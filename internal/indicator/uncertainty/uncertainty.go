// Package uncertainty owns spreads: how far off a figure may be, and what comes
// of figures with spreads when they are multiplied, summed and subtracted.
//
// Spreads are estimates and not masses: they are floats.
package uncertainty

import (
	"fmt"
	"math"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// z975 is the 97.5th percentile of the standard normal distribution.
const z975 = 1.959963984540054

// maxGSD2 bounds a spread: with 1000, the 95 % interval spans a factor of a
// million, and the figure says nothing.
const maxGSD2 = 1000

// maxMedian bounds a median, and 1/maxMedian does from below, so that no
// product of a few runs out of the floats.
const maxMedian = 1e30

// checks collects what is wrong with inputs.
type checks struct{ fields []problem.Field }

func (c *checks) fault(pointer, code, detail string, args ...any) {
	c.fields = append(c.fields, problem.Field{Pointer: pointer, Code: code, Detail: fmt.Sprintf(detail, args...)})
}

func (c *checks) err() error {
	if len(c.fields) == 0 {
		return nil
	}
	e := problem.New(problem.Invalid, "input-invalid", "The spreads do not fit; see errors.")
	e.Fields = c.fields
	return e
}

// lognormal checks one distribution at a JSON pointer.
func (c *checks) lognormal(at string, l Lognormal) {
	c.median(at+"/median", l.Median)
	c.gsd2(at+"/gsd2", l.GSD2)
}

// The conditions are written so that NaN fails them.
func (c *checks) median(at string, v float64) {
	if !(v >= 1/maxMedian && v <= maxMedian) {
		c.fault(at, "range", "The median is %v; it must be positive, and at most %v.", v, maxMedian)
	}
}

func (c *checks) gsd2(at string, v float64) {
	if !(v >= 1 && v <= maxGSD2) {
		c.fault(at, "range", "The squared geometric standard deviation is %v; it must be from 1 (exact) to %d.", v, maxGSD2)
	}
}

// finite refuses results beyond the floats.
func finite(values ...float64) error {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return problem.New(problem.Invalid, "input-invalid", "The result is too large for a number; give smaller medians or spreads.")
		}
	}
	return nil
}
