package print

import (
	"context"
	"encoding/hex"
	"fmt"
	"image"
	"io"
	"iter"
	"math"
	"strings"

	"github.com/ricircolo/ricircolo/qrlabels"
)

// zplCanvas writes a label in ZPL II, the language of Zebra's label printers and
// of many others. Symbols and text are the printer's own, pictures are bitmaps.
// The commands are those of Zebra's Programming Guide P1012728.
type zplCanvas struct {
	filler
	out strings.Builder
}

// barHeight is pinned because firmware lowers a QR code that is placed by ^FO by
// the height of bar codes, which printers remember from one label to the next.
const barHeight = 10

// maxMagnification is the largest module of ^BQ, in dots.
const maxMagnification = 10

// minFont is the smallest height of a scalable font, in dots.
const minFont = 10

// dots is a place in dots; printers know none left of or above the label.
func (c *zplCanvas) dots(x, y float64) (int, int) {
	p := c.pixels(point{x, y})
	return max(0, int(math.Round(p.x))), max(0, int(math.Round(p.y)))
}

// length is a length in dots.
func (c *zplCanvas) length(mm float64) int { return int(math.Round(mm * c.view.scale * c.perMM)) }

// band is black where its text is white, and a frame where its text is black: a
// thermal printer has one colour.
func (c *zplCanvas) band(_ colour, at box, ink colour) {
	x, y := c.dots(at.x, at.y)
	w, h := c.length(at.w), c.length(at.h)
	border := h
	if ink == black {
		border = max(2, c.length(0.3))
	}
	fmt.Fprintf(&c.out, "^FO%d,%d^GB%d,%d,%d,B,0^FS\n", x, y, w, h, border)
}

func (c *zplCanvas) outline(at box) {
	x, y := c.dots(at.x, at.y)
	fmt.Fprintf(&c.out, "^FO%d,%d^GB%d,%d,1,B,0^FS\n", x, y, c.length(at.w), c.length(at.h))
}

// text stands on its baseline (^FT), in the middle of a block if it is centred
// (^FB): the printer's font is narrower than ours. White text is black turned round
// (^FR).
func (c *zplCanvas) text(ink colour, r run) {
	x, y := c.dots(r.x, r.y)
	form, text := "", r.text
	if r.centred.w > 0 {
		text = strings.ReplaceAll(text, `\`, `\\`) // which ^FB gives a meaning
		x, _ = c.dots(r.centred.x, r.y)
		form = fmt.Sprintf("^FB%d,1,0,C", c.length(r.centred.w))
	}
	if ink == white {
		form += "^FR"
	}
	fmt.Fprintf(&c.out, "^FT%d,%d%s^A0N,%d^FH^FD%s^FS\n", x, y, form, max(minFont, c.length(r.size)), zplField(text))
}

// zplField writes what stands between ^FD and ^FS behind ^FH: what could be a
// command, and what is not ASCII, as the hexadecimal digits of its UTF-8 bytes.
func zplField(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if ch := text[i]; ch >= ' ' && ch < 0x7f && !strings.ContainsRune(`^~_\`, rune(ch)) {
			b.WriteByte(ch)
		} else {
			fmt.Fprintf(&b, "_%02X", ch)
		}
	}
	return b.String()
}

// symbol lets the printer make the symbol of the payload. The quiet zone is left
// white around it.
func (c *zplCanvas) symbol(s qrlabels.Symbol, payload string, x, y, side float64) {
	left, top := c.dots(x, y)
	dots := c.length(side)
	module := min(maxMagnification, dots/s.Size())
	rest := (dots - module*s.Size()) / 2
	level := s.Level()
	fmt.Fprintf(&c.out, "^FO%d,%d^BQN,2,%d,%s,7^FH^FD%sA,%s^FS\n",
		left+rest+qrlabels.QuietZone*module, max(0, top+rest+qrlabels.QuietZone*module-barHeight), module, level, level, zplField(payload))
}

// picture is a bitmap (^GFA), one bit a dot.
func (c *zplCanvas) picture(_ colour, layers []layer, x, y, side float64) {
	n := c.length(side)
	if n < 1 {
		return
	}
	stride := (n + 7) / 8
	bits := make([]byte, stride*n)
	bitmap := filler{perMM: 1, view: view{scale: 1}}
	for _, l := range layers {
		bitmap.fill(l.area.placed(float64(n), 0, 0), image.Rect(0, 0, n, n), func(px, py int) {
			if l.white {
				bits[py*stride+px/8] &^= 0x80 >> (px % 8)
			} else {
				bits[py*stride+px/8] |= 0x80 >> (px % 8)
			}
		})
	}
	left, top := c.dots(x, y)
	fmt.Fprintf(&c.out, "^FO%d,%d^GFA,%d,%d,%d,%s^FS\n", left, top, len(bits), len(bits), stride, strings.ToUpper(hex.EncodeToString(bits)))
}

// zplPage draws a label of a roll.
func (j Job) zplPage(c *composer, p page) ([]byte, error) {
	on := &zplCanvas{filler: filler{perMM: float64(j.Printer.DPI) / 25.4, view: j.view()}}
	perMM := on.perMM
	fmt.Fprintf(&on.out, "^XA\n^CI28\n^PW%d\n^LL%d\n^LH0,0\n^BY2,2,%d\n",
		int(math.Round(j.Sheet.PageWidth*perMM)), int(math.Round(j.Sheet.PageHeight*perMM)), barHeight)
	if err := j.draw(c, on, p); err != nil {
		return nil, err
	}
	on.out.WriteString("^PQ1\n^XZ\n")
	return []byte(on.out.String()), nil
}

func (j Job) writeZPL(ctx context.Context, w io.Writer, labels iter.Seq[Label]) error {
	return drawAll(ctx, j, j.pages(labels), j.zplPage, func(text []byte) error {
		_, err := w.Write(text)
		return err
	})
}
