package gs1

import (
	"strconv"
	"strings"
)

// The character sets of values (GS1 General Specifications, "GS1 AI encodable
// character sets"). The place of a character in set 82 is its weight in check
// characters.
const (
	digits    = "0123456789"
	charset39 = "#-/" + digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	charset64 = "-" + digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
	charset82 = `!"%&'()*+,-./` + digits + ":;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)

// minPrefix is the length of the shortest company prefixes that are assigned.
const minPrefix = 4

// component is a part of the value of an AI. Its rules are the names of the
// dictionary's tests, such as csum.
type component struct {
	charset     byte // 'N' digits, 'X' set 82, 'Y' set 39, 'Z' set 64
	least, most int  // characters
	optional    bool
	rules       []string
}

// parseFormat reads a format of the table: N5 is five digits, X..20 one to twenty
// characters, [X..16] may be missing, N13,csum ends in a check digit.
func parseFormat(format string) []component {
	var components []component
	for _, text := range strings.Fields(format) {
		size, rules, _ := strings.Cut(text, ",")
		c := component{optional: size[0] == '[', rules: strings.Split(rules, ",")}
		size = strings.Trim(size, "[]")
		c.charset = size[0]
		most, varies := strings.CutPrefix(size[1:], "..")
		// The table has numbers there and nothing else, which a test checks.
		c.most, _ = strconv.Atoi(most)
		c.least = c.most
		if varies {
			c.least = 1
		}
		components = append(components, c)
	}
	return components
}

// check refuses a value that the AI cannot have. Its error is an *Error.
func (e entry) check(value string, permit Permit) error {
	components := parseFormat(e.format)
	// The length comes first: a check digit that does not fit is no news if a
	// digit is missing.
	least, most := 0, 0
	for _, c := range components {
		most += c.most
		if !c.optional {
			least += c.least
		}
	}
	switch {
	case len(value) < least:
		return &Error{Fault: FaultTooShort, AI: e.ai}
	case len(value) > most:
		return &Error{Fault: FaultTooLong, AI: e.ai}
	}
	rest := value
	for _, c := range components {
		if rest == "" && c.optional {
			break
		}
		part := rest[:min(c.most, len(rest))]
		if len(part) < c.least {
			return &Error{Fault: FaultTooShort, AI: e.ai}
		}
		if fault, at := c.fault(part, permit); fault != "" {
			return &Error{Fault: fault, AI: e.ai, Position: len(value) - len(rest) + at}
		}
		rest = rest[len(part):]
	}
	return nil
}

// fault says what is wrong with a part of a value, and with which of its
// characters, counted from 1. It is empty if nothing is.
func (c component) fault(part string, permit Permit) (Fault, int) {
	if i := c.outside(part); i >= 0 {
		return FaultCharacter, i + 1
	}
	for _, rule := range c.rules {
		switch rule {
		case "csum":
			if !permit.WrongCheckDigits && !checkDigitFits(part) {
				return FaultCheckDigit, len(part)
			}
		case "csumalpha":
			if len(part) < 2 {
				return FaultTooShort, 0
			}
			if !permit.WrongCheckDigits && !checkCharactersFit(part) {
				return FaultCheckDigit, len(part) - 1
			}
		case "gcppos1":
			if len(part) < minPrefix {
				return FaultTooShort, 0
			}
			if i := outside(part[:minPrefix], digits); i >= 0 {
				return FaultCharacter, i + 1
			}
		default:
			if !hasContent(part, rule) {
				return FaultContent, 1
			}
		}
	}
	return "", 0
}

// hasContent reports whether a part of a value is one that a rule wants. Rules
// that are not here are about what a value says, as dates and country codes, and
// not checked.
func hasContent(part, rule string) bool {
	switch rule {
	case "zero":
		return strings.Trim(part, "0") == ""
	case "nonzero":
		return strings.Trim(part, "0") != ""
	case "nozeroprefix":
		return part[0] != '0'
	case "hasnondigit":
		return outside(part, digits) >= 0
	case "pieceoftotal": // 0203 is piece 2 of 3
		piece, total := part[:len(part)/2], part[len(part)/2:]
		return strings.Trim(piece, "0") != "" && piece <= total
	}
	return true
}

// outside is the place of the first byte that the component may not have, or -1.
func (c component) outside(part string) int {
	switch c.charset {
	case 'N':
		return outside(part, digits)
	case 'Y':
		return outside(part, charset39)
	case 'Z':
		return outside(strings.TrimRight(part, "="), charset64)
	}
	return outside(part, charset82)
}

// outside is the place of the first byte of a text that is not in a set of ASCII
// characters, or -1.
func outside(text, set string) int {
	for i := range len(text) {
		if strings.IndexByte(set, text[i]) < 0 {
			return i
		}
	}
	return -1
}
