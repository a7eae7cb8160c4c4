package rederivetest

import (
	"math/big"
	"slices"
	"testing"
)

func TestShareByLargestRemainder(t *testing.T) {
	for _, c := range []struct {
		name    string
		whole   int64
		weights []int64
		want    []int64
	}{
		{"in proportion", 1000, []int64{1, 3}, []int64{250, 750}},
		{"a gram that is left goes to the largest remainder", 10, []int64{1, 1, 4}, []int64{2, 2, 6}},
		{"ties go by id", 2, []int64{5, 5, 5}, []int64{1, 1, 0}},
		{"equal without weights", 7, []int64{0, 0, 0}, []int64{3, 2, 2}},
		{"nothing to give", 0, []int64{2, 1}, []int64{0, 0}},
	} {
		var takers []taker
		for i, w := range c.weights {
			takers = append(takers, taker{string(rune('a' + i)), w})
		}
		if got := share(c.whole, takers); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	table := shareTable([]int64{3, 0, 4}, []int64{2, 5})
	for i, want := range [][]int64{{1, 2}, {0, 0}, {1, 3}} {
		if !slices.Equal(table[i], want) {
			t.Errorf("row %d: got %v, want %v", i, table[i], want)
		}
	}
}

func TestRounding(t *testing.T) {
	for _, c := range []struct{ got, want *big.Rat }{
		{rounded(big.NewRat(-5, 2), 0), big.NewRat(-3, 1)}, // a half away from zero
		{rounded(big.NewRat(1249, 1), -2), big.NewRat(1200, 1)},
		{significant(big.NewRat(11157338, 1000), 2), big.NewRat(11000, 1)},
		{significant(big.NewRat(-996, 1000), 2), big.NewRat(-1, 1)},
		{significant(big.NewRat(455, 10000), 2), big.NewRat(46, 1000)},
		{ratio(-1, 20_000), new(big.Rat)}, // a half upwards
		{ratio(1, 20_000), big.NewRat(1, 10_000)},
		{ratio(1, 3), big.NewRat(3333, 10_000)},
	} {
		if c.got.Cmp(c.want) != 0 {
			t.Errorf("got %s, want %s", c.got.FloatString(6), c.want.FloatString(6))
		}
	}
	if ratio(1, 0) != nil || ratio(1, -1) != nil {
		t.Error("a quotient by nothing has a value")
	}
}

// What one side has and the other has not is a fault, whatever it is.
func TestCompareNotices(t *testing.T) {
	derived := Object{
		"grams": int64(5), "exact": big.NewRat(1, 8), "near": near(1000, 0), "none": nil, "text": "a", "list": []any{Object{"n": int64(1)}},
	}
	const same = `{"grams":5,"exact":"0.125","near":"1000.005","none":null,"text":"a","list":[{"n":1}],"title":"not derived"}`
	for report, want := range map[string]string{
		same: "",
		`{"grams":6,"exact":"0.125","near":"1000","none":null,"text":"a","list":[{"n":1}]}`:              "/grams",
		`{"grams":5,"exact":"0.1251","near":"1000","none":null,"text":"a","list":[{"n":1}]}`:             "/exact",
		`{"grams":5,"exact":"0.125","near":"1000.02","none":null,"text":"a","list":[{"n":1}]}`:           "/near",
		`{"grams":5,"exact":"0.125","near":"1000","none":"0","text":"a","list":[{"n":1}]}`:               "/none",
		`{"grams":5,"exact":"0.125","near":"1000","none":null,"text":"b","list":[{"n":1}]}`:              "/text",
		`{"grams":null,"exact":"0.125","near":"1000","none":null,"text":"a","list":[{"n":1}]}`:           "/grams",
		`{"exact":"0.125","near":"1000","none":null,"text":"a","list":[{"n":1}]}`:                        "/grams",
		`{"grams":5,"exact":"0.125","near":"1000","none":null,"text":"a","list":[]}`:                     "/list",
		`{"grams":5,"exact":"0.125","near":"1000","none":null,"text":"a","list":[{"n":1,"more":"2"}]}`:   "/list/0/more",
		`{"grams":5,"exact":"0.125","near":"1000","none":null,"text":"a","list":[{"n":1}],"new":[0]}`:    "/new/0",
		`{"grams":5,"exact":"0.125","near":"1000","none":null,"text":"a","list":[{"n":1}],"new":null}`:   "/new",
		`{"grams":{"a":5},"exact":"0.125","near":"1000","none":null,"text":"a","list":[{"n":1}],"c":""}`: "/grams",
	} {
		c, err := Compare([]byte(report), derived)
		if err != nil {
			t.Fatal(err)
		}
		at := ""
		if len(c.Faults) > 0 {
			at = c.Faults[0].Path
		}
		if at != want {
			t.Errorf("%s: a fault at %q, want %q: %v", report, at, want, c.Faults)
		}
	}
}
