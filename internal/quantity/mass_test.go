package quantity_test

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/quantity"
)

func TestParseKilograms(t *testing.T) {
	for _, row := range []struct {
		text string
		want quantity.Mass
	}{
		{"0", 0}, {"0.001", 1}, {"0,001", 1}, {"12", 12 * quantity.Kilogram}, {"12.5", 12_500}, {"12,5", 12_500},
		{"0,250", 250}, {"00012.500", 12_500}, {"40000", quantity.MaxMass}, {"40000.000", quantity.MaxMass},
	} {
		if got, err := quantity.ParseKilograms(row.text); err != nil || got != row.want {
			t.Errorf("ParseKilograms(%q): got %v, %v, want %v", row.text, got, err, row.want)
		}
	}
}

func TestParseKilogramsFaults(t *testing.T) {
	for _, text := range []string{
		"", " ", ".", ",", "1.", "1,", ".5", ",5", "-1", "+1", "1 ", " 1", "1e3", "0x1", "NaN", "Inf", "1_000",
		"1.000,5", "1,000.5", "1..5", "1,,5", "1.,5", "1.2345", "1.0000", "100000", "000001", "40000.001", "99999.999",
		"١٢", "１", "1\x00", "12kg", strings.Repeat("9", 1<<16),
	} {
		if got, err := quantity.ParseKilograms(text); !errors.Is(err, quantity.ErrMass) || got != 0 {
			t.Errorf("ParseKilograms(%.20q): got %v, %v, want 0 and ErrMass", text, got, err)
		}
	}
}

func TestMassString(t *testing.T) {
	for _, row := range []struct {
		mass quantity.Mass
		want string
	}{
		{0, "0 kg"}, {1, "0.001 kg"}, {10, "0.01 kg"}, {100, "0.1 kg"}, {1000, "1 kg"}, {12_500, "12.5 kg"}, {-1, "-0.001 kg"},
		{-12_500, "-12.5 kg"}, {quantity.Tonne, "1000 kg"},
		{math.MaxInt64, "9223372036854775.807 kg"}, {math.MinInt64, "-9223372036854775.808 kg"},
	} {
		if got := row.mass.String(); got != row.want {
			t.Errorf("%d g: got %q, want %q", int64(row.mass), got, row.want)
		}
	}
}

// What a scale shows is kept to the gram, with a point or a comma.
func TestMassRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := quantity.Mass(rapid.Int64Range(0, int64(quantity.MaxMass)).Draw(t, "grams"))
		text := strings.TrimSuffix(want.String(), " kg")
		for _, form := range []string{text, strings.ReplaceAll(text, ".", ",")} {
			if got, err := quantity.ParseKilograms(form); err != nil || got != want {
				t.Fatalf("%d g, written %q: got %d g, %v", int64(want), form, int64(got), err)
			}
		}
		asJSON, err := json.Marshal(want)
		if err != nil || string(asJSON) != strconv.FormatInt(int64(want), 10) {
			t.Fatalf("%d g: got JSON %s, %v, want the integer", int64(want), asJSON, err)
		}
		var back quantity.Mass
		if err := json.Unmarshal(asJSON, &back); err != nil || back != want {
			t.Fatalf("%d g: got %d back from JSON, %v", int64(want), int64(back), err)
		}
	})
}

func TestMassRefusesOtherJSON(t *testing.T) {
	for _, text := range []string{`12.5`, `"12"`, `1e3`, `9223372036854775808`, `true`} {
		var m quantity.Mass
		if err := json.Unmarshal([]byte(text), &m); err == nil {
			t.Errorf("%s: got %v, want an error", text, m)
		}
	}
}

func FuzzParseKilograms(f *testing.F) {
	for _, s := range []string{"12.5", "0,250", "40000", "1.2345", "-1", "1e3", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := quantity.ParseKilograms(s)
		if err != nil {
			if !errors.Is(err, quantity.ErrMass) || m != 0 {
				t.Fatalf("ParseKilograms(%q): got %v, %v", s, m, err)
			}
			return
		}
		if m < 0 || m > quantity.MaxMass {
			t.Fatalf("ParseKilograms(%q): got %v, out of range", s, m)
		}
		if again, err := quantity.ParseKilograms(strings.TrimSuffix(m.String(), " kg")); err != nil || again != m {
			t.Fatalf("ParseKilograms(%q): got %v, and again %v, %v", s, m, again, err)
		}
	})
}
