package gs1_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/qrlabels/gs1"
)

// must gives what a constructor made.
func must[K any](key K, err error) func(testing.TB) K {
	return func(tb testing.TB) K {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return key
	}
}

func TestKeys(t *testing.T) {
	bin := must(gs1.NewGRAI("9521234", "00022", "B17"))(t)
	kind := must(gs1.NewGRAI("9521234", "00022", ""))(t)
	ward := must(gs1.NewGLN("9521234", "00001", "W3/b"))(t)
	hospital := must(gs1.NewGLN("9521234", "00001", ""))(t)
	scale := must(gs1.NewGIAI("9521234", "SCALE-1"))(t)
	load := must(gs1.NewSSCC("9521234", "3000000001"))(t)
	for _, row := range []struct {
		name, text, wantText string
		link                 gs1.Link
		wantLink             string
	}{
		{"bin", bin.String(), "09521234000228B17", bin.Link(), "https://id.gs1.org/8003/09521234000228B17"},
		{"type of bin", kind.String(), "09521234000228", kind.Link(), "https://id.gs1.org/8003/09521234000228"},
		{"ward", ward.String(), "9521234000013(254)W3/b", ward.Link(), "https://id.gs1.org/414/9521234000013/254/W3%2Fb"},
		{"hospital", hospital.String(), "9521234000013", hospital.Link(), "https://id.gs1.org/414/9521234000013"},
		{"party", ward.Number(), "9521234000013", ward.PartyLink(), "https://id.gs1.org/417/9521234000013"},
		{"scale", scale.String(), "9521234SCALE-1", scale.Link(), "https://id.gs1.org/8004/9521234SCALE-1"},
		{"load", load.String(), "395212340000000014", load.Link(), "https://id.gs1.org/00/395212340000000014"},
		{"zero GRAI", gs1.GRAI{}.String(), "", gs1.GRAI{}.Link(), ""},
		{"zero GLN", gs1.GLN{}.String(), "", gs1.GLN{}.Link(), ""},
		{"zero GIAI", gs1.GIAI{}.String(), "", gs1.GIAI{}.Link(), ""},
		{"zero SSCC", gs1.SSCC{}.String(), "", gs1.SSCC{}.Link(), ""},
	} {
		if row.text != row.wantText {
			t.Errorf("%s: got %q, want %q", row.name, row.text, row.wantText)
		}
		if got := row.link.String(); got != row.wantLink {
			t.Errorf("link of the %s: got %q, want %q", row.name, got, row.wantLink)
		}
	}
	if bin.Type() != kind || bin.Serial() != "B17" || kind.Serial() != "" {
		t.Errorf("bin %s: got the type %s and the serials %q and %q, want %s, B17 and none", bin, bin.Type(), bin.Serial(), kind.Serial(), kind)
	}
	if zero := (gs1.GRAI{}); zero.Type() != zero || zero.Serial() != "" || !zero.IsZero() || bin.IsZero() {
		t.Errorf("zero GRAI: got the type %q and the serial %q", zero.Type(), zero.Serial())
	}
	if ward.Extension() != "W3/b" || hospital.Extension() != "" || ward == hospital {
		t.Errorf("got the extensions %q and %q", ward.Extension(), hospital.Extension())
	}
}

func TestNewKeyFaults(t *testing.T) {
	grai := func(prefix, assetType, serial string) error {
		key, err := gs1.NewGRAI(prefix, assetType, serial)
		return zeroWith(t, key.IsZero(), err)
	}
	gln := func(prefix, reference, extension string) error {
		key, err := gs1.NewGLN(prefix, reference, extension)
		return zeroWith(t, key.IsZero(), err)
	}
	giai := func(prefix, reference string) error {
		key, err := gs1.NewGIAI(prefix, reference)
		return zeroWith(t, key.IsZero(), err)
	}
	sscc := func(prefix, reference string) error {
		key, err := gs1.NewSSCC(prefix, reference)
		return zeroWith(t, key.IsZero(), err)
	}
	prefix := func(fault gs1.Fault, position int) gs1.Error {
		return gs1.Error{Fault: fault, Part: "company prefix", Position: position}
	}
	for _, row := range []struct {
		name string
		got  error
		want gs1.Error
	}{
		{"no prefix", grai("", "00022", ""), prefix(gs1.FaultTooShort, 0)},
		{"prefix of 5 digits", gln("95212", "0000001", ""), prefix(gs1.FaultTooShort, 0)},
		{"prefix of 13 digits", sscc("9521234000000", "3001"), prefix(gs1.FaultTooLong, 0)},
		{"prefix with a letter", giai("952I234", "A"), prefix(gs1.FaultCharacter, 4)},
		{"asset type too short", grai("9521234", "0022", ""), gs1.Error{Fault: gs1.FaultTooShort, Part: "asset type"}},
		{"asset type too long", grai("9521234", "000022", ""), gs1.Error{Fault: gs1.FaultTooLong, Part: "asset type"}},
		{"asset type not digits", grai("9521234", "0002-", ""), gs1.Error{Fault: gs1.FaultCharacter, Part: "asset type", Position: 5}},
		{"serial too long", grai("9521234", "00022", strings.Repeat("A", 17)), gs1.Error{Fault: gs1.FaultTooLong, AI: "8003"}},
		{"serial with a blank", grai("9521234", "00022", "B 17"), gs1.Error{Fault: gs1.FaultCharacter, AI: "8003", Position: 16}},
		{"serial with an accent", grai("9521234", "00022", "è"), gs1.Error{Fault: gs1.FaultCharacter, AI: "8003", Position: 15}},
		{"serial with a hash, which only set 39 has", grai("9521234", "00022", "#1"), gs1.Error{Fault: gs1.FaultCharacter, AI: "8003", Position: 15}},
		{"location reference missing", gln("9521234", "", ""), gs1.Error{Fault: gs1.FaultTooShort, Part: "location reference"}},
		{"extension too long", gln("9521234", "00001", strings.Repeat("A", 21)), gs1.Error{Fault: gs1.FaultTooLong, AI: "254"}},
		{"extension with a tilde", gln("9521234", "00001", "~"), gs1.Error{Fault: gs1.FaultCharacter, AI: "254", Position: 1}},
		{"no asset reference", giai("9521234", ""), gs1.Error{Fault: gs1.FaultTooShort, Part: "asset reference"}},
		{"asset reference too long", giai("9521234", strings.Repeat("A", 24)), gs1.Error{Fault: gs1.FaultTooLong, AI: "8004"}},
		{"serial reference too short", sscc("9521234", "300000001"), gs1.Error{Fault: gs1.FaultTooShort, Part: "serial reference"}},
		{"a megabyte", giai("9521234", strings.Repeat("A", 1<<20)), gs1.Error{Fault: gs1.FaultTooLong, AI: "8004"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got *gs1.Error
			if !errors.As(row.got, &got) || *got != row.want {
				t.Fatalf("got %+v, want %+v", got, row.want)
			}
			wantShort(t, got)
		})
	}
}

// zeroWith passes an error on, and fails if there is a key with it.
func zeroWith(t *testing.T, zero bool, err error) error {
	t.Helper()
	if zero != (err != nil) {
		t.Errorf("got a key: %v, with the error %v", !zero, err)
	}
	return err
}

// Company prefixes of every length fill up with the reference.
func TestPrefixLengths(t *testing.T) {
	const prefix, rest = "952123400001", "00002200003"
	for n := 6; n <= 12; n++ {
		bin := must(gs1.NewGRAI(prefix[:n], rest[:12-n], "A"))(t)
		place := must(gs1.NewGLN(prefix[:n], rest[:12-n], ""))(t)
		load := must(gs1.NewSSCC(prefix[:n], "3"+rest[:16-n]))(t)
		if bin.String() != "0"+place.String()+"A" || len(load.String()) != 18 || load.String()[:1+n] != "3"+prefix[:n] {
			t.Errorf("prefix of %d digits: got %s, %s, %s", n, bin, place, load)
		}
	}
}

func TestParseGRAI(t *testing.T) {
	for _, row := range []struct{ name, value, want string }{
		{"whole", "09521234000228B17", "09521234000228B17"},
		{"of a type", "09521234000228", "09521234000228"},
		{"longest serial", "09521234000228ABCDEFGHIJKLMNOP", "09521234000228ABCDEFGHIJKLMNOP"},
		{"zero missing", "9521234000228B17", "09521234000228B17"},
		{"zero missing, of a type", "9521234000228", "09521234000228"},
		{"zero missing, longest serial", "9521234000228ABCDEFGHIJKLMNOP", "09521234000228ABCDEFGHIJKLMNOP"},
		{"zero missing, serial of digits", "95212340002280000000000000001", "095212340002280000000000000001"},
		{"prefix that begins with a zero", "00614141000128A", "00614141000128A"},
		{"both readings fit, the whole one counts", "01234560001248", "01234560001248"},
	} {
		if got, err := gs1.ParseGRAI(row.value); err != nil || got.String() != row.want {
			t.Errorf("%s, %s: got %q, %v, want %q", row.name, row.value, got, err, row.want)
		}
	}
}

func TestParseFaults(t *testing.T) {
	grai := func(value string) error { _, err := gs1.ParseGRAI(value); return err }
	gln := func(number string) error { _, err := gs1.ParseGLN(number, ""); return err }
	for _, row := range []struct {
		name string
		got  error
		want gs1.Error
	}{
		{"empty GRAI", grai(""), gs1.Error{Fault: gs1.FaultTooShort, AI: "8003"}},
		{"changed check digit", grai("09521234000229B17"), gs1.Error{Fault: gs1.FaultCheckDigit, AI: "8003", Position: 14}},
		{"changed digit", grai("09521234000328B17"), gs1.Error{Fault: gs1.FaultCheckDigit, AI: "8003", Position: 14}},
		{"zero missing and changed", grai("9521234000229B17"), gs1.Error{Fault: gs1.FaultContent, AI: "8003", Position: 1}},
		{"zero missing, 13 characters", grai("9521234000229"), gs1.Error{Fault: gs1.FaultTooShort, AI: "8003"}},
		{"two zeros missing", grai("521234000228B17"), gs1.Error{Fault: gs1.FaultContent, AI: "8003", Position: 1}},
		{"zero missing, serial too long", grai("9521234000228ABCDEFGHIJKLMNOPQ"), gs1.Error{Fault: gs1.FaultTooLong, AI: "8003"}},
		{"GTIN-14 in place of a GRAI", grai("19521234000010"), gs1.Error{Fault: gs1.FaultContent, AI: "8003", Position: 1}},
		{"serial too long", grai("09521234000228ABCDEFGHIJKLMNOPQ"), gs1.Error{Fault: gs1.FaultTooLong, AI: "8003"}},
		{"link in place of a value", grai("https://id.gs1.org/8003/"), gs1.Error{Fault: gs1.FaultCharacter, AI: "8003", Position: 1}},
		{"GLN of 12 digits", gln("952123400001"), gs1.Error{Fault: gs1.FaultTooShort, AI: "414"}},
		{"GLN of 14 digits", gln("09521234000013"), gs1.Error{Fault: gs1.FaultTooLong, AI: "414"}},
		{"GLN with a changed check digit", gln("9521234000014"), gs1.Error{Fault: gs1.FaultCheckDigit, AI: "414", Position: 13}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got *gs1.Error
			if !errors.As(row.got, &got) || *got != row.want {
				t.Fatalf("got %+v, want %+v", got, row.want)
			}
			wantShort(t, got)
		})
	}
	_, err := gs1.ParseGIAI("952A")
	wantFault(t, err, gs1.FaultCharacter)
	_, err = gs1.ParseSSCC("395212340000000015")
	wantFault(t, err, gs1.FaultCheckDigit)
}

// A link gives the key that it names, and no other.
func TestKeysOfLinks(t *testing.T) {
	read := func(uri string) gs1.Link { return must(gs1.ParseLink(uri))(t) }
	bin, place := read("https://example.com/8003/09521234000228B17"), read("https://example.com/414/9521234000013/254/W3")
	party, scale, load := read("https://example.com/417/9521234000013"), read("https://example.com/8004/9521234S"), read("https://example.com/00/395212340000000014")
	if got, err := bin.GRAI(); err != nil || got.String() != "09521234000228B17" {
		t.Errorf("GRAI: got %q, %v", got, err)
	}
	if got, err := place.GLN(); err != nil || got.String() != "9521234000013(254)W3" {
		t.Errorf("GLN: got %q, %v", got, err)
	}
	if got, err := party.GLN(); err != nil || got.String() != "9521234000013" {
		t.Errorf("GLN of a party: got %q, %v", got, err)
	}
	if got, err := scale.GIAI(); err != nil || got.String() != "9521234S" {
		t.Errorf("GIAI: got %q, %v", got, err)
	}
	if got, err := load.SSCC(); err != nil || got.String() != "395212340000000014" {
		t.Errorf("SSCC: got %q, %v", got, err)
	}
	_, err := load.GRAI()
	wantFault(t, err, gs1.FaultNoKey)
	_, err = bin.GLN()
	wantFault(t, err, gs1.FaultNoKey)
	_, err = bin.GIAI()
	wantFault(t, err, gs1.FaultNoKey)
	_, err = gs1.Link{}.SSCC()
	wantFault(t, err, gs1.FaultNoKey)
	mistyped := must(gs1.Permit{WrongCheckDigits: true}.ParseLink("https://example.com/8003/09521234000229B17"))(t)
	_, err = mistyped.GRAI()
	wantFault(t, err, gs1.FaultCheckDigit)
}

// What is built is read back the same, whatever it is made of.
func TestKeysRoundTrip(t *testing.T) {
	const set82 = "[!\"%&'()*+,\\-./0-9:;<=>?A-Z_a-z]"
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.StringMatching("[0-9]{6,12}").Draw(t, "prefix")
		reference := rapid.StringMatching("[0-9]{11}").Draw(t, "reference")
		text := rapid.StringMatching(set82+"{1,16}").Draw(t, "text")
		n := len(prefix)

		bin, err := gs1.NewGRAI(prefix, reference[:12-n], text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := gs1.ParseGRAI(bin.String()); err != nil || again != bin {
			t.Errorf("GRAI %q: got %q, %v", bin, again, err)
		}
		if again, err := reread(t, bin.Link()).GRAI(); err != nil || again != bin {
			t.Errorf("GRAI %q: got %q, %v from its link", bin, again, err)
		}

		place, err := gs1.NewGLN(prefix, reference[:12-n], text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := reread(t, place.Link()).GLN(); err != nil || again != place {
			t.Errorf("GLN %q: got %q, %v from its link", place, again, err)
		}

		asset, err := gs1.NewGIAI(prefix, text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := reread(t, asset.Link()).GIAI(); err != nil || again != asset {
			t.Errorf("GIAI %q: got %q, %v from its link", asset, again, err)
		}

		load, err := gs1.NewSSCC(prefix, reference[:17-n])
		if err != nil {
			t.Fatal(err)
		}
		if again, err := reread(t, load.Link()).SSCC(); err != nil || again != load {
			t.Errorf("SSCC %q: got %q, %v from its link", load, again, err)
		}
	})
}

// reread writes a link under some stem and reads it again.
func reread(t *rapid.T, link gs1.Link) gs1.Link {
	uri, err := link.Under("https://example.com/some/stem")
	if err != nil {
		t.Fatal(err)
	}
	again, err := gs1.ParseLink(uri)
	if err != nil || again.String() != link.String() || again.Stem() != "https://example.com/some/stem" {
		t.Fatalf("link %s: got %s, %v", uri, again, err)
	}
	return again
}

func FuzzParseGRAI(f *testing.F) {
	for _, s := range []string{"09521234000228B17", "9521234000228B17", "01234560001248", "09521234000229", "0", "", "09521234000228\xff", "０9521234000228"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key, err := gs1.ParseGRAI(s)
		if err != nil {
			wantRefused(t, key.IsZero(), err)
			return
		}
		if value := key.String(); len(value) > 30 || value[0] != '0' || !strings.HasSuffix(value, s) || key.Type().String()+key.Serial() != value {
			t.Errorf("ParseGRAI(%q): got %q", s, value)
		}
		if again, err := gs1.ParseGRAI(key.String()); err != nil || again != key {
			t.Errorf("ParseGRAI(%q): got %q, and again %q, %v", s, key, again, err)
		}
		link, err := gs1.ParseLink(key.Link().String())
		if again, keyErr := link.GRAI(); err != nil || keyErr != nil || again != key {
			t.Errorf("ParseGRAI(%q): got %q, and %q, %v, %v from its link", s, key, again, err, keyErr)
		}
	})
}

// wantRefused fails unless there is nothing but an *Error.
func wantRefused(t *testing.T, zero bool, err error) {
	t.Helper()
	var fault *gs1.Error
	if !errors.As(err, &fault) || !zero {
		t.Fatalf("got %v, want an *Error and nothing else", err)
	}
	wantShort(t, fault)
}
