package factor

import (
	"embed"
	"fmt"
	"slices"
	"sync"
)

//go:embed data/*.csv
var data embed.FS

// What is left out of the data, and why:
//   - The rows of DESNZ's waste tables for recycling and incineration cover
//     collection and transport only. As emissions of a treatment they would make
//     burning plastic look 500 times better than it is.
//   - WARM's landfill of PLA credits biogenic carbon that stays in the ground,
//     which fits neither convention of uptake; its LLDPE differs from LDPE by
//     less than 1 % but for production, and has no code of its own here.
//   - PBS and bio-PET: how much of their carbon is fossil depends on the grade.
//   - What is known from memory or by hearsay only, such as the production of
//     PLA, silicone or TPU: a lab asks its supplier for an EPD.

// embedded describes the sets in data, in the order of Sets.
var embedded = []Set{
	{ID: "default", Version: 1, State: Published, Published: "2026-11-29", Title: "Default: DESNZ 2025 production and transport, stoichiometric incineration, Italian electricity"},
	{ID: "desnz-2023", Version: 1, State: Published, Published: "2026-11-29", Title: "UK DESNZ 2023, materials"},
	{ID: "desnz-2024", Version: 1, State: Published, Published: "2026-11-29", Title: "UK DESNZ 2024, materials"},
	{ID: "desnz-2025", Version: 1, State: Published, Published: "2026-11-29", Title: "UK DESNZ 2025, materials, landfill and transport"},
	{ID: "epa-hub", Version: 1, State: Published, Published: "2026-11-29", Sensitivity: true, Title: "US EPA GHG Emission Factors Hub, Table 9: routes without credits"},
	{ID: "hopewell-2009", Version: 1, State: Published, Published: "2026-11-29", Sensitivity: true, Title: "Eco-profiles of 2008 as quoted by Hopewell et al. 2009"},
	{ID: "warm-v16", Version: 1, State: Published, Published: "2026-11-29", Sensitivity: true, Title: "US EPA WARM v16: routes with credits"},
}

// sets are the embedded sets, read and checked once. A fault in them is one of
// this program, which the tests find; so it panics.
var sets = sync.OnceValue(func() []*Set {
	var list []*Set
	for _, s := range embedded {
		list = append(list, mustLoad(s))
	}
	return list
})

func mustLoad(s Set) *Set {
	file, err := data.Open("data/" + s.ID + ".csv")
	if err != nil {
		panic(fmt.Sprintf("factor set %s: %v", s.ID, err))
	}
	defer file.Close()
	if s.Factors, err = ReadCSV(file, Limits{}); err != nil {
		panic(fmt.Sprintf("factor set %s: %v", s.ID, err))
	}
	s.Sort()
	if err := Validate(&s); err != nil {
		panic(fmt.Sprintf("factor set %s: %v", s.ID, err))
	}
	return &s
}

// Sets lists the embedded sets by id. They are shared: Clone before a change.
func Sets() []*Set { return slices.Clone(sets()) }

// Default is the set of who has not chosen one.
func Default() *Set { return sets()[0] }

// Embedded reports whether an id is that of an embedded set, which no lab may
// take for its own.
func Embedded(id string) bool {
	return slices.ContainsFunc(embedded, func(s Set) bool { return s.ID == id })
}

// ByRef returns the embedded set of a name such as "default@1".
func ByRef(name string) (*Set, bool) {
	for _, s := range sets() {
		if s.Name() == name {
			return s, true
		}
	}
	return nil, false
}
