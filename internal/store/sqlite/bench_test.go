package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
)

// BenchmarkScanAgainstRaw compares scans with what SQLite can do at all in the
// same setting: rows of one table, which refuses an id that it has, in group
// commits of the same size, by one writer, with callers that wait. Both take turns within one run, so that the
// machine's mood hits both; scan/raw is the figure that means something.
func BenchmarkScanAgainstRaw(b *testing.B) {
	for _, callers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			opts := Options{Dir: b.TempDir(), Logger: slog.New(slog.DiscardHandler)}
			s, err := Open(b.Context(), opts)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			raw := openRaw(b)
			defer raw.close()
			var scanning, inserting time.Duration
			var scans, rows atomic.Int64
			const rounds = 10
			b.ResetTimer()
			for i := range rounds {
				n := b.N/rounds + min(1, max(0, b.N%rounds-i))
				inserting += timed(b, callers, n, func() error { return raw.insert(rows.Add(1)) })
				scanning += timed(b, callers, n, func() error { return scan(b.Context(), s, scans.Add(1)) })
			}
			b.ReportMetric(float64(b.N)/scanning.Seconds(), "scans/s")
			b.ReportMetric(float64(b.N)/inserting.Seconds(), "raw/s")
			b.ReportMetric(inserting.Seconds()/scanning.Seconds(), "scan/raw")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// timed spreads n calls over the callers.
func timed(b *testing.B, callers, n int, call func() error) time.Duration {
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	start := time.Now()
	for range callers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

// The documents of a scan, of the size and shape that the domain's have.
type (
	benchBin struct {
		Code, Ward, Stream, Label, State, Fill string
		TareGrams, Fills                       int64
		Since, LastScan                        time.Time
		Note                                   string
	}
	benchFill struct {
		Bin, Ward, Stream string
		OpenedAt          time.Time
		Grams             int64
		Weighings         []benchWeighing
		Note              string
	}
	benchWeighing struct {
		Entry, Device string
		At            time.Time
		Grams         int64
	}
	benchCell struct {
		Ward, Stream, Month, Quality string
		Grams, Count                 int64
		Note                         string
	}
)

var benchNote = strings.Repeat("n", 120)

// scan weighs one of 500 bins: it appends an entry of about 400 bytes and
// changes a bin, a fill and a cell of the cube.
func scan(ctx context.Context, s store.Store, n int64) error {
	bin := fmt.Sprintf("bin-%06d", n*7919%500)
	ward := fmt.Sprintf("ward-%03d", n*7919%500%40)
	at := time.Unix(1_770_000_000+n, 0).UTC()
	entry := store.Entry{
		ID: benchID(n),
		Content: fmt.Appendf(nil, `{"actor":"user-%06d","at":%q,"bin":%q,"device":"device-%06d","grams":%d,"note":%q,"type":"weighing","ward":%q}`,
			n%300, at.Format(time.RFC3339), bin, n%300, n%5000, benchNote, ward),
		Outcome: []byte(`{"recordedAt":"2026-08-21T10:00:00.000Z","status":"stored"}`),
	}
	return s.Update(ctx, "lab", func(tx store.Tx) error {
		if _, err := tx.Append(entry); err != nil {
			return err
		}
		err := change(tx, "bin", bin, []store.Key{{Index: "ward", Value: ward}}, func(b *benchBin) {
			b.Code, b.Ward, b.Stream, b.State, b.Fill, b.Note = bin, ward, "pp-trays", "in use", bin+"-fill", benchNote
			b.LastScan, b.Fills = at, b.Fills+1
		})
		if err != nil {
			return err
		}
		err = change(tx, "fill", bin+"-fill", []store.Key{{Index: "bin", Value: bin}}, func(f *benchFill) {
			f.Bin, f.Ward, f.Stream, f.Note = bin, ward, "pp-trays", benchNote[:60]
			f.Grams += n % 5000
			f.Weighings = append(f.Weighings[max(0, len(f.Weighings)-3):], benchWeighing{entry.ID, "device", at, n % 5000})
		})
		if err != nil {
			return err
		}
		return change(tx, "cell", ward+"/pp-trays/2026-08/weighed", nil, func(c *benchCell) {
			c.Ward, c.Stream, c.Month, c.Quality, c.Note = ward, "pp-trays", "2026-08", "weighed", benchNote
			c.Grams, c.Count = c.Grams+n%5000, c.Count+1
		})
	})
}

// benchID looks like a UUIDv7 that a phone has made.
func benchID(n int64) string {
	return fmt.Sprintf("0198c0de-%04x-7000-8000-%012x", n>>8&0xffff, n*2654435761&0xffffffffffff)
}

func change[T any](tx store.Tx, kind store.Kind, id string, keys []store.Key, edit func(*T)) error {
	var v T
	d, err := tx.Get(kind, id)
	if err == nil {
		err = json.Unmarshal(d.Body, &v)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	edit(&v)
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.Put(store.Document{Kind: kind, ID: id, Body: body, Keys: keys})
}

// rawTable inserts rows of the size of an entry under the settings of the
// store, as simply as it can be done.
type rawTable struct {
	db      *sql.DB
	ses     *session
	queue   chan rawRow
	stopped chan struct{}
}

type rawRow struct {
	n    int64
	done chan error
}

func openRaw(b *testing.B) *rawTable {
	b.Helper()
	db, err := openDB(Options{Dir: b.TempDir()}.withDefaults(), readWrite)
	if err != nil {
		b.Fatal(err)
	}
	ses, err := openSession(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	for _, text := range []string{
		`PRAGMA wal_autocheckpoint = 4096`,
		`CREATE TABLE raw (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, record BLOB NOT NULL) STRICT`,
	} {
		if _, err := ses.conn.ExecContext(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	r := &rawTable{db: db, ses: ses, queue: make(chan rawRow, 1024), stopped: make(chan struct{})}
	go r.run()
	return r
}

func (r *rawTable) insert(n int64) error {
	done := make(chan error, 1)
	r.queue <- rawRow{n, done}
	return <-done
}

func (r *rawTable) run() {
	defer close(r.stopped)
	body := []byte(strings.Repeat("r", 560)) // what a sealed entry of scan has
	var group []rawRow
	for row := range r.queue {
		group = append(group[:0], row)
		for len(group) < 256 && len(r.queue) > 0 {
			group = append(group, <-r.queue)
		}
		_, err := r.ses.exec(`BEGIN IMMEDIATE`)
		for _, row := range group {
			if err == nil {
				_, err = r.ses.exec(`INSERT INTO raw (n, id, record) VALUES (?, ?, ?)`, row.n, benchID(row.n), body)
			}
		}
		if err == nil {
			_, err = r.ses.exec(`COMMIT`)
		}
		for _, row := range group {
			row.done <- err
		}
	}
}

func (r *rawTable) close() {
	close(r.queue)
	<-r.stopped
	r.ses.close()
	r.db.Close()
}
