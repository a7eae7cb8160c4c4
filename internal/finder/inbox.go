package finder

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// MaxPage is the largest number of reports on a page.
const MaxPage = 200

// Filter narrows a list. Empty fields do not.
type Filter struct {
	Facility string
	State    State
}

// Page is a part of a list, newest first.
type Page struct {
	Items []Report
	Next  string // where the next page goes on; empty on the last
}

// List returns a page of what was reported in the caller's scope. after is
// Page.Next of the page before, or empty.
func (s *Service) List(ctx context.Context, c access.Caller, f Filter, after string, limit int) (Page, error) {
	page := Page{Items: []Report{}}
	if err := c.May(access.ReadFinderReports); err != nil {
		return page, err
	}
	if limit < 1 || limit > MaxPage || after != "" && !wellFormed(after) {
		return page, problem.New(problem.Invalid, "page-invalid", "This page can't be asked for. Start from the first one.")
	}
	if f.Facility == "" && !c.LabWide() {
		f.Facility = c.Facility
	}
	// A recycler's auditor is at home in no facility.
	if !c.LabWide() && !c.SeesFacility(f.Facility) || !storable(f.Facility) {
		return page, nil
	}
	key := placeKey(c.Lab, f.Facility, f.State)
	q := exactly(byPlace, key, limit+1)
	if q.Descending = true; after != "" {
		q.After = &store.Position{Value: key, ID: after}
	}
	err := s.cfg.Store.View(ctx, Partition, func(r store.Reader) error {
		hits, err := r.Find(q)
		if err != nil {
			return err
		}
		page = Page{Items: make([]Report, 0, len(hits))}
		for i, hit := range hits {
			if i == limit { // one more was asked for, to know whether there is one
				page.Next = hits[i-1].Document.ID
				break
			}
			report, err := decode(hit.Document)
			if err != nil {
				return err
			}
			page.Items = append(page.Items, report)
		}
		return nil
	})
	return page, wrap("listing reports", err)
}

// storable reports whether an id could be a facility's at all; the store would
// refuse some others as faulty instead of not finding them.
func storable(id string) bool {
	return len(id) <= store.MaxIDBytes && utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl)
}

// Get returns a report in the caller's scope, or "report-unknown".
func (s *Service) Get(ctx context.Context, c access.Caller, id string) (Report, error) {
	if err := c.May(access.ReadFinderReports); err != nil {
		return Report{}, err
	}
	var report Report
	err := s.cfg.Store.View(ctx, Partition, func(r store.Reader) (err error) {
		report, err = loadSeen(r, c, id)
		return err
	})
	return report, err
}

// Handle closes a report. Handling it again changes nothing.
func (s *Service) Handle(ctx context.Context, c access.Caller, id string, version int) (Report, error) {
	return s.change(ctx, c, id, version, func(r *Report) bool {
		if r.State == Handled {
			return false
		}
		r.State, r.HandledAt, r.HandledBy = Handled, calendar.At(s.now()), c.Actor()
		return true
	})
}

// EraseNote takes away what the finder wrote, for good, whatever it was. The
// rest of the report stays, with who erased it and when. Erasing again changes
// nothing.
func (s *Service) EraseNote(ctx context.Context, c access.Caller, id string, version int) (Report, error) {
	return s.change(ctx, c, id, version, func(r *Report) bool {
		if r.Note == "" {
			return false
		}
		r.Note, r.NoteErased, r.ErasedAt, r.ErasedBy = "", true, calendar.At(s.now()), c.Actor()
		return true
	})
}

// change makes a change to the version of a report that the caller read.
func (s *Service) change(ctx context.Context, c access.Caller, id string, version int, change func(*Report) bool) (Report, error) {
	if err := c.May(access.HandleFinderReports); err != nil {
		return Report{}, err
	}
	var report Report
	err := s.cfg.Store.Update(ctx, Partition, func(tx store.Tx) (err error) {
		if report, err = loadSeen(tx, c, id); err != nil {
			return err
		}
		if report.Version != version {
			return problem.VersionChanged()
		}
		if !change(&report) {
			return nil
		}
		report.Version++
		return save(tx, &report)
	})
	return report, err
}

// loadSeen reads a report in the caller's scope. One outside of it is answered
// exactly like one that does not exist.
func loadSeen(r store.Reader, c access.Caller, id string) (Report, error) {
	report, err := load(r, id)
	if err == nil && (report.Lab != c.Lab || !c.SeesFacility(report.Facility)) {
		err = store.ErrNotFound
	}
	if err != nil {
		return Report{}, notFound(err)
	}
	return report, nil
}
