package print

import (
	"fmt"
	"math"
)

// The parts of labels.

// symbol draws the symbol, if its modules are not too small for phones, nor for the
// dots of the printer.
func (d drawing) symbol(at box) {
	module := at.w / float64(d.code.Size())
	dots := module * d.canvas.dotsPerMM()
	switch {
	case module < MinModule:
		d.err = fmt.Errorf("label %s: the modules of its symbol would be %.2f mm wide, want at least %g: take larger labels, or a shorter link", d.label.Code, module, MinModule)
	case dots > 0 && dots < 2:
		d.err = fmt.Errorf("label %s: a module of its symbol would be %.1f dots wide, want at least 2: take a finer resolution, or larger labels", d.label.Code, dots)
	default:
		d.canvas.symbol(d.code, d.label.Payload, at.x, at.y, at.w)
	}
}

// write fits a text into a box.
func (d drawing) write(text string, s style, at box) { d.lines(d.fit(text, s, at.w, at.h), s, at) }

func (d drawing) lines(b block, s style, at box) {
	for _, r := range b.set(at, s) {
		d.canvas.text(black, r)
	}
}

// band draws the stream's name in its colour, white or black by what can be read
// better.
func (d drawing) band(at box) {
	ground := parseColour(d.label.Stream.Colour)
	ink := inkOn(ground)
	d.canvas.band(ground, at, ink)
	if luminance(ground) > 0.8 { // can't be told from the paper
		d.canvas.outline(at)
	}
	inside := box{at.x + at.h*0.2, at.y + at.h*0.04, at.w - at.h*0.4, at.h * 0.92}
	names := d.inLanguages(d.label.Stream.Name)
	first, rest := inside.top(inside.h)
	if len(names) == 2 {
		first, rest = inside.top(inside.h * 0.58)
	}
	for i, at := range []box{first, rest}[:len(names)] {
		s := style{font: bold, size: at.h, centred: true}
		if i > 0 {
			s.font = regular
		}
		for _, r := range d.fit(names[i], s, at.w, at.h).set(at, s) {
			d.canvas.text(ink, r)
		}
	}
}

// inkOn is white or black: whichever has more contrast to a ground.
func inkOn(ground colour) colour {
	if luminance(ground) > 0.179 { // where both have the same (WCAG 2.2)
		return black
	}
	return white
}

// luminance is the relative luminance of a colour, 0 to 1 (WCAG 2.2).
func luminance(c colour) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// place writes facility and ward.
func (d drawing) place(at box, centred bool) {
	facility, ward := d.label.Facility, d.label.Ward
	if ward == "" {
		d.write(facility, style{font: bold, size: 3.2, centred: centred}, at)
		return
	}
	upper, lower := at.top(at.h * 0.5)
	d.write(ward, style{font: bold, size: 3.4, centred: centred}, upper)
	d.write(facility, style{font: regular, size: 2.6, centred: centred}, lower)
}

// sentences writes a text in all languages of the job, in one size, and in the
// first of its forms that is legible.
func (d drawing) sentences(forms []Words, at box, size float64) {
	for i, form := range forms {
		texts := d.inLanguages(form)
		if s := d.stackedSize(texts, style{font: regular, size: size}, at); s.size >= legible || i == len(forms)-1 {
			d.stacked(texts, s, at)
			return
		}
	}
}

// stacked writes texts below one another in the largest size that fits all.
func (d drawing) stacked(texts []string, s style, at box) {
	s = d.stackedSize(texts, s, at)
	height := at.h / float64(len(texts))
	for _, text := range texts {
		var part box
		part, at = at.top(height)
		d.write(text, s, part)
	}
}

// stackedSize is a style with the size at which texts fit below one another.
func (d drawing) stackedSize(texts []string, s style, at box) style {
	height := at.h / float64(len(texts))
	for _, text := range texts {
		s.size = math.Min(s.size, d.fit(text, s, at.w, height).size)
	}
	return s
}

// pictogramGap is what lies between two pictograms, in shares of one.
const pictogramGap = 0.25

// rowWidth is the width of n pictograms of a side.
func rowWidth(n int, side float64) float64 { return side * (float64(n) + pictogramGap*float64(n-1)) }

// pictograms draws the pictograms in a row, as large as fits.
func (d drawing) pictograms(at box, centred bool) {
	pictograms := d.label.Stream.Pictograms
	side := math.Min(at.h, at.w/rowWidth(len(pictograms), 1))
	x := at.x
	if centred {
		x += (at.w - rowWidth(len(pictograms), side)) / 2
	}
	for _, p := range pictograms {
		d.canvas.picture(black, pictures()[p], x, at.y+(at.h-side)/2, side)
		x += side * (1 + pictogramGap)
	}
}

// accepted writes what goes in, as much of it as is legible, and rather in one
// language than in none; the page that the symbol leads to has all of it.
func (d drawing) accepted(at box) {
	lists := d.listsInLanguages(d.label.Stream.Accepts)
	for ; len(lists) > 0; lists = lists[:len(lists)-1] {
		height := at.h / float64(len(lists))
		s := style{font: regular, size: 2.6}
		for _, items := range lists {
			s.size = math.Min(s.size, d.items(items, dot, s, at.w, height).size)
		}
		if s.size < legible-1e-9 {
			continue
		}
		for _, items := range lists {
			var part box
			part, at = at.top(height)
			d.lines(d.items(items, dot, s, part.w, part.h), s, part)
		}
		return
	}
}

// inLanguages is a text in the languages of the job, Italian first; one that is
// missing, or the same, is left out.
func (d drawing) inLanguages(w Words) []string {
	it, en := w.IT, w.EN
	if it == "" {
		it = en
	}
	if en == "" {
		en = it
	}
	switch {
	case it == "":
		return nil
	case d.job.Language == Italian || it == en:
		return []string{it}
	case d.job.Language == English:
		return []string{en}
	}
	return []string{it, en}
}

// listsInLanguages does the same with lists.
func (d drawing) listsInLanguages(l Lists) [][]string {
	it, en := l.IT, l.EN
	if len(it) == 0 {
		it = en
	}
	if len(en) == 0 {
		en = it
	}
	switch {
	case len(it) == 0:
		return nil
	case d.job.Language == English:
		return [][]string{en}
	case d.job.Language == Italian || len(l.IT) == 0 || len(l.EN) == 0:
		return [][]string{it}
	}
	return [][]string{it, en}
}
