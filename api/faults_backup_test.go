//go:build unix

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// TestBackupsUnderLoad takes backups while phones record, restores each, and
// wants it to be the store as it was at some moment during the backup.
func TestBackupsUnderLoad(t *testing.T) {
	l := mustLab(t)
	p := mustServe(t, l.dir)
	f := newFleet(l)
	f.target.set(p.url)
	ctx, stop := context.WithCancel(t.Context())
	wait := f.start(ctx, 16)
	folder := t.TempDir()
	type backup struct {
		file    string
		witness int64 // the head when the backup began
	}
	var backups []backup
	for _, name := range []string{"1.db", "2.db", "3.db", "4.db", "5.db"} {
		f.mustProgress(t, p, 300)
		b := backup{filepath.Join(folder, name), f.mustHead(t, p)}
		mustProgram(t, "backup", "--data", l.dir, b.file)
		backups = append(backups, b)
	}
	naive := filepath.Join(t.TempDir(), sqlite.FileName)
	mustCopy(t, filepath.Join(l.dir, sqlite.FileName), naive)
	witness := f.mustHead(t, p)
	stop()
	wait()
	p.mustStop(t)

	for _, b := range backups {
		restored := filepath.Join(t.TempDir(), "data")
		mustProgram(t, "restore", "--data", restored, b.file)
		head := f.wantKeptUpToHead(t, restored)
		if head < b.witness {
			t.Errorf("%s ends at %d, but began when the head was %d", b.file, head, b.witness)
		}
		mustProgram(t, "verify", "--data", restored)
	}
	f.wantKept(t, l.site)

	t.Run("ControlCopyOfOneFile", func(t *testing.T) {
		if found := verifyFolder(t, filepath.Dir(naive)); found != "" {
			return // damaged: noticed too
		}
		head := int64(len(mustLedger(t, site{dir: filepath.Dir(naive)})))
		if head >= witness {
			t.Errorf("a copy of the file alone, without its WAL, has all %d entries of %d: was there load?", head, witness)
		}
		t.Logf("the copy of one file ends at %d of %d entries: only a witness sees that", head, witness)
	})
}

// mustProgress waits until so many more entries are acknowledged.
func (f *fleet) mustProgress(tb testing.TB, p *process, more int64) {
	tb.Helper()
	for from := f.mustHead(tb, p); f.mustHead(tb, p) < from+more; {
	}
}

func (f *fleet) mustHead(tb testing.TB, p *process) int64 {
	tb.Helper()
	head, err := f.lab.as(p, access.Coordinator).head(tb.Context())
	if err != nil {
		tb.Fatalf("asking for the head: %v", err)
	}
	return head
}

// wantKeptUpToHead wants a folder to hold what was acknowledged up to its own
// head, and returns that.
func (f *fleet) wantKeptUpToHead(tb testing.TB, dir string) (head int64) {
	tb.Helper()
	ledger := mustLedger(tb, site{dir: dir})
	acked := map[string]tracking.Result{}
	for id, r := range f.acked {
		if r.Seq <= store.Seq(len(ledger)) {
			acked[id] = r
		}
	}
	for _, fault := range ledgerFaults(ledger, acked, f.sent) {
		tb.Errorf("%s: %s", dir, fault)
	}
	return int64(len(ledger))
}

func mustCopy(tb testing.TB, from, to string) {
	tb.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// TestKilledBackup kills the backup at several moments: there is never half a
// backup under its name, and the next one succeeds.
func TestKilledBackup(t *testing.T) {
	l := mustLab(t)
	p := mustServe(t, l.dir)
	f := newFleet(l)
	f.target.set(p.url)
	ctx, stop := context.WithCancel(t.Context())
	wait := f.start(ctx, 4)
	strace, err := exec.LookPath("strace")
	if err != nil {
		skipLoudly(t, "strace is not installed")
	}
	cut := 0
	for _, at := range []string{"pwrite64:signal=SIGKILL:when=2", "pwrite64:signal=SIGKILL:when=40", "fsync:signal=SIGKILL:when=1", "renameat:signal=SIGKILL:when=1"} {
		file := filepath.Join(t.TempDir(), "backup.db")
		_ = exec.CommandContext(t.Context(), strace, "-f", "-qq", "-o", os.DevNull, "-e", "inject="+at,
			mustBinary(t), "backup", "--data", l.dir, file).Run() // killed
		if _, err := os.Stat(file); err == nil {
			t.Errorf("killed at %s: there is a backup", at)
		}
		if _, err := os.Stat(file + ".partial"); err == nil {
			cut++
		}
		mustProgram(t, "backup", "--data", l.dir, file)
		restored := filepath.Join(t.TempDir(), "data")
		mustProgram(t, "restore", "--data", restored, file)
		if found := verifyFolder(t, restored); found != "" {
			t.Errorf("the backup after the one killed at %s: %s", at, found)
		}
	}
	if cut == 0 {
		t.Error("no backup was killed in the middle: the test shows nothing")
	}
	stop()
	wait()
	p.mustStop(t)
	f.wantKept(t, l.site)
}
