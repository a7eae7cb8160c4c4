package qrlabels

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// Run is a row of black modules next to one another.
type Run struct{ X, Y, Width int }

// Runs goes through the black modules row by row, as runs that are as long as they
// can be: what is to be drawn where shapes are dearer than pixels.
func (s Symbol) Runs() iter.Seq[Run] {
	return func(yield func(Run) bool) {
		for y := range s.size {
			row := s.black[y*s.size : (y+1)*s.size]
			for x := 0; x < len(row); x++ {
				start := x
				for x < len(row) && row[x] {
					x++
				}
				if x > start && !yield(Run{start, y, x - start}) {
					return
				}
			}
		}
	}
}

// Path is the outline of all black modules as the data of one SVG path, in modules
// from the corner of the quiet zone.
func (s Symbol) Path() string {
	var d []byte
	number := func(command byte, n int) { d = strconv.AppendInt(append(d, command), int64(n), 10) }
	for r := range s.Runs() {
		number('M', r.X)
		number(' ', r.Y)
		number('h', r.Width)
		d = append(d, "v1h-"...)
		d = append(strconv.AppendInt(d, int64(r.Width), 10), 'z')
	}
	return string(d)
}

// SVG writes the symbol as an image of a width and height in millimetres, its
// quiet zone included, all black modules in one path. The error is w's, or says
// that the width is not more than 0.
func (s Symbol) SVG(w io.Writer, millimetres float64) error {
	if s.size == 0 {
		return errors.New("drawing a symbol: it is empty")
	}
	if !(millimetres > 0 && millimetres <= 10_000) {
		return fmt.Errorf("drawing a symbol: %g mm wide, want more than 0 and at most 10000", millimetres)
	}
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%gmm" height="%[1]gmm" viewBox="0 0 %[2]d %[2]d" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%[2]dv%[2]dh-%[2]dz"/><path d="%[3]s"/></svg>`, millimetres, s.size, s.Path())
	if err != nil {
		return fmt.Errorf("writing a symbol: %w", err)
	}
	return nil
}
