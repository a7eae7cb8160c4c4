package tracking

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Bounds on what waits: whoever is signed in can name things that do not exist.
const (
	maxWaiting        = 1000 // entries of one organisation that nobody has dismissed
	maxAwaitedEntries = 200  // entries per subject
)

// await stages that an entry waits for a subject to become known, and shows it
// in its author's inbox.
//
// The bounds are for new entries; one that waits already may go on to another
// subject.
func (w *work) await(c Content, b Body, subject string, isNew bool) error {
	a, err := fetch[Awaited](w, KindAwaited, subject)
	if errors.Is(err, store.ErrNotFound) {
		a, err = &Awaited{Subject: subject}, w.countAwaited(+1)
	}
	if err != nil {
		return err
	}
	if isNew && len(a.Entries) >= maxAwaitedEntries {
		return errAwaitingTooMany()
	}
	a.Entries = append(a.Entries, c.ID)
	slices.Sort(a.Entries)
	w.put(a)
	if c.Type == "review.dismiss" { // shows in the review that it is about
		target, err := fetch[Review](w, KindReview, b.Entry)
		if err != nil || target.Awaits == "" {
			return ignoreNotFound(err)
		}
		settled := *target
		return w.dismissWaiting(&settled, waitingEntry{c, b})
	}
	r := c.inbox(ReasonUnknownSubject)
	r.Awaits, r.Bin, r.Pickup = subject, b.Bin, b.Pickup
	if err := w.countWaiting(&r, +1, isNew && !isAmendment(c.Type)); err != nil {
		return err
	}
	return w.dismissWaiting(&r, waitingEntry{c, b})
}

// dismissWaiting stages the review of a waiting entry, dismissed if one of the
// dismissals that wait for that entry may do so. latest is not in the ledger
// yet.
func (w *work) dismissWaiting(r *Review, latest waitingEntry) error {
	w.put(r)
	a, err := fetch[Awaited](w, KindAwaited, "entry:"+r.Entry)
	if err != nil {
		return ignoreNotFound(err)
	}
	entries, err := w.waitingEntries(a, latest)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.content.Type == "review.dismiss" && e.content.scope().SeesBetween(r.Facility, r.Recycler) {
			if r.State == "open" {
				err = w.countWaiting(r, -1, false)
			}
			r.State, r.Note = "dismissed", e.body.Reason
			return err
		}
	}
	return nil
}

// waitingEntries reads the entries of a list in the order in which they
// happened.
func (w *work) waitingEntries(a *Awaited, latest waitingEntry) ([]waitingEntry, error) {
	var entries []waitingEntry
	for _, id := range a.Entries {
		e := latest
		if id != latest.content.ID {
			var err error
			if e.content, e.body, err = w.recordedEntry(id); err != nil {
				return nil, err
			}
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b waitingEntry) int {
		return cmp.Or(cmp.Compare(a.content.EffectiveAt, b.content.EffectiveAt), cmp.Compare(a.content.ID, b.content.ID))
	})
	return entries, nil
}

func errAwaitingTooMany() error {
	return problem.New(problem.TooMany, "too-many-waiting",
		"Too many entries of your organisation wait for something that is not known. Dismiss some in the inbox.").After(time.Hour)
}

// countAwaited keeps the number of subjects that something waits for.
func (w *work) countAwaited(by int) error {
	lab, err := w.lab()
	if err != nil {
		return err
	}
	changed := *lab
	changed.Awaited += by
	w.put(&changed)
	return nil
}

// countWaiting keeps the number of entries that wait and are still in the
// inbox, by organisation: one that floods its own keeps nobody else out.
func (w *work) countWaiting(r *Review, by int, bounded bool) error {
	lab, err := w.lab()
	if err != nil {
		return err
	}
	whose := r.Facility + r.Recycler // one of them, or none for the lab
	if bounded && lab.Waiting[whose]+by > maxWaiting {
		return errAwaitingTooMany()
	}
	changed := *lab
	if changed.Waiting = maps.Clone(lab.Waiting); changed.Waiting == nil {
		changed.Waiting = map[string]int{}
	}
	if changed.Waiting[whose] += by; changed.Waiting[whose] == 0 {
		delete(changed.Waiting, whose)
	}
	w.put(&changed)
	return nil
}

// inbox is the review of an entry that is in no bin and no pickup.
func (c Content) inbox(reason Reason) Review {
	s := c.scope()
	return Review{
		Entry: c.ID, Type: c.Type, Reason: reason, State: "open", Facility: s.Facility, Recycler: s.Recycler,
		At: c.EffectiveAt, RecordedAt: c.RecordedAt,
	}
}

// amendWaiting answers an amendment of an entry that waits itself: it waits
// for that entry. A dismissal takes effect on the review at once.
func (w *work) amendWaiting(c Content, target string) (a applied, waits bool, err error) {
	r, err := fetch[Review](w, KindReview, target)
	if err != nil || r.Awaits == "" {
		return a, false, ignoreNotFound(err)
	}
	a = awaiting("entry:" + target)
	if c.Type == "review.dismiss" && c.scope().SeesBetween(r.Facility, r.Recycler) {
		a.outcome = Outcome{Status: WasApplied}
	}
	return a, true, nil
}

// reviewAlone puts an entry into the inbox that belongs to no bin or pickup.
func (w *work) reviewAlone(c Content, reason Reason) (applied, error) {
	r := c.inbox(reason)
	r.Alone = true
	w.put(&r)
	return applied{outcome: Outcome{Status: NeedsReview, Reason: reason}}, nil
}

// reasonOf is the reason in the inbox for what would have been refused, had it
// not had to wait.
func reasonOf(refused *problem.Error) Reason {
	if refused.Code == "net-not-positive" {
		return ReasonNetNotPositive
	}
	return ReasonImpossible
}

// dismissAlone settles such an entry.
func (w *work) dismissAlone(c Content, b Body, target Content) (applied, error) {
	own := c.scope().LabWide() || c.Organisation == target.Organisation
	r, err := fetch[Review](w, KindReview, target.ID)
	if errors.Is(err, store.ErrNotFound) && own {
		return applied{outcome: Outcome{Status: WasApplied}}, nil // nothing to dismiss (any more)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && !own && !c.scope().SeesBetween(r.Facility, r.Recycler) {
		return awaiting("entry:" + target.ID), nil
	}
	if err != nil {
		return applied{}, err
	}
	settled := *r
	settled.State, settled.Note = "dismissed", b.Reason
	w.put(&settled)
	return applied{outcome: Outcome{Status: WasApplied}}, nil
}

// release applies the entries that waited for the subjects, and those that
// waited for these in turn. Each is worked out after the one before has been
// written; none of it can fail the entry that made the subjects known, short
// of a fault of the store.
func (w *work) release(c Content, known []string) error {
	known = append(known, "entry:"+c.ID)
	for len(known) > 0 {
		subject := known[0]
		known = known[1:]
		contents, err := w.takeAwaited(subject)
		if err != nil {
			return err
		}
		for _, waiting := range contents {
			more, err := w.reapply(waiting.content, waiting.body)
			if err != nil {
				return err
			}
			known = append(known, more...)
		}
	}
	return nil
}

type waitingEntry struct {
	content Content
	body    Body
}

// takeAwaited removes a subject's list and returns its entries, in order.
func (w *work) takeAwaited(subject string) ([]waitingEntry, error) {
	lab, err := w.lab()
	if err != nil || lab.Awaited == 0 {
		return nil, ignoreNotFound(err)
	}
	a, err := fetch[Awaited](w, KindAwaited, subject)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	entries, err := w.waitingEntries(a, waitingEntry{})
	if err != nil {
		return nil, err
	}
	for _, id := range a.Entries {
		r, err := fetch[Review](w, KindReview, id)
		if err == nil && r.State == "open" {
			err = w.countWaiting(r, -1, false)
		}
		if ignoreNotFound(err) != nil {
			return nil, err
		}
		w.remove(KindReview, id)
	}
	w.remove(KindAwaited, subject)
	if err := w.countAwaited(-1); err != nil {
		return nil, err
	}
	return entries, w.flush()
}

func ignoreNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// reapply applies an entry that is in the ledger already. What can't be
// applied now for another reason than waiting stays in the inbox.
func (w *work) reapply(c Content, b Body) ([]string, error) {
	a, err := w.apply(c, b)
	if refused := refusal(err); refused != nil {
		w.forget()
		a, err = w.reviewAlone(c, reasonOf(refused))
	}
	if err != nil {
		return nil, err
	}
	if a.awaits != "" {
		if err := w.await(c, b, a.awaits, false); err != nil {
			return nil, err
		}
	} else {
		a.known = append(a.known, "entry:"+c.ID)
	}
	return a.known, w.flush()
}
