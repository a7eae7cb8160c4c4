package indicator

import "github.com/ricircolo/ricircolo/internal/quantity"

// Sum adds up many activities in place. The zero Sum is empty. It costs no
// memory per activity, other than Activity.Plus.
type Sum struct {
	total Activity // without maps

	routes, recyclates, refusedTo map[string]quantity.Mass // owned, with zeros
	haul                          map[string]int64
}

// Add adds an activity, which is not kept.
func (s *Sum) Add(a *Activity) {
	t := &s.total
	t.Fills += a.Fills
	to, from := t.masses(), a.masses()
	for i := range to {
		*to[i] += *from[i]
	}
	for i := range a.CollectedBy {
		t.CollectedBy[i] += a.CollectedBy[i]
		t.ReceivedBy[i] += a.ReceivedBy[i]
	}
	addParts(&s.routes, a.Routes)
	addParts(&s.recyclates, a.Recyclates)
	addParts(&s.refusedTo, a.RefusedTo)
	addParts(&s.haul, a.Haul)
}

func addParts[V ~int64](to *map[string]V, parts map[string]V) {
	if len(parts) == 0 {
		return
	}
	if *to == nil {
		*to = make(map[string]V, len(parts))
	}
	sums := *to
	for key, v := range parts {
		sums[key] += v
	}
}

// Total is the sum so far. It shares nothing with the Sum.
func (s *Sum) Total() Activity {
	t := s.total
	t.Routes, t.Recyclates, t.RefusedTo = nonZero(s.routes), nonZero(s.recyclates), nonZero(s.refusedTo)
	t.Haul = nonZero(s.haul)
	return t
}

// nonZero copies what is not zero; nothing left is nil.
func nonZero[V ~int64](parts map[string]V) map[string]V {
	var left map[string]V
	for key, v := range parts {
		if v == 0 {
			continue
		}
		if left == nil {
			left = make(map[string]V, len(parts))
		}
		left[key] = v
	}
	return left
}
