// Package calendar owns points in time as the ledger keeps them (milliseconds,
// UTC) and the months of the lab's balance (Europe/Rome).
package calendar

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // months must not depend on the machine's zone files
)

// Instant is a point in time in milliseconds since 1970-01-01 UTC, the
// precision that every engine keeps. It marshals as RFC 3339 in UTC with three
// decimals.
type Instant int64

// Layout is how an Instant is written.
const Layout = "2006-01-02T15:04:05.000Z"

// The years in which an instant may lie; outside them a clock is broken.
const (
	minInstant Instant = 946684800000  // 2000-01-01
	maxInstant Instant = 4102444800000 // 2100-01-01
)

// ErrInstant is wrapped by ParseInstant.
var ErrInstant = errors.New("not a point in time")

// At truncates t to the millisecond.
func At(t time.Time) Instant { return Instant(t.UnixMilli()) }

// ParseInstant reads RFC 3339 with any offset; digits beyond the millisecond
// are dropped. Years outside 2000 … 2099 are refused.
func ParseInstant(s string) (Instant, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, fmt.Errorf("%w: %q; write it like 2026-03-01T08:30:00.000Z", ErrInstant, s)
	}
	i := At(t)
	if i < minInstant || i >= maxInstant {
		return 0, fmt.Errorf("%w: %q is not between 2000 and 2099", ErrInstant, s)
	}
	return i, nil
}

// Time is the instant as a UTC time.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// Add returns the instant d later, truncated to the millisecond.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d.Milliseconds()) }

// Sub returns the time from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i-j) * time.Millisecond }

// String writes the instant as it is marshalled.
func (i Instant) String() string { return i.Time().Format(Layout) }

// SortKey is a fixed-width text that sorts as the instant does.
func (i Instant) SortKey() string { return fmt.Sprintf("%013d", int64(i)) }

// MarshalJSON writes the instant as text.
func (i Instant) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(Layout)+2)
	b = append(b, '"')
	b = i.Time().AppendFormat(b, Layout)
	return append(b, '"'), nil
}

// UnmarshalText reads what ParseInstant reads.
func (i *Instant) UnmarshalText(b []byte) error {
	v, err := ParseInstant(string(b))
	if err == nil {
		*i = v
	}
	return err
}
