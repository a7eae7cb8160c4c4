package tracking

import (
	"cmp"
	"errors"
	"slices"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// applyAtDesk applies entries that are settled by the order of arrival:
// registering and changing bins, binding labels, planning pickups, closing
// months.
func (w *work) applyAtDesk(c Content, b Body) (applied, error) {
	switch c.Type {
	case "bin.register":
		return w.registerBin(c, b)
	case "bin.update":
		return w.updateBin(c, b)
	case "bin.retire":
		return w.retireBin(c, b)
	case "label.bind":
		return w.bindLabel(c, b)
	case "label.retire":
		return w.retireLabel(c, b)
	case "pickup.plan":
		return w.planPickup(c, b)
	case "month.close":
		return w.closeMonth(c, b)
	}
	return applied{}, problem.New(problem.Invalid, "entry-type-unknown", "There is no such type of entry.")
}

func ok(known ...string) (applied, error) {
	return applied{outcome: Outcome{Status: WasApplied}, known: known}, nil
}

// wardOf checks that a ward is there, in the facility, and in the author's
// scope.
func (w *work) wardOf(c Content, facility, ward, pointer string) error {
	d, err := fetch[Ward](w, KindWard, ward)
	if err == nil && (d.Facility != facility || !c.scope().SeesFacility(facility)) {
		err = store.ErrNotFound
	}
	return unknownReference(err, pointer, "ward in this facility")
}

func (w *work) registerBin(c Content, b Body) (applied, error) {
	if err := w.wardOf(c, b.Facility, b.Ward, "/body/ward"); err != nil {
		return applied{}, err
	}
	if _, err := fetch[Stream](w, KindStream, b.Stream); err != nil {
		return applied{}, unknownReference(err, "/body/stream", "stream")
	}
	bin := &Bin{
		ID: c.ID, Facility: b.Facility,
		Fill: CurrentFill{ID: c.ID, State: Open, StartedAt: c.EffectiveAt},
	}
	bin.change(c, b)
	w.put(bin)
	first := timeline{bin: bin}.start(fillStart{id: c.ID, at: c.EffectiveAt})
	w.put(&first)
	if b.Label == "" {
		return ok("bin:" + c.ID)
	}
	reason, err := w.bind(c, bin, b.Label, "")
	if err != nil {
		return applied{}, err
	}
	if reason == "" {
		return ok("bin:"+c.ID, "label:"+b.Label)
	}
	a, err := w.reviewAlone(c, reason) // the bin is there; its label is not
	a.known = []string{"bin:" + c.ID}
	return a, err
}

// bind puts a label on a bin, or says why that can't be.
func (w *work) bind(c Content, bin *Bin, code, replaces string) (Reason, error) {
	l, err := fetch[Label](w, KindLabel, code)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ReasonUnknownSubject, nil
	case err != nil:
		return "", err
	case l.Facility != "" && l.Facility != bin.Facility:
		return ReasonUnknownSubject, nil // another facility's
	case l.State == LabelIsGone:
		return ReasonLabelRetired, nil
	case l.State == Bound && l.Bin != bin.ID:
		return ReasonLabelBound, nil
	case l.State == Bound:
		return "", nil
	}
	var old *Label
	if replaces != "" {
		if old, err = fetch[Label](w, KindLabel, replaces); err != nil || old.Bin != bin.ID {
			return ReasonUnknownSubject, ignoreNotFound(err)
		}
	}
	bound := *l
	bound.State, bound.Bin, bound.BoundBy, bound.Facility = Bound, bin.ID, c.ID, bin.Facility
	w.put(&bound)
	if old != nil {
		gone := *old
		gone.State, gone.Retired = LabelIsGone, c.ID
		w.put(&gone)
	}
	bin.Label, bin.Labels = code, append(slices.Clone(bin.Labels), code)
	w.put(bin)
	return "", nil
}

// ownBin fetches a bin within the author's scope.
func (w *work) ownBin(c Content, id string) (*Bin, error) {
	bin, err := fetch[Bin](w, KindBin, id)
	if err == nil && !c.scope().SeesFacility(bin.Facility) {
		err = store.ErrNotFound
	}
	return bin, err
}

func (w *work) bindLabel(c Content, b Body) (applied, error) {
	bin, err := w.ownBin(c, b.Bin)
	if errors.Is(err, store.ErrNotFound) {
		return awaiting("bin:" + b.Bin), nil
	}
	if err != nil {
		return applied{}, err
	}
	reason, err := w.bind(c, bin, b.Label, b.Replaces)
	if err != nil {
		return applied{}, err
	}
	if reason != "" {
		return w.reviewAlone(c, reason)
	}
	return ok("label:" + b.Label)
}

func (w *work) retireLabel(c Content, b Body) (applied, error) {
	l, err := fetch[Label](w, KindLabel, b.Label)
	if err == nil && !c.scope().SeesFacility(l.Facility) {
		err = store.ErrNotFound
	}
	if errors.Is(err, store.ErrNotFound) {
		return awaiting("label:" + b.Label), nil
	}
	if err != nil {
		return applied{}, err
	}
	if l.State == LabelIsGone {
		return ok()
	}
	gone := *l
	gone.State, gone.Retired = LabelIsGone, c.ID
	w.put(&gone)
	if l.Bin == "" {
		return ok()
	}
	bin, err := fetch[Bin](w, KindBin, l.Bin)
	if err == nil && bin.Label == l.Code {
		changed := *bin
		changed.Label = ""
		w.put(&changed)
	}
	if err != nil {
		return applied{}, err
	}
	return ok()
}

// updateBin dates new settings to the instant of the entry and folds the fills
// from there on again: a new tare changes the net mass of what was weighed
// since.
func (w *work) updateBin(c Content, b Body) (applied, error) {
	bin, err := w.ownBin(c, b.Bin)
	if errors.Is(err, store.ErrNotFound) {
		return awaiting("bin:" + b.Bin), nil
	}
	if err != nil {
		return applied{}, err
	}
	if b.Ward != "" {
		if err := w.wardOf(c, bin.Facility, b.Ward, "/body/ward"); err != nil {
			return applied{}, err
		}
	}
	if b.Stream != "" {
		if _, err := fetch[Stream](w, KindStream, b.Stream); err != nil {
			return applied{}, unknownReference(err, "/body/stream", "stream")
		}
	}
	if len(bin.Changes) >= MaxFillFacts {
		return applied{}, errTooManyFacts
	}
	bin.change(c, b)
	w.put(bin)
	if _, err := w.refoldBin(bin, madeAt(c.EffectiveAt, c.RecordedAt), "", nil); err != nil {
		return applied{}, err
	}
	return ok()
}

// change adds a dated change and folds the settings again. The registration
// stays the first, whatever a clock that runs behind says of a later change.
func (bin *Bin) change(c Content, b Body) {
	at := c.EffectiveAt
	if len(bin.Changes) > 0 {
		at = max(madeAt(at, c.RecordedAt), bin.Changes[0].At)
	}
	bin.Changes = append(slices.Clone(bin.Changes), BinChange{at, c.ID, b.Name, b.Ward, b.Stream, b.VolumeLitres, b.TareGrams})
	slices.SortFunc(bin.Changes[1:], func(a, b BinChange) int {
		return compareFacts(Fact{At: a.At, Entry: a.Entry}, Fact{At: b.At, Entry: b.Entry})
	})
	bin.Settings = make([]BinSettings, 0, len(bin.Changes))
	var s BinSettings
	for _, change := range bin.Changes {
		s.From, s.Entry = change.At, change.Entry
		bin.Name = cmp.Or(change.Name, bin.Name)
		s.Ward, s.Stream = cmp.Or(change.Ward, s.Ward), cmp.Or(change.Stream, s.Stream)
		s.VolumeLitres = cmp.Or(change.VolumeLitres, s.VolumeLitres)
		if change.TareGrams != nil {
			s.TareGrams = *change.TareGrams
		}
		bin.Settings = append(bin.Settings, s)
	}
}

func (w *work) retireBin(c Content, b Body) (applied, error) {
	bin, err := w.ownBin(c, b.Bin)
	if errors.Is(err, store.ErrNotFound) {
		return awaiting("bin:" + b.Bin), nil
	}
	if err != nil {
		return applied{}, err
	}
	at := c.RecordedAt // never behind what was recorded
	if bin.Retired != nil {
		at = min(at, *bin.Retired)
	}
	bin.Retired = &at
	w.put(bin)
	if _, err := w.refoldBin(bin, at, "", nil); err != nil {
		return applied{}, err
	}
	return ok()
}

func (w *work) planPickup(c Content, b Body) (applied, error) {
	s := c.scope()
	if !s.SeesBetween(b.Facility, b.Recycler) {
		return applied{}, unknownReference(store.ErrNotFound, "/body/recycler", "pickup of yours")
	}
	if _, err := fetch[Facility](w, KindFacility, b.Facility); err != nil {
		return applied{}, unknownReference(err, "/body/facility", "facility")
	}
	if _, err := fetch[Recycler](w, KindRecycler, b.Recycler); err != nil {
		return applied{}, unknownReference(err, "/body/recycler", "recycler")
	}
	for _, id := range b.Bins {
		bin, err := fetch[Bin](w, KindBin, id)
		if err == nil && bin.Facility != b.Facility {
			err = store.ErrNotFound
		}
		if err != nil {
			return applied{}, unknownReference(err, "/body/bins", "bin in this facility")
		}
	}
	w.put(&Pickup{
		ID: c.ID, Facility: b.Facility, Recycler: b.Recycler, PlannedFor: b.PlannedFor, Bins: b.Bins,
		State: Planned, Lines: []Line{}, Loads: []Load{}, Facts: []Fact{},
	})
	return ok("pickup:" + c.ID)
}

// closeMonth freezes the cells of a month that is over.
func (w *work) closeMonth(c Content, b Body) (applied, error) {
	if b.Month >= calendar.MonthOf(c.RecordedAt) {
		return applied{}, problem.New(problem.Unprocessable, "month-not-over", "Only a month that is over can be closed.").
			With("/body/month", "out-of-range", "Name an earlier month.")
	}
	lab, err := w.lab()
	if err != nil {
		return applied{}, err
	}
	if lab.monthClosed(b.Month) {
		return w.reviewAlone(c, ReasonMonthClosed)
	}
	changed := *lab
	changed.ClosedMonths = append(slices.Clone(lab.ClosedMonths), ClosedMonth{b.Month, c.RecordedAt, c.ID})
	w.put(&changed)
	return ok()
}

// densities returns the bulk density of the streams that a bin has had.
func (w *work) densities(bin *Bin) (func(string, calendar.Instant) int64, error) {
	streams := map[string]*Stream{}
	for _, s := range bin.Settings {
		if streams[s.Stream] != nil {
			continue
		}
		stream, err := fetch[Stream](w, KindStream, s.Stream)
		if err != nil {
			return nil, err
		}
		streams[s.Stream] = stream
	}
	return func(stream string, at calendar.Instant) int64 { return streams[stream].densityAt(at) }, nil
}
