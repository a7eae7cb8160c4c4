// Package indicator owns the arithmetic of the lab's figures: from activity
// (what happened to how many grams) to what is shown. It is pure: no clock, no
// store, no rounding of masses.
package indicator

import (
	"fmt"

	"github.com/ricircolo/ricircolo/internal/quantity"
)

// Rung is a step of the ladder of mass quality, worst first.
type Rung int8

// The rungs.
const (
	VolumeEstimate       Rung = iota // volume × fullness × bulk density of the stream
	WardEstimate                     // grams guessed in the ward
	WardScale                        // weighed in the ward
	RecyclerScale                    // weighed at the plant
	CertifiedWeighbridge             // weighed at the plant on a certified weighbridge
)

// Rungs is the number of rungs.
const Rungs = 5

var rungNames = [Rungs]string{"volume-estimate", "ward-estimate", "ward-scale", "recycler-scale", "certified-weighbridge"}

// String is the rung's name on the wire.
func (r Rung) String() string { return rungNames[r] }

// MarshalText writes the rung's name.
func (r Rung) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a rung's name.
func (r *Rung) UnmarshalText(b []byte) error {
	for i, name := range rungNames {
		if name == string(b) {
			*r = Rung(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not a rung of mass quality", b)
}

// ByRung is a mass by rung.
type ByRung [Rungs]quantity.Mass

// Activity is what happened to the mass of some fills: the vector that the
// cube sums. It holds grams, never emissions. Two identities hold for every
// activity, to the gram, and Check tests them:
//
//	Collected = Stored + InTransit + Accepted + Refused + Difference
//	Accepted  = Recyclate + ProcessLoss + Residue + Pending
//
// and Collected is the sum of CollectedBy, Accepted + Refused of ReceivedBy,
// Residue + ProcessLoss of Routes, Recyclate of Recyclates. RefusedTo holds no
// more than Refused, but in an adjustment both are differences, and no
// identity ties them.
type Activity struct {
	Fills      int64         `json:"fills,omitempty"`      // closed fills that stayed in the chain
	Collected  quantity.Mass `json:"collected,omitempty"`  // mass at departure, by the best weighing before the scan
	Stored     quantity.Mass `json:"stored,omitempty"`     // closed, still in the facility
	InTransit  quantity.Mass `json:"inTransit,omitempty"`  // taken, not yet received
	Accepted   quantity.Mass `json:"accepted,omitempty"`   // by the plant
	Refused    quantity.Mass `json:"refused,omitempty"`    // by the plant
	Difference quantity.Mass `json:"difference,omitempty"` // departure minus arrival, of what has arrived; signed

	Recyclate   quantity.Mass `json:"recyclate,omitempty"`   // output of recycling
	ProcessLoss quantity.Mass `json:"processLoss,omitempty"` // entered recycling, did not come out as recyclate
	Residue     quantity.Mass `json:"residue,omitempty"`     // sorted out before recycling, with a final route
	Pending     quantity.Mass `json:"pending,omitempty"`     // accepted, no final route yet (R12 and R13 are not final)

	Contaminant quantity.Mass `json:"contaminant,omitempty"` // foreign material found in what was received
	Diverted    quantity.Mass `json:"diverted,omitempty"`    // closed but sent to another chain by the sorting question; not in Collected
	Unallocated quantity.Mass `json:"unallocated,omitempty"` // received by the plant without any fill to give it back to
	Hauled      quantity.Mass `json:"hauled,omitempty"`      // departure mass of what has arrived by a declared transport

	CollectedBy ByRung                   `json:"collectedBy,omitzero"`
	ReceivedBy  ByRung                   `json:"receivedBy,omitzero"`
	Routes      map[string]quantity.Mass `json:"routes,omitempty"` // residue and process loss by operation (R1, D10, …)

	// Recyclates is Recyclate by what it became: see RecyclateKey. RefusedTo is
	// the part of Refused whose next operation is known. Haul is the transport
	// of what was taken, given back to fills: see HaulKey for the units.
	Recyclates map[string]quantity.Mass `json:"recyclates,omitempty"`
	RefusedTo  map[string]quantity.Mass `json:"refusedTo,omitempty"`
	Haul       map[string]int64         `json:"haul,omitempty"`
}

// Plus returns a + b.
func (a Activity) Plus(b Activity) Activity { return a.combine(b, 1) }

// Minus returns a − b.
func (a Activity) Minus(b Activity) Activity { return a.combine(b, -1) }

func (a Activity) combine(b Activity, sign quantity.Mass) Activity {
	a.Fills += int64(sign) * b.Fills
	am, bm := a.masses(), b.masses()
	for i := range am {
		*am[i] += sign * *bm[i]
	}
	for i := range b.CollectedBy {
		a.CollectedBy[i] += sign * b.CollectedBy[i]
		a.ReceivedBy[i] += sign * b.ReceivedBy[i]
	}
	a.Routes = combineParts(a.Routes, b.Routes, sign)
	a.Recyclates = combineParts(a.Recyclates, b.Recyclates, sign)
	a.RefusedTo = combineParts(a.RefusedTo, b.RefusedTo, sign)
	a.Haul = combineParts(a.Haul, b.Haul, int64(sign))
	return a
}

// masses lists the single masses, for what treats them all alike.
func (a *Activity) masses() [14]*quantity.Mass {
	return [14]*quantity.Mass{
		&a.Collected, &a.Stored, &a.InTransit, &a.Accepted, &a.Refused, &a.Difference,
		&a.Recyclate, &a.ProcessLoss, &a.Residue, &a.Pending, &a.Contaminant, &a.Diverted, &a.Unallocated, &a.Hauled,
	}
}

// combineParts never changes its arguments: activities are passed by value
// and would share the map.
func combineParts[V ~int64](a, b map[string]V, sign V) map[string]V {
	if len(b) == 0 {
		return a
	}
	sum := make(map[string]V, len(a)+len(b))
	for key, v := range a {
		sum[key] = v
	}
	for key, v := range b {
		sum[key] += sign * v
		if sum[key] == 0 {
			delete(sum, key)
		}
	}
	if len(sum) == 0 {
		return nil
	}
	return sum
}

// IsZero reports whether nothing happened.
func (a Activity) IsZero() bool {
	for _, m := range a.masses() {
		if *m != 0 {
			return false
		}
	}
	return a.Fills == 0 && a.CollectedBy == ByRung{} && a.ReceivedBy == ByRung{} &&
		len(a.Routes) == 0 && len(a.Recyclates) == 0 && len(a.RefusedTo) == 0 && len(a.Haul) == 0
}

// IntoRecycling is the mass at the EU calculation point (Implementing Decision
// (EU) 2019/1004): what enters the recycling operation.
func (a Activity) IntoRecycling() quantity.Mass { return a.Recyclate + a.ProcessLoss }

// Received is what the plant weighed: accepted and refused.
func (a Activity) Received() quantity.Mass { return a.Accepted + a.Refused }

// Check names the first identity that does not hold, or "".
func (a Activity) Check() string {
	sum := func(by ByRung) (s quantity.Mass) {
		for _, m := range by {
			s += m
		}
		return s
	}
	parts := func(by map[string]quantity.Mass) (s quantity.Mass) {
		for _, m := range by {
			s += m
		}
		return s
	}
	switch {
	case a.Collected != a.Stored+a.InTransit+a.Accepted+a.Refused+a.Difference:
		return "collected = stored + in transit + accepted + refused + difference"
	case a.Accepted != a.Recyclate+a.ProcessLoss+a.Residue+a.Pending:
		return "accepted = recyclate + process loss + residue + pending"
	case sum(a.CollectedBy) != a.Collected:
		return "collected = sum by rung"
	case sum(a.ReceivedBy) != a.Received():
		return "accepted + refused = sum by rung"
	case parts(a.Routes) != a.Residue+a.ProcessLoss:
		return "residue + process loss = sum by route"
	case parts(a.Recyclates) != a.Recyclate:
		return "recyclate = sum by polymer, application and quality"
	}
	return ""
}
