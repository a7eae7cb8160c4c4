package indicator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// labYear is 500 wards × 12 months × 10 streams with all that a cell can hold.
func labYear() []indicator.Activity {
	cells := make([]indicator.Activity, 0, 60_000)
	for i := range 60_000 {
		a := oneStream().Streams[0].Activity
		a.Collected += quantity.Mass(i)
		a.Stored = quantity.Mass(i)
		cells = append(cells, a)
	}
	return cells
}

// BenchmarkLabYear works out all cards of a lab-year: the sum of its 60,000
// cells by stream, and the cards. It also prints the ratio to a bare loop that
// sums the collected mass of the same cells.
func BenchmarkLabYear(b *testing.B) {
	cells := labYear()
	const loops = 200
	start := time.Now()
	var sum quantity.Mass
	for range loops {
		for i := range cells {
			sum += cells[i].Collected
		}
	}
	bare := time.Since(start) / loops
	if sum == 0 {
		b.Fatal("nothing was collected")
	}
	b.ReportAllocs()
	for b.Loop() {
		var sums [10]indicator.Sum
		for i := range cells {
			sums[i%10].Add(&cells[i])
		}
		in := oneStream()
		stream := in.Streams[0]
		in.Streams = nil
		for i := range sums {
			stream.Stream, stream.Activity = fmt.Sprint(i), sums[i].Total()
			in.Streams = append(in.Streams, stream)
		}
		if _, err := indicator.Cards(in, method()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(bare.Nanoseconds()), "×bare-loop")
}
