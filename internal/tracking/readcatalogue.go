package tracking

import (
	"context"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/store"
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

func listCatalogue[T any](ctx context.Context, s *Service, c access.Caller, page Page, kind store.Kind, keep func(*T) bool) (out List[T], err error) {
	err = s.view(ctx, c, access.ReadCatalogue, func(x *reading) error {
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

// Labels lists labels: by batch if one is given, otherwise by facility, state
// and code. Blank labels that are for no facility yet are the coordinator's.
func (s *Service) Labels(ctx context.Context, c access.Caller, f LabelFilter, page Page) (out List[Label], err error) {
	err = s.view(ctx, c, access.ReadLabels, func(x *reading) error {
		l := listing[Label, Label]{kind: KindLabel, index: byFacility, show: same[Label], keep: func(l *Label) bool {
			return c.SeesFacility(l.Facility) && (f.Facility == "" || f.Facility == l.Facility) &&
				(f.State == "" || f.State == l.State) && (f.Batch == "" || f.Batch == l.Batch)
		}}
		switch {
		case f.Batch != "":
			l.index, l.spans = byBatch, []span{exactly(f.Batch)}
		case c.LabWide() && f.Facility == "":
			l.spans = everything() // with those that are for no facility
		default:
			l.spans, err = x.inFacilities(f.Facility, func(facility string) span {
				if f.State != "" {
					return exactly(facility, string(f.State))
				}
				return under(facility)
			})
		}
		if err == nil {
			out, err = list(x, page, l)
		}
		return err
	})
	return out, err
}

// Label returns one label by its code, however that is typed, or a NotFound
// problem. One that is blank and for no facility yet can be seen by whoever
// could bind it.
func (s *Service) Label(ctx context.Context, c access.Caller, code string) (Versioned[Label], error) {
	sees := func(l *Label) bool {
		return c.SeesFacility(l.Facility) || l.State == Blank && l.Facility == "" && c.Facility != ""
	}
	return one(ctx, s, c, access.ReadLabels, KindLabel, canonicalCode(code), sees, same[Label])
}
