package factor

import (
	"slices"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// must finds a factor of an embedded set.
func must(tb testing.TB, set string, kind Kind, subject string) *Factor {
	tb.Helper()
	s, ok := ByRef(set)
	if !ok {
		tb.Fatalf("no set %s", set)
	}
	f, ok := s.Find(kind, subject)
	if !ok {
		tb.Fatalf("no %s in %s", ID(kind, subject), set)
	}
	return f
}

func TestCombine(t *testing.T) {
	get := func(kind Kind, subject string) *Factor { return must(t, "default@1", kind, subject) }
	virgin, recycled := get(VirginProduction, "PET"), get(RecycledProduction, "PET")
	burned, buried := get(Incineration, "PET"), get(Landfill, "PET")
	hazardous := get(HazardousRoute, "health-care-waste")
	tank, well := get(TonneKmTTW, "van"), get(TonneKmWTT, "van")
	perKm, lorry := get(VehicleKmTTW, "van"), get(TonneKmWTT, "rigid-lorry")
	electricity := get(ElectricityLocal, "")
	net := must(t, "warm-v16@1", NetRoute, "PET/recycle")
	uptake := *virgin
	uptake.ID, uptake.Uptake, uptake.Modules = "virgin-production/bio-PE", MinusOnePlus, []Module{RawMaterial}
	avoided := *burned
	avoided.ID, avoided.Avoided, avoided.Modules = "incineration/with-credit", true, []Module{WasteDisposal, Beyond}

	for _, c := range []struct {
		name    string
		factors []*Factor
		code    string
	}{
		{"nothing", nil, ""},
		{"one", []*Factor{virgin}, ""},
		{"one net route", []*Factor{net}, ""},
		{"production and burning", []*Factor{virgin, burned}, ""},
		{"well to wheel", []*Factor{tank, well}, ""},
		{"production, haul and burning", []*Factor{virgin, tank, well, burned}, ""},
		{"electricity goes with all", []*Factor{electricity, electricity, burned}, ""},
		{"virgin and recycled", []*Factor{virgin, recycled}, "modules-overlap"},
		{"the same twice", []*Factor{burned, burned}, "modules-overlap"},
		{"burned and buried", []*Factor{burned, buried}, "modules-overlap"},
		{"landfill has its transport in it", []*Factor{buried, tank}, "modules-overlap"},
		{"a whole route and the stack", []*Factor{hazardous, burned}, "modules-overlap"},
		{"per tkm and per km", []*Factor{tank, perKm}, "modules-overlap"},
		{"halves of two vehicles", []*Factor{tank, lorry}, "modules-overlap"},
		{"the third overlaps the first", []*Factor{virgin, burned, recycled}, "modules-overlap"},
		{"two conventions", []*Factor{&uptake, burned}, "uptake-mixed"},
		{"net and anything", []*Factor{electricity, net}, "net-not-summable"},
		{"net without credits", []*Factor{electricity, must(t, "epa-hub@1", NetRoute, "PET/landfill")}, "net-not-summable"},
		{"two net", []*Factor{net, net}, "net-not-summable"},
		{"avoided", []*Factor{virgin, &avoided}, "net-not-summable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Combine(c.factors...)
			if got := codeOf(err); got != c.code {
				t.Fatalf("got %v, want code %q", err, c.code)
			}
			if c.code == "modules-overlap" && !strings.Contains(err.Error(), "both cover module") {
				t.Errorf("%v does not name both", err)
			}
		})
	}
	err := Combine(virgin, recycled).Error()
	if !strings.Contains(err, virgin.ID) || !strings.Contains(err, recycled.ID) || !strings.Contains(err, "A1") {
		t.Errorf("%s names not both, or not the module", err)
	}
}

func codeOf(err error) string {
	if p := problem.As(err); p != nil {
		return p.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// The order of the factors says nothing about whether they may be summed.
func TestCombineHasNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []*Factor
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			s := rapid.SampledFrom(Sets()).Draw(t, "set")
			list = append(list, &s.Factors[rapid.IntRange(0, len(s.Factors)-1).Draw(t, "factor")])
		}
		mixed := rapid.Permutation(list).Draw(t, "mixed")
		if (Combine(list...) == nil) != (Combine(mixed...) == nil) {
			t.Fatalf("%v and %v differ", Combine(list...), Combine(mixed...))
		}
	})
}

func TestFind(t *testing.T) {
	for _, s := range Sets() {
		for i := range s.Factors {
			f := &s.Factors[i]
			if got, ok := s.Find(f.Kind, f.Subject); !ok || got != f {
				t.Errorf("%s is not found", s.Ref(f))
			}
		}
	}
	for _, none := range []struct {
		kind    Kind
		subject string
	}{{"", ""}, {VirginProduction, ""}, {VirginProduction, "pet"}, {VirginProduction, "PE"}, {"virgin", "PET"}, {"zzz", "zzz"}, {ElectricityLocal, "IT"}} {
		if f, ok := Default().Find(none.kind, none.subject); ok {
			t.Errorf("Find(%q, %q) found %s", none.kind, none.subject, f.ID)
		}
	}
	if got := Default().Ref(must(t, "default@1", VirginProduction, "PET")); got != "default@1/virgin-production/PET" {
		t.Errorf("got reference %s", got)
	}
}

// A set in any order, once sorted, finds all of it.
func TestSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Default().Clone()
		s.Factors = rapid.Permutation(s.Factors).Draw(t, "order")
		s.Sort()
		if Validate(s) != nil || len(Diff(Default(), s)) > 0 {
			t.Fatal("sorting made another set")
		}
	})
}

func TestCloneSharesNothing(t *testing.T) {
	c := Default().Clone()
	c.Factors[0].Value = dec("99")
	c.Factors[0].Modules[0] = Beyond
	if first := Default().Factors[0]; first.Value.Equal(dec("99")) || first.Modules[0] == Beyond {
		t.Error("a change of the copy shows in the original")
	}
	list := Sets()
	list[0] = nil
	if Sets()[0] == nil {
		t.Error("a change of the list shows in the next one")
	}
}

func TestValid(t *testing.T) {
	f := Factor{From: "2024-01-01", To: "2024-12-31"}
	open := Factor{From: "2024-01-01"}
	for day, want := range map[string][2]bool{"2023-12-31": {false, false}, "2024-01-01": {true, true}, "2024-12-31": {true, true}, "2025-01-01": {false, true}} {
		if got := [2]bool{f.Valid(day), open.Valid(day)}; got != want {
			t.Errorf("%s: got %v, want %v", day, got, want)
		}
	}
}

func TestCovers(t *testing.T) {
	year, _ := ByRef("desnz-2024@1")
	for _, c := range []struct {
		from, to, code string
	}{
		{"2024-01", "2024-12", ""}, {"2024-02", "2024-02", ""},
		{"2023-12", "2024-01", "factor-validity"}, {"2024-12", "2025-01", "factor-validity"}, {"2026-01", "2026-01", "factor-validity"}, {"2023-01", "2026-12", "factor-validity"},
		{"2024-03", "2024-02", "bad-period"}, {"2024-13", "2024-13", "bad-period"}, {"2024-1", "2024-2", "bad-period"}, {"", "", "bad-period"}, {"2024-01-01", "2024-02-01", "bad-period"},
	} {
		err := year.Covers(c.from, c.to)
		if got := codeOf(err); got != c.code {
			t.Errorf("%s to %s: got %v, want %q", c.from, c.to, err, c.code)
		}
		if got := year.Factors[0].Covers(c.from, c.to); got != (c.code == "") {
			t.Errorf("%s to %s: the first factor covers it: %t", c.from, c.to, got)
		}
	}
	err := year.Covers("2026-01", "2026-03")
	if p := problem.As(err); len(p.Fields) != len(year.Factors) || !strings.Contains(p.Fields[0].Detail, year.Ref(&year.Factors[0])) {
		t.Errorf("%v does not name each factor", err)
	}
	if p := problem.As(Default().Covers("2020-01", "2020-01")); len(p.Fields) != 50 {
		t.Errorf("got %d fields, want the first 50", len(p.Fields))
	}
	if err := Default().Covers("2024-01", "2030-12"); err != nil {
		t.Errorf("the default set: %v", err)
	}
	mixed := year.Clone()
	mixed.Factors[3].To = ""
	mixed.Factors[3].From = "2020-01-01"
	if p := problem.As(mixed.Covers("2024-01", "2025-01")); len(p.Fields) != len(mixed.Factors)-1 {
		t.Errorf("got %d fields: the factor that covers the period is named too", len(p.Fields))
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		material, low, high string
		sources             int
	}{
		{"PET", "0.897139112", "2", 5},
		{"PE-HD", "0.5", "1.32458219", 5},
		{"HDPE", "0.5", "1.32458219", 5},
		{"PP", "0.553431903", "1.265", 5},
		{"PE-LD", "0.7", "1.87039983", 4},
		{"plastics", "0.780224256", "1.59839411", 4},
		{"PVC", "0.5", "1.09693348", 4},
	} {
		low, high, sources, ok := Spread(c.material)
		// DESNZ's differences are rounded by the publisher in the ninth place
		near := func(a decimal.Decimal, b string) bool { return a.Sub(dec(b)).Abs().LessThan(dec("0.00000001")) }
		if !ok || !near(low, c.low) || !near(high, c.high) || len(sources) != c.sources {
			t.Errorf("%s: got %s to %s from %v, want %s to %s from %d", c.material, low, high, sources, c.low, c.high, c.sources)
		}
	}
	for _, none := range []string{"PLA", "TPU", "wood", "", "bio-PE"} {
		if _, _, sources, ok := Spread(none); ok {
			t.Errorf("%q has a spread from %v", none, sources)
		}
	}
}

func TestDiff(t *testing.T) {
	old, _ := ByRef("desnz-2024@1")
	if got := Diff(old, old.Clone()); len(got) != 0 {
		t.Errorf("a set and its copy differ: %v", got)
	}
	changed := old.Clone()
	changed.Factors[1].Value = changed.Factors[1].Value.Add(dec("0.5"))
	changed.Factors[1].Source = "another"
	changed.Factors[2].GSD2 = dec("1.220") // the same number
	added := changed.Factors[0]
	added.Subject = "PA6"
	changed.Factors[0] = added
	changed.Sort()
	got := Diff(old, changed)
	what := make(map[string]Change)
	for _, c := range got {
		what[c.What] = c
	}
	if len(got) != 3 || what["removed"].ID != old.Factors[0].ID || what["added"].ID != ID(added.Kind, "PA6") || what["changed"].ID != old.Factors[1].ID {
		t.Fatalf("got %v", got)
	}
	fields := what["changed"].Fields
	if len(fields) != 2 || fields[0].Name != "value" || fields[1] != (FieldChange{"source", old.Factors[1].Source, "another"}) {
		t.Errorf("got %v, want value and source", fields)
	}
}

// Diff turned round swaps added and removed, and old and new.
func TestDiffTurnedRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SampledFrom(Sets()).Draw(t, "a"), rapid.SampledFrom(Sets()).Draw(t, "b")
		there, back := Diff(a, b), Diff(b, a)
		if len(there) != len(back) {
			t.Fatalf("%d changes there, %d back", len(there), len(back))
		}
		turned := map[string]string{"added": "removed", "removed": "added", "changed": "changed"}
		for i := range there {
			if back[i].ID != there[i].ID || back[i].What != turned[there[i].What] || len(back[i].Fields) != len(there[i].Fields) {
				t.Fatalf("got %v there and %v back", there[i], back[i])
			}
		}
	})
}

func TestMaterials(t *testing.T) {
	for name, want := range map[string]string{
		"HDPE": "PE-HD", "hdpe": "PE-HD", "PE HD": "PE-HD", "PEHD": "PE-HD", "PE-HD": "PE-HD", "LDPE": "PE-LD", "LLDPE": "PE-LD", "LDPE_LLDPE": "PE-LD",
		"MIXED_PLASTICS": "plastics", "plastics": "plastics", "PHA": "PHB", "bio-pe": "bio-PE", "BIO_PE": "bio-PE", "pa 66": "PA66", "Silicone": "PDMS", "pet": "PET",
	} {
		if got, ok := Material(name); !ok || got != want {
			t.Errorf("Material(%q) = %q, %t, want %s", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "PE", "wood", "starch blend", "bio", "P" + strings.Repeat("-", 62) + "ET"} {
		if got, ok := Material(name); ok {
			t.Errorf("Material(%q) = %q: which is it?", name, got)
		}
	}
}

// No spelling belongs to two materials, and what a material names is there.
func TestMaterialsTable(t *testing.T) {
	owner := make(map[string]string)
	codes := make([]string, 0)
	for _, s := range substances {
		codes = append(codes, s.Code)
		for _, name := range append([]string{s.Code}, s.Aliases...) {
			if other := owner[fold(name)]; other != "" {
				t.Errorf("%s is a name of %s and of %s", name, other, s.Code)
			}
			owner[fold(name)] = s.Code
		}
		if s.English == "" || s.Italian == "" || s.Carbon == "" || !subjectForm.MatchString(s.Code) {
			t.Errorf("%s is not complete", s.Code)
		}
		if code, ok := Material(s.Twin); s.Twin != "" && (!ok || code != s.Twin) {
			t.Errorf("%s names %s, which is none", s.Code, s.Twin)
		}
		if s.Twin != "" && s.Carbon == Fossil {
			t.Errorf("%s is fossil and has a fossil twin", s.Code)
		}
	}
	if !slices.IsSorted(codes) {
		t.Errorf("not by code: %v", codes)
	}
}

func TestTwin(t *testing.T) {
	for name, want := range map[string]string{"bio-PE": "PE-HD", "bio-LDPE": "PE-LD", "bio-PET": "PET", "PET": "PET", "HDPE": "PE-HD"} {
		if got, ok := Twin(name); !ok || got != want {
			t.Errorf("Twin(%s) = %s, want %s", name, got, want)
		}
	}
}
