package factor

import "github.com/shopspring/decimal"

// Spread is the range between sources of the net saving of a material, Ev - Erec
// per kg of recyclate that takes the place of as much virgin material: the
// lowest and the highest figure among the embedded sets, and the factors that
// they come from. Sources differ by more than the uncertainty of each, so that
// reports show this range beside the interval of the computation.
//
// WARM gives the saving as one net figure. Hopewell et al. give one figure of
// recycled plastics for all polymers. ok is false with fewer than two sources.
// A bio-based drop-in saves what its fossil twin does; the caller asks for the
// twin.
func Spread(material string) (low, high decimal.Decimal, sources []string, ok bool) {
	code, known := Material(material)
	if !known {
		return low, high, nil, false
	}
	for _, name := range []string{"desnz-2023@1", "desnz-2024@1", "desnz-2025@1", "warm-v16@1", "hopewell-2009@1"} {
		s, found := ByRef(name)
		if !found {
			continue
		}
		saving, found := s.saving(code)
		if !found {
			continue
		}
		if len(sources) == 0 || saving.LessThan(low) {
			low = saving
		}
		if len(sources) == 0 || saving.GreaterThan(high) {
			high = saving
		}
		sources = append(sources, name)
	}
	return low, high, sources, len(sources) > 1
}

// saving is Ev - Erec of a material in a set.
func (s *Set) saving(code string) (decimal.Decimal, bool) {
	if net, found := s.Find(NetRoute, code+"/recycle"); found {
		return net.Value.Neg(), true
	}
	virgin, found := s.Find(VirginProduction, code)
	if !found {
		return decimal.Decimal{}, false
	}
	recycled, found := s.Find(RecycledProduction, code)
	if !found && s.ID == "hopewell-2009" {
		recycled, found = s.Find(RecycledProduction, "plastics")
	}
	if !found {
		return decimal.Decimal{}, false
	}
	return virgin.Value.Sub(recycled.Value), true
}
