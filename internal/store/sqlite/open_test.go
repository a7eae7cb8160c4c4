package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

func TestOpenMakesTheFolderPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	mustOpen(t, sqlite.Options{Dir: dir})
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got mode %v, %v, want 0700", info.Mode(), err)
	}
}

func TestOpenInFolderWithStrangeName(t *testing.T) {
	for _, name := range []string{"with space", "a?b#c%20d&e=f", "è🗑", "semi;colon'quote\"", "file:"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			s := mustOpen(t, sqlite.Options{Dir: dir})
			if err := appendOne(s, "e"); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "ricircolo.db")); err != nil {
				t.Errorf("the file is not where it was asked for: %v", err)
			}
		})
	}
}

func TestSecondInstanceIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, sqlite.Options{Dir: dir})
	_, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	wantError(t, "second Open", err, store.ErrLocked)
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("second Open: got %q, want it to name %s", err, dir)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, sqlite.Options{Dir: dir})
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, sqlite.Options{Dir: dir})
	if err := appendOne(s, "e1"); err != nil {
		t.Fatal(err)
	}
	out, err := child(t, "open", nil, dir).Output()
	if err != nil || !strings.HasPrefix(string(out), "locked:") || !strings.Contains(string(out), dir) {
		t.Errorf("second process: got %q, %v, want it locked out of %s", out, err, dir)
	}
	if err := appendOne(s, "e2"); err != nil {
		t.Errorf("Update after a second process tried: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	out, err = child(t, "open", nil, dir).Output()
	if err != nil || string(out) != "opened\n" {
		t.Errorf("process after Close: got %q, %v, want it to open", out, err)
	}
}

// edit changes the database of a closed store behind its back.
func edit(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "ricircolo.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, text := range statements {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, sqlite.Options{Dir: dir})
	if err := appendOne(s, "e"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, `PRAGMA user_version = 9999`)
	_, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	wantError(t, "Open", err, store.ErrNewerSchema)
	edit(t, dir, `PRAGMA user_version = 1`) // the lock was given back, and nothing was changed
	if known := entryIDs(t, mustOpen(t, sqlite.Options{Dir: dir})); len(known) != 1 {
		t.Errorf("got entries %v, want the one", known)
	}
}

func TestDatabaseOfAnotherProgramIsRefused(t *testing.T) {
	dir := t.TempDir()
	edit(t, dir, `CREATE TABLE theirs (a)`)
	if _, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("Open: got %v, want a refusal", err)
	}
}

func TestOpenGivesUpOnAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	_, err := sqlite.Open(ctx, sqlite.Options{Dir: dir})
	wantError(t, "Open", err, context.Canceled)
	mustOpen(t, sqlite.Options{Dir: dir})
}

func TestOpenWithoutFolder(t *testing.T) {
	if _, err := sqlite.Open(t.Context(), sqlite.Options{}); err == nil {
		t.Error("Open without a folder: got nil, want an error")
	}
}

// TestCloseLeavesOneFile: after Close the main file is all there is to copy.
func TestCloseLeavesOneFile(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, sqlite.Options{Dir: dir})
	if err := appendOne(s, "e"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() != "ricircolo.db" && f.Name() != "ricircolo.lock" {
			t.Errorf("Close left %s", f.Name())
		}
	}
	if known := entryIDs(t, mustOpen(t, sqlite.Options{Dir: dir})); len(known) != 1 {
		t.Errorf("got entries %v after opening again, want the one", known)
	}
}
