package tracking

import "github.com/ricircolo/ricircolo/internal/calendar"

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
func foldTimeline(t timeline, facts []Fact) []Fill {
	facts = inOrder(facts)
	amend(facts, custodyPassed(facts))
	fills := []Fill{t.start(t.first)}
	home := make(map[string]int, len(facts)) // entry → index of its fill
	for i := range facts {
		f := &facts[i]
		if isAmendment(f.Type) {
			continue
		}
		fill := &fills[len(fills)-1]
		home[f.Entry] = len(fills) - 1
		next, ended := fillStart{}, false
		if f.Status == Applied {
			next, ended = t.step(fill, f)
		}
		fill.Facts = append(fill.Facts, *f)
		if ended {
			fills = append(fills, t.start(next))
		}
	}
	placeAmendments(fills, home, facts)
	return fills
}

// custodyPassed tells amend when a bin went to a driver: with a scan that was
// not undone. A scan itself can be corrected only with the facility's consent.
func custodyPassed(facts []Fact) func(from, to *Fact) bool {
	return func(from, to *Fact) bool {
		if from.Type == "pickup.scan" && to.Type == "correct" {
			return true
		}
		for i := range facts {
			s := &facts[i]
			if s.Type == "pickup.scan" && s.Status != Voided && s.Entry != from.Entry && from.before(s) && s.before(to) {
				return true
			}
		}
		return false
	}
}

// placeAmendments puts the facts about other facts into the fills of these, in
// order, and lets dismissals take effect.
func placeAmendments(fills []Fill, home map[string]int, facts []Fact) {
	for i := range facts {
		f := &facts[i]
		target := amendedEntry(f.Type, &f.Body)
		if target == nil {
			continue
		}
		at, known := home[*target]
		if !known {
			at = len(fills) - 1
		}
		home[f.Entry] = at
		if f.Type == "review.dismiss" {
			dismiss(fills[at].Facts, f)
		}
		fills[at].Facts = append(fills[at].Facts, *f)
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
