package indicator

import "github.com/ricircolo/ricircolo/internal/quantity"

// Sum adds up many activities in place. The zero Sum is empty. It costs no
// memory per activity, other than Activity.Plus.
type Sum struct {
	total  Activity
	routes map[string]quantity.Mass // owned, with zeros
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
	if len(a.Routes) == 0 {
		return
	}
	if s.routes == nil {
		s.routes = make(map[string]quantity.Mass, len(a.Routes))
	}
	for route, m := range a.Routes {
		s.routes[route] += m
	}
}

// Total is the sum so far. It shares nothing with the Sum.
func (s *Sum) Total() Activity {
	t := s.total
	for route, m := range s.routes {
		if m == 0 {
			continue
		}
		if t.Routes == nil {
			t.Routes = make(map[string]quantity.Mass, len(s.routes))
		}
		t.Routes[route] = m
	}
	return t
}
