package rederivetest

import (
	"cmp"
	"math/big"
	"slices"
	"strconv"
)

// Object is a part of a report as JSON has it. Values are Objects, lists, texts,
// whole numbers, fractions, Near numbers, or nil for null.
type Object = map[string]any

// byRung reads a mass by rung.
func (v vector) byRung(name string) (by [rungs]int64) {
	for i := range by {
		by[i] = v[name+"/"+strconv.Itoa(i)]
	}
	return by
}

func shares(by [rungs]int64, whole int64) []any {
	var list []any
	for i, grams := range by {
		list = append(list, Object{"rung": rungNames[i], "grams": grams, "share": orNull(ratio(grams, whole))})
	}
	return list
}

// balance is what is shown of a vector.
func (v vector) balance() Object {
	o := Object{
		"fills": v["fills"], "receivedGrams": v.received(), "intoRecyclingGrams": v.intoRecycling(),
		"contamination":        orNull(ratio(v["contaminant"], v.received())),
		"refusal":              orNull(ratio(v["refused"], v.received())),
		"closure":              orNull(ratio(v.received(), v.arrived())),
		"calculationPointRate": orNull(ratio(v.intoRecycling(), v["accepted"])),
		"outputRate":           orNull(ratio(v["recyclate"], v["accepted"])),
		"collectedBy":          shares(v.byRung("collectedBy"), v["collected"]),
		"receivedBy":           shares(v.byRung("receivedBy"), v.received()),
	}
	for _, name := range []string{
		"collected", "stored", "inTransit", "accepted", "refused", "difference", "recyclate", "processLoss", "residue",
		"pending", "contaminant", "diverted", "unallocated",
	} {
		o[name+"Grams"] = v[name]
	}
	for _, name := range []string{"routes", "refusedTo"} {
		list, grams := []any{}, v.part(name)
		for _, k := range sorted(grams) {
			list = append(list, Object{"operation": k, "grams": grams[k]})
		}
		o[name] = list
	}
	kinds, haul := []any{}, []any{}
	for grams, k := v.part("recyclates"), ""; len(grams) > 0; delete(grams, k) {
		k = sorted(grams)[0]
		p := unkey(k)
		kind := Object{"polymer": p[0], "grams": grams[k]}
		optional(kind, "application", p[1])
		optional(kind, "quality", p[2])
		kinds = append(kinds, kind)
	}
	units := map[string]string{"kwh": "Wh", "tonne-km": "g-km", "vehicle-km": "vehicle-m"}
	for amounts, k := v.part("haul"), ""; len(amounts) > 0; delete(amounts, k) {
		k = sorted(amounts)[0]
		p := unkey(k)
		kind := Object{"method": p[0], "vehicle": p[1], "amount": amounts[k], "unit": units[p[0]]}
		if n, err := strconv.ParseInt(p[2], 10, 64); err == nil {
			kind["loadPercent"] = n
		}
		haul = append(haul, kind)
	}
	o["recyclates"], o["haul"] = kinds, haul
	return o
}

func optional(o Object, name, text string) {
	if text != "" {
		o[name] = text
	}
}

// activity is a vector as the report's input has it: without zeros.
func (v vector) activity() Object {
	o := Object{}
	for _, name := range []string{
		"fills", "collected", "stored", "inTransit", "accepted", "refused", "difference", "recyclate", "processLoss", "residue",
		"pending", "contaminant", "diverted", "unallocated", "hauled",
	} {
		if v[name] != 0 {
			o[name] = v[name]
		}
	}
	for _, name := range []string{"collectedBy", "receivedBy"} {
		if by := v.byRung(name); by != [rungs]int64{} {
			var list []any
			for _, grams := range by {
				list = append(list, grams)
			}
			o[name] = list
		}
	}
	for _, name := range []string{"routes", "recyclates", "refusedTo", "haul"} {
		kinds := Object{}
		for k, n := range v.part(name) {
			kinds[k] = n
		}
		if len(kinds) > 0 {
			o[name] = kinds
		}
	}
	return o
}

// funnel is the way from the ward to the recyclate.
func (v vector) funnel() Object {
	step := func(name string, grams int64, exits ...any) Object {
		list := []any{}
		for i := 0; i < len(exits); i += 2 {
			list = append(list, Object{"reason": exits[i], "grams": exits[i+1]})
		}
		return Object{"name": name, "grams": grams, "share": orNull(ratio(grams, v["collected"])), "exits": list}
	}
	return Object{
		"contaminantGrams": v["contaminant"], "divertedGrams": v["diverted"], "unallocatedGrams": v["unallocated"],
		"steps": []any{
			step("collected", v["collected"], "stored", v["stored"], "in-transit", v["inTransit"], "difference", v["difference"]),
			step("received", v.received(), "refused", v["refused"]),
			step("accepted", v["accepted"], "residue", v["residue"], "pending", v["pending"]),
			step("into-recycling", v.intoRecycling(), "process-loss", v["processLoss"]),
			step("recyclate", v["recyclate"]),
		},
	}
}

// wasteTable is the table of ESRS E5-5, paragraph 37, from the R and D codes.
func (v vector) wasteTable() Object {
	names := []string{"preparationForReuse", "recycling", "otherRecovery", "incineration", "landfill", "otherDisposal"}
	place := map[string]string{
		"R2": "recycling", "R3": "recycling", "R4": "recycling", "R5": "recycling", "R6": "recycling", "R9": "recycling",
		"composting": "recycling", "anaerobic-digestion": "recycling",
		"R1": "otherRecovery", "R7": "otherRecovery", "R8": "otherRecovery", "R10": "otherRecovery", "R11": "otherRecovery",
		"D10": "incineration", "D11": "incineration", "D1": "landfill", "D5": "landfill",
	}
	grams := map[string]int64{"recycling": v["recyclate"]}
	for operation, m := range finals(v) {
		grams[cmp.Or(place[operation], "otherDisposal")] += m
	}
	unresolved := v["stored"] + v["inTransit"] + v["pending"] + v["diverted"] + v["refused"]
	for _, m := range v.part("refusedTo") {
		unresolved -= m
	}
	hazardous, other := Object{}, Object{}
	var total int64
	for _, name := range names {
		hazardous[name+"Grams"], other[name+"Grams"] = int64(0), grams[name]
		total += grams[name]
	}
	lost := total - grams["recycling"] - grams["preparationForReuse"]
	return Object{
		"totalGrams": total, "unresolvedGrams": unresolved, "nonRecycledGrams": lost, "nonRecycledShare": orNull(ratio(lost, total)),
		"hazardous": hazardous, "nonHazardous": other,
	}
}

// series is the balance of each month.
func (w *working) series() []any {
	var list []any
	for m := w.from; m <= w.to; m = following(m) {
		v := vector{}
		for c, part := range w.cells {
			if c.month == m {
				v.add(part, 1)
			}
		}
		list = append(list, Object{"month": m, "balance": v.balance()})
	}
	return list
}

// following is the month after.
func following(month string) string {
	y, _ := strconv.Atoi(month[:4])
	m, _ := strconv.Atoi(month[5:])
	n := y*12 + m // of the following month, from zero
	text := strconv.Itoa(n%12 + 1)
	if len(text) == 1 {
		text = "0" + text
	}
	return strconv.Itoa(n/12) + "-" + text
}

// wards is a row for each ward, by the names of facility and ward.
func (w *working) wards() []any {
	type row struct{ facility, ward place }
	rows := map[row]cells{}
	for c, v := range w.cells {
		at := row{w.books.facilities[c.facility], w.books.wards[c.ward]}
		if rows[at] == nil {
			rows[at] = cells{}
		}
		rows[at][c] = v
	}
	var order []row
	for at := range rows {
		order = append(order, at)
	}
	slices.SortFunc(order, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.facility.Name, b.facility.Name), cmp.Compare(a.ward.Name, b.ward.Name), cmp.Compare(a.ward.ID, b.ward.ID))
	})
	list := []any{}
	for _, at := range order {
		part := w.of(rows[at])
		v, values := part.total, Object{}
		for _, c := range part.emissionCards() {
			values[c["id"].(string)] = c["value"]
		}
		o := Object{
			"ward":     Object{"id": at.ward.ID, "name": at.ward.Name},
			"facility": Object{"id": at.facility.ID, "name": at.facility.Name},
			"fills":    v["fills"], "contamination": orNull(ratio(v["contaminant"], v.received())),
			"inventoryWaste": values["inventory-waste"], "avoided": values["avoided"],
		}
		for _, name := range []string{"collected", "accepted", "refused", "contaminant", "recyclate"} {
			o[name+"Grams"] = v[name]
		}
		list = append(list, o)
	}
	return list
}

// denominated is a quantity of service with what went with it.
type denominated struct {
	kind                       string
	quantity                   *big.Rat
	collected, months, lacking int64
}

// denominators sums the declared quantities by kind.
func (w *working) denominators() ([]denominated, error) {
	active := map[[2]string]int64{}
	for c, v := range w.cells {
		active[[2]string{c.facility, c.month}] += v["collected"]
	}
	by := map[string]*denominated{}
	for _, d := range w.books.denominators {
		if d.Month < w.from || d.Month > w.to || w.facility != "" && d.Facility != w.facility {
			continue
		}
		of := by[d.Kind]
		if of == nil {
			of = &denominated{d.Kind, new(big.Rat), 0, 0, int64(len(active))}
			by[d.Kind] = of
		}
		q, err := decimal(d.Quantity)
		if err != nil {
			return nil, err
		}
		of.quantity = plus(of.quantity, q)
		of.months++
		if grams, is := active[[2]string{d.Facility, d.Month}]; is {
			of.collected, of.lacking = of.collected+grams, of.lacking-1
		}
	}
	var list []denominated
	for _, kind := range sorted(by) {
		list = append(list, *by[kind])
	}
	return list, nil
}
