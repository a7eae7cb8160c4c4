// Package staging is the half of a store adapter that does not depend on the
// engine. It runs the closures of one group commit over what the engine has
// committed, keeps what they write in memory until the engine flushes it, and
// enforces the limits and the rules of the port.
//
// Two layers lie over the engine: an Overlay holds what the closures of the
// group wrote so far in one lab, and every running closure has a layer of its
// own above it. A closure that fails has its layer dropped, so its neighbours
// are not harmed and the engine needs no savepoints; a document that ten
// closures of a group change is flushed once.
//
// What a closure reads may not be durable yet: it may have been written by a
// neighbour in the same group. An engine must therefore hold back the results
// of all closures of a group, errors included, until the group is committed.
package staging

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/ricircolo/ricircolo/internal/store"
)

// Base is the committed state of one lab, as the engine reads it. Its
// arguments have been checked. The document that Get returns may share memory
// with a cache of the engine; staging copies it before a closure sees it. What
// the other methods return must not be shared.
type Base interface{ store.Reader }

// Claimer is a Base that finds out whether an entry id is taken when it commits,
// for all closures of the group at once.
type Claimer interface {
	// Taken returns the record of an entry that is known to be in the ledger,
	// or store.ErrNotFound. In the second case the engine commits only if there
	// is no such entry.
	Taken(id string) (store.Record, error)
}

// ErrExited is the outcome of a closure that ended its goroutine
// (runtime.Goexit, which t.FailNow calls); errors.Is(err, store.ErrPanic)
// holds.
var ErrExited = fmt.Errorf("closure ended its goroutine: %w", store.ErrPanic)

var errReturned = errors.New("transaction used after its closure returned")

// Overlay holds what the closures of one group wrote in one lab. It is used by
// one goroutine at a time.
type Overlay struct {
	base   Base
	loaded bool // first, seq and hash are known
	first  store.Seq
	seq    store.Seq  // head with the staged records
	hash   store.Hash // of the head's bytes
	staged layer
}

// NewOverlay is an empty overlay over base.
func NewOverlay(base Base) *Overlay { return &Overlay{base: base} }

// Run runs one closure. When it returns nil, what fn wrote is staged;
// otherwise nothing of it is. A failure of the engine that fn met is returned
// even when fn kept it to itself.
//
// When fn ends its goroutine, so does Run, with nothing staged: see Each.
func (o *Overlay) Run(fn func(store.Tx) error) error {
	return o.RunIf(fn, func() bool { return true })
}

// RunIf is Run, but stages nothing unless valid says, after fn has returned, that
// what it read may be relied on.
func (o *Overlay) RunIf(fn func(store.Tx) error, valid func() bool) error {
	t, err := o.execute(fn)
	if err != nil || !valid() {
		return err
	}
	o.staged.absorb(&t.local)
	o.seq, o.hash = t.seq, t.hash
	return nil
}

// Rehearse runs one closure and drops what it wrote. It serves to prove that a
// closure has no effects besides those on its Tx.
func (o *Overlay) Rehearse(fn func(store.Tx) error) error {
	_, err := o.execute(fn)
	return err
}

func (o *Overlay) execute(fn func(store.Tx) error) (*tx, error) {
	if err := o.load(); err != nil {
		return nil, err
	}
	t := &tx{seq: o.seq, hash: o.hash}
	t.base, t.first = o.base, o.first
	t.layers[0], t.layers[1] = &t.local, &o.staged
	defer t.end()
	if err := recovered(func() error { return fn(t) }); err != nil {
		return nil, err
	}
	return t, t.fault
}

func (o *Overlay) load() error {
	if o.loaded {
		return nil
	}
	seq, hash, err := o.base.Head()
	if err != nil {
		return err
	}
	o.first, o.seq, o.hash, o.loaded = seq, seq, hash, true
	return nil
}

// Head is the head of the ledger with the staged records. It is meaningful
// once a closure has run.
func (o *Overlay) Head() (store.Seq, store.Hash) { return o.seq, o.hash }

// Records are the staged records in their order.
func (o *Overlay) Records() []store.Record { return o.staged.records }

// Size is about how many bytes are staged.
func (o *Overlay) Size() int { return o.staged.size }

// Change is the last state of a document that the group changed.
type Change struct {
	store.Ref
	// Document is nil for one that is to be deleted. It must not be changed.
	Document *store.Document
}

// Changes are the documents that the group changed, each once, in the order of
// their first change. A document that came and went within the group is among
// them, as deleted.
func (o *Overlay) Changes() []Change {
	changes := make([]Change, 0, len(o.staged.order))
	for _, ref := range o.staged.order {
		changes = append(changes, Change{ref, o.staged.docs[ref]})
	}
	return changes
}

// View runs fn on a reader of base that checks arguments and is of no use
// after fn has returned.
func View(base Base, fn func(store.Reader) error) error {
	r := &reader{base: base}
	defer r.end()
	if err := recovered(func() error { return fn(r) }); err != nil {
		return err
	}
	return r.fault
}

// Each calls call(0), call(1), … call(n-1), in this order and one at a time,
// away from the caller's goroutine: a call that ends its goroutine costs that
// goroutine, and the calls behind it still take place.
func Each(n int, call func(i int)) {
	for next := 0; next < n; {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for next < n {
				i := next
				next++
				call(i)
			}
		}()
		<-done
	}
}

func recovered(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return fn()
}

// PanicError is a panic inside a closure; errors.Is(err, store.ErrPanic)
// holds. The stack is for the log and not part of the message.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("%v: %v", store.ErrPanic, e.Value) }

// Unwrap makes errors.Is(err, store.ErrPanic) true, and reaches a panic value
// that is itself an error.
func (e *PanicError) Unwrap() []error {
	if err, ok := e.Value.(error); ok {
		return []error{store.ErrPanic, err}
	}
	return []error{store.ErrPanic}
}
