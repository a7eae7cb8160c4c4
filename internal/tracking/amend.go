package tracking

import "time"

// UndoWindow is how long the last own entry can be undone without a reason.
const UndoWindow = 10 * time.Minute

// amend settles the undos, corrections and approvals among facts
// (in order, fresh from inOrder) and applies them to the facts they are about.
// passed reports whether custody went to the other party between two facts:
// from then on an undo comes too late, and a correction needs approval.
func amend(facts []Fact, passed func(from, to *Fact) bool) {
	index := make(map[string]*Fact, len(facts))
	for i := range facts {
		index[facts[i].Entry] = &facts[i]
	}
	answers := answersByCorrection(facts, index)
	for i := range facts {
		f := &facts[i]
		switch f.Type {
		case "undo":
			undo(f, index[f.Body.Corrects], passed)
		case "correct":
			correctFact(f, index[f.Body.Corrects], answers[f.Entry], passed)
		}
	}
}

// dismiss settles what the fold found unfit and a person has dismissed. A
// dismissed fact that fits after all, because an earlier one arrived, counts:
// then the dismissal has nothing to say.
func dismiss(facts []Fact, dismissal *Fact) {
	for i := range facts {
		f := &facts[i]
		if f.Entry == dismissal.Body.Entry && (f.Status == Unfit || f.Status == Pending) {
			f.settle(Dismissed, f.Reason)
			return
		}
	}
	dismissal.settle(Repeated, "")
}

// isAmendment reports whether a fact is about another fact.
func isAmendment(t Type) bool { return amendedEntry(t, &Body{}) != nil }

// amendedEntry points to the id of the entry that an amendment is about, or is
// nil for a type that is none.
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

// answersByCorrection maps a correction's entry to the first approval or
// rejection by the other party. Other answers are settled as unfit.
func answersByCorrection(facts []Fact, index map[string]*Fact) map[string]*Fact {
	answers := map[string]*Fact{}
	for i := range facts {
		f := &facts[i]
		if f.Type != "correction.approve" && f.Type != "correction.reject" {
			continue
		}
		c := index[f.Body.Correction]
		switch {
		case c == nil || c.Type != "correct":
			f.settle(Unfit, ReasonNotPending)
		case c.Organisation == f.Organisation:
			f.settle(Unfit, ReasonOtherParty)
		case answers[c.Entry] != nil:
			f.settle(Repeated, "")
		default:
			answers[c.Entry] = f
		}
	}
	return answers
}

func undo(f, target *Fact, passed func(from, to *Fact) bool) {
	switch {
	case target == nil || !undoable[target.Type]:
		f.settle(Unfit, ReasonNotCorrectable)
	case target.Actor != f.Actor:
		f.settle(Unfit, ReasonNotOwn)
	case target.Status == Voided:
		f.settle(Repeated, "")
	case f.At < target.At || f.At.Sub(target.At) > UndoWindow || passed(target, f):
		f.settle(Unfit, ReasonTooLate)
	default:
		target.settle(Voided, "")
	}
}

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

func correctFact(f, target, answer *Fact, passed func(from, to *Fact) bool) {
	switch {
	case target == nil || !undoable[target.Type] || f.Body.Replacement != nil && !correctable[target.Type]:
		f.settle(Unfit, ReasonNotCorrectable)
	case target.Organisation != f.Organisation:
		f.settle(Unfit, ReasonNotOwn)
	case target.Status == Voided:
		f.settle(Repeated, "")
	case answer != nil && answer.Type == "correction.reject":
		f.settle(Rejected, "")
	case answer == nil && passed(target, f):
		f.settle(Pending, "")
		f.warn(WarnAwaitsApproval)
	case f.Body.Void:
		target.settle(Voided, "")
	default:
		target.Replaced = f.Body.Replacement
	}
}
