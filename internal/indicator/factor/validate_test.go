package factor

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/shopspring/decimal"
)

// own is a lab's own factor, in order.
func own() Factor {
	return Factor{
		ID: "virgin-production/TPU", Kind: VirginProduction, Subject: "TPU", Modules: []Module{RawMaterial}, Value: dec("4.5"), Unit: "kgCO2e/kg",
		Uptake: ZeroZero, Region: "IT", Year: 2025, From: "2025-01-01", Source: "EPD of the supplier", Table: "p. 7", Licence: "by permission",
		Scores: Scores{1, 2, 3, 4, 5}, GSD2: dec("2.1"),
	}
}

func TestValidateFactor(t *testing.T) {
	long := strings.Repeat("x", 601)
	for _, c := range []struct {
		name, field, code string // no field: valid
		change            func(*Factor)
	}{
		{"as it is", "", "", func(*Factor) {}},
		{"zero", "", "", func(f *Factor) { f.Value = decimal.Zero }},
		{"another id", "id", "mismatch", func(f *Factor) { f.ID = "x" }},
		{"unknown kind", "kind", "unknown", func(f *Factor) { f.Kind, f.ID = "magic", "magic/TPU" }},
		{"no kind", "kind", "unknown", func(f *Factor) { f.Kind, f.ID = "", "/TPU" }},
		{"unit of another kind", "unit", "mismatch", func(f *Factor) { f.Unit = "kgCO2e/km" }},
		{"unknown unit", "unit", "mismatch", func(f *Factor) { f.Unit = "lb/lb" }},
		{"no unit", "unit", "mismatch", func(f *Factor) { f.Unit = "" }},
		{"no subject", "subject", "bad-subject", func(f *Factor) { f.Subject, f.ID = "", "virgin-production" }},
		{"subject with a blank", "subject", "bad-subject", func(f *Factor) { f.Subject, f.ID = "T PU", "virgin-production/T PU" }},
		{"long subject", "subject", "bad-subject", func(f *Factor) { f.Subject = long[:81]; f.ID = ID(f.Kind, f.Subject) }},
		{"no modules", "modules", "required", func(f *Factor) { f.Modules = nil }},
		{"unknown module", "modules", "unknown", func(f *Factor) { f.Modules = []Module{"A9"} }},
		{"module twice", "modules", "unknown", func(f *Factor) { f.Modules = []Module{RawMaterial, RawMaterial} }},
		{"modules out of order", "modules", "unknown", func(f *Factor) { f.Modules = []Module{Conversion, RawMaterial} }},
		{"D without avoided", "avoidedIncluded", "mismatch", func(f *Factor) { f.Modules = []Module{RawMaterial, Beyond} }},
		{"avoided without D", "avoidedIncluded", "mismatch", func(f *Factor) { f.Avoided = true }},
		{"avoided and D", "", "", func(f *Factor) { f.Avoided, f.Modules, f.Value = true, []Module{RawMaterial, Beyond}, dec("-1") }},
		{"long grade", "grade", "too-long", func(f *Factor) { f.Grade = long }},
		{"negative", "value", "negative", func(f *Factor) { f.Value = dec("-0.1") }},
		{"negative with uptake", "", "", func(f *Factor) { f.Value, f.Biogenic, f.Uptake = dec("-3.09"), dec("-3.14"), MinusOnePlus }},
		{"negative incineration with uptake", "value", "negative", func(f *Factor) {
			f.Kind, f.ID, f.Uptake, f.Value = Incineration, "incineration/TPU", MinusOnePlus, dec("-1")
		}},
		{"negative net route", "", "", func(f *Factor) { f.Kind, f.ID, f.Value = NetRoute, "net-route/TPU", dec("-1") }},
		{"negative biogenic", "biogenic", "negative", func(f *Factor) { f.Biogenic = dec("-1") }},
		{"20 digits", "", "", func(f *Factor) { f.Value = dec("0.1234567890123456789") }},
		{"21 digits", "value", "too-many-digits", func(f *Factor) { f.Value = dec("1.23456789012345678901") }},
		{"huge exponent", "value", "too-many-digits", func(f *Factor) { f.Value = decimal.New(1, 999999999) }},
		{"tiny exponent", "biogenic", "too-many-digits", func(f *Factor) { f.Biogenic = decimal.New(1, -999999999) }},
		{"huge GSD2", "gsd2", "too-many-digits", func(f *Factor) { f.GSD2 = decimal.New(1, 999999999) }},
		{"GSD2 under 1", "gsd2", "out-of-range", func(f *Factor) { f.GSD2 = dec("0.99") }},
		{"no GSD2", "gsd2", "out-of-range", func(f *Factor) { f.GSD2 = decimal.Zero }},
		{"GSD2 of 1", "", "", func(f *Factor) { f.GSD2 = dec("1") }},
		{"GSD2 of 100", "", "", func(f *Factor) { f.GSD2 = dec("100") }},
		{"GSD2 over 100", "gsd2", "out-of-range", func(f *Factor) { f.GSD2 = dec("100.1") }},
		{"score 0", "scores", "out-of-range", func(f *Factor) { f.Scores.Temporal = 0 }},
		{"score 6", "scores", "out-of-range", func(f *Factor) { f.Scores.Reliability = 6 }},
		{"unknown basis", "basis", "unknown", func(f *Factor) { f.Basis = "moist" }},
		{"wet", "", "", func(f *Factor) { f.Basis = "wet" }},
		{"unknown GWP", "gwp", "unknown", func(f *Factor) { f.GWP = "AR7" }},
		{"no uptake", "uptake", "unknown", func(f *Factor) { f.Uptake = "" }},
		{"no region", "region", "required", func(f *Factor) { f.Region = "" }},
		{"no source", "source", "required", func(f *Factor) { f.Source = "" }},
		{"no table", "table", "required", func(f *Factor) { f.Table = "" }},
		{"no licence", "licence", "required", func(f *Factor) { f.Licence = "" }},
		{"no year", "year", "out-of-range", func(f *Factor) { f.Year = 0 }},
		{"far year", "year", "out-of-range", func(f *Factor) { f.Year = 2101 }},
		{"long note", "note", "too-long", func(f *Factor) { f.Note = long }},
		{"two lines", "note", "not-text", func(f *Factor) { f.Note = "a\nb" }},
		{"blanks around", "source", "not-text", func(f *Factor) { f.Source = " EPD" }},
		{"not UTF-8", "source", "not-text", func(f *Factor) { f.Source = "EPD\xff" }},
		{"turned round", "source", "not-text", func(f *Factor) { f.Source = "EPD\u202eDPE" }},
		{"accents", "", "", func(f *Factor) { f.Source = "qualità dell’aria – 2ª ed." }},
		{"no first day", "validFrom", "not-a-day", func(f *Factor) { f.From = "" }},
		{"no such day", "validFrom", "not-a-day", func(f *Factor) { f.From = "2025-02-29" }},
		{"half a day", "validTo", "not-a-day", func(f *Factor) { f.To = "2025-12" }},
		{"to before from", "validTo", "from-after-to", func(f *Factor) { f.To = "2024-12-31" }},
		{"one day", "", "", func(f *Factor) { f.To = f.From }},
		{"electricity", "", "", func(f *Factor) {
			f.Kind, f.ID, f.Subject, f.Modules, f.Unit = ElectricityLocal, "electricity-location-based", "", nil, "kgCO2e/kWh"
		}},
		{"electricity with a subject", "subject", "mismatch", func(f *Factor) {
			f.Kind, f.ID, f.Subject, f.Modules, f.Unit = ElectricityLocal, "electricity-location-based/IT", "IT", nil, "kgCO2e/kWh"
		}},
		{"electricity with modules", "modules", "mismatch", func(f *Factor) {
			f.Kind, f.ID, f.Subject, f.Unit = ElectricityMarket, "electricity-market-based", "", "kgCO2e/kWh"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := own()
			c.change(&f)
			checkFault(t, f.Validate(), "/"+c.field, c.code)
			s := Set{ID: "own", Version: 1, State: Draft, Title: "Own", Factors: []Factor{f}}
			checkFault(t, Validate(&s), "/factors/0/"+c.field, c.code)
		})
	}
}

// checkFault wants one field at fault, or none for an empty code.
func checkFault(t *testing.T, err error, pointer, code string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("got %v, want it valid", err)
		}
		return
	}
	p := problem.As(err)
	if p == nil || len(p.Fields) != 1 || p.Fields[0].Pointer != pointer || p.Fields[0].Code != code || p.Fields[0].Detail == "" {
		t.Errorf("got %v, want only %s %s", err, pointer, code)
	}
}

// many are n factors in order.
func many(n int) []Factor {
	list := make([]Factor, n)
	for i := range list {
		list[i] = own()
		list[i].Subject = fmt.Sprintf("P%05d", i)
		list[i].ID = ID(list[i].Kind, list[i].Subject)
	}
	return list
}

func TestValidateSet(t *testing.T) {
	for _, c := range []struct {
		name, pointer, code string
		change              func(*Set)
	}{
		{"as it is", "", "", func(*Set) {}},
		{"no id", "/id", "bad-id", func(s *Set) { s.ID = "" }},
		{"id with @", "/id", "bad-id", func(s *Set) { s.ID = "own@1" }},
		{"id with a hyphen at the end", "/id", "bad-id", func(s *Set) { s.ID = "own-" }},
		{"capital id", "/id", "bad-id", func(s *Set) { s.ID = "Own" }},
		{"long id", "/id", "bad-id", func(s *Set) { s.ID = strings.Repeat("x", 65) }},
		{"version 0", "/version", "out-of-range", func(s *Set) { s.Version = 0 }},
		{"version 10000", "/version", "out-of-range", func(s *Set) { s.Version = 10000 }},
		{"no state", "/state", "unknown", func(s *Set) { s.State = "" }},
		{"no title", "/title", "required", func(s *Set) { s.Title = "" }},
		{"day of publication", "/publishedOn", "not-a-day", func(s *Set) { s.Published = "yesterday" }},
		{"superseded by itself", "/supersededBy", "out-of-range", func(s *Set) { s.SupersededBy = 1 }},
		{"superseded by the next", "", "", func(s *Set) { s.State, s.SupersededBy = Superseded, 2 }},
		{"empty draft", "", "", func(s *Set) { s.Factors = nil }},
		{"published without factors", "/factors", "required", func(s *Set) { s.State, s.Factors = Published, nil }},
		{"as many as can be", "", "", func(s *Set) { s.Factors = many(MaxFactors) }},
		{"one more", "/factors", "too-many", func(s *Set) { s.Factors = many(MaxFactors + 1) }},
		{"one more, and worse", "/factors", "too-many", func(s *Set) { s.Factors = many(MaxFactors + 1); s.Factors[0].Licence = "" }},
		{"the same twice", "/factors/1/subject", "duplicate", func(s *Set) { s.Factors = append(s.Factors, s.Factors[0]) }},
		{"out of order", "/factors/1/id", "out-of-order", func(s *Set) { s.Factors = many(2); s.Factors[0], s.Factors[1] = s.Factors[1], s.Factors[0] }},
		{"the fourth value", "/factors/3/value", "negative", func(s *Set) { s.Factors = many(5); s.Factors[3].Value = dec("-1") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Set{ID: "own", Version: 1, State: Draft, Title: "Own", Factors: []Factor{own()}}
			c.change(&s)
			checkFault(t, Validate(&s), c.pointer, c.code)
		})
	}
}

func TestValidateTellsAtMost50(t *testing.T) {
	s := Set{ID: "own", Version: 1, State: Draft, Title: "Own", Factors: many(100)}
	for i := range s.Factors {
		s.Factors[i].Licence = ""
	}
	if p := problem.As(Validate(&s)); p == nil || len(p.Fields) != 50 {
		t.Errorf("got %v, want 50 fields", p)
	}
}

// A number from JSON that is short to write and long to compute with is refused
// before anything is computed.
func TestHugeJSONNumber(t *testing.T) {
	for _, text := range []string{`"1e999999999"`, `"-1e-999999999"`, `1e999999999`, `"1e3"`} {
		f := own()
		if err := json.Unmarshal([]byte(`{"value":`+text+`}`), &f); err != nil {
			continue
		}
		checkFault(t, f.Validate(), "/value", "too-many-digits")
	}
}
