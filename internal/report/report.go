// Package report owns what a report says: a frozen answer of the indicators
// with everything that it takes to read, check and recompute it. How it looks
// as a file is the matter of package render.
package report

import (
	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// Report is a report as it was frozen. It never changes; Hash is the SHA-256
// of the JSON of the rest (with an empty Hash), in hex.
type Report struct {
	ID        string           `json:"id"`
	Hash      string           `json:"hash"`
	Title     string           `json:"title"`
	Lab       Name             `json:"lab"`
	CreatedAt calendar.Instant `json:"createdAt"`
	From      calendar.Month   `json:"from"`
	To        calendar.Month   `json:"to"`
	Facility  *Name            `json:"facility,omitempty"` // the scope, if it is not the whole lab
	Ward      *Name            `json:"ward,omitempty"`
	Stream    *StreamName      `json:"stream,omitempty"`
	Head      int64            `json:"watermark"` // number of the last entry that counts

	Method   string              `json:"method"`
	Set      string              `json:"factorSet"` // id@version
	SetTitle string              `json:"factorSetTitle"`
	SetDate  string              `json:"factorSetPublishedOn"` // day
	Baseline *indicator.Baseline `json:"baseline,omitempty"`
	Input    indicator.Input     `json:"input"` // what the cards were worked out from
	Cards    []indicator.Card    `json:"cards"`

	Balance indicator.Balance `json:"balance"`
	Funnel  indicator.Funnel  `json:"funnel"`
	Series  []Month           `json:"series"`
	Wards   []Ward            `json:"wards"`   // by facility and name
	Streams []Stream          `json:"streams"` // by id
	Waste   indicator.Waste   `json:"waste"`   // ESRS E5-5
	Factors []factor.Factor   `json:"factors"` // that the cards used, by id
}

// Name is something with an id and a name.
type Name struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// StreamName is a stream with its names in both languages.
type StreamName struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	NameIT string `json:"nameIt"`
}

// Month is a month of the series.
type Month struct {
	Month   calendar.Month    `json:"month"`
	Balance indicator.Balance `json:"balance"`
}

// Ward is a ward's row. The values are exact decimals in kgCO2e, or null.
type Ward struct {
	Ward         Name             `json:"ward"`
	Facility     Name             `json:"facility"`
	Fills        int64            `json:"fills"`
	Collected    quantity.Mass    `json:"collectedGrams"`
	Accepted     quantity.Mass    `json:"acceptedGrams"`
	Refused      quantity.Mass    `json:"refusedGrams"`
	Contaminant  quantity.Mass    `json:"contaminantGrams"`
	Recyclate    quantity.Mass    `json:"recyclateGrams"`
	Contaminated indicator.Ratio  `json:"contamination"`
	WasteCO2     *decimal.Decimal `json:"inventoryWaste"`
	Avoided      *decimal.Decimal `json:"avoided"`
}

// Stream is a stream's row.
type Stream struct {
	Stream  StreamName        `json:"stream"`
	Balance indicator.Balance `json:"balance"`
}

// MonthOf is a month of the series.
func MonthOf(m calendar.Month, a indicator.Activity) Month { return Month{m, indicator.Summarise(a)} }

// StreamOf is a stream's row.
func StreamOf(name StreamName, a indicator.Activity) Stream {
	return Stream{name, indicator.Summarise(a)}
}

// WardOf is a ward's row.
func WardOf(ward, facility Name, a indicator.Activity, waste, avoided *decimal.Decimal) Ward {
	return Ward{
		Ward: ward, Facility: facility, Fills: a.Fills, Collected: a.Collected, Accepted: a.Accepted, Refused: a.Refused,
		Contaminant: a.Contaminant, Recyclate: a.Recyclate, Contaminated: indicator.RatioOf(a.Contaminant, a.Received()),
		WasteCO2: waste, Avoided: avoided,
	}
}
