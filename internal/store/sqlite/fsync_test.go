package sqlite_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

// underStrace runs a child under strace, which looks at its fsyncs, and
// returns what the child printed and the lines of the trace.
func underStrace(t *testing.T, options []string, args ...string) (report, []string) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		skipLoudly(t, "strace is not installed")
	}
	trace := filepath.Join(t.TempDir(), "trace")
	wrap := append([]string{strace, "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", trace}, options...)
	out, err := child(t, "updates", wrap, args...).Output()
	if err != nil {
		if b, _ := os.ReadFile(trace); strings.Contains(string(b), "PTRACE") || len(out) == 0 {
			skipLoudly(t, "strace does not work here: "+err.Error())
		}
		t.Fatalf("child: %v\n%s", err, out)
	}
	b, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.DeleteFunc(strings.Split(string(b), "\n"), func(line string) bool {
		return !strings.Contains(line, "sync(")
	})
	return parseReport(out), lines
}

// TestEveryAcknowledgementHasItsFsync witnesses from outside that the process
// asks the disk before it acknowledges.
func TestEveryAcknowledgementHasItsFsync(t *testing.T) {
	const updates = 200
	r, syncs := underStrace(t, nil, t.TempDir(), strconv.Itoa(updates), "durable")
	if len(r.acked) != updates || len(r.unexpected) > 0 {
		t.Fatalf("got %d acknowledged, %v, want %d", len(r.acked), r.unexpected, updates)
	}
	if len(syncs) < updates {
		t.Errorf("got %d fsyncs for %d updates, want one each at least", len(syncs), updates)
	}
	t.Logf("%d fsyncs for %d updates", len(syncs), updates)

	t.Run("ControlWithoutFsync", func(t *testing.T) {
		_, syncs := underStrace(t, nil, t.TempDir(), strconv.Itoa(updates), "scratch")
		if len(syncs) >= updates/10 {
			t.Errorf("got %d fsyncs for %d updates without fsync: the witness is blind", len(syncs), updates)
		}
	})
}

// TestAFailedFsyncEndsAcknowledging lets one fsync fail, later ones succeed
// again, and wants the store not to believe them.
func TestAFailedFsyncEndsAcknowledging(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		when       int // which fsync of the file, counted for each thread
	}{
		{"FirstCommit", "ricircolo.db-wal", 1},
		{"LaterCommit", "ricircolo.db-wal", 6},
		{"CommitOrCopy", "ricircolo.db-wal", 11},
		// The store exists: what syncs the main file is copying the WAL.
		{"CopyingTheWAL", "ricircolo.db", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := mustOpen(t, sqlite.Options{Dir: dir}).Close(); err != nil {
				t.Fatal(err)
			}
			r, syncs := underStrace(t, []string{
				"-P", filepath.Join(dir, tt.file),
				"-e", fmt.Sprint("inject=fsync,fdatasync:error=EIO:when=", tt.when),
			}, dir, "120", "durable")
			injected := slices.ContainsFunc(syncs, func(line string) bool { return strings.Contains(line, "INJECTED") })
			if !injected {
				t.Fatal("no fsync was made to fail: the test shows nothing")
			}
			if len(r.ackedLate) > 0 {
				t.Errorf("acknowledged after the failed fsync: %v", r.ackedLate)
			}
			if len(r.refused) == 0 || len(r.unexpected) > 0 {
				t.Errorf("got %d refused and %v, want the rest refused", len(r.refused), r.unexpected)
			}
			for word, want := range map[string]string{"check": "unavailable", "view": "ok"} {
				if r.words[word] != want {
					t.Errorf("%s: got %q, want %q", word, r.words[word], want)
				}
			}
			if r.words["cause"] == "" {
				t.Error("Failed was not closed")
			}
			wantAllAcked(t, dir, r)
		})
	}
	t.Run("Control", func(t *testing.T) {
		r, _ := underStrace(t, nil, t.TempDir(), "120", "durable")
		if len(r.acked) != 120 || r.words["check"] != "ok" {
			t.Errorf("got %d acknowledged, check %s, want all", len(r.acked), r.words["check"])
		}
	})
}

// wantAllAcked opens a folder again and looks for what was acknowledged.
func wantAllAcked(t *testing.T, dir string, r report) {
	t.Helper()
	s := mustOpen(t, sqlite.Options{Dir: dir})
	if err := s.IntegrityCheck(t.Context()); err != nil {
		t.Error(err)
	}
	known := entryIDs(t, s)
	for _, id := range r.acked {
		if !slices.Contains(known, id) {
			t.Errorf("%s was acknowledged and is lost", id)
		}
	}
	if err := appendOne(s, "afterwards"); err != nil {
		t.Errorf("Update after opening again: %v", err)
	}
}
