package print_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels/print"
)

func TestSheets(t *testing.T) {
	want := map[string]int{"L7160": 21, "L7163": 14, "L7159": 24, "Herma-4360": 24, "A4-poster": 1, "roll-62": 1, "roll-50x30": 1}
	sheets := print.Sheets()
	if len(sheets) != len(want) {
		t.Errorf("got %d sheets, want %d", len(sheets), len(want))
	}
	for _, s := range sheets {
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", s.ID, err)
		}
		if s.PerPage() != want[s.ID] || s.IsRoll() != strings.HasPrefix(s.ID, "roll-") {
			t.Errorf("%s: got %d labels a page, want %d", s.ID, s.PerPage(), want[s.ID])
		}
		if got, ok := print.SheetByID(strings.ToUpper(s.ID)); !ok || got != s {
			t.Errorf("%s is not found in capitals", s.ID)
		}
		// What is left white is the same at both sides: so the sheets are cut.
		x, y := s.Place(s.PerPage() - 1)
		if right, bottom := s.PageWidth-x-s.Width, s.PageHeight-y-s.Height; math.Abs(right-s.Left) > 0.02 || math.Abs(bottom-s.Top) > 0.02 {
			t.Errorf("%s: margins are %.2f and %.2f, but %.2f and %.2f at the other side", s.ID, s.Left, s.Top, right, bottom)
		}
		text, err := json.Marshal(s)
		var again print.Sheet
		if err != nil || json.Unmarshal(text, &again) != nil || again != s {
			t.Errorf("%s does not survive JSON: %s, %v", s.ID, text, err)
		}
	}
	sheets[0].Title = "mine"
	if print.Sheets()[0].Title == "mine" {
		t.Error("a caller can change the built-in sheets")
	}
	if _, ok := print.SheetByID("L9999"); ok {
		t.Error("found a sheet that does not exist")
	}
}

func TestSheetPlace(t *testing.T) {
	s := mustSheet(t, "L7160")
	for _, row := range []struct {
		n    int
		x, y float64
	}{{0, 7.21, 15.15}, {2, 139.29, 15.15}, {3, 7.21, 53.25}, {20, 139.29, 243.75}} {
		if x, y := s.Place(row.n); math.Abs(x-row.x) > 1e-9 || math.Abs(y-row.y) > 1e-9 {
			t.Errorf("label %d: got %g, %g, want %g, %g", row.n, x, y, row.x, row.y)
		}
	}
}

func TestSheetValidate(t *testing.T) {
	good := mustSheet(t, "L7160")
	for _, row := range []struct {
		name   string
		change func(*print.Sheet)
		field  string // at fault; "" for none
	}{
		{"as it is", func(*print.Sheet) {}, ""},
		{"a pitch that one column does not need", func(s *print.Sheet) { s.Columns, s.PitchX = 1, 0 }, ""},
		{"two hundredths over the page", func(s *print.Sheet) { s.Left += 7.22 }, ""},
		{"no id", func(s *print.Sheet) { s.ID = "" }, "id"},
		{"an id with a slash", func(s *print.Sheet) { s.ID = "a/b" }, "id"},
		{"a title with a control character", func(s *print.Sheet) { s.Title = "a\x00b" }, "title"},
		{"a pitch that is no number", func(s *print.Sheet) { s.Columns, s.PitchX = 1, math.NaN() }, "pitchX"},
		{"an endless pitch", func(s *print.Sheet) { s.Rows, s.PitchY = 1, math.Inf(1) }, "pitchY"},
		{"a pitch of kilometres", func(s *print.Sheet) { s.PitchY = 1e6 }, "pitchY"},
		{"a negative corner", func(s *print.Sheet) { s.Corner = -1 }, "corner"},
		{"a long title", func(s *print.Sheet) { s.Title = strings.Repeat("x", 121) }, "title"},
		{"page of nothing", func(s *print.Sheet) { s.PageWidth = 0 }, "pageWidth"},
		{"endless page", func(s *print.Sheet) { s.PageHeight = math.Inf(1) }, "pageHeight"},
		{"not a number", func(s *print.Sheet) { s.Width = math.NaN() }, "width"},
		{"label too narrow for a symbol", func(s *print.Sheet) { s.Width = 39.9 }, "width"},
		{"label too low for a symbol", func(s *print.Sheet) { s.Height = 24.9 }, "height"},
		{"left of the page", func(s *print.Sheet) { s.Left = -1 }, "left"},
		{"no columns", func(s *print.Sheet) { s.Columns = 0 }, "columns"},
		{"too many labels", func(s *print.Sheet) { s.Columns, s.Rows = 20, 11 }, "columns"},
		{"rows whose product overflows", func(s *print.Sheet) { s.Columns, s.Rows = 1<<33, 1<<33 }, "columns"},
		{"labels over one another", func(s *print.Sheet) { s.PitchX = 63.4 }, "pitchX"},
		{"rows over one another", func(s *print.Sheet) { s.PitchY = 38 }, "pitchY"},
		{"last column over the edge", func(s *print.Sheet) { s.Left = 20 }, "left"},
		{"last row over the edge", func(s *print.Sheet) { s.Top = 40 }, "top"},
		{"round as a coin", func(s *print.Sheet) { s.Corner = 20 }, "corner"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := good
			row.change(&s)
			err := s.Validate()
			if row.field == "" {
				if err != nil {
					t.Errorf("got %v, want no fault", err)
				}
				return
			}
			var got *print.SheetError
			if !errors.As(err, &got) || got.Faults[0].Field != row.field || got.Faults[0].Reason == "" {
				t.Errorf("got %v, want a fault of %s", err, row.field)
			}
		})
	}
	s := good
	s.ID, s.PageWidth, s.Height = "", -1, 1
	var all *print.SheetError
	if err := s.Validate(); !errors.As(err, &all) || len(all.Faults) != 3 {
		t.Errorf("got %v, want all three faults at once", err)
	}
}
