package tracking

import (
	"cmp"
	"maps"
	"slices"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
)

func compareText(a, b string) int { return cmp.Compare(a, b) }

// receive finds out which fills a receipt is about: the first one, in order,
// that names a bin or its load. Masses follow in allocateReceipts.
func (x *pickupFold) receive(f *Fact) {
	if f.Type != "receipt.record" {
		return
	}
	b := f.effective()
	if b.Bin != "" {
		x.receiveBin(f, b)
		return
	}
	if x.bulk[b.Stream] != nil {
		f.settle(Unfit, ReasonAlreadyReceived)
		return
	}
	lines := x.waiting(b.Stream, f.At)
	if len(lines) == 0 && x.allReceived(b.Stream) {
		f.settle(Unfit, ReasonAlreadyReceived)
		return
	}
	x.bulk[b.Stream] = f
	for _, l := range lines {
		x.receipts[l.Fill] = f
	}
	if len(lines) == 0 {
		f.warn(WarnUnallocated)
	}
}

func (x *pickupFold) receiveBin(f *Fact, b *Body) {
	l, reason := x.lineOf(b)
	if l == nil {
		f.settle(Unfit, reason)
		return
	}
	net := arrivalNet(b, l.TareGrams)
	if net <= 0 || b.RefusedGrams > net || b.ContaminantGrams > net || b.Outcome == "R" && b.RefusedGrams != net {
		f.settle(Unfit, ReasonNetNotPositive)
		return
	}
	x.receipts[l.Fill] = f
	a := newArrival(f, false)
	a.AcceptedGrams, a.RefusedGrams, a.ContaminantGrams = net-b.RefusedGrams, b.RefusedGrams, b.ContaminantGrams
	x.arrivals[l.Fill] = a
}

// lineOf finds the line that a bin's receipt is about: of several fillings of
// the bin the first that has none.
func (x *pickupFold) lineOf(b *Body) (*Line, Reason) {
	reason := ReasonNotInLoad
	for _, l := range x.byBin[b.Bin] {
		if l.Stream != b.Stream {
			continue
		}
		if x.receipts[l.Fill] == nil {
			return l, ""
		}
		reason = ReasonAlreadyReceived
	}
	return nil, reason
}

// arrivalNet is the net mass that a receipt states; tare is the bin's.
func arrivalNet(b *Body, tare quantity.Mass) quantity.Mass {
	m := b.Measurement
	switch {
	case m.NetGrams != 0:
		return m.NetGrams
	case m.TareGrams != 0:
		return m.GrossGrams - m.TareGrams
	}
	return m.GrossGrams - tare
}

func newArrival(f *Fact, allocated bool) *Arrival {
	a := &Arrival{Receipt: f.Entry, ReceivedAt: f.At, Rung: indicator.RecyclerScale, Allocated: allocated, NextOperation: f.effective().NextOperation}
	if f.effective().Weighbridge {
		a.Rung = indicator.CertifiedWeighbridge
	}
	return a
}

// allReceived reports whether a stream has lines, each with its receipt.
func (x *pickupFold) allReceived(stream string) bool {
	has := false
	for _, l := range x.p.Lines {
		if l.Stream == stream {
			if has = true; x.receipts[l.Fill] == nil {
				return false
			}
		}
	}
	return has
}

// waiting lists the lines of a stream that were on the lorry when it was
// received and have no receipt, by fill id.
func (x *pickupFold) waiting(stream string, received calendar.Instant) []*Line {
	var lines []*Line
	for i := range x.p.Lines {
		if l := &x.p.Lines[i]; l.Stream == stream && l.At <= received && x.receipts[l.Fill] == nil {
			lines = append(lines, l)
		}
	}
	return lines
}

// allocateReceipts gives the mass of each load's receipt back to its fills in
// proportion to their departure mass, accepted and refused each exactly, and
// sums the loads.
func (x *pickupFold) allocateReceipts() {
	for _, stream := range slices.Sorted(maps.Keys(x.bulk)) {
		f := x.bulk[stream]
		b := f.effective()
		net := arrivalNet(b, 0)
		total := newArrival(f, true)
		total.AcceptedGrams, total.RefusedGrams, total.ContaminantGrams = net-b.RefusedGrams, b.RefusedGrams, b.ContaminantGrams
		total.PendingGrams = total.AcceptedGrams
		load := x.load(stream)
		load.NextDestination = b.NextDestination
		if !x.allocateLoad(f, *total) {
			load.Unallocated = total
			load.AcceptedGrams, load.RefusedGrams, load.ContaminantGrams = total.AcceptedGrams, total.RefusedGrams, total.ContaminantGrams
		}
	}
	for i := range x.p.Lines {
		l := &x.p.Lines[i]
		load, a := x.load(l.Stream), x.arrivals[l.Fill]
		if a == nil {
			load.WaitingGrams += l.DepartureGrams
			continue
		}
		a.PendingGrams = a.AcceptedGrams
		load.AcceptedGrams += a.AcceptedGrams
		load.RefusedGrams += a.RefusedGrams
		load.ContaminantGrams += a.ContaminantGrams
	}
	for _, load := range x.loads {
		load.PendingGrams = load.AcceptedGrams
	}
}

// allocateLoad allocates a load's receipt to the lines that it received. It
// reports false if there are none.
func (x *pickupFold) allocateLoad(f *Fact, total Arrival) bool {
	var lines []*Line
	for i := range x.p.Lines {
		if l := &x.p.Lines[i]; x.receipts[l.Fill] == f {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return false
	}
	departed := departureShares(lines)
	accepted := allocate(total.AcceptedGrams, departed)
	refused := allocate(total.RefusedGrams, departed)
	received := make([]share, len(lines))
	for i, l := range lines {
		received[i] = share{l.Fill, accepted[i] + refused[i]}
	}
	contaminant := allocate(total.ContaminantGrams, received)
	for i, l := range lines {
		a := total
		a.AcceptedGrams, a.RefusedGrams, a.ContaminantGrams = accepted[i], refused[i], contaminant[i]
		x.arrivals[l.Fill] = &a
	}
	return true
}

// departureShares weighs lines by departure mass, or by volume where a line
// has none.
func departureShares(lines []*Line) []share {
	shares := make([]share, len(lines))
	byVolume := false
	for i, l := range lines {
		shares[i] = share{l.Fill, l.DepartureGrams}
		byVolume = byVolume || l.DepartureGrams <= 0
	}
	if byVolume {
		for i, l := range lines {
			shares[i].weight = quantity.Mass(l.VolumeLitres)
		}
	}
	return shares
}

// treat adds a treatment to its load. Outputs that are only prepared (R12,
// R13) stay pending.
func (x *pickupFold) treat(f *Fact) {
	if f.Type != "treatment.record" {
		return
	}
	b := f.effective()
	load := x.loads[b.Stream]
	if load == nil || load.AcceptedGrams == 0 {
		f.settle(Unfit, ReasonNotReceived)
		return
	}
	var recyclate, residue quantity.Mass
	recyclates, routes := map[string]quantity.Mass{}, map[string]quantity.Mass{}
	for _, o := range b.Outputs {
		switch {
		case isPending(o) || o.Grams == 0:
		case isRecyclate(o):
			recyclate += o.Grams
			recyclates[indicator.RecyclateKey(o.Polymer, o.Application, o.Quality)] += o.Grams
		default:
			residue += o.Grams
			routes[o.Operation] += o.Grams
		}
	}
	if recyclate+residue > load.PendingGrams {
		f.settle(Unfit, ReasonExceedsAccepted)
		return
	}
	recyclates = plusGrams(load.Recyclates, recyclates)
	if len(recyclates) > MaxRecyclates {
		f.settle(Unfit, ReasonTooManyKinds)
		return
	}
	load.PendingGrams -= recyclate + residue
	load.RecyclateGrams += recyclate
	load.ProcessLossGrams += b.CalculationPointGrams - recyclate
	load.Recyclates, load.Routes = recyclates, plusGrams(load.Routes, routes)
}

// plusGrams adds b, whose masses are positive, to a, and returns a new map, or
// nil if there is nothing.
func plusGrams(a, b map[string]quantity.Mass) map[string]quantity.Mass {
	if len(a)+len(b) == 0 {
		return nil
	}
	sum := make(map[string]quantity.Mass, len(a)+len(b))
	maps.Copy(sum, a)
	for key, m := range b {
		sum[key] += m
	}
	return sum
}

// allocateTreatments gives what came out of each load back to its fills: rows
// (accepted mass of a fill) and columns (what is pending, kinds of recyclate,
// routes) both sum exactly.
func (x *pickupFold) allocateTreatments() {
	for _, stream := range slices.Sorted(maps.Keys(x.loads)) {
		load := x.loads[stream]
		if load.RecyclateGrams == 0 && len(load.Routes) == 0 {
			continue
		}
		kinds, routes := slices.Sorted(maps.Keys(load.Recyclates)), slices.Sorted(maps.Keys(load.Routes))
		columns := []quantity.Mass{load.PendingGrams}
		for _, k := range kinds {
			columns = append(columns, load.Recyclates[k])
		}
		for _, r := range routes {
			columns = append(columns, load.Routes[r])
		}
		rows, arrivals := x.acceptedRows(stream, load)
		table := allocateTable(rows, columns)
		residues := make([]share, len(rows))
		for i, a := range arrivals {
			parts := table[i]
			a.PendingGrams = parts[0]
			a.Recyclates, a.RecyclateGrams = columnsOf(kinds, parts[1:])
			a.Routes, residues[i].weight = columnsOf(routes, parts[1+len(kinds):])
			residues[i].id = rows[i].id
		}
		for i, loss := range allocate(load.ProcessLossGrams, residues) {
			arrivals[i].ProcessLossGrams = loss
			arrivals[i].ResidueGrams = residues[i].weight - loss
		}
	}
}

// columnsOf names the first parts of a row that are not zero, and sums them.
func columnsOf(names []string, row []quantity.Mass) (parts map[string]quantity.Mass, sum quantity.Mass) {
	for i, name := range names {
		if row[i] == 0 {
			continue
		}
		if parts == nil {
			parts = map[string]quantity.Mass{}
		}
		parts[name] = row[i]
		sum += row[i]
	}
	return parts, sum
}

func (x *pickupFold) acceptedRows(stream string, load *Load) (rows []share, arrivals []*Arrival) {
	for _, l := range x.p.Lines {
		if a := x.arrivals[l.Fill]; a != nil && l.Stream == stream {
			rows, arrivals = append(rows, share{l.Fill, a.AcceptedGrams}), append(arrivals, a)
		}
	}
	if a := load.Unallocated; a != nil {
		rows, arrivals = append(rows, share{"", a.AcceptedGrams}), append(arrivals, a)
	}
	return rows, arrivals
}

// compare opens a discrepancy for each load that arrived with a mass beyond
// tolerance. It belongs to the facility, which knows its wards.
func (x *pickupFold) compare() {
	for stream, load := range x.loads {
		var lines []*Line
		var expected quantity.Mass
		var first *Fact
		if load.Unallocated != nil {
			first = x.bulk[stream]
		}
		for i := range x.p.Lines {
			l := &x.p.Lines[i]
			if f := x.receipts[l.Fill]; f != nil && l.Stream == stream {
				lines, expected = append(lines, l), expected+l.DepartureGrams
				if first == nil || f.before(first) {
					first = f
				}
			}
		}
		observed := load.AcceptedGrams + load.RefusedGrams
		limit, rule := tolerance(lines)
		if first == nil || max(expected-observed, observed-expected) <= limit {
			continue
		}
		load.Discrepancy = &Discrepancy{
			ID: x.p.ID + ":" + stream, Pickup: x.p.ID, Stream: stream, Facility: x.p.Facility, Recycler: x.p.Recycler,
			ExpectedGrams: expected, ObservedGrams: observed, ToleranceGrams: limit, ToleranceRule: rule,
			State: "open", Owner: x.p.Facility, OpenedAt: first.At, DueAt: first.At.Add(DiscrepancyDue),
		}
	}
}

// settleDiscrepancy applies explanations and acceptances, in order.
func (x *pickupFold) settleDiscrepancy(f *Fact) {
	if f.Type != "discrepancy.explain" && f.Type != "discrepancy.accept" {
		return
	}
	var d *Discrepancy
	for _, load := range x.loads {
		if load.Discrepancy != nil && load.Discrepancy.ID == f.Body.Discrepancy {
			d = load.Discrepancy
		}
	}
	switch {
	case d == nil:
		f.settle(Unfit, ReasonNoDiscrepancy)
	case d.State == "accepted":
		f.settle(Repeated, "")
	case f.Type == "discrepancy.explain":
		d.State, d.Explanation = "explained", f.Body.Reason
	default:
		d.State, d.AcceptedBy = "accepted", f.Actor
	}
}
