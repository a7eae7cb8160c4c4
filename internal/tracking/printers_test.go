package tracking_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// aPrinter is a printer of the lab's that is a little off.
func aPrinter() tracking.Printer {
	return tracking.Printer{Name: "Stampante", Sheet: "L7160", OffsetX: -400, OffsetY: 1250, Scale: 1_010_000, DPI: 600}
}

// aSheet is a good sheet: two columns and five rows on A4.
func aSheet(id string) tracking.Sheet {
	return tracking.Sheet{
		ID: id, Title: "Etichette 90 × 50", PageWidth: 210_000, PageHeight: 297_000, Columns: 2, Rows: 5,
		Left: 12_345, Top: 20_000, PitchX: 92_500, PitchY: 51_000, Width: 90_000, Height: 50_000, Corner: 2_000,
	}
}

// MustPrinter adds a printer to a facility.
func (l *Lab) MustPrinter(t TB, facility string) string {
	t.Helper()
	p := aPrinter()
	p.Facility = facility
	v, err := l.Service.PutPrinter(ctx, l.Coordinator(), tracking.Write{}, p)
	if err != nil {
		t.Fatalf("making a printer: %v", err)
	}
	return v.Doc.ID
}

// wantFault fails unless err is a problem of that code about that value; with
// pointer "" about none.
func wantFault(t *testing.T, what string, err error, code, pointer, fieldCode string) {
	t.Helper()
	p := problem.As(err)
	if p == nil || p.Code != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
		return
	}
	if pointer == "" && len(p.Fields) == 0 || slices.ContainsFunc(p.Fields, func(f problem.Field) bool { return f.Pointer == pointer && f.Code == fieldCode }) {
		return
	}
	t.Errorf("%s: got %v, want %s at %s", what, err, fieldCode, pointer)
}

func TestPrintersAreOfFacilities(t *testing.T) {
	l := MustLab(t, MustStore(t))
	other := l.MustFacility(t)
	put := func(c access.Caller, w tracking.Write, change func(*tracking.Printer)) (tracking.Versioned[tracking.Printer], error) {
		p := aPrinter()
		change(&p)
		return l.Service.PutPrinter(ctx, c, w, p)
	}
	in := func(facility string) func(*tracking.Printer) {
		return func(p *tracking.Printer) { p.Facility = facility }
	}
	manager := l.Manager(l.Facility)
	own, err := put(manager, tracking.Write{}, in(l.Facility))
	if err != nil {
		t.Fatal(err)
	}
	labs, err := put(l.Coordinator(), tracking.Write{}, in(""))
	if err != nil {
		t.Fatal(err)
	}
	foreign := l.MustPrinter(t, other)

	_, err = put(manager, tracking.Write{}, in(""))
	wantFault(t, "a manager's for the lab", err, "entry-invalid", "/facility", "required")
	_, unknown := put(manager, tracking.Write{}, in("nowhere"))
	wantFault(t, "nowhere", unknown, "reference-unknown", "/facility", "unknown")
	if _, err := put(manager, tracking.Write{}, in(other)); err == nil || err.Error() != unknown.Error() {
		t.Errorf("for another facility: got %v, want %v", err, unknown)
	}
	for _, role := range []access.Caller{l.WardStaff(l.Facility), l.Driver(l.Recycler), l.Auditor("", "")} {
		_, err := put(role, tracking.Write{}, in(l.Facility))
		wantFault(t, string(role.Role), err, "role-not-allowed", "", "")
	}

	// What is foreign looks like what is not there, whatever version is named.
	replace := func(id string, version store.Seq) error {
		_, err := put(manager, tracking.Write{IfVersion: version}, func(p *tracking.Printer) { p.ID, p.Facility = id, l.Facility })
		return err
	}
	nothing := replace("01900000-0000-7000-8000-000000000000", 1)
	wantFault(t, "nothing", nothing, "not-found", "", "")
	for _, version := range []store.Seq{1, own.Seq, labs.Seq + 1} {
		if err := replace(foreign, version); err == nil || err.Error() != nothing.Error() {
			t.Errorf("foreign, version %d: got %v, want %v", version, err, nothing)
		}
	}
	wantFault(t, "the lab's", replace(labs.Doc.ID, labs.Seq), "printer-of-the-lab", "", "")
	wantFault(t, "own, read before", replace(own.Doc.ID, own.Seq-1), "version-changed", "", "")
	if err := replace(own.Doc.ID, own.Seq); err != nil {
		t.Errorf("own: %v", err)
	}
	// A new document is named after its entry.
	ours := l.MustPrinter(t, l.Facility)
	if _, err := l.Service.Entry(ctx, manager, ours); err != nil {
		t.Errorf("the trail of a printer in the facility: %v", err)
	}
	for _, id := range []string{foreign, labs.Doc.ID} {
		if _, err := l.Service.Entry(ctx, manager, id); !problem.Is(err, "not-found") {
			t.Errorf("the trail of a printer elsewhere: got %v, want not-found", err)
		}
	}
	list, err := l.Service.Printers(ctx, manager, tracking.Page{Limit: 10})
	if err != nil || len(list.Items) != 3 {
		t.Errorf("a manager sees %+v (%v), want the two of the facility and the lab's", list.Items, err)
	}
	if _, err := l.Service.Printer(ctx, manager, labs.Doc.ID); err != nil {
		t.Errorf("a manager reading the lab's: %v", err)
	}
	wantInvariants(t, l)
}

func TestPrintersAreChecked(t *testing.T) {
	l := MustLab(t, MustStore(t))
	for name, tt := range map[string]struct {
		change        func(*tracking.Printer)
		pointer, code string
	}{
		"no name":             {func(p *tracking.Printer) { p.Name = "" }, "/name", "required"},
		"too far right":       {func(p *tracking.Printer) { p.OffsetX = 20_001 }, "/offsetXMm", "out-of-range"},
		"too far up":          {func(p *tracking.Printer) { p.OffsetY = -20_001 }, "/offsetYMm", "out-of-range"},
		"too small":           {func(p *tracking.Printer) { p.Scale = 899_999 }, "/scale", "out-of-range"},
		"too large":           {func(p *tracking.Printer) { p.Scale = 1_100_001 }, "/scale", "out-of-range"},
		"too coarse":          {func(p *tracking.Printer) { p.DPI = 149 }, "/dpi", "out-of-range"},
		"too fine":            {func(p *tracking.Printer) { p.DPI = 601 }, "/dpi", "out-of-range"},
		"a malformed place":   {func(p *tracking.Printer) { p.Facility = "a|b" }, "/facility", "malformed"},
		"a sheet of nobody's": {func(p *tracking.Printer) { p.Sheet = "L0000" }, "/sheet", "unknown"},
		"a sheet with NUL":    {func(p *tracking.Printer) { p.Sheet = "\x00" }, "/sheet", "unknown"},
	} {
		p := aPrinter()
		tt.change(&p)
		_, err := l.Service.PutPrinter(ctx, l.Coordinator(), tracking.Write{}, p)
		code := "entry-invalid"
		if tt.code == "unknown" {
			code = "reference-unknown"
		}
		wantFault(t, name, err, code, tt.pointer, tt.code)
	}
	p := aPrinter()
	p.Sheet = "l7160"
	v, err := l.Service.PutPrinter(ctx, l.Coordinator(), tracking.Write{}, p)
	if err != nil || v.Doc.Sheet != "L7160" {
		t.Errorf("got sheet %q, %v, want it as it is written", v.Doc.Sheet, err)
	}
	if got, want := v.Doc.Adjustment(), (print.Printer{OffsetX: -0.4, OffsetY: 1.25, Scale: 1.01, DPI: 600}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Only what is new somewhere is counted: what is there can always be changed.
func TestPrintersAreBounded(t *testing.T) {
	l := MustLab(t, MustStore(t))
	other := l.Facility + "-bis" // follows right behind in every index
	if _, err := l.Service.PutFacility(ctx, l.Coordinator(), tracking.Write{}, tracking.Facility{ID: other, Name: "Ospedale bis"}); err != nil {
		t.Fatal(err)
	}
	put := func(facility, id string, version store.Seq) (tracking.Versioned[tracking.Printer], error) {
		p := aPrinter()
		p.ID, p.Facility = id, facility
		return l.Service.PutPrinter(ctx, l.Coordinator(), tracking.Write{IfVersion: version}, p)
	}
	var elsewhere tracking.Versioned[tracking.Printer]
	var err error
	for range 2 {
		if elsewhere, err = put(other, "", 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, facility := range []string{l.Facility, ""} {
		var last tracking.Versioned[tracking.Printer]
		for i := range tracking.MaxPrinters {
			if last, err = put(facility, "", 0); err != nil {
				t.Fatalf("%q, printer %d: %v", facility, i+1, err)
			}
		}
		_, err = put(facility, "", 0)
		wantFault(t, fmt.Sprintf("one more in %q", facility), err, "too-many-printers", "", "")
		_, err = put(facility, elsewhere.Doc.ID, elsewhere.Seq)
		wantFault(t, fmt.Sprintf("moving one to %q", facility), err, "too-many-printers", "", "")
		if _, err = put(facility, last.Doc.ID, last.Seq); err != nil {
			t.Errorf("changing one of %q: %v", facility, err)
		}
		if elsewhere, err = put(other, elsewhere.Doc.ID, elsewhere.Seq); err != nil {
			t.Errorf("where there are few, once %q is full: %v", facility, err)
		}
	}
	wantInvariants(t, l)
}

func TestOwnSheetsAreBounded(t *testing.T) {
	l := MustLab(t, MustStore(t))
	var last tracking.Versioned[tracking.Sheet]
	for i := range tracking.MaxOwnSheets {
		var err error
		if last, err = l.Service.PutSheet(ctx, l.Coordinator(), tracking.Write{}, aSheet(fmt.Sprint("ours-", i))); err != nil {
			t.Fatalf("sheet %d: %v", i+1, err)
		}
	}
	_, err := l.Service.PutSheet(ctx, l.Coordinator(), tracking.Write{}, aSheet("one-more"))
	wantFault(t, "one more", err, "too-many-sheets", "", "")
	if _, err := l.Service.PutSheet(ctx, l.Coordinator(), tracking.Write{IfVersion: last.Seq}, aSheet(last.Doc.ID)); err != nil {
		t.Errorf("changing one: %v", err)
	}
	wantInvariants(t, l)
}

// The built-in sheets come out of micrometres as they went in.
func TestBuiltInSheets(t *testing.T) {
	l := MustLab(t, MustStore(t))
	for _, want := range print.Sheets() {
		for _, id := range []string{want.ID, strings.ToUpper(want.ID), strings.ToLower(want.ID)} {
			v, err := l.Service.Sheet(ctx, l.WardStaff(l.Facility), id)
			if err != nil || !v.Doc.BuiltIn || v.Doc.Geometry() != want {
				t.Errorf("%s: got %+v, %v, want %+v", id, v.Doc, err, want)
			}
			for _, version := range []store.Seq{0, v.Seq} {
				_, err = l.Service.PutSheet(ctx, l.Coordinator(), tracking.Write{IfVersion: version}, aSheet(id))
				wantFault(t, "replacing "+id, err, "sheet-built-in", "", "")
			}
		}
	}
}

func TestOwnSheets(t *testing.T) {
	l := MustLab(t, MustStore(t))
	manager := l.Manager(l.Facility)
	first, err := l.Service.PutSheet(ctx, manager, tracking.Write{}, aSheet("Nostro_1.0"))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"Nostro_1.0", "nostro_1.0"} {
		_, err = l.Service.PutSheet(ctx, l.Coordinator(), tracking.Write{}, aSheet(id))
		wantFault(t, id, err, "id-taken", "", "")
	}
	changed := aSheet("NOSTRO_1.0")
	changed.Title = "Altro"
	again, err := l.Service.PutSheet(ctx, l.Coordinator(), tracking.Write{IfVersion: first.Seq}, changed)
	if err != nil || again.Doc.ID != "Nostro_1.0" || again.Doc.Title != "Altro" {
		t.Errorf("got %+v, %v, want another title under the same name", again.Doc, err)
	}
	_, err = l.Service.PutSheet(ctx, l.Coordinator(), tracking.Write{IfVersion: first.Seq}, changed)
	wantFault(t, "a former version", err, "version-changed", "", "")
	_, err = l.Service.PutSheet(ctx, manager, tracking.Write{IfVersion: again.Seq}, changed)
	wantFault(t, "a manager replacing", err, "sheet-of-the-lab", "", "")
	for _, id := range []string{"none", "a|b", "", "\x00"} {
		_, err = l.Service.PutSheet(ctx, l.Coordinator(), tracking.Write{IfVersion: 1}, aSheet(id))
		wantFault(t, "replacing "+id, err, "not-found", "", "")
		_, err = l.Service.Sheet(ctx, manager, id)
		wantFault(t, "reading "+id, err, "not-found", "", "")
	}
	for _, c := range []access.Caller{l.WardStaff(l.Facility), l.Auditor("", "")} {
		_, err = l.Service.PutSheet(ctx, c, tracking.Write{}, aSheet("x"))
		wantFault(t, string(c.Role), err, "role-not-allowed", "", "")
	}
	wantInvariants(t, l)
}

func TestSheetsAreChecked(t *testing.T) {
	l := MustLab(t, MustStore(t))
	for name, tt := range map[string]struct {
		change        func(*tracking.Sheet)
		pointer, code string
	}{
		"no id":              {func(s *tracking.Sheet) { s.ID = "" }, "/id", "required"},
		"an id with a blank": {func(s *tracking.Sheet) { s.ID = "a b" }, "/id", "malformed"},
		"no title":           {func(s *tracking.Sheet) { s.Title = " " }, "/title", "required"},
		"a long title":       {func(s *tracking.Sheet) { s.Title = strings.Repeat("è", 61) }, "/title", "too-long"},
		"a wide page":        {func(s *tracking.Sheet) { s.PageWidth = 600_001 }, "/pageWidth", "out-of-range"},
		"a flat page":        {func(s *tracking.Sheet) { s.PageHeight = 24_999 }, "/pageHeight", "out-of-range"},
		"narrow labels":      {func(s *tracking.Sheet) { s.Width = 39_999 }, "/width", "out-of-range"},
		"low labels":         {func(s *tracking.Sheet) { s.Height = 24_999 }, "/height", "out-of-range"},
		"left of the page":   {func(s *tracking.Sheet) { s.Left = -1 }, "/left", "out-of-range"},
		"over the edge":      {func(s *tracking.Sheet) { s.Left = 40_000 }, "/left", "out-of-range"},
		"below the edge":     {func(s *tracking.Sheet) { s.Top = 80_000 }, "/top", "out-of-range"},
		"no columns":         {func(s *tracking.Sheet) { s.Columns = 0 }, "/columns", "out-of-range"},
		"overlapping across": {func(s *tracking.Sheet) { s.PitchX = 80_000 }, "/pitchX", "labels-overlap"},
		"overlapping down":   {func(s *tracking.Sheet) { s.PitchY = 40_000 }, "/pitchY", "labels-overlap"},
		"round labels":       {func(s *tracking.Sheet) { s.Corner = 25_001 }, "/corner", "out-of-range"},
	} {
		s := aSheet("nostro")
		tt.change(&s)
		_, err := l.Service.PutSheet(ctx, l.Coordinator(), tracking.Write{}, s)
		wantFault(t, name, err, "entry-invalid", tt.pointer, tt.code)
		if p := problem.As(err); p != nil && len(p.Fields) != 1 {
			t.Errorf("%s: got %v, want one fault", name, err)
		}
	}
}

// Pages of sheets go on from the built-in ones to the lab's own.
func TestSheetList(t *testing.T) {
	l := MustLab(t, MustStore(t))
	var builtIn []string
	for _, s := range print.Sheets() {
		builtIn = append(builtIn, s.ID)
	}
	own := []string{"0", "a.b", "Zeta"}
	var head store.Seq
	for _, id := range own {
		v, err := l.Service.PutSheet(ctx, l.Coordinator(), tracking.Write{}, aSheet(id))
		if err != nil {
			t.Fatal(err)
		}
		if head == 0 {
			head = v.Seq
		}
	}
	list := func(limit int, after *store.Seq) []string {
		return idsBy(t, limit, func(p tracking.Page) (tracking.List[tracking.Sheet], error) {
			return l.Service.Sheets(ctx, l.WardStaff(l.Facility), p)
		}, func(s tracking.Sheet) string { return s.ID }, after)
	}
	zero, one := store.Seq(0), store.Seq(1)
	for limit := 1; limit <= len(builtIn)+len(own)+1; limit++ {
		for name, tt := range map[string]struct{ got, want []string }{
			"all":                   {list(limit, nil), slices.Concat(builtIn, own)},
			"after nothing":         {list(limit, &zero), slices.Concat(builtIn, own)},
			"after the lab's entry": {list(limit, &one), own},
			"after the first own":   {list(limit, &head), own[1:]},
		} {
			if !slices.Equal(tt.got, tt.want) {
				t.Errorf("%s, %d a page: got %v, want %v", name, limit, tt.got, tt.want)
			}
		}
	}
	if _, err := l.Service.Sheets(ctx, l.Coordinator(), tracking.Page{}); !problem.Is(err, "page-invalid") {
		t.Errorf("no limit: got %v", err)
	}
	if _, err := l.Service.Sheets(ctx, l.Driver(l.Recycler), tracking.Page{Limit: 1}); !problem.Is(err, "role-not-allowed") {
		t.Errorf("a driver: got %v", err)
	}
	v, err := l.Service.Sheets(ctx, l.Coordinator(), tracking.Page{Limit: 1})
	if err != nil || v.Head == 0 || fmt.Sprint(v.Items[0].Seq) != "1" {
		t.Errorf("got %+v, %v, want the head and version 1", v, err)
	}
}
