package rederivetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// entry is an entry of the ledger, as far as figures depend on it.
type entry struct {
	Seq          int64
	ID           string    `json:"id"`
	Type         string    `json:"type"`
	Actor        string    `json:"actor"`
	Organisation string    `json:"organisation"`
	At           time.Time `json:"effectiveAt"`
	Recorded     time.Time `json:"recordedAt"`
	Body         body      `json:"body"`
}

// body is the body of any type of entry.
type body struct {
	Bin         string       `json:"bin"`
	Label       string       `json:"label"`
	Pickup      string       `json:"pickup"`
	Facility    string       `json:"facility"`
	Ward        string       `json:"ward"`
	Stream      string       `json:"stream"`
	Recycler    string       `json:"recycler"`
	Volume      int64        `json:"volumeLitres"`
	Tare        int64        `json:"tareGrams"`
	Measurement *measurement `json:"measurement"`
	Sorting     *struct {
		NotHazardous    bool `json:"notHazardous"`
		NotContaminated bool `json:"notContaminated"`
		NotIsolation    bool `json:"notIsolation"`
	} `json:"sorting"`

	Corrects    string `json:"corrects"`
	Void        bool   `json:"void"`
	Replacement *body  `json:"replacement"`
	Correction  string `json:"correction"`
	Entry       string `json:"entry"`

	Legs             []leg    `json:"legs"`
	Outcome          string   `json:"outcome"`
	Refused          int64    `json:"refusedGrams"`
	Contaminant      int64    `json:"contaminantGrams"`
	Weighbridge      bool     `json:"weighbridge"`
	NextOperation    string   `json:"nextOperation"`
	CalculationPoint int64    `json:"calculationPointGrams"`
	Outputs          []output `json:"outputs"`

	Month string          `json:"month"`
	Doc   json.RawMessage `json:"doc"`
	Asked json.RawMessage `json:"asked"`
}

type measurement struct {
	Fullness  int64 `json:"fullnessPercent"`
	Net       int64 `json:"netGrams"`
	Gross     int64 `json:"grossGrams"`
	Tare      int64 `json:"tareGrams"`
	Estimated bool  `json:"estimated"`
}

type leg struct {
	Kilometres int64  `json:"kilometres"`
	Vehicle    string `json:"vehicle"`
	Method     string `json:"method"`
	Share      *int64 `json:"shareThousandths"`
	Load       *int64 `json:"loadPercent"`
	WattHours  *int64 `json:"wattHours"`
}

type output struct {
	Operation   string `json:"operation"`
	Grams       int64  `json:"grams"`
	Polymer     string `json:"polymer"`
	Application string `json:"application"`
	Quality     string `json:"quality"`
}

// idle are the types of entries that no figure of a report depends on. Types
// that are neither here nor in the switch of books.file are not known.
var idle = []string{
	"bin.found", "bin.lost", "discrepancy.accept", "discrepancy.explain", "dossier.advance", "dossier.put",
	"fill.open", "label.issue", "label.retire", "pickup.countersign", "pickup.exception", "pickup.missing",
	"pilot.put", "printer.put", "recycler.put", "report.put", "sheet.put",
}

// Ledger is the entries of a lab in their order.
type Ledger struct{ entries []entry }

// ReadLedger reads the records of a lab's ledger.
func ReadLedger(records [][]byte) (Ledger, error) {
	var l Ledger
	for _, b := range records {
		var r struct {
			Seq   int64
			Entry entry
		}
		if err := json.Unmarshal(b, &r); err != nil {
			return l, fmt.Errorf("reading a record: %w", err)
		}
		r.Entry.Seq = r.Seq
		l.entries = append(l.entries, r.Entry)
	}
	slices.SortFunc(l.entries, func(a, b entry) int { return cmp.Compare(a.Seq, b.Seq) })
	return l, nil
}

// head is the number of the last entry.
func (l Ledger) head() int64 { return l.entries[len(l.entries)-1].Seq }

// Types counts the entries by type.
func (l Ledger) Types() map[string]int {
	n := map[string]int{}
	for i := range l.entries {
		n[l.entries[i].Type]++
	}
	return n
}

// Without is the ledger as if there had been no entries of a type.
func (l Ledger) Without(kind string) Ledger {
	return Ledger{slices.DeleteFunc(slices.Clone(l.entries), func(e entry) bool { return e.Type == kind })}
}

// Frozen is a report as the ledger has it.
type Frozen struct {
	ID     string
	Raw    []byte // JSON
	before Ledger // what was recorded before it
	asked  struct {
		Filter              struct{ From, To, Facility, Ward, Stream string }
		FactorSet, Baseline string
		Draws               int
	}
}

// Reports lists the reports that were frozen.
func (l Ledger) Reports() ([]Frozen, error) {
	var reports []Frozen
	for i := range l.entries {
		e := &l.entries[i]
		if e.Type != "report.put" {
			continue
		}
		r := Frozen{ID: e.ID, Raw: e.Body.Doc, before: Ledger{l.entries[:i]}}
		if err := json.Unmarshal(e.Body.Asked, &r.asked); err != nil {
			return nil, fmt.Errorf("reading entry %d: %w", e.Seq, err)
		}
		reports = append(reports, r)
	}
	return reports, nil
}
