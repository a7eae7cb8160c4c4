package formula

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
)

// Stop is where a round loads something.
type Stop struct {
	ID     string // differs from every other stop's
	Grams  int64  // loaded here
	Metres int64  // that the load is carried from here
}

// ShareRound divides a total, as a rule the metres that the vehicle drove,
// among the stops of a round by mass × distance (transport activity, ISO
// 14083). Shares are whole, in the order of the stops, and sum to the total
// exactly: what whole numbers leave over goes to the largest remainders, and
// between equal ones to the lower ID, so that the order of stops changes
// nothing.
func ShareRound(total int64, stops []Stop) ([]int64, error) {
	sum, err := checkRound(total, stops)
	if err != nil {
		return nil, err
	}
	shares, remainders := make([]int64, len(stops)), make([]*big.Int, len(stops))
	left := total
	for i, s := range stops {
		part := new(big.Int).Mul(activity(s), big.NewInt(total))
		quotient, remainder := part.QuoRem(part, sum, new(big.Int))
		shares[i], remainders[i] = quotient.Int64(), remainder
		left -= shares[i]
	}
	order := make([]int, len(stops))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(remainders[b].Cmp(remainders[a]), cmp.Compare(stops[a].ID, stops[b].ID))
	})
	for _, i := range order[:left] {
		shares[i]++
	}
	return shares, nil
}

// activity is mass × distance. The product of two int64 needs up to 126 bits.
func activity(s Stop) *big.Int {
	return new(big.Int).Mul(big.NewInt(s.Grams), big.NewInt(s.Metres))
}

func checkRound(total int64, stops []Stop) (sum *big.Int, err error) {
	var c checks
	if total < 0 {
		c.fault("total", "negative", "The total is %d; it can't be negative.", total)
	}
	seen := map[string]bool{}
	sum = new(big.Int)
	for i, s := range stops {
		if s.Grams < 0 {
			c.fault(fmt.Sprintf("stops/%d/grams", i), "negative", "The mass is %d; it can't be negative.", s.Grams)
		}
		if s.Metres < 0 {
			c.fault(fmt.Sprintf("stops/%d/metres", i), "negative", "The distance is %d; it can't be negative.", s.Metres)
		}
		if seen[s.ID] {
			c.fault(fmt.Sprintf("stops/%d/id", i), "duplicate", "Two stops have the ID %.64q.", s.ID)
		}
		seen[s.ID] = true
		sum.Add(sum, activity(s))
	}
	if len(c.fields) == 0 && sum.Sign() == 0 {
		c.fault("stops", "nothing", "No stop loads a mass over a distance, so that there is nothing to share by.")
	}
	return sum, c.err()
}
