package rederivetest

import (
	"strconv"
	"time"
	_ "time/tzdata" // months are Rome's, wherever this runs
)

// cell is where a mass is booked.
type cell struct{ month, facility, ward, stream string }

// cells are masses by where they are booked.
type cells map[cell]vector

func (c cells) add(at cell, v vector, sign int64) {
	if len(v) == 0 {
		return
	}
	if c[at] == nil {
		c[at] = vector{}
	}
	c[at].add(v, sign)
	if len(c[at]) == 0 {
		delete(c, at)
	}
}

// rome is the calendar of all months.
func rome() (*time.Location, error) { return time.LoadLocation("Europe/Rome") }

// closings books every fill in the month in which it was closed, as far as the
// entries filed so far tell.
func (b *books) closings(in *time.Location) (cells, error) {
	month := func(t time.Time) string { return t.In(in).Format("2006-01") }
	lines := map[string][]*fill{}
	var all []*fill
	for _, of := range b.bins {
		for _, f := range b.fills(of) {
			all = append(all, &f)
			if f.scan != nil {
				lines[f.scan.Body.Pickup] = append(lines[f.scan.Body.Pickup], &f)
			}
		}
	}
	booked, arrivals, hauls := cells{}, map[string]vector{}, map[string]vector{}
	for id, p := range b.pickups {
		v, err := visitOf(p, lines[id])
		if err != nil {
			return nil, err
		}
		for stream, l := range v.loads {
			for i, line := range l.lines {
				arrivals[line.id], hauls[line.id] = l.arrivals[i], v.hauls[line.id]
			}
			if l.loose != nil {
				loose := vector{"unallocated": l.loose.received(), "difference": -l.loose.received()}
				loose.add(l.loose, 1)
				booked.add(cell{month(l.looseAt), p.facility, "", stream}, loose, 1)
			}
		}
	}
	for _, f := range all {
		v := f.counts(arrivals[f.id], hauls[f.id])
		booked.add(cell{month(f.closed), f.bin.facility, f.bin.ward, f.bin.stream}, v, 1)
	}
	return booked, nil
}

// counts is what a fill counts for.
func (f *fill) counts(arrival, haul vector) vector {
	v := vector{}
	if f.diverted {
		v.add(vector{"diverted": f.grams}, 1)
		return v
	}
	v.add(vector{"fills": 1, "collected": f.grams, "collectedBy/" + strconv.Itoa(f.rung): f.grams}, 1)
	v.add(haul, 1)
	switch {
	case arrival != nil:
		v.add(arrival, 1)
		v.add(vector{"difference": f.grams - arrival.received()}, 1)
		if len(haul) > 0 {
			v.add(vector{"hauled": f.grams}, 1)
		}
	case f.scan != nil:
		v.add(vector{"inTransit": f.grams}, 1)
	default:
		v.add(vector{"stored": f.grams}, 1)
	}
	return v
}

// snapshots are the closings as they were after some entries.
type snapshots struct {
	ledger Ledger
	in     *time.Location
	known  map[int64]cells
}

func (s *snapshots) after(seq int64) (cells, error) {
	if s.known[seq] == nil {
		b, err := s.ledger.upTo(seq)
		if err != nil {
			return nil, err
		}
		if s.known[seq], err = b.closings(s.in); err != nil {
			return nil, err
		}
	}
	return s.known[seq], nil
}

// move adds what a month had come to after an entry, booked in another month.
func (s *snapshots) move(sum cells, seq int64, month, to string, sign int64) error {
	then, err := s.after(seq)
	for c, v := range then {
		if c.month == month {
			c.month = to
			sum.add(c, v, sign)
		}
	}
	return err
}

// booked is the lab's masses by month of booking. What changes a closed month
// is booked in the month in which it was recorded: the difference that the
// entries recorded in that month make to the closed one.
func (l Ledger) booked() (cells, error) {
	in, err := rome()
	if err != nil {
		return nil, err
	}
	last, err := l.upTo(l.head())
	if err != nil {
		return nil, err
	}
	s := &snapshots{l, in, map[int64]cells{}}
	now, err := s.after(l.head())
	if err != nil {
		return nil, err
	}
	sum := cells{}
	for c, v := range now {
		if last.closed[c.month] == nil {
			sum.add(c, v, 1)
		}
	}
	ends := map[string]int64{} // the last entry of each month of recording
	for i := range l.entries {
		ends[l.entries[i].Recorded.In(in).Format("2006-01")] = l.entries[i].Seq
	}
	for month, closing := range last.closed {
		from := closing.Seq
		if err := s.move(sum, from, month, month, 1); err != nil {
			return nil, err
		}
		for _, recording := range sorted(ends) {
			if ends[recording] <= from {
				continue
			}
			if err := s.move(sum, ends[recording], month, recording, 1); err != nil {
				return nil, err
			}
			if err := s.move(sum, from, month, recording, -1); err != nil {
				return nil, err
			}
			from = ends[recording]
		}
	}
	return sum, nil
}
