package gs1

import "strings"

// epcCharacters are those that may stand in an EPC URN for themselves (GS1 EPC Tag
// Data Standard, "EPC URI: characters"). The others are percent-encoded.
const epcCharacters = letters + digits + "!'()*+,-.:;=_"

// scheme is a scheme of EPC URNs, urn:epc:id:grai:PREFIX.REFERENCE.SERIAL, and how
// it makes a key.
type scheme struct {
	name    string // behind urn:epc:
	pattern bool   // may stand behind idpat: as well, for all serials: *
	key     string // the AI of the key

	digits  int    // of prefix and reference together; 0 if the reference is text
	leading bool   // the first digit of the reference goes to the front
	zero    string // what is in front of the digits
	pieces  bool   // two fields more, PIECE.TOTAL, which the key ends in

	serial    bool   // a field more, which the key ends in unless it is a qualifier's
	qualifier string // the AI of the serial
	none      string // the serial that means that there is none
}

// schemes are those that have a GS1 key (GS1 EPC Tag Data Standard, "EPC
// schemes").
var schemes = []scheme{
	{name: "id:sgtin", pattern: true, key: "01", digits: 13, leading: true, serial: true, qualifier: "21"},
	{name: "class:lgtin", key: "01", digits: 13, leading: true, serial: true, qualifier: "10"},
	{name: "id:upui", pattern: true, key: "01", digits: 13, leading: true, serial: true, qualifier: "235"},
	{name: "id:itip", pattern: true, key: "8006", digits: 13, leading: true, pieces: true, serial: true, qualifier: "21"},
	{name: "id:sscc", key: "00", digits: 17, leading: true},
	{name: "id:sgln", key: "414", digits: 12, serial: true, qualifier: "254", none: "0"},
	{name: "id:pgln", key: "417", digits: 12},
	{name: "id:grai", pattern: true, key: "8003", digits: 12, zero: "0", serial: true},
	{name: "id:gdti", pattern: true, key: "253", digits: 12, serial: true},
	{name: "id:sgcn", pattern: true, key: "255", digits: 12, serial: true},
	{name: "id:gsrn", key: "8018", digits: 17},
	{name: "id:gsrnp", key: "8017", digits: 17},
	{name: "id:gsin", key: "402", digits: 16},
	{name: "id:giai", key: "8004"},
	{name: "id:ginc", key: "401"},
	{name: "id:cpi", pattern: true, key: "8010", serial: true, qualifier: "8011"},
}

// ParseEPC reads an EPC URN of one thing (urn:epc:id:…), of a lot
// (urn:epc:class:lgtin:…) or of a whole class (urn:epc:idpat:…, with * for the
// serial) and gives the link that names the same. The schemes without a GS1 key,
// as gid, are refused. Its error is an *Error.
func ParseEPC(urn string) (Link, error) {
	if len(urn) > maxInput {
		return Link{}, &Error{Fault: FaultTooLong, Part: "EPC"}
	}
	s, body, err := cutScheme(urn)
	if err != nil {
		return Link{}, err
	}
	fields := strings.SplitN(body, ".", s.fields())
	if len(fields) < s.fields() {
		return Link{}, &Error{Fault: FaultTooShort, Part: "EPC"}
	}
	key, err := s.keyValue(fields)
	if err != nil {
		return Link{}, err
	}
	serial, err := s.serialValue(fields)
	if err != nil {
		return Link{}, err
	}
	elements := Elements{{s.key, key}}
	switch {
	case s.qualifier == "":
		elements[0].Value += serial
	case serial != "":
		elements = append(elements, Element{s.qualifier, serial})
	}
	return NewLink(elements)
}

// cutScheme splits urn:epc:SCHEME: off. The scheme of a pattern is that of the
// things in it, except that its serial is *.
func cutScheme(urn string) (scheme, string, error) {
	rest, isEPC := strings.CutPrefix(urn, "urn:epc:")
	kind, rest, _ := strings.Cut(rest, ":")
	name, body, found := strings.Cut(rest, ":")
	for _, s := range schemes {
		switch {
		case !isEPC || !found:
		case s.name == kind+":"+name:
			s.pattern = false
			return s, body, nil
		case s.pattern && kind == "idpat" && s.name == "id:"+name:
			return s, body, nil
		}
	}
	return scheme{}, "", &Error{Fault: FaultScheme, Part: "EPC scheme"}
}

// fields is the number of fields, which are separated by dots.
func (s scheme) fields() int {
	n := 2
	if s.pieces {
		n += 2
	}
	if s.serial {
		n++
	}
	return n
}

// keyValue makes the value of the key, without the serial.
func (s scheme) keyValue(fields []string) (string, error) {
	const part = "EPC reference"
	prefix, reference := fields[0], fields[1]
	if s.digits == 0 {
		if err := checkPrefix(prefix); err != nil {
			return "", err
		}
		text, err := epcText(reference, part)
		return prefix + text, err
	}
	join := number
	if s.leading {
		join = leadingNumber
	}
	value, err := join(s.digits, prefix, reference, part)
	if err != nil {
		return "", err
	}
	if s.pieces {
		for _, count := range fields[2:4] {
			if err := checkDigitCount(count, 2, "EPC piece and total"); err != nil {
				return "", err
			}
			value += count
		}
	}
	return s.zero + value, nil
}

// serialValue reads the serial. It is empty for a pattern, and where the scheme
// has none.
func (s scheme) serialValue(fields []string) (string, error) {
	const part = "EPC serial"
	if !s.serial {
		return "", nil
	}
	text := fields[len(fields)-1]
	switch {
	case s.pattern && text != "*":
		return "", &Error{Fault: FaultContent, Part: part}
	case s.pattern || (s.none != "" && text == s.none):
		return "", nil
	}
	return epcText(text, part)
}

// epcText reads a reference or a serial that is text. It cannot be empty.
func epcText(text, part string) (string, error) {
	if text == "" {
		return "", &Error{Fault: FaultTooShort, Part: part}
	}
	if i := outside(text, epcCharacters+"%"); i >= 0 {
		return "", &Error{Fault: FaultCharacter, Part: part, Position: i + 1}
	}
	value, ok := unescape(text)
	if !ok {
		return "", &Error{Fault: FaultEscape, Part: part}
	}
	return value, nil
}
