package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// once is a request with an idempotency key. After checkOnce returned
// errRepeated it holds what the first such request led to.
type once struct {
	id string // of the document; empty without a key
	idempotencyDoc
}

// errRepeated stops a plan: the request was made before, with the same key.
var errRepeated = errors.New("request was made before")

// newOnce describes a request by its operation and whatever distinguishes it
// from others. Passwords must not be among that: their digest would be a fast
// hash.
func (s *Service) newOnce(caller access.Caller, key, operation string, parts ...any) (*once, error) {
	if key == "" {
		return &once{}, nil
	}
	if len(key) > maxIdempotency {
		return nil, problem.New(problem.Invalid, "idempotency-key-invalid", "Use at most %d characters as the idempotency key.", maxIdempotency)
	}
	request, err := json.Marshal([]any{operation, parts})
	if err != nil {
		return nil, fmt.Errorf("describing a request: %w", err)
	}
	// Keys belong to their caller: nobody is given another's result.
	id := sha256.Sum256([]byte(caller.Lab + "\x1f" + caller.Actor() + "\x1f" + key))
	return &once{
		id: hex.EncodeToString(id[:]),
		idempotencyDoc: idempotencyDoc{
			Request:   hex.EncodeToString(hmacSum(s.keys.request, request)),
			ExpiresAt: s.now().Add(IdempotencyLife).UnixMilli(),
		},
	}, nil
}

// checkOnce returns nil if the request is made for the first time, errRepeated
// if it was made before, or the problem "idempotency-key-reused" if another one
// was made with its key.
func (s *Service) checkOnce(r store.Reader, o *once) error {
	if o.id == "" {
		return nil
	}
	first, err := load[idempotencyDoc](r, idempotencyKind, o.id)
	if err != nil {
		return notFound(err, nil)
	}
	if s.now().UnixMilli() >= first.ExpiresAt {
		return nil // not swept yet
	}
	if first.Request != o.Request {
		return problem.New(problem.Unprocessable, "idempotency-key-reused", "This idempotency key was used for another request. Use a new one.")
	}
	o.idempotencyDoc = first
	return errRepeated
}

// saveOnce remembers what the request led to.
func saveOnce(tx store.Tx, o *once) error {
	if o.id == "" {
		return nil
	}
	return save(tx, o.id, o.idempotencyDoc)
}
