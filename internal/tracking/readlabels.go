package tracking

import (
	"context"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/store"
)

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
	return one(ctx, s, c, access.ReadLabels, KindLabel, canonicalCode(code), seesLabel(c), same[Label])
}

func seesLabel(c access.Caller) func(*Label) bool {
	return func(l *Label) bool {
		return c.SeesFacility(l.Facility) || l.State == Blank && l.Facility == "" && c.Facility != ""
	}
}

// Batches lists batches of labels, newest first. Those for no facility are the
// coordinator's.
func (s *Service) Batches(ctx context.Context, c access.Caller, f BatchFilter, page Page) (out List[Batch], err error) {
	err = s.view(ctx, c, access.ReadLabels, func(x *reading) error {
		l := listing[Batch, Batch]{kind: KindBatch, index: byIssue, spans: everything(), descending: true, show: same[Batch], keep: func(b *Batch) bool {
			return c.SeesFacility(b.Facility) && (f.Facility == "" || f.Facility == b.Facility)
		}}
		if !c.LabWide() || f.Facility != "" {
			l.index = byFacility
			if l.spans, err = x.inFacilities(f.Facility, func(facility string) span { return under(facility) }); err != nil {
				return err
			}
		}
		out, err = list(x, page, l)
		return err
	})
	return out, err
}

// Batch returns one batch of labels, or a NotFound problem.
func (s *Service) Batch(ctx context.Context, c access.Caller, id string) (Versioned[BatchView], error) {
	return one(ctx, s, c, access.ReadLabels, KindBatch, id, seesBatch(c), showBatch)
}

func seesBatch(c access.Caller) func(*Batch) bool {
	return func(b *Batch) bool { return c.SeesFacility(b.Facility) }
}

func showBatch(x *reading, b *Batch) (BatchView, error) {
	v := BatchView{Batch: *b}
	s := exactly(b.ID)
	err := x.every(store.Query{Kind: KindLabel, Index: byBatch, From: s.from, To: s.to}, func(d store.Document) error {
		l, err := decode[Label](d)
		if err == nil && seesLabel(x.caller)(l) {
			v.count(l.State)
		}
		return err
	})
	return v, err
}

func (v *BatchView) count(s LabelState) {
	switch s {
	case Blank:
		v.Blank++
	case Bound:
		v.Bound++
	case LabelIsGone:
		v.Retired++
	}
}
