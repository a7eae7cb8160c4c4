package print

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math"

	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

// MaxPixels is how many pixels an image of a page has at most: an A4 page at 300
// dots per inch has nine million.
const MaxPixels = 20_000_000

// pngCanvas draws an image of few colours, one byte a pixel.
type pngCanvas struct {
	filler
	image  *image.Paletted
	known  map[colour]uint8
	glyphs map[glyphKey][]typeface.Segment
	err    error
}

func newPNGCanvas(j Job) *pngCanvas {
	perMM := float64(j.Printer.DPI) / 25.4
	size := image.Rect(0, 0, int(math.Round(j.Sheet.PageWidth*perMM)), int(math.Round(j.Sheet.PageHeight*perMM)))
	return &pngCanvas{
		filler: filler{perMM: perMM, view: j.view()}, image: image.NewPaletted(size, color.Palette{color.White, color.Black}),
		known: map[colour]uint8{white: 0, black: 1}, glyphs: map[glyphKey][]typeface.Segment{},
	}
}

// index is the place of a colour in the palette. When that is full, it is black.
func (c *pngCanvas) index(ink colour) uint8 {
	i, ok := c.known[ink]
	if !ok && len(c.image.Palette) < 256 {
		i, ok = uint8(len(c.image.Palette)), true
		c.image.Palette = append(c.image.Palette, color.RGBA{ink[0], ink[1], ink[2], 255})
		c.known[ink] = i
	}
	if !ok {
		return 1
	}
	return i
}

func (c *pngCanvas) paint(ink colour, path outlinePath) {
	i := c.index(ink)
	c.fill(path, c.image.Rect, func(x, y int) { c.image.Pix[y*c.image.Stride+x] = i })
}

func (c *pngCanvas) band(ground colour, at box, _ colour) { c.paint(ground, c.inPixels(bandShape(at))) }

// outline is one pixel wide: thinner than that it would vanish.
func (c *pngCanvas) outline(at box) {
	a, b := c.pixels(point{at.x, at.y}), c.pixels(point{at.x + at.w, at.y + at.h})
	x1, y1, x2, y2 := math.Floor(a.x), math.Floor(a.y), math.Floor(b.x), math.Floor(b.y)
	c.paint(faint, shape{}.rectangle(x1, y1, x2-x1, 1).rectangle(x1, y2-1, x2-x1, 1).rectangle(x1, y1, 1, y2-y1).rectangle(x2-1, y1, 1, y2-y1))
}

func (c *pngCanvas) picture(ink colour, layers []layer, x, y, side float64) {
	for _, l := range layers {
		c.paint(l.colour(ink), c.inPixels(l.area.placed(side, x, y)))
	}
}

func (c *pngCanvas) text(ink colour, r run) {
	face := r.font.face()
	at := r
	for _, char := range r.text {
		key := glyphKey{r.font, face.Glyph(char)}
		outline, ok := c.glyphs[key]
		if !ok {
			var err error
			if outline, err = face.Outline(key.glyph); err != nil && c.err == nil {
				c.err = err
			}
			c.glyphs[key] = outline
		}
		c.paint(ink, glyphPath{outline, c.pixels(point{at.x, at.y}), r.size * c.view.scale * c.perMM})
		at.x += face.Advance(key.glyph) * r.size
	}
}

// symbol draws modules of whole pixels, as large as fit.
func (c *pngCanvas) symbol(s qrlabels.Symbol, _ string, x, y, side float64) {
	a, b := c.pixels(point{x, y}), c.pixels(point{x + side, y + side})
	module := int(b.x-a.x) / s.Size()
	left := int(math.Round(a.x + (b.x-a.x-float64(module*s.Size()))/2))
	top := int(math.Round(a.y + (b.y-a.y-float64(module*s.Size()))/2))
	for r := range s.Runs() {
		at := image.Rect(left+r.X*module, top+r.Y*module, left+(r.X+r.Width)*module, top+(r.Y+1)*module).Intersect(c.image.Rect)
		for py := at.Min.Y; py < at.Max.Y; py++ {
			line := c.image.Pix[py*c.image.Stride:]
			for px := at.Min.X; px < at.Max.X; px++ {
				line[px] = 1
			}
		}
	}
}

// pngPage draws a page.
func (j Job) pngPage(c *composer, p page) ([]byte, error) {
	on := newPNGCanvas(j)
	if err := j.draw(c, on, p); err != nil {
		return nil, err
	}
	if on.err != nil {
		return nil, on.err
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, on.image); err != nil {
		return nil, err
	}
	return withResolution(out.Bytes(), j.Printer.DPI), nil
}

// withResolution tells printing programs how large the image is on paper: a chunk
// pHYs behind the header (Portable Network Graphics, 11.3.4.3), which the standard
// library does not write.
func withResolution(file []byte, dpi int) []byte {
	const header = 8 + 4 + 4 + 13 + 4 // signature and IHDR
	perMetre := uint32(math.Round(float64(dpi) / 0.0254))
	chunk := append([]byte("pHYs"), make([]byte, 0, 9)...)
	chunk = binary.BigEndian.AppendUint32(chunk, perMetre)
	chunk = binary.BigEndian.AppendUint32(chunk, perMetre)
	chunk = append(chunk, 1) // per metre
	out := append([]byte(nil), file[:header]...)
	out = binary.BigEndian.AppendUint32(out, 9)
	out = append(out, chunk...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
	return append(out, file[header:]...)
}
