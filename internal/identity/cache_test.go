package identity

import (
	"testing"
	"time"
)

// A read that began before a change must not be kept after it.
func TestReadThatAChangeOvertookIsNotKept(t *testing.T) {
	now := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	c := newStateCache[int](4, time.Second)
	_, epoch, _ := c.get("id", now)
	c.drop("id") // the change takes place while the store is being read
	c.put("id", 1, now, epoch)
	if _, _, ok := c.get("id", now); ok {
		t.Error("what was read before the change is there, want it not kept")
	}
	_, epoch, _ = c.get("id", now)
	c.put("id", 2, now, epoch)
	if v, _, ok := c.get("id", now); !ok || v != 2 {
		t.Errorf("got %d and %v, want what was read after the change", v, ok)
	}
}

func TestCacheIsBoundedAndAges(t *testing.T) {
	now := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	c := newStateCache[int](4, time.Second)
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		c.put(id, 1, now, 0)
	}
	if _, _, ok := c.get("a", now); ok {
		t.Error("the first of five is there, want four kept")
	}
	if _, _, ok := c.get("e", now.Add(time.Second-1)); !ok {
		t.Error("the last is not there within the TTL")
	}
	if _, _, ok := c.get("e", now.Add(time.Second)); ok {
		t.Error("the last is there after the TTL")
	}
}
