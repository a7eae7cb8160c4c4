package tracking

import (
	"encoding/json"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Actions are the entry types that the caller could record about a document
// now and have applied. It is a convenience for the app, which shows no button
// that would fail; the commands judge for themselves.
type Actions []Type

// BinFilter selects bins. Empty fields select all.
type BinFilter struct {
	Facility, Ward, Stream string
	State                  string // open, closed (what the bin holds), retired or lost
}

// BinView is a bin as the caller sees it.
type BinView struct {
	Bin
	Actions Actions `json:"actions"`
	Undo    string  `json:"undo,omitempty"` // the caller's newest entry, if it can be undone now
}

// FillFilter selects fills. Empty fields select all that are closed.
type FillFilter struct {
	Facility, Ward, Stream string
	Bin                    string // all fills of a bin, the open one too
	State                  FillState
	Month                  calendar.Month // in which it was closed
}

// FillView is a fill as the caller sees it.
type FillView struct {
	Fill
	Actions Actions `json:"actions"`
	Undo    string  `json:"undo,omitempty"` // the caller's newest entry, if it can be undone now
}

// LabelFilter selects labels. Empty fields select all.
type LabelFilter struct {
	Facility string
	State    LabelState
	Batch    string
}

// BatchFilter selects batches of labels. Empty fields select all.
type BatchFilter struct{ Facility string }

// BatchView is a batch and where its labels are in their lives now. Labels are
// counted as far as the caller sees them.
type BatchView struct {
	Batch
	Blank   int `json:"blank"`
	Bound   int `json:"bound"`
	Retired int `json:"retired"`
}

// PickupFilter selects pickups. Empty fields select all.
type PickupFilter struct {
	Facility, Recycler string
	State              PickupState
	From, To           string // days, 2026-03-01, both included
}

// PickupView is a pickup as the caller sees it.
type PickupView struct {
	Pickup
	MissingBins []string `json:"missingBins"` // on the list, neither scanned nor reported missing
	Actions     Actions  `json:"actions"`
	Undo        string   `json:"undo,omitempty"` // the caller's newest entry, if it can be undone now
}

// ChainFilter selects receipts and treatments. Empty fields select all.
type ChainFilter struct{ Facility, Recycler, Pickup, Stream string }

// DiscrepancyFilter selects discrepancies. Empty fields select all.
type DiscrepancyFilter struct {
	State              string // open, explained, accepted
	Facility, Recycler string
}

// DiscrepancyView is a discrepancy as the caller sees it now.
type DiscrepancyView struct {
	Discrepancy
	AgeDays int64   `json:"ageDays"` // whole days since it opened
	Overdue bool    `json:"overdue"` // not accepted, and past its due date
	Actions Actions `json:"actions"`
}

// ReviewFilter selects reviews. Empty fields select all.
type ReviewFilter struct{ State string } // open, dismissed

// ReviewView is a review as the caller sees it.
type ReviewView struct {
	Review
	Actions Actions `json:"actions"`
}

// ScanState says what a scanned code is to the caller.
type ScanState string

// The answers to a scan.
const (
	ScanKnown   ScanState = "known"
	ScanBlank   ScanState = "blank"
	ScanRetired ScanState = "retired" // a former label; it leads to its bin
	ScanForeign ScanState = "other-organisation"
	ScanUnknown ScanState = "unknown"
)

// ScanAnswer is what a scan resolves to. A foreign or unknown code says
// nothing more.
type ScanAnswer struct {
	State   ScanState `json:"state"`
	Code    string    `json:"code,omitempty"` // in canonical form; empty if it is none
	Bin     *BinCard  `json:"bin,omitempty"`
	Actions Actions   `json:"actions"`
	Undo    string    `json:"undo,omitempty"`    // the caller's newest entry, if it can be undone now
	Pickups []string  `json:"pickups,omitempty"` // to a recycler: its visits that could take the bin
}

// BinCard is what one has to know of a bin that one stands in front of.
type BinCard struct {
	ID           string         `json:"id"`
	Name         string         `json:"name"`
	Facility     string         `json:"facility"`
	Ward         string         `json:"ward"`
	WardName     string         `json:"wardName"`
	Stream       string         `json:"stream"`
	StreamName   string         `json:"streamName"`
	StreamNameIT string         `json:"streamNameIt"`
	Accepts      []string       `json:"accepts,omitempty"`
	Refuses      []string       `json:"refuses,omitempty"`
	AcceptsIT    []string       `json:"acceptsIt,omitempty"`
	RefusesIT    []string       `json:"refusesIt,omitempty"`
	VolumeLitres int64          `json:"volumeLitres"`
	Label        string         `json:"label,omitempty"` // the one in use
	Fill         CurrentFill    `json:"fill"`
	Lost         bool           `json:"lost,omitempty"`
	LastNetGrams *quantity.Mass `json:"lastNetGrams,omitempty"` // departure of the fill before; not shown to recyclers
}

// StorageState says how close a facility is to the limits of its temporary
// storage.
type StorageState string

// The states, best first.
const (
	StorageOK      StorageState = "ok"
	StorageSoon    StorageState = "soon"
	StorageOverdue StorageState = "overdue"
)

// StorageClock is the temporary storage of a facility against the limits of
// art. 185-bis of d.lgs. 152/2006: three months, or 30 m³.
type StorageClock struct {
	Facility           string            `json:"facility"`
	Fills              int               `json:"fills"` // bins with content
	StoredVolumeLitres int64             `json:"storedVolumeLitres"`
	StoredGrams        quantity.Mass     `json:"storedGrams"` // of the closed ones
	OldestOpenedAt     *calendar.Instant `json:"oldestOpenedAt,omitempty"`
	DueAt              *calendar.Instant `json:"dueAt,omitempty"`
	VolumeShare        indicator.Ratio   `json:"volumeShare"` // of 30 m³
	State              StorageState      `json:"state"`
	ByStream           []StreamStorage   `json:"byStream"`
}

// StreamStorage is the part of a storage clock that is of one stream.
type StreamStorage struct {
	Stream             string            `json:"stream"`
	Fills              int               `json:"fills"`
	StoredVolumeLitres int64             `json:"storedVolumeLitres"`
	StoredGrams        quantity.Mass     `json:"storedGrams"`
	OldestOpenedAt     *calendar.Instant `json:"oldestOpenedAt,omitempty"`
}

// EntryFilter selects entries of the ledger. Empty fields select all.
type EntryFilter struct {
	Type        Type
	Actor       string
	Bin, Pickup string
	After       store.Seq // those behind this entry
}

// EntryView is an entry in its place in the ledger.
type EntryView struct {
	Content Content         `json:"entry"`
	Outcome Outcome         `json:"outcome"`
	Seq     store.Seq       `json:"seq"`
	Prev    string          `json:"prev"` // SHA-256 of the entry before, in hexadecimal
	Hash    string          `json:"hash"`
	Bytes   json.RawMessage `json:"-"` // what is hashed
}

// EntryList is one page of the trail.
type EntryList struct {
	Items []EntryView
	Next  store.Seq // After of the next page; 0: no more
	Head  store.Seq
}

// StatusAnswer says where the lab stands.
type StatusAnswer struct {
	Lab          string        `json:"lab"`
	Name         string        `json:"name"`
	Head         store.Seq     `json:"head"`
	HeadHash     string        `json:"headHash"`
	ClosedMonths []ClosedMonth `json:"closedMonths,omitempty"` // to those who may read months
	Awaiting     *int          `json:"awaiting,omitempty"`     // subjects waited for; to those of the whole lab
}

// IndicatorFilter selects what is summed.
type IndicatorFilter struct {
	From     calendar.Month `json:"from"` // first and last month of the balance, both included
	To       calendar.Month `json:"to"`
	Facility string         `json:"facility,omitempty"`
	Ward     string         `json:"ward,omitempty"`
	Stream   string         `json:"stream,omitempty"`
}

// SummaryAnswer is the balance of a filter.
type SummaryAnswer struct {
	Filter      IndicatorFilter   `json:"filter"` // as it was applied, narrowed to the caller's scope
	Balance     indicator.Balance `json:"balance"`
	Adjustments indicator.Balance `json:"adjustments"` // the part of Balance that changes closed months
	Cells       int               `json:"cells"`       // how many cells were summed
	Head        store.Seq         `json:"head"`
}

// SeriesPoint is the balance of one month.
type SeriesPoint struct {
	Month   calendar.Month    `json:"month"`
	Balance indicator.Balance `json:"balance"`
}

// SeriesAnswer is a balance month by month, months without activity too.
type SeriesAnswer struct {
	Filter IndicatorFilter `json:"filter"`
	Points []SeriesPoint   `json:"points"`
	Head   store.Seq       `json:"head"`
}

// BreakdownBy names what a balance is broken down by. A ward is the smallest
// unit: nothing is shown by person.
type BreakdownBy string

// The breakdowns.
const (
	ByFacility BreakdownBy = "facility"
	ByWard     BreakdownBy = "ward"
	ByStream   BreakdownBy = "stream"
	ByMonth    BreakdownBy = "month"
)

// BreakdownRow is one part of a balance.
type BreakdownRow struct {
	Key     string            `json:"key"` // an id, or a month; "" is what no ward is known of
	Balance indicator.Balance `json:"balance"`
}

// BreakdownAnswer is a balance in parts that sum to it.
type BreakdownAnswer struct {
	Filter IndicatorFilter   `json:"filter"`
	By     BreakdownBy       `json:"by"`
	Rows   []BreakdownRow    `json:"rows"` // by key
	Total  indicator.Balance `json:"total"`
	Head   store.Seq         `json:"head"`
}

// FunnelAnswer is the way of the mass, step by step.
type FunnelAnswer struct {
	Filter IndicatorFilter  `json:"filter"`
	Funnel indicator.Funnel `json:"funnel"`
	Head   store.Seq        `json:"head"`
}

// CellView is a cell of the activity cube. The fills behind it are those that
// Fills finds with its Month, Facility, Ward and Stream.
type CellView struct {
	Booked   calendar.Month    `json:"booked"`
	Month    calendar.Month    `json:"month"`
	Facility string            `json:"facility"`
	Ward     string            `json:"ward,omitempty"`
	Stream   string            `json:"stream"`
	Adjusts  bool              `json:"adjusts"` // changes a closed month
	Balance  indicator.Balance `json:"balance"`
}
