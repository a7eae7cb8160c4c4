package tracking

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

func (l *Lab) setID(string)            {}
func (l *Lab) check(*validation)       {}
func (l *Lab) admit(*work, *Lab) error { return nil }

func (f *Facility) setID(id string) { f.ID = id }
func (f *Facility) check(v *validation) {
	v.optionalID(f.ID, "/id")
	v.text(f.Name, "/name", true, 120)
	v.text(f.Address, "/address", false, 200)
	v.text(f.Contact, "/contact", false, 120)
}
func (f *Facility) admit(*work, *Facility) error { return nil }

func (w *Ward) setID(id string) { w.ID = id }
func (w *Ward) check(v *validation) {
	v.optionalID(w.ID, "/id")
	v.id(w.Facility, "/facility")
	v.text(w.Name, "/name", true, 120)
}
func (w *Ward) admit(work *work, old *Ward) error {
	if old != nil && old.Facility != w.Facility {
		return problem.New(problem.Unprocessable, "facility-fixed", "A ward stays in its facility: make a new ward there.").
			With("/facility", "not-allowed", "Leave the facility as it is.")
	}
	_, err := fetch[Facility](work, KindFacility, w.Facility)
	if err != nil {
		return unknownReference(err, "/facility", "facility")
	}
	return nil
}

func (r *Recycler) setID(id string) { r.ID = id }
func (r *Recycler) check(v *validation) {
	v.optionalID(r.ID, "/id")
	v.text(r.Name, "/name", true, 120)
}
func (r *Recycler) admit(*work, *Recycler) error { return nil }

// Families are the kinds of material of a stream.
var Families = []string{"fossil", "bio-based-drop-in", "compostable", "mixed"}

var (
	eerCode = regexp.MustCompile(`^[0-9]{2} [0-9]{2} [0-9]{2}$`)
	colour  = regexp.MustCompile(`^#[0-9a-f]{6}$`)
)

func (s *Stream) setID(id string) { s.ID = id }
func (s *Stream) check(v *validation) {
	v.optionalID(s.ID, "/id")
	v.text(s.Name, "/name", true, 80)
	v.text(s.NameIT, "/nameIt", true, 80)
	v.oneOf(s.Family, "/family", Families...)
	v.ok(eerCode.MatchString(s.EER), "/eer", "malformed", "Write the code like 15 01 02. Hazardous codes (with an asterisk) never enter this chain.")
	v.ok(s.Colour == "" || colour.MatchString(s.Colour), "/colour", "malformed", "Write the colour like #1b7f5c.")
	v.ok(len(s.Densities) == 1, "/densities", "required", "Give the bulk density that holds from now on.")
	for i, d := range s.Densities {
		v.ok(d.GramsPerLitre >= 1 && d.GramsPerLitre <= 2000, fmt.Sprintf("/densities/%d/gramsPerLitre", i), "out-of-range", "Use 1 to 2000 grams per litre.")
	}
	sum := 0
	for i, p := range s.Polymers {
		v.text(p.Polymer, fmt.Sprintf("/polymers/%d/polymer", i), true, 40)
		v.ok(p.Permille >= 1 && p.Permille <= 1000, fmt.Sprintf("/polymers/%d/permille", i), "out-of-range", "Use 1 to 1000.")
		sum += p.Permille
	}
	v.ok(len(s.Polymers) == 0 || sum == 1000, "/polymers", "sum", "The shares must sum to 1000.")
	for _, list := range []struct {
		at    string
		texts []string
	}{{"/accepts", s.Accepts}, {"/refuses", s.Refuses}, {"/acceptsIt", s.AcceptsIT}, {"/refusesIt", s.RefusesIT}} {
		v.ok(len(list.texts) <= 40, list.at, "too-many", "At most 40 items.")
		for _, t := range list.texts {
			v.text(t, list.at, true, 80)
		}
	}
	v.pictograms(s.Pictograms)
}

// pictograms asks for what a label can show of a stream, each at most once.
func (v *validation) pictograms(given []string) {
	var known []string
	for _, p := range print.Pictograms() {
		known = append(known, string(p))
	}
	v.ok(len(given) <= print.MaxPictograms, "/pictograms", "too-many", fmt.Sprintf("A label has room for %d.", print.MaxPictograms))
	for i, p := range given {
		at := fmt.Sprintf("/pictograms/%d", i)
		v.oneOf(p, at, known...)
		v.ok(!slices.Contains(given[:i], p), at, "repeated", "Name each pictogram once.")
	}
}

// admit dates the bulk density: a first one holds from ever, a changed one
// from now on.
func (s *Stream) admit(w *work, old *Stream) error {
	given := s.Densities[0].GramsPerLitre
	if old == nil {
		s.Densities = []DatedDensity{{From: earliest, GramsPerLitre: given}}
		return nil
	}
	s.Densities = old.Densities
	if last := old.Densities[len(old.Densities)-1]; last.GramsPerLitre != given {
		s.Densities = append(s.Densities[:len(s.Densities):len(s.Densities)], DatedDensity{From: w.recorded, GramsPerLitre: given})
	}
	return nil
}
