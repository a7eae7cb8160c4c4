package indicator

import "github.com/ricircolo/ricircolo/internal/quantity"

// Waste is the resource outflow table after ESRS E5-5, paragraph 37, from the
// R and D codes of the outputs. What has no final operation yet stays apart.
type Waste struct {
	Total        quantity.Mass `json:"totalGrams"` // what is below, summed
	Hazardous    WasteByRoute  `json:"hazardous"`
	NonHazardous WasteByRoute  `json:"nonHazardous"`
	Unresolved   quantity.Mass `json:"unresolvedGrams"`  // stored, on its way, pending (R12, R13), refused without a next operation, diverted by the sorting question
	NonRecycled  quantity.Mass `json:"nonRecycledGrams"` // of Total
	Share        Ratio         `json:"nonRecycledShare"`
}

// WasteByRoute is waste by what was done with it.
type WasteByRoute struct {
	Reuse         quantity.Mass `json:"preparationForReuseGrams"`
	Recycling     quantity.Mass `json:"recyclingGrams"`
	OtherRecovery quantity.Mass `json:"otherRecoveryGrams"`
	Incineration  quantity.Mass `json:"incinerationGrams"`
	Landfill      quantity.Mass `json:"landfillGrams"`
	OtherDisposal quantity.Mass `json:"otherDisposalGrams"`
}

// WasteOf sorts an activity into the table. All of it is non-hazardous: the
// sorting question keeps hazardous waste out of the chain, and what it diverted
// is the hazardous waste that is known here, without a route.
func WasteOf(a Activity) Waste {
	w := Waste{Unresolved: a.Stored + a.InTransit + a.Pending + a.Diverted}
	n := &w.NonHazardous
	n.Recycling = a.Recyclate
	for _, routes := range []map[string]quantity.Mass{a.Routes, a.RefusedTo} {
		for operation, m := range routes {
			*n.place(operation) += m
		}
	}
	w.Unresolved += a.Refused - sumOf(a.RefusedTo)
	w.NonRecycled = n.OtherRecovery + n.Incineration + n.Landfill + n.OtherDisposal
	w.Total = w.NonRecycled + n.Recycling + n.Reuse
	w.Share = RatioOf(w.NonRecycled, w.Total)
	return w
}

func sumOf(m map[string]quantity.Mass) (sum quantity.Mass) {
	for _, g := range m {
		sum += g
	}
	return sum
}

// place is where an operation of Directive 2008/98/EC, Annexes I and II, stands
// in the table.
func (w *WasteByRoute) place(operation string) *quantity.Mass {
	switch operation {
	case "R2", "R3", "R4", "R5", "R6", "R9", "composting", "anaerobic-digestion":
		return &w.Recycling // composting is recycling in the sense of R3
	case "R1", "R7", "R8", "R10", "R11":
		return &w.OtherRecovery
	case "D10", "D11":
		return &w.Incineration
	case "D1", "D5":
		return &w.Landfill
	}
	return &w.OtherDisposal
}
