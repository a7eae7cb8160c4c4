// Package deploy_test checks the files of this folder as far as that is possible
// without Docker, Kubernetes or MongoDB: against schemas, against the program and
// its settings, and against rules that are written here.
package deploy_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/ricircolo/ricircolo/internal/config"
)

func read(tb testing.TB, file string) string {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// skipLoudly skips a test that this machine can't run, which CI must be able to.
func skipLoudly(tb testing.TB, why string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf("NOT TESTED: %s", why)
	}
	tb.Skipf("NOT TESTED: %s", why)
}

// needTool skips the test on a machine that lacks a program.
func needTool(tb testing.TB, name string) {
	tb.Helper()
	if _, err := exec.LookPath(name); err != nil {
		skipLoudly(tb, "there is no "+name)
	}
}

// tree is a part of a YAML document.
type tree = map[string]any

// decode reads a YAML document. Anchors and merges are resolved; a key that is
// there twice is an error.
func decode(tb testing.TB, text string) tree {
	tb.Helper()
	var document tree
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		tb.Fatal(err)
	}
	return document
}

// at walks down a document: by keys, and by places in lists. It is nil where
// there is nothing.
func at(document any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := document.(tree)
			document = m[step]
		case int:
			list, _ := document.([]any)
			if step >= len(list) {
				return nil
			}
			document = list[step]
		}
	}
	return document
}

// schema compiles the part of a schema file that a pointer names.
func schema(tb testing.TB, file, pointer string) *jsonschema.Schema {
	tb.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(read(tb, filepath.Join("testdata", file))))
	if err != nil {
		tb.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	const place = "file:///schema.json" // instead of the $id, which is relative
	delete(document.(map[string]any), "$id")
	if err := compiler.AddResource(place, document); err != nil {
		tb.Fatal(err)
	}
	compiled, err := compiler.Compile(place + "#" + pointer)
	if err != nil {
		tb.Fatal(err)
	}
	return compiled
}

// setting is one that the server knows.
type setting struct{ standard string }

// settings are those of internal/config, by their environment variables.
func settings() map[string]setting {
	list := make(map[string]setting)
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous {
				walk(f.Type)
			} else if name := f.Tag.Get("env"); name != "" {
				list[name] = setting{f.Tag.Get("default")}
			}
		}
	}
	walk(reflect.TypeFor[config.Config]())
	return list
}

func TestExampleOfTheEnvironment(t *testing.T) {
	known := settings()
	if len(known) < 32 {
		t.Fatalf("found %d settings, want all of internal/config", len(known))
	}
	lines := regexp.MustCompile(`(?m)^#?(RICIRCOLO_[A-Z0-9_]+)=(.*)$`).FindAllStringSubmatch(read(t, "env.example"), -1)
	seen := make(map[string]bool)
	for _, line := range lines {
		name, value := line[1], line[2]
		s, ok := known[name]
		switch {
		case !ok:
			t.Errorf("env.example has %s, which the server does not know", name)
		case seen[name]:
			t.Errorf("env.example has %s twice", name)
		case s.standard != "" && value != s.standard:
			t.Errorf("env.example says that %s is %q, and internal/config that it is %q", name, value, s.standard)
		case strings.ContainsAny(value, `"'`):
			t.Errorf("env.example: %s has quotes, which Docker takes for a part of the value", name)
		}
		seen[name] = true
	}
	for name := range known {
		if !seen[name] {
			t.Errorf("env.example lacks %s", name)
		}
	}
}

// The variables that files here set must be some that the server knows, but for
// those of the test rig.
func TestVariablesAreKnown(t *testing.T) {
	known := settings()
	// Not the server's: where shard.js finds the database, and which image runs.
	others := []string{"RICIRCOLO_DATABASE", "RICIRCOLO_VERSION"}
	names := regexp.MustCompile(`RICIRCOLO_[A-Z0-9_]+`)
	for _, pattern := range []string{"*", "*/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || info.IsDir() || strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "testrig/") {
				continue
			}
			for _, name := range names.FindAllString(read(t, file), -1) {
				if _, ok := known[name]; !ok && !slices.Contains(others, name) {
					t.Errorf("%s has %s, which the server does not know", file, name)
				}
			}
		}
	}
}

// routes are the paths of the server's route table that take GET.
func routes(tb testing.TB) []string {
	tb.Helper()
	var paths []string
	for _, m := range regexp.MustCompile(`\{get, "([^"]+)"`).FindAllStringSubmatch(read(tb, "../api/rest/routes.go"), -1) {
		paths = append(paths, m[1])
	}
	if len(paths) < 20 {
		tb.Fatalf("found %d routes, want those of api/rest/routes.go", len(paths))
	}
	return paths
}

func TestPagesPointToWhatIsThere(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil || len(pages) < 2 {
		t.Fatalf("found the pages %q, %v", pages, err)
	}
	links := regexp.MustCompile(`\]\(([^):]+)\)`)
	for _, page := range pages {
		for _, m := range links.FindAllStringSubmatch(read(t, page), -1) {
			file, _, _ := strings.Cut(m[1], "#")
			if _, err := os.Stat(cmp.Or(file, page)); err != nil {
				t.Errorf("%s names %s: %v", page, m[1], err)
			}
		}
	}
}
