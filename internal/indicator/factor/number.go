package factor

import (
	"regexp"
	"strings"

	"github.com/shopspring/decimal"
)

// maxDigits bounds the digits of a value, before and after the point together.
const maxDigits = 20

// plain is a number without an exponent: "1e999999999" is short to write and
// long to compute with.
var plain = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// parseNumber reads a plain decimal number with a point.
func parseNumber(text string) (decimal.Decimal, bool) {
	digits := len(text) - strings.Count(text, "-") - strings.Count(text, ".")
	if digits > maxDigits || !plain.MatchString(text) {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(text)
	return d, err == nil
}

// short reports whether a number that came some other way, such as from JSON, is
// one that parseNumber would have let through. It looks at the exponent first
// and never writes the number out.
func short(d decimal.Decimal) bool {
	return d.Exponent() <= 0 && d.Exponent() >= -maxDigits && d.NumDigits() <= maxDigits
}

// conversion leads from a unit in which factors are published to one of ours.
type conversion struct {
	unit     string
	multiply decimal.Decimal // zero: nothing to do
	exact    bool
}

// shortTon is what a tonne per short ton of 907.18474 kg is per kg.
var shortTon = decimal.RequireFromString("1.10231131")

// places is what a conversion that is not exact is rounded to.
const places = 12

// conversions by the unit, folded. A thousandth only moves the point.
var conversions = map[string]conversion{
	"KGCO2E/T":         {"kgCO2e/kg", decimal.New(1, -3), true},
	"KGCO2E/TONNE":     {"kgCO2e/kg", decimal.New(1, -3), true},
	"TCO2E/T":          {"kgCO2e/kg", decimal.New(1, 0), true},
	"TCO2E/SHORTTON":   {"kgCO2e/kg", shortTon, false},
	"MTCO2E/SHORTTON":  {"kgCO2e/kg", shortTon, false},
	"GCO2E/KM":         {"kgCO2e/km", decimal.New(1, -3), true},
	"KGCO2E/VEHICLEKM": {"kgCO2e/km", decimal.New(1, 0), true},
	"GCO2E/TKM":        {"kgCO2e/tkm", decimal.New(1, -3), true},
	"GCO2E/KWH":        {"kgCO2e/kWh", decimal.New(1, -3), true},
	"TCO2E/MWH":        {"kgCO2e/kWh", decimal.New(1, 0), true},
	"KGCO2E/KG":        {unit: "kgCO2e/kg"}, // our own units, whatever their case
	"KGCO2E/KM":        {unit: "kgCO2e/km"},
	"KGCO2E/TKM":       {unit: "kgCO2e/tkm"},
	"KGCO2E/KWH":       {unit: "kgCO2e/kWh"},
}

func foldUnit(unit string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToUpper(unit))
}

// convert brings a factor to our unit and notes what was given.
func (f *Factor) convert() {
	c, known := conversions[foldUnit(f.Unit)]
	if !known {
		return // Validate refuses it
	}
	given := f.Unit
	f.Unit = c.unit
	if c.multiply.IsZero() {
		return
	}
	original := f.Value.String()
	if !f.Biogenic.IsZero() {
		original += " and biogenic " + f.Biogenic.String()
	}
	f.Value, f.Biogenic = f.Value.Mul(c.multiply), f.Biogenic.Mul(c.multiply)
	if !c.exact {
		f.Value, f.Biogenic = f.Value.Round(places), f.Biogenic.Round(places)
	}
	f.Note = strings.TrimPrefix(f.Note+"; given as "+original+" "+given, "; ")
}
