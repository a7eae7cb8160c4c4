package finder_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/qrlabels"
)

var ctx = context.Background()

// labels says at which facility the bin of a label stands, by lab and code.
type labels map[string]string

func (l labels) FoundAt(_ context.Context, lab, code string) (string, error) {
	return l[lab+" "+code], nil
}

// inbox is a service under test with its store and clock.
type inbox struct {
	*finder.Service
	store  store.Store
	labels labels
	now    time.Time
	made   int
}

func mustInbox(tb testing.TB) *inbox {
	tb.Helper()
	s, err := sqlite.Open(ctx, sqlite.Options{Dir: tb.TempDir(), Scratch: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatalf("opening the store: %v", err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	in := &inbox{store: s, labels: labels{}, now: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}
	in.Service, err = finder.New(finder.Config{Store: s, Labels: in.labels, Now: func() time.Time { return in.now }})
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

// mustLabel makes a label on a bin of a facility of lab-a.
func (in *inbox) mustLabel(tb testing.TB, facility string) qrlabels.Code {
	tb.Helper()
	in.made++
	code, err := qrlabels.NewCode(strings.NewReader(fmt.Sprintf("%08d", in.made)))
	if err != nil {
		tb.Fatal(err)
	}
	in.labels["lab-a "+code.String()] = facility
	return code
}

func (in *inbox) report(tb testing.TB, code qrlabels.Code, kind finder.Kind, note string) finder.Outcome {
	tb.Helper()
	in.now = in.now.Add(time.Second)
	outcome, err := in.Report(ctx, "lab-a", code, finder.NewReport{Problem: kind, Note: note})
	if err != nil {
		tb.Fatalf("reporting: %v", err)
	}
	return outcome
}

// mustReport makes a report that is received, and returns it.
func (in *inbox) mustReport(tb testing.TB, facility, note string) finder.Report {
	tb.Helper()
	if got := in.report(tb, in.mustLabel(tb, facility), finder.Full, note); got != finder.Received {
		tb.Fatalf("reporting: got %s", got)
	}
	return in.list(tb, caller(access.Coordinator, ""), finder.Filter{})[0]
}

func (in *inbox) list(tb testing.TB, c access.Caller, f finder.Filter) []finder.Report {
	tb.Helper()
	page, err := in.List(ctx, c, f, "", finder.MaxPage)
	if err != nil {
		tb.Fatalf("listing: %v", err)
	}
	return page.Items
}

// caller is somebody of a facility or, for plants, of a recycler of lab-a.
func caller(role access.Role, of string) access.Caller {
	m := access.Membership{Lab: "lab-a", Role: role, Facility: of}
	if role == access.Plant || role == access.Driver {
		m.Facility, m.Recycler = "", of
	}
	return access.Caller{Membership: m, User: "user-" + string(role)}
}

func wantProblem(tb testing.TB, err error, code string) {
	tb.Helper()
	if !problem.Is(err, code) {
		tb.Errorf("got %v, want the problem %q", err, code)
	}
}

func TestConfigIsChecked(t *testing.T) {
	if _, err := finder.New(finder.Config{}); err == nil || !strings.Contains(err.Error(), "store") || !strings.Contains(err.Error(), "labels") {
		t.Errorf("got %v, want both faults", err)
	}
}

func TestReport(t *testing.T) {
	in := mustInbox(t)
	code := in.mustLabel(t, "f1")
	if got := in.report(t, code, finder.Contaminated, "  Dentro c'è una siringa.\r\nVicino all'ascensore. 👩‍⚕️ "); got != finder.Received {
		t.Fatalf("got %s", got)
	}
	got := in.list(t, caller(access.Manager, "f1"), finder.Filter{})
	if len(got) != 1 {
		t.Fatalf("got %d reports, want one", len(got))
	}
	r := got[0]
	if r.Label != code.String() || r.Facility != "f1" || r.Lab != "lab-a" || r.Problem != finder.Contaminated || r.State != finder.Open ||
		r.Note != "Dentro c'è una siringa.\nVicino all'ascensore. 👩‍⚕️" || !r.At.Time().Equal(in.now) || r.Version != 1 || r.HandledAt != 0 {
		t.Errorf("got %+v", r)
	}
	one, err := in.Get(ctx, caller(access.Coordinator, ""), r.ID)
	if err != nil || one != r {
		t.Errorf("got %+v, %v, want it as in the list", one, err)
	}
}

func TestReportsThatDoNotFit(t *testing.T) {
	in := mustInbox(t)
	code, unused := in.mustLabel(t, "f1"), in.mustLabel(t, "")
	for name, tt := range map[string]struct {
		code   qrlabels.Code
		report finder.NewReport
		want   string
	}{
		"no problem":           {code, finder.NewReport{}, "report-invalid"},
		"an unheard-of one":    {code, finder.NewReport{Problem: "ugly"}, "report-invalid"},
		"long note":            {code, finder.NewReport{Problem: finder.Other, Note: strings.Repeat("è", 301)}, "report-invalid"},
		"longest note":         {code, finder.NewReport{Problem: finder.Other, Note: strings.Repeat("è", 300)}, ""},
		"control character":    {code, finder.NewReport{Problem: finder.Other, Note: "a\x00b"}, "report-invalid"},
		"text turned round":    {code, finder.NewReport{Problem: finder.Other, Note: "a\u202eb"}, "report-invalid"},
		"broken UTF-8":         {code, finder.NewReport{Problem: finder.Other, Note: "a\xffb"}, "report-invalid"},
		"a label on no bin":    {unused, finder.NewReport{Problem: finder.Full}, "label-unknown"},
		"spreadsheet and tags": {code, finder.NewReport{Problem: finder.Other, Note: "=1+1<script>"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := in.Report(ctx, "lab-a", tt.code, tt.report)
			if tt.want != "" || err != nil {
				wantProblem(t, err, tt.want)
			}
		})
	}
	_, err := in.Report(ctx, "lab-b", code, finder.NewReport{Problem: finder.Full})
	wantProblem(t, err, "label-unknown")
	if got := in.list(t, caller(access.Coordinator, ""), finder.Filter{}); len(got) != 2 {
		t.Errorf("got %d reports, want the two that fit", len(got))
	}
}

// Strangers can't fill the store: five open reports of a kind about a label, five
// hundred at a facility, and none twice. Who is not heard is told so.
func TestWhatWasSaidIsNotWrittenAgain(t *testing.T) {
	in := mustInbox(t)
	code := in.mustLabel(t, "f1")
	count := func() int { return len(in.list(t, caller(access.Coordinator, ""), finder.Filter{})) }
	if first, again := in.report(t, code, finder.Full, "x"), in.report(t, code, finder.Full, "x "); first != finder.Received || again != finder.AlreadyReported {
		t.Errorf("the same twice: got %s and %s", first, again)
	}
	if again := in.report(t, code, finder.Full, ""); again != finder.AlreadyReported {
		t.Errorf("the same without a note: got %s", again)
	}
	for i := range 10 {
		_, err := in.Report(ctx, "lab-a", code, finder.NewReport{Problem: finder.Full, Note: fmt.Sprint(i)})
		if full := i >= finder.MaxOpenLabel-1; full != problem.Is(err, "inbox-full") || !full && err != nil {
			t.Errorf("report %d about the label: got %v, want it kept up to %d", i+2, err, finder.MaxOpenLabel)
		}
	}
	if count() != finder.MaxOpenLabel {
		t.Errorf("got %d reports, want %d", count(), finder.MaxOpenLabel)
	}
	// Handled ones make room.
	r := in.list(t, caller(access.Coordinator, ""), finder.Filter{})[0]
	if _, err := in.Handle(ctx, caller(access.Manager, "f1"), r.ID, r.Version); err != nil {
		t.Fatal(err)
	}
	if got := in.report(t, code, finder.Full, "again"); got != finder.Received {
		t.Errorf("after one was handled: got %s", got)
	}
	if got := in.report(t, code, finder.Contaminated, "needle"); got != finder.Received {
		t.Errorf("something else about the same bin: got %s", got)
	}
}

func TestAFacilityHasABoundedInbox(t *testing.T) {
	in := mustInbox(t)
	for range finder.MaxOpenFacility {
		if got := in.report(t, in.mustLabel(t, "f1"), finder.Full, ""); got != finder.Received {
			t.Fatalf("got %s, want it received", got)
		}
	}
	if _, err := in.Report(ctx, "lab-a", in.mustLabel(t, "f1"), finder.NewReport{Problem: finder.Full}); !problem.Is(err, "inbox-full") {
		t.Errorf("beyond the bound: got %v, want inbox-full", err)
	}
	if got := in.report(t, in.mustLabel(t, "f2"), finder.Full, ""); got != finder.Received {
		t.Errorf("at another facility: got %s", got)
	}
}

func TestListIsNewestFirstInPages(t *testing.T) {
	in := mustInbox(t)
	for i := range 5 {
		in.mustReport(t, fmt.Sprint("f", 1+i%2), fmt.Sprint("note ", i))
	}
	var notes []string
	for after, pages := "", 0; ; pages++ {
		page, err := in.List(ctx, caller(access.Coordinator, ""), finder.Filter{}, after, 2)
		if err != nil || pages > 3 {
			t.Fatalf("page %d: %v", pages, err)
		}
		for _, r := range page.Items {
			notes = append(notes, r.Note)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if got, want := strings.Join(notes, ","), "note 4,note 3,note 2,note 1,note 0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, bad := range []struct {
		after string
		limit int
	}{{"", 0}, {"", finder.MaxPage + 1}, {"x", 1}, {"\x00", 1}} {
		_, err := in.List(ctx, caller(access.Coordinator, ""), finder.Filter{}, bad.after, bad.limit)
		wantProblem(t, err, "page-invalid")
	}
}

func TestScope(t *testing.T) {
	in := mustInbox(t)
	report := in.mustReport(t, "f1", "una nota")
	in.mustReport(t, "f2", "")
	elsewhere := caller(access.Coordinator, "")
	elsewhere.Lab = "lab-b"
	recyclers := caller(access.Auditor, "")
	recyclers.Recycler = "f1" // an id that is a facility's, too
	for name, tt := range map[string]struct {
		by     access.Caller
		filter string
		lists  int
		sees   string // the problem of reading the one at f1; "" for none
		handle string // and of handling it
	}{
		"coordinator":           {caller(access.Coordinator, ""), "", 2, "", ""},
		"coordinator, filtered": {caller(access.Coordinator, ""), "f2", 1, "", ""},
		"manager":               {caller(access.Manager, "f1"), "", 1, "", ""},
		"another manager":       {caller(access.Manager, "f2"), "", 1, "report-unknown", "report-unknown"},
		"manager, peeping":      {caller(access.Manager, "f2"), "f1", 0, "report-unknown", "report-unknown"},
		"auditor":               {caller(access.Auditor, ""), "", 2, "", "role-not-allowed"},
		"auditor of f1":         {caller(access.Auditor, "f1"), "", 1, "", "role-not-allowed"},
		"auditor of a recycler": {recyclers, "", 0, "report-unknown", "role-not-allowed"},
		"another lab":           {elsewhere, "", 0, "report-unknown", "report-unknown"},
		"a filter that is none": {caller(access.Coordinator, ""), "f\x001", 0, "", ""},
		"a very long filter":    {caller(access.Coordinator, ""), strings.Repeat("f", 5000), 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := in.list(t, tt.by, finder.Filter{Facility: tt.filter}); len(got) != tt.lists {
				t.Errorf("lists %d reports, want %d", len(got), tt.lists)
			}
			if _, err := in.Get(ctx, tt.by, report.ID); tt.sees != "" || err != nil {
				wantProblem(t, err, tt.sees)
			}
			_, err := in.Handle(ctx, tt.by, report.ID, 999)
			if tt.handle == "" {
				tt.handle = "version-changed"
			}
			wantProblem(t, err, tt.handle)
			_, err = in.EraseNote(ctx, tt.by, report.ID, 999)
			wantProblem(t, err, tt.handle)
		})
	}
	for _, role := range []access.Role{access.Ward, access.Driver, access.Plant} {
		_, err := in.List(ctx, caller(role, "f1"), finder.Filter{}, "", 1)
		wantProblem(t, err, "role-not-allowed")
		_, err = in.Get(ctx, caller(role, "f1"), report.ID)
		wantProblem(t, err, "role-not-allowed")
	}
	for _, id := range []string{"", "x", "\x00", strings.Repeat("a", 999), strings.ToUpper(report.ID), "019a3c1e-7f10-7c3a-9f62-0d1e2f3a4b5c"} {
		_, err := in.Get(ctx, caller(access.Coordinator, ""), id)
		wantProblem(t, err, "report-unknown")
	}
}

func TestHandleAndErase(t *testing.T) {
	in := mustInbox(t)
	const secret = "il signor Rossi della stanza 12"
	report := in.mustReport(t, "f1", secret)
	manager := caller(access.Manager, "f1")
	in.now = in.now.Add(time.Hour)
	handled, err := in.Handle(ctx, manager, report.ID, 1)
	if err != nil || handled.State != finder.Handled || handled.HandledBy != manager.User || !handled.HandledAt.Time().Equal(in.now) || handled.Version != 2 {
		t.Errorf("got %+v, %v", handled, err)
	}
	_, err = in.Handle(ctx, manager, report.ID, 1)
	wantProblem(t, err, "version-changed")
	in.now = in.now.Add(time.Hour)
	if again, err := in.Handle(ctx, manager, report.ID, 2); err != nil || again != handled {
		t.Errorf("handled again: got %+v, %v, want nothing changed", again, err)
	}
	if n := len(in.list(t, manager, finder.Filter{State: finder.Open})); n != 0 {
		t.Errorf("%d are open, want none", n)
	}
	if n := len(in.list(t, manager, finder.Filter{State: finder.Handled})); n != 1 {
		t.Errorf("%d are handled, want one", n)
	}
	other := manager
	other.User = "user-other"
	erased, err := in.EraseNote(ctx, other, report.ID, 2)
	if err != nil || erased.Note != "" || !erased.NoteErased || erased.ErasedBy != other.User || !erased.ErasedAt.Time().Equal(in.now) || erased.HandledBy != manager.User || erased.Version != 3 || erased.Problem != report.Problem {
		t.Errorf("got %+v, %v, want all but the note", erased, err)
	}
	if again, err := in.EraseNote(ctx, manager, report.ID, 3); err != nil || again != erased {
		t.Errorf("erased again: got %+v, %v, want nothing changed", again, err)
	}
	err = in.store.View(ctx, finder.Partition, func(r store.Reader) error {
		docs, err := r.Documents(store.Ref{}, 100)
		for _, d := range docs {
			if bytes.Contains(d.Body, []byte("Rossi")) {
				t.Errorf("the note is still there: %s", d.Body)
			}
		}
		if head, _, _ := r.Head(); head != 0 {
			t.Errorf("the partition has a ledger of %d entries, want none: it would keep what is erased", head)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSweep(t *testing.T) {
	in := mustInbox(t)
	handled, open := in.mustReport(t, "f1", "handled"), in.mustReport(t, "f1", "open")
	if _, err := in.Handle(ctx, caller(access.Manager, "f1"), handled.ID, 1); err != nil {
		t.Fatal(err)
	}
	start := in.now
	for _, tt := range []struct {
		after   time.Duration
		deleted int
	}{
		{finder.KeepHandled, 0}, {finder.KeepHandled + time.Second, 1}, {finder.KeepOpen - time.Minute, 0}, {finder.KeepOpen + time.Minute, 1},
	} {
		in.now = start.Add(tt.after)
		if n, err := in.Sweep(ctx); err != nil || n != tt.deleted {
			t.Errorf("after %v: got %d deleted (%v), want %d", tt.after, n, err, tt.deleted)
		}
	}
	_, err := in.Get(ctx, caller(access.Coordinator, ""), open.ID)
	wantProblem(t, err, "report-unknown")
}

func TestSweepOfMany(t *testing.T) {
	in := mustInbox(t)
	for range 401 {
		in.report(t, in.mustLabel(t, "f1"), finder.Full, "")
	}
	in.now = in.now.Add(finder.KeepOpen + time.Hour)
	if n, err := in.Sweep(ctx); err != nil || n != 401 {
		t.Errorf("got %d deleted (%v), want all 401", n, err)
	}
}
