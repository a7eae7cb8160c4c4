package render

// Blocks that follow each other down the page.

func (p *paper) space(h float64) { p.y += h }

// paragraph sets a text over the whole width.
func (p *paper) paragraph(s style, text string) {
	for _, line := range wrap(text, s, width) {
		p.need(s.line())
		p.now().write(s, left, p.y+s.mm(), line)
		p.y += s.line()
	}
}

// heading begins a section; some of what follows has to fit below it.
func (p *paper) heading(text string, follows float64) {
	if p.y > top {
		p.space(6)
	}
	p.need(headingStyle.line() + follows)
	p.now().sections = append(p.now().sections, text)
	p.paragraph(headingStyle, text)
	p.space(1.5)
}

func (p *paper) subheading(text string, follows float64) {
	p.space(2)
	p.need(subStyle.line() + follows)
	p.paragraph(subStyle, text)
	p.space(0.5)
}

// column of a grid; numbers stand at its right edge.
type column struct {
	head  string
	width float64 // in parts of the whole
	right bool
}

type gridRow struct {
	cells []string
	bold  bool
}

// padding is the space around a cell.
const padding = 1.1

// grid sets rows in columns. Its head is repeated on each page, and a row is only
// divided if it is higher than a page.
func (p *paper) grid(columns []column, rows []gridRow) {
	parts := 0.0
	for _, c := range columns {
		parts += c.width
	}
	for i := range columns {
		columns[i].width *= width / parts
	}
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = c.head
	}
	begin := func() {
		cells, h := layCells(columns, head, smallBold)
		p.now().box(pale, left, p.y, width, h)
		p.row(columns, cells, h, smallBold)
	}
	_, headHeight := layCells(columns, head, smallBold)
	p.need(headHeight + 2*smallStyle.line() + 2*padding)
	begin()
	for _, row := range rows {
		s := smallStyle
		if row.bold {
			s = smallBold
		}
		cells, _ := layCells(columns, row.cells, s)
		for _, part := range divided(cells, int((p.bottom-top-headHeight)/s.line())-1) {
			h := rowHeight(part, s)
			if p.y+h > p.bottom {
				p.newPage()
				begin()
			}
			p.row(columns, part, h, s)
		}
		p.now().box(rule, left, p.y-0.1, width, 0.1)
	}
	p.space(2)
}

// layCells wraps the cells of a row and says how high it is.
func layCells(columns []column, cells []string, s style) ([][]string, float64) {
	lines := make([][]string, len(cells))
	for i, text := range cells {
		lines[i] = wrap(text, s, columns[i].width-2*padding)
	}
	return lines, rowHeight(lines, s)
}

func rowHeight(cells [][]string, s style) float64 {
	most := 1
	for _, lines := range cells {
		most = max(most, len(lines))
	}
	return float64(most)*s.line() + 2*padding*0.6
}

// divided cuts a row into rows of at most so many lines.
func divided(cells [][]string, limit int) [][][]string {
	limit = max(limit, 1)
	var parts [][][]string
	for more := true; more; {
		part := make([][]string, len(cells))
		more = false
		for i, lines := range cells {
			n := min(limit, len(lines))
			part[i], cells[i] = lines[:n], lines[n:]
			more = more || len(cells[i]) > 0
		}
		parts = append(parts, part)
	}
	return parts
}

func (p *paper) row(columns []column, cells [][]string, h float64, s style) {
	x := left
	for i, lines := range cells {
		for n, text := range lines {
			y := p.y + padding*0.6 + s.mm() + float64(n)*s.line()
			if columns[i].right {
				p.now().writeEnd(s, x+columns[i].width-padding, y, text)
			} else {
				p.now().write(s, x+padding, y, text)
			}
		}
		x += columns[i].width
	}
	p.y += h
}

// fields lists names with their values.
func (p *paper) fields(list []field) {
	rows := make([]gridRow, len(list))
	for i, f := range list {
		rows[i] = gridRow{cells: []string{f.name, f.value}}
	}
	p.grid([]column{{head: p.l.text("column.name"), width: 30}, {head: p.l.text("column.about"), width: 70}}, rows)
}
