// Package problem owns the errors that a caller may see: what kind of fault it
// is, a stable code, a sentence that says what to do, and the fields at fault.
//
// Anything that is not a *problem.Error is an internal fault; its text is
// logged and never shown.
package problem

import (
	"errors"
	"fmt"
	"time"
)

// Kind says whose turn it is after a fault. The HTTP layer maps kinds, and
// nothing else, to statuses.
type Kind string

// The kinds, with the status that api/rest gives them.
const (
	Invalid         Kind = "invalid"          // 400: the request can never succeed as it is
	Unauthenticated Kind = "unauthenticated"  // 401: sign in (again)
	Forbidden       Kind = "forbidden"        // 403: this role may not do that
	NotFound        Kind = "not-found"        // 404: not there, or not the caller's
	Conflict        Kind = "conflict"         // 409: does not fit what is recorded
	Precondition    Kind = "precondition"     // 412: changed since it was read
	PreconditionDue Kind = "precondition-due" // 428: If-Match is missing
	TooLarge        Kind = "too-large"        // 413
	Unsupported     Kind = "unsupported"      // 415
	Unprocessable   Kind = "unprocessable"    // 422: well formed, breaks a rule
	TooMany         Kind = "too-many"         // 429, with RetryAfter
	Unavailable     Kind = "unavailable"      // 503, with RetryAfter
)

// Error is a fault that a caller may see. Use errors.As to get at it.
type Error struct {
	Kind       Kind
	Code       string        // stable, kebab-case; the app translates it
	Detail     string        // one English sentence: what was wrong and what to do
	Fields     []Field       // the values at fault, if any
	RetryAfter time.Duration // for TooMany and Unavailable
	Err        error         // the cause, for the log only
}

// Field is one value at fault.
type Field struct {
	Pointer string `json:"pointer"` // RFC 6901 into the request body, or "?name" for a query parameter
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

func (e *Error) Error() string {
	s := string(e.Kind) + " " + e.Code + ": " + e.Detail
	for _, f := range e.Fields {
		s += fmt.Sprintf(" [%s %s: %s]", f.Pointer, f.Code, f.Detail)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns a fault. detail is used as a format if there are args.
func New(kind Kind, code, detail string, args ...any) *Error {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// VersionChanged is for whoever changes what somebody else changed meanwhile.
func VersionChanged() *Error {
	return New(Precondition, "version-changed", "This was changed by somebody else meanwhile. Read it again.")
}

// With adds a field at fault and returns e.
func (e *Error) With(pointer, code, detail string) *Error {
	e.Fields = append(e.Fields, Field{pointer, code, detail})
	return e
}

// Because adds the cause for the log and returns e.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// After sets when to try again and returns e.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// As returns the *Error in err's chain, or nil.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Is reports whether err carries the code.
func Is(err error, code string) bool {
	e := As(err)
	return e != nil && e.Code == code
}
