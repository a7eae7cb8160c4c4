package tracking

import (
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
)

// The kinds of documents folded from the ledger.
const (
	KindLab         store.Kind = "lab"
	KindFacility    store.Kind = "facility"
	KindWard        store.Kind = "ward"
	KindRecycler    store.Kind = "recycler"
	KindStream      store.Kind = "stream"
	KindPrinter     store.Kind = "printer"
	KindSheet       store.Kind = "sheet"
	KindLabel       store.Kind = "label"
	KindBatch       store.Kind = "batch"
	KindBin         store.Kind = "bin"
	KindFill        store.Kind = "fill"
	KindPickup      store.Kind = "pickup"
	KindReceipt     store.Kind = "receipt"
	KindTreatment   store.Kind = "treatment"
	KindDiscrepancy store.Kind = "discrepancy"
	KindReview      store.Kind = "review"
	KindAwaited     store.Kind = "awaited"
	KindCell        store.Kind = "cell"
	KindCube        store.Kind = "cube"

	KindDossier     store.Kind = "dossier"
	KindTransition  store.Kind = "transition"
	KindBioplastics store.Kind = "bioplastic-settings"
)

// Bounds on what is folded again with every late arrival: the bins of one
// pickup, the facts of one fill and of one pickup, the amendments among these,
// and the bytes of all of them.
const (
	MaxLines       = 500
	MaxFillFacts   = 300
	MaxPickupFacts = 800
	MaxAmendments  = 100
	MaxRecyclates  = 24 // kinds of recyclate that come of one load
	maxFactBytes   = 2 << 20
)

// Lab is the tenant. There is one, with the id of its partition.
type Lab struct {
	ID           string         `json:"id"`
	Name         string         `json:"name"`
	ClosedMonths []ClosedMonth  `json:"closedMonths,omitempty"` // in the order of closing
	Awaited      int            `json:"awaited,omitempty"`      // number of awaited documents
	Waiting      map[string]int `json:"waiting,omitempty"`      // entries in the inbox that wait, by organisation
}

// ClosedMonth is a month whose cells are frozen.
type ClosedMonth struct {
	Month calendar.Month   `json:"month"`
	At    calendar.Instant `json:"closedAt"`
	Entry string           `json:"entry"`
}

// monthClosed reports whether the month is frozen.
func (l *Lab) monthClosed(m calendar.Month) bool {
	for _, c := range l.ClosedMonths {
		if c.Month == m {
			return true
		}
	}
	return false
}

// Facility is a hospital or health centre: an origin of material.
type Facility struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Address string `json:"address,omitempty"`
	Contact string `json:"contact,omitempty"` // whom a finder calls: a switchboard, never a person
}

// Ward is a part of a facility: the smallest unit that figures are shown for.
type Ward struct {
	ID       string `json:"id"`
	Facility string `json:"facility"`
	Name     string `json:"name"`
}

// Recycler collects and treats.
type Recycler struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Stream is a class of material that a bin accepts.
type Stream struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	NameIT    string         `json:"nameIt"`
	Family    string         `json:"family"`              // fossil, bio-based-drop-in, compostable, mixed
	EER       string         `json:"eer"`                 // European waste code, "15 01 02"
	Polymers  []PolymerShare `json:"polymers,omitempty"`  // sum to 1000
	Accepts   []string       `json:"accepts,omitempty"`   // what goes in
	Refuses   []string       `json:"refuses,omitempty"`   // what does not
	AcceptsIT []string       `json:"acceptsIt,omitempty"` // the same in Italian
	RefusesIT []string       `json:"refusesIt,omitempty"` // the same in Italian
	Densities []DatedDensity `json:"densities"`           // ascending
	Colour    string         `json:"colour,omitempty"`    // #rrggbb
	// Pictograms are what its labels show, each one of print.Pictograms.
	Pictograms []string `json:"pictograms,omitempty"`
}

// PolymerShare is the share of a polymer in a stream, in thousandths by mass.
type PolymerShare struct {
	Polymer  string `json:"polymer"`
	Permille int    `json:"permille"`
}

// DatedDensity is the bulk density from a day on. It never reaches back, so
// that no recorded estimate changes.
type DatedDensity struct {
	From          calendar.Instant `json:"from"`
	GramsPerLitre int64            `json:"gramsPerLitre"`
}

// densityAt is the bulk density at an instant in grams per litre; before the
// first one it is the first.
func (s *Stream) densityAt(at calendar.Instant) int64 {
	d := s.Densities[0].GramsPerLitre
	for _, dated := range s.Densities {
		if dated.From <= at {
			d = dated.GramsPerLitre
		}
	}
	return d
}

// LabelState is where a label is in its life.
type LabelState string

// The label's life.
const (
	Blank       LabelState = "blank"
	Bound       LabelState = "bound"
	LabelIsGone LabelState = "retired"
)

// Label is a code on a sticker. A retired label still leads to its bin.
type Label struct {
	Code     string           `json:"code"`
	State    LabelState       `json:"state"`
	Batch    string           `json:"batch"`              // entry that issued it
	Facility string           `json:"facility,omitempty"` // for whom it was printed, or where its bin is
	IssuedAt calendar.Instant `json:"issuedAt"`
	Bin      string           `json:"bin,omitempty"`
	BoundBy  string           `json:"boundBy,omitempty"`   // entry
	Retired  string           `json:"retiredBy,omitempty"` // entry
}

// Batch is a set of labels that were issued together. Which ones it has is in
// its entry, in the order of issue.
type Batch struct {
	ID       string           `json:"id"`                 // entry
	Facility string           `json:"facility,omitempty"` // for whom it was printed
	IssuedAt calendar.Instant `json:"issuedAt"`
	Count    int              `json:"count"`
}

// BinSettings are what a bin is from an instant on.
type BinSettings struct {
	From         calendar.Instant `json:"from"`
	Entry        string           `json:"entry"`
	Ward         string           `json:"ward"`
	Stream       string           `json:"stream"`
	VolumeLitres int64            `json:"volumeLitres"`
	TareGrams    quantity.Mass    `json:"tareGrams"`
}

// Bin is a container.
type Bin struct {
	ID       string            `json:"id"`
	Facility string            `json:"facility"`
	Name     string            `json:"name"`
	Changes  []BinChange       `json:"changes"`          // dated, ascending; the first is the registration
	Settings []BinSettings     `json:"settings"`         // what follows from the changes, one each
	Label    string            `json:"label,omitempty"`  // the one in use
	Labels   []string          `json:"labels,omitempty"` // all, oldest first
	Retired  *calendar.Instant `json:"retiredAt,omitempty"`
	Lost     bool              `json:"lost,omitempty"`
	// Recyclers are those whose drivers ever scanned the bin: they have a say
	// in corrections of what they took.
	Recyclers []string    `json:"recyclers,omitempty"`
	Fill      CurrentFill `json:"fill"`
}

// BinChange is what an entry set: the registration everything, an update a
// part.
type BinChange struct {
	At           calendar.Instant `json:"at"`
	Entry        string           `json:"entry"`
	Name         string           `json:"name,omitempty"`
	Ward         string           `json:"ward,omitempty"`
	Stream       string           `json:"stream,omitempty"`
	VolumeLitres int64            `json:"volumeLitres,omitempty"`
	TareGrams    *quantity.Mass   `json:"tareGrams,omitempty"`
}

// CurrentFill is the fill that a bin holds now.
type CurrentFill struct {
	ID        string           `json:"id"`
	State     FillState        `json:"state"` // open or closed
	StartedAt calendar.Instant `json:"startedAt"`
}

// now is the newest settings.
func (b *Bin) now() BinSettings { return b.Settings[len(b.Settings)-1] }

// at is the settings at an instant; before the first they are the first, since
// a phone's clock may run a little behind the one that registered the bin.
func (b *Bin) at(i calendar.Instant) BinSettings {
	s := b.Settings[0]
	for _, dated := range b.Settings {
		if dated.From <= i {
			s = dated
		}
	}
	return s
}

// FillState is where a fill is in its life.
type FillState string

// The fill's life. Diverted ends it at closing: the sorting question said no.
const (
	Open      FillState = "open"
	Closed    FillState = "closed"
	Collected FillState = "collected"
	Received  FillState = "received"
	Treated   FillState = "treated"
	Diverted  FillState = "diverted"
)

// Fill is one filling of one bin: the unit of mass accounting. Its id is that
// of the entry that left the bin empty before it: the bin's registration, a
// driver's scan, or a closing that diverted the content.
type Fill struct {
	ID        string           `json:"id"`
	Bin       string           `json:"bin"`
	Facility  string           `json:"facility"`
	StartedAt calendar.Instant `json:"startedAt"`
	State     FillState        `json:"state"`
	Ward      string           `json:"ward"`
	Stream    string           `json:"stream"`

	OpenedAt     *calendar.Instant `json:"openedAt,omitempty"` // first fact: the storage clock starts
	ClosedAt     *calendar.Instant `json:"closedAt,omitempty"`
	CollectedAt  *calendar.Instant `json:"collectedAt,omitempty"`
	VolumeLitres int64             `json:"volumeLitres"`
	Departure    *Weighing         `json:"departure,omitempty"` // the best weighing before collection
	TareGrams    quantity.Mass     `json:"tareGrams,omitempty"` // of the bin, when it was collected
	Pickup       string            `json:"pickup,omitempty"`
	Recycler     string            `json:"recycler,omitempty"`       // of the pickup
	PreviousBy   string            `json:"previousPickup,omitempty"` // pickup that ended the fill before
	// AmendedUntil is set if a fill before was amended after this one began:
	// what that amendment does may depend on what happened by then.
	AmendedUntil calendar.Instant `json:"amendedUntil,omitempty"`
	Lost         bool             `json:"lost,omitempty"`

	Arrival *Arrival         `json:"arrival,omitempty"`
	Haul    map[string]int64 `json:"haul,omitempty"` // its part of the pickup's transport, by indicator.HaulKey
	Facts   []Fact           `json:"facts"`
}

// Arrival is what the plant's receipts and treatments say of a fill, given
// back to it from its load by allocation.
type Arrival struct {
	Receipt          string                   `json:"receipt"` // entry
	ReceivedAt       calendar.Instant         `json:"receivedAt"`
	Rung             indicator.Rung           `json:"rung"`
	Allocated        bool                     `json:"allocated"` // false: this bin was weighed by itself
	AcceptedGrams    quantity.Mass            `json:"acceptedGrams"`
	RefusedGrams     quantity.Mass            `json:"refusedGrams"`
	NextOperation    string                   `json:"nextOperation,omitempty"` // of what was refused
	ContaminantGrams quantity.Mass            `json:"contaminantGrams"`
	RecyclateGrams   quantity.Mass            `json:"recyclateGrams"`
	ProcessLossGrams quantity.Mass            `json:"processLossGrams"`
	ResidueGrams     quantity.Mass            `json:"residueGrams"`
	PendingGrams     quantity.Mass            `json:"pendingGrams"`
	Recyclates       map[string]quantity.Mass `json:"recyclates,omitempty"` // sums to RecyclateGrams, by indicator.RecyclateKey
	Routes           map[string]quantity.Mass `json:"routes,omitempty"`
}

// Review is an entry in the inbox: valid, by somebody who may, but it does not
// fit what else is known.
type Review struct {
	Entry      string           `json:"entry"`
	Type       Type             `json:"type"`
	Reason     Reason           `json:"reason"`
	State      string           `json:"state"`              // open, dismissed
	Facility   string           `json:"facility,omitempty"` // in whose inbox it is
	Recycler   string           `json:"recycler,omitempty"` // in whose inbox it is
	At         calendar.Instant `json:"at"`
	RecordedAt calendar.Instant `json:"recordedAt"`
	Bin        string           `json:"bin,omitempty"`
	Fill       string           `json:"fill,omitempty"` // the closest
	Pickup     string           `json:"pickup,omitempty"`
	Awaits     string           `json:"awaits,omitempty"` // what must become known first, "bin:…"; not for its author's eyes
	Alone      bool             `json:"alone,omitempty"`  // in no bin and no pickup
	Note       string           `json:"note,omitempty"`   // of the dismissal
}

// Awaited lists the entries that wait for something to become known.
type Awaited struct {
	Subject string   `json:"subject"` // "bin:…", "label:…", "pickup:…", "entry:…"
	Entries []string `json:"entries"`
}

// Cell is one cell of the activity cube: what happened to the fills of a ward
// and stream that were closed in a month. If the month was closed before a
// change arrived, the change is booked in a cell of its own, under the month
// in which it was recorded.
type Cell struct {
	Booked   calendar.Month     `json:"booked"` // the month in whose balance it counts
	Month    calendar.Month     `json:"month"`  // the month in which the fills were closed
	Facility string             `json:"facility"`
	Ward     string             `json:"ward,omitempty"` // empty: received, but no fill to give it back to
	Stream   string             `json:"stream"`
	Activity indicator.Activity `json:"activity"`
}

// Cube says how often a cell was deleted. It is the only document whose
// content depends on the order in which entries arrived.
type Cube struct {
	Dropped int64 `json:"dropped"`
}

// ID is the cell's document id; cells sort by the month of booking.
func (c *Cell) ID() string {
	return string(c.Booked) + "|" + string(c.Month) + "|" + c.Facility + "|" + c.Ward + "|" + c.Stream
}

// Adjusts reports whether the cell adjusts a closed month.
func (c *Cell) Adjusts() bool { return c.Booked != c.Month }
