package qrlabels

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode"
)

const (
	// CodeLength is the number of characters of a code: 12 random ones of five
	// bits each, and a check character.
	CodeLength = 13

	// alphabet is Crockford's base 32: without I, L, O and U. The place of a
	// character in it is its value.
	alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

	// What keyboards and word processors make of dashes and blanks.
	minusSign      = '\u2212'
	zeroWidthSpace = '\u200b'

	// maxCodeInput bounds what ParseCode looks at, in bytes: a code with a
	// separator of three bytes after every character.
	maxCodeInput = 4 * CodeLength
)

// Code is the code of a label: 60 random bits and a check character, such as
// 7K4M9QXP2RTBW. Codes are comparable; the zero Code is not a code.
type Code struct {
	text string // canonical: upper case, no separators; "" in the zero Code
}

// NewCode makes a code of 60 bits from random, which is crypto/rand.Reader
// everywhere but in tests. Its error is random's.
func NewCode(random io.Reader) (Code, error) {
	var seed [8]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return Code{}, fmt.Errorf("making a label code: %w", err)
	}
	bits := binary.BigEndian.Uint64(seed[:])
	var text [CodeLength]byte
	for i := range CodeLength - 1 {
		text[i] = alphabet[bits>>(5*i)&31]
	}
	text[CodeLength-1] = alphabet[times2(remainder(text[:CodeLength-1]))]
	return Code{string(text[:])}, nil
}

// ParseCode reads a code as a person may have typed it: in upper or lower case,
// with spaces or dashes anywhere, with O for 0 and I or L for 1. Its error is a
// *CodeError.
func ParseCode(s string) (Code, error) {
	if len(s) > maxCodeInput {
		return Code{}, &CodeError{Fault: CodeTooLong}
	}
	text := make([]byte, 0, maxCodeInput)
	position := 0
	for _, r := range s {
		position++
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == minusSign || r == zeroWidthSpace {
			continue
		}
		c := canonical(r)
		if c == 0 {
			return Code{}, &CodeError{Fault: CodeCharacter, Position: position, Rune: r}
		}
		text = append(text, c)
	}
	switch {
	case len(text) < CodeLength:
		return Code{}, &CodeError{Fault: CodeTooShort}
	case len(text) > CodeLength:
		return Code{}, &CodeError{Fault: CodeTooLong}
	case remainder(text) != 0:
		return Code{}, &CodeError{Fault: CodeCheck}
	}
	return Code{string(text)}, nil
}

// canonical returns the character of the alphabet that r stands for, or 0.
func canonical(r rune) byte {
	switch r {
	case 'o', 'O':
		return '0'
	case 'i', 'I', 'l', 'L':
		return '1'
	}
	if r > unicode.MaxASCII {
		return 0
	}
	c := byte(unicode.ToUpper(r))
	if strings.IndexByte(alphabet, c) < 0 {
		return 0
	}
	return c
}

// remainder is Σ 2ⁿ⁻¹⁻ⁱ·cᵢ over the n characters, computed in GF(32) = GF(2)[x]/(x⁵+x²+1)
// where 2 stands for x; it is 0 for a whole code. The powers of 2 are all
// different up to the 31st, so that a wrong character changes the sum, and so
// does swapping two different ones wherever they stand. A code of thirteen
// zeros, which a torn label or an empty form may look like, is not valid: the
// sum starts at 1.
func remainder(text []byte) byte {
	sum := byte(1)
	for _, c := range text {
		sum = times2(sum) ^ byte(strings.IndexByte(alphabet, c))
	}
	return sum
}

// times2 doubles a value in GF(32).
func times2(v byte) byte {
	v <<= 1
	if v&32 != 0 {
		v ^= 0b100101
	}
	return v
}

// String is the canonical form: 13 characters, upper case. It is empty for the
// zero Code.
func (c Code) String() string { return c.text }

// Grouped is the form to print for people: 7K4M-9QXP-2RTBW.
func (c Code) Grouped() string {
	if c.IsZero() {
		return ""
	}
	return c.text[:4] + "-" + c.text[4:8] + "-" + c.text[8:]
}

// IsZero reports whether c is the zero Code.
func (c Code) IsZero() bool { return c.text == "" }

// MarshalText gives the canonical form. It is an error to marshal the zero Code;
// use the json option omitzero where there may be none.
func (c Code) MarshalText() ([]byte, error) {
	if c.IsZero() {
		return nil, &CodeError{Fault: CodeTooShort}
	}
	return []byte(c.text), nil
}

// UnmarshalText reads what ParseCode reads.
func (c *Code) UnmarshalText(text []byte) error {
	parsed, err := ParseCode(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// CodeFault is what is wrong with a text that is not a code.
type CodeFault string

// The faults of a code.
const (
	CodeTooShort  CodeFault = "too-short"
	CodeTooLong   CodeFault = "too-long"
	CodeCharacter CodeFault = "character" // a character that no code has
	CodeCheck     CodeFault = "check"     // mistyped: the check character does not fit
)

// CodeError says why a text is not a code.
type CodeError struct {
	Fault CodeFault
	// Position is the place of the first wrong character, counted in
	// characters from 1 as typed, and Rune that character. Only for
	// CodeCharacter.
	Position int
	Rune     rune
}

func (e *CodeError) Error() string {
	switch e.Fault {
	case CodeCharacter:
		return fmt.Sprintf("label code: character %d, %q, is not one that codes are made of", e.Position, e.Rune)
	case CodeCheck:
		return "label code: mistyped, the check character does not fit"
	}
	return fmt.Sprintf("label code: %s, want %d characters", strings.ReplaceAll(string(e.Fault), "-", " "), CodeLength)
}
