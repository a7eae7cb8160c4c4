package render_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/report"
	"github.com/ricircolo/ricircolo/internal/report/render"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs: run with -update and look at the difference", file)
	}
}

// written is what a function writes.
func written(tb testing.TB, write func(io.Writer) error) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func pdfOf(tb testing.TB, r *report.Report, lang render.Lang) []byte {
	tb.Helper()
	return written(tb, func(w io.Writer) error { return render.PDF(context.Background(), w, r, lang, nil) })
}

func xlsxOf(tb testing.TB, r *report.Report, lang render.Lang) []byte {
	tb.Helper()
	return written(tb, func(w io.Writer) error { return render.XLSX(w, r, lang) })
}

func TestGoldenFiles(t *testing.T) {
	r := sample(t, 3)
	for name, write := range map[string]func(io.Writer) error{
		"report.json":  func(w io.Writer) error { return render.JSON(w, r) },
		"cards-en.csv": func(w io.Writer) error { return render.CSV(w, r, render.English, render.Comma) },
		"cards-it.csv": func(w io.Writer) error { return render.CSV(w, r, render.Italian, render.Semicolon) },
		"lines-en.csv": func(w io.Writer) error { return render.LinesCSV(w, r, render.English, render.Comma) },
		"wards-it.csv": func(w io.Writer) error { return render.WardsCSV(w, r, render.Italian, render.Semicolon) },
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, written(t, write)) })
	}
}

// The same report gives the same bytes, whatever was rendered in between.
func TestSameReportSameBytes(t *testing.T) {
	for _, lang := range []render.Lang{render.Italian, render.English} {
		if a, b := pdfOf(t, sample(t, 40), lang), pdfOf(t, sample(t, 40), lang); !bytes.Equal(a, b) {
			t.Errorf("PDF in %s: other bytes the second time", lang)
		}
		a := xlsxOf(t, sample(t, 40), lang)
		xlsxOf(t, sample(t, 2), lang)
		for range 5 {
			if b := xlsxOf(t, sample(t, 40), lang); !bytes.Equal(a, b) {
				t.Errorf("XLSX in %s: other bytes the second time", lang)
			}
		}
	}
	if bytes.Equal(pdfOf(t, sample(t, 40), render.Italian), pdfOf(t, sample(t, 41), render.Italian)) {
		t.Error("control: another report has the same PDF")
	}
}

// hostile is a report whose names a spreadsheet would run.
func hostile(t *testing.T) *report.Report {
	r := sample(t, 3)
	r.Wards[0].Ward.Name = `=HYPERLINK("http://example.org","x")`
	r.Wards[1].Ward.Name = "@SUM(1+1)"
	r.Wards[2].Ward.Name = "+39; \"due\", tre\r\nquattro"
	r.Cards[0].Factors = []string{"-2+3"}
	return r
}

func TestCSVRunsNoFormulas(t *testing.T) {
	r := hostile(t)
	for _, d := range []render.Dialect{render.Comma, render.Semicolon} {
		file := written(t, func(w io.Writer) error { return render.WardsCSV(w, r, render.Italian, d) })
		in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff"))))
		if d == render.Semicolon {
			in.Comma = ';'
		}
		rows, err := in.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows[1:] {
			if name := row[4]; !strings.HasPrefix(name, "'") {
				t.Errorf("%s: %q would be run", d, name)
			}
			if avoided := row[len(row)-1]; avoided != "" && !strings.HasPrefix(avoided, "-") {
				t.Errorf("%s, row %d: the number %q is none any more", d, i, avoided)
			}
		}
	}
}

// In the dialect of Italian spreadsheets numbers have a comma, in the other one a
// point, and the heads are the same.
func TestCSVDialects(t *testing.T) {
	r := sample(t, 3)
	comma := string(written(t, func(w io.Writer) error { return render.CSV(w, r, render.Italian, render.Comma) }))
	semicolon := string(written(t, func(w io.Writer) error { return render.CSV(w, r, render.English, render.Semicolon) }))
	if !strings.Contains(comma, ",-12184.55,-12000,") || !strings.Contains(semicolon, ";-12184,55;-12000;") {
		t.Error("the avoided emissions are not written in the dialect's way")
	}
	first := func(s string) string { line, _, _ := strings.Cut(s, "\r\n"); return line }
	if a, b := first(comma), strings.ReplaceAll(strings.TrimPrefix(first(semicolon), "\ufeff"), ";", ","); a != b {
		t.Errorf("heads differ:\n%s\n%s", a, b)
	}
	if !strings.Contains(comma, "factor-missing") || strings.Contains(comma, ",cff,Circular Footprint Formula (seconda vista),kgCO2e,0,") {
		t.Error("a missing factor has to give an empty cell and a reason, never 0")
	}
}

func TestUnknownLanguagesAndDialectsAreRefused(t *testing.T) {
	r := sample(t, 1)
	for name, err := range map[string]error{
		"CSV": render.CSV(io.Discard, r, "fr", render.Comma), "dialect": render.CSV(io.Discard, r, render.Italian, "tab"), "XLSX": render.XLSX(io.Discard, r, ""),
		"PDF": render.PDF(context.Background(), io.Discard, r, "de", nil), "wards": render.WardsCSV(io.Discard, r, "", render.Comma), "lines": render.LinesCSV(io.Discard, r, "x", render.Comma),
	} {
		if p := problem.As(err); p == nil || p.Kind != problem.Invalid || len(p.Fields) != 1 {
			t.Errorf("%s: got %v, want a fault of the caller with a field", name, err)
		}
	}
	if _, err := render.ParseLang("fr"); err == nil {
		t.Error("fr is no language of a report")
	}
	if _, err := render.ParseDialect("tab"); err == nil {
		t.Error("tab is no dialect")
	}
}

func opened(t *testing.T, file []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// Numbers are numbers and texts are texts, whatever they begin with.
func TestXLSX(t *testing.T) {
	f := opened(t, xlsxOf(t, hostile(t), render.English))
	if got, want := strings.Join(f.GetSheetList(), ", "), "Cards, Terms, Series, Mass balance, Streams, Wards, Waste E5-5, Factors used, Method, Glossary"; got != want {
		t.Errorf("got the sheets %s, want %s", got, want)
	}
	cell := func(sheet, name string) (string, excelize.CellType) {
		t.Helper()
		value, err := f.GetCellValue(sheet, name, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		kind, err := f.GetCellType(sheet, name)
		if err != nil {
			t.Fatal(err)
		}
		return value, kind
	}
	rows, err := f.GetRows("Cards", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		name := fmt.Sprintf("D%d", i+1)
		value, kind := cell("Cards", name)
		switch row[2] {
		case "avoided":
			if value != "-12184.55" || kind == excelize.CellTypeSharedString {
				t.Errorf("avoided is %q, a %v, want the number", value, kind)
			}
		case "cff":
			if value != "" || row[5] != "factor missing (virgin-production/TPU)" {
				t.Errorf("a missing factor gives %q and the reason %q", value, row[5])
			}
		}
	}
	for _, name := range []string{"B2", "B3", "B4"} {
		value, kind := cell("Wards", name)
		formula, err := f.GetCellFormula("Wards", name)
		if err != nil || formula != "" || kind != excelize.CellTypeSharedString {
			t.Errorf("%s: %q is a formula %q, type %v, %v", name, value, formula, kind, err)
		}
	}
	props, err := f.GetDocProps()
	if err != nil || props.Created != "2026-09-04T09:12:00Z" || props.Modified != props.Created {
		t.Errorf("got %+v, %v, want the report's date", props, err)
	}
}

// tool finds a program that reads what we print.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing, apt-get install poppler-utils", name)
		}
		t.Skipf("SKIPPED: THE TEXT OF REPORTS WAS NOT READ, %s is missing, apt-get install poppler-utils", name)
	}
	return path
}

// textOf reads the pages of a PDF file as people copy them.
func textOf(t *testing.T, file []byte) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool(t, "pdftotext"), "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
}

var blanks = regexp.MustCompile(`\s+`)

func squeezed(s string) string { return blanks.ReplaceAllString(s, " ") }

func TestPDFSaysWhatTheReportSays(t *testing.T) {
	for lang, want := range map[render.Lang][]string{
		render.Italian: {
			"ha raccolto 12.941 kg di plastica (1.842 riempimenti)", "circa 2.200 kg CO₂e (95 %: da 2.000 a 2.500)", "«Tutto all'incenerimento, 1 febbraio 2026»",
			"80,0 % della massa è pesato", "manca il fattore", "virgin-production/TPU)", "−12.000 kg CO₂e", "tra le fonti −15.000 … −5.300", "Differenza tra partenza",
			"a-code-without-a-text", "virgin-production/PE-HD", "secondo ISO 59020",
		},
		render.English: {
			"collected 12,941 kg of plastic (1,842 fills)", "about 2,200 kg CO₂e (95 %: 2,000 to 2,500)", "“All to incineration, 1 February 2026”",
			"factor missing", "virgin-production/TPU)", "−12,000 kg CO₂e", "after ISO 59020", "claim of conformity",
		},
	} {
		pages := textOf(t, pdfOf(t, sample(t, 40), lang))
		all := squeezed(strings.Join(pages, " "))
		for _, s := range want {
			if !strings.Contains(all, s) {
				t.Errorf("%s: the report does not say %q", lang, s)
			}
		}
		if strings.Contains(all, "%!") || strings.Contains(all, "%%") {
			t.Errorf("%s: a text and its values do not fit each other", lang)
		}
	}
}

// What is saved never stands without what it is saved on: intensity is on the same
// page.
func TestIntensityStandsBesideSavings(t *testing.T) {
	for _, page := range textOf(t, pdfOf(t, sample(t, 3), render.English)) {
		if strings.Contains(page, "2. Emissions avoided elsewhere") && !strings.Contains(page, "Waste-management emissions per kg") {
			t.Error("the chart of what is avoided has no intensity on its page")
		}
	}
}

// What is long goes on to the next page: nothing is cut off.
func TestLongListsAndTexts(t *testing.T) {
	r := sample(t, 3)
	for i := range r.Cards {
		if r.Cards[i].ID == "cff" {
			r.Cards[i].Notes = []string{strings.Repeat("parola ", 1500) + "fine-della-nota"}
			for n := range 5000 {
				r.Cards[i].Missing = append(r.Cards[i].Missing, fmt.Sprintf("bed-day %d", n))
			}
		}
	}
	r.Wards[1].Ward.Name = strings.Repeat("W", 400)
	all := squeezed(strings.Join(textOf(t, pdfOf(t, r, render.English)), " "))
	if !strings.Contains(all, "fine-della-nota") || strings.Count(all, "parola") < 1500 {
		t.Error("a long note is cut off")
	}
	if !strings.Contains(all, "and 4995 more") && !strings.Contains(all, "4995") {
		t.Error("nothing says how much more is missing")
	}
	if got := strings.Count(all, "W") - strings.Count(all, "Waste") - strings.Count(all, "Warming") - strings.Count(all, "What") - strings.Count(all, "Where"); got < 400 {
		t.Errorf("a name without blanks lost letters: %d of 400", got)
	}
	xlsxOf(t, r, render.English)
}

// Every page has what it takes to judge its figures.
func TestEveryPageStandsAlone(t *testing.T) {
	pages := textOf(t, pdfOf(t, sample(t, 120), render.English))
	for i, page := range pages {
		page = squeezed(page)
		for _, s := range []string{
			"Functional unit: managing the plastic waste collected from Laboratorio della Valle, Ospedale di Borgochiaro in the period March 2026 – August 2026",
			"Baseline: All to incineration (decided on 1 February 2026)", "default@1), published on 15 January 2026", "Warming potentials (GWP): AR5",
			"Biogenic carbon: 0/0", "measured 80.0 %, estimated 20.0 %, without a factor 4.0 %", "Intervals: 95 %", "Data quality: D1",
			"production", "avoided,", fmt.Sprintf("page %d of %d", i+1, len(pages)),
		} {
			if !strings.Contains(page, s) {
				t.Errorf("page %d of %d does not say %q", i+1, len(pages), s)
			}
		}
	}
}

// The sum of what is emitted and what is avoided stands nowhere, in no file. The
// comparison's cards are left out: they are sums of their own, and named so.
func TestNothingIsNetted(t *testing.T) {
	r := sample(t, 3)
	kept := r.Cards[:0]
	for _, c := range r.Cards {
		if !strings.HasPrefix(c.ID, "comparison") {
			kept = append(kept, c)
		}
	}
	r.Cards, r.Baseline = kept, nil
	values := map[string]decimal.Decimal{}
	for _, c := range r.Cards {
		if c.Value != nil {
			values[c.ID] = *c.Value
		}
	}
	pages := strings.Join(textOf(t, pdfOf(t, r, render.English)), " ")
	files := map[string]string{
		"CSV": string(written(t, func(w io.Writer) error { return render.CSV(w, r, render.English, render.Comma) })),
		"PDF": strings.NewReplacer("−", "-", ",", "").Replace(pages),
	}
	f := opened(t, xlsxOf(t, r, render.English))
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		files["XLSX"] += fmt.Sprintln(rows)
	}
	shows := func(text, number string) bool {
		return regexp.MustCompile(`(^|[^0-9.-])` + regexp.QuoteMeta(number) + `($|[^0-9.])`).MatchString(text)
	}
	for name, number := range map[string]string{"CSV": "-12184.55", "XLSX": "-12184.55", "PDF": "-12000 kg"} {
		if !shows(files[name], number) {
			t.Errorf("control: %s does not show %s, which is avoided", name, number)
		}
	}
	for _, inventory := range []string{"inventory", "inventory-waste"} {
		net := values[inventory].Add(values["avoided"])
		for name, text := range files {
			for _, s := range []string{net.String(), net.Round(0).String(), net.Round(-3).String() + " kg"} {
				if shows(text, s) {
					t.Errorf("%s shows %s, which is %s with avoided taken off", name, s, inventory)
				}
			}
		}
	}
	if !strings.Contains(pages, "There is no baseline: no comparison was worked out.") {
		t.Error("without a baseline the report has to say that there is no comparison")
	}
}

// The head of a table stands on each of its pages, with the facility's name; wards
// stand in the report's order.
func TestWardsOverSeveralPages(t *testing.T) {
	r := sample(t, 200)
	pages := textOf(t, pdfOf(t, r, render.Italian))
	with := 0
	for _, page := range pages {
		if strings.Contains(page, "Endoscopia") && !strings.Contains(squeezed(page), "Ospedale di Borgochiaro: reparto") {
			t.Error("a page of wards has no head")
		} else if strings.Contains(page, "Endoscopia") {
			with++
		}
	}
	if with < 3 {
		t.Errorf("the wards take %d pages, want several", with)
	}
	all, at := strings.Join(pages, ""), 0
	for _, w := range r.Wards {
		next := strings.Index(all[at:], w.Ward.Name)
		if next < 0 {
			t.Fatalf("%s is not in its place", w.Ward.Name)
		}
		at += next
	}
}

// Readers' software learns language and title from the file.
func TestPDFSaysWhatItIs(t *testing.T) {
	file := pdfOf(t, sample(t, 3), render.Italian)
	if !bytes.Contains(file, []byte("/Lang<feff00690074>")) {
		t.Error("no language")
	}
	if !bytes.Contains(file, []byte("/DisplayDocTitle true")) || !bytes.Contains(file, []byte("/CreationDate(D:20260904091200Z)")) {
		t.Error("no title to show, or no date")
	}
	if bytes.Count(file, []byte("/FontFile2")) != 2 {
		t.Error("fonts are not embedded")
	}
	if bytes.Contains(file, []byte("/PrintScaling")) || bytes.Contains(file, []byte("/Image")) {
		t.Error("a report is vectors that fit any paper")
	}
}

func TestPDFEndsBetweenPages(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	last := 0
	err := render.PDF(ctx, io.Discard, sample(t, 200), render.Italian, func(done, total int) {
		if last = done; done == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || last != 3 {
		t.Errorf("got %v after page %d, want it cancelled after page 3", err, last)
	}
	cancelled := 0
	if err := render.PDF(ctx, io.Discard, sample(t, 3), render.Italian, func(int, int) { cancelled++ }); !errors.Is(err, context.Canceled) || cancelled > 0 {
		t.Errorf("got %v and %d pages, want none", err, cancelled)
	}
	var calls []int
	total := 0
	if err := render.PDF(context.Background(), io.Discard, sample(t, 3), render.Italian, func(done, of int) { calls, total = append(calls, done), of }); err != nil {
		t.Fatal(err)
	}
	if len(calls) != total || calls[0] != 1 || calls[len(calls)-1] != total {
		t.Errorf("progress %v of %d, want each page once", calls, total)
	}
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestFailingWriter(t *testing.T) {
	r := sample(t, 3)
	for name, err := range map[string]error{
		"JSON": render.JSON(full{}, r), "CSV": render.CSV(full{}, r, render.English, render.Comma), "lines": render.LinesCSV(full{}, r, render.English, render.Semicolon),
		"wards": render.WardsCSV(full{}, r, render.English, render.Comma), "XLSX": render.XLSX(full{}, r, render.English), "PDF": render.PDF(context.Background(), full{}, r, render.English, nil),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s: got %v, want %v", name, err, errFull)
		}
	}
}

// A report of nothing is a report: no figure is made up, nothing divides by zero.
func TestEmptyReport(t *testing.T) {
	r := &report.Report{ID: "r", Title: "Vuoto", Lab: report.Name{Name: "Lab"}, From: from, To: from}
	pages := squeezed(strings.Join(textOf(t, pdfOf(t, r, render.English)), " "))
	for _, s := range []string{"The way cannot be drawn", "no mass in the period", "no baseline"} {
		if !strings.Contains(pages, s) {
			t.Errorf("an empty report does not say %q", s)
		}
	}
	xlsxOf(t, r, render.Italian)
}

func BenchmarkPDF(b *testing.B) {
	for _, wards := range []int{40, 500, 1600} {
		r := sample(b, wards)
		b.Run(fmt.Sprintf("%d-wards", wards), func(b *testing.B) {
			pages := 0
			for b.Loop() {
				if err := render.PDF(context.Background(), io.Discard, r, render.Italian, func(_, total int) { pages = total }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(pages), "pages")
		})
	}
}

func BenchmarkXLSX(b *testing.B) {
	r := sample(b, 500)
	for b.Loop() {
		if err := render.XLSX(io.Discard, r, render.Italian); err != nil {
			b.Fatal(err)
		}
	}
}
