package rederivetest

import (
	"cmp"
	"math/big"
	"slices"
)

// taker is one who takes part in an allocation.
type taker struct {
	id     string
	weight int64
}

// share parts a whole in proportion to weights, in whole units that sum to it:
// everybody gets the floor of his due, and what is left goes, unit by unit, to
// the largest remainders, ties by id. Without any weight the shares are equal.
func share(whole int64, takers []taker) []int64 {
	sum := new(big.Int)
	for _, t := range takers {
		sum.Add(sum, big.NewInt(t.weight))
	}
	equal := sum.Sign() == 0
	if equal {
		sum.SetInt64(int64(len(takers)))
	}
	parts, rests, left := make([]int64, len(takers)), make([]*big.Int, len(takers)), whole
	for i, t := range takers {
		weight := big.NewInt(t.weight)
		if equal {
			weight.SetInt64(1)
		}
		due, rest := new(big.Int).QuoRem(weight.Mul(weight, big.NewInt(whole)), sum, new(big.Int))
		parts[i], rests[i] = due.Int64(), rest
		left -= parts[i]
	}
	order := make([]int, len(takers))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(rests[b].Cmp(rests[a]), cmp.Compare(takers[a].id, takers[b].id))
	})
	for n := range left {
		parts[order[n]]++
	}
	return parts
}

// shareTable parts rows among columns, so that both sum: one row after another
// in proportion to what is left of the columns; ties by column.
func shareTable(rows, columns []int64) [][]int64 {
	left := make([]taker, len(columns))
	for j, c := range columns {
		left[j] = taker{string(rune('A' + j)), c}
	}
	table := make([][]int64, len(rows))
	for i, row := range rows {
		table[i] = make([]int64, len(columns))
		if row == 0 {
			continue
		}
		table[i] = share(row, left)
		for j, part := range table[i] {
			left[j].weight -= part
		}
	}
	return table
}
