package evaluate

import (
	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/factor"
)

// DefaultFactors finds factors in the default set of the library, by any name
// of a material.
func DefaultFactors(_, material, route string) (value decimal.Decimal, ok bool) {
	kind, ok := KindOf(route)
	if !ok {
		return decimal.Zero, false
	}
	code, ok := factor.Material(material)
	if !ok {
		return decimal.Zero, false
	}
	if f, ok := factor.Default().Find(kind, code); ok {
		return f.Value, true
	}
	if kind != factor.Composting && kind != factor.AnaerobicDigestion {
		return decimal.Zero, false
	}
	// As the service counts: the emissions of the process, and the fossil carbon
	// of the polymer.
	process, ok := factor.Default().Find(kind, "organic")
	fossil, known := factor.Default().Find(factor.Incineration, code)
	if !ok || !known {
		return decimal.Zero, false
	}
	return process.Value.Add(fossil.Value), true
}
