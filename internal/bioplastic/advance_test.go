package bioplastic_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/bioplastic"
	"github.com/ricircolo/ricircolo/internal/problem"
)

// follows is the table of what may follow a state: n not-assessed, d
// desk-check, c certificate-verified, t stream-trial, o outlet-confirmed, a
// accepted, r rejected. Capital letters: for drop-ins alone.
var follows = map[bioplastic.State]string{
	bioplastic.NotAssessed:         "dr",
	bioplastic.DeskCheck:           "ncTr",
	bioplastic.CertificateVerified: "ndtr",
	bioplastic.StreamTrial:         "ndcor",
	bioplastic.OutletConfirmed:     "ndctar",
	bioplastic.Accepted:            "ndctor",
	bioplastic.Rejected:            "n",
}

func mayFollow(from, to bioplastic.State, dropIn bool) bool {
	letter := "ndctoar"[slices.Index(bioplastic.States(), to)]
	for _, c := range []byte(follows[from]) {
		if c == letter || dropIn && c == letter-'a'+'A' {
			return true
		}
	}
	return false
}

func TestEveryStateToEveryOther(t *testing.T) {
	for _, p := range []bioplastic.Profile{pla(), bioPE()} {
		for _, from := range bioplastic.States() {
			for _, to := range bioplastic.States() {
				d := mustReach(t, p, from)
				a := bioplastic.Advance{To: to}
				if to != bioplastic.Rejected && to != bioplastic.NotAssessed {
					a = steps(p, to)[len(steps(p, to))-1]
				}
				a.Note = "because"
				next, err := d.Advance(a, today)
				if want := mayFollow(from, to, p.DropIn != ""); (err == nil) != want {
					t.Errorf("%s from %s to %s: got %v, want allowed: %t", p.Polymer, from, to, err, want)
				} else if !want && !problem.Is(err, "transition-not-allowed") {
					t.Errorf("%s from %s to %s: got %v", p.Polymer, from, to, err)
				}
				if err == nil && (next.State != to || next.Steps != d.Steps+1) {
					t.Errorf("%s from %s to %s: got %s after %d steps", p.Polymer, from, to, next.State, next.Steps)
				}
			}
		}
	}
}

func TestWhatAStepNeeds(t *testing.T) {
	type change struct {
		profile func(*bioplastic.Profile)
		step    func(*bioplastic.Advance)
	}
	cert := func(f func(*bioplastic.Certificate)) change {
		return change{step: func(a *bioplastic.Advance) { f(&a.Certificates[0]) }}
	}
	of := func(f func(*bioplastic.Profile)) change { return change{profile: f} }
	for _, tt := range []struct {
		name   string
		base   func() bioplastic.Profile
		to     bioplastic.State
		change change
		reason string // "": enough
	}{
		{"as it should be", pla, bioplastic.CertificateVerified, change{}, ""},
		{"no document", pla, bioplastic.DeskCheck, of(func(p *bioplastic.Profile) { p.Composition.Evidence = nil }), "composition-evidence-missing"},
		{"biobased, not measured", pla, bioplastic.DeskCheck, of(func(p *bioplastic.Profile) { p.Composition.BiobasedCarbon = nil }), "biobased-share-missing"},
		{"the share of the mass will do", pla, bioplastic.DeskCheck, of(func(p *bioplastic.Profile) {
			p.Composition.BiobasedCarbon, p.Composition.BiobasedMass = nil, share(900)
		}), ""},
		{"no certificate", pla, bioplastic.CertificateVerified, change{step: func(a *bioplastic.Advance) { a.Certificates = nil }}, "certificate-missing"},
		{"expired yesterday", pla, bioplastic.CertificateVerified, cert(func(c *bioplastic.Certificate) { c.Expires = "2026-03-01" }), "certificate-expired"},
		{"expires today", pla, bioplastic.CertificateVerified, cert(func(c *bioplastic.Certificate) { c.Expires = today }), ""},
		{"as thick as certified", pla, bioplastic.CertificateVerified, of(func(p *bioplastic.Profile) { p.Thickness = 500 }), ""},
		{"thicker", pla, bioplastic.CertificateVerified, of(func(p *bioplastic.Profile) { p.Thickness = 501 }), "thickness-exceeded"},
		{"thickness unknown", pla, bioplastic.CertificateVerified, of(func(p *bioplastic.Profile) { p.Thickness = 0 }), "thickness-missing"},
		{"biobased is not compostable", pla, bioplastic.CertificateVerified, cert(func(c *bioplastic.Certificate) { c.Standard = "ISO 16620" }), "standard-unfit"},
		{"compostable is not biobased", bioPE, bioplastic.CertificateVerified, cert(func(c *bioplastic.Certificate) { c.Standard = "EN 13432" }), "standard-unfit"},
		{"at home is not in a plant", pla, bioplastic.CertificateVerified, cert(func(c *bioplastic.Certificate) { c.Standard = "EN 17427" }), "standard-unfit"},
		{"soil is no way out", pla, bioplastic.CertificateVerified, cert(func(c *bioplastic.Certificate) { c.Standard = "EN 17033" }), "standard-not-a-route"},
		{"textiles", pla, bioplastic.CertificateVerified, cert(func(c *bioplastic.Certificate) { c.Standard = "EN 14995" }), ""},
		{"no trial", pla, bioplastic.StreamTrial, change{step: func(a *bioplastic.Advance) { a.Trial = nil }}, "trial-missing"},
		{"failed", pla, bioplastic.StreamTrial, change{step: func(a *bioplastic.Advance) { a.Trial.Result = bioplastic.Failed }}, "trial-failed"},
		{"not over", pla, bioplastic.StreamTrial, change{step: func(a *bioplastic.Advance) { a.Trial.To = "2026-03-03" }}, "trial-unfinished"},
		{"infectious", pla, bioplastic.StreamTrial, of(func(p *bioplastic.Profile) { p.Infectious = bioplastic.Yes }), "infectious-compostable"},
		{"perhaps infectious", pla, bioplastic.StreamTrial, of(func(p *bioplastic.Profile) { p.Infectious = bioplastic.Unknown }), "infectious-compostable"},
		{"infectious, recycled", bioPE, bioplastic.Accepted, of(func(p *bioplastic.Profile) { p.Infectious = bioplastic.Yes }), ""},
		{"bio-PE does not compost", bioPE, bioplastic.StreamTrial, change{step: func(a *bioplastic.Advance) { a.Trial.Route = bioplastic.Composting }}, "route-unfit"},
		{"no outlet", pla, bioplastic.OutletConfirmed, change{step: func(a *bioplastic.Advance) { a.Outlet = nil }}, "outlet-missing"},
		{"acceptance is over", pla, bioplastic.OutletConfirmed, change{step: func(a *bioplastic.Advance) { a.Outlet.ValidTo = "2026-03-01" }}, "outlet-expired"},
		{"another route", pla, bioplastic.OutletConfirmed, change{step: func(a *bioplastic.Advance) { a.Outlet.Route = bioplastic.Digestion }}, "outlet-untried"},
		{"out too early", pla, bioplastic.OutletConfirmed, change{step: func(a *bioplastic.Advance) { a.Outlet.Residence = 83 }}, "residence-too-short"},
		{"just long enough", pla, bioplastic.OutletConfirmed, change{step: func(a *bioplastic.Advance) { a.Outlet.Residence = 84 }}, ""},
		{"another stream", bioPE, bioplastic.OutletConfirmed, change{step: func(a *bioplastic.Advance) { a.Outlet.Polymer = "PET" }}, "outlet-other-stream"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.base()
			if tt.change.profile != nil {
				tt.change.profile(&p)
			}
			list := steps(p, tt.to)
			d := bioplastic.Dossier{Profile: p, State: bioplastic.NotAssessed}
			for _, a := range list[:len(list)-1] {
				d = mustAdvance(t, d, a)
			}
			last := list[len(list)-1]
			if tt.change.step != nil {
				tt.change.step(&last)
			}
			if tt.reason == "" {
				mustAdvance(t, d, last)
				return
			}
			wantReason(t, d, last, tt.reason)
		})
	}
}

func TestOneGoodCertificateIsEnough(t *testing.T) {
	expired := certificate("EN 13432")
	expired.Expires = "2020-01-01"
	d := mustReach(t, pla(), bioplastic.DeskCheck)
	mustAdvance(t, d, bioplastic.Advance{To: bioplastic.CertificateVerified, Certificates: []bioplastic.Certificate{expired, certificate("ISO 16620"), certificate("EN 14995")}})
}

func TestHomeCompostableHasItsOwnCertificateAndNoPlant(t *testing.T) {
	p := pla()
	p.Compostable = bioplastic.Home
	d := mustReach(t, p, bioplastic.DeskCheck)
	wantReason(t, d, steps(p, bioplastic.CertificateVerified)[1], "standard-unfit")
	d = mustAdvance(t, d, bioplastic.Advance{To: bioplastic.CertificateVerified, Certificates: []bioplastic.Certificate{certificate("EN 17427")}})
	wantReason(t, d, bioplastic.Advance{To: bioplastic.StreamTrial, Trial: trial(bioplastic.Composting)}, "route-unfit")
}

func TestGoingBackTakesEvidenceOffTheFile(t *testing.T) {
	d := mustReach(t, pla(), bioplastic.Accepted)
	back := mustAdvance(t, d, bioplastic.Advance{To: bioplastic.CertificateVerified, Note: "the plant changed its process"})
	if len(back.File.Certificates) != 1 || back.File.Trial != nil || back.File.Outlet != nil {
		t.Errorf("got %+v, want the certificate alone", back.File)
	}
	if len(d.File.Certificates) != 1 || d.File.Trial == nil {
		t.Error("the dossier before the step was changed")
	}
	for _, to := range []bioplastic.State{bioplastic.DeskCheck, bioplastic.Rejected, bioplastic.NotAssessed} {
		if _, err := d.Advance(bioplastic.Advance{To: to}, today); !problem.Is(err, "note-missing") {
			t.Errorf("to %s without a reason: got %v", to, err)
		}
	}
}

func TestEvidenceComesWithItsStep(t *testing.T) {
	for _, a := range []bioplastic.Advance{
		{To: bioplastic.DeskCheck, Certificates: []bioplastic.Certificate{certificate("EN 13432")}},
		{To: bioplastic.OutletConfirmed, Trial: trial(bioplastic.Composting)},
		{To: bioplastic.Accepted, Outlet: outlet(bioplastic.Composting, "")},
	} {
		if !has(a.Check(), "not-allowed") {
			t.Errorf("%+v: got %v, want not-allowed", a, a.Check())
		}
	}
}

func TestTrialsDoNotContradictThemselves(t *testing.T) {
	for _, tt := range []struct {
		route   bioplastic.Route
		residue int64
		ok      bool
	}{
		{bioplastic.Composting, 1_000, true},
		{bioplastic.Composting, 1_001, false},
		{bioplastic.MechanicalRecycling, 10, true},
		{bioplastic.MechanicalRecycling, 11, false},
	} {
		a := bioplastic.Advance{To: bioplastic.StreamTrial, Trial: trial(tt.route)}
		a.Trial.Residue = tt.residue
		if ok := !has(a.Check(), "trial-contradicts"); ok != tt.ok {
			t.Errorf("%s with %d g of 10 kg: got ok = %t", tt.route, tt.residue, ok)
		}
	}
}

func TestWhatEvidenceIsAboutStays(t *testing.T) {
	d := mustReach(t, pla(), bioplastic.DeskCheck)
	other := pla()
	other.Composition.Components = []bioplastic.Component{{Name: "PLA", Permille: 900, Origin: bioplastic.FromPlants}, {Name: "talc", Permille: 100, Origin: bioplastic.Fossil}}
	if err := d.Revise(other); !problem.Is(err, "material-fixed") {
		t.Errorf("got %v, want material-fixed", err)
	}
	elsewhere := pla()
	elsewhere.Maker = "another maker"
	if err := d.Revise(elsewhere); !problem.Is(err, "material-fixed") {
		t.Errorf("got %v, want material-fixed", err)
	}
	renamed := pla()
	renamed.Name, renamed.Thickness = "PLA tray, large", 450
	if err := d.Revise(renamed); err != nil {
		t.Error(err)
	}
	d = mustAdvance(t, d, bioplastic.Advance{To: bioplastic.NotAssessed, Note: "a new recipe"})
	if err := d.Revise(other); err != nil {
		t.Error(err)
	}
}

// No walk of steps, whatever their evidence, ends beyond what the evidence on
// file carries, and none has a credit without an outlet.
func TestNoWalkOutrunsItsEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]bioplastic.Profile{pla(), bioPE()}).Draw(t, "profile")
		d := bioplastic.Dossier{Profile: p, State: bioplastic.NotAssessed}
		for range rapid.IntRange(1, 15).Draw(t, "steps") {
			a := bioplastic.Advance{To: rapid.SampledFrom(bioplastic.States()).Draw(t, "to"), Note: "because"}
			if all := steps(p, bioplastic.Accepted); a.To != bioplastic.Rejected && rapid.Bool().Draw(t, "evidence") {
				for _, s := range all {
					if s.To == a.To {
						a = s
						a.Note = "because"
					}
				}
			}
			day := rapid.SampledFrom([]bioplastic.Day{today, "2026-11-15", later}).Draw(t, "day")
			next, err := d.Advance(a, day)
			if err == nil {
				d = next
			}
			if d.Creditable(day) && (d.File.Outlet == nil || d.File.Outlet.ValidTo < day) {
				t.Fatalf("%s on %s has a credit without an outlet", d.State, day)
			}
			if err == nil && d.Standing(day).State != a.To {
				t.Fatalf("went to %s, stands at %s", a.To, d.Standing(day).State)
			}
		}
	})
}
