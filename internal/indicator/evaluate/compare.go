package evaluate

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// output are the results of a calculator by name: decimal.Decimal,
// decimal.NullDecimal, float64, bool, []string, or nil for a result that could
// not be computed.
type output map[string]any

// tolerance is how far off a number may be: abs, or rel × |want|, whichever is
// more. With neither, nothing.
type tolerance struct{ abs, rel decimal.Decimal }

func readTolerance(values map[string]rawJSON) (tolerance, error) {
	r := newReader(values)
	t := tolerance{abs: r.numberOr("abs", decimal.Zero), rel: r.numberOr("rel", decimal.Zero)}
	if t.abs.IsNegative() || t.rel.IsNegative() {
		r.fault("abs", "negative", "A tolerance can't be negative.")
	}
	r.done()
	return t, r.err()
}

// compare lists the fields that do not hold, by name.
func compare(id string, got output, want map[string]rawJSON, within tolerance) []Mismatch {
	var all []Mismatch
	for _, field := range slices.Sorted(maps.Keys(want)) {
		value, ok := got[field]
		if !ok {
			all = append(all, Mismatch{id, clip(field), "no such result; there are " + strings.Join(slices.Sorted(maps.Keys(got)), ", "), clip(string(want[field]))})
			continue
		}
		if !equal(value, want[field], within) {
			all = append(all, Mismatch{id, field, show(value), clip(string(want[field]))})
		}
	}
	return all
}

// equal compares a result with the JSON of what is expected. Different types
// are never equal.
func equal(got any, want rawJSON, within tolerance) bool {
	switch got := got.(type) {
	case nil:
		return string(want) == "null"
	case bool:
		return string(want) == fmt.Sprint(got)
	case []string:
		return sameNames(got, want)
	case decimal.NullDecimal:
		if !got.Valid {
			return string(want) == "null"
		}
		return near(got.Decimal, want, within)
	case decimal.Decimal:
		return near(got, want, within)
	case float64:
		if math.IsNaN(got) || math.IsInf(got, 0) {
			return false
		}
		return near(decimal.NewFromFloat(got), want, within)
	}
	return false
}

// sameNames compares lists of names, whose order says nothing.
func sameNames(got []string, want rawJSON) bool {
	var list []*string
	if want[0] != '[' || json.Unmarshal(want, &list) != nil || slices.Contains(list, nil) {
		return false
	}
	names := make([]string, len(list))
	for i, name := range list {
		names[i] = *name
	}
	slices.Sort(names)
	return slices.Equal(slices.Sorted(slices.Values(got)), names)
}

func near(got decimal.Decimal, want rawJSON, within tolerance) bool {
	w, fault := parseNumber(want)
	if fault != "" {
		return false
	}
	allowed := decimal.Max(within.abs, within.rel.Mul(w.Abs()))
	return got.Sub(w).Abs().LessThanOrEqual(allowed)
}

func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case decimal.NullDecimal:
		if !v.Valid {
			return "null"
		}
		return v.Decimal.String()
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	}
	return fmt.Sprint(v)
}
