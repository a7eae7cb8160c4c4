package bioplastic

import (
	"fmt"
	"slices"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// Advance asks to go to a state, with the evidence for it.
type Advance struct {
	To           State         `json:"to"`
	Note         string        `json:"note,omitempty"` // required for going back, rejecting and reopening
	Certificates []Certificate `json:"certificates,omitempty"`
	Trial        *Trial        `json:"trial,omitempty"`
	Outlet       *Outlet       `json:"outlet,omitempty"`
}

// Check lists what is wrong with what is asked, whatever the dossier.
func (a *Advance) Check() []problem.Field {
	f := &faults{}
	oneOf(f, a.To, "/to", States()...)
	f.text(a.Note, "/note", false, 500)
	f.ok(len(a.Certificates) <= MaxCertificates, "/certificates", "too-many", fmt.Sprintf("At most %d certificates.", MaxCertificates))
	for i := range a.Certificates {
		a.Certificates[i].check(f, fmt.Sprintf("/certificates/%d", i))
	}
	if a.Trial != nil {
		a.Trial.check(f, "/trial")
	}
	if a.Outlet != nil {
		a.Outlet.check(f, "/outlet")
	}
	f.ok(len(a.Certificates) == 0 || a.To == CertificateVerified, "/certificates", "not-allowed", "Certificates come with the step certificate-verified.")
	f.ok(a.Trial == nil || a.To == StreamTrial || a.To == Rejected, "/trial", "not-allowed", "A trial comes with the step stream-trial, or with the rejection after it.")
	f.ok(a.Outlet == nil || a.To == OutletConfirmed, "/outlet", "not-allowed", "An outlet comes with the step outlet-confirmed.")
	return *f
}

// Follows lists the states that may follow one, the steps forward first. What
// is the same as its fossil twin may leave out the certificate.
func Follows(from State, dropIn bool) []State {
	var next []State
	switch from {
	case Rejected:
		return []State{NotAssessed}
	case DeskCheck:
		next = []State{CertificateVerified}
		if dropIn {
			next = append(next, StreamTrial)
		}
	case Accepted:
	default:
		next = []State{States()[from.rank()+1]}
	}
	for back := from.rank() - 1; back >= 0; back-- {
		next = append(next, States()[back])
	}
	return append(next, Rejected)
}

// Advance is the dossier after a step on a day. Going back to a state takes the
// evidence of what follows it off the file, since that is what is doubted. The
// step starts from where the dossier stands on that day, not from what was
// recorded once. The dossier itself stays as it is.
func (d Dossier) Advance(a Advance, day Day) (Dossier, error) {
	from := d.Standing(day).State
	if !slices.Contains(Follows(from, d.DropIn != ""), a.To) {
		return d, problem.New(problem.Unprocessable, "transition-not-allowed",
			"From %s the dossier can't go to %s.", from, a.To).
			With("/to", "not-allowed", fmt.Sprintf("Use one of: %v.", Follows(from, d.DropIn != "")))
	}
	forward := a.To.rank() > from.rank()
	if !forward && a.Note == "" {
		return d, problem.New(problem.Unprocessable, "note-missing", "Say why.").
			With("/note", "required", "Going back, rejecting and reopening need a reason.")
	}
	if forward {
		d.File.add(a)
	} else {
		d.File = d.File.upTo(a.To)
	}
	if a.To == Rejected && a.Trial != nil {
		d.File.Trial = a.Trial
	}
	d.State, d.Steps = a.To, d.Steps+1
	if now := d.Standing(day); now.State != a.To {
		return d, insufficient(a.To, now.Reasons)
	}
	return d, nil
}

func insufficient(to State, reasons []Reason) error {
	p := problem.New(problem.Unprocessable, "evidence-insufficient", "The evidence does not carry the dossier to %s; see the fields.", to)
	for _, r := range reasons {
		p = p.With("/to", r.Code, r.Detail)
	}
	return p
}

// add puts the evidence of a step on file, in the place of what there was.
func (f *File) add(a Advance) {
	if len(a.Certificates) > 0 {
		f.Certificates = slices.Clone(a.Certificates)
	}
	if a.Trial != nil {
		f.Trial = a.Trial
	}
	if a.Outlet != nil {
		f.Outlet = a.Outlet
	}
}

// upTo leaves the evidence of a state and of those before it. A rejection
// leaves all: it is why.
func (f File) upTo(s State) File {
	if s == Rejected {
		return f
	}
	if s.rank() < CertificateVerified.rank() {
		f.Certificates = nil
	}
	if s.rank() < StreamTrial.rank() {
		f.Trial = nil
	}
	if s.rank() < OutletConfirmed.rank() {
		f.Outlet = nil
	}
	return f
}

// Revise puts a new profile in the place of the old one. What the evidence is
// about stays as it is until the dossier goes back to not-assessed; other
// changes are judged by Standing.
func (d *Dossier) Revise(p Profile) error {
	if d.State != NotAssessed && !d.sameMaterial(&p) {
		return problem.New(problem.Unprocessable, "material-fixed",
			"The evidence is about this maker's polymer and composition: take the dossier back to not-assessed first, or make another one.").
			With("/composition", "not-allowed", "Leave maker, polymer, dropIn and the components as they are.")
	}
	d.Profile = p
	return nil
}

func (p *Profile) sameMaterial(q *Profile) bool {
	return p.Maker == q.Maker && p.Polymer == q.Polymer && p.DropIn == q.DropIn && slices.Equal(p.Composition.Components, q.Composition.Components)
}
