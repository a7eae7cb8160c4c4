package factor

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// WriteCSV writes factors as ReadCSV reads them: UTF-8, with commas and decimal
// points. A text that a spreadsheet would take for a formula gets an apostrophe
// before it, which ReadCSV takes away.
func WriteCSV(w io.Writer, factors []Factor) error {
	writer := csv.NewWriter(w)
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.name
	}
	if err := writer.Write(cells); err != nil {
		return fmt.Errorf("writing a table of factors: %w", err)
	}
	for i := range factors {
		for j, c := range columns {
			cells[j] = c.get(&factors[i])
			if c.at == nil { // numbers stay numbers, -0.5 too
				cells[j] = armed(cells[j])
			}
		}
		if err := writer.Write(cells); err != nil {
			return fmt.Errorf("writing a table of factors: %w", err)
		}
	}
	writer.Flush()
	return writer.Error()
}

// formula begins what spreadsheets compute.
const formula = "=+-@\t\r"

// armed puts an apostrophe before a text that would be computed. One that has
// apostrophes before such a sign gets another, so that disarmed finds them all.
func armed(text string) string {
	if looksArmed(text) {
		return "'" + text
	}
	return text
}

// disarmed takes away the apostrophe of armed.
func disarmed(text string) string {
	if strings.HasPrefix(text, "'") && looksArmed(text) {
		return text[1:]
	}
	return text
}

func looksArmed(text string) bool {
	rest := strings.TrimLeft(text, "'")
	return rest != "" && strings.ContainsRune(formula, rune(rest[0]))
}
