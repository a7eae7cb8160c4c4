package print

import "sync"

// Pictogram is a picture of something that goes into a bin.
type Pictogram string

// The pictograms.
const (
	Bottle   Pictogram = "bottle"
	Canister Pictogram = "canister"
	Cap      Pictogram = "cap"
	Tray     Pictogram = "tray"
	Blister  Pictogram = "blister"
	Box      Pictogram = "box"
	Bag      Pictogram = "bag"
	Film     Pictogram = "film"
	Wrap     Pictogram = "wrap"
	Tube     Pictogram = "tube"
	Mask     Pictogram = "mask"
	Infusion Pictogram = "infusion"
	Cup      Pictogram = "cup"
	Cutlery  Pictogram = "cutlery"
)

// MaxPictograms is how many a label has at most.
const MaxPictograms = 5

// Pictograms lists all of them.
func Pictograms() []Pictogram {
	return []Pictogram{Bottle, Canister, Cap, Tray, Blister, Box, Bag, Film, Wrap, Tube, Mask, Infusion, Cup, Cutlery}
}

// layer is a part of a picture. White ones are cut out of what lies below.
type layer struct {
	white bool
	area  shape
}

// pictures are the pictograms in a square of side 1. They are silhouettes, since
// thermal printers have no greys, and no line is thinner than a sixteenth of the
// square, 0.3 mm on the smallest label.
var pictures = sync.OnceValue(func() map[Pictogram][]layer {
	black := func(s shape) layer { return layer{false, s} }
	white := func(s shape) layer { return layer{true, s} }
	return map[Pictogram][]layer{
		Bottle: {
			black(shape{}.rectangle(0.40, 0.02, 0.20, 0.10).polygon(0.43, 0.14, 0.57, 0.14, 0.57, 0.24, 0.72, 0.38, 0.72, 0.98, 0.28, 0.98, 0.28, 0.38, 0.43, 0.24)),
			white(shape{}.rectangle(0.28, 0.52, 0.44, 0.26)),
			black(shape{}.rectangle(0.28, 0.52, 0.06, 0.26).rectangle(0.66, 0.52, 0.06, 0.26)),
		},
		Canister: {
			black(shape{}.rectangle(0.18, 0.03, 0.22, 0.11).rounded(0.10, 0.17, 0.80, 0.80, 0.08)),
			white(shape{}.rounded(0.50, 0.27, 0.28, 0.12, 0.05).polygon(0.25, 0.52, 0.32, 0.52, 0.50, 0.68, 0.68, 0.52, 0.75, 0.52, 0.54, 0.72, 0.75, 0.90, 0.68, 0.90, 0.50, 0.76, 0.32, 0.90, 0.25, 0.90, 0.46, 0.72)),
		},
		Cap: {
			black(shape{}.rounded(0.08, 0.22, 0.84, 0.16, 0.06).polygon(0.12, 0.42, 0.88, 0.42, 0.84, 0.80, 0.16, 0.80)),
			white(shape{}.rectangle(0.29, 0.48, 0.07, 0.26).rectangle(0.465, 0.48, 0.07, 0.26).rectangle(0.64, 0.48, 0.07, 0.26)),
		},
		Tray: {
			black(shape{}.rounded(0.02, 0.30, 0.96, 0.10, 0.05).polygon(0.08, 0.42, 0.92, 0.42, 0.78, 0.76, 0.22, 0.76)),
			white(shape{}.polygon(0.26, 0.49, 0.33, 0.49, 0.38, 0.69, 0.31, 0.69).polygon(0.465, 0.49, 0.535, 0.49, 0.535, 0.69, 0.465, 0.69).polygon(0.67, 0.49, 0.74, 0.49, 0.69, 0.69, 0.62, 0.69)),
		},
		Blister: {
			black(shape{}.rounded(0.05, 0.18, 0.90, 0.64, 0.08)),
			white(shape{}.circle(0.24, 0.37, 0.095).circle(0.50, 0.37, 0.095).circle(0.76, 0.37, 0.095).circle(0.24, 0.63, 0.095).circle(0.50, 0.63, 0.095).circle(0.76, 0.63, 0.095)),
		},
		Box: {
			black(shape{}.polygon(0.50, 0.03, 0.95, 0.25, 0.95, 0.75, 0.50, 0.97, 0.05, 0.75, 0.05, 0.25)),
			white(shape{}.polygon(0.12, 0.29, 0.50, 0.475, 0.88, 0.29, 0.88, 0.355, 0.533, 0.525, 0.533, 0.88, 0.467, 0.88, 0.467, 0.525, 0.12, 0.355)),
		},
		Bag: {
			black(shape{}.polygon(0.36, 0.03, 0.50, 0.10, 0.64, 0.03, 0.58, 0.22, 0.42, 0.22).rectangle(0.40, 0.24, 0.20, 0.06).
				moveTo(0.40, 0.32).lineTo(0.60, 0.32).curveTo(0.78, 0.42, 0.92, 0.62, 0.88, 0.84).curveTo(0.86, 0.94, 0.80, 0.97, 0.72, 0.97).
				lineTo(0.28, 0.97).curveTo(0.20, 0.97, 0.14, 0.94, 0.12, 0.84).curveTo(0.08, 0.62, 0.22, 0.42, 0.40, 0.32)),
		},
		Film: {
			black(shape{}.circle(0.34, 0.36, 0.32).rectangle(0.34, 0.61, 0.62, 0.07).polygon(0.90, 0.61, 0.97, 0.61, 0.97, 0.92, 0.90, 0.92)),
			white(shape{}.circle(0.34, 0.36, 0.20)), black(shape{}.circle(0.34, 0.36, 0.13)), white(shape{}.circle(0.34, 0.36, 0.065)),
		},
		Wrap: {
			black(shape{}.rounded(0.04, 0.14, 0.92, 0.72, 0.04)),
			white(shape{}.bar(0.14, 0.22, 0.50, 0.52, 0.06).bar(0.86, 0.22, 0.50, 0.52, 0.06).bar(0.50, 0.52, 0.50, 0.78, 0.06)),
		},
		Tube: {
			black(shape{}.rounded(0.08, 0.06, 0.84, 0.62, 0.30).rectangle(0.08, 0.36, 0.13, 0.60).rectangle(0.79, 0.36, 0.13, 0.34)),
			white(shape{}.rounded(0.21, 0.19, 0.58, 0.60, 0.20).rectangle(0.21, 0.45, 0.58, 0.30)),
			black(shape{}.rectangle(0.73, 0.74, 0.25, 0.22)),
		},
		Mask: {
			black(shape{}.rounded(0.18, 0.24, 0.64, 0.54, 0.16).bar(0.20, 0.34, 0.04, 0.26, 0.06).bar(0.20, 0.66, 0.04, 0.74, 0.06).bar(0.80, 0.34, 0.96, 0.26, 0.06).bar(0.80, 0.66, 0.96, 0.74, 0.06)),
			white(shape{}.rectangle(0.28, 0.38, 0.44, 0.06).rectangle(0.28, 0.50, 0.44, 0.06).rectangle(0.28, 0.62, 0.44, 0.06)),
		},
		Infusion: {
			black(shape{}.circle(0.50, 0.09, 0.08).rounded(0.24, 0.15, 0.52, 0.56, 0.10).rectangle(0.44, 0.72, 0.12, 0.10).rectangle(0.47, 0.84, 0.06, 0.14)),
			white(shape{}.circle(0.50, 0.09, 0.035).rectangle(0.34, 0.28, 0.20, 0.055).rectangle(0.34, 0.40, 0.14, 0.055).rectangle(0.34, 0.52, 0.20, 0.055)),
		},
		Cup: {
			black(shape{}.rounded(0.14, 0.06, 0.72, 0.12, 0.05).polygon(0.18, 0.21, 0.82, 0.21, 0.72, 0.96, 0.28, 0.96)),
			white(shape{}.polygon(0.235, 0.42, 0.765, 0.42, 0.752, 0.52, 0.248, 0.52)),
		},
		Cutlery: {
			black(shape{}.rectangle(0.14, 0.04, 0.07, 0.30).rectangle(0.265, 0.04, 0.07, 0.30).rectangle(0.39, 0.04, 0.07, 0.30).rounded(0.14, 0.30, 0.32, 0.16, 0.07).rounded(0.25, 0.40, 0.10, 0.57, 0.05).
				moveTo(0.66, 0.04).curveTo(0.84, 0.08, 0.86, 0.36, 0.80, 0.56).lineTo(0.66, 0.56).rounded(0.66, 0.50, 0.10, 0.47, 0.05)),
		},
	}
})

// The marks in front of what goes in and what does not, in a square of side 1.
var (
	tick  = []layer{{area: shape{}.bar(0.14, 0.54, 0.40, 0.80, 0.16).bar(0.40, 0.80, 0.88, 0.22, 0.16)}}
	cross = []layer{{area: shape{}.bar(0.18, 0.18, 0.82, 0.82, 0.16).bar(0.82, 0.18, 0.18, 0.82, 0.16)}}
)
