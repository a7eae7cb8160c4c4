package gs1

// GIAI is a Global Individual Asset Identifier (AI 8004): one asset, such as a
// scale. GIAIs are comparable; the zero GIAI names nothing.
type GIAI struct {
	value string
}

// NewGIAI makes a GIAI from a company prefix of 6 to 12 digits and a reference of
// characters of set 82, together at most 30. Its error is an *Error.
func NewGIAI(companyPrefix, assetReference string) (GIAI, error) {
	if err := checkPrefix(companyPrefix); err != nil {
		return GIAI{}, err
	}
	if assetReference == "" {
		return GIAI{}, &Error{Fault: FaultTooShort, Part: "asset reference"}
	}
	return ParseGIAI(companyPrefix + assetReference)
}

// ParseGIAI reads the value of AI 8004. Its error is an *Error.
func ParseGIAI(value string) (GIAI, error) {
	if err := checkValue("8004", value); err != nil {
		return GIAI{}, err
	}
	return GIAI{value}, nil
}

// GIAI is the GIAI that the link names. Its error is an *Error, also if the link
// names something else.
func (l Link) GIAI() (GIAI, error) {
	if l.key.AI != "8004" {
		return GIAI{}, noKey("8004")
	}
	return ParseGIAI(l.key.Value)
}

// String is the value of AI 8004. It is empty for the zero GIAI.
func (g GIAI) String() string { return g.value }

// Link is the Digital Link of the asset.
func (g GIAI) Link() Link { return keyLink(Element{"8004", g.value}) }

// IsZero reports whether g is the zero GIAI.
func (g GIAI) IsZero() bool { return g == GIAI{} }
