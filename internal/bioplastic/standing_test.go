package bioplastic_test

import (
	"testing"

	"github.com/ricircolo/ricircolo/internal/bioplastic"
)

func TestWhatLapsesCarriesNoLonger(t *testing.T) {
	for _, tt := range []struct {
		name   string
		base   func() bioplastic.Profile
		change func(*bioplastic.Dossier)
		day    bioplastic.Day
		state  bioplastic.State
		reason string
		credit bool
	}{
		{"the outlet's last day", pla, nil, "2026-10-31", bioplastic.Accepted, "", true},
		{"the day after", pla, nil, "2026-11-01", bioplastic.StreamTrial, "outlet-expired", false},
		{"the certificate's last day", pla, longOutlet, "2026-12-31", bioplastic.Accepted, "", true},
		{"the day after that", pla, longOutlet, "2027-01-01", bioplastic.DeskCheck, "certificate-expired", false},
		{"drop-ins need none", bioPE, longOutlet, "2027-01-01", bioplastic.Accepted, "", true},
		{"found to be infectious", pla, func(d *bioplastic.Dossier) { d.Infectious = bioplastic.Yes }, today, bioplastic.CertificateVerified, "infectious-compostable", false},
		{"made thicker", pla, func(d *bioplastic.Dossier) { d.Thickness = 900 }, today, bioplastic.DeskCheck, "thickness-exceeded", false},
		{"documents withdrawn", pla, func(d *bioplastic.Dossier) { d.Composition.Evidence = nil }, today, bioplastic.NotAssessed, "composition-evidence-missing", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := mustReach(t, tt.base(), bioplastic.Accepted)
			if tt.change != nil {
				tt.change(&d)
			}
			got := d.Standing(tt.day)
			if got.State != tt.state || d.State != bioplastic.Accepted {
				t.Errorf("got %s, want %s", got.State, tt.state)
			}
			if (tt.reason == "") != (len(got.Reasons) == 0) || tt.reason != "" && got.Reasons[0].Code != tt.reason {
				t.Errorf("got %v, want %q", got.Reasons, tt.reason)
			}
			if d.Creditable(tt.day) != tt.credit {
				t.Errorf("got creditable = %t", !tt.credit)
			}
		})
	}
}

func longOutlet(d *bioplastic.Dossier) {
	o := *d.File.Outlet
	o.ValidTo = "2030-12-31"
	d.File.Outlet = &o
}

// A lapsed dossier goes on from where it stands, with what is still good.
func TestARenewedCertificateLeadsBack(t *testing.T) {
	d := mustReach(t, pla(), bioplastic.Accepted)
	longOutlet(&d)
	renewed := certificate("EN 13432")
	renewed.Expires = "2029-12-31"
	if _, err := d.Advance(bioplastic.Advance{To: bioplastic.OutletConfirmed, Note: "no matter"}, later); err == nil {
		t.Error("went on from what it was, not from what it is")
	}
	for _, a := range []bioplastic.Advance{
		{To: bioplastic.CertificateVerified, Certificates: []bioplastic.Certificate{renewed}},
		{To: bioplastic.StreamTrial}, {To: bioplastic.OutletConfirmed}, {To: bioplastic.Accepted},
	} {
		next, err := d.Advance(a, later)
		if err != nil {
			t.Fatalf("to %s: %v", a.To, err)
		}
		d = next
	}
}

func TestCreditIsBehindAnOutlet(t *testing.T) {
	for _, state := range bioplastic.States() {
		d := mustReach(t, pla(), state)
		if want := state == bioplastic.OutletConfirmed || state == bioplastic.Accepted; d.Creditable(today) != want {
			t.Errorf("%s: got creditable = %t", state, !want)
		}
	}
}

// What is claimed of one property changes nothing about another.
func TestClaimsAreNotConcludedFromEachOther(t *testing.T) {
	for _, biobased := range []bioplastic.Claim{bioplastic.Yes, bioplastic.No, bioplastic.Unknown} {
		for _, degradable := range []bioplastic.Claim{bioplastic.Yes, bioplastic.No, bioplastic.Unknown} {
			p := pla()
			p.Biobased, p.Biodegradable = biobased, degradable
			d := mustReach(t, p, bioplastic.Accepted)
			if d.Biobased != biobased || d.Biodegradable != degradable || d.Compostable != bioplastic.Industrial {
				t.Errorf("got %s, %s, %s", d.Biobased, d.Biodegradable, d.Compostable)
			}
			p.Compostable = bioplastic.None // and no certificate of composting, whatever else is claimed
			wantReason(t, mustReach(t, p, bioplastic.DeskCheck), steps(pla(), bioplastic.CertificateVerified)[1], "standard-unfit")
		}
	}
}
