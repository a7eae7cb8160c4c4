package gs1_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels/gs1"
)

// wantFault fails unless err is an *Error with a fault, whose text is short
// whatever the input was.
func wantFault(t *testing.T, err error, want gs1.Fault) {
	t.Helper()
	var got *gs1.Error
	if !errors.As(err, &got) || got.Fault != want {
		t.Fatalf("got %v, want the fault %s", err, want)
	}
	wantShort(t, got)
}

func wantShort(t *testing.T, err *gs1.Error) {
	t.Helper()
	if text := err.Error(); len(text) > 120 || strings.HasSuffix(text, ": "+string(err.Fault)) || len(err.AI) > 4 {
		t.Errorf("got the text %q, want a short one in words", text)
	}
}

func TestCheckDigit(t *testing.T) {
	for _, row := range []struct {
		key, body string
		want      byte
	}{
		{"GTIN-8", "9521234", '0'},
		{"GTIN-12", "95212340001", '7'},
		{"GLN", "952123400001", '3'},
		{"the same with a zero in front", "0952123400001", '3'},
		{"GSIN", "9521234000000001", '3'},
		{"SSCC", "39521234000000001", '4'},
	} {
		got, err := gs1.CheckDigit(row.body)
		if err != nil || got != row.want {
			t.Errorf("%s %s: got %q, %v, want %q", row.key, row.body, got, err, row.want)
		}
		if err := gs1.VerifyCheckDigit(row.body + string(row.want)); err != nil {
			t.Errorf("%s %s: got %v with its check digit %q", row.key, row.body, err, row.want)
		}
	}
}

// A wrong digit is noticed wherever it stands. Neighbours that are swapped are
// too, unless they differ by 5, which the weights cannot see.
func TestCheckDigitNoticesMistakes(t *testing.T) {
	const number = "395212340000000014"
	for i := range len(number) {
		for _, d := range []byte("0123456789") {
			bad := []byte(number)
			bad[i] = d
			if err := gs1.VerifyCheckDigit(string(bad)); (err == nil) != (d == number[i]) {
				t.Errorf("%s: got %v", bad, err)
			}
		}
	}
	for i := range len(number) - 1 {
		bad := []byte(number)
		bad[i], bad[i+1] = bad[i+1], bad[i]
		difference := (int(bad[i]) - int(bad[i+1])) % 5
		if err := gs1.VerifyCheckDigit(string(bad)); (err == nil) != (difference == 0) {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

func TestCheckDigitFaults(t *testing.T) {
	for _, row := range []struct {
		name, number string
		want         gs1.Error
	}{
		{"empty", "", gs1.Error{Fault: gs1.FaultLength, Part: "number"}},
		{"15 digits", "952123400001300", gs1.Error{Fault: gs1.FaultLength, Part: "number"}},
		{"a megabyte", strings.Repeat("0", 1<<20), gs1.Error{Fault: gs1.FaultLength, Part: "number"}},
		{"letter", "952123400O013", gs1.Error{Fault: gs1.FaultCharacter, Part: "number", Position: 10}},
		{"full width digit", "952123400１3", gs1.Error{Fault: gs1.FaultCharacter, Part: "number", Position: 10}},
		{"mistyped", "9521234000014", gs1.Error{Fault: gs1.FaultCheckDigit, Part: "number", Position: 13}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got *gs1.Error
			if err := gs1.VerifyCheckDigit(row.number); !errors.As(err, &got) || *got != row.want {
				t.Fatalf("got %+v, want %+v", got, row.want)
			}
			wantShort(t, got)
		})
	}
	if digit, err := gs1.CheckDigit("95212340000"); err != nil {
		t.Errorf("11 digits: got %q, %v", digit, err)
	}
	_, err := gs1.CheckDigit("952123400")
	wantFault(t, err, gs1.FaultLength)
	_, err = gs1.CheckDigit("95212340000x")
	wantFault(t, err, gs1.FaultCharacter)
}

// Check characters of alphanumeric keys: examples of the dictionary's test
// csumalpha, as Global Model Numbers.
func TestCheckCharacters(t *testing.T) {
	for _, gmn := range []string{"1987654Ad4X4bL5ttr2310c2K", "12345678901234567890123NT", "12345_abcdefghijklmN3", `12345_!"%&'()*+,-./LC`, "00000!HV"} {
		if _, err := gs1.NewLink(gs1.Elements{{"8013", gmn}}); err != nil {
			t.Errorf("%s: got %v", gmn, err)
		}
	}
	for _, gmn := range []string{"1987654Ad4X4bL5ttr2310cXK", "1987654Ad4X4bL5ttr2310c2X", "1987654Ad4X4bL5ttr23l0c2K"} {
		_, err := gs1.NewLink(gs1.Elements{{"8013", gmn}})
		wantFault(t, err, gs1.FaultCheckDigit)
	}
	_, err := gs1.NewLink(gs1.Elements{{"8013", "2"}})
	wantFault(t, err, gs1.FaultTooShort)
}
