package tracking

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// What a lab declares for its indicators: written like the catalogue.
const (
	typeBaselinePut    Type = "baseline.put"
	typeDenominatorPut Type = "denominator.put"
	typePilotPut       Type = "pilot.put"
	typeAssessmentPut  Type = "assessment.put"
)

// The kinds of what a lab declares.
const (
	KindBaseline    store.Kind = "baseline"
	KindDenominator store.Kind = "denominator"
	KindPilot       store.Kind = "pilot"
	KindAssessment  store.Kind = "assessment"
)

// What a lab may declare: more would be a mistake of a program, or meant ill.
const (
	MaxBaselines     = 100
	MaxPilots        = 500
	MaxPilotStreams  = 100
	MaxBaselineLegs  = 10
	maxQuantityScale = 3 // digits after the point
)

// maxQuantity is the largest quantity of a denominator.
var maxQuantity = decimal.New(1, 12)

// Baseline is what would have become of the mass otherwise: the lab's own, or
// one that is built in.
type Baseline struct {
	indicator.Baseline

	BuiltIn bool `json:"-"` // comes with the program, and is in no ledger
}

func (b *Baseline) kind() store.Kind  { return KindBaseline }
func (b *Baseline) id() string        { return b.ID }
func (b *Baseline) keys() []store.Key { return nil }
func (b *Baseline) setID(id string)   { b.ID = id }
func (b *Baseline) check(v *validation) {
	v.optionalID(b.ID, "/id")
	v.text(b.Name, "/name", true, 120)
	v.text(b.NameIT, "/nameIt", true, 120)
	v.text(b.Source, "/source", true, 400)
	v.day(b.Dated, "/dated")
	v.ok(len(b.Routes) <= 1000, "/routes", "too-many", "Name each route once.")
	v.ok(len(b.Legs) <= MaxBaselineLegs, "/legs", "too-many", fmt.Sprintf("Use at most %d.", MaxBaselineLegs))
	if v.faulty("/routes") || v.faulty("/legs") {
		return
	}
	for i, r := range b.Routes {
		again := slices.ContainsFunc(b.Routes[:i], func(o indicator.RouteShare) bool { return o.Operation == r.Operation })
		v.ok(!again, fmt.Sprintf("/routes/%d/operation", i), "repeated", "Name each route once.")
	}
	for i, l := range b.Legs {
		v.oneOf(l.Vehicle, fmt.Sprintf("/legs/%d/vehicle", i), Vehicles...)
	}
	v.problem(b.Check(), "")
}
func (b *Baseline) admit(w *work, old *Baseline) error {
	if old != nil {
		return nil
	}
	return admitOneMore(w, KindBaseline, MaxBaselines)
}

// admitOneMore counts the lab's documents of a kind.
func admitOneMore(w *work, kind store.Kind, most int) error {
	there, err := w.tx.Find(store.Query{Kind: kind, Limit: most})
	if err == nil && len(there) == most {
		err = problem.New(problem.Unprocessable, "too-many-"+string(kind)+"s", "The lab has %d of these, which is the most: change one that is not used any more.", most)
	}
	return err
}

// day asks for a day like 2026-03-31.
func (v *validation) day(s, pointer string) {
	_, err := time.Parse(time.DateOnly, s)
	v.ok(err == nil, pointer, "malformed", "Write the day like 2026-03-31.")
}

// Denominator is a quantity that a facility declared for a month.
type Denominator struct{ indicator.Denominator }

// DenominatorID is the id of what a facility declares of a kind for a month:
// who declares it again changes it.
func DenominatorID(facility string, month calendar.Month, kind string) string {
	return strings.Join([]string{facility, string(month), kind}, ":")
}

// ParseDenominatorID is the inverse of DenominatorID for what can be one. Ids
// of facilities may have colons, months and kinds have none.
func ParseDenominatorID(id string) (d Denominator, ok bool) {
	parts := strings.Split(id, ":")
	n := len(parts)
	if n < 3 {
		return d, false
	}
	month, err := calendar.ParseMonth(parts[n-2])
	d.Facility, d.Month, d.Kind = strings.Join(parts[:n-2], ":"), month, parts[n-1]
	d.ID = id
	return d, err == nil && validID(d.Facility) && slices.Contains(indicator.DenominatorKinds, d.Kind)
}

func (d *Denominator) kind() store.Kind { return KindDenominator }
func (d *Denominator) id() string       { return d.ID }
func (d *Denominator) keys() []store.Key {
	return []store.Key{key(byFacility, d.Facility, string(d.Month), d.Denominator.Kind)}
}
func (d *Denominator) setID(string) {} // what it is of names it
func (d *Denominator) check(v *validation) {
	v.id(d.Facility, "/facility")
	_, err := calendar.ParseMonth(string(d.Month))
	v.ok(err == nil, "/month", "malformed", "Write the month like 2026-03.")
	v.oneOf(d.Kind, "/kind", indicator.DenominatorKinds...)
	v.ok(countable(d.Quantity), "/quantity", "out-of-range", "Use 0 to 1000000000000, with at most 3 digits after the point.")
	v.text(d.Source, "/source", true, 400)
}

// countable reports whether a decimal may be the quantity of a denominator. It
// looks at the exponent first: 1e999999999 is short, and long to compare.
func countable(q decimal.Decimal) bool {
	return q.Exponent() >= -maxQuantityScale && q.Exponent() <= 0 && q.NumDigits() <= 13+maxQuantityScale &&
		!q.IsNegative() && q.LessThanOrEqual(maxQuantity)
}

// seenBy makes what a facility declares its own affair, and the lab's.
func (d *Denominator) seenBy(c access.Caller) bool { return c.SeesFacility(d.Facility) }

// admit takes months up to the next one: a plan is no count.
func (d *Denominator) admit(w *work, _ *Denominator) error {
	if _, err := fetch[Facility](w, KindFacility, d.Facility); err != nil {
		return unknownReference(err, "/facility", "facility")
	}
	v := &validation{}
	last := calendar.MonthOf(w.recorded).Next()
	v.ok(d.Month <= last, "/month", "out-of-range", "Use a month up to "+string(last)+".")
	return v.err()
}

// Pilot is a trial, with the facilities whose wards it names.
type Pilot struct {
	indicator.Pilot
	Facilities []string `json:"facilities"` // in order; wards stay where they are
}

func (p *Pilot) kind() store.Kind  { return KindPilot }
func (p *Pilot) id() string        { return p.ID }
func (p *Pilot) keys() []store.Key { return nil }
func (p *Pilot) setID(id string)   { p.ID = id }
func (p *Pilot) check(v *validation) {
	v.optionalID(p.ID, "/id")
	v.text(p.Name, "/name", true, 120)
	v.text(p.Changed, "/changed", true, 1000)
	v.ok(len(p.Streams) <= MaxPilotStreams, "/streams", "too-many", fmt.Sprintf("Name at most %d streams.", MaxPilotStreams))
	v.problem(p.Check(), "")
	if len(v.fields) > 0 {
		return
	}
	for _, list := range []struct {
		at  string
		ids []string
	}{{"/wards", p.Wards}, {"/streams", p.Streams}, {"/reference/wards", p.Reference.Wards}} {
		named := map[string]bool{}
		for i, id := range list.ids {
			at := fmt.Sprintf("%s/%d", list.at, i)
			v.id(id, at)
			v.ok(!named[id], at, "repeated", "Name each once.")
			named[id] = true
		}
	}
}

// seenBy shows a pilot to a facility if all of it is the facility's.
func (p *Pilot) seenBy(c access.Caller) bool {
	return c.LabWide() || len(p.Facilities) == 1 && c.SeesFacility(p.Facilities[0])
}

func (p *Pilot) admit(w *work, old *Pilot) error {
	if old == nil {
		if err := admitOneMore(w, KindPilot, MaxPilots); err != nil {
			return err
		}
	}
	p.Facilities = nil
	for i, id := range slices.Concat(p.Wards, p.Reference.Wards) {
		at := fmt.Sprintf("/wards/%d", i)
		if i >= len(p.Wards) {
			at = fmt.Sprintf("/reference/wards/%d", i-len(p.Wards))
		}
		ward, err := fetch[Ward](w, KindWard, id)
		if err != nil {
			return unknownReference(err, at, "ward")
		}
		p.Facilities = append(p.Facilities, ward.Facility)
	}
	slices.Sort(p.Facilities)
	p.Facilities = slices.Compact(p.Facilities)
	for i, id := range p.Streams {
		if _, err := fetch[Stream](w, KindStream, id); err != nil {
			return unknownReference(err, fmt.Sprintf("/streams/%d", i), "stream")
		}
	}
	return nil
}

// PutBaseline creates a baseline or replaces one.
func (s *Service) PutBaseline(ctx context.Context, c access.Caller, w Write, b Baseline) (Versioned[Baseline], error) {
	if err := c.May(access.WriteBaselines); err != nil {
		return Versioned[Baseline]{}, err
	}
	if b.ID == indicator.EmiliaRomagna().ID {
		return Versioned[Baseline]{}, problem.New(problem.Unprocessable, "baseline-built-in", "This baseline is built in and stays as it is: make another one.")
	}
	b.BuiltIn = false
	return putCatalogue[Baseline](ctx, s, c, w, typeBaselinePut, &b)
}

// PutDenominator declares a quantity for a month, or changes what was declared.
// Managers do so for their facility.
func (s *Service) PutDenominator(ctx context.Context, c access.Caller, w Write, d Denominator) (Versioned[Denominator], error) {
	if err := c.May(access.WriteDenominators); err != nil {
		return Versioned[Denominator]{}, err
	}
	d.ID = DenominatorID(d.Facility, d.Month, d.Denominator.Kind)
	// Before anything is looked up: whether a foreign facility has declared
	// something is not told.
	if w.IfVersion == 0 && !c.SeesFacility(d.Facility) {
		return Versioned[Denominator]{}, unknownReference(store.ErrNotFound, "/facility", "facility")
	}
	return putCatalogue[Denominator](ctx, s, c, w, typeDenominatorPut, &d)
}

// PutPilot creates a pilot or replaces one.
func (s *Service) PutPilot(ctx context.Context, c access.Caller, w Write, p Pilot) (Versioned[Pilot], error) {
	return putCatalogue[Pilot](ctx, s, c, w, typePilotPut, &p)
}
