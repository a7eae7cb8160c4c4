package render

import (
	"context"
	"fmt"
	"io"

	"github.com/ricircolo/ricircolo/internal/report"
	"github.com/ricircolo/ricircolo/qrlabels/pdf"
	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

// PDF writes the report on A4: the results first, then the tables and annexes.
// progress, if not nil, is called after each page; ctx ends the work between two
// pages, with its error.
func PDF(ctx context.Context, w io.Writer, r *report.Report, lang Lang, progress func(done, total int)) error {
	l, err := localeOf(lang)
	if err != nil {
		return err
	}
	p := &paper{l: l, r: r}
	footer := p.footer()
	p.bottom = pageHeight - footerHeight(footer)
	p.newPage()
	for _, section := range []func(){
		p.cover, p.boundary, p.funnel, p.co2, p.cards, p.series, p.streams, p.waste, p.wards, p.factors, p.method,
	} {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("report %s as PDF: %w", r.ID, err)
		}
		section()
	}
	file := pdf.NewWriter(w, pdf.Document{
		Title: r.Title, Producer: "Ricircolo", Language: string(l.lang), Created: r.CreatedAt.Time(),
		Fonts: []*typeface.Face{regular: regular.face(), bold: bold.face()},
	})
	content := pdf.NewContent(2)
	for i, g := range p.pages {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("report %s as PDF, page %d: %w", r.ID, i+1, err)
		}
		p.surround(g, i+1, footer)
		for _, section := range g.sections {
			file.Bookmark(section)
		}
		if err := finish(file, content, g); err != nil {
			return fmt.Errorf("report %s as PDF, page %d: %w", r.ID, i+1, err)
		}
		if progress != nil {
			progress(i+1, len(p.pages))
		}
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("report %s as PDF: %w", r.ID, err)
	}
	return nil
}

// finish draws a page and writes it.
func finish(file *pdf.Writer, content *pdf.Content, g *page) error {
	content.Begin(pageHeight)
	for _, draw := range g.draw {
		draw(content)
	}
	finished, err := content.Finish(pageWidth, pageHeight)
	if err != nil {
		return err
	}
	return file.Page(finished)
}
