package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	driver "modernc.org/sqlite"
)

// minVersion is the first SQLite without the WAL-reset bug, which could
// corrupt a database.
var minVersion = [3]int{3, 51, 3}

// busyTimeout, in milliseconds, is how long a connection waits for a lock.
// Within the process nothing waits: it is for tools that open the file.
const busyTimeout = 10_000

type access int

const (
	readWrite access = iota
	readOnly
)

// pragma is a setting of a connection and what it reads back as.
type pragma struct{ name, value, reads string }

// pragmas are applied in this order. busy_timeout comes first because setting
// the journal mode may have to wait for a lock.
func pragmas(opts Options, a access) []pragma {
	sync := pragma{"synchronous", "FULL", "2"}
	if opts.Scratch {
		sync = pragma{"synchronous", "OFF", "0"}
	}
	busy, limit := strconv.Itoa(busyTimeout), strconv.FormatInt(4*opts.CheckpointBytes, 10)
	list := []pragma{
		{"busy_timeout", busy, busy},
		{"journal_mode", "WAL", "wal"},
		sync,
		{"foreign_keys", "ON", "1"},
		{"trusted_schema", "OFF", "0"},
		{"cell_size_check", "ON", "1"},
		{"journal_size_limit", limit, limit},
		{"mmap_size", "0", "0"},
		// SQLite drops the error of a checkpoint that it starts by itself, and
		// a failed fsync must not be dropped: the writer does it instead.
		{"wal_autocheckpoint", "0", "0"},
	}
	if a == readOnly {
		return append(list, pragma{"cache_size", "-2048", "-2048"}, pragma{"query_only", "1", "1"})
	}
	return append(list, pragma{"cache_size", "-8192", "-8192"}, pragma{"query_only", "0", "0"})
}

// openDB prepares connections to the main file. All settings travel in the
// DSN, so that no connection can be without them.
func openDB(opts Options, a access) (*sql.DB, error) {
	settings := url.Values{"_dqs": {"0"}, "_error_rc": {"1"}}
	for _, p := range pragmas(opts, a) {
		settings.Add("_pragma", p.name+"("+p.value+")")
	}
	connector, err := driver.NewConnector(fileURI(filepath.Join(opts.Dir, dataFile), settings))
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func fileURI(path string, settings url.Values) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/… on Windows
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}).String()
}

// session is one connection with its prepared statements. It is used by one
// goroutine at a time.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func openSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, stmts: make(map[string]*sql.Stmt)}, nil
}

// close finalises the statements first: database/sql does not keep account of
// those of a single connection, and SQLite would keep the files open for them.
func (s *session) close() error {
	var all error
	for _, st := range s.stmts {
		all = errors.Join(all, st.Close())
	}
	return errors.Join(all, s.conn.Close())
}

// stmt prepares a statement when it is first used. Statements are made from a
// fixed set of texts, so there are only so many.
func (s *session) stmt(text string) (*sql.Stmt, error) {
	if st, ok := s.stmts[text]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	s.stmts[text] = st
	return st, nil
}

// exec runs a statement to its end: half a write helps nobody, so it has no
// context. It also saves the goroutine that the driver starts for one.
func (s *session) exec(text string, args ...any) (sql.Result, error) {
	st, err := s.stmt(text)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(context.Background(), args...)
}

// verify makes sure that the connection is what the DSN asked for.
func (s *session) verify(ctx context.Context, want []pragma) error {
	var version string
	if err := s.conn.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&version); err != nil {
		return err
	}
	if err := checkVersion(version); err != nil {
		return err
	}
	for _, p := range want {
		var got string
		if err := s.conn.QueryRowContext(ctx, `PRAGMA `+p.name).Scan(&got); err != nil {
			return fmt.Errorf("reading pragma %s: %w", p.name, err)
		}
		if got != p.reads {
			return fmt.Errorf("pragma %s is %q, want %q", p.name, got, p.reads)
		}
	}
	return nil
}

func checkVersion(version string) error {
	var got [3]int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &got[0], &got[1], &got[2]); err != nil {
		return fmt.Errorf("sqlite version %q: %w", version, err)
	}
	for i := range got {
		if got[i] != minVersion[i] {
			if got[i] < minVersion[i] {
				return fmt.Errorf("sqlite %s is older than %v, which fixes a corruption bug", version, minVersion)
			}
			return nil
		}
	}
	return nil
}
