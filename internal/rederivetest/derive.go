package rederivetest

import (
	"encoding/json"
	"errors"
	"math/big"
)

// baseline is what would have become of the mass otherwise.
type baseline struct {
	ID     string
	Routes []struct {
		Operation string
		Permille  int64
	}
	Legs []struct {
		Vehicle    string
		Kilometres int64
	}
	Hazardous *int64 `json:"hazardousPermille"`
}

// working is a report being worked out.
type working struct {
	from, to, facility string
	head               int64
	books              *books
	set                *factors
	base               baseline
	saved              map[string][]*big.Rat // by polymer: the least, the most
	declared           map[string]*denominated
	used               map[string]bool // factors, by id

	cells cells
	flows []*flow // by stream
	total vector
}

// of is the same working for some of the cells.
func (w *working) of(some cells) *working {
	part := *w
	part.cells, part.flows, part.total, part.used = some, nil, vector{}, map[string]bool{}
	by := map[string]vector{}
	for c, v := range some {
		if by[c.stream] == nil {
			by[c.stream] = vector{}
		}
		by[c.stream].add(v, 1)
		part.total.add(v, 1)
	}
	for _, id := range sorted(by) {
		part.flows = append(part.flows, &flow{w.books.streams[id], by[id]})
	}
	return &part
}

// Derive works out a frozen report from the entries that came before it. dir
// holds the CSV files of the embedded factors.
func Derive(r Frozen, dir string) (Object, error) {
	l, q := r.before, r.asked.Filter
	if r.asked.FactorSet+r.asked.Baseline+q.Ward+q.Stream != "" || r.asked.Draws != 0 {
		return nil, errors.New("a report by other factors than the lab's, of one ward or stream, or by simulation: not known here")
	}
	w := &working{from: q.From, to: q.To, facility: q.Facility, head: l.head()}
	var err error
	if w.books, err = l.upTo(l.head()); err != nil {
		return nil, err
	}
	booked, err := l.booked()
	if err != nil {
		return nil, err
	}
	if err := w.method(dir); err != nil {
		return nil, err
	}
	chosen := cells{}
	for c, v := range booked {
		if c.month >= q.From && c.month <= q.To && (q.Facility == "" || c.facility == q.Facility) {
			chosen[c] = v
		}
	}
	w = w.of(chosen)
	declared, err := w.denominators()
	if err != nil {
		return nil, err
	}
	w.declared = map[string]*denominated{}
	for i := range declared {
		w.declared[declared[i].kind] = &declared[i]
	}
	return w.report(declared), nil
}

// method chooses factors and baseline.
func (w *working) method(dir string) (err error) {
	if w.set, err = w.books.factorsOf(dir, w.books.factorSet); err != nil {
		return err
	}
	doc, declared := w.books.baselines[w.books.basis]
	if !declared {
		return errors.New("the lab has no baseline of its own: not known here")
	}
	if err := json.Unmarshal(doc, &w.base); err != nil {
		return err
	}
	w.saved = map[string][]*big.Rat{}
	for _, polymer := range []string{"PET", "PE-HD", "PE-LD", "PP", "PS", "PVC", "plastics"} {
		least, most, ok, err := savings(dir, polymer)
		if err != nil {
			return err
		}
		if ok {
			w.saved[polymer] = []*big.Rat{least, most}
		}
	}
	return nil
}

// report is everything that a report says in numbers.
func (w *working) report(declared []denominated) Object {
	streams := []any{}
	var inputs, quantities []any
	for _, f := range w.flows {
		s := f.stream
		streams = append(streams, Object{
			"stream": Object{"id": s.ID, "name": s.Name, "nameIt": s.NameIT}, "balance": f.v.balance(),
		})
		polymers := []any{}
		for _, p := range s.Polymers {
			polymers = append(polymers, Object{"polymer": p.Polymer, "permille": p.Permille})
		}
		inputs = append(inputs, Object{"stream": s.ID, "family": s.Family, "eer": s.EER, "polymers": polymers, "activity": f.v.activity()})
	}
	for _, d := range declared {
		quantities = append(quantities, Object{
			"kind": d.kind, "quantity": d.quantity, "collectedGrams": d.collected, "months": d.months, "lackingMonths": d.lacking,
		})
	}
	cards := []any{}
	for _, c := range w.cards() {
		cards = append(cards, c)
	}
	return Object{
		"from": w.from, "to": w.to, "watermark": w.head, "factorSet": w.set.name,
		"lab":   Object{"id": w.books.lab.ID, "name": w.books.lab.Name},
		"input": Object{"from": w.from, "to": w.to, "watermark": w.head, "streams": orNone(inputs), "denominators": orNone(quantities)},
		"cards": cards, "balance": w.total.balance(), "funnel": w.total.funnel(), "waste": w.total.wasteTable(),
		"series": w.series(), "streams": streams, "wards": w.wards(), "baseline": w.baseline(), "factors": w.factors(),
	}
}

// orNone is a list, or null for one that is empty.
func orNone(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

func (w *working) baseline() Object {
	routes := []any{}
	for _, r := range w.base.Routes {
		routes = append(routes, Object{"operation": r.Operation, "permille": r.Permille})
	}
	o := Object{"id": w.base.ID, "routes": routes}
	if len(w.base.Legs) > 0 {
		legs := []any{}
		for _, l := range w.base.Legs {
			legs = append(legs, Object{"vehicle": l.Vehicle, "kilometres": l.Kilometres})
		}
		o["legs"] = legs
	}
	if w.base.Hazardous != nil {
		o["hazardousPermille"] = *w.base.Hazardous
	}
	return o
}

// factors are those that cards name.
func (w *working) factors() []any {
	list := []any{}
	for _, id := range sorted(w.used) {
		f := w.set.by[id]
		s := f.scores
		o := Object{
			"id": id, "value": f.value, "gsd2": f.gsd2, "year": f.year, "scores": Object{
				"reliability": s[0], "completeness": s[1], "temporal": s[2], "geographical": s[3], "technological": s[4],
			},
		}
		if f.biogenic.Sign() != 0 {
			o["biogenic"] = f.biogenic
		}
		list = append(list, o)
	}
	return list
}
