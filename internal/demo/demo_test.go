package demo_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/demo"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// until is the demo's now in these tests: a Monday morning in autumn.
var until = time.Date(2026, 9, 14, 10, 30, 0, 0, calendar.Rome())

func mustStore(tb testing.TB, scratch bool) store.Store {
	tb.Helper()
	s, err := sqlite.Open(context.Background(), sqlite.Options{
		Dir: tb.TempDir(), Scratch: scratch, MaxView: time.Minute, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatalf("opening the store: %v", err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

func mustSeed(tb testing.TB, o demo.Options) demo.Demo {
	tb.Helper()
	d, err := demo.Seed(context.Background(), o)
	if err != nil {
		tb.Fatalf("seeding: %v", err)
	}
	return d
}

// books is all that a lab's store holds, decoded.
type books struct {
	head    store.Hash
	entries []entry
	docs    map[store.Kind][]store.Document
}

type entry struct {
	Entry   tracking.Content
	Outcome tracking.Outcome
}

func read(tb testing.TB, s store.Store) books {
	tb.Helper()
	b := books{docs: map[store.Kind][]store.Document{}}
	err := s.View(context.Background(), demo.Lab, func(r store.Reader) (err error) {
		var seq store.Seq
		if seq, b.head, err = r.Head(); err != nil {
			return err
		}
		for after := store.Seq(0); after < seq; {
			records, err := r.Entries(after, 1000)
			if err != nil {
				return err
			}
			for _, record := range records {
				var e entry
				if err := json.Unmarshal(record.Bytes, &e); err != nil {
					return err
				}
				b.entries, after = append(b.entries, e), record.Seq
			}
		}
		for after := (store.Ref{}); ; {
			docs, err := r.Documents(after, 1000)
			if err != nil || len(docs) == 0 {
				return err
			}
			for _, d := range docs {
				b.docs[d.Kind] = append(b.docs[d.Kind], d)
			}
			after = store.Ref{Kind: docs[len(docs)-1].Kind, ID: docs[len(docs)-1].ID}
		}
	})
	if err != nil {
		tb.Fatalf("reading the lab: %v", err)
	}
	return b
}

// all decodes the documents of a kind that match.
func all[T any](tb testing.TB, b books, kind store.Kind, match func(*T) bool) []T {
	tb.Helper()
	var found []T
	for _, d := range b.docs[kind] {
		var doc T
		if err := json.Unmarshal(d.Body, &doc); err != nil {
			tb.Fatalf("decoding %s %s: %v", kind, d.ID, err)
		}
		if match == nil || match(&doc) {
			found = append(found, doc)
		}
	}
	return found
}

func TestYear(t *testing.T) {
	t.Parallel()
	s := mustStore(t, true)
	accounts := &desk{}
	d := mustSeed(t, demo.Options{Store: s, Until: until, Identity: accounts})
	b := read(t, s)
	t.Logf("%d entries, answered %v", len(b.entries), d.Answers)
	for _, kind := range []store.Kind{tracking.KindFill, tracking.KindPickup, tracking.KindReceipt, tracking.KindTreatment, tracking.KindDiscrepancy, tracking.KindReview, tracking.KindCell} {
		t.Logf("%s: %d", kind, len(b.docs[kind]))
	}

	t.Run("catalogue", func(t *testing.T) { checkCatalogue(t, b) })
	t.Run("dossiers", func(t *testing.T) { checkDossiers(t, b) })
	t.Run("labels", func(t *testing.T) { checkLabels(t, b) })
	t.Run("masses", func(t *testing.T) { checkMasses(t, b) })
	t.Run("haul", func(t *testing.T) { checkHaul(t, b) })
	t.Run("irregular life", func(t *testing.T) { checkIrregularLife(t, b, d) })
	t.Run("last weeks", func(t *testing.T) { checkLastWeeks(t, b) })
	t.Run("clock", func(t *testing.T) { checkClock(t, b) })
	t.Run("tour", func(t *testing.T) { checkTour(t, b, d.Tour) })
	t.Run("sign-ins", func(t *testing.T) { checkSignIns(t, d, accounts) })
	t.Run("cards", func(t *testing.T) { checkCards(t, s) })
	t.Run("factors", func(t *testing.T) { checkFactors(t, s) })
	t.Run("counts", func(t *testing.T) { checkCounts(t, b) })
	t.Run("pilot", func(t *testing.T) { checkPilot(t, s) })
	t.Run("report", func(t *testing.T) { checkReport(t, s) })
	t.Run("verify", func(t *testing.T) {
		faults, err := tracking.Verify(context.Background(), s, mustStore(t, true), demo.Lab, nil)
		if err != nil || len(faults) > 0 {
			t.Errorf("verify: got %v and faults %v, want none", err, faults)
		}
	})
	t.Run("again", func(t *testing.T) {
		if _, err := demo.Seed(context.Background(), demo.Options{Store: s, Until: until}); !errors.Is(err, demo.ErrNotEmpty) {
			t.Errorf("seeding twice: got %v, want ErrNotEmpty", err)
		}
	})
}

func checkCatalogue(t *testing.T, b books) {
	for kind, want := range map[store.Kind]int{
		tracking.KindFacility: 2, tracking.KindWard: 8, tracking.KindRecycler: 2, tracking.KindStream: 7, tracking.KindBin: 60,
	} {
		if got := len(b.docs[kind]); got != want {
			t.Errorf("%s: got %d, want %d", kind, got, want)
		}
	}
	families := map[string]int{}
	for _, s := range all[tracking.Stream](t, b, tracking.KindStream, nil) {
		families[s.Family]++
		if len(s.Polymers) == 0 || len(s.Accepts) == 0 || len(s.AcceptsIT) == 0 || len(s.Refuses) == 0 || len(s.RefusesIT) == 0 || s.Colour == "" {
			t.Errorf("stream %s is not complete", s.ID)
		}
	}
	if families["compostable"] != 1 || families["bio-based-drop-in"] != 1 {
		t.Errorf("families: got %v, want one compostable and one bio-based-drop-in", families)
	}
	for _, bin := range all[tracking.Bin](t, b, tracking.KindBin, nil) {
		set := bin.Settings[0]
		if bin.Label == "" || set.VolumeLitres < 60 || set.VolumeLitres > 240 || set.TareGrams < 2000 || set.TareGrams > 12_000 {
			t.Errorf("bin %s: label %q, %d l, %s", bin.ID, bin.Label, set.VolumeLitres, set.TareGrams)
		}
	}
}

func checkLabels(t *testing.T, b books) {
	states := map[tracking.LabelState]int{}
	for _, l := range all[tracking.Label](t, b, tracking.KindLabel, nil) {
		states[l.State]++
	}
	if states[tracking.Blank] != 12 || states[tracking.Bound] != 60 || states[tracking.LabelIsGone] != 1 {
		t.Errorf("labels: got %v, want 12 blank, 60 bound, 1 retired", states)
	}
}

func checkMasses(t *testing.T, b books) {
	var sum indicator.Activity
	adjusted := false
	for _, c := range all[tracking.Cell](t, b, tracking.KindCell, nil) {
		sum = sum.Plus(c.Activity)
		adjusted = adjusted || c.Adjusts()
	}
	if broken := sum.Check(); broken != "" {
		t.Errorf("the funnel does not close: %s", broken)
	}
	if !adjusted {
		t.Error("no closed month was adjusted")
	}
	if sum.Unallocated != 0 {
		t.Errorf("unallocated: got %s, want none", sum.Unallocated)
	}
	for rung := range indicator.WardScale + 1 {
		if sum.CollectedBy[rung] == 0 {
			t.Errorf("nothing was collected by %s", rung)
		}
	}
	if sum.ReceivedBy[indicator.RecyclerScale] == 0 || sum.ReceivedBy[indicator.CertifiedWeighbridge] == 0 {
		t.Errorf("received by %v, want both kinds of scale", sum.ReceivedBy)
	}
	for _, route := range []string{"R1", "D10", "composting"} {
		if sum.Routes[route] == 0 {
			t.Errorf("nothing went to %s", route)
		}
	}
	for _, operation := range []string{"R1", "D10"} {
		if sum.RefusedTo[operation] == 0 {
			t.Errorf("nothing that was refused went to %s", operation)
		}
	}
	if len(sum.Recyclates) < 6 {
		t.Errorf("recyclates: got %v, want one kind for each stream that is recycled", sum.Recyclates)
	}
	rate := float64(sum.Recyclate) / float64(sum.Accepted)
	if rate < 0.5 || rate > 0.9 {
		t.Errorf("recyclate is %.2f of what was accepted: not plausible", rate)
	}
	t.Logf("collected %s, accepted %s, refused %s, recyclate %s, pending %s, in transit %s, stored %s, diverted %s",
		sum.Collected, sum.Accepted, sum.Refused, sum.Recyclate, sum.Pending, sum.InTransit, sum.Stored, sum.Diverted)
}

// checkHaul: each method of a leg occurs, and the visits of a shared round
// share all of it.
func checkHaul(t *testing.T, b books) {
	var sum indicator.Activity
	for _, c := range all[tracking.Cell](t, b, tracking.KindCell, nil) {
		sum = sum.Plus(c.Activity)
	}
	t.Logf("haul %v", sum.Haul)
	methods, loaded := map[indicator.HaulMethod]int{}, 0
	for _, h := range indicator.HaulAmounts(sum.Haul) {
		methods[h.Method]++
		if h.LoadPercent != nil {
			loaded++
		}
	}
	if len(methods) != 3 || loaded == 0 {
		t.Errorf("haul: got %v, %d of them with a load, want all three methods and some", methods, loaded)
	}
	shares, fewer := map[string]int64{}, 0
	for _, p := range all(t, b, tracking.KindPickup, func(p *tracking.Pickup) bool { return p.Handover != nil }) {
		if s := p.Handover.Legs[0].ShareThousandths; s != nil {
			shares[p.Recycler+" "+p.PlannedFor] += *s
		}
	}
	for round, sum := range shares {
		if sum != 1000 {
			t.Logf("%s: the shares are %d", round, sum)
			fewer++
		}
	}
	if len(shares) < 20 || fewer > 0 {
		t.Errorf("%d rounds were shared, of which %d not wholly", len(shares), fewer)
	}
}

// facts lists all facts of fills and pickups.
func facts(t *testing.T, b books) []tracking.Fact {
	var facts []tracking.Fact
	for _, f := range all[tracking.Fill](t, b, tracking.KindFill, nil) {
		facts = append(facts, f.Facts...)
	}
	for _, p := range all[tracking.Pickup](t, b, tracking.KindPickup, nil) {
		facts = append(facts, p.Facts...)
	}
	return facts
}

func checkIrregularLife(t *testing.T, b books, d demo.Demo) {
	facts := facts(t, b)
	fact := func(match func(f tracking.Fact) bool) int {
		n := 0
		for _, f := range facts {
			if match(f) {
				n++
			}
		}
		return n
	}
	is := func(typ tracking.Type, status tracking.Status) func(tracking.Fact) bool {
		return func(f tracking.Fact) bool { return f.Type == typ && f.Status == status }
	}
	warned := func(w tracking.Warning) func(tracking.Fact) bool {
		return func(f tracking.Fact) bool { return slices.Contains(f.Warnings, w) }
	}
	caused := func(typ tracking.Type, cause string) func(tracking.Fact) bool {
		return func(f tracking.Fact) bool {
			return f.Type == typ && f.Body.Cause == cause && f.Status == tracking.Applied
		}
	}
	received := func(outcome string) func(tracking.Fact) bool {
		return func(f tracking.Fact) bool { return f.Type == "receipt.record" && f.Body.Outcome == outcome }
	}
	unfit := func(typ tracking.Type, r tracking.Reason) func(tracking.Fact) bool {
		return func(f tracking.Fact) bool { return f.Type == typ && f.Status == tracking.Unfit && f.Reason == r }
	}
	late := func(f tracking.Fact) bool { return f.RecordedAt.Sub(f.At) > 3*24*time.Hour }
	for name, found := range map[string]int{
		"weighed on the way":      fact(is("fill.weigh", tracking.Applied)),
		"late entry":              fact(late),
		"late closing, collected": fact(func(f tracking.Fact) bool { return late(f) && f.Type == "fill.close" && f.Status == tracking.Applied }),
		"undo":                    fact(is("undo", tracking.Applied)),
		"undone closing":          fact(is("fill.close", tracking.Voided)),
		"correction":              fact(func(f tracking.Fact) bool { return f.Replaced != nil && f.Type == "fill.close" }),
		"approval":                fact(is("correction.approve", tracking.Applied)),
		"rejected correction":     fact(is("correct", tracking.Rejected)),
		"pending correction":      fact(is("correct", tracking.Pending)),
		"implausible mass":        len(slices.Collect(warnings(b, tracking.WarnImplausible))),
		"bin not on the list": len(all(t, b, tracking.KindPickup, func(p *tracking.Pickup) bool {
			return slices.ContainsFunc(p.Lines, func(l tracking.Line) bool { return l.NotPlanned })
		})),
		"unattended":             fact(warned(tracking.WarnUnattended)),
		"countersigned":          fact(is("pickup.countersign", tracking.Applied)),
		"lost":                   fact(is("bin.lost", tracking.Applied)),
		"found":                  fact(is("bin.found", tracking.Applied)),
		"missing: lost":          fact(caused("pickup.missing", "lost")),
		"missing: not found":     fact(caused("pickup.missing", "not-found")),
		"missing: still open":    fact(caused("pickup.missing", "still-open")),
		"missing: no access":     fact(caused("pickup.missing", "no-access")),
		"exception":              fact(is("pickup.exception", tracking.Applied)),
		"cancelled":              fact(is("pickup.cancel", tracking.Applied)),
		"scanned twice":          fact(is("pickup.scan", tracking.Repeated)),
		"scanned by another":     fact(unfit("pickup.scan", tracking.ReasonAlreadyCollected)),
		"scanned while open":     fact(unfit("pickup.scan", tracking.ReasonNotClosed)),
		"closed twice":           fact(unfit("fill.close", tracking.ReasonAlreadyClosed)),
		"dismissed":              fact(func(f tracking.Fact) bool { return f.Status == tracking.Dismissed }),
		"accepted":               fact(received("A")),
		"partly refused":         fact(received("P")),
		"refused":                fact(received("R")),
		"refused goes elsewhere": fact(func(f tracking.Fact) bool { return f.Body.Outcome == "R" && f.Body.NextDestination != "" }),
		"cause NC":               fact(caused("receipt.record", "NC")),
		"cause IR":               fact(caused("receipt.record", "IR")),
		"receipt per bin":        fact(func(f tracking.Fact) bool { return f.Type == "receipt.record" && f.Body.Bin != "" }),
		"R12": fact(func(f tracking.Fact) bool {
			return slices.ContainsFunc(f.Body.Outputs, func(o tracking.Output) bool { return o.Operation == "R12" })
		}),
		"diverted":                   len(all(t, b, tracking.KindFill, func(f *tracking.Fill) bool { return f.State == tracking.Diverted })),
		"discrepancy accepted":       len(all(t, b, tracking.KindDiscrepancy, func(d *tracking.Discrepancy) bool { return d.State == "accepted" && d.Explanation != "" })),
		"discrepancy explained":      len(all(t, b, tracking.KindDiscrepancy, func(d *tracking.Discrepancy) bool { return d.State == "explained" })),
		"discrepancy overdue":        len(all(t, b, tracking.KindDiscrepancy, func(d *tracking.Discrepancy) bool { return d.State == "open" && d.DueAt < calendar.At(until) })),
		"duplicates":                 d.Answers[tracking.ResultDuplicate],
		"clock warning":              len(slices.Collect(warnings(b, tracking.WarnClockSkew))),
		"unknown label in the inbox": len(all(t, b, tracking.KindReview, func(r *tracking.Review) bool { return strings.HasPrefix(r.Awaits, "label:") })),
	} {
		if found == 0 {
			t.Errorf("%s: it never happened", name)
		}
	}
	checkInbox(t, b, 1)
	lab := all[tracking.Lab](t, b, tracking.KindLab, nil)[0]
	if len(lab.ClosedMonths) != 9 || lab.ClosedMonths[0].Month != "2025-09" {
		t.Errorf("closed months: got %v, want 9 from 2025-09 on", lab.ClosedMonths)
	}
}

// checkInbox keeps the inbox readable: what the script leaves there, and no
// more; of discrepancies one settled each year and two at the end.
func checkInbox(t *testing.T, b books, years int) {
	states := map[string]int{}
	for _, r := range all[tracking.Review](t, b, tracking.KindReview, nil) {
		states[r.State]++
		t.Logf("review %s: %s %s of %s", r.State, r.Type, r.Reason, r.At)
	}
	if states["open"] != 6 || states["dismissed"] != 1 {
		t.Errorf("inbox: got %v, want 6 open and 1 dismissed", states)
	}
	for _, d := range all[tracking.Discrepancy](t, b, tracking.KindDiscrepancy, nil) {
		t.Logf("discrepancy %s: %s expected, %s observed, due %s", d.State, d.ExpectedGrams, d.ObservedGrams, d.DueAt)
	}
	if n := len(b.docs[tracking.KindDiscrepancy]); n != years+2 {
		t.Errorf("discrepancies: got %d, want %d", n, years+2)
	}
}

func warnings(b books, w tracking.Warning) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, e := range b.entries {
			if slices.Contains(e.Outcome.Warnings, w) && !yield(e.Entry.ID) {
				return
			}
		}
	}
}

func checkLastWeeks(t *testing.T, b books) {
	states := map[tracking.FillState]int{}
	for _, f := range all[tracking.Fill](t, b, tracking.KindFill, nil) {
		states[f.State]++
	}
	for _, s := range []tracking.FillState{tracking.Open, tracking.Closed, tracking.Collected, tracking.Received, tracking.Treated} {
		if states[s] == 0 {
			t.Errorf("no fill is %s", s)
		}
	}
	t.Logf("fills: %v", states)
	pickups := map[tracking.PickupState]int{}
	for _, p := range all[tracking.Pickup](t, b, tracking.KindPickup, nil) {
		pickups[p.State]++
	}
	for _, s := range []tracking.PickupState{tracking.Planned, tracking.HandedOver, tracking.Arrived, tracking.Settled, tracking.Cancelled} {
		if pickups[s] == 0 {
			t.Errorf("no pickup is %s", s)
		}
	}
	t.Logf("pickups: %v", pickups)
}

// checkClock looks at when the server recorded what.
func checkClock(t *testing.T, b books) {
	for i, e := range b.entries {
		c := e.Entry
		if i > 0 && c.RecordedAt < b.entries[i-1].Entry.RecordedAt {
			t.Fatalf("entry %d was recorded before its predecessor", i+1)
		}
		if c.RecordedAt > calendar.At(until) {
			t.Fatalf("entry %d was recorded at %s, after the end", i+1, c.RecordedAt)
		}
		if slices.Contains(e.Outcome.Warnings, tracking.WarnInFuture) {
			t.Errorf("entry %d (%s by %s at %s) is from the future", i+1, c.Type, c.Actor, c.OccurredAt)
		}
	}
}

func checkTour(t *testing.T, b books, tour demo.Tour) {
	label := map[string]tracking.Label{}
	for _, l := range all[tracking.Label](t, b, tracking.KindLabel, nil) {
		label[l.Code] = l
	}
	bin := map[string]tracking.Bin{}
	for _, x := range all[tracking.Bin](t, b, tracking.KindBin, nil) {
		bin[x.ID] = x
	}
	if s := label[tour.BlankLabel].State; s != tracking.Blank {
		t.Errorf("blank label is %q", s)
	}
	if l := label[tour.RetiredLabel]; l.State != tracking.LabelIsGone || l.Bin == "" {
		t.Errorf("retired label is %q and leads to %q", l.State, l.Bin)
	}
	if open := bin[tour.OpenBin]; open.Label != tour.OpenLabel || open.Fill.State != tracking.Open {
		t.Errorf("open bin has label %q and is %q", open.Label, open.Fill.State)
	}
	if s := bin[label[tour.ClosedLabel].Bin].Fill.State; s != tracking.Closed {
		t.Errorf("the bin that waits is %q", s)
	}
	planned := all(t, b, tracking.KindPickup, func(p *tracking.Pickup) bool { return p.ID == tour.PlannedPickup })
	if len(planned) != 1 || planned[0].State != tracking.Planned || planned[0].PlannedFor != "2026-09-14" || len(planned[0].Bins) == 0 {
		t.Errorf("pickup of today: got %+v", planned)
	}
}

func TestSameSeedSameLedger(t *testing.T) {
	t.Parallel()
	var heads [2]store.Hash
	for i := range heads {
		s := mustStore(t, true)
		mustSeed(t, demo.Options{Store: s, Until: until, Seed: 7})
		heads[i] = read(t, s).head
	}
	if heads[0] != heads[1] {
		t.Errorf("the same seed gave two ledgers: %s and %s", heads[0], heads[1])
	}
}

// Days on which or after which the clocks change, and labs that are older or
// larger: whatever the day, the story ends as it should.
func TestOtherEnds(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]demo.Options{
		"sunday, twice the bins": {Until: time.Date(2026, 3, 29, 23, 0, 0, 0, calendar.Rome()), Seed: 2, Factor: 2},
		"midnight, two years":    {Until: time.Date(2025, 10, 27, 0, 30, 0, 0, calendar.Rome()), Seed: 3, Years: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			days := 0
			o.Store, o.Progress = mustStore(t, true), func(done, total int) { days = total - done }
			tour := mustSeed(t, o).Tour
			if days != 0 {
				t.Errorf("progress ended %d days early", days)
			}
			b := read(t, o.Store)
			planned := all(t, b, tracking.KindPickup, func(p *tracking.Pickup) bool { return p.ID == tour.PlannedPickup })
			if len(planned) != 1 || planned[0].State != tracking.Planned || planned[0].PlannedFor != o.Until.Format(time.DateOnly) {
				t.Errorf("pickup of today: got %+v", planned)
			}
			if tour.BlankLabel == "" || tour.RetiredLabel == "" || tour.OpenLabel == "" || tour.ClosedLabel == "" {
				t.Errorf("the tour misses a stop: %+v", tour)
			}
			var sum indicator.Activity
			for _, c := range all[tracking.Cell](t, b, tracking.KindCell, nil) {
				sum = sum.Plus(c.Activity)
			}
			if broken := sum.Check(); broken != "" || sum.InTransit == 0 || sum.Unallocated != 0 {
				t.Errorf("activity %q: in transit %s, unallocated %s", broken, sum.InTransit, sum.Unallocated)
			}
			t.Logf("%d entries, %d fills", len(b.entries), len(b.docs[tracking.KindFill]))
			checkInbox(t, b, max(o.Years, 1))
			reports := 1
			if o.Years == 2 {
				reports = 0 // it began before the factors did
			}
			if got := len(b.docs[tracking.KindReport]); got != reports {
				t.Errorf("reports: got %d, want %d", got, reports)
			}
		})
	}
}

// desk notes the accounts that the demo asks for.
type desk struct{ asked []identity.CreateUserRequest }

func (d *desk) CreateFromConsole(_ context.Context, r identity.CreateUserRequest) (identity.CreatedUser, error) {
	d.asked = append(d.asked, r)
	return identity.CreatedUser{}, nil
}

func checkSignIns(t *testing.T, d demo.Demo, accounts *desk) {
	if len(d.SignIns) != len(access.Roles) || len(accounts.asked) != len(access.Roles) {
		t.Fatalf("got %d sign-ins and %d accounts, want one for each of %d roles", len(d.SignIns), len(accounts.asked), len(access.Roles))
	}
	for i, s := range d.SignIns {
		r := accounts.asked[i]
		if s.Email != r.Email || s.Password != r.Password || len(s.Password) < 12 || s.Organisation == "" {
			t.Errorf("sign-in %+v does not belong to account %+v", s, r)
		}
		m := r.Memberships[0]
		if err := m.Validate(); err != nil || m.Role != s.Role || m.Lab != demo.Lab {
			t.Errorf("membership of the %s: %+v, %v", s.Role, m, err)
		}
	}
}

// BenchmarkSeed writes a year as it is served: with every fsync.
func BenchmarkSeed(b *testing.B) {
	for b.Loop() {
		d := mustSeed(b, demo.Options{Store: mustStore(b, false), Until: until})
		entries := 0
		for status, n := range d.Answers {
			if status != tracking.ResultDuplicate {
				entries += n
			}
		}
		b.ReportMetric(float64(entries), "entries")
	}
}
