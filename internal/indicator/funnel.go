package indicator

import (
	"maps"
	"slices"

	"github.com/ricircolo/ricircolo/internal/quantity"
)

// Funnel is the way of the mass from the ward to the recyclate. What enters a
// step is what enters the next one plus what leaves between the two, to the
// gram.
type Funnel struct {
	Steps []FunnelStep `json:"steps"`
	// Beside the way: found in what was received, never entered, and received
	// without a fill.
	Contaminant quantity.Mass `json:"contaminantGrams"`
	Diverted    quantity.Mass `json:"divertedGrams"`
	Unallocated quantity.Mass `json:"unallocatedGrams"`
}

// FunnelStep is one step of the funnel.
type FunnelStep struct {
	Name  string        `json:"name"` // collected, received, accepted, into-recycling, recyclate
	Grams quantity.Mass `json:"grams"`
	Share Ratio         `json:"share"` // of collected
	Exits []FunnelExit  `json:"exits"` // what leaves between this step and the next
}

// FunnelExit is mass that leaves the way, or that waits beside it.
type FunnelExit struct {
	// Reason is stored, in-transit, difference (departure and arrival do not
	// agree; negative if more arrived), refused, residue, pending or
	// process-loss.
	Reason string        `json:"reason"`
	Grams  quantity.Mass `json:"grams"`
}

// FunnelOf shows an activity as a funnel.
func FunnelOf(a Activity) Funnel {
	step := func(name string, m quantity.Mass, exits ...FunnelExit) FunnelStep {
		return FunnelStep{name, m, RatioOf(m, a.Collected), append([]FunnelExit{}, exits...)}
	}
	return Funnel{
		Steps: []FunnelStep{
			step("collected", a.Collected, FunnelExit{"stored", a.Stored}, FunnelExit{"in-transit", a.InTransit}, FunnelExit{"difference", a.Difference}),
			step("received", a.Received(), FunnelExit{"refused", a.Refused}),
			step("accepted", a.Accepted, FunnelExit{"residue", a.Residue}, FunnelExit{"pending", a.Pending}),
			step("into-recycling", a.IntoRecycling(), FunnelExit{"process-loss", a.ProcessLoss}),
			step("recyclate", a.Recyclate),
		},
		Contaminant: a.Contaminant, Diverted: a.Diverted, Unallocated: a.Unallocated,
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
