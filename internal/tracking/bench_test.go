package tracking_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// life is a lab whose bins are closed and collected for ever.
type life struct {
	*Lab
	pickup string
	bins   []string
	at     atomic.Int64 // ms, moves on with every entry
}

func newLife(b *testing.B, bins int) *life {
	s, err := sqlite.Open(context.Background(), sqlite.Options{Dir: b.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatalf("opening the store: %v", err)
	}
	b.Cleanup(func() { _ = s.Close() })
	l := &life{Lab: MustLab(b, s)}
	l.pickup = l.MustPickup(b, l.Facility, l.Recycler)
	for range bins {
		l.bins = append(l.bins, l.MustBin(b, l.Facility, "", ""))
	}
	l.at.Store(l.Clock.Now().UnixMilli())
	l.Clock.Advance(365 * 24 * time.Hour)
	return l
}

// submission closes bin i.
func (l *life) submission(b *testing.B, i int) tracking.Submission {
	at := calendar.Instant(l.at.Add(1))
	raw, err := json.Marshal(tracking.Body{
		Bin: l.bins[i%len(l.bins)], Measurement: &tracking.Measurement{NetGrams: quantity.Mass(1000 + i%5000)},
		Sorting: &tracking.Sorting{NotHazardous: true, NotContaminated: true},
	})
	if err != nil {
		b.Fatal(err)
	}
	return tracking.Submission{ID: uuid.Must(uuid.NewV7()).String(), Type: "fill.close", OccurredAt: at.String(), Body: raw}
}

// BenchmarkRecord closes fills (each closing diverts, so that the next may
// follow) one entry a call, by many callers at once, and in batches.
func BenchmarkRecord(b *testing.B) {
	for _, callers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			l := newLife(b, 512)
			var n atomic.Int64
			b.SetParallelism(max(1, callers/2))
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					sub := l.submission(b, int(n.Add(1)))
					if _, err := l.Service.Record(context.Background(), l.WardStaff(l.Facility), sub, 0); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
	b.Run("sync=200", func(b *testing.B) {
		l := newLife(b, 512)
		b.ResetTimer()
		for n := 0; n < b.N; n += tracking.MaxSync {
			subs := make([]tracking.Submission, 0, tracking.MaxSync)
			for i := range tracking.MaxSync {
				subs = append(subs, l.submission(b, n+i))
			}
			if _, err := l.Service.Sync(context.Background(), l.WardStaff(l.Facility), subs, 0); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	})
}
