package print

import (
	"context"
	"io"
	"iter"

	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/pdf"
)

// pdfCanvas draws pages of a PDF file.
type pdfCanvas struct {
	*pdf.Content
	pictures map[pictureKey][]byte // as they were drawn before
}

// pictureKey names a picture by its first layer: those of pictograms are made once.
type pictureKey struct {
	first *layer
	ink   colour
}

func newPDFCanvas() *pdfCanvas {
	return &pdfCanvas{pdf.NewContent(len(faces())), map[pictureKey][]byte{}}
}

func (p *pdfCanvas) band(c colour, at box, _ colour) { p.fill(c, bandShape(at)) }
func (p *pdfCanvas) outline(at box)                  { p.fill(faint, outlineShape(at)) }
func (p *pdfCanvas) dotsPerMM() float64              { return 0 }

// picture draws in the picture's own square, so that it can be repeated anywhere.
func (p *pdfCanvas) picture(c colour, layers []layer, x, y, side float64) {
	p.Colour(pdf.Colour(c))
	p.Save()
	p.Transform(side, x, y)
	key := pictureKey{&layers[0], c}
	drawn, ok := p.pictures[key]
	if !ok {
		mark := p.Mark()
		for _, l := range layers {
			p.fill(l.colour(c), l.area)
		}
		drawn = p.Since(mark)
		p.pictures[key] = drawn
	} else {
		p.Raw(drawn)
	}
	p.Restore()
}

func (p *pdfCanvas) fill(c colour, s shape) {
	p.Colour(pdf.Colour(c))
	for i, step := range s {
		if step.op == 'm' && i > 0 {
			p.Close()
		}
		a, b, end := step.to[0], step.to[1], step.to[2]
		switch step.op {
		case 'm':
			p.MoveTo(a.x, a.y)
		case 'l':
			p.LineTo(a.x, a.y)
		case 'c':
			p.CurveTo(a.x, a.y, b.x, b.y, end.x, end.y)
		}
	}
	p.Close()
	p.Fill()
}

func (p *pdfCanvas) text(ink colour, r run) {
	p.Colour(pdf.Colour(ink))
	p.Text(int(r.font), r.font.face(), r.size, r.x, r.y, r.text)
}

// symbol makes all modules one path: between several, viewers show hair lines.
func (p *pdfCanvas) symbol(s qrlabels.Symbol, _ string, x, y, side float64) {
	p.Colour(pdf.Colour(black))
	p.Save()
	p.Transform(side/float64(s.Size()), x, y)
	for r := range s.Runs() {
		p.Run(r.X, r.Y, r.Width)
	}
	p.Fill()
	p.Restore()
}

// colour is that of a layer of a picture of a colour.
func (l layer) colour(c colour) colour {
	if l.white {
		return white
	}
	return c
}

func (j Job) pdfWriter(w io.Writer) *pdf.Writer {
	language := "it"
	if j.Language == English {
		language = "en"
	}
	return pdf.NewWriter(w, pdf.Document{
		Title: j.Title, Producer: "Ricircolo qrlabels/print", Language: language, Created: j.Created, Fonts: faces(), ToScale: true,
	})
}

// pdfPage draws a page of the job's sheet.
func (j Job) pdfPage(on *pdfCanvas, draw func() error) (pdf.Page, error) {
	on.Begin(j.Sheet.PageHeight)
	if v := j.view(); !v.straight() {
		on.Transform(v.scale, v.x, v.y)
	}
	if err := draw(); err != nil {
		return pdf.Page{}, err
	}
	return on.Finish(j.Sheet.PageWidth, j.Sheet.PageHeight)
}

func (j Job) writePDF(ctx context.Context, w io.Writer, labels iter.Seq[Label]) error {
	file := j.pdfWriter(w)
	err := drawAll(ctx, j, j.pages(labels), func(c *composer, p page) (pdf.Page, error) {
		if c.pdf == nil {
			c.pdf = newPDFCanvas()
		}
		return j.pdfPage(c.pdf, func() error { return j.draw(c, c.pdf, p) })
	}, file.Page)
	if err != nil {
		return err
	}
	return file.Close()
}
