package print

import (
	"math"
	"strings"

	"github.com/ricircolo/ricircolo/qrlabels"
)

// What labels say besides what they are told.
var (
	finderSentence = Words{"Trovato fuori posto? Inquadra il codice.", "Found out of place? Scan the code."}
	blankSentence  = Words{"Etichetta nuova: scansiona per assegnarla a un contenitore.", "New label: scan it to give it to a bin."}
	goesIn         = Words{"Sì", "Yes"}
	staysOut       = Words{"No", "No"}
)

// productName is on labels that are for nobody yet.
const productName = "Ricircolo"

// composer draws labels. It is for one goroutine.
type composer struct {
	typesetter
	language Language
	level    qrlabels.Level
	pdf      *pdfCanvas // kept from page to page, if PDF is written
}

// label draws a label whose top left corner is at a place of the canvas.
func (c *composer) label(on canvas, l Label, x, y, w, h float64) error {
	if err := l.check(); err != nil {
		return err
	}
	symbol, err := qrlabels.Encode(l.Payload, c.level)
	if err != nil {
		return err
	}
	margin := marginOf(w, h)
	d := drawing{composer: c, canvas: on, label: l, code: symbol}
	inside := box{x + margin, y + margin, w - 2*margin, h - 2*margin}
	switch {
	case w < 1.2*h:
		d.upright(inside)
	case l.Stream == nil:
		d.blank(inside)
	default:
		d.flat(inside)
	}
	return nil
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
	d.place(place)
	sentence, rest := rest.bottom(math.Min(7, rest.h*0.36))
	d.sentences(finderSentence, sentence, 2.6)
	d.goesIn(rest)
}

// goesIn draws what goes in: pictograms and words below, or beside them where that
// leaves room.
func (d drawing) goesIn(at box) {
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
	title := d.label.Facility
	if title == "" {
		title = productName
	}
	d.write(title, style{font: bold, size: 3.6}, name)
	sentence, rest := rest.bottom(rest.h * 0.42)
	d.sentences(finderSentence, sentence, 2.3)
	rest.h -= 0.8 // between the two
	d.sentences(blankSentence, rest, 2.3)
}

// upright draws a poster: all below one another.
func (d drawing) upright(in box) {
	unit := math.Min(in.w, in.h) / 100
	if d.label.Stream != nil {
		var band box
		band, in = in.top(in.h * 0.14)
		d.band(band)
	}
	sentence, in := in.bottom(in.h * 0.06)
	d.stacked(d.inLanguages(finderSentence), style{font: regular, size: 4.2 * unit, centred: true}, sentence)
	_, in = in.top(unit * 2)

	side := math.Min(in.w, in.h*0.46)
	symbol, in := in.top(side)
	d.symbol(box{symbol.x + (symbol.w-side)/2, symbol.y, side, side})
	code, in := in.top(unit * 8)
	d.write(d.label.Code.Grouped(), style{font: mono, size: 7 * unit, centred: true}, code)

	title, in := in.top(in.h * 0.2)
	if d.label.Stream == nil {
		name := d.label.Facility
		if name == "" {
			name = productName
		}
		d.write(name, style{font: bold, size: 8 * unit, centred: true}, title)
		d.stacked(d.inLanguages(blankSentence), style{font: regular, size: 5 * unit, centred: true}, in)
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
	left := box{in.x, in.y, in.w/2 - unit, in.h}
	right := box{in.x + in.w/2 + unit, in.y, in.w/2 - unit, in.h}
	d.list(left, tick, colour{0, 110, 60}, goesIn, d.label.Stream.Accepts, unit)
	d.list(right, cross, colour{170, 20, 20}, staysOut, d.label.Stream.Refuses, unit)
}

// list draws a list under a mark and a word, so that colour is not the only sign.
func (d drawing) list(in box, mark []layer, c colour, title Words, lists Lists, unit float64) {
	head, in := in.top(unit * 7)
	d.canvas.picture(c, mark, head.x, head.y+head.h*0.1, head.h*0.8)
	names := d.inLanguages(title)
	if len(names) == 2 && names[0] == names[1] {
		names = names[:1]
	}
	head.x, head.w = head.x+head.h, head.w-head.h
	d.write(strings.Join(names, " · "), style{font: bold, size: 5 * unit}, head)
	texts := d.listsInLanguages(lists)
	for i, items := range texts {
		var part box
		part, in = in.top(in.h/float64(len(texts)-i) - unit)
		_, in = in.top(unit)
		s := style{font: regular, size: 4.2 * unit, atTop: true}
		if i > 0 {
			s.size = 3.6 * unit
		}
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
