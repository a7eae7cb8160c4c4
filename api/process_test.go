//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// These tests run the program itself, as an operator does: built once, started
// on a folder of its own, killed, started again.

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := testFolder(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// testFolder holds what the tests share: the binary and a lab to copy.
var testFolder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "ricircolo-test-") })

// binary builds the program.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := testFolder()
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "ricircolo")
	out, err := exec.Command("go", "build", "-o", name, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return name, nil
})

func mustBinary(tb testing.TB) string {
	tb.Helper()
	name, err := binary()
	if err != nil {
		tb.Fatal(err)
	}
	return name
}

// program runs a command to its end and returns what it printed, on either
// channel, and its exit code.
func program(tb testing.TB, args ...string) (printed string, code int) {
	tb.Helper()
	return programReading(tb, "", args...)
}

// programReading gives the command an input.
func programReading(tb testing.TB, input string, args ...string) (printed string, code int) {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), mustBinary(tb), args...)
	cmd.Env = plainEnvironment()
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		tb.Fatalf("ricircolo %v: %v", args, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// mustProgram runs a command that must succeed.
func mustProgram(tb testing.TB, args ...string) string {
	tb.Helper()
	printed, code := program(tb, args...)
	if code != 0 {
		tb.Fatalf("ricircolo %v ended with %d:\n%s", args, code, printed)
	}
	return printed
}

// plainEnvironment is ours without what would configure the program.
func plainEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "RICIRCOLO_") })
}

// process is a running server.
type process struct {
	url     string
	started time.Duration // from exec to the first 200 of /readyz
	cmd     *exec.Cmd
	stderr  syncBuffer
	exited  chan struct{} // closed when the process has ended
}

// roomy are flags for tests that are not about limits: clients here all have
// one address, and few names.
var roomy = []string{
	"--address-rate=1000000", "--address-burst=1000000", "--caller-rate=1000000", "--caller-burst=1000000",
	"--max-connections-per-address=2048", "--log-level=warn", "--token-issuer=ricircolo-test",
}

// mustServe starts a server on a data folder and waits until it is ready.
func mustServe(tb testing.TB, dir string, flags ...string) *process {
	tb.Helper()
	return mustServeUnder(tb, nil, dir, flags...)
}

// mustServeUnder starts it under another program, such as strace.
func mustServeUnder(tb testing.TB, wrapper []string, dir string, flags ...string) *process {
	tb.Helper()
	p := startServer(tb, wrapper, dir, flags...)
	if err := p.waitReady(tb.Context()); err != nil {
		tb.Fatalf("starting the server: %v\n%s", err, p.stderr.String())
	}
	return p
}

// startServer starts a server and does not wait for it.
func startServer(tb testing.TB, wrapper []string, dir string, flags ...string) *process {
	tb.Helper()
	address := freeAddress(tb)
	line := slices.Concat(wrapper, []string{mustBinary(tb), "serve", "--data", dir, "--listen", address}, roomy, flags)
	p := &process{url: "http://" + address, cmd: exec.Command(line[0], line[1:]...), exited: make(chan struct{})}
	p.cmd.Env, p.cmd.Stderr = plainEnvironment(), &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with its wrapper
	if err := p.cmd.Start(); err != nil {
		tb.Fatalf("starting the server: %v", err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // how it ended is read from ProcessState
	}()
	tb.Cleanup(func() {
		p.kill()
		if text := p.stderr.String(); tb.Failed() && text != "" {
			tb.Logf("the server at %s said:\n%s", p.url, text[max(0, len(text)-4000):])
		}
	})
	return p
}

// waitReady returns when the server is ready, or has ended.
func (p *process) waitReady(ctx context.Context) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/readyz", nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_, _ = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				p.started = time.Since(began)
				return nil
			}
		}
		select {
		case <-p.exited:
			return fmt.Errorf("it ended with %d", p.exitCode())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond): // nothing tells from outside that it listens
		}
	}
}

// kill ends the server as a power cut would, and what it runs under.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // fails if it has ended
	<-p.exited
}

// terminate asks the server to end, waits for it, and says how it went.
func (p *process) terminate(tb testing.TB) (code int, took time.Duration) {
	tb.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Fatalf("SIGTERM: %v", err)
	}
	p.mustEnd(tb, 15*time.Second)
	return p.exitCode(), time.Since(began)
}

// mustEnd waits for the server to end by itself.
func (p *process) mustEnd(tb testing.TB, within time.Duration) {
	tb.Helper()
	select {
	case <-p.exited:
	case <-time.After(within):
		tb.Fatalf("the server still runs after %v", within)
	}
}

// mustStop ends the server properly.
func (p *process) mustStop(tb testing.TB) {
	tb.Helper()
	if code, took := p.terminate(tb); code != 0 {
		tb.Fatalf("after SIGTERM the server ended with %d in %v:\n%s", code, took, p.stderr.String())
	}
}

// exitCode is -1 for a process that was killed.
func (p *process) exitCode() int { return p.cmd.ProcessState.ExitCode() }

// freeAddress finds a port that nobody listens on, below those that the kernel
// gives to outgoing connections.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		if ln, err := net.Listen("tcp", address); err == nil {
			ln.Close()
			return address
		}
	}
	tb.Fatal("no free port in 100 tries")
	return ""
}

// syncBuffer may be written and read at the same time.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// copyFolder copies a data folder whose server does not run.
func copyFolder(tb testing.TB, from string) string {
	tb.Helper()
	to := filepath.Join(tb.TempDir(), "data")
	err := filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(name, from))
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
	if err != nil {
		tb.Fatalf("copying %s: %v", from, err)
	}
	return to
}

// skipLoudly skips a test that this machine can't run, which CI must be able
// to.
func skipLoudly(tb testing.TB, why string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf("NOT TESTED: %s", why)
	}
	tb.Skipf("NOT TESTED: %s", why)
}
