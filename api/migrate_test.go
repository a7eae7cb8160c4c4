//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/config"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

// mustMigrate copies a lab to another site, and says what the program said.
func mustMigrate(tb testing.TB, from, to site) string {
	tb.Helper()
	return mustProgram(tb, "migrate", "--from", from.source(), "--to", to.source())
}

const (
	wantRest  = "stop it, and run the same again for the rest"
	wantEqual = "the two stores are equal"
)

// TestMigrate moves a lab from a file to each engine and back, the way that the
// README tells: once while the server runs and phones record, once more when it
// has stopped. Nothing that was acknowledged is lost, and phones go on.
func TestMigrate(t *testing.T) { onEngines(t, testMigrate) }

func testMigrate(t *testing.T, newSite func(testing.TB) site) {
	l, to := mustLab(t), newSite(t)
	f := newFleet(l)
	mustMoveUnderLoad(t, f, l.site, to)
	mustCopySecrets(t, l.site, to)
	f.wantKept(t, to)
	ledger, want := mustLedger(t, to), mustLedger(t, l.site)
	if len(ledger) != len(want) || ledger[len(ledger)-1].Hash() != want[len(want)-1].Hash() {
		t.Errorf("%d entries have another head than the %d of before", len(ledger), len(want))
	}

	t.Run("GoesOn", func(t *testing.T) {
		p := to.serve(t)
		f.mustComeHome(t, p) // what was sent before is known here
		sub, _ := f.next()
		l.as(p, access.Ward).mustApply(t, sub)
		mustSignIn(t, p.url, "coordinator@lab.example")
		p.mustStop(t)
		printed, code := program(t, "migrate", "--verify-only", "--from", l.source(), "--to", to.source())
		if code == 0 || !strings.Contains(printed, " more entries than the source") {
			t.Errorf("the target went on: verify-only ended with %d and said\n%s", code, printed)
		}
		printed, code = program(t, "migrate", "--from", l.source(), "--to", to.source())
		if code == 0 || !strings.Contains(printed, "was it served from already? the target holds something else than a part of the source: copy into an empty one") {
			t.Errorf("the target went on: migrate ended with %d and said\n%s", code, printed)
		}
	})
	t.Run("Back", func(t *testing.T) {
		back := newFolder(t)
		f.target.down()
		mustMoveUnderLoad(t, f, to, back)
		mustCopySecrets(t, l.site, back)
		f.wantKept(t, back)
		back.serve(t).mustStop(t)
	})
}

// mustMoveUnderLoad migrates while phones record on the first site's server.
func mustMoveUnderLoad(t *testing.T, f *fleet, from, to site) {
	t.Helper()
	p := from.serve(t)
	f.target.set(p.url)
	ctx, stop := context.WithCancel(t.Context())
	wait := f.start(ctx, 8)
	f.mustProgress(t, p, int64(from.scaled(200)))
	first := mustMigrate(t, from, to)
	f.mustProgress(t, p, int64(from.scaled(200)))
	second := mustMigrate(t, from, to)
	stop()
	wait()
	p.mustStop(t)
	if from.store == "" && !strings.Contains(first, wantRest) {
		t.Errorf("while the server ran, it said\n%s", first)
	}
	if !strings.Contains(second, " copied ") || strings.Contains(second, "lab: 0 entries") {
		t.Errorf("the second time it said\n%s", second)
	}
	if last := mustMigrate(t, from, to); !strings.Contains(last, wantEqual) {
		t.Errorf("in the end it said\n%s", last)
	}
	if printed := mustProgram(t, "migrate", "--verify-only", "--from", from.source(), "--to", to.source()); !strings.Contains(printed, wantEqual) {
		t.Errorf("verify-only said\n%s", printed)
	}
	if left, _ := filepath.Glob(filepath.Join(from.dir, "migrate-*")); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

func mustCopySecrets(tb testing.TB, from, to site) {
	tb.Helper()
	if err := os.MkdirAll(to.dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(copyFolder(tb, filepath.Join(from.dir, "secrets")), filepath.Join(to.dir, "secrets")); err != nil {
		tb.Fatal(err)
	}
}

// TestKilledMigration kills migrations again and again, each when it has copied
// some more. The last one goes on from there, and the stores are equal.
func TestKilledMigration(t *testing.T) { onEngines(t, testKilledMigration) }

func testKilledMigration(t *testing.T, newSite func(testing.TB) site) {
	const entries = 8000
	from, to := mustFill(t, entries), newSite(t)
	var heads []store.Seq
	for len(heads) < 3 {
		cmd := exec.CommandContext(t.Context(), mustBinary(t), "migrate", "--from", from.source(), "--to", to.source())
		cmd.Env = plainEnvironment()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitForMore(t, to, heads)
		_ = cmd.Process.Kill() // fails if it has ended
		_ = cmd.Wait()
		heads = append(heads, headOf(t, to))
	}
	if heads[0] == 0 || heads[0] >= heads[1] || heads[1] >= heads[2] || heads[2] == entries {
		t.Errorf("the heads of three killed migrations are %d, want each to go on within the ledger", heads)
	}
	t.Logf("killed at %d of %d", heads, entries)
	printed := mustMigrate(t, from, to)
	if !strings.Contains(printed, wantEqual) || !strings.Contains(printed, fmt.Sprintf("copied %d entries", entries-heads[2])) {
		t.Errorf("in the end it said\n%s", printed)
	}
}

// mustFill makes a store with many entries and documents; it is no lab that
// could be served.
func mustFill(tb testing.TB, entries int) site {
	tb.Helper()
	at := newFolder(tb)
	s, err := openFile(tb.Context(), sqlite.Options{Dir: at.dir, Scratch: true, Logger: quiet()})
	if err != nil {
		tb.Fatal(err)
	}
	filler := strings.Repeat("x", 1000)
	for n := 0; n < entries; n += 500 {
		if err := s.Update(tb.Context(), "lab", func(tx store.Tx) error {
			for i := n; i < n+500; i++ {
				body := fmt.Appendf(nil, `{"id":"%d","x":%q}`, i, filler)
				if _, err := tx.Append(store.Entry{ID: strconv.Itoa(i), Content: body, Outcome: []byte(`{}`)}); err != nil {
					return err
				}
				if err := tx.Put(store.Document{Kind: "bin", ID: strconv.Itoa(i % 700), Body: body}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			tb.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	return at
}

// waitForMore returns when the migration that runs has copied something.
func waitForMore(tb testing.TB, to site, heads []store.Seq) {
	tb.Helper()
	known := store.Seq(0)
	if len(heads) > 0 {
		known = heads[len(heads)-1]
	}
	more := func() bool {
		if to.store != "" {
			e, err := location{to.dir, config.NewStore(to.store)}.existing(tb.Context())
			if err != nil {
				return false // there is nothing yet
			}
			seq, _, err := head(tb.Context(), e, "lab")
			return errors.Join(err, e.Close()) == nil && seq > known
		}
		info, err := os.Stat(filepath.Join(to.dir, sqlite.FileName+"-wal"))
		return err == nil && info.Size() > 1<<20 // the migration has the file
	}
	for deadline := time.Now().Add(time.Minute); !more(); {
		if time.Now().After(deadline) {
			tb.Fatal("nothing is copied")
		}
		time.Sleep(time.Millisecond)
	}
}

func headOf(tb testing.TB, at site) store.Seq {
	tb.Helper()
	s := at.open(tb)
	seq, _, err := head(tb.Context(), s, "lab")
	if err := errors.Join(err, s.Close()); err != nil {
		tb.Fatal(err)
	}
	return seq
}

// TestMigrationsRefused lists what is refused, with what it says.
func TestMigrationsRefused(t *testing.T) {
	l, other := mustHistory(t), newFolder(t)
	printed, code := programReading(t, testPassword+"\n", other.at("user", "create", "--email", "a@b.example", "--name", "A", "--password-file", "-")...)
	if code != 0 {
		t.Fatal(printed)
	}
	before := len(mustLedger(t, other))
	missing := filepath.Join(t.TempDir(), "missing")
	for name, row := range map[string]struct{ from, to, says string }{
		"Nowhere":      {"sqlite:" + missing, "sqlite:" + other.dir, "there is no store in " + missing},
		"NoStore":      {"data", "postgres://db", "want sqlite:DIR"},
		"ItselfByName": {l.source(), "sqlite:" + l.dir + "/.", "are the same store"},
		"AnotherLab":   {l.source(), other.source(), "copy into an empty one"},
		"NoServer":     {l.source(), "mongodb://127.0.0.1:1/x", "the database does not answer"},
		"Password":     {l.source(), "mongodb://u:hunter2@127.0.0.1:1/x", "readable by all users"},
	} {
		t.Run(name, func(t *testing.T) {
			printed, code := program(t, "migrate", "--from", row.from, "--to", row.to)
			if code == 0 || !strings.Contains(printed, row.says) || strings.Contains(printed, "hunter2") {
				t.Errorf("ended with %d and said\n%s\nwant %s", code, printed, row.says)
			}
		})
	}
	t.Run("TargetIsInUse", func(t *testing.T) {
		served := mustLab(t)
		p := served.serve(t)
		printed, code := program(t, "migrate", "--from", l.source(), "--to", served.source())
		if code == 0 || !strings.Contains(printed, "--to: the data folder "+served.dir+" belongs to another running ricircolo") {
			t.Errorf("ended with %d and said\n%s", code, printed)
		}
		p.mustStop(t)
	})
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a source was made: %v", err)
	}
	if n := len(mustLedger(t, other)); n != before {
		t.Errorf("the other lab has %d entries, had %d", n, before)
	}
}

// TestOnlyForFiles tells what to do in the place of what a database can't.
func TestOnlyForFiles(t *testing.T) {
	const uri = "mongodb://u:hunter2@127.0.0.1:1/x" // nobody is asked
	file := filepath.Join(t.TempDir(), "backup.db")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for says, command := range map[string][]string{
		"mongodump":                        {"backup", file},
		"mongorestore":                     {"restore", file},
		"ricircolo migrate --from URI":     {"rebuild"},
		"the database does not answer":     {"verify"},
		"want mongodb://HOST:PORT/DATABAS": {"verify", "--store", "sqlite:data"},
	} {
		cmd := exec.CommandContext(t.Context(), mustBinary(t), append(command, "--data", t.TempDir())...)
		cmd.Env = append(plainEnvironment(), "RICIRCOLO_STORE="+uri)
		printed, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(printed), says) || strings.Contains(string(printed), "hunter2") {
			t.Errorf("%v: %v, and it said %s, want %q", command, err, printed, says)
		}
	}
}

// TestServersOfOneDatabase has several servers on one database, which all need
// the same secrets.
func TestServersOfOneDatabase(t *testing.T) {
	uri := mongotest.Database(t)
	a, b := newFolder(t), newFolder(t)
	a.store, b.store = uri, uri

	// Both begin on the empty database, each with secrets of its own.
	servers := []*process{startServer(t, nil, a.dir, a.at()[2:]...), startServer(t, nil, b.dir, b.at()[2:]...)}
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for i, p := range servers {
		wg.Go(func() { errs[i] = p.waitReady(t.Context()) })
	}
	wg.Wait()
	first, second := 0, 1
	if errs[0] != nil {
		first, second, a, b = 1, 0, b, a
	}
	if errs[first] != nil || errs[second] == nil {
		t.Fatalf("got %v, want one of two servers ready", errs)
	}
	if said := servers[second].stderr.String(); !strings.Contains(said, "other servers use this store with other secrets") && !strings.Contains(said, "copy the folder secrets") {
		t.Errorf("the other one said %s", said)
	}
	if n := countLabs(t, a); n != 1 {
		t.Errorf("there are %d labs, want one", n)
	}

	says := func(s site, flags ...string) string {
		p := startServer(t, nil, s.dir, append(s.at()[2:], flags...)...)
		if err := p.waitReady(t.Context()); err == nil {
			p.mustStop(t)
			return ""
		}
		return p.stderr.String()
	}
	t.Run("AgainWithOtherSecrets", func(t *testing.T) {
		if said := says(b); !strings.Contains(said, "with other secrets than this one: put those of the others into "+filepath.Join(b.dir, "secrets")) && !strings.Contains(said, "copy the folder") {
			t.Errorf("it said %q", said)
		}
	})
	t.Run("WithoutSecrets", func(t *testing.T) {
		c := newFolder(t)
		c.store = uri
		if said := says(c); !strings.Contains(said, "the database has a lab already, so copy the folder secrets from the server that made it") {
			t.Errorf("it said %q", said)
		}
	})
	t.Run("WithTheSame", func(t *testing.T) {
		c := newFolder(t)
		c.store = uri
		mustCopySecrets(t, a, c)
		printed, code := programReading(t, testPassword+"\n", c.at("user", "create", "--email", "c@lab.example", "--name", "C", "--password-file", "-")...)
		if code != 0 {
			t.Fatal(printed)
		}
		p := c.serve(t)
		token := mustSignIn(t, servers[first].url, "c@lab.example").token
		var me map[string]any
		client{url: p.url, token: token}.mustCall(t, http.MethodGet, "/api/v1/facilities", nil, &me) // signed in at the other one
		p.mustStop(t)
	})
	t.Run("Adopted", func(t *testing.T) {
		servers[first].mustStop(t)
		c := newFolder(t)
		c.serve(t).mustStop(t) // makes secrets
		c.store = uri
		if said := says(c); !strings.Contains(said, "run ricircolo serve once with --adopt-secrets") {
			t.Errorf("without being told it said %q", said)
		}
		if said := says(c, "--adopt-secrets"); said != "" {
			t.Errorf("told to adopt them it said %q", said)
		}
		if said := says(c); said != "" {
			t.Errorf("and then it said %q", said)
		}
		if said := says(a); !strings.Contains(said, "with other secrets than this one") {
			t.Errorf("the former ones: it said %q", said)
		}
	})
}

func countLabs(tb testing.TB, at site) (labs int) {
	tb.Helper()
	s := at.open(tb)
	all, err := s.Labs(tb.Context())
	if err := errors.Join(err, s.Close()); err != nil {
		tb.Fatal(err)
	}
	for _, l := range all {
		if isLab(string(l)) {
			labs++
		}
	}
	return labs
}

// TestLinearizableOnTwoServers is about two servers of one database, of which
// one is killed again and again.
func TestLinearizableOnTwoServers(t *testing.T) {
	mongotest.Server(t)
	l := mustLabOn(t, newDatabase)
	steady, shaky, at := l.serve(t), l.serve(t), newTarget()
	bins := l.bins[:16]
	at.set(shaky.url)
	always := newTarget()
	always.set(steady.url)
	both := &alternating{systems: []system{overHTTP{l, always}, overHTTP{l, at}}}
	h := newHistorian(both, bins, mustPickups(t, l, l.as(steady, access.Coordinator), bins), 2000)
	wait := h.start(t.Context(), 8)
	for range 3 {
		<-h.quarter
		at.down()
		shaky.kill()
		shaky = l.serve(t)
		at.set(shaky.url)
	}
	wait()
	shaky.mustStop(t)
	steady.mustStop(t)
	h.wantExplained(t)
	mustProgram(t, l.at("verify")...)
	wantSabotageNoticed(t, h.history)
}

// TestHeadsOnTwoServers reads at one server what was written at the other.
func TestHeadsOnTwoServers(t *testing.T) {
	mongotest.Server(t)
	l := mustLabOn(t, newDatabase)
	a, b := l.serve(t), l.serve(t)
	for i := range 20 {
		at, other := a, b
		if i%2 == 0 {
			at, other = b, a
		}
		r := l.as(at, access.Ward).mustApply(t, closing(l.bins[i], 1000, false))[0]
		head, err := l.as(other, access.Coordinator).head(t.Context())
		if err != nil || store.Seq(head) < r.Seq {
			t.Errorf("entry %d was acknowledged, and the other server is at %d, %v", r.Seq, head, err)
		}
	}
	a.mustStop(t)
	b.mustStop(t)
}
