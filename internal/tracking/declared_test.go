package tracking_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// epd is a factor of a supplier's declaration.
func epd(subject, value string) factor.Factor {
	return factor.Factor{
		ID: factor.ID(factor.VirginProduction, subject), Kind: factor.VirginProduction, Subject: subject, Modules: []factor.Module{factor.RawMaterial},
		Value: decimal.RequireFromString(value), Unit: "kgCO2e/kg", Uptake: factor.ZeroZero, Region: "IT", Year: 2024, From: "2024-01-01",
		Source: "EPD", Table: "4", Licence: "by courtesy", Scores: factor.Scores{Reliability: 1, Completeness: 1, Temporal: 1, Geographical: 1, Technological: 1},
		GSD2: decimal.RequireFromString("1.10"),
	}
}

func ownSet(id string, factors ...factor.Factor) tracking.FactorSet {
	return tracking.FactorSet{Set: factor.Set{ID: id, Title: "EPD", Factors: factors}, Base: "default@1"}
}

type putSet = tracking.Versioned[tracking.FactorSet]

// MustPublish makes and publishes version 1 of a set.
func (l *Lab) MustPublish(t TB, id string, factors ...factor.Factor) putSet {
	t.Helper()
	draft, err := l.Service.PutFactorSet(ctx, l.Coordinator(), tracking.Write{}, ownSet(id, factors...))
	if err != nil {
		t.Fatalf("making %s: %v", id, err)
	}
	set, err := l.Service.PublishFactorSet(ctx, l.Coordinator(), tracking.Write{IfVersion: draft.Seq}, id+"@1")
	if err != nil {
		t.Fatalf("publishing %s: %v", id, err)
	}
	return set
}

// The life of a set, step by step: what may be done, and what it is then.
func TestFactorSetLife(t *testing.T) {
	l := MustLab(t, MustStore(t))
	c, versions := l.Coordinator(), map[string]store.Seq{}
	steps := map[string]func(ref string) (putSet, error){
		"make": func(ref string) (putSet, error) {
			return l.Service.PutFactorSet(ctx, c, tracking.Write{}, ownSet(strings.TrimSuffix(ref, "@1"), epd("PP", "1.50"), epd("ABS", "3")))
		},
		"change": func(ref string) (putSet, error) {
			set := ownSet("own", epd("PP", "1.60"))
			set.Version = int(ref[len(ref)-1] - '0')
			return l.Service.PutFactorSet(ctx, c, tracking.Write{IfVersion: versions[ref]}, set)
		},
		"publish": func(ref string) (putSet, error) {
			return l.Service.PublishFactorSet(ctx, c, tracking.Write{IfVersion: versions[ref]}, ref)
		},
		"renew": func(ref string) (putSet, error) { return l.Service.RenewFactorSet(ctx, c, tracking.Write{}, ref) },
	}
	for _, step := range []struct {
		do, ref string
		refused string            // code
		states  map[string]string // afterwards
	}{
		{"make", "default@1", "factor-set-built-in", nil},
		{"renew", "default@1", "factor-set-built-in", nil},
		{"renew", "own@1", "not-found", nil},
		{"make", "own@1", "", map[string]string{"own@1": "draft"}},
		{"make", "own@1", "id-taken", nil},
		{"renew", "own@1", "factor-set-draft", nil},
		{"change", "own@1", "", map[string]string{"own@1": "draft"}},
		{"publish", "own@1", "", map[string]string{"own@1": "published"}},
		{"change", "own@1", "factor-set-published", nil},
		{"publish", "own@1", "factor-set-published", nil},
		{"renew", "own@1", "", map[string]string{"own@1": "published", "own@2": "draft"}},
		{"renew", "own@1", "id-taken", nil},
		{"change", "own@2", "", nil},
		{"publish", "own@2", "", map[string]string{"own@1": "superseded by 2", "own@2": "published"}},
		{"change", "own@1", "factor-set-published", nil},
		{"renew", "own@2", "", map[string]string{"own@1": "superseded by 2", "own@2": "published", "own@3": "draft"}},
	} {
		name := step.do + " " + step.ref
		_, err := steps[step.do](step.ref)
		if step.refused != "" {
			wantFault(t, name, err, step.refused, "", "")
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, ref := range []string{"own@1", "own@2", "own@3"} {
			got, err := l.Service.FactorSet(ctx, c, ref)
			if want := step.states[ref]; want != "" && (err != nil || stateOf(got.Doc) != want) {
				t.Errorf("after %s: %s is %s (%v), want %s", name, ref, stateOf(got.Doc), err, want)
			}
			versions[ref] = got.Seq
		}
	}
	wantInvariants(t, l)
}

func stateOf(s tracking.FactorSet) string {
	if s.SupersededBy != 0 {
		return fmt.Sprintf("%s by %d", s.State, s.SupersededBy)
	}
	return string(s.State)
}

// The same key is one write, also of a set, of which the ledger keeps a sum.
func TestFactorSetKeys(t *testing.T) {
	l := MustLab(t, MustStore(t))
	w := tracking.Write{Key: "k"}
	first, err := l.Service.PutFactorSet(ctx, l.Coordinator(), w, ownSet("own", epd("PP", "1.5")))
	again, err2 := l.Service.PutFactorSet(ctx, l.Coordinator(), w, ownSet("own", epd("PP", "1.5")))
	if err != nil || err2 != nil || first.Seq != again.Seq || len(again.Doc.Factors) != 1 {
		t.Errorf("got %+v (%v), then %+v (%v)", first, err, again, err2)
	}
	_, err = l.Service.PutFactorSet(ctx, l.Coordinator(), w, ownSet("own", epd("PP", "1.6")))
	wantFault(t, "another set with the same key", err, "idempotency-key-reused", "", "")
}

func TestFactorSetsAreChecked(t *testing.T) {
	l := MustLab(t, MustStore(t))
	many := make([]factor.Factor, tracking.MaxFactors+1)
	long := make([]factor.Factor, tracking.MaxFactors)
	for i := range many {
		many[i] = epd(fmt.Sprintf("M%d", i), "1")
	}
	copy(long, many)
	for i := range long {
		long[i].Note, long[i].Source = strings.Repeat("n", 600), strings.Repeat("s", 200)
	}
	for name, tt := range map[string]struct {
		change        func(*tracking.FactorSet)
		pointer, code string
	}{
		"a name in capitals": {func(s *tracking.FactorSet) { s.ID = "Own" }, "/id", "malformed"},
		"a name with @":      {func(s *tracking.FactorSet) { s.ID = "own@1" }, "/id", "malformed"},
		"a long name":        {func(s *tracking.FactorSet) { s.ID = strings.Repeat("a", 41) }, "/id", "malformed"},
		"no title":           {func(s *tracking.FactorSet) { s.Title = "" }, "/title", "required"},
		"a base of nobody's": {func(s *tracking.FactorSet) { s.Base = "own@1" }, "/base", "unknown"},
		"no source":          {func(s *tracking.FactorSet) { s.Factors[1].Source = "" }, "/factors/1/source", "required"},
		"a huge number":      {func(s *tracking.FactorSet) { s.Factors[0].Value = decimal.New(1, 999999999) }, "/factors/0/value", "too-many-digits"},
		"one twice":          {func(s *tracking.FactorSet) { s.Factors[1] = s.Factors[0] }, "/factors/1/subject", "duplicate"},
		"too many":           {func(s *tracking.FactorSet) { s.Factors = many }, "/factors", "too-many"},
		"too many bytes":     {func(s *tracking.FactorSet) { s.Factors = long }, "/factors", "too-large"},
	} {
		set := ownSet("own", epd("PP", "1.5"), epd("ABS", "3"))
		tt.change(&set)
		_, err := l.Service.PutFactorSet(ctx, l.Coordinator(), tracking.Write{}, set)
		wantFault(t, name, err, "entry-invalid", tt.pointer, tt.code)
	}
	// The largest that is taken fits into an entry.
	for i := range long {
		long[i].Note, long[i].Source = strings.Repeat("<", 20), strings.Repeat("s", 90)
	}
	if _, err := l.Service.PutFactorSet(ctx, l.Coordinator(), tracking.Write{}, ownSet("large", long...)); err != nil {
		t.Errorf("%d factors: %v", len(long), err)
	}
	wantInvariants(t, l)
}

func TestMethodOfTheLab(t *testing.T) {
	l := MustLab(t, MustStore(t))
	m, err := tracking.MethodForTest(ctx, l.Service, l.Coordinator(), "", "")
	if err != nil || m.Set.Name() != "default@1" || m.Baseline.ID != indicator.EmiliaRomagna().ID {
		t.Fatalf("before anything is chosen: got %+v, %v", m, err)
	}
	l.MustPublish(t, "own", epd("PP", "1.5"))
	b := MustBaseline(t, l)
	draft, err := l.Service.PutFactorSet(ctx, l.Coordinator(), tracking.Write{}, ownSet("draft", epd("PP", "1.5")))
	if err != nil {
		t.Fatal(err)
	}
	put := func(version store.Seq, set, baseline string) (tracking.Versioned[tracking.Assessment], error) {
		return l.Service.PutAssessment(ctx, l.Coordinator(), tracking.Write{IfVersion: version}, tracking.Assessment{FactorSet: set, Baseline: baseline})
	}
	for name, tt := range map[string]struct{ set, baseline, code, pointer, field string }{
		"a draft":              {draft.Doc.Name(), "", "entry-invalid", "/factorSet", "draft"},
		"for sensitivity":      {"warm-v16@1", "", "entry-invalid", "/factorSet", "sensitivity-only"},
		"a set of nobody's":    {"own@9", "", "reference-unknown", "/factorSet", "unknown"},
		"baseline of nobody's": {"own@1", "b9", "reference-unknown", "/baseline", "unknown"},
	} {
		_, err := put(1, tt.set, tt.baseline)
		wantFault(t, name, err, tt.code, tt.pointer, tt.field)
	}
	chosen, err := put(1, "own@1", b)
	if err != nil {
		t.Fatal(err)
	}
	_, err = put(1, "default@1", "")
	wantFault(t, "as it was before the first choice", err, "version-changed", "", "")
	if m, err = tracking.MethodForTest(ctx, l.Service, l.Plant(l.Recycler), "", ""); err != nil || m.Set.Name() != "own@1" || m.Baseline.ID != b {
		t.Fatalf("got %+v, %v", m, err)
	}
	if f, ok := m.Set.Find(factor.VirginProduction, "PP"); !ok || f.Value.String() != "1.5" {
		t.Errorf("got %+v, want the lab's own PP", f)
	}
	if _, ok := m.Set.Find(factor.VirginProduction, "PET"); !ok {
		t.Error("the base's PET is not there")
	}
	if m, err = tracking.MethodForTest(ctx, l.Service, l.Coordinator(), "default@1", indicator.EmiliaRomagna().ID); err != nil || m.Set.Name() != "default@1" || m.Baseline.ID == b {
		t.Errorf("by name: got %+v, %v", m, err)
	}
	_, err = tracking.MethodForTest(ctx, l.Service, l.Coordinator(), "own@9", "")
	wantFault(t, "a set that is not there", err, "filter-invalid", "?factorSet", "unknown")
	_, err = tracking.MethodForTest(ctx, l.Service, l.Coordinator(), "", "b9")
	wantFault(t, "a baseline that is not there", err, "filter-invalid", "?baseline", "unknown")
	if _, err := put(chosen.Seq, "default@1", ""); err != nil {
		t.Error(err)
	}
	wantInvariants(t, l)
}

// MustBaseline adds a baseline and returns its id.
func MustBaseline(t TB, l *Lab) string {
	t.Helper()
	v, err := l.Service.PutBaseline(ctx, l.Coordinator(), tracking.Write{}, aBaseline())
	if err != nil {
		t.Fatalf("making a baseline: %v", err)
	}
	return v.Doc.ID
}

func aBaseline() tracking.Baseline {
	return tracking.Baseline{Baseline: indicator.Baseline{
		Name: "Audit", NameIT: "Verifica", Dated: "2025-12-31", Source: "Audit", Routes: []indicator.RouteShare{{Operation: "R1", Permille: 1000}}, Legs: []indicator.BaselineLeg{},
	}}
}

func TestBaselinesAreChecked(t *testing.T) {
	l := MustLab(t, MustStore(t))
	for name, tt := range map[string]struct {
		change        func(*tracking.Baseline)
		pointer, code string
	}{
		"no day":    {func(b *tracking.Baseline) { b.Dated = "2025" }, "/dated", "malformed"},
		"no source": {func(b *tracking.Baseline) { b.Source = "" }, "/source", "required"},
		"no route":  {func(b *tracking.Baseline) { b.Routes = nil }, "/routes", "sum"},
		"route twice": {func(b *tracking.Baseline) {
			b.Routes = []indicator.RouteShare{{Operation: "R1", Permille: 500}, {Operation: "R1", Permille: 500}}
		}, "/routes/1/operation", "repeated"},
		"other vehicle": {func(b *tracking.Baseline) { b.Legs = []indicator.BaselineLeg{{Vehicle: "ship", Kilometres: 5}} }, "/legs/0/vehicle", "unknown"},
	} {
		b := aBaseline()
		tt.change(&b)
		_, err := l.Service.PutBaseline(ctx, l.Coordinator(), tracking.Write{}, b)
		wantFault(t, name, err, "entry-invalid", tt.pointer, tt.code)
	}
	built := aBaseline()
	built.ID = indicator.EmiliaRomagna().ID
	_, err := l.Service.PutBaseline(ctx, l.Coordinator(), tracking.Write{IfVersion: 1}, built)
	wantFault(t, "the built-in one", err, "baseline-built-in", "", "")
}

func aDenominator(facility, month, kind, quantity string) tracking.Denominator {
	return tracking.Denominator{Denominator: indicator.Denominator{
		Facility: facility, Month: calendar.Month(month), Kind: kind, Quantity: decimal.RequireFromString(quantity), Source: "Registro",
	}}
}

func TestDenominators(t *testing.T) {
	l := MustLab(t, MustStore(t))
	other := l.MustFacility(t)
	put := func(c access.Caller, version store.Seq, d tracking.Denominator) (tracking.Versioned[tracking.Denominator], error) {
		return l.Service.PutDenominator(ctx, c, tracking.Write{IfVersion: version}, d)
	}
	manager := l.Manager(l.Facility)
	for name, tt := range map[string]struct {
		d             tracking.Denominator
		pointer, code string
	}{
		"negative":           {aDenominator(l.Facility, "2026-03", "bed-day", "-1"), "/quantity", "out-of-range"},
		"four digits":        {aDenominator(l.Facility, "2026-03", "bed-day", "1.0001"), "/quantity", "out-of-range"},
		"too much":           {aDenominator(l.Facility, "2026-03", "bed-day", "1000000000000.001"), "/quantity", "out-of-range"},
		"huge":               {aDenominator(l.Facility, "2026-03", "bed-day", "1e9999"), "/quantity", "out-of-range"},
		"a kind of nobody's": {aDenominator(l.Facility, "2026-03", "cups", "1"), "/kind", "unknown"},
		"no month":           {aDenominator(l.Facility, "2026-13", "bed-day", "1"), "/month", "malformed"},
		"months ahead":       {aDenominator(l.Facility, "2026-05", "bed-day", "1"), "/month", "out-of-range"},
	} {
		_, err := put(manager, 0, tt.d)
		wantFault(t, name, err, "entry-invalid", tt.pointer, tt.code)
	}
	unsourced := aDenominator(l.Facility, "2026-03", "bed-day", "1")
	unsourced.Source = " "
	_, err := put(manager, 0, unsourced)
	wantFault(t, "no source", err, "entry-invalid", "/source", "required")

	first, err := put(manager, 0, aDenominator(l.Facility, "2026-04", "bed-day", "1000000000000"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = put(manager, 0, first.Doc)
	wantFault(t, "declared again", err, "id-taken", "", "")
	if _, err := put(manager, first.Seq, aDenominator(l.Facility, "2026-04", "bed-day", "0")); err != nil {
		t.Errorf("changed: %v", err)
	}
	// What another facility declared is as what nobody did.
	foreign, err := put(l.Coordinator(), 0, aDenominator(other, "2026-03", "bed-day", "5"))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"bed-day", "procedure"} {
		_, err := put(manager, 0, aDenominator(other, "2026-03", kind, "5"))
		wantFault(t, "for another facility", err, "reference-unknown", "/facility", "unknown")
		_, err = put(manager, foreign.Seq, aDenominator(other, "2026-03", kind, "5"))
		wantFault(t, "of another facility", err, "not-found", "", "")
	}
	if _, err := l.Service.Denominator(ctx, manager, foreign.Doc.ID); err == nil {
		t.Error("a manager reads what another facility declared")
	}
	list, err := l.Service.Denominators(ctx, manager, tracking.DenominatorFilter{}, tracking.Page{Limit: 10})
	if err != nil || len(list.Items) != 1 || list.Items[0].Doc.Facility != l.Facility {
		t.Errorf("a manager sees %+v (%v), want its own", list.Items, err)
	}
	wantInvariants(t, l)
}

// The reader of the cards finds what is declared in its range, and no more.
func TestDenominatorsOfARange(t *testing.T) {
	l := MustLab(t, MustStore(t))
	other := l.MustFacility(t)
	for _, d := range []tracking.Denominator{
		aDenominator(l.Facility, "2026-01", "bed-day", "1"), aDenominator(l.Facility, "2026-02", "bed-day", "2"), aDenominator(l.Facility, "2026-02", "procedure", "3"),
		aDenominator(l.Facility, "2026-03", "bed-day", "4"), aDenominator(other, "2026-02", "bed-day", "5"),
	} {
		if _, err := l.Service.PutDenominator(ctx, l.Coordinator(), tracking.Write{}, d); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		c                  access.Caller
		facility, from, to string
		want               []string
	}{
		{l.Coordinator(), "", "2026-02", "2026-02", []string{"2", "3", "5"}},
		{l.Coordinator(), "", "2026-01", "2026-03", []string{"1", "2", "3", "4", "5"}},
		{l.Coordinator(), other, "2026-01", "2026-03", []string{"5"}},
		{l.Manager(l.Facility), "", "2026-02", "2026-03", []string{"2", "3", "4"}},
		{l.Manager(l.Facility), other, "2026-02", "2026-03", nil},
		{l.Plant(l.Recycler), "", "2026-01", "2026-03", nil},
	} {
		found, err := tracking.DenominatorsForTest(ctx, l.Service, tt.c, tt.facility, calendar.Month(tt.from), calendar.Month(tt.to))
		var got []string
		for _, d := range found {
			got = append(got, d.Quantity.String())
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s, %q, %s to %s: got %v (%v), want %v", tt.c.Role, tt.facility, tt.from, tt.to, got, err, tt.want)
		}
	}
}

func aPilot(ward, stream string) indicator.Pilot {
	return indicator.Pilot{
		Name: "Dialisi", Changed: "Sacche svuotate", From: "2026-01", To: "2026-03", Wards: []string{ward}, Streams: []string{stream},
		Reference: indicator.Reference{From: "2025-01", To: "2025-03"},
	}
}

func TestPilots(t *testing.T) {
	l := MustLab(t, MustStore(t))
	other := l.MustFacility(t)
	elsewhere := l.MustWard(t, other)
	put := func(change func(*tracking.Pilot)) (tracking.Versioned[tracking.Pilot], error) {
		p := tracking.Pilot{Pilot: aPilot(l.Ward, l.Stream)}
		change(&p)
		return l.Service.PutPilot(ctx, l.Coordinator(), tracking.Write{}, p)
	}
	for name, tt := range map[string]struct {
		change              func(*tracking.Pilot)
		code, pointer, word string
	}{
		"a ward of nobody's":   {func(p *tracking.Pilot) { p.Wards = []string{l.Ward, "w9"} }, "reference-unknown", "/wards/1", "unknown"},
		"another of nobody's":  {func(p *tracking.Pilot) { p.Reference.Wards = []string{"w9"} }, "reference-unknown", "/reference/wards/0", "unknown"},
		"a stream of nobody's": {func(p *tracking.Pilot) { p.Streams = []string{"s9"} }, "reference-unknown", "/streams/0", "unknown"},
		"a ward twice":         {func(p *tracking.Pilot) { p.Wards = []string{l.Ward, l.Ward} }, "entry-invalid", "/wards/1", "repeated"},
		"no ward":              {func(p *tracking.Pilot) { p.Wards = nil }, "entry-invalid", "/wards", "out-of-range"},
		"nothing changed":      {func(p *tracking.Pilot) { p.Changed = "" }, "entry-invalid", "/changed", "required"},
	} {
		_, err := put(tt.change)
		wantFault(t, name, err, tt.code, tt.pointer, tt.word)
	}
	own, err := put(func(*tracking.Pilot) {})
	if err != nil {
		t.Fatal(err)
	}
	both, err := put(func(p *tracking.Pilot) { p.Reference.Wards = []string{elsewhere} })
	if err != nil || len(both.Doc.Facilities) != 2 {
		t.Fatalf("got %+v, %v", both, err)
	}
	for _, tt := range []struct {
		c    access.Caller
		want int
	}{{l.Coordinator(), 2}, {l.Manager(l.Facility), 1}, {l.Manager(other), 0}, {l.Auditor("", l.Recycler), 0}, {l.Auditor(l.Facility, ""), 1}} {
		list, err := l.Service.Pilots(ctx, tt.c, tracking.Page{Limit: 10})
		if err != nil || len(list.Items) != tt.want {
			t.Errorf("%s of %q sees %d (%v), want %d", tt.c.Role, tt.c.Facility, len(list.Items), err, tt.want)
		}
	}
	if _, err := l.Service.Pilot(ctx, l.Manager(other), own.Doc.ID); err == nil {
		t.Error("a manager reads a pilot elsewhere")
	}
	wantInvariants(t, l)
}
