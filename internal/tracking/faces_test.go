package tracking_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// batchOf is the batch of a label.
func (l *Lab) batchOf(t TB, code string) string {
	t.Helper()
	v, err := l.Service.Label(ctx, l.Coordinator(), code)
	if err != nil {
		t.Fatalf("reading label %s: %v", code, err)
	}
	return v.Doc.Batch
}

// mustLabelLives issues a batch for the lab's facility of which the third
// label is bound, the second was, and the first is retired.
func mustLabelLives(t *testing.T, l *Lab) (codes []string, batch, bin string) {
	t.Helper()
	codes = l.MustLabels(t, l.Facility, 4)
	bin = l.MustLabelledBin(t, l.Facility, "", "", codes[1])
	l.MustApply(t, l.WardStaff(l.Facility), "label.retire", tracking.Body{Label: codes[0], Reason: "torn"})
	l.MustApply(t, l.WardStaff(l.Facility), "label.bind", tracking.Body{Label: codes[2], Bin: bin})
	l.MustApply(t, l.WardStaff(l.Facility), "label.retire", tracking.Body{Label: codes[1], Reason: "torn"})
	return codes, l.batchOf(t, codes[0]), bin
}

func TestBatchesCountTheirLabels(t *testing.T) {
	l := MustLab(t, MustStore(t))
	codes, batch, _ := mustLabelLives(t, l)
	var states []tracking.LabelState
	for _, code := range codes {
		v, err := l.Service.Label(ctx, l.Coordinator(), code)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, v.Doc.State)
	}
	if want := []tracking.LabelState{"retired", "retired", "bound", "blank"}; !slices.Equal(states, want) {
		t.Fatalf("got labels %v, want %v", states, want)
	}
	v, err := l.Service.Batch(ctx, l.WardStaff(l.Facility), batch)
	if err != nil || v.Doc.Count != 4 || v.Doc.Blank != 1 || v.Doc.Bound != 1 || v.Doc.Retired != 2 || v.Doc.Facility != l.Facility {
		t.Errorf("got %+v, %v, want one blank, one bound and two retired", v.Doc, err)
	}
	wantInvariants(t, l)
}

// A batch larger than what the store gives at once is counted whole.
func TestLargestBatch(t *testing.T) {
	l := MustLab(t, MustStore(t))
	codes := l.MustLabels(t, l.Facility, tracking.MaxLabels)
	batch := l.batchOf(t, codes[0])
	v, err := l.Service.Batch(ctx, l.Coordinator(), batch)
	if err != nil || v.Doc.Count != tracking.MaxLabels || v.Doc.Blank != tracking.MaxLabels {
		t.Errorf("got %+v, %v, want %d blank", v.Doc, err, tracking.MaxLabels)
	}
	for _, sel := range []tracking.LabelSelection{{Batch: batch}, {Codes: codes}} {
		if got := mustFaces(t, l, l.Manager(l.Facility), sel); !slices.Equal(got, codes) {
			t.Errorf("got %d labels, want %d in the order of issue", len(got), len(codes))
		}
	}
}

func TestBatchLists(t *testing.T) {
	l := MustLab(t, MustStore(t))
	other := l.MustFacility(t)
	issue := func(facility string) string {
		code := l.MustLabels(t, facility, 1)[0]
		l.Clock.Advance(time.Minute)
		return l.batchOf(t, code)
	}
	a, b, c, d := issue(l.Facility), issue(other), issue(""), issue(l.Facility)
	first, err := l.Service.Batch(ctx, l.Coordinator(), a)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		by    access.Caller
		f     tracking.BatchFilter
		after *store.Seq
		want  []string
	}{
		{"the lab, newest first", l.Coordinator(), tracking.BatchFilter{}, nil, []string{d, c, b, a}},
		{"of a facility", l.Coordinator(), tracking.BatchFilter{Facility: l.Facility}, nil, []string{d, a}},
		{"to its manager", l.Manager(l.Facility), tracking.BatchFilter{}, nil, []string{d, a}},
		{"to another's", l.Manager(other), tracking.BatchFilter{}, nil, []string{b}},
		{"foreign", l.Manager(other), tracking.BatchFilter{Facility: l.Facility}, nil, []string{}},
		{"changed", l.Coordinator(), tracking.BatchFilter{}, &first.Seq, []string{b, c, d}},
		{"changed, to its manager", l.Manager(l.Facility), tracking.BatchFilter{}, &first.Seq, []string{d}},
	} {
		got := ids(t, func(p tracking.Page) (tracking.List[tracking.Batch], error) {
			return l.Service.Batches(ctx, tt.by, tt.f, p)
		}, func(b tracking.Batch) string { return b.ID }, tt.after)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// mustFaces is the codes of what is printed of a selection.
func mustFaces(t *testing.T, l *Lab, c access.Caller, sel tracking.LabelSelection) (codes []string) {
	t.Helper()
	faces, err := l.Service.LabelFaces(ctx, c, sel)
	if err != nil {
		t.Fatalf("%+v: %v", sel, err)
	}
	for _, f := range faces {
		codes = append(codes, f.Code.String())
	}
	return codes
}

func TestWhatLabelsShow(t *testing.T) {
	l := MustLab(t, MustStore(t))
	codes, batch, _ := mustLabelLives(t, l)
	extra := l.MustLabels(t, l.Facility, 1)[0]
	l.MustLabelledBin(t, l.Facility, "", "", extra)
	ward := l.WardStaff(l.Facility)
	faces, err := l.Service.LabelFaces(ctx, ward, tracking.LabelSelection{Codes: []string{strings.ToLower(codes[2]), codes[3], extra}})
	if err != nil {
		t.Fatal(err)
	}
	bound, blank := faces[0], faces[1]
	if bound.State != tracking.Bound || bound.Code.String() != codes[2] || bound.Facility != "Ospedale 1" || bound.Ward != "Reparto 1" {
		t.Errorf("bound: got %+v", bound)
	}
	if s := bound.Stream; s == nil || s.Name.IT != "Flaconi" || s.Name.EN != "Bottles" || !slices.Equal(s.Accepts.IT, []string{"flaconi"}) ||
		!slices.Equal(s.Accepts.EN, []string{"bottles"}) || !slices.Equal(s.Refuses.IT, []string{"taglienti"}) || !slices.Equal(s.Refuses.EN, []string{"sharps"}) {
		t.Errorf("stream: got %+v", s)
	}
	if blank.State != tracking.Blank || blank.Facility != "Ospedale 1" || blank.Ward != "" || blank.Stream != nil {
		t.Errorf("blank: got %+v", blank)
	}
	if faces[2].Stream != bound.Stream {
		t.Error("two labels of a stream hold its texts twice")
	}
	for state, want := range map[tracking.LabelState][]string{"": {codes[2], codes[3]}, tracking.Blank: {codes[3]}, tracking.Bound: {codes[2]}} {
		if got := mustFaces(t, l, ward, tracking.LabelSelection{Batch: batch, State: state}); !slices.Equal(got, want) {
			t.Errorf("batch, %q: got %v, want %v", state, got, want)
		}
	}
}

func TestWhatIsNotPrinted(t *testing.T) {
	l := MustLab(t, MustStore(t))
	codes, batch, _ := mustLabelLives(t, l)
	other := l.MustFacility(t)
	foreign := l.MustLabels(t, other, 1)[0]
	used := l.MustLabels(t, l.Facility, 1)
	l.MustApply(t, l.Manager(l.Facility), "label.retire", tracking.Body{Label: used[0], Reason: "torn"})
	ward := l.WardStaff(l.Facility)
	ask := func(c access.Caller, sel tracking.LabelSelection) error {
		_, err := l.Service.LabelFaces(ctx, c, sel)
		return err
	}
	of := func(codes ...string) tracking.LabelSelection { return tracking.LabelSelection{Codes: codes} }
	unknown := ask(ward, of(codes[3], "7K4M9QXP2RTBW"))
	wantFault(t, "unknown", unknown, "label-unknown", "/codes/1", "label-unknown")
	if err := ask(ward, of(codes[3], foreign)); err == nil || err.Error() != unknown.Error() {
		t.Errorf("foreign: got %v, want %v", err, unknown)
	}
	for _, tt := range []struct {
		name                 string
		sel                  tracking.LabelSelection
		code, pointer, field string
	}{
		{"no code at all", of("x"), "label-invalid", "/codes/0", "label-invalid"},
		{"repeated", of(codes[3], codes[2], strings.ToLower(codes[3])), "label-repeated", "/codes/2", "label-repeated"},
		{"retired", of(codes[2], codes[1]), "label-retired", "/codes/1", "label-retired"},
		{"several", of(codes[0], "x"), "label-retired", "/codes/1", "label-invalid"},
		{"nothing", tracking.LabelSelection{}, "entry-invalid", "/codes", "required"},
		{"both", tracking.LabelSelection{Batch: batch, Codes: codes}, "entry-invalid", "/batch", "not-allowed"},
		{"state of codes", tracking.LabelSelection{State: tracking.Blank, Codes: codes}, "entry-invalid", "/state", "not-allowed"},
		{"retired ones of a batch", tracking.LabelSelection{State: tracking.LabelIsGone, Batch: batch}, "entry-invalid", "/state", "unknown"},
		{"too many", of(make([]string, tracking.MaxLabels+1)...), "too-many-labels", "/codes", "too-many"},
		{"no batch", tracking.LabelSelection{Batch: "none"}, "reference-unknown", "/batch", "unknown"},
		{"NUL", tracking.LabelSelection{Batch: "\x00"}, "reference-unknown", "/batch", "unknown"},
		{"foreign batch", tracking.LabelSelection{Batch: l.batchOf(t, foreign)}, "reference-unknown", "/batch", "unknown"},
		{"retired batch", tracking.LabelSelection{Batch: l.batchOf(t, used[0])}, "no-labels", "", ""},
	} {
		wantFault(t, tt.name, ask(ward, tt.sel), tt.code, tt.pointer, tt.field)
	}
	many := make([]string, tracking.MaxLabels)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	if p := problem.As(ask(ward, of(many...))); p == nil || len(p.Fields) != 50 {
		t.Errorf("got %d faults named, want 50", len(p.Fields))
	}
	for _, c := range []access.Caller{l.Driver(l.Recycler), l.Plant(l.Recycler), l.Auditor("", ""), l.Auditor(l.Facility, "")} {
		wantFault(t, string(c.Role), ask(c, of(codes[3])), "role-not-allowed", "", "")
	}
}

// Whoever could bind a label of the lab's can print it; a batch of the lab's is
// its coordinator's.
func TestPrintingTheLabsLabels(t *testing.T) {
	l := MustLab(t, MustStore(t))
	codes := l.MustLabels(t, "", 2)
	batch := l.batchOf(t, codes[0])
	faces, err := l.Service.LabelFaces(ctx, l.WardStaff(l.Facility), tracking.LabelSelection{Codes: codes[:1]})
	if err != nil || faces[0].Facility != "" {
		t.Errorf("got %+v, %v, want a label of no facility", faces, err)
	}
	_, err = l.Service.LabelFaces(ctx, l.Manager(l.Facility), tracking.LabelSelection{Batch: batch})
	wantFault(t, "the lab's batch", err, "reference-unknown", "/batch", "unknown")
	if got := mustFaces(t, l, l.Coordinator(), tracking.LabelSelection{Batch: batch}); !slices.Equal(got, codes) {
		t.Errorf("got %v, want %v", got, codes)
	}
}

func TestPrintSetup(t *testing.T) {
	l := MustLab(t, MustStore(t))
	own, foreign := l.MustPrinter(t, l.Facility), l.MustPrinter(t, l.MustFacility(t))
	bare := aPrinter()
	bare.Sheet = ""
	labs, err := l.Service.PutPrinter(ctx, l.Coordinator(), tracking.Write{}, bare)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Service.PutSheet(ctx, l.Coordinator(), tracking.Write{}, aSheet("Nostro")); err != nil {
		t.Fatal(err)
	}
	ward := l.WardStaff(l.Facility)
	for _, tt := range []struct {
		sheet, printer, want string
		dpi                  int
	}{
		{"nostro", "", "Nostro", 0}, {"l7163", "", "L7163", 0}, {"", own, "L7160", 600}, {"nostro", own, "Nostro", 600}, {"L7160", labs.Doc.ID, "L7160", 600},
	} {
		sheet, printer, err := l.Service.PrintSetup(ctx, ward, tt.sheet, tt.printer)
		if err != nil || sheet.ID != tt.want || printer.DPI != tt.dpi {
			t.Errorf("%q on %q: got %s at %d dpi, %v, want %s at %d", tt.sheet, tt.printer, sheet.ID, printer.DPI, err, tt.want, tt.dpi)
		}
	}
	ask := func(c access.Caller, sheet, printer string) error {
		_, _, err := l.Service.PrintSetup(ctx, c, sheet, printer)
		return err
	}
	wantFault(t, "nothing", ask(ward, "", ""), "entry-invalid", "/sheet", "required")
	wantFault(t, "a printer without a sheet", ask(ward, "", labs.Doc.ID), "entry-invalid", "/sheet", "required")
	wantFault(t, "no sheet", ask(ward, "L0000", ""), "reference-unknown", "/sheet", "unknown")
	unknown := ask(ward, "L7160", "none")
	wantFault(t, "no printer", unknown, "reference-unknown", "/printer", "unknown")
	if err := ask(ward, "L7160", foreign); err == nil || err.Error() != unknown.Error() {
		t.Errorf("foreign printer: got %v, want %v", err, unknown)
	}
	for _, tt := range []struct{ printer, sheet, want string }{{own, "", "L7160"}, {own, "nostro", "Nostro"}, {labs.Doc.ID, "L7163", "L7163"}} {
		sheet, printer, err := l.Service.CalibrationSetup(ctx, l.Manager(l.Facility), tt.printer, tt.sheet)
		if err != nil || sheet.ID != tt.want || printer.DPI != 600 {
			t.Errorf("calibrating %+v: got %s, %+v, %v", tt, sheet.ID, printer, err)
		}
	}
	calibrate := func(c access.Caller, printer, sheet string) error {
		_, _, err := l.Service.CalibrationSetup(ctx, c, printer, sheet)
		return err
	}
	wantFault(t, "calibrating without a sheet", calibrate(l.Manager(l.Facility), labs.Doc.ID, ""), "entry-invalid", "?sheet", "required")
	wantFault(t, "calibrating on no sheet", calibrate(l.Manager(l.Facility), own, "L0000"), "reference-unknown", "?sheet", "unknown")
	wantFault(t, "calibrating a foreign printer", calibrate(l.Manager(l.Facility), foreign, "L7160"), "not-found", "", "")
	if err := calibrate(ward, own, ""); err != nil {
		t.Errorf("ward staff calibrating: %v", err)
	}
	wantFault(t, "a driver calibrating", calibrate(l.Driver(l.Recycler), own, ""), "role-not-allowed", "", "")
	wantFault(t, "an auditor", ask(l.Auditor("", ""), "L7160", ""), "role-not-allowed", "", "")
	if _, err := qrlabels.ParseCode("7K4M9QXP2RTBW"); err != nil {
		t.Errorf("control: the unknown code is none: %v", err)
	}
}
