package print

import (
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

// font numbers the fonts.
type font int

const (
	regular font = iota
	bold
	mono
)

func (f font) face() *typeface.Face { return faces()[f] }

func faces() []*typeface.Face {
	return []*typeface.Face{typeface.Regular(), typeface.Bold(), typeface.Mono()}
}

// box is a place for something, in millimetres.
type box struct{ x, y, w, h float64 }

// style is how a text is set.
type style struct {
	font    font
	size    float64 // the largest, in mm
	centred bool    // from left to right; otherwise at the left
	atTop   bool    // otherwise in the middle, from top to bottom
}

// Measures of text, in shares of its size.
const (
	leading  = 1.16 // from one line to the next
	baseline = 0.89 // from the top of a line's place to its baseline
)

const (
	// legible is the size, in mm, down to which words stay whole: 4.5 points.
	legible = 1.6
	// finer is the step from one size that is tried to the next.
	finer = 0.94
)

// block is a text that was fitted: its lines, and the size at which they fit.
type block struct {
	size  float64
	lines []string
}

// fit breaks a text into lines and finds the largest size at which it fits into a
// width and height. Words stay whole as long as that is legible; then they are
// broken, and then it gets as small as it has to: nothing is cut off.
func fit(text string, s style, w, h float64) block {
	words := breakable(text)
	if len(words) == 0 || w <= 0 || h <= 0 {
		return block{}
	}
	face := s.font.face()
	size := math.Min(s.size, h/leading)
	for ; size >= legible; size *= finer {
		if lines := wrap(face, words, w/size, false); lines != nil && float64(len(lines))*leading*size <= h {
			return block{size, lines}
		}
	}
	size = math.Min(math.Min(s.size, h/leading), legible*1.2)
	for {
		if lines := wrap(face, words, w/size, true); lines != nil && float64(len(lines))*leading*size <= h {
			return block{size, lines}
		}
		size *= finer
	}
}

// word is what stays together on a line.
type word struct {
	text  string
	glued bool // follows the former without a blank
	first bool // begins a new line
}

// dot stands between the items of a list. It never begins a line.
const dot = " · "

// breakable splits a text at blanks, and behind hyphens and slashes. Accents are
// joined to their letters, as the fonts have them, and what can't be seen is left
// out.
func breakable(text string) []word {
	text = norm.NFC.String(strings.Map(visible, text))
	var words []word
	for line := range strings.SplitSeq(text, "\n") {
		first := len(words) > 0
		for _, part := range strings.Fields(line) {
			if part == strings.TrimSpace(dot) && !first && len(words) > 0 {
				words[len(words)-1].text += " " + part
				continue
			}
			words = append(words, syllables(part, first)...)
			first = false
		}
	}
	return words
}

// visible is a character as it is set: what can't be seen is a blank or nothing.
func visible(r rune) rune {
	switch {
	case r == '\n':
		return r
	case unicode.IsSpace(r) || unicode.IsControl(r):
		return ' '
	case unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// syllables splits a word behind hyphens and slashes.
func syllables(text string, first bool) []word {
	var words []word
	for text != "" {
		end := strings.IndexAny(text, "-/") + 1
		if end == 0 {
			end = len(text)
		}
		words = append(words, word{text: text[:end], glued: len(words) > 0, first: first && len(words) == 0})
		text = text[end:]
	}
	return words
}

// wrap breaks words into lines of a width in shares of the size, or returns nil if
// one is too long and must not be broken.
func wrap(face *typeface.Face, words []word, width float64, breaking bool) []string {
	width += 1e-9 // rounding
	blank := face.Width(" ")
	var lines []string
	line, used := "", 0.0
	for _, w := range words {
		need, gap := face.Width(w.text), " "
		if w.glued {
			gap = ""
		}
		if line != "" && !w.first && used+blank*float64(len(gap))+need <= width {
			line += gap + w.text
			used += blank*float64(len(gap)) + need
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = w.text
		for need > width {
			head := headOf(face, line, width)
			if !breaking || head == "" {
				return nil
			}
			lines = append(lines, head)
			line = line[len(head):]
			need = face.Width(line)
		}
		used = need
	}
	return append(lines, line)
}

// headOf is as much of a text as fits into a width.
func headOf(face *typeface.Face, text string, width float64) string {
	used := 0.0
	for i, r := range text {
		if used += face.Advance(face.Glyph(r)); used > width {
			return text[:i]
		}
	}
	return text
}

// run is a piece of text on one line.
type run struct {
	font font
	size float64
	x, y float64 // where its baseline begins
	text string
	// centred is the place that it is in the middle of, for printers with fonts of
	// their own; its width is 0 for a text that begins at the left.
	centred struct{ x, w float64 }
}

// set places a fitted text in a box.
func (b block) set(at box, s style) []run {
	face := s.font.face()
	height := float64(len(b.lines)) * leading * b.size
	top := at.y + (at.h-height)/2
	if s.atTop {
		top = at.y
	}
	runs := make([]run, len(b.lines))
	for i, text := range b.lines {
		r := run{font: s.font, size: b.size, x: at.x, y: top + (float64(i)*leading+baseline)*b.size, text: text}
		if s.centred {
			r.x += (at.w - face.Width(text)*b.size) / 2
			r.centred.x, r.centred.w = at.x, at.w
		}
		runs[i] = r
	}
	return runs
}

// fitKey is all that a fitted text depends on.
type fitKey struct {
	text  string
	style style
	w, h  float64
}

// typesetter remembers what it has fitted: labels of a batch differ in little but
// their code. It is for one goroutine.
type typesetter struct{ memo map[fitKey]block }

// maxMemo bounds what is remembered.
const maxMemo = 4096

func (t *typesetter) fit(text string, s style, w, h float64) block {
	key := fitKey{text, s, w, h}
	if b, ok := t.memo[key]; ok {
		return b
	}
	if t.memo == nil || len(t.memo) >= maxMemo {
		t.memo = make(map[fitKey]block)
	}
	b := fit(text, s, w, h)
	t.memo[key] = b
	return b
}

// items fits as much of a list as is legible into a box, perhaps nothing. What is
// left out shows as an ellipsis.
func (t *typesetter) items(list []string, separator string, s style, w, h float64) block {
	for n := len(list); n > 0; n-- {
		text := strings.Join(list[:n], separator)
		if n < len(list) {
			text += " …"
		}
		if b := t.fit(text, s, w, h); b.size >= legible-1e-9 {
			return b
		}
	}
	return block{}
}
