package gs1

// The lengths of GS1 company prefixes.
const (
	shortestPrefix = 6
	longestPrefix  = 12
)

// number joins a company prefix and a reference to so many digits, and adds the
// check digit. Errors call the reference by the part.
func number(length int, prefix, reference, part string) (string, error) {
	if err := checkParts(length, prefix, reference, part); err != nil {
		return "", err
	}
	body := prefix + reference
	return body + string(checkDigit(body)), nil
}

// leadingNumber is as number, but the first digit of the reference, which says how
// something is packed, goes in front of the prefix. The length leaves at least
// one digit for the reference.
func leadingNumber(length int, prefix, reference, part string) (string, error) {
	if err := checkParts(length, prefix, reference, part); err != nil {
		return "", err
	}
	body := reference[:1] + prefix + reference[1:]
	return body + string(checkDigit(body)), nil
}

// checkParts refuses a company prefix and a reference that are not so many digits
// together.
func checkParts(length int, prefix, reference, part string) error {
	if err := checkPrefix(prefix); err != nil {
		return err
	}
	return checkDigitCount(reference, length-len(prefix), part)
}

// checkPrefix refuses what is not a company prefix.
func checkPrefix(prefix string) error {
	const part = "company prefix"
	switch {
	case len(prefix) < shortestPrefix:
		return &Error{Fault: FaultTooShort, Part: part}
	case len(prefix) > longestPrefix:
		return &Error{Fault: FaultTooLong, Part: part}
	}
	if i := outside(prefix, digits); i >= 0 {
		return &Error{Fault: FaultCharacter, Part: part, Position: i + 1}
	}
	return nil
}

// checkDigitCount refuses what is not so many digits.
func checkDigitCount(text string, count int, part string) error {
	switch {
	case len(text) < count:
		return &Error{Fault: FaultTooShort, Part: part}
	case len(text) > count:
		return &Error{Fault: FaultTooLong, Part: part}
	}
	if i := outside(text, digits); i >= 0 {
		return &Error{Fault: FaultCharacter, Part: part, Position: i + 1}
	}
	return nil
}

// checkValue refuses a value that an AI cannot have.
func checkValue(ai, value string) error {
	_, err := Permit{}.element(ai, value)
	return err
}

// keyLink is the link of a key, whose value and qualifiers have been checked. It
// is the zero Link for a key without a value.
func keyLink(key Element, qualifiers ...Element) Link {
	if key.Value == "" {
		return Link{}
	}
	return Link{stem: canonicalStem, key: key, qualifiers: qualifiers}
}

// noKey is the error of a link that names something else.
func noKey(ai string) error { return &Error{Fault: FaultNoKey, AI: ai, Part: "link"} }
