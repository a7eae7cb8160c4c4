package tracking

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/quantity"
)

func TestAllocate(t *testing.T) {
	for _, test := range []struct {
		name    string
		total   quantity.Mass
		weights []quantity.Mass
		want    []quantity.Mass
	}{
		{"in proportion", 1000, []quantity.Mass{1, 3}, []quantity.Mass{250, 750}},
		{"a left-over gram goes to the largest remainder", 10, []quantity.Mass{1, 1, 4}, []quantity.Mass{2, 2, 6}},
		{"ties go by id", 1, []quantity.Mass{5, 5, 5}, []quantity.Mass{1, 0, 0}},
		{"equally where nothing is known", 7, []quantity.Mass{0, 0, 0}, []quantity.Mass{3, 2, 2}},
		{"nothing to give", 0, []quantity.Mass{2, 1}, []quantity.Mass{0, 0}},
		{"no takers", 5, nil, nil},
		{"one taker", 5, []quantity.Mass{0}, []quantity.Mass{5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := allocate(test.total, shares(test.weights)); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func shares(weights []quantity.Mass) []share {
	var s []share
	for i, w := range weights {
		s = append(s, share{fmt.Sprintf("fill-%03d", i), w})
	}
	return s
}

var mass = rapid.Custom(func(t *rapid.T) quantity.Mass {
	return quantity.Mass(rapid.Int64Range(0, int64(quantity.MaxMass)).Draw(t, "grams"))
})

// The parts sum to the whole, none is further than a gram from its due, none
// is more than its weight if the whole is not, and the order of the shares
// does not matter.
func TestAllocateIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := mass.Draw(t, "total")
		taking := shares(rapid.SliceOfN(mass, 1, 40).Draw(t, "weights"))
		parts := allocate(total, taking)
		var sum, weights quantity.Mass
		for i := range parts {
			sum, weights = sum+parts[i], weights+taking[i].weight
		}
		if sum != total {
			t.Fatalf("the parts sum to %d, want %d", sum, total)
		}
		for i, p := range parts {
			if weights == 0 {
				break
			}
			if due := float64(total) * float64(taking[i].weight) / float64(weights); float64(p) < due-1.5 || float64(p) > due+1.5 {
				t.Errorf("part %d is %d, its due is %.1f", i, p, due)
			}
			if total <= weights && p > taking[i].weight {
				t.Errorf("part %d is %d, more than its weight %d", i, p, taking[i].weight)
			}
		}
		order := rapid.Permutation(taking).Draw(t, "order")
		for i, p := range allocate(total, order) {
			at := slices.IndexFunc(taking, func(s share) bool { return s.id == order[i].id })
			if p != parts[at] {
				t.Errorf("%s gets %d in another order, not %d", order[i].id, p, parts[at])
			}
		}
	})
}

// Rows and columns of a table both sum exactly.
func TestAllocateTableIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := shares(rapid.SliceOfN(mass, 1, 20).Draw(t, "rows"))
		var total quantity.Mass
		for _, r := range rows {
			total += r.weight
		}
		columns := allocate(total, shares(rapid.SliceOfN(mass, 1, 6).Draw(t, "columns")))
		table := allocateTable(rows, columns)
		sums := make([]quantity.Mass, len(columns))
		for i, row := range table {
			var sum quantity.Mass
			for j, m := range row {
				if m < 0 {
					t.Fatalf("row %d has %d in column %d", i, m, j)
				}
				sum, sums[j] = sum+m, sums[j]+m
			}
			if sum != rows[i].weight {
				t.Errorf("row %d sums to %d, want %d", i, sum, rows[i].weight)
			}
		}
		if !slices.Equal(sums, columns) {
			t.Errorf("columns sum to %v, want %v", sums, columns)
		}
	})
}
