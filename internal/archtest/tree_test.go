package archtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// topLevel is all that lies at the top, besides files and folders whose name
// begins with a dot.
var topLevel = []string{"api", "internal", "qrlabels", "deploy", "go.mod", "go.sum", "README.md", "LICENSE"}

// dependencies says of every module why it and not its rival.
const dependencies = root + "/internal/docs/dependencies.md"

func read(tb testing.TB, file string) string {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// topFaults lists what lies at the top and should not.
func topFaults(files []string) []string {
	faults := make(map[string]bool)
	for _, file := range files {
		top, _, _ := strings.Cut(file, "/")
		if top != "" && !strings.HasPrefix(top, ".") && !slices.Contains(topLevel, top) {
			faults[top] = true
		}
	}
	return slices.Sorted(maps.Keys(faults))
}

func TestTopLevel(t *testing.T) {
	command := exec.Command("git", "ls-files", "-z")
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("git ls-files: %v", err)
		}
		t.Skipf("SKIPPED: THE TOP LEVEL WAS NOT CHECKED, this is not a git checkout: %v", err)
	}
	for _, fault := range topFaults(strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")) {
		t.Errorf("%s lies at the top level, want only %s and dotfiles", fault, strings.Join(topLevel, ", "))
	}
	if got := topFaults([]string{"api/main.go", ".gitignore", ".ci/run", "go.mod"}); len(got) > 0 {
		t.Errorf("control: got %q, want nothing", got)
	}
	if got := topFaults([]string{"cmd/main.go", "cmd/x.go", "notes.md"}); !slices.Equal(got, []string{"cmd", "notes.md"}) {
		t.Errorf("control: got %q, want cmd and notes.md", got)
	}
}

// requirements are the modules of go.mod: true for one that is not marked as
// indirect.
func requirements(tb testing.TB) map[string]bool {
	tb.Helper()
	command := exec.Command("go", "mod", "edit", "-json")
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		tb.Fatalf("go mod edit -json: %v", err)
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &file); err != nil {
		tb.Fatal(err)
	}
	required := make(map[string]bool)
	for _, r := range file.Require {
		required[r.Path] = !r.Indirect
	}
	return required
}

// reason is a line of the form "- `module`: text".
type reason struct {
	text  string
	later bool // under the heading of what is chosen for later
}

// chosenForLater begins the heading under which modules need not be used yet.
const chosenForLater = "## Chosen for later"

func reasons(text string) map[string]reason {
	list := make(map[string]reason)
	later := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "## ") {
			later = strings.HasPrefix(line, chosenForLater)
		}
		if rest, found := strings.CutPrefix(line, "- `"); found {
			module, why, _ := strings.Cut(rest, "`:")
			list[module] = reason{strings.TrimSpace(why), later}
		}
	}
	return list
}

// reasonFaults compares what go.mod requires, and what the source imports, with
// the reasons.
func reasonFaults(required map[string]bool, imported []string, reasons map[string]reason) []string {
	needed := make(map[string]bool)
	for module, direct := range required {
		if direct {
			needed[module] = true
		}
	}
	for _, p := range imported {
		owner := ""
		for module := range required {
			if within(p, module) && len(module) > len(owner) {
				owner = module
			}
		}
		if owner != "" {
			needed[owner] = true
		}
	}
	var faults []string
	for module := range needed {
		if len(reasons[module].text) < 20 {
			faults = append(faults, module+" is used without a line that says why it and not its rival")
		}
	}
	for module, reason := range reasons {
		_, there := required[module]
		if !there && !reason.later && !slices.ContainsFunc(imported, func(p string) bool { return within(p, module) }) {
			faults = append(faults, module+" has a line, but is not used")
		}
	}
	slices.Sort(faults)
	return faults
}

func TestDependenciesHaveReasons(t *testing.T) {
	var imported []string
	for _, s := range sources(t) {
		imported = append(imported, s.imports()...)
	}
	for _, fault := range reasonFaults(requirements(t), imported, reasons(read(t, dependencies))) {
		t.Errorf("%s: %s", filepath.Clean(dependencies), fault)
	}
}

// Controls: a module without a reason, and a reason without a module, are
// noticed.
func TestReasonFaultsAreNoticed(t *testing.T) {
	required := map[string]bool{"a.example/direct": true, "a.example/indirect": false, "a.example/indirect/v2": false}
	why := "it is the only one that does this."
	for _, c := range []struct {
		imported []string
		reasons  string
		want     int
	}{
		{nil, "- `a.example/direct`: " + why, 0},
		{nil, "", 1},
		{nil, "- `a.example/direct`: good.", 1},
		{nil, "a.example/direct: " + why, 1},
		{[]string{"a.example/indirect/x"}, "- `a.example/direct`: " + why, 1},
		{[]string{"a.example/indirect/v2/x"}, fmt.Sprintf("- `a.example/direct`: %s\n- `a.example/indirect/v2`: %[1]s\n", why), 0},
		{nil, fmt.Sprintf("- `a.example/direct`: %s\n- `a.example/gone`: %[1]s\n", why), 1},
		{nil, fmt.Sprintf("- `a.example/direct`: %s\n%s\n\n- `a.example/to-come`: %[1]s\n", why, chosenForLater), 0},
	} {
		if got := reasonFaults(required, c.imported, reasons(c.reasons)); len(got) != c.want {
			t.Errorf("%q and %q: got %q, want %d faults", c.imported, c.reasons, got, c.want)
		}
	}
}
