package demo

import (
	"fmt"
	"slices"
	"time"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// taken is a bin that a driver took.
type taken struct {
	*closing
	bin *bin
}

// planAll plans tomorrow's visits: the polymers' recycler gets a list, the
// other one takes whatever is closed.
func (w *world) planAll() {
	tomorrow := w.day + 1
	if w.last-tomorrow < 0 {
		return
	}
	noon := w.sharp(w.day, 15)
	for _, r := range w.routes {
		if !w.visits(r, tomorrow) {
			continue
		}
		r.listed = nil
		body := tracking.Body{Facility: r.facility, Recycler: r.recycler, PlannedFor: w.sharp(tomorrow, 12).Format(time.DateOnly)}
		for _, b := range r.bins {
			ready := b.closed != nil && b.closed.at.Before(noon)
			hopeful := b.closed == nil && b.shown && w.chance(0.04) // somebody expects it to be full by then
			if r.recycler == polymers && (ready || hopeful || b.lostUntil > tomorrow) {
				r.listed = append(r.listed, b)
				body.Bins = append(body.Bins, b.id)
			}
		}
		from := w.desk.managers[r.facility]
		if r.recycler == organics {
			from = w.desk.coordinator
		}
		r.pickup = w.out.say(note{from: from, at: w.at(w.day, 15), send: w.sharp(w.day, 15.1), typ: "pickup.plan", body: body})
	}
}

func (w *world) visitAll() {
	if w.day == w.last {
		return // what is planned for today has not come yet
	}
	w.dispatchAll()
	for i, r := range w.routes {
		if r.pickup != "" && w.visits(r, w.day) {
			w.visit(r, 7.5+0.25*float64(i%12))
			r.pickup, r.listed = "", nil
			r.turn++
		}
	}
}

// visit is a driver's round. hour is when it begins.
func (w *world) visit(r *route, hour float64) {
	driver := w.drivers[r.recycler][r.turn%2]
	v := &round{world: w, route: r, driver: driver, clock: w.at(w.day, hour), send: w.sharp(w.day, hour+2)}
	if !r.comes {
		w.out.say(note{
			from: w.desk.managers[r.facility], at: v.clock, send: v.send, typ: "pickup.cancel",
			body: tracking.Body{Pickup: r.pickup, Reason: "Niente da ritirare, o mezzo guasto."},
		})
		return
	}
	v.scanAll()
	v.mishaps()
	if len(v.load) == 0 {
		return // all that was there could not be found: the pickup stays under way
	}
	v.handOver()
	w.receive(r, r.pickup, v.load)
}

// round is a visit under way.
type round struct {
	*world
	route  *route
	driver *author
	clock  time.Time
	send   time.Time
	load   []taken
}

// say is an entry of the driver, a minute after the one before.
func (v *round) say(typ tracking.Type, body tracking.Body) string {
	v.clock = v.clock.Add(time.Duration(v.between(30, 80) * float64(time.Second))).Truncate(time.Millisecond)
	body.Pickup = v.route.pickup
	return v.out.say(note{from: v.driver, at: v.clock, send: v.send, typ: typ, body: body})
}

func (v *round) scanAll() {
	for _, b := range v.route.bins {
		listed := slices.Contains(v.route.listed, b)
		switch {
		case b.lostUntil > 0 && listed:
			v.say("pickup.missing", tracking.Body{Bin: b.id, Cause: "lost", Reason: "Segnalato come smarrito dal reparto."})
		case b.closed == nil && listed:
			v.say("pickup.missing", tracking.Body{Bin: b.id, Cause: "still-open"})
		case b.closed == nil:
		case listed && len(v.load) > 0 && v.script.take(notFound, v.day):
			v.say("pickup.missing", tracking.Body{Bin: b.id, Cause: "not-found"})
		case listed && len(v.load) > 0 && v.script.take(noAccess, v.day):
			v.say("pickup.missing", tracking.Body{Bin: b.id, Cause: "no-access", Reason: "Deposito chiuso a chiave."})
		default:
			v.take(b)
		}
	}
}

func (v *round) take(b *bin) {
	v.say("pickup.scan", tracking.Body{Label: b.label})
	if v.script.take(twoDrivers, v.day) {
		other := v.drivers[v.route.recycler][(v.route.turn+1)%2]
		v.out.say(note{from: other, at: v.clock.Add(20 * time.Second), send: v.send.Add(time.Minute), typ: "pickup.scan",
			body: tracking.Body{Pickup: v.route.pickup, Label: b.label}})
	}
	v.load = append(v.load, taken{b.closed, b})
	v.amendLater(taken{b.closed, b})
	b.empty()
	b.takenOn = v.day
	if v.chance(0.07) {
		b.idleUntil = v.day + 2 + v.rng.IntN(3)
	}
}

// mishaps are scans that do not fit, and exceptions.
func (v *round) mishaps() {
	for _, b := range v.bins {
		if b.place.Facility != v.route.facility || b.place.ID == basement || b.lostUntil > 0 || b == v.open {
			continue
		}
		if b.route != v.route && !b.opened && b.takenOn > 0 && v.script.take(otherRecycler, v.day) {
			v.say("pickup.scan", tracking.Body{Label: b.label})
		}
		if b.route == v.route && b.shown && b.closed == nil && v.script.take(scannedOpen, v.day) {
			v.say("pickup.scan", tracking.Body{Label: b.label})
		}
	}
	if len(v.load) > 0 && v.script.take(exception, v.day) {
		reported := []tracking.Body{
			{Cause: "contaminated", Reason: "Garze nel contenitore, fotografate."},
			{Cause: "damaged", Reason: "Ruota rotta."},
			{Cause: "overloaded"},
			{Cause: "extra-bin"},
		}[v.ticket%4]
		reported.Bin = v.load[0].bin.id
		v.say("pickup.exception", reported)
	}
}

// handOver passes the load on: with a transport document of an invented form,
// and mostly with a signature of the facility.
func (v *round) handOver() {
	v.clock = v.clock.Add(5 * time.Minute)
	v.document++
	unattended := v.chance(0.14)
	v.say("pickup.handover", tracking.Body{
		Document: fmt.Sprintf("DEMO-%d-%06d", v.clock.Year(), v.document), Plate: fmt.Sprintf("XX%03dXX", v.route.turn%2+len(v.route.recycler)),
		Legs: v.route.legs, Unattended: unattended,
	})
	if unattended || v.chance(0.06) {
		return
	}
	from := v.load[0].bin.phone
	if v.chance(0.3) {
		from = v.desk.managers[v.route.facility]
	}
	v.out.say(note{from: from, at: v.clock.Add(4 * time.Minute), send: v.send.Add(10 * time.Minute), typ: "pickup.countersign",
		body: tracking.Body{Pickup: v.route.pickup}})
}

// amendLater corrects a closing after its pickup, if the script says so. Only
// guesses are corrected: there the load's tolerance has room.
func (w *world) amendLater(t taken) {
	if t.scaled || t.bin.place.ID == basement {
		return
	}
	after, answer := 0, tracking.Type("")
	switch {
	case w.script.take(lateApproved, w.day):
		after, answer = 80, "correction.approve" // the month is closed by then
	case w.script.take(correctionApproved, w.day):
		after, answer = 6, "correction.approve"
	case w.script.take(correctionRejected, w.day):
		after, answer = 5, "correction.reject"
	case w.script.take(correctionPending, w.day):
		after = 3
	default:
		return
	}
	id := w.out.say(note{
		from: w.desk.managers[t.bin.place.Facility], at: w.at(w.day+after, 10), send: w.sharp(w.day+after, 10.2), typ: "correct",
		body: tracking.Body{Corrects: t.id, Reason: "Il foglio del reparto dice altro.", Replacement: &tracking.Body{
			Measurement: &tracking.Measurement{NetGrams: t.departure*11/10 + 1, Estimated: true}, Sorting: clean(),
		}},
	})
	if answer == "" {
		return
	}
	body := tracking.Body{Correction: id}
	if answer == "correction.reject" {
		body.Reason = "La nostra pesata non lo conferma."
	}
	w.out.say(note{from: w.plants[t.bin.material.recycler], at: w.at(w.day+after+2, 11), send: w.sharp(w.day+after+2, 11.2), typ: answer, body: body})
}

// closeMonth closes a month 45 days after its end, when nearly all of it is
// treated; the last ones stay open.
func (w *world) closeMonth() {
	month := calendar.MonthOf(calendar.At(w.first))
	for range 12*w.opts.Years - 3 {
		next := month.Next()
		if daysBetween(w.first, next.Start().Time().In(calendar.Rome()))+44 == w.day {
			w.out.say(note{from: w.desk.coordinator, at: w.at(w.day, 9), send: w.sharp(w.day, 9.2), typ: "month.close", body: tracking.Body{Month: month}})
		}
		month = next
	}
}
