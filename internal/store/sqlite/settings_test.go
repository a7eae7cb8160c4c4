package sqlite

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/store"
)

// TestPragmasOnEveryConnection reads every setting back, on the writer, on
// each of the pool and on connections that are opened later.
func TestPragmasOnEveryConnection(t *testing.T) {
	for name, opts := range map[string]Options{"Default": {}, "Scratch": {Scratch: true}} {
		t.Run(name, func(t *testing.T) {
			opts.Dir, opts.Logger = t.TempDir(), slog.New(slog.DiscardHandler)
			s, err := Open(t.Context(), opts)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			writing, reading := pragmas(s.opts, readWrite), pragmas(s.opts, readOnly)
			wantPragmas(t, "writer", s.writer.ses.conn, writing)
			for range cap(s.pool.free) {
				ses := <-s.pool.free
				wantPragmas(t, "reader", ses.conn, reading)
				defer func() { s.pool.free <- ses }()
			}
			err = s.longRead(t.Context(), func(_ context.Context, conn *sql.Conn) error {
				wantPragmas(t, "backup", conn, reading)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func wantPragmas(t *testing.T, name string, conn *sql.Conn, want []pragma) {
	t.Helper()
	for _, p := range want {
		var got string
		if err := conn.QueryRowContext(t.Context(), `PRAGMA `+p.name).Scan(&got); err != nil || got != p.reads {
			t.Errorf("%s: pragma %s: got %q, %v, want %q", name, p.name, got, err, p.reads)
		}
	}
}

// TestSettingsAreThoseThatWerePromised says once more, in plain words, what
// durability rests on: a change of the list above must not pass unseen.
func TestSettingsAreThoseThatWerePromised(t *testing.T) {
	got := make(map[string]string)
	for _, p := range pragmas(Options{}.withDefaults(), readWrite) {
		got[p.name] = p.value
	}
	for name, want := range map[string]string{
		"journal_mode": "WAL", "synchronous": "FULL", "mmap_size": "0", "foreign_keys": "ON",
		"trusted_schema": "OFF", "cell_size_check": "ON", "wal_autocheckpoint": "0",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}

func TestVerifyNoticesAMissingPragma(t *testing.T) {
	opts := Options{Dir: t.TempDir()}.withDefaults()
	db, err := openDB(opts, readWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ses, err := openSession(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer ses.close()
	if err := ses.verify(t.Context(), pragmas(opts, readWrite)); err != nil {
		t.Fatalf("verify: %v", err)
	}
	if _, err := ses.exec(`PRAGMA synchronous = NORMAL`); err != nil {
		t.Fatal(err)
	}
	if err := ses.verify(t.Context(), pragmas(opts, readWrite)); err == nil {
		t.Error("verify with synchronous NORMAL: got nil, want an error")
	}
}

func TestReadersCannotWrite(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.read.ExecContext(t.Context(), `INSERT INTO labs (name) VALUES ('x')`); err == nil {
		t.Error("insert on a reader: got nil, want an error")
	}
}

func TestVersionFloor(t *testing.T) {
	for version, ok := range map[string]bool{
		"3.51.2": false, "3.51.3": true, "3.52.0": true, "4.0.0": true, "3.50.9": false, "2.99.9": false, "none": false,
	} {
		if err := checkVersion(version); (err == nil) != ok {
			t.Errorf("version %s: got %v, want accepted %t", version, err, ok)
		}
	}
}

// TestQueriesUseTheirIndices: no query may scan a table or sort more than the
// documents that have one number.
func TestQueriesUseTheirIndices(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	after := &store.Position{Value: "v", ID: "i"}
	texts := []string{selectChanged, selectAll, selectRow, selectHead, selectEntry, selectRecords}
	for _, index := range []string{"", "ward"} {
		for _, q := range []store.Query{{}, {From: "a"}, {To: "z"}, {From: "a", To: "z"}, {From: "a", To: "z", After: after}} {
			q.Kind, q.Index, q.Limit = "bin", index, 10
			up, _ := findQuery(1, q)
			q.Descending = true
			down, _ := findQuery(1, q)
			texts = append(texts, up, down)
		}
	}
	for _, text := range texts {
		plan := queryPlan(t, s.read, text)
		if strings.Contains(plan, "SCAN") || strings.Contains(plan, "B-TREE FOR ORDER BY") {
			t.Errorf("%s\ngot plan\n%s", text, plan)
		}
	}
	up, _ := findQuery(1, store.Query{Kind: "bin", Index: "ward", After: after, Limit: 1})
	if plan := queryPlan(t, s.read, up); !strings.Contains(plan, "(value,id)>(?,?)") {
		t.Errorf("%s\ngot plan\n%swant it to enter the index at the place given", up, plan)
	}
}

func queryPlan(t *testing.T, db *sql.DB, text string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+text, make([]any, strings.Count(text, "?"))...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var line string
		if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
