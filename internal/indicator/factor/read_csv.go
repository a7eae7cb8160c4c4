package factor

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// Limits bound what ReadCSV reads. Zero stands for the default.
type Limits struct {
	Bytes   int64 // 2 MiB
	Factors int   // MaxFactors
	Faults  int   // told at once: 50
}

func (l Limits) orDefaults() Limits {
	return Limits{cmp.Or(l.Bytes, 2<<20), cmp.Or(l.Factors, MaxFactors), cmp.Or(l.Faults, maxFaults)}
}

// ReadCSV reads factors from a table:
//
//   - UTF-8, with or without a byte order mark; columns between commas or
//     semicolons, whichever the first line has more of;
//   - the first line names the columns, in any order and case: kind, subject,
//     modules, value, unit, uptake, region, year, validFrom, source, table,
//     licence, scores and gsd2; and, if need be, grade, biogenic, basis, gwp,
//     avoidedIncluded, validTo and note. Others are refused;
//   - numbers have a decimal point or, between semicolons, a decimal comma; never
//     both in one file, and neither exponents nor separators of thousands;
//   - modules stand with blanks between them (A1 A2 A3); scores as five digits
//     (22133);
//   - values in kgCO2e/t, tCO2e/t, tCO2e or MTCO2E per short ton, gCO2e/km,
//     gCO2e/tkm, gCO2e/kWh or tCO2e/MWh are converted, and the note says what was
//     given.
//
// Every factor that it returns is valid by itself. They are in the order of the
// file; Sort them, and Validate the set.
//
// The fault csv-invalid names line and column of what is wrong.
func ReadCSV(r io.Reader, limits Limits) ([]Factor, error) {
	limits = limits.orDefaults()
	text, err := readText(r, limits.Bytes)
	if err != nil {
		return nil, err
	}
	t := &table{limits: limits, fault: problem.New(problem.Invalid, "csv-invalid", "The table can't be taken as it is. Correct what is named and send it again.")}
	if err := t.split(text); err != nil {
		return nil, err
	}
	if t.readHeader(); len(t.fault.Fields) == 0 {
		t.readDecimalMark()
		for i := range t.lines {
			t.readFactor(i)
		}
	}
	if len(t.fault.Fields) > 0 {
		return nil, t.fault
	}
	return t.factors, nil
}

// readText reads all, without the byte order mark.
func readText(r io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading a table of factors: %w", err)
	}
	if int64(len(text)) > limit {
		return nil, problem.New(problem.TooLarge, "csv-too-large", "The table has more than %d bytes. Send fewer factors.", limit)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return nil, problem.New(problem.Invalid, "csv-not-utf8", "The table is not in UTF-8. Save it as CSV UTF-8.")
	}
	return text, nil
}

// table is a CSV file on its way to factors.
type table struct {
	limits  Limits
	comma   rune       // between columns
	mark    string     // of decimals, in the whole file
	header  []*column  // by position
	lines   [][]string // without the header
	numbers []int      // of the lines in the file, from 1
	factors []Factor
	fault   *problem.Error
}

// add records what is wrong in a line.
func (t *table) add(line int, column, code, detail string) {
	if len(t.fault.Fields) < t.limits.Faults {
		t.fault.With(fmt.Sprintf("/lines/%d/%s", line, column), code, fmt.Sprintf("Line %d, column %s: %s", line, column, detail))
	}
}

// split cuts the text into lines and columns. The header is the first line.
func (t *table) split(text []byte) error {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	t.comma = ','
	if bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		t.comma = ';'
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comma, reader.FieldsPerRecord = t.comma, -1
	for {
		cells, err := reader.Read()
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return t.enough()
		case errors.As(err, &syntax):
			return t.fault.With(fmt.Sprintf("/lines/%d", syntax.Line), "bad-csv",
				fmt.Sprintf("Line %d, character %d: %v. Put texts with quotation marks or line breaks into quotation marks, and double those within.", syntax.Line, syntax.Column, syntax.Err))
		case err != nil:
			return fmt.Errorf("splitting a table of factors: %w", err)
		}
		if len(t.lines) > t.limits.Factors { // the header and all
			return problem.New(problem.TooLarge, "too-many-factors", "The table has more than %d factors. Send fewer.", t.limits.Factors)
		}
		line, _ := reader.FieldPos(0)
		t.lines, t.numbers = append(t.lines, cells), append(t.numbers, line)
	}
}

// enough reports a table without a line below its header.
func (t *table) enough() error {
	if len(t.lines) < 2 {
		return problem.New(problem.Invalid, "csv-empty", "The table is empty. Send a line with the names of the columns and at least one factor.")
	}
	return nil
}

// readHeader takes the first line as the names of columns.
func (t *table) readHeader() {
	names := t.lines[0]
	if len(names) > 2*len(columns) {
		t.add(t.numbers[0], "header", "too-many", "There are far too many columns.")
		return
	}
	for _, name := range names {
		at := slices.IndexFunc(columns, func(c column) bool { return strings.EqualFold(c.name, strings.TrimSpace(name)) })
		switch {
		case at < 0:
			t.add(t.numbers[0], "header", "unknown", fmt.Sprintf("there is no column %q here. Take it out.", clip(name)))
			continue
		case slices.Contains(t.header, &columns[at]):
			t.add(t.numbers[0], columns[at].name, "duplicate", "the column is there twice. Take one out.")
		}
		t.header = append(t.header, &columns[at])
	}
	for i := range columns {
		if c := &columns[i]; c.must && !slices.Contains(t.header, c) {
			t.add(t.numbers[0], c.name, "required", "the column is missing.")
		}
	}
	t.lines, t.numbers = t.lines[1:], t.numbers[1:]
}

// readDecimalMark finds out which mark the numbers of the file have. Files
// between semicolons may have either, but 1.234 beside 0,5 would be a thousand.
func (t *table) readDecimalMark() {
	t.mark = "."
	if t.comma != ';' {
		return
	}
	for _, cells := range t.lines {
		for i, c := range t.header {
			if c.at != nil && i < len(cells) && strings.Contains(cells[i], ",") {
				t.mark = ","
				return
			}
		}
	}
}

// readFactor takes a line as a factor.
func (t *table) readFactor(i int) {
	cells, line := t.lines[i], t.numbers[i]
	if len(cells) != len(t.header) {
		t.add(line, "all", "bad-csv", fmt.Sprintf("there are %d columns and %d names of columns.", len(cells), len(t.header)))
		return
	}
	var f Factor
	bad := false
	for j, c := range t.header {
		cell := strings.TrimSpace(disarmed(cells[j]))
		if c.at != nil && t.mark == "," {
			if strings.Contains(cell, ".") {
				cell = "a point beside commas"
			}
			cell = strings.Replace(cell, ",", ".", 1)
		}
		if !c.set(&f, cell) {
			bad = true
			t.add(line, c.name, "bad-"+c.name, c.hint(cells[j]))
		}
	}
	if bad {
		return
	}
	f.ID = ID(f.Kind, f.Subject)
	f.convert()
	for _, x := range f.faults() {
		if x.name != "id" { // it is made here
			t.add(line, x.name, x.code, x.detail)
		}
	}
	t.factors = append(t.factors, f)
}

// hint says how to write what can't be read.
func (c *column) hint(cell string) string {
	how := "write true or nothing."
	switch c.name {
	case "modules":
		how = "write modules with blanks between them: A1 A2 A3."
	case "scores":
		how = "write five digits from 1 to 5: 22133."
	case "year":
		how = "write four digits."
	}
	if c.at != nil {
		how = fmt.Sprintf("write a number of at most %d digits, with a decimal point (or, between semicolons, a comma; one mark in the whole file), without exponent and separators of thousands.", maxDigits)
	}
	return fmt.Sprintf("%q can't be read: %s", clip(cell), how)
}
