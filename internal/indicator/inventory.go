package indicator

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

// co2Cards are the inventory, what was avoided, and the biogenic memo: three
// figures that are never netted; then the comparison with the baseline.
func (a *assessment) co2Cards() ([]Card, error) {
	set, in := a.method.Set, a.in
	made, moved, treated := production(in, set), transport(in, set, factor.ElectricityLocal), treatment(in, set)
	// Residue goes on from the plant by a journey of its own, which factors of
	// landfill hold: it is no part of the legs to the plant.
	for _, phase := range []*linear{moved, treated} {
		if err := made.combine(phase); err != nil {
			return nil, err
		}
	}
	waste, whole := newLinear(set), newLinear(set)
	waste.include(moved, 1)
	waste.include(treated, 1)
	whole.include(made, 1)
	whole.include(waste, 1)

	collected, settled := a.collectedCoverage(), a.settledCoverage()
	cards := []Card{
		a.inventoryCard("inventory", whole, collected, a.total.CollectedBy),
		a.inventoryCard("inventory-production", made, collected, a.total.CollectedBy),
		a.transportCard(moved),
		a.inventoryCard("inventory-treatment", treated, settled, a.total.ReceivedBy),
		a.wasteCard(waste),
		a.avoidedCard(),
		a.inventoryCard("biogenic", biogenic(in, set), settled, a.total.ReceivedBy),
		a.inventoryCard("recycler-process", recyclerProcess(in, set), settled, a.total.ReceivedBy),
	}
	cards[0].Coverage = jointCoverage(collected, made, treated)
	for i := range cards {
		switch cards[i].ID {
		case "inventory", "inventory-waste":
			cards[i].Lines = nil // they are those of the phases
			a.needHaul(&cards[i])
		case "inventory-transport":
			a.needHaul(&cards[i])
		}
	}
	cards = append(cards, a.comparisonCards(moved, treated)...)
	return append(cards, a.electricityCards()...), nil
}

func (a *assessment) inventoryCard(id string, l *linear, c Coverage, by ByRung) Card {
	card := a.co2Card(id, l, c)
	a.uncertain(&card, l, by)
	if id == "inventory-production" || id == "inventory" {
		card.Notes = append(card.Notes, "fused-raw-material-transformation")
	}
	if slices.Contains([]string{"inventory-treatment", "inventory", "biogenic"}, id) {
		card.Notes = append(card.Notes, "residue-as-stream")
	}
	if id == "biogenic" {
		card.Notes = append(card.Notes, "biogenic-full-oxidation")
	}
	if id == "recycler-process" {
		card.Notes = append(card.Notes, "belongs-to-next-product")
	}
	return card
}

// settled is the mass whose final route is known.
func settled(a *Activity) quantity.Mass {
	m := a.IntoRecycling() + a.Residue
	for _, g := range a.RefusedTo {
		m += g
	}
	return m
}

// settledCoverage is the coverage of a card about what has its final route.
func (a *assessment) settledCoverage() Coverage {
	c := a.receivedCoverage()
	c.Mass = settled(&a.total)
	c.Covered = c.Mass
	c.Measured, c.Estimated = c.Mass, 0 // plants weigh
	c.Pending = a.total.Received() - c.Mass
	return c
}

// arrived is the departure mass of what has arrived at a plant.
func arrived(a *Activity) quantity.Mass { return a.Collected - a.Stored - a.InTransit }

// needHaul takes the value from a card that counts transport if a part of what
// has arrived came by a transport that nobody declared.
func (a *assessment) needHaul(card *Card) {
	if card.Value != nil && a.total.Hauled != arrived(&a.total) {
		card.lack("transport-not-declared", "legs")
	}
}

// transportCard is the transport of what has arrived.
func (a *assessment) transportCard(moved *linear) Card {
	card := a.co2Card("inventory-transport", moved, a.collectedCoverage())
	card.Coverage.Mass, card.Coverage.Covered = arrived(&a.total), a.total.Hauled
	if card.Reason == "factor-missing" {
		card.Coverage.Covered = 0 // legs are shared by all of it
	}
	if card.Value != nil && card.Coverage.Mass == 0 {
		card.lack("no-activity")
	}
	a.uncertain(&card, moved, ByRung{})
	card.Notes = append(card.Notes, "well-to-wheel")
	return card
}

// wasteCard is the inventory of the waste alone: transport and treatment,
// Scope 3 category 5 of the GHG Protocol.
func (a *assessment) wasteCard(waste *linear) Card {
	card := a.inventoryCard("inventory-waste", waste, a.settledCoverage(), a.total.ReceivedBy)
	card.Notes = append(card.Notes, "scope-3-category-5")
	return card
}

func jointCoverage(c Coverage, made, treated *linear) Coverage {
	c.Mass = made.mass
	c.Covered = made.covered
	if treated.mass > 0 && treated.covered < treated.mass {
		c.Covered = min(c.Covered, made.mass-(treated.mass-treated.covered))
	}
	return c
}

// avoidedCard is what the recyclate spared, with the range between sources.
func (a *assessment) avoidedCard() Card {
	l := avoided(a.in, a.method.Set)
	card := a.inventoryCard("avoided", l, a.settledCoverage(), a.total.ReceivedBy)
	card.Coverage.Measured, card.Coverage.Estimated = card.Coverage.Mass, 0 // plants weigh what they make
	if card.Value != nil {
		card.Sources = sourceRange(l)
	}
	return card
}

// electricityCards show the electricity of vehicles by both methods: by the
// grid of the place, and by what the market sells without guarantees of origin.
func (a *assessment) electricityCards() []Card {
	var cards []Card
	for _, m := range []struct {
		id   string
		kind factor.Kind
	}{{"electricity-location", factor.ElectricityLocal}, {"electricity-market", factor.ElectricityMarket}} {
		l := newLinear(a.method.Set)
		for i := range a.in.Streams {
			s := &a.in.Streams[i]
			for _, key := range sortedKeys(s.Activity.Haul) {
				if method, _, _ := ParseHaulKey(key); method == Energy {
					l.haul(s.Stream, key, s.Activity.Haul[key], m.kind)
				}
			}
		}
		card := a.co2Card(m.id, l, Coverage{ByRung: ByRung{}.shares(0)})
		a.uncertain(&card, l, ByRung{})
		cards = append(cards, card)
	}
	return cards
}

// sourceRange is the avoided emissions by the lowest and by the highest saving
// per kilogram that the sources in the library give for each material.
func sourceRange(l *linear) *Interval {
	var low, high decimal.Decimal
	for _, line := range l.lines {
		least, most, _, ok := factor.Spread(substituted(line.Subject))
		if !ok {
			return nil
		}
		low = low.Sub(line.Amount.Mul(most))
		high = high.Sub(line.Amount.Mul(least))
	}
	if len(l.lines) == 0 {
		return nil
	}
	return &Interval{low, high, "sources"}
}
