package mongo_test

import (
	"testing"
	"time"

	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
)

// TestAbsorbWhileApplying: who comes upon a commit of others and who applies
// commits take two locks, in one order. (They did not, and a lab was stuck for
// good.)
func TestAbsorbWhileApplying(t *testing.T) {
	s := mustOpen(t, ours.Options{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		ours.AbsorbWhileApplying(s, 20_000)
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("deadlock")
	}
}
