package mongo_test

import (
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	for name, opts := range map[string]ours.Options{
		"Default":     {MaxView: time.Minute, Timeout: time.Minute},
		"RunTwice":    {MaxView: time.Minute, Timeout: time.Minute, RunTwice: true},
		"SmallGroups": {MaxView: time.Minute, Timeout: time.Minute, MaxGroup: 2, CacheBytes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) store.Store { return mustOpen(t, opts) })
		})
	}
}
