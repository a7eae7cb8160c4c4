package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/problem"
)

type weighing struct {
	Grams int32  `json:"grams"`
	Note  string `json:"note"`
}

type embedded struct {
	Device string `json:"device"`
	Note   string `json:"note"` // hidden by sample.Note
}

// sample has one field of every shape that requests use.
type sample struct {
	embedded
	ID       string              `json:"id"`
	Grams    int64               `json:"grams"`
	Share    float64             `json:"share"`
	Full     bool                `json:"full"`
	At       time.Time           `json:"at"`
	Note     *string             `json:"note"`
	Weighing weighing            `json:"weighing"`
	List     []weighing          `json:"list"`
	Pair     [2]int              `json:"pair"`
	ByWard   map[string]weighing `json:"byWard"`
	Raw      json.RawMessage     `json:"raw"`
	Photo    []byte              `json:"photo"`
	Self     *sample             `json:"self"`
	Hidden   string              `json:"-"`
	private  string              //lint:ignore U1000 a field that JSON must not reach
}

// good_ and fail_ follow the habit of naming vectors by their verdict.
var goodJSON = []string{
	`{}`,
	" \r\n\t{ \"id\" : \"x\" } \n",
	`{"id":"x","grams":-9223372036854775808,"share":1e-3,"full":true,"at":"2026-03-01T08:30:00+01:00","note":null}`,
	`{"id":"è \" \\ \u00e8 \ud83d\ude00 😀","device":"d"}`,
	`{"weighing":{"grams":1,"note":"n"},"list":[{"grams":1},{}],"pair":[1,2],"byWard":{"a":{},"A":{}}}`,
	`{"raw":{"any":[1,"2",{"thing":null}]},"photo":"AQI="}`,
	`{"raw":null,"self":{"self":{"self":null}}}`,
	`{"\u0069d":"escaped key"}`,
}

var failJSON = []struct{ name, body, pointer, code string }{
	{"unknown key", `{"id":"x","gross":1}`, "/gross", "unknown-key"},
	{"other case", `{"GRAMS":1}`, "/GRAMS", "unknown-key"},
	{"both cases", `{"grams":1,"Grams":2}`, "/Grams", "unknown-key"},
	{"folded by Unicode", `{"gram\u017f":1}`, "/gramſ", "unknown-key"},
	{"tagged away", `{"Hidden":"x"}`, "/Hidden", "unknown-key"},
	{"unexported", `{"private":"x"}`, "/private", "unknown-key"},
	{"embedded by its type", `{"embedded":{}}`, "/embedded", "unknown-key"},
	{"twice", `{"grams":1,"grams":1}`, "/grams", "duplicate-key"},
	{"twice by escape", `{"grams":1,"gr\u0061ms":2}`, "/grams", "duplicate-key"},
	{"twice in a list", `{"list":[{},{"note":"a","note":"b"}]}`, "/list/1/note", "duplicate-key"},
	{"twice in a map", `{"byWard":{"a":{},"a":{}}}`, "/byWard/a", "duplicate-key"},
	{"twice in raw", `{"raw":{"a":{"b":1,"b":2}}}`, "/raw/a/b", "duplicate-key"},
	{"unknown in a map", `{"byWard":{"a/b~c":{"kg":1}}}`, "/byWard/a~1b~0c/kg", "unknown-key"},
	{"null", `{"grams":null}`, "/grams", "null"},
	{"null list", `{"list":null}`, "/list", "null"},
	{"null in a list", `{"list":[null]}`, "/list/0", "null"},
	{"string for number", `{"grams":"1"}`, "/grams", "type"},
	{"number for string", `{"weighing":{"note":1}}`, "/weighing/note", "type"},
	{"object for list", `{"list":{}}`, "/list", "type"},
	{"list for object", `[]`, "", "type"},
	{"number for object", `1`, "", "type"},
	{"fraction", `{"grams":1.5}`, "/grams", "value"},
	{"exponent", `{"grams":1e3}`, "/grams", "value"},
	{"2^63", `{"grams":9223372036854775808}`, "/grams", "value"},
	{"beyond 32 bits", `{"list":[{"grams":1},{"grams":2147483648}]}`, "/list/1/grams", "value"},
	{"infinite", `{"share":1e309}`, "/share", "value"},
	{"not a time", `{"at":"yesterday"}`, "/at", "value"},
	{"not base64", `{"photo":"*"}`, "/photo", "value"},
	{"too many", `{"pair":[1,2,3]}`, "/pair/2", "too-many"},
	{"half a surrogate pair", `{"id":"\ud83d"}`, "/id", "text"},
	{"low surrogate first", `{"id":"\ude00\ud83d"}`, "/id", "text"},
	{"two high surrogates", `{"id":"\ud83d\ud83d"}`, "/id", "text"},
	{"NUL", `{"id":"a\u0000b"}`, "/id", "text"},
	{"too deep", `{"raw":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, "/raw" + strings.Repeat("/0", maxDepth), "too-deep"},
}

var notJSON = []struct{ name, body, code string }{
	{"two values", `{}{}`, "body-not-json"},
	{"two values apart", `{} 1`, "body-not-json"},
	{"cut", `{"id":"x"`, "body-not-json"},
	{"single quotes", `{'id':'x'}`, "body-not-json"},
	{"trailing comma", `{"id":"x",}`, "body-not-json"},
	{"comment", `{}//`, "body-not-json"},
	{"NaN", `{"share":NaN}`, "body-not-json"},
	{"leading zero", `{"grams":01}`, "body-not-json"},
	{"plus", `{"grams":+1}`, "body-not-json"},
	{"newline in a string", "{\"id\":\"a\nb\"}", "body-not-json"},
	{"byte order mark", "\ufeff{}", "body-not-json"},
	{"blank", ` `, "body-not-json"},
	{"absurdly deep", strings.Repeat("[", 20000), "body-not-json"},
	{"Latin-1", "{\"id\":\"\xe8\"}", "body-not-utf8"},
	{"surrogate in UTF-8", "{\"id\":\"\xed\xa0\x80\"}", "body-not-utf8"},
	{"UTF-16", "{\x00}\x00", "body-not-json"},
}

func TestUnmarshal(t *testing.T) {
	for _, body := range goodJSON {
		var got, want sample
		if err := Unmarshal([]byte(body), &got); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if err := json.Unmarshal([]byte(body), &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v (%v)", body, got, want, err)
		}
	}
	for _, tt := range failJSON {
		t.Run(tt.name, func(t *testing.T) {
			var v sample
			p := problem.As(Unmarshal([]byte(tt.body), &v))
			if p == nil || len(p.Fields) != 1 || p.Kind != problem.Invalid || p.Code != "body-invalid" {
				t.Fatalf("got %v, want one field at fault", p)
			}
			if f := p.Fields[0]; f.Pointer != tt.pointer || f.Code != tt.code {
				t.Errorf("got %s %s, want %s %s", f.Code, f.Pointer, tt.code, tt.pointer)
			}
		})
	}
	for _, tt := range notJSON {
		t.Run(tt.name, func(t *testing.T) {
			var v sample
			if err := Unmarshal([]byte(tt.body), &v); !problem.Is(err, tt.code) {
				t.Errorf("got %v, want %s", err, tt.code)
			}
		})
	}
}

// Without the walk encoding/json takes these: the reason for it.
func TestControlEncodingJSONIsNotStrict(t *testing.T) {
	var v struct {
		Grams int `json:"grams"`
	}
	d := json.NewDecoder(strings.NewReader(`{"grams":5,"GRAMS":500000}`))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil || v.Grams != 500000 {
		t.Errorf("got %d, %v: encoding/json has become strict", v.Grams, err)
	}
}

func TestManyKeys(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		b.WriteString(`"k` + strings.Repeat("x", i) + `":{},`)
	}
	keys := b.String()
	var v map[string]struct{}
	if err := Unmarshal([]byte("{"+keys+`"last":{}}`), &v); err != nil || len(v) != 101 {
		t.Errorf("got %d keys, %v", len(v), err)
	}
	if err := Unmarshal([]byte("{"+keys+`"kxxxx":{}}`), &v); err == nil {
		t.Error("a repeated key among many was taken")
	}
}

func TestPointerCutsLongKeys(t *testing.T) {
	var v sample
	p := problem.As(Unmarshal([]byte(`{"`+strings.Repeat("è", 1000)+`":1}`), &v))
	if p == nil || len(p.Fields[0].Pointer) > MaxName+10 {
		t.Errorf("got %v", p)
	}
}

func FuzzDecode(f *testing.F) {
	for _, body := range goodJSON {
		f.Add([]byte(body))
	}
	for _, tt := range failJSON {
		f.Add([]byte(tt.body))
	}
	for _, tt := range notJSON[:12] {
		f.Add([]byte(tt.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got, want sample
		err := Unmarshal(body, &got)
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		loose := d.Decode(&want)
		if err != nil {
			if p := problem.As(err); p == nil || p.Kind != problem.Invalid {
				t.Fatalf("refused with %v, which is no invalid request", err)
			}
			return
		}
		// Whatever is taken means the same to a reader that looks less closely.
		if loose != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("taken as %+v, but encoding/json reads %+v (%v)", got, want, loose)
		}
	})
}

// batchJSON is the body of a phone that was offline for a day.
func batchJSON(entries int) []byte {
	one := `{"id":"019a3c1e-7f10-7c3a-9f62-0d1e2f3a4b5c","grams":1250,"at":"2026-03-01T08:30:00Z","weighing":{"grams":1250,"note":"reparto 3"},"device":"019a3c1e-7f10-7c3a-9f62-0d1e2f3a4b5d","full":true}`
	return []byte("[" + strings.Repeat(one+",", entries-1) + one + "]")
}

func BenchmarkDecode(b *testing.B) {
	for _, bench := range []struct {
		name    string
		entries int
	}{{"one", 1}, {"batch200", 200}} {
		body := batchJSON(bench.entries)
		b.Run(bench.name+"/strict", func(b *testing.B) { benchmarkDecode(b, body, Unmarshal) })
		b.Run(bench.name+"/encoding-json", func(b *testing.B) { benchmarkDecode(b, body, json.Unmarshal) })
	}
}

func benchmarkDecode(b *testing.B, body []byte, decode func([]byte, any) error) {
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var v []sample
		if err := decode(body, &v); err != nil {
			b.Fatal(err)
		}
	}
}

// A type that refuses a body as a whole still yields a problem.
type moody struct{}

func (*moody) UnmarshalJSON([]byte) error { return errors.New("not today") }

func TestSelfDecodingTypes(t *testing.T) {
	var v struct {
		Inner moody `json:"inner"`
	}
	p := problem.As(Unmarshal([]byte(`{"inner":{"a":1}}`), &v))
	if p == nil || p.Fields[0].Pointer != "/inner" || p.Fields[0].Code != "value" {
		t.Errorf("got %v", p)
	}
}
