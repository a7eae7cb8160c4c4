package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// evaluatedFile evaluates a file of testdata, and returns what was printed.
func evaluatedFile(t *testing.T, name string) (printed string, err error) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "evaluate", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out bytes.Buffer
	err = evaluateFile(f, &out)
	return out.String(), err
}

func TestEvaluate(t *testing.T) {
	if printed, err := evaluatedFile(t, "holds.json"); err != nil || printed != "2 passed, 0 failed\n" {
		t.Errorf("got %q, %v", printed, err)
	}
}

// Each mismatch has its line, and the command fails.
func TestEvaluateFails(t *testing.T) {
	printed, err := evaluatedFile(t, "fails.json")
	if err == nil {
		t.Error("the command did not fail")
	}
	lines := strings.Split(printed, "\n")
	want := []string{
		"off: MCI: got 0.1, want 0.2",
		"short: The inputs do not fit the calculator. [/km: The input km is missing.]",
		`none: There is no calculator "astrology"`,
		"1 passed, 3 failed",
		"",
	}
	if len(lines) != len(want) {
		t.Fatalf("got %q, want %d lines", printed, len(want))
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("line %d: got %q, want %q", i, line, want[i])
		}
	}
}

// A file that is none is an error, and counts nothing.
func TestEvaluateNoFile(t *testing.T) {
	var out bytes.Buffer
	if err := evaluateFile(strings.NewReader("{"), &out); err == nil || out.Len() != 0 {
		t.Errorf("got %q, %v, want an error alone", out.String(), err)
	}
}
