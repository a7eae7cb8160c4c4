package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ricircolo/ricircolo/internal/config"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

// engine is a store with what those who run it have to know.
type engine interface {
	store.Store
	// Failed is closed when the store has failed for good, FailureCause is why.
	Failed() <-chan struct{}
	FailureCause() error
	// IntegrityCheck returns what is wrong below the port as an error.
	IntegrityCheck(ctx context.Context) error
}

// database is an engine that never fails for good: what keeps a database from
// answering may pass.
type database struct{ *mongo.Store }

func (database) Failed() <-chan struct{} { return nil }
func (database) FailureCause() error     { return nil }

var (
	_ engine = (*sqlite.Store)(nil)
	_ engine = database{}
)

// openEngine opens the store that was named, or the one in the data folder. It
// is made if it is not there.
func openEngine(ctx context.Context, data string, s config.Store, log *slog.Logger) (engine, error) {
	if !s.MongoDB() {
		return openFile(ctx, sqlite.Options{Dir: data, Logger: log})
	}
	return openDatabase(ctx, mongo.Options{URI: s.Reveal(), Logger: log})
}

func openDatabase(ctx context.Context, opts mongo.Options) (engine, error) {
	db, err := mongo.Open(ctx, opts)
	if err != nil {
		return nil, err
	}
	return database{db}, nil
}

// openFile is sqlite.Open, whose nil would be an engine.
func openFile(ctx context.Context, opts sqlite.Options) (engine, error) {
	s, err := sqlite.Open(ctx, opts)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// location is the flags of the commands that work on the store alone.
type location struct {
	Data  string       `name:"data" env:"RICIRCOLO_DATA" default:"data" help:"Folder of everything that the server keeps."`
	Store config.Store `name:"store" env:"RICIRCOLO_STORE" placeholder:"URI" help:"MongoDB database that keeps the labs; with a password as an environment variable only. Default: an SQLite file in the data folder."`
}

// Validate is called by kong.
func (l location) Validate() error {
	if l.Store.IsSet() && !l.Store.MongoDB() {
		return fmt.Errorf("--store (RICIRCOLO_STORE) is %q: want mongodb://HOST:PORT/DATABASE or mongodb+srv://HOST/DATABASE; leave it out for the SQLite file in the data folder", l.Store)
	}
	return nil
}

// String is where the store is, for people.
func (l location) String() string {
	if l.Store.MongoDB() {
		return l.Store.String()
	}
	return l.Data
}

// existing opens a store that must be there already; otherwise the error is
// fs.ErrNotExist.
func (l location) existing(ctx context.Context) (engine, error) {
	if !l.Store.MongoDB() {
		if _, err := os.Stat(filepath.Join(l.Data, sqlite.FileName)); err != nil {
			return nil, fmt.Errorf("there is no store in %s: %w", l.Data, err)
		}
		return openFile(ctx, sqlite.Options{Dir: l.Data, Logger: quiet()})
	}
	s, err := openDatabase(ctx, mongo.Options{URI: l.Store.Reveal(), Existing: true, Logger: quiet()})
	if err != nil {
		return nil, err
	}
	labs, err := s.Labs(ctx)
	if err == nil && len(labs) == 0 {
		err = fmt.Errorf("there is no lab in %s: %w", l.Store, fs.ErrNotExist)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// file refuses what can only be done to an SQLite file. instead says what to do
// to a database.
func (l location) file(what, instead string) error {
	if l.Store.MongoDB() {
		return fmt.Errorf("%s works on the SQLite file of a data folder, and the store is %s: %s", what, l.Store, instead)
	}
	return nil
}

// scratch opens a throw-away store: in the data folder, where there is room, or
// where there is none with the temporary files of this machine.
func (l location) scratch(ctx context.Context) (s engine, dir string, err error) {
	beside := l.Data
	if _, err := os.Stat(beside); errors.Is(err, fs.ErrNotExist) {
		beside = "" // the secrets of a database may come from elsewhere
	}
	if dir, err = os.MkdirTemp(beside, "scratch-"); err != nil {
		return nil, "", err
	}
	s, err = openFile(ctx, sqlite.Options{Dir: dir, Scratch: true, Logger: quiet()})
	if err != nil {
		return nil, "", errors.Join(err, os.RemoveAll(dir))
	}
	return s, dir, nil
}

func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
