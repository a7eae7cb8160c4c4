package report

import (
	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator"
)

// Change is one line of the difference between two workings of the same
// activity: a card (Phase is empty) or a term of one.
type Change struct {
	Card    string           `json:"card"`
	Phase   string           `json:"phase,omitempty"`
	Stream  string           `json:"stream,omitempty"`
	Route   string           `json:"route,omitempty"`
	Subject string           `json:"subject,omitempty"`
	Quality string           `json:"quality,omitempty"`
	Unit    string           `json:"unit"`
	Before  *decimal.Decimal `json:"before"` // null: had no value
	After   *decimal.Decimal `json:"after"`
	// Difference is After − Before, if both have a value.
	Difference   *decimal.Decimal `json:"difference"`
	FactorBefore string           `json:"factorBefore,omitempty"`
	FactorAfter  string           `json:"factorAfter,omitempty"`
	PerBefore    *decimal.Decimal `json:"perUnitBefore,omitempty"`
	PerAfter     *decimal.Decimal `json:"perUnitAfter,omitempty"`
}

// Compare lists what differs between two workings, line by line: each card
// whose value differs, followed by the terms that do. Cards that are the same
// are left out.
func Compare(before, after []indicator.Card) []Change {
	changes := []Change{}
	was := make(map[string]*indicator.Card, len(before))
	for i := range before {
		was[before[i].ID] = &before[i]
	}
	for i := range after {
		new := &after[i]
		old := was[new.ID]
		delete(was, new.ID)
		if old == nil {
			old = &indicator.Card{ID: new.ID, Unit: new.Unit}
		}
		changes = append(changes, compareCard(old, new)...)
	}
	for i := range before {
		if old := was[before[i].ID]; old != nil {
			changes = append(changes, compareCard(old, &indicator.Card{ID: old.ID, Unit: old.Unit})...)
		}
	}
	return changes
}

func compareCard(old, new *indicator.Card) []Change {
	lines := compareLines(old, new)
	if same(old.Value, new.Value) && len(lines) == 0 {
		return nil
	}
	head := Change{Card: new.ID, Unit: new.Unit, Before: old.Value, After: new.Value, Difference: difference(old.Value, new.Value)}
	return append([]Change{head}, lines...)
}

// term identifies a line within its card.
type term struct{ phase, stream, route, subject, quality string }

func termOf(l *indicator.Line) term { return term{l.Phase, l.Stream, l.Route, l.Subject, l.Quality} }

func compareLines(old, new *indicator.Card) []Change {
	was := map[term]*indicator.Line{}
	for i := range old.Lines {
		was[termOf(&old.Lines[i])] = &old.Lines[i]
	}
	var changes []Change
	for i := range new.Lines {
		after := &new.Lines[i]
		key := termOf(after)
		before := was[key]
		delete(was, key)
		if before == nil {
			before = &indicator.Line{}
		}
		if c, differs := compareLine(new, before, after, key); differs {
			changes = append(changes, c)
		}
	}
	for i := range old.Lines {
		before := &old.Lines[i]
		if was[termOf(before)] != before {
			continue
		}
		if c, differs := compareLine(old, before, &indicator.Line{}, termOf(before)); differs {
			changes = append(changes, c)
		}
	}
	return changes
}

func compareLine(card *indicator.Card, before, after *indicator.Line, key term) (Change, bool) {
	c := Change{
		Card: card.ID, Phase: key.phase, Stream: key.stream, Route: key.route, Subject: key.subject, Quality: key.quality, Unit: card.Unit,
		Before: before.Value, After: after.Value, Difference: difference(before.Value, after.Value),
		FactorBefore: before.Factor, FactorAfter: after.Factor, PerBefore: before.Per, PerAfter: after.Per,
	}
	return c, !same(before.Value, after.Value) || before.Factor != after.Factor
}

func same(a, b *decimal.Decimal) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

func difference(before, after *decimal.Decimal) *decimal.Decimal {
	if before == nil || after == nil {
		return nil
	}
	d := after.Sub(*before)
	return &d
}
