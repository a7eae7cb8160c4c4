//go:build unix

package main

import (
	"bytes"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

var flips = flag.Int("faults.flips", 40, "how many bits to flip, each in a copy of its own")

// mustHistory is a stopped lab with a few hundred entries: closings, scans,
// and a correction at the end.
func mustHistory(tb testing.TB) *lab {
	tb.Helper()
	l := mustLab(tb)
	p := mustServe(tb, l.dir)
	ward, driver := l.as(p, access.Ward), l.as(p, access.Driver)
	at := time.Now().Add(-time.Hour)
	for round := range 2 {
		var closings, scans []tracking.Submission
		for i, bin := range l.bins {
			closing := closing(bin, quantity.Mass(1000+10*i+round), true)
			at = at.Add(time.Second)
			closing.OccurredAt = at.UTC().Format(time.RFC3339)
			closings = append(closings, closing)
			scans = append(scans, submissionAt(at.Add(10*time.Minute), "pickup.scan", tracking.Body{Pickup: l.pickup, Bin: bin}))
		}
		ward.mustApply(tb, closings...)
		driver.mustApply(tb, scans...)
		at = at.Add(11 * time.Minute)
	}
	p.mustStop(tb)
	return l
}

// verifyFolder does what the command verify does, without a process of its own
// for each of many copies. "" means that nothing was found.
func verifyFolder(tb testing.TB, dir string) (found string) {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), sqlite.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err.Error()
	}
	scratch, err := sqlite.Open(tb.Context(), sqlite.Options{Dir: tb.TempDir(), Scratch: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	err = s.IntegrityCheck(tb.Context())
	if err == nil {
		var faults []tracking.Fault
		if faults, err = tracking.Verify(tb.Context(), s, scratch, "lab", nil); len(faults) > 0 {
			err = errors.Join(err, fmt.Errorf("%d faults, the first: %v", len(faults), faults[0]))
		}
	}
	if err := scratch.Close(); err != nil {
		tb.Fatal(err)
	}
	closed := s.Close() // may fail where pages are damaged
	if err == nil {
		err = closed
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// TestFlippedBits flips single bits in the rows of the ledger.
func TestFlippedBits(t *testing.T) {
	l := mustHistory(t)
	if found := verifyFolder(t, l.dir); found != "" {
		t.Fatalf("before any damage: %s", found)
	}
	file := filepath.Join(l.dir, sqlite.FileName)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var spans [][2]int // where the records lie in the file
	for _, r := range mustLedger(t, l.site) {
		if at := bytes.Index(whole, r.Bytes); bytes.Count(whole, r.Bytes) == 1 { // no former copy in a page's free space
			spans = append(spans, [2]int{at, at + len(r.Bytes)})
		}
	}
	if len(spans) < 200 {
		t.Fatalf("found %d records in the file, want a few hundred", len(spans))
	}
	ways := map[string]int{}
	for range *flips {
		span := spans[rand.IntN(len(spans))]
		at, bit := span[0]+rand.IntN(span[1]-span[0]), byte(1)<<rand.IntN(8)
		whole[at] ^= bit
		copied := filepath.Join(t.TempDir(), sqlite.FileName)
		if err := os.WriteFile(copied, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		found := verifyFolder(t, filepath.Dir(copied))
		if found == "" {
			t.Errorf("bit %08b of byte %d, in %q: nothing was found", bit, at, whole[max(span[0], at-20):min(span[1], at+20)])
		}
		whole[at] ^= bit
		ways[strings.Fields(found + " nothing")[0]]++
	}
	t.Logf("%d bits flipped, found by way of %v", *flips, ways)
}

// forgery is something that an insider does to the file, and what verify says.
type forgery struct {
	name  string
	do    func(t *testing.T, db *sql.DB, dir string)
	names string // part of what verify must say
}

// victim is the entry that forgeries are about: a closing in the middle.
const victim = 100

func statement(text string, args ...any) func(*testing.T, *sql.DB, string) {
	return func(t *testing.T, db *sql.DB, _ string) {
		t.Helper()
		result, err := db.ExecContext(t.Context(), text, args...)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := result.RowsAffected(); n == 0 || err != nil {
			t.Fatalf("the forgery touched %d rows (%v)", n, err)
		}
	}
}

const theLabRows = `lab = (SELECT lab FROM labs WHERE name = 'lab')`

var forgeries = []forgery{
	{"a mass in the ledger", statement(`UPDATE entries SET record = CAST(replace(CAST(record AS TEXT), '"netGrams":1', '"netGrams":2') AS BLOB)
		WHERE `+theLabRows+` AND place & 0xffffffffff = ?`, victim), fmt.Sprintf("entry %d does not continue the chain", victim+1)},
	{"an author in the ledger", statement(`UPDATE entries SET record = CAST(replace(CAST(record AS TEXT), '"role":"ward"', '"role":"plant"') AS BLOB)
		WHERE `+theLabRows+` AND place & 0xffffffffff = ?`, victim), fmt.Sprintf("entry %d does not continue the chain", victim+1)},
	{"a mass in a document", statement(`UPDATE documents SET body = CAST(replace(CAST(body AS TEXT), '"netGrams":1', '"netGrams":2') AS BLOB)
		WHERE ` + theLabRows + ` AND kind = 'fill' AND document = (SELECT min(document) FROM documents WHERE kind = 'fill')`), "differs from what the ledger says"},
	{"a figure of the balance", statement(`UPDATE documents SET body = CAST(replace(CAST(body AS TEXT), ':1', ':2') AS BLOB)
		WHERE ` + theLabRows + ` AND kind = 'cell'`), "differs from what the ledger says"},
	{"an entry deleted", statement(`DELETE FROM entries WHERE `+theLabRows+` AND place & 0xffffffffff = ?`, victim), fmt.Sprintf("entry %d follows entry %d", victim+1, victim-1)},
	{"the first entry deleted", statement(`DELETE FROM entries WHERE ` + theLabRows + ` AND place & 0xffffffffff = 1`), "entry 2 follows entry 0"},
	{"the last entry deleted", statement(`DELETE FROM entries WHERE place = (SELECT max(place) FROM entries WHERE ` + theLabRows + `)`), "I9"},
	{"an entry under another id", statement(`UPDATE entries SET id = 'forged' WHERE `+theLabRows+` AND place & 0xffffffffff = ?`, victim), "is found under the id forged"},
	{"a document deleted", statement(`DELETE FROM documents WHERE ` + theLabRows + ` AND kind = 'cell'`), "is missing"},
	{"a document added", statement(`INSERT INTO documents (lab, kind, id, seq, keys, body) SELECT lab, 'cell', 'forged', 1, x'', CAST('{}' AS BLOB) FROM labs WHERE name = 'lab'`),
		"does not follow from the ledger"},
	{"a bin hidden from the lists", statement(`DELETE FROM keys WHERE ` + theLabRows + ` AND kind = 'bin' AND id = (SELECT min(id) FROM documents WHERE kind = 'bin')`), "I9"},
	{"a mass, and the chain sealed again", sealAgain, "differs from what the ledger says"},
}

// sealAgain changes a mass and computes all later hashes again.
func sealAgain(t *testing.T, db *sql.DB, _ string) {
	t.Helper()
	records := mustRecords(t, db)
	for i := victim - 1; i < len(records); i++ {
		r := records[i]
		if i == victim-1 {
			r.Entry.Content = bytes.Replace(r.Entry.Content, []byte(`"netGrams":1`), []byte(`"netGrams":2`), 1)
		}
		records[i] = store.Seal(r.Entry, r.Seq, records[i-1].Hash())
		statement(`UPDATE entries SET record = ? WHERE `+theLabRows+` AND id = ?`, records[i].Bytes, r.Entry.ID)(t, db, "")
	}
}

func mustRecords(t *testing.T, db *sql.DB) (records []store.Record) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT id, record FROM entries WHERE `+theLabRows+` ORDER BY place`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var b []byte
		if err := rows.Scan(&id, &b); err != nil {
			t.Fatal(err)
		}
		r, err := store.ParseRecord(id, b)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return records
}

// mustForge lets somebody at the file itself, with the driver that the store
// has registered.
func mustForge(t *testing.T, dir string, do func(*testing.T, *sql.DB, string)) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	do(t, db, dir)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestForgeries lets somebody who can write to the file change what happened.
func TestForgeries(t *testing.T) {
	l := mustHistory(t)
	for _, f := range forgeries {
		t.Run(f.name, func(t *testing.T) {
			dir := copyFolder(t, l.dir)
			mustForge(t, dir, f.do)
			printed, code := program(t, "verify", "--data", dir)
			if code == 0 || !strings.Contains(printed, f.names) {
				t.Errorf("verify ended with %d and said, without %q:\n%.600s", code, f.names, printed)
			}
		})
	}
	t.Run("Control", func(t *testing.T) {
		dir := copyFolder(t, l.dir)
		mustForge(t, dir, statement(`UPDATE labs SET name = name`))
		mustProgram(t, "verify", "--data", dir)
	})
}

// TestOnlyAWitnessSeesARewrittenStore is the bound of what verify can promise:
// whoever makes a whole new history is found out by those who wrote the head
// down before.
func TestOnlyAWitnessSeesARewrittenStore(t *testing.T) {
	l := mustHistory(t)
	witnessed := mustProgram(t, "verify", "--data", l.dir)
	mustForge(t, l.dir, sealAgain)
	mustProgram(t, "rebuild", "--data", l.dir)
	forged := mustProgram(t, "verify", "--data", l.dir)
	seq := func(line string) string { return strings.Join(strings.Fields(line)[:2], " ") }
	if forged == witnessed || seq(forged) != seq(witnessed) {
		t.Errorf("the head was %q, and is now %q, want as many entries and another hash", witnessed, forged)
	}
}

// TestForeignFiles are refused, and left as they are.
func TestForeignFiles(t *testing.T) {
	for name, content := range map[string][]byte{
		"text":     []byte(strings.Repeat("not a database\n", 1000)),
		"header":   append([]byte("SQLite format 3\x00"), make([]byte, 8000)...),
		"one page": append([]byte("SQLite format 3\x00\x10\x00\x02\x02"), make([]byte, 4076)...),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, sqlite.FileName)
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			printed, code := program(t, "verify", "--data", dir)
			if code == 0 || strings.Contains(printed, "panic") {
				t.Errorf("verify ended with %d:\n%s", code, printed)
			}
			if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, content) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
}
