// Package finder owns what strangers report about a bin whose label they saw:
// that it is full, damaged, in the wrong place. Who reports has not signed in
// and is not asked for a name; what they write may still hold personal data.
// So reports are no entries of the ledger, which keeps everything for ever, but
// documents of a partition of their own, where a note can be erased and old
// reports are swept.
package finder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Partition is the part of the store that holds the documents of this package.
const Partition store.LabID = "_finder"

// Bounds on what strangers can fill the store with, and on how long it stays.
const (
	MaxNote         = 300 // characters
	MaxOpenLabel    = 5   // open reports about one label
	MaxOpenFacility = 500 // open reports at one facility
	KeepHandled     = 90 * 24 * time.Hour
	KeepOpen        = 365 * 24 * time.Hour
)

// Labels knows whose bin a label is on: a *tracking.Service.
type Labels interface {
	// FoundAt returns the id of the facility, or "" for a label that is and was
	// on no bin of the lab.
	FoundAt(ctx context.Context, lab, code string) (facility string, err error)
}

// Config is what a Service is made of.
type Config struct {
	// Store keeps the documents, in Partition. Required. The caller closes it.
	Store store.Store
	// Labels knows the labels of the labs. Required.
	Labels Labels
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Service is the inbox of the finders. It is safe for concurrent use.
type Service struct{ cfg Config }

// New returns a service, or all faults of the configuration at once.
func New(cfg Config) (*Service, error) {
	var faults []error
	if cfg.Store == nil {
		faults = append(faults, errors.New("finder: store is missing"))
	}
	if cfg.Labels == nil {
		faults = append(faults, errors.New("finder: labels are missing"))
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg}, errors.Join(faults...)
}

// now is the clock at the precision that is stored.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// errUnknown answers for a report that is not there and for one that is not the
// caller's, word for word alike.
func errUnknown() *problem.Error {
	return problem.New(problem.NotFound, "report-unknown", "There is no such report, or it is not yours to see.")
}

func invalid(pointer, code, detail string) *problem.Error {
	return problem.New(problem.Invalid, "report-invalid", "This can't be reported as it is; see errors.").With(pointer, code, detail)
}

// notFound replaces store.ErrNotFound by what a caller may see.
func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errUnknown()
	}
	return err
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
