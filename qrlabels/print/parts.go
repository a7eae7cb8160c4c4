package print

import "math"

// The parts of labels.

func (d drawing) symbol(at box) { d.canvas.symbol(d.code, d.label.Payload, at.x, at.y, at.w) }

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
func (d drawing) place(at box) {
	facility, ward := d.label.Facility, d.label.Ward
	if ward == "" {
		d.write(facility, style{font: bold, size: 3.2}, at)
		return
	}
	upper, lower := at.top(at.h * 0.5)
	d.write(ward, style{font: bold, size: 3.4}, upper)
	d.write(facility, style{font: regular, size: 2.6}, lower)
}

// sentences writes a text in all languages of the job, in one size.
func (d drawing) sentences(w Words, at box, size float64) {
	d.stacked(d.inLanguages(w), style{font: regular, size: size}, at)
}

// stacked writes texts below one another in the largest size that fits all.
func (d drawing) stacked(texts []string, s style, at box) {
	height := at.h / float64(len(texts))
	for _, text := range texts {
		s.size = math.Min(s.size, d.fit(text, s, at.w, height).size)
	}
	for _, text := range texts {
		var part box
		part, at = at.top(height)
		d.write(text, s, part)
	}
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

// accepted writes what goes in, as much of it as is legible; the page that the
// symbol leads to has all of it.
func (d drawing) accepted(at box) {
	lists := d.listsInLanguages(d.label.Stream.Accepts)
	height := at.h / float64(max(1, len(lists)))
	s := style{font: regular, size: 2.6}
	for _, items := range lists {
		s.size = math.Min(s.size, math.Max(legible, d.items(items, dot, s, at.w, height).size))
	}
	for _, items := range lists {
		var part box
		part, at = at.top(height)
		d.lines(d.items(items, dot, s, part.w, part.h), s, part)
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
	case d.language == Italian || it == en:
		return []string{it}
	case d.language == English:
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
	case d.language == English:
		return [][]string{en}
	case d.language == Italian || len(l.IT) == 0 || len(l.EN) == 0:
		return [][]string{it}
	}
	return [][]string{it, en}
}
