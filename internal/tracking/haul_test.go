package tracking_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

func ptr[V any](v V) *V { return &v }

// drawLegs draws the legs of a round: any method, alone or shared.
func drawLegs(t *rapid.T) []tracking.Leg {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) tracking.Leg {
		l := tracking.Leg{Kilometres: rapid.Int64Range(1, 300).Draw(t, "km"), Vehicle: rapid.SampledFrom(tracking.Vehicles).Draw(t, "vehicle")}
		if rapid.IntRange(0, 2).Draw(t, "method") == 0 {
			l.Method = indicator.TonneKm
			return l
		}
		if rapid.Bool().Draw(t, "shared") {
			l.ShareThousandths = ptr(rapid.Int64Range(1, 1000).Draw(t, "share"))
		}
		if l.Vehicle == "electric-van" {
			l.WattHours = ptr(rapid.Int64Range(1, 90_000).Draw(t, "Wh"))
		}
		if l.Vehicle == "rigid-lorry" {
			l.LoadPercent = ptr(rapid.IntRange(0, 2).Draw(t, "load") * 50)
		}
		return l
	}), 0, 3).Draw(t, "legs")
}

func drawNext(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "R1", "D10"}).Draw(t, "next operation")
}

// haulOf is the transport of a pickup, worked out leg by leg in another way
// than the domain does.
func haulOf(p tracking.Pickup) map[string]int64 {
	haul := map[string]int64{}
	if p.Handover == nil || len(p.Lines) == 0 {
		return haul
	}
	for _, l := range p.Handover.Legs {
		share := int64(1000)
		if l.ShareThousandths != nil {
			share = *l.ShareThousandths
		}
		switch {
		case l.Method == indicator.TonneKm:
			for _, line := range p.Lines {
				haul[indicator.HaulKey(indicator.TonneKm, l.Vehicle, nil)] += int64(line.DepartureGrams) * l.Kilometres
			}
		case l.WattHours != nil:
			haul[indicator.HaulKey(indicator.Energy, l.Vehicle, nil)] += (2**l.WattHours*share + 1000) / 2000
		default:
			haul[indicator.HaulKey(indicator.VehicleKm, l.Vehicle, l.LoadPercent)] += l.Kilometres * 1000 * share / 1000
		}
	}
	maps.DeleteFunc(haul, func(_ string, amount int64) bool { return amount == 0 }) // half a watt-hour of a small share
	return haul
}

// checkHaul: the fills that a pickup took carry its transport among them, to
// the metre, gram-kilometre and watt-hour; other fills carry nothing.
func checkHaul(t TB, p tracking.Pickup, fills []tracking.Fill) {
	t.Helper()
	got := map[string]int64{}
	for _, f := range fills {
		if f.Pickup == "" && f.Haul != nil {
			t.Fatalf("fill %s was not collected, but carries %v", f.ID, f.Haul)
		}
		if f.Pickup != p.ID {
			continue
		}
		for key, amount := range f.Haul {
			if amount <= 0 {
				t.Fatalf("fill %s carries %d of %s", f.ID, amount, key)
			}
			got[key] += amount
		}
	}
	if want := haulOf(p); !maps.Equal(got, want) {
		t.Fatalf("the fills of pickup %s carry %v, want %v", p.ID, got, want)
	}
}

// wantHaul compares what fills carry, in their order.
func wantHaul(t TB, l *Lab, fills []string, key string, want ...int64) {
	t.Helper()
	var got []int64
	for _, id := range fills {
		got = append(got, get[tracking.Fill](t, l, tracking.KindFill, id).Haul[key])
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %v, want %v", key, got, want)
	}
}

// loaded is a pickup that took bins of these masses.
func loaded(t TB, l *Lab, masses ...quantity.Mass) (pickup string, bins []string) {
	t.Helper()
	pickup = l.MustPickup(t, l.Facility, l.Recycler)
	for _, m := range masses {
		bin := l.MustBin(t, l.Facility, "", "")
		l.MustClose(t, l.Facility, bin, m)
		l.MustScan(t, l.Recycler, pickup, bin)
		bins = append(bins, bin)
	}
	return pickup, bins
}

func TestLegsAreGivenBackByDepartureMass(t *testing.T) {
	for _, test := range []struct {
		name string
		legs []tracking.Leg
		key  string
		want []int64 // of fills of 1, 2 and 4 kg
	}{
		{"the vehicle's metres", []tracking.Leg{{Kilometres: 10, Vehicle: "van"}}, "vehicle-km|van|", []int64{1429, 2857, 5714}},
		{
			"of a shared round the share", []tracking.Leg{{Kilometres: 10, Vehicle: "van", ShareThousandths: ptr(int64(333))}},
			"vehicle-km|van|", []int64{476, 951, 1903},
		},
		{
			"legs of one kind together", []tracking.Leg{{Kilometres: 3, Vehicle: "van", Method: "vehicle-km"}, {Kilometres: 4, Vehicle: "van"}},
			"vehicle-km|van|", []int64{1000, 2000, 4000},
		},
		{
			"a lorry's load is part of the kind", []tracking.Leg{{Kilometres: 7, Vehicle: "rigid-lorry-17t", LoadPercent: ptr(0)}, {Kilometres: 1, Vehicle: "rigid-lorry-17t"}},
			"vehicle-km|rigid-lorry-17t|0", []int64{1000, 2000, 4000},
		},
		{
			"tonne-kilometres by the own mass", []tracking.Leg{{Kilometres: 12, Vehicle: "articulated-lorry", Method: "tonne-km"}},
			"tonne-km|articulated-lorry|", []int64{12_000, 24_000, 48_000},
		},
		{
			"measured energy, of which the share", []tracking.Leg{{Kilometres: 10, Vehicle: "electric-van", WattHours: ptr(int64(1401)), ShareThousandths: ptr(int64(500))}},
			"kwh|electric-van|", []int64{100, 200, 401}, // 700.5 Wh is 701
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := MustLab(t, MustStore(t))
			pickup, fills := loaded(t, l, 1000, 2000, 4000)
			l.MustApply(t, l.Driver(l.Recycler), "pickup.handover", tracking.Body{Pickup: pickup, Legs: test.legs})
			wantHaul(t, l, fills, test.key, test.want...)
			whole, sum := l.summary(t).Haul, test.want[0]+test.want[1]+test.want[2]
			if !slices.ContainsFunc(whole, func(h indicator.HaulAmount) bool {
				return indicator.HaulKey(h.Method, h.Vehicle, h.LoadPercent) == test.key && h.Amount == sum
			}) {
				t.Errorf("the lab's haul is %+v, want %d of %s", whole, sum, test.key)
			}
		})
	}
}

// summary is the balance of the lab.
func (l *Lab) summary(t TB) indicator.Balance {
	t.Helper()
	a, err := l.Service.Summary(ctx, l.Coordinator(), always)
	if err != nil {
		t.Fatalf("summary: %v", err)
	}
	return a.Balance
}

// TestHaulFollowsThePickup: what the fills carry is what the standing handover
// says of the lines that there are, whatever comes later.
func TestHaulFollowsThePickup(t *testing.T) {
	l := MustLab(t, MustStore(t))
	const van, lorry = "vehicle-km|van|", "vehicle-km|rigid-lorry|"
	pickup, fills := loaded(t, l, 1000, 3000)
	driver := l.Driver(l.Recycler)
	first := l.MustApply(t, driver, "pickup.handover", tracking.Body{Pickup: pickup, Legs: []tracking.Leg{{Kilometres: 8, Vehicle: "van"}}})
	wantHaul(t, l, fills, van, 2000, 6000)

	late := l.MustBin(t, l.Facility, "", "")
	l.MustClose(t, l.Facility, late, 4000)
	l.MustScan(t, l.Recycler, pickup, late)
	fills = append(fills, late)
	wantHaul(t, l, fills, van, 1000, 3000, 4000)

	l.MustApply(t, driver, "undo", tracking.Body{Corrects: first.ID})
	wantHaul(t, l, fills, van, 0, 0, 0)
	second := l.MustApply(t, driver, "pickup.handover", tracking.Body{Pickup: pickup, Legs: []tracking.Leg{{Kilometres: 4, Vehicle: "van"}}})
	wantHaul(t, l, fills, van, 500, 1500, 2000)

	correction := l.MustRecord(t, driver, "correct", tracking.Body{Corrects: second.ID, Reason: "the other vehicle", Replacement: &tracking.Body{
		Legs: []tracking.Leg{{Kilometres: 16, Vehicle: "rigid-lorry"}},
	}})
	l.Clock.Advance(time.Minute)
	wantHaul(t, l, fills, van, 500, 1500, 2000) // the facility has not agreed yet
	l.MustApply(t, l.Manager(l.Facility), "correction.approve", tracking.Body{Correction: correction.ID})
	wantHaul(t, l, fills, van, 0, 0, 0)
	wantHaul(t, l, fills, lorry, 2000, 6000, 8000)

	dropped := l.MustRecord(t, driver, "correct", tracking.Body{Corrects: p0(t, l, pickup), Void: true, Reason: "left behind"})
	l.Clock.Advance(time.Minute)
	l.MustApply(t, l.Manager(l.Facility), "correction.approve", tracking.Body{Correction: dropped.ID})
	wantHaul(t, l, fills, lorry, 0, 6857, 9143)
	if whole := l.summary(t).Haul; len(whole) != 1 || whole[0].Amount != 16_000 {
		t.Errorf("the lab's haul is %+v, want 16 km of one lorry", whole)
	}
	own, err := l.Service.Summary(ctx, l.Plant(l.Recycler), always)
	if err != nil || len(own.Balance.Haul) != 1 || own.Balance.Haul[0].Amount != 16_000 {
		t.Errorf("the recycler's own haul is %+v (%v), want 16 km", own.Balance.Haul, err)
	}
}

func TestLegsThatCantBe(t *testing.T) {
	l := MustLab(t, MustStore(t))
	pickup := l.MustPickup(t, l.Facility, l.Recycler)
	for _, test := range []struct {
		leg           tracking.Leg
		pointer, code string
	}{
		{tracking.Leg{Kilometres: 1, Vehicle: "bicycle"}, "vehicle", "unknown"},
		{tracking.Leg{Kilometres: 0, Vehicle: "van"}, "kilometres", "out-of-range"},
		{tracking.Leg{Kilometres: 1, Vehicle: "van", Method: "kwh"}, "method", "unknown"},
		{tracking.Leg{Kilometres: 1, Vehicle: "van", ShareThousandths: ptr(int64(0))}, "shareThousandths", "out-of-range"},
		{tracking.Leg{Kilometres: 1, Vehicle: "van", ShareThousandths: ptr(int64(1001))}, "shareThousandths", "out-of-range"},
		{tracking.Leg{Kilometres: 1, Vehicle: "van", Method: "tonne-km", ShareThousandths: ptr(int64(500))}, "shareThousandths", "not-allowed"},
		{tracking.Leg{Kilometres: 1, Vehicle: "van", LoadPercent: ptr(50)}, "loadPercent", "not-allowed"},
		{tracking.Leg{Kilometres: 1, Vehicle: "rigid-lorry", LoadPercent: ptr(101)}, "loadPercent", "out-of-range"},
		{tracking.Leg{Kilometres: 1, Vehicle: "rigid-lorry", Method: "tonne-km", LoadPercent: ptr(50)}, "loadPercent", "not-allowed"},
		{tracking.Leg{Kilometres: 1, Vehicle: "van", WattHours: ptr(int64(50))}, "wattHours", "not-allowed"},
		{tracking.Leg{Kilometres: 1, Vehicle: "electric-van", WattHours: ptr(int64(0))}, "wattHours", "out-of-range"},
		{tracking.Leg{Kilometres: 1, Vehicle: "electric-van", Method: "tonne-km", WattHours: ptr(int64(50))}, "wattHours", "not-allowed"},
	} {
		_, err := l.Record(t, l.Driver(l.Recycler), "pickup.handover", tracking.Body{Pickup: pickup, Legs: []tracking.Leg{test.leg}})
		wantFault(t, fmt.Sprintf("%+v", test.leg), err, "entry-invalid", "/body/legs/"+test.pointer, test.code)
	}
}

func TestNextOperationOfWhatWasRefused(t *testing.T) {
	l := MustLab(t, MustStore(t))
	pickup, fills := loaded(t, l, 1000, 3000)
	b := tracking.Body{
		Pickup: pickup, Stream: l.Stream, Measurement: &tracking.Measurement{NetGrams: 4000}, Outcome: "P", Cause: "NC",
		RefusedGrams: 1000, NextOperation: "D10",
	}
	receipt := l.MustApply(t, l.Plant(l.Recycler), "receipt.record", b)
	for i, want := range []quantity.Mass{250, 750} {
		if a := get[tracking.Fill](t, l, tracking.KindFill, fills[i]).Arrival; a.RefusedGrams != want || a.NextOperation != "D10" {
			t.Errorf("fill %d: %s refused, to %q, want %s to D10", i, a.RefusedGrams, a.NextOperation, want)
		}
	}
	if got := l.summary(t).RefusedTo; len(got) != 1 || got[0] != (indicator.RouteAmount{Operation: "D10", Grams: 1000}) {
		t.Errorf("refused to: got %+v, want 1000 g to D10", got)
	}

	c := l.MustRecord(t, l.Plant(l.Recycler), "correct", tracking.Body{Corrects: receipt.ID, Reason: "went elsewhere", Replacement: &tracking.Body{
		Measurement: b.Measurement, Outcome: "P", Cause: "NC", RefusedGrams: 1000, NextOperation: "R1",
	}})
	l.Clock.Advance(time.Minute)
	l.MustApply(t, l.Manager(l.Facility), "correction.approve", tracking.Body{Correction: c.ID})
	if got := l.summary(t).RefusedTo; len(got) != 1 || got[0] != (indicator.RouteAmount{Operation: "R1", Grams: 1000}) {
		t.Errorf("corrected: got %+v, want 1000 g to R1", got)
	}

	b.NextOperation = "R14"
	_, err := l.Record(t, l.Plant(l.Recycler), "receipt.record", b)
	wantFault(t, "an operation that there is not", err, "entry-invalid", "/body/nextOperation", "unknown")
	b.Outcome, b.Cause, b.RefusedGrams, b.NextOperation = "A", "", 0, "D10"
	_, err = l.Record(t, l.Plant(l.Recycler), "receipt.record", b)
	wantFault(t, "with nothing refused", err, "entry-invalid", "/body/nextOperation", "not-allowed")
}

// TestRecyclateByKind: what came out of a load is given back to its fills kind
// by kind; a corrected treatment or a load that is refused after all takes back
// what was counted before.
func TestRecyclateByKind(t *testing.T) {
	l := MustLab(t, MustStore(t))
	plant := l.Plant(l.Recycler)
	crates, pipes := indicator.RecyclateKey("PP", "crates", "0.80"), indicator.RecyclateKey("PE-HD", "pipes", "")
	pickup, fills := loaded(t, l, 1000, 3000)
	receipt := l.MustReceive(t, l.Recycler, pickup, l.Stream, 4000, 0)
	outputs := func(pp, pe, burnt quantity.Mass) []tracking.Output {
		return []tracking.Output{
			{Operation: "R3", Grams: pp, Polymer: "PP", Application: "crates", Quality: "0.80"},
			{Operation: "R3", Grams: pe, Polymer: "PE-HD", Application: "pipes"},
			{Operation: "R1", Grams: burnt, Polymer: "PLA"},
		}
	}
	done := l.MustApply(t, plant, "treatment.record", tracking.Body{
		Pickup: pickup, Stream: l.Stream, InputGrams: 4000, CalculationPointGrams: 3500, Outputs: outputs(2001, 1001, 998),
	})
	check := func(when string, pp, pe quantity.Mass) {
		t.Helper()
		var got [2]quantity.Mass
		for _, f := range fills {
			if a := get[tracking.Fill](t, l, tracking.KindFill, f).Arrival; a != nil {
				got[0], got[1] = got[0]+a.Recyclates[crates], got[1]+a.Recyclates[pipes]
				if a.Recyclates[crates]+a.Recyclates[pipes] != a.RecyclateGrams {
					t.Errorf("%s: %v is not the recyclate of %s", when, a.Recyclates, a.RecyclateGrams)
				}
			}
		}
		var cube [2]quantity.Mass
		for _, r := range l.summary(t).Recyclates {
			if r.Polymer == "PP" {
				cube[0] = r.Grams
			} else {
				cube[1] = r.Grams
			}
		}
		if want := [2]quantity.Mass{pp, pe}; got != want || cube != want {
			t.Errorf("%s: fills have %v, the cube %v, want %v", when, got, cube, want)
		}
	}
	check("as treated", 2001, 1001)
	first := get[tracking.Fill](t, l, tracking.KindFill, fills[0]).Arrival
	if first.Recyclates[crates] != 500 || first.Recyclates[pipes] != 250 {
		t.Errorf("a quarter of the load has %v, want 500 and 250", first.Recyclates)
	}
	treated := get[tracking.Treatment](t, l, tracking.KindTreatment, done.ID)
	if treated.Outputs[2].Polymer != "PLA" {
		t.Errorf("the residue is of %q, want PLA", treated.Outputs[2].Polymer)
	}

	correct := func(entry string, replacement tracking.Body) {
		t.Helper()
		c := l.MustRecord(t, plant, "correct", tracking.Body{Corrects: entry, Reason: "weighed again", Replacement: &replacement})
		l.Clock.Advance(time.Minute)
		l.MustApply(t, l.Manager(l.Facility), "correction.approve", tracking.Body{Correction: c.ID})
	}
	correct(done.ID, tracking.Body{InputGrams: 4000, CalculationPointGrams: 1500, Outputs: outputs(1000, 0, 3000)})
	check("corrected", 1000, 0)
	pipesInstead := outputs(0, 1000, 3000) // as much recyclate, of another kind
	correct(done.ID, tracking.Body{InputGrams: 4000, CalculationPointGrams: 1500, Outputs: pipesInstead})
	check("another kind", 0, 1000)
	correct(receipt.ID, tracking.Body{
		Outcome: "R", Cause: "IR", RefusedGrams: 4000, Measurement: &tracking.Measurement{NetGrams: 4000}, NextOperation: "R1",
	})
	check("refused after all", 0, 0)
	if b := l.summary(t); b.Recyclate != 0 || b.Refused != 4000 || len(b.RefusedTo) != 1 || b.RefusedTo[0].Grams != 4000 {
		t.Errorf("after the refusal: recyclate %s, refused %s, to %+v", b.Recyclate, b.Refused, b.RefusedTo)
	}
}

// TestKindsOfRecyclateAreLimited: free text must not make documents grow
// without end.
func TestKindsOfRecyclateAreLimited(t *testing.T) {
	l := MustLab(t, MustStore(t))
	pickup, _ := loaded(t, l, 30_000)
	l.MustReceive(t, l.Recycler, pickup, l.Stream, 30_000, 0)
	body := func(from, n int) tracking.Body {
		b := tracking.Body{Pickup: pickup, Stream: l.Stream, InputGrams: quantity.Mass(n), CalculationPointGrams: quantity.Mass(n)}
		for i := range n {
			b.Outputs = append(b.Outputs, tracking.Output{Operation: "R3", Grams: 1, Polymer: "PP", Application: fmt.Sprint(from + i)})
		}
		return b
	}
	for from := 0; from < tracking.MaxRecyclates; from += 12 {
		l.MustApply(t, l.Plant(l.Recycler), "treatment.record", body(from, 12))
	}
	l.MustApply(t, l.Plant(l.Recycler), "treatment.record", body(0, 12)) // the same again
	more := l.MustRecord(t, l.Plant(l.Recycler), "treatment.record", body(tracking.MaxRecyclates, 1))
	wantStatus(t, "one kind more", more, tracking.ResultNeedsReview, tracking.ReasonTooManyKinds)
}
