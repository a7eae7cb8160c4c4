package native

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Append appends a BSON element to dst, whose key has no NUL: the JSON object
// as an embedded document if Object can give the same bytes back, and otherwise
// as binary data. Text that is not JSON is stored as binary data, too.
func Append(dst []byte, key string, object []byte) ([]byte, Style) {
	dst = slices.Grow(dst, len(key)+len(object)+len(object)/4+64)
	start := len(dst)
	if len(object) >= 2 && len(object) <= maxObject && object[0] == '{' && utf8.Valid(object) {
		dst = append(dst, typeDocument)
		dst = append(dst, key...)
		dst = append(dst, 0)
		limit := len(dst) + maxEncoding(len(object))
		w := writer{json: object, at: 1, dst: dst, limit: limit}
		if w.object(1) && w.at == len(object) && len(w.dst) <= limit && !(w.raw && w.escaped) {
			if w.escaped {
				return w.dst, HTML
			}
			return w.dst, Plain
		}
		dst = w.dst[:start] // keeps what has grown
	}
	return bsoncore.AppendBinaryElement(dst, key, bson.TypeBinaryGeneric, object), Plain
}

// writer writes the BSON of an object while it reads the JSON. Its methods
// report whether a document can give back what they have read; after a false
// nothing that they wrote counts.
type writer struct {
	json  []byte // valid UTF-8, at most maxObject
	at    int    // what comes next in json
	dst   []byte
	limit int // the length of dst above which the document is too large

	// what has been seen of the characters that tell the styles apart
	raw, escaped bool

	// names are those of the objects that are open, all in few, which costs no
	// allocation, or all in many.
	names int
	few   [64]span
	many  []span
}

// span is where a name lies in the JSON. Names are compared as they stand
// there: within one style, each has one spelling.
type span struct{ from, to uint16 }

func (w *writer) name(s span) []byte { return w.json[s.from:s.to] }

func (w *writer) push(s span) {
	switch {
	case w.names < len(w.few):
		w.few[w.names] = s
	case w.names == len(w.few):
		w.many = append(append(w.many[:0], w.few[:]...), s)
	default:
		w.many = append(w.many[:w.names], s)
	}
	w.names++
}

// since are the names from the one that was pushed as first.
func (w *writer) since(first int) []span {
	if w.names <= len(w.few) {
		return w.few[first:w.names]
	}
	return w.many[first:w.names]
}

// next takes the byte c if it comes next.
func (w *writer) next(c byte) bool {
	if w.at < len(w.json) && w.json[w.at] == c {
		w.at++
		return true
	}
	return false
}

// object reads what follows a brace.
func (w *writer) object(depth int) bool {
	if depth > maxDepth {
		return false
	}
	start := len(w.dst)
	w.dst = append(w.dst, 0, 0, 0, 0)
	first := w.names
	seen, twice := uint64(0), false
	for more := !w.next('}'); more; {
		typeAt := len(w.dst)
		w.dst = append(w.dst, 0)
		from := w.at + 1
		if !w.next('"') || !w.text() || !fieldName(w.dst[typeAt+1:]) || !w.next(':') {
			return false
		}
		w.dst = append(w.dst, 0)
		name := span{uint16(from), uint16(w.at - 2)}
		w.push(name)
		bit := bitOf(w.name(name))
		twice = twice || seen&bit != 0
		seen |= bit
		if !w.value(typeAt, depth) {
			return false
		}
		if more = w.next(','); !more && !w.next('}') {
			return false
		}
	}
	if twice && w.duplicates(w.since(first)) {
		return false
	}
	w.names = first
	w.end(start)
	return true
}

// array reads what follows a bracket.
func (w *writer) array(depth int) bool {
	if depth > maxDepth {
		return false
	}
	start := len(w.dst)
	w.dst = append(w.dst, 0, 0, 0, 0)
	i := int64(0)
	for more := !w.next(']'); more; i++ {
		typeAt := len(w.dst)
		w.dst = append(strconv.AppendInt(append(w.dst, 0), i, 10), 0)
		if !w.value(typeAt, depth) {
			return false
		}
		if more = w.next(','); !more && !w.next(']') {
			return false
		}
	}
	w.end(start)
	return true
}

// end closes the document or array that begins at start.
func (w *writer) end(start int) {
	w.dst = append(w.dst, 0)
	binary.LittleEndian.PutUint32(w.dst[start:], uint32(len(w.dst)-start))
}

// fieldName reports whether MongoDB takes a name as a field's, and without
// giving it a meaning.
func fieldName(name []byte) bool {
	return len(name) > 0 && name[0] != '$' && bytes.IndexByte(name, '.') < 0
}

// bitOf is one of 64 bits, a hash: if no two names in an object share theirs,
// no two names are equal.
func bitOf(name []byte) uint64 {
	n := len(name)
	h := uint64(n) | uint64(name[0])<<8 | uint64(name[n/2])<<16 | uint64(name[n-1])<<24
	return 1 << (h * 0x9E3779B97F4A7C15 >> 58)
}

// duplicates reports whether a name is there twice. It sorts the names.
func (w *writer) duplicates(names []span) bool {
	slices.SortFunc(names, func(a, b span) int { return bytes.Compare(w.name(a), w.name(b)) })
	for i := 1; i < len(names); i++ {
		if bytes.Equal(w.name(names[i-1]), w.name(names[i])) {
			return true
		}
	}
	return false
}

// value reads any value; its type goes to typeAt in dst.
func (w *writer) value(typeAt, depth int) bool {
	if w.at >= len(w.json) || len(w.dst) > w.limit {
		return false
	}
	switch w.json[w.at] {
	case '"':
		w.at++
		w.dst[typeAt] = typeString
		start := len(w.dst)
		w.dst = append(w.dst, 0, 0, 0, 0)
		if !w.text() {
			return false
		}
		w.dst = append(w.dst, 0)
		binary.LittleEndian.PutUint32(w.dst[start:], uint32(len(w.dst)-start-4))
		return true
	case '{':
		w.at++
		w.dst[typeAt] = typeDocument
		return w.object(depth + 1)
	case '[':
		w.at++
		w.dst[typeAt] = typeArray
		return w.array(depth + 1)
	case 't':
		w.dst[typeAt] = typeBoolean
		w.dst = append(w.dst, 1)
		return w.literal("true")
	case 'f':
		w.dst[typeAt] = typeBoolean
		w.dst = append(w.dst, 0)
		return w.literal("false")
	case 'n':
		w.dst[typeAt] = typeNull
		return w.literal("null")
	}
	return w.number(typeAt)
}

func (w *writer) literal(want string) bool {
	if !bytes.HasPrefix(w.json[w.at:], []byte(want)) {
		return false
	}
	w.at += len(want)
	return true
}

// number reads what should be a number. What fits is an int64, so that a
// field has one type however large it gets.
func (w *writer) number(typeAt int) bool {
	from := w.at
	for w.at < len(w.json) && inNumber(w.json[w.at]) {
		w.at++
	}
	literal := w.json[from:w.at]
	if n, ok := parseInt(literal); ok {
		w.dst[typeAt] = typeInt64
		w.dst = binary.LittleEndian.AppendUint64(w.dst, uint64(n))
		return true
	}
	if len(literal) > maxNumber {
		return false
	}
	f, err := strconv.ParseFloat(string(literal), 64)
	if err != nil {
		return false
	}
	var room [maxNumber]byte
	if !bytes.Equal(appendDouble(room[:0], f), literal) {
		return false
	}
	w.dst[typeAt] = typeDouble
	w.dst = binary.LittleEndian.AppendUint64(w.dst, math.Float64bits(f))
	return true
}

func inNumber(c byte) bool {
	return c-'0' < 10 || c == '-' || c == '.' || c == 'e' || c == '+' || c == 'E'
}

// parseInt reads an integer that strconv.AppendInt writes the same way, which
// -0 and 01 are not.
func parseInt(literal []byte) (int64, bool) {
	digits := literal
	negative := len(digits) > 0 && digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 19 || (digits[0] == '0' && len(literal) > 1) {
		return 0, false
	}
	n := uint64(0) // 19 digits fit
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	switch {
	case negative && n <= 1<<63:
		return -int64(n), true
	case !negative && n < 1<<63:
		return int64(n), true
	}
	return 0, false
}

// text reads what follows a quotation mark, up to the one that ends it.
func (w *writer) text() bool {
	from, i := w.at, w.at
	for {
		i += run(w.json[i:])
		if i == len(w.json) {
			return false
		}
		switch c := w.json[i]; c {
		case '"':
			w.dst = append(w.dst, w.json[from:i]...)
			w.at = i + 1
			return true
		case '\\':
			w.dst = append(w.dst, w.json[from:i]...)
			n := w.escape(w.json[i+1:])
			if n == 0 {
				return false
			}
			i += 1 + n
			from = i
		case '<', '>', '&':
			w.raw = true
			i++
		default:
			if c < ' ' {
				return false
			}
			w.raw = w.raw || separator(w.json[i:])
			i++
		}
	}
}

// escape reads what follows a backslash, and says how long that was: 0 for an
// escape that neither style has.
func (w *writer) escape(json []byte) int {
	if len(json) == 0 {
		return 0
	}
	c := json[0]
	switch c {
	case '"', '\\':
	case 'b':
		c = '\b'
	case 't':
		c = '\t'
	case 'n':
		c = '\n'
	case 'f':
		c = '\f'
	case 'r':
		c = '\r'
	case 'u':
		return w.unicode(json)
	default:
		return 0
	}
	w.dst = append(w.dst, c)
	return 1
}

// unicode is escape for "uXXXX".
func (w *writer) unicode(json []byte) int {
	const length = len("uXXXX")
	if len(json) < length {
		return 0
	}
	html := ""
	switch string(json[1:length]) {
	case "003c":
		html = "<"
	case "003e":
		html = ">"
	case "0026":
		html = "&"
	case "2028":
		html = "\u2028"
	case "2029":
		html = "\u2029"
	default:
		return w.control(json[:length])
	}
	w.escaped = true
	w.dst = append(w.dst, html...)
	return length
}

// control is unicode for the control characters. Not for NUL, which ends a
// name in BSON and a string in too many programs, nor for those that have a
// short escape.
func (w *writer) control(json []byte) int {
	c := json[3]<<4&0x10 | json[4]&0xF
	if json[4] > '9' {
		c += 9
	}
	var room [8]byte
	if c == 0 || !bytes.Equal(appendEscape(room[:0], c)[1:], json) {
		return 0
	}
	w.dst = append(w.dst, c)
	return len(json)
}
