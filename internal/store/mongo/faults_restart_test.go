package mongo_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// rig is the script that restarts a database. Without one a test is skipped,
// or, with CI=true, fails.
func rig(t *testing.T) string {
	t.Helper()
	script := os.Getenv("RICIRCOLO_RIG_CONTROL")
	if script == "none" {
		t.Skip("other tests use the database: it is restarted in a run of its own")
	}
	if script == "" {
		const how = "RICIRCOLO_RIG_CONTROL names no script that restarts a database: set it to deploy/testrig/mongo, whose database is up and which nothing else uses meanwhile (RICIRCOLO_RIG and RICIRCOLO_RIG_PORT make a second one)"
		if os.Getenv("CI") == "true" {
			t.Fatal(how)
		}
		t.Skip("SKIPPED: NO DATABASE WAS RESTARTED, ", how)
	}
	return script
}

func control(t *testing.T, script string, command ...string) string {
	t.Helper()
	run := exec.CommandContext(t.Context(), script, command...)
	var out, complaints bytes.Buffer
	run.Stdout, run.Stderr = &out, &complaints
	if err := run.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", script, strings.Join(command, " "), err, complaints.String())
	}
	return strings.TrimSpace(out.String())
}

// TestDatabaseRestarts restarts the database under load, in good order and by
// force.
func TestDatabaseRestarts(t *testing.T) {
	script := rig(t)
	for _, c := range []struct {
		name    string
		command []string
	}{{"Clean", []string{"restart"}}, {"Hard", []string{"restart", "--hard"}}} {
		t.Run(c.name, func(t *testing.T) {
			uri := mongotest.DatabaseOn(t, control(t, script, "uri"))
			l := startLoad(t, "restart", false, mustOpen(t, ours.Options{URI: uri}))
			time.Sleep(3 * time.Second)
			start := time.Now()
			control(t, script, c.command...)
			t.Logf("restarted in %v", time.Since(start).Round(time.Millisecond))
			l.awaitAck(t)
			time.Sleep(2 * time.Second)
			l.settle(t, uri)
			if l.gap < 300*time.Millisecond {
				t.Errorf("the control is gone: something was acknowledged every %v", l.gap)
			}
		})
	}
}

// TestOpenAndCloseBesideLoad opens and closes a store time and again while
// another one is busy with the same lab.
func TestOpenAndCloseBesideLoad(t *testing.T) {
	t.Parallel()
	uri := mongotest.Database(t)
	l := startLoad(t, "busy", false, mustOpen(t, ours.Options{URI: uri}))
	for i := range 20 {
		s, err := ours.Open(t.Context(), ours.Options{URI: uri, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		guest := &load{stores: []store.Store{s}, sent: make(map[string]bool), why: make(map[string]int)}
		for n := range 3 {
			id := fmt.Sprintf("guest-%d/%d", i, n)
			if !guest.send(loadWriters+1, n, id, false) {
				t.Errorf("entry %s was not acknowledged", id)
			}
		}
		l.mu.Lock()
		maps.Copy(l.sent, guest.sent)
		l.faults = append(l.faults, guest.faults...)
		l.mu.Unlock()
		// Close has to wait for this one.
		begun, let, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			done <- s.View(context.Background(), faultLab, func(store.Reader) error {
				close(begun)
				<-let
				return nil
			})
		}()
		<-begun
		time.AfterFunc(20*time.Millisecond, func() { close(let) })
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		select {
		case <-let:
		default:
			t.Error("Close did not wait for a View")
		}
		if err := <-done; err != nil {
			t.Errorf("View: %v", err)
		}
	}
	l.settle(t, uri) // They had the database wait for each other: who applied commits wrote the
	// same documents, each in an order of its own.
	if n := l.failures.Load(); n > 0 {
		t.Errorf("%d calls failed although the database was well", n)
	}
}
