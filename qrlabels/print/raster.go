package print

import (
	"image"
	"math"

	"golang.org/x/image/vector"

	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

// filler turns shapes and glyphs into pixels: those of which at least half is
// covered. Printers know no half pixels.
type filler struct {
	perMM float64 // pixels
	view  view
	mask  image.Alpha
}

// dotsPerMM is how many pixels a millimetre of the label has.
func (f *filler) dotsPerMM() float64 { return f.perMM * f.view.scale }

// outlinePath is what a shape or a glyph looks like in pixels.
type outlinePath interface {
	// replay calls to with every step: kind as in step.op, or 'q', and up to
	// three points in pixels.
	replay(to func(op byte, p [3]point))
}

// pixels maps a place on the page to the image.
func (f *filler) pixels(p point) point {
	return point{(p.x*f.view.scale + f.view.x) * f.perMM, (p.y*f.view.scale + f.view.y) * f.perMM}
}

// inPixels is a shape in pixels.
func (f *filler) inPixels(s shape) shape {
	out := make(shape, len(s))
	for i, p := range s {
		for n := range p.to {
			p.to[n] = f.pixels(p.to[n])
		}
		out[i] = p
	}
	return out
}

func (s shape) replay(to func(op byte, p [3]point)) {
	for _, p := range s {
		to(p.op, p.to)
	}
}

// glyphPath is a glyph of a size in pixels at a place.
type glyphPath struct {
	outline []typeface.Segment
	at      point
	size    float64
}

func (g glyphPath) replay(to func(op byte, p [3]point)) {
	for _, s := range g.outline {
		var p [3]point
		for n, q := range s.Points {
			p[n] = point{g.at.x + q[0]*g.size, g.at.y + q[1]*g.size}
		}
		to("mlq"[s.Op], p)
	}
}

// fill calls set for every pixel of a path that lies inside bounds.
func (f *filler) fill(path outlinePath, bounds image.Rectangle, set func(x, y int)) {
	at := extent(path).Intersect(bounds)
	if at.Empty() {
		return
	}
	raster := vector.NewRasterizer(at.Dx(), at.Dy())
	in := func(p point) (x, y float32) {
		return float32(p.x - float64(at.Min.X)), float32(p.y - float64(at.Min.Y))
	}
	path.replay(func(op byte, p [3]point) {
		ax, ay := in(p[0])
		bx, by := in(p[1])
		cx, cy := in(p[2])
		switch op {
		case 'm':
			raster.ClosePath()
			raster.MoveTo(ax, ay)
		case 'l':
			raster.LineTo(ax, ay)
		case 'q':
			raster.QuadTo(ax, ay, bx, by)
		case 'c':
			raster.CubeTo(ax, ay, bx, by, cx, cy)
		}
	})
	raster.ClosePath()
	f.cover(raster, at, set)
}

func (f *filler) cover(raster *vector.Rasterizer, at image.Rectangle, set func(x, y int)) {
	need := at.Dx() * at.Dy()
	if cap(f.mask.Pix) < need {
		f.mask.Pix = make([]uint8, need)
	}
	f.mask.Pix, f.mask.Stride, f.mask.Rect = f.mask.Pix[:need], at.Dx(), image.Rect(0, 0, at.Dx(), at.Dy())
	clear(f.mask.Pix)
	raster.Draw(&f.mask, f.mask.Rect, image.Opaque, image.Point{})
	for i, a := range f.mask.Pix {
		if a >= 128 {
			set(at.Min.X+i%at.Dx(), at.Min.Y+i/at.Dx())
		}
	}
}

// extent is the rectangle of pixels that a path may touch.
func extent(path outlinePath) image.Rectangle {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	path.replay(func(op byte, p [3]point) {
		n := map[byte]int{'m': 1, 'l': 1, 'q': 2, 'c': 3}[op]
		for _, q := range p[:n] {
			low = point{math.Min(low.x, q.x), math.Min(low.y, q.y)}
			high = point{math.Max(high.x, q.x), math.Max(high.y, q.y)}
		}
	})
	if low.x > high.x {
		return image.Rectangle{}
	}
	return image.Rect(int(math.Floor(low.x)), int(math.Floor(low.y)), int(math.Ceil(high.x)), int(math.Ceil(high.y)))
}
