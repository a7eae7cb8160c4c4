package mongo_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

// cubeCells is how many cells a lab-year of 40 wards and 3 streams has.
const cubeCells = 12 * 40 * 3

// reads are what a lab is asked for. Each returns how many things it found.
var reads = []struct {
	name string
	read func(r store.Reader, l grownLab) (int, error)
	want int
}{
	{"head", func(r store.Reader, l grownLab) (int, error) {
		seq, _, err := r.Head()
		return int(seq) - l.fills + 1, err
	}, 1},
	{"summary", func(r store.Reader, _ grownLab) (n int, err error) { // what a cold cube reads
		var after store.SeqPosition
		for {
			docs, err := r.Changed("cell", after, store.MaxFind)
			n += len(docs)
			if err != nil || len(docs) < store.MaxFind {
				return n, err
			}
			after = store.SeqPosition{Seq: docs[len(docs)-1].Seq, ID: docs[len(docs)-1].ID}
		}
	}, cubeCells},
	{"poll", func(r store.Reader, l grownLab) (int, error) { // what a warm cube reads
		docs, err := r.Changed("cell", store.SeqPosition{Seq: store.Seq(l.fills), ID: "~"}, store.MaxFind)
		return len(docs), err
	}, 0},
	{"get", func(r store.Reader, l grownLab) (int, error) {
		_, err := r.Get("fill", l.fill(l.fills/3))
		return 1, err
	}, 1},
	{"first-page", func(r store.Reader, l grownLab) (int, error) {
		hits, err := r.Find(store.Query{Kind: "fill", Limit: 20})
		return len(hits), err
	}, 20},
	{"50th-page", func(r store.Reader, l grownLab) (int, error) {
		hits, err := r.Find(store.Query{Kind: "fill", After: &store.Position{Value: l.fill(979)}, Limit: 20})
		return len(hits), err
	}, 20},
	{"first-of-ward", func(r store.Reader, l grownLab) (int, error) {
		hits, err := r.Find(store.Query{Kind: "fill", Index: "ward", From: "ward-007", To: "ward-008", Limit: 20})
		return len(hits), err
	}, 20},
	{"newest", func(r store.Reader, l grownLab) (int, error) {
		hits, err := r.Find(store.Query{Kind: "fill", Index: "state", From: "open/", To: "open0", Descending: true, Limit: 20})
		return len(hits), err
	}, 20},
	{"changed-since", func(r store.Reader, l grownLab) (int, error) {
		docs, err := r.Changed("fill", store.SeqPosition{Seq: store.Seq(l.fills / 2)}, 100)
		return len(docs), err
	}, 100},
	{"entries", func(r store.Reader, l grownLab) (int, error) {
		records, err := r.Entries(store.Seq(l.fills/2), 100)
		return len(records), err
	}, 100},
	{"entry", func(r store.Reader, l grownLab) (int, error) {
		_, err := r.Entry(storetest.EntryID(int64(l.fills / 3)))
		return 1, err
	}, 1},
}

// grownLab is a lab with so many fills, an entry each.
type grownLab struct {
	id    store.LabID
	fills int
}

func (l grownLab) fill(i int) string { return fmt.Sprintf("fill-%08d", i) }

func (l grownLab) mustGrow(b *testing.B, s store.Store) {
	b.Helper()
	const each = 250
	for at := 0; at < l.fills; at += each {
		err := s.Update(b.Context(), l.id, func(tx store.Tx) error {
			for i := at; i < min(l.fills, at+each); i++ {
				if err := l.put(tx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// awaitApplied waits until the collections have all commits.
func (l grownLab) awaitApplied(b *testing.B, db *mongo.Database) {
	b.Helper()
	n, err := db.Collection("commits").CountDocuments(b.Context(), bson.D{{Key: "lab", Value: l.id}})
	for err == nil {
		var lab struct{ Applied int64 }
		if err = db.Collection("labs").FindOne(b.Context(), bson.D{{Key: "_id", Value: l.id}}).Decode(&lab); lab.Applied == n {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Fatal(err)
}

// put writes the i-th fill, and a cell while there are not enough of them.
func (l grownLab) put(tx store.Tx, i int) error {
	entry := store.Entry{ID: storetest.EntryID(int64(i)),
		Content: fmt.Appendf(nil, `{"actor":"user-000001","at":"2026-08-21T10:00:00.000Z","bin":"bin-%06d","grams":%d,"type":"fill.close"}`, i%500, i%5000),
		Outcome: []byte(`{"recordedAt":"2026-08-21T10:00:00.000Z","status":"stored"}`)}
	if _, err := tx.Append(entry); err != nil {
		return err
	}
	err := tx.Put(store.Document{Kind: "fill", ID: l.fill(i),
		Body: fmt.Appendf(nil, `{"bin":"bin-%06d","grams":%d,"openedAt":"2026-08-21T10:00:00.000Z","state":"open","stream":"pp-trays","ward":"ward-%03d"}`, i%500, i%5000, i%40),
		Keys: []store.Key{{Index: "ward", Value: fmt.Sprintf("ward-%03d", i%40)}, {Index: "state", Value: fmt.Sprintf("open/%08d", i)}}})
	if err != nil {
		return err
	}
	for cell := i * cubeCells / l.fills; cell < (i+1)*cubeCells/l.fills; cell++ {
		err := tx.Put(store.Document{Kind: "cell", ID: fmt.Sprintf("cell-%05d", cell),
			Body: fmt.Appendf(nil, `{"activity":{"accepted":32100,"collected":32100,"fills":10,"recyclate":16050,"residue":16050},"month":"2026-08","stream":"s1","ward":"w%d"}`, cell)})
		if err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkGrowth asks labs of 10³ and 10⁵ fills the same questions. The
// figures are how many times longer the large one takes: asked is at most 1.5.
func BenchmarkGrowth(b *testing.B) {
	uri := mongotest.Database(b)
	s := mustOpen(b, ours.Options{URI: uri, MaxView: time.Minute})
	small, large := grownLab{"small", 1_000}, grownLab{"large", 100_000}
	small.mustGrow(b, s)
	large.mustGrow(b, s)
	large.awaitApplied(b, rawDatabase(b, uri)) // reading beside what is not applied yet costs extra
	b.ResetTimer()
	for _, q := range reads {
		b.Run(q.name, func(b *testing.B) {
			var times [2][]time.Duration
			for range max(31, b.N) {
				for i, l := range []grownLab{small, large} {
					start := time.Now()
					err := s.View(b.Context(), l.id, func(r store.Reader) error {
						n, err := q.read(r, l)
						if err == nil && n != q.want {
							err = fmt.Errorf("found %d, want %d", n, q.want)
						}
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
					times[i] = append(times[i], time.Since(start))
				}
			}
			slices.Sort(times[0])
			slices.Sort(times[1])
			few, many := times[0][len(times[0])/2], times[1][len(times[1])/2]
			b.ReportMetric(many.Seconds()/few.Seconds(), "large/small")
			b.ReportMetric(many.Seconds()*1000, "large-ms")
			b.ReportMetric(few.Seconds()*1000, "small-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}
