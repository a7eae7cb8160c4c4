package indicator

import (
	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/indicator/formula"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// resolved is the mass whose fate is known: what was refused counts, also
// where its next operation is not.
func resolved(a *Activity) quantity.Mass { return a.IntoRecycling() + a.Residue + a.Refused }

// biological is what goes back by the biological cycle.
func biological(a *Activity) quantity.Mass {
	return gramsOf(a.Routes, "composting", "anaerobic-digestion") + gramsOf(a.RefusedTo, "composting", "anaerobic-digestion")
}

func gramsOf(m map[string]quantity.Mass, keys ...string) (sum quantity.Mass) {
	for _, k := range keys {
		sum += m[k]
	}
	return sum
}

func (a *assessment) circularityCards() []Card {
	t := &a.total
	out := resolved(t)
	c := a.settledCoverage()
	c.Mass, c.Covered, c.Measured = out, out, out
	c.Pending = t.Received() - out
	ratio := func(id string, num quantity.Mass, notes ...string) Card {
		card := a.partCard("circularity", id, RatioOf(num, out), c)
		card.Notes = notes
		return card
	}
	undeclared := func(id string) Card {
		card := a.card("circularity", id, "1")
		card.Coverage = a.collectedCoverage()
		card.Coverage.Covered = 0
		card.Notes = []string{"after-iso-59020"}
		card.lack("not-declared")
		return card
	}
	return []Card{
		a.mciCard(c),
		ratio("calculation-point-rate", t.IntoRecycling(), "eu-2019-1004"),
		ratio("output-rate", t.Recyclate),
		ratio("iso59020-recycled-out", t.Recyclate, "after-iso-59020"),
		ratio("iso59020-biological-out", biological(t), "after-iso-59020"),
		ratio("iso59020-linear-out", out-t.Recyclate-biological(t), "after-iso-59020"),
		undeclared("iso59020-reused-out"), undeclared("iso59020-reused-in"), undeclared("iso59020-recycled-in"), undeclared("iso59020-renewable-in"),
		undeclared("iso59020-renewable-energy"),
		a.cffCard(),
	}
}

// cffCard is the Circular Footprint Formula of the EU's product environmental
// footprint, as a second view: Ev + (1−A)·R2·(ErecEoL − Ev·Q) + (1−B)·R3·EER +
// (1−R2−R3)·Ed, for the resolved mass, with R1 = 0, A = 0.5 (plastics), B = 0
// and no credit for energy. It holds a credit of its own and must never be
// combined with the card avoided.
func (a *assessment) cffCard() Card {
	l := newLinear(a.method.Set)
	for i := range a.in.Streams {
		s := &a.in.Streams[i]
		m := settled(&s.Activity)
		if m == 0 {
			continue
		}
		s.polymers(m, func(code string, kg decimal.Decimal, grams quantity.Mass) {
			line := Line{Phase: PhaseProduction, Subject: code, Stream: s.Stream, Amount: kg, Unit: "kg"}
			l.add(line, grams, one(factor.VirginProduction, code))
		})
	}
	for i := range a.in.Streams {
		s := &a.in.Streams[i]
		for _, key := range sortedKeys(s.Activity.Recyclates) {
			l.creditHalf(s.Stream, key, s.Activity.Recyclates[key])
		}
	}
	l.include(treatment(a.in, a.method.Set), 1)
	card := a.co2Card("cff", l, a.settledCoverage())
	card.Group = "circularity"
	a.uncertain(&card, l, a.total.ReceivedBy)
	card.Notes = []string{"holds-credit-never-combine"}
	return card
}

// creditHalf adds (1−A)·R2·(ErecEoL − Ev·Q) of a recyclate, with A = 0.5.
func (l *linear) creditHalf(stream, key string, m quantity.Mass) {
	polymer, application, quality := ParseRecyclateKey(key)
	line := Line{Phase: "recycling", Subject: polymer, Route: application, Quality: quality, Stream: stream, Unit: "kg"}
	line.Amount = kilograms(m).Mul(decimal.New(5, -1))
	q, err := decimal.NewFromString(quality)
	if quality == "" || err != nil {
		l.lack(line, "quality-ratio/"+polymer)
		return
	}
	code := substituted(polymer)
	l.add(line, 0, one(factor.RecycledProduction, code), part{factor.VirginProduction, code, q.Neg()})
}

// mciCard is the Material Circularity Indicator of what has arrived, for
// products of which no recycled, reused or biological content is declared and
// whose life is the industry's.
func (a *assessment) mciCard(c Coverage) Card {
	card := a.card("circularity", "mci", "1")
	card.Coverage = c
	card.Notes = []string{"recycled-content-not-declared"}
	t := &a.total
	out, into := resolved(t), t.IntoRecycling()
	if out <= 0 {
		card.lack("no-activity")
		return card
	}
	into -= a.compostedLoss()
	whole := decimal.NewFromInt(1)
	in := formula.MCI{
		M: whole, CR: quotient(into, out), CC: quotient(biological(t), out), EF: whole, EC: whole,
		L: whole, Lav: whole, U: whole, Uav: whole,
	}
	if into > 0 {
		in.EC = quotient(t.Recyclate, into)
	}
	m, err := in.Indicator()
	if err != nil { // composted loss of recycling would count in both cycles
		card.lack("cycles-overlap")
		return card
	}
	card.set(m.MCI.Round(4))
	return card
}

// compostedLoss is what a plant declared as entering its operation and
// composted or digested: it belongs to the biological cycle, and must not count
// as collected for recycling, too. Which part of a stream's loss went which way
// is not declared: as much of it as there was composted is taken for that.
func (a *assessment) compostedLoss() (sum quantity.Mass) {
	for i := range a.in.Streams {
		s := &a.in.Streams[i].Activity
		sum += min(gramsOf(s.Routes, "composting", "anaerobic-digestion"), s.ProcessLoss)
	}
	return sum
}

// quotient of two masses, to as many digits as a figure can need.
func quotient(num, den quantity.Mass) decimal.Decimal {
	return decimal.NewFromInt(int64(num)).DivRound(decimal.NewFromInt(int64(den)), 16)
}
