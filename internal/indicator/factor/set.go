package factor

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// ID makes a factor's id: kind/subject, or the kind alone where there is no
// subject.
func ID(kind Kind, subject string) string {
	if subject == "" {
		return string(kind)
	}
	return string(kind) + "/" + subject
}

// order compares what a factor is for.
func order(kind Kind, subject string, f Factor) int {
	return cmp.Or(strings.Compare(string(f.Kind), string(kind)), strings.Compare(f.Subject, subject))
}

// Find returns the factor of a set for a kind and subject. The pointer leads
// into the set: read only. It searches the ordered factors and keeps no index,
// which a copy or a change of the set could leave wrong; the price is a dozen
// comparisons in the largest set.
func (s *Set) Find(kind Kind, subject string) (*Factor, bool) {
	at, found := slices.BinarySearchFunc(s.Factors, kind, func(f Factor, k Kind) int { return order(k, subject, f) })
	if !found {
		return nil, false
	}
	return &s.Factors[at], true
}

// Sort brings the factors into the order that Find needs, and gives each its
// id.
func (s *Set) Sort() {
	for i := range s.Factors {
		s.Factors[i].ID = ID(s.Factors[i].Kind, s.Factors[i].Subject)
	}
	slices.SortStableFunc(s.Factors, func(a, b Factor) int { return order(b.Kind, b.Subject, a) })
}

// Clone returns a copy that shares nothing with s.
func (s *Set) Clone() *Set {
	c := *s
	c.Factors = slices.Clone(s.Factors)
	for i := range c.Factors {
		c.Factors[i].Modules = slices.Clone(c.Factors[i].Modules)
	}
	return &c
}

// Name is the set with its version: "default@1".
func (s *Set) Name() string { return s.ID + "@" + strconv.Itoa(s.Version) }

// Ref names a factor in results: "default@1/virgin-production/PET".
func (s *Set) Ref(f *Factor) string { return s.Name() + "/" + f.ID }

const (
	dayForm   = "2006-01-02"
	monthForm = "2006-01"
)

// Valid reports whether the factor may be used for a day such as "2026-01-31".
func (f *Factor) Valid(day string) bool {
	return f.From <= day && (f.To == "" || day <= f.To)
}

// Covers reports whether the factor may be used for every day from the first
// of one month to the last of another, such as "2026-01" and "2026-03".
func (f *Factor) Covers(from, to string) bool {
	first, last, err := days(from, to)
	return err == nil && f.Valid(first) && f.Valid(last)
}

// Covers returns the fault factor-validity if a factor of the set may not be
// used for the whole period of months, with each such factor in a field.
func (s *Set) Covers(from, to string) error {
	first, last, err := days(from, to)
	if err != nil {
		return err
	}
	fault := problem.New(problem.Unprocessable, "factor-validity",
		"Some factors of %s are not valid for the whole of %s to %s. Choose another set, or ask for a period that they cover.", s.Name(), from, to)
	for i := range s.Factors {
		if f := &s.Factors[i]; !f.Valid(first) || !f.Valid(last) {
			fault.With(fmt.Sprintf("/factors/%d/validFrom", i), "factor-validity",
				fmt.Sprintf("%s is valid from %s to %s.", s.Ref(f), f.From, cmp.Or(f.To, "further notice")))
		}
		if len(fault.Fields) == maxFaults {
			break
		}
	}
	if len(fault.Fields) == 0 {
		return nil
	}
	return fault
}

// days gives the first and the last day of a period of months.
func days(from, to string) (first, last string, err error) {
	start, err1 := time.Parse(monthForm, from)
	end, err2 := time.Parse(monthForm, to)
	if err1 != nil || err2 != nil || end.Before(start) {
		return "", "", problem.New(problem.Invalid, "bad-period", "Give two months such as 2026-01, the earlier one first.")
	}
	return start.Format(dayForm), end.AddDate(0, 1, -1).Format(dayForm), nil
}
