package tracking

import (
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// Measurement is a mass as somebody states it. Exactly one of FullnessPercent,
// NetGrams and GrossGrams is given.
type Measurement struct {
	FullnessPercent int           `json:"fullnessPercent,omitempty"` // 1 … 100 of the bin's volume
	NetGrams        quantity.Mass `json:"netGrams,omitempty"`
	GrossGrams      quantity.Mass `json:"grossGrams,omitempty"` // with the bin; its tare is taken off
	TareGrams       quantity.Mass `json:"tareGrams,omitempty"`  // with GrossGrams: instead of the bin's own tare
	Estimated       bool          `json:"estimated,omitempty"`  // with NetGrams: a guess, no scale
}

// check returns the first fault of the statement itself.
func (m Measurement) check(v *validation, at string) {
	n := 0
	for _, given := range []bool{m.FullnessPercent != 0, m.NetGrams != 0, m.GrossGrams != 0} {
		if given {
			n++
		}
	}
	v.ok(n == 1, at, "one-of", "Give exactly one of fullnessPercent, netGrams and grossGrams.")
	v.ok(m.FullnessPercent >= 0 && m.FullnessPercent <= 100, at+"/fullnessPercent", "out-of-range", "Use 1 to 100.")
	v.mass(m.NetGrams, at+"/netGrams")
	v.mass(m.GrossGrams, at+"/grossGrams")
	v.mass(m.TareGrams, at+"/tareGrams")
	v.ok(m.TareGrams == 0 || m.GrossGrams != 0, at+"/tareGrams", "not-allowed", "A tare goes with grossGrams.")
	v.ok(!m.Estimated || m.NetGrams != 0, at+"/estimated", "not-allowed", "Only netGrams can be a guess; fullnessPercent always is one.")
	v.ok(m.GrossGrams == 0 || m.TareGrams == 0 || m.GrossGrams > m.TareGrams, at+"/grossGrams", "net-not-positive", "The gross mass must be more than the tare.")
}

// Weighing is a measurement worked out: net grams and how good they are.
type Weighing struct {
	NetGrams quantity.Mass  `json:"netGrams"`
	Rung     indicator.Rung `json:"rung"`
	Entry    string         `json:"entry"`
}

// weigh works a measurement out with the settings that the bin had then. It
// reports false if the net mass is not positive.
func (m Measurement) weigh(entry string, s BinSettings, gramsPerLitre int64) (Weighing, bool) {
	w := Weighing{Entry: entry}
	switch {
	case m.FullnessPercent != 0:
		w.Rung = indicator.VolumeEstimate
		w.NetGrams = quantity.Mass((s.VolumeLitres*gramsPerLitre*int64(m.FullnessPercent) + 50) / 100)
	case m.NetGrams != 0:
		w.NetGrams, w.Rung = m.NetGrams, indicator.WardScale
		if m.Estimated {
			w.Rung = indicator.WardEstimate
		}
	default:
		tare := m.TareGrams
		if tare == 0 {
			tare = s.TareGrams
		}
		w.NetGrams, w.Rung = m.GrossGrams-tare, indicator.WardScale
	}
	return w, w.NetGrams > 0
}

// implausible reports whether a mass is far beyond what the bin can hold: more
// than four times its volume at the stream's bulk density (compacted film is
// about that much denser than loose film), and more than a kilogram.
func implausible(net quantity.Mass, s BinSettings, gramsPerLitre int64) bool {
	return net > quantity.Kilogram && int64(net) > 4*s.VolumeLitres*gramsPerLitre
}
