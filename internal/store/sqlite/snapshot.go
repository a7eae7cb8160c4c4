package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/ricircolo/ricircolo/internal/store"
)

// readers is a pool of read-only sessions; nil stands for one that was broken
// and is to be opened again.
type readers struct {
	db   *sql.DB
	free chan *session
}

func openReaders(ctx context.Context, db *sql.DB, opts Options) (readers, error) {
	r := readers{db: db, free: make(chan *session, opts.Readers)}
	for range opts.Readers {
		ses, err := openSession(ctx, db)
		if err == nil {
			err = ses.verify(ctx, pragmas(opts, readOnly))
		}
		if err != nil {
			return r, errors.Join(err, r.closeFree())
		}
		r.free <- ses
	}
	return r, nil
}

func (r readers) closeFree() error {
	var err error
	for len(r.free) > 0 {
		if ses := <-r.free; ses != nil {
			err = errors.Join(err, ses.close())
		}
	}
	return err
}

// close waits for the sessions that are in use.
func (r readers) close() error {
	var err error
	for range cap(r.free) {
		if ses := <-r.free; ses != nil {
			err = errors.Join(err, ses.close())
		}
	}
	return err
}

var errViewTooLong = fmt.Errorf("view held its snapshot for too long: %w", context.DeadlineExceeded)

// withSnapshot runs fn on a read transaction that ends, at the latest, with
// ctx or after MaxView.
func (s *Store) withSnapshot(ctx context.Context, fn func(*snapshot) error) error {
	if s.isClosing() {
		return store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var ses *session
	select {
	case ses = <-s.pool.free:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return store.ErrClosed
	}
	broken := false
	defer func() {
		if broken {
			ses.close() // an error here adds nothing: it is thrown away
			ses = nil
		}
		s.pool.free <- ses
	}()
	if ses == nil {
		fresh, err := openSession(ctx, s.read)
		if err != nil {
			return engineError("opening a connection", err)
		}
		ses = fresh
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.MaxView, errViewTooLong)
	defer cancel()
	sn, err := beginSnapshot(ctx, ses)
	if err != nil {
		broken = true
		return engineError("beginning a snapshot", err)
	}
	defer func() { broken = sn.end() != nil }()
	return fn(sn)
}

// snapshot is a transaction on a session: a read transaction of a View, or
// that of a group. The mutex makes it possible to end it under a closure that
// does not return.
type snapshot struct {
	ctx  context.Context // the snapshot's life
	ses  *session
	stop func() bool

	mu    sync.Mutex // guards ses and the fields below
	over  error      // why nothing can be read any more
	fault error      // of the rollback
}

func beginSnapshot(ctx context.Context, ses *session) (*snapshot, error) {
	if _, err := ses.exec(`BEGIN`); err != nil {
		return nil, err
	}
	sn := &snapshot{ctx: ctx, ses: ses}
	sn.stop = context.AfterFunc(ctx, func() { sn.finish(context.Cause(ctx)) })
	return sn, nil
}

func (sn *snapshot) end() error {
	sn.stop()
	return sn.finish(errors.New("snapshot has ended"))
}

func (sn *snapshot) finish(why error) error {
	sn.mu.Lock()
	defer sn.mu.Unlock()
	if sn.over == nil {
		sn.over = why
		_, sn.fault = sn.ses.exec(`ROLLBACK`)
	}
	return sn.fault
}

// each calls scan for every row of a query. With a context that can end, the
// query is interrupted then, which costs a goroutine: short queries are given
// one that cannot.
func (sn *snapshot) each(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	sn.mu.Lock()
	defer sn.mu.Unlock()
	if sn.over != nil {
		return sn.over
	}
	st, err := sn.ses.stmt(text)
	if err != nil {
		return engineError("preparing a query", err)
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return sn.queryError(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return sn.queryError(err)
		}
	}
	return sn.queryError(rows.Err())
}

func (sn *snapshot) queryError(err error) error {
	if err != nil && sn.ctx.Err() != nil {
		return context.Cause(sn.ctx)
	}
	return engineError("reading", err)
}
