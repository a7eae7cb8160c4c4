package rederivetest

import (
	"cmp"
	"slices"
	"time"
)

// The rungs of the ladder of mass quality, worst first.
const (
	volumeEstimate = iota
	wardEstimate
	wardScale
	recyclerScale
	weighbridge
	rungs
)

var rungNames = [rungs]string{"volume-estimate", "ward-estimate", "ward-scale", "recycler-scale", "certified-weighbridge"}

// fill is one filling of a bin that was closed.
type fill struct {
	id       string
	bin      *bin
	closed   time.Time
	grams    int64
	rung     int
	diverted bool
	scan     *entry // that took it
}

// settled is what amendments have decided about a bin's facts.
type settled struct {
	gone     map[string]bool  // undone, voided or dismissed
	replaced map[string]*body // corrected
}

// fills folds a bin's facts. Amendments are judged first, in the order in which
// they count as made, each by what had happened until then.
func (b *books) fills(of *bin) []fill {
	facts, amendments := apart(of.facts)
	s := settled{map[string]bool{}, map[string]*body{}}
	for _, a := range amendments {
		b.judge(of, facts, a, s)
	}
	made, _, _ := b.walk(of, facts, s)
	return made
}

// apart parts what happened, by the instant, from amendments, by when they
// count as made.
func apart(all []*entry) (facts, amendments []*entry) {
	for _, e := range all {
		if target(e) == "" {
			facts = append(facts, e)
		} else {
			amendments = append(amendments, e)
		}
	}
	slices.SortFunc(facts, func(a, b *entry) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(amendments, func(a, b *entry) int { return cmp.Or(made(a).Compare(made(b)), cmp.Compare(a.ID, b.ID)) })
	return facts, amendments
}

// made is when an amendment counts as made: when its phone says, unless it was
// on its way for more than three days.
func made(a *entry) time.Time {
	if a.Recorded.Sub(a.At) > 72*time.Hour {
		return a.Recorded
	}
	return a.At
}

// judge decides on one amendment.
func (b *books) judge(of *bin, facts []*entry, a *entry, s settled) {
	was := b.where[target(a)]
	until := made(a)
	if was.At.After(until) {
		until = was.At
	}
	var then []*entry
	for _, f := range facts {
		if !f.At.After(until) {
			then = append(then, f)
		}
	}
	_, unfit, taken := b.walk(of, then, s)
	scan := taken[was.ID]
	switch a.Type {
	case "undo":
		late := made(a).Sub(was.At) > 10*time.Minute || scan != nil && scan.ID != was.ID
		if was.Actor == a.Actor && !late {
			s.gone[was.ID] = true
		}
	case "correct":
		if was.Organisation != a.Organisation || s.gone[was.ID] || scan != nil && !agreed(of.facts, a, scan.Organisation) {
			return
		}
		if a.Body.Void {
			s.gone[was.ID] = true
		} else {
			s.replaced[was.ID] = a.Body.Replacement
		}
	case "review.dismiss":
		if unfit[was.ID] {
			s.gone[was.ID] = true
		}
	}
}

// agreed reports whether the other party's first answer to a correction is yes.
func agreed(all []*entry, correction *entry, party string) bool {
	var first *entry
	for _, e := range all {
		answers := e.Type == "correction.approve" || e.Type == "correction.reject"
		if answers && e.Body.Correction == correction.ID && e.Organisation == party && (first == nil || e.At.Before(first.At)) {
			first = e
		}
	}
	return first != nil && first.Type == "correction.approve"
}

// walk goes through the facts that stand. It returns the fills that were
// closed, the facts that did not fit, and which scan took the fill of a fact.
func (b *books) walk(of *bin, facts []*entry, s settled) (made []fill, unfit map[string]bool, taken map[string]*entry) {
	unfit, taken = map[string]bool{}, map[string]*entry{}
	now := fill{id: of.id, bin: of}
	var during []string
	next := func(e *entry) {
		made = append(made, now)
		now, during = fill{id: e.ID, bin: of}, nil
	}
	for _, e := range facts {
		during = append(during, e.ID)
		if s.gone[e.ID] {
			continue
		}
		said := &e.Body
		if r := s.replaced[e.ID]; r != nil {
			said = r
		}
		open := now.closed.IsZero()
		switch e.Type {
		case "fill.weigh":
			if grams, rung := b.weigh(of, said.Measurement, e.At); !open && rung >= now.rung {
				now.grams, now.rung = grams, rung
			}
		case "fill.close":
			if !open {
				unfit[e.ID] = true
				continue
			}
			now.closed = e.At
			now.grams, now.rung = b.weigh(of, said.Measurement, e.At)
			if q := said.Sorting; !q.NotHazardous || !q.NotContaminated || !q.NotIsolation {
				now.diverted = true
				next(e)
			}
		case "pickup.scan":
			if open {
				unfit[e.ID] = true
				continue
			}
			now.scan = e
			for _, id := range during {
				taken[id] = e
			}
			next(e)
		}
	}
	if !now.closed.IsZero() {
		made = append(made, now)
	}
	return made, unfit, taken
}

// weigh works out what was measured in the ward.
func (b *books) weigh(of *bin, m *measurement, at time.Time) (grams int64, rung int) {
	switch {
	case m.Fullness != 0:
		density := int64(0)
		for _, d := range b.streams[of.stream].Densities { // the oldest first
			if !d.From.After(at) {
				density = d.Grams
			}
		}
		return (of.volume*density*m.Fullness + 50) / 100, volumeEstimate
	case m.Net != 0 && m.Estimated:
		return m.Net, wardEstimate
	case m.Net != 0:
		return m.Net, wardScale
	}
	return m.Gross - cmp.Or(m.Tare, of.tare), wardScale
}
