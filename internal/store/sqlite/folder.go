package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// FileName is the name of the main file in the data folder.
const FileName = dataFile

// BackupFolder writes a copy of the store in a data folder like Backup does,
// also while another process serves from it: it only reads, and so takes no
// part in the lock.
func BackupFolder(ctx context.Context, dir, file string, progress func(share float64)) (err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, dataFile)); err != nil {
		return fmt.Errorf("backup: no store in %s: %w", dir, err)
	}
	s := &Store{opts: Options{Dir: dir}.withDefaults(), closing: make(chan struct{})}
	if s.read, err = openDB(s.opts, readOnly); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(s.Backup(ctx, file, progress), s.read.Close())
}

// Restore puts a backup into a data folder that has no store. The backup is
// checked, and brought up to the schema of this program, before it is put in
// place; a backup that is damaged leaves nothing behind.
func Restore(ctx context.Context, file, dir string) (err error) {
	if err := makeDir(dir); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	lock, err := acquire(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	target := filepath.Join(dir, dataFile)
	if err := mustNotExist(target); err != nil {
		return fmt.Errorf("restore: the data folder has a store already: %w", err)
	}
	trial, err := os.MkdirTemp(dir, "restore-")
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(trial)) }()
	if err := copyFile(file, filepath.Join(trial, dataFile)); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := checkFolder(ctx, trial); err != nil {
		return fmt.Errorf("restore: %s can't be used: %w", file, err)
	}
	if err := os.Rename(filepath.Join(trial, dataFile), target); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return syncDir(dir)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// checkFolder opens a store, looks through it, and closes it again.
func checkFolder(ctx context.Context, dir string) error {
	s, err := Open(ctx, Options{Dir: dir})
	if err != nil {
		return err
	}
	labs, err := s.Labs(ctx)
	if err == nil && len(labs) == 0 {
		err = errors.New("it holds no lab")
	}
	return errors.Join(err, s.IntegrityCheck(ctx), s.Close())
}

// Replace puts the closed store of the folder from in the place of the closed
// store of dir, whose main file stays under the name kept. There is a whole
// store in dir at every moment.
func Replace(dir, from, kept string) (err error) {
	lock, err := acquire(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	for _, folder := range []string{dir, from} {
		if err := mustNotExist(filepath.Join(folder, dataFile+"-wal")); err != nil {
			return fmt.Errorf("replacing the store: it was not closed: %w", err)
		}
	}
	target := filepath.Join(dir, dataFile)
	if err := os.Link(target, filepath.Join(dir, kept)); err != nil {
		return fmt.Errorf("replacing the store: %w", err)
	}
	if err := os.Rename(filepath.Join(from, dataFile), target); err != nil {
		return fmt.Errorf("replacing the store: %w", err)
	}
	return syncDir(dir)
}
