// Package native turns a JSON object into a BSON value that gives back the
// same bytes: a document that Compass and BI tools can read wherever a document
// can do that, and otherwise binary data that holds the JSON itself.
//
// The bytes are those of one of the two writers of JSON that there are here:
// RFC 8785, and encoding/json's Marshal, which escapes five characters more.
// Whatever neither would have written, and what MongoDB would rather not have
// as a field, is stored verbatim. So a document needs to say no more about its
// bytes than which of the two wrote them, if it has any of the five characters.
package native

import (
	"math"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Style says how a text escapes <, >, &, U+2028 and U+2029. Whoever stores a
// value stores its style beside it, or nothing if that is Plain.
type Style byte

// The styles. Plain is also that of an object without any of the characters,
// and of one that is stored verbatim.
const (
	Plain Style = iota // not at all, as in RFC 8785
	HTML               // as \u003c, \u003e, \u0026, \u2028 and \u2029, as encoding/json does
)

// What a document may be; a larger one is a blob that nobody reads in Compass,
// and a commit has to stay below the 16 MiB of a message.
const (
	maxObject = 64 << 10 // bytes of JSON
	maxDepth  = 32       // objects and arrays around a value
)

// maxEncoding is how large a document may get for so many bytes of JSON. An
// array of small numbers would take seven times its JSON.
func maxEncoding(object int) int { return 2*object + 64 }

// maxNumber is enough for all that appendDouble writes.
const maxNumber = 32

const (
	typeDouble   = byte(bson.TypeDouble)
	typeString   = byte(bson.TypeString)
	typeDocument = byte(bson.TypeEmbeddedDocument)
	typeArray    = byte(bson.TypeArray)
	typeBoolean  = byte(bson.TypeBoolean)
	typeNull     = byte(bson.TypeNull)
	typeInt64    = byte(bson.TypeInt64)
)

// run is how many of the first bytes are the same in BSON, in plain JSON and in
// HTML style, and take no thought: all of ASCII but the control characters,
// ", \, <, > and &.
func run(text []byte) int {
	for i, c := range text {
		if stops[c] {
			return i
		}
	}
	return len(text)
}

// stops marks the bytes that end a run.
var stops = func() (stops [256]bool) {
	for c := range stops {
		stops[c] = c < 0x20 || c >= 0x80
	}
	for _, c := range []byte(`"\<>&`) {
		stops[c] = true
	}
	return stops
}()

// separator reports whether a text begins with U+2028 or U+2029.
func separator(text []byte) bool {
	return len(text) >= 3 && text[0] == 0xE2 && text[1] == 0x80 && text[2]&^1 == 0xA8
}

// appendDouble writes a finite number as encoding/json and ES6 do, but for -0,
// which is "0" in ES6 and so never asked for by canonical JSON.
func appendDouble(dst []byte, f float64) []byte {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	// e-09 is written e-9; e+09 is not, it has no exponent
	if n := len(dst); format == 'e' && dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}
