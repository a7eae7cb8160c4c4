package factor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

const (
	header = "kind,subject,modules,value,unit,uptake,region,year,validFrom,source,table,licence,scores,gsd2"
	line   = "virgin-production,TPU,A1,4.5,kgCO2e/kg,0/0,IT,2025,2025-01-01,EPD,p. 7,by permission,12345,2.1"
)

// replaced is the good table with a cell of its line changed.
func replaced(column, cell string) string {
	cells := strings.Split(line, ",")
	for i, name := range strings.Split(header, ",") {
		if name == column {
			cells[i] = cell
		}
	}
	return header + "\n" + strings.Join(cells, ",") + "\n"
}

// italian is a table as an Italian spreadsheet writes it.
func italian(value string) string {
	text := "\ufeff" + strings.ReplaceAll(header, ",", ";") + "\r\n" + strings.ReplaceAll(line, ",", ";") + "\r\n"
	return strings.NewReplacer(";4.5;", ";"+value+";", ";2.1", ";2,1").Replace(text)
}

func TestReadCSV(t *testing.T) {
	for _, c := range []struct{ name, text, value, note string }{
		{"plain", header + "\n" + line + "\n", "4.5", ""},
		{"no line break at the end", header + "\n" + line, "4.5", ""},
		{"Windows, with a mark", "\ufeff" + header + "\r\n" + line + "\r\n", "4.5", ""},
		{"other case", strings.ToUpper(header) + "\n" + line, "4.5", ""},
		{"blanks around", strings.ReplaceAll(header, ",", " , ") + "\n" + strings.ReplaceAll(line, ",", " , "), "4.5", ""},
		{"empty lines", header + "\n\n\n" + line + "\n\n", "4.5", ""},
		{"Italian", italian("4,5"), "4.5", ""},
		{"Italian, without decimals", italian("4"), "4", ""},
		{"per tonne", strings.Replace(replaced("value", "4500.5"), "kgCO2e/kg", "kgCO2e/t", 1), "4.5005", "given as 4500.5 kgCO2e/t"},
		{"tonnes per tonne", strings.Replace(replaced("value", "4.5"), "kgCO2e/kg", "tCO2e/t", 1), "4.5", "given as 4.5 tCO2e/t"},
		{"per short ton", strings.Replace(replaced("value", "2.8"), "kgCO2e/kg", "MTCO2E/short_ton", 1), "3.086471668", "given as 2.8 MTCO2E/short_ton"},
		{"per short ton, rounded", strings.Replace(replaced("value", "0.020254519141196047"), "kgCO2e/kg", "MTCO2E/short ton", 1), "0.022326785528", "given as 0.020254519141196047 MTCO2E/short ton"},
		{"with a biogenic part", strings.Replace(header, "gsd2", "gsd2,biogenic", 1) + "\n" + strings.NewReplacer("kgCO2e/kg", "kgCO2e/t", "4.5", "4500").Replace(line) + ",1800", "4.5", "given as 4500 and biogenic 1800 kgCO2e/t"},
		{"another case of the unit", strings.Replace(replaced("value", "4.5"), "kgCO2e/kg", "KgCO2E/Kg", 1), "4.5", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := ReadCSV(strings.NewReader(c.text), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			want := own()
			want.Source, want.Note = "EPD", c.note
			if len(list) != 1 || !list[0].Value.Equal(dec(c.value)) {
				t.Fatalf("got %v, want one of %s", list, c.value)
			}
			want.Value, want.Biogenic = list[0].Value, list[0].Biogenic
			if changes := fieldChanges(&want, &list[0]); len(changes) > 0 || list[0].ID != want.ID {
				t.Errorf("got %v", changes)
			}
		})
	}
}

// What can't be read is named by line and column.
func TestReadCSVFaults(t *testing.T) {
	for _, c := range []struct{ name, text, pointer, code string }{
		{"exponent", replaced("value", "1e3"), "/lines/2/value", "bad-value"},
		{"huge exponent", replaced("value", "1e999999999"), "/lines/2/value", "bad-value"},
		{"hexadecimal", replaced("value", "0x10"), "/lines/2/value", "bad-value"},
		{"not a number", replaced("value", "NaN"), "/lines/2/value", "bad-value"},
		{"no number", replaced("value", ""), "/lines/2/value", "bad-value"},
		{"plus", replaced("value", "+1"), "/lines/2/value", "bad-value"},
		{"two points", replaced("value", "1.2.3"), "/lines/2/value", "bad-value"},
		{"many digits", replaced("value", "123456789012345678901"), "/lines/2/value", "bad-value"},
		{"comma between commas", replaced("value", `"4,5"`), "/lines/2/value", "bad-value"},
		{"thousands in Italian", italian("1.234,5"), "/lines/2/value", "bad-value"},
		{"a thousand or a decimal?", italian("1.234"), "/lines/2/value", "bad-value"},
		{"two commas", italian("1,2,3"), "/lines/2/value", "bad-value"},
		{"negative", replaced("value", "-1"), "/lines/2/value", "negative"},
		{"unknown unit", replaced("unit", "lb/lb"), "/lines/2/unit", "mismatch"},
		{"scores", replaced("scores", "1234"), "/lines/2/scores", "bad-scores"},
		{"scores of 6", replaced("scores", "12346"), "/lines/2/scores", "bad-scores"},
		{"year", replaced("year", "25"), "/lines/2/year", "bad-year"},
		{"modules", replaced("modules", "A1 A1"), "/lines/2/modules", "unknown"},
		{"too many modules", replaced("modules", strings.Repeat("A1 ", 8)), "/lines/2/modules", "bad-modules"},
		{"day", replaced("validFrom", "1/1/2025"), "/lines/2/validFrom", "not-a-day"},
		{"line break in a text", replaced("source", "\"a\nb\""), "/lines/2/source", "not-text"},
		{"later line", header + "\n" + line + "\n\n" + strings.Replace(line, "4.5", "x", 1), "/lines/4/value", "bad-value"},
		{"short line", header + "\n" + "virgin-production,TPU", "/lines/2/all", "bad-csv"},
		{"long line", header + "\n" + line + ",", "/lines/2/all", "bad-csv"},
		{"quotation mark", header + "\n" + strings.Replace(line, "EPD", `E"PD`, 1), "/lines/2", "bad-csv"},
		{"open quotation", header + "\n" + strings.Replace(line, "EPD", `"EPD`, 1), "/lines/2", "bad-csv"},
		{"unknown column", header + ",colour\n" + line + ",red", "/lines/1/header", "unknown"},
		{"column twice", header + ",value\n" + line + ",2", "/lines/1/value", "duplicate"},
		{"column missing", strings.Replace(header, ",licence", "", 1) + "\n" + strings.Replace(line, ",by permission", "", 1), "/lines/1/licence", "required"},
		{"far too many columns", header + strings.Repeat(",", 99) + "\n" + line, "/lines/1/header", "too-many"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := ReadCSV(strings.NewReader(c.text), Limits{})
			if list != nil || codeOf(err) != "csv-invalid" {
				t.Fatalf("got %v, %v", list, err)
			}
			checkFault(t, err, c.pointer, c.code)
			number, _, _ := strings.Cut(strings.TrimPrefix(c.pointer, "/lines/"), "/")
			if detail := problem.As(err).Fields[0].Detail; !strings.HasPrefix(detail, "Line "+number) {
				t.Errorf("%q does not name the line", detail)
			}
		})
	}
}

func TestReadCSVLimits(t *testing.T) {
	lines := header + strings.Repeat("\n"+line, 3)
	for _, c := range []struct {
		name, text, code string
		limits           Limits
	}{
		{"as long as can be", lines, "", Limits{Bytes: int64(len(lines)), Factors: 3}},
		{"a byte more", lines, "csv-too-large", Limits{Bytes: int64(len(lines)) - 1}},
		{"a factor more", lines, "too-many-factors", Limits{Factors: 2}},
		{"nothing", "", "csv-empty", Limits{}},
		{"only a header", header, "csv-empty", Limits{}},
		{"Latin 1", replaced("source", "qualit\xe0"), "csv-not-utf8", Limits{}},
	} {
		if _, err := ReadCSV(strings.NewReader(c.text), c.limits); codeOf(err) != c.code {
			t.Errorf("%s: got %v, want %q", c.name, err, c.code)
		}
	}
	bad := header + strings.Repeat("\n"+strings.Replace(line, "4.5", "x", 1), 100)
	for limits, want := range map[Limits]int{{}: 50, {Faults: 7}: 7} {
		_, err := ReadCSV(strings.NewReader(bad), limits)
		if p := problem.As(err); p == nil || len(p.Fields) != want {
			t.Errorf("got %v, want %d faults", err, want)
		}
	}
	if _, err := ReadCSV(iotest.ErrReader(io.ErrUnexpectedEOF), Limits{}); !errors.Is(err, io.ErrUnexpectedEOF) || problem.As(err) != nil {
		t.Errorf("got %v, want the reader's own fault", err)
	}
}

// No text of a table is a formula to a spreadsheet.
func TestWriteCSVIsNoFormula(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+39 051": "'+39 051", "-x": "'-x", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "'\rx", "'=1": "''=1", "''@": "'''@",
		"plain": "plain", "'quoted'": "'quoted'", "": "", "'": "'", "a=b": "a=b", "è": "è",
	} {
		if got := armed(text); got != want {
			t.Errorf("armed(%q) = %q, want %q", text, got, want)
		}
		if got := disarmed(armed(text)); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
	}
	f := own()
	f.Kind, f.ID, f.Value, f.Note = NetRoute, "net-route/TPU", dec("-0.5"), "=HYPERLINK(1)"
	var b bytes.Buffer
	if err := WriteCSV(&b, []Factor{f}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, ",-0.5,") || !strings.Contains(got, ",'=HYPERLINK(1)\n") {
		t.Errorf("got %s, want the number as it is and the text with an apostrophe", got)
	}
}

func TestWriteCSVTellsFaultsOfItsWriter(t *testing.T) {
	if err := WriteCSV(brokenWriter{}, many(1000)); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v, want the writer's fault", err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// drawn makes any valid factor.
func drawn(t *rapid.T) Factor {
	f := own()
	texts := rapid.StringMatching(`(['=+@-]?[A-Za-zàè;,."' ]{0,12}[a-z])`).Filter(func(s string) bool { return strings.TrimSpace(s) == s })
	number := rapid.Custom(func(t *rapid.T) decimal.Decimal {
		return decimal.New(rapid.Int64Range(0, 1e15).Draw(t, "digits"), -rapid.Int32Range(0, 15).Draw(t, "places"))
	})
	f.Subject = rapid.StringMatching(`[A-Z]{1,4}(-[a-z0-9]{1,3})?(@[0-9]{1,3})?`).Draw(t, "subject")
	f.Kind = rapid.SampledFrom([]Kind{VirginProduction, NetRoute, Incineration}).Draw(t, "kind")
	f.ID = ID(f.Kind, f.Subject)
	f.Value, f.Biogenic = number.Draw(t, "value"), number.Draw(t, "biogenic")
	if f.Kind == NetRoute && rapid.Bool().Draw(t, "credit") {
		f.Value, f.Avoided, f.Modules = f.Value.Neg(), true, []Module{WasteHaul, Beyond}
	}
	f.Uptake = rapid.SampledFrom([]Uptake{ZeroZero, MinusOnePlus}).Draw(t, "uptake")
	f.Source, f.Table, f.Licence, f.Region = texts.Draw(t, "source"), texts.Draw(t, "table"), texts.Draw(t, "licence"), texts.Draw(t, "region")
	f.Note = rapid.OneOf(rapid.Just(""), texts).Draw(t, "note")
	f.Grade = rapid.OneOf(rapid.Just(""), texts).Draw(t, "grade")
	f.To = rapid.SampledFrom([]string{"", "2030-12-31"}).Draw(t, "to")
	f.Basis = rapid.SampledFrom(bases).Draw(t, "basis")
	f.GWP = rapid.SampledFrom(potentials).Draw(t, "gwp")
	return f
}

// What is written is read back as it was.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(drawn), 1, 5).Draw(t, "factors")
		for i := range list {
			if err := list[i].Validate(); err != nil {
				t.Fatalf("drawn: %v", err)
			}
		}
		sameAfterCSV(t, list)
	})
}

// reporter is what testing.T, testing.F and rapid.T have in common here.
type reporter interface {
	Fatalf(format string, args ...any)
}

func sameAfterCSV(t reporter, list []Factor) {
	var b bytes.Buffer
	if err := WriteCSV(&b, list); err != nil {
		t.Fatalf("writing: %v", err)
	}
	back, err := ReadCSV(bytes.NewReader(b.Bytes()), Limits{Bytes: 1 << 24})
	if err != nil || len(back) != len(list) {
		t.Fatalf("reading: %v\n%s", err, b.String())
	}
	for i := range list {
		if changes := fieldChanges(&list[i], &back[i]); len(changes) > 0 || back[i].ID != list[i].ID {
			t.Fatalf("factor %d comes back with %v\n%s", i, changes, b.String())
		}
	}
}

// Whatever is sent, ReadCSV returns valid factors that survive another round,
// or a fault that a caller may see.
func FuzzReadCSV(f *testing.F) {
	f.Add([]byte(header + "\n" + line))
	f.Add([]byte(italian("4,5")))
	f.Add([]byte(replaced("value", "1e999999999")))
	f.Add([]byte(replaced("unit", "MTCO2E/short_ton")))
	f.Add([]byte(replaced("source", "\"'=a\"\"b\"")))
	f.Add([]byte(header + ",note\n" + line + ",\"" + strings.Repeat("n", 599) + "\""))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ReadCSV(bytes.NewReader(text), Limits{})
		if err != nil {
			if problem.As(err) == nil || list != nil {
				t.Fatalf("got %v with %v", list, err)
			}
			return
		}
		for i := range list {
			if err := list[i].Validate(); err != nil {
				t.Fatalf("not valid: %v", err)
			}
		}
		sameAfterCSV(t, list)
	})
}

// A converted value keeps within the digits that a value may have.
func TestConversionKeepsLimits(t *testing.T) {
	text := strings.Replace(replaced("value", "0.0000000000000000001"), "kgCO2e/kg", "kgCO2e/t", 1)
	_, err := ReadCSV(strings.NewReader(text), Limits{})
	checkFault(t, err, "/lines/2/value", "too-many-digits")
	for unit, c := range conversions {
		if units := fmt.Sprint(units); !strings.Contains(units, c.unit) || foldUnit(unit) != unit {
			t.Errorf("%s leads to %s, which no kind has, or is not folded", unit, c.unit)
		}
	}
}
