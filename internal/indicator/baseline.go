package indicator

import (
	"fmt"
	"slices"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// baselineOperations are the routes that a baseline may consist of.
var baselineOperations = []string{"R1", "D1", "D5", "D10", "composting", "anaerobic-digestion"}

// Check lists everything that is wrong with a baseline.
func (b *Baseline) Check() error {
	p := problem.New(problem.Invalid, "baseline-invalid", "The baseline is not valid; see the fields.")
	sum := 0
	for i, r := range b.Routes {
		at := fmt.Sprintf("/routes/%d", i)
		if !slices.Contains(baselineOperations, r.Operation) {
			p.With(at+"/operation", "unknown", fmt.Sprintf("Use one of %v.", baselineOperations))
		}
		if r.Permille < 1 || r.Permille > 1000 {
			p.With(at+"/permille", "out-of-range", "Use 1 to 1000.")
		}
		sum += r.Permille
	}
	if sum != 1000 {
		p.With("/routes", "sum", "The shares must sum to 1000.")
	}
	for i, l := range b.Legs {
		if l.Kilometres < 1 || l.Kilometres > 5000 {
			p.With(fmt.Sprintf("/legs/%d/kilometres", i), "out-of-range", "Use 1 to 5000 km.")
		}
	}
	if h := b.HazardousPermille; h != nil && (*h < 0 || *h > 1000) {
		p.With("/hazardousPermille", "out-of-range", "Use 0 to 1000.")
	}
	if len(p.Fields) > 0 {
		return p
	}
	return nil
}

// EmiliaRomagna is the baseline of a lab that has not chosen one: incineration,
// the way of 91 % of the region's sanitary waste in 2018 (ARPAE, Report 2021).
func EmiliaRomagna() *Baseline {
	return &Baseline{
		ID: "emilia-romagna-incineration", Name: "Emilia-Romagna: incineration", NameIT: "Emilia-Romagna: incenerimento",
		Dated: "2018-12-31", Source: "ARPAE Emilia-Romagna, Report 2021, p. 88-89: 91 % of sanitary waste incinerated in 2018",
		Routes: []RouteShare{{"R1", 1000}},
	}
}
