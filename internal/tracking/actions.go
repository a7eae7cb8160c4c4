package tracking

import (
	"slices"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// What the caller could do now is worked out by the folds that judge the
// entries: a hypothetical fact of this instant is added to the recorded ones,
// and its type is offered if the fold applies it. Bodies are chosen so that
// only the type and the state decide, not the values.

// binTypes are the entries about what a bin holds.
var binTypes = []Type{"fill.open", "fill.weigh", "fill.close", "bin.lost", "bin.found"}

// plausible is a valid body of a type about a bin.
func plausible(t Type, bin string) Body {
	b := Body{Bin: bin}
	if t == "fill.weigh" || t == "fill.close" {
		b.Measurement = &Measurement{NetGrams: quantity.Gram}
	}
	if t == "fill.close" {
		b.Sorting = &Sorting{NotHazardous: true, NotContaminated: true, NotIsolation: true}
	}
	return b
}

// timelineFrom prepares the fold of a bin's facts from a fill on.
func (x *reading) timelineFrom(bin *Bin, fill *Fill) (timeline, error) {
	streams := map[string]*Stream{}
	for _, s := range bin.Settings {
		stream, err := known[Stream](x, KindStream, s.Stream)
		if err != nil {
			return timeline{}, err
		}
		streams[s.Stream] = stream
	}
	return timeline{
		bin: bin, first: fillStart{fill.ID, fill.StartedAt, fill.PreviousBy},
		density: func(stream string, at calendar.Instant) int64 { return streams[stream].densityAt(at) },
	}, nil
}

// fillTakes reports whether a fill's timeline would apply the fact.
func (t timeline) fillTakes(fill *Fill, f Fact) bool {
	if len(fill.Facts) >= MaxFillFacts {
		return false
	}
	for _, folded := range foldTimeline(t, append(slices.Clone(fill.Facts), f)) {
		if takes(folded.Facts) {
			return true
		}
	}
	return false
}

// binActions are the entries that the caller could record about a bin now.
func (x *reading) binActions(bin *Bin) (actions Actions, undo string, err error) {
	actions = Actions{}
	if !x.seesBin(bin) {
		return actions, "", nil
	}
	fill, err := known[Fill](x, KindFill, bin.Fill.ID)
	if err != nil {
		return nil, "", err
	}
	if actions, err = x.contentActions(bin, fill); err != nil {
		return nil, "", err
	}
	if undo, err = x.undoInBin(fill); err != nil {
		return nil, "", err
	}
	if undo != "" {
		actions = append(actions, "undo")
	}
	for _, t := range []Type{"bin.update", "bin.retire", "label.bind", "label.retire"} {
		pointless := t == "bin.retire" && bin.Retired != nil || t == "label.retire" && bin.Label == ""
		if x.may(t) && !pointless {
			actions = append(actions, t)
		}
	}
	return actions, undo, nil
}

// contentActions are those about what the bin holds, which is fill.
func (x *reading) contentActions(bin *Bin, fill *Fill) (Actions, error) {
	actions := Actions{}
	t, err := x.timelineFrom(bin, fill)
	if err != nil {
		return nil, err
	}
	for _, typ := range binTypes {
		if x.may(typ) && t.fillTakes(fill, x.hypothetical(typ, plausible(typ, bin.ID))) {
			actions = append(actions, typ)
		}
	}
	return actions, nil
}

// fillActions are the entries that the caller could record about a fill now.
func (x *reading) fillActions(fill *Fill) (actions Actions, undo string, err error) {
	actions = Actions{}
	bin, err := known[Bin](x, KindBin, fill.Bin)
	if err != nil {
		return nil, "", err
	}
	if bin.Fill.ID == fill.ID && x.seesBin(bin) {
		if actions, err = x.contentActions(bin, fill); err != nil {
			return nil, "", err
		}
	}
	if undo, err = x.undoIn(fill); err != nil {
		return nil, "", err
	}
	if undo != "" {
		actions = append(actions, "undo")
	}
	t, err := x.timelineFrom(bin, fill)
	if err != nil {
		return nil, "", err
	}
	return append(actions, x.amendments(fill.Facts, func(f Fact) bool { return t.fillTakes(fill, f) })...), undo, nil
}

// amendments are the corrections and answers to corrections that would be
// taken. An answer to the other party's correction is offered if there is one
// that waits for it.
func (x *reading) amendments(facts []Fact, takes func(Fact) bool) (actions Actions) {
	offer := func(t Type, about func(*Fact) bool, body func(entry string) Body) {
		if !x.may(t) {
			return
		}
		for i := range facts {
			if about(&facts[i]) && takes(x.hypothetical(t, body(facts[i].Entry))) {
				actions = append(actions, t)
				return
			}
		}
	}
	own := x.caller.Organisation()
	offer("correct", func(f *Fact) bool { return f.Organisation == own && undoable[f.Type] && f.Status != Voided },
		func(entry string) Body { return Body{Corrects: entry, Void: true} })
	for _, t := range []Type{"correction.approve", "correction.reject"} {
		offer(t, func(f *Fact) bool { return f.Status == Pending && f.Organisation != own },
			func(entry string) Body { return Body{Correction: entry} })
	}
	return actions
}

// newestOwn is the caller's own newest entry among facts that still stands, if
// it is of a type and an age that can be undone.
func (x *reading) newestOwn(facts []Fact) *Fact {
	var newest *Fact
	for i := range facts {
		f := &facts[i]
		if f.Actor == x.caller.Actor() && !isAmendment(f.Type) && f.Status != Voided && (newest == nil || newest.before(f)) {
			newest = f
		}
	}
	if newest == nil || !undoable[newest.Type] || x.now.Sub(newest.At) > UndoWindow {
		return nil
	}
	return newest
}

// undoIn names the entry among a fill's facts that the caller can undo now.
func (x *reading) undoIn(fill *Fill) (string, error) {
	f := x.newestOwn(fill.Facts)
	if f == nil {
		return "", nil
	}
	ok, err := x.wouldApply("undo", Body{Corrects: f.Entry})
	if !ok {
		return "", err
	}
	return f.Entry, nil
}

// undoInBin looks at what the bin holds, and then at the entry that emptied it.
func (x *reading) undoInBin(fill *Fill) (string, error) {
	if x.newestOwn(fill.Facts) != nil || fill.ID == fill.Bin || x.now.Sub(fill.StartedAt) > UndoWindow {
		return x.undoIn(fill)
	}
	before, err := x.fillBefore(fill)
	if err != nil || before == nil {
		return "", err
	}
	return x.undoIn(before)
}

// pickupTypes are the entries about a pickup that its fold judges.
var pickupTypes = []Type{
	"pickup.cancel", "pickup.missing", "pickup.exception", "pickup.handover", "pickup.countersign",
	"receipt.record", "treatment.record",
}

// pickupActions are the entries that the caller could record about a pickup
// now. A scan is offered up to the handover; a later one is not lost, but it
// is nothing to suggest.
func (x *reading) pickupActions(p *Pickup) (actions Actions, undo string) {
	actions = Actions{}
	if x.may("pickup.scan") && x.caller.SeesRecycler(p.Recycler) && visiting(p) {
		actions = append(actions, "pickup.scan")
	}
	for _, t := range pickupTypes {
		if x.may(t) && slices.ContainsFunc(p.plausible(t), func(b Body) bool { return p.takes(x.hypothetical(t, b)) }) {
			actions = append(actions, t)
		}
	}
	if f := x.newestOwn(p.Facts); f != nil && x.may("undo") && p.takes(x.hypothetical("undo", Body{Corrects: f.Entry})) {
		actions, undo = append(actions, "undo"), f.Entry
	}
	return append(actions, x.amendments(p.Facts, p.takes)...), undo
}

// visiting reports whether the driver is still to come, or there.
func visiting(p *Pickup) bool { return p.State == Planned || p.State == UnderWay }

// takes reports whether the pickup's fold would apply the fact.
func (p *Pickup) takes(f Fact) bool {
	if len(p.Facts) >= MaxPickupFacts {
		return false
	}
	asked := *p
	asked.Lines = slices.Clone(p.Lines) // the fold sorts them
	folded, _ := foldPickup(asked, append(slices.Clone(p.Facts), f))
	return takes(folded.Facts)
}

// plausible lists valid bodies of a type about the pickup: one, or one for
// each of its loads.
func (p *Pickup) plausible(t Type) []Body {
	switch t {
	case "receipt.record":
		bodies := []Body{}
		for _, l := range p.Loads {
			bodies = append(bodies, Body{Pickup: p.ID, Stream: l.Stream, Outcome: "A", Measurement: &Measurement{NetGrams: max(l.DeclaredGrams, 1)}})
		}
		if len(bodies) == 0 { // nothing was scanned: it may have come all the same
			bodies = append(bodies, Body{Pickup: p.ID, Outcome: "A", Measurement: &Measurement{NetGrams: quantity.Gram}})
		}
		return bodies
	case "treatment.record":
		var bodies []Body
		for _, l := range p.Loads {
			bodies = append(bodies, Body{
				Pickup: p.ID, Stream: l.Stream, InputGrams: quantity.Gram, CalculationPointGrams: quantity.Gram,
				Outputs: []Output{{Operation: "R3", Grams: quantity.Gram, Polymer: "PP"}},
			})
		}
		return bodies
	case "pickup.missing", "pickup.exception":
		return []Body{{Pickup: p.ID, Cause: "not-ready"}}
	}
	return []Body{{Pickup: p.ID}}
}
