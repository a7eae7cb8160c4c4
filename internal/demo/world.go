package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// world is the simulated lab and everybody in it.
type world struct {
	rng     *rand.Rand
	counts  *rand.Rand // of what the managers declare
	foreign *rand.Rand // of what the plants find in the pilot's film
	out     *outbox
	script  *script
	opts    Options

	first time.Time // midnight of the first day, in Rome
	day   int       // days since then
	last  int       // the day of Until

	bins      []*bin
	routes    []*route
	materials map[string]material
	streams   []material // the same, in a fixed order
	dossiers  []*evaluation
	authors   int // how many there are
	desk      desk
	drivers   map[string][]*author // by recycler
	plants    map[string]*author   // by recycler

	lateUntil int      // the day on which the basement's phone finds the network
	spare     []string // blank labels of the hospital
	retired   string   // the label that was replaced
	open      *bin     // the one that the tour shows filling up
	filled    map[facilityMonth]quantity.Mass
	document  int // number of the last transport document
	ticket    int // number of the last weighing ticket
}

// desk are those who sit at one.
type desk struct {
	coordinator *author
	managers    map[string]*author // by facility
}

// bin is a container as it is in the ward, whatever the server knows of it.
type bin struct {
	id, label string
	name      string
	place     *place
	phone     *author // the ward's shared phone
	colleague *author // somebody in the ward with an own phone
	material  material
	litres    int64
	tare      quantity.Mass
	speed     float64 // share of the volume that fills on an average day
	route     *route

	level     float64 // share of the volume that is full
	spread    float64 // how densely this fill is packed
	opened    bool
	shown     bool // the server knows that it is open
	lostUntil int  // the day on which it is found; 0 if it is not lost
	closed    *closing
	takenOn   int // the day of the last collection
	idleUntil int // the last day on which nobody uses it after that
}

// closing is how a fill was closed.
type closing struct {
	id        string
	at        time.Time
	departure quantity.Mass // as the domain works it out
	truth     quantity.Mass
	scaled    bool // weighed, not guessed
}

// route is what one lorry collects every week: the bins of a recycler's
// streams in a facility.
type route struct {
	facility, recycler string
	offset             int // days of the week after the one of Until
	bins               []*bin
	pickup             string // planned for the next visit
	listed             []*bin
	turn               int
	comes              bool           // the lorry, on the day of the visit
	legs               []tracking.Leg // its way on that day
}

// maxRoute is how many bins fit on a lorry.
const maxRoute = 60

func newWorld(ctx context.Context, opts Options) *world {
	o := &outbox{
		ctx: ctx, until: opts.Until, random: rand.New(source(opts.Seed, "entries")),
		answers: map[tracking.ResultStatus]int{},
	}
	o.service = tracking.NewSeeded(opts.Store, func() time.Time { return o.clock }, source(opts.Seed, "labels"))
	w := &world{
		rng: rand.New(source(opts.Seed, "life")), counts: rand.New(source(opts.Seed, "counts")), foreign: rand.New(source(opts.Seed, "foreign")),
		out: o, opts: opts, materials: map[string]material{}, filled: map[facilityMonth]quantity.Mass{},
		desk:    desk{managers: map[string]*author{}},
		drivers: map[string][]*author{}, plants: map[string]*author{},
	}
	start := opts.Until.AddDate(-opts.Years, 0, 0)
	w.first = time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, calendar.Rome())
	w.last = daysBetween(w.first, opts.Until)
	w.script = scriptOf(w.last, opts.Years)
	w.streams = materials()
	for _, m := range w.streams {
		w.materials[m.ID] = m
	}
	w.hire()
	return w
}

// daysBetween counts the midnights of Rome; a day of 23 hours is one.
func daysBetween(a, b time.Time) int {
	utc := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(utc(b).Sub(utc(a)).Hours() / 24)
}

// hire makes the people at the desks, on the lorries and at the plants. Their
// ids are fixed, and no account has them: the sign-ins are others.
func (w *world) hire() {
	w.desk.coordinator = w.author(access.Membership{Role: access.Coordinator}, "demo-coordinator")
	for i, f := range facilities() {
		w.desk.managers[f.ID] = w.author(access.Membership{Role: access.Manager, Facility: f.ID}, fmt.Sprintf("demo-manager-%d", i+1))
	}
	for i, r := range recyclers() {
		for n := range 2 {
			w.drivers[r.ID] = append(w.drivers[r.ID],
				w.author(access.Membership{Role: access.Driver, Recycler: r.ID}, fmt.Sprintf("demo-driver-%d-%d", i+1, n+1)))
		}
		w.plants[r.ID] = w.author(access.Membership{Role: access.Plant, Recycler: r.ID}, fmt.Sprintf("demo-plant-%d", i+1))
	}
}

func (w *world) author(m access.Membership, user string) *author {
	m.Lab = Lab
	w.authors++
	return &author{Caller: access.Caller{Membership: m, User: user}, order: w.authors}
}

// at is a time of a day, on the clocks of Rome, give or take half a minute.
func (w *world) at(day int, hours float64) time.Time {
	midnight := time.Date(w.first.Year(), w.first.Month(), w.first.Day()+day, 0, 0, 0, 0, calendar.Rome())
	ms := time.Duration(w.rng.IntN(30_000)) * time.Millisecond
	return midnight.Add(time.Duration(hours*float64(time.Hour)) + ms).Truncate(time.Millisecond)
}

// sharp is a time of a day to the second: when batches are sent.
func (w *world) sharp(day int, hours float64) time.Time {
	return time.Date(w.first.Year(), w.first.Month(), w.first.Day()+day, 0, 0, 0, 0, calendar.Rome()).
		Add(time.Duration(hours * float64(time.Hour)))
}

func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

// between is a random number from a to b.
func (w *world) between(a, b float64) float64 { return a + (b-a)*w.rng.Float64() }

// live runs all days.
func (w *world) live() error {
	for w.day = 0; w.day <= w.last; w.day++ {
		if err := w.declareMonth(); err != nil {
			return err
		}
		w.visitAll()
		w.fillAll()
		w.ownDay()
		w.planAll()
		if err := w.out.send(w.sharp(w.day, 24), w.repeats); err != nil {
			return err
		}
		if err := w.evaluate(); err != nil {
			return err
		}
		w.opts.Progress(w.day+1, w.last+1)
	}
	return nil
}

// repeats says whether a batch is sent again: only wards have bad networks.
func (w *world) repeats(a *author) bool {
	return a.Device != "" && w.script.take(sentTwice, w.day)
}

// tour picks what is worth looking at on the last day.
func (w *world) tour() Tour {
	t := Tour{BlankLabel: w.spare[0], RetiredLabel: w.retired, OpenBin: w.open.id, OpenLabel: w.open.label}
	for _, b := range w.bins {
		if b.place.Facility == hospital && b.closed != nil && !b.closed.at.After(w.opts.Until) && t.ClosedLabel == "" {
			t.ClosedLabel = b.label
		}
	}
	for _, r := range w.routes {
		if r.facility == hospital && r.recycler == polymers {
			t.PlannedPickup = r.pickup
			break
		}
	}
	return t
}

// staysOpen keeps the tour's bin open in the last two weeks: time enough for
// what it held before to be fetched.
func (w *world) staysOpen(b *bin) bool { return b == w.open && w.day > w.last-14 }
