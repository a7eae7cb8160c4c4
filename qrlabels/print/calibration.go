package print

import (
	"fmt"
	"io"
	"math"
)

// Calibration writes a PDF page on which offset and scale of a printer are
// measured, for the job's sheet: print it on plain paper at 100 %, hold it against
// a sheet of labels, and read how far the frames are off. With a Printer set it
// shows whether that is right.
func (j Job) Calibration(w io.Writer) error {
	j.Skip = 0
	if err := j.Validate(); err != nil {
		return err
	}
	j = j.withDefaults(PDF)
	on := newPDFCanvas()
	page, err := j.pdfPage(on, func() error {
		calibration{j, on}.draw()
		return nil
	})
	if err != nil {
		return err
	}
	file := j.pdfWriter(w)
	if err := file.Page(page); err != nil {
		return err
	}
	return file.Close()
}

// calibration is the page in the making.
type calibration struct {
	Job
	on canvas
}

const line = 0.15 // mm, of frames and rulers

func (c calibration) draw() {
	s := c.Sheet
	for n := range s.PerPage() {
		x, y := s.Place(n)
		c.bar(x, y, s.Width, line)
		c.bar(x, y+s.Height-line, s.Width, line)
		c.bar(x, y, line, s.Height)
		c.bar(x+s.Width-line, y, line, s.Height)
	}
	if c.hasRulers() {
		c.rule(10, s.PageHeight/2, math.Floor((s.PageWidth-20)/10)*10, 0)
		c.rule(s.PageWidth/2, 10, 0, math.Floor((s.PageHeight-20)/10)*10)
	}
	x, y := s.Place(0)
	c.explain(box{x, y, math.Min(s.Width, 80), math.Min(s.Height, 50)})
}

// hasRulers reports whether there is room for rulers.
func (c calibration) hasRulers() bool { return c.Sheet.PageWidth > 100 && c.Sheet.PageHeight > 100 }

func (c calibration) bar(x, y, w, h float64) {
	c.on.picture(black, []layer{{area: shape{}.rectangle(x, y, w, h)}}, 0, 0, 1)
}

// rule draws a ruler with a tick every millimetre, from a place to the right or
// down.
func (c calibration) rule(x, y, right, down float64) {
	length := math.Max(right, down)
	c.bar(x, y, math.Max(right, line), math.Max(down, line))
	for mm := 0.0; mm <= length; mm++ {
		tick := 1.2
		switch {
		case math.Mod(mm, 10) == 0:
			tick = 3.2
		case math.Mod(mm, 5) == 0:
			tick = 2.2
		}
		if down > 0 {
			c.bar(x, y+mm-line/2, tick, line)
		} else {
			c.bar(x+mm-line/2, y, line, tick)
		}
	}
	s := style{font: bold, size: 3}
	at := box{x + 4, y + length - 8, 40, 4}
	if down == 0 {
		at = box{x + length - 40, y + 4, 40, 4}
	}
	for _, r := range fit(decimal(length)+" mm", s, at.w, at.h).set(at, s) {
		c.on.text(black, r)
	}
}

var (
	calibrationWords = Words{
		"1. Stampa al 100 %. Scala = lunghezza scritta sul righello diviso quella misurata; ristampa con la scala. 2. In controluce su un foglio di etichette: di quanti mm deve spostarsi la cornice in alto a sinistra, a destra e in basso?",
		"1. Print at 100 %. Scale = length written on the ruler, divided by the measured one; print again with the scale. 2. Hold it against a sheet of labels: by how many mm does the upper left frame have to move right and down?",
	}
	rollWords = Words{
		"Stampa al 100 %. Scala = misura scritta qui sopra diviso quella della cornice stampata. Di quanti mm deve spostarsi la cornice, a destra e in basso?",
		"Print at 100 %. Scale = size written above, divided by that of the printed frame. By how many mm does the frame have to move right and down?",
	}
)

// explain says in the first label what to do.
func (c calibration) explain(at box) {
	d := drawing{composer: &composer{job: c.Job}, canvas: c.on}
	name, words := c.Sheet.ID, calibrationWords
	if !c.hasRulers() {
		name += fmt.Sprintf(", %s × %s mm", decimal(c.Sheet.Width), decimal(c.Sheet.Height))
		words = rollWords
	}
	title, rest := box{at.x + 2, at.y + 2, at.w - 4, at.h - 4}.top(4)
	d.write(name, style{font: bold, size: 3}, title)
	d.stacked(d.inLanguages(words), style{font: regular, size: 3}, rest)
}
