package indicator

import (
	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// Cards works out all cards, in the order in which they are shown. It is pure.
// An error means that the method can't be used at all (a set that is for
// sensitivity only, phases that overlap, conventions that can't be mixed);
// what is missing is said by the cards themselves.
func Cards(in Input, m Method) ([]Card, error) {
	if err := m.check(&in); err != nil {
		return nil, err
	}
	return newAssessment(&in, &m).cards()
}

func (a *assessment) cards() ([]Card, error) {
	cards := a.massCards()
	co2, err := a.co2Cards()
	if err != nil {
		return nil, err
	}
	cards = append(cards, co2...)
	cards = append(cards, a.circularityCards()...)
	return append(cards, a.intensityCards(cards)...), nil
}

// check refuses a method that can't give any card.
func (m *Method) check(in *Input) error {
	switch {
	case m.Set == nil:
		return problem.New(problem.Unprocessable, "factor-set-missing", "There is no set of emission factors to work with.")
	case m.Set.Sensitivity:
		return problem.New(problem.Unprocessable, "factor-set-for-sensitivity",
			"The factors of %s are for sensitivity only: their values hold credits that can't be taken apart.", m.Set.ID).
			With("/factorSet", "not-allowed", "Choose a set of gross factors, for example default@1.")
	case m.Draws != 0 && (m.Draws < MinDraws || m.Draws > MaxDraws):
		return problem.New(problem.Invalid, "draws-invalid", "Monte Carlo takes %d to %d draws.", MinDraws, MaxDraws).
			With("?draws", "out-of-range", "Leave it out for analytic intervals.")
	}
	if m.Baseline != nil {
		if err := m.Baseline.Check(); err != nil {
			return err
		}
	}
	return m.Set.Covers(string(in.From), string(in.To))
}

// The draws of a Monte Carlo simulation.
const (
	MinDraws = 100_000
	MaxDraws = 1_000_000
)

// assessment is the cards being worked out.
type assessment struct {
	in     *Input
	method *Method
	total  Activity
	inputs string
	bare   bool               // values only: no intervals
	sums   map[string]*linear // of the cards of CO2, by id
}

func newAssessment(in *Input, m *Method) *assessment {
	a := newBareAssessment(in, m)
	a.inputs = inputsHash(in, m)
	return a
}

// newBareAssessment is for values that are shown without their provenance.
func newBareAssessment(in *Input, m *Method) *assessment {
	return &assessment{in: in, method: m, total: in.Total(), sums: map[string]*linear{}}
}

// card is a card with what all have in common.
func (a *assessment) card(group, id, unit string) Card {
	return Card{
		ID: id, Group: group, Unit: unit, Fills: a.total.Fills, Method: MethodID,
		From: a.in.From, To: a.in.To, Head: a.in.Head, Inputs: a.inputs,
	}
}

// set gives a card its value.
func (c *Card) set(v decimal.Decimal) {
	c.Value, c.Display = &v, display(v)
	if c.Unit == "kg" { // weighed, not worked out with factors
		c.Display = significant(v, 4).String()
	}
}

// lack says that a card has no value.
func (c *Card) lack(reason string, missing ...string) {
	c.Value, c.Display, c.Interval, c.Reason, c.Missing = nil, "", nil, reason, missing
}

// collectedCoverage is the coverage of a card about what was collected.
func (a *assessment) collectedCoverage() Coverage {
	measured, estimated := sumRungs(a.total.CollectedBy)
	return Coverage{
		Mass: a.total.Collected, Covered: a.total.Collected, Measured: measured, Estimated: estimated,
		ByRung: a.total.CollectedBy.shares(a.total.Collected),
	}
}

// receivedCoverage is the coverage of a card about what a plant received.
func (a *assessment) receivedCoverage() Coverage {
	received := a.total.Received()
	measured, estimated := sumRungs(a.total.ReceivedBy)
	return Coverage{
		Mass: received, Covered: received, Measured: measured, Estimated: estimated,
		Pending: a.total.Pending, ByRung: a.total.ReceivedBy.shares(received),
	}
}

func (a *assessment) massCards() []Card {
	t := &a.total
	collected, received := a.collectedCoverage(), a.receivedCoverage()
	contamination := a.partCard("mass", "contamination", RatioOf(t.Contaminant, t.Received()), received)
	contamination.Notes = append(contamination.Notes, "contamination-as-declared")
	return []Card{
		a.massCard("collected", t.Collected, collected, t.CollectedBy),
		a.massCard("accepted", t.Accepted, received, t.ReceivedBy),
		a.massCard("refused", t.Refused, received, t.ReceivedBy),
		a.massCard("recyclate", t.Recyclate, received, t.ReceivedBy),
		contamination,
		a.partCard("mass", "refusal", RatioOf(t.Refused, t.Received()), received),
		a.captureCard(),
		a.ratioCard("mass", "closure", RatioOf(t.Received(), t.Collected-t.Stored-t.InTransit), collected, t.ReceivedBy, t.CollectedBy),
	}
}

// massCard shows a mass, uncertain by the rungs that it stands on.
func (a *assessment) massCard(id string, m quantity.Mass, c Coverage, by ByRung) Card {
	card := a.card("mass", id, "kg")
	card.Coverage = c
	card.set(kilograms(m))
	card.Interval = weighed(*card.Value, by)
	return card
}

// ratioCard shows a quotient of masses, rounded once. Numerator and
// denominator are uncertain by the rungs that they stand on, by themselves.
func (a *assessment) ratioCard(group, id string, r Ratio, c Coverage, num, den ByRung) Card {
	card := a.card(group, id, "1")
	card.Coverage = c
	if !r.Defined() {
		card.lack("no-activity")
		return card
	}
	card.set(decimal.RequireFromString(r.String()))
	card.Interval = weighed(*card.Value, num, den)
	return card
}

// partCard shows a part of what a plant weighed. Of r = x/(x + y), with x and y
// weighed by themselves, ln r has the variance (1 − r)²·(σx² + σy²): where all
// is the part, nothing is unsure.
func (a *assessment) partCard(group, id string, r Ratio, c Coverage) Card {
	card := a.ratioCard(group, id, r, c, ByRung{}, ByRung{})
	if card.Value != nil {
		rest := decimal.NewFromInt(1).Sub(*card.Value).InexactFloat64()
		card.Interval = spread(*card.Value, 2*rest*rest*massSpread(a.total.ReceivedBy))
	}
	return card
}

// captureCard is target material collected (without the foreign material found
// in it) ÷ generated, which takes a declared estimate of
// what is generated.
func (a *assessment) captureCard() Card {
	card := a.card("mass", "capture", "1")
	card.Coverage = a.collectedCoverage()
	d := a.in.denominated("generated-gram")
	switch {
	case d == nil || !d.Quantity.IsPositive():
		card.lack("denominator-missing", "generated-gram")
	case d.Lacking > 0:
		card.lack("denominator-incomplete", "generated-gram")
	default:
		target := d.Collected - a.total.Contaminant
		card.set(decimal.NewFromInt(int64(target)).DivRound(d.Quantity, 4))
		card.Interval = weighed(*card.Value, a.total.CollectedBy)
	}
	return card
}

func (in *Input) denominated(kind string) *Denominated {
	for i := range in.Denominators {
		if in.Denominators[i].Kind == kind {
			return &in.Denominators[i]
		}
	}
	return nil
}

// co2Card shows a sum of amounts times factors.
func (a *assessment) co2Card(id string, l *linear, c Coverage) Card {
	card := a.card("co2", id, "kgCO2e")
	card.Lines = l.tidy()
	if l.mass != 0 {
		c.Mass, c.Covered = l.mass, l.covered
		if c.Estimated == 0 {
			c.Measured = l.mass
		}
	}
	c.Covered = max(0, c.Covered-l.lacking)
	if len(l.missing) > 0 && c.Covered == c.Mass { // what is missing is about all of it
		c.Covered = 0
	}
	card.Coverage = c
	for _, m := range l.modules() {
		card.Modules = append(card.Modules, string(m))
	}
	card.Factors = sortedKeys(l.weights)
	switch {
	case len(l.missing) > 0:
		card.lack("factor-missing", sortedKeys(l.missing)...)
	case len(l.lines) == 0 && c.Mass == 0:
		card.lack("no-activity")
	default:
		card.set(l.value)
	}
	return card
}

// uncertain gives a card its interval.
func (a *assessment) uncertain(card *Card, l *linear, by ByRung) {
	a.sums[card.ID] = l
	if card.Value == nil || a.bare {
		return
	}
	if a.method.Draws > 0 {
		card.Interval = l.simulate(massSpread(by), a.method.Draws, a.method.Seed)
		return
	}
	card.Interval = l.interval(massSpread(by))
}

// combine refuses to sum factors of two phases that cover the same module of
// the life cycle, or treat biogenic carbon differently.
func (l *linear) combine(o *linear) error {
	for _, ref := range sortedKeys(l.weights) {
		for _, with := range sortedKeys(o.weights) {
			if err := factor.Combine(l.weights[ref].factor, o.weights[with].factor); err != nil {
				return err
			}
		}
	}
	return nil
}
