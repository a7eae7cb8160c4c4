package native_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/store/mongo/native"
)

const verbatim = native.Style(99) // of the tables: not a document

// stored is an object as it lies in the field "body" of a document.
func stored(tb rapid.TB, object []byte) (bson.RawValue, native.Style) {
	tb.Helper()
	const before = "what was there"
	dst, style := native.Append([]byte(before), "body", object)
	element, ok := bytes.CutPrefix(dst, []byte(before))
	if !ok {
		tb.Fatalf("%q: the bytes before have become %q", object, dst[:min(len(dst), len(before))])
	}
	return fieldOf(tb, element), style
}

func fieldOf(tb rapid.TB, element []byte) bson.RawValue {
	tb.Helper()
	doc := binary.LittleEndian.AppendUint32(nil, uint32(4+len(element)+1))
	doc = append(append(doc, element...), 0)
	if err := bson.Raw(doc).Validate(); err != nil {
		tb.Fatalf("not BSON: %v: %x", err, doc)
	}
	elements, err := bson.Raw(doc).Elements()
	if err != nil || len(elements) != 1 || elements[0].Key() != "body" {
		tb.Fatalf("got elements %v, %v, want one that is named body", elements, err)
	}
	return elements[0].Value()
}

// mustComeBack stores an object, reads it, and returns how it was stored.
func mustComeBack(tb rapid.TB, object []byte) (bson.RawValue, native.Style) {
	tb.Helper()
	v, style := stored(tb, object)
	got, err := native.Object(v, style)
	if err != nil {
		tb.Fatalf("%q: %v", object, err)
	}
	if !bytes.Equal(got, object) {
		tb.Fatalf("got  %q\nwant %q", got, object)
	}
	if v.Type == bson.TypeEmbeddedDocument {
		if !json.Valid(object) {
			tb.Fatalf("%q is a document, but it is not JSON", object)
		}
		return v, style
	}
	if style != native.Plain {
		tb.Fatalf("%q: got style %d for what is verbatim", object, style)
	}
	return v, verbatim
}

func nested(object string, depth int) string {
	return strings.Repeat(`{"a":`, depth-1) + object + strings.Repeat("}", depth-1)
}

func numbered(n int, field string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"`+field+`":1`, i)
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

func TestEveryObjectComesBack(t *testing.T) {
	const plain, html = native.Plain, native.HTML
	for _, c := range []struct {
		rule, object string
		want         native.Style
	}{
		{"nothing", `{}`, plain},
		{"every kind of value", `{"a":"b","c":{"d":null},"e":[true,false,1,"x",[],{}],"f":1.5}`, plain},
		{"names in any order", `{"z":1,"a":2,"m":3}`, plain},
		{"a name that another object has", `{"a":{"a":1},"b":[{"a":1},{"a":1}]}`, plain},

		{"white space in a string", `{"a b":" \t\r\n "}`, plain},
		{"white space after a brace", `{ "a":1}`, verbatim},
		{"white space before a colon", `{"a" :1}`, verbatim},
		{"white space after a colon", `{"a": 1}`, verbatim},
		{"white space after a comma", "{\"a\":1,\n\"b\":2}", verbatim},
		{"white space in an array", `{"a":[1, 2]}`, verbatim},
		{"white space in nothing", `{ }`, verbatim},

		{"integers", `{"a":0,"b":-1,"c":1234567890123456789}`, plain},
		{"2^31", `{"a":2147483648}`, plain},
		{"2^53 + 1", `{"a":9007199254740993}`, plain},
		{"2^63 - 1", `{"a":9223372036854775807}`, plain},
		{"-2^63", `{"a":-9223372036854775808}`, plain},
		{"2^63 does not fit, nor is it how a double is written", `{"a":9223372036854775808}`, verbatim},
		{"2^63 as a double is written", `{"a":9223372036854776000}`, plain},
		{"-2^63 - 1", `{"a":-9223372036854775809}`, verbatim},
		{"20 digits", `{"a":18446744073709552000}`, plain},
		{"2^64", `{"a":18446744073709551616}`, verbatim},
		{"-0 is a double", `{"a":-0}`, plain},
		{"-0.0", `{"a":-0.0}`, verbatim},
		{"0.0", `{"a":0.0}`, verbatim},
		{"1.0", `{"a":1.0}`, verbatim},
		{"0.1", `{"a":0.1}`, plain},
		{"0.10", `{"a":0.10}`, verbatim},
		{"-1.5", `{"a":-1.5}`, plain},
		{"more digits than a double has", `{"a":0.1000000000000000055511151231257827}`, verbatim},
		{"17 digits", `{"a":0.30000000000000004}`, plain},
		{"1e5", `{"a":1e5}`, verbatim},
		{"1E5", `{"a":1E5}`, verbatim},
		{"1e21", `{"a":1e21}`, verbatim},
		{"1e+21", `{"a":1e+21}`, plain},
		{"1E+21", `{"a":1E+21}`, verbatim},
		{"1e-6", `{"a":1e-6}`, verbatim},
		{"0.000001", `{"a":0.000001}`, plain},
		{"1e-7", `{"a":1e-7}`, plain},
		{"1e-07", `{"a":1e-07}`, verbatim},
		{"1.5e-10", `{"a":1.5e-10}`, plain},
		{"the largest double", `{"a":1.7976931348623157e+308}`, plain},
		{"the smallest double", `{"a":-5e-324}`, plain},
		{"1e400", `{"a":1e400}`, verbatim},
		{"1e-400", `{"a":1e-400}`, verbatim},
		{"a number of 400 digits", `{"a":` + strings.Repeat("1", 400) + `}`, verbatim},

		{"short escapes", `{"a":"\b\t\n\f\r\"\\"}`, plain},
		{"short escapes in a name", `{"\b\t\n\f\r\"\\":1}`, plain},
		{"control characters", `{"a":"\u0001\u0007\u000b\u000e\u000f\u0010\u001a\u001f"}`, plain},
		{"NUL", `{"a":"\u0000"}`, verbatim},
		{"short escapes in full", `{"a":"\u000a"}`, verbatim},
		{"upper-case hexadecimal", `{"a":"\u001F"}`, verbatim},
		{"an escaped slash", `{"a":"\/"}`, verbatim},
		{"a slash", `{"a":"/"}`, plain},
		{"an escaped letter", `{"a":"\u0041"}`, verbatim},
		{"an escaped letter in a name", `{"\u0041":1}`, verbatim},
		{"an escaped letter beyond ASCII", `{"a":"\u00e9"}`, verbatim},
		{"what encoding/json makes of broken UTF-8", `{"a":"\ufffd"}`, verbatim},
		{"U+FFFD", `{"a":"�"}`, plain},
		{"DEL", "{\"a\":\"\x7F\"}", plain},
		{"DEL, escaped", `{"a":"\u007f"}`, verbatim},
		{"a pair of surrogates", `{"a":"\ud83d\ude00"}`, verbatim},
		{"half a pair of surrogates", `{"a":"\ud83d"}`, verbatim},
		{"text beyond ASCII", `{"zażółć":"gęślą – 重量 😀"}`, plain},

		{"RFC 8785 escapes none of the five", "{\"a\":\"<>&\u2028\u2029\"}", plain},
		{"encoding/json escapes all five", `{"a":"\u003c\u003e\u0026\u2028\u2029"}`, html},
		{"one of the five, escaped", `{"a":"R\u0026D"}`, html},
		{"one of the five, escaped, in a name", `{"R\u0026D":1}`, html},
		{"the same one both ways", `{"a":"&","b":"\u0026"}`, verbatim},
		{"one escaped and another not", `{"a":"<\u003e"}`, verbatim},
		{"U+2028 escaped and < not", `{"a":"<\u2028"}`, verbatim},
		{"U+2028 not escaped and < is", "{\"a\":\"\\u003c\u2028\"}", verbatim},
		{"upper-case hexadecimal of one", `{"a":"\u003C"}`, verbatim},
		{"U+2027 and U+202A are not among the five", "{\"a\":\"\\u003c\u2027\u202A\"}", html},

		{"no name", `{"":1}`, verbatim},
		{"a name with a dot", `{"a.b":1}`, verbatim},
		{"a name that begins with a dollar", `{"$set":1}`, verbatim},
		{"a name that holds a dollar", `{"a$":1}`, plain},
		{"a name with NUL", `{"a\u0000":1}`, verbatim},
		{"a string with a dot and a dollar", `{"a":"$a.b"}`, plain},
		{"such a name further down", `{"a":[{"b.c":1}]}`, verbatim},
		{"a name twice", `{"a":1,"a":1}`, verbatim},
		{"a name twice, further down", `{"a":[{"b":1,"c":2,"b":3}]}`, verbatim},
		{"a name in capitals", `{"a":1,"A":1}`, plain},
		{"many names", numbered(2000, "n%d"), plain},
		{"many names, the last one twice", strings.TrimSuffix(numbered(2000, "n%d"), "}") + `,"n7":1}`, verbatim},

		{"nested 32 deep", nested(`{}`, 32), plain},
		{"nested 33 deep", nested(`{}`, 33), verbatim},
		{"arrays count too", nested(`{"a":[]}`, 31), plain},
		{"arrays count too", nested(`{"a":[]}`, 32), verbatim},
		{"nested 9000 deep", nested(`{}`, 9000), verbatim},
		{"64 KiB", `{"a":"` + strings.Repeat("x", 64<<10-8) + `"}`, plain},
		{"64 KiB and a byte", `{"a":"` + strings.Repeat("x", 64<<10-7) + `"}`, verbatim},
		{"4 MiB", `{"a":"` + strings.Repeat("x", 4<<20-8) + `"}`, verbatim},
		{"ten small numbers that take 128 bytes, the limit for 32", `{"aaaaaa":[1,2,3,4,5,6,7,8,9,0]}`, plain},
		{"ten small numbers that take 127 bytes, the limit for 31 is 126", `{"aaaaa":[1,2,3,4,5,6,7,8,9,0]}`, verbatim},
		{"30,000 small numbers", `{"a":[` + strings.TrimPrefix(strings.Repeat(",1", 30000), ",") + `]}`, verbatim},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if !json.Valid([]byte(c.object)) {
				t.Fatalf("%q is not JSON", c.object)
			}
			if _, got := mustComeBack(t, []byte(c.object)); got != c.want {
				t.Errorf("%.100q: got style %d, want %d", c.object, got, c.want)
			}
		})
	}
}

// Callers make sure that it is an object; nothing bad happens if they do not.
func TestWhatIsNoObjectIsVerbatim(t *testing.T) {
	for _, text := range []string{
		"", "{", "}", "{}}", "{} ", " {}", "[]", "1", "null", `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1]`, `{"a":[1,]}`, `{"a":[1}`,
		`{,}`, `{a:1}`, `{"a":1`, `{"a":1,`, `{"a":[`, `{"a":[1`, `{"a":"`, `{"a":"\`, `{"a":"\u`, `{"a":"\u001`, `{"a":"\x"}`, `{"`,
		`{"a":tru}`, `{"a":truE}`, `{"a":nul`, `{"a":falsE}`, `{"a":-}`, `{"a":01}`, `{"a":-01}`, `{"a":+1}`, `{"a":.5}`, `{"a":1.}`,
		`{"a":1e}`, `{"a":1-1}`, `{"a":NaN}`, `{"a":-Inf}`, `{"a":0x10}`, `{"a":1_0}`, "{\"a\":\"\n\"}", "{\"a\":\"\x00\"}",
		"{\"a\x00\":1}", "{\"a\":\"\xFF\"}", "{\"a\":\"\xE2\x80\"}", "{\"a\":\"\xED\xA0\x80\"}",
	} {
		if _, got := mustComeBack(t, []byte(text)); got != verbatim {
			t.Errorf("%q: got style %d, want verbatim", text, got)
		}
	}
}

// What encoding/json itself writes is a document, so Style follows it.
func TestBothWritersAreKnown(t *testing.T) {
	everything := make([]rune, 0, 0x3000)
	for r := rune(1); r < 0x3000; r++ {
		everything = append(everything, r)
	}
	object := map[string]string{"text": string(everything)}
	marshalled, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	if _, got := mustComeBack(t, marshalled); got != native.HTML {
		t.Errorf("encoding/json: got style %d, want %d", got, native.HTML)
	}
	canonical := canonicalObject{{"text", string(everything)}}.append(nil)
	if _, got := mustComeBack(t, canonical); got != native.Plain {
		t.Errorf("canonical: got style %d, want %d", got, native.Plain)
	}
}

// Whoever looks at the database sees fields of types that stay the same.
func TestDocumentsAreReadable(t *testing.T) {
	v, _ := stored(t, []byte(`{"grams":7,"more":2147483648,"share":0.5,"note":"a \u003c b","at":null,"closed":true,"list":[1,{"x":"y"}]}`))
	want := bson.D{
		{Key: "grams", Value: int64(7)}, {Key: "more", Value: int64(2147483648)}, {Key: "share", Value: 0.5}, {Key: "note", Value: "a < b"},
		{Key: "at", Value: nil}, {Key: "closed", Value: true},
		{Key: "list", Value: bson.A{int64(1), bson.D{{Key: "x", Value: "y"}}}},
	}
	wantBytes, err := bson.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(v.Value, wantBytes) {
		t.Errorf("got  %v\nwant %v", v, bson.Raw(wantBytes))
	}
}

// What somebody has put into the database by hand is named.
func TestForeignFieldsAreNamed(t *testing.T) {
	field := func(v any) bson.D {
		return bson.D{{Key: "ok", Value: int64(1)}, {Key: "weighings", Value: bson.A{bson.D{}, bson.D{{Key: "at", Value: v}}}}}
	}
	const path = "field weighings.1.at: "
	deep := any(int64(1))
	for range 40 {
		deep = bson.D{{Key: "d", Value: deep}}
	}
	for _, c := range []struct {
		value any
		want  string
	}{
		{field(bson.NewDecimal128(0, 1)), path + "BSON 128-bit decimal"},
		{field(bson.ObjectID{1}), path + "BSON objectID"},
		{field(bson.DateTime(1)), path + "BSON UTC datetime"},
		{field(int32(1)), path + "BSON 32-bit integer"},
		{field(bson.Binary{Data: []byte("{}")}), path + "BSON binary"},
		{field(bson.Regex{}), path + "BSON regex"},
		{field(bson.MinKey{}), path + "BSON min key"},
		{field(1 / zero), path + "number +Inf"},
		{field(-1 / zero), path + "number -Inf"},
		{field(zero / zero), path + "number NaN"},
		{field("\xFF"), path + "text is not UTF-8"},
		{bson.D{{Key: "a\xFF\n", Value: 1}}, `field a\xff\n: text is not UTF-8`},
		{deep, "field d.d."},
		{deep, ".d: nested deeper than 32"},
		{bson.Binary{Subtype: 4, Data: []byte("{}")}, "binary data of subtype 4, want 0"},
		{bson.A{}, "BSON array, want a document or binary data"},
		{"{}", "BSON string, want"},
	} {
		kind, b, err := bson.MarshalValue(c.value)
		if err != nil {
			t.Fatal(err)
		}
		got, err := native.Object(bson.RawValue{Type: kind, Value: b}, native.Plain)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %q, %v, want error %q", c.value, got, err, c.want)
		}
	}
	if got, err := native.Object(bson.RawValue{}, native.Plain); err == nil {
		t.Errorf("no value: got %q, want an error", got)
	}
	if got, err := native.Object(bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: []byte{5, 0, 0, 0, 0}}, 2); err == nil {
		t.Errorf("style 2: got %q, want an error", got)
	}
}

var zero float64

// A fault in an entry of many megabytes of brackets ends nothing.
func TestDeepNestingIsRefused(t *testing.T) {
	const levels = 1 << 20
	var b []byte
	for i := levels; i >= 0; i-- {
		b = append(b, byte(5+8*i), byte((5+8*i)>>8), byte((5+8*i)>>16), 0)
		if i > 0 {
			b = append(b, byte(bson.TypeEmbeddedDocument), 'd', 0)
		}
	}
	b = append(b, make([]byte, levels+1)...)
	if _, err := native.Object(bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: b}, native.Plain); err == nil {
		t.Error("got no error")
	}
}

// Every document that ends too early is refused, and so is one with a byte too
// many.
func TestDamageIsRefused(t *testing.T) {
	v, _ := stored(t, []byte(`{"a":"b","c":{"d":null},"e":[true,1,1.5]}`))
	for n := range len(v.Value) {
		if got, err := native.Object(bson.RawValue{Type: v.Type, Value: v.Value[:n]}, native.Plain); err == nil {
			t.Errorf("%d bytes of %d: got %q, want an error", n, len(v.Value), got)
		}
	}
	if got, err := native.Object(bson.RawValue{Type: v.Type, Value: append(v.Value, 0)}, native.Plain); err == nil {
		t.Errorf("a byte more: got %q, want an error", got)
	}
	v, _ = stored(t, []byte("[]"))
	if got, err := native.Object(bson.RawValue{Type: v.Type, Value: append(v.Value, 0)}, native.Plain); err == nil {
		t.Errorf("a byte more, binary: got %q, want an error", got)
	}
	for n := range len(v.Value) {
		if got, err := native.Object(bson.RawValue{Type: v.Type, Value: v.Value[:n]}, native.Plain); err == nil {
			t.Errorf("%d bytes of %d, binary: got %q, want an error", n, len(v.Value), got)
		}
	}
}

// Nothing that a document says of itself is believed.
func TestLyingDocumentsAreRefused(t *testing.T) {
	for _, c := range []struct{ lie, doc string }{
		{"longer than it says", "\x07\x00\x00\x00\x0Aa\x00\x00"},
		{"no NUL at the end", "\x08\x00\x00\x00\x0Aa\x00\x01"},
		{"no end", "\x04\x00\x00\x00"},
		{"negative length", "\xFF\xFF\xFF\xFF\x00"},
		{"name without an end", "\x08\x00\x00\x00\x0Aab\x00"},
		{"boolean 2", "\x09\x00\x00\x00\x08a\x00\x02\x00"},
		{"no boolean", "\x08\x00\x00\x00\x08a\x00\x00"},
		{"half a number", "\x0C\x00\x00\x00\x12a\x00\x01\x02\x03\x04\x00"},
		{"string without NUL", "\x0E\x00\x00\x00\x02a\x00\x02\x00\x00\x00bc\x00"},
		{"string longer than the document", "\x0E\x00\x00\x00\x02a\x00\x05\x00\x00\x00b\x00\x00"},
		{"string of length 0", "\x0D\x00\x00\x00\x02a\x00\x00\x00\x00\x00\x00\x00"},
		{"string of negative length", "\x0D\x00\x00\x00\x02a\x00\xFF\xFF\xFF\xFF\x00\x00"},
		{"document longer than the one around it", "\x0D\x00\x00\x00\x03a\x00\x07\x00\x00\x00\x00\x00"},
		{"document that shares the last NUL", "\x0F\x00\x00\x00\x03a\x00\x08\x00\x00\x00\x0Ab\x00\x00"},
		{"document without NUL", "\x0D\x00\x00\x00\x03a\x00\x05\x00\x00\x00\x01\x00"},
		{"document too short for its length", "\x0C\x00\x00\x00\x03a\x00\x04\x00\x00\x00\x00"},
	} {
		if got, err := native.Object(bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: []byte(c.doc)}, native.Plain); err == nil {
			t.Errorf("%s: got %q, want an error", c.lie, got)
		}
	}
	fine := "\x08\x00\x00\x00\x0Aa\x00\x00"
	if got, err := native.Object(bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: []byte(fine)}, native.Plain); string(got) != `{"a":null}` {
		t.Errorf("control: got %q, %v", got, err)
	}
}

func TestTheBytesAreTheCallers(t *testing.T) {
	for _, object := range []string{`{"a":"text"}`, `{ }`} {
		v, style := stored(t, []byte(object))
		got, err := native.Object(v, style)
		if err != nil {
			t.Fatal(err)
		}
		clear(v.Value)
		if string(got) != object {
			t.Errorf("got %q after the value was overwritten, want %q", got, object)
		}
	}
}

func TestNothingIsAllocatedButTheResult(t *testing.T) {
	for _, object := range [][]byte{fill(), []byte(numbered(60, "name%03d")), []byte(`{"share":0.30000000000000004,"a":"\u0026"}`)} {
		v, style := mustComeBack(t, object)
		if style == verbatim {
			t.Fatalf("%s is verbatim", object)
		}
		dst := make([]byte, 0, 64<<10)
		if got := testing.AllocsPerRun(100, func() { native.Append(dst, "body", object) }); got != 0 {
			t.Errorf("Append: got %v allocations, want 0", got)
		}
		if got := testing.AllocsPerRun(100, func() { _, _ = native.Object(v, style) }); got != 1 {
			t.Errorf("Object: got %v allocations, want 1", got)
		}
	}
}

// naive is what the driver has to offer.
func naive(object []byte) ([]byte, error) {
	var d bson.D
	if err := bson.UnmarshalExtJSON(object, false, &d); err != nil {
		return nil, err
	}
	return bson.MarshalExtJSON(d, false, true)
}

// Control: the driver's own way from JSON to BSON and back loses bytes of
// documents as ordinary as these, so that the tests above say something.
func TestNaiveEncoderLosesBytes(t *testing.T) {
	for _, object := range []string{
		`{"a":1e+21}`, `{"a":1e-7}`, `{"a":-0}`, `{"a":"<"}`, "{\"a\":\"\u2028\"}", `{"a":9223372036854775808}`, `{"a":1e5}`, `{"a": 1}`, `{"a":"\/"}`,
	} {
		if got, err := naive([]byte(object)); err == nil && string(got) == object {
			t.Errorf("%q comes back", object)
		}
	}
}
