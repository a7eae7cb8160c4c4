package factor

import (
	"strings"
	"sync"
)

// Carbon says how much of a material's carbon is biogenic.
type Carbon string

// The shares of biogenic carbon.
const (
	Fossil       Carbon = "fossil"
	PartBiogenic Carbon = "part-biogenic" // how much depends on the grade
	Biogenic     Carbon = "biogenic"
)

// Substance is a material that factors and streams name. Which ones spoil which
// stream is the bioplastics dossier's business.
type Substance struct {
	Code    string   `json:"code"`              // ISO 1043-1 where it has one
	Aliases []string `json:"aliases,omitempty"` // other names that it goes by, in any spelling
	English string   `json:"nameEn"`
	Italian string   `json:"nameIt"`
	Carbon  Carbon   `json:"carbon"`
	Twin    string   `json:"twin,omitempty"` // the fossil polymer that a bio-based drop-in is recycled with, and replaces
}

// substances by code. LLDPE is read as PE-LD because our sources give the two
// in one row.
var substances = []Substance{
	{Code: "ABS", English: "acrylonitrile-butadiene-styrene", Italian: "acrilonitrile-butadiene-stirene", Carbon: Fossil},
	{Code: "NBR", Aliases: []string{"nitrile", "nitrile rubber"}, English: "nitrile rubber", Italian: "gomma nitrilica", Carbon: Fossil},
	{Code: "NR", Aliases: []string{"natural rubber"}, English: "natural rubber", Italian: "gomma naturale", Carbon: Biogenic},
	{Code: "PA6", Aliases: []string{"nylon 6"}, English: "polyamide 6", Italian: "poliammide 6", Carbon: Fossil},
	{Code: "PA66", Aliases: []string{"nylon 66"}, English: "polyamide 66", Italian: "poliammide 66", Carbon: Fossil},
	{Code: "PBAT", English: "polybutylene adipate terephthalate", Italian: "polibutilene adipato tereftalato", Carbon: Fossil},
	{Code: "PBS", English: "polybutylene succinate", Italian: "polibutilene succinato", Carbon: PartBiogenic},
	{Code: "PC", English: "polycarbonate", Italian: "policarbonato", Carbon: Fossil},
	{Code: "PDMS", Aliases: []string{"silicone", "VMQ"}, English: "silicone", Italian: "silicone", Carbon: Fossil},
	{Code: "PE-HD", Aliases: []string{"HDPE"}, English: "high-density polyethylene", Italian: "polietilene ad alta densità", Carbon: Fossil},
	{Code: "PE-LD", Aliases: []string{"LDPE", "LLDPE", "PE-LLD", "LDPE/LLDPE"}, English: "low-density polyethylene", Italian: "polietilene a bassa densità", Carbon: Fossil},
	{Code: "PEF", English: "polyethylene furanoate", Italian: "polietilene furanoato", Carbon: Biogenic},
	{Code: "PET", Aliases: []string{"PETE"}, English: "polyethylene terephthalate", Italian: "polietilene tereftalato", Carbon: Fossil},
	{Code: "PHB", Aliases: []string{"PHA"}, English: "polyhydroxyalkanoates", Italian: "poliidrossialcanoati", Carbon: Biogenic},
	{Code: "PLA", English: "polylactic acid", Italian: "acido polilattico", Carbon: Biogenic},
	{Code: "PMMA", English: "polymethyl methacrylate", Italian: "polimetilmetacrilato", Carbon: Fossil},
	{Code: "POM", Aliases: []string{"acetal"}, English: "polyoxymethylene", Italian: "poliossimetilene", Carbon: Fossil},
	{Code: "PP", English: "polypropylene", Italian: "polipropilene", Carbon: Fossil},
	{Code: "PS", English: "polystyrene", Italian: "polistirene", Carbon: Fossil},
	{Code: "PVC", English: "polyvinyl chloride", Italian: "polivinilcloruro", Carbon: Fossil},
	{Code: "TPU", English: "thermoplastic polyurethane", Italian: "poliuretano termoplastico", Carbon: Fossil},
	{Code: "bio-PE", English: "bio-based polyethylene", Italian: "polietilene da fonti biologiche", Carbon: Biogenic, Twin: "PE-HD"},
	{Code: "bio-PE-HD", Aliases: []string{"bio-HDPE"}, English: "bio-based high-density polyethylene", Italian: "polietilene ad alta densità da fonti biologiche", Carbon: Biogenic, Twin: "PE-HD"},
	{Code: "bio-PE-LD", Aliases: []string{"bio-LDPE", "bio-LLDPE"}, English: "bio-based low-density polyethylene", Italian: "polietilene a bassa densità da fonti biologiche", Carbon: Biogenic, Twin: "PE-LD"},
	{Code: "bio-PET", English: "partly bio-based polyethylene terephthalate", Italian: "polietilene tereftalato in parte da fonti biologiche", Carbon: PartBiogenic, Twin: "PET"},
	{Code: "clinical-waste", English: "clinical waste, as burned", Italian: "rifiuti sanitari, come inceneriti", Carbon: PartBiogenic},
	{Code: "health-care-waste", English: "health-care waste, by route", Italian: "rifiuti sanitari, per destinazione", Carbon: PartBiogenic},
	{Code: "organic", Aliases: []string{"organic waste"}, English: "organic waste", Italian: "rifiuti organici", Carbon: Biogenic},
	{Code: "plastics", Aliases: []string{"mixed plastics"}, English: "plastics, average", Italian: "plastiche, media", Carbon: Fossil},
	{Code: "plastics-film", Aliases: []string{"mixed film"}, English: "plastic film, average", Italian: "film plastico, media", Carbon: Fossil},
	{Code: "plastics-rigid", Aliases: []string{"mixed rigid"}, English: "rigid plastics, average", Italian: "plastiche rigide, media", Carbon: Fossil},
	{Code: "starch", Aliases: []string{"TPS"}, English: "starch", Italian: "amido", Carbon: Biogenic},
}

// spellings leads from any name of a material, folded, to its place.
var spellings = sync.OnceValue(func() map[string]int {
	all := make(map[string]int)
	for i, s := range substances {
		for _, name := range append([]string{s.Code}, s.Aliases...) {
			all[fold(name)] = i
		}
	}
	return all
})

// fold takes away what spellings of a name differ in: "PE HD" is "pe-hd".
func fold(name string) string { return separators.Replace(strings.ToUpper(name)) }

var separators = strings.NewReplacer(" ", "", "-", "", "_", "", "/", "")

// longestName bounds what is folded at all.
const longestName = 64

// Material returns the code of a material by any of its names. PE alone is
// none: it does not say which.
func Material(name string) (code string, ok bool) {
	s, ok := lookUp(name)
	return s.Code, ok
}

func lookUp(name string) (Substance, bool) {
	if len(name) > longestName {
		return Substance{}, false
	}
	i, ok := spellings()[fold(name)]
	if !ok {
		return Substance{}, false
	}
	return substances[i], true
}

// Twin returns the fossil polymer that a bio-based drop-in is recycled with, or
// the material's own code if it is none.
func Twin(name string) (code string, ok bool) {
	s, ok := lookUp(name)
	if s.Twin != "" {
		return s.Twin, ok
	}
	return s.Code, ok
}
