// Package bioplastic owns the evaluation of a bioplastic: what is claimed of
// it, which evidence there is on a day, and how far that carries it.
//
// Biobased, biodegradable and compostable are three claims. None is ever
// concluded from another, nor from the polymer.
package bioplastic

import "slices"

// State is how far the evaluation has come.
type State string

// The states, in the order of the path. Rejected may follow any of them.
const (
	NotAssessed         State = "not-assessed"
	DeskCheck           State = "desk-check"
	CertificateVerified State = "certificate-verified"
	StreamTrial         State = "stream-trial" // the trial was passed
	OutletConfirmed     State = "outlet-confirmed"
	Accepted            State = "accepted"
	Rejected            State = "rejected"
)

// States lists all states.
func States() []State {
	return []State{NotAssessed, DeskCheck, CertificateVerified, StreamTrial, OutletConfirmed, Accepted, Rejected}
}

// rank is the place of a state on the path; -1 for Rejected, which is on none.
func (s State) rank() int {
	if s == Rejected {
		return -1
	}
	return slices.Index(States(), s)
}

// Day is a calendar day by the clocks of Rome, written "2026-03-01". Days sort
// as text.
type Day string

// Claim is what somebody says of a property.
type Claim string

// The claims.
const (
	Yes     Claim = "yes"
	No      Claim = "no"
	Unknown Claim = "unknown"
)

// Compostability is where something is claimed to compost.
type Compostability string

// Home composting says nothing of a plant, and a plant nothing of a heap.
const (
	Industrial Compostability = "industrial"
	Home       Compostability = "home"
	None       Compostability = "none"
)

// Route is what becomes of an item behind the sorting.
type Route string

// The routes.
const (
	Composting          Route = "composting"
	Digestion           Route = "anaerobic-digestion"
	MechanicalRecycling Route = "mechanical-recycling"
)

// organic reports whether the route is that of the compostable stream.
func (r Route) organic() bool { return r == Composting || r == Digestion }

// Dossier is what is known of one item or grade, and how far it was recorded
// to have come. What holds on a day is in Standing.
type Dossier struct {
	Profile
	State State `json:"state"`
	File  File  `json:"file"`
	Steps int   `json:"steps"` // transitions so far
}

// Profile describes the item or grade and what is claimed of it.
type Profile struct {
	Name           string         `json:"name"`
	NameIT         string         `json:"nameIt"`
	Maker          string         `json:"maker"`
	Polymer        string         `json:"polymer"`          // ISO 1043 code, such as PLA
	DropIn         string         `json:"dropIn,omitempty"` // the fossil twin that it is the same as: PE, PET …
	Thickness      int64          `json:"thicknessMicrometres,omitempty"`
	Composition    Composition    `json:"composition"`
	Biobased       Claim          `json:"biobased"`
	Biodegradable  Claim          `json:"biodegradable"`
	Compostable    Compostability `json:"compostable"`
	Infectious     Claim          `json:"infectious"` // comes back infectious; only a no lets it into the compostable stream
	PatientContact Claim          `json:"patientContact"`
	Comparison     *Comparison    `json:"comparison,omitempty"`
}

// Composition is what it is made of. The biobased share of the carbon and that
// of the mass are two measurements; neither follows from the other.
type Composition struct {
	Components     []Component `json:"components"` // sum to 1000
	BiobasedCarbon *int        `json:"biobasedCarbonPermille,omitempty"`
	BiobasedMass   *int        `json:"biobasedMassPermille,omitempty"`
	Evidence       []Document  `json:"evidence,omitempty"`
}

// Component is a part of the composition, in thousandths by mass.
type Component struct {
	Name     string `json:"name"`
	Permille int    `json:"permille"`
	Origin   Origin `json:"origin"`
}

// Origin is where the carbon of a component is from.
type Origin string

// The origins.
const (
	Fossil     Origin = "fossil"
	FromPlants Origin = "biobased"
)

// Document is a report that is kept elsewhere.
type Document struct {
	Standard string `json:"standard"`
	SHA256   string `json:"sha256"` // of the file, in hexadecimal
}

// File is the evidence that the steps brought.
type File struct {
	Certificates []Certificate `json:"certificates,omitempty"`
	Trial        *Trial        `json:"trial,omitempty"`
	Outlet       *Outlet       `json:"outlet,omitempty"`
}

// Certificate is a certificate of one standard.
type Certificate struct {
	Standard     string `json:"standard"`
	Body         string `json:"body"`
	Number       string `json:"number"`
	Scope        string `json:"scope"` // material or product
	MaxThickness int64  `json:"maxThicknessMicrometres,omitempty"`
	Expires      Day    `json:"expires"` // the last day on which it holds
	SHA256       string `json:"sha256"`
}

// Trial is a trial in the stream that the item would be in.
type Trial struct {
	Route    Route  `json:"route"`
	Facility string `json:"facility"` // where
	From     Day    `json:"from"`
	To       Day    `json:"to"`
	Input    int64  `json:"inputGrams"`
	Residue  int64  `json:"residueGrams"` // not disintegrated, or contaminant in the recyclate
	Result   Result `json:"result"`
	SHA256   string `json:"sha256"`
}

// Result is how a trial ended.
type Result string

// The results.
const (
	Passed Result = "passed"
	Failed Result = "failed"
)

// Outlet is a plant that takes the item, and says so in writing.
type Outlet struct {
	Name      string `json:"name"`
	Route     Route  `json:"route"`
	Polymer   string `json:"polymer,omitempty"`       // of the stream that a recycler takes it in
	Residence int    `json:"residenceDays,omitempty"` // how long it stays in the process; of organic routes
	ValidTo   Day    `json:"validTo"`                 // the last day on which the acceptance holds
	SHA256    string `json:"sha256"`                  // of the acceptance
}
