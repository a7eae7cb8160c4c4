//go:build linux

package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

// healWithin is the promise: how long after there is space again a store may
// still refuse.
const healWithin = 5 * time.Second

// TestAFullDisk fills a small file system, frees it, and wants every
// acknowledged entry and no other.
func TestAFullDisk(t *testing.T) {
	disk := mountSmallDisk(t, "4m")
	logged := &lines{}
	s := mustOpen(t, sqlite.Options{Dir: filepath.Join(disk, "data"), CheckpointBytes: 512 << 10, Logger: slog.New(slog.NewTextHandler(logged, nil))})
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	var acked []string
	began := time.Now()
	refused := 0
	for i := range 5000 {
		id := fmt.Sprint("e", i)
		switch err := appendOne(s, id); {
		case err == nil:
			acked = append(acked, id)
		case errors.Is(err, store.ErrUnavailable):
			refused++
		default:
			t.Fatalf("Update on a full disk: got %v, want ErrUnavailable", err)
		}
	}
	if refused == 0 || len(acked) == 0 {
		t.Fatalf("got %d acknowledged and %d refused: the disk was never full, or always", len(acked), refused)
	}
	wantError(t, "Check", s.Check(t.Context()), store.ErrUnavailable)
	if known := entryIDs(t, s); !slices.Equal(known, acked) {
		t.Errorf("got %d entries on the full disk, want the %d acknowledged ones", len(known), len(acked))
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d acknowledged, %d refused, healed after %s", len(acked), refused, healed(t, s))
	if err := appendOne(s, "afterwards"); err != nil {
		t.Errorf("Update after the store has healed: %v", err)
	}
	if known := entryIDs(t, s); !slices.Equal(known, append(acked, "afterwards")) {
		t.Errorf("got %d entries, want the %d acknowledged ones", len(known), len(acked)+1)
	}
	if err := s.IntegrityCheck(t.Context()); err != nil {
		t.Error(err)
	}
	wantSparseLog(t, logged.all(), time.Since(began))
}

// wantSparseLog wants each message at most once a second.
func wantSparseLog(t *testing.T, logged []string, elapsed time.Duration) {
	t.Helper()
	count := make(map[string]int)
	for _, line := range logged {
		_, msg, _ := strings.Cut(line, `msg="`)
		msg, _, _ = strings.Cut(msg, `"`)
		count[msg]++
	}
	if len(count) == 0 {
		t.Error("the log says nothing of a full disk")
	}
	for msg, n := range count {
		if most := int(elapsed/time.Second) + 1; n > most {
			t.Errorf("the log says %q %d times in %s, want %d at most", msg, n, elapsed, most)
		}
	}
}

// healed waits until the store takes writes again and returns how long that
// took.
func healed(t *testing.T, s store.Store) time.Duration {
	t.Helper()
	began := time.Now()
	if err := waitHealed(s); err != nil {
		t.Fatalf("the store has not healed %s after there was space: %v", healWithin, err)
	}
	return time.Since(began)
}

func mountSmallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		skipLoudly(t, "only root can mount a small disk")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		skipLoudly(t, "a small disk cannot be mounted: "+err.Error())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return dir
}

// lines is a writer that keeps what is written, line by line.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSpace(l.text.String()), "\n")
}

// TestAFileThatMayNotGrow runs a process whose files are limited in size, as
// by systemd's LimitFSIZE: it must refuse, go on reading, and heal.
func TestAFileThatMayNotGrow(t *testing.T) {
	dir := t.TempDir()
	out, err := child(t, "limited", nil, dir).Output()
	if err != nil {
		t.Fatalf("child: %v\n%s", err, out)
	}
	r := parseReport(out)
	if len(r.acked) == 0 || len(r.refused) == 0 || len(r.unexpected) > 0 {
		t.Fatalf("got %d acknowledged, %d refused, %v, want some of both", len(r.acked), len(r.refused), r.unexpected)
	}
	for word, want := range map[string]string{"check": "unavailable", "view": "ok", "healed": "ok", "failed": "no"} {
		if r.words[word] != want {
			t.Errorf("%s: got %q, want %q", word, r.words[word], want)
		}
	}
	wantAllAcked(t, dir, r)
}

// childLimited updates until it is refused, with files of 1 MiB at most, then
// lifts the limit and waits for the store to heal.
func childLimited(out io.Writer, args []string) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	free := limit.Cur
	s, err := sqlite.Open(context.Background(), sqlite.Options{Dir: args[0], CheckpointBytes: 256 << 10, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	limit.Cur = 1 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for i := range 1000 {
		fmt.Fprintln(out, outcome(appendOne(s, fmt.Sprint("e", i))), fmt.Sprint("e", i))
	}
	fmt.Fprintln(out, "check", outcome(s.Check(context.Background())))
	fmt.Fprintln(out, "view", outcome(s.View(context.Background(), "lab", func(r store.Reader) error {
		_, err := r.Entries(0, 10)
		return err
	})))
	limit.Cur = free
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	fmt.Fprintln(out, "healed", outcome(waitHealed(s)))
	select {
	case <-s.Failed():
		fmt.Fprintln(out, "failed", s.FailureCause())
	default:
		fmt.Fprintln(out, "failed no")
	}
	return s.Close()
}

func waitHealed(s store.Store) error {
	began := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if err := s.Check(context.Background()); err == nil || time.Since(began) > healWithin {
			return err
		}
	}
	return nil
}
