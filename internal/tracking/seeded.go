package tracking

import (
	"io"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
)

// NewSeeded is New with a random source for label codes that the caller
// chooses, so that a demonstration or a benchmark writes the same ledger in
// every run. Codes of such a source can be guessed: never serve with it.
func NewSeeded(s store.Store, now func() time.Time, random io.Reader) *Service {
	service := New(s, now)
	service.random = random
	return service
}
