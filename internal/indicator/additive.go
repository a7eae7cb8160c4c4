package indicator

import (
	"github.com/shopspring/decimal"
)

// AdditiveCards are the cards whose values of parts sum to the whole's.
var AdditiveCards = []string{
	"collected", "accepted", "refused", "recyclate", "inventory", "inventory-production", "inventory-transport",
	"inventory-treatment", "inventory-waste", "avoided", "biogenic", "recycler-process", "comparison", "comparison-baseline", "segregation",
}

// Additive works out the values of the additive cards alone, without intervals
// and lines, for tables of many parts. A value is nil exactly where the card
// has none.
func Additive(in Input, m Method) (map[string]*decimal.Decimal, error) {
	if err := m.check(&in); err != nil {
		return nil, err
	}
	a := newBareAssessment(&in, &m)
	a.bare = true
	cards := a.massCards()
	co2, err := a.co2Cards()
	if err != nil {
		return nil, err
	}
	values := make(map[string]*decimal.Decimal, len(AdditiveCards))
	for _, id := range AdditiveCards {
		card := find(cards, id)
		if card == nil {
			card = find(co2, id)
		}
		values[id] = card.Value
	}
	return values, nil
}
