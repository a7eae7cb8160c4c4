package gs1

// GLN is a Global Location Number: a place (AI 414), and, with an extension (AI
// 254), a place within it, such as a ward. It may also name a party. GLNs are
// comparable; the zero GLN names nothing.
type GLN struct {
	number    string // 13 digits; "" in the zero GLN
	extension string
}

// NewGLN makes a GLN from a company prefix of 6 to 12 digits, a location reference
// that fills it up to 12, and an extension of up to 20 characters of set 82, or
// none. Its error is an *Error.
func NewGLN(companyPrefix, locationReference, extension string) (GLN, error) {
	value, err := number(typeDigits, companyPrefix, locationReference, "location reference")
	if err != nil {
		return GLN{}, err
	}
	return ParseGLN(value, extension)
}

// ParseGLN reads the values of AIs 414 and 254; the extension may be empty. Its
// error is an *Error.
func ParseGLN(number, extension string) (GLN, error) {
	if err := checkValue("414", number); err != nil {
		return GLN{}, err
	}
	if extension != "" {
		if err := checkValue("254", extension); err != nil {
			return GLN{}, err
		}
	}
	return GLN{number, extension}, nil
}

// GLN is the place or the party that the link names. Its error is an *Error, also
// if the link names something else.
func (l Link) GLN() (GLN, error) {
	if l.key.AI != "414" && l.key.AI != "417" {
		return GLN{}, noKey("414")
	}
	extension, _ := l.qualifiers.Value("254")
	return ParseGLN(l.key.Value, extension)
}

// Number is the 13 digits.
func (g GLN) Number() string { return g.number }

// Extension is the extension, or empty.
func (g GLN) Extension() string { return g.extension }

// String is the number, and the extension as people write it behind it:
// 9521234000013(254)W3. It is empty for the zero GLN.
func (g GLN) String() string {
	if g.extension == "" {
		return g.number
	}
	return g.number + Elements{{"254", g.extension}}.String()
}

// Link is the Digital Link of the place.
func (g GLN) Link() Link {
	if g.extension == "" {
		return keyLink(Element{"414", g.number})
	}
	return keyLink(Element{"414", g.number}, Element{"254", g.extension})
}

// PartyLink is the Digital Link of the party that the number names (AI 417).
// Parties have no extension; it is left out.
func (g GLN) PartyLink() Link { return keyLink(Element{"417", g.number}) }

// IsZero reports whether g is the zero GLN.
func (g GLN) IsZero() bool { return g == GLN{} }
