//go:build linux

package deploy_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// units copies the units into a folder, with the programs that they start in
// it, since systemd looks whether those are there.
func units(tb testing.TB) (folder string, files []string) {
	tb.Helper()
	folder = tb.TempDir()
	script, err := filepath.Abs("systemd/ricircolo-backup")
	if err != nil {
		tb.Fatal(err)
	}
	programs := strings.NewReplacer("/usr/local/bin/ricircolo-backup", script, "/usr/local/bin/ricircolo", mustBinary(tb))
	for _, unit := range []string{"ricircolo.service", "ricircolo-backup.service", "ricircolo-backup.timer"} {
		file := filepath.Join(folder, unit)
		if err := os.WriteFile(file, []byte(programs.Replace(read(tb, filepath.Join("systemd", unit)))), 0o644); err != nil {
			tb.Fatal(err)
		}
		files = append(files, file)
	}
	return folder, files
}

func TestUnits(t *testing.T) {
	needTool(t, "systemd-analyze")
	_, files := units(t)
	if out, err := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, files...)...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	// Control: what it does not know is noticed.
	text := read(t, files[0])
	if err := os.WriteFile(files[0], []byte(strings.Replace(text, "ProtectHome=yes", "ProtectHouse=yes", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, _ := exec.Command("systemd-analyze", "verify", "--man=no", files[0]).CombinedOutput(); !strings.Contains(string(out), "ProtectHouse") {
		t.Errorf("control: an unknown setting is not noticed: %s", out)
	}
}

// Exposure is 0 to 100 here, and the less the better.
func TestUnitsAreHardened(t *testing.T) {
	needTool(t, "systemd-analyze")
	_, files := units(t)
	score := regexp.MustCompile(`Overall exposure level.*`)
	for file, most := range map[string]string{files[0]: "12", files[1]: "5"} {
		out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold="+most, file).CombinedOutput()
		t.Logf("%s", score.Find(out))
		if err != nil {
			t.Errorf("%s: more exposed than %s of 100: %v", filepath.Base(file), most, err)
		}
	}
}

// callSets are the sets of system calls that systemd knows, each with what is in
// it, sets resolved.
func callSets(tb testing.TB) func(name string) map[string]bool {
	tb.Helper()
	out, err := exec.Command("systemd-analyze", "syscall-filter", "--no-pager").Output()
	if err != nil {
		tb.Fatal(err)
	}
	members, set := make(map[string][]string), ""
	for line := range strings.Lines(string(out)) {
		switch word := strings.TrimSpace(line); {
		case strings.HasPrefix(line, "@"):
			set = word
		case word != "" && !strings.HasPrefix(word, "#"):
			members[set] = append(members[set], word)
		}
	}
	var resolve func(name string) map[string]bool
	resolve = func(name string) map[string]bool {
		calls := make(map[string]bool)
		for _, m := range members[name] {
			if strings.HasPrefix(m, "@") {
				maps.Copy(calls, resolve(m))
				continue
			}
			calls[m] = true
		}
		return calls
	}
	return resolve
}

// allowedCalls is what the lines SystemCallFilter= of a unit leave.
func allowedCalls(tb testing.TB, unit string) map[string]bool {
	tb.Helper()
	resolve, allowed := callSets(tb), make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(.*)$`).FindAllStringSubmatch(read(tb, unit), -1) {
		for _, set := range strings.Fields(m[2]) {
			for call := range resolve(set) {
				if allowed[call] = true; m[1] == "~" {
					delete(allowed, call)
				}
			}
		}
	}
	if !allowed["read"] || allowed["mount"] || allowed["setuid"] {
		tb.Fatalf("the filter of %s is not understood: %d calls", unit, len(allowed))
	}
	return allowed
}

// openFolder is one that every user may write to, beside the binary; those of
// the testing package are closed to others.
func openFolder(tb testing.TB) string {
	tb.Helper()
	name, err := os.MkdirTemp(filepath.Dir(mustBinary(tb)), "open-")
	if err == nil {
		err = os.Chmod(name, 0o777)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return name
}

// nobody is the attribute of a process of a user that is not root, as the units
// run it: SQLite makes calls of its own for root.
func nobody() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
}

// With a call that the filter refuses, the server would fail in production only.
func TestSystemCallsAreAllowed(t *testing.T) {
	needTool(t, "strace")
	needTool(t, "systemd-analyze")
	dir, logs, n := openFolder(t), openFolder(t), 0
	data := filepath.Join(dir, "data")
	// With -D strace is the child, so that a signal to the process reaches the
	// server.
	traced := func(line ...string) *exec.Cmd {
		n++
		command := exec.Command("strace", slices.Concat([]string{"-D", "-f", "-qq", "-o", filepath.Join(logs, fmt.Sprint(n))}, line)...)
		command.Env, command.Dir, command.SysProcAttr = plainEnvironment(), dir, nobody()
		return command
	}
	create := traced(creation(t, data)...)
	create.Stdin = strings.NewReader("first sign-in of the lab\n")
	mustRun(t, create)
	address := "127.0.0.1:" + freePort(t)
	stop := mustServe(t, traced(mustBinary(t), "serve", "--listen", address, "--data", data), address)
	mustRun(t, traced(mustBinary(t), "backup", "--data", data, filepath.Join(dir, "backup.db")))
	stop()
	mustRun(t, traced(mustBinary(t), "restore", "--data", filepath.Join(dir, "restored"), filepath.Join(dir, "backup.db")))
	mustRun(t, traced(mustBinary(t), "verify", "--data", filepath.Join(dir, "restored")))

	made := make(map[string]bool)
	files, err := filepath.Glob(filepath.Join(logs, "*"))
	if err != nil || len(files) != n {
		t.Fatalf("got the traces %v, %v", files, err)
	}
	call := regexp.MustCompile(`(?m)^\d+ +([a-z_0-9]+)\(`)
	for _, file := range files {
		for _, m := range call.FindAllStringSubmatch(read(t, file), -1) {
			made[m[1]] = true
		}
	}
	if !made["fdatasync"] && !made["fsync"] || !made["accept4"] {
		t.Fatalf("the traces do not have what a server does: %v", slices.Sorted(maps.Keys(made)))
	}
	for _, unit := range []string{"systemd/ricircolo.service", "systemd/ricircolo-backup.service"} {
		allowed := allowedCalls(t, unit)
		for name := range made {
			if !allowed[name] {
				t.Errorf("%s refuses %s, which the program calls", unit, name)
			}
		}
	}
}

func TestUserOfTheUnits(t *testing.T) {
	needTool(t, "systemd-sysusers")
	if os.Getuid() != 0 {
		skipLoudly(t, "only root can make users, if only in a folder")
	}
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := filepath.Abs("systemd/ricircolo.sysusers.conf")
	if err != nil {
		t.Fatal(err)
	}
	// From standard input, since files are looked for below the root.
	command := exec.Command("systemd-sysusers", "--root="+root, "-")
	command.Stdin = strings.NewReader(read(t, file))
	mustRun(t, command)
	if users := read(t, filepath.Join(root, "etc", "passwd")); !regexp.MustCompile(`(?m)^ricircolo:x:\d+:\d+:Ricircolo:/var/lib/ricircolo:.*nologin$`).MatchString(users) {
		t.Errorf("the user is made as\n%s", users)
	}
}
