package rederivetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

type bin struct {
	id, facility, ward, stream string
	volume, tare               int64
	facts                      []*entry
}

type pickup struct {
	id, facility, recycler string
	facts                  []*entry
}

type stream struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	NameIT    string `json:"nameIt"`
	Family    string `json:"family"`
	EER       string `json:"eer"`
	Densities []struct {
		From  time.Time `json:"from"`
		Grams int64     `json:"gramsPerLitre"`
	} `json:"densities"`
	Polymers []struct {
		Polymer  string `json:"polymer"`
		Permille int64  `json:"permille"`
	} `json:"polymers"`
}

type place struct{ ID, Name, Facility string }

// books are the entries up to one of them, each put where it belongs.
type books struct {
	bins             map[string]*bin
	labels           map[string]string // code → bin, for good
	pickups          map[string]*pickup
	streams          map[string]stream
	wards            map[string]place
	facilities       map[string]place
	lab              place
	where            map[string]*entry // by id
	closed           map[string]*entry // month → the entry that closed it
	factorSets       map[string]json.RawMessage
	baselines        map[string]json.RawMessage
	denominators     map[string]denominator
	factorSet, basis string // the lab's choice
}

type denominator struct {
	Facility, Month, Kind, Quantity string
}

// upTo files the entries up to and with one.
func (l Ledger) upTo(seq int64) (*books, error) {
	b := &books{
		bins: map[string]*bin{}, labels: map[string]string{}, pickups: map[string]*pickup{}, streams: map[string]stream{},
		wards: map[string]place{}, facilities: map[string]place{}, where: map[string]*entry{}, closed: map[string]*entry{},
		factorSets: map[string]json.RawMessage{}, baselines: map[string]json.RawMessage{}, denominators: map[string]denominator{},
		factorSet: "default@1",
	}
	// What a phone says of a label may arrive before the label is bound: bins
	// and labels come first, then what is about them.
	for _, step := range []func(*entry) error{b.furnish, b.file, b.amend} {
		for i := range l.entries {
			e := &l.entries[i]
			if e.Seq > seq {
				break
			}
			if err := step(e); err != nil {
				return nil, fmt.Errorf("entry %d, %s: %w", e.Seq, e.Type, err)
			}
		}
	}
	return b, nil
}

// furnish files bins, labels and pickups.
func (b *books) furnish(e *entry) error {
	b.where[e.ID] = e
	switch d := &e.Body; e.Type {
	case "bin.register":
		b.bins[e.ID] = &bin{id: e.ID, facility: d.Facility, ward: d.Ward, stream: d.Stream, volume: d.Volume, tare: d.Tare}
		return b.bind(d.Label, e.ID)
	case "label.bind":
		return b.bind(d.Label, d.Bin)
	case "pickup.plan":
		b.pickups[e.ID] = &pickup{id: e.ID, facility: d.Facility, recycler: d.Recycler}
	}
	return nil
}

func (b *books) bind(label, bin string) error {
	if label == "" {
		return nil
	}
	if was := b.labels[label]; was != "" && was != bin {
		return fmt.Errorf("label %s moves to another bin: not known here", label)
	}
	b.labels[label] = bin
	return nil
}

// file puts an entry where it belongs.
func (b *books) file(e *entry) error {
	d := &e.Body
	switch e.Type {
	case "bin.register", "label.bind", "pickup.plan", "undo", "correct", "correction.approve", "correction.reject", "review.dismiss":
		return nil
	case "fill.weigh", "fill.close", "pickup.scan":
		return b.fileBin(e)
	case "pickup.cancel", "pickup.handover", "receipt.record", "treatment.record":
		p := b.pickups[d.Pickup]
		if p == nil || e.Organisation != p.facility && e.Organisation != p.recycler {
			return fmt.Errorf("pickup %s is not known, or of others: not known here", d.Pickup)
		}
		p.facts = append(p.facts, e)
		return nil
	case "month.close":
		if b.closed[d.Month] == nil {
			b.closed[d.Month] = e
		}
		return nil
	}
	if slices.Contains(idle, e.Type) {
		return nil
	}
	return b.declare(e)
}

func (b *books) fileBin(e *entry) error {
	id := cmp.Or(e.Body.Bin, b.labels[e.Body.Label])
	found := b.bins[id]
	if found == nil {
		return nil // a label that nobody has bound: waits in the inbox
	}
	if e.Type != "pickup.scan" && e.Organisation != found.facility {
		return fmt.Errorf("%s speaks of a bin of %s: not known here", e.Organisation, found.facility)
	}
	if e.Type == "pickup.scan" {
		p := b.pickups[e.Body.Pickup]
		if p == nil || p.recycler != e.Organisation || p.facility != found.facility {
			return fmt.Errorf("scanned on a pickup of others: not known here")
		}
	}
	found.facts = append(found.facts, e)
	return nil
}

// declare files what the lab or a facility says of itself: the last word holds.
func (b *books) declare(e *entry) error {
	doc := e.Body.Doc
	named := func(in map[string]place) error {
		var p place
		err := json.Unmarshal(doc, &p)
		in[p.ID] = p
		return err
	}
	switch e.Type {
	case "lab.put":
		return json.Unmarshal(doc, &b.lab)
	case "facility.put":
		return named(b.facilities)
	case "ward.put":
		return named(b.wards)
	case "stream.put":
		var s stream
		err := json.Unmarshal(doc, &s)
		if b.streams[s.ID].ID != "" {
			return fmt.Errorf("stream %s changes: not known here", s.ID)
		}
		b.streams[s.ID] = s
		return err
	case "factor-set.put":
		var s struct {
			ID      string
			Version int
		}
		err := json.Unmarshal(doc, &s)
		b.factorSets[fmt.Sprintf("%s@%d", s.ID, s.Version)] = doc
		return err
	case "baseline.put":
		var s struct{ ID string }
		err := json.Unmarshal(doc, &s)
		b.baselines[s.ID] = doc
		return err
	case "denominator.put":
		var d denominator
		err := json.Unmarshal(doc, &d)
		b.denominators[d.Facility+"|"+d.Month+"|"+d.Kind] = d
		return err
	case "assessment.put":
		var s struct{ FactorSet, Baseline string }
		err := json.Unmarshal(doc, &s)
		b.factorSet, b.basis = s.FactorSet, s.Baseline
		return err
	}
	return fmt.Errorf("this type is not known here")
}

// amend puts an amendment to the bin that it is about.
func (b *books) amend(e *entry) error {
	target := b.where[target(e)]
	switch e.Type {
	case "correction.approve", "correction.reject":
		if target != nil {
			target = b.where[target.Body.Corrects]
		}
	case "undo", "correct", "review.dismiss":
	default:
		return nil
	}
	if target == nil || target.Type != "fill.close" && target.Type != "fill.weigh" && target.Type != "pickup.scan" {
		return fmt.Errorf("amends something else than a fact of a bin: not known here")
	}
	found := b.bins[cmp.Or(target.Body.Bin, b.labels[target.Body.Label])]
	if found == nil {
		return fmt.Errorf("amends what waits in the inbox: not known here")
	}
	found.facts = append(found.facts, e)
	return nil
}

// target is the entry that an amendment is about.
func target(e *entry) string {
	switch e.Type {
	case "undo", "correct":
		return e.Body.Corrects
	case "correction.approve", "correction.reject":
		return e.Body.Correction
	case "review.dismiss":
		return e.Body.Entry
	}
	return ""
}
