package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// MaxBytes bounds a report as JSON: it has to fit into one entry of the ledger,
// with what is around it.
const MaxBytes = 480 << 10

// ErrTooLarge is returned for a report that does not fit.
var ErrTooLarge = errors.New("the report is too large")

// Seal gives a report its hash. What is changed afterwards shows.
func (r *Report) Seal() error {
	b, err := r.hashed()
	if err != nil {
		return err
	}
	if len(b) > MaxBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(b), MaxBytes)
	}
	sum := sha256.Sum256(b)
	r.Hash = hex.EncodeToString(sum[:])
	return nil
}

// Intact reports whether a report is as it was sealed.
func (r *Report) Intact() bool {
	b, err := r.hashed()
	if err != nil {
		return false
	}
	sum := sha256.Sum256(b)
	return r.Hash == hex.EncodeToString(sum[:])
}

// hashed is the report without its hash, as JSON.
func (r *Report) hashed() ([]byte, error) {
	bare := *r
	bare.Hash = ""
	b, err := json.Marshal(&bare)
	if err != nil {
		return nil, fmt.Errorf("encoding the report: %w", err)
	}
	return b, nil
}
