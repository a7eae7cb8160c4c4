package tracking

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// validation collects all faults of one body.
type validation struct{ fields []problem.Field }

// ok adds a fault unless holds.
func (v *validation) ok(holds bool, pointer, code, detail string) {
	if !holds {
		v.fields = append(v.fields, problem.Field{Pointer: pointer, Code: code, Detail: detail})
	}
}

// faulty reports whether the value at a pointer is at fault.
func (v *validation) faulty(pointer string) bool {
	return slices.ContainsFunc(v.fields, func(f problem.Field) bool { return f.Pointer == pointer })
}

// err is nil, or a problem that lists all faults.
func (v *validation) err() error {
	if len(v.fields) == 0 {
		return nil
	}
	p := problem.New(problem.Invalid, "entry-invalid", "This does not fit; see the fields.")
	p.Fields = v.fields
	return p
}

// id asks for an id: 1 to 64 letters, digits, dashes, colons.
func (v *validation) id(s, pointer string) {
	v.ok(s != "", pointer, "required", "Give the id.")
	v.ok(s == "" || validID(s), pointer, "malformed", "An id has at most 64 letters, digits, dashes and colons.")
}

// optionalID asks for an id or nothing.
func (v *validation) optionalID(s, pointer string) {
	if s != "" {
		v.id(s, pointer)
	}
}

// discrepancy asks for the id of a discrepancy: pickup:stream.
func (v *validation) discrepancy(s string) {
	pickup, stream, both := strings.Cut(s, ":")
	v.ok(both && validID(pickup) && validID(stream), "/discrepancy", "malformed", "Give the id as the discrepancy shows it: pickup:stream.")
}

// label asks for a label's code, in any way of writing it, or nothing, and
// puts it into its one form.
func (v *validation) label(s *string, pointer string) {
	if *s == "" {
		return
	}
	code, err := qrlabels.ParseCode(*s)
	if err != nil {
		v.ok(false, pointer, "label-invalid", "This is not a label's code: "+err.Error()+".")
		return
	}
	*s = code.String()
}

func validID(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == ':') {
			return false
		}
	}
	return true
}

// mass asks for 0 to the largest mass of one weighing.
func (v *validation) mass(m quantity.Mass, pointer string) {
	v.ok(m >= 0 && m <= quantity.MaxMass, pointer, "out-of-range", "A mass is a whole number of grams from 0 to 40000000.")
}

// text asks for printable text of at most max characters, at least one if
// required.
func (v *validation) text(s, pointer string, required bool, max int) {
	v.ok(!required || strings.TrimSpace(s) != "", pointer, "required", "Give a text.")
	v.ok(utf8.RuneCountInString(s) <= max, pointer, "too-long", "The text is too long.")
	v.ok(strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) < 0, pointer, "malformed", "Control characters are not allowed.")
}

// oneOf asks for one of the words.
func (v *validation) oneOf(s, pointer string, words ...string) {
	for _, w := range words {
		if s == w {
			return
		}
	}
	v.ok(false, pointer, "unknown", "Use one of: "+strings.Join(words, ", ")+".")
}

// validEntryID reports whether s is a UUIDv7 in canonical form.
func validEntryID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.Version() == 7 && id.Variant() == uuid.RFC4122 && id.String() == s
}
