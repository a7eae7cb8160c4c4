package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	driver "modernc.org/sqlite"

	"github.com/ricircolo/ricircolo/internal/store"
)

// backupStep is the number of pages that are copied between two looks at the
// context.
const backupStep = 256

// backuper is what a connection of the driver offers besides database/sql.
type backuper interface {
	NewBackup(uri string) (*driver.Backup, error)
}

// Backup writes a copy of the store as it is when the copy begins. It takes
// no part in the bound on Views: while it runs, the WAL grows by what is
// written meanwhile.
func (s *Store) Backup(ctx context.Context, file string, progress func(share float64)) error {
	if progress == nil {
		progress = func(float64) {}
	}
	if err := mustNotExist(file); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	partial := file + ".partial"
	if err := s.writeBackup(ctx, partial, progress); err != nil {
		return fmt.Errorf("backup to %s: %w", file, errors.Join(err, removeDatabase(partial)))
	}
	err := mustNotExist(file)
	if err == nil {
		err = os.Rename(partial, file)
	}
	if err == nil {
		err = syncDir(filepath.Dir(file))
	}
	if err != nil {
		return fmt.Errorf("backup to %s: %w", file, errors.Join(err, removeDatabase(partial)))
	}
	progress(1)
	return nil
}

func mustNotExist(file string) error {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s: %w", file, fs.ErrExist), err)
	}
	return nil
}

func (s *Store) writeBackup(ctx context.Context, partial string, progress func(float64)) error {
	if err := removeDatabase(partial); err != nil { // left by a crash
		return err
	}
	err := s.longRead(ctx, func(ctx context.Context, conn *sql.Conn) error {
		return conn.Raw(func(c any) error {
			absolute, err := filepath.Abs(partial)
			if err != nil {
				return err
			}
			b, err := c.(backuper).NewBackup(fileURI(absolute, url.Values{}))
			if err != nil {
				return err
			}
			return errors.Join(copyPages(ctx, b, progress), b.Finish())
		})
	})
	if err != nil {
		return err
	}
	return syncFile(partial)
}

func copyPages(ctx context.Context, b *driver.Backup, progress func(float64)) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if more, err = b.Step(backupStep); err != nil {
			return err
		}
		if n := b.PageCount(); n > 0 && more {
			progress(1 - float64(b.Remaining())/float64(n))
		}
	}
	return nil
}

// a connection of its own. Its context ends when the store is closed.
func (s *Store) longRead(ctx context.Context, fn func(context.Context, *sql.Conn) error) (err error) {
	end, err := s.beginLong()
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return engineError("opening a connection", err)
	}
	defer conn.Close()
	// The read in the transaction is what fixes the snapshot.
	if _, err := conn.ExecContext(ctx, `BEGIN; SELECT count(*) FROM labs`); err != nil {
		return engineError("beginning a snapshot", err)
	}
	defer func() {
		_, rollback := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
		err = errors.Join(err, rollback)
	}()
	return fn(ctx, conn)
}

func (s *Store) beginLong() (end func(), err error) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	s.longRunning.Add(1)
	s.longReads.Add(1)
	return func() {
		s.longReads.Add(-1)
		s.longRunning.Done()
	}, nil
}

// removeDatabase removes a database file and what lies beside it.
func removeDatabase(file string) error {
	var all error
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(file + suffix); !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
