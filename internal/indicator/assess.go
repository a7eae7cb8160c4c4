package indicator

import (
	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// MethodID names the rules by which Cards works; it changes with them.
const MethodID = "ricircolo-1"

// Input is what the cards are worked out from.
type Input struct {
	From         calendar.Month   `json:"from"`
	To           calendar.Month   `json:"to"`
	Head         int64            `json:"watermark"`    // number of the last entry that counts
	Streams      []StreamActivity `json:"streams"`      // by id
	Denominators []Denominated    `json:"denominators"` // by kind
}

// Total is what happened in all streams.
func (in *Input) Total() Activity {
	var sum Sum
	for i := range in.Streams {
		sum.Add(&in.Streams[i].Activity)
	}
	return sum.Total()
}

// StreamActivity is what happened in one stream, and what the stream is made of.
type StreamActivity struct {
	Stream   string         `json:"stream"`
	Family   string         `json:"family"` // fossil, bio-based-drop-in, compostable, mixed
	EER      string         `json:"eer"`
	Polymers []PolymerShare `json:"polymers"` // sum to 1000; empty: not declared
	Activity Activity       `json:"activity"`
}

// PolymerShare is the share of a polymer in a stream, in thousandths by mass.
type PolymerShare struct {
	Polymer  string `json:"polymer"`
	Permille int    `json:"permille"`
}

// Denominated is a quantity of service of the facilities and months that
// declared it, with what those collected in those months.
type Denominated struct {
	Kind      string          `json:"kind"` // bed-day, dialysis-session, procedure, encounter; or generated-gram
	Quantity  decimal.Decimal `json:"quantity"`
	Collected quantity.Mass   `json:"collectedGrams"`
	Months    int             `json:"months"`        // facility-months that have a declaration
	Lacking   int             `json:"lackingMonths"` // facility-months with activity but without one
}

// Method is how the cards are worked out.
type Method struct {
	Set      *factor.Set
	Baseline *Baseline // nil: no comparison
	Draws    int       // Monte Carlo draws; 0: analytic intervals
	Seed     uint64
}

// Baseline is what would have become of the same mass otherwise: named, dated,
// and part of every comparison's name.
type Baseline struct {
	ID     string       `json:"id"`
	Name   string       `json:"name"`
	NameIT string       `json:"nameIt"`
	Dated  string       `json:"dated"` // day on which it was decided
	Source string       `json:"source"`
	Routes []RouteShare `json:"routes"` // sum to 1000
	// Legs of the mass, tonne-km; empty: the same transport as the project's,
	// which then cancels.
	Legs []BaselineLeg `json:"legs,omitempty"`
	// HazardousPermille is the part that went the way of infectious waste
	// before, as an audit found it; nil: not audited.
	HazardousPermille *int `json:"hazardousPermille,omitempty"`
}

// RouteShare is the share of a route, in thousandths by mass.
type RouteShare struct {
	Operation string `json:"operation"` // R1, D10, D1, composting, anaerobic-digestion
	Permille  int    `json:"permille"`
}

// BaselineLeg is a part of the way of the baseline's mass.
type BaselineLeg struct {
	Vehicle    string `json:"vehicle"`
	Kilometres int64  `json:"kilometres"`
}
