// Package factor owns emission factors: records with their provenance, the
// versioned sets that they come in, and the rules of what may be combined.
package factor

import (
	"github.com/shopspring/decimal"
)

// Kind is what a factor is for. Together with the subject (a material or a
// vehicle) it finds the factor in a set.
type Kind string

// The kinds.
const (
	VirginProduction   Kind = "virgin-production"          // kgCO2e/kg, Ev: cradle to gate; its modules say whether forming is in
	RecycledProduction Kind = "recycled-production"        // kgCO2e/kg, Erec: from scrap, closed loop
	Incineration       Kind = "incineration"               // kgCO2e/kg: what the stack emits; no credit for energy
	Landfill           Kind = "landfill"                   // kgCO2e/kg
	Composting         Kind = "composting"                 // kgCO2e/kg wet: CH4 and N2O of the process
	AnaerobicDigestion Kind = "anaerobic-digestion"        // kgCO2e/kg wet: CH4 of the process
	HazardousRoute     Kind = "hazardous-route"            // kgCO2e/kg: health-care waste by the route of infectious waste
	ResidualRoute      Kind = "residual-route"             // kgCO2e/kg: health-care waste by the route of non-hazardous waste
	VehicleKmTTW       Kind = "vehicle-km-ttw"             // kgCO2e/km, tank to wheel
	VehicleKmWTT       Kind = "vehicle-km-wtt"             // kgCO2e/km, well to tank
	TonneKmTTW         Kind = "tonne-km-ttw"               // kgCO2e/tkm
	TonneKmWTT         Kind = "tonne-km-wtt"               // kgCO2e/tkm
	ElectricityLocal   Kind = "electricity-location-based" // kgCO2e/kWh: the mix of the grid
	ElectricityMarket  Kind = "electricity-market-based"   // kgCO2e/kWh: what contracts leave over
	NetRoute           Kind = "net-route"                  // kgCO2e/kg of a whole route as its source draws it, mostly with credits: for sensitivity only, never summed
)

// Module is a part of the life cycle that a factor covers (EN 15804).
type Module string

// The modules.
const (
	RawMaterial   Module = "A1"
	InboundHaul   Module = "A2"
	Conversion    Module = "A3"
	WasteHaul     Module = "C2"
	WasteProcess  Module = "C3"
	WasteDisposal Module = "C4"
	Beyond        Module = "D" // avoided
)

// Scores are the five digits of the pedigree matrix, 1 (best) to 5.
type Scores struct {
	Reliability   int `json:"reliability"`
	Completeness  int `json:"completeness"`
	Temporal      int `json:"temporal"`
	Geographical  int `json:"geographical"`
	Technological int `json:"technological"`
}

// Uptake says how a factor treats biogenic carbon.
type Uptake string

// The conventions. They can't be mixed in one result.
const (
	ZeroZero     Uptake = "0/0"   // neither uptake nor release of biogenic CO2 is counted
	MinusOnePlus Uptake = "-1/+1" // both are
)

// Factor is one emission factor with where it comes from. Its JSON names are
// also the columns of its CSV form.
type Factor struct {
	ID       string          `json:"id"`                // within its set, see ID: "virgin-production/PET"
	Kind     Kind            `json:"kind"`              // what it is for
	Subject  string          `json:"subject"`           // material by ISO 1043-1 ("PE-HD"), vehicle ("rigid-lorry@0"), or "" for electricity
	Grade    string          `json:"grade,omitempty"`   // of the material
	Modules  []Module        `json:"modules,omitempty"` // in order; none for electricity
	Value    decimal.Decimal `json:"value"`             // in Unit; of what counts as greenhouse gas
	Biogenic decimal.Decimal `json:"biogenic,omitzero"` // kg of biogenic CO2 per the same unit: a memo, not in Value
	Unit     string          `json:"unit"`              // kgCO2e/kg, kgCO2e/km, kgCO2e/tkm or kgCO2e/kWh, as the kind demands
	Basis    string          `json:"basis,omitempty"`   // what a kg is: dry or wet, input or output
	GWP      string          `json:"gwp,omitempty"`     // AR4, AR5, AR6; empty where the source does not say or only CO2 counts
	Uptake   Uptake          `json:"uptake"`
	Avoided  bool            `json:"avoidedIncluded,omitempty"` // then D is among the modules
	Region   string          `json:"region"`                    // that it stands for: "IT", "GB", "world"
	Year     int             `json:"year"`                      // that it stands for
	From     string          `json:"validFrom"`                 // first day that it may be used for
	To       string          `json:"validTo,omitempty"`         // last day; empty: open
	Source   string          `json:"source"`                    // document
	Table    string          `json:"table"`                     // and row
	Licence  string          `json:"licence"`
	Scores   Scores          `json:"scores"`
	GSD2     decimal.Decimal `json:"gsd2"` // square of the geometric standard deviation
	Note     string          `json:"note,omitempty"`
}

// State is where a set is in its life.
type State string

// The life of a set: a draft may change, a published set never does.
const (
	Draft      State = "draft"
	Published  State = "published"
	Superseded State = "superseded"
)

// Set is a version of a collection of factors. It holds nothing but what its
// JSON shows, so that it may be copied, compared and sent as it is; Find relies
// on the order of Factors, which Validate demands and Sort makes.
type Set struct {
	ID           string   `json:"id"`      // "default", "desnz-2023", or a lab's own
	Version      int      `json:"version"` // 1, 2, …
	State        State    `json:"state"`
	Title        string   `json:"title"`
	Published    string   `json:"publishedOn,omitempty"` // day
	SupersededBy int      `json:"supersededBy,omitempty"`
	Sensitivity  bool     `json:"sensitivityOnly,omitempty"` // may not be the set of an indicator
	Factors      []Factor `json:"factors"`                   // by kind, then subject
}
