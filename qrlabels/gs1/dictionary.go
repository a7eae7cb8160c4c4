package gs1

import (
	"slices"
	"strconv"
	"strings"
)

// maxAI is the most digits of an AI; the fewest are two.
const maxAI = 4

// lookup finds the row of an AI.
func lookup(ai string) (entry, bool) {
	for _, e := range table {
		first, last := e.span()
		if len(ai) == len(first) && first <= ai && ai <= last {
			e.ai = ai
			return e, true
		}
	}
	return entry{}, false
}

// span is the first and the last AI of a row; they are equally long.
func (e entry) span() (first, last string) {
	first, last, isRange := strings.Cut(e.ai, "-")
	if !isRange {
		last = first
	}
	return first, last
}

// unknown makes a row for an AI that the dictionary does not have, as the Syntax
// Engine does: of any content, but of the length that its first two digits
// announce. There is none for what cannot become an AI, because all AIs with the
// same first two digits are equally long.
func unknown(ai string) (entry, bool) {
	if len(ai) < 2 || len(ai) > maxAI || outside(ai, digits) >= 0 {
		return entry{}, false
	}
	for _, e := range table {
		first, last := e.span()
		if first[:2] <= ai[:2] && ai[:2] <= last[:2] && len(first) != len(ai) {
			return entry{}, false
		}
	}
	if n := predefinedLength(ai); n > 0 {
		return entry{ai: ai, flags: "*", format: "X" + strconv.Itoa(n)}, true
	}
	return entry{ai: ai, format: "X..90"}, true
}

// predefinedLength is the length of the values of AIs that need no separator
// behind them, by their first two digits, or 0 for the other AIs (GS1 General
// Specifications, "Element strings with predefined length"). It leaves out those
// first digits whose AIs are all in the dictionary.
func predefinedLength(ai string) int {
	switch prefix := ai[:2]; {
	case prefix == "04":
		return 16
	case "11" <= prefix && prefix <= "19", "31" <= prefix && prefix <= "36":
		return 6
	case prefix == "41":
		return 13
	}
	return 0
}

// separated reports whether a separator (FNC1) must follow the value in a
// barcode, unless it is the last.
func (e entry) separated() bool { return !strings.Contains(e.flags, "*") }

// isAttribute reports whether the AI may be a data attribute of a link.
func (e entry) isAttribute() bool { return strings.Contains(e.flags, "?") }

// isKey reports whether the AI may be the primary key of a link.
func (e entry) isKey() bool {
	return slices.ContainsFunc(strings.Fields(e.attributes), func(a string) bool {
		return a == "dlpkey" || strings.HasPrefix(a, "dlpkey=")
	})
}

// qualifiers lists the alternatives of qualifiers behind a primary key, each in
// the order that they must have: dlpkey=22,10,21|235.
func (e entry) qualifiers() [][]string {
	var alternatives [][]string
	for _, list := range e.values("dlpkey") {
		for _, one := range strings.Split(list, "|") {
			alternatives = append(alternatives, strings.Split(one, ","))
		}
	}
	return alternatives
}

// satisfied reports whether what the AI needs is among others: for each req, one
// of the alternatives, with all of its AIs: req=01+21,02,35nn.
func (e entry) satisfied(others []string) bool {
	for _, list := range e.values("req") {
		one := slices.ContainsFunc(strings.Split(list, ","), func(alternative string) bool {
			return all(strings.Split(alternative, "+"), func(pattern string) bool { return anyMatches(pattern, others) })
		})
		if !one {
			return false
		}
	}
	return true
}

// excludes reports whether the AI may not stand together with one of the others:
// ex=8111,394n.
func (e entry) excludes(others []string) bool {
	for _, list := range e.values("ex") {
		if slices.ContainsFunc(strings.Split(list, ","), func(pattern string) bool { return anyMatches(pattern, others) }) {
			return true
		}
	}
	return false
}

// values lists the values of an attribute, which may be there more than once.
func (e entry) values(name string) []string {
	var values []string
	for _, a := range strings.Fields(e.attributes) {
		if v, found := strings.CutPrefix(a, name+"="); found {
			values = append(values, v)
		}
	}
	return values
}

// anyMatches reports whether one of the AIs matches a pattern, in which n stands
// for any digit.
func anyMatches(pattern string, ais []string) bool {
	return slices.ContainsFunc(ais, func(ai string) bool {
		if len(ai) != len(pattern) {
			return false
		}
		for i := range len(pattern) {
			if pattern[i] != 'n' && pattern[i] != ai[i] {
				return false
			}
		}
		return true
	})
}

// all reports whether a condition holds for all of some texts.
func all(texts []string, holds func(string) bool) bool {
	return !slices.ContainsFunc(texts, func(s string) bool { return !holds(s) })
}
