package native_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ricircolo/ricircolo/internal/store/mongo/native"
)

// fill is a document of the size and shape that most of the domain's have.
func fill() []byte {
	type weighing struct {
		Entry, Device string
		At            time.Time
		Grams         int64
	}
	at := time.Unix(1_770_000_000, 0).UTC()
	var weighings []weighing
	for i := range int64(4) {
		weighings = append(weighings, weighing{fmt.Sprintf("0198c0de-%04x-7000-8000-%012x", i, i*2654435761), "device", at, 1234 + i})
	}
	b, err := json.Marshal(struct {
		Bin, Ward, Stream string
		OpenedAt          time.Time
		Grams             int64
		Weighings         []weighing
		Note              string
	}{"bin-000042", "ward-007", "pp-trays", at, 4711, weighings, strings.Repeat("n", 60)})
	if err != nil {
		panic(err)
	}
	return b
}

// BenchmarkAgainstDriver compares both ways with the driver's own, in turns
// within one run, so that the machine's mood hits both; the last figures, how
// many times as fast, are the ones that mean something.
func BenchmarkAgainstDriver(b *testing.B) {
	object := fill()
	v, style := stored(b, object)
	dst := make([]byte, 0, 4096)
	ways := []struct {
		name string
		turn func() error
		took time.Duration
	}{
		{name: "append", turn: func() error { native.Append(dst, "body", object); return nil }},
		{name: "driver-in", turn: func() error {
			var d bson.D
			if !json.Valid(object) {
				return fmt.Errorf("not JSON")
			}
			return bson.UnmarshalExtJSON(object, false, &d)
		}},
		{name: "object", turn: func() error { _, err := native.Object(v, style); return err }},
		{name: "driver-out", turn: func() error { _, err := bson.MarshalExtJSON(bson.Raw(v.Value), false, true); return err }},
		{name: "json.Valid", turn: func() error { json.Valid(object); return nil }},
	}
	const turns = 100
	b.ReportAllocs()
	for i := 0; i < b.N; i += turns {
		for w := range ways {
			start := time.Now()
			for range turns {
				if err := ways[w].turn(); err != nil {
					b.Fatal(err)
				}
			}
			ways[w].took += time.Since(start)
		}
	}
	rounds := float64((b.N + turns - 1) / turns * turns)
	for _, w := range ways {
		b.ReportMetric(float64(w.took.Nanoseconds())/rounds, w.name+"-ns")
	}
	b.ReportMetric(ways[1].took.Seconds()/ways[0].took.Seconds(), "append/driver")
	b.ReportMetric(ways[3].took.Seconds()/ways[2].took.Seconds(), "object/driver")
	b.ReportMetric(float64(len(v.Value))/float64(len(object)), "bson/json")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkAppend(b *testing.B) {
	object := fill()
	dst := make([]byte, 0, 4096)
	b.SetBytes(int64(len(object)))
	b.ReportAllocs()
	for b.Loop() {
		native.Append(dst, "body", object)
	}
}

func BenchmarkObject(b *testing.B) {
	object := fill()
	v, style := stored(b, object)
	b.SetBytes(int64(len(object)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := native.Object(v, style); err != nil {
			b.Fatal(err)
		}
	}
}
