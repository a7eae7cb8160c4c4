package print

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

var pictures = map[Pictogram]bool{}
