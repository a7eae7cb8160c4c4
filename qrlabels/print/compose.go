package print

import (
	"fmt"
	"math"
	"strings"

	"github.com/ricircolo/ricircolo/qrlabels"
)

// What labels say besides what they are told. Of several forms the first that is
// legible is taken.
var (
	finderSentence = []Words{
		{"Trovato fuori posto? Inquadra il codice.", "Found out of place? Scan the code."},
		{"Fuori posto? Inquadrami.", "Out of place? Scan me."},
	}
	blankSentence = []Words{
		{"Etichetta nuova: scansiona per assegnarla a un contenitore.", "New label: scan it to give it to a bin."},
		{"Etichetta nuova.", "New label."},
	}
	goesIn   = Words{"Sì", "Yes"}
	staysOut = Words{"No", "No"}
)

// MinModule is the smallest module of a symbol, in mm, that phones read from where
// people hold them.
const MinModule = 0.33

// composer draws labels. It is for one goroutine.
type composer struct {
	typesetter
	job Job
	pdf *pdfCanvas // kept from page to page, if PDF is written
	err error      // why the label at hand can't be drawn
}

// label draws a label at a place of the sheet.
func (c *composer) label(on canvas, l Label, place int) error {
	if err := l.check(); err != nil {
		return err
	}
	symbol, err := qrlabels.Encode(l.Payload, c.job.Level)
	if err != nil {
		return fmt.Errorf("label %s: %w", l.Code, err)
	}
	c.err = nil
	d := drawing{composer: c, canvas: on, label: l, code: symbol}
	sheet, inside := c.job.Sheet, safeArea(c.job.Sheet, place)
	// On a low label the symbol would be too small above anything else.
	wide := sheet.Width >= 1.45*sheet.Height || sheet.Height < 30
	switch {
	case wide && l.Stream == nil:
		d.blank(inside)
	case wide:
		d.flat(inside)
	case math.Min(sheet.Width, sheet.Height) >= 100:
		d.poster(inside)
	default:
		d.column(inside)
	}
	return c.err
}

// marginOf is how far what a label shows keeps from its edges: what a sheet may be
// off, and on whole pages what office printers leave white.
func marginOf(w, h float64) float64 {
	switch side := math.Min(w, h); {
	case side < 32:
		return 1.5
	case side > 140:
		return 10
	}
	return 2
}

// unprintable is what office printers leave white at the edges of a page, in mm.
const unprintable = 4.3

// safeArea is where what the n-th label of a sheet shows may lie.
func safeArea(s Sheet, n int) box {
	x, y := s.Place(n)
	margin := marginOf(s.Width, s.Height)
	edge := unprintable
	if s.PerPage() == 1 {
		edge = 0 // a roll is printed up to its edges
	}
	left, top := math.Max(x+margin, edge), math.Max(y+margin, edge)
	right := math.Min(x+s.Width-margin, s.PageWidth-edge)
	bottom := math.Min(y+s.Height-margin, s.PageHeight-edge)
	return box{left, top, right - left, bottom - top}
}

// drawing is one label in the making.
type drawing struct {
	*composer
	canvas canvas
	label  Label
	code   qrlabels.Symbol
}

// flat draws a bound label that is wider than high: the symbol at the left, what
// is to be read at its right, and the stream's band below.
func (d drawing) flat(in box) {
	band := math.Max(4.6, in.h*0.19)
	const gap = 0.6
	d.band(box{in.x, in.y + in.h - band, in.w, band})
	side := in.h - band - gap
	d.symbol(box{in.x, in.y, side, side})
	right := box{in.x + side + gap, in.y, in.w - side - gap, side}

	code, rest := right.top(math.Min(6, right.h*0.15))
	d.write(d.label.Code.Grouped(), style{font: mono, size: 5}, code)
	place, rest := rest.top(rest.h * 0.36)
	d.place(place, false)
	sentence, rest := rest.bottom(math.Min(7, rest.h*0.36))
	d.sentences(finderSentence, sentence, 2.6)
	d.contents(rest)
}

// contents draws what goes in: pictograms and words below, or beside them where
// that leaves room.
func (d drawing) contents(at box) {
	pictures := len(d.label.Stream.Pictograms)
	if pictures == 0 {
		d.accepted(at)
		return
	}
	const gap = 0.7
	if at.w > 45 {
		aside := math.Min(rowWidth(pictures, at.h*0.8), at.w*0.45)
		d.pictograms(box{at.x, at.y + at.h*0.1, aside, at.h * 0.8}, false)
		d.accepted(box{at.x + aside + 2*gap, at.y, at.w - aside - 2*gap, at.h})
		return
	}
	row, words := at.top(math.Min(9, at.h*0.56))
	d.pictograms(row, false)
	_, words = words.top(gap)
	d.accepted(words)
}

// blank draws a label that no bin has yet.
func (d drawing) blank(in box) {
	d.symbol(box{in.x, in.y, in.h, in.h})
	right := box{in.x + in.h + 0.6, in.y, in.w - in.h - 0.6, in.h}
	code, rest := right.top(math.Min(5, right.h*0.16))
	d.write(d.label.Code.Grouped(), style{font: mono, size: 4.2}, code)
	name, rest := rest.top(rest.h * 0.28)
	d.write(d.owner(), style{font: bold, size: 3.6}, name)
	sentence, rest := rest.bottom(rest.h * 0.42)
	d.sentences(finderSentence, sentence, 2.3)
	rest.h -= 0.8 // between the two
	d.sentences(blankSentence, rest, 2.3)
}

// owner is for whom a blank label is.
func (d drawing) owner() string {
	if d.label.Facility == "" {
		return d.job.Brand
	}
	return d.label.Facility
}

// column draws a label that is about as wide as high, or higher: all below one
// another, the symbol as large as it can be.
func (d drawing) column(in box) {
	if d.label.Stream != nil {
		var band box
		band, in = in.bottom(math.Min(12, math.Max(4.6, in.h*0.15)))
		d.band(band)
	}
	side := math.Min(in.w, in.h*0.78)
	symbol, rest := in.top(side)
	d.symbol(box{symbol.x + (symbol.w-side)/2, symbol.y, side, side})
	code, rest := rest.top(math.Min(6, rest.h*0.5))
	d.write(d.label.Code.Grouped(), style{font: mono, size: 5, centred: true}, code)
	const roomy = 14 // enough for more than the names
	height := rest.h
	if rest.h >= roomy {
		height = math.Min(10, rest.h*0.3)
	}
	name, rest := rest.top(height)
	if d.label.Stream == nil {
		d.write(d.owner(), style{font: bold, size: 3.6, centred: true}, name)
	} else {
		d.place(name, true)
	}
	if rest.h < 1 {
		return // the page that the symbol leads to says the rest
	}
	sentence, rest := rest.bottom(math.Min(8, rest.h*0.3))
	d.sentences(finderSentence, sentence, 2.6)
	if d.label.Stream == nil {
		d.sentences(blankSentence, rest, 2.6)
	} else {
		d.contents(rest)
	}
}

// poster draws a page: all below one another.
func (d drawing) poster(in box) {
	unit := math.Min(in.w, in.h) / 100
	if d.label.Stream != nil {
		var band box
		band, in = in.top(in.h * 0.14)
		d.band(band)
	}
	sentence, in := in.bottom(in.h * 0.06)
	d.stacked(d.inLanguages(finderSentence[0]), style{font: regular, size: 4.2 * unit, centred: true}, sentence)
	_, in = in.top(unit * 2)

	side := math.Min(in.w, in.h*0.46)
	symbol, in := in.top(side)
	d.symbol(box{symbol.x + (symbol.w-side)/2, symbol.y, side, side})
	code, in := in.top(unit * 8)
	d.write(d.label.Code.Grouped(), style{font: mono, size: 7 * unit, centred: true}, code)

	title, in := in.top(in.h * 0.2)
	if d.label.Stream == nil {
		d.write(d.owner(), style{font: bold, size: 8 * unit, centred: true}, title)
		d.stacked(d.inLanguages(blankSentence[0]), style{font: regular, size: 5 * unit, centred: true}, in)
		return
	}
	ward, facility := title.top(title.h * 0.56)
	if d.label.Ward == "" {
		ward, facility = box{}, title
	}
	d.write(d.label.Ward, style{font: bold, size: 7 * unit, centred: true}, ward)
	d.write(d.label.Facility, style{font: regular, size: 5.4 * unit, centred: true}, facility)
	d.rules(in, unit)
}

// rules draws what goes in and what does not, side by side.
func (d drawing) rules(in box, unit float64) {
	if len(d.label.Stream.Pictograms) > 0 {
		var row box
		row, in = in.top(in.h * 0.3)
		d.pictograms(row, true)
		_, in = in.top(unit * 2)
	}
	s := d.label.Stream
	accepts, refuses := d.listsInLanguages(s.Accepts), d.listsInLanguages(s.Refuses)
	left := box{in.x, in.y, in.w/2 - unit, in.h}
	right := box{in.x + in.w/2 + unit, in.y, in.w/2 - unit, in.h}
	if len(refuses) == 0 {
		left = in
	}
	if len(accepts) == 0 {
		right = in
	}
	d.list(left, tick, colour{0, 110, 60}, goesIn, accepts, unit)
	d.list(right, cross, colour{170, 20, 20}, staysOut, refuses, unit)
}

// list draws a list in one or two languages under a mark and a word, so that colour
// is not the only sign. Nothing is drawn of an empty one.
func (d drawing) list(in box, mark []layer, c colour, title Words, lists [][]string, unit float64) {
	if len(lists) == 0 {
		return
	}
	head, in := in.top(unit * 7)
	d.canvas.picture(c, mark, head.x, head.y+head.h*0.1, head.h*0.8)
	head.x, head.w = head.x+head.h, head.w-head.h
	d.write(strings.Join(d.inLanguages(title), dot), style{font: bold, size: 5 * unit}, head)
	for i, items := range lists {
		var part box
		part, in = in.top(in.h/float64(len(lists)-i) - unit)
		_, in = in.top(unit)
		s := style{font: regular, size: 3.8 * unit, atTop: true}
		d.lines(d.items(items, "\n", s, part.w, part.h), s, part)
	}
}

// top and bottom split a box.
func (b box) top(h float64) (part, rest box) {
	return box{b.x, b.y, b.w, h}, box{b.x, b.y + h, b.w, b.h - h}
}

func (b box) bottom(h float64) (part, rest box) {
	return box{b.x, b.y + b.h - h, b.w, h}, box{b.x, b.y, b.w, b.h - h}
}
