package render

import (
	"fmt"
	"strings"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/report"
)

// What workbook and PDF list alike.

// rules are the rules of the method that a reader has to know, in the order in
// which they are listed.
var rules = []string{"mass", "three", "inventory", "avoided", "biogenic", "comparison", "missing", "uncertainty", "circularity", "iso59020", "intensity", "recompute"}

// glossary explains the cards that the report has, and the words of the funnel.
func (l locale) glossary(r *report.Report) []field {
	var list []field
	for _, c := range r.Cards {
		if about, ok := l.texts["about."+c.ID]; ok {
			list = append(list, field{l.text("card." + c.ID), about})
		}
	}
	for _, word := range []string{"fill", "kgco2e", "interval", "source-range"} {
		list = append(list, field{l.text("word." + word), l.text("about-word." + word)})
	}
	return list
}

type wasteRow struct {
	id               string
	hazardous, other quantity.Mass
}

func wasteRows(w indicator.Waste) []wasteRow {
	h, n := w.Hazardous, w.NonHazardous
	return []wasteRow{
		{"reuse", h.Reuse, n.Reuse}, {"recycling", h.Recycling, n.Recycling}, {"other-recovery", h.OtherRecovery, n.OtherRecovery},
		{"incineration", h.Incineration, n.Incineration}, {"landfill", h.Landfill, n.Landfill}, {"other-disposal", h.OtherDisposal, n.OtherDisposal},
	}
}

func modules(f *factor.Factor) string {
	parts := make([]string, len(f.Modules))
	for i, m := range f.Modules {
		parts[i] = string(m)
	}
	return strings.Join(parts, " ")
}

// scores writes the pedigree digits in their order.
func scores(f *factor.Factor) string {
	s := f.Scores
	return fmt.Sprintf("%d %d %d %d %d", s.Reliability, s.Completeness, s.Temporal, s.Geographical, s.Technological)
}
