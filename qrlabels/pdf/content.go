package pdf

import (
	"bytes"
	"io"
	"math"
	"strconv"

	"github.com/klauspost/compress/zlib"

	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

// Colour is red, green and blue, 0 to 255.
type Colour [3]uint8

// Content draws pages, one after the other, in millimetres to the right and down
// from their top left corner. It keeps its buffers from page to page. Make one with
// NewContent; it is for one goroutine.
type Content struct {
	out        []byte
	colour     Colour
	saved      Colour
	used       [][]rune // by font: of each glyph that was ever drawn a character that it stands for, or 0
	shown      []shown  // what is new of that on this page
	compressor *zlib.Writer
	compressed bytes.Buffer
}

// shown is a glyph with a character that it stands for.
type shown struct {
	font  int
	glyph typeface.Glyph
	char  rune
}

// perMillimetre is the number of points in a millimetre.
const perMillimetre = 72 / 25.4

// NewContent makes a Content for a file with a number of fonts.
func NewContent(fonts int) *Content {
	compressor, err := zlib.NewWriterLevel(io.Discard, zlib.BestSpeed)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return &Content{used: make([][]rune, fonts), compressor: compressor}
}

// Begin starts a page of a height.
func (c *Content) Begin(height float64) {
	c.out, c.colour, c.shown = c.out[:0], Colour{}, nil
	c.out = strconv.AppendFloat(c.out, perMillimetre, 'f', 6, 64)
	c.out = append(c.out, " 0 0 "...)
	c.out = strconv.AppendFloat(c.out, -perMillimetre, 'f', 6, 64)
	c.out = append(c.out, " 0 "...)
	c.operator("cm", height*perMillimetre)
}

// appendNumber writes a number to three decimals, which of a millimetre is less
// than any printer's dot.
func appendNumber(out []byte, v float64) []byte {
	n := int64(math.Round(v * 1000))
	if n < 0 {
		out, n = append(out, '-'), -n
	}
	out = strconv.AppendInt(out, n/1000, 10)
	if n %= 1000; n != 0 {
		out = append(out, '.', byte('0'+n/100))
		if n %= 100; n != 0 {
			out = append(out, byte('0'+n/10))
			if n %= 10; n != 0 {
				out = append(out, byte('0'+n))
			}
		}
	}
	return out
}

// operator writes operands and their operator.
func (c *Content) operator(name string, operands ...float64) {
	for _, v := range operands {
		c.out = append(appendNumber(c.out, v), ' ')
	}
	c.out = append(append(c.out, name...), '\n')
}

// Save keeps colour and Transform as they are until Restore. It does not nest.
func (c *Content) Save() {
	c.saved = c.colour
	c.operator("q")
}

// Restore goes back to what Save kept.
func (c *Content) Restore() {
	c.colour = c.saved
	c.operator("Q")
}

// Transform scales what follows and moves its origin.
func (c *Content) Transform(scale, x, y float64) {
	c.out = strconv.AppendFloat(c.out, scale, 'f', 6, 64)
	c.out = append(c.out, " 0 0 "...)
	c.out = strconv.AppendFloat(c.out, scale, 'f', 6, 64)
	c.out = append(c.out, ' ')
	c.operator("cm", x, y)
}

// Raw repeats what was drawn before: see Since.
func (c *Content) Raw(drawn []byte) { c.out = append(c.out, drawn...) }

// Mark is a point in the page, for Since.
func (c *Content) Mark() int { return len(c.out) }

// Since is a copy of what was drawn since a mark.
func (c *Content) Since(mark int) []byte { return bytes.Clone(c.out[mark:]) }

// Colour is that of what is filled from now on; black at first.
func (c *Content) Colour(colour Colour) {
	if colour != c.colour {
		c.colour = colour
		c.operator("rg", float64(colour[0])/255, float64(colour[1])/255, float64(colour[2])/255)
	}
}

// Rectangle adds a rectangle to the path.
func (c *Content) Rectangle(x, y, width, height float64) { c.operator("re", x, y, width, height) }

// Run adds a rectangle of one unit's height with whole coordinates to the path:
// the modules of symbols, which are most of a page.
func (c *Content) Run(x, y, width int) {
	c.out = append(strconv.AppendInt(c.out, int64(x), 10), ' ')
	c.out = append(strconv.AppendInt(c.out, int64(y), 10), ' ')
	c.out = append(strconv.AppendInt(c.out, int64(width), 10), " 1 re\n"...)
}

// MoveTo begins a contour of the path.
func (c *Content) MoveTo(x, y float64) { c.operator("m", x, y) }

// LineTo adds a line.
func (c *Content) LineTo(x, y float64) { c.operator("l", x, y) }

// CurveTo adds a cubic curve with two control points.
func (c *Content) CurveTo(x1, y1, x2, y2, x, y float64) { c.operator("c", x1, y1, x2, y2, x, y) }

// Close closes the contour.
func (c *Content) Close() { c.operator("h") }

// Fill fills the path, by the non-zero rule, and forgets it.
func (c *Content) Fill() { c.operator("f") }

// Text writes a text from a point on its baseline on. The font is one of those of
// the file, by its number.
func (c *Content) Text(font int, face *typeface.Face, size, x, y float64, text string) {
	if c.used[font] == nil {
		c.used[font] = make([]rune, face.Glyphs())
	}
	c.out = append(c.out, "BT /F"...)
	c.out = append(strconv.AppendInt(c.out, int64(font), 10), ' ')
	c.out = append(appendNumber(c.out, size), " Tf 1 0 0 -1 "...)
	c.out = append(appendNumber(c.out, x), ' ')
	c.out = append(appendNumber(c.out, y), " Tm <"...)
	for _, r := range text {
		g := face.Glyph(r)
		// Several characters may share a glyph: one has to win, always the same.
		if was := c.used[font][g]; was == 0 || r < was {
			c.used[font][g] = r
			c.shown = append(c.shown, shown{font, g, r})
		}
		const hex = "0123456789abcdef"
		c.out = append(c.out, hex[g>>12], hex[g>>8&15], hex[g>>4&15], hex[g&15])
	}
	c.out = append(c.out, "> Tj ET\n"...)
}

// Page is a finished page of a size in millimetres.
type Page struct {
	width, height float64
	stream        []byte // compressed
	shown         []shown
}

// Finish ends the page. It is the costly part, and may run beside others.
func (c *Content) Finish(width, height float64) (Page, error) {
	c.compressed.Reset()
	c.compressor.Reset(&c.compressed)
	if _, err := c.compressor.Write(c.out); err != nil {
		return Page{}, err
	}
	if err := c.compressor.Close(); err != nil {
		return Page{}, err
	}
	return Page{width, height, bytes.Clone(c.compressed.Bytes()), c.shown}, nil
}
