package indicator

import (
	"math"

	"github.com/shopspring/decimal"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/ricircolo/ricircolo/internal/quantity"
)

// The least that each side of a pilot needs before a difference is claimed.
const (
	MinWardMonths = 3
	MinPilotFills = 10
)

// Contrast is one figure of a pilot against its reference.
type Contrast struct {
	ID         string           `json:"id"`   // contamination, refusal, output-rate, collected-per-ward-month
	Unit       string           `json:"unit"` // 1, or kg
	Pilot      Side             `json:"pilot"`
	Reference  Side             `json:"reference"`
	Difference *decimal.Decimal `json:"difference"` // pilot − reference
	Interval   *Interval        `json:"interval"`   // 95 %, Welch's t of ratio estimators
	// Verdict is not-enough-data, no-difference (the interval holds 0), lower
	// or higher.
	Verdict string `json:"verdict"`
}

// Side is one side of a contrast with the size of its sample.
type Side struct {
	Value      *decimal.Decimal `json:"value"`
	WardMonths int              `json:"wardMonths"`
	Fills      int64            `json:"fills"`
}

// measure is a figure that is a quotient of sums over ward-months.
type measure struct {
	id, unit string
	of       func(*Activity) (num, den float64)
	exact    func(*Activity, int) *decimal.Decimal
}

var measures = []measure{
	ratioMeasure("contamination", func(a *Activity) (quantity.Mass, quantity.Mass) { return a.Contaminant, a.Received() }),
	ratioMeasure("refusal", func(a *Activity) (quantity.Mass, quantity.Mass) { return a.Refused, a.Received() }),
	ratioMeasure("output-rate", func(a *Activity) (quantity.Mass, quantity.Mass) { return a.Recyclate, resolved(a) }),
	{
		"collected-per-ward-month", "kg",
		func(a *Activity) (float64, float64) { return float64(a.Collected) / 1000, 1 },
		func(a *Activity, n int) *decimal.Decimal {
			if n == 0 {
				return nil
			}
			v := kilograms(a.Collected).DivRound(decimal.NewFromInt(int64(n)), 3)
			return &v
		},
	},
}

func ratioMeasure(id string, of func(*Activity) (num, den quantity.Mass)) measure {
	return measure{
		id, "1",
		func(a *Activity) (float64, float64) {
			num, den := of(a)
			return float64(num), float64(den)
		},
		func(a *Activity, _ int) *decimal.Decimal {
			r := RatioOf(of(a))
			if !r.Defined() {
				return nil
			}
			v := decimal.RequireFromString(r.String())
			return &v
		},
	}
}

// ComparePilot sets the activities of a pilot's ward-months against those of
// its reference. A ward's month is one observation: fills of one ward in one
// month are too alike to count by themselves.
func ComparePilot(pilot, reference []Activity) []Contrast {
	contrasts := make([]Contrast, 0, len(measures))
	for _, m := range measures {
		p, ps := m.estimate(pilot)
		r, rs := m.estimate(reference)
		c := Contrast{ID: m.id, Unit: m.unit, Pilot: ps, Reference: rs, Verdict: "not-enough-data"}
		if ps.Value != nil && rs.Value != nil {
			d := ps.Value.Sub(*rs.Value)
			c.Difference = &d
		}
		if c.Difference != nil && p.enough(ps) && r.enough(rs) {
			c.judge(p, r)
		}
		contrasts = append(contrasts, c)
	}
	return contrasts
}

// estimate is a ratio estimator: Σy ÷ Σx, with its variance by the residuals.
type estimate struct {
	ratio, variance float64
	n               int
}

func (e estimate) enough(s Side) bool { return e.n >= MinWardMonths && s.Fills >= MinPilotFills }

func (m *measure) estimate(cells []Activity) (e estimate, s Side) {
	var total Sum
	var y, x float64
	var used []int
	for i := range cells {
		num, den := m.of(&cells[i])
		if den <= 0 {
			continue
		}
		used = append(used, i)
		y, x = y+num, x+den
		total.Add(&cells[i])
	}
	sum := total.Total()
	e.n, s.WardMonths, s.Fills = len(used), len(used), sum.Fills
	s.Value = m.exact(&sum, len(used))
	if x == 0 || len(used) < 2 {
		return e, s
	}
	e.ratio = y / x
	var squares float64
	for _, i := range used {
		num, den := m.of(&cells[i])
		residual := num - e.ratio*den
		squares += residual * residual
	}
	n := float64(len(used))
	e.variance = n / (x * x) * squares / (n - 1)
	return e, s
}

// judge gives a contrast its interval and verdict, by Welch's t.
func (c *Contrast) judge(p, r estimate) {
	variance := p.variance + r.variance
	if variance == 0 { // alike to the gram: that says nothing about the next month
		return
	}
	pd, rd := p.variance*p.variance/float64(p.n-1), r.variance*r.variance/float64(r.n-1)
	freedom := variance * variance / (pd + rd)
	half := math.Sqrt(variance) * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(0.975)
	difference := c.Difference.InexactFloat64()
	c.Interval = newInterval(difference-half, difference+half, "welch-t")
	switch {
	case c.Interval.High.IsNegative():
		c.Verdict = "lower"
	case c.Interval.Low.IsPositive():
		c.Verdict = "higher"
	default:
		c.Verdict = "no-difference"
	}
}
