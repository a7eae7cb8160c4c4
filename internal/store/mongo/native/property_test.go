package native_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/store/mongo/native"
)

// canonicalObject is an object whose members keep their order.
type (
	canonicalObject []member
	member          struct {
		name  string
		value any // nil, bool, int64, float64, string, []any or canonicalObject
	}
)

// append writes as RFC 8785 does, but for the order of the members.
func (o canonicalObject) append(dst []byte) []byte { return appendValue(dst, o, appendPlain) }

// MarshalJSON makes encoding/json write it as it does structs.
func (o canonicalObject) MarshalJSON() ([]byte, error) { return appendValue(nil, o, appendHTML), nil }

func appendValue(dst []byte, v any, text func([]byte, string) []byte) []byte {
	switch v := v.(type) {
	case string:
		return text(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, element := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, element, text)
		}
		return append(dst, ']')
	case canonicalObject:
		dst = append(dst, '{')
		for i, m := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(text(dst, m.name), ':')
			dst = appendValue(dst, m.value, text)
		}
		return append(dst, '}')
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return append(dst, b...)
}

func appendHTML(dst []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return append(dst, b...)
}

func appendPlain(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch short := strings.IndexRune("\"\\\b\f\n\r\t", r); {
		case short >= 0:
			dst = append(dst, '\\', `"\bfnrt`[short])
		case r < ' ':
			dst = append(dst, `\u00`...)
			dst = append(dst, "01"[r>>4], "0123456789abcdef"[r&0xF])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// document is the object as the driver would have it, and whether MongoDB
// takes it for a document without another meaning.
func document(o canonicalObject) (d bson.D, ordinary bool) {
	d, ordinary = bson.D{}, true
	names := map[string]bool{}
	for _, m := range o {
		v, fine := field(m.value)
		d = append(d, bson.E{Key: m.name, Value: v})
		bad := names[m.name] || m.name == "" || m.name[0] == '$' || strings.ContainsAny(m.name, ".\x00")
		ordinary = ordinary && fine && !bad
		names[m.name] = true
	}
	return d, ordinary
}

func field(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v, !strings.Contains(v, "\x00")
	case float64: // 5.0 is written 5, which is an integer when it is read
		b, err := json.Marshal(v)
		if n, tooLarge := strconv.ParseInt(string(b), 10, 64); tooLarge == nil && string(b) != "-0" {
			return n, err == nil
		}
		return v, err == nil
	case []any:
		a, ordinary := bson.A{}, true
		for _, element := range v {
			w, fine := field(element)
			a, ordinary = append(a, w), ordinary && fine
		}
		return a, ordinary
	case canonicalObject:
		return document(v)
	}
	return v, true
}

var (
	hostile = rapid.StringOfN(rapid.OneOf(
		rapid.RuneFrom([]rune("abc\"\\/<>&.$\b\f\n\r\t\x00\x01\x1f\x7f\u2027\u2028\u2029\u202Aé重😀\ufffd")),
		rapid.Rune(),
	), 0, 12, -1)
	harmless = rapid.StringMatching(`[a-zA-Z <&"é]{0,40}`)
	names    = rapid.OneOf(rapid.StringMatching(`[a-z]{1,6}`), rapid.StringMatching(`[a-z]{1,6}`), rapid.StringMatching(`[a-z<é]{1,3}`), hostile)
	scalars  = rapid.OneOf(
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int64().AsAny(), harmless.AsAny(), hostile.AsAny(),
		rapid.Float64().AsAny(), rapid.Float64Range(-1, 1).AsAny(),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 5, 1e21, 1e-6, 1e-7, 1 << 53, 1 << 63, -1 << 63, math.MaxFloat64, 5e-324}).AsAny(),
		rapid.Custom(func(t *rapid.T) float64 { // any double
			return math.Float64frombits(rapid.Uint64Max(0x7FEF_FFFF_FFFF_FFFF).Draw(t, "bits"))
		}).AsAny(),
	)
)

func objects(depth int) *rapid.Generator[canonicalObject] {
	return rapid.Custom(func(t *rapid.T) canonicalObject {
		var o canonicalObject
		for range rapid.IntRange(0, 6).Draw(t, "members") {
			o = append(o, member{names.Draw(t, "name"), values(depth).Draw(t, "value")})
		}
		return o
	})
}

func values(depth int) *rapid.Generator[any] {
	if depth == 0 {
		return scalars
	}
	return rapid.OneOf(scalars, scalars, scalars, objects(depth-1).AsAny(), rapid.Map(rapid.SliceOfN(values(depth-1), 0, 6), func(v []any) any { return v }))
}

// An object that either writer has written comes back. It is a document, the
// same one as the driver makes, if and only if it is an ordinary one that does
// not take too much room.
func TestWrittenObjectsComeBack(t *testing.T) {
	var documents, verbatims int
	rapid.Check(t, func(rt *rapid.T) {
		o := objects(3).Draw(rt, "object")
		d, ordinary := document(o)
		want, err := bson.Marshal(d)
		if err != nil && ordinary {
			rt.Fatal(err)
		}
		marshalled, err := json.Marshal(o)
		if err != nil {
			rt.Fatal(err)
		}
		plain := o.append(nil)
		for _, object := range [][]byte{plain, marshalled} {
			v, style := mustComeBack(rt, object)
			fits := len(want) <= 2*len(object)+64
			if got := style != verbatim; got != (ordinary && fits) {
				rt.Fatalf("%s: got a document %v, want ordinary %v and fits %v", object, got, ordinary, fits)
			}
			if style == verbatim {
				verbatims++
				continue
			}
			documents++
			if !bytes.Equal(v.Value, want) {
				rt.Fatalf("%s:\ngot  %v\nwant %v", object, v, bson.Raw(want))
			}
			if html := bytes.Equal(object, marshalled) && !bytes.Equal(object, plain); html != (style == native.HTML) {
				rt.Fatalf("%s: got style %d", object, style)
			}
		}
	})
	t.Logf("%d documents, %d verbatim", documents, verbatims)
	if documents < 50 || verbatims < 10 {
		t.Errorf("got %d documents and %d verbatim: too few of one to say much", documents, verbatims)
	}
}

// Names that are there twice are found whatever surrounds them: of the objects
// that are open, there may be more names than fit where they usually are.
func TestDuplicateNamesAreFound(t *testing.T) {
	var tree func(depth int) *rapid.Generator[canonicalObject]
	tree = func(depth int) *rapid.Generator[canonicalObject] {
		return rapid.Custom(func(t *rapid.T) canonicalObject {
			var o canonicalObject
			first, count := rapid.IntRange(0, 9).Draw(t, "first"), rapid.IntRange(0, 90).Draw(t, "count")
			inner := -1
			if depth > 0 {
				inner = rapid.IntRange(0, 90).Draw(t, "inner")
			}
			twice := rapid.IntRange(0, 400).Draw(t, "twice") // mostly none
			for i := range count {
				name := "name-of-a-field-" + strconv.Itoa((first+i)*7%1000)
				if i > 0 && i == twice {
					name = o[rapid.IntRange(0, i-1).Draw(t, "of")].name
				}
				var v any = "x"
				if i%30 == inner%30 {
					v = tree(depth-1).Draw(t, "object")
				}
				o = append(o, member{name, v})
			}
			return o
		})
	}
	rapid.Check(t, func(rt *rapid.T) {
		o := tree(2).Draw(rt, "object")
		_, ordinary := document(o)
		object := o.append(nil)
		if _, style := mustComeBack(rt, object); (style != verbatim) != (ordinary && len(object) <= 64<<10) {
			rt.Errorf("%s: got style %d, want ordinary %v", object, style, ordinary)
		}
	})
}

// Control: the property does not hold of the driver's own way.
func TestPropertyNoticesNaiveEncoder(t *testing.T) {
	lost := 0
	for seed := range 200 {
		object := objects(3).Example(seed).append(nil)
		if got, err := naive(object); err != nil || !bytes.Equal(got, object) {
			lost++
		}
	}
	t.Logf("lost %d of 200", lost)
	if lost == 0 {
		t.Error("the naive encoder gave all objects back")
	}
}
