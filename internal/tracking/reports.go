package tracking

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/report"
	"github.com/ricircolo/ricircolo/internal/store"
)

const typeReportPut Type = "report.put"

// KindReport is the kind of frozen reports.
const KindReport store.Kind = "report"

// Report is a frozen report as the ledger keeps it.
type Report struct{ report.Report }

func (r *Report) kind() store.Kind { return KindReport }
func (r *Report) id() string       { return r.ID }
func (r *Report) keys() []store.Key {
	return []store.Key{key(byFacility, r.facility(), r.CreatedAt.SortKey())}
}

func (r *Report) facility() string {
	if r.Facility == nil {
		return ""
	}
	return r.Facility.ID
}

// seesReport: a report on the whole lab is for those who see the whole lab.
func seesReport(c access.Caller) func(*Report) bool {
	return func(r *Report) bool { return c.LabWide() || c.Facility != "" && c.Facility == r.facility() }
}

// ReportRequest says what a report is to be about.
type ReportRequest struct {
	Title     string          `json:"title"`
	Filter    IndicatorFilter `json:"filter"`
	FactorSet string          `json:"factorSet,omitempty"`
	Baseline  string          `json:"baseline,omitempty"`
	Draws     int             `json:"draws,omitempty"`
	Seed      uint64          `json:"seed,omitempty"`
}

// ReportHead is a report in a list.
type ReportHead struct {
	ID        string           `json:"id"`
	Hash      string           `json:"hash"`
	Title     string           `json:"title"`
	CreatedAt calendar.Instant `json:"createdAt"`
	From      calendar.Month   `json:"from"`
	To        calendar.Month   `json:"to"`
	Facility  *report.Name     `json:"facility,omitempty"`
	FactorSet string           `json:"factorSet"`
	Method    string           `json:"method"`
	Watermark int64            `json:"watermark"`
}

func (r *Report) head() ReportHead {
	return ReportHead{r.ID, r.Hash, r.Title, r.CreatedAt, r.From, r.To, r.Facility, r.Set, r.Method, r.Head}
}

// Reports lists the reports in the caller's scope, by id.
func (s *Service) Reports(ctx context.Context, c access.Caller, page Page) (out List[ReportHead], err error) {
	err = s.view(ctx, c, access.ReadReports, func(x *reading) error {
		out, err = list(x, page, listing[Report, ReportHead]{
			kind: KindReport, spans: everything(), keep: seesReport(c),
			show: func(_ *reading, r *Report) (ReportHead, error) { return r.head(), nil },
		})
		return err
	})
	return out, err
}

// Report returns one report, or a NotFound problem.
func (s *Service) Report(ctx context.Context, c access.Caller, id string) (Versioned[Report], error) {
	return one(ctx, s, c, access.ReadReports, KindReport, id, seesReport(c), same[Report])
}

// CreateReport freezes the indicators as they are now. The same key makes the
// same report, once.
func (s *Service) CreateReport(ctx context.Context, c access.Caller, w Write, r ReportRequest) (Versioned[Report], error) {
	var none Versioned[Report]
	if err := c.May(access.WriteReports); err != nil {
		return none, err
	}
	v := &validation{}
	v.text(r.Title, "/title", true, 120)
	if err := v.err(); err != nil {
		return none, err
	}
	asked, err := json.Marshal(r)
	if err != nil {
		return none, err
	}
	id, now := w.entryID(c, typeReportPut), s.instant()
	if known, err := s.knownReport(ctx, c, id, asked); known != nil || err != nil {
		return *cmp.Or(known, &none), err
	}
	doc, err := s.draftReport(ctx, c, id, now, r)
	if err != nil {
		return none, err
	}
	p := prepared{content: newContent(c, id, typeReportPut, now, now)}
	if err := p.canonicalise(reportBody{asked, doc}); err != nil {
		return none, err
	}
	put := Versioned[Report]{Doc: *doc}
	err = s.store.Update(ctx, store.LabID(c.Lab), func(tx store.Tx) error {
		if first, err := tx.Entry(id); err == nil { // at the same time, with the same key
			put, err = repeatedReport(first, asked)
			return err
		}
		work := newWork(tx, nil)
		var err error
		if put.Seq, err = appendEntry(tx, id, p.canonical, Outcome{Status: WasApplied}); err != nil {
			return err
		}
		work.put(doc)
		return work.flush()
	})
	return put, err
}

// reportBody is the body of a report's entry.
type reportBody struct {
	Asked json.RawMessage `json:"asked"`
	Doc   *Report         `json:"doc"`
}

// replayReport stages the document of a report's entry.
func (w *work) replayReport(c Content) error {
	var body reportBody
	if err := json.Unmarshal(c.Body, &body); err != nil {
		return fmt.Errorf("reading the body of entry %s: %w", c.ID, err)
	}
	w.put(body.Doc)
	return nil
}

// knownReport answers a key that was used before; nil if it was not.
func (s *Service) knownReport(ctx context.Context, c access.Caller, id string, asked []byte) (known *Versioned[Report], err error) {
	err = s.store.View(ctx, store.LabID(c.Lab), func(r store.Reader) error {
		first, err := r.Entry(id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		was, err := repeatedReport(first, asked)
		known = &was
		return err
	})
	return known, err
}

func repeatedReport(first store.Record, asked []byte) (Versioned[Report], error) {
	var c Content
	var body reportBody
	if err := json.Unmarshal(first.Entry.Content, &c); err != nil {
		return Versioned[Report]{}, err
	}
	if err := json.Unmarshal(c.Body, &body); err != nil {
		return Versioned[Report]{}, err
	}
	if !sameJSON(asked, body.Asked) {
		return Versioned[Report]{}, problem.New(problem.Unprocessable, "idempotency-key-reused",
			"This Idempotency-Key was used for another request. Make a new key for a new request.")
	}
	return Versioned[Report]{*body.Doc, first.Seq}, nil
}

// draftReport works a report out, in one snapshot.
func (s *Service) draftReport(ctx context.Context, c access.Caller, id string, now calendar.Instant, r ReportRequest) (*Report, error) {
	doc := &Report{report.Report{ID: id, Title: r.Title, CreatedAt: now}}
	o := AssessOptions{r.FactorSet, r.Baseline, r.Draws, r.Seed}
	err := s.assess(ctx, c, r.Filter, o, func(as *assessment) error { return as.fill(&doc.Report) })
	if err != nil {
		return nil, err
	}
	if err := doc.Seal(); errors.Is(err, report.ErrTooLarge) {
		return nil, problem.New(problem.Unprocessable, "report-too-large", "This report would not fit into one entry of the ledger: ask for fewer months, or for one facility.")
	} else if err != nil {
		return nil, err
	}
	return doc, nil
}

// fill works out everything that a report says.
func (as *assessment) fill(r *report.Report) error {
	in, err := as.input(as.cells)
	if err != nil {
		return err
	}
	cards, err := indicator.Cards(in, as.method)
	if err != nil {
		return err
	}
	total := totalOf(as.cells)
	r.From, r.To, r.Head, r.Method = as.filter.From, as.filter.To, in.Head, indicator.MethodID
	r.Set, r.SetTitle, r.SetDate = as.ref, as.method.Set.Title, as.method.Set.Published
	r.Baseline, r.Input, r.Cards = as.method.Baseline, in, cards
	r.Balance, r.Funnel, r.Waste = indicator.Summarise(total), indicator.FunnelOf(total), indicator.WasteOf(total)
	r.Factors = usedFactors(as.method.Set, cards)
	for _, step := range []func(*report.Report) error{as.fillScope, as.fillSeries, as.fillStreams, as.fillWards} {
		if err := step(r); err != nil {
			return err
		}
	}
	return nil
}

// fillScope names the lab and what the report is confined to.
func (as *assessment) fillScope(r *report.Report) error {
	lab, err := known[Lab](as.x, KindLab, string(KindLab))
	if err != nil {
		return err
	}
	r.Lab = report.Name{ID: lab.ID, Name: lab.Name}
	if as.filter.Facility != "" {
		name, err := as.facilityName(as.filter.Facility)
		if err != nil {
			return err
		}
		r.Facility = &name
	}
	if as.filter.Ward != "" {
		ward, err := known[Ward](as.x, KindWard, as.filter.Ward)
		if err != nil {
			return err
		}
		r.Ward = &report.Name{ID: ward.ID, Name: ward.Name}
	}
	if as.filter.Stream == "" {
		return nil
	}
	name, err := as.streamName(as.filter.Stream)
	r.Stream = &name
	return err
}

func (as *assessment) facilityName(id string) (report.Name, error) {
	f, err := known[Facility](as.x, KindFacility, id)
	if err != nil {
		return report.Name{}, err
	}
	return report.Name{ID: f.ID, Name: f.Name}, nil
}

func (as *assessment) streamName(id string) (report.StreamName, error) {
	s, err := known[Stream](as.x, KindStream, id)
	if err != nil {
		return report.StreamName{}, err
	}
	return report.StreamName{ID: s.ID, Name: s.Name, NameIT: s.NameIT}, nil
}

func (as *assessment) fillSeries(r *report.Report) error {
	sums := sumBy(as.cells, func(c *cubeCell) string { return string(c.Booked) })
	r.Series = []report.Month{}
	for m := as.filter.From; m <= as.filter.To; m = m.Next() {
		var month indicator.Activity
		if sum := sums[string(m)]; sum != nil {
			month = sum.Total()
		}
		r.Series = append(r.Series, report.MonthOf(m, month))
	}
	return nil
}

func (as *assessment) fillStreams(r *report.Report) error {
	sums := sumBy(as.cells, func(c *cubeCell) string { return c.Stream })
	r.Streams = []report.Stream{}
	for _, id := range slices.Sorted(maps.Keys(sums)) {
		name, err := as.streamName(id)
		if err != nil {
			return err
		}
		r.Streams = append(r.Streams, report.StreamOf(name, sums[id].Total()))
	}
	return nil
}

// fillWards adds a row for each ward, by facility and name: never in an order
// of merit.
func (as *assessment) fillWards(r *report.Report) error {
	parts := map[string][]*cubeCell{}
	for _, c := range as.cells {
		k := c.Facility + "|" + c.Ward
		parts[k] = append(parts[k], c)
	}
	r.Wards = []report.Ward{}
	for _, k := range slices.Sorted(maps.Keys(parts)) {
		row, err := as.ward(parts[k])
		if err != nil {
			return err
		}
		r.Wards = append(r.Wards, row)
	}
	slices.SortStableFunc(r.Wards, func(a, b report.Ward) int {
		return cmp.Or(strings.Compare(a.Facility.Name, b.Facility.Name), strings.Compare(a.Ward.Name, b.Ward.Name))
	})
	return nil
}

func (as *assessment) ward(cells []*cubeCell) (report.Ward, error) {
	var name report.Name // none: received without a fill
	if id := cells[0].Ward; id != "" {
		ward, err := known[Ward](as.x, KindWard, id)
		if err != nil {
			return report.Ward{}, err
		}
		name = report.Name{ID: ward.ID, Name: ward.Name}
	}
	facility, err := as.facilityName(cells[0].Facility)
	if err != nil {
		return report.Ward{}, err
	}
	row, err := as.row("", cells)
	if err != nil {
		return report.Ward{}, err
	}
	return report.WardOf(name, facility, totalOf(cells), row.Values["inventory-waste"], row.Values["avoided"]), nil
}

// usedFactors are the factors that cards name.
func usedFactors(set *factor.Set, cards []indicator.Card) []factor.Factor {
	used := map[string]bool{}
	for i := range cards {
		for _, ref := range cards[i].Factors {
			used[ref] = true
		}
	}
	factors := []factor.Factor{}
	for i := range set.Factors {
		if used[set.Ref(&set.Factors[i])] {
			factors = append(factors, set.Factors[i])
		}
	}
	return factors
}

// Recomputed is a report's activity worked out with other factors.
type Recomputed struct {
	Report    string              `json:"report"`
	Before    string              `json:"factorSetBefore"`
	FactorSet string              `json:"factorSet"`
	Baseline  *indicator.Baseline `json:"baseline"`
	Method    string              `json:"method"`
	Cards     []indicator.Card    `json:"cards"`
	Changes   []report.Change     `json:"changes"`
}

// Recompute works out what a report's frozen activity gives with today's
// factors, and how that differs, line by line. The report stays as it is.
func (s *Service) Recompute(ctx context.Context, c access.Caller, id string, o AssessOptions) (out Recomputed, err error) {
	err = s.view(ctx, c, access.ReadReports, func(x *reading) error {
		r, _, err := found[Report](x, KindReport, id, seesReport(c))
		if err != nil {
			return err
		}
		m, err := x.choose(o)
		if err != nil {
			return err
		}
		cards, err := indicator.Cards(r.Input, m)
		if err != nil {
			return err
		}
		out = Recomputed{
			Report: r.ID, Before: r.Set, FactorSet: m.Set.Name(), Baseline: m.Baseline, Method: indicator.MethodID,
			Cards: cards, Changes: report.Compare(r.Cards, cards),
		}
		return nil
	})
	return out, err
}
