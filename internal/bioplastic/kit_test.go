package bioplastic_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/bioplastic"
	"github.com/ricircolo/ricircolo/internal/problem"
)

const (
	today bioplastic.Day = "2026-03-02"
	later bioplastic.Day = "2027-03-02"
)

var hash = strings.Repeat("ab", 32)

func share(permille int) *int { return &permille }

// pla is a compostable tray; bioPE is a bottle that is polyethylene.
func pla() bioplastic.Profile {
	return bioplastic.Profile{
		Name: "PLA tray", NameIT: "Vassoio in PLA", Maker: "a maker", Polymer: "PLA", Thickness: 400,
		Composition: bioplastic.Composition{
			Components:     []bioplastic.Component{{Name: "PLA", Permille: 1000, Origin: bioplastic.FromPlants}},
			BiobasedCarbon: share(980), Evidence: []bioplastic.Document{{Standard: "EN 16640", SHA256: hash}},
		},
		Biobased: bioplastic.Yes, Biodegradable: bioplastic.Yes, Compostable: bioplastic.Industrial,
		Infectious: bioplastic.No, PatientContact: bioplastic.Unknown,
	}
}

func bioPE() bioplastic.Profile {
	p := pla()
	p.Name, p.Polymer, p.DropIn, p.Biodegradable, p.Compostable = "Bio-PE bottle", "PE", "PE", bioplastic.No, bioplastic.None
	p.Composition.Components[0].Name = "bio-PE"
	return p
}

func certificate(standard string) bioplastic.Certificate {
	return bioplastic.Certificate{
		Standard: standard, Body: "a body", Number: "DEMO-0001", Scope: "product", MaxThickness: 500, Expires: "2026-12-31", SHA256: hash,
	}
}

func trial(route bioplastic.Route) *bioplastic.Trial {
	return &bioplastic.Trial{
		Route: route, Facility: "a plant", From: "2025-11-01", To: "2026-01-24", Input: 10_000, Residue: 0, Result: bioplastic.Passed, SHA256: hash,
	}
}

func outlet(route bioplastic.Route, polymer string) *bioplastic.Outlet {
	o := &bioplastic.Outlet{Name: "a plant", Route: route, Polymer: polymer, ValidTo: "2026-10-31", SHA256: hash}
	if route != bioplastic.MechanicalRecycling {
		o.Residence = 90
	}
	return o
}

// steps are the ones that lead a profile to a state, with good evidence.
func steps(p bioplastic.Profile, to bioplastic.State) (list []bioplastic.Advance) {
	route, polymer, standard := bioplastic.Composting, "", "EN 13432"
	if p.DropIn != "" {
		route, polymer, standard = bioplastic.MechanicalRecycling, p.DropIn, "ISO 16620"
	}
	if to == bioplastic.Rejected {
		return []bioplastic.Advance{{To: to, Note: "not wanted"}}
	}
	for _, s := range bioplastic.States()[1 : slices.Index(bioplastic.States(), to)+1] {
		a := bioplastic.Advance{To: s}
		switch s {
		case bioplastic.CertificateVerified:
			a.Certificates = []bioplastic.Certificate{certificate(standard)}
		case bioplastic.StreamTrial:
			a.Trial = trial(route)
		case bioplastic.OutletConfirmed:
			a.Outlet = outlet(route, polymer)
		}
		list = append(list, a)
	}
	return list
}

// mustReach is a dossier in a state.
func mustReach(t testing.TB, p bioplastic.Profile, to bioplastic.State) bioplastic.Dossier {
	t.Helper()
	d := bioplastic.Dossier{Profile: p, State: bioplastic.NotAssessed}
	if faults := p.Check(); len(faults) > 0 {
		t.Fatalf("profile: %v", faults)
	}
	for _, a := range steps(p, to) {
		d = mustAdvance(t, d, a)
	}
	return d
}

func mustAdvance(t testing.TB, d bioplastic.Dossier, a bioplastic.Advance) bioplastic.Dossier {
	t.Helper()
	if faults := a.Check(); len(faults) > 0 {
		t.Fatalf("step to %s: %v", a.To, faults)
	}
	next, err := d.Advance(a, today)
	if err != nil {
		t.Fatalf("from %s to %s: %v", d.State, a.To, err)
	}
	return next
}

// wantReason fails unless the step is refused for that reason.
func wantReason(t *testing.T, d bioplastic.Dossier, a bioplastic.Advance, reason string) {
	t.Helper()
	_, err := d.Advance(a, today)
	p := problem.As(err)
	if p == nil || !has(p.Fields, reason) {
		t.Errorf("from %s to %s: got %v, want %s", d.State, a.To, err, reason)
	}
}

func has(fields []problem.Field, code string) bool {
	return slices.ContainsFunc(fields, func(f problem.Field) bool { return f.Code == code })
}
