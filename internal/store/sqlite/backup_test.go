package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

// restore opens a backup as a store of its own.
func restore(t *testing.T, backup string) *sqlite.Store {
	t.Helper()
	dir := t.TempDir()
	b, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ricircolo.db"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return mustOpen(t, sqlite.Options{Dir: dir})
}

// TestBackupWhileServing takes backups under load and wants each to be whole
// and to have at least what was acknowledged before it began.
func TestBackupWhileServing(t *testing.T) {
	s := mustOpen(t, sqlite.Options{CheckpointBytes: 256 << 10})
	ctx, stop := context.WithCancel(t.Context())
	var load errgroup.Group
	for i := range 4 {
		load.Go(func() error {
			for j := 0; ctx.Err() == nil; j++ {
				if err := appendOne(s, fmt.Sprintf("load-%d-%d", i, j)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for i := range 5 {
		marker := fmt.Sprint("before-", i)
		if err := appendOne(s, marker); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "backup.db")
		var shares []float64
		if err := s.Backup(t.Context(), file, func(share float64) { shares = append(shares, share) }); err != nil {
			t.Fatalf("Backup: %v", err)
		}
		if !slices.IsSorted(shares) || shares[len(shares)-1] != 1 {
			t.Errorf("got progress %v, want it to rise to 1", shares)
		}
		restored := restore(t, file)
		if err := restored.IntegrityCheck(t.Context()); err != nil {
			t.Error(err)
		}
		if !slices.Contains(entryIDs(t, restored), marker) {
			t.Errorf("the backup has not got %s, which was acknowledged before it", marker)
		}
	}
	stop()
	if err := load.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestBackupRefusesAnExistingFile(t *testing.T) {
	s := mustOpen(t, sqlite.Options{})
	file := filepath.Join(t.TempDir(), "backup.db")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantError(t, "Backup", s.Backup(t.Context(), file, nil), fs.ErrExist)
	if b, err := os.ReadFile(file); err != nil || string(b) != "precious" {
		t.Errorf("got %q, %v, want the file untouched", b, err)
	}
}

func TestBackupThatIsCancelledLeavesNothing(t *testing.T) {
	s := mustOpen(t, sqlite.Options{})
	for i := range 800 {
		if err := appendOne(s, fmt.Sprint("e", i)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	err := s.Backup(ctx, filepath.Join(dir, "backup.db"), func(float64) { cancel() })
	wantError(t, "Backup", err, context.Canceled)
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("got files %v, %v, want none", files, err)
	}
}

func TestBackupReplacesWhatACrashLeft(t *testing.T) {
	s := mustOpen(t, sqlite.Options{})
	if err := appendOne(s, "e"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "backup.db")
	if err := os.WriteFile(file+".partial", []byte("half a backup"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), file, nil); err != nil {
		t.Fatal(err)
	}
	if known := entryIDs(t, restore(t, file)); len(known) != 1 {
		t.Errorf("got entries %v, want the one", known)
	}
}

// TestDamageIsFound overwrites a part of the file.
func TestDamageIsFound(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, sqlite.Options{Dir: dir})
	for i := range 200 {
		if err := appendOne(s, fmt.Sprint("e", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.IntegrityCheck(t.Context()); err != nil {
		t.Errorf("IntegrityCheck of a sound file: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "ricircolo.db"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("damage damage damage"), 20*4096); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := mustOpen(t, sqlite.Options{Dir: dir}).IntegrityCheck(t.Context()); err == nil {
		t.Error("IntegrityCheck of a damaged file: got nil, want an error")
	}
}

// TestAChangedRecordIsFound changes one byte of a record so that the file is
// sound to SQLite.
func TestAChangedRecordIsFound(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, sqlite.Options{Dir: dir})
	if err := appendOne(s, "e"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, `UPDATE entries SET record = CAST(replace(CAST(record AS TEXT), '"seq":1', '"seq":2') AS BLOB)`)
	s = mustOpen(t, sqlite.Options{Dir: dir})
	err := s.View(t.Context(), "lab", func(r store.Reader) error { _, err := r.Entry("e"); return err })
	if err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("Entry: got %v, want an error that says what is wrong", err)
	}
}
