package tracking

import (
	"cmp"
	"slices"
	"time"

	"github.com/ricircolo/ricircolo/internal/calendar"
)

// UndoWindow is how long the last own entry can be undone without a reason.
const UndoWindow = 10 * time.Minute

// amendedEntry points to the id of the entry that an amendment (an undo, a
// correction, an answer to one, a dismissal) is about; it is nil for a type
// that is none.
func amendedEntry(t Type, b *Body) *string {
	switch t {
	case "undo", "correct":
		return &b.Corrects
	case "correction.approve", "correction.reject":
		return &b.Correction
	case "review.dismiss":
		return &b.Entry
	}
	return nil
}

func isAmendment(t Type) bool { return amendedEntry(t, &Body{}) != nil }

// undoable are the types that can be undone, correctable those whose content
// can be corrected.
var (
	undoable = map[Type]bool{
		"fill.open": true, "fill.weigh": true, "fill.close": true, "bin.lost": true, "bin.found": true,
		"pickup.scan": true, "pickup.missing": true, "pickup.exception": true, "pickup.handover": true,
		"pickup.countersign": true, "receipt.record": true, "treatment.record": true,
	}
	correctable = map[Type]bool{
		"fill.weigh": true, "fill.close": true, "pickup.handover": true, "receipt.record": true, "treatment.record": true,
	}
)

// readingOrder is inOrder for a fold with amendments: each stands where it was
// made, but never before what it amends (clocks lie), and behind what happened
// in the same instant.
func readingOrder(facts []Fact) []Fact {
	facts = inOrder(facts)
	at := make(map[string]calendar.Instant, len(facts))
	for i := range facts {
		f := &facts[i]
		if at[f.Entry] = f.At; isAmendment(f.Type) {
			at[f.Entry] = f.madeAt()
		}
	}
	for range 3 { // answers stand behind corrections, and these behind their targets
		for i := range facts {
			if f := &facts[i]; isAmendment(f.Type) {
				at[f.Entry] = max(at[f.Entry], at[*amendedEntry(f.Type, &f.Body)])
			}
		}
	}
	depth := func(t Type) int {
		switch {
		case !isAmendment(t):
			return 0
		case t == "undo" || t == "correct":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(facts, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(at[a.Entry], at[b.Entry]), cmp.Compare(depth(a.Type), depth(b.Type)))
	})
	return facts
}

// undo settles an undo of target (nil if it is not among the facts). passed
// says that custody went on, or a later step builds on the target. It reports
// whether it changed the target.
func undo(f, target *Fact, passed bool) bool {
	switch {
	case target == nil || !undoable[target.Type]:
		f.settle(Unfit, ReasonNotCorrectable)
	case target.Actor != f.Actor:
		f.settle(Unfit, ReasonNotOwn)
	case target.Status == Voided:
		f.settle(Repeated, "")
	case f.madeAt().Sub(target.At) > UndoWindow || passed:
		f.settle(Unfit, ReasonTooLate)
	default:
		target.settle(Voided, "")
		return true
	}
	return false
}

// correctFact settles a correction of target: at once, or, if custody has
// passed, as the other party answered it. It reports whether it changed the
// target.
func correctFact(f, target, answer *Fact, passed bool) bool {
	switch {
	case target == nil || !undoable[target.Type] || f.Body.Replacement != nil && !correctable[target.Type]:
		f.settle(Unfit, ReasonNotCorrectable)
	case target.Organisation != f.Organisation:
		f.settle(Unfit, ReasonNotOwn)
	case target.Status == Voided:
		f.settle(Repeated, "")
	case passed && answer == nil:
		f.settle(Pending, "")
		f.warn(WarnAwaitsApproval)
	case passed && answer.Type == "correction.reject":
		f.settle(Rejected, "")
	case f.Body.Void:
		target.settle(Voided, "")
		return true
	default:
		target.Replaced = f.Body.Replacement
		return true
	}
	return false
}

// answerTo settles the answers to a correction and returns the first that
// comes from the other party, or nil.
func answerTo(correction *Fact, facts []Fact, party string) *Fact {
	var first *Fact
	for i := range facts {
		f := &facts[i]
		if f.Type != "correction.approve" && f.Type != "correction.reject" || f.Body.Correction != correction.Entry {
			continue
		}
		switch {
		case f.Organisation != party || party == "":
			f.settle(Unfit, ReasonOtherParty)
		case first == nil:
			f.settle(Applied, "")
			first = f
		default:
			f.settle(Repeated, "")
		}
	}
	return first
}

// dismiss settles a dismissal of target (nil if it is not among the facts) by
// how that stood when it was made. What a person has dismissed stays so,
// whatever would make it fit later; what fitted by then counts, and the
// dismissal has nothing to say.
func dismiss(dismissal, target *Fact) {
	if target != nil && (target.Status == Unfit || target.Status == Pending) {
		target.settle(Dismissed, target.Reason)
		return
	}
	dismissal.settle(Repeated, "")
}
