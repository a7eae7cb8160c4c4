package gs1

import (
	"slices"
	"strings"
)

const (
	// maxInput bounds what is read and written, in bytes: the most that a QR
	// code holds.
	maxInput = 2953

	// maxElements bounds how many elements an item has, as the Syntax Engine
	// does.
	maxElements = 64
)

// Element is an application identifier (AI) and its value.
type Element struct {
	AI    string // such as "8003"
	Value string // as it is, without any encoding
}

// Elements are the elements of a barcode or a link, in their order.
type Elements []Element

// ParseElements reads element strings in the form for people,
// (01)09521234000013(21)ABC, where \( is a bracket that belongs to a value. It
// checks each value, but not whether they belong together, as NewLink does. Its
// error is an *Error.
func ParseElements(s string) (Elements, error) { return Permit{}.ParseElements(s) }

// ParseElements is as the function, but accepts what p permits.
func (p Permit) ParseElements(s string) (Elements, error) {
	if len(s) > maxInput {
		return nil, &Error{Fault: FaultTooLong, Part: "element strings"}
	}
	var elements Elements
	for rest := s; rest != ""; {
		if len(elements) == maxElements {
			return nil, &Error{Fault: FaultTooLong, Part: "elements"}
		}
		ai, value, behind, ok := cutElement(rest)
		if !ok {
			return nil, &Error{Fault: FaultSyntax, Part: "element strings", Position: len(s) - len(rest) + 1}
		}
		e, err := p.element(ai, value)
		if err != nil {
			return nil, err
		}
		elements, rest = append(elements, e), behind
	}
	return elements, nil
}

// cutElement splits the first element string off.
func cutElement(s string) (ai, value, rest string, ok bool) {
	ai, rest, ok = strings.Cut(strings.TrimPrefix(s, "("), ")")
	if !ok || s[0] != '(' {
		return "", "", "", false
	}
	for {
		end := strings.IndexByte(rest, '(')
		if end <= 0 || rest[end-1] != '\\' {
			break
		}
		value += rest[:end-1] + "("
		rest = rest[end+1:]
	}
	if end := strings.IndexByte(rest, '('); end >= 0 {
		return ai, value + rest[:end], rest[end:], true
	}
	return ai, value + rest, "", true
}

// String is the form for people, (01)09521234000013(21)ABC.
func (e Elements) String() string {
	var text strings.Builder
	for _, one := range e {
		text.WriteString("(" + one.AI + ")" + strings.ReplaceAll(one.Value, "(", `\(`))
	}
	return text.String()
}

// Barcode is the form for barcodes, ^010952123400001321ABC, where ^ stands for
// the separator (FNC1). There is one in front, and behind each value whose length
// is not predefined, unless it is the last.
func (e Elements) Barcode() string {
	var text strings.Builder
	separator := true
	for _, one := range e {
		if separator {
			text.WriteByte('^')
		}
		text.WriteString(one.AI + one.Value)
		separator = needsSeparator(one.AI)
	}
	return text.String()
}

// Value is the value of the first element of an AI.
func (e Elements) Value(ai string) (string, bool) {
	for _, one := range e {
		if one.AI == ai {
			return one.Value, true
		}
	}
	return "", false
}

// needsSeparator reports whether a separator must follow the value of an AI,
// known or not.
func needsSeparator(ai string) bool {
	e, _ := Permit{UnknownAIs: true}.lookup(ai)
	return e.separated()
}

// ais lists the AIs of the elements.
func (e Elements) ais() []string {
	ais := make([]string, len(e))
	for i, one := range e {
		ais[i] = one.AI
	}
	return ais
}

// distinct leaves out elements that are there already. An AI with two values is
// an error.
func (e Elements) distinct() (Elements, error) {
	var distinct Elements
	for _, one := range e {
		if slices.Contains(distinct, one) {
			continue
		}
		if _, found := distinct.Value(one.AI); found {
			return nil, &Error{Fault: FaultDuplicate, AI: one.AI, Part: "elements"}
		}
		distinct = append(distinct, one)
	}
	return distinct, nil
}
