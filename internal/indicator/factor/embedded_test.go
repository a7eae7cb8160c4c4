package factor

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestEmbeddedSets(t *testing.T) {
	want := map[string]int{"default@1": 102, "desnz-2023@1": 18, "desnz-2024@1": 18, "desnz-2025@1": 71, "epa-hub@1": 20, "hopewell-2009@1": 7, "warm-v16@1": 28}
	if got := len(Sets()); got != len(want) {
		t.Fatalf("got %d sets, want %d", got, len(want))
	}
	for _, s := range Sets() {
		if got := len(s.Factors); got != want[s.Name()] {
			t.Errorf("%s: got %d factors, want %d", s.Name(), got, want[s.Name()])
		}
		if err := Validate(s); err != nil {
			t.Errorf("%s: %v", s.Name(), err)
		}
		if found, ok := ByRef(s.Name()); !ok || found != s || !Embedded(s.ID) {
			t.Errorf("%s is not found by its name", s.Name())
		}
	}
	if Default().Name() != "default@1" {
		t.Errorf("got default %s", Default().Name())
	}
	for _, name := range []string{"", "default", "default@2", "default@01", "own@1"} {
		if _, ok := ByRef(name); ok {
			t.Errorf("ByRef(%q) found a set", name)
		}
	}
	if Embedded("own") {
		t.Error("a lab's own id is not embedded")
	}
}

// Only sets without credits and with our boundaries may be an indicator's set.
func TestSensitivityOnly(t *testing.T) {
	for _, s := range Sets() {
		net := slices.ContainsFunc(s.Factors, func(f Factor) bool { return f.Kind == NetRoute || f.Avoided })
		if want := net || s.ID == "hopewell-2009"; s.Sensitivity != want {
			t.Errorf("%s: sensitivity only is %t, want %t", s.Name(), s.Sensitivity, want)
		}
	}
}

// What must have a factor by default, and what must not: a guess is worse than a gap.
func TestDefaultHas(t *testing.T) {
	has := map[Kind]string{
		VirginProduction:   "PE-HD PE-LD PET PP PS PVC plastics plastics-film plastics-rigid",
		RecycledProduction: "PE-HD PE-LD PET PP PS PVC plastics plastics-film plastics-rigid",
		Landfill:           "PE-HD PE-LD PET PP PS PVC plastics plastics-film plastics-rigid",
		Incineration:       "PE-HD PE-LD PP PET PVC PS PC PA6 PA66 PMMA POM ABS NBR PDMS PBAT NR PLA PHB starch PEF bio-PE bio-PE-HD bio-PE-LD plastics clinical-waste",
		Composting:         "organic", AnaerobicDigestion: "organic",
		HazardousRoute: "health-care-waste", ResidualRoute: "health-care-waste",
		TonneKmTTW:   "van rigid-lorry rigid-lorry-7.5t rigid-lorry-17t rigid-lorry-over-17t articulated-lorry",
		TonneKmWTT:   "van rigid-lorry rigid-lorry-7.5t rigid-lorry-17t rigid-lorry-over-17t articulated-lorry",
		VehicleKmTTW: loads, VehicleKmWTT: loads,
	}
	total := 2 // electricity
	for kind, subjects := range has {
		total += len(strings.Fields(subjects))
		for _, s := range strings.Fields(subjects) {
			if _, ok := Default().Find(kind, s); !ok {
				t.Errorf("no %s", ID(kind, s))
			}
		}
	}
	for _, kind := range []Kind{ElectricityLocal, ElectricityMarket} {
		if f, ok := Default().Find(kind, ""); !ok || f.Region != "IT" || f.ID != string(kind) {
			t.Errorf("no Italian %s", kind)
		}
	}
	if got := len(Default().Factors); got != total {
		t.Errorf("got %d factors, want the %d of this test", got, total)
	}
	for _, none := range []string{"virgin-production/PLA", "virgin-production/PDMS", "virgin-production/TPU", "incineration/PBS", "incineration/bio-PET", "vehicle-km-ttw/van-electric"} {
		kind, subject, _ := strings.Cut(none, "/")
		if f, ok := Default().Find(Kind(kind), subject); ok {
			t.Errorf("there is %s: from where?", f.ID)
		}
	}
	warm, _ := ByRef("warm-v16@1")
	if _, ok := warm.Find(NetRoute, "PLA/landfill"); ok {
		t.Error("WARM's credit for PLA in a landfill is there")
	}
}

const loads = "van rigid-lorry rigid-lorry@0 rigid-lorry@100 rigid-lorry-7.5t rigid-lorry-7.5t@0 rigid-lorry-7.5t@100 rigid-lorry-17t rigid-lorry-17t@0 rigid-lorry-17t@100 " +
	"rigid-lorry-over-17t rigid-lorry-over-17t@0 rigid-lorry-over-17t@100 articulated-lorry articulated-lorry@0 articulated-lorry@100"

// Materials of the default set are ones of the table.
func TestSubjectsAreKnown(t *testing.T) {
	for _, s := range Sets() {
		for _, f := range s.Factors {
			if f.Subject == "" || strings.Contains(string(f.Kind), "-km-") {
				continue
			}
			material, _, _ := strings.Cut(f.Subject, "/")
			if code, ok := Material(material); !ok || code != material {
				t.Errorf("%s: %s is no code of the table of materials", s.Name(), material)
			}
		}
	}
}

// pedigree is version 1 of the table: reliability, completeness, and temporal,
// geographical and technological correlation.
var pedigree = [5][5]float64{{1, 1.05, 1.1, 1.2, 1.5}, {1, 1.02, 1.05, 1.1, 1.2}, {1, 1.03, 1.1, 1.2, 1.5}, {1, 1.01, 1.02, 1.02, 1.1}, {1, 1, 1.2, 1.5, 2}}

// GSD2 is what the scores give, with the basic uncertainty of transport services
// (2) for tonne-kilometres and of everything else (1.05). Tonne-kilometres have
// a better score for technology because what a vehicle's load and body do is in
// the basic uncertainty already.
func TestGSD2FollowsScores(t *testing.T) {
	for _, s := range Sets() {
		for _, f := range s.Factors {
			basic := 1.05
			if f.Kind == TonneKmTTW || f.Kind == TonneKmWTT {
				basic = 2
			}
			sum := math.Pow(math.Log(basic), 2)
			for i, score := range f.Scores.digits() {
				sum += math.Pow(math.Log(pedigree[i][score-1]), 2)
			}
			want := fmt.Sprintf("%.2f", math.Exp(math.Sqrt(sum)))
			if got := f.GSD2.StringFixed(2); got != want {
				t.Errorf("%s: GSD2 is %s, scores %s give %s", s.Ref(&f), got, f.Scores, want)
			}
		}
	}
	for ref, want := range map[string]string{
		"default@1 virgin-production PET": "1.22", "default@1 tonne-km-ttw van": "2", "default@1 vehicle-km-ttw van": "1.22",
		"warm-v16@1 net-route PET/recycle": "1.24", "default@1 incineration PET": "1.07",
	} {
		words := strings.Fields(ref)
		s, _ := ByRef(words[0])
		if f, ok := s.Find(Kind(words[1]), words[2]); !ok || f.GSD2.String() != want {
			t.Errorf("%s: got %v, want GSD2 %s", ref, f, want)
		}
	}
}

// The interval of the residual route spans what its source gives.
func TestResidualRouteSpansItsRange(t *testing.T) {
	f, _ := Default().Find(ResidualRoute, "health-care-waste")
	low, high := f.Value.DivRound(f.GSD2, 6), f.Value.Mul(f.GSD2)
	if low.GreaterThan(decimal.RequireFromString("0.172")) || high.LessThan(decimal.RequireFromString("0.249")) {
		t.Errorf("got %s to %s, want 0.172 to 0.249 within", low, high)
	}
}

// No row for a half-full lorry is needed: it is the mean of empty and full.
func TestLoadIsLinear(t *testing.T) {
	for vehicle, want := range map[string]string{"rigid-lorry-7.5t": "0.50103", "rigid-lorry-17t": "0.62832"} {
		empty, _ := Default().Find(VehicleKmTTW, vehicle+"@0")
		full, _ := Default().Find(VehicleKmTTW, vehicle+"@100")
		if got := decimal.Avg(empty.Value, full.Value); !got.Equal(decimal.RequireFromString(want)) {
			t.Errorf("%s: half full is %s, want %s", vehicle, got, want)
		}
	}
}

func TestGoldenDefault(t *testing.T) {
	var b strings.Builder
	for _, f := range Default().Factors {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\t%s\n", f.ID, f.Value, f.Biogenic, f.Unit, f.Source, f.Table)
	}
	const file = "testdata/default.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the published set default@1 has changed: make a new version of it (or -update before it is published)\n%s", b.String())
	}
}

// A published set is the same after a way through JSON and through CSV.
func TestSetsTravel(t *testing.T) {
	for _, s := range Sets() {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Set
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if changes := Diff(s, &back); len(changes) > 0 || Validate(&back) != nil {
			t.Errorf("%s: JSON makes %v", s.Name(), changes)
		}
		if again, _ := json.Marshal(back); !bytes.Equal(text, again) {
			t.Errorf("%s: the second JSON differs", s.Name())
		}
		var b bytes.Buffer
		if err := WriteCSV(&b, s.Factors); err != nil {
			t.Fatal(err)
		}
		if back.Factors, err = ReadCSV(&b, Limits{}); err != nil {
			t.Fatal(err)
		}
		if changes := Diff(s, &back); len(changes) > 0 {
			t.Errorf("%s: CSV makes %v", s.Name(), changes)
		}
	}
}
