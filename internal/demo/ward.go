package demo

import (
	"math"
	"time"

	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// Hours of a ward's day. On the day of a visit the wards record nothing
// before noon about the bins that are fetched, since phones send in the
// evening and drivers at once.
const (
	earlyShift = 6.5
	afterVisit = 12.0
	lateShift  = 18.5
	evening    = 20.0 // phones send
)

const (
	// clockFast is how far the phone with the bad clock is ahead.
	clockFast = 20 * time.Minute
	// The days before the end on which that phone is in use.
	clockFrom, clockTo = 200, 140
)

// season is how busy a facility is in a month: Italy is on holiday in August,
// and operates little around Christmas.
func season(m time.Month) float64 {
	switch m {
	case time.August:
		return 0.6
	case time.December:
		return 0.82
	case time.July:
		return 0.88
	case time.February, time.November:
		return 1.08
	}
	return 1
}

func (w *world) fillAll() {
	today := w.sharp(w.day, 12)
	busy := season(today.Month())
	weekend := today.Weekday() == time.Saturday || today.Weekday() == time.Sunday
	if w.lateUntil <= w.day && w.script.take(basementPhone, w.day) {
		w.lateUntil = w.day + 7
	}
	for _, b := range w.bins {
		if b.lostUntil > 0 || b.closed != nil || w.day <= b.idleUntil {
			continue
		}
		share := busy * b.speed * w.between(0.6, 1.4)
		if weekend {
			share *= b.place.weekend
		}
		w.fill(b, share)
	}
}

// fill is a bin's day.
func (w *world) fill(b *bin, share float64) {
	from := earlyShift
	if w.visits(b.route, w.day) {
		from = afterVisit
	}
	hour := func(low, high float64) time.Time { return w.at(w.day, from+(lateShift-from)*w.between(low, high)) }
	if !b.opened {
		if share < 0.02 {
			return // nobody has used it today
		}
		b.opened, b.level, b.spread = true, 0, w.between(0.88, 1.12)
		if w.chance(0.6) {
			w.show(b, hour(0, 0.3))
		}
	}
	b.level += share
	if w.script.now(lostBin, w.day) && b.shown && b != w.open && b.place.ID != basement && w.script.take(lostBin, w.day) {
		w.tell(b, b.phone, hour(0.4, 0.6), "bin.lost", tracking.Body{Bin: b.id, Reason: "Non è al suo posto da ieri."})
		b.lostUntil = w.day + 10
		return
	}
	weighs := 0.05
	if b.place.scale != "" {
		weighs = 0.12
	}
	if w.chance(weighs) {
		m, _ := w.measure(b, b.level)
		w.tell(b, w.someone(b), hour(0.35, 0.5), "fill.weigh", tracking.Body{Label: b.label, Measurement: &m})
		b.shown = true
	}
	if w.staysOpen(b) {
		if b.level = min(b.level, 0.8); !b.shown {
			w.show(b, hour(0, 0.3))
		}
		return
	}
	if b.level >= 0.93 || b.level >= 0.5 && w.visits(b.route, w.day+1) {
		w.close(b, hour(0.55, 0.92))
	}
}

// show tells the server that a bin is open.
func (w *world) show(b *bin, at time.Time) {
	w.tell(b, w.someone(b), at, "fill.open", tracking.Body{Label: b.label})
	b.shown = true
}

// someone records: mostly the ward's shared phone, sometimes a person.
func (w *world) someone(b *bin) *author {
	if w.chance(0.2) {
		return b.colleague
	}
	return b.phone
}

// tell puts a ward's entry on its way. The basement's phone may have to wait
// for the network, and one phone's clock is wrong for a while.
func (w *world) tell(b *bin, from *author, at time.Time, typ tracking.Type, body tracking.Body) string {
	n := note{from: from, at: at, send: w.sharp(w.sendDay(b.place.Facility), evening), typ: typ, body: body}
	if b.place.ID == basement && w.day < w.lateUntil {
		n.send = w.sharp(w.lateUntil, evening)
	}
	if b.place.ID == slowClock && from == b.phone && w.day >= w.last-clockFrom && w.day < w.last-clockTo {
		n.fast = clockFast
	}
	if b.place.ID == basement && from == b.phone {
		n.fast = -90 * time.Second // a little slow: not worth a correction
	}
	return w.out.say(n)
}

// sendDay is the evening on which a ward's phones send what is said today:
// every other day or so, but in time for tomorrow's driver. Each batch costs an
// fsync, and the demo is to be ready in seconds.
func (w *world) sendDay(facility string) int {
	for day := w.day; day < w.last; day++ {
		if (w.last-day)%7 == 4 {
			return day
		}
		for _, r := range w.routes {
			if r.facility == facility && w.visits(r, day+1) {
				return day
			}
		}
	}
	return w.last
}

// truth is the mass that is really in a bin.
func (b *bin) truth(level float64) quantity.Mass {
	full := float64(b.litres * b.material.Densities[0].GramsPerLitre)
	return max(quantity.Mass(full*min(level, 1)*b.spread), 50)
}

// measure states a bin's mass as the ward would, and what the domain will make
// of it.
func (w *world) measure(b *bin, level float64) (tracking.Measurement, quantity.Mass) {
	net := b.truth(level)
	switch {
	case b.place.scale != "" && w.chance(0.85):
		net = max(net/50*50, 50) // the scale's step
		if b.place.scale == "gross" {
			return tracking.Measurement{GrossGrams: net + b.tare}, net
		}
		return tracking.Measurement{NetGrams: net}, net
	case w.chance(0.2):
		guess := max(quantity.Mass(float64(net)*w.between(0.85, 1.15))/500*500, 500)
		return tracking.Measurement{NetGrams: guess, Estimated: true}, guess
	}
	percent := int(math.Round(min(level, 1)*20)) * 5
	switch {
	case level >= 0.85:
		percent = 100
	case level >= 0.45 && level < 0.65:
		percent = 50
	}
	percent = max(percent, 5)
	full := b.litres * b.material.Densities[0].GramsPerLitre
	return tracking.Measurement{FullnessPercent: percent}, quantity.Mass((full*int64(percent) + 50) / 100)
}

// clean answers the sorting question with yes.
func clean() *tracking.Sorting {
	return &tracking.Sorting{NotHazardous: true, NotContaminated: true, NotIsolation: true}
}

// close closes a bin, in one of the ways in which that goes.
func (w *world) close(b *bin, at time.Time) {
	from := w.someone(b)
	m, departure := w.measure(b, b.level)
	body := tracking.Body{Label: b.label, Measurement: &m, Sorting: clean()}
	if w.script.take(divertedFill, w.day) {
		body.Sorting.NotContaminated = false
		w.tell(b, from, at, "fill.close", body)
		b.empty()
		return
	}
	if w.script.take(undoneClose, w.day) {
		mistake := w.tell(b, from, at, "fill.close", body)
		w.tell(b, from, at.Add(3*time.Minute), "undo", tracking.Body{Corrects: mistake})
		at = at.Add(12 * time.Minute)
	}
	c := &closing{at: at, departure: departure, truth: b.truth(b.level), scaled: !m.Estimated && m.FullnessPercent == 0}
	if w.script.take(correctedClose, w.day) {
		slip := body
		slip.Measurement = &tracking.Measurement{NetGrams: 10 * c.truth}
		c.id = w.tell(b, from, at, "fill.close", slip)
		body.Label = ""
		w.tell(b, b.colleague, at.Add(40*time.Minute), "correct", tracking.Body{
			Corrects: c.id, Reason: "Virgola sbagliata.", Replacement: &body,
		})
	} else {
		c.id = w.tell(b, from, at, "fill.close", body)
	}
	b.closed = c
	w.noteFilled(b.place.Facility, at, c.truth)
	w.closeAgain(b, at.Add(30*time.Minute), body)
}

// closeAgain is what ends up in the inbox around a closing.
func (w *world) closeAgain(b *bin, at time.Time, body tracking.Body) {
	body.Label = b.label
	switch {
	case b.place.ID == basement:
	case w.script.take(closedTwice, w.day):
		w.tell(b, b.colleague, at, "fill.close", body)
	case w.script.take(closedTwiceSettled, w.day):
		again := w.tell(b, b.colleague, at, "fill.close", body)
		w.out.say(note{
			from: w.desk.managers[b.place.Facility], at: w.at(w.day+5, 9.5), send: w.sharp(w.day+5, 10),
			typ: "review.dismiss", body: tracking.Body{Entry: again, Reason: "Chiuso due volte: vale la prima."},
		})
	case w.script.take(unknownLabel, w.day):
		body.Label = "7K4M9QXP2RTBW" // well formed, and issued by nobody
		w.tell(b, b.phone, at, "fill.close", body)
	}
}

// empty is what is left of a fill after it is gone.
func (b *bin) empty() {
	b.opened, b.shown, b.level, b.closed = false, false, 0, nil
}

// ownDay is what the desks do besides: bins that turn up again, damaged
// labels, months to close.
func (w *world) ownDay() {
	for _, b := range w.bins {
		if b.lostUntil == w.day && b.lostUntil > 0 {
			w.tell(b, b.phone, w.at(w.day, 14), "bin.found", tracking.Body{Bin: b.id, Reason: "Era in un altro reparto."})
			b.lostUntil = 0
		}
	}
	if w.script.take(replacedLabel, w.day) {
		w.replaceLabel(w.bins[len(w.bins)/3])
	}
	w.closeMonth()
}

func (w *world) replaceLabel(b *bin) {
	manager := w.desk.managers[b.place.Facility]
	w.retired, b.label = b.label, w.spare[0]
	w.spare = w.spare[1:]
	// After the phones have sent: what they say today still names the old one.
	w.out.say(note{from: manager, at: w.at(w.day, 21), send: w.sharp(w.day, 21.2), typ: "label.bind", body: tracking.Body{
		Label: b.label, Bin: b.id, Replaces: w.retired,
	}})
}
