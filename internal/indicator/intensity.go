package indicator

import (
	"github.com/shopspring/decimal"
)

// services are the denominators of intensities: quantities of service.
var services = []string{"bed-day", "dialysis-session", "procedure", "encounter"}

// intensityCards stand beside the savings: avoided emissions grow with waste,
// so that prevention would look worse without them.
func (a *assessment) intensityCards(cards []Card) []Card {
	waste := find(cards, "inventory-waste")
	all := []Card{a.perKilogram(waste)}
	for _, kind := range services {
		all = append(all, a.collectedPer(kind), a.wastePer(waste, kind))
	}
	return all
}

func find(cards []Card, id string) *Card {
	for i := range cards {
		if cards[i].ID == id {
			return &cards[i]
		}
	}
	return nil
}

// perKilogram is the inventory of the waste by kilogram with a final route.
func (a *assessment) perKilogram(waste *Card) Card {
	card := a.card("intensity", "inventory-waste-per-kg", "kgCO2e/kg")
	card.Coverage, card.Factors, card.Modules = waste.Coverage, waste.Factors, waste.Modules
	card.divide(waste, kilograms(settled(&a.total)))
	return card
}

// collectedPer is kilograms collected by unit of service, of the facilities and
// months that declared it.
func (a *assessment) collectedPer(kind string) Card {
	card := a.card("intensity", "collected-per-"+kind, "kg/"+kind)
	card.Coverage = a.collectedCoverage()
	d := a.in.denominated(kind)
	if d == nil || !d.Quantity.IsPositive() {
		card.Coverage.Covered = 0
		card.lack("denominator-missing", kind)
		return card
	}
	card.Coverage.Covered = d.Collected
	if d.Lacking > 0 {
		card.Notes = append(card.Notes, "denominator-incomplete")
	}
	card.set(kilograms(d.Collected).DivRound(d.Quantity, intensityDigits))
	card.Interval = weighed(*card.Value, a.total.CollectedBy)
	return card
}

// wastePer is the inventory of the waste by unit of service. It takes a
// declaration for every facility and month with activity.
func (a *assessment) wastePer(waste *Card, kind string) Card {
	card := a.card("intensity", "inventory-waste-per-"+kind, "kgCO2e/"+kind)
	card.Coverage, card.Factors, card.Modules = waste.Coverage, waste.Factors, waste.Modules
	d := a.in.denominated(kind)
	switch {
	case d == nil || !d.Quantity.IsPositive():
		card.lack("denominator-missing", kind)
	case d.Lacking > 0:
		card.lack("denominator-incomplete", kind)
	default:
		card.divide(waste, d.Quantity)
	}
	return card
}

// intensityDigits are the decimals of an intensity.
const intensityDigits = 6

// divide makes a card the quotient of another one.
func (c *Card) divide(of *Card, by decimal.Decimal) {
	switch {
	case of.Value == nil:
		c.lack(of.Reason, of.Missing...)
	case !by.IsPositive():
		c.lack("no-activity")
	default:
		c.set(of.Value.DivRound(by, intensityDigits))
		if i := of.Interval; i != nil {
			c.Interval = &Interval{i.Low.DivRound(by, intensityDigits), i.High.DivRound(by, intensityDigits), i.Method}
		}
	}
}
