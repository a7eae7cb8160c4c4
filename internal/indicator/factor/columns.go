package factor

import (
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// column is one member of a factor as text: a column of the CSV form.
type column struct {
	name string // as in JSON
	must bool   // the header can't do without it
	get  func(*Factor) string
	set  func(*Factor, string) bool     // false: not of the right form
	at   func(*Factor) *decimal.Decimal // of numbers only, where a decimal comma may stand
}

// columns are the members of a factor, in the order that WriteCSV writes them.
// The id is made from kind and subject.
var columns = []column{
	text("kind", true, func(f *Factor) *string { return (*string)(&f.Kind) }),
	text("subject", true, func(f *Factor) *string { return &f.Subject }),
	text("grade", false, func(f *Factor) *string { return &f.Grade }),
	{name: "modules", must: true, get: modulesText, set: setModules},
	number("value", true, func(f *Factor) *decimal.Decimal { return &f.Value }),
	number("biogenic", false, func(f *Factor) *decimal.Decimal { return &f.Biogenic }),
	text("unit", true, func(f *Factor) *string { return &f.Unit }),
	text("basis", false, func(f *Factor) *string { return &f.Basis }),
	text("gwp", false, func(f *Factor) *string { return &f.GWP }),
	text("uptake", true, func(f *Factor) *string { return (*string)(&f.Uptake) }),
	{name: "avoidedIncluded", get: avoidedText, set: setAvoided},
	text("region", true, func(f *Factor) *string { return &f.Region }),
	{name: "year", must: true, get: func(f *Factor) string { return strconv.Itoa(f.Year) }, set: setYear},
	text("validFrom", true, func(f *Factor) *string { return &f.From }),
	text("validTo", false, func(f *Factor) *string { return &f.To }),
	text("source", true, func(f *Factor) *string { return &f.Source }),
	text("table", true, func(f *Factor) *string { return &f.Table }),
	text("licence", true, func(f *Factor) *string { return &f.Licence }),
	{name: "scores", must: true, get: func(f *Factor) string { return f.Scores.String() }, set: setScores},
	number("gsd2", true, func(f *Factor) *decimal.Decimal { return &f.GSD2 }),
	text("note", false, func(f *Factor) *string { return &f.Note }),
}

// text is a column of a string.
func text(name string, must bool, at func(*Factor) *string) column {
	set := func(f *Factor, s string) bool {
		*at(f) = s
		return true
	}
	return column{name: name, must: must, get: func(f *Factor) string { return *at(f) }, set: set}
}

// number is a column of a decimal. Nothing is read as zero where the column may
// be missing.
func number(name string, must bool, at func(*Factor) *decimal.Decimal) column {
	get := func(f *Factor) string {
		if !must && at(f).IsZero() {
			return ""
		}
		return at(f).String()
	}
	set := func(f *Factor, s string) bool {
		if s == "" && !must {
			return true
		}
		d, ok := parseNumber(s)
		*at(f) = d
		return ok
	}
	return column{name, must, get, set, at}
}

func modulesText(f *Factor) string {
	var list []string
	for _, m := range f.Modules {
		list = append(list, string(m))
	}
	return strings.Join(list, " ")
}

func setModules(f *Factor, s string) bool {
	for _, m := range strings.Fields(s) {
		f.Modules = append(f.Modules, Module(m))
	}
	return len(f.Modules) <= len(modules)
}

func avoidedText(f *Factor) string {
	if f.Avoided {
		return "true"
	}
	return ""
}

func setAvoided(f *Factor, s string) bool {
	switch strings.ToLower(s) {
	case "true", "vero", "1": // what spreadsheets make of it
		f.Avoided = true
	case "", "false", "falso", "0":
	default:
		return false
	}
	return true
}

func setYear(f *Factor, s string) bool {
	year, err := strconv.Atoi(s)
	f.Year = year
	return err == nil && len(s) == 4
}

func setScores(f *Factor, s string) bool {
	if len(s) != 5 || strings.Trim(s, "12345") != "" {
		return false
	}
	digit := func(i int) int { return int(s[i] - '0') }
	f.Scores = Scores{digit(0), digit(1), digit(2), digit(3), digit(4)}
	return true
}
