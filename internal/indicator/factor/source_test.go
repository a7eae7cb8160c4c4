package factor

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

// sourceRow is a row of the collection of published factors that our data were
// taken from.
type sourceRow struct {
	material, phase, value, biogenic, source, year, table, quality, raw, unit string
}

// sourceRows reads the collection, which lies beside the repository: a computer
// without it skips, a build server fails.
func sourceRows(t *testing.T) []sourceRow {
	t.Helper()
	folder := os.Getenv("RICIRCOLO_FACTORS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	file, err := os.Open(filepath.Join(folder, "factors.csv"))
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("no published factors: %v; RICIRCOLO_FACTORS says where they are", err)
	default:
		t.Skipf("SKIPPED: THE PUBLISHED FACTORS ARE NOT HERE, NO EMBEDDED VALUE WAS COMPARED WITH ITS SOURCE: %v", err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = -1
	lines, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []sourceRow
	for _, l := range lines[1:] {
		if l[0] == "ELEC_IT_residual_mix_2024" { // two of its columns are run together
			rows = append(rows, sourceRow{l[0], l[1], "", "", l[4], "2024", "", l[6], l[8], l[9]})
			continue
		}
		// notes with bare commas make more columns; the last two are the same everywhere
		rows = append(rows, sourceRow{l[0], l[1], l[2], l[3], l[4], l[5], l[7], l[8], l[len(l)-2], l[len(l)-1]})
	}
	return rows
}

// sourceOf says how the rows of a set begin in the collection.
func sourceOf(s *Set, f *Factor) (source, year string) {
	switch {
	case s.ID == "desnz-2023", s.ID == "desnz-2024":
		return "UK DESNZ GHG Conversion Factors " + s.ID[6:], s.ID[6:]
	case s.ID == "warm-v16":
		return "US EPA WARM v16", "2023"
	case s.ID == "epa-hub":
		return "US EPA GHG Emission Factors Hub", "2022"
	case s.ID == "hopewell-2009":
		return "PlasticsEurope eco-profiles 2008", ""
	case strings.HasPrefix(f.Source, "UK DESNZ"):
		return "UK DESNZ GHG Conversion Factors 2025", "2025"
	}
	first, _, _ := strings.Cut(f.Source, " ")
	return strings.TrimRight(first, ","), ""
}

// materialsOf are the collection's names of ours, where they differ.
var materialsOf = map[string]string{
	"plastics": "MIXED_PLASTICS", "plastics-film": "MIXED_FILM", "plastics-rigid": "MIXED_RIGID", "PA6": "PA6_PA66", "PA66": "PA6_PA66",
	"NBR": "NBR_NITRILE", "PDMS": "PDMS_SILICONE", "NR": "NATURAL_RUBBER", "starch": "STARCH_CELLULOSE", "bio-PE": "BIO_PE", "bio-PE-HD": "BIO_PE", "bio-PE-LD": "BIO_PE",
	"clinical-waste": "CLINICAL_WASTE_DRY", "organic": "ORGANIC_WET_BASIS", "health-care-waste": "HOSPITAL_WASTE",
}

var phasesOf = map[Kind]string{
	VirginProduction: "virgin_production", RecycledProduction: "recycled_production_closed_loop", Landfill: "landfill", Incineration: "incineration_direct_fossil",
	Composting: "composting_process_CH4_N2O", AnaerobicDigestion: "AD_process_CH4", HazardousRoute: "high_temp_incineration", ResidualRoute: "low_temp_incineration_ER",
}

var routesOf = map[string]string{
	"warm/landfill": "warm_net_landfill", "warm/recycle": "warm_net_recycle", "warm/combust": "warm_net_combust_ER", "warm/compost": "warm_net_compost",
	"warm/source-reduction": "warm_net_source_reduction", "epa/landfill": "inventory_landfill", "epa/recycle": "inventory_recycling",
	"epa/combust": "inventory_incineration_ER", "epa/compost": "inventory_composting",
}

var vehiclesOf = map[string]string{
	"van": "VAN_Average_up_to_3.5_tonnes_Diesel", "rigid-lorry": "HGV_All_rigids", "rigid-lorry-7.5t": "HGV_Rigid_3.5_7.5_tonnes",
	"rigid-lorry-17t": "HGV_Rigid_7.5_tonnes_17_tonnes", "rigid-lorry-over-17t": "HGV_Rigid_17_tonnes", "articulated-lorry": "HGV_Articulated_33t",
}

// nameOf is the collection's material and phase of a factor.
func nameOf(s *Set, f *Factor) (material, phase string) {
	switch f.Kind {
	case ElectricityLocal:
		return "ELEC_IT_production_2023", "energy"
	case ElectricityMarket:
		return "ELEC_IT_residual_mix_2024", "energy"
	case VehicleKmTTW, VehicleKmWTT, TonneKmTTW, TonneKmWTT:
		vehicle, load, _ := strings.Cut(f.Subject, "@")
		name := "TRANSPORT_" + vehiclesOf[vehicle]
		switch {
		case load != "":
			name += "_" + load + "%_Laden"
		case vehicle != "van":
			name += "_Average_laden"
		}
		return name + "_" + strings.ToUpper(string(f.Kind[len(f.Kind)-3:])), "transport"
	}
	subject, route, _ := strings.Cut(f.Subject, "/")
	material, renamed := materialsOf[subject]
	switch {
	case subject == "PE-HD" && f.Kind == Incineration, subject == "PE-LD" && f.Kind == Incineration:
		material = "PE"
	case subject == "PE-HD":
		material = "HDPE"
	case subject == "PE-LD" && strings.HasPrefix(s.ID, "desnz"), subject == "PE-LD" && s.ID == "default":
		material = "LDPE_LLDPE"
	case subject == "PE-LD":
		material = "LDPE"
	case !renamed:
		material = subject
	}
	if f.Kind == NetRoute {
		return material, routesOf[s.ID[:strings.IndexByte(s.ID, '-')]+"/"+route]
	}
	return material, phasesOf[f.Kind]
}

// originsOf are the rows that a factor was taken from.
func originsOf(s *Set, f *Factor, rows []sourceRow) []sourceRow {
	material, phase := nameOf(s, f)
	source, year := sourceOf(s, f)
	units := map[string]string{"kgCO2e/km": "kgCO2e/vehicle-km", "kgCO2e/tkm": "kgCO2e/tkm"}
	var found []sourceRow
	for _, r := range rows {
		unit := units[f.Unit]
		if r.material == material && r.phase == phase && strings.HasPrefix(r.source, source) && (year == "" || r.year == year) && (unit == "" || r.unit == unit) {
			found = append(found, r)
		}
	}
	return found
}

// differences lists what a factor and its origin do not agree in.
func differences(f *Factor, origins []sourceRow) []string {
	wantRows := 1
	if f.Kind == ResidualRoute {
		wantRows = 2 // the ends of a range
	}
	if len(origins) != wantRows {
		return []string{"it has not one row of origin"}
	}
	var list []string
	sum := decimal.Zero
	for _, o := range origins {
		if o.quality != "verified" || strings.HasPrefix(o.source, "Packaging CFF tool") || strings.HasPrefix(o.source, "AIOXY") {
			list = append(list, "its origin is not to be published: "+o.quality)
		}
		text := o.value
		if text == "" {
			text = o.raw
		}
		d, err := decimal.NewFromString(text)
		if err != nil {
			return append(list, err.Error())
		}
		sum = sum.Add(d)
		if biogenic := decimal.RequireFromString("0" + o.biogenic); !biogenic.Equal(f.Biogenic) {
			list = append(list, "its biogenic part was "+o.biogenic)
		}
		if strings.HasPrefix(f.Source, "UK DESNZ") && f.Table != o.table {
			list = append(list, "its table was "+o.table)
		}
		if f.Kind == NetRoute {
			raw := decimal.RequireFromString(o.raw).Mul(shortTon)
			if !strings.HasPrefix(f.Note, o.raw+" MTCO2E/short ton") || raw.Sub(f.Value).Abs().GreaterThan(decimal.New(1, -6)) {
				list = append(list, "it was "+o.raw+" per short ton")
			}
		}
	}
	if mean := sum.Div(decimal.NewFromInt(int64(wantRows))); !mean.Equal(f.Value) {
		list = append(list, "it was "+mean.String())
	}
	return list
}

func TestValuesAreThoseOfTheirSources(t *testing.T) {
	rows := sourceRows(t)
	if len(rows) != 566 {
		t.Errorf("got %d rows, want 566", len(rows))
	}
	compared := 0
	for _, s := range Sets() {
		for i := range s.Factors {
			f := &s.Factors[i]
			for _, d := range differences(f, originsOf(s, f, rows)) {
				t.Errorf("%s = %s: %s", s.Ref(f), f.Value, d)
			}
			compared++
		}
	}
	if compared != 264 {
		t.Errorf("compared %d factors, want 264", compared)
	}
	// Controls: what is changed in the data is noticed.
	for name, change := range map[string]func(*Factor){
		"value":    func(f *Factor) { f.Value = f.Value.Add(decimal.New(1, -8)) },
		"biogenic": func(f *Factor) { f.Biogenic = decimal.New(1, 0) },
		"table":    func(f *Factor) { f.Table = "another" },
	} {
		f, _ := Default().Find(VirginProduction, "PET")
		changed := *f
		change(&changed)
		if got := differences(&changed, originsOf(Default(), f, rows)); len(got) != 1 {
			t.Errorf("another %s: got %q, want one difference", name, got)
		}
	}
}
