package tracking

import (
	"context"
	"errors"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/bioplastic"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
)

// DossierView is a dossier and what it is worth on a day.
type DossierView struct {
	Dossier
	Day      bioplastic.Day
	Standing bioplastic.Standing
}

// ComparisonView is the comparison of a dossier, worked out.
type ComparisonView struct {
	DossierView
	Outcome bioplastic.Outcome
}

// SortingAlarm is a treatment in which a sorting line found more bioplastics
// than the threshold in the stream of a fossil twin.
type SortingAlarm struct {
	Treatment
	Contaminant quantity.Mass
	Threshold   bioplastic.PartsPerMillion
}

// AlarmFilter says which days of treatment are looked at; empty ends are open.
type AlarmFilter struct{ From, To string }

// DossierFilter says which dossiers are wanted; empty: all.
type DossierFilter struct {
	State bioplastic.State // on the day of asking
}

func (x *reading) showDossier(d *Dossier) DossierView { return dossierOn(d, x.now) }

func dossierOn(d *Dossier, at calendar.Instant) DossierView {
	day := dayOf(at)
	return DossierView{*d, day, d.Standing(day)}
}

// Dossiers lists the dossiers by id.
func (s *Service) Dossiers(ctx context.Context, c access.Caller, f DossierFilter, page Page) (out List[DossierView], err error) {
	err = s.view(ctx, c, access.ReadBioplastics, func(x *reading) error {
		out, err = list(x, page, listing[Dossier, DossierView]{
			kind: KindDossier, spans: everything(),
			keep: func(d *Dossier) bool { return f.State == "" || d.Standing(dayOf(x.now)).State == f.State },
			show: func(x *reading, d *Dossier) (DossierView, error) { return x.showDossier(d), nil },
		})
		return err
	})
	return out, err
}

func anyDossier(*Dossier) bool { return true }

// Dossier returns one dossier, or a NotFound problem.
func (s *Service) Dossier(ctx context.Context, c access.Caller, id string) (Versioned[DossierView], error) {
	return one(ctx, s, c, access.ReadBioplastics, KindDossier, id, anyDossier, func(x *reading, d *Dossier) (DossierView, error) {
		return x.showDossier(d), nil
	})
}

// Comparison works out the comparison of a dossier, or says that there is none.
func (s *Service) Comparison(ctx context.Context, c access.Caller, id string) (Versioned[ComparisonView], error) {
	return one(ctx, s, c, access.ReadBioplastics, KindDossier, id, anyDossier, func(x *reading, d *Dossier) (ComparisonView, error) {
		view := x.showDossier(d)
		o, ok := d.Compare(view.Day)
		if !ok {
			return ComparisonView{}, problem.New(problem.Unprocessable, "comparison-missing", "The dossier has no comparison: add the task, and what does it.")
		}
		return ComparisonView{view, o}, nil
	})
}

// Transitions lists the steps of a dossier, the first first.
func (s *Service) Transitions(ctx context.Context, c access.Caller, dossier string, page Page) (out List[Transition], err error) {
	err = s.view(ctx, c, access.ReadBioplastics, func(x *reading) error {
		if _, _, err := found(x, KindDossier, dossier, anyDossier); err != nil {
			return err
		}
		out, err = list(x, page, listing[Transition, Transition]{
			kind: KindTransition, index: byDossier, spans: []span{under(dossier)}, show: same[Transition],
			keep: func(t *Transition) bool { return t.Dossier == dossier },
		})
		return err
	})
	return out, err
}

// BioplasticSettings returns what the lab chose, or what holds until it does.
func (s *Service) BioplasticSettings(ctx context.Context, c access.Caller) (v Versioned[BioplasticSettings], err error) {
	err = s.view(ctx, c, access.ReadBioplastics, func(x *reading) error {
		v, err = x.bioplasticSettings()
		return err
	})
	return v, err
}

func (x *reading) bioplasticSettings() (Versioned[BioplasticSettings], error) {
	d, err := x.Get(KindBioplastics, string(KindBioplastics))
	if errors.Is(err, store.ErrNotFound) {
		return Versioned[BioplasticSettings]{BioplasticSettings{bioplastic.DefaultThreshold}, builtInVersion}, nil
	}
	if err != nil {
		return Versioned[BioplasticSettings]{}, err
	}
	settings, err := decode[BioplasticSettings](d)
	if err != nil {
		return Versioned[BioplasticSettings]{}, err
	}
	return Versioned[BioplasticSettings]{*settings, d.Seq}, nil
}

// SortingAlarms lists the treatments in the caller's scope, the latest first,
// in which there was more bioplastic than the threshold that holds now. The
// cost of a page is bounded like that of any list.
func (s *Service) SortingAlarms(ctx context.Context, c access.Caller, f AlarmFilter, page Page) (out List[SortingAlarm], err error) {
	err = s.view(ctx, c, access.ReadBioplastics, func(x *reading) error {
		if err := checkDays(f.From, f.To); err != nil {
			return err
		}
		settings, err := x.bioplasticSettings()
		if err != nil {
			return err
		}
		polymers, err := x.polymersOfStreams()
		if err != nil {
			return err
		}
		index, spans, between := x.side("", "")
		if index == "" { // by time, in every facility
			index = byFacility
			if spans, err = x.inFacilities("", func(facility string) span { return under(facility) }); err != nil {
				return err
			}
		}
		for i := range spans {
			spans[i] = spans[i].instants(f.From, f.To)
		}
		judge := func(t *Treatment) (quantity.Mass, bool) {
			return bioplastic.SortingAlarm(polymers[t.Stream], t.InputGrams, t.fractions(), settings.Doc.Threshold)
		}
		out, err = list(x, page, listing[Treatment, SortingAlarm]{
			kind: KindTreatment, index: index, spans: spans, descending: true,
			keep: func(t *Treatment) bool {
				_, alarm := judge(t)
				return alarm && t.Status == Applied && between(t.Facility, t.Recycler)
			},
			show: func(_ *reading, t *Treatment) (SortingAlarm, error) {
				grams, _ := judge(t)
				return SortingAlarm{*t, grams, settings.Doc.Threshold}, nil
			},
		})
		return err
	})
	return out, err
}

// fractions are the outputs of a treatment by polymer.
func (t *Treatment) fractions() (found []bioplastic.Fraction) {
	for _, o := range t.Outputs {
		found = append(found, bioplastic.Fraction{Polymer: o.Polymer, Grams: o.Grams})
	}
	return found
}

func (x *reading) polymersOfStreams() (map[string][]string, error) {
	polymers := map[string][]string{}
	err := x.every(store.Query{Kind: KindStream}, func(d store.Document) error {
		s, err := decode[Stream](d)
		if err == nil {
			for _, p := range s.Polymers {
				polymers[s.ID] = append(polymers[s.ID], p.Polymer)
			}
		}
		return err
	})
	return polymers, err
}

// instants narrows a span of keys that end in an instant to days by the clocks
// of Rome, both included.
func (s span) instants(from, to string) span {
	prefix := s.from
	if from != "" {
		s.from = prefix + midnight(from, 0).SortKey()
	}
	if to != "" {
		s.to = prefix + midnight(to, 1).SortKey()
	}
	return s
}

// midnight is when a day that is well formed begins in Rome, so many days later.
func midnight(day string, later int) calendar.Instant {
	t, _ := time.ParseInLocation(time.DateOnly, day, calendar.Rome())
	return calendar.At(t.AddDate(0, 0, later))
}
