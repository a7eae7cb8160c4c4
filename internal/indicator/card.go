package indicator

import (
	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// Card is one indicator: a figure with everything that it takes to defend it.
// The same activity, factors and method give the same bytes.
type Card struct {
	ID    string           `json:"id"`    // "avoided", "inventory-transport", "mci" …: see Cards
	Group string           `json:"group"` // mass, co2, circularity, intensity
	Unit  string           `json:"unit"`  // kgCO2e, kg, 1 (a ratio), kg/bed-day …
	Value *decimal.Decimal `json:"value"` // exact for sums, rounded once for quotients; null: see Reason
	// Display is the value to two significant digits, in the unit: "-1200". Empty without a value.
	Display string `json:"display"`
	// Reason says why there is no value, as a code: factor-missing,
	// no-activity, denominator-missing, not-declared.
	Reason  string   `json:"reason,omitempty"`
	Missing []string `json:"missing,omitempty"` // what is missing: "virgin-production/TPU", "bed-day 2026-03"

	Interval *Interval `json:"interval,omitempty"`    // 95 %
	Sources  *Interval `json:"sourceRange,omitempty"` // between sources: the lowest and the highest
	Coverage Coverage  `json:"coverage"`
	Fills    int64     `json:"fills"`

	Modules []string `json:"modules,omitempty"` // of the life cycle, EN 15804
	Factors []string `json:"factors,omitempty"` // set@version/id
	Lines   []Line   `json:"lines,omitempty"`   // the terms of a sum
	Notes   []string `json:"notes,omitempty"`   // codes of what a reader has to know: see Notes

	Baseline string         `json:"baseline,omitempty"` // that it is compared with
	Method   string         `json:"method"`
	From     calendar.Month `json:"from"`
	To       calendar.Month `json:"to"`
	Head     int64          `json:"watermark"`  // number of the last entry that counts
	Inputs   string         `json:"inputsHash"` // SHA-256 of activity, factors and method, hex
}

// Interval is a range of the value, in its unit.
type Interval struct {
	Low    decimal.Decimal `json:"low"`
	High   decimal.Decimal `json:"high"`
	Method string          `json:"method"` // lognormal-product, fenton-wilkinson, normal-difference, monte-carlo, sources
}

// Coverage says how much of the mass that a card is about has a figure, and
// how good the mass itself is.
type Coverage struct {
	Mass      quantity.Mass `json:"massGrams"`      // that the card is about
	Covered   quantity.Mass `json:"coveredGrams"`   // for which there is a factor or a declaration
	Measured  quantity.Mass `json:"measuredGrams"`  // of Mass: on a scale
	Estimated quantity.Mass `json:"estimatedGrams"` // of Mass: guessed
	Pending   quantity.Mass `json:"pendingGrams"`   // not part of Mass yet: no final route
	ByRung    []RungShare   `json:"byRung"`         // all rungs, worst first
}

// Line is one term of a card: an amount times a factor.
type Line struct {
	Phase    string           `json:"phase"`             // raw-material+transformation, transport, treatment, avoided, biogenic …; "baseline " before it for what is taken off
	Subject  string           `json:"subject"`           // material or vehicle
	Route    string           `json:"route,omitempty"`   // operation, application, or method of transport
	Quality  string           `json:"quality,omitempty"` // ratio of a recyclate, as declared
	Stream   string           `json:"stream,omitempty"`
	Amount   decimal.Decimal  `json:"amount"`
	Unit     string           `json:"unit"`             // of the amount: kg, km, tkm, kWh
	Factor   string           `json:"factor,omitempty"` // set@version/id, several joined by " + " or " - "
	Per      *decimal.Decimal `json:"perUnit"`          // what it is multiplied with; null if missing
	Value    *decimal.Decimal `json:"value"`            // null if the factor is missing
	Missing  string           `json:"missing,omitempty"`
	Interval *Interval        `json:"interval,omitempty"`
}
