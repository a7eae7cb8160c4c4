package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/ricircolo/ricircolo/internal/config"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/store/transfer"
)

type migrateCommand struct {
	From       config.Store `required:"" env:"RICIRCOLO_MIGRATE_FROM" placeholder:"STORE" help:"Store to copy: sqlite:DIR, or a MongoDB database; with a password as an environment variable only."`
	To         config.Store `required:"" env:"RICIRCOLO_MIGRATE_TO" placeholder:"STORE" help:"Store to copy to: an empty one, or one that holds a copy that was begun."`
	VerifyOnly bool         `help:"Copy nothing, only compare the two."`
}

// Validate is called by kong.
func (c migrateCommand) Validate() error {
	from, to := c.From.Check(), c.To.Check()
	if from != nil {
		from = fmt.Errorf("--from (RICIRCOLO_MIGRATE_FROM): %w", from)
	}
	if to != nil {
		to = fmt.Errorf("--to (RICIRCOLO_MIGRATE_TO): %w", to)
	}
	return errors.Join(from, to)
}

// Run copies, or goes on with a copy, and compares the two stores. It succeeds
// if they are equal.
func (c migrateCommand) Run(ctx context.Context) (err error) {
	if sameFolder(c.From, c.To) || c.From == c.To {
		return fmt.Errorf("--from and --to are the same store, %s", c.To)
	}
	from, err := openSide(ctx, c.From, true)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer func() { err = errors.Join(err, from.close()) }()
	to, err := openSide(ctx, c.To, c.VerifyOnly)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	defer func() { err = errors.Join(err, to.close()) }()

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	for _, s := range []side{from, to} {
		go func() {
			select {
			case <-s.store.Failed():
				stop(s.store.FailureCause())
			case <-ctx.Done():
			}
		}()
	}
	run, what := transfer.Copy, "migrating"
	if c.VerifyOnly {
		run, what = transfer.Verify, "comparing"
	}
	bar := newProgress(what)
	reports, err := run(ctx, from.store, to.store, transfer.Options{
		Logger: quiet(), Progress: func(p transfer.Progress) { bar.share(p.Share) },
	})
	bar.end()
	printReports(os.Stdout, reports, c.VerifyOnly)
	if err != nil {
		return err
	}
	return c.conclude(os.Stdout, reports, from.served)
}

// conclude says what comes next, or returns what is wrong.
func (c migrateCommand) conclude(w io.Writer, reports transfer.Reports, served bool) error {
	ahead := reports.Ahead()
	switch {
	case slices.ContainsFunc(reports, func(r transfer.Report) bool { return r.Ledger.N > 0 }):
		return errors.New("the ledgers differ: see above; the target is not a copy of the source, or was served from: copy into an empty store")
	case !reports.Equal() && c.VerifyOnly:
		return errors.New("the two stores differ: see above; run ricircolo migrate without --verify-only, which takes over what is new; if it refuses, one of them was changed by other means: migrate into an empty target")
	case !reports.Equal():
		return errors.New("the two stores differ: see above; stop what writes to either of them, and run the same again")
	case c.VerifyOnly && ahead > 0:
		return fmt.Errorf("the source is %d entries ahead: run ricircolo migrate without --verify-only to copy them", ahead)
	case c.VerifyOnly:
		fmt.Fprintln(w, "the two stores are equal.")
	case served || ahead > 0:
		fmt.Fprintf(w, "copied what was there while a server wrote to %s: stop it, and run the same again for the rest.\n", c.From)
	default:
		fmt.Fprintf(w, "the two stores are equal. Secrets are not part of them: serve with those of before, and ")
		if dir, named := c.To.Folder(); named {
			fmt.Fprintf(w, "with --data %s\n", dir)
		} else {
			fmt.Fprintf(w, "with --store %s\n", c.To)
		}
	}
	return nil
}

// printReports prints a line for each partition, and what differs.
func printReports(w io.Writer, reports transfer.Reports, verifyOnly bool) {
	for _, r := range reports {
		fmt.Fprintln(w, r)
		if !verifyOnly {
			fmt.Fprintf(w, "  copied %d entries and %d documents, deleted %d\n", r.CopiedEntries, r.CopiedDocuments, r.Deleted)
		}
		for _, kind := range r.Documents.SortedKinds() {
			if n := r.Documents.Kinds[kind]; n.Source != n.Target {
				fmt.Fprintf(w, "  %s: %d in the source, %d in the target\n", kind, n.Source, n.Target)
			}
		}
		for _, d := range []transfer.Differences{r.Ledger, r.Documents.Differences} {
			for _, text := range d.First {
				fmt.Fprintln(w, "  "+text)
			}
			if more := d.N - int64(len(d.First)); more > 0 {
				fmt.Fprintf(w, "  and %d more\n", more)
			}
		}
	}
}

// side is one of the two stores of a migration.
type side struct {
	store  engine
	served bool   // what was opened is a copy: a server runs on the original
	copied string // the folder of that copy, or ""
}

func (s side) close() error {
	err := s.store.Close()
	if s.copied != "" {
		err = errors.Join(err, os.RemoveAll(s.copied))
	}
	return err
}

// openSide opens a store. One that is only read must be there; an SQLite file
// that a server has is read from a consistent copy, as for a backup.
func openSide(ctx context.Context, at config.Store, onlyRead bool) (side, error) {
	dir, isFolder := at.Folder()
	where := location{Data: dir}
	if !isFolder {
		where.Store = at
	}
	if !onlyRead {
		s, err := openEngine(ctx, where.Data, where.Store, quiet())
		return side{store: s}, err
	}
	s, err := where.existing(ctx)
	if isFolder && errors.Is(err, store.ErrLocked) {
		return openCopy(ctx, dir)
	}
	return side{store: s}, err
}

// openCopy opens a copy of the SQLite file that a server has, made beside it,
// where there is room.
func openCopy(ctx context.Context, dir string) (side, error) {
	folder, err := os.MkdirTemp(dir, "migrate-")
	if err != nil {
		return side{}, err
	}
	bar := newProgress("taking a copy of " + dir)
	err = sqlite.BackupFolder(ctx, dir, filepath.Join(folder, sqlite.FileName), bar.share)
	bar.end()
	var s engine
	if err == nil {
		s, err = openFile(ctx, sqlite.Options{Dir: folder, Scratch: true, Logger: quiet()})
	}
	if err != nil {
		return side{}, errors.Join(err, os.RemoveAll(folder))
	}
	return side{s, true, folder}, nil
}

// sameFolder reports whether two stores are the same folder.
func sameFolder(a, b config.Store) bool {
	first, isFolder := a.Folder()
	second, too := b.Folder()
	if !isFolder || !too {
		return false
	}
	one, err := os.Stat(first)
	if err != nil {
		return false
	}
	other, err := os.Stat(second)
	return err == nil && os.SameFile(one, other)
}
