package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/demo"
	"github.com/ricircolo/ricircolo/internal/rederivetest"
	"github.com/ricircolo/ricircolo/internal/report"
	"github.com/ricircolo/ricircolo/internal/report/render"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// factorFiles are the factors as they are embedded.
const factorFiles = "../internal/indicator/factor/data"

// frozenDemo is the ledger of the demo lab, record by record as it is stored.
// It has the report that the demo freezes itself, and then three more: with the
// running month, for which nothing is declared yet; of one facility in months
// that were closed, and changed afterwards; and of a time before the lab.
var frozenDemo = sync.OnceValues(func() ([][]byte, error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "rederive-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s, err := sqlite.Open(ctx, sqlite.Options{Dir: dir, Scratch: true, MaxView: time.Minute, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	until := time.Date(2026, 9, 14, 10, 30, 0, 0, calendar.Rome())
	if _, err := demo.Seed(ctx, demo.Options{Store: s, Seed: 1, Until: until}); err != nil {
		return nil, err
	}
	service := tracking.New(s, func() time.Time { return until })
	who := access.Caller{Membership: access.Membership{Lab: demo.Lab, Role: access.Coordinator}, User: "somebody"}
	for i, f := range []tracking.IndicatorFilter{
		{From: "2025-09", To: "2026-09"}, {From: "2026-03", To: "2026-06", Facility: "ospedale-argine"}, {From: "2024-06", To: "2024-07"},
	} {
		w := tracking.Write{Key: fmt.Sprintf("rederive:%d", i)}
		if _, err := service.CreateReport(ctx, who, w, tracking.ReportRequest{Title: "Rederived", Filter: f}); err != nil {
			return nil, err
		}
	}
	var records [][]byte
	err = s.View(ctx, demo.Lab, func(r store.Reader) error {
		for after := store.Seq(0); ; {
			page, err := r.Entries(after, 1000)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, record := range page {
				records, after = append(records, record.Bytes), record.Seq
			}
		}
	})
	return records, err
})

func demoRecords(t *testing.T) [][]byte {
	t.Helper()
	records, err := frozenDemo()
	if err != nil {
		t.Fatalf("making the demo lab: %v", err)
	}
	return records
}

func readDemo(t *testing.T, records [][]byte) rederivetest.Ledger {
	t.Helper()
	ledger, err := rederivetest.ReadLedger(records)
	if err != nil {
		t.Fatal(err)
	}
	return ledger
}

func demoReports(t *testing.T, ledger rederivetest.Ledger) []rederivetest.Frozen {
	t.Helper()
	reports, err := ledger.Reports()
	if err != nil || len(reports) != 4 {
		t.Fatalf("got %d reports (%v), want 4", len(reports), err)
	}
	return reports
}

func mustCompare(t *testing.T, raw []byte, derived rederivetest.Object) rederivetest.Comparison {
	t.Helper()
	c, err := rederivetest.Compare(raw, derived)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every number of a frozen report is derived again from the raw ledger and the
// CSV files of factors, by code that shares nothing with the service: package
// rederivetest imports nothing of ours, which internal/archtest sees to.
//
// There are no exceptions: masses, rates, lines, factors, values and source
// ranges agree exactly, quotients after rounding to the same digits; intervals,
// the only numbers made of floats, within a hundred-thousandth. What a report
// says in texts (reasons, methods, factors' names, order of rows) is compared
// where a number depends on it. Not derived are texts that no number depends on
// (titles, sources, notes), hashes and dates.
func TestEveryNumberOfAReportIsRederived(t *testing.T) {
	t.Parallel()
	for i, frozen := range demoReports(t, readDemo(t, demoRecords(t))) {
		derived, err := rederivetest.Derive(frozen, factorFiles)
		if err != nil {
			t.Fatalf("report %d: %v", i, err)
		}
		c := mustCompare(t, frozen.Raw, derived)
		for _, f := range c.Faults {
			t.Errorf("report %d: %s: %s", i, f.Path, f.What)
		}
		if i == 0 && (len(c.Numbers) < 3000 || c.Near > 100) {
			t.Errorf("the demo's report has %d numbers, %d of them in floats: it says too little to prove anything", len(c.Numbers), c.Near)
		}
		t.Logf("report %d: %d numbers, of which %d within a hundred-thousandth and the others exactly", i, len(c.Numbers), c.Near)
	}
}

// Control: whichever number of the report is another one, it is noticed.
func TestEveryChangedNumberIsNoticed(t *testing.T) {
	t.Parallel()
	frozen := demoReports(t, readDemo(t, demoRecords(t)))[0]
	derived, err := rederivetest.Derive(frozen, factorFiles)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(frozen.Raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	changed, err := json.Marshal(otherNumbers(tree))
	if err != nil {
		t.Fatal(err)
	}
	noticed := map[string]bool{}
	for _, f := range mustCompare(t, changed, derived).Faults {
		noticed[f.Path] = true
	}
	for _, path := range mustCompare(t, frozen.Raw, derived).Numbers {
		if !noticed[path] {
			t.Errorf("%s has another value, and nobody notices", path)
		}
	}
}

// otherNumbers changes every number by a thousandth or one in the last digit,
// and gives one to what has none.
func otherNumbers(node any) any {
	switch n := node.(type) {
	case map[string]any:
		for k := range n {
			n[k] = otherNumbers(n[k])
		}
	case []any:
		for i := range n {
			n[i] = otherNumbers(n[i])
		}
	case json.Number:
		return json.Number(anotherNumber(n.String()))
	case string:
		return anotherNumber(n)
	case nil:
		return "0"
	}
	return node
}

func anotherNumber(text string) string {
	r, ok := new(big.Rat).SetString(text)
	if !ok || strings.Trim(text, "-.0123456789") != "" {
		return text
	}
	_, decimals, _ := strings.Cut(text, ".")
	more := new(big.Rat).Mul(r, big.NewRat(1001, 1000)).FloatString(len(decimals))
	if more == r.FloatString(len(decimals)) {
		last := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(decimals))), nil))
		more = r.Add(r, last).FloatString(len(decimals))
	}
	return more
}

// Controls: without the entries of one type the report can't be derived any
// more, or comes out as another one. Two types have their rule in the working,
// but no part in this year's figures: all weighings come before the closing,
// which weighs again, and what was undone was said once more with the same mass.
func TestEveryTypeOfEntryCounts(t *testing.T) {
	t.Parallel()
	silent := []string{ // that say nothing about masses, or were overruled
		"bin.found", "bin.lost", "correction.reject", "discrepancy.accept", "discrepancy.explain", "dossier.advance", "dossier.put",
		"fill.open", "label.issue", "pickup.cancel", "pickup.countersign", "pickup.exception", "pickup.missing", "pilot.put",
		"recycler.put", "report.put", "review.dismiss",
		"fill.weigh", "undo",
	}
	ledger := readDemo(t, demoRecords(t))
	for kind := range ledger.Types() {
		if slices.Contains(silent, kind) {
			continue
		}
		frozen := demoReports(t, ledger.Without(kind))[0]
		derived, err := rederivetest.Derive(frozen, factorFiles)
		if err == nil && len(mustCompare(t, frozen.Raw, derived).Faults) == 0 {
			t.Errorf("without any %s the report is the same", kind)
		}
	}
}

// Controls: a gram, a metre, a bed-day that somebody else had said makes
// another report.
func TestEveryWordCounts(t *testing.T) {
	t.Parallel()
	records := demoRecords(t)
	for _, c := range []struct{ kind, word, other string }{
		{"receipt.record", `"netGrams":`, `"netGrams":1`}, {"receipt.record", `"contaminantGrams":`, `"contaminantGrams":1`},
		{"receipt.record", `"weighbridge":true`, `"weighbridge":false`}, {"receipt.record", `"nextOperation":"R1"`, `"nextOperation":"D10"`},
		{"treatment.record", `"calculationPointGrams":1`, `"calculationPointGrams":`}, {"treatment.record", `"quality":"0.90"`, `"quality":"0.91"`},
		{"pickup.handover", `"wattHours":`, `"wattHours":1`}, {"pickup.handover", `"kilometres":`, `"kilometres":1`},
		{"fill.close", `"netGrams":`, `"netGrams":1`}, {"fill.close", `"notHazardous":true`, `"notHazardous":false`},
		{"denominator.put", `"quantity":"`, `"quantity":"1`}, {"factor-set.put", `"value":"2.6"`, `"value":"2.7"`},
		{"stream.put", `"permille":850`, `"permille":551`}, {"baseline.put", `"hazardousPermille":120`, `"hazardousPermille":121`},
	} {
		says := func(b []byte) bool {
			return bytes.Contains(b, []byte(`"type":"`+c.kind+`"`)) && bytes.Contains(b, []byte(c.word))
		}
		other := slices.Clone(records)
		at := len(records) / 2 // of what is said often, one in the middle of the year
		if i := slices.IndexFunc(records[at:], says); i >= 0 {
			at += i
		} else {
			for at = len(records)/2 - 1; at >= 0 && !says(records[at]); at-- {
			}
		}
		if at < 0 {
			t.Errorf("no %s says %s", c.kind, c.word)
			continue
		}
		other[at] = bytes.ReplaceAll(records[at], []byte(c.word), []byte(c.other))
		frozen := demoReports(t, readDemo(t, other))[0]
		derived, err := rederivetest.Derive(frozen, factorFiles)
		if err != nil {
			t.Errorf("%s in entry %d: %v", c.other, at+1, err)
		} else if len(mustCompare(t, frozen.Raw, derived).Faults) == 0 {
			t.Errorf("%s in entry %d in the place of %s: the report is the same", c.other, at+1, c.word)
		}
	}
}

// The printed report shows the derived figures, rounded to two significant
// digits (masses to whole kilograms), each under its name.
func TestPrintedHeadlinesAreRederived(t *testing.T) {
	t.Parallel()
	frozen := demoReports(t, readDemo(t, demoRecords(t)))[0]
	derived, err := rederivetest.Derive(frozen, factorFiles)
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal(frozen.Raw, &r); err != nil {
		t.Fatal(err)
	}
	for lang, names := range map[render.Lang][]string{
		render.Italian: {"raccolti", "materiale riciclato", "emissioni della gestione per kg", "emissioni della gestione", "emissioni evitate altrove", "CO₂ biogenica (memoria)"},
		render.English: {"collected", "recyclate", "waste-management emissions per kg", "waste-management emissions", "emissions avoided elsewhere", "biogenic CO₂ (memo)"},
	} {
		show := func(card string) string { return headline(t, derived, card, lang) }
		text := printed(t, &r, lang)
		for _, want := range []string{
			strings.Join(names[:3], " ") + " " + show("collected") + " kg " + show("recyclate") + " kg ",
			strings.Join(names[3:], " ") + " " + show("inventory-waste") + " kg CO₂e " + show("avoided") + " kg CO₂e " + show("biogenic") + " kg CO₂",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the printed report does not say %q:\n%s", lang, want, text[:min(len(text), 3000)])
			}
		}
	}
}

// headline is a card's value, rounded to two significant digits here, as it is
// written in a language. It takes values of ten and more.
func headline(t *testing.T, derived rederivetest.Object, card string, lang render.Lang) string {
	t.Helper()
	for _, c := range derived["cards"].([]any) {
		o := c.(rederivetest.Object)
		v, is := o["value"].(*big.Rat)
		if o["id"] != card || !is {
			continue
		}
		digits := new(big.Rat).Abs(v).FloatString(0)
		shown := 2
		if o["unit"] == "kg" { // weighed: whole kilograms
			shown = len(digits)
		}
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(digits)-shown)), nil)
		n, _ := new(big.Int).SetString(new(big.Rat).Quo(new(big.Rat).Abs(v), new(big.Rat).SetInt(unit)).FloatString(0), 10)
		digits = n.Mul(n, unit).String()
		for at := len(digits) - 3; at > 0; at -= 3 {
			digits = digits[:at] + map[render.Lang]string{render.Italian: ".", render.English: ","}[lang] + digits[at:]
		}
		if v.Sign() < 0 {
			digits = "−" + digits
		}
		return digits
	}
	t.Fatalf("nothing is derived for %s", card)
	return ""
}

// printed is the text of a report's PDF file, with single blanks.
func printed(t *testing.T, r *report.Report, lang render.Lang) string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("pdftotext is missing, apt-get install poppler-utils")
		}
		t.Skip("SKIPPED: THE PRINTED REPORT WAS NOT READ, pdftotext is missing, apt-get install poppler-utils")
	}
	var file bytes.Buffer
	if err := render.PDF(t.Context(), &file, r, lang, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}
