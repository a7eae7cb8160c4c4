package tracking

import (
	"cmp"
	"slices"
	"time"

	"github.com/ricircolo/ricircolo/internal/calendar"
)

// Status is how a fact stands in the fold that it belongs to.
type Status string

// The statuses. Everything but Applied leaves masses untouched.
const (
	Applied   Status = "applied"
	Repeated  Status = "repeated"  // says again what already holds; harmless
	Unfit     Status = "unfit"     // does not fit what else is known; in the inbox
	Voided    Status = "voided"    // undone or corrected away
	Pending   Status = "pending"   // a correction that waits for the other party
	Rejected  Status = "rejected"  // a correction that the other party did not accept
	Dismissed Status = "dismissed" // was unfit; a person settled it
)

// Fact is an entry as the folds see it: what happened, when, and who said so.
type Fact struct {
	Entry        string           `json:"entry"`
	Type         Type             `json:"type"`
	At           calendar.Instant `json:"at"`                 // when it happened, by the corrected clock
	RecordedAt   calendar.Instant `json:"recordedAt"`         // when the server stored it
	Actor        string           `json:"actor"`              // user or device id
	Organisation string           `json:"organisation"`       // for whom: facility, recycler or lab id
	Device       string           `json:"device,omitempty"`   // the shared phone it came from
	Body         Body             `json:"body"`               // as recorded
	Replaced     *Body            `json:"replaced,omitempty"` // as corrected, if it was
	Status       Status           `json:"status"`
	Reason       Reason           `json:"reason,omitempty"`   // why not applied
	Warnings     []Warning        `json:"warnings,omitempty"` // what looked odd
}

// effective is the body after corrections.
func (f *Fact) effective() *Body {
	if f.Replaced != nil {
		return f.Replaced
	}
	return &f.Body
}

// settle sets how the fact stands.
func (f *Fact) settle(s Status, r Reason) { f.Status, f.Reason = s, r }

// warn adds a warning once.
func (f *Fact) warn(w Warning) {
	if !slices.Contains(f.Warnings, w) {
		f.Warnings = append(f.Warnings, w)
	}
}

// latency is how long an amendment may be on its way, on a phone that lay in a
// basement over a weekend, and still count as made when its device says so.
// Later it counts as made when it arrived: else an old date would get past the
// other party.
const latency = 72 * time.Hour

// madeAt is when an amendment counts as made.
func (f *Fact) madeAt() calendar.Instant { return madeAt(f.At, f.RecordedAt) }

func madeAt(at, recorded calendar.Instant) calendar.Instant {
	if recorded.Sub(at) > latency {
		return recorded
	}
	return at
}

// before is the order of facts: by the instant, then by entry id.
func (f *Fact) before(g *Fact) bool { return compareFacts(*f, *g) < 0 }

func compareFacts(a, b Fact) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Entry, b.Entry))
}

// inOrder returns the facts in order, once each, with statuses taken back.
func inOrder(facts []Fact) []Fact {
	sorted := slices.Clone(facts)
	slices.SortFunc(sorted, compareFacts)
	sorted = slices.CompactFunc(sorted, func(a, b Fact) bool { return a.Entry == b.Entry })
	for i := range sorted {
		f := &sorted[i]
		f.Status, f.Reason, f.Replaced, f.Warnings = Applied, "", nil, nil
	}
	return sorted
}

// Reason says why a fact is not applied. The app translates it.
type Reason string

// The reasons.
const (
	ReasonImpossible       Reason = "impossible"          // had to wait, and would have been refused
	ReasonUnknownSubject   Reason = "unknown-subject"     // the bin, label, pickup or entry is not known (yet)
	ReasonAlreadyOpen      Reason = "already-open"        // the fill was opened before
	ReasonAlreadyClosed    Reason = "already-closed"      // the fill was closed before
	ReasonNotClosed        Reason = "not-closed"          // the bin's fill is still open
	ReasonAlreadyCollected Reason = "already-collected"   // another pickup took it
	ReasonBinRetired       Reason = "bin-retired"         // the bin is out of use
	ReasonNetNotPositive   Reason = "net-not-positive"    // gross not above tare
	ReasonNotLost          Reason = "not-lost"            // found, but was not lost
	ReasonNotOwn           Reason = "not-own-entry"       // undo of somebody else's entry
	ReasonTooLate          Reason = "too-late-to-undo"    // minutes have passed, or it went on
	ReasonNotCorrectable   Reason = "not-correctable"     // that entry can't be corrected so
	ReasonOtherParty       Reason = "needs-other-party"   // approval must come from the other side
	ReasonNotPending       Reason = "not-pending"         // nothing waits for this approval
	ReasonAwaitsApproval   Reason = "awaits-approval"     // a correction that the other party must approve
	ReasonAlreadyReceived  Reason = "already-received"    // the load or bin has its receipt
	ReasonNotInLoad        Reason = "not-in-load"         // the bin is not on this pickup
	ReasonExceedsAccepted  Reason = "exceeds-accepted"    // more treated than accepted
	ReasonTooManyKinds     Reason = "too-many-kinds"      // of recyclate from one load
	ReasonNotReceived      Reason = "not-received"        // treated before any receipt
	ReasonAlreadyHanded    Reason = "already-handed-over" // the handover was recorded before
	ReasonNotHanded        Reason = "not-handed-over"     // nothing to countersign
	ReasonCancelled        Reason = "cancelled"           // the pickup was cancelled
	ReasonHasLines         Reason = "has-lines"           // bins were taken: can't be cancelled
	ReasonNoDiscrepancy    Reason = "no-discrepancy"      // nothing to explain or accept
	ReasonLabelBound       Reason = "label-already-bound" // the label sits on another bin
	ReasonLabelRetired     Reason = "label-retired"       // the label is out of use
	ReasonMonthClosed      Reason = "month-already-closed"
)

// Warning says what looked odd about a fact that was applied. The app
// translates it.
type Warning string

// The warnings.
const (
	WarnImplausible    Warning = "implausible-mass"        // far beyond what the bin can hold
	WarnClockSkew      Warning = "clock-skew"              // the phone's clock was off by more than 5 minutes
	WarnInFuture       Warning = "occurred-in-future"      // happened after it arrived; taken as "now"
	WarnNotPlanned     Warning = "not-on-the-list"         // the bin was not on the pickup's list
	WarnLost           Warning = "was-lost"                // the bin counted as lost
	WarnAfterHandover  Warning = "after-handover"          // scanned after the load was handed over
	WarnUnattended     Warning = "unattended"              // handed over without the other side
	WarnRepeated       Warning = "repeated"                // says what holds already
	WarnAwaitsApproval Warning = "awaits-approval"         // a correction that the other party must approve
	WarnUnallocated    Warning = "no-fills-to-allocate-to" // received, but no bin was scanned
)
