package mongo_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

// rounds are how often the two sides of a comparison take turns, so that the
// machine's mood hits both.
const rounds = 5

// mustConnect is a client of the bare driver.
func mustConnect(t testing.TB, uri string) *mongo.Client {
	t.Helper()
	journal := true
	client, err := mongo.Connect(options.Client().ApplyURI(uri).
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journal}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Disconnect(context.WithoutCancel(t.Context())) })
	return client
}

// BenchmarkScanAgainstInsertOne compares scans, each with an entry and three
// documents, with what the same server does with single documents of the size
// of an entry by one writer. scan/insert is the figure that means something.
func BenchmarkScanAgainstInsertOne(b *testing.B) {
	for _, callers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := mustOpen(b, ours.Options{})
			raw := rawDatabase(b, mongotest.Database(b))
			body := strings.Repeat("r", 560) // what a sealed entry of a scan has
			var scanning, inserting time.Duration
			var scans, inserts atomic.Int64
			n := max(1, b.N/rounds)
			inserted := max(1, n/8)
			b.ResetTimer()
			for range rounds {
				inserting += storetest.Spread(b, 1, inserted, func() error {
					_, err := raw.Collection("raw").InsertOne(b.Context(), bson.D{{Key: "_id", Value: storetest.EntryID(inserts.Add(1))}, {Key: "record", Value: body}})
					return err
				})
				scanning += storetest.Spread(b, callers, n, func() error { return storetest.Scan(b.Context(), s, "lab", scans.Add(1)) })
			}
			scan, insert := float64(rounds*n)/scanning.Seconds(), float64(rounds*inserted)/inserting.Seconds()
			b.ReportMetric(scan, "scans/s")
			b.ReportMetric(insert, "inserts/s")
			b.ReportMetric(scan/insert, "scan/insert")
			b.ReportMetric(0, "ns/op")
		})
	}
}
