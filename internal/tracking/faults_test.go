package tracking_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// The matrix of store faults: every call that a method of the service makes to
// its store succeeds, fails before or after it took effect, is slow, or hangs.
// Whatever happens, the caller may send the same request again and gets the
// one answer; nothing is there twice, and the masses close.

// request is a call of the service that may be repeated as it is.
type request func(context.Context, *tracking.Service) (answer any, err error)

// faultWrite is a method that writes. new makes a request that was never made
// before; with again, that very request can be repeated.
type faultWrite struct {
	entries int // that one request adds to the ledger
	new     func(t TB, l *Lab) request
	// own says that the method makes up the identity of a request itself, so
	// that two requests can't be told from one.
	own bool
	// update is which of its calls to the store writes; 0: the first.
	update int
}

// faultWrites are the methods that write, by name.
var faultWrites = withAssessWrites(withDeclaredWrites(map[string]faultWrite{
	"CreateLab": {entries: 1, own: true, new: func(_ TB, l *Lab) request {
		l.ID += "-new"
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return nil, s.CreateLab(ctx, l.ID, "Laboratorio")
		}
	}},
	"PutFacility": put((*tracking.Service).PutFacility, tracking.Facility{Name: "Ospedale"}),
	"PutRecycler": put((*tracking.Service).PutRecycler, tracking.Recycler{Name: "Riciclatore"}),
	"PutWard":     put((*tracking.Service).PutWard, tracking.Ward{Facility: "facility-1", Name: "Reparto"}),
	"PutStream": put((*tracking.Service).PutStream, tracking.Stream{
		Name: "Bottles", NameIT: "Flaconi", Family: "fossil", EER: "15 01 02", Densities: []tracking.DatedDensity{{GramsPerLitre: 30}},
	}),
	"PutPrinter": put((*tracking.Service).PutPrinter, aPrinter()),
	"PutSheet": {entries: 1, new: func(_ TB, l *Lab) request {
		w, sheet := tracking.Write{Key: l.ID7()}, aSheet("s-"+l.ID7())
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return s.PutSheet(ctx, l.Coordinator(), w, sheet)
		}
	}},
	"PutDossier": {entries: 1, new: func(_ TB, l *Lab) request {
		w := tracking.Write{Key: l.ID7()}
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return s.PutDossier(ctx, l.Coordinator(), w, "", aProfile())
		}
	}},
	"AdvanceDossier": {entries: 1, new: func(t TB, l *Lab) request {
		d, err := l.Service.PutDossier(ctx, l.Coordinator(), tracking.Write{}, "", aProfile())
		if err != nil {
			t.Fatalf("making a dossier: %v", err)
		}
		w := tracking.Write{Key: l.ID7(), IfVersion: d.Seq}
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return s.AdvanceDossier(ctx, l.Coordinator(), w, d.Doc.ID, bottleSteps()[0])
		}
	}},
	"PutBioplasticSettings": {entries: 1, new: func(_ TB, l *Lab) request {
		w := tracking.Write{Key: l.ID7()}
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			if w.IfVersion == 0 { // as it is when the request is first made
				now, err := l.Service.BioplasticSettings(context.Background(), l.Coordinator())
				if err != nil {
					return nil, err
				}
				w.IfVersion = now.Seq
			}
			return s.PutBioplasticSettings(ctx, l.Coordinator(), w, tracking.BioplasticSettings{Threshold: 700})
		}
	}},
	"IssueLabels": {entries: 1, new: func(_ TB, l *Lab) request {
		w := tracking.Write{Key: l.ID7()}
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return s.IssueLabels(ctx, l.Manager(l.Facility), w, l.Facility, 3)
		}
	}},
	"Record": {entries: 1, new: func(t TB, l *Lab) request {
		sub := l.Entry(t, "fill.close", diverting(l.MustBin(t, l.Facility, "", "")))
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			r, err := s.Record(ctx, l.WardStaff(l.Facility), sub, 0)
			return told(r), err
		}
	}},
	"Sync": {entries: 3, new: func(t TB, l *Lab) request {
		bin := l.MustBin(t, l.Facility, "", "")
		subs := []tracking.Submission{
			l.Entry(t, "fill.close", diverting(bin)), l.Entry(t, "fill.weigh", tracking.Body{Bin: bin, Measurement: &tracking.Measurement{NetGrams: 700}}),
			l.Entry(t, "fill.close", diverting(bin)),
		}
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			results, err := s.Sync(ctx, l.WardStaff(l.Facility), subs, 0)
			answers := []any{}
			for _, r := range results {
				answers = append(answers, told(r))
			}
			return answers, err
		}
	}},
	"RecordAccess": {entries: 1, new: func(_ TB, l *Lab) request {
		change := tracking.AccessChange{ID: l.ID7(), Type: "access.user-created", Subject: "somebody"}
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return nil, s.RecordAccess(ctx, l.Coordinator(), change)
		}
	}},
}))

// put is the row of a method of the catalogue.
func put[D any](method func(*tracking.Service, context.Context, access.Caller, tracking.Write, D) (tracking.Versioned[D], error), doc D) faultWrite {
	return faultWrite{entries: 1, new: func(_ TB, l *Lab) request {
		w := tracking.Write{Key: l.ID7()}
		return func(ctx context.Context, s *tracking.Service) (any, error) {
			return method(s, ctx, l.Coordinator(), w, doc)
		}
	}}
}

// told is what must be the same each time that an entry is sent.
func told(r tracking.Result) any { return []any{r.ID, r.Seq, r.RecordedAt, r.Outcome} }

// diverting closes a fill with a mass that counts, and starts the next.
func diverting(bin string) tracking.Body {
	sorting := clean()
	sorting.NotContaminated = false
	return tracking.Body{Bin: bin, Measurement: &tracking.Measurement{NetGrams: 1200}, Sorting: sorting}
}

// faultRead is a method that reads, asked of a lab with one of everything.
type faultRead func(ctx context.Context, s *tracking.Service, l *Lab, of chain) (any, error)

// faultReads are the methods that read, by name.
func faultReads() map[string]faultRead {
	page := tracking.Page{Limit: 50}
	read := func(ask func(context.Context, *tracking.Service, access.Caller, chain) (any, error)) faultRead {
		return func(ctx context.Context, s *tracking.Service, l *Lab, of chain) (any, error) {
			return ask(ctx, s, l.Coordinator(), of)
		}
	}
	type (
		service = tracking.Service
		caller  = access.Caller
	)
	return withAssessReads(withDeclaredReads(map[string]faultRead{
		"CheckMembership": func(ctx context.Context, s *service, l *Lab, of chain) (any, error) {
			return nil, s.CheckMembership(ctx, access.Membership{Lab: l.ID, Role: access.Ward, Facility: of.facility, Ward: of.ward})
		},
		"Facilities": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Facilities(ctx, c, page)
		}),
		"Facility": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Facility(ctx, c, of.facility)
		}),
		"Wards": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Wards(ctx, c, "", page)
		}),
		"Ward": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) { return s.Ward(ctx, c, of.ward) }),
		"Recyclers": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Recyclers(ctx, c, page)
		}),
		"Recycler": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Recycler(ctx, c, of.recycler)
		}),
		"Streams": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) { return s.Streams(ctx, c, page) }),
		"Stream": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Stream(ctx, c, "stream-2")
		}),
		"Months": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) { return s.Months(ctx, c) }),
		"Status": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) { return s.Status(ctx, c) }),
		"Labels": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Labels(ctx, c, tracking.LabelFilter{}, page)
		}),
		"Label": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Label(ctx, c, of.label)
		}),
		"Batches": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Batches(ctx, c, tracking.BatchFilter{}, page)
		}),
		"Batch": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Batch(ctx, c, of.batch)
		}),
		"Printers": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) { return s.Printers(ctx, c, page) }),
		"Printer": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Printer(ctx, c, of.printer)
		}),
		"Sheets": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) { return s.Sheets(ctx, c, page) }),
		"Sheet":  read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) { return s.Sheet(ctx, c, "L7160") }),
		"Dossiers": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Dossiers(ctx, c, tracking.DossierFilter{}, page)
		}),
		"Dossier": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Dossier(ctx, c, of.dossier)
		}),
		"Comparison": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Comparison(ctx, c, of.dossier)
		}),
		"Transitions": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Transitions(ctx, c, of.dossier, page)
		}),
		"SortingAlarms": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.SortingAlarms(ctx, c, tracking.AlarmFilter{From: "2026-03-01"}, page)
		}),
		"BioplasticSettings": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.BioplasticSettings(ctx, c)
		}),
		"PrintSetup": func(ctx context.Context, s *service, l *Lab, of chain) (any, error) {
			sheet, printer, err := s.PrintSetup(ctx, l.Coordinator(), "", of.printer)
			return []any{sheet, printer}, err
		},
		"CalibrationSetup": func(ctx context.Context, s *service, l *Lab, of chain) (any, error) {
			sheet, printer, err := s.CalibrationSetup(ctx, l.Coordinator(), of.printer, "")
			return []any{sheet, printer}, err
		},
		"LabelFaces": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.LabelFaces(ctx, c, tracking.LabelSelection{Codes: []string{of.label}})
		}),
		"Scan": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Scan(ctx, c, of.label)
		}),
		"Found": func(ctx context.Context, s *service, l *Lab, of chain) (any, error) {
			return s.Found(ctx, l.ID, of.label)
		},
		"FoundAt": func(ctx context.Context, s *service, l *Lab, of chain) (any, error) {
			return s.FoundAt(ctx, l.ID, of.label)
		},
		"Bins": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Bins(ctx, c, tracking.BinFilter{}, page)
		}),
		"Bin": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) { return s.Bin(ctx, c, of.bin) }),
		"Fills": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Fills(ctx, c, tracking.FillFilter{}, page)
		}),
		"Fill": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) { return s.Fill(ctx, c, of.fill) }),
		"StorageClocks": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.StorageClocks(ctx, c, "")
		}),
		"Pickups": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Pickups(ctx, c, tracking.PickupFilter{}, page)
		}),
		"Pickup": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Pickup(ctx, c, of.pickup)
		}),
		"Receipts": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Receipts(ctx, c, tracking.ChainFilter{}, page)
		}),
		"Receipt": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Receipt(ctx, c, of.receipt)
		}),
		"Treatments": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Treatments(ctx, c, tracking.ChainFilter{}, page)
		}),
		"Treatment": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Treatment(ctx, c, of.treatment)
		}),
		"Discrepancies": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Discrepancies(ctx, c, tracking.DiscrepancyFilter{}, page)
		}),
		"Discrepancy": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Discrepancy(ctx, c, of.discrepancy)
		}),
		"Reviews": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Reviews(ctx, c, tracking.ReviewFilter{}, page)
		}),
		"Review": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Review(ctx, c, of.review)
		}),
		"Entries": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Entries(ctx, c, tracking.EntryFilter{}, 50)
		}),
		"Entry": read(func(ctx context.Context, s *service, c caller, of chain) (any, error) {
			return s.Entry(ctx, c, of.entry)
		}),
		"Summary": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Summary(ctx, c, always)
		}),
		"Series": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) { return s.Series(ctx, c, always) }),
		"Funnel": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) { return s.Funnel(ctx, c, always) }),
		"Breakdown": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Breakdown(ctx, c, always, tracking.ByWard)
		}),
		"Cells": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.Cells(ctx, c, always, page)
		}),
		"DrillDown": read(func(ctx context.Context, s *service, c caller, _ chain) (any, error) {
			return s.DrillDown(ctx, c, always, page)
		}),
	}))
}

// TestEveryMethodHasARowOfFaults fails when a method, or a place that calls
// the store, is new and no row of the matrix reaches it.
func TestEveryMethodHasARowOfFaults(t *testing.T) {
	methods := map[string]bool{}
	for m := range reflect.TypeFor[*tracking.Service]().Methods() {
		methods[m.Name] = true
	}
	rows := slices.Collect(maps.Keys(faultWrites))
	rows = slices.AppendSeq(rows, maps.Keys(faultReads()))
	for _, fault := range differences(methods, rows) {
		t.Errorf("the matrix of faults: method %s", fault)
	}
	l := MustLab(t, MustStore(t))
	of := mustChain(t, l, l.Facility, l.Ward, l.Recycler)
	mustDeclare(t, l)
	faulty := storetest.NewFaulty(l.Store, nil)
	s := tracking.New(faulty, l.Clock.Now)
	for _, read := range faultReads() {
		_, _ = read(t.Context(), s, l, of) // only where the calls come from
	}
	for _, w := range faultWrites {
		_, _ = w.new(t, MustLab(t, l.Store))(t.Context(), s)
	}
	var reached []string
	for site := range faulty.Sites() {
		function, _, _ := strings.Cut(strings.TrimPrefix(site, "tracking."), ":")
		reached = append(reached, strings.TrimPrefix(function, "(*Service)."))
	}
	for _, fault := range differences(storeCallers(t), reached) {
		t.Errorf("the matrix of faults: store calls in %s", fault)
	}
	if got := differences(map[string]bool{"Known": true, "New": true}, []string{"Known", "Former"}); len(got) != 2 {
		t.Errorf("control: got %q, want a missing row and one too many", got)
	}
}

// differences lists what has no row, and the rows of nothing.
func differences(want map[string]bool, rows []string) (faults []string) {
	for name := range want {
		if !slices.Contains(rows, name) {
			faults = append(faults, name+" has no row")
		}
	}
	for _, name := range rows {
		if !want[name] {
			faults = append(faults, name+" is gone")
		}
	}
	return faults
}

var functionLine = regexp.MustCompile(`^func (?:\(.*?\) )?(\w+)`)

// storeCallers are the functions of the package that call a service's store.
func storeCallers(t *testing.T) map[string]bool {
	t.Helper()
	callers, function := map[string]bool{}, ""
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if m := functionLine.FindStringSubmatch(line); m != nil {
				function = m[1]
			}
			if strings.Contains(line, "s.store.") && !strings.HasSuffix(name, "_test.go") {
				callers[function] = true
			}
		}
	}
	return callers
}

// patience is how long a request may take where the store hangs.
const patience = 30 * time.Millisecond

// faultCalls makes the nth call to the store go wrong, and counts the calls.
func faultCalls(inner store.Store, outcome storetest.Outcome, nth int) (s *storetest.Faulty, calls *int) {
	calls = new(int)
	return storetest.NewFaulty(inner, func(storetest.Call) storetest.Fault {
		if *calls++; *calls != nth {
			return storetest.Fault{}
		}
		return storetest.Fault{Outcome: outcome, Delay: 5 * time.Millisecond}
	}), calls
}

// faultCallsOf counts the calls to the store that a request makes.
func faultCallsOf(t *testing.T, l *Lab, ask request) int {
	t.Helper()
	s, calls := faultCalls(l.Store, storetest.OK, 0)
	if _, err := ask(t.Context(), tracking.New(s, l.Clock.Now)); err != nil {
		t.Fatalf("without faults: %v", err)
	}
	if *calls == 0 {
		t.Fatal("the method does not call the store: it needs no row")
	}
	return *calls
}

// askUnder makes a request while its nth call to the store goes wrong, and
// wants the right error in time.
func askUnder(t *testing.T, l *Lab, outcome storetest.Outcome, nth int, ask request) (answer any, err error) {
	t.Helper()
	ctx, limit := t.Context(), 2*time.Second
	if outcome == storetest.Hang {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
		limit = patience + time.Second // the machine may be busy
	}
	s, _ := faultCalls(l.Store, outcome, nth)
	began := time.Now()
	answer, err = ask(ctx, tracking.New(s, l.Clock.Now))
	if took := time.Since(began); took > limit {
		t.Errorf("took %v, want at most %v", took, limit)
	}
	want := map[storetest.Outcome]error{
		storetest.FailApplied: store.ErrUnavailable, storetest.FailNotApplied: store.ErrUnavailable, storetest.Hang: context.DeadlineExceeded,
	}[outcome]
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
	return answer, err
}

func TestWritesUnderStoreFaults(t *testing.T) {
	s := MustStore(t)
	for _, name := range slices.Sorted(maps.Keys(faultWrites)) {
		w := faultWrites[name]
		lab := MustLab(t, s)
		for nth := range faultCallsOf(t, lab, w.new(t, lab)) {
			for _, outcome := range storetest.Outcomes {
				t.Run(fmt.Sprintf("%s/%s/%d", name, outcome, nth+1), func(t *testing.T) {
					wantOnce(t, MustLab(t, s), w, outcome, nth+1)
				})
			}
		}
		if !w.own {
			t.Run(name+"/Control", func(t *testing.T) { wantTwice(t, MustLab(t, s), w) })
		}
	}
}

// wantOnce makes a request whose answer may get lost, makes it twice again,
// and wants it to have happened once.
func wantOnce(t *testing.T, l *Lab, w faultWrite, outcome storetest.Outcome, nth int) {
	t.Helper()
	ask := w.new(t, l)
	before := l.head(t)
	first, failed := askUnder(t, l, outcome, nth, ask)
	if got := l.head(t) - before; got != 0 && got != store.Seq(w.entries) || failed == nil && got == 0 {
		t.Errorf("%d entries were added and the answer was %v, want %d or, with an error, none", got, failed, w.entries)
	}
	l.Clock.Advance(time.Hour)
	clean := tracking.New(l.Store, l.Clock.Now)
	second, err := ask(t.Context(), clean)
	if err != nil {
		t.Fatalf("the same request again: %v", err)
	}
	third, err := ask(t.Context(), clean)
	if err != nil {
		t.Fatalf("the same request a third time: %v", err)
	}
	if failed == nil {
		wantSame(t, "the second answer", second, first)
	}
	wantSame(t, "the third answer", third, second)
	if got := l.head(t) - before; got != store.Seq(w.entries) {
		t.Errorf("%d entries were added, want %d", got, w.entries)
	}
	wantInvariants(t, l)
}

// wantTwice shows what happens to clients that make up a new identity when
// they try again.
func wantTwice(t *testing.T, l *Lab, w faultWrite) {
	t.Helper()
	first, second := w.new(t, l), w.new(t, l)
	before := l.head(t)
	_, _ = askUnder(t, l, storetest.FailApplied, max(w.update, 1), first)
	if _, err := second(t.Context(), l.Service); err != nil {
		t.Fatal(err)
	}
	if got := l.head(t) - before; got != 2*store.Seq(w.entries) {
		t.Errorf("%d entries were added, want %d: idempotency is not what keeps them single", got, 2*w.entries)
	}
}

func TestReadsUnderStoreFaults(t *testing.T) {
	l := MustLab(t, MustStore(t))
	of := mustChain(t, l, l.Facility, l.Ward, l.Recycler)
	mustDeclare(t, l)
	before := l.head(t)
	for name, read := range faultReads() {
		ask := func(ctx context.Context, s *tracking.Service) (any, error) { return read(ctx, s, l, of) }
		for nth := range faultCallsOf(t, l, ask) {
			for _, outcome := range storetest.Outcomes {
				t.Run(fmt.Sprintf("%s/%s/%d", name, outcome, nth+1), func(t *testing.T) {
					wantSameAfterwards(t, l, outcome, nth+1, ask)
				})
			}
		}
	}
	if got := l.head(t); got != before {
		t.Errorf("reading moved the head from %d to %d", before, got)
	}
}

// wantSameAfterwards reads through one fault, and wants the next answer of the
// same service to be that of a service that saw none: caches forget nothing
// and remember nothing wrong.
func wantSameAfterwards(t *testing.T, l *Lab, outcome storetest.Outcome, nth int, ask request) {
	t.Helper()
	fresh, err := ask(t.Context(), tracking.New(l.Store, l.Clock.Now))
	if err != nil {
		t.Fatal(err)
	}
	var service *tracking.Service
	answer, err := askUnder(t, l, outcome, nth, func(ctx context.Context, s *tracking.Service) (any, error) {
		service = s
		return ask(ctx, s)
	})
	if err == nil {
		wantSame(t, "the answer", answer, fresh)
	}
	again, err := ask(t.Context(), service)
	if err != nil {
		t.Fatalf("afterwards: %v", err)
	}
	wantSame(t, "the answer afterwards", again, fresh)
}

func wantSame(t *testing.T, what string, got, want any) {
	t.Helper()
	a, errA := json.Marshal(got)
	b, errB := json.Marshal(want)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("%s: got %.300s, want %.300s (%v)", what, a, b, errors.Join(errA, errB))
	}
}

// head is the number of entries in the lab's ledger.
func (l *Lab) head(t TB) (seq store.Seq) {
	t.Helper()
	err := l.Store.View(ctx, store.LabID(l.ID), func(r store.Reader) (err error) {
		seq, _, err = r.Head()
		return err
	})
	if err != nil {
		t.Fatalf("reading the head: %v", err)
	}
	return seq
}

// wantInvariants verifies the lab.
func wantInvariants(t *testing.T, l *Lab) {
	t.Helper()
	scratch, err := openScratch()
	if err != nil {
		t.Fatal(err)
	}
	defer scratch.close()
	faults, err := tracking.Verify(ctx, l.Store, scratch.Store, store.LabID(l.ID), nil)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	for _, f := range faults {
		t.Errorf("verify: %v", f)
	}
}
