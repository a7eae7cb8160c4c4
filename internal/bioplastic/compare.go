package bioplastic

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/shopspring/decimal"
)

// Comparison compares the item with what it would take the place of, by what it
// takes to do one task: never kilogram by kilogram.
type Comparison struct {
	Task      string      `json:"task"` // such as "one tray, sterilised and used once"
	Item      Alternative `json:"item"`
	Reference Alternative `json:"reference"`
}

// Alternative is one way of doing the task. Numbers are decimal texts.
type Alternative struct {
	Name          string   `json:"name"`
	Pieces        string   `json:"piecesPerTask"` // 0.02 for what is used fifty times
	GramsPerPiece string   `json:"gramsPerPiece"`
	Factors       []Factor `json:"factors"`
}

// Factor is what some modules of the life cycle emit per kilogram of the
// piece. Modules that a source gives as one number stay together.
type Factor struct {
	Modules  []Module `json:"modules"`
	Fossil   string   `json:"fossilPerKg"`             // kgCO2e/kg
	Biogenic string   `json:"biogenicPerKg,omitempty"` // kgCO2/kg, memo
	Uptake   Uptake   `json:"uptake"`
	Source   string   `json:"source"`
}

// Module is a part of the life cycle (EN 15804).
type Module string

// WholeLife are the modules that a comparison must cover, each once.
func WholeLife() []Module { return []Module{"A1", "A2", "A3", "C2", "C3", "C4"} }

// Uptake says how a factor counts biogenic carbon.
type Uptake string

// The conventions. They can't be mixed.
const (
	ZeroZero Uptake = "0/0"
	InAndOut Uptake = "-1/+1"
)

var (
	signedDecimal   = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,9})?$`)
	positiveDecimal = regexp.MustCompile(`^(0|[1-9][0-9]{0,5})(\.[0-9]{1,9})?$`)
)

// positive reports whether s is a decimal above 0.
func positive(s string) bool {
	return positiveDecimal.MatchString(s) && decimal.RequireFromString(s).IsPositive()
}

func (c *Comparison) check(f *faults) {
	f.text(c.Task, "/comparison/task", false, 300)
	f.ok(c.Task != "", "/comparison/task", "functional-unit-missing", "Say what task the item does.")
	c.Item.check(f, "/comparison/item")
	c.Reference.check(f, "/comparison/reference")
	var used []Uptake
	for _, part := range slices.Concat(c.Item.Factors, c.Reference.Factors) {
		if !slices.Contains(used, part.Uptake) {
			used = append(used, part.Uptake)
		}
	}
	f.ok(len(used) <= 1, "/comparison", "uptake-mixed", "All factors must count biogenic carbon alike: 0/0 or -1/+1.")
}

func (a *Alternative) check(f *faults, at string) {
	f.text(a.Name, at+"/name", true, maxName)
	f.ok(positive(a.Pieces), at+"/piecesPerTask", "functional-unit-missing", "Say how many pieces the task takes, such as 1 or 0.02.")
	f.ok(positive(a.GramsPerPiece), at+"/gramsPerPiece", "functional-unit-missing", "Say what a piece weighs, in grams, such as 18.5.")
	f.ok(len(a.Factors) <= len(WholeLife()), at+"/factors", "too-many", "One factor for each module is the most.")
	var covered []Module
	for i, part := range a.Factors {
		where := fmt.Sprintf("%s/factors/%d", at, i)
		f.ok(signedDecimal.MatchString(part.Fossil), where+"/fossilPerKg", "malformed", "Write the number like 1.65.")
		f.ok(part.Biogenic == "" || signedDecimal.MatchString(part.Biogenic), where+"/biogenicPerKg", "malformed", "Write the number like 1.83.")
		oneOf(f, part.Uptake, where+"/uptake", ZeroZero, InAndOut)
		f.text(part.Source, where+"/source", true, 300)
		f.ok(len(part.Modules) > 0, where+"/modules", "required", "Say which modules the factor covers.")
		for _, m := range part.Modules {
			oneOf(f, m, where+"/modules", WholeLife()...)
			f.ok(!slices.Contains(covered, m), where+"/modules", "repeated", "Two factors can't cover the same module.")
			covered = append(covered, m)
		}
	}
	for _, m := range WholeLife() {
		f.ok(slices.Contains(covered, m), at+"/factors", "life-incomplete", "The whole life must be covered: "+string(m)+" is missing.")
	}
}

// Outcome is a comparison worked out: kgCO2e for one task, exactly.
type Outcome struct {
	Item, Reference Amount
	Saving          Amount // reference less item; negative where the item is worse
	Credit          decimal.Decimal
}

// Amount is what one task emits. Fossil and biogenic are never added.
type Amount struct{ Fossil, Biogenic decimal.Decimal }

// Compare works the comparison out. The credit is the fossil saving behind a
// named outlet, and 0 without one: what does not reach its end of life saved
// nothing yet. The comparison must have passed Check; ok is false without one.
func (d *Dossier) Compare(day Day) (o Outcome, ok bool) {
	if d.Comparison == nil {
		return o, false
	}
	o.Item, o.Reference = d.Comparison.Item.amount(), d.Comparison.Reference.amount()
	o.Saving = Amount{o.Reference.Fossil.Sub(o.Item.Fossil), o.Reference.Biogenic.Sub(o.Item.Biogenic)}
	if d.Creditable(day) {
		o.Credit = o.Saving.Fossil
	}
	return o, true
}

func (a *Alternative) amount() (sum Amount) {
	kilograms := decimal.RequireFromString(a.Pieces).Mul(decimal.RequireFromString(a.GramsPerPiece)).Shift(-3)
	for _, f := range a.Factors {
		sum.Fossil = sum.Fossil.Add(decimal.RequireFromString(f.Fossil).Mul(kilograms))
		if f.Biogenic != "" {
			sum.Biogenic = sum.Biogenic.Add(decimal.RequireFromString(f.Biogenic).Mul(kilograms))
		}
	}
	return sum
}
