package mongo_test

import (
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

// size is what a collection takes.
type size struct {
	documents, bytes, indexes int64
}

// mustSize adds up the lengths of all documents of a collection as BSON, and
// asks what the indexes take on disk.
func mustSize(b *testing.B, c *mongo.Collection) size {
	b.Helper()
	cursor, err := c.Aggregate(b.Context(), bson.A{bson.D{{Key: "$group", Value: bson.D{
		{Key: "_id", Value: nil},
		{Key: "documents", Value: bson.D{{Key: "$sum", Value: 1}}},
		{Key: "bytes", Value: bson.D{{Key: "$sum", Value: bson.D{{Key: "$bsonSize", Value: "$$ROOT"}}}}},
	}}}})
	var sums []struct{ Documents, Bytes int64 }
	if err == nil {
		err = cursor.All(b.Context(), &sums)
	}
	if err != nil {
		b.Fatalf("the size of %s: %v", c.Name(), err)
	}
	if len(sums) == 0 {
		return size{}
	}
	var stats struct {
		TotalIndexSize int64 `bson:"totalIndexSize"`
	}
	if err := c.Database().RunCommand(b.Context(), bson.D{{Key: "collStats", Value: c.Name()}}).Decode(&stats); err != nil {
		b.Fatalf("the indexes of %s: %v", c.Name(), err)
	}
	return size{documents: sums[0].Documents, bytes: sums[0].Bytes, indexes: stats.TotalIndexSize}
}

// BenchmarkSize says what scans leave in the database, in bytes per scan: of
// BSON, before the server compresses it, and before and after commits lose
// their changes. The documents of a scan change again and again, so what they
// take is told per document.
func BenchmarkSize(b *testing.B) {
	uri := mongotest.Database(b)
	const maxView = 500 * time.Millisecond // commits are trimmed after twelve times as long
	s := mustOpen(b, ours.Options{URI: uri, MaxView: maxView})
	db := rawDatabase(b, uri)
	n := max(4000, b.N)
	var scans atomic.Int64
	scan := func() error { return storetest.Scan(b.Context(), s, "lab", scans.Add(1)) }
	start := time.Now()
	storetest.Spread(b, 64, n, scan)
	took := time.Since(start)
	commits, documents, keys := mustSize(b, db.Collection("commits")), mustSize(b, db.Collection("documents")), mustSize(b, db.Collection("keys"))
	per := func(total int64, count int64) float64 { return float64(total) / float64(count) }
	b.ReportMetric(per(int64(n), commits.documents), "scans/commit")
	b.ReportMetric(per(commits.bytes, int64(n)), "untrimmed-B/scan")
	b.ReportMetric(per(commits.indexes, int64(n)), "commits-index-B/scan")
	b.ReportMetric(per(documents.bytes, documents.documents), "B/document")
	b.ReportMetric(per(documents.indexes, documents.documents), "index-B/document")
	b.ReportMetric(per(keys.bytes, keys.documents), "B/key")
	b.ReportMetric(per(keys.indexes, keys.documents), "index-B/key")

	time.Sleep(13 * maxView)
	left := commits.documents
	for i := 0; i < 150 && left > 64; i++ { // each commit trims up to 256 older ones, after it was acknowledged
		if err := scan(); err != nil {
			b.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		var err error
		if left, err = db.Collection("commits").CountDocuments(b.Context(), bson.D{{Key: "changes", Value: bson.D{{Key: "$exists", Value: true}}}}); err != nil {
			b.Fatal(err)
		}
	}
	trimmed := mustSize(b, db.Collection("commits"))
	b.ReportMetric(per(trimmed.bytes, scans.Load()), "trimmed-B/scan")
	b.ReportMetric(float64(left), "untrimmed-commits-left")
	b.ReportMetric(float64(n)/took.Seconds(), "scans/s")
	b.ReportMetric(0, "ns/op")
}
