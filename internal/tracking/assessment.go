package tracking

import (
	"context"
	"errors"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Assessment is how the lab's figures are worked out unless somebody asks for
// something else. A lab that has not chosen has the built-in set and baseline.
type Assessment struct {
	FactorSet string `json:"factorSet"` // published version, "default@1"
	Baseline  string `json:"baseline"`  // id; empty: the built-in one
}

func defaultAssessment() Assessment {
	set := factor.Default()
	return Assessment{FactorSet: SetRef(set.ID, set.Version)}
}

func (a *Assessment) kind() store.Kind  { return KindAssessment }
func (a *Assessment) id() string        { return string(KindAssessment) }
func (a *Assessment) keys() []store.Key { return nil }
func (a *Assessment) setID(string)      {}
func (a *Assessment) check(v *validation) {
	v.text(a.FactorSet, "/factorSet", true, 64)
	v.text(a.Baseline, "/baseline", false, 64)
}

// admit asks for a set that figures may be worked out with, and for a baseline
// that is there.
func (a *Assessment) admit(w *work, _ *Assessment) error {
	set, _, err := factorSetOf(w.tx, a.FactorSet)
	if err != nil {
		return unknownReference(err, "/factorSet", "factor set")
	}
	effective, err := set.effective()
	if err != nil {
		return err
	}
	v := &validation{}
	v.ok(set.State != factor.Draft, "/factorSet", "draft", "A draft may still change: publish it first.")
	v.ok(!effective.Sensitivity, "/factorSet", "sensitivity-only", "This set is for sensitivity only: use another one for the lab's figures.")
	if err := v.err(); err != nil {
		return err
	}
	_, _, err = baselineOf(w.tx, a.Baseline)
	return unknownReference(err, "/baseline", "baseline")
}

// baselineOf finds a baseline, built in ("" too) or the lab's own, or returns
// store.ErrNotFound.
func baselineOf(r store.Reader, id string) (*Baseline, store.Seq, error) {
	if built := indicator.EmiliaRomagna(); id == "" || id == built.ID {
		return &Baseline{Baseline: *built, BuiltIn: true}, builtInVersion, nil
	}
	if !storable(id, store.MaxIDBytes) {
		return nil, 0, store.ErrNotFound
	}
	d, err := r.Get(KindBaseline, id)
	if err != nil {
		return nil, 0, err
	}
	b, err := decode[Baseline](d)
	return b, d.Seq, err
}

// assessmentOf is what the lab has chosen, or what holds if it has not.
func assessmentOf(r store.Reader) (Assessment, store.Seq, error) {
	d, err := r.Get(KindAssessment, string(KindAssessment))
	if errors.Is(err, store.ErrNotFound) {
		return defaultAssessment(), builtInVersion, nil
	}
	if err != nil {
		return Assessment{}, 0, err
	}
	a, err := decode[Assessment](d)
	if err != nil {
		return Assessment{}, 0, err
	}
	return *a, d.Seq, nil
}

// PutAssessment chooses set and baseline. What holds before anything was chosen
// has the version that all that is built in has.
func (s *Service) PutAssessment(ctx context.Context, c access.Caller, w Write, a Assessment) (Versioned[Assessment], error) {
	first := w.IfVersion == builtInVersion
	if first {
		w.IfVersion = 0
	}
	put, err := putCatalogue[Assessment](ctx, s, c, w, typeAssessmentPut, &a)
	// It is always there: only in another version.
	if first && problem.Is(err, "id-taken") || !first && problem.Is(err, "not-found") {
		err = problem.VersionChanged()
	}
	return put, err
}

// Assessment returns what the lab has chosen.
func (s *Service) Assessment(ctx context.Context, c access.Caller) (v Versioned[Assessment], err error) {
	err = s.view(ctx, c, access.ReadAssessment, func(x *reading) error {
		v.Doc, v.Seq, err = assessmentOf(x)
		return err
	})
	return v, err
}

// method is how the figures of an answer are worked out: with the lab's set,
// over its base, and baseline, or with what the request names instead.
func (x *reading) method(set, baseline string) (m indicator.Method, err error) {
	chosen, _, err := assessmentOf(x)
	if err != nil {
		return m, err
	}
	own, _, err := factorSetOf(x, or(set, chosen.FactorSet))
	switch {
	case errors.Is(err, store.ErrNotFound) && set != "":
		return m, errFilter("?factorSet", "unknown", "There is no such set: use one like default@1.")
	case err != nil:
		return m, err
	case own.State == factor.Draft:
		return m, errFilter("?factorSet", "draft", "A draft may still change: publish it first.")
	}
	if m.Set, err = own.effective(); err != nil {
		return m, err
	}
	b, _, err := baselineOf(x, or(baseline, chosen.Baseline))
	if errors.Is(err, store.ErrNotFound) && baseline != "" {
		return m, errFilter("?baseline", "unknown", "There is no such baseline.")
	}
	if err == nil {
		m.Baseline = &b.Baseline
	}
	return m, err
}

// or is s, or what holds where nothing is said.
func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// denominators lists what the facilities in the caller's scope and a filter
// ("": all) declared for the months from one to another, by facility, month and
// kind.
func (x *reading) denominators(facility string, from, to calendar.Month) ([]indicator.Denominator, error) {
	ids, err := x.facilities(facility)
	if err != nil {
		return nil, err
	}
	var out []indicator.Denominator
	for _, id := range ids {
		months := span{key("", id, string(from)).Value, key("", id, string(to)).Value + afterParts}
		q := store.Query{Kind: KindDenominator, Index: byFacility, From: months.from, To: months.to}
		if !storable(q.From, store.MaxKeyBytes) {
			continue // a filter that no id fulfils
		}
		err := x.every(q, func(d store.Document) error {
			doc, err := decode[Denominator](d)
			if err == nil {
				out = append(out, doc.Denominator)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
