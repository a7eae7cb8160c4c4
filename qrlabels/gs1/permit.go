package gs1

// Permit is what a reader accepts beyond the strict rules. The zero Permit is
// strict, and what the functions of this package go by.
//
//	link, err := gs1.Permit{ConvenienceAlphas: true}.ParseLink("https://example.com/gtin/09521234000013")
//
// None of it is written again: a link that was read with a Permit has the
// canonical form of the strict one, wrong check digits, unknown AIs and missing
// elements excepted.
type Permit struct {
	// ConvenienceAlphas permits names for AIs in the path of a link, as /gtin/
	// and /ser/ for /01/ and /21/. GS1 has deprecated them.
	ConvenienceAlphas bool
	// ShortGTINs permits GTINs of 8, 12 and 13 digits in links (AI 01).
	ShortGTINs bool
	// ShortGRAIs permits GRAIs without the leading zero in links (AI 8003), as
	// ParseGRAI does.
	ShortGRAIs bool
	// UnknownAIs permits AIs that the dictionary does not have, and
	// UnknownAttributes such as data attributes of a link, too.
	UnknownAIs, UnknownAttributes bool
	// AnyPairing permits elements without those that they need, or with those
	// that they exclude. The dictionary wants these rules applied to all the
	// carriers on an item together, of which a link may be one.
	AnyPairing bool
	// WrongCheckDigits permits numbers whose check digit does not fit. It is for
	// comparing what others have already recorded, and never for input.
	WrongCheckDigits bool
}

// element reads one element of a link or of a barcode. Its error is an *Error.
func (p Permit) element(ai, value string) (Element, error) {
	e, found := p.lookup(ai)
	if !found {
		return Element{}, &Error{Fault: FaultUnknownAI, AI: shownAI(ai), Part: "elements"}
	}
	if err := e.check(value, p); err != nil {
		return Element{}, err
	}
	return Element{AI: ai, Value: value}, nil
}

// linkElement reads one element of a link, where leading zeros may be missing.
func (p Permit) linkElement(ai, value string) (Element, error) {
	switch {
	case ai == "01" && p.ShortGTINs && (len(value) == 8 || len(value) == 12 || len(value) == 13):
		value = "000000"[:14-len(value)] + value
	case ai == "8003" && p.ShortGRAIs:
		value = withLeadingZero(value)
	}
	return p.element(ai, value)
}

// lookup finds the row of an AI, or makes one for an unknown AI.
func (p Permit) lookup(ai string) (entry, bool) {
	if e, found := lookup(ai); found || !p.UnknownAIs {
		return e, found
	}
	e, possible := unknown(ai)
	if possible && p.UnknownAttributes {
		e.flags += "?"
	}
	return e, possible
}

// aiOfName is the AI that a segment of a path names, itself or by a convenience
// alpha (list of the Syntax Engine, src/c-lib/dl.c at 50657dbd).
func (p Permit) aiOfName(name string) string {
	if p.ConvenienceAlphas {
		for _, a := range alphas {
			if a.name == name {
				return a.ai
			}
		}
	}
	return name
}

// alphas are the convenience alphas.
var alphas = []struct{ name, ai string }{
	{"cpid", "8010"}, {"cpsn", "8011"}, {"cpv", "22"}, {"gcn", "255"}, {"gdti", "253"}, {"giai", "8004"},
	{"ginc", "401"}, {"gln", "414"}, {"glnx", "254"}, {"gmn", "8013"}, {"grai", "8003"}, {"gsin", "402"},
	{"gsrn", "8018"}, {"gsrnp", "8017"}, {"gtin", "01"}, {"itip", "8006"}, {"lot", "10"}, {"party", "417"},
	{"refno", "8020"}, {"ser", "21"}, {"srin", "8019"}, {"sscc", "00"},
}
