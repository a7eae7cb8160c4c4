package tracking_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

var ctx = context.Background()

// world is a lab with two of everything, in which a property test lets things
// happen.
type world struct {
	*Lab
	t                                     *rapid.T
	facilities, recyclers, wards, streams []string
	bins, pickups                         []string
	home                                  map[string]string // bin or pickup → facility
	by                                    map[string]string // pickup → recycler
}

func newWorld(t *rapid.T, s store.Store) *world {
	w := &world{Lab: MustLab(t, s), t: t, home: map[string]string{}, by: map[string]string{}}
	w.facilities = []string{w.Facility, w.MustFacility(t)}
	w.recyclers = []string{w.Recycler, w.MustRecycler(t)}
	w.streams = []string{w.Stream, w.MustStream(t)}
	w.wards = []string{w.Ward, w.MustWard(t, w.facilities[1])}
	for i, f := range w.facilities {
		for range 2 {
			bin := w.MustBin(t, f, w.wards[i], w.pick(w.streams, "stream"))
			w.bins, w.home[bin] = append(w.bins, bin), f
		}
	}
	w.plan()
	return w
}

func (w *world) pick(from []string, label string) string {
	return rapid.SampledFrom(from).Draw(w.t, label)
}

func (w *world) plan() {
	f, r := w.pick(w.facilities, "facility"), w.pick(w.recyclers, "recycler")
	var bins []string
	for _, b := range w.bins {
		if w.home[b] == f && rapid.Bool().Draw(w.t, "listed") {
			bins = append(bins, b)
		}
	}
	p := w.MustPickup(w.t, f, r, bins...)
	w.pickups, w.home[p], w.by[p] = append(w.pickups, p), f, r
}

func (w *world) everybody() []access.Caller {
	callers := []access.Caller{w.Coordinator()}
	for _, f := range w.facilities {
		callers = append(callers, w.WardStaff(f), w.Manager(f))
	}
	for _, r := range w.recyclers {
		callers = append(callers, w.Driver(r), w.Plant(r))
	}
	return callers
}

func (w *world) mass(label string) quantity.Mass {
	return quantity.Mass(rapid.IntRange(1, 9000).Draw(w.t, label))
}

// happen lets somebody record something, sensible or not. Refusals are fine.
func (w *world) happen() {
	w.Clock.Advance(time.Duration(rapid.SampledFrom([]int{1, 60, 3600, 86_400, 20 * 86_400}).Draw(w.t, "seconds")) * time.Second)
	bin := w.pick(w.bins, "bin")
	p := w.pick(w.pickups, "pickup")
	facility, recycler := w.home[p], w.by[p]
	ago := time.Duration(rapid.SampledFrom([]int{0, 0, 0, 30, 7200}).Draw(w.t, "ago")) * time.Second
	record := func(c access.Caller, typ tracking.Type, b tracking.Body) {
		_, _ = w.Service.Record(ctx, c, w.EntryAt(w.t, w.Clock.Now().Add(-ago), typ, b), 0)
	}
	net := &tracking.Measurement{NetGrams: w.mass("net")}
	switch rapid.IntRange(0, 13).Draw(w.t, "what") {
	case 0, 1, 2:
		sorting := &tracking.Sorting{NotHazardous: true, NotContaminated: rapid.IntRange(0, 5).Draw(w.t, "clean") > 0, NotIsolation: true}
		record(w.WardStaff(w.home[bin]), "fill.close", tracking.Body{Bin: bin, Measurement: net, Sorting: sorting})
	case 3:
		record(w.WardStaff(w.home[bin]), "fill.weigh", tracking.Body{Bin: bin, Measurement: net})
	case 4, 5, 6:
		record(w.Driver(recycler), "pickup.scan", tracking.Body{Pickup: p, Bin: bin})
	case 7:
		record(w.Driver(recycler), "pickup.handover", tracking.Body{Pickup: p, Legs: drawLegs(w.t)})
	case 8, 9:
		b := tracking.Body{Pickup: p, Stream: w.pick(w.streams, "stream"), Outcome: "A", Measurement: net}
		if net.NetGrams > 1 && rapid.Bool().Draw(w.t, "refused") {
			b.Outcome, b.Cause, b.RefusedGrams, b.NextOperation = "P", "NC", net.NetGrams/2, drawNext(w.t)
		}
		record(w.Plant(recycler), "receipt.record", b)
	case 10:
		record(w.Plant(recycler), "treatment.record", treatment(p, w.pick(w.streams, "stream"), 3+w.mass("input")/4))
	case 11:
		w.correctSomething(facility, p, record)
	case 12:
		record(w.Coordinator(), "month.close", tracking.Body{Month: calendar.MonthOf(calendar.At(w.Clock.Now().AddDate(0, -1, 0)))})
	case 13:
		w.plan()
	}
}

func treatment(pickup, stream string, input quantity.Mass) tracking.Body {
	third := input / 3
	return tracking.Body{
		Pickup: pickup, Stream: stream, InputGrams: input, CalculationPointGrams: input - third,
		Outputs: []tracking.Output{
			{Operation: "R3", Grams: third / 2, Polymer: "PP", Quality: "0.80"}, {Operation: "R3", Grams: third - third/2, Polymer: "PE-HD", Application: "pipes"},
			{Operation: "R1", Grams: input - 2*third, Polymer: "PLA"}, {Operation: "R12", Grams: third},
		},
	}
}

func (w *world) correctSomething(facility, p string, record func(access.Caller, tracking.Type, tracking.Body)) {
	list, err := w.Service.Fills(ctx, w.Manager(facility), tracking.FillFilter{}, tracking.Page{Limit: 50})
	if err != nil {
		w.t.Fatalf("listing fills: %v", err)
	}
	for _, f := range list.Items {
		fact := f.Doc.Facts[len(f.Doc.Facts)-1]
		if fact.Status == tracking.Pending {
			record(w.Plant(f.Doc.Recycler), "correction.approve", tracking.Body{Correction: fact.Entry})
			return
		}
		if fact.Type == "fill.close" || fact.Type == "fill.weigh" {
			b := tracking.Body{Corrects: fact.Entry, Reason: "mistyped"}
			if rapid.Bool().Draw(w.t, "void") {
				b.Void = true
			} else {
				b.Replacement = &tracking.Body{Bin: f.Doc.Bin, Measurement: &tracking.Measurement{NetGrams: w.mass("corrected")}, Sorting: fact.Body.Sorting}
			}
			record(w.Manager(facility), "correct", b)
			return
		}
	}
}

// allFills reads every closed fill of the lab, page by page.
func (w *world) allFills() (fills []tracking.Fill) {
	page := tracking.Page{Limit: 3}
	for {
		list, err := w.Service.Fills(ctx, w.Coordinator(), tracking.FillFilter{}, page)
		if err != nil {
			w.t.Fatalf("listing fills: %v", err)
		}
		for _, f := range list.Items {
			fills = append(fills, f.Doc.Fill)
		}
		if page.After = list.Next; page.After == nil {
			return fills
		}
	}
}

// The types that are probed on bins and on pickups.
var (
	binProbes    = []tracking.Type{"fill.open", "fill.weigh", "fill.close", "bin.lost", "bin.found"}
	pickupProbes = []tracking.Type{
		"pickup.cancel", "pickup.missing", "pickup.exception", "pickup.handover", "pickup.countersign", "receipt.record", "treatment.record",
	}
)

// probe picks a caller, a thing and a type, records an entry, and compares the
// answer with what had been offered.
func (w *world) probe() {
	w.Clock.Advance(time.Second)
	c := rapid.SampledFrom(w.everybody()).Draw(w.t, "caller")
	switch rapid.IntRange(0, 3).Draw(w.t, "where") {
	case 0:
		w.probeBin(c)
	case 1:
		w.probeFill(c)
	case 2:
		w.probeInbox(c)
	default:
		w.probePickup(c)
	}
}

// probeInbox looks at reviews and discrepancies.
func (w *world) probeInbox(c access.Caller) {
	page := tracking.Page{Limit: 50}
	reviews, err := w.Service.Reviews(ctx, c, tracking.ReviewFilter{State: "open"}, page)
	if err != nil {
		w.t.Fatalf("reviews: %v", err)
	}
	if len(reviews.Items) > 0 && rapid.Bool().Draw(w.t, "dismiss") {
		r := rapid.SampledFrom(reviews.Items).Draw(w.t, "review").Doc
		w.compare(c, "review.dismiss", tracking.Body{Entry: r.Entry, Reason: "seen"}, r.Actions)
		return
	}
	list, err := w.Service.Discrepancies(ctx, c, tracking.DiscrepancyFilter{}, page)
	if err != nil || len(list.Items) == 0 {
		return
	}
	d := rapid.SampledFrom(list.Items).Draw(w.t, "discrepancy").Doc
	typ := rapid.SampledFrom([]tracking.Type{"discrepancy.explain", "discrepancy.accept"}).Draw(w.t, "answer")
	b := tracking.Body{Discrepancy: d.ID}
	if typ == "discrepancy.explain" {
		b.Reason = "wet"
	}
	if d.State != "accepted" || slices.Contains(d.Actions, typ) { // once accepted, more is harmless
		w.compare(c, typ, b, d.Actions)
	}
}

// probeFill looks at entries about the entries of any fill in scope.
func (w *world) probeFill(c access.Caller) {
	list, err := w.Service.Fills(ctx, c, tracking.FillFilter{}, tracking.Page{Limit: 50})
	if err != nil {
		w.t.Fatalf("listing fills: %v", err)
	}
	if len(list.Items) == 0 {
		return
	}
	v := rapid.SampledFrom(list.Items).Draw(w.t, "fill").Doc
	switch rapid.IntRange(0, 2).Draw(w.t, "amendment") {
	case 0:
		w.probeUndo(c, v.Actions, v.Undo)
	case 1:
		w.correctOwn(c, v.Facts, v.Actions)
	default:
		w.probeAnswer(c, v.Facts, v.Actions)
	}
}

// probeAnswer approves the first correction of others that waits.
func (w *world) probeAnswer(c access.Caller, facts []tracking.Fact, actions tracking.Actions) {
	i := slices.IndexFunc(facts, func(f tracking.Fact) bool { return f.Status == tracking.Pending && f.Organisation != c.Organisation() })
	if i < 0 {
		if slices.Contains(actions, "correction.approve") {
			w.t.Fatalf("an approval is offered, but nothing waits for it")
		}
		return
	}
	w.compare(c, "correction.approve", tracking.Body{Correction: facts[i].Entry}, actions)
}

func (w *world) probeBin(c access.Caller) {
	id := w.pick(w.bins, "bin")
	v, err := w.Service.Bin(ctx, c, id)
	if err != nil {
		return // not the caller's to see
	}
	typ := rapid.SampledFrom(append(binProbes, "undo", "correct")).Draw(w.t, "type")
	b := tracking.Body{Bin: id}
	switch typ {
	case "fill.weigh", "fill.close":
		b.Measurement = &tracking.Measurement{NetGrams: 700}
		if typ == "fill.close" {
			b.Sorting = &tracking.Sorting{NotHazardous: true, NotContaminated: true, NotIsolation: true}
		}
	case "undo":
		w.probeUndo(c, v.Doc.Actions, v.Doc.Undo)
		return
	case "correct":
		w.probeCorrect(c, v.Doc.Fill.ID)
		return
	}
	w.compare(c, typ, b, v.Doc.Actions)
}

func (w *world) probeUndo(c access.Caller, actions tracking.Actions, entry string) {
	if slices.Contains(actions, "undo") != (entry != "") {
		w.t.Fatalf("undo offered %v, of entry %q", actions, entry)
	}
	if entry != "" {
		w.compare(c, "undo", tracking.Body{Corrects: entry}, actions)
	}
}

func (w *world) probeCorrect(c access.Caller, fill string) {
	v, err := w.Service.Fill(ctx, c, fill)
	if err != nil {
		w.t.Fatalf("fill of a bin in scope: %v", err)
	}
	w.correctOwn(c, v.Doc.Facts, v.Doc.Actions)
}

// correctOwn voids the first own fact that a correction was offered for.
func (w *world) correctOwn(c access.Caller, facts []tracking.Fact, actions tracking.Actions) {
	for _, f := range facts {
		pending := slices.ContainsFunc(facts, func(g tracking.Fact) bool { return g.Status == tracking.Pending })
		if f.Organisation == c.Organisation() && f.Status == tracking.Applied && tracking.Undoable[f.Type] && !pending &&
			slices.Contains(actions, "correct") {
			w.compare(c, "correct", tracking.Body{Corrects: f.Entry, Reason: "wrong bin", Void: true}, actions)
			return
		}
	}
}

func (w *world) probePickup(c access.Caller) {
	id := w.pick(w.pickups, "pickup")
	v, err := w.Service.Pickup(ctx, c, id)
	if err != nil {
		return
	}
	typ := rapid.SampledFrom(append(pickupProbes, "undo", "correct", "correction.approve")).Draw(w.t, "type")
	b := tracking.Body{Pickup: id}
	switch typ {
	case "pickup.cancel":
		b.Reason = "the lorry broke down"
	case "pickup.missing", "pickup.exception":
		b.Cause, b.Bin = "not-ready", w.bins[0]
	case "receipt.record", "treatment.record":
		if len(v.Doc.Loads) == 0 {
			return
		}
		load := rapid.SampledFrom(v.Doc.Loads).Draw(w.t, "load")
		b.Stream = load.Stream
		if typ == "treatment.record" {
			b.InputGrams, b.CalculationPointGrams = 1, 1
			b.Outputs = []tracking.Output{{Operation: "R3", Grams: 1, Polymer: "PP"}}
		} else {
			b.Outcome, b.Measurement = "A", &tracking.Measurement{NetGrams: 500}
		}
		if len(v.Doc.Loads) > 1 && slices.Contains(v.Doc.Actions, typ) {
			return // offered for one of them
		}
	case "undo":
		w.probeUndo(c, v.Doc.Actions, v.Doc.Undo)
		return
	case "correct":
		w.correctOwn(c, v.Doc.Facts, v.Doc.Actions)
		return
	case "correction.approve":
		w.probeAnswer(c, v.Doc.Facts, v.Doc.Actions)
		return
	}
	w.compare(c, typ, b, v.Doc.Actions)
}

// compare records an entry and holds the answer against the offer.
func (w *world) compare(c access.Caller, typ tracking.Type, b tracking.Body, offered tracking.Actions) {
	w.t.Helper()
	r, err := w.Record(w.t, c, typ, b)
	applied := err == nil && (r.Status == tracking.ResultApplied || r.Status == tracking.ResultWarning) && !w.repeats(r.ID, b)
	if got := slices.Contains(offered, typ); got != applied {
		w.t.Fatalf("%s by %s (%s): offered %v (%v), answered %+v %+v, error %v", typ, c.Role, c.Organisation(), got, offered, r, r.Outcome, err)
	}
}

// repeats reports whether the entry was harmless, but said nothing new.
func (w *world) repeats(entry string, b tracking.Body) bool {
	find := func(facts []tracking.Fact) bool {
		return slices.ContainsFunc(facts, func(f tracking.Fact) bool { return f.Entry == entry && f.Status == tracking.Repeated })
	}
	if b.Pickup != "" {
		v, err := w.Service.Pickup(ctx, w.Coordinator(), b.Pickup)
		return err == nil && find(v.Doc.Facts)
	}
	if b.Bin == "" {
		return false
	}
	list, err := w.Service.Fills(ctx, w.Coordinator(), tracking.FillFilter{Bin: b.Bin}, tracking.Page{Limit: 50})
	if err != nil {
		w.t.Fatalf("fills of a bin: %v", err)
	}
	return slices.ContainsFunc(list.Items, func(v tracking.Versioned[tracking.FillView]) bool { return find(v.Doc.Facts) })
}

// TestActionsAreWhatIsApplied: what is offered is applied, and nothing else.
func TestActionsAreWhatIsApplied(t *testing.T) {
	s := MustStore(t)
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, s)
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "probe") {
				w.probe()
			} else {
				w.happen()
			}
		}
	})
}
