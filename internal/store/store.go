// Package store is the port to the engine that keeps the labs: for every lab
// one ordered ledger of entries, and the documents folded from it.
//
// It owns the contract between the domain and an engine, nothing else: rules,
// authorisation, ids and the clock live above it, once. An adapter implements
// Store and must pass storetest.Run; what is neither in these comments nor in
// that suite, callers may not rely on.
package store

import (
	"context"
	"errors"
	"fmt"
)

// LabID names a partition of the store: a lab, or a reserved partition whose
// name starts with an underscore (identity keeps its documents in "_identity").
// Partitions come into being with their first write.
type LabID string

// Seq is the place of an entry in its lab's ledger: 1, 2, 3 … without gaps.
// 0 means "before the first entry".
type Seq int64

// Kind names a family of documents ("bin", "fill", …).
type Kind string

// Limits that every adapter enforces, with ErrTooLarge or ErrInvalid.
const (
	MaxIDBytes    = 128       // ids, kinds, lab ids, index names
	MaxKeyBytes   = 512       // the value of one index key
	MaxKeys       = 16        // index keys of one document
	MaxBodyBytes  = 4 << 20   // the body of one document
	MaxEntryBytes = 512 << 10 // content plus outcome of one entry
	MaxFind       = 1000      // the largest Limit of a query
	// MaxUpdateBytes is what one closure may write in all: the bytes of its
	// entries, and of its documents as it leaves them, each with their keys and
	// 256 bytes more.
	MaxUpdateBytes = 12 << 20
)

var (
	// ErrNotFound is returned by Get and Entry for what is not there.
	ErrNotFound = errors.New("not found")
	// ErrDuplicate is matched by *DuplicateError.
	ErrDuplicate = errors.New("entry id already in the ledger")
	// ErrClosed is returned by every call after Close.
	ErrClosed = errors.New("store is closed")
	// ErrUnavailable wraps a fault of the engine that lasts (disk full, failed
	// fsync, no majority): nothing was acknowledged, reads may go on, trying
	// again later is safe because entry ids make writes idempotent.
	ErrUnavailable = errors.New("store is unavailable")
	// ErrTooLarge is returned where a limit above is passed.
	ErrTooLarge = errors.New("too large for the store")
	// ErrInvalid is returned for an empty or malformed id, kind, index or body.
	ErrInvalid = errors.New("not valid for the store")
	// ErrLocked is returned on opening when another process has the store.
	ErrLocked = errors.New("store is in use by another process")
	// ErrNewerSchema is returned on opening a store written by a newer program.
	ErrNewerSchema = errors.New("store was written by a newer version")
	// ErrPanic wraps a panic inside a closure of Update or View, and is also
	// what Update returns for one that ended its goroutine (runtime.Goexit);
	// the closure wrote nothing.
	ErrPanic = errors.New("closure panicked")
)

// DuplicateError is returned by Tx.Append for an entry id that the ledger
// already holds, with the same or with another content: First is what was
// recorded then. errors.Is(err, ErrDuplicate) holds.
type DuplicateError struct{ First Record }

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("entry %s is already in the ledger as number %d", e.First.Entry.ID, e.First.Seq)
}

// Is makes errors.Is(err, ErrDuplicate) true.
func (e *DuplicateError) Is(target error) bool { return target == ErrDuplicate }

// Document is the current state of one thing. Get and Find return documents
// whose Body and Keys the caller owns and may change.
type Document struct {
	Kind Kind
	ID   string // compared byte by byte: "Bin" and "bin" are two documents
	// Seq is the head of the ledger when the document was put: the number of
	// the last entry appended before it in the same closure, otherwise the
	// head that the closure found. Set by the store.
	Seq  Seq
	Body []byte // a JSON object; comes back byte for byte
	Keys []Key  // all index keys of the document; Put replaces the former set
}

// Key makes a document findable under Value in the index Index of its kind.
// A document may have several keys in one index, but not the same key twice.
type Key struct {
	Index string
	Value string // UTF-8 without NUL; compared byte by byte
}

// Query selects documents of one kind by one index, ordered by (key value, id)
// byte by byte. With Index "" documents are ordered and selected by their id,
// which then stands for the key value (and Position.ID is not used: empty in
// hits, ignored in After). Bounds are checked like key values.
type Query struct {
	Kind       Kind
	Index      string
	From       string    // first key value wanted; "" = from the start
	To         string    // first key value not wanted any more; "" = to the end
	After      *Position // go on behind this hit, in the direction of the query
	Descending bool      // from the last key value to the first
	Limit      int       // 1 … MaxFind
}

// Position is a place in the order of a query: that of a hit.
type Position struct{ Value, ID string }

// Hit is one result of Find. A document with several keys in the index is
// found once per key in the range.
type Hit struct {
	Position
	Document
}

// Ref names a document within a lab.
type Ref struct {
	Kind Kind
	ID   string
}

// SeqPosition is a place in the order of Changed.
type SeqPosition struct {
	Seq Seq
	ID  string
}

// Reader reads one consistent state of one lab. It is valid until the closure
// that received it returns, and only on that closure's goroutine; later calls
// return an error. Every limit is 1 … MaxFind. Malformed arguments are
// ErrInvalid or ErrTooLarge, for reading as for writing. When the engine fails
// under a call, all later calls fail too, and so does the closure, even if it
// returns nil.
type Reader interface {
	// Head is the number of the last entry of the ledger and the SHA-256 of
	// its bytes; 0 and the zero hash for an empty ledger.
	Head() (Seq, Hash, error)
	// Get returns a document or ErrNotFound.
	Get(kind Kind, id string) (Document, error)
	// Find returns up to q.Limit hits in order.
	Find(q Query) ([]Hit, error)
	// Changed returns documents of a kind ordered by (Seq, ID), those behind
	// after, up to limit: what a client polls with updatedAfter.
	Changed(kind Kind, after SeqPosition, limit int) ([]Document, error)
	// Documents walks all documents of the lab, ordered by (kind, id) byte by
	// byte, those behind after, up to limit.
	Documents(after Ref, limit int) ([]Document, error)
	// Entry returns the record of an entry id, or ErrNotFound.
	Entry(id string) (Record, error)
	// Entries returns the records with numbers after+1, after+2, …, up to limit.
	Entries(after Seq, limit int) ([]Record, error)
}

// Tx is a Reader that sees its own writes, and writes.
type Tx interface {
	Reader
	// Append adds an entry to the ledger and returns its number. A known id is
	// a *DuplicateError, and nothing is written by that call.
	Append(e Entry) (Seq, error)
	// Put writes a document whole; its Seq is set by the store.
	Put(d Document) error
	// Delete removes a document; one that is not there is ErrNotFound.
	Delete(kind Kind, id string) error
}

// Store keeps labs. It is safe for concurrent use.
type Store interface {
	// Update runs fn in a transaction that is serialisable within lab and
	// isolated from other labs. When fn returns an error (or panics:
	// ErrPanic) nothing it wrote remains, and Update returns that error; its
	// neighbours in a group commit are not harmed. fn may run more than once
	// and must have no effects besides those on its Tx; what it leaves in
	// variables must be what its last run left.
	//
	// When Update returns nil, everything fn wrote is durable (fsync, or a
	// majority) and visible to every later View, in this and other processes.
	// When it returns an error that is not fn's, what fn wrote is there whole
	// or not at all: trying again with the same entry ids is safe.
	//
	// A context that ends before fn is taken up returns ctx.Err() and writes
	// nothing; one that ends later may return ctx.Err() although the commit
	// takes place.
	Update(ctx context.Context, lab LabID, fn func(Tx) error) error
	// View runs fn on a snapshot of lab: everything it reads belongs to one
	// Head. An unknown lab reads as empty.
	View(ctx context.Context, lab LabID, fn func(Reader) error) error
	// Labs lists the partitions that have been written to, in byte order.
	Labs(ctx context.Context) ([]LabID, error)
	// Check says whether Update would be acknowledged now: nil, or
	// ErrUnavailable or ErrClosed with the reason. It writes nothing.
	Check(ctx context.Context) error
	// Close lets running closures end, refuses new ones, and frees the engine.
	// Closing twice is allowed.
	Close() error
}

// Backuper is implemented by engines that can write a consistent copy of
// themselves to a file while they serve.
type Backuper interface {
	// Backup writes to a file that does not exist yet and syncs it. progress
	// (may be nil) is called with the share done, 0 … 1.
	Backup(ctx context.Context, file string, progress func(share float64)) error
}
