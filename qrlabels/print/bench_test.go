package print_test

import (
	"context"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// BenchmarkPDF writes 1,000 labels as PDF, and encodes their symbols alone on the
// same cores: times-of-encoding is asked to be at most 1.3.
func BenchmarkPDF(b *testing.B) {
	labels := someLabels(b, 1000)
	var encoding float64
	b.Run("encoding alone", func(b *testing.B) {
		for b.Loop() {
			encodeAll(b, labels)
		}
		encoding = float64(b.Elapsed()) / float64(b.N)
	})
	for _, row := range []struct{ name, sheet string }{{"L7160", "L7160"}, {"roll", "roll-62"}} {
		b.Run(row.name, func(b *testing.B) {
			job := print.Job{Sheet: mustSheet(b, row.sheet)}
			for b.Loop() {
				if err := job.Write(context.Background(), io.Discard, print.PDF, len(labels), slices.Values(labels)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/encoding, "times-of-encoding")
		})
	}
}

func encodeAll(b *testing.B, labels []print.Label) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(labels) {
					return
				}
				if _, err := qrlabels.Encode(labels[i].Payload, qrlabels.H); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkMemory compares the memory at its highest while 1,000 and while 10,000
// labels are written: the ratio is asked to be about 1.
func BenchmarkMemory(b *testing.B) {
	job := print.Job{Sheet: mustSheet(b, "L7160")}
	labels := someLabels(b, 100)
	for _, f := range []print.Format{print.PDF, print.SVG} {
		b.Run(string(f), func(b *testing.B) {
			var few, many uint64
			for b.Loop() {
				few = max(few, highest(b, job, f, labels, 1000))
				many = max(many, highest(b, job, f, labels, 10_000))
			}
			b.ReportMetric(float64(many)/float64(few), "times-of-1000-labels")
			b.ReportMetric(float64(many)/(1<<20), "MiB")
		})
	}
}

// highest is the most memory in use beyond what there was before, seen every
// millisecond.
func highest(b *testing.B, job print.Job, f print.Format, some []print.Label, n int) uint64 {
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	before, most := inUse(), uint64(0)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				most = max(most, inUse())
			}
		}
	}()
	labels := func(yield func(print.Label) bool) {
		for i := range n {
			if !yield(some[i%len(some)]) {
				return
			}
		}
	}
	if err := job.Write(context.Background(), io.Discard, f, n, labels); err != nil {
		b.Fatal(err)
	}
	close(done)
	<-stopped
	return max(most, before+1) - before
}
