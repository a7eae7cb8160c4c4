package bioplastic

import (
	"slices"
	"strings"
	"time"
)

// Standing is what a dossier is worth on a day.
type Standing struct {
	State   State
	Reasons []Reason // why it is less than what was recorded; empty: it is not
}

// Reason is why a step does not hold.
type Reason struct {
	Code   string `json:"code"` // stable, for programs
	Detail string `json:"detail"`
}

// Standing works out how far the evidence carries on a day: to the last step
// before the first that does not hold. A certificate that has expired verifies
// nothing, whatever was decided while it held.
func (d *Dossier) Standing(day Day) Standing {
	if d.State.rank() <= NotAssessed.rank() { // or rejected
		return Standing{State: d.State}
	}
	at := NotAssessed
	for _, step := range d.path() {
		if reasons := d.lacks(step, day); len(reasons) > 0 {
			return Standing{at, reasons}
		}
		at = step
	}
	return Standing{State: at}
}

// path lists the steps up to the recorded state. What is the same as its
// fossil twin needs no certificate, and is judged by one only where it stopped.
func (d *Dossier) path() []State {
	path := States()[1 : d.State.rank()+1]
	if d.DropIn != "" && d.State != CertificateVerified {
		path = slices.DeleteFunc(slices.Clone(path), func(s State) bool { return s == CertificateVerified })
	}
	return path
}

// lacks says what a step is missing on a day.
func (d *Dossier) lacks(step State, day Day) []Reason {
	switch step {
	case DeskCheck:
		return d.lacksComposition()
	case CertificateVerified:
		return d.lacksCertificate(day)
	case StreamTrial:
		return d.lacksTrial(day)
	case OutletConfirmed:
		return d.lacksOutlet(day)
	}
	return nil
}

func (d *Dossier) lacksComposition() (reasons []Reason) {
	c := &d.Composition
	if len(c.Evidence) == 0 {
		reasons = append(reasons, Reason{"composition-evidence-missing", "No document shows the composition."})
	}
	if d.Biobased == Yes && c.BiobasedCarbon == nil && c.BiobasedMass == nil {
		reasons = append(reasons, Reason{"biobased-share-missing", "It is claimed to be biobased, but neither the share of the carbon nor that of the mass is measured."})
	}
	return reasons
}

// wanted are the standards that verify what is claimed: of compostability
// where that is claimed, otherwise of the biobased content.
func (d *Dossier) wanted() []string {
	switch {
	case d.DropIn != "" || d.Compostable == None:
		return BiobasedStandards
	case d.Compostable == Home:
		return HomeStandards
	}
	return IndustrialStandards
}

func (d *Dossier) lacksCertificate(day Day) (reasons []Reason) {
	if len(d.File.Certificates) == 0 {
		return []Reason{{"certificate-missing", "There is no certificate."}}
	}
	for i := range d.File.Certificates {
		r := d.judge(&d.File.Certificates[i], day)
		if r == nil {
			return nil
		}
		if !slices.Contains(reasons, *r) {
			reasons = append(reasons, *r)
		}
	}
	return reasons
}

// judge says why a certificate does not verify the dossier, or nil.
func (d *Dossier) judge(c *Certificate, day Day) *Reason {
	wanted := d.wanted()
	switch {
	case slices.Contains(SoilStandards, c.Standard):
		return &Reason{"standard-not-a-route", c.Standard + " is about soil, which is no way out of a health facility."}
	case !slices.Contains(wanted, c.Standard):
		return &Reason{"standard-unfit", c.Standard + " does not verify what is claimed: it takes " + strings.Join(wanted, ", ") + "."}
	case c.Expires < day:
		return &Reason{"certificate-expired", "The certificate held until " + string(c.Expires) + "."}
	case slices.Contains(BiobasedStandards, c.Standard):
		return nil // how thick it is does not matter to what it is made of
	case d.Thickness == 0 || c.MaxThickness == 0:
		return &Reason{"thickness-missing", "Give the thickness of the item, and the largest that the certificate is for."}
	case d.Thickness > c.MaxThickness:
		return &Reason{"thickness-exceeded", "The item is thicker than the certificate is for."}
	}
	return nil
}

func (d *Dossier) lacksTrial(day Day) []Reason {
	t := d.File.Trial
	if t == nil {
		return []Reason{{"trial-missing", "There was no trial in the stream."}}
	}
	var reasons []Reason
	if t.Result != Passed {
		reasons = append(reasons, Reason{"trial-failed", "The trial was not passed."})
	}
	if t.To > day {
		reasons = append(reasons, Reason{"trial-unfinished", "The trial goes on until " + string(t.To) + "."})
	}
	return append(reasons, d.bars(t.Route)...)
}

// bars says why the item may not go a route at all.
func (d *Dossier) bars(r Route) (reasons []Reason) {
	if !r.organic() {
		return nil
	}
	if d.Infectious != No {
		reasons = append(reasons, Reason{"infectious-compostable", "What comes back infectious, or may, never goes into the compostable stream."})
	}
	if d.DropIn != "" || d.Compostable != Industrial {
		reasons = append(reasons, Reason{"route-unfit", "Only what is claimed to compost industrially goes to a plant of the compostable stream."})
	}
	return reasons
}

func (d *Dossier) lacksOutlet(day Day) (reasons []Reason) {
	o, t := d.File.Outlet, d.File.Trial
	if o == nil {
		return []Reason{{"outlet-missing", "No plant has said in writing that it takes this."}}
	}
	if o.ValidTo < day {
		reasons = append(reasons, Reason{"outlet-expired", "The plant's acceptance held until " + string(o.ValidTo) + "."})
	}
	if t != nil && t.Route != o.Route {
		reasons = append(reasons, Reason{"outlet-untried", "The trial was of another route than the outlet's."})
	}
	if t != nil && o.Route.organic() && o.Residence < t.days() {
		reasons = append(reasons, Reason{"residence-too-short", "The plant keeps it for less time than it took in the trial."})
	}
	if !o.Route.organic() && !strings.EqualFold(o.Polymer, d.recycledAs()) {
		reasons = append(reasons, Reason{"outlet-other-stream", "The recycler takes another polymer: this belongs to the stream of " + d.recycledAs() + "."})
	}
	return append(reasons, d.bars(o.Route)...)
}

// recycledAs is the polymer whose stream it belongs to: its fossil twin's, or
// its own, since it would spoil any other.
func (p *Profile) recycledAs() string {
	if p.DropIn != "" {
		return p.DropIn
	}
	return p.Polymer
}

// days is how many days a trial took.
func (t *Trial) days() int {
	from, _ := time.Parse(time.DateOnly, string(t.From))
	to, _ := time.Parse(time.DateOnly, string(t.To))
	return int(to.Sub(from) / (24 * time.Hour))
}

// Creditable reports whether a saving may be counted on a day: only behind a
// named outlet.
func (d *Dossier) Creditable(day Day) bool {
	s := d.Standing(day).State
	return s == OutletConfirmed || s == Accepted
}
