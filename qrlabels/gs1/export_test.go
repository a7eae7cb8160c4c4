package gs1

import (
	"fmt"
	"strings"
)

// TableLines are the rows of the table, written as the dictionary does.
func TableLines() []string {
	var lines []string
	for _, e := range table {
		lines = append(lines, strings.Join(strings.Fields(e.ai+" "+e.flags+" "+e.format+" "+e.attributes), " "))
	}
	return lines
}

// Formats are the formats of the table, and what parseFormat makes of them,
// written as formats again.
func Formats() map[string]string {
	formats := make(map[string]string)
	for _, e := range table {
		var again []string
		for _, c := range parseFormat(e.format) {
			text := fmt.Sprintf("%c%d", c.charset, c.most)
			if c.least != c.most {
				text = fmt.Sprintf("%c..%d", c.charset, c.most)
			}
			if c.optional {
				text = "[" + text + "]"
			}
			again = append(again, strings.TrimSuffix(text+","+strings.Join(c.rules, ","), ","))
		}
		formats[e.format] = strings.Join(again, " ")
	}
	return formats
}
