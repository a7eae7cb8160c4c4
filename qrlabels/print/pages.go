package print

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
)

// page is what comes onto one page.
type page struct {
	number int // from 1
	first  int // the place of the first label
	labels []Label
}

// pages deals labels out to pages.
func (j Job) pages(labels iter.Seq[Label]) iter.Seq[page] {
	return func(yield func(page) bool) {
		p := page{number: 1, first: j.Skip}
		for l := range labels {
			p.labels = append(p.labels, l)
			if p.first+len(p.labels) < j.Sheet.PerPage() {
				continue
			}
			if !yield(p) {
				return
			}
			p = page{number: p.number + 1}
		}
		if len(p.labels) > 0 {
			yield(p)
		}
	}
}

// draw draws a page.
func (j Job) draw(c *composer, on canvas, p page) error {
	for i, l := range p.labels {
		if err := c.label(on, l, p.first+i); err != nil {
			return fmt.Errorf("label %d of page %d: %w", i+1, p.number, err)
		}
		if j.CutMarks {
			x, y := j.Sheet.Place(p.first + i)
			on.outline(box{x, y, j.Sheet.Width, j.Sheet.Height})
		}
	}
	return nil
}

// task is a page to be drawn by some worker, and where its answer goes.
type task[T any] struct {
	page   page
	answer chan<- drawn[T]
}

type drawn[T any] struct {
	value T
	err   error
}

// pagesAhead is how many pages are drawn, or wait to be, for each worker: so many
// that none waits for the one that writes.
const pagesAhead = 4

// drawAll draws pages on all cores and hands them on in their order. Only as many
// are held at a time as keep the cores busy.
func drawAll[T any](ctx context.Context, j Job, pages iter.Seq[page], draw func(*composer, page) (T, error), emit func(T) error) error {
	workers := runtime.GOMAXPROCS(0)
	if j.Workers > 0 {
		workers = min(workers, j.Workers)
	}
	ahead := pagesAhead * workers
	tasks := make(chan task[T], ahead)
	defer close(tasks)
	for range workers {
		go func() {
			c := &composer{job: j}
			for t := range tasks {
				value, err := guarded(c, t.page, draw)
				t.answer <- drawn[T]{value, err} // has room for it
			}
		}()
	}
	var waiting []<-chan drawn[T] // the oldest first
	next := func() error {
		d := <-waiting[0]
		waiting = waiting[1:]
		if d.err != nil {
			return d.err
		}
		return emit(d.value)
	}
	for p := range pages {
		if err := ctx.Err(); err != nil {
			return err
		}
		answer := make(chan drawn[T], 1)
		tasks <- task[T]{p, answer}
		waiting = append(waiting, answer)
		if len(waiting) < ahead {
			continue
		}
		if err := next(); err != nil {
			return err
		}
	}
	for len(waiting) > 0 {
		if err := errors.Join(ctx.Err(), next()); err != nil {
			return err
		}
	}
	return nil
}

// guarded keeps a panic in a worker, such as that of the library that encodes
// symbols, from ending the program.
func guarded[T any](c *composer, p page, draw func(*composer, page) (T, error)) (value T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("drawing page %d: panic: %v", p.number, r)
		}
	}()
	return draw(c, p)
}
