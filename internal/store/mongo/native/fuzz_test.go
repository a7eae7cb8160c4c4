package native_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ricircolo/ricircolo/internal/store/mongo/native"
)

// Any bytes come back; that a document is only made of JSON, mustComeBack sees.
func FuzzAppend(f *testing.F) {
	f.Add([]byte(`{"a":"b\n\u0007\u003c\u2028é","c":{"d":null},"e":[true,false,1,-0,1.5,1e-7,1e+21,[],{}]}`))
	f.Add([]byte(`{"a":1,"b":{"a":2},"a":9223372036854775808}`))
	f.Add([]byte("{\"a\":\"<>&\u2028\",\"$b.c\":\"\\u0000\\ud83d\\/\"}"))
	f.Add(fill())
	f.Fuzz(func(t *testing.T, object []byte) { mustComeBack(t, object) })
}

// No bytes make it panic, and what it takes for a document comes out as JSON.
func FuzzObject(f *testing.F) {
	for _, object := range [][]byte{fill(), []byte(`{"a":[1,1.5,true,null,{"b":"\u003c\n"}]}`), []byte(`{ }`)} {
		v, style := stored(f, object)
		f.Add(byte(v.Type), v.Value, byte(style))
	}
	f.Fuzz(func(t *testing.T, kind byte, value []byte, style byte) {
		got, err := native.Object(bson.RawValue{Type: bson.Type(kind), Value: value}, native.Style(style))
		if err != nil || bson.Type(kind) == bson.TypeBinary {
			return
		}
		if !json.Valid(got) || !utf8.Valid(got) || !bytes.HasPrefix(got, []byte("{")) {
			t.Errorf("%x: got %q, want a JSON object", value, got)
		}
	})
}
