package gs1

// loadDigits is the digits of a company prefix and a serial reference.
const loadDigits = 17

// SSCC is a Serial Shipping Container Code (AI 00): one load, whatever it is made
// of. SSCCs are comparable; the zero SSCC names nothing.
type SSCC struct {
	value string // 18 digits; "" in the zero SSCC
}

// NewSSCC makes an SSCC from a company prefix of 6 to 12 digits and a serial
// reference that fills it up to 17. The first digit of the reference is the
// extension digit, which moves to the front, as in EPC URNs. Its error is an
// *Error.
func NewSSCC(companyPrefix, serialReference string) (SSCC, error) {
	value, err := leadingNumber(loadDigits, companyPrefix, serialReference, "serial reference")
	if err != nil {
		return SSCC{}, err
	}
	return SSCC{value}, nil
}

// ParseSSCC reads the value of AI 00. Its error is an *Error.
func ParseSSCC(value string) (SSCC, error) {
	if err := checkValue("00", value); err != nil {
		return SSCC{}, err
	}
	return SSCC{value}, nil
}

// SSCC is the SSCC that the link names. Its error is an *Error, also if the link
// names something else.
func (l Link) SSCC() (SSCC, error) {
	if l.key.AI != "00" {
		return SSCC{}, noKey("00")
	}
	return ParseSSCC(l.key.Value)
}

// String is the 18 digits. It is empty for the zero SSCC.
func (s SSCC) String() string { return s.value }

// Link is the Digital Link of the load.
func (s SSCC) Link() Link { return keyLink(Element{"00", s.value}) }

// IsZero reports whether s is the zero SSCC.
func (s SSCC) IsZero() bool { return s == SSCC{} }
