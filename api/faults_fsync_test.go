//go:build unix

package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
)

// TestFailedFsyncEndsTheProcess makes one fsync fail: the server must not
// acknowledge any more, must not call itself ready, and must end with an
// error; started again, it has everything that it acknowledged.
func TestFailedFsyncEndsTheProcess(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		skipLoudly(t, "strace is not installed")
	}
	for _, when := range []int{20, 33} {
		t.Run(fmt.Sprint("fsync ", when), func(t *testing.T) {
			l := mustLab(t)
			f, p := underFsync(t, l, []string{strace, "-f", "-qq", "-o", filepath.Join(t.TempDir(), "trace"),
				"-e", "trace=fsync,fdatasync", "-e", fmt.Sprintf("inject=fsync,fdatasync:error=EIO:when=%d", when)})
			refusedAt := f.untilRefused(t, p, 200)
			if refusedAt < 0 {
				t.Fatal("200 entries were acknowledged and no fsync failed: the test shows nothing")
			}
			for ended := false; !ended; {
				if answer, err := http.Get(p.url + "/readyz"); err == nil {
					answer.Body.Close()
					if answer.StatusCode == http.StatusOK {
						t.Fatal("after the failed fsync the server says that it is ready")
					}
				}
				select {
				case <-p.exited:
					ended = true
				case <-time.After(time.Millisecond): // ask again
				}
			}
			if p.exitCode() == 0 || !strings.Contains(p.stderr.String(), "ricircolo: ") {
				t.Errorf("it ended with %d and said %q, want an error and its cause", p.exitCode(), p.stderr.String())
			}
			f.wantKept(t, l.site)
			mustServe(t, l.dir).mustStop(t)
			t.Logf("%d acknowledged, then refused; ended with %d: %s", refusedAt, p.exitCode(), lastLine(p.stderr.String()))
		})
	}
	t.Run("Control", func(t *testing.T) {
		l := mustLab(t)
		f, p := underFsync(t, l, nil)
		if at := f.untilRefused(t, p, 60); at >= 0 {
			t.Errorf("without a failing fsync, entry %d was refused", at)
		}
		p.mustStop(t)
		f.wantKept(t, l.site)
	})
}

func underFsync(t *testing.T, l *lab, wrapper []string) (*fleet, *process) {
	t.Helper()
	p := startServer(t, wrapper, l.dir)
	if err := p.waitReady(t.Context()); err != nil {
		if text := p.stderr.String(); strings.Contains(strings.ToLower(text), "ptrace") || errors.Is(err, os.ErrPermission) {
			skipLoudly(t, "strace does not work here: "+text)
		}
		t.Fatalf("%v\n%s", err, p.stderr.String())
	}
	return newFleet(l), p
}

// untilRefused records one entry after the other and returns how many were
// acknowledged before the first that was not, or -1.
func (f *fleet) untilRefused(t *testing.T, p *process, most int) int {
	t.Helper()
	ward := f.lab.as(p, access.Ward)
	for n := range most {
		sub, first := f.next()
		for !first { // this fleet sends nothing twice
			sub, first = f.next()
		}
		result, err := ward.record(t.Context(), sub)
		if err == nil {
			f.take(sub, result, true)
			continue
		}
		f.wantNothingMore(t, ward)
		return n
	}
	return -1
}

// wantNothingMore tries on, and wants no acknowledgement.
func (f *fleet) wantNothingMore(t *testing.T, ward client) {
	t.Helper()
	for range 5 {
		sub := closing(f.lab.bins[0], 1000, false)
		f.sent[sub.ID] = true
		if r, err := ward.record(t.Context(), sub); err == nil {
			t.Errorf("after the failed fsync an entry was answered %s, number %d", r.Status, r.Seq)
		}
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
