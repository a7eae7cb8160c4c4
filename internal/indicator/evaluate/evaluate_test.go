package evaluate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/evaluate"
)

// factors is a small factor set.
func factors(_, material, route string) (decimal.Decimal, bool) {
	v, ok := map[string]string{
		"PET/recycling_closed_loop": "2.2139",
		"PET/landfill":              "0.00898",
		"HDPE/incineration":         "3.137",
	}[material+"/"+route]
	if !ok {
		return decimal.Zero, false
	}
	return decimal.RequireFromString(v), true
}

// evaluated evaluates a file of this text.
func evaluated(t *testing.T, text string) (evaluate.Report, error) {
	t.Helper()
	return evaluate.Read(strings.NewReader(text), factors)
}

// one is a file of one example.
func one(calculator, inputs, expected, tolerance string) string {
	return fmt.Sprintf(`{"schema":"ricircolo-examples-1","sign":"positive = emission, negative = avoided","examples":[
		{"id":"X","calculator":%q,"title":"","kind":"definition","source":"","inputs":%s,"expected":%s,"tolerance":%s}]}`, calculator, inputs, expected, tolerance)
}

// The shared examples are not part of the project: a computer without them
// skips, a build server fails.
func TestSharedExamples(t *testing.T) {
	folder := os.Getenv("RICIRCOLO_VECTORS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "vectors")
	}
	f, err := os.Open(filepath.Join(folder, "..", "data", "examples.json"))
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatalf("no examples: %v; RICIRCOLO_VECTORS says where the folder beside them is", err)
	case err != nil:
		t.Skipf("SKIPPED: THE SHARED EXAMPLES ARE NOT HERE, NOTHING WAS COMPARED WITH THEM: %v", err)
	}
	defer f.Close()
	wantAll(t, f, 44, evaluate.DefaultFactors)
}

// Our own examples, of every calculator, derived by hand.
func TestOwnExamples(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "examples.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	wantAll(t, f, 39, factors)
}

// TestMoreExamples are derived by somebody else's hand, and use the default set.
func TestMoreExamples(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "more.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	wantAll(t, f, 35, evaluate.DefaultFactors)
}

func wantAll(t *testing.T, f *os.File, count int, factors evaluate.MaterialFactors) {
	t.Helper()
	report, err := evaluate.Read(f, factors)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range report.Mismatches {
		t.Error(m)
	}
	if report.Passed != count || report.Failed != 0 {
		t.Errorf("got %d passed and %d failed, want all %d to pass", report.Passed, report.Failed, count)
	}
}

// Every expected field counts, and nothing but what is within tolerance passes.
func TestComparison(t *testing.T) {
	const inputs = `{"mass":10,"mass_unit":"kg","factor":2,"factor_unit":"kgCO2e/kg"}` // 20
	const rows = `{"factor_set":"default","rows":[{"material":"TPU","route":"landfill","mass_kg":1},{"material":"PET","route":"landfill","mass_kg":3}]}`
	for _, row := range []struct {
		name, calculator, inputs, expected, tolerance string
		pass                                          bool
	}{
		{"exact", "factor_times_mass", inputs, `{"kgco2e":20}`, `{}`, true},
		{"exact, written otherwise", "factor_times_mass", inputs, `{"kgco2e":2.0e1}`, `{"abs":0}`, true},
		{"off without tolerance", "factor_times_mass", inputs, `{"kgco2e":20.0000001}`, `{}`, false},
		{"at the edge of abs", "factor_times_mass", inputs, `{"kgco2e":20.1}`, `{"abs":0.1}`, true},
		{"past the edge of abs", "factor_times_mass", inputs, `{"kgco2e":20.1000001}`, `{"abs":0.1}`, false},
		{"at the edge of rel, of what is wanted", "factor_times_mass", inputs, `{"kgco2e":25}`, `{"rel":0.2}`, true},
		{"past it: rel is not of what was got", "factor_times_mass", inputs, `{"kgco2e":16}`, `{"rel":0.2}`, false},
		{"the larger of both counts", "factor_times_mass", inputs, `{"kgco2e":25}`, `{"rel":0.2,"abs":0.001}`, true},
		{"the larger of both counts, abs", "factor_times_mass", inputs, `{"kgco2e":25}`, `{"rel":0.001,"abs":5}`, true},
		{"the sign matters", "factor_times_mass", inputs, `{"kgco2e":-20}`, `{"abs":1}`, false},
		{"no such result", "factor_times_mass", inputs, `{"kgco2e":20,"kg":1}`, `{"abs":1}`, false},
		{"a text is no number", "factor_times_mass", inputs, `{"kgco2e":"20"}`, `{"abs":1}`, false},
		{"null is no number", "factor_times_mass", inputs, `{"kgco2e":null}`, `{"abs":1}`, false},
		{"an infinite wish", "factor_times_mass", inputs, `{"kgco2e":1e999}`, `{"rel":1}`, false},
		{"nothing expected", "factor_times_mass", inputs, `{}`, `{"abs":1}`, false},
		{"a negative tolerance", "factor_times_mass", inputs, `{"kgco2e":20}`, `{"abs":-1}`, false},
		{"an unknown tolerance", "factor_times_mass", inputs, `{"kgco2e":20}`, `{"percent":1}`, false},
		{"all types", "material", rows, `{"computed":false,"coverage":0.75,"missing":["TPU/landfill"],"kgco2e":null}`, `{}`, true},
		{"the wrong boolean", "material", rows, `{"computed":true}`, `{}`, false},
		{"a number for a boolean", "material", rows, `{"computed":0}`, `{"abs":1}`, false},
		{"a number for null", "material", rows, `{"kgco2e":0}`, `{"abs":1}`, false},
		{"another list", "material", rows, `{"missing":["TPU/incineration"]}`, `{}`, false},
		{"a longer list", "material", rows, `{"missing":["TPU/landfill","X/landfill"]}`, `{}`, false},
		{"an empty list", "material", rows, `{"missing":[]}`, `{}`, false},
		{"null for a list", "material", rows, `{"missing":null}`, `{}`, false},
		{"null in a list", "material", rows, `{"missing":[null]}`, `{}`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			report, err := evaluated(t, one(row.calculator, row.inputs, row.expected, row.tolerance))
			if err != nil {
				t.Fatal(err)
			}
			if got := report.Passed == 1; got != row.pass || report.Passed+report.Failed != 1 || row.pass == (len(report.Mismatches) > 0) {
				t.Errorf("passed: %v, want %v; %v", got, row.pass, report.Mismatches)
			}
		})
	}
}

// What does not fit fails, with a sentence that names it.
func TestBadInputs(t *testing.T) {
	const any = `{"kgco2e":0}`
	for _, row := range []struct{ name, calculator, inputs, sentence string }{
		{"unknown calculator", "astrology", `{}`, `no calculator "astrology"`},
		{"no calculator", "", `{}`, `no calculator ""`},
		{"missing", "hgv_load", `{"e0":1,"e100":2,"load":0.5}`, "input km is missing"},
		{"unknown", "hgv_load", `{"e0":1,"e100":2,"load":0.5,"km":1,"wind":3}`, "no input wind"},
		{"text for a number", "hgv_load", `{"e0":"1","e100":2,"load":0.5,"km":1}`, `e0 is "1", which is no number`},
		{"NaN as text", "hgv_load", `{"e0":"NaN","e100":2,"load":0.5,"km":1}`, `e0 is "NaN"`},
		{"null", "hgv_load", `{"e0":null,"e100":2,"load":0.5,"km":1}`, "e0 is null"},
		{"a list for a number", "hgv_load", `{"e0":[1],"e100":2,"load":0.5,"km":1}`, "e0 is [1]"},
		{"infinite", "hgv_load", `{"e0":1e400,"e100":2,"load":0.5,"km":1}`, "e0 is 1e400, which is not finite"},
		{"beyond any figure", "hgv_load", `{"e0":1e300,"e100":2,"load":0.5,"km":1}`, "Give e0 with at most"},
		{"a tiny exponent", "hgv_load", `{"e0":1e-2000000000,"e100":2,"load":0.5,"km":1}`, "e0 is 1e-2000000000"},
		{"a long number", "hgv_load", `{"e0":0.` + strings.Repeat("1", 100) + `,"e100":2,"load":0.5,"km":1}`, "e0 is longer than"},
		{"a share above one", "hgv_load", `{"e0":1,"e100":2,"load":1.5,"km":1}`, "load is 1.5"},
		{"a number for a text", "factor_times_mass", `{"mass":1,"mass_unit":1,"factor":1,"factor_unit":"kgCO2e/kg"}`, "mass_unit is 1"},
		{"unknown unit of mass", "factor_times_mass", `{"mass":1,"mass_unit":"stone","factor":1,"factor_unit":"kgCO2e/kg"}`, `no unit "stone"`},
		{"unknown unit of factors", "factor_times_mass", `{"mass":1,"mass_unit":"kg","factor":1,"factor_unit":"kg"}`, `no unit "kg"`},
		{"a negative mass", "factor_times_mass", `{"mass":-1,"mass_unit":"kg","factor":1,"factor_unit":"kgCO2e/kg"}`, "mass is -1"},
		{"no list", "avoided", `{"items":{}}`, "items is {}"},
		{"nothing in the list", "avoided", `{"items":[]}`, "items is empty"},
		{"no object in the list", "avoided", `{"items":[3]}`, "items/0 is 3"},
		{"inside the list", "avoided", `{"items":[{"material":"PET","ev":2,"erec":1,"quality_ratio":1.2,"recyclate_kg":1}]}`, "/items/0/quality_ratio: quality_ratio is 1.2"},
		{"both ways at once", "avoided", `{"items":[{"material":"PET","ev":2,"erec":1,"quality_ratio":1,"recyclate_kg":1,"collected_kg":1,"contamination":0,"process_yield":1}]}`, "no input recyclate_kg"},
		{"unknown inside the list", "avoided", `{"items":[{"material":"PET","ev":2,"erec":1,"quality_ratio":1,"recyclate_kg":1,"colour":1}]}`, "/items/0/colour"},
		{"no Ev, where it matters", "cff", `{"Erec":1,"R1":0.5}`, "input Ev is missing"},
		{"no Erec, where it matters", "cff", `{"Ev":1,"R1":0.5}`, "input Erec is missing"},
		{"more than everything", "cff", `{"Ev":1,"R2":0.6,"R3":0.5}`, "R2 + R3"},
		{"more feedstock than there is", "mci", `{"M":1,"FR":0.6,"FU":0.5}`, "FR + FU + FS"},
		{"a table that is none", "pedigree", `{"table":"v3","basic_uncertainty":1.05,"scores":{"reliability":1,"completeness":1,"temporal":1,"geographical":1,"technological":1}}`, `no pedigree matrix "v3"`},
		{"a score that is none", "pedigree", `{"table":"v1","basic_uncertainty":1.05,"scores":{"reliability":6,"completeness":1,"temporal":1,"geographical":1,"technological":1}}`, "score is 6"},
		{"a sample of 0", "pedigree", `{"table":"v1","basic_uncertainty":1.05,"scores":{"reliability":1,"completeness":1,"temporal":1,"geographical":1,"technological":1,"sample":0}}`, "/scores/sample"},
		{"half a score", "pedigree", `{"table":"v1","basic_uncertainty":1.05,"scores":{"reliability":1.5,"completeness":1,"temporal":1,"geographical":1,"technological":1}}`, "reliability is 1.5"},
		{"a missing score", "pedigree", `{"table":"v1","basic_uncertainty":1.05,"scores":{"reliability":1,"completeness":1,"temporal":1,"geographical":1}}`, "technological is missing"},
		{"a spread of nothing", "lognormal_product", `{"medians":{"a":1},"gsd2":{"b":1.1}}`, "no input b"},
		{"a spread below exact", "lognormal_sum", `{"terms":[{"median":1,"gsd2":0.5}]}`, "/terms/0/gsd2"},
		{"no object", "difference", `{"baseline":1,"alternative":{"median":1,"gsd2":1}}`, "baseline is 1"},
		{"two compositions", "combustion", `{"dry_mass_kg":1,"carbon_fraction":0.5,"formula":"CH2","fossil_fraction":1}`, "no input formula"},
		{"no composition", "combustion", `{"dry_mass_kg":1,"fossil_fraction":1}`, "carbon_fraction is missing"},
		{"no chemical formula", "combustion", `{"dry_mass_kg":1,"formula":"plastic","fossil_fraction":1}`, `"plastic" is no chemical formula`},
		{"no method", "transport_leg", `{"method":"walk"}`, `no method "walk"`},
		{"of the other method", "transport_leg", `{"method":"tonne_km","load_kg":1,"km":1,"ttw_per_tkm":1,"wtt_per_tkm":1,"mass_share":1}`, "no input mass_share"},
		{"one grid factor", "electricity", `{"kwh":1,"factors":{"location_based":0.2}}`, "market_based is missing"},
		{"more out than in", "ledger", `{"gross_kg":[10],"tare_kg":[1],"moisture_or_liquid_kg":0,"non_target_kg":0,"accepted_by_recycler_kg":5,"rejected_kg":4,"recyclate_output_kg":6,"total_target_generated_kg":20}`, "made 6 kg out of 5 kg"},
		{"a tare too few", "ledger", `{"gross_kg":[10,10],"tare_kg":[1],"moisture_or_liquid_kg":0,"non_target_kg":0,"accepted_by_recycler_kg":5,"rejected_kg":4,"recyclate_output_kg":4,"total_target_generated_kg":20}`, "2 gross weights and 1 tares"},
		{"a number inside a list", "ledger", `{"gross_kg":[10,true],"tare_kg":[1,1],"moisture_or_liquid_kg":0,"non_target_kg":0,"accepted_by_recycler_kg":5,"rejected_kg":4,"recyclate_output_kg":4,"total_target_generated_kg":20}`, "gross_kg/1 is true"},
		{"parts above the whole", "iso59020", `{"inflow":{"total":10,"reused":6,"recycled":6,"renewable":0},"outflow":{"total":1,"reused":0,"recycled":0,"biological":0},"energy":{"renewable":0,"total":1}}`, "reused + recycled + renewable"},
		{"unknown factor set", "material", `{"factor_set":"mine","rows":[{"material":"PET","route":"landfill","mass_kg":1}]}`, `no factor set "mine"`},
		{"unknown route", "material", `{"factor_set":"default","rows":[{"material":"PET","route":"moon","mass_kg":1}]}`, `no route "moon"`},
		{"no mass", "material", `{"factor_set":"default","rows":[{"material":"PET","route":"landfill","mass_kg":0}]}`, "rows have no mass"},
		{"a netted inventory", "separate", `{"gross_emissions_kgco2e":-1,"avoided_kgco2e":0,"biogenic_kgco2":0}`, "gross_emissions_kgco2e is -1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			report, err := evaluated(t, one(row.calculator, row.inputs, any, `{"abs":1e30}`))
			if err != nil {
				t.Fatal(err)
			}
			if report.Failed != 1 || len(report.Mismatches) != 1 {
				t.Fatalf("got %+v, want one failure", report)
			}
			if got := report.Mismatches[0]; got.Field != "" || got.ID != "X" || !strings.Contains(got.Got, row.sentence) {
				t.Errorf("got %q, want a sentence with %q", got, row.sentence)
			}
		})
	}
}

// A file that is wrong as a whole is an error; a wrong example fails by itself.
func TestFiles(t *testing.T) {
	const good = `{"id":"G","calculator":"hgv_load","title":"","kind":"","source":"","inputs":{"e0":1,"e100":2,"load":0,"km":1},"expected":{"kgco2e":1},"tolerance":{}}`
	in := func(examples string) string {
		return `{"schema":"ricircolo-examples-1","sign":"positive = emission, negative = avoided","examples":[` + examples + `]}`
	}
	for _, row := range []struct {
		name, text     string
		passed, failed int // both 0: the file is refused
	}{
		{"good", in(good), 1, 0},
		{"an example that is none", in(good + `,7`), 1, 1},
		{"an example without an id", in(good + `,{}`), 1, 1},
		{"the same id twice", in(good + "," + good), 1, 1},
		{"an unknown key in an example", in(good + `,{"id":"H","colour":1}`), 1, 1},
		{"empty", ``, 0, 0},
		{"no JSON", `NaN`, 0, 0},
		{"two values", in(good) + `{}`, 0, 0},
		{"a list", `[]`, 0, 0},
		{"no examples", in(``), 0, 0},
		{"another schema", strings.Replace(in(good), "examples-1", "examples-2", 1), 0, 0},
		{"the opposite sign", strings.Replace(in(good), "positive = emission, negative = avoided", "positive = avoided", 1), 0, 0},
		{"the same key twice", `{"schema":"x",` + in(good)[1:], 0, 0},
		{"the same input twice", strings.Replace(in(good), `"e0":1`, `"e0":1,"e0":2`, 1), 0, 0},
		{"too many", in(strings.Repeat(good+",", evaluate.MaxExamples) + good), 0, 0},
		{"too large", in(good) + strings.Repeat(" ", evaluate.MaxBytes), 0, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			report, err := evaluated(t, row.text)
			if refused := row.passed+row.failed == 0; refused != (err != nil) {
				t.Fatalf("got error %v, want one: %v", err, refused)
			}
			if report.Passed != row.passed || report.Failed != row.failed {
				t.Errorf("got %+v, want %d passed and %d failed", report, row.passed, row.failed)
			}
		})
	}
}

// Whatever the file, there is no panic and every example is counted once.
func FuzzRead(f *testing.F) {
	for _, name := range []string{filepath.Join("testdata", "examples.json")} {
		if seed, err := os.ReadFile(name); err == nil {
			f.Add(seed)
		}
	}
	f.Add([]byte(one("mci", `{"M":1e39,"FR":1,"EF":1e-39}`, `{"MCI":1}`, `{"abs":1}`)))
	f.Add([]byte(one("lognormal_product", `{"medians":{"a":1e30,"b":1e30},"gsd2":{"a":1000}}`, `{"mean":1}`, `{"abs":1}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := evaluate.Read(strings.NewReader(string(data)), factors)
		if err == nil && report.Failed > len(report.Mismatches) {
			t.Errorf("%d failed with %d reasons", report.Failed, len(report.Mismatches))
		}
	})
}
