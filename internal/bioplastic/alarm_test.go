package bioplastic_test

import (
	"testing"

	"github.com/ricircolo/ricircolo/internal/bioplastic"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

func TestSortingAlarm(t *testing.T) {
	found := func(polymer string, grams quantity.Mass) bioplastic.Fraction {
		return bioplastic.Fraction{Polymer: polymer, Grams: grams}
	}
	for _, tt := range []struct {
		name      string
		stream    []string
		found     []bioplastic.Fraction
		threshold bioplastic.PartsPerMillion
		grams     quantity.Mass
		alarm     bool
	}{
		{"at the threshold", []string{"PET"}, []bioplastic.Fraction{found("PET", 999_000), found("PLA", 1_000)}, 1000, 1_000, false},
		{"one gram beyond", []string{"PET"}, []bioplastic.Fraction{found("PLA", 1_001)}, 1000, 1_001, true},
		{"two that add up", []string{"HDPE"}, []bioplastic.Fraction{found("PHA", 600), found("starch", 600)}, 1000, 1_200, true},
		{"a stricter lab", []string{"PE-LD"}, []bioplastic.Fraction{found("pla", 500)}, 400, 500, true},
		{"bio-PE is PE", []string{"bio-PE"}, []bioplastic.Fraction{found("bio-PE", 900_000), found("PLA", 5_000)}, 1000, 5_000, true},
		{"a drop-in is no contaminant", []string{"PE"}, []bioplastic.Fraction{found("bio-PE", 900_000)}, 1000, 0, false},
		{"PLA among its own", []string{"PLA", "PHA"}, []bioplastic.Fraction{found("PLA", 900_000)}, 1000, 0, false},
		{"the least threshold", []string{"PET"}, []bioplastic.Fraction{found("PLA", 2)}, 1, 2, true},
		{"nothing found", []string{"PET"}, nil, 1000, 0, false},
	} {
		grams, alarm := bioplastic.SortingAlarm(tt.stream, 1_000_000, tt.found, tt.threshold)
		if grams != tt.grams || alarm != tt.alarm {
			t.Errorf("%s: got %d g, alarm %t; want %d g, %t", tt.name, grams, alarm, tt.grams, tt.alarm)
		}
	}
}
