package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// author is somebody who records entries: a person or a shared phone.
type author struct {
	access.Caller
	order int // who comes first among those who send in the same instant
}

// parcel is an entry on its way from a phone to the server.
type parcel struct {
	send time.Time
	from *author
	skew time.Duration // of the phone's clock, as the server measures it when the parcel arrives
	no   int           // in the order of writing
	sub  tracking.Submission
}

// outbox keeps the entries until they are sent, in batches, by the simulated
// clock. Only send moves the clock.
type outbox struct {
	ctx     context.Context // of the one Seed that the outbox lives in
	service *tracking.Service
	clock   time.Time
	until   time.Time
	random  *rand.Rand // of entry ids
	waiting []parcel
	written int
	answers map[tracking.ResultStatus]int
	err     error // the first fault; the entries after it are dropped
}

// note is an entry before it is written.
type note struct {
	from *author
	at   time.Time     // when it happened
	send time.Time     // when the phone sends it
	fast time.Duration // how far the phone's clock is ahead
	typ  tracking.Type
	body tracking.Body
}

// say puts an entry into the outbox and returns its id. What happens until
// now, but would be sent later today, is sent now; what is sent after now
// stays on the phone.
func (o *outbox) say(n note) string {
	byPhone := n.at.Add(n.fast)
	id := o.entryID(byPhone)
	if n.send.After(o.until) && !n.at.After(o.until) && n.send.Sub(n.at) < 24*time.Hour {
		n.send = o.until
	}
	if n.send.After(o.until) || o.err != nil {
		return id
	}
	body, err := json.Marshal(n.body)
	if err != nil {
		o.err = fmt.Errorf("encoding a body of %s: %w", n.typ, err)
		return id
	}
	o.written++
	o.waiting = append(o.waiting, parcel{n.send, n.from, -n.fast, o.written, tracking.Submission{
		ID: id, Type: n.typ, OccurredAt: calendar.At(byPhone).String(), Body: body,
	}})
	return id
}

// entryID makes a UUIDv7 as a phone makes it, from its clock.
func (o *outbox) entryID(at time.Time) string {
	var id uuid.UUID
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	a, b := o.random.Uint64(), o.random.Uint64()
	for i := range 8 {
		id[8+i] = byte(b >> (8 * i))
	}
	id[6], id[7] = 0x70|byte(a)&0x0f, byte(a>>8)
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// send sends everything that is due, in batches of one caller each. again
// decides which batches are sent a second time, a day later: the phone did not
// hear the answer.
func (o *outbox) send(through time.Time, again func(*author) bool) error {
	var due []parcel
	o.waiting = slices.DeleteFunc(o.waiting, func(p parcel) bool {
		if p.send.After(through) {
			return false
		}
		due = append(due, p)
		return true
	})
	slices.SortFunc(due, func(a, b parcel) int {
		return cmp.Or(a.send.Compare(b.send), cmp.Compare(a.from.order, b.from.order), cmp.Compare(a.skew, b.skew), cmp.Compare(a.no, b.no))
	})
	for len(due) > 0 && o.err == nil {
		n := 1
		for n < min(len(due), tracking.MaxSync) && due[n].sameBatch(due[0]) {
			n++
		}
		batch := due[:n]
		o.err = o.sync(batch)
		due = due[n:]
		if again(batch[0].from) {
			o.repeat(batch)
		}
	}
	return o.err
}

func (p parcel) sameBatch(q parcel) bool {
	return p.send.Equal(q.send) && p.from == q.from && p.skew == q.skew
}

func (o *outbox) sync(batch []parcel) error {
	subs := make([]tracking.Submission, len(batch))
	for i, p := range batch {
		subs[i] = p.sub
	}
	o.clock = batch[0].send
	results, err := o.service.Sync(o.ctx, batch[0].from.Caller, subs, batch[0].skew)
	if err != nil {
		return err
	}
	for i, r := range results {
		if r.Problem != nil {
			return fmt.Errorf("%s by %s on %s was refused: %w", subs[i].Type, batch[0].from.Actor(), subs[i].OccurredAt, r.Problem)
		}
		o.answers[r.Status]++
	}
	return nil
}

func (o *outbox) repeat(batch []parcel) {
	for _, p := range batch {
		if p.send = p.send.Add(24 * time.Hour); !p.send.After(o.until) {
			o.waiting = append(o.waiting, p)
		}
	}
}
