package print

import "math"

// point is a place in millimetres, to the right and down.
type point struct{ x, y float64 }

// step is a part of a contour.
type step struct {
	op byte // 'm' move, 'l' line, 'c' cubic curve with two control points
	to [3]point
}

// shape is an area: contours that are filled together, each closed by itself, by
// the non-zero rule.
type shape []step

func (s shape) moveTo(x, y float64) shape { return append(s, step{op: 'm', to: [3]point{{x, y}}}) }
func (s shape) lineTo(x, y float64) shape { return append(s, step{op: 'l', to: [3]point{{x, y}}}) }
func (s shape) curveTo(x1, y1, x2, y2, x, y float64) shape {
	return append(s, step{op: 'c', to: [3]point{{x1, y1}, {x2, y2}, {x, y}}})
}

// polygon adds a polygon; places come in pairs of x and y.
func (s shape) polygon(places ...float64) shape {
	s = s.moveTo(places[0], places[1])
	for i := 2; i+1 < len(places); i += 2 {
		s = s.lineTo(places[i], places[i+1])
	}
	return s
}

// rectangle adds a rectangle.
func (s shape) rectangle(x, y, w, h float64) shape {
	return s.polygon(x, y, x+w, y, x+w, y+h, x, y+h)
}

// quarter is how far the control points of a cubic curve are from the ends of a
// quarter of a circle of radius 1.
const quarter = 0.5522847498

// rounded adds a rectangle with rounded corners.
func (s shape) rounded(x, y, w, h, r float64) shape {
	r = math.Min(r, math.Min(w, h)/2)
	k := r * (1 - quarter)
	s = s.moveTo(x+r, y).lineTo(x+w-r, y).curveTo(x+w-k, y, x+w, y+k, x+w, y+r)
	s = s.lineTo(x+w, y+h-r).curveTo(x+w, y+h-k, x+w-k, y+h, x+w-r, y+h)
	s = s.lineTo(x+r, y+h).curveTo(x+k, y+h, x, y+h-k, x, y+h-r)
	return s.lineTo(x, y+r).curveTo(x, y+k, x+k, y, x+r, y)
}

// circle adds a circle.
func (s shape) circle(x, y, r float64) shape { return s.rounded(x-r, y-r, 2*r, 2*r, r) }

// bar adds a thick line between two places, with round ends.
func (s shape) bar(x1, y1, x2, y2, width float64) shape {
	length := math.Hypot(x2-x1, y2-y1)
	if length == 0 {
		return s.circle(x1, y1, width/2)
	}
	dx, dy := (x2-x1)/length*width/2, (y2-y1)/length*width/2
	s = s.polygon(x1+dy, y1-dx, x2+dy, y2-dx, x2-dy, y2+dx, x1-dy, y1+dx)
	return s.circle(x1, y1, width/2).circle(x2, y2, width/2)
}

// placed is the shape grown and moved.
func (s shape) placed(scale, x, y float64) shape {
	out := make(shape, len(s))
	for i, p := range s {
		for n := range p.to {
			p.to[n] = point{p.to[n].x*scale + x, p.to[n].y*scale + y}
		}
		out[i] = p
	}
	return out
}
