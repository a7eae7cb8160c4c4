package evaluate

import (
	"github.com/ricircolo/ricircolo/internal/indicator/uncertainty"
)

func pedigree(r *reader) (output, error) {
	table, basic, s := r.text("table"), r.float("basic_uncertainty"), r.object("scores")
	scores := uncertainty.Scores{
		Reliability: s.digit("reliability"), Completeness: s.digit("completeness"), Temporal: s.digit("temporal"),
		Geographical: s.digit("geographical"), Technological: s.digit("technological"),
	}
	if s.given("sample") {
		// 0 would mean that it is not scored.
		if scores.Sample = s.digit("sample"); scores.Sample == 0 {
			scores.Sample = -1
		}
	}
	s.done()
	if err := r.ready(); err != nil {
		return nil, err
	}
	v, err := uncertainty.Pedigree(uncertainty.Table(table), scores, basic)
	return output{"sigma": v.Sigma, "gsd": v.GSD, "gsd2": v.GSD2}, err
}

func lognormalProduct(r *reader) (output, error) {
	medians, gsd2 := r.object("medians"), r.object("gsd2")
	var figures []uncertainty.Lognormal
	for _, name := range medians.names() {
		l := uncertainty.Lognormal{Median: medians.float(name), GSD2: 1}
		if gsd2.given(name) {
			l.GSD2 = gsd2.float(name)
		}
		figures = append(figures, l)
	}
	gsd2.done() // a spread of a name that has no median
	if err := r.ready(); err != nil {
		return nil, err
	}
	p, err := uncertainty.Product(figures)
	if err != nil {
		return nil, err
	}
	lower, upper := p.Interval()
	p2_5, p97_5 := p.Percentiles()
	return output{
		"median": p.Median, "sigma": p.Sigma(), "gsd2": p.GSD2, "mean": p.Mean(),
		"lower_z2": lower, "upper_z2": upper, "p2_5": p2_5, "p97_5": p97_5,
	}, nil
}

func lognormalSum(r *reader) (output, error) {
	var terms []uncertainty.Lognormal
	for _, t := range r.objects("terms") {
		terms = append(terms, t.lognormal())
	}
	if err := r.ready(); err != nil {
		return nil, err
	}
	s, err := uncertainty.Sum(terms)
	if err != nil {
		return nil, err
	}
	p2_5, p97_5 := s.Percentiles()
	return output{"mean": s.Mean(), "sd": s.SD(), "median": s.Median, "p2_5": p2_5, "p97_5": p97_5}, nil
}

func difference(r *reader) (output, error) {
	baseline, alternative := r.object("baseline").lognormal(), r.object("alternative").lognormal()
	if err := r.ready(); err != nil {
		return nil, err
	}
	d, err := uncertainty.Difference(baseline, alternative)
	return output{"mean_delta": d.Mean, "sd_independent": d.SDIndependent, "sd_shared": d.SDShared}, err
}

func (r *reader) lognormal() uncertainty.Lognormal {
	defer r.done()
	return uncertainty.Lognormal{Median: r.float("median"), GSD2: r.float("gsd2")}
}
