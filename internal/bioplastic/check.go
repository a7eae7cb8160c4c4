package bioplastic

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// Limits on what a dossier holds.
const (
	MaxComponents   = 20
	MaxDocuments    = 10
	MaxCertificates = 10
	maxThickness    = 50_000 // micrometres: thicker is no packaging
	maxName         = 120
)

// The standards that documents and certificates may be of.
var (
	CompositionStandards = []string{"EN 16640", "EN 17228", "ISO 16620", "C14"}
	IndustrialStandards  = []string{"EN 13432", "EN 14995", "ASTM D6400"}
	HomeStandards        = []string{"EN 17427"}
	SoilStandards        = []string{"EN 17033"} // known, and no way out of a health facility
	BiobasedStandards    = []string{"ISO 16620"}
)

// CertificateStandards are all that a certificate may be of.
func CertificateStandards() []string {
	return slices.Concat(IndustrialStandards, HomeStandards, SoilStandards, BiobasedStandards)
}

var (
	polymerCode = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+/() -]{0,39}$`)
	sha256Hex   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// faults collects what is wrong, each with where it is.
type faults []problem.Field

func (f *faults) ok(holds bool, pointer, code, detail string) {
	if !holds {
		*f = append(*f, problem.Field{Pointer: pointer, Code: code, Detail: detail})
	}
}

func (f *faults) text(s, pointer string, required bool, most int) {
	f.ok(!required || strings.TrimSpace(s) != "", pointer, "required", "Give a text.")
	f.ok(utf8.RuneCountInString(s) <= most, pointer, "too-long", "The text is too long.")
	f.ok(strings.IndexFunc(s, unicode.IsControl) < 0, pointer, "malformed", "Control characters are not allowed.")
}

func oneOf[S ~string](f *faults, s S, pointer string, words ...S) {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = string(w)
	}
	f.ok(slices.Contains(words, s), pointer, "unknown", "Use one of: "+strings.Join(names, ", ")+".")
}

func (f *faults) day(d Day, pointer string) {
	_, err := time.Parse(time.DateOnly, string(d))
	f.ok(err == nil && d >= "2000-01-01" && d <= "2099-12-31", pointer, "malformed", "Write the day like 2026-03-01.")
}

func (f *faults) hash(s, pointer string) {
	f.ok(sha256Hex.MatchString(s), pointer, "malformed", "Give the SHA-256 of the document as 64 hexadecimal digits in lower case.")
}

func (f *faults) between(n, low, high int64, pointer string) {
	f.ok(n >= low && n <= high, pointer, "out-of-range", fmt.Sprintf("Use %d to %d.", low, high))
}

// Check lists what is wrong with the profile, whatever the evidence.
func (p *Profile) Check() []problem.Field {
	f := &faults{}
	f.text(p.Name, "/name", true, maxName)
	f.text(p.NameIT, "/nameIt", true, maxName)
	f.text(p.Maker, "/maker", true, maxName)
	f.ok(polymerCode.MatchString(p.Polymer), "/polymer", "malformed", "Give the ISO 1043 code, such as PLA.")
	if p.DropIn != "" {
		oneOf(f, p.DropIn, "/dropIn", Twins...)
		f.ok(Twin(p.Polymer) == p.DropIn, "/polymer", "not-a-drop-in", "A drop-in is the same polymer as its twin: PE or PET of a grade. Others spoil that stream: leave dropIn out.")
		f.ok(p.Compostable == None, "/compostable", "not-a-drop-in", "What is the same polymer as its fossil twin is not compostable.")
	}
	f.between(p.Thickness, 0, maxThickness, "/thicknessMicrometres")
	p.Composition.check(f)
	oneOf(f, p.Biobased, "/biobased", Yes, No, Unknown)
	oneOf(f, p.Biodegradable, "/biodegradable", Yes, No, Unknown)
	oneOf(f, p.Infectious, "/infectious", Yes, No, Unknown)
	oneOf(f, p.PatientContact, "/patientContact", Yes, No, Unknown)
	oneOf(f, p.Compostable, "/compostable", Industrial, Home, None)
	if p.Comparison != nil {
		p.Comparison.check(f)
	}
	return *f
}

func (c *Composition) check(f *faults) {
	n := len(c.Components)
	f.ok(n >= 1 && n <= MaxComponents, "/composition/components", "out-of-range", fmt.Sprintf("Give 1 to %d components.", MaxComponents))
	sum := 0
	for i, part := range c.Components {
		at := fmt.Sprintf("/composition/components/%d", i)
		f.text(part.Name, at+"/name", true, maxName)
		f.between(int64(part.Permille), 1, 1000, at+"/permille")
		oneOf(f, part.Origin, at+"/origin", Fossil, FromPlants)
		sum += part.Permille
	}
	f.ok(sum == 1000, "/composition/components", "sum", "The shares must sum to 1000.")
	for at, share := range map[string]*int{"/composition/biobasedCarbonPermille": c.BiobasedCarbon, "/composition/biobasedMassPermille": c.BiobasedMass} {
		if share != nil {
			f.between(int64(*share), 0, 1000, at)
		}
	}
	f.ok(len(c.Evidence) <= MaxDocuments, "/composition/evidence", "too-many", fmt.Sprintf("At most %d documents.", MaxDocuments))
	for i, d := range c.Evidence {
		at := fmt.Sprintf("/composition/evidence/%d", i)
		oneOf(f, d.Standard, at+"/standard", CompositionStandards...)
		f.hash(d.SHA256, at+"/sha256")
	}
}

func (c *Certificate) check(f *faults, at string) {
	oneOf(f, c.Standard, at+"/standard", CertificateStandards()...)
	f.text(c.Body, at+"/body", true, maxName)
	f.text(c.Number, at+"/number", true, 60)
	oneOf(f, c.Scope, at+"/scope", "material", "product")
	f.between(c.MaxThickness, 0, maxThickness, at+"/maxThicknessMicrometres")
	f.day(c.Expires, at+"/expires")
	f.hash(c.SHA256, at+"/sha256")
}

// disintegrated is the largest share of what goes in that may be left after a
// passed trial of an organic route: one tenth (EN 13432).
const disintegrated = 10

func (t *Trial) check(f *faults, at string) {
	oneOf(f, t.Route, at+"/route", Composting, Digestion, MechanicalRecycling)
	f.text(t.Facility, at+"/facility", true, maxName)
	f.day(t.From, at+"/from")
	f.day(t.To, at+"/to")
	f.ok(t.From <= t.To, at+"/to", "out-of-range", "A trial ends after it began.")
	f.between(t.Input, 1, int64(quantity.MaxMass), at+"/inputGrams")
	f.between(t.Residue, 0, int64(quantity.MaxMass), at+"/residueGrams")
	f.ok(t.Residue <= t.Input, at+"/residueGrams", "out-of-range", "No more can be left than went in.")
	oneOf(f, t.Result, at+"/result", Passed, Failed)
	f.hash(t.SHA256, at+"/sha256")
	over := t.Residue*disintegrated > t.Input
	if !t.Route.organic() {
		over = exceeds(t.Residue, t.Input, DefaultThreshold)
	}
	f.ok(t.Result != Passed || !over, at+"/result", "trial-contradicts",
		"What is left is more than a passed trial allows: 10 % behind composting or digestion, 0.1 % in a recyclate.")
}

func (o *Outlet) check(f *faults, at string) {
	f.text(o.Name, at+"/name", true, maxName)
	oneOf(f, o.Route, at+"/route", Composting, Digestion, MechanicalRecycling)
	if o.Route.organic() {
		f.between(int64(o.Residence), 1, 730, at+"/residenceDays")
	} else {
		f.ok(polymerCode.MatchString(o.Polymer), at+"/polymer", "malformed", "Give the polymer of the stream that the recycler takes it in.")
		f.ok(o.Residence == 0, at+"/residenceDays", "not-allowed", "Only composting and digestion have a residence time.")
	}
	f.day(o.ValidTo, at+"/validTo")
	f.hash(o.SHA256, at+"/sha256")
}
