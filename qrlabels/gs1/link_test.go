package gs1_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels/gs1"
)

func TestParseLinkFaults(t *testing.T) {
	const gtin = "https://example.com/01/09521234000013"
	for _, row := range []struct {
		name, uri string
		want      gs1.Error
	}{
		{"a megabyte", strings.Repeat("https://", 1<<17), gs1.Error{Fault: gs1.FaultTooLong, Part: "link"}},
		{"blank", "https://example.com/01/ 9521234000013", gs1.Error{Fault: gs1.FaultCharacter, Part: "link", Position: 24}},
		{"accent", "https://città.example/", gs1.Error{Fault: gs1.FaultCharacter, Part: "link", Position: 13}},
		{"mixed-case scheme", "Https://example.com/01/09521234000013", gs1.Error{Fault: gs1.FaultScheme, Part: "scheme"}},
		{"script", "javascript://example.com/01/09521234000013", gs1.Error{Fault: gs1.FaultScheme, Part: "scheme"}},
		{"scheme without slashes", "https:example.com/01/09521234000013", gs1.Error{Fault: gs1.FaultScheme, Part: "scheme"}},
		{"no domain", "https:///01/09521234000013", gs1.Error{Fault: gs1.FaultDomain, Part: "domain"}},
		{"user in the domain", "https://id.gs1.org@example.com/01/09521234000013", gs1.Error{Fault: gs1.FaultDomain, Part: "domain"}},
		{"no path", "https://example.com", gs1.Error{Fault: gs1.FaultNoKey, Part: "path"}},
		{"key without a value", "https://example.com/01", gs1.Error{Fault: gs1.FaultNoKey, Part: "path"}},
		{"slash at the end", gtin + "/", gs1.Error{Fault: gs1.FaultNoKey, Part: "path"}},
		{"qualifier without a key", "https://example.com/21/ABC", gs1.Error{Fault: gs1.FaultNoKey, Part: "path"}},
		{"key in the query only", "https://example.com/?01=09521234000013", gs1.Error{Fault: gs1.FaultNoKey, Part: "path"}},
		{"alpha", "https://example.com/gtin/09521234000013", gs1.Error{Fault: gs1.FaultNoKey, Part: "path"}},
		{"changed check digit", "https://example.com/01/09521234000014", gs1.Error{Fault: gs1.FaultCheckDigit, AI: "01", Position: 14}},
		{"GTIN of 13 digits", "https://example.com/01/9521234000013", gs1.Error{Fault: gs1.FaultTooShort, AI: "01"}},
		{"GRAI without its zero", "https://example.com/8003/9521234000228", gs1.Error{Fault: gs1.FaultTooShort, AI: "8003"}},
		{"serial too long", gtin + "/21/ABCDEFGHIJKLMNOPQRSTU", gs1.Error{Fault: gs1.FaultTooLong, AI: "21"}},
		{"serial with an escaped blank", gtin + "/21/A%20B", gs1.Error{Fault: gs1.FaultCharacter, AI: "21", Position: 2}},
		{"swapped qualifiers", gtin + "/21/ABC/10/L1", gs1.Error{Fault: gs1.FaultQualifier, AI: "01", Part: "path"}},
		{"qualifiers of two alternatives", gtin + "/22/A/235/B", gs1.Error{Fault: gs1.FaultQualifier, AI: "01", Part: "path"}},
		{"qualifier twice", gtin + "/10/A/10/A", gs1.Error{Fault: gs1.FaultQualifier, AI: "01", Part: "path"}},
		{"qualifier of another key", gtin + "/254/A", gs1.Error{Fault: gs1.FaultQualifier, AI: "01", Part: "path"}},
		{"key without qualifiers", "https://example.com/00/395212340000000014/21/A", gs1.Error{Fault: gs1.FaultQualifier, AI: "00", Part: "path"}},
		{"attribute in the path", gtin + "/17/271231", gs1.Error{Fault: gs1.FaultQualifier, AI: "01", Part: "path"}},
		{"qualifier in the query", gtin + "/21/A?10=L1", gs1.Error{Fault: gs1.FaultMisplaced, AI: "10", Part: "query"}},
		{"serial in the query", gtin + "?21=A", gs1.Error{Fault: gs1.FaultAttribute, AI: "21", Part: "query"}},
		{"unknown AI", gtin + "?89=A", gs1.Error{Fault: gs1.FaultUnknownAI, AI: "89", Part: "elements"}},
		{"digits that are no AI", gtin + "?" + strings.Repeat("9", 99) + "=A", gs1.Error{Fault: gs1.FaultUnknownAI, Part: "elements"}},
		{"empty attribute", gtin + "?17=", gs1.Error{Fault: gs1.FaultTooShort, AI: "17"}},
		{"attribute twice", gtin + "?17=271231&17=271231", gs1.Error{Fault: gs1.FaultDuplicate, AI: "17", Part: "query"}},
		{"plus for a blank in the query", gtin + "?240=A+B", gs1.Error{Fault: gs1.FaultCharacter, AI: "240", Position: 2}},
		{"escape cut short", gtin + "/21/A%2", gs1.Error{Fault: gs1.FaultEscape, AI: "21", Part: "path"}},
		{"escape that is none", gtin + "?240=A%4G", gs1.Error{Fault: gs1.FaultEscape, AI: "240", Part: "query"}},
		{"NUL", gtin + "/21/A%00", gs1.Error{Fault: gs1.FaultEscape, AI: "21", Part: "path"}},
		{"count without content", "https://example.com/00/395212340000000014?37=25", gs1.Error{Fault: gs1.FaultMissing, AI: "37", Part: "elements"}},
		{"pay-to without a reference", "https://example.com/415/9521234000013", gs1.Error{Fault: gs1.FaultMissing, AI: "415", Part: "elements"}},
		{"provider and recipient", "https://example.com/8017/952123400000000017?8018=952123400000000017", gs1.Error{Fault: gs1.FaultExcluded, AI: "8017", Part: "elements"}},
		{"weights in two precisions", gtin + "?3101=000001&3102=000010", gs1.Error{Fault: gs1.FaultExcluded, AI: "3101", Part: "elements"}},
		{"piece 3 of 2", "https://example.com/8006/095212340000130302", gs1.Error{Fault: gs1.FaultContent, AI: "8006", Position: 15}},
		{"piece 0", "https://example.com/8006/095212340000130002", gs1.Error{Fault: gs1.FaultContent, AI: "8006", Position: 15}},
		{"serial with a leading zero", "https://example.com/8010/9521234A/8011/01", gs1.Error{Fault: gs1.FaultContent, AI: "8011", Position: 1}},
		{"lower case in set 39", "https://example.com/8010/9521234a", gs1.Error{Fault: gs1.FaultCharacter, AI: "8010", Position: 8}},
		{"escaped result too long", gtin + "?" + manyQuotes(), gs1.Error{Fault: gs1.FaultTooLong, Part: "link"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			link, err := gs1.ParseLink(row.uri)
			var got *gs1.Error
			if !errors.As(err, &got) || *got != row.want {
				t.Fatalf("got %+v, want %+v", got, row.want)
			}
			wantShort(t, got)
			if !link.IsZero() {
				t.Errorf("got %s with an error", link)
			}
		})
	}
}

// manyQuotes are attributes that fit into a link as they are, but not escaped.
func manyQuotes() string {
	var query strings.Builder
	for ai, longest := range map[string]int{"91": 90, "92": 90, "93": 90, "94": 90, "95": 90, "96": 90, "97": 90, "98": 90, "99": 90, "8009": 50, "90": 30, "240": 30, "241": 30, "400": 30} {
		query.WriteString("&" + ai + "=" + strings.Repeat("'", longest))
	}
	return query.String()
}

func TestParseLink(t *testing.T) {
	link := must(gs1.ParseLink("HTTPS://Example.com:8443/shop/01/09521234000013/10/a%2fb/21/X%21?linkType=all&17=271231&3103=000195&#top"))(t)
	if got, want := link.Stem(), "HTTPS://Example.com:8443/shop"; got != want {
		t.Errorf("stem: got %q, want %q", got, want)
	}
	if got, want := link.Key(), (gs1.Element{AI: "01", Value: "09521234000013"}); got != want {
		t.Errorf("key: got %v, want %v", got, want)
	}
	if got, want := link.Qualifiers().String(), "(10)a/b(21)X!"; got != want {
		t.Errorf("qualifiers: got %s, want %s", got, want)
	}
	if got, want := link.Attributes().String(), "(17)271231(3103)000195"; got != want {
		t.Errorf("attributes: got %s, want %s", got, want)
	}
	if got, want := link.Elements().String(), "(01)09521234000013(10)a/b(21)X!(17)271231(3103)000195"; got != want {
		t.Errorf("elements: got %s, want %s", got, want)
	}
	if got, want := link.String(), "https://id.gs1.org/01/09521234000013/10/a%2Fb/21/X%21?17=271231&3103=000195"; got != want {
		t.Errorf("canonical: got %s, want %s", got, want)
	}
	if got, want := link.Constrained().String(), "https://id.gs1.org/01/09521234000013/21/X%21"; got != want {
		t.Errorf("constrained: got %s, want %s", got, want)
	}
	link.Qualifiers()[0].Value = "changed"
	if got, _ := link.Qualifiers().Value("10"); got != "a/b" {
		t.Errorf("got the lot %q after a copy was changed, want a/b", got)
	}
}

// Each permit is needed for what it permits, and enough for it.
func TestPermit(t *testing.T) {
	for _, row := range []struct {
		name, uri string
		permit    gs1.Permit
		want      string
	}{
		{"alphas", "https://example.com/gtin/09521234000013/cpv/V/lot/L/ser/S", gs1.Permit{ConvenienceAlphas: true}, "https://id.gs1.org/01/09521234000013/22/V/10/L/21/S"},
		{"alpha of a GRAI", "https://example.com/grai/09521234000228", gs1.Permit{ConvenienceAlphas: true}, "https://id.gs1.org/8003/09521234000228"},
		{"GTIN-13", "https://example.com/01/9521234000013", gs1.Permit{ShortGTINs: true}, "https://id.gs1.org/01/09521234000013"},
		{"GTIN-12", "https://example.com/01/952123400017", gs1.Permit{ShortGTINs: true}, "https://id.gs1.org/01/00952123400017"},
		{"GTIN-8", "https://example.com/01/95212340", gs1.Permit{ShortGTINs: true}, "https://id.gs1.org/01/00000095212340"},
		{"GTIN-13 in the query", "https://example.com/8004/9521234A?01=9521234000013", gs1.Permit{ShortGTINs: true}, "https://id.gs1.org/8004/9521234A?01=09521234000013"},
		{"GRAI without its zero", "https://example.com/8003/9521234000228B17", gs1.Permit{ShortGRAIs: true}, "https://id.gs1.org/8003/09521234000228B17"},
		{"unknown attribute", "https://example.com/8004/9521234A?4399=A", gs1.Permit{UnknownAIs: true, UnknownAttributes: true}, "https://id.gs1.org/8004/9521234A?4399=A"},
		{"unknown attribute of predefined length", "https://example.com/8004/9521234A?3106=000001", gs1.Permit{UnknownAIs: true, UnknownAttributes: true}, "https://id.gs1.org/8004/9521234A?3106=000001"},
		{"count without content", "https://example.com/00/395212340000000014?37=25", gs1.Permit{AnyPairing: true}, "https://id.gs1.org/00/395212340000000014?37=25"},
		{"exclusion", "https://example.com/01/09521234000013?3101=000001&3102=000010", gs1.Permit{AnyPairing: true}, "https://id.gs1.org/01/09521234000013?3101=000001&3102=000010"},
		{"check digit", "https://example.com/414/9521234000014", gs1.Permit{WrongCheckDigits: true}, "https://id.gs1.org/414/9521234000014"},
		{"check characters", "https://example.com/8013/1987654Ad4X4bL5ttr2310cXK", gs1.Permit{WrongCheckDigits: true}, "https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310cXK"},
	} {
		if link, err := gs1.ParseLink(row.uri); err == nil {
			t.Errorf("%s: got %s without a permit, want an error", row.name, link)
		}
		if got, err := row.permit.ParseLink(row.uri); err != nil || got.String() != row.want {
			t.Errorf("%s: got %q, %v, want %q", row.name, got, err, row.want)
		}
	}
	for _, row := range []struct {
		name, uri string
		want      gs1.Fault
	}{
		{"GRAI without its zero, changed", "https://example.com/8003/9521234000229B17", gs1.FaultContent},
		{"alpha of an unknown name", "https://example.com/upc/09521234000013", gs1.FaultNoKey},
		{"alpha in capitals", "https://example.com/GTIN/09521234000013", gs1.FaultNoKey},
		{"unknown AI with the first digits of longer ones", "https://example.com/8004/9521234A?80=A", gs1.FaultUnknownAI},
		{"unknown AI within a range", "https://example.com/8004/9521234A?950=A", gs1.FaultUnknownAI},
		{"unknown AI of a predefined length", "https://example.com/8004/9521234A?04=A", gs1.FaultTooShort},
		{"unknown date too long", "https://example.com/8004/9521234A?18=2712310", gs1.FaultTooLong},
		{"unknown GLN too short", "https://example.com/8004/9521234A?418=952123400001", gs1.FaultTooShort},
		{"unknown AI in the path", "https://example.com/8004/9521234A/89/A", gs1.FaultQualifier},
	} {
		t.Run(row.name, func(t *testing.T) {
			permit := gs1.Permit{ConvenienceAlphas: true, ShortGRAIs: true, UnknownAIs: true, UnknownAttributes: true}
			_, err := permit.ParseLink(row.uri)
			wantFault(t, err, row.want)
		})
	}
}

func TestUnder(t *testing.T) {
	link := must(gs1.NewGRAI("9521234", "00022", "B17"))(t).Link()
	for _, row := range []struct{ stem, want string }{
		{"https://example.com", "https://example.com/8003/09521234000228B17"},
		{"https://example.com/", "https://example.com/8003/09521234000228B17"},
		{"https://example.com/a/b", "https://example.com/a/b/8003/09521234000228B17"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080/8003/09521234000228B17"},
		{"HTTPS://EXAMPLE.COM", "HTTPS://EXAMPLE.COM/8003/09521234000228B17"},
	} {
		if got, err := link.Under(row.stem); err != nil || got != row.want {
			t.Errorf("under %s: got %q, %v, want %q", row.stem, got, err, row.want)
		}
	}
	for _, row := range []struct {
		name, stem string
		want       gs1.Fault
	}{
		{"empty", "", gs1.FaultScheme},
		{"no scheme", "example.com", gs1.FaultScheme},
		{"mixed-case scheme", "Https://example.com", gs1.FaultScheme},
		{"no domain", "https://", gs1.FaultScheme},
		{"no domain but a path", "https:///a", gs1.FaultDomain},
		{"user", "https://a@example.com", gs1.FaultDomain},
		{"query", "https://example.com?a", gs1.FaultCharacter},
		{"fragment", "https://example.com#a", gs1.FaultCharacter},
		{"line break", "https://example.com\n", gs1.FaultCharacter},
		{"too long", "https://example.com/" + strings.Repeat("a", 2953), gs1.FaultTooLong},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := link.Under(row.stem)
			wantFault(t, err, row.want)
		})
	}
	_, err := gs1.Link{}.Under("https://example.com")
	wantFault(t, err, gs1.FaultNoKey)
}

func TestConstrained(t *testing.T) {
	for _, row := range []struct{ elements, want string }{
		{"(01)09521234000013", "01/09521234000013"},
		{"(01)09521234000013(22)V", "01/09521234000013"},
		{"(01)09521234000013(22)V(10)L", "01/09521234000013/10/L"},
		{"(01)09521234000013(22)V(10)L(21)S", "01/09521234000013/21/S"},
		{"(01)09521234000013(235)T", "01/09521234000013/235/T"},
		{"(01)09521234000013(21)S(17)271231", "01/09521234000013/21/S"},
		{"(8006)095212340000130102(10)L", "8006/095212340000130102/10/L"},
		{"(414)9521234000013(254)W", "414/9521234000013/254/W"},
		{"(414)9521234000013(7040)1ABC", "414/9521234000013"},
		{"(415)9521234000013(8020)R", "415/9521234000013/8020/R"},
		{"(417)9521234000013(7040)1ABC", "417/9521234000013"},
		{"(8004)9521234A(7040)1ABC", "8004/9521234A"},
		{"(8010)9521234A(8011)12", "8010/9521234A/8011/12"},
		{"(8018)952123400000000017(8019)1", "8018/952123400000000017"},
		{"(8003)09521234000228B17", "8003/09521234000228B17"},
		{"(00)395212340000000014(3302)012345", "00/395212340000000014"},
	} {
		link := must(gs1.NewLink(must(gs1.ParseElements(row.elements))(t)))(t)
		if got, want := link.Constrained().String(), "https://id.gs1.org/"+row.want; got != want {
			t.Errorf("%s: got %s, want %s", row.elements, got, want)
		}
	}
	if got := (gs1.Link{}).Constrained(); !got.IsZero() || got.String() != "" || got.Elements() != nil {
		t.Errorf("zero link: got %q", got)
	}
}

func TestNewLinkFaults(t *testing.T) {
	var many gs1.Elements
	for range 65 {
		many = append(many, gs1.Element{AI: "01", Value: "09521234000013"})
	}
	for _, row := range []struct {
		name     string
		elements gs1.Elements
		want     gs1.Fault
	}{
		{"nothing", nil, gs1.FaultNoKey},
		{"no key", gs1.Elements{{"99", "A"}}, gs1.FaultNoKey},
		{"unknown AI", gs1.Elements{{"01", "09521234000013"}, {"89", "A"}}, gs1.FaultUnknownAI},
		{"endless AI", gs1.Elements{{strings.Repeat("x", 1<<20), "A"}}, gs1.FaultUnknownAI},
		{"changed check digit", gs1.Elements{{"01", "09521234000014"}}, gs1.FaultCheckDigit},
		{"one AI with two values", gs1.Elements{{"01", "09521234000013"}, {"10", "A"}, {"10", "B"}}, gs1.FaultDuplicate},
		{"what may not be in a query", gs1.Elements{{"01", "09521234000013"}, {"254", "A"}}, gs1.FaultAttribute},
		{"65 elements", many, gs1.FaultTooLong},
	} {
		t.Run(row.name, func(t *testing.T) {
			link, err := gs1.NewLink(row.elements)
			wantFault(t, err, row.want)
			if !link.IsZero() {
				t.Errorf("got %s with an error", link)
			}
		})
	}
}

// A link with more elements than any item has is refused, whatever is permitted.
func TestParseLinkTooManyElements(t *testing.T) {
	uri := "https://example.com/01/09521234000013?90=A"
	for ai := 3100; ai < 3190; ai++ {
		if ai%10 <= 5 {
			uri += fmt.Sprintf("&%d=000001", ai)
		}
	}
	for _, ai := range []int{91, 92, 93, 94, 95, 96, 97, 98} {
		uri += fmt.Sprintf("&%d=A", ai)
	}
	many := gs1.Permit{AnyPairing: true, UnknownAIs: true, UnknownAttributes: true}
	link := must(many.ParseLink(uri))(t)
	if got, want := len(link.Elements()), 64; got != want {
		t.Fatalf("got %d elements, want %d", got, want)
	}
	_, err := many.ParseLink(uri + "&240=A")
	wantFault(t, err, gs1.FaultTooLong)
}

func TestParseElements(t *testing.T) {
	for _, row := range []struct{ text, barcode string }{
		{"(01)09521234000013(21)ABC", "^010952123400001321ABC"},
		{"(21)ABC(01)09521234000013", "^21ABC^0109521234000013"},
		{`(21)A\(1)B\((01)09521234000013`, "^21A(1)B(^0109521234000013"},
		{"(8030)QUJD_-w=", "^8030QUJD_-w="},
		{"(423)380276", "^423380276"},
		{"", ""},
	} {
		elements, err := gs1.ParseElements(row.text)
		if err != nil || elements.String() != row.text || elements.Barcode() != row.barcode {
			t.Errorf("%s: got %s, %s, %v, want it back and %s", row.text, elements, elements.Barcode(), err, row.barcode)
		}
	}
	for _, row := range []struct {
		name, text string
		want       gs1.Fault
	}{
		{"no bracket", "0109521234000013", gs1.FaultSyntax},
		{"bracket open", "(01", gs1.FaultSyntax},
		{"no value", "(01)", gs1.FaultTooShort},
		{"no AI", "()A", gs1.FaultUnknownAI},
		{"half a country", "(423)38027", gs1.FaultTooShort},
		{"plus in base64url", "(8030)QUJD+w==", gs1.FaultCharacter},
		{"roll without a width", "(8001)00000123456712", gs1.FaultContent},
		{"MUDI of digits only", "(8014)95212340000892", gs1.FaultContent},
		{"a caret, which is a separator", "(21)A^B", gs1.FaultCharacter},
		{"a megabyte", strings.Repeat("(", 1<<20), gs1.FaultTooLong},
		{"65 elements", strings.Repeat("(99)A", 65), gs1.FaultTooLong},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := gs1.ParseElements(row.text)
			wantFault(t, err, row.want)
		})
	}
}

// What parseFormat reads is all that the formats of the table say.
func TestFormats(t *testing.T) {
	for want, got := range gs1.Formats() {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func FuzzParseLink(f *testing.F) {
	for _, s := range []string{
		"https://id.gs1.org/8003/09521234000228B17", "HTTP://a/x/01/09521234000013/10/L%2f/21/S?17=271231&&a=b#f", "https://a/gtin/9521234000013/ser/A",
		"https://a/414/9521234000013/254/32a%2Fb", "https://a/8003/9521234000228", "https://[::1]/00/395212340000000014?02=09521234000013&37=1", "https://a/01/%00",
		"https://a/8013/12345678901234567890123NT", "https://a/8030/A==", "https://a/01/09521234000013?89=A&4=B", "https://a//01//", "\x00https://",
	} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, everything bool) {
		permit := gs1.Permit{}
		if everything {
			permit = generous
		}
		link, err := permit.ParseLink(s)
		if err != nil {
			wantRefused(t, link.IsZero(), err)
			return
		}
		if again, err := permit.ParseLink(link.String()); err != nil || again.String() != link.String() || again.Elements().Barcode() != link.Elements().Barcode() {
			t.Errorf("ParseLink(%q): got %s, and again %s, %v", s, link, again, err)
		}
		if own, err := link.Under(link.Stem()); err == nil {
			if again, err := permit.ParseLink(own); err != nil || again.String() != link.String() {
				t.Errorf("ParseLink(%q): got %s, and under its own stem %s, %v", s, link, again, err)
			}
		}
		constrained := link.Constrained()
		if again, err := permit.ParseLink(constrained.String()); err != nil || again.String() != constrained.String() {
			t.Errorf("ParseLink(%q): constrained to %s, and again %s, %v", s, constrained, again, err)
		}
		if elements, err := permit.ParseElements(link.Elements().String()); err != nil || elements.Barcode() != link.Elements().Barcode() {
			t.Errorf("ParseLink(%q): elements %s, and again %s, %v", s, link.Elements(), elements, err)
		}
	})
}
