package tracking

import (
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/strictjson"
)

// Type is the type of an entry.
type Type string

// Body is the body of an entry of any type that a client may submit; which
// keys a type has is in the table bodyRules.
type Body struct {
	Bin    string `json:"bin,omitempty"`
	Label  string `json:"label,omitempty"` // the code; with most types instead of bin
	Pickup string `json:"pickup,omitempty"`

	Measurement *Measurement `json:"measurement,omitempty"`
	Sorting     *Sorting     `json:"sorting,omitempty"`

	Cause  string `json:"cause,omitempty"`  // why missing, what exception, why refused
	Reason string `json:"reason,omitempty"` // in words, for people

	Corrects    string `json:"corrects,omitempty"`    // entry that is undone or corrected
	Void        bool   `json:"void,omitempty"`        // the corrected entry did not happen
	Replacement *Body  `json:"replacement,omitempty"` // what the corrected entry should have said
	Correction  string `json:"correction,omitempty"`  // correction that is approved or rejected
	Entry       string `json:"entry,omitempty"`       // entry in the inbox that is dismissed
	Discrepancy string `json:"discrepancy,omitempty"`

	Facility     string         `json:"facility,omitempty"`
	Ward         string         `json:"ward,omitempty"`
	Stream       string         `json:"stream,omitempty"`
	Recycler     string         `json:"recycler,omitempty"`
	VolumeLitres int64          `json:"volumeLitres,omitempty"`
	TareGrams    *quantity.Mass `json:"tareGrams,omitempty"`
	Name         string         `json:"name,omitempty"`
	Replaces     string         `json:"replaces,omitempty"` // label that the new one replaces

	PlannedFor string   `json:"plannedFor,omitempty"` // 2026-03-01
	Bins       []string `json:"bins,omitempty"`

	Document   string `json:"document,omitempty"` // FIR number
	Plate      string `json:"plate,omitempty"`
	Legs       []Leg  `json:"legs,omitempty"`
	Unattended bool   `json:"unattended,omitempty"` // nobody of the facility was there

	Outcome          string        `json:"outcome,omitempty"` // A, P or R
	RefusedGrams     quantity.Mass `json:"refusedGrams,omitempty"`
	ContaminantGrams quantity.Mass `json:"contaminantGrams,omitempty"`
	Weighbridge      bool          `json:"weighbridge,omitempty"` // weighed on a certified weighbridge
	Scale            string        `json:"scale,omitempty"`
	Ticket           string        `json:"ticket,omitempty"`
	NextDestination  string        `json:"nextDestination,omitempty"` // of what was refused
	NextOperation    string        `json:"nextOperation,omitempty"`   // what is done with it there: R1, D10, …

	InputGrams            quantity.Mass `json:"inputGrams,omitempty"`
	CalculationPointGrams quantity.Mass `json:"calculationPointGrams,omitempty"`
	Outputs               []Output      `json:"outputs,omitempty"`
	Certificate           string        `json:"certificate,omitempty"`

	Month calendar.Month `json:"month,omitempty"`
}

// Sorting is the question that closing asks (DPR 254/2003 art. 5): all three
// must be confirmed for the fill to stay in the chain.
type Sorting struct {
	NotHazardous    bool `json:"notHazardous"`
	NotContaminated bool `json:"notContaminated"` // not visibly
	NotIsolation    bool `json:"notIsolation"`    // not from an isolation room
}

// UnmarshalJSON asks for all three answers: one that is left out is no answer,
// and must not divert a fill.
func (s *Sorting) UnmarshalJSON(b []byte) error {
	var given struct {
		NotHazardous    *bool `json:"notHazardous"`
		NotContaminated *bool `json:"notContaminated"`
		NotIsolation    *bool `json:"notIsolation"`
	}
	if err := strictjson.Unmarshal(b, &given); err != nil {
		return err
	}
	if given.NotHazardous == nil || given.NotContaminated == nil || given.NotIsolation == nil {
		return errors.New("sorting needs notHazardous, notContaminated and notIsolation")
	}
	s.NotHazardous, s.NotContaminated, s.NotIsolation = *given.NotHazardous, *given.NotContaminated, *given.NotIsolation
	return nil
}

func (s *Sorting) passed() bool { return s.NotHazardous && s.NotContaminated && s.NotIsolation }

// Output is what came out of a treatment.
type Output struct {
	Operation   string        `json:"operation"` // R3 for recyclate; R1, D10, R12 … for the rest
	Grams       quantity.Mass `json:"grams"`
	Polymer     string        `json:"polymer,omitempty"`     // of recyclate; of other outputs what they are of, where sorting told
	Application string        `json:"application,omitempty"` // of recyclate
	Quality     string        `json:"quality,omitempty"`     // of recyclate: ratio Q, a decimal from 0 to 1
}

// bodyRule says which keys an entry type's body has, and what they must fulfil.
type bodyRule struct {
	keys  []string
	check func(*validation, *Body)
}

func rule(check func(*validation, *Body), keys ...string) bodyRule { return bodyRule{keys, check} }

// bodyRules is the table of all entry types that clients may submit.
var bodyRules = map[Type]bodyRule{
	"fill.open":   rule(needBin, "bin", "label"),
	"fill.weigh":  rule(checkWeigh, "bin", "label", "measurement"),
	"fill.close":  rule(checkClose, "bin", "label", "measurement", "sorting"),
	"bin.lost":    rule(needBin, "bin", "label", "reason"),
	"bin.found":   rule(needBin, "bin", "label", "reason"),
	"pickup.scan": rule(func(v *validation, b *Body) { needBin(v, b); v.id(b.Pickup, "/pickup") }, "pickup", "bin", "label"),

	"bin.register": rule(checkRegister, "facility", "ward", "stream", "volumeLitres", "tareGrams", "name", "label"),
	"bin.update":   rule(checkUpdate, "bin", "ward", "stream", "volumeLitres", "tareGrams", "name"),
	"bin.retire":   rule(func(v *validation, b *Body) { v.id(b.Bin, "/bin"); v.text(b.Reason, "/reason", true, 500) }, "bin", "reason"),
	"label.bind": rule(func(v *validation, b *Body) {
		v.id(b.Label, "/label")
		v.id(b.Bin, "/bin")
		v.optionalID(b.Replaces, "/replaces")
	}, "label", "bin", "replaces"),
	"label.retire": rule(func(v *validation, b *Body) { v.id(b.Label, "/label"); v.text(b.Reason, "/reason", true, 500) }, "label", "reason"),

	"pickup.plan":        rule(checkPlan, "facility", "recycler", "plannedFor", "bins"),
	"pickup.cancel":      rule(func(v *validation, b *Body) { v.id(b.Pickup, "/pickup"); v.text(b.Reason, "/reason", true, 500) }, "pickup", "reason"),
	"pickup.missing":     rule(checkMissing, "pickup", "bin", "cause", "reason"),
	"pickup.exception":   rule(checkException, "pickup", "bin", "cause", "reason"),
	"pickup.handover":    rule(checkHandover, "pickup", "document", "plate", "legs", "unattended"),
	"pickup.countersign": rule(func(v *validation, b *Body) { v.id(b.Pickup, "/pickup") }, "pickup"),
	"receipt.record": rule(checkReceipt, "pickup", "stream", "bin", "measurement", "outcome", "refusedGrams", "cause", "reason",
		"contaminantGrams", "weighbridge", "scale", "ticket", "nextDestination", "nextOperation"),
	"treatment.record": rule(checkTreatment, "pickup", "stream", "inputGrams", "calculationPointGrams", "outputs", "certificate"),

	"undo":               rule(func(v *validation, b *Body) { v.id(b.Corrects, "/corrects") }, "corrects"),
	"correct":            rule(checkCorrect, "corrects", "reason", "void", "replacement"),
	"correction.approve": rule(func(v *validation, b *Body) { v.id(b.Correction, "/correction") }, "correction"),
	"correction.reject": rule(func(v *validation, b *Body) {
		v.id(b.Correction, "/correction")
		v.text(b.Reason, "/reason", true, 500)
	},
		"correction", "reason"),

	"discrepancy.explain": rule(func(v *validation, b *Body) {
		v.discrepancy(b.Discrepancy)
		v.text(b.Reason, "/reason", true, 500)
	}, "discrepancy", "reason"),
	"discrepancy.accept": rule(func(v *validation, b *Body) { v.discrepancy(b.Discrepancy) }, "discrepancy"),
	"review.dismiss":     rule(func(v *validation, b *Body) { v.id(b.Entry, "/entry"); v.text(b.Reason, "/reason", true, 500) }, "entry", "reason"),
	"month.close":        rule(func(v *validation, b *Body) { v.ok(b.Month != "", "/month", "required", "Name the month.") }, "month"),
}

// Types lists the entry types that clients may submit, in byte order.
func Types() []Type {
	types := make([]Type, 0, len(bodyRules))
	for t := range bodyRules {
		types = append(types, t)
	}
	slices.Sort(types)
	return types
}

// Keys lists the keys of an entry type's body.
func (t Type) Keys() []string { return slices.Clone(bodyRules[t].keys) }

// decodeBody reads and checks the body of a type.
func decodeBody(t Type, raw json.RawMessage) (Body, error) {
	r, known := bodyRules[t]
	if !known {
		return Body{}, problem.New(problem.Invalid, "entry-type-unknown", "There is no such type of entry.").
			With("/type", "unknown", "See the list of types in the API's documentation.")
	}
	if len(raw) > maxEntryBody {
		return Body{}, problem.New(problem.TooLarge, "entry-too-large", "The body of an entry has at most %d bytes.", maxEntryBody)
	}
	b, err := strictBody(raw, r.keys, "/body")
	if err != nil {
		return Body{}, err
	}
	v := &validation{}
	r.check(v, &b)
	v.label(&b.Label, "/label")
	v.label(&b.Replaces, "/replaces")
	for i := range v.fields {
		v.fields[i].Pointer = "/body" + v.fields[i].Pointer
	}
	return b, v.err()
}

// strictBody reads a body that may have only the given keys, to the letter.
func strictBody(raw json.RawMessage, keys []string, at string) (Body, error) {
	malformed := problem.New(problem.Invalid, "entry-invalid", "The entry is not valid; see the fields.")
	if len(raw) == 0 {
		return Body{}, malformed.With(at, "required", "Give the body, a JSON object.")
	}
	var b Body
	if err := strictjson.Unmarshal(raw, &b); err != nil {
		p := problem.As(err)
		if p == nil {
			return Body{}, err
		}
		for _, f := range p.Fields {
			malformed.With(at+f.Pointer, f.Code, f.Detail)
		}
		if len(p.Fields) == 0 {
			malformed.With(at, "malformed", p.Detail)
		}
		return Body{}, malformed.Because(err)
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return Body{}, malformed.With(at, "malformed", "The body must be a JSON object.").Because(err)
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		switch {
		case !slices.Contains(keys, key):
			malformed.With(at+"/"+key, "unknown-key", "This type of entry has no such key.")
		case string(given[key]) == "null":
			malformed.With(at+"/"+key, "null", "Leave the key out instead of giving null.")
		}
	}
	if len(malformed.Fields) > 0 {
		return Body{}, malformed
	}
	return b, nil
}

func needBin(v *validation, b *Body) {
	v.ok((b.Bin == "") != (b.Label == ""), "/bin", "one-of", "Give either bin or label.")
	v.optionalID(b.Bin, "/bin")
	v.optionalID(b.Label, "/label")
	v.text(b.Reason, "/reason", false, 500)
}

func checkWeigh(v *validation, b *Body) {
	needBin(v, b)
	v.ok(b.Measurement != nil, "/measurement", "required", "Say what was measured.")
	if b.Measurement != nil {
		b.Measurement.check(v, "/measurement")
	}
}

func checkClose(v *validation, b *Body) {
	checkWeigh(v, b)
	v.ok(b.Sorting != nil, "/sorting", "required", "Answer the sorting question: notHazardous, notContaminated, notIsolation.")
}

func checkRegister(v *validation, b *Body) {
	v.id(b.Facility, "/facility")
	v.id(b.Ward, "/ward")
	v.id(b.Stream, "/stream")
	v.ok(b.VolumeLitres >= 1 && b.VolumeLitres <= 30_000, "/volumeLitres", "out-of-range", "Use 1 to 30000 litres.")
	v.ok(b.TareGrams != nil, "/tareGrams", "required", "Give the mass of the empty bin.")
	if b.TareGrams != nil {
		v.mass(*b.TareGrams, "/tareGrams")
	}
	v.text(b.Name, "/name", true, 60)
	v.optionalID(b.Label, "/label")
}

func checkUpdate(v *validation, b *Body) {
	v.id(b.Bin, "/bin")
	v.optionalID(b.Ward, "/ward")
	v.optionalID(b.Stream, "/stream")
	v.ok(b.VolumeLitres >= 0 && b.VolumeLitres <= 30_000, "/volumeLitres", "out-of-range", "Use 1 to 30000 litres.")
	if b.TareGrams != nil {
		v.mass(*b.TareGrams, "/tareGrams")
	}
	v.text(b.Name, "/name", false, 60)
	v.ok(b.Ward != "" || b.Stream != "" || b.VolumeLitres != 0 || b.TareGrams != nil || b.Name != "", "", "required", "Say what changes.")
}

func checkPlan(v *validation, b *Body) {
	v.id(b.Facility, "/facility")
	v.id(b.Recycler, "/recycler")
	_, err := time.Parse(time.DateOnly, b.PlannedFor)
	v.ok(err == nil, "/plannedFor", "malformed", "Write the day like 2026-03-01.")
	v.ok(len(b.Bins) <= MaxLines, "/bins", "too-many", "A pickup has at most 500 bins.")
	seen := map[string]bool{}
	for _, id := range b.Bins {
		v.id(id, "/bins")
		v.ok(!seen[id], "/bins", "repeated", "Name each bin once.")
		seen[id] = true
	}
}

// The causes of a missing bin and of an exception on a pickup.
var (
	MissingCauses   = []string{"not-found", "not-ready", "no-access", "still-open", "lost", "other"}
	ExceptionCauses = []string{"no-access", "not-ready", "contaminated", "overloaded", "damaged", "safety", "extra-bin", "other"}
)

func checkMissing(v *validation, b *Body) {
	v.id(b.Pickup, "/pickup")
	v.id(b.Bin, "/bin")
	v.oneOf(b.Cause, "/cause", MissingCauses...)
	v.text(b.Reason, "/reason", b.Cause == "other", 500)
}

func checkException(v *validation, b *Body) {
	v.id(b.Pickup, "/pickup")
	v.optionalID(b.Bin, "/bin")
	v.oneOf(b.Cause, "/cause", ExceptionCauses...)
	v.text(b.Reason, "/reason", b.Cause == "other", 500)
}

func checkHandover(v *validation, b *Body) {
	v.id(b.Pickup, "/pickup")
	v.text(b.Document, "/document", false, 40)
	v.text(b.Plate, "/plate", false, 12)
	v.ok(len(b.Legs) <= 20, "/legs", "too-many", "A pickup has at most 20 legs.")
	for i := range b.Legs {
		b.Legs[i].check(v)
	}
}

func checkReceipt(v *validation, b *Body) {
	v.id(b.Pickup, "/pickup")
	v.id(b.Stream, "/stream")
	v.optionalID(b.Bin, "/bin")
	v.oneOf(b.Outcome, "/outcome", "A", "P", "R")
	v.text(b.Reason, "/reason", false, 500)
	v.text(b.Scale, "/scale", false, 60)
	v.text(b.Ticket, "/ticket", false, 60)
	v.text(b.NextDestination, "/nextDestination", false, 200)
	v.operation(b.NextOperation, "/nextOperation", false)
	if b.Measurement == nil {
		v.ok(false, "/measurement", "required", "Give netGrams, or grossGrams with tareGrams.")
		return
	}
	m := *b.Measurement
	m.check(v, "/measurement")
	v.ok(m.FullnessPercent == 0 && !m.Estimated, "/measurement", "not-allowed", "A plant weighs: give netGrams, or grossGrams with tareGrams.")
	v.ok(m.GrossGrams == 0 || m.TareGrams != 0 || b.Bin != "", "/measurement/tareGrams", "required", "The gross mass of a load needs its tare.")
	net := m.NetGrams
	if m.GrossGrams != 0 && m.TareGrams != 0 {
		net = m.GrossGrams - m.TareGrams
	}
	switch {
	case b.Outcome == "A":
		v.ok(b.RefusedGrams == 0, "/refusedGrams", "not-allowed", "Outcome A refuses nothing: use P or R.")
		v.ok(b.Cause == "", "/cause", "not-allowed", "A cause goes with P or R.")
		v.ok(b.NextOperation == "", "/nextOperation", "not-allowed", "The next operation is of what was refused: it goes with P or R.")
	case b.Outcome == "P":
		v.ok(b.RefusedGrams > 0 && (net == 0 || b.RefusedGrams < net), "/refusedGrams", "out-of-range", "Outcome P refuses more than nothing and less than all.")
	case b.Outcome == "R":
		v.ok(b.RefusedGrams > 0 && (net == 0 || b.RefusedGrams == net), "/refusedGrams", "out-of-range", "Outcome R refuses the whole net mass: state it.")
	}
	if b.Outcome == "P" || b.Outcome == "R" {
		v.oneOf(b.Cause, "/cause", "NC", "IR", "A")
		v.text(b.Reason, "/reason", b.Cause == "A", 500)
	}
	v.mass(b.RefusedGrams, "/refusedGrams")
	v.mass(b.ContaminantGrams, "/contaminantGrams")
	v.ok(net == 0 || b.ContaminantGrams <= net, "/contaminantGrams", "out-of-range", "There can't be more foreign material than the net mass.")
}

var (
	operation    = regexp.MustCompile(`^(R([1-9]|1[0-3])|D([1-9]|1[0-5])|composting|anaerobic-digestion)$`)
	qualityRatio = regexp.MustCompile(`^(0\.[0-9]{1,4}|1|1\.0{1,4})$`)
)

// operation asks for an operation of recovery or disposal.
func (v *validation) operation(s, pointer string, required bool) {
	v.ok(s == "" && !required || operation.MatchString(s), pointer, "unknown", "Use R1 to R13, D1 to D15, composting or anaerobic-digestion.")
}

// Recycling operations turn waste into product; R12 and R13 only prepare.
func isRecyclate(o Output) bool { return o.Operation == "R3" || o.Operation == "R5" }
func isPending(o Output) bool   { return isInterim(o.Operation) }

// isInterim reports whether an operation of Directive 2008/98/EC, Annexes I and
// II, only prepares or stores: what becomes of the waste is not known yet.
func isInterim(operation string) bool {
	return slices.Contains([]string{"R12", "R13", "D13", "D14", "D15"}, operation)
}

func checkTreatment(v *validation, b *Body) {
	v.id(b.Pickup, "/pickup")
	v.id(b.Stream, "/stream")
	v.ok(b.InputGrams > 0, "/inputGrams", "out-of-range", "Give the mass that was treated.")
	v.mass(b.InputGrams, "/inputGrams")
	v.text(b.Certificate, "/certificate", false, 60)
	v.ok(len(b.Outputs) >= 1 && len(b.Outputs) <= 12, "/outputs", "out-of-range", "Give 1 to 12 outputs.")
	var sum, recyclate, pending quantity.Mass
	for _, o := range b.Outputs {
		v.operation(o.Operation, "/outputs/operation", true)
		v.mass(o.Grams, "/outputs/grams")
		v.text(o.Polymer, "/outputs/polymer", isRecyclate(o), 40)
		v.text(o.Application, "/outputs/application", false, 60)
		v.ok(o.Quality == "" || qualityRatio.MatchString(o.Quality), "/outputs/quality", "malformed", "Write the quality ratio like 0.85.")
		sum += o.Grams
		switch {
		case isRecyclate(o):
			recyclate += o.Grams
		case isPending(o):
			pending += o.Grams
		}
	}
	v.ok(sum == b.InputGrams, "/outputs", "sum", "The outputs must sum to inputGrams, to the gram.")
	v.ok(b.CalculationPointGrams >= recyclate && b.CalculationPointGrams <= b.InputGrams-pending, "/calculationPointGrams", "out-of-range",
		"The mass at the calculation point lies between the recyclate and what is not pending.")
}

func checkCorrect(v *validation, b *Body) {
	v.id(b.Corrects, "/corrects")
	v.text(b.Reason, "/reason", true, 500)
	v.ok(b.Void != (b.Replacement != nil), "/void", "one-of", "Give either void or replacement.")
}
