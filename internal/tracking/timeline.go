package tracking

import (
	"slices"

	"github.com/ricircolo/ricircolo/internal/calendar"
)

// timeline is what the fold of a bin's facts needs to know besides the facts.
type timeline struct {
	bin     *Bin
	first   fillStart
	density func(stream string, at calendar.Instant) int64 // grams per litre
}

// fillStart names a fill and says how it came to be.
type fillStart struct {
	id         string
	at         calendar.Instant
	previousBy string // pickup that emptied the bin
}

// foldTimeline folds facts into the fills of a bin, from first on: every
// collection or diversion ends a fill and starts the next. The last fill is
// the one that the bin holds. Each fill comes with its facts, settled; those
// about other facts are kept with these. It is pure: the same facts in any
// order give the same fills.
//
// An amendment is judged by what had happened when it was made. If it changes
// an earlier fact, the walk starts again with the changed fact: at most once
// per amendment.
func foldTimeline(t timeline, facts []Fact) []Fill {
	w := walk{timeline: t, facts: readingOrder(facts), judged: map[string]bool{}}
	for !w.run() {
	}
	w.placeAmendments()
	return w.fills
}

// walk is one bin's facts being folded.
type walk struct {
	timeline
	facts  []Fact          // in order; what amendments decided stays from run to run
	judged map[string]bool // amendments that are settled
	fills  []Fill
	home   map[string]int // entry → index of its fill
}

// run walks the facts once. It reports false if an amendment changed a fact
// that came before.
func (w *walk) run() bool {
	w.fills, w.home = []Fill{w.start(w.first)}, make(map[string]int, len(w.facts))
	for i := range w.facts {
		f := w.facts[i] // a copy: how it stands may change with the next run
		if isAmendment(f.Type) {
			if w.judge(&w.facts[i]) {
				return false
			}
			continue
		}
		fill := &w.fills[len(w.fills)-1]
		w.home[f.Entry] = len(w.fills) - 1
		next, ended := fillStart{}, false
		if f.Status == Applied {
			next, ended = w.step(fill, &f)
		}
		fill.Facts = append(fill.Facts, f)
		if ended {
			w.fills = append(w.fills, w.start(next))
		}
	}
	return true
}

// judge settles an undo, a correction or a dismissal, once. It reports whether
// that changed what came before.
func (w *walk) judge(f *Fact) (changed bool) {
	if w.judged[f.Entry] {
		return false
	}
	w.judged[f.Entry] = true
	switch f.Type {
	case "undo", "correct":
		return w.judgeChange(f)
	case "review.dismiss":
		w.judgeDismissal(f)
	}
	return false // answers are judged with their correction
}

// judgeDismissal looks how a fact stood in this run. What did not fit changed
// nothing, so that its dismissal changes nothing either.
func (w *walk) judgeDismissal(f *Fact) {
	i := slices.IndexFunc(w.facts, func(x Fact) bool { return x.Entry == f.Body.Entry })
	if i < 0 {
		dismiss(f, nil)
		return
	}
	kept := &w.facts[i]
	at, happened := w.home[kept.Entry]
	if !happened { // an amendment: it stands as it was judged
		dismiss(f, kept)
		return
	}
	facts := w.fills[at].Facts
	shown := &facts[slices.IndexFunc(facts, func(x Fact) bool { return x.Entry == kept.Entry })]
	if dismiss(f, shown); shown.Status == Dismissed {
		kept.settle(Dismissed, shown.Reason)
	}
}

func (w *walk) judgeChange(f *Fact) (changed bool) {
	var target *Fact
	var fill Fill
	if at, known := w.home[f.Body.Corrects]; known {
		fill = w.fills[at]
		target = &w.facts[slices.IndexFunc(w.facts, func(x Fact) bool { return x.Entry == f.Body.Corrects })]
	}
	gone := fill.CollectedAt != nil
	if f.Type == "undo" {
		return undo(f, target, gone && target.Type != "pickup.scan")
	}
	party := w.bin.Facility
	if f.Organisation == party {
		party = fill.Recycler
	}
	return correctFact(f, target, answerTo(f, w.facts, party), gone)
}

// placeAmendments puts the facts about other facts behind those of their
// fills, in order.
func (w *walk) placeAmendments() {
	happened := make([]int, len(w.fills))
	for i := range w.fills {
		happened[i] = len(w.fills[i].Facts)
	}
	for i := range w.facts {
		f := &w.facts[i]
		target := amendedEntry(f.Type, &f.Body)
		if target == nil {
			continue
		}
		at, known := w.home[*target]
		if !known {
			at = len(w.fills) - 1
			f.settle(Unfit, ReasonNotCorrectable)
		}
		w.home[f.Entry] = at
		w.fills[at].Facts = append(w.fills[at].Facts, *f)
	}
	until := calendar.Instant(0)
	for i := range w.fills {
		fill := &w.fills[i]
		slices.SortFunc(fill.Facts[happened[i]:], compareFacts)
		if until >= fill.StartedAt {
			fill.AmendedUntil = until
		}
		for j := range fill.Facts[happened[i]:] {
			until = max(until, fill.Facts[happened[i]+j].madeAt())
		}
	}
}

func (t timeline) start(s fillStart) Fill {
	settings := t.bin.at(s.at)
	return Fill{
		ID: s.id, Bin: t.bin.ID, Facility: t.bin.Facility, StartedAt: s.at, State: Open, PreviousBy: s.previousBy,
		Ward: settings.Ward, Stream: settings.Stream, VolumeLitres: settings.VolumeLitres, Facts: []Fact{},
	}
}

// step applies a fact to the fill that was in the bin then. It returns the
// start of the next fill if the fact ended this one.
func (t timeline) step(fill *Fill, f *Fact) (next fillStart, ended bool) {
	switch f.Type {
	case "fill.open":
		t.open(fill, f)
	case "fill.weigh":
		t.weigh(fill, f)
	case "fill.close":
		if t.close(fill, f); fill.State == Diverted {
			return fillStart{id: f.Entry, at: f.At}, true
		}
	case "pickup.scan":
		if t.collect(fill, f); fill.State == Collected {
			return fillStart{id: f.Entry, at: f.At, previousBy: f.Body.Pickup}, true
		}
	case "bin.lost":
		if fill.Lost {
			f.settle(Repeated, "")
		}
		fill.Lost = true
	case "bin.found":
		if !fill.Lost {
			f.settle(Unfit, ReasonNotLost)
		}
		fill.Lost = false
	}
	return fillStart{}, false
}

// retired settles facts that come after the bin went out of use.
func (t timeline) retired(f *Fact) bool {
	if t.bin.Retired != nil && f.At > *t.bin.Retired {
		f.settle(Unfit, ReasonBinRetired)
		return true
	}
	return false
}

func (fill *Fill) touched(at calendar.Instant) {
	if fill.OpenedAt == nil {
		fill.OpenedAt = &at
	}
}

func (t timeline) open(fill *Fill, f *Fact) {
	switch {
	case t.retired(f):
	case fill.State == Closed:
		f.settle(Unfit, ReasonAlreadyClosed)
	case fill.OpenedAt != nil:
		f.settle(Repeated, ReasonAlreadyOpen)
	default:
		fill.touched(f.At)
	}
}

// weigh notes a weighing. One before closing says how far the bin has filled;
// only from closing on does a weighing say what departs.
func (t timeline) weigh(fill *Fill, f *Fact) {
	if t.retired(f) {
		return
	}
	w, ok := t.measured(f)
	if !ok {
		return
	}
	fill.touched(f.At)
	if fill.State == Closed && w.Rung >= fill.Departure.Rung {
		fill.Departure = &w
	}
}

// measured works out the measurement of a fact and settles the fact if that
// can't be.
func (t timeline) measured(f *Fact) (Weighing, bool) {
	settings := t.bin.at(f.At)
	density := t.density(settings.Stream, f.At)
	w, ok := f.effective().Measurement.weigh(f.Entry, settings, density)
	if !ok {
		f.settle(Unfit, ReasonNetNotPositive)
		return w, false
	}
	if implausible(w.NetGrams, settings, density) {
		f.warn(WarnImplausible)
	}
	return w, true
}

func (t timeline) close(fill *Fill, f *Fact) {
	if t.retired(f) {
		return
	}
	if fill.State == Closed {
		f.settle(Unfit, ReasonAlreadyClosed)
		return
	}
	w, ok := t.measured(f)
	if !ok {
		return
	}
	settings, at := t.bin.at(f.At), f.At
	fill.touched(at)
	fill.State, fill.ClosedAt, fill.Departure = Closed, &at, &w
	fill.Ward, fill.Stream, fill.VolumeLitres = settings.Ward, settings.Stream, settings.VolumeLitres
	if !f.effective().Sorting.passed() {
		fill.State = Diverted
	}
}

func (t timeline) collect(fill *Fill, f *Fact) {
	switch {
	case fill.State == Closed:
		at := f.At
		fill.State, fill.CollectedAt, fill.Pickup, fill.Recycler = Collected, &at, f.Body.Pickup, f.Organisation
		fill.TareGrams = t.bin.at(at).TareGrams
		if fill.Lost {
			f.warn(WarnLost)
			fill.Lost = false
		}
	case fill.OpenedAt == nil && fill.PreviousBy == f.Body.Pickup:
		f.settle(Repeated, ReasonAlreadyCollected)
	case fill.OpenedAt == nil && fill.PreviousBy != "":
		f.settle(Unfit, ReasonAlreadyCollected)
	default:
		f.settle(Unfit, ReasonNotClosed)
	}
}
