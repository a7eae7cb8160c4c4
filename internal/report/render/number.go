package render

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// shownDigits is how many significant digits of an estimate are shown: more
// would promise what the intervals take back.
const shownDigits = 2

// number writes a plain decimal text ("-1234.5") as the language does
// ("−1.234,5").
func (l locale) number(plain string) string {
	plain, negative := strings.CutPrefix(plain, "-")
	whole, frac, _ := strings.Cut(plain, ".")
	var b strings.Builder
	if negative {
		b.WriteString("−")
	}
	for i, c := range []byte(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(l.group)
		}
		b.WriteByte(c)
	}
	if frac != "" {
		b.WriteString(l.point + frac)
	}
	return b.String()
}

// significant rounds to the shown digits, a half away from zero.
func significant(d decimal.Decimal) decimal.Decimal {
	for range 2 { // 9.99 becomes 10.0 with the places of 9.99, and 10 the second time
		d = d.Round(places(d))
	}
	return d
}

// places is the number of decimals that the shown digits of d end at; negative
// left of the point.
func places(d decimal.Decimal) int32 {
	if d.IsZero() {
		return 0
	}
	return shownDigits - int32(d.NumDigits()) - d.Exponent()
}

func (l locale) rounded(d decimal.Decimal) string {
	d = significant(d)
	return l.number(d.StringFixed(max(places(d), 0)))
}

// kilograms writes a mass in kilograms with one decimal, a half away from zero.
func (l locale) kilograms(m quantity.Mass) string {
	return l.number(decimal.New(int64(m), -3).StringFixed(1))
}

// wholeKilograms is for prose, where a decimal says nothing.
func (l locale) wholeKilograms(m quantity.Mass) string {
	return l.number(decimal.New(int64(m), -3).StringFixed(0)) + noBreak + "kg"
}

// percent writes a ratio in percent with one decimal, or a dash if it is not
// defined.
func (l locale) percent(r indicator.Ratio) string {
	if !r.Defined() {
		return "–"
	}
	share := decimal.NewFromInt(r.Num).Shift(2).DivRound(decimal.NewFromInt(r.Den), 1)
	return l.number(share.StringFixed(1)) + noBreak + "%"
}

// shares are the cards that are parts of a whole, which readers know in percent.
var shares = map[string]bool{
	"contamination": true, "refusal": true, "capture": true, "closure": true,
	"calculation-point-rate": true, "output-rate": true,
	"iso59020-reused-out": true, "iso59020-recycled-out": true, "iso59020-biological-out": true, "iso59020-linear-out": true,
	"iso59020-reused-in": true, "iso59020-recycled-in": true, "iso59020-renewable-in": true, "iso59020-renewable-energy": true,
}

// amount writes a value of a card without its unit.
func (l locale) amount(c *indicator.Card, d decimal.Decimal) string {
	if shares[c.ID] {
		return l.rounded(d.Shift(2))
	}
	return l.rounded(d)
}

// unit is a card's unit as it is read.
func (l locale) unit(c *indicator.Card) string {
	if shares[c.ID] {
		return "%"
	}
	return l.unitOf(c.Unit)
}

func (l locale) unitOf(unit string) string {
	if unit == "1" {
		return ""
	}
	what, per, divided := strings.Cut(unit, "/")
	if what == "kgCO2e" {
		what = "kg CO₂e"
	} else if what == "kgCO2" {
		what = "kg CO₂"
	}
	if divided {
		what += "/" + l.text("unit."+per)
	}
	return what
}

// value writes a card's value with its unit, or why there is none.
func (l locale) value(c *indicator.Card) string {
	if c.Value == nil {
		return l.text("ui.not-computed") + ": " + l.reasonInShort(c, fewOnPaper)
	}
	return withUnit(l.shown(c), l.unit(c))
}

// shown is the value that the card displays, or the exact one rounded alike.
func (l locale) shown(c *indicator.Card) string {
	if c.Unit == "kg" && c.Value.Abs().GreaterThanOrEqual(decimal.NewFromInt(100)) { // weighed, not estimated with factors
		return l.number(c.Value.StringFixed(0))
	}
	if d, err := decimal.NewFromString(c.Display); err == nil {
		return l.amount(c, d) // with its second digit, also if that is 0
	}
	return l.amount(c, *c.Value)
}

func withUnit(number, unit string) string {
	if unit == "" {
		return number
	}
	return number + noBreak + unit
}

// reason says why a card has no value.
func (l locale) reason(c *indicator.Card) string {
	if c.Reason == "" {
		return l.text("reason.unknown")
	}
	s := l.text("reason." + c.Reason)
	if len(c.Missing) > 0 {
		names := make([]string, len(c.Missing))
		for i, m := range c.Missing {
			names[i] = l.missing(m)
		}
		s += " (" + strings.Join(names, ", ") + ")"
	}
	return s
}

// missing names what is missing: "bed-day 2026-03" and the like by their words,
// factors by their ids.
func (l locale) missing(what string) string {
	id, rest, more := strings.Cut(what, " ")
	if name, ok := l.texts["missing."+id]; ok {
		id = name
	}
	if more {
		id += " " + rest
	}
	return id
}

// phase names a phase, or what is taken off for the baseline: "baseline transport".
func (l locale) phase(id string) string {
	if of, ok := strings.CutPrefix(id, "baseline "); ok {
		return l.textf("phase.baseline", l.text("phase."+of))
	}
	return l.text("phase." + id)
}

// reasonInShort names a few of what is missing and says how many more there are.
func (l locale) reasonInShort(c *indicator.Card, few int) string {
	if len(c.Missing) <= few {
		return l.reason(c)
	}
	cut := *c
	cut.Missing = append(slices.Clone(c.Missing[:few]), l.textf("ui.and-more", len(c.Missing)-few))
	return l.reason(&cut)
}

// The few that have room on paper, and in a cell of a workbook. CSV and JSON have
// all.
const (
	fewOnPaper = 6
	fewInCell  = 300
)

// span writes an interval of a card, or a dash.
func (l locale) span(c *indicator.Card, i *indicator.Interval) string {
	if i == nil {
		return "–"
	}
	return l.amount(c, i.Low) + " … " + l.amount(c, i.High)
}
