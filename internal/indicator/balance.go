package indicator

import "github.com/ricircolo/ricircolo/internal/quantity"

// Balance is what is shown of an activity: its masses in grams, and what
// follows from them as exact quotients. The masses keep the identities of
// Activity.
type Balance struct {
	Fills         int64         `json:"fills"`
	Collected     quantity.Mass `json:"collectedGrams"`
	Stored        quantity.Mass `json:"storedGrams"`
	InTransit     quantity.Mass `json:"inTransitGrams"`
	Received      quantity.Mass `json:"receivedGrams"`
	Accepted      quantity.Mass `json:"acceptedGrams"`
	Refused       quantity.Mass `json:"refusedGrams"`
	Difference    quantity.Mass `json:"differenceGrams"` // departure minus arrival, signed
	IntoRecycling quantity.Mass `json:"intoRecyclingGrams"`
	Recyclate     quantity.Mass `json:"recyclateGrams"`
	ProcessLoss   quantity.Mass `json:"processLossGrams"`
	Residue       quantity.Mass `json:"residueGrams"`
	Pending       quantity.Mass `json:"pendingGrams"`
	Contaminant   quantity.Mass `json:"contaminantGrams"`
	Diverted      quantity.Mass `json:"divertedGrams"`    // not in Collected
	Unallocated   quantity.Mass `json:"unallocatedGrams"` // part of Received without a fill

	Contamination        Ratio `json:"contamination"`        // contaminant ÷ received
	Refusal              Ratio `json:"refusal"`              // refused ÷ received
	Closure              Ratio `json:"closure"`              // received ÷ (collected − stored − in transit)
	CalculationPointRate Ratio `json:"calculationPointRate"` // into recycling ÷ accepted; (EU) 2019/1004
	OutputRate           Ratio `json:"outputRate"`           // recyclate ÷ accepted

	CollectedBy []RungShare   `json:"collectedBy"` // all rungs, worst first
	ReceivedBy  []RungShare   `json:"receivedBy"`
	Routes      []RouteAmount `json:"routes"` // residue and process loss by operation, in byte order

	Recyclates []RecyclateAmount `json:"recyclates"` // recyclate by what it became
	RefusedTo  []RouteAmount     `json:"refusedTo"`  // the part of refused whose next operation is known
	Haul       []HaulAmount      `json:"haul"`       // transport of what was taken
}

// RungShare is the part of a mass that stands on one rung of the quality
// ladder.
type RungShare struct {
	Rung  Rung          `json:"rung"`
	Grams quantity.Mass `json:"grams"`
	Share Ratio         `json:"share"`
}

// RouteAmount is what went one way.
type RouteAmount struct {
	Operation string        `json:"operation"`
	Grams     quantity.Mass `json:"grams"`
}

// RecyclateAmount is recyclate of one kind. Quality is the ratio as declared,
// or "".
type RecyclateAmount struct {
	Polymer     string        `json:"polymer"`
	Application string        `json:"application,omitempty"`
	Quality     string        `json:"quality,omitempty"`
	Grams       quantity.Mass `json:"grams"`
}

// HaulAmount is transport of one kind.
type HaulAmount struct {
	Method      HaulMethod `json:"method"`
	Vehicle     string     `json:"vehicle"`
	LoadPercent *int       `json:"loadPercent,omitempty"`
	Amount      int64      `json:"amount"`
	Unit        string     `json:"unit"` // vehicle-m, g-km or Wh
}

// Summarise shows an activity.
func Summarise(a Activity) Balance {
	received := a.Received()
	return Balance{
		Fills: a.Fills, Collected: a.Collected, Stored: a.Stored, InTransit: a.InTransit,
		Received: received, Accepted: a.Accepted, Refused: a.Refused, Difference: a.Difference,
		IntoRecycling: a.IntoRecycling(), Recyclate: a.Recyclate, ProcessLoss: a.ProcessLoss, Residue: a.Residue,
		Pending: a.Pending, Contaminant: a.Contaminant, Diverted: a.Diverted, Unallocated: a.Unallocated,

		Contamination:        RatioOf(a.Contaminant, received),
		Refusal:              RatioOf(a.Refused, received),
		Closure:              RatioOf(received, a.Collected-a.Stored-a.InTransit),
		CalculationPointRate: RatioOf(a.IntoRecycling(), a.Accepted),
		OutputRate:           RatioOf(a.Recyclate, a.Accepted),

		CollectedBy: a.CollectedBy.shares(a.Collected),
		ReceivedBy:  a.ReceivedBy.shares(received),
		Routes:      routeAmounts(a.Routes),

		Recyclates: RecyclateAmounts(a.Recyclates),
		RefusedTo:  routeAmounts(a.RefusedTo),
		Haul:       HaulAmounts(a.Haul),
	}
}

func (b ByRung) shares(total quantity.Mass) []RungShare {
	shares := make([]RungShare, Rungs)
	for i, m := range b {
		shares[i] = RungShare{Rung(i), m, RatioOf(m, total)}
	}
	return shares
}

func routeAmounts(routes map[string]quantity.Mass) []RouteAmount {
	amounts := make([]RouteAmount, 0, len(routes))
	for _, operation := range sortedKeys(routes) {
		amounts = append(amounts, RouteAmount{operation, routes[operation]})
	}
	return amounts
}

// RecyclateAmounts lists recyclate by RecyclateKey, in the byte order of keys.
func RecyclateAmounts(recyclates map[string]quantity.Mass) []RecyclateAmount {
	amounts := make([]RecyclateAmount, 0, len(recyclates))
	for _, key := range sortedKeys(recyclates) {
		polymer, application, quality := ParseRecyclateKey(key)
		amounts = append(amounts, RecyclateAmount{polymer, application, quality, recyclates[key]})
	}
	return amounts
}

// HaulAmounts lists transport by HaulKey, in the byte order of keys.
func HaulAmounts(haul map[string]int64) []HaulAmount {
	amounts := make([]HaulAmount, 0, len(haul))
	for _, key := range sortedKeys(haul) {
		method, vehicle, load := ParseHaulKey(key)
		amounts = append(amounts, HaulAmount{method, vehicle, load, haul[key], method.Unit()})
	}
	return amounts
}
