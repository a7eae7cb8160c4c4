package demo

import (
	"fmt"
	"slices"

	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// batch is what arrives at a plant of one stream of one pickup.
type batch struct {
	*world
	material material
	pickup   string
	load     []taken
	day      int     // of arrival
	hour     float64 // of arrival
}

// receive is the arrival of a load at its plant, and what follows from it.
func (w *world) receive(r *route, pickup string, load []taken) {
	delay := 1
	if r.recycler == organics {
		delay = 3 // so that the last load is on the road when the story ends
	}
	hour := 9.0
	for _, m := range w.streams {
		var part []taken
		for _, t := range load {
			if t.bin.material.ID == m.ID {
				part = append(part, t)
			}
		}
		if len(part) > 0 {
			b := batch{w, m, pickup, part, w.day + delay, hour}
			b.receive()
			hour += 0.3
		}
	}
}

func (b *batch) say(typ tracking.Type, day int, hour float64, body tracking.Body) string {
	body.Pickup, body.Stream = b.pickup, b.material.ID
	return b.out.say(note{from: b.plants[b.material.recycler], at: b.at(day, hour), send: b.sharp(day, 16.5), typ: typ, body: body})
}

// tolerance is how far arrival may be from departure before the domain opens a
// discrepancy: the demo wants those only where its script does.
func (b *batch) tolerance() (expected, limit quantity.Mass) {
	percent, perBin := quantity.Mass(3), 500*quantity.Gram
	for _, t := range b.load {
		expected += t.departure
		if !t.scaled {
			percent, perBin = 30, 2*quantity.Kilogram
		}
	}
	return expected, max(expected*percent/100, perBin*quantity.Mass(len(b.load)))
}

func (b *batch) receive() {
	expected, limit := b.tolerance()
	if missing := expected - limit*3/2; missing > 500 {
		if settle, due := b.dueDiscrepancy(); due {
			b.receiveTooLittle(missing, settle)
			return
		}
	}
	if len(b.load) > 1 && b.chance(0.1) {
		b.receiveBins()
		return
	}
	var net quantity.Mass
	for _, t := range b.load {
		net += t.truth
	}
	net = quantity.Mass(float64(net) * b.between(0.985, 1.01))
	net = min(max(net, expected-limit*7/10), expected+limit*7/10)
	body := b.weighed(max(net, 100))
	net = body.Measurement.GrossGrams - body.Measurement.TareGrams + body.Measurement.NetGrams
	accepted := b.judge(&body, net)
	b.say("receipt.record", b.day, b.hour, body)
	b.treat(accepted)
}

// weighed states a load's net mass as the plant's scale shows it.
func (b *batch) weighed(net quantity.Mass) tracking.Body {
	b.ticket++
	body := tracking.Body{Outcome: "A", Scale: "Bilancia 1", Ticket: fmt.Sprintf("B%06d", b.ticket)}
	switch {
	case net > 15*quantity.Kilogram && b.chance(0.3):
		tare := 14_000*quantity.Gram + quantity.Mass(b.rng.IntN(20))*100
		body.Scale, body.Weighbridge = "Pesa certificata 2", true
		body.Measurement = &tracking.Measurement{GrossGrams: net + tare, TareGrams: tare}
	default:
		body.Measurement = &tracking.Measurement{NetGrams: net}
	}
	return body
}

// judge decides how much of a load the plant takes, and returns that.
func (b *batch) judge(body *tracking.Body, net quantity.Mass) (accepted quantity.Mass) {
	switch {
	case net > 2*quantity.Kilogram && b.script.take(refusedLoad, b.world.day):
		body.Outcome, body.RefusedGrams, body.Cause = "R", net, "IR"
		body.Reason, body.NextDestination = "Presenza di rifiuto sanitario in tutto il carico.", "Inceneritore di esempio (demo)"
		body.NextOperation = "D10"
	case net > quantity.Kilogram && b.chance(0.1):
		body.Outcome, body.RefusedGrams = "P", b.mayRefuse(quantity.Mass(float64(net)*b.between(0.05, 0.22))+1)
		body.Cause, body.Reason = "NC", "Materiale estraneo al flusso."
		if b.chance(0.3) {
			body.Cause, body.Reason = "IR", "Colli con liquidi."
		}
		body.ContaminantGrams = body.RefusedGrams * 3 / 5
		body.NextDestination, body.NextOperation = "Termovalorizzatore di esempio (demo)", "R1"
		if body.Cause == "IR" {
			body.NextDestination, body.NextOperation = "Inceneritore di esempio (demo)", "D10"
		}
	case b.chance(0.4):
		body.ContaminantGrams = quantity.Mass(float64(net) * b.between(0, 0.03))
	}
	b.sorted(body, b.load...)
	return net - body.RefusedGrams
}

// receiveBins weighs every bin by itself.
func (b *batch) receiveBins() {
	var accepted quantity.Mass
	for i, t := range b.load {
		b.ticket++
		body := tracking.Body{
			Bin: t.bin.id, Outcome: "A", Scale: "Bilancia 2", Ticket: fmt.Sprintf("B%06d", b.ticket),
			Measurement: &tracking.Measurement{GrossGrams: t.truth + t.bin.tare},
		}
		if t.scaled {
			body.Measurement.GrossGrams = t.departure + t.bin.tare
		}
		b.sorted(&body, t)
		accepted += body.Measurement.GrossGrams - t.bin.tare
		b.say("receipt.record", b.day, b.hour+0.02*float64(i), body)
	}
	b.treat(accepted)
}

// dueDiscrepancy says which discrepancy the script wants now, by what settles
// it, if any.
func (b *batch) dueDiscrepancy() (settle []tracking.Type, due bool) {
	for _, want := range []struct {
		what   incident
		settle []tracking.Type
	}{
		{discrepancySettled, []tracking.Type{"discrepancy.explain", "discrepancy.accept"}},
		{discrepancyOpen, nil},
		{discrepancyExplained, []tracking.Type{"discrepancy.explain"}},
	} {
		if b.script.take(want.what, b.world.day) {
			return want.settle, true
		}
	}
	return nil, false
}

func (b *batch) receiveTooLittle(net quantity.Mass, settle []tracking.Type) {
	b.say("receipt.record", b.day, b.hour, b.weighed(net))
	b.treat(net)
	from := map[tracking.Type]*author{
		"discrepancy.explain": b.desk.managers[b.load[0].bin.place.Facility],
		"discrepancy.accept":  b.desk.coordinator,
	}
	for i, typ := range settle {
		body := tracking.Body{Discrepancy: b.pickup + ":" + b.material.ID}
		if typ == "discrepancy.explain" {
			body.Reason = "Un contenitore è rimasto sul mezzo ed è stato pesato con il giro dopo."
		}
		day := b.day + 4 + 2*i
		b.out.say(note{from: from[typ], at: b.at(day, 11), send: b.sharp(day, 11.2), typ: typ, body: body})
	}
}

// treat is what becomes of an accepted load in the weeks after.
func (b *batch) treat(accepted quantity.Mass) {
	if accepted <= 0 {
		return
	}
	day := b.day + 6 + b.rng.IntN(15)
	pending := quantity.Mass(0)
	if b.material.product.Operation == "R3" && b.chance(0.18) {
		pending = accepted / 4
	}
	b.treatment(day, accepted, pending)
	if pending > 0 { // what was only sorted is finished later
		b.treatment(day+30+b.rng.IntN(25), pending, 0)
	}
}

// treatment records what came out of input, of which pending was only sorted.
func (b *batch) treatment(day int, input, pending quantity.Mass) {
	b.ticket++
	done := input - pending
	share := func(of float64) quantity.Mass { return quantity.Mass(float64(done) * of) }
	product := b.material.product
	product.Grams = share(b.material.recyclate * b.between(0.96, 1.03))
	rest := done - product.Grams
	buried := rest / 5
	burnt := rest - buried
	loss := min(share(b.material.loss), rest)
	outputs := []tracking.Output{
		product,
		{Operation: "R1", Grams: burnt},
		{Operation: "D10", Grams: buried},
		{Operation: "R12", Grams: pending},
	}
	outputs = slices.DeleteFunc(outputs, func(o tracking.Output) bool { return o.Grams == 0 })
	b.say("treatment.record", day, 15, tracking.Body{
		InputGrams: input, CalculationPointGrams: product.Grams + loss, Outputs: outputs,
		Certificate: fmt.Sprintf("CERT-DEMO-%06d", b.ticket),
	})
}
