package tracking

import (
	"context"
	"errors"
	"strconv"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// The whole lab may know its streams, and who its facilities and recyclers
// are; but a facility sees only itself and its wards, and a recycler only
// itself, the facilities, and no ward.

// Facilities lists the facilities in the caller's scope by id.
func (s *Service) Facilities(ctx context.Context, c access.Caller, page Page) (List[Facility], error) {
	return listCatalogue(ctx, s, c, page, KindFacility, seesFacilityDoc(c))
}

// Facility returns one facility, or a NotFound problem.
func (s *Service) Facility(ctx context.Context, c access.Caller, id string) (Versioned[Facility], error) {
	return one(ctx, s, c, access.ReadCatalogue, KindFacility, id, seesFacilityDoc(c), same[Facility])
}

func seesFacilityDoc(c access.Caller) func(*Facility) bool {
	return func(f *Facility) bool { return c.Facility == "" || c.Facility == f.ID }
}

// Wards lists the wards in the caller's scope, of one facility or ("") of all,
// by facility and id.
func (s *Service) Wards(ctx context.Context, c access.Caller, facility string, page Page) (out List[Ward], err error) {
	err = s.view(ctx, c, access.ReadCatalogue, func(x *reading) error {
		spans, err := x.inFacilities(facility, func(f string) span { return exactly(f) })
		if err != nil {
			return err
		}
		out, err = list(x, page, listing[Ward, Ward]{
			kind: KindWard, index: byFacility, spans: spans, show: same[Ward],
			keep: func(w *Ward) bool {
				return c.SeesFacility(w.Facility) && (facility == "" || facility == w.Facility)
			},
		})
		return err
	})
	return out, err
}

// Ward returns one ward, or a NotFound problem.
func (s *Service) Ward(ctx context.Context, c access.Caller, id string) (Versioned[Ward], error) {
	sees := func(w *Ward) bool { return c.SeesFacility(w.Facility) }
	return one(ctx, s, c, access.ReadCatalogue, KindWard, id, sees, same[Ward])
}

// Recyclers lists the recyclers in the caller's scope by id.
func (s *Service) Recyclers(ctx context.Context, c access.Caller, page Page) (List[Recycler], error) {
	return listCatalogue(ctx, s, c, page, KindRecycler, seesRecyclerDoc(c))
}

// Recycler returns one recycler, or a NotFound problem.
func (s *Service) Recycler(ctx context.Context, c access.Caller, id string) (Versioned[Recycler], error) {
	return one(ctx, s, c, access.ReadCatalogue, KindRecycler, id, seesRecyclerDoc(c), same[Recycler])
}

func seesRecyclerDoc(c access.Caller) func(*Recycler) bool {
	return func(r *Recycler) bool { return c.Recycler == "" || c.Recycler == r.ID }
}

// Streams lists the streams by id.
func (s *Service) Streams(ctx context.Context, c access.Caller, page Page) (List[Stream], error) {
	return listCatalogue(ctx, s, c, page, KindStream, func(*Stream) bool { return true })
}

// Stream returns one stream, or a NotFound problem.
func (s *Service) Stream(ctx context.Context, c access.Caller, id string) (Versioned[Stream], error) {
	return one(ctx, s, c, access.ReadCatalogue, KindStream, id, func(*Stream) bool { return true }, same[Stream])
}

// Printers lists the printers in the caller's scope by id: those of its
// facility, and the lab's.
func (s *Service) Printers(ctx context.Context, c access.Caller, page Page) (List[Printer], error) {
	return listReadBy(ctx, s, c, access.ReadPrinters, page, KindPrinter, seesPrinter(c))
}

// Printer returns one printer, or a NotFound problem.
func (s *Service) Printer(ctx context.Context, c access.Caller, id string) (Versioned[Printer], error) {
	return one(ctx, s, c, access.ReadPrinters, KindPrinter, id, seesPrinter(c), same[Printer])
}

func seesPrinter(c access.Caller) func(*Printer) bool {
	return func(p *Printer) bool { return p.seenBy(c) }
}

// Sheets lists the sheets: the built-in ones, then the lab's own by id.
func (s *Service) Sheets(ctx context.Context, c access.Caller, page Page) (out List[Sheet], err error) {
	var built []Sheet
	for _, sheet := range print.Sheets() {
		built = append(built, builtInSheet(sheet))
	}
	return listWithBuiltIn(ctx, s, c, access.ReadSheets, page, KindSheet, built)
}

// listWithBuiltIn lists what is built in, then the lab's own documents by id.
func listWithBuiltIn[T any](ctx context.Context, s *Service, c access.Caller, action access.Action, page Page, kind store.Kind, built []T) (out List[T], err error) {
	err = s.view(ctx, c, action, func(x *reading) error {
		if err := page.check(); err != nil {
			return err
		}
		first, rest := builtInPage(page, built)
		if rest.Limit > 0 {
			out, err = list(x, rest, listing[T, T]{kind: kind, spans: everything(), show: same[T]})
		} else {
			out.Next = rest.After
			out.Head, _, err = x.Head()
		}
		out.Items = append(first, out.Items...)
		return err
	})
	return out, err
}

// beforeIDs sorts before all that ids are made of.
const beforeIDs = "!"

// beforeOwn begins the positions of what is built in, in a list.
const beforeOwn = beforeIDs

// builtInPage is the part of a page that is filled by what is built in, and
// the page that is left for others.
func builtInPage[T any](page Page, all []T) (built []Versioned[T], rest Page) {
	next := 0
	last := func(i int) *store.Position {
		if page.UpdatedAfter != nil {
			return &store.Position{Value: strconv.FormatInt(int64(builtInVersion), 10), ID: beforeOwn + strconv.Itoa(i)}
		}
		return &store.Position{Value: beforeOwn + strconv.Itoa(i)}
	}
	switch {
	case page.UpdatedAfter != nil && *page.UpdatedAfter >= builtInVersion:
		next = len(all)
	case page.After != nil:
		next = len(all)
		for i := range all {
			if *page.After == *last(i) {
				next = i + 1
			}
		}
	}
	rest = page
	for ; next < len(all) && rest.Limit > 0; next++ {
		built = append(built, Versioned[T]{all[next], builtInVersion})
		rest.After = last(next)
		rest.Limit--
	}
	return built, rest
}

// Sheet returns one sheet, built in or the lab's own, or a NotFound problem.
func (s *Service) Sheet(ctx context.Context, c access.Caller, id string) (v Versioned[Sheet], err error) {
	err = s.view(ctx, c, access.ReadSheets, func(x *reading) error {
		sheet, seq, err := sheetOf(x, id)
		if errors.Is(err, store.ErrNotFound) {
			return errNotFound()
		}
		if err == nil {
			v = Versioned[Sheet]{*sheet, seq}
		}
		return err
	})
	return v, err
}

func listCatalogue[T any](ctx context.Context, s *Service, c access.Caller, page Page, kind store.Kind, keep func(*T) bool) (List[T], error) {
	return listReadBy(ctx, s, c, access.ReadCatalogue, page, kind, keep)
}

// listReadBy lists documents by id to those who may do the action.
func listReadBy[T any](ctx context.Context, s *Service, c access.Caller, action access.Action, page Page, kind store.Kind, keep func(*T) bool) (out List[T], err error) {
	err = s.view(ctx, c, action, func(x *reading) error {
		out, err = list(x, page, listing[T, T]{kind: kind, spans: everything(), keep: keep, show: same[T]})
		return err
	})
	return out, err
}

// Months lists the closed months in the order of closing.
func (s *Service) Months(ctx context.Context, c access.Caller) (months []ClosedMonth, err error) {
	err = s.view(ctx, c, access.ReadMonths, func(x *reading) error {
		lab, _, err := found[Lab](x, KindLab, string(KindLab), func(*Lab) bool { return true })
		if err == nil {
			months = append([]ClosedMonth{}, lab.ClosedMonths...)
		}
		return err
	})
	return months, err
}

// Status says where the lab stands.
func (s *Service) Status(ctx context.Context, c access.Caller) (a StatusAnswer, err error) {
	err = s.view(ctx, c, access.ReadStatus, func(x *reading) error {
		lab, _, err := found[Lab](x, KindLab, string(KindLab), func(*Lab) bool { return true })
		if err != nil {
			return err
		}
		head, hash, err := x.Head()
		if err != nil {
			return err
		}
		a = StatusAnswer{Lab: lab.ID, Name: lab.Name, Head: head, HeadHash: hash.String()}
		if access.Allowed(access.ReadMonths, c.Role) {
			a.ClosedMonths = lab.ClosedMonths
		}
		if c.LabWide() {
			a.Awaiting = &lab.Awaited
		}
		return nil
	})
	return a, err
}
