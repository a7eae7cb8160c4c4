package gs1

const (
	// graiDigits is the digits that a GRAI begins with: a zero, the company
	// prefix and the asset type (12 together), and a check digit.
	graiDigits = 14

	typeDigits = 12 // of a company prefix and an asset type
)

// GRAI is a Global Returnable Asset Identifier (AI 8003): a type of reusable
// asset, such as bins of 120 litres, and, with a serial, one of them. GRAIs are
// comparable; the zero GRAI names nothing.
type GRAI struct {
	value string // 14 digits and the serial; "" in the zero GRAI
}

// NewGRAI makes a GRAI from a company prefix of 6 to 12 digits, an asset type that
// fills it up to 12, and a serial of up to 16 characters of set 82. Without a
// serial it names the type. Its error is an *Error.
func NewGRAI(companyPrefix, assetType, serial string) (GRAI, error) {
	body, err := number(typeDigits, companyPrefix, assetType, "asset type")
	if err != nil {
		return GRAI{}, err
	}
	return newGRAI("0" + body + serial)
}

// ParseGRAI reads the value of AI 8003: 14 digits, the first of which is 0, and
// the serial. Old systems leave that 0 out. It is put back if the 13 digits in
// front end in their check digit, and only then; where both readings fit, the
// 14 digits count. Its error is an *Error.
func ParseGRAI(value string) (GRAI, error) { return newGRAI(withLeadingZero(value)) }

func newGRAI(value string) (GRAI, error) {
	if err := checkValue("8003", value); err != nil {
		return GRAI{}, err
	}
	return GRAI{value}, nil
}

// withLeadingZero puts the leading zero of a GRAI back if it is missing.
func withLeadingZero(value string) string {
	fits := func(v string) bool {
		return len(v) >= graiDigits && v[0] == '0' && VerifyCheckDigit(v[:graiDigits]) == nil
	}
	if !fits(value) && fits("0"+value) {
		return "0" + value
	}
	return value
}

// GRAI is the GRAI that the link names. Its error is an *Error, also if the link
// names something else.
func (l Link) GRAI() (GRAI, error) {
	if l.key.AI != "8003" {
		return GRAI{}, noKey("8003")
	}
	return newGRAI(l.key.Value)
}

// String is the value of AI 8003, 14 digits and the serial. It is empty for the
// zero GRAI.
func (g GRAI) String() string { return g.value }

// Type is the GRAI without its serial.
func (g GRAI) Type() GRAI { return GRAI{g.value[:min(graiDigits, len(g.value))]} }

// Serial is the serial, or empty.
func (g GRAI) Serial() string { return g.value[min(graiDigits, len(g.value)):] }

// Link is the Digital Link of the GRAI.
func (g GRAI) Link() Link { return keyLink(Element{"8003", g.value}) }

// IsZero reports whether g is the zero GRAI.
func (g GRAI) IsZero() bool { return g == GRAI{} }
