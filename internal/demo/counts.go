package demo

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// service is what a ward does on an average day.
type service struct {
	kind   string // of tracking.Denominator
	perDay float64
	steady bool // it does not follow the seasons
}

// services are those of the wards that count some: a facility without beds or
// dialysis has no bed-days and no sessions.
func services() map[string]service {
	return map[string]service{
		firstWard:       {kind: "bed-day", perDay: 26},
		"degenza-verde": {kind: "bed-day", perDay: 23},
		slowClock:       {kind: "procedure", perDay: 9},
		"dialisi":       {kind: "dialysis-session", perDay: 20, steady: true},
		"ambulatori":    {kind: "encounter", perDay: 130},
		"endoscopia":    {kind: "procedure", perDay: 11},
	}
}

// generated is the kind of the target material that a facility generates.
const generated = "generated-gram"

// declareMonth lets the managers declare the month before, on its morrow,
// before anybody else writes.
func (w *world) declareMonth() error {
	if w.day == 0 || w.sharp(w.day, 12).Day() != 1 {
		return nil
	}
	w.out.clock = w.sharp(w.day, 8.5)
	if w.out.clock.After(w.opts.Until) {
		w.out.clock = w.opts.Until
	}
	month := calendar.MonthOf(calendar.At(w.sharp(w.day-1, 12)))
	for _, f := range facilities() {
		if err := w.declareFacility(f.ID, month); err != nil {
			return fmt.Errorf("declaring %s of %s: %w", month, f.ID, err)
		}
	}
	if month.Next() == w.monthBefore(pilotMonths) {
		return w.beginPilot()
	}
	return nil
}

func (w *world) declareFacility(facility string, month calendar.Month) error {
	counts := w.countServices(facility, month)
	counts[generated] = w.estimateGenerated(facility, month)
	kinds := make([]string, 0, len(counts))
	for kind := range counts {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		var d tracking.Denominator
		d.Facility, d.Month, d.Kind = facility, month, kind
		d.Quantity, d.Source = decimal.NewFromInt(counts[kind]), "made up for the demo"
		key := tracking.Write{Key: "demo:denominator:" + tracking.DenominatorID(facility, month, kind)}
		if _, err := w.out.service.PutDenominator(w.out.ctx, w.desk.managers[facility].Caller, key, d); err != nil {
			return err
		}
	}
	return nil
}

// countServices counts what a facility did in a month, of which the lab may
// have run a part only.
func (w *world) countServices(facility string, month calendar.Month) map[string]int64 {
	start := month.Start().Time().In(calendar.Rome())
	days := min(daysBetween(w.first, start.AddDate(0, 1, 0)), daysBetween(start, start.AddDate(0, 1, 0)))
	counts, all := map[string]int64{}, services()
	for _, p := range places() {
		s, counted := all[p.ID]
		if !counted || p.Facility != facility {
			continue
		}
		busy := s.perDay * float64(days*w.opts.Factor) * (0.95 + 0.1*w.counts.Float64())
		if !s.steady {
			busy *= season(start.Month())
		}
		counts[s.kind] += int64(math.Round(busy))
	}
	return counts
}

// estimateGenerated is what a facility thinks that it generates, from its
// purchases: more than it collects, and less so as the year goes on.
func (w *world) estimateGenerated(facility string, month calendar.Month) int64 {
	captured := 0.6 + 0.16*float64(w.day)/float64(w.last) + 0.04*w.counts.Float64()
	return int64(math.Round(float64(w.filled[facilityMonth{facility, month}]) / captured))
}

// facilityMonth is where and when a facility's bins were closed.
type facilityMonth struct {
	facility string
	month    calendar.Month
}

// noteFilled adds to what a facility really put into its bins.
func (w *world) noteFilled(facility string, at time.Time, mass quantity.Mass) {
	w.filled[facilityMonth{facility, calendar.MonthOf(calendar.At(at))}] += mass
}
