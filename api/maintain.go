package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

type verifyCommand struct{ location }

// Run checks the engine's own order, then every lab against its ledger.
func (c verifyCommand) Run(ctx context.Context) (err error) {
	s, err := c.existing(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	faults := 0
	if err := s.IntegrityCheck(ctx); err != nil {
		fmt.Println(err)
		faults++
	}
	err = eachLab(ctx, s, func(lab store.LabID) error {
		n, err := c.verifyLab(ctx, s, lab)
		faults += n
		return err
	})
	if err != nil {
		return err
	}
	if faults > 0 {
		return fmt.Errorf("%d faults found: keep %s as it is, and restore a backup elsewhere", faults, c.location)
	}
	return nil
}

func (c verifyCommand) verifyLab(ctx context.Context, s store.Store, lab store.LabID) (int, error) {
	scratch, dir, err := c.scratch(ctx)
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	bar := newProgress("verifying " + string(lab))
	faults, err := tracking.Verify(ctx, s, scratch, lab, bar.at)
	bar.end()
	if err := errors.Join(err, scratch.Close()); err != nil {
		return 0, err
	}
	for _, f := range faults {
		fmt.Println(f)
	}
	if len(faults) == 0 {
		seq, hash, err := head(ctx, s, lab)
		if err != nil {
			return 0, err
		}
		fmt.Printf("%s: %d entries, chain and documents in order, masses close; head %s\n", lab, seq, hash)
	}
	return len(faults), nil
}

func head(ctx context.Context, s store.Store, lab store.LabID) (seq store.Seq, hash store.Hash, err error) {
	err = s.View(ctx, lab, func(r store.Reader) error {
		seq, hash, err = r.Head()
		return err
	})
	return seq, hash, err
}

func eachLab(ctx context.Context, s store.Store, do func(store.LabID) error) error {
	labs, err := s.Labs(ctx)
	if err != nil {
		return err
	}
	for _, lab := range labs {
		if !isLab(string(lab)) {
			continue
		}
		if err := do(lab); err != nil {
			return err
		}
	}
	return nil
}

type rebuildCommand struct{ location }

// Run folds every ledger into a new store, takes over the people, and puts the
// new store in the old one's place. The old one is kept beside it.
func (c rebuildCommand) Run(ctx context.Context) error {
	if err := c.file("rebuild", "bring it into a new folder with ricircolo migrate --from URI --to sqlite:DIR, "+
		"run ricircolo rebuild --data DIR, and bring that into a new database with ricircolo migrate --from sqlite:DIR --to URI"); err != nil {
		return err
	}
	old, err := c.existing(ctx)
	if err != nil {
		return err
	}
	dir := filepath.Join(c.Data, "rebuild")
	if err := errors.Join(c.rebuildInto(ctx, old, dir), old.Close()); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	kept := sqlite.FileName + ".before-rebuild-" + time.Now().UTC().Format("20060102T150405Z")
	if err := sqlite.Replace(c.Data, dir, kept); err != nil {
		return err
	}
	fmt.Printf("rebuilt; the former store is kept as %s\n", filepath.Join(c.Data, kept))
	return os.RemoveAll(dir)
}

func (c rebuildCommand) rebuildInto(ctx context.Context, old store.Store, dir string) error {
	if err := os.RemoveAll(dir); err != nil { // left by a run that was interrupted
		return err
	}
	fresh, err := sqlite.Open(ctx, sqlite.Options{Dir: dir, Logger: quiet()})
	if err != nil {
		return err
	}
	labs, err := old.Labs(ctx)
	for _, lab := range labs {
		if !isLab(string(lab)) {
			err = errors.Join(err, copyDocuments(ctx, old, fresh, lab))
			continue
		}
		bar := newProgress("rebuilding " + string(lab))
		err = errors.Join(err, tracking.Rebuild(ctx, old, fresh, lab, bar.at))
		bar.end()
	}
	return errors.Join(err, fresh.Close())
}

// copyDocuments copies a partition that has no ledger.
func copyDocuments(ctx context.Context, from, to store.Store, lab store.LabID) error {
	for after := (store.Ref{}); ; {
		var page []store.Document
		if err := from.View(ctx, lab, func(r store.Reader) (err error) {
			page, err = r.Documents(after, 500)
			return err
		}); err != nil || len(page) == 0 {
			return err
		}
		if err := to.Update(ctx, lab, func(tx store.Tx) error {
			for _, d := range page {
				if err := tx.Put(d); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		after = store.Ref{Kind: page[len(page)-1].Kind, ID: page[len(page)-1].ID}
	}
}

type backupCommand struct {
	location
	File string `arg:"" type:"path" help:"File to write; it must not exist."`
}

// Run copies the store to a file. Secrets are not part of it.
func (c backupCommand) Run(ctx context.Context) error {
	if err := c.file("backup", "back it up with a snapshot of its disks, or with mongodump --oplog, as deploy/backup.md says"); err != nil {
		return err
	}
	bar := newProgress("backing up")
	err := sqlite.BackupFolder(ctx, c.Data, c.File, bar.share)
	bar.end()
	if err != nil {
		return err
	}
	fmt.Printf("%s written. Keep the folder %s apart from it: passwords and sign-ins need it.\n", c.File, filepath.Join(c.Data, "secrets"))
	return nil
}

type restoreCommand struct {
	location
	File string `arg:"" type:"existingfile" help:"Backup to restore."`
}

// Run puts a backup into the data folder, which must not have a store.
func (c restoreCommand) Run(ctx context.Context) error {
	if err := c.file("restore", "put a dump of a database back with its own mongorestore, as deploy/backup.md says, "+
		"or restore into a folder and bring that into an empty database with ricircolo migrate --from sqlite:DIR --to URI"); err != nil {
		return err
	}
	if err := sqlite.Restore(ctx, c.File, c.Data); err != nil {
		return err
	}
	fmt.Printf("restored. Put the folder secrets beside it, then run: ricircolo verify --data %s\n", c.Data)
	return nil
}
