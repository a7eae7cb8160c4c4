package calendar

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Month is a calendar month in Europe/Rome, written "2026-03". Months sort as
// text.
type Month string

// ErrMonth is wrapped by ParseMonth.
var ErrMonth = errors.New("not a month")

var rome = sync.OnceValue(func() *time.Location {
	loc, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		panic(err) // the zone is embedded in the binary
	}
	return loc
})

// Rome is the zone of the lab's months and days.
func Rome() *time.Location { return rome() }

// MonthOf is the month in which i lies on the clocks of Rome, summer time
// included: 2026-03-31T22:30:00Z belongs to April.
func MonthOf(i Instant) Month {
	t := i.Time().In(rome())
	b := make([]byte, 0, len("2006-01"))
	return Month(t.AppendFormat(b, "2006-01"))
}

// ParseMonth reads "2026-03".
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil || len(s) != 7 || t.Year() < 2000 || t.Year() > 2099 {
		return "", fmt.Errorf("%w: %q; write it like 2026-03", ErrMonth, s)
	}
	return Month(s), nil
}

// Next is the month after m, which must be well formed.
func (m Month) Next() Month {
	t, _ := time.Parse("2006-01", string(m))
	return Month(t.AddDate(0, 1, 0).Format("2006-01"))
}

// Start is the first instant of m, which must be well formed.
func (m Month) Start() Instant {
	t, _ := time.ParseInLocation("2006-01", string(m), rome())
	return At(t)
}

// UnmarshalText reads what ParseMonth reads.
func (m *Month) UnmarshalText(b []byte) error {
	v, err := ParseMonth(string(b))
	if err == nil {
		*m = v
	}
	return err
}
