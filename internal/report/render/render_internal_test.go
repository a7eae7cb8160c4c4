package render

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

var verb = regexp.MustCompile(`%\[\d+\][a-z]`)

// Both languages say the same things with the same values in them.
func TestLanguagesHaveTheSameTexts(t *testing.T) {
	for key, text := range textsIT {
		other, ok := textsEN[key]
		if !ok {
			t.Errorf("%s has no English text", key)
			continue
		}
		got, want := verb.FindAllString(text, -1), verb.FindAllString(other, -1)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: Italian takes %q and English %q", key, got, want)
		}
		if text == "" || other == "" {
			t.Errorf("%s is blank", key)
		}
	}
	for key := range textsEN {
		if _, ok := textsIT[key]; !ok {
			t.Errorf("%s has no Italian text", key)
		}
	}
}

// Everything that a report may name has a text; what has none shows its id.
func TestIdsHaveTexts(t *testing.T) {
	cards := strings.Fields(`collected accepted refused recyclate contamination refusal capture closure
		inventory inventory-production inventory-transport inventory-treatment inventory-waste avoided biogenic
		comparison comparison-baseline comparison-project segregation recycler-process electricity-location electricity-market
		mci calculation-point-rate output-rate iso59020-reused-out iso59020-recycled-out iso59020-biological-out iso59020-linear-out
		iso59020-reused-in iso59020-recycled-in iso59020-renewable-in iso59020-renewable-energy cff
		collected-per-bed-day collected-per-dialysis-session collected-per-procedure collected-per-encounter
		inventory-waste-per-kg inventory-waste-per-bed-day inventory-waste-per-dialysis-session inventory-waste-per-session
		inventory-waste-per-procedure inventory-waste-per-encounter`)
	var keys []string
	for _, c := range cards {
		keys = append(keys, "card."+c, "about."+c)
	}
	for prefix, ids := range map[string]string{
		"group":  "mass co2 circularity intensity",
		"reason": "factor-missing no-activity denominator-missing denominator-incomplete not-declared baseline-missing not-audited transport-not-declared",
		"phase":  "raw-material+transformation transport treatment avoided biogenic segregation recycler-process recycling",
		"note": `same-transport comparative-result fused-raw-material-transformation residue-as-stream biogenic-full-oxidation belongs-to-next-product
			well-to-wheel scope-3-category-5 eu-2019-1004 after-iso-59020 holds-credit-never-combine recycled-content-not-declared denominator-incomplete`,
		"missing":   "legs hazardousPermille bed-day dialysis-session procedure encounter generated-gram",
		"interval":  "lognormal-product fenton-wilkinson normal-difference monte-carlo sources",
		"exit":      "stored in-transit difference refused residue pending process-loss",
		"step":      "collected received accepted into-recycling recyclate",
		"operation": "R1 R3 R5 R12 R13 D1 D5 D10 composting anaerobic-digestion",
		"uptake":    "0/0 -1/+1",
		"unit":      "bed-day dialysis-session procedure encounter kg",
	} {
		for _, id := range strings.Fields(ids) {
			keys = append(keys, prefix+"."+id)
		}
	}
	for r := range indicator.Rungs {
		keys = append(keys, "rung."+indicator.Rung(r).String())
	}
	for _, rule := range rules {
		keys = append(keys, "rule."+rule)
	}
	for _, key := range keys {
		if textsIT[key] == "" {
			t.Errorf("%s has no text", key)
		}
	}
	if got := (locale{texts: textsEN}).text("note.new.and-unknown"); got != "new.and-unknown" {
		t.Errorf("an unknown note: got %q, want its id", got)
	}
}

// The terms of a comparison say which side they are of, and what is missing is
// named in words where there are some.
func TestPhasesAndWhatIsMissing(t *testing.T) {
	l := locale{English, textsEN, ".", ","}
	for id, want := range map[string]string{"transport": "transport", "baseline transport": "baseline: transport", "baseline new": "baseline: new"} {
		if got := l.phase(id); got != want {
			t.Errorf("phase %s: got %q, want %q", id, got, want)
		}
	}
	for id, want := range map[string]string{"bed-day 2026-03": "bed-days 2026-03", "legs": "legs", "virgin-production/TPU": "virgin-production/TPU"} {
		if got := l.missing(id); got != want {
			t.Errorf("missing %s: got %q, want %q", id, got, want)
		}
	}
}

// What stands in the texts can be drawn: no glyph is the box for a missing one.
func TestTextsCanBeDrawn(t *testing.T) {
	for _, texts := range []map[string]string{textsIT, textsEN} {
		for key, text := range texts {
			for _, r := range text + "−…–·€àèéìòùÀÈ₂" + noBreak {
				if regular.face().Glyph(r) == 0 || bold.face().Glyph(r) == 0 {
					t.Errorf("%s: the fonts have no %q", key, r)
				}
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	it, en := locale{Italian, textsIT, ",", "."}, locale{English, textsEN, ".", ","}
	for _, row := range []struct{ plain, it, en string }{
		{"1234.5", "1.234,5", "1,234.5"}, {"-1200", "−1.200", "−1,200"}, {"0.053", "0,053", "0.053"}, {"999", "999", "999"}, {"1000000", "1.000.000", "1,000,000"},
	} {
		if got := it.number(row.plain); got != row.it {
			t.Errorf("%s in Italian: got %s, want %s", row.plain, got, row.it)
		}
		if got := en.number(row.plain); got != row.en {
			t.Errorf("%s in English: got %s, want %s", row.plain, got, row.en)
		}
	}
	for value, want := range map[string]string{
		"0": "0", "12184.55": "12,000", "-12184.55": "−12,000", "0.17045": "0.17", "9.99": "10", "0.0996": "0.10", "5": "5.0", "99.6": "100", "-0.00345": "−0.0035",
	} {
		if got := en.rounded(decimal.RequireFromString(value)); got != want {
			t.Errorf("%s to two digits: got %s, want %s", value, got, want)
		}
	}
	if got := en.kilograms(-57_250); got != "−57.3" {
		t.Errorf("got %s, want −57.3", got)
	}
	if got := en.percent(indicator.Ratio{Num: 1}); got != "–" {
		t.Errorf("a ratio without a denominator: got %s, want a dash", got)
	}
}

// What a card displays is shown, with both its digits; a share in percent.
func TestShown(t *testing.T) {
	value := decimal.RequireFromString("0.697622")
	l := locale{Italian, textsIT, ",", "."}
	for _, row := range []struct{ id, display, want string }{
		{"inventory-waste-per-kg", "0.7", "0,70"}, {"inventory-waste-per-kg", "", "0,70"}, {"output-rate", "0.7", "70"}, {"inventory", "-12000", "−12.000"},
	} {
		if got := l.shown(&indicator.Card{ID: row.id, Value: &value, Display: row.display}); got != row.want {
			t.Errorf("%s displayed as %q: got %s, want %s", row.id, row.display, got, row.want)
		}
	}
}

// Any value is within half a unit of the second digit of what is shown.
func TestShownValuesAreClose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.New(rapid.Int64().Draw(t, "coefficient"), int32(rapid.IntRange(-12, 3).Draw(t, "exponent")))
		got := significant(d)
		if d.IsZero() {
			return
		}
		half := decimal.New(5, int32(d.NumDigits())+d.Exponent()-shownDigits-1)
		if got.Sub(d).Abs().GreaterThan(half) {
			t.Errorf("%s is shown as %s, more than %s off", d, got, half)
		}
	})
}

func TestHarmless(t *testing.T) {
	for _, s := range []string{"=1+1", "+39", "-x", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1"} {
		if got := harmless(s); got != "'"+s {
			t.Errorf("%q: got %q, want an apostrophe before it", s, got)
		}
	}
	for _, s := range []string{"", "Dialisi", "'x", "1=1", "a-b"} {
		if got := harmless(s); got != s {
			t.Errorf("%q: got %q, want it unchanged", s, got)
		}
	}
}

// drawnFunnel draws any funnel whose masses keep the identity.
func drawnFunnel(t *rapid.T) indicator.Funnel {
	mass := func(name string) quantity.Mass { return quantity.Mass(rapid.Int64Range(0, 1e9).Draw(t, name)) }
	a := indicator.Activity{
		Stored: mass("stored"), InTransit: mass("in transit"), Refused: mass("refused"), Residue: mass("residue"), Pending: mass("pending"),
		Recyclate: mass("recyclate"), ProcessLoss: mass("loss"),
	}
	a.Accepted = a.Residue + a.Pending + a.Recyclate + a.ProcessLoss
	a.Difference = quantity.Mass(rapid.Int64Range(-1e9, 1e9).Draw(t, "difference"))
	a.Collected = a.Accepted + a.Refused + a.Stored + a.InTransit + a.Difference
	return indicator.FunnelOf(a)
}

// The widths of the drawing are in proportion to the masses, and no label stands
// where another one or a later band is.
func TestSankey(t *testing.T) {
	l := locale{English, textsEN, ".", ","}
	rapid.Check(t, func(t *rapid.T) {
		f := drawnFunnel(t)
		stages, end, ok := l.sankey(f, 10)
		most := quantity.Mass(0)
		for _, s := range f.Steps {
			most = max(most, s.Grams)
		}
		if !ok {
			if most > 0 && f.Steps[0].Grams >= 0 && -f.Steps[0].Exits[2].Grams <= f.Steps[1].Grams {
				t.Errorf("not drawn: %+v", f)
			}
			return
		}
		deepest := 1e9
		for i, s := range stages {
			if want := float64(s.step.Grams) / float64(most) * sankeyHeight; s.h < want-1e-6 || s.h > want+1e-6 {
				t.Errorf("%s is %g high, want %g", s.step.Name, s.h, want)
			}
			at := 10 + s.h
			for _, e := range s.exits {
				if e.y < at {
					t.Errorf("exit %v of step %d begins at %g, above %g", e.label, i, e.y, at)
				}
				at = e.y + max(e.h, float64(len(e.label)+1)*smallStyle.line())
			}
			if at > end {
				t.Errorf("what leaves before step %d ends at %g, below the drawing's end %g", i, at, end)
			}
			if len(s.exits) > 0 {
				if s.exits[0].y > deepest {
					t.Errorf("exits before step %d stand below those of an earlier step", i)
				}
				deepest = s.exits[0].y
			}
		}
	})
}

// More may arrive than departed: it comes in from beside, and is not hidden.
func TestSankeyWithMoreArrivedThanDeparted(t *testing.T) {
	a := indicator.Activity{Collected: 900, Accepted: 1000, Recyclate: 1000, Difference: -100}
	stages, _, ok := locale{English, textsEN, ".", ","}.sankey(indicator.FunnelOf(a), 0)
	if !ok || stages[1].more != 100 || len(stages[1].exits) != 0 {
		t.Errorf("got %+v, %v, want 100 g more at the second step and no exit", stages[1], ok)
	}
	if _, _, ok := (locale{English, textsEN, ".", ","}).sankey(indicator.FunnelOf(indicator.Activity{}), 0); ok {
		t.Error("a funnel without mass was drawn")
	}
}

// A text that is wrapped loses nothing and fits.
func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("abcWàè 0-/@")), 0, 200, -1).Draw(t, "text")
		lines := wrap(text, bodyStyle, 30)
		squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if got := squeeze(strings.Join(lines, "")); got != squeeze(text) {
			t.Errorf("got %q, want %q", got, text)
		}
		for _, line := range lines {
			if bodyStyle.width(line) > 30+1e-9 {
				t.Errorf("%q is %g mm wide, want at most 30", line, bodyStyle.width(line))
			}
		}
	})
	if got := wrap("aaa 12"+noBreak+"kg", bodyStyle, bodyStyle.width("aaa 12")); !slices.Equal(got, []string{"aaa", "12" + noBreak + "kg"}) {
		t.Errorf("got %q, want the number on a line with its unit", got)
	}
}

func TestAxis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float64Range(-1e7, 1e7), 1, 6).Draw(t, "values")
		a := axisOf(v)
		for _, x := range append(v, 0) {
			if x < a.low-a.step*1e-6 || x > a.high+a.step*1e-6 {
				t.Errorf("%g is off the axis %+v", x, a)
			}
		}
		if n := (a.high - a.low) / a.step; n > 8 || a.step <= 0 {
			t.Errorf("%g marks on %+v", n, a)
		}
	})
}
