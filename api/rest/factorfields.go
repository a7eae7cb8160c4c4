package rest

import (
	"fmt"
	"regexp"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/problem"
)

// factorFields are what a factor has in requests and answers alike. Numbers are
// decimals in text, so that no client rounds them.
type factorFields struct {
	ID        string          `json:"id"` // kind/subject; in requests it may be left out
	Kind      factor.Kind     `json:"kind"`
	Subject   string          `json:"subject"`
	Grade     string          `json:"grade,omitempty"`
	Modules   []factor.Module `json:"modules,omitempty"`
	Value     string          `json:"value"`
	Biogenic  string          `json:"biogenic,omitempty"`
	Unit      string          `json:"unit"`
	Basis     string          `json:"basis,omitempty"`
	GWP       string          `json:"gwp,omitempty"`
	Uptake    factor.Uptake   `json:"uptake"`
	Avoided   bool            `json:"avoidedIncluded,omitempty"`
	Region    string          `json:"region"`
	Year      int             `json:"year"`
	ValidFrom string          `json:"validFrom"`
	ValidTo   string          `json:"validTo,omitempty"`
	Source    string          `json:"source"`
	Table     string          `json:"table"`
	Licence   string          `json:"licence"`
	Scores    scoreFields     `json:"scores"`
	GSD2      string          `json:"gsd2"`
	Note      string          `json:"note,omitempty"`
}

// scoreFields are the digits of the pedigree matrix.
type scoreFields struct {
	Reliability   int `json:"reliability"`
	Completeness  int `json:"completeness"`
	Temporal      int `json:"temporal"`
	Geographical  int `json:"geographical"`
	Technological int `json:"technological"`
}

// plainDecimal is a number without an exponent: 1e999999999 is short to write,
// and long to compute with.
var plainDecimal = regexp.MustCompile(`^-?[0-9]{1,20}(\.[0-9]{1,20})?$`)

// parseDecimal reads a number of a request; faults names it at the pointer if
// it is none. Nothing is zero where the number may be left out.
func parseDecimal(text, pointer string, must bool, faults *problem.Error) decimal.Decimal {
	switch {
	case text == "" && !must:
	case text == "":
		faults.With(pointer, "required", "Give a decimal number in quotation marks, such as \"1.25\".")
	case !plainDecimal.MatchString(text):
		faults.With(pointer, "malformed", "Give a decimal number in quotation marks, such as \"1.25\": without an exponent, with at most 20 digits on either side of the point.")
	default:
		return decimal.RequireFromString(text)
	}
	return decimal.Decimal{}
}

// factor is the factor at a place of a request, as package factor knows it.
func (f *factorFields) factor(at string, faults *problem.Error) factor.Factor {
	out := factor.Factor{
		ID: f.ID, Kind: f.Kind, Subject: f.Subject, Grade: f.Grade, Modules: f.Modules, Unit: f.Unit, Basis: f.Basis, GWP: f.GWP,
		Uptake: f.Uptake, Avoided: f.Avoided, Region: f.Region, Year: f.Year, From: f.ValidFrom, To: f.ValidTo,
		Source: f.Source, Table: f.Table, Licence: f.Licence, Scores: factor.Scores(f.Scores), Note: f.Note,
		Value:    parseDecimal(f.Value, at+"/value", true, faults),
		Biogenic: parseDecimal(f.Biogenic, at+"/biogenic", false, faults),
		GSD2:     parseDecimal(f.GSD2, at+"/gsd2", true, faults),
	}
	if out.ID == "" {
		out.ID = factor.ID(out.Kind, out.Subject)
	}
	return out
}

func factorsOf(given []factorFields, faults *problem.Error) []factor.Factor {
	out := make([]factor.Factor, len(given))
	for i := range given {
		out[i] = given[i].factor(fmt.Sprintf("/factors/%d", i), faults)
	}
	return out
}

func viewFactor(f factor.Factor) factorFields {
	out := factorFields{
		ID: f.ID, Kind: f.Kind, Subject: f.Subject, Grade: f.Grade, Modules: f.Modules, Value: f.Value.String(), Unit: f.Unit, Basis: f.Basis, GWP: f.GWP,
		Uptake: f.Uptake, Avoided: f.Avoided, Region: f.Region, Year: f.Year, ValidFrom: f.From, ValidTo: f.To,
		Source: f.Source, Table: f.Table, Licence: f.Licence, Scores: scoreFields(f.Scores), GSD2: f.GSD2.String(), Note: f.Note,
	}
	if !f.Biogenic.IsZero() {
		out.Biogenic = f.Biogenic.String()
	}
	return out
}
