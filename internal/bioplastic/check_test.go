package bioplastic_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/bioplastic"
	"github.com/ricircolo/ricircolo/internal/problem"
)

// wantFault fails unless there is a fault of that code at that place.
func wantFault(t *testing.T, faults []problem.Field, at, code string) {
	t.Helper()
	if !slices.ContainsFunc(faults, func(f problem.Field) bool { return f.Pointer == at && f.Code == code }) {
		t.Errorf("got %v, want %s at %s", faults, code, at)
	}
}

func TestProfilesThatAreRefused(t *testing.T) {
	for _, tt := range []struct {
		at, code string
		change   func(*bioplastic.Profile)
	}{
		{"/name", "required", func(p *bioplastic.Profile) { p.Name = " " }},
		{"/nameIt", "too-long", func(p *bioplastic.Profile) { p.NameIT = strings.Repeat("è", 121) }},
		{"/maker", "malformed", func(p *bioplastic.Profile) { p.Maker = "a\x00" }},
		{"/polymer", "malformed", func(p *bioplastic.Profile) { p.Polymer = "" }},
		{"/dropIn", "unknown", func(p *bioplastic.Profile) { p.DropIn = "PS" }},
		{"/thicknessMicrometres", "out-of-range", func(p *bioplastic.Profile) { p.Thickness = -1 }},
		{"/composition/components", "out-of-range", func(p *bioplastic.Profile) { p.Composition.Components = nil }},
		{"/composition/components", "sum", func(p *bioplastic.Profile) { p.Composition.Components[0].Permille = 999 }},
		{"/composition/components/0/origin", "unknown", func(p *bioplastic.Profile) { p.Composition.Components[0].Origin = "air" }},
		{"/composition/biobasedCarbonPermille", "out-of-range", func(p *bioplastic.Profile) { p.Composition.BiobasedCarbon = share(1001) }},
		{"/composition/evidence/0/standard", "unknown", func(p *bioplastic.Profile) { p.Composition.Evidence[0].Standard = "EN 13432" }},
		{"/composition/evidence/0/sha256", "malformed", func(p *bioplastic.Profile) { p.Composition.Evidence[0].SHA256 = "" }},
		{"/biobased", "unknown", func(p *bioplastic.Profile) { p.Biobased = "" }},
		{"/biodegradable", "unknown", func(p *bioplastic.Profile) { p.Biodegradable = "" }},
		{"/compostable", "unknown", func(p *bioplastic.Profile) { p.Compostable = "yes" }},
		{"/infectious", "unknown", func(p *bioplastic.Profile) { p.Infectious = "" }},
		{"/patientContact", "unknown", func(p *bioplastic.Profile) { p.PatientContact = "" }},
	} {
		p := pla()
		tt.change(&p)
		wantFault(t, p.Check(), tt.at, tt.code)
	}
}

func TestEvidenceThatIsRefused(t *testing.T) {
	for _, tt := range []struct {
		at, code string
		change   func(*bioplastic.Certificate, *bioplastic.Trial, *bioplastic.Outlet)
	}{
		{"/certificates/0/standard", "unknown", func(c *bioplastic.Certificate, _ *bioplastic.Trial, _ *bioplastic.Outlet) { c.Standard = "EN 1" }},
		{"/certificates/0/body", "required", func(c *bioplastic.Certificate, _ *bioplastic.Trial, _ *bioplastic.Outlet) { c.Body = "" }},
		{"/certificates/0/number", "required", func(c *bioplastic.Certificate, _ *bioplastic.Trial, _ *bioplastic.Outlet) { c.Number = "" }},
		{"/certificates/0/scope", "unknown", func(c *bioplastic.Certificate, _ *bioplastic.Trial, _ *bioplastic.Outlet) { c.Scope = "" }},
		{"/certificates/0/expires", "malformed", func(c *bioplastic.Certificate, _ *bioplastic.Trial, _ *bioplastic.Outlet) { c.Expires = "2026-02-30" }},
		{"/certificates/0/sha256", "malformed", func(c *bioplastic.Certificate, _ *bioplastic.Trial, _ *bioplastic.Outlet) { c.SHA256 = hash[1:] }},
		{"/trial/to", "out-of-range", func(_ *bioplastic.Certificate, x *bioplastic.Trial, _ *bioplastic.Outlet) { x.To = "2025-10-31" }},
		{"/trial/inputGrams", "out-of-range", func(_ *bioplastic.Certificate, x *bioplastic.Trial, _ *bioplastic.Outlet) { x.Input = 0 }},
		{"/trial/residueGrams", "out-of-range", func(_ *bioplastic.Certificate, x *bioplastic.Trial, _ *bioplastic.Outlet) { x.Residue = 10_001 }},
		{"/trial/facility", "required", func(_ *bioplastic.Certificate, x *bioplastic.Trial, _ *bioplastic.Outlet) { x.Facility = "" }},
		{"/trial/sha256", "malformed", func(_ *bioplastic.Certificate, x *bioplastic.Trial, _ *bioplastic.Outlet) { x.SHA256 = "" }},
		{"/outlet/name", "required", func(_ *bioplastic.Certificate, _ *bioplastic.Trial, o *bioplastic.Outlet) { o.Name = "" }},
		{"/outlet/residenceDays", "out-of-range", func(_ *bioplastic.Certificate, _ *bioplastic.Trial, o *bioplastic.Outlet) { o.Residence = 0 }},
		{"/outlet/polymer", "malformed", func(_ *bioplastic.Certificate, _ *bioplastic.Trial, o *bioplastic.Outlet) {
			o.Route = bioplastic.MechanicalRecycling
		}},
		{"/outlet/validTo", "malformed", func(_ *bioplastic.Certificate, _ *bioplastic.Trial, o *bioplastic.Outlet) { o.ValidTo = "" }},
		{"/outlet/sha256", "malformed", func(_ *bioplastic.Certificate, _ *bioplastic.Trial, o *bioplastic.Outlet) { o.SHA256 = "" }},
	} {
		c, x, o := certificate("EN 13432"), trial(bioplastic.Composting), outlet(bioplastic.Composting, "")
		tt.change(&c, x, o)
		a := bioplastic.Advance{To: bioplastic.OutletConfirmed, Certificates: []bioplastic.Certificate{c}, Trial: x, Outlet: o}
		wantFault(t, a.Check(), tt.at, tt.code)
	}
}
