//go:build unix

package main

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/ricircolo/ricircolo/internal/config"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// Tests that are about the program and not about a file run on every engine:
// on SQLite always, on MongoDB where MONGODB_URI names a server.

// onEngines runs a test on each engine. newSite makes a place for a lab.
func onEngines(t *testing.T, test func(t *testing.T, newSite func(testing.TB) site)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, newFolder) })
	t.Run("mongodb", func(t *testing.T) {
		mongotest.Server(t)
		test(t, newDatabase)
	})
}

// pace is how many times less a database gets done in a test than a file: each
// commit is several round trips, and the one of the tests shares its machine.
const pace = 10

// scaled is a number of things for a test to do, or to want done, on the site.
func (s site) scaled(n int) int {
	if s.store != "" {
		return n / pace
	}
	return n
}

// site is where a lab lies: in a folder, or in a database with the secrets in a
// folder.
type site struct{ dir, store string }

func newFolder(tb testing.TB) site { return site{dir: filepath.Join(tb.TempDir(), "data")} }

func newDatabase(tb testing.TB) site {
	s := newFolder(tb)
	s.store = mongotest.Database(tb)
	return s
}

// at is a command that works on the site.
func (s site) at(command ...string) []string {
	command = append(slices.Clone(command), "--data", s.dir)
	if s.store != "" {
		command = append(command, "--store", s.store)
	}
	return command
}

// source is how migrate calls the site.
func (s site) source() string {
	if s.store != "" {
		return s.store
	}
	return "sqlite:" + s.dir
}

// serve starts a server on the site.
func (s site) serve(tb testing.TB, flags ...string) *process {
	tb.Helper()
	return mustServe(tb, s.dir, append(s.at()[2:], flags...)...)
}

// open opens the site's store, which must be there.
func (s site) open(tb testing.TB) engine {
	tb.Helper()
	e, err := location{s.dir, config.NewStore(s.store)}.existing(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// copy makes a new site with the same lab and the same secrets.
func (s site) copy(tb testing.TB, newSite func(testing.TB) site) site {
	tb.Helper()
	to := newSite(tb)
	if s.store == "" && to.store == "" {
		to.dir = copyFolder(tb, s.dir)
		return to
	}
	mustProgram(tb, "migrate", "--from", s.source(), "--to", to.source())
	mustCopySecrets(tb, s, to)
	return to
}
