package tracking

import (
	"cmp"
	"slices"
	"time"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// PickupState is where a pickup is in its life.
type PickupState string

// The pickup's life.
const (
	Planned    PickupState = "planned"
	UnderWay   PickupState = "under-way"
	HandedOver PickupState = "handed-over"
	Arrived    PickupState = "received"
	Settled    PickupState = "settled"
	Cancelled  PickupState = "cancelled"
)

// Pickup is one recycler's visit. Its id is that of the entry that planned it.
type Pickup struct {
	ID         string      `json:"id"`
	Facility   string      `json:"facility"`
	Recycler   string      `json:"recycler"`
	PlannedFor string      `json:"plannedFor"`
	Bins       []string    `json:"bins,omitempty"` // the list; empty: whatever is closed
	State      PickupState `json:"state"`
	Lines      []Line      `json:"lines"` // the fills that were taken, by fill id
	Handover   *Handover   `json:"handover,omitempty"`
	Loads      []Load      `json:"loads"` // by stream
	Facts      []Fact      `json:"facts"`
}

// Line is a fill that was taken.
type Line struct {
	Fill           string           `json:"fill"`
	Bin            string           `json:"bin"`
	Scan           string           `json:"scan"` // entry
	At             calendar.Instant `json:"at"`
	Ward           string           `json:"ward"`
	Stream         string           `json:"stream"`
	DepartureGrams quantity.Mass    `json:"departureGrams"`
	Rung           indicator.Rung   `json:"rung"`
	VolumeLitres   int64            `json:"volumeLitres"`
	TareGrams      quantity.Mass    `json:"tareGrams"`
	NotPlanned     bool             `json:"notPlanned,omitempty"`
}

// Handover is the passing on of the whole load.
type Handover struct {
	Entry           string            `json:"entry"`
	At              calendar.Instant  `json:"at"`
	Document        string            `json:"document,omitempty"` // FIR number
	Plate           string            `json:"plate,omitempty"`
	Legs            []Leg             `json:"legs,omitempty"`
	Unattended      bool              `json:"unattended,omitempty"`
	CountersignedAt *calendar.Instant `json:"countersignedAt,omitempty"`
	CountersignedBy string            `json:"countersignedBy,omitempty"` // actor
}

// Load is what a pickup carries of one stream, from departure to treatment.
type Load struct {
	Stream           string                   `json:"stream"`
	DeclaredGrams    quantity.Mass            `json:"declaredGrams"` // departure mass of its lines
	WaitingGrams     quantity.Mass            `json:"waitingGrams"`  // of lines without a receipt
	AcceptedGrams    quantity.Mass            `json:"acceptedGrams"`
	RefusedGrams     quantity.Mass            `json:"refusedGrams"`
	ContaminantGrams quantity.Mass            `json:"contaminantGrams"`
	RecyclateGrams   quantity.Mass            `json:"recyclateGrams"`
	ProcessLossGrams quantity.Mass            `json:"processLossGrams"`
	PendingGrams     quantity.Mass            `json:"pendingGrams"`
	Recyclates       map[string]quantity.Mass `json:"recyclates,omitempty"` // sums to RecyclateGrams, by indicator.RecyclateKey
	Routes           map[string]quantity.Mass `json:"routes,omitempty"`
	NextDestination  string                   `json:"nextDestination,omitempty"`
	// Unallocated is what a receipt said although no bin was scanned.
	Unallocated *Arrival     `json:"unallocated,omitempty"`
	Discrepancy *Discrepancy `json:"discrepancy,omitempty"`
}

// Discrepancy is a difference between departure and arrival beyond tolerance.
type Discrepancy struct {
	ID             string           `json:"id"` // pickup:stream
	Pickup         string           `json:"pickup"`
	Stream         string           `json:"stream"`
	Facility       string           `json:"facility"`
	Recycler       string           `json:"recycler"`
	ExpectedGrams  quantity.Mass    `json:"expectedGrams"`
	ObservedGrams  quantity.Mass    `json:"observedGrams"`
	ToleranceGrams quantity.Mass    `json:"toleranceGrams"`
	ToleranceRule  string           `json:"toleranceRule"`
	State          string           `json:"state"` // open, explained, accepted
	Owner          string           `json:"owner"` // organisation that has to explain it
	OpenedAt       calendar.Instant `json:"openedAt"`
	DueAt          calendar.Instant `json:"dueAt"`
	Explanation    string           `json:"explanation,omitempty"`
	AcceptedBy     string           `json:"acceptedBy,omitempty"` // actor
}

// DiscrepancyDue is how long the owner of a discrepancy has.
const DiscrepancyDue = 14 * 24 * time.Hour

// tolerance is how far arrival may be from departure, and the rule's name:
// scales on both sides agree within 3 % or half a kilogram per bin; a guess in
// the ward is good for 30 % or two kilograms per bin, of which never more than
// half of what departed, or one kilogram. Chosen by us as a
// start, in want of a published figure; a lab will tune it with its own data.
func tolerance(lines []*Line) (quantity.Mass, string) {
	percent, perBin, name := quantity.Mass(3), 500*quantity.Gram, "scales"
	var declared quantity.Mass
	for _, l := range lines {
		declared += l.DepartureGrams
		if l.Rung != indicator.WardScale {
			percent, perBin, name = 30, 2*quantity.Kilogram, "estimates"
		}
	}
	return max(declared*percent/100, min(perBin*quantity.Mass(len(lines)), max(declared/2, quantity.Kilogram))), name
}

// pickupFold is the fold of a pickup under way.
type pickupFold struct {
	p        *Pickup
	loads    map[string]*Load
	byBin    map[string][]*Line // by collection
	receipts map[string]*Fact   // fill → the fact that received it
	bulk     map[string]*Fact   // stream → the receipt of its load
	arrivals map[string]*Arrival

	cancelled *Fact
}

// foldPickup folds a pickup's facts over the lines that the bins' timelines
// gave it. It returns the pickup and, by fill id, what arrived. It is pure:
// the same facts and lines in any order give the same.
//
// A dismissal is judged by a fold of what had happened when it was made.
func foldPickup(p Pickup, facts []Fact) (Pickup, map[string]*Arrival) {
	facts = readingOrder(facts)
	for i := range facts {
		d := &facts[i]
		if d.Type != "review.dismiss" {
			continue
		}
		then := p
		then.Lines = slices.DeleteFunc(slices.Clone(p.Lines), func(l Line) bool { return l.At > d.madeAt() })
		then, _ = foldOnce(then, slices.Clone(facts[:i]))
		dismissed := func(f Fact) bool { return f.Entry == d.Body.Entry }
		at := slices.IndexFunc(then.Facts, dismissed)
		if at < 0 {
			dismiss(d, nil)
			continue
		}
		if dismiss(d, &then.Facts[at]); then.Facts[at].Status == Dismissed {
			facts[slices.IndexFunc(facts, dismissed)].settle(Dismissed, then.Facts[at].Reason)
		}
	}
	return foldOnce(p, facts)
}

// foldOnce is foldPickup for facts in order, with dismissals judged.
func foldOnce(p Pickup, facts []Fact) (Pickup, map[string]*Arrival) {
	slices.SortFunc(p.Lines, func(a, b Line) int { return compareText(a.Fill, b.Fill) })
	p.State, p.Handover, p.Loads, p.Facts = Planned, nil, []Load{}, facts
	fold := pickupFold{
		p: &p, loads: map[string]*Load{}, byBin: map[string][]*Line{},
		receipts: map[string]*Fact{}, bulk: map[string]*Fact{}, arrivals: map[string]*Arrival{},
	}
	for i := range p.Lines {
		l := &p.Lines[i]
		fold.byBin[l.Bin] = append(fold.byBin[l.Bin], l)
		l.NotPlanned = len(p.Bins) > 0 && !slices.Contains(p.Bins, l.Bin)
		fold.load(l.Stream).DeclaredGrams += l.DepartureGrams
	}
	for _, lines := range fold.byBin {
		slices.SortFunc(lines, func(a, b *Line) int { return cmp.Compare(a.At, b.At) })
	}
	fold.amend()
	for _, step := range []func(*Fact){fold.handle, fold.countersign, fold.receive} {
		fold.each(step)
	}
	fold.allocateReceipts()
	fold.each(fold.treat)
	fold.allocateTreatments()
	fold.compare()
	fold.each(fold.settleDiscrepancy)
	fold.finish()
	return p, fold.arrivals
}

// each hands the facts that still stand to one step of the fold. What happened
// after a cancellation does not fit any more.
func (x *pickupFold) each(handle func(*Fact)) {
	for i := range x.p.Facts {
		f := &x.p.Facts[i]
		if f.Status != Applied {
			continue
		}
		if x.cancelled != nil && x.cancelled.before(f) && !isAmendment(f.Type) {
			f.settle(Unfit, ReasonCancelled)
			if f.Type == "pickup.cancel" {
				f.settle(Repeated, "")
			}
			continue
		}
		handle(f)
	}
}

func (x *pickupFold) load(stream string) *Load {
	l := x.loads[stream]
	if l == nil {
		l = &Load{Stream: stream}
		x.loads[stream] = l
	}
	return l
}

// amend settles the undos and corrections among the facts. The other party
// relies on receipts, treatments and the handover from the start: a correction
// of these needs its consent. Everything else can be corrected freely until
// the handover. An undo comes too late when a later step builds on the fact.
func (x *pickupFold) amend() {
	index := make(map[string]*Fact, len(x.p.Facts))
	for i := range x.p.Facts {
		f := &x.p.Facts[i]
		index[f.Entry] = f
		if f.Status == Dismissed {
			continue
		}
		switch f.Type {
		case "undo":
			target := index[f.Body.Corrects]
			undo(f, target, target != nil && x.builtOn(target, f))
		case "correct":
			target := index[f.Body.Corrects]
			party := x.p.Facility
			if f.Organisation == party {
				party = x.p.Recycler
			}
			relied := target != nil && (correctable[target.Type] || x.builtOn(target, f))
			correctFact(f, target, answerTo(f, x.p.Facts, party), relied)
		}
	}
}

// builtOn reports whether the step that follows a fact was taken before to.
func (x *pickupFold) builtOn(from, to *Fact) bool {
	next := Type("pickup.handover")
	switch from.Type {
	case "pickup.handover":
		if slices.ContainsFunc(x.p.Facts, func(f Fact) bool {
			return f.Type == "pickup.countersign" && f.Status != Voided && f.At <= to.madeAt()
		}) {
			return true
		}
		next = "receipt.record"
	case "receipt.record":
		next = "treatment.record"
	case "treatment.record":
		return false
	}
	return slices.ContainsFunc(x.p.Facts, func(f Fact) bool {
		return f.Type == next && f.Status != Voided && from.before(&f) && f.At <= to.madeAt()
	})
}

// handle settles what has to do with the visit itself.
func (x *pickupFold) handle(f *Fact) {
	switch f.Type {
	case "pickup.cancel":
		if len(x.p.Lines) > 0 {
			f.settle(Unfit, ReasonHasLines)
			return
		}
		if x.p.Handover != nil {
			f.settle(Unfit, ReasonAlreadyHanded)
			return
		}
		x.p.State, x.cancelled = Cancelled, f
	case "pickup.handover":
		if x.p.Handover != nil {
			f.settle(Unfit, ReasonAlreadyHanded)
			return
		}
		b := f.effective()
		x.p.Handover = &Handover{Entry: f.Entry, At: f.At, Document: b.Document, Plate: b.Plate, Legs: b.Legs, Unattended: b.Unattended}
		if b.Unattended {
			f.warn(WarnUnattended)
		}
	case "pickup.missing", "pickup.exception":
		if x.p.State == Planned {
			x.p.State = UnderWay
		}
	}
}

// countersign runs after handle: the two sides may sign in either order.
func (x *pickupFold) countersign(f *Fact) {
	if f.Type != "pickup.countersign" {
		return
	}
	h := x.p.Handover
	switch {
	case h == nil:
		f.settle(Unfit, ReasonNotHanded)
	case h.CountersignedAt != nil:
		f.settle(Repeated, "")
	default:
		at := f.At
		h.CountersignedAt, h.CountersignedBy = &at, f.Actor
	}
}

// finish puts the loads in order and says where the pickup is in its life.
func (x *pickupFold) finish() {
	for _, l := range x.loads {
		x.p.Loads = append(x.p.Loads, *l)
	}
	slices.SortFunc(x.p.Loads, func(a, b Load) int { return compareText(a.Stream, b.Stream) })
	if x.p.State == Cancelled {
		return
	}
	if len(x.p.Lines) > 0 {
		x.p.State = UnderWay
	}
	if x.p.Handover != nil {
		x.p.State = HandedOver
	}
	if len(x.receipts) == 0 && len(x.bulk) == 0 || len(x.receipts) < len(x.p.Lines) {
		return
	}
	x.p.State = Settled
	for _, l := range x.p.Loads {
		if l.PendingGrams > 0 || l.Discrepancy != nil && l.Discrepancy.State != "accepted" {
			x.p.State = Arrived
		}
	}
}
