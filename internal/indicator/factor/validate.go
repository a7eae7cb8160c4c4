package factor

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/shopspring/decimal"
)

// Limits on what comes from outside. Text is counted in bytes.
const (
	MaxFactors = 2000
	maxVersion = 9999
	maxFaults  = 50 // told at once
	maxSubject = 80
	maxText    = 300
	maxNote    = 600
)

var (
	idForm      = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9])*$`)
	subjectForm = regexp.MustCompile(`^[A-Za-z0-9]+([-./@][A-Za-z0-9]+)*$`)
	bases       = []string{"", "dry", "wet", "input", "output"}
	potentials  = []string{"", "AR4", "AR5", "AR6"}
	modules     = []Module{RawMaterial, InboundHaul, Conversion, WasteHaul, WasteProcess, WasteDisposal, Beyond}
	maxGSD2     = decimal.NewFromInt(100)
	one         = decimal.NewFromInt(1)
)

// units are the kinds, each with the unit that it must have.
var units = map[Kind]string{
	VirginProduction: "kgCO2e/kg", RecycledProduction: "kgCO2e/kg", Incineration: "kgCO2e/kg", Landfill: "kgCO2e/kg",
	Composting: "kgCO2e/kg", AnaerobicDigestion: "kgCO2e/kg", HazardousRoute: "kgCO2e/kg", ResidualRoute: "kgCO2e/kg", NetRoute: "kgCO2e/kg",
	VehicleKmTTW: "kgCO2e/km", VehicleKmWTT: "kgCO2e/km", TonneKmTTW: "kgCO2e/tkm", TonneKmWTT: "kgCO2e/tkm",
	ElectricityLocal: "kgCO2e/kWh", ElectricityMarket: "kgCO2e/kWh",
}

// fault is one value at fault in a factor, by its JSON name.
type fault struct{ name, code, detail string }

// faults collects what is wrong with a factor.
type faults []fault

func (l *faults) add(bad bool, name, code, detail string, args ...any) {
	if bad {
		*l = append(*l, fault{name, code, fmt.Sprintf(detail, args...)})
	}
}

// Validate returns the fault factor-set-invalid with every value at fault in a
// set, up to 50.
func Validate(s *Set) error {
	p := problem.New(problem.Invalid, "factor-set-invalid", "Some values of the factor set can't be taken. Correct the fields that are named.")
	for _, f := range s.faults() {
		p.With("/"+f.name, f.code, f.detail)
	}
	if len(s.Factors) <= MaxFactors { // else not worth the while
		seen := make(map[string]bool)
		for i := range s.Factors {
			for _, f := range s.faultsAt(i, seen) {
				if len(p.Fields) < maxFaults {
					p.With(fmt.Sprintf("/factors/%d/%s", i, f.name), f.code, f.detail)
				}
			}
		}
	}
	if len(p.Fields) == 0 {
		return nil
	}
	return p
}

// Validate returns the fault factor-invalid with every value at fault in a
// factor that stands alone.
func (f *Factor) Validate() error {
	p := problem.New(problem.Invalid, "factor-invalid", "Some values of the factor can't be taken. Correct the fields that are named.")
	for _, x := range f.faults() {
		p.With("/"+x.name, x.code, x.detail)
	}
	if len(p.Fields) == 0 {
		return nil
	}
	return p
}

// faults lists what is wrong with a set, but for its factors.
func (s *Set) faults() faults {
	var l faults
	l.add(len(s.ID) > 64 || !idForm.MatchString(s.ID), "id", "bad-id", "Use small letters, digits and single hyphens, at most 64.")
	l.add(s.Version < 1 || s.Version > maxVersion, "version", "out-of-range", "Versions go from 1 to %d.", maxVersion)
	l.add(!slices.Contains([]State{Draft, Published, Superseded}, s.State), "state", "unknown", "Use draft, published or superseded.")
	l.text("title", s.Title, true, maxText)
	l.add(s.Published != "" && !isDay(s.Published), "publishedOn", "not-a-day", "Write a day as 2026-01-31.")
	l.add(s.SupersededBy != 0 && s.SupersededBy <= s.Version, "supersededBy", "out-of-range", "A set is superseded by a later version of it.")
	l.add(len(s.Factors) > MaxFactors, "factors", "too-many", "A set holds at most %d factors.", MaxFactors)
	l.add(len(s.Factors) == 0 && s.State != Draft, "factors", "required", "Only a draft may be without factors.")
	return l
}

// faultsAt lists what is wrong with a factor of a set, and with its place there.
func (s *Set) faultsAt(i int, seen map[string]bool) faults {
	f := &s.Factors[i]
	l := f.faults()
	switch id := ID(f.Kind, f.Subject); {
	case seen[id]:
		l.add(true, "subject", "duplicate", "The set has %s already.", clip(id))
	case i > 0 && order(f.Kind, f.Subject, s.Factors[i-1]) > 0:
		l.add(true, "id", "out-of-order", "Factors go by kind, then by subject.")
	default:
		seen[id] = true
	}
	return l
}

func (f *Factor) faults() faults {
	var l faults
	l.add(f.ID != ID(f.Kind, f.Subject), "id", "mismatch", "The id is the kind, a slash and the subject: %s.", clip(ID(f.Kind, f.Subject)))
	f.purposeFaults(&l)
	f.valueFaults(&l)
	l.add(!slices.Contains(bases, f.Basis), "basis", "unknown", "Use dry, wet, input, output or nothing.")
	l.add(!slices.Contains(potentials, f.GWP), "gwp", "unknown", "Use AR4, AR5, AR6 or nothing.")
	l.add(f.Uptake != ZeroZero && f.Uptake != MinusOnePlus, "uptake", "unknown", "Use 0/0 or -1/+1.")
	f.sourceFaults(&l)
	return l
}

// purposeFaults is about what the factor is for and what it covers.
func (f *Factor) purposeFaults(l *faults) {
	unit, known := units[f.Kind]
	electricity := f.Kind == ElectricityLocal || f.Kind == ElectricityMarket
	l.add(!known, "kind", "unknown", "Use one of the kinds of factors, such as virgin-production.")
	l.add(known && f.Unit != unit, "unit", "mismatch", "Factors of kind %s are in %s.", f.Kind, unit)
	switch {
	case electricity:
		l.add(f.Subject != "", "subject", "mismatch", "Electricity has no subject; the region says of which grid.")
		l.add(len(f.Modules) > 0, "modules", "mismatch", "Electricity belongs to no module by itself.")
	default:
		l.add(len(f.Subject) > maxSubject || !subjectForm.MatchString(f.Subject), "subject", "bad-subject",
			"Name the material (PE-HD) or vehicle (rigid-lorry@0): letters and digits, with - . / @ between them, at most %d.", maxSubject)
		l.add(known && len(f.Modules) == 0, "modules", "required", "Say which modules of the life cycle the factor covers, such as A1 A2 A3.")
	}
	ordered := slices.IsSortedFunc(f.Modules, func(a, b Module) int { return cmp.Compare(slices.Index(modules, a), slices.Index(modules, b)) })
	for i, m := range f.Modules {
		bad := !slices.Contains(modules, m) || slices.Contains(f.Modules[:i], m)
		if bad || !ordered {
			l.add(true, "modules", "unknown", "Use A1, A2, A3, C2, C3, C4 and D, in this order, each once.")
			break
		}
	}
	l.add(f.Avoided != slices.Contains(f.Modules, Beyond), "avoidedIncluded", "mismatch", "Say D among the modules if avoided emissions are in the factor, and only then.")
	l.text("grade", f.Grade, false, maxText)
}

// valueFaults is about the numbers.
func (f *Factor) valueFaults(l *faults) {
	for _, n := range []struct {
		name  string
		value decimal.Decimal
	}{{"value", f.Value}, {"biogenic", f.Biogenic}, {"gsd2", f.GSD2}} {
		if !short(n.value) {
			l.add(true, n.name, "too-many-digits", "Write at most %d digits, without an exponent.", maxDigits)
			return // comparing them might take for ever
		}
	}
	uptake := f.Uptake == MinusOnePlus
	mayBeNegative := f.Kind == NetRoute || f.Avoided || (f.Kind == VirginProduction && uptake)
	l.add(f.Value.IsNegative() && !mayBeNegative, "value", "negative",
		"Only a net route, a factor with avoided emissions in it, or virgin production with uptake -1/+1 may be negative.")
	l.add(f.Biogenic.IsNegative() && !uptake, "biogenic", "negative", "Biogenic CO2 may be negative only with uptake -1/+1.")
	l.add(f.GSD2.LessThan(one) || f.GSD2.GreaterThan(maxGSD2), "gsd2", "out-of-range", "GSD2 goes from 1 (exact) to %s.", maxGSD2)
	for _, n := range f.Scores.digits() {
		if n < 1 || n > 5 {
			l.add(true, "scores", "out-of-range", "Give five scores, each from 1 (best) to 5.")
			break
		}
	}
}

// sourceFaults is about where the factor is from, and when it holds.
func (f *Factor) sourceFaults(l *faults) {
	l.text("region", f.Region, true, maxSubject)
	l.text("source", f.Source, true, maxText)
	l.text("table", f.Table, true, maxText)
	l.text("licence", f.Licence, true, maxText)
	l.text("note", f.Note, false, maxNote)
	l.add(f.Year < 1950 || f.Year > 2100, "year", "out-of-range", "Give the year that the factor stands for, 1950 to 2100.")
	from, to := isDay(f.From), f.To == "" || isDay(f.To)
	l.add(!from, "validFrom", "not-a-day", "Write a day as 2026-01-31.")
	l.add(!to, "validTo", "not-a-day", "Write a day as 2026-01-31, or nothing.")
	l.add(from && to && f.To != "" && f.To < f.From, "validTo", "from-after-to", "The last day can't be before the first.")
}

// text checks a line of text.
func (l *faults) text(name, text string, required bool, limit int) {
	switch {
	case text == "":
		l.add(required, name, "required", "Say something here.")
	case len(text) > limit:
		l.add(true, name, "too-long", "Use at most %d bytes.", limit)
	case !utf8.ValidString(text) || strings.TrimSpace(text) != text || strings.ContainsFunc(text, unprintable):
		l.add(true, name, "not-text", "Use one line of text, without blanks at its ends.")
	}
}

func unprintable(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }

func isDay(text string) bool {
	day, err := time.Parse(dayForm, text)
	return err == nil && day.Format(dayForm) == text
}

// clip shortens what an error repeats of its input.
func clip(text string) string {
	const most = 100
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
