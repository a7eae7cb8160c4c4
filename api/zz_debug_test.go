//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/ricircolo/ricircolo/internal/store/sqlite"
)

func TestZZ(t *testing.T) {
	l := mustHistory(t)
	mustForge(t, l.dir, statement(`VACUUM`))
	file := filepath.Join(l.dir, sqlite.FileName)
	whole, _ := os.ReadFile(file)
	t.Log(len(whole))
	n := 0
	for _, r := range mustLedger(t, l.dir) {
		at := bytes.Index(whole, r.Bytes)
		if at < 0 {
			t.Log("not found", r.Seq, len(r.Bytes))
			continue
		}
		if c := bytes.Count(whole, r.Bytes); c > 1 {
			t.Log("count", c, r.Seq)
		}
		whole[at+len(r.Bytes)/2] ^= 2
		dir := filepath.Join(t.TempDir(), "x")
		os.Mkdir(dir, 0o700)
		os.WriteFile(filepath.Join(dir, sqlite.FileName), whole, 0o600)
		if f := verifyFolder(t, dir); f == "" {
			t.Logf("seq %d at %d page %d: %s", r.Seq, at, at/4096, r.Bytes)
			n++
		}
		whole[at+len(r.Bytes)/2] ^= 2
	}
	t.Log(n, "unnoticed")
}
