package factor_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/indicator/factor"
)

// Whatever a lab takes from a set and changes, or adds: what comes out has each
// factor of its own as it is, each other one of the base, and nothing else; and
// both sets stay as they were.
func TestOverlay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SampledFrom(factor.Sets()).Draw(t, "base").Clone()
		own := &factor.Set{ID: "own", Version: 3, State: factor.Draft, Title: "Own", Sensitivity: rapid.Bool().Draw(t, "sensitivity")}
		for i := range base.Factors {
			f := base.Factors[i]
			switch rapid.SampledFrom([]string{"leave", "change", "add"}).Draw(t, "what") {
			case "change":
				f.Value = decimal.RequireFromString("12.5")
				own.Factors = append(own.Factors, f)
			case "add":
				if f.Subject != "" {
					f.Subject += "-9"
					own.Factors = append(own.Factors, f)
				}
			}
		}
		own.Sort()
		baseWas, ownWas := base.Clone(), own.Clone()
		got, err := factor.Overlay(base, own)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(base, baseWas) || !reflect.DeepEqual(own.Factors, ownWas.Factors) {
			t.Error("a set was changed")
		}
		if got.Name() != "own@3" || got.Sensitivity != (own.Sensitivity || base.Sensitivity) {
			t.Errorf("got %s, sensitivity %v", got.Name(), got.Sensitivity)
		}
		want := slices.Clone(own.Factors)
		for _, f := range base.Factors {
			if _, given := own.Find(f.Kind, f.Subject); !given {
				want = append(want, f)
			}
		}
		if len(want) != len(got.Factors) {
			t.Fatalf("got %d factors, want %d", len(got.Factors), len(want))
		}
		for _, f := range want {
			if g, ok := got.Find(f.Kind, f.Subject); !ok || !reflect.DeepEqual(*g, f) {
				t.Errorf("%s: got %+v, want %+v", f.ID, g, f)
			}
		}
	})
}

// What is not valid does not come out.
func TestOverlayIsValid(t *testing.T) {
	own := &factor.Set{ID: "own", Version: 1, State: factor.Draft, Title: "Own", Factors: []factor.Factor{{Kind: "virgin-production", Subject: "PP"}}}
	if got, err := factor.Overlay(factor.Default(), own); err == nil {
		t.Errorf("got %+v, want a fault", got)
	}
}
