package sqlite

import (
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store/storetest"
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
				inserting += storetest.Spread(b, callers, n, func() error { return raw.insert(rows.Add(1)) })
				scanning += storetest.Spread(b, callers, n, func() error { return storetest.Scan(b.Context(), s, "lab", scans.Add(1)) })
			}
			b.ReportMetric(float64(b.N)/scanning.Seconds(), "scans/s")
			b.ReportMetric(float64(b.N)/inserting.Seconds(), "raw/s")
			b.ReportMetric(inserting.Seconds()/scanning.Seconds(), "scan/raw")
			b.ReportMetric(0, "ns/op")
		})
	}
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
				_, err = r.ses.exec(`INSERT INTO raw (n, id, record) VALUES (?, ?, ?)`, row.n, storetest.EntryID(row.n), body)
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
