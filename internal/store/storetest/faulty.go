package storetest

import (
	"context"
	"fmt"
	"maps"
	"path"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
)

// Outcome is what becomes of one call of a Faulty store.
type Outcome int

const (
	// OK passes the call on.
	OK Outcome = iota
	// FailNotApplied returns an error without having done anything.
	FailNotApplied
	// FailApplied passes the call on and then returns an error all the same:
	// the reply that was lost after the commit.
	FailApplied
	// Slow waits for Delay, or until the call's context ends, and then passes
	// the call on.
	Slow
	// Hang waits until the call's context ends.
	Hang
)

func (o Outcome) String() string {
	return [...]string{"ok", "fail not applied", "fail applied", "slow", "hang"}[o]
}

// Outcomes are all of them, for tests that try each one at each site.
var Outcomes = []Outcome{OK, FailNotApplied, FailApplied, Slow, Hang}

// Fault is an outcome with its circumstances.
type Fault struct {
	Outcome Outcome
	// Err is what a failing call returns; an error that is
	// store.ErrUnavailable when nil.
	Err error
	// Delay is how long a Slow call waits.
	Delay time.Duration
}

// Call is a call of the store, as it arrives.
type Call struct {
	Method string // "Update", "View", "Labs" or "Check"
	Lab    store.LabID
	// Site is where the call comes from: the calling function with its package
	// and line, such as "tracking.(*Service).Scan:87".
	Site string
	// N says that this is the site's Nth call, from 1.
	N int
}

// Faulty is a store that does to each call what decide says. It counts the
// calls by site, so that a test can learn which sites there are in a run
// without faults, and then make each of them fail. It is safe for concurrent
// use when decide is.
type Faulty struct {
	inner  store.Store
	decide func(Call) Fault

	mu    sync.Mutex
	sites map[string]int // guarded by mu
}

var _ store.Store = (*Faulty)(nil)

// NewFaulty wraps a store; with a nil decide, all calls are OK.
func NewFaulty(inner store.Store, decide func(Call) Fault) *Faulty {
	if decide == nil {
		decide = func(Call) Fault { return Fault{} }
	}
	return &Faulty{inner: inner, decide: decide, sites: make(map[string]int)}
}

// Sites is the number of calls that came from each site so far.
func (f *Faulty) Sites() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.sites)
}

// Update is documented in store.Store.
func (f *Faulty) Update(ctx context.Context, lab store.LabID, fn func(store.Tx) error) error {
	return f.do(ctx, "Update", lab, func() error { return f.inner.Update(ctx, lab, fn) })
}

// View is documented in store.Store.
func (f *Faulty) View(ctx context.Context, lab store.LabID, fn func(store.Reader) error) error {
	return f.do(ctx, "View", lab, func() error { return f.inner.View(ctx, lab, fn) })
}

// Labs is documented in store.Store.
func (f *Faulty) Labs(ctx context.Context) (labs []store.LabID, err error) {
	err = f.do(ctx, "Labs", "", func() (err error) { labs, err = f.inner.Labs(ctx); return err })
	if err != nil {
		return nil, err
	}
	return labs, nil
}

// Check is documented in store.Store.
func (f *Faulty) Check(ctx context.Context) error {
	return f.do(ctx, "Check", "", func() error { return f.inner.Check(ctx) })
}

// Close closes the wrapped store. It has no faults.
func (f *Faulty) Close() error { return f.inner.Close() }

func (f *Faulty) do(ctx context.Context, method string, lab store.LabID, call func() error) error {
	c := Call{Method: method, Lab: lab, Site: site()}
	f.mu.Lock()
	f.sites[c.Site]++
	c.N = f.sites[c.Site]
	f.mu.Unlock()

	fault := f.decide(c)
	if fault.Err == nil {
		fault.Err = fmt.Errorf("%s at %s made to %s: %w", c.Method, c.Site, fault.Outcome, store.ErrUnavailable)
	}
	switch fault.Outcome {
	case FailNotApplied:
		return fault.Err
	case FailApplied:
		if err := call(); err != nil {
			return err
		}
		return fault.Err
	case Slow:
		delay := time.NewTimer(fault.Delay)
		defer delay.Stop()
		select {
		case <-delay.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	case Hang:
		<-ctx.Done()
		return ctx.Err()
	}
	return call()
}

// site is the function that called the method of Faulty that called do.
func site() string {
	var pcs [1]uintptr
	runtime.Callers(4, pcs[:]) // Callers, site, do, the method
	frame, _ := runtime.CallersFrames(pcs[:]).Next()
	name := path.Base(frame.Function)
	return fmt.Sprintf("%s:%d", strings.TrimSuffix(name, "[...]"), frame.Line)
}
