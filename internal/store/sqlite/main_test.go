package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

// childEnv makes the test binary a program of its own, which the tests run
// under strace, with limits, or as a second process: its value names the
// program, the arguments follow.
const childEnv = "RICIRCOLO_SQLITE_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		if err := children[name](os.Stdout, os.Args[1:]); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

var children = map[string]func(out io.Writer, args []string) error{
	"open":    childOpen,
	"updates": childUpdates,
	"limited": childLimited,
}

// child is a command that runs this binary as a child, under wrap when there
// is one.
func child(t *testing.T, name string, wrap []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	line := append(append(wrap, self), args...)
	cmd := exec.CommandContext(t.Context(), line[0], line[1:]...)
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// childOpen opens the store in a folder and says how that went.
func childOpen(out io.Writer, args []string) error {
	s, err := sqlite.Open(context.Background(), sqlite.Options{Dir: args[0]})
	if errors.Is(err, store.ErrLocked) {
		fmt.Fprintln(out, "locked:", err)
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "opened")
	return s.Close()
}

// childUpdates makes args[1] updates, one after the other, and says of each
// whether it was acknowledged; then how the store feels. args[2] "scratch"
// turns fsync off.
func childUpdates(out io.Writer, args []string) error {
	var n int
	if _, err := fmt.Sscan(args[1], &n); err != nil {
		return err
	}
	s, err := sqlite.Open(context.Background(), sqlite.Options{
		Dir: args[0], Scratch: args[2] == "scratch", CheckpointBytes: 256 << 10, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	for i := range n {
		fmt.Fprintln(out, outcome(appendOne(s, fmt.Sprint("e", i))), fmt.Sprint("e", i))
	}
	fmt.Fprintln(out, "check", outcome(s.Check(context.Background())))
	err = s.View(context.Background(), "lab", func(r store.Reader) error {
		seq, _, err := r.Head()
		fmt.Fprintln(out, "head", seq)
		return err
	})
	fmt.Fprintln(out, "view", outcome(err))
	select {
	case <-s.Failed():
		fmt.Fprintln(out, "cause", s.FailureCause())
	default:
	}
	_ = s.Close() // may fail where the test makes everything fail
	return nil
}

// outcome is one word.
func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, store.ErrUnavailable):
		return "unavailable"
	}
	return "unexpected:" + strings.ReplaceAll(err.Error(), " ", "_")
}

// appendOne appends an entry of about 2 kB.
func appendOne(s store.Store, id string) error {
	return s.Update(context.Background(), "lab", func(tx store.Tx) error {
		_, err := tx.Append(store.Entry{ID: id, Content: fmt.Appendf(nil, `{"filler":%q}`, strings.Repeat("x", 2000)), Outcome: []byte(`{}`)})
		return err
	})
}

// report is what childUpdates and its like printed: the words by what they are
// about.
type report struct {
	acked, refused []string
	ackedLate      []string // after the first refusal
	unexpected     []string
	words          map[string]string
}

func parseReport(out []byte) report {
	r := report{words: make(map[string]string)}
	for line := range strings.Lines(string(out)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case word == "ok":
			r.acked = append(r.acked, rest)
			if len(r.refused) > 0 {
				r.ackedLate = append(r.ackedLate, rest)
			}
		case word == "unavailable":
			r.refused = append(r.refused, rest)
		case strings.HasPrefix(word, "unexpected"):
			r.unexpected = append(r.unexpected, line)
		default:
			r.words[word] = rest
		}
	}
	return r
}

// entryIDs are the ids in the ledger of the lab, in order.
func entryIDs(t *testing.T, s store.Store) []string {
	t.Helper()
	var found []string
	err := s.View(t.Context(), "lab", func(r store.Reader) error {
		for {
			records, err := r.Entries(store.Seq(len(found)), store.MaxFind)
			if err != nil || len(records) == 0 {
				return err
			}
			for _, rec := range records {
				found = append(found, rec.Entry.ID)
			}
		}
	})
	if err != nil {
		t.Fatalf("reading the ledger: %v", err)
	}
	return found
}

// skipLoudly skips a test that the machine cannot run, which CI must be able
// to.
func skipLoudly(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("NOT TESTED: %s", why)
	}
	t.Skipf("NOT TESTED: %s", why)
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}
