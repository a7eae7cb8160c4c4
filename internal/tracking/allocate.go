package tracking

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/ricircolo/ricircolo/internal/quantity"
)

// share is one taker of an allocation.
type share struct {
	id     string        // breaks ties
	weight quantity.Mass // ≥ 0
}

// allocate gives total back to the shares in proportion to their weights, in
// whole grams that sum to total exactly: largest remainder, ties by id. Where
// all weights are zero the shares are equal. The result is in the order of the
// shares; without shares it is nil.
//
// If total is not more than the sum of the weights, no part is more than its
// weight.
func allocate(total quantity.Mass, shares []share) []quantity.Mass {
	if len(shares) == 0 {
		return nil
	}
	var sum uint64
	for _, s := range shares {
		sum += uint64(s.weight)
	}
	weight := func(i int) uint64 { return uint64(shares[i].weight) }
	if sum == 0 {
		sum, weight = uint64(len(shares)), func(int) uint64 { return 1 }
	}
	parts := make([]quantity.Mass, len(shares))
	remainders := make([]uint64, len(shares))
	order := make([]int, len(shares))
	left := uint64(total)
	for i := range shares {
		high, low := bits.Mul64(uint64(total), weight(i))
		quotient, remainder := bits.Div64(high, low, sum)
		parts[i], remainders[i], order[i] = quantity.Mass(quotient), remainder, i
		left -= quotient
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(remainders[b], remainders[a]), cmp.Compare(shares[a].id, shares[b].id))
	})
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts
}

// allocateTable splits each row's mass among columns so that both rows and
// columns sum exactly: row i to rows[i].weight, column j to columns[j]. The
// columns must sum to the sum of the rows. Rows are served one after another
// in proportion to what is left of the columns.
func allocateTable(rows []share, columns []quantity.Mass) [][]quantity.Mass {
	left := make([]share, len(columns))
	for j, c := range columns {
		left[j] = share{id: string(rune('a' + j)), weight: c}
	}
	table := make([][]quantity.Mass, len(rows))
	for i, row := range rows {
		table[i] = make([]quantity.Mass, len(columns))
		if row.weight == 0 {
			continue
		}
		table[i] = allocate(row.weight, left)
		for j, m := range table[i] {
			left[j].weight -= m
		}
	}
	return table
}
