package factor

import (
	"strconv"
	"strings"
)

// Change is what differs for one factor between two sets.
type Change struct {
	ID     string        `json:"id"`
	What   string        `json:"what"` // added, removed or changed
	Fields []FieldChange `json:"fields,omitempty"`
}

// FieldChange is one column of a changed factor.
type FieldChange struct {
	Name string `json:"name"` // of the JSON member and the CSV column
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Diff lists what a reader of results must know when one set takes the place of
// another, in the order of the factors. Both are valid sets.
func Diff(old, new *Set) []Change {
	var list []Change
	i, j := 0, 0
	for i < len(old.Factors) || j < len(new.Factors) {
		switch which := compareAt(old, i, new, j); {
		case which < 0:
			list = append(list, Change{ID: old.Factors[i].ID, What: "removed"})
			i++
		case which > 0:
			list = append(list, Change{ID: new.Factors[j].ID, What: "added"})
			j++
		default:
			if fields := fieldChanges(&old.Factors[i], &new.Factors[j]); len(fields) > 0 {
				list = append(list, Change{ID: new.Factors[j].ID, What: "changed", Fields: fields})
			}
			i++
			j++
		}
	}
	return list
}

// compareAt says which of two sets has the next factor: the old one (negative),
// the new one (positive), or both.
func compareAt(old *Set, i int, new *Set, j int) int {
	switch {
	case i == len(old.Factors):
		return 1
	case j == len(new.Factors):
		return -1
	}
	return order(new.Factors[j].Kind, new.Factors[j].Subject, old.Factors[i])
}

func fieldChanges(old, new *Factor) []FieldChange {
	var list []FieldChange
	for _, c := range columns {
		if a, b := c.get(old), c.get(new); a != b { // decimals too: 1.50 is written 1.5
			list = append(list, FieldChange{c.name, a, b})
		}
	}
	return list
}

// scores as five digits: "22133".
func (s Scores) String() string {
	var text strings.Builder
	for _, n := range s.digits() {
		text.WriteString(strconv.Itoa(n))
	}
	return text.String()
}

// digits are the scores in the order of the pedigree matrix.
func (s Scores) digits() []int {
	return []int{s.Reliability, s.Completeness, s.Temporal, s.Geographical, s.Technological}
}
