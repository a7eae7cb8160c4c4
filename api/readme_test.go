package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// The README's commands are run as they are written there, so that they can't
// rot.

const readmeFile = "../README.md"

// bashBlocks are the bash blocks of a section of the README, for a machine that
// can run them.
func bashBlocks(tb testing.TB, section string) []string {
	tb.Helper()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			skipLoudly(tb, "the README's commands need "+tool)
		}
	}
	text, err := os.ReadFile(readmeFile)
	if err != nil {
		tb.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## "+section+"\n")
	if !found {
		tb.Fatalf("the README has no section %q", section)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)```bash\n(.*?)```").FindAllStringSubmatch(rest, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// mustBash runs blocks in one shell that stops at the first command that
// fails, and returns what each of them printed.
func mustBash(tb testing.TB, dir string, blocks []string) []string {
	tb.Helper()
	const mark = "\x1e" // between the blocks
	script := "set -euo pipefail\n" + strings.Join(blocks, "\nprintf '"+mark+"'\n")
	cmd := exec.CommandContext(tb.Context(), "bash", "-c", script)
	cmd.Dir, cmd.Env = dir, plainEnvironment()
	out, err := cmd.CombinedOutput()
	printed := strings.Split(string(out), mark)
	if err != nil {
		tb.Fatalf("block %d of the README fails: %v\n%s\n%s", len(printed), err, blocks[min(len(printed), len(blocks))-1], printed[len(printed)-1])
	}
	return printed
}

// wantPrinted compares what blocks printed with what must be in there, white
// space aside.
func wantPrinted(t *testing.T, blocks, printed []string, want [][]string) {
	t.Helper()
	if len(blocks) != len(want) {
		t.Fatalf("the section has %d blocks, this test knows %d", len(blocks), len(want))
	}
	for i, parts := range want {
		got := strings.Join(strings.Fields(printed[i]), "")
		for _, part := range parts {
			if !strings.Contains(got, strings.ReplaceAll(part, " ", "")) {
				t.Errorf("block %d lacks %s\n%s\nprinted\n%s", i+1, part, blocks[i], printed[i])
			}
		}
	}
}

func TestTourOfTheREADME(t *testing.T) { onEngines(t, testTourOfTheREADME) }

func testTourOfTheREADME(t *testing.T, newSite func(testing.TB) site) {
	t.Parallel()
	blocks := bashBlocks(t, "Five-minute tour")
	base := mustDemo(t, newSite(t))
	for i := range blocks {
		blocks[i] = strings.ReplaceAll(blocks[i], "http://127.0.0.1:8080", base)
		blocks[i] = strings.ReplaceAll(blocks[i], "go run ./api", mustBinary(t))
	}
	folder := t.TempDir()
	wantPrinted(t, blocks, mustBash(t, folder, blocks), [][]string{
		{},
		{`"state":"known"`, `"fill.close"`, `"acceptsIt"`},
		{`"status":"applied"`, `"state":"closed"`, `"netGrams":3150`, `"undo"`},
		{`"status":"duplicate"`},
		{`"state":"planned"`, `"pickup.scan"`, `"allocation":[{`},
		{`"collectedGrams"`, `"intoRecyclingGrams"`, `"steps":[{`, `"facts":[{`, `"items"`},
		{`"id":"avoided"`, `"interval":{"low"`, `"reason":"factor-missing"`, `"id":"inventory-waste","unit":"kgCO2e","before":"`},
		{"report.pdf"},
		{"1 passed, 0 failed"},
		{`"state":"bound"`, `"status":"received"`, `"problem":"full"`, `"note":"The lid does not close."`},
		{"labels.pdf"},
		{`"status":"applied"`},
	})
	for _, name := range []string{"labels.pdf", "report.pdf"} {
		if page, err := os.ReadFile(filepath.Join(folder, name)); err != nil || !strings.HasPrefix(string(page), "%PDF-") {
			t.Errorf("%s begins with %.8q, %v", name, page, err)
		}
	}
}

// mustDemo starts the demo and returns where it is. It must have told how to
// sign in, as the tour does.
func mustDemo(tb testing.TB, at site) (base string) {
	tb.Helper()
	address := freeAddress(tb)
	var out syncBuffer
	cmd := exec.Command(mustBinary(tb), at.at("demo", "--listen", address)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = plainEnvironment(), &out, &out
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // fails if it has ended
		select {
		case err := <-exited:
			if err != nil {
				tb.Errorf("the demo ended with %v:\n%s", err, out.String())
			}
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			tb.Error("the demo does not end")
		}
	})
	for deadline := time.Now().Add(2 * time.Minute); !strings.Contains(out.String(), "Ctrl-C ends it"); {
		if len(exited) > 0 || time.Now().After(deadline) {
			tb.Fatalf("the demo does not start:\n%s", out.String())
		}
		time.Sleep(20 * time.Millisecond) // nothing else tells that it listens
	}
	if text := out.String(); !strings.Contains(text, "http://"+address) || !strings.Contains(text, "prova-di-ricircolo") {
		tb.Errorf("the demo says\n%s\nwhich is not what the tour relies on", text)
	}
	return "http://" + address
}

func TestBackupOfTheREADME(t *testing.T) {
	t.Parallel()
	blocks := bashBlocks(t, "Serving a lab")
	dir := mustOperate(t)
	server := mustServe(t, filepath.Join(dir, "data"))
	wantPrinted(t, blocks, mustBash(t, dir, blocks), [][]string{
		{"backup.db written"},
		{"restored.", "masses close", "rebuilt"},
	})
	server.mustStop(t)
	mustServe(t, filepath.Join(dir, "restored")).mustStop(t)
}

// TestEnginesOfTheREADME migrates a lab as the README says, while its server
// runs and again when it has stopped, and back.
func TestEnginesOfTheREADME(t *testing.T) {
	t.Parallel()
	blocks := bashBlocks(t, "Engines")
	database := mongotest.Database(t)
	for i := range blocks {
		blocks[i] = strings.ReplaceAll(blocks[i], "mongodb://127.0.0.1:27017/ricircolo", database)
	}
	dir := mustOperate(t)
	server := mustServe(t, filepath.Join(dir, "data"))
	wantPrinted(t, blocks[:1], mustBash(t, dir, blocks[:1]), [][]string{{"run the same again"}})
	server.mustStop(t)
	wantPrinted(t, blocks[1:], mustBash(t, dir, blocks[1:]), [][]string{
		{"the two stores are equal", "masses close"},
		{"--data back", "the two stores are equal"},
	})
	site{filepath.Join(dir, "data"), database}.serve(t).mustStop(t)
	back := site{dir: filepath.Join(dir, "back")}
	mustCopySecrets(t, site{dir: filepath.Join(dir, "data")}, back)
	back.serve(t).mustStop(t)
}

func TestLabelsOfTheREADME(t *testing.T) {
	t.Parallel()
	blocks := bashBlocks(t, "Labels")
	wantPrinted(t, blocks, mustBash(t, mustOperate(t), blocks), [][]string{
		{"L7160", "roll-62", "calibration.pdf written", "42 labels on 2 pages of L7160", "https://ricircolo.example"},
		{"10 labels on 10 pages of roll-62", "labels.zpl"},
	})
}

// mustOperate makes the folder of an operator: the program, and a lab in data.
func mustOperate(tb testing.TB) (dir string) {
	tb.Helper()
	dir = tb.TempDir()
	if err := os.Symlink(mustBinary(tb), filepath.Join(dir, "ricircolo")); err != nil {
		tb.Fatal(err)
	}
	printed, code := programReading(tb, "first sign-in of the lab\n", "user", "create", "--data", filepath.Join(dir, "data"),
		"--email", "coordinator@lab.example", "--name", "Coordinator", "--password-file", "-")
	if code != 0 {
		tb.Fatalf("user create ended with %d:\n%s", code, printed)
	}
	return dir
}

func TestTheREADMEPointsToWhatIsThere(t *testing.T) {
	text, err := os.ReadFile(readmeFile)
	if err != nil {
		t.Fatal(err)
	}
	folders := regexp.MustCompile("(?m)^\\| `([^`]+)`")
	links := regexp.MustCompile(`\]\(([^):]+)\)`)
	for _, pattern := range []*regexp.Regexp{folders, links} {
		found := pattern.FindAllStringSubmatch(string(text), -1)
		if len(found) < 5 {
			t.Errorf("%s finds %d, want 5 and more", fmt.Sprint(pattern), len(found))
		}
		for _, m := range found {
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("the README names %s: %v", m[1], err)
			}
		}
	}
}
