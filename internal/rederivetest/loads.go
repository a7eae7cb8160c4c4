package rederivetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// vector is what happened to the mass of some fills, as named integers:
// "collected", "routes/R1", "collectedBy/2", "haul/kwh|electric-van|" and so on,
// in grams but for haul and fills.
type vector map[string]int64

func (v vector) add(o vector, sign int64) {
	for k, n := range o {
		if v[k] += sign * n; v[k] == 0 {
			delete(v, k)
		}
	}
}

// part is the parts of a mass by what follows a prefix.
func (v vector) part(prefix string) map[string]int64 {
	parts := map[string]int64{}
	for k, n := range v {
		if rest, ok := strings.CutPrefix(k, prefix+"/"); ok {
			parts[rest] = n
		}
	}
	return parts
}

func (v vector) received() int64      { return v["accepted"] + v["refused"] }
func (v vector) intoRecycling() int64 { return v["recyclate"] + v["processLoss"] }
func (v vector) arrived() int64       { return v["collected"] - v["stored"] - v["inTransit"] }

var escapes = strings.NewReplacer("%", "%25", ".", "%2E", "$", "%24", "|", "%7C")

func key(parts ...string) string {
	for i := range parts {
		parts[i] = escapes.Replace(parts[i])
	}
	return strings.Join(parts, "|")
}

var unescapes = strings.NewReplacer("%2E", ".", "%24", "$", "%7C", "|", "%25", "%")

func unkey(k string) []string {
	parts := strings.Split(k, "|")
	for i := range parts {
		parts[i] = unescapes.Replace(parts[i])
	}
	return parts
}

// load is what a pickup carries of one stream.
type load struct {
	lines                    []*fill // by id
	arrivals                 []vector
	loose                    vector    // received although no bin was scanned
	looseAt                  time.Time // when
	pending, recyclate, loss int64
	kinds, routes            map[string]int64
	accepted, closed         bool
}

// visit is a pickup being worked out.
type visit struct {
	loads map[string]*load
	hauls map[string]vector // by fill
}

// visitOf works a pickup out, from the fills that it took, by id.
func visitOf(p *pickup, lines []*fill) (visit, error) {
	v := visit{map[string]*load{}, map[string]vector{}}
	slices.SortFunc(lines, func(a, b *fill) int { return cmp.Compare(a.id, b.id) })
	for _, l := range lines {
		of := v.load(l.bin.stream)
		of.lines, of.arrivals = append(of.lines, l), append(of.arrivals, nil)
	}
	facts := slices.SortedFunc(slices.Values(p.facts), func(a, b *entry) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	handed := false
	var treatments []*entry
	for _, e := range facts {
		switch e.Type {
		case "pickup.cancel":
			if len(facts) > 1 || len(lines) > 0 {
				return v, fmt.Errorf("pickup %s is cancelled and goes on: not known here", p.id)
			}
		case "pickup.handover":
			if !handed {
				v.haul(lines, e.Body.Legs)
			}
			handed = true
		case "receipt.record":
			v.load(e.Body.Stream).receive(e)
		case "treatment.record":
			treatments = append(treatments, e)
		}
	}
	for _, l := range v.loads {
		l.pending = l.loose["accepted"]
		for _, a := range l.arrivals {
			l.pending += a["accepted"]
		}
		l.accepted = l.pending > 0
	}
	for _, e := range treatments {
		v.load(e.Body.Stream).treat(&e.Body)
	}
	for _, l := range v.loads {
		l.giveBack()
	}
	return v, nil
}

func (v *visit) load(stream string) *load {
	if v.loads[stream] == nil {
		v.loads[stream] = &load{kinds: map[string]int64{}, routes: map[string]int64{}}
	}
	return v.loads[stream]
}

// received is what a receipt says of some mass.
func received(e *entry, accepted, refused, contaminant int64) vector {
	rung := recyclerScale
	if e.Body.Weighbridge {
		rung = weighbridge
	}
	v := vector{}
	v.add(vector{
		"accepted": accepted, "refused": refused, "contaminant": contaminant,
		"receivedBy/" + strconv.Itoa(rung): accepted + refused,
	}, 1)
	if next := e.Body.NextOperation; next != "" && !slices.Contains([]string{"R12", "R13", "D13", "D14", "D15"}, next) {
		v.add(vector{"refusedTo/" + next: refused}, 1)
	}
	return v
}

// net is the mass that a receipt states; tare is the bin's.
func (e *entry) net(tare int64) int64 {
	m := e.Body.Measurement
	if m.Net != 0 {
		return m.Net
	}
	return m.Gross - cmp.Or(m.Tare, tare)
}

// receive gives a receipt to the bin that it names, or back to the fills of the
// load that were on the lorry and have none.
func (l *load) receive(e *entry) {
	b := &e.Body
	var at []int
	for i, line := range l.lines {
		if l.arrivals[i] == nil && (b.Bin == line.bin.id || b.Bin == "" && !line.scan.At.After(e.At)) {
			at = append(at, i)
		}
	}
	if b.Bin != "" {
		if len(at) > 0 {
			first := slices.MinFunc(at, func(x, y int) int { return l.lines[x].scan.At.Compare(l.lines[y].scan.At) })
			net := e.net(l.lines[first].bin.tare)
			l.arrivals[first] = received(e, net-b.Refused, b.Refused, b.Contaminant)
		}
		return
	}
	waiting := len(l.lines) == 0 || slices.ContainsFunc(l.arrivals, func(a vector) bool { return a == nil })
	if l.closed || !waiting {
		return // a second receipt of the same load
	}
	l.closed = true
	net := e.net(0)
	if len(at) == 0 {
		l.loose, l.looseAt = received(e, net-b.Refused, b.Refused, b.Contaminant), e.At
		return
	}
	departed := make([]taker, len(at))
	for n, i := range at {
		departed[n] = taker{l.lines[i].id, l.lines[i].grams}
	}
	accepted, refused := share(net-b.Refused, departed), share(b.Refused, departed)
	arrived := make([]taker, len(at))
	for n, i := range at {
		arrived[n] = taker{l.lines[i].id, accepted[n] + refused[n]}
	}
	contaminant := share(b.Contaminant, arrived)
	for n, i := range at {
		l.arrivals[i] = received(e, accepted[n], refused[n], contaminant[n])
	}
}

// treat adds a treatment. R12 and R13 are not final; R3 and R5 are recyclate.
func (l *load) treat(b *body) {
	kinds, routes := map[string]int64{}, map[string]int64{}
	var recyclate, rest int64
	for _, o := range b.Outputs {
		switch o.Operation {
		case "R12", "R13":
		case "R3", "R5":
			recyclate += o.Grams
			kinds[key(o.Polymer, o.Application, o.Quality)] += o.Grams
		default:
			rest += o.Grams
			routes[o.Operation] += o.Grams
		}
	}
	if !l.accepted || recyclate+rest > l.pending {
		return
	}
	l.pending -= recyclate + rest
	l.recyclate += recyclate
	l.loss += b.CalculationPoint - recyclate
	vector(l.kinds).add(kinds, 1)
	vector(l.routes).add(routes, 1)
}

// giveBack gives what came out of the load back to its fills.
func (l *load) giveBack() {
	rows := slices.Clone(l.arrivals)
	ids := make([]string, len(rows))
	for i, line := range l.lines {
		ids[i] = line.id
	}
	if l.loose != nil {
		rows, ids = append(rows, l.loose), append(ids, "")
	}
	rows, ids = without(rows, ids)
	accepted := make([]int64, len(rows))
	for i, row := range rows {
		accepted[i] = row["accepted"]
	}
	kinds, routes := slices.Sorted(maps.Keys(l.kinds)), slices.Sorted(maps.Keys(l.routes))
	columns, names := []int64{l.pending}, []string{"pending"}
	for _, k := range kinds {
		columns, names = append(columns, l.kinds[k]), append(names, "recyclates/"+k)
	}
	for _, r := range routes {
		columns, names = append(columns, l.routes[r]), append(names, "routes/"+r)
	}
	table := shareTable(accepted, columns)
	rest := make([]taker, len(rows))
	for i, row := range rows {
		rest[i].id = ids[i]
		for j, grams := range table[i] {
			row.add(vector{names[j]: grams}, 1)
			switch {
			case j > len(kinds):
				rest[i].weight += grams
			case j > 0:
				row.add(vector{"recyclate": grams}, 1)
			}
		}
	}
	if len(rows) == 0 {
		return
	}
	for i, loss := range share(l.loss, rest) {
		rows[i].add(vector{"processLoss": loss, "residue": rest[i].weight - loss}, 1)
	}
}

// without leaves out the fills that did not arrive.
func without(rows []vector, ids []string) (some []vector, theirs []string) {
	for i, row := range rows {
		if row != nil {
			some, theirs = append(some, row), append(theirs, ids[i])
		}
	}
	return some, theirs
}

// haul gives the legs of a pickup back to its fills.
func (v *visit) haul(lines []*fill, legs []leg) {
	if len(lines) == 0 {
		return
	}
	departed := make([]taker, len(lines))
	for i, l := range lines {
		departed[i] = taker{l.id, l.grams}
		v.hauls[l.id] = vector{}
	}
	whole := map[string]int64{}
	for _, g := range legs {
		part := int64(1000)
		if g.Share != nil {
			part = *g.Share
		}
		switch {
		case g.Method == "tonne-km":
			for _, l := range lines {
				v.hauls[l.id].add(vector{"haul/" + key("tonne-km", g.Vehicle, ""): l.grams * g.Kilometres}, 1)
			}
		case g.WattHours != nil:
			whole[key("kwh", g.Vehicle, "")] += (*g.WattHours*part + 500) / 1000
		default:
			percent := ""
			if g.Load != nil {
				percent = strconv.FormatInt(*g.Load, 10)
			}
			whole[key("vehicle-km", g.Vehicle, percent)] += g.Kilometres * part
		}
	}
	for k, amount := range whole {
		for i, n := range share(amount, departed) {
			v.hauls[lines[i].id].add(vector{"haul/" + k: n}, 1)
		}
	}
}
