package factor

import (
	"slices"
	"strings"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// Combine says whether factors may be summed for the same mass (or for the same
// leg of a journey), which most double counts break:
//   - no two of them cover the same module of the life cycle: modules-overlap;
//   - all treat biogenic carbon alike: uptake-mixed;
//   - none is a net route or has credits in it: net-not-summable.
//
// Well to tank and tank to wheel of one vehicle are the two halves of one
// module, and may be summed. One factor alone is no sum.
func Combine(factors ...*Factor) error {
	for i, b := range factors {
		for _, a := range factors[:i] {
			if err := pair(a, b); err != nil {
				return err
			}
		}
	}
	return nil
}

func pair(a, b *Factor) error {
	for _, f := range []*Factor{a, b} {
		if f.Kind == NetRoute || f.Avoided || slices.Contains(f.Modules, Beyond) {
			return problem.New(problem.Unprocessable, "net-not-summable",
				"%s stands for a whole route, or has avoided emissions in it: %s and %s can't be summed. Show them side by side.", f.ID, a.ID, b.ID)
		}
	}
	if a.Uptake != b.Uptake {
		return problem.New(problem.Unprocessable, "uptake-mixed",
			"%s counts biogenic carbon %s and %s counts it %s. Use factors of one convention.", a.ID, a.Uptake, b.ID, b.Uptake)
	}
	if halves(a, b) {
		return nil
	}
	for _, m := range a.Modules {
		if slices.Contains(b.Modules, m) {
			return problem.New(problem.Unprocessable, "modules-overlap",
				"%s and %s both cover module %s: their sum would count it twice. Leave one of them out.", a.ID, b.ID, m)
		}
	}
	return nil
}

// halves reports whether two factors are the two halves of well to wheel.
func halves(a, b *Factor) bool {
	stem := func(k Kind) (string, string) {
		if s, found := strings.CutSuffix(string(k), "-ttw"); found {
			return s, "ttw"
		}
		if s, found := strings.CutSuffix(string(k), "-wtt"); found {
			return s, "wtt"
		}
		return string(k), ""
	}
	stemA, halfA := stem(a.Kind)
	stemB, halfB := stem(b.Kind)
	return stemA == stemB && halfA != halfB && a.Subject == b.Subject
}
