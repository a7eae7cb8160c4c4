// Package demo owns a lab to look around in: a year of two invented
// facilities with their bins, pickups, receipts and treatments, and with
// everything that goes wrong in such a year. It writes through
// tracking.Service and identity.Service only, as phones and desks would, so
// that nothing in it could not have happened.
//
// The simulation runs day by day: wards fill and close their bins (ward.go),
// drivers visit (visit.go), plants receive and treat (plant.go), and a script
// says on which days something goes wrong (script.go). What people say goes
// into an outbox (outbox.go), which sends it when their phones would. The same
// seed and the same end give the same ledger, byte for byte.
package demo

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// Lab is the id of the lab that Seed writes, LabName its name.
const (
	Lab     = "mirandola"
	LabName = "Laboratorio territoriale di Mirandola (demo)"
)

// ErrNotEmpty is returned by Seed when the lab has entries already: a demo is
// never mixed with what somebody has recorded.
var ErrNotEmpty = errors.New("the lab " + Lab + " is not empty")

// Options says what Seed writes, and where.
type Options struct {
	// Store takes the lab. Required. The caller closes it.
	Store store.Store
	// Identity takes the sign-ins; its Directory must know the lab in Store.
	// If it is nil there are none.
	Identity Accounts
	// Seed chooses one of many similar years.
	Seed int64
	// Until is the demo's now: the last entry is not later. Default: time.Now.
	Until time.Time
	// Years is how long the lab has been running. Default: 1.
	Years int
	// Factor multiplies the bins: 60 of them make some 2,900 fills a year.
	// Default: 1.
	Factor int
	// Password is the one of all sign-ins. Default: a random one.
	Password string
	// Progress, if set, is told how many days of how many are written.
	Progress func(done, total int)
}

// Accounts is where the sign-ins are made: an *identity.Service.
type Accounts interface {
	CreateFromConsole(context.Context, identity.CreateUserRequest) (identity.CreatedUser, error)
}

var _ Accounts = (*identity.Service)(nil)

// Demo is what one needs to know to look around.
type Demo struct {
	Lab     string
	SignIns []SignIn // one for each role
	Tour    Tour
	Answers map[tracking.ResultStatus]int // how many entries were answered how
}

// Tour names a few things worth looking at.
type Tour struct {
	BlankLabel    string // a label that waits to be bound, for the hospital
	RetiredLabel  string // one that was replaced and still leads to its bin
	OpenBin       string // a bin of the ward that is filling up
	OpenLabel     string // its label
	ClosedLabel   string // the label of one that waits for its pickup
	PlannedPickup string // a pickup planned for today
}

func (o Options) withDefaults() Options {
	if o.Until.IsZero() {
		o.Until = time.Now()
	}
	o.Until = o.Until.In(calendar.Rome()).Truncate(time.Millisecond)
	o.Years, o.Factor = max(o.Years, 1), max(o.Factor, 1)
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	return o
}

// Seed writes the demo lab. It returns ErrNotEmpty if the lab has entries.
func Seed(ctx context.Context, opts Options) (Demo, error) {
	opts = opts.withDefaults()
	if err := checkEmpty(ctx, opts.Store); err != nil {
		return Demo{}, err
	}
	w := newWorld(ctx, opts)
	if err := w.furnish(); err != nil {
		return Demo{}, fmt.Errorf("furnishing the demo: %w", err)
	}
	if err := w.live(); err != nil {
		return Demo{}, fmt.Errorf("seeding the demo: %w", err)
	}
	if err := w.report(); err != nil {
		return Demo{}, fmt.Errorf("reporting on the demo: %w", err)
	}
	d := Demo{Lab: Lab, Tour: w.tour(), Answers: w.out.answers}
	var err error
	if opts.Identity != nil {
		d.SignIns, err = signUp(ctx, opts)
	}
	return d, err
}

func checkEmpty(ctx context.Context, s store.Store) error {
	return s.View(ctx, Lab, func(r store.Reader) error {
		head, _, err := r.Head()
		if err == nil && head > 0 {
			err = ErrNotEmpty
		}
		return err
	})
}

// source is a random source of a purpose. Sources of different purposes are
// independent, so that a change to one part of the simulation leaves the
// label codes as they are.
func source(seed int64, purpose string) *rand.ChaCha8 {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], uint64(seed))
	copy(key[8:], purpose)
	return rand.NewChaCha8(key)
}
