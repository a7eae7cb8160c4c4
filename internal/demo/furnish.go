package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// spareLabels are printed beyond those that are bound.
const spareLabels = 12

// furnish writes the catalogue and puts the bins into the wards.
func (w *world) furnish() error {
	w.out.clock = w.sharp(0, 7)
	if err := w.out.service.CreateLab(w.out.ctx, Lab, LabName); err != nil {
		return err
	}
	if err := w.writeCatalogue(); err != nil {
		return err
	}
	w.buildBins()
	w.open = w.bins[0]
	if err := w.labelBins(); err != nil {
		return err
	}
	w.registerBins()
	w.buildRoutes()
	return nil
}

// writeCatalogue makes a key for each write, since the entries' ids derive
// from it.
func (w *world) writeCatalogue() error {
	s, c := w.out.service, w.desk.coordinator.Caller
	for _, f := range facilities() {
		if err := keep(s.PutFacility)(w.out.ctx, c, f.ID, f); err != nil {
			return err
		}
	}
	for _, p := range places() {
		if err := keep(s.PutWard)(w.out.ctx, c, p.ID, p.Ward); err != nil {
			return err
		}
	}
	for _, r := range recyclers() {
		if err := keep(s.PutRecycler)(w.out.ctx, c, r.ID, r); err != nil {
			return err
		}
	}
	for _, m := range w.streams {
		if err := keep(s.PutStream)(w.out.ctx, c, m.ID, m.Stream); err != nil {
			return err
		}
	}
	if err := w.settle(); err != nil {
		return err
	}
	return w.openDossiers()
}

// keep turns a put of the catalogue into one that takes a key and returns
// nothing but its error.
func keep[T any](put func(context.Context, access.Caller, tracking.Write, T) (tracking.Versioned[T], error)) func(context.Context, access.Caller, string, T) error {
	return func(ctx context.Context, c access.Caller, key string, doc T) error {
		if _, err := put(ctx, c, tracking.Write{Key: "demo:" + key}, doc); err != nil {
			return fmt.Errorf("writing %s: %w", key, err)
		}
		return nil
	}
}

func (w *world) buildBins() {
	for i, p := range places() {
		inWard := access.Membership{Role: access.Ward, Facility: p.Facility, Ward: p.ID}
		phone := w.author(inWard, "")
		phone.Device = fmt.Sprintf("demo-phone-%d", i+1)
		colleague := w.author(inWard, fmt.Sprintf("demo-ward-%d", i+1))
		n := 0
		for range w.opts.Factor {
			for _, kind := range p.bins {
				for range kind.count {
					n++
					w.bins = append(w.bins, &bin{
						name: fmt.Sprintf("%s %d", p.Name, n), place: &p, phone: phone, colleague: colleague,
						material: w.materials[kind.stream], litres: kind.litres, tare: quantity.Mass(tareGrams(kind.litres)),
						speed: w.between(0.13, 0.26) * p.busy,
					})
				}
			}
		}
	}
}

// labelBins prints the labels: for each facility those of its bins, and for
// the hospital a few more, the first of which will replace a damaged one.
func (w *world) labelBins() error {
	for _, f := range facilities() {
		var bins []*bin
		for _, b := range w.bins {
			if b.place.Facility == f.ID {
				bins = append(bins, b)
			}
		}
		need := len(bins)
		if f.ID == hospital {
			need += spareLabels + 1
		}
		codes, err := w.issue(f.ID, need)
		if err != nil {
			return err
		}
		for i, b := range bins {
			b.label = codes[i]
		}
		if f.ID == hospital {
			w.spare = codes[len(bins):]
		}
	}
	return nil
}

func (w *world) issue(facility string, count int) (codes []string, err error) {
	for batch := 1; len(codes) < count; batch++ {
		key := tracking.Write{Key: fmt.Sprintf("demo:labels:%s:%d", facility, batch)}
		b, err := w.out.service.IssueLabels(w.out.ctx, w.desk.managers[facility].Caller, key, facility, min(count-len(codes), tracking.MaxLabels))
		if err != nil {
			return nil, err
		}
		codes = append(codes, b.Codes...)
	}
	return codes, nil
}

func (w *world) registerBins() {
	for i, b := range w.bins {
		b.id = w.out.say(note{
			from: w.desk.managers[b.place.Facility], at: w.sharp(0, 7.1).Add(time.Duration(i) * 100 * time.Millisecond), send: w.sharp(0, 9),
			typ: "bin.register", body: tracking.Body{
				Facility: b.place.Facility, Ward: b.place.ID, Stream: b.material.ID,
				VolumeLitres: b.litres, TareGrams: &b.tare, Name: b.name, Label: b.label,
			},
		})
	}
}

// buildRoutes spreads the visits over the week so that on the last day some are
// planned, one has its load still on the road, and others are in between. The
// polymers' recycler visits all facilities in one round, the other one has a
// day for each.
func (w *world) buildRoutes() {
	for i, f := range facilities() {
		for _, r := range recyclers() {
			offset := 0
			if r.ID == organics {
				offset = 2 + 4*i
			}
			var open *route
			for _, b := range w.bins {
				if b.place.Facility != f.ID || b.material.recycler != r.ID {
					continue
				}
				if open == nil || len(open.bins) == maxRoute {
					open = &route{facility: f.ID, recycler: r.ID, offset: offset}
					w.routes = append(w.routes, open)
				}
				open.bins = append(open.bins, b)
				b.route = open
			}
		}
	}
}

// visits reports whether the route is driven on a day. Sundays are moved to
// the Saturday before, unless it is the day on which all is counted from.
func (w *world) visits(r *route, day int) bool {
	due := func(d int) bool { return ((d-w.last-r.offset)%7+7)%7 == 0 }
	sunday := func(d int) bool { return w.sharp(d, 12).Weekday() == time.Sunday }
	return due(day) && (!sunday(day) || r.offset == 0) || r.offset != 0 && sunday(day+1) && due(day+1)
}
