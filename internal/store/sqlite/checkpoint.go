package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// probeBytes is how much space a probe asks for.
const probeBytes = 128 << 10

// pageBytes is SQLite's default page size, the one that the file has.
const pageBytes = 4096

func walLength(dir string) int64 {
	info, err := os.Stat(filepath.Join(dir, dataFile+"-wal"))
	if err != nil {
		return 0
	}
	return info.Size()
}

// pagesWritten is the number of pages written since the last call: they went
// to the WAL.
func (s *session) pagesWritten() (int64, error) {
	var pages int
	err := s.conn.Raw(func(c any) error {
		var err error
		pages, _, err = c.(driver.DBStatus).Status(driver.DBStatusCacheWrite, true)
		return err
	})
	return int64(pages), err
}

// checkpoint copies the WAL into the main file when it has become long. As
// long as some View reads from the WAL, it cannot be begun anew; where Views
// always overlap it never could, so the writer waits for those that are older
// than its last commit: a moment from four times the length on, and from
// sixteen times on as long as a View may take.
func (w *writer) checkpoint() {
	pages, err := w.ses.pagesWritten()
	if err != nil {
		w.failed("counting the pages of the WAL", err)
		return
	}
	w.wal += pages * pageBytes
	if w.wal < w.due {
		return
	}
	err = w.copyWAL(`PRAGMA wal_checkpoint(PASSIVE)`)
	if err == nil && w.long.Load() == 0 {
		switch {
		case w.wal >= 16*w.opts.CheckpointBytes:
			err = w.awaitReaders(w.opts.MaxView + time.Second)
		case w.wal >= 4*w.opts.CheckpointBytes:
			err = w.awaitReaders(50 * time.Millisecond)
		}
	}
	if err != nil {
		w.failed("copying the WAL", err)
	}
}

// awaitReaders makes the next commit begin the WAL anew, unless a View takes
// longer than patience.
func (w *writer) awaitReaders(patience time.Duration) error {
	if err := w.setBusyTimeout(patience.Milliseconds()); err != nil {
		return err
	}
	err := w.copyWAL(`PRAGMA wal_checkpoint(RESTART)`)
	return errors.Join(err, w.setBusyTimeout(busyTimeout))
}

func (w *writer) setBusyTimeout(ms int64) error {
	_, err := w.ses.conn.ExecContext(context.Background(), fmt.Sprintf(`PRAGMA busy_timeout = %d`, ms))
	return err
}

func (w *writer) copyWAL(statement string) error {
	st, err := w.ses.stmt(statement)
	if err != nil {
		return err
	}
	var busy, frames, copied int64
	if err := st.QueryRowContext(context.Background()).Scan(&busy, &frames, &copied); err != nil {
		if resultCode(err)&0xff == sqlite3.SQLITE_BUSY {
			return nil
		}
		return err
	}
	w.wal, w.due = 0, w.opts.CheckpointBytes
	if copied < frames {
		w.wal = frames * pageBytes
		w.due += w.wal
	}
	return nil
}

// probe finds out whether a full disk has space again, by writing. Copying the
// WAL first gives it back to the writer, which is space too.
func (w *writer) probe() {
	err := w.copyWAL(`PRAGMA wal_checkpoint(PASSIVE)`)
	if err == nil {
		_, err = w.ses.exec(`INSERT INTO probe (id, filler) VALUES (1, randomblob(?))
			ON CONFLICT (id) DO UPDATE SET filler = excluded.filler`, probeBytes)
	}
	if err != nil {
		w.failed("probing for space", err)
		return
	}
	w.health.healed()
}
