package tracking

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// applied is the answer to an entry while it is being applied.
type applied struct {
	outcome Outcome
	known   []string // subjects that became known with it: "bin:…", "label:…", "pickup:…"
	awaits  string   // the subject that the entry waits for, if any
}

// apply works out what an entry does, staged in w, and what to answer. It is a
// function of the entry and of the documents alone, so that folding the ledger
// again gives the same. A problem means that the entry can't be recorded.
func (w *work) apply(c Content, b Body) (applied, error) {
	switch c.Type {
	case "fill.open", "fill.weigh", "fill.close", "bin.lost", "bin.found", "pickup.scan":
		return w.applyToBin(c, b)
	case "pickup.cancel", "pickup.missing", "pickup.exception", "pickup.handover", "pickup.countersign",
		"receipt.record", "treatment.record":
		return w.applyToPickup(c, b, b.Pickup)
	case "discrepancy.explain", "discrepancy.accept":
		return w.applyToPickup(c, b, discrepancyPickup(b.Discrepancy))
	case "undo", "correct", "correction.approve", "correction.reject", "review.dismiss":
		return w.applyAmendment(c, b)
	default:
		return w.applyAtDesk(c, b)
	}
}

// scope is whom an entry's author speaks for. It is read from the entry, not
// from the session, so that a rebuild judges as it was judged then.
func (c Content) scope() access.Caller {
	m := access.Membership{Role: c.Role}
	switch c.Role {
	case access.Ward, access.Manager:
		m.Facility = c.Organisation
	case access.Driver, access.Plant:
		m.Recycler = c.Organisation
	}
	return access.Caller{Membership: m}
}

// awaiting answers an entry about something that is not known yet, or that is
// none of the author's business: both look the same, and both are kept.
func awaiting(subject string) applied {
	return applied{outcome: Outcome{Status: NeedsReview, Reason: ReasonUnknownSubject}, awaits: subject}
}

// applyToBin adds a fact to a bin's timeline.
func (w *work) applyToBin(c Content, b Body) (applied, error) {
	binID, subject, err := w.resolveBin(b)
	if err != nil || binID == "" {
		return awaiting(subject), err
	}
	bin, err := fetch[Bin](w, KindBin, binID)
	if errors.Is(err, store.ErrNotFound) {
		return awaiting("bin:" + binID), nil
	}
	if err != nil {
		return applied{}, err
	}
	var visit *Pickup
	if c.Type == "pickup.scan" {
		p, err := fetch[Pickup](w, KindPickup, b.Pickup)
		if errors.Is(err, store.ErrNotFound) || err == nil && !c.scope().SeesRecycler(p.Recycler) {
			return awaiting("pickup:" + b.Pickup), nil
		}
		if err != nil {
			return applied{}, err
		}
		if p.Facility != bin.Facility {
			return awaiting("bin:" + binID), nil
		}
		visit = p
	} else if taker := c.scope().Recycler; taker != "" { // a driver says that a bin is lost, or found
		if !slices.Contains(bin.Recyclers, taker) {
			return awaiting(custody(bin.ID, taker)), nil
		}
	} else if !c.scope().SeesFacility(bin.Facility) {
		if b.Bin == "" {
			return awaiting("label:" + b.Label), nil
		}
		return awaiting("bin:" + binID), nil
	}
	var known []string
	if c.Type == "pickup.scan" && !slices.Contains(bin.Recyclers, c.Organisation) {
		bin.Recyclers = append(slices.Clone(bin.Recyclers), c.Organisation)
		slices.Sort(bin.Recyclers)
		w.put(bin)
		known = []string{custody(bin.ID, c.Organisation)}
	}
	fact := c.fact(b)
	fills, err := w.refoldBin(bin, fact.At, fact.Entry, &fact)
	if err != nil {
		return applied{}, err
	}
	a, err := answerIn(fills, c.ID)
	a.known = known
	if visit != nil && a.outcome.Status != NeedsReview {
		a.outcome.Warnings = append(slices.Clone(a.outcome.Warnings), visit.scanWarnings(bin.ID, fact.At)...)
	}
	return a, err
}

// scanWarnings says what is odd about taking a bin on this visit.
func (p *Pickup) scanWarnings(bin string, at calendar.Instant) (warnings []Warning) {
	if len(p.Bins) > 0 && !slices.Contains(p.Bins, bin) {
		warnings = append(warnings, WarnNotPlanned)
	}
	if p.Handover != nil && p.Handover.At < at {
		warnings = append(warnings, WarnAfterHandover)
	}
	return warnings
}

// custody is the subject that a recycler's entries about a bin wait for: its
// first scan of it.
func custody(bin, recycler string) string { return "custody:" + bin + ":" + recycler }

// resolveBin finds the bin that a body names, itself or by its label. Without
// a bin it returns the subject to wait for.
func (w *work) resolveBin(b Body) (bin, subject string, err error) {
	if b.Bin != "" {
		return b.Bin, "", nil
	}
	l, err := fetch[Label](w, KindLabel, b.Label)
	if errors.Is(err, store.ErrNotFound) || err == nil && l.Bin == "" {
		return "", "label:" + b.Label, nil
	}
	if err != nil {
		return "", "", err
	}
	return l.Bin, "", nil
}

// answerIn reads the answer to an entry off the fill that it ended up in.
func answerIn(fills []Fill, entry string) (applied, error) {
	for i := range fills {
		for j := range fills[i].Facts {
			if f := &fills[i].Facts[j]; f.Entry == entry {
				return answer(f, fills[i].ID)
			}
		}
	}
	return applied{}, fmt.Errorf("entry %s is in no fill of its bin", entry)
}

// answer turns a settled fact into an outcome. What is impossible, whatever
// else may still arrive, is refused.
func answer(f *Fact, fill string) (applied, error) {
	o := Outcome{Status: WasApplied, Fill: fill, Warnings: f.Warnings}
	switch f.Status {
	case Unfit:
		if f.Reason == ReasonNetNotPositive {
			return applied{}, problem.New(problem.Unprocessable, "net-not-positive",
				"The net mass would not be positive, or less than what is refused: check gross mass and tare.")
		}
		o.Status, o.Reason = NeedsReview, f.Reason
	case Dismissed:
		o.Status, o.Reason = NeedsReview, f.Reason
	case Repeated:
		o.Status, o.Warnings = WithWarning, append(slices.Clone(f.Warnings), WarnRepeated)
	default:
		if len(f.Warnings) > 0 {
			o.Status = WithWarning
		}
	}
	return applied{outcome: o}, nil
}

// applyToPickup adds a fact to a pickup.
func (w *work) applyToPickup(c Content, b Body, id string) (applied, error) {
	p, err := fetch[Pickup](w, KindPickup, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !c.scope().SeesBetween(p.Facility, p.Recycler) {
		return awaiting("pickup:" + id), nil
	}
	if err != nil {
		return applied{}, err
	}
	if c.Type == "receipt.record" || c.Type == "treatment.record" {
		if _, err := fetch[Stream](w, KindStream, b.Stream); err != nil {
			return applied{}, unknownReference(err, "/body/stream", "stream")
		}
	}
	fact := c.fact(b)
	if err := w.refoldPickup(p, &fact); err != nil {
		return applied{}, err
	}
	p, err = fetch[Pickup](w, KindPickup, id)
	if err != nil {
		return applied{}, err
	}
	i := slices.IndexFunc(p.Facts, func(f Fact) bool { return f.Entry == c.ID })
	return answer(&p.Facts[i], "")
}

// discrepancyPickup is the pickup in a discrepancy's id.
func discrepancyPickup(id string) string {
	pickup, _, _ := strings.Cut(id, ":")
	return pickup
}

// unknownReference turns a missing document into a problem with the value at
// fault, and passes other errors on.
func unknownReference(err error, pointer, what string) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return problem.New(problem.Unprocessable, "reference-unknown", "This names something that is not there.").
		With(pointer, "unknown", "There is no such "+what+".")
}

// applyAmendment adds a fact that is about another entry to where that is.
func (w *work) applyAmendment(c Content, b Body) (applied, error) {
	targetID := *amendedEntry(c.Type, &b)
	target, targetBody, err := w.recordedEntry(targetID)
	if errors.Is(err, store.ErrNotFound) {
		return awaiting("entry:" + targetID), nil
	}
	if err != nil {
		return applied{}, err
	}
	if !mayAmend(c, target) {
		return awaiting("entry:" + targetID), nil
	}
	if reason := misses(c.Type, target.Type); reason != "" {
		if !c.scope().LabWide() && c.Organisation != target.Organisation {
			return awaiting("entry:" + targetID), nil
		}
		return w.reviewAlone(c, reason)
	}
	if a, waits, err := w.amendWaiting(c, targetID); waits || err != nil {
		return a, err
	}
	if r, err := fetch[Review](w, KindReview, targetID); err == nil && r.Alone && c.Type == "review.dismiss" {
		return w.dismissAlone(c, b, target)
	}
	if c.Type == "correct" && b.Replacement != nil {
		if b, err = completeReplacement(b, target, targetBody); err != nil {
			return applied{}, err
		}
	}
	return w.applyWhereTargetIs(c, b, target, targetBody)
}

// misses says why an amendment can't be about an entry of a type, or "".
func misses(amendment, target Type) Reason {
	switch amendment {
	case "undo", "correct":
		if !undoable[target] {
			return ReasonNotCorrectable
		}
	case "correction.approve", "correction.reject":
		if target != "correct" {
			return ReasonNotPending
		}
	case "review.dismiss":
		if target == "review.dismiss" {
			return ReasonNotPending
		}
	}
	return ""
}

// mayAmend reports whether the author may undo or correct the target: only an
// own organisation's entry. Who may answer or dismiss is decided where the
// target is.
func mayAmend(c, target Content) bool {
	return c.Type != "undo" && c.Type != "correct" || c.Organisation == target.Organisation
}

// applyWhereTargetIs follows a target to the bin or pickup that holds it.
func (w *work) applyWhereTargetIs(c Content, b Body, target Content, targetBody Body) (applied, error) {
	for next := amendedEntry(target.Type, &targetBody); next != nil; next = amendedEntry(target.Type, &targetBody) {
		id := *next // next points into what is overwritten here
		var err error
		if target, targetBody, err = w.recordedEntry(id); errors.Is(err, store.ErrNotFound) {
			return awaiting("entry:" + id), nil
		} else if err != nil {
			return applied{}, err
		}
	}
	switch target.Type {
	case "fill.open", "fill.weigh", "fill.close", "bin.lost", "bin.found", "pickup.scan":
		return w.amendBin(c, b, target, targetBody)
	case "pickup.cancel", "pickup.missing", "pickup.exception", "pickup.handover", "pickup.countersign",
		"receipt.record", "treatment.record":
		return w.applyToPickup(c, b, targetBody.Pickup)
	case "discrepancy.explain", "discrepancy.accept":
		return w.applyToPickup(c, b, discrepancyPickup(targetBody.Discrepancy))
	}
	if c.Type == "review.dismiss" {
		return w.dismissAlone(c, b, target)
	}
	return w.reviewAlone(c, ReasonNotCorrectable)
}

func (w *work) amendBin(c Content, b Body, target Content, targetBody Body) (applied, error) {
	binID, _, err := w.resolveBin(targetBody)
	if err != nil {
		return applied{}, err
	}
	bin, err := fetch[Bin](w, KindBin, binID)
	if err != nil {
		return applied{}, err
	}
	s := c.scope()
	if s.Recycler != "" && !slices.Contains(bin.Recyclers, s.Recycler) {
		return awaiting(custody(bin.ID, s.Recycler)), nil
	}
	if s.Recycler == "" && !s.SeesFacility(bin.Facility) {
		return awaiting("entry:" + target.ID), nil
	}
	fact := c.fact(b)
	fills, err := w.refoldBin(bin, target.EffectiveAt, target.ID, &fact)
	if err != nil {
		return applied{}, err
	}
	return answerIn(fills, c.ID)
}

// recordedEntry reads an entry of the ledger.
func (w *work) recordedEntry(id string) (Content, Body, error) {
	record, err := w.tx.Entry(id)
	if err != nil {
		return Content{}, Body{}, err
	}
	return parseContent(record)
}

func parseContent(r store.Record) (c Content, b Body, err error) {
	if err = json.Unmarshal(r.Entry.Content, &c); err != nil {
		return c, b, fmt.Errorf("reading entry %d: %w", r.Seq, err)
	}
	if _, client := bodyRules[c.Type]; !client {
		return c, b, nil
	}
	if err = json.Unmarshal(c.Body, &b); err != nil {
		return c, b, fmt.Errorf("reading the body of entry %d: %w", r.Seq, err)
	}
	return c, b, nil
}

// names reports whether something is named, and something else.
func names(given, is string) bool { return given != "" && given != is }

// completeReplacement checks a replacement as a body of the target's type and
// fills in what a correction can't change: what the entry is about.
func completeReplacement(b Body, target Content, targetBody Body) (Body, error) {
	r := *b.Replacement
	if names(r.Bin, targetBody.Bin) || names(r.Label, targetBody.Label) || names(r.Pickup, targetBody.Pickup) || names(r.Stream, targetBody.Stream) {
		return b, problem.New(problem.Invalid, "replacement-invalid",
			"A correction can't move an entry to another bin, pickup or stream: void it, and record a new one.").
			With("/body/replacement", "not-allowed", "Leave out what the entry is about.")
	}
	r.Bin, r.Label, r.Pickup, r.Stream = targetBody.Bin, targetBody.Label, targetBody.Pickup, targetBody.Stream
	raw, err := json.Marshal(r)
	if err != nil {
		return b, fmt.Errorf("encoding the replacement: %w", err)
	}
	if !correctable[target.Type] {
		return b, nil // settled as not correctable
	}
	if r, err = decodeBody(target.Type, raw); err != nil {
		return b, problem.New(problem.Invalid, "replacement-invalid",
			"The replacement is not a valid body for an entry of type %s.", target.Type).
			With("/body/replacement", "malformed", "See the documentation of the corrected entry's type.").Because(err)
	}
	b.Replacement = &r
	return b, nil
}
