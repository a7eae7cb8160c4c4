package native

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Object gives back the bytes that Append was given. They share no memory with
// the value. The error names the first field that Append cannot have written:
// somebody has changed the database by hand, or it is damaged.
func Object(v bson.RawValue, style Style) ([]byte, error) {
	if style > HTML {
		return nil, fmt.Errorf("document in style %d, which is not known", style)
	}
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		// booleans, null and long numbers take more in JSON than in BSON
		r := reader{html: style == HTML, json: make([]byte, 0, len(v.Value)+len(v.Value)/8+16)}
		if err := r.fields(v.Value, '{', 1); err != nil {
			return nil, err
		}
		return r.json, nil
	case bson.TypeBinary:
		subtype, b, rest, ok := bsoncore.ReadBinary(v.Value)
		if !ok || len(rest) > 0 {
			return nil, errDamaged
		}
		if subtype != bson.TypeBinaryGeneric {
			return nil, fmt.Errorf("binary data of subtype %d, want %d", subtype, bson.TypeBinaryGeneric)
		}
		return bytes.Clone(b), nil
	}
	return nil, fmt.Errorf("BSON %v, want a document or binary data", v.Type)
}

var (
	errDamaged = errors.New("damaged BSON")
	errDeep    = fmt.Errorf("nested deeper than %d", maxDepth)
	errText    = errors.New("text is not UTF-8")
)

// fieldError is an error at a path of fields.
type fieldError struct {
	path string
	err  error
}

func (e *fieldError) Error() string { return "field " + e.path + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// in puts the name of a field before the path of an error within it.
func in(name []byte, err error) error {
	path := strconv.Quote(string(name))
	path = path[1 : len(path)-1]
	if e, ok := err.(*fieldError); ok {
		return &fieldError{path + "." + e.path, e.err}
	}
	return &fieldError{path, err}
}

// reader writes the JSON of a document while it reads the BSON.
type reader struct {
	html bool
	json []byte
}

// fields reads a document, or an array, whose names do not matter: bracket is
// the one that opens it in JSON.
func (r *reader) fields(b []byte, bracket byte, depth int) error {
	if depth > maxDepth {
		return errDeep
	}
	if length, ok := lengthOf(b); !ok || length != len(b) || length < 5 || b[length-1] != 0 {
		return errDamaged
	}
	r.json = append(r.json, bracket)
	for b = b[4 : len(b)-1]; len(b) > 0; {
		kind := b[0]
		end := bytes.IndexByte(b[1:], 0) + 1
		if end == 0 {
			return errDamaged
		}
		name := b[1:end]
		if r.json[len(r.json)-1] != bracket { // a value ends in anything else
			r.json = append(r.json, ',')
		}
		if bracket == '{' {
			if err := r.text(name); err != nil {
				return in(name, err)
			}
			r.json = append(r.json, ':')
		}
		n, err := r.value(kind, b[end+1:], depth)
		if err != nil {
			return in(name, err)
		}
		b = b[end+1+n:]
	}
	r.json = append(r.json, bracket+2) // the closing one in ASCII
	return nil
}

// lengthOf reads the length that documents and strings begin with.
func lengthOf(b []byte) (int, bool) {
	if len(b) < 4 {
		return 0, false
	}
	n := int32(binary.LittleEndian.Uint32(b))
	return int(n), n >= 0
}

// value reads a value that b begins with, and says how long it was.
func (r *reader) value(kind byte, b []byte, depth int) (int, error) {
	switch kind {
	case typeString:
		n, ok := lengthOf(b)
		if !ok || n < 1 || n > len(b)-4 || b[4+n-1] != 0 {
			return 0, errDamaged
		}
		return 4 + n, r.text(b[4 : 4+n-1])
	case typeInt64, typeDouble:
		if len(b) < 8 {
			return 0, errDamaged
		}
		return 8, r.number(kind, binary.LittleEndian.Uint64(b))
	case typeDocument, typeArray:
		n, ok := lengthOf(b)
		if !ok || n > len(b) {
			return 0, errDamaged
		}
		bracket := byte('{')
		if kind == typeArray {
			bracket = '['
		}
		return n, r.fields(b[:n], bracket, depth+1)
	case typeBoolean:
		if len(b) < 1 || b[0] > 1 {
			return 0, errDamaged
		}
		r.json = strconv.AppendBool(r.json, b[0] == 1)
		return 1, nil
	case typeNull:
		r.json = append(r.json, "null"...)
		return 0, nil
	}
	return 0, fmt.Errorf("BSON %v, which is not used here", bson.Type(kind))
}

func (r *reader) number(kind byte, bits uint64) error {
	if kind == typeInt64 {
		r.json = strconv.AppendInt(r.json, int64(bits), 10)
		return nil
	}
	f := math.Float64frombits(bits)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("number %v, which JSON does not have", f)
	}
	r.json = appendDouble(r.json, f)
	return nil
}

// text writes a string or a name with its quotation marks.
func (r *reader) text(s []byte) error {
	r.json = append(r.json, '"')
	from, i := 0, run(s)
	if i < len(s) && !utf8.Valid(s[i:]) {
		return errText
	}
	for ; i < len(s); i += run(s[i:]) {
		switch c := s[i]; {
		case c >= 0x80 && !(r.html && separator(s[i:])), !r.html && (c == '<' || c == '>' || c == '&'):
			i++
		case c >= 0x80:
			r.json = append(r.json, s[from:i]...)
			r.json = append(r.json, `\u202`...)
			r.json = append(r.json, '8'+s[i+2]&1)
			i += 3
			from = i
		default:
			r.json = append(r.json, s[from:i]...)
			r.json = appendEscape(r.json, c)
			i++
			from = i
		}
	}
	r.json = append(r.json, s[from:]...)
	r.json = append(r.json, '"')
	return nil
}

// appendEscape escapes a character of ASCII.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\t':
		return append(dst, '\\', 't')
	case '\n':
		return append(dst, '\\', 'n')
	case '\f':
		return append(dst, '\\', 'f')
	case '\r':
		return append(dst, '\\', 'r')
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xF])
}
