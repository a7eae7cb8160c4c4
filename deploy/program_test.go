//go:build linux

package deploy_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// These tests run the program as the files here do.

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := folder(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

var folder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "ricircolo-deploy-") })

// binary builds the program as the Dockerfile does, but for -trimpath, with
// which all of it would be compiled once more.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := folder()
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // also others run what is in it
		return "", err
	}
	name := filepath.Join(dir, "ricircolo")
	command := exec.Command("go", "build", "-ldflags", "-s -w -X main.release=1.0.0", "-o", name, "../api")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
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

// plainEnvironment is ours without what would configure the program, and with
// more.
func plainEnvironment(more ...string) []string {
	list := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "RICIRCOLO_") || strings.HasPrefix(v, "BACKUPS=") || strings.HasPrefix(v, "KEEP_DAYS=")
	})
	return append(list, more...)
}

// mustRun runs a command to its end, which must be a good one.
func mustRun(tb testing.TB, command *exec.Cmd) string {
	tb.Helper()
	out, err := command.CombinedOutput()
	if err != nil {
		tb.Fatalf("%v: %v\n%s", command.Args, err, out)
	}
	return string(out)
}

// creation is the command that makes a data folder with a lab and its
// coordinator.
func creation(tb testing.TB, dir string) []string {
	tb.Helper()
	return []string{mustBinary(tb), "user", "create", "--data", dir, "--email", "coordinator@lab.example", "--name", "Coordinator", "--password-file", "-"}
}

func mustCreateLab(tb testing.TB, dir string) {
	tb.Helper()
	line := creation(tb, dir)
	command := exec.CommandContext(tb.Context(), line[0], line[1:]...)
	command.Env, command.Stdin = plainEnvironment(), strings.NewReader("first sign-in of the lab\n")
	mustRun(tb, command)
}

// mustServe starts a server and returns when "ricircolo health" says that it is
// ready. stop ends it, and fails the test if it does not end well.
func mustServe(tb testing.TB, command *exec.Cmd, address string) (stop func()) {
	tb.Helper()
	var said strings.Builder
	command.Stderr = &said
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- command.Wait() }()
	stop = sync.OnceFunc(func() {
		_ = command.Process.Signal(syscall.SIGTERM) // fails if it has ended
		select {
		case err := <-exited:
			if err != nil {
				tb.Errorf("the server ended with %v:\n%s", err, said.String())
			}
		case <-time.After(15 * time.Second):
			_ = command.Process.Kill()
			tb.Error("the server does not end within the time that the files here give it")
		}
	})
	tb.Cleanup(stop)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) { // nothing tells that it listens
		ctx, cancel := context.WithTimeout(tb.Context(), 5*time.Second)
		health := exec.CommandContext(ctx, mustBinary(tb), "health", "--listen", address)
		health.Env = plainEnvironment()
		err := health.Run()
		cancel()
		if err == nil {
			return stop
		}
		if len(exited) > 0 || time.Now().After(deadline) {
			stop()
			tb.Fatalf("the server does not start:\n%s", said.String())
		}
	}
}

// freePort is one that nobody listens on, below those of outgoing connections.
func freePort(tb testing.TB) string {
	tb.Helper()
	for range 100 {
		port := fmt.Sprint(20000 + rand.IntN(12000))
		if ln, err := net.Listen("tcp", ":"+port); err == nil {
			ln.Close()
			return port
		}
	}
	tb.Fatal("no free port in 100 tries")
	return ""
}

// secretsOfTheManifest runs the commands that deployment.yaml gives, and returns
// what they print, by key.
func secretsOfTheManifest(tb testing.TB) map[string]string {
	tb.Helper()
	needTool(tb, "openssl")
	list := make(map[string]string)
	for _, m := range regexp.MustCompile(`--from-literal=([a-z-]+)="\$\((.*)\)"`).FindAllStringSubmatch(read(tb, "kubernetes/deployment.yaml"), -1) {
		list[m[1]] = strings.TrimRight(mustRun(tb, exec.CommandContext(tb.Context(), "sh", "-c", m[2])), "\n")
	}
	if pepper, err := base64.StdEncoding.DecodeString(list["pepper"]); err != nil || len(pepper) != 32 || len(list) != 3 {
		tb.Fatalf("the commands of deployment.yaml give %d secrets, and a pepper of %d bytes", len(list), len(pepper))
	}
	return list
}

// The pod's environment, in what is the image but for its certificates: the
// binary alone in a folder, as a user that is nobody.
func TestServerAloneInItsImage(t *testing.T) {
	if os.Getuid() != 0 {
		skipLoudly(t, "only root can lock a program into a folder")
	}
	root, port := t.TempDir(), freePort(t)
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(mustBinary(t))
	if err == nil {
		err = errors.Join(os.WriteFile(filepath.Join(root, "ricircolo"), program, 0o755), os.Mkdir(filepath.Join(root, "data"), 0o755))
	}
	if err = errors.Join(err, os.Chown(filepath.Join(root, "data"), 65532, 65532)); err != nil {
		t.Fatal(err)
	}
	secrets := secretsOfTheManifest(t)
	var env []string
	_, c := container(t, manifests(t))
	for _, e := range c["env"].([]any) {
		name := at(e, "name").(string)
		if key, secret := at(e, "valueFrom", "secretKeyRef", "key").(string); secret {
			if text := secrets[key]; text != "" {
				env = append(env, name+"="+text)
			}
			continue // the store is the file here, for want of a database
		}
		env = append(env, name+"="+at(e, "value").(string))
	}
	for _, m := range regexp.MustCompile(`(RICIRCOLO_[A-Z]+)=(\S+)`).FindAllStringSubmatch(regexp.MustCompile(`(?m)^ENV .*$`).FindString(read(t, "Dockerfile")), -1) {
		env = append(env, m[1]+"="+strings.Replace(m[2], ":8080", ":"+port, 1))
	}
	command := exec.Command("/ricircolo", "serve")
	command.Dir, command.Env = "/", env
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	mustServe(t, command, ":"+port)()
	if _, err := os.Stat(filepath.Join(root, "data", "ricircolo.db")); err != nil {
		t.Errorf("the store is not in /data: %v", err)
	}
	made, err := filepath.Glob(filepath.Join(root, "data", "secrets", "*"))
	if err != nil || len(made) > 0 {
		t.Errorf("the server made secrets of its own although all were given: %v, %v", made, err)
	}
}

// What env.example sets must be understood, and be enough to start.
func TestServerWithTheExampleOfTheEnvironment(t *testing.T) {
	set := regexp.MustCompile(`(?m)^RICIRCOLO_.*$`).FindAllString(read(t, "env.example"), -1)
	address := "127.0.0.1:" + freePort(t)
	command := exec.Command(mustBinary(t), "serve", "--listen", address, "--data", t.TempDir())
	command.Env = plainEnvironment(set...)
	mustServe(t, command, address)
}

// backupScript runs the nightly backup with a program and returns what it says.
func backupScript(tb testing.TB, program, data, backups string) (string, error) {
	tb.Helper()
	command := exec.CommandContext(tb.Context(), "systemd/ricircolo-backup")
	command.Env = plainEnvironment("RICIRCOLO="+program, "RICIRCOLO_DATA="+data, "BACKUPS="+backups, "KEEP_DAYS=30")
	out, err := command.CombinedOutput()
	return string(out), err
}

func TestNightlyBackup(t *testing.T) {
	data, backups := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backups")
	mustCreateLab(t, data)
	address := "127.0.0.1:" + freePort(t)
	server := exec.Command(mustBinary(t), "serve", "--listen", address, "--data", data)
	server.Env = plainEnvironment()
	mustServe(t, server, address)

	old := filepath.Join(backups, "ricircolo-20260101T000000Z.db")
	age := func() {
		long := time.Now().AddDate(0, 0, -40)
		if err := errors.Join(os.MkdirAll(backups, 0o700), os.WriteFile(old, nil, 0o600), os.Chtimes(old, long, long)); err != nil {
			t.Fatal(err)
		}
	}
	kept := func() []string {
		list, err := filepath.Glob(filepath.Join(backups, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}

	// One that does not verify is no backup, and takes no older one away.
	age()
	broken := filepath.Join(t.TempDir(), "ricircolo")
	script := "#!/bin/sh\n[ \"$1\" != verify ] || exit 1\nexec " + mustBinary(t) + " \"$@\"\n"
	if err := os.WriteFile(broken, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := backupScript(t, broken, data, backups); err == nil || !slices.Equal(kept(), []string{old}) {
		t.Errorf("a backup that does not verify: %v, left %v\n%s", err, kept(), out)
	}
	// A good one does both.
	out, err := backupScript(t, mustBinary(t), data, backups)
	if err != nil || !strings.Contains(out, "masses close") || !strings.Contains(out, "is restored and verified") {
		t.Fatalf("the backup failed: %v\n%s", err, out)
	}
	files := kept()
	if len(files) != 1 || files[0] == old || !regexp.MustCompile(`/ricircolo-\d{8}T\d{6}Z\.db$`).MatchString(files[0]) {
		t.Fatalf("left %v, want the new one", files)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the backup can be read by others: %v, %v", info.Mode(), err)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old one is still there: %v", err)
	}
}

// The page's commands are run as they are written there, while a server runs.
func TestBackupPage(t *testing.T) {
	needTool(t, "bash")
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)```bash\n(.*?)```").FindAllStringSubmatch(read(t, "backup.md"), -1) {
		blocks = append(blocks, m[1])
	}
	if len(blocks) != 3 {
		t.Fatalf("the page has %d blocks to run, want 3", len(blocks))
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	mustCreateLab(t, data)
	if err := os.Symlink(mustBinary(t), filepath.Join(dir, "ricircolo")); err != nil {
		t.Fatal(err)
	}
	address := "127.0.0.1:" + freePort(t)
	server := exec.Command(mustBinary(t), "serve", "--listen", address, "--data", data)
	server.Env = plainEnvironment()
	stop := mustServe(t, server, address)
	shell := exec.CommandContext(t.Context(), "bash", "-c", "set -euo pipefail\n"+strings.Join(blocks, "\n"))
	shell.Dir, shell.Env = dir, plainEnvironment()
	out := mustRun(t, shell)
	for part, times := range map[string]int{"backup.db written": 1, "restored.": 1, "; head ": 2, "rebuilt": 1} {
		if strings.Count(out, part) != times {
			t.Errorf("%q is printed %d times, want %d:\n%s", part, strings.Count(out, part), times, out)
		}
	}
	stop()
	restored := exec.Command(mustBinary(t), "serve", "--listen", address, "--data", filepath.Join(dir, "restored"))
	restored.Env = plainEnvironment()
	mustServe(t, restored, address)
}
