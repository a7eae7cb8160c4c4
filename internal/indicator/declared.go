package indicator

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
)

// DenominatorKinds are what a facility may declare by month: quantities of
// service, and the target material generated (from purchases or an audit).
var DenominatorKinds = []string{"bed-day", "dialysis-session", "procedure", "encounter", "generated-gram"}

// Denominator is a quantity that a facility declared for a month.
type Denominator struct {
	ID       string          `json:"id"`
	Facility string          `json:"facility"`
	Month    calendar.Month  `json:"month"`
	Kind     string          `json:"kind"`
	Quantity decimal.Decimal `json:"quantity"`
	Source   string          `json:"source"` // where the number is from
}

// Pilot is a trial: some wards and streams in a period in which something was
// changed, set against the same wards before or against other wards.
type Pilot struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Changed   string         `json:"changed"` // what was changed, in words
	From      calendar.Month `json:"from"`
	To        calendar.Month `json:"to"`
	Wards     []string       `json:"wards"`
	Streams   []string       `json:"streams,omitempty"` // empty: all
	Reference Reference      `json:"reference"`
}

// Reference is what a pilot is set against: its own wards in an earlier
// period, or other wards in the same or another period.
type Reference struct {
	From  calendar.Month `json:"from"`
	To    calendar.Month `json:"to"`
	Wards []string       `json:"wards,omitempty"` // empty: the pilot's own
}

// MaxPilotWards bounds each side of a pilot.
const MaxPilotWards = 200

// Check lists everything that is wrong with a pilot.
func (p *Pilot) Check() error {
	bad := problem.New(problem.Invalid, "pilot-invalid", "The pilot is not valid; see the fields.")
	if n := len(p.Wards); n < 1 || n > MaxPilotWards {
		bad.With("/wards", "out-of-range", fmt.Sprintf("Name 1 to %d wards.", MaxPilotWards))
	}
	if len(p.Reference.Wards) > MaxPilotWards {
		bad.With("/reference/wards", "too-many", fmt.Sprintf("Name at most %d wards.", MaxPilotWards))
	}
	period(bad, "", p.From, p.To)
	period(bad, "/reference", p.Reference.From, p.Reference.To)
	switch {
	case len(p.Reference.Wards) == 0 && p.Reference.To >= p.From:
		bad.With("/reference/to", "out-of-range", "Its own earlier period ends before the pilot begins. To compare within the same months, name other wards.")
	case slices.ContainsFunc(p.Reference.Wards, func(w string) bool { return slices.Contains(p.Wards, w) }):
		bad.With("/reference/wards", "repeated", "A ward of the pilot can't be in the other group. To compare with its own past, leave the other wards out.")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// period checks two months and that they are in order, at most five years.
func period(bad *problem.Error, at string, from, to calendar.Month) {
	first, err := time.Parse("2006-01", string(from))
	if err != nil {
		bad.With(at+"/from", "malformed", "Write the month like 2026-03.")
		return
	}
	last, err := time.Parse("2006-01", string(to))
	switch {
	case err != nil:
		bad.With(at+"/to", "malformed", "Write the month like 2026-03.")
	case last.Before(first) || last.After(first.AddDate(5, -1, 0)):
		bad.With(at+"/to", "out-of-range", "Use a month from the first one on, within five years.")
	}
}
