package tracking

import (
	"context"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/store"
)

// reading is one answer in the making: a snapshot, who asks, and when.
type reading struct {
	store.Reader
	ctx    context.Context
	caller access.Caller
	now    calendar.Instant
	memo   map[store.Ref]any // documents decoded before, not to be changed
}
