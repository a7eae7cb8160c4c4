package tracking

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/store"
)

// refoldBin folds a bin's timeline again with one more fact (or with none, if
// add is nil), from the fill that holds the instant at on, as far as the
// change reaches; then the pickups whose lines changed. Without a fact the
// bin's own settings changed, and that reaches to the end. It returns the new
// fills.
func (w *work) refoldBin(bin *Bin, at calendar.Instant, entry string, add *Fact) ([]Fill, error) {
	old, err := w.fillAt(bin, at, entry)
	for err == nil && old.AmendedUntil != 0 { // an earlier amendment has to be judged again
		old, err = w.fillBefore(old)
	}
	if err != nil {
		return nil, err
	}
	loaded := []*Fill{old}
	facts := slices.Clone(old.Facts)
	most := mostFacts(add)
	if add != nil {
		if len(facts) >= most {
			return nil, errTooManyFacts
		}
		facts = append(facts, *add)
	}
	density, err := w.densities(bin)
	if err != nil {
		return nil, err
	}
	t := timeline{bin: bin, first: fillStart{old.ID, old.StartedAt, old.PreviousBy}, density: density}
	var fills []Fill
	for {
		last := loaded[len(loaded)-1]
		if add != nil || last.ID == bin.Fill.ID {
			fills = foldTimeline(t, facts)
		}
		if last.ID == bin.Fill.ID {
			break
		}
		next, err := w.fillAfter(last)
		if err != nil {
			return nil, err
		}
		if add != nil && fills[len(fills)-1].leadsTo(next) {
			fills = fills[:len(fills)-1] // the change ends before the next fill
			break
		}
		loaded = append(loaded, next)
		facts = append(facts, next.Facts...)
	}
	for i := range fills {
		if add != nil && tooMany(fills[i].Facts, most) {
			return nil, errTooManyFacts
		}
	}
	return fills, w.replaceFills(bin, loaded, fills)
}

// mostFacts is how many facts a fill may have with this one: some room is kept
// for what moves the fill on.
func mostFacts(add *Fact) int {
	if add != nil && (add.Type == "fill.close" || add.Type == "pickup.scan") {
		return MaxFillFacts + 50
	}
	return MaxFillFacts
}

// leadsTo reports whether the fill that a fold ends with is the beginning of
// the next one, as it was, so that nothing changes from there on.
func (f *Fill) leadsTo(next *Fill) bool {
	return f.ID == next.ID && len(f.Facts) == 0 && f.PreviousBy == next.PreviousBy && f.AmendedUntil == 0 && next.AmendedUntil == 0
}

// tooMany reports whether facts are beyond what may be folded again and again.
func tooMany(facts []Fact, most int) bool {
	amendments := 0
	for i := range facts {
		if isAmendment(facts[i].Type) {
			amendments++
		}
	}
	if len(facts) > most || amendments > MaxAmendments {
		return true
	}
	if len(facts) < MaxAmendments {
		return false
	}
	b, err := json.Marshal(facts)
	return err != nil || len(b) > maxFactBytes
}

// fillAt finds the fill in whose time a fact lies: the last one that started
// before it.
func (w *work) fillAt(bin *Bin, at calendar.Instant, entry string) (*Fill, error) {
	current := Fact{At: bin.Fill.StartedAt, Entry: bin.Fill.ID}
	if bin.Fill.ID == bin.ID || current.before(&Fact{At: at, Entry: entry}) {
		return fetch[Fill](w, KindFill, bin.Fill.ID)
	}
	hits, err := w.tx.Find(store.Query{
		Kind: KindFill, Index: byBin, From: bin.ID + "|", To: fillKey(bin.ID, at, entry).Value, Descending: true, Limit: 1,
	})
	if err != nil {
		return nil, err
	}
	if len(hits) == 0 { // before the bin was registered, by a clock that runs behind
		return fetch[Fill](w, KindFill, bin.ID)
	}
	return fetch[Fill](w, KindFill, hits[0].Document.ID)
}

// fillBefore finds the fill that comes before in the same bin.
func (w *work) fillBefore(f *Fill) (*Fill, error) {
	hits, err := w.tx.Find(store.Query{
		Kind: KindFill, Index: byBin, From: f.Bin + "|", To: f.startKey().Value, Descending: true, Limit: 1,
	})
	if err != nil {
		return nil, err
	}
	if len(hits) == 0 {
		return nil, store.ErrNotFound
	}
	return fetch[Fill](w, KindFill, hits[0].Document.ID)
}

// fillAfter finds the fill that follows in the same bin.
func (w *work) fillAfter(f *Fill) (*Fill, error) {
	here := f.startKey().Value
	hits, err := w.tx.Find(store.Query{
		Kind: KindFill, Index: byBin, To: f.Bin + "}", After: &store.Position{Value: here, ID: f.ID}, Limit: 1,
	})
	if err != nil {
		return nil, err
	}
	if len(hits) == 0 {
		return nil, store.ErrNotFound
	}
	return fetch[Fill](w, KindFill, hits[0].Document.ID)
}

// replaceFills stages new fills in place of old ones and carries the change on
// to the bin and to the pickups that took them.
func (w *work) replaceFills(bin *Bin, old []*Fill, fills []Fill) error {
	was := make(map[string]*Fill, len(old))
	for _, f := range old {
		was[f.ID] = f
	}
	changed := map[string]*lineChange{}
	last := old[len(old)-1].ID == bin.Fill.ID
	for i := range fills {
		f := &fills[i]
		before := was[f.ID]
		delete(was, f.ID)
		if before != nil && before.Pickup == f.Pickup {
			f.setArrival(before.Arrival)
			f.setHaul(before.Haul)
		}
		noteLine(changed, before, f)
		w.put(f)
	}
	for id, f := range was {
		noteLine(changed, f, nil)
		w.remove(KindFill, id)
	}
	if last {
		f := &fills[len(fills)-1]
		if now := (CurrentFill{f.ID, f.State, f.StartedAt}); bin.Fill != now || bin.Lost != f.Lost {
			bin.Fill, bin.Lost = now, f.Lost
			w.put(bin)
		}
	}
	return w.refoldPickups(changed)
}

// setArrival sets what arrived of a fill, and with it the fill's state.
func (f *Fill) setArrival(a *Arrival) {
	f.Arrival = a
	if f.CollectedAt == nil {
		f.Arrival = nil
		return
	}
	switch {
	case a == nil:
		f.State = Collected
	case a.PendingGrams == 0 && a.AcceptedGrams > 0:
		f.State = Treated
	default:
		f.State = Received
	}
}

// lineChange is what changes about the lines of one pickup.
type lineChange struct {
	put  []Line
	drop []string // fill ids
}

// noteLine notes what a changed fill means for the pickups' lines.
func noteLine(changed map[string]*lineChange, before, after *Fill) {
	was, is := line(before), line(after)
	if was == nil && is == nil || was != nil && is != nil && before.Pickup == after.Pickup && *was == *is {
		return
	}
	change := func(pickup string) *lineChange {
		c := changed[pickup]
		if c == nil {
			c = &lineChange{}
			changed[pickup] = c
		}
		return c
	}
	if was != nil {
		change(before.Pickup).drop = append(change(before.Pickup).drop, was.Fill)
	}
	if is != nil {
		change(after.Pickup).put = append(change(after.Pickup).put, *is)
	}
}

// line is what a pickup knows of a fill that it took; nil for one not taken.
func line(f *Fill) *Line {
	if f == nil || f.CollectedAt == nil {
		return nil
	}
	l := &Line{
		Fill: f.ID, Bin: f.Bin, At: *f.CollectedAt, Ward: f.Ward, Stream: f.Stream,
		DepartureGrams: f.Departure.NetGrams, Rung: f.Departure.Rung,
		VolumeLitres: f.VolumeLitres, TareGrams: f.TareGrams,
	}
	for i := range f.Facts {
		if s := &f.Facts[i]; s.Type == "pickup.scan" && s.Status == Applied {
			l.Scan = s.Entry
		}
	}
	return l
}

func (w *work) refoldPickups(changed map[string]*lineChange) error {
	for id, change := range changed {
		p, err := fetch[Pickup](w, KindPickup, id)
		if err != nil {
			return err
		}
		touched := slices.Clone(change.drop)
		for _, l := range change.put {
			touched = append(touched, l.Fill)
		}
		lines := slices.DeleteFunc(slices.Clone(p.Lines), func(l Line) bool { return slices.Contains(touched, l.Fill) })
		if lines = append(lines, change.put...); len(lines) > MaxLines {
			return errTooManyLines
		}
		if err := w.foldPickupAgain(p, lines, p.Facts, touched); err != nil {
			return err
		}
	}
	return nil
}

// refoldPickup folds a pickup again with one more fact and gives what arrived
// back to its fills.
func (w *work) refoldPickup(p *Pickup, add *Fact) error {
	facts := append(slices.Clone(p.Facts), *add)
	if tooMany(facts, MaxPickupFacts) {
		return errTooManyFacts
	}
	return w.foldPickupAgain(p, slices.Clone(p.Lines), facts, nil)
}

// foldPickupAgain replaces a pickup's lines and facts. touched are the fills
// whose lines are new; of the others only those are read for which something
// else arrived than before, or which were carried otherwise.
func (w *work) foldPickupAgain(p *Pickup, lines []Line, facts []Fact, touched []string) error {
	before, arrived := foldPickup(*p, slices.Clone(p.Facts))
	after := *p
	after.Lines = lines
	after, arrivals := foldPickup(after, facts)
	carried, hauls := before.hauls(), after.hauls()
	for _, l := range after.Lines {
		same := sameArrival(arrived[l.Fill], arrivals[l.Fill]) && maps.Equal(carried[l.Fill], hauls[l.Fill])
		if same && !slices.Contains(touched, l.Fill) {
			continue
		}
		if err := w.arrive(l.Fill, arrivals[l.Fill], hauls[l.Fill]); err != nil {
			return err
		}
	}
	for i := range before.Loads {
		if err := w.count(before.unallocated(&before.Loads[i]), -1); err != nil {
			return err
		}
	}
	for i := range after.Loads {
		if err := w.count(after.unallocated(&after.Loads[i]), +1); err != nil {
			return err
		}
	}
	w.putDerived(&before, &after, arrivals)
	w.put(&after)
	return nil
}

// arrive gives a fill what arrived of it and its part of the transport, if that
// changed.
func (w *work) arrive(fill string, a *Arrival, haul map[string]int64) error {
	f, err := fetch[Fill](w, KindFill, fill)
	if err != nil {
		return err
	}
	if sameArrival(f.Arrival, a) && maps.Equal(f.Haul, haul) {
		return nil
	}
	changed := *f
	changed.setArrival(a)
	changed.setHaul(haul)
	w.put(&changed)
	return nil
}

var (
	errTooManyFacts = errors.New("too many facts for one fill or pickup")
	errTooManyLines = errors.New("too many bins for one pickup")
)
