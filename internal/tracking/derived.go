package tracking

import (
	"maps"
	"slices"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// Receipt is the plant's answer to a load or to one bin, with what it gave
// back to which fill.
type Receipt struct {
	ID               string           `json:"id"` // entry
	Pickup           string           `json:"pickup"`
	Facility         string           `json:"facility"`
	Recycler         string           `json:"recycler"`
	Stream           string           `json:"stream"`
	Bin              string           `json:"bin,omitempty"`
	ReceivedAt       calendar.Instant `json:"receivedAt"`
	Status           Status           `json:"status"`
	Outcome          string           `json:"outcome"` // A, P, R
	AcceptedGrams    quantity.Mass    `json:"acceptedGrams"`
	RefusedGrams     quantity.Mass    `json:"refusedGrams"`
	ContaminantGrams quantity.Mass    `json:"contaminantGrams"`
	Cause            string           `json:"cause,omitempty"` // NC, IR, A
	Reason           string           `json:"reason,omitempty"`
	Rung             indicator.Rung   `json:"rung"`
	Scale            string           `json:"scale,omitempty"`
	Ticket           string           `json:"ticket,omitempty"`
	NextDestination  string           `json:"nextDestination,omitempty"`
	NextOperation    string           `json:"nextOperation,omitempty"`
	Allocation       []Allocated      `json:"allocation"`
}

// Allocated is the part of a receipt that a fill got, beside what it departed
// with.
type Allocated struct {
	Fill           string        `json:"fill"`
	Bin            string        `json:"bin"`
	Ward           string        `json:"ward"`
	DepartureGrams quantity.Mass `json:"departureGrams"`
	AcceptedGrams  quantity.Mass `json:"acceptedGrams"`
	RefusedGrams   quantity.Mass `json:"refusedGrams"`
}

// Treatment is what came out of a load.
type Treatment struct {
	ID                    string           `json:"id"` // entry
	Pickup                string           `json:"pickup"`
	Facility              string           `json:"facility"`
	Recycler              string           `json:"recycler"`
	Stream                string           `json:"stream"`
	TreatedAt             calendar.Instant `json:"treatedAt"`
	Status                Status           `json:"status"`
	InputGrams            quantity.Mass    `json:"inputGrams"`
	CalculationPointGrams quantity.Mass    `json:"calculationPointGrams"`
	Outputs               []Output         `json:"outputs"`
	Certificate           string           `json:"certificate,omitempty"`
}

// putDerived stages the documents that show parts of a pickup by themselves.
func (w *work) putDerived(before, after *Pickup, arrivals map[string]*Arrival) {
	for i := range after.Facts {
		f := &after.Facts[i]
		switch f.Type {
		case "receipt.record":
			w.put(after.receipt(f, arrivals))
		case "treatment.record":
			b := f.effective()
			w.put(&Treatment{
				ID: f.Entry, Pickup: after.ID, Facility: after.Facility, Recycler: after.Recycler, Stream: b.Stream,
				TreatedAt: f.At, Status: f.Status, InputGrams: b.InputGrams, CalculationPointGrams: b.CalculationPointGrams,
				Outputs: b.Outputs, Certificate: b.Certificate,
			})
		}
	}
	for _, l := range before.Loads {
		if l.Discrepancy != nil {
			w.remove(KindDiscrepancy, l.Discrepancy.ID)
		}
	}
	for _, l := range after.Loads {
		if l.Discrepancy != nil {
			d := *l.Discrepancy
			w.put(&d)
		}
	}
}

func (p *Pickup) receipt(f *Fact, arrivals map[string]*Arrival) *Receipt {
	b := f.effective()
	net := arrivalNet(b, 0)
	r := &Receipt{
		ID: f.Entry, Pickup: p.ID, Facility: p.Facility, Recycler: p.Recycler, Stream: b.Stream, Bin: b.Bin,
		ReceivedAt: f.At, Status: f.Status, Outcome: b.Outcome, AcceptedGrams: net - b.RefusedGrams,
		RefusedGrams: b.RefusedGrams, ContaminantGrams: b.ContaminantGrams, Cause: b.Cause, Reason: b.Reason,
		Rung: newArrival(f, false).Rung, Scale: b.Scale, Ticket: b.Ticket, NextDestination: b.NextDestination,
		NextOperation: b.NextOperation, Allocation: []Allocated{},
	}
	for _, l := range p.Lines {
		a := arrivals[l.Fill]
		if a == nil || a.Receipt != f.Entry {
			continue
		}
		r.Allocation = append(r.Allocation, Allocated{l.Fill, l.Bin, l.Ward, l.DepartureGrams, a.AcceptedGrams, a.RefusedGrams})
		if b.Bin != "" { // weighed with the bin's own tare
			r.AcceptedGrams = a.AcceptedGrams
		}
	}
	return r
}

func sameArrival(a, b *Arrival) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	if !maps.Equal(x.Routes, y.Routes) || !maps.Equal(x.Recyclates, y.Recyclates) {
		return false
	}
	return x.comparable() == y.comparable()
}

// arrivalValues is an Arrival without its maps, which == can't compare.
type arrivalValues struct {
	receipt    string
	next       string
	receivedAt calendar.Instant
	rung       indicator.Rung
	allocated  bool
	masses     [7]quantity.Mass
}

func (a *Arrival) comparable() arrivalValues {
	return arrivalValues{a.Receipt, a.NextOperation, a.ReceivedAt, a.Rung, a.Allocated, [7]quantity.Mass{
		a.AcceptedGrams, a.RefusedGrams, a.ContaminantGrams, a.RecyclateGrams, a.ProcessLossGrams, a.ResidueGrams, a.PendingGrams,
	}}
}

// fillReviews lists what a fill's facts put into the inboxes: of its facility,
// and of the recycler that said so.
func fillReviews(f *Fill) []Review {
	var reviews []Review
	for i := range f.Facts {
		if r, ok := f.Facts[i].review(f.Facts); ok {
			r.Facility, r.Bin, r.Fill = f.Facility, f.Bin, f.ID
			if fact := &f.Facts[i]; fact.Organisation != f.Facility {
				r.Recycler = fact.Organisation // its own word
			} else if fact.Status == Pending {
				r.Recycler = f.Recycler // that has to answer
			}
			reviews = append(reviews, r)
		}
	}
	return reviews
}

func pickupReviews(p *Pickup) []Review {
	var reviews []Review
	for i := range p.Facts {
		if r, ok := p.Facts[i].review(p.Facts); ok {
			r.Facility, r.Recycler, r.Pickup, r.Bin = p.Facility, p.Recycler, p.ID, p.Facts[i].Body.Bin
			reviews = append(reviews, r)
		}
	}
	return reviews
}

// review returns what a fact puts into an inbox, if anything: facts that do
// not fit, and corrections that wait for the other party.
func (f *Fact) review(all []Fact) (Review, bool) {
	r := Review{Entry: f.Entry, Type: f.Type, Reason: f.Reason, State: "open", At: f.At, RecordedAt: f.RecordedAt}
	switch f.Status {
	case Unfit:
		return r, true
	case Pending:
		r.Reason = ReasonAwaitsApproval
		return r, true
	case Dismissed:
		r.State = "dismissed"
		if i := slices.IndexFunc(all, func(d Fact) bool { return d.Type == "review.dismiss" && d.Body.Entry == f.Entry }); i >= 0 {
			r.Note = all[i].Body.Reason
		}
		return r, true
	}
	return Review{}, false
}
