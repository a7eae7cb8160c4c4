package bioplastic

import (
	"slices"
	"strings"

	"github.com/ricircolo/ricircolo/internal/quantity"
)

// PartsPerMillion is a share by mass.
type PartsPerMillion int64

// DefaultThreshold is 0.1 %: what makers of PLA claim that a PET stream stands.
// MaxThreshold is 5 %, the largest share of other materials in what counts as
// recycling.
const (
	DefaultThreshold PartsPerMillion = 1_000
	MaxThreshold     PartsPerMillion = 50_000
)

// Twins are the polymers that drop-ins are the same as.
var Twins = []string{"PE", "PET"}

// twinGrades are the ways in which a stream's polymers name a twin.
var twinGrades = map[string]string{
	"PE": "PE", "HDPE": "PE", "PE-HD": "PE", "LDPE": "PE", "PE-LD": "PE", "LLDPE": "PE", "PE-LLD": "PE",
	"PET": "PET", "RPET": "PET",
}

// contaminants are the bioplastics that spoil a twin's recyclate.
var contaminants = []string{"PLA", "PLLA", "PDLA", "PHA", "PHB", "PHBV", "PHBH", "PBAT", "PBS", "PBSA", "TPS", "STARCH", "STARCH BLEND"}

// Twin names the twin that a stream's polymer is, or is a drop-in of; "" for
// any other.
func Twin(polymer string) string {
	return twinGrades[strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(polymer)), "BIO-")]
}

// Contaminates reports whether a polymer spoils the stream of a twin.
func Contaminates(polymer string) bool {
	return slices.Contains(contaminants, strings.ToUpper(strings.TrimSpace(polymer)))
}

// Fraction is what a sorting line found of one polymer.
type Fraction struct {
	Polymer string
	Grams   quantity.Mass
}

// SortingAlarm sums the bioplastics that a sorting line found in the stream of
// a twin, and reports whether their share of the input is beyond the
// threshold. In any other stream they are no contaminant.
func SortingAlarm(streamPolymers []string, input quantity.Mass, found []Fraction, threshold PartsPerMillion) (contaminant quantity.Mass, alarm bool) {
	if !slices.ContainsFunc(streamPolymers, func(p string) bool { return Twin(p) != "" }) {
		return 0, false
	}
	for _, f := range found {
		if Contaminates(f.Polymer) {
			contaminant += f.Grams
		}
	}
	return contaminant, exceeds(int64(contaminant), int64(input), threshold)
}

// exceeds compares without division. Masses are at most 40 t a line, so that
// the products fit.
func exceeds(part, whole int64, threshold PartsPerMillion) bool {
	return part*1_000_000 > whole*int64(threshold)
}
