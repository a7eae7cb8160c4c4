package factor

import "slices"

// Overlay is the set that holds where a lab changes some factors of another
// set and adds others: every factor of own, and those of base that own has
// not. It goes by the name and version of own, which pin base as well. A set
// over one that is for sensitivity only is for sensitivity only. Neither is
// changed; what comes out is valid.
func Overlay(base, own *Set) (*Set, error) {
	merged := *own
	merged.Sensitivity = own.Sensitivity || base.Sensitivity
	merged.Factors = slices.Clone(own.Factors)
	given := make(map[string]bool, len(own.Factors))
	for i := range own.Factors {
		given[own.Factors[i].ID] = true
	}
	for i := range base.Factors {
		if f := &base.Factors[i]; !given[f.ID] {
			merged.Factors = append(merged.Factors, *f)
		}
	}
	merged.Sort()
	if err := Validate(&merged); err != nil {
		return nil, err
	}
	return &merged, nil
}
