package gs1_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels/gs1"
)

// vector reads a file of the official vectors. They are not part of the project:
// a computer without them skips, a build server fails.
func vector(t *testing.T, name string) []byte {
	t.Helper()
	folder := os.Getenv("RICIRCOLO_VECTORS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "vectors")
	}
	text, err := os.ReadFile(filepath.Join(folder, "gs1dl", name))
	switch {
	case err == nil:
		return text
	case os.Getenv("CI") == "true":
		t.Fatalf("no vectors: %v; RICIRCOLO_VECTORS says where they are", err)
	}
	t.Skipf("SKIPPED: THE OFFICIAL GS1 VECTORS ARE NOT HERE, NOTHING WAS COMPARED WITH THEM: %v", err)
	return nil
}

// vectorJSON decodes one.
func vectorJSON(t *testing.T, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(vector(t, name), into); err != nil {
		t.Fatal(err)
	}
}

// wantCount fails for a file of vectors that has shrunk or grown.
func wantCount(t *testing.T, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %d vectors, want %d", what, got, want)
	}
}

// generous permits everything.
var generous = gs1.Permit{
	ConvenienceAlphas: true,
	ShortGTINs:        true,
	ShortGRAIs:        true,
	UnknownAIs:        true,
	UnknownAttributes: true,
	AnyPairing:        true,
	WrongCheckDigits:  true,
}

func TestVectorsCheckDigit(t *testing.T) {
	var file struct {
		Vectors []struct {
			Valid bool
			Data  string
		}
	}
	vectorJSON(t, "check-digit-vectors.json", &file)
	wantCount(t, "check digits", len(file.Vectors), 14)
	for _, v := range file.Vectors {
		if err := gs1.VerifyCheckDigit(v.Data); (err == nil) != v.Valid {
			t.Errorf("VerifyCheckDigit(%q): got %v, want valid: %v", v.Data, err, v.Valid)
		}
	}
}

// permits are those that the reference implementation had switched on for a link
// that it took. Without them, it refused the link, and so do we.
func permits(uri string) gs1.Permit {
	switch {
	case strings.Contains(uri, "/gtin/"), strings.Contains(uri, "/sscc/"):
		return gs1.Permit{ConvenienceAlphas: true}
	case regexp.MustCompile(`\b01[/=](\d{8}|\d{12,13})\b`).MatchString(uri):
		return gs1.Permit{ShortGTINs: true}
	case strings.Contains(uri, "89="):
		return gs1.Permit{UnknownAIs: true, UnknownAttributes: true}
	}
	return gs1.Permit{}
}

func TestVectorsParseLink(t *testing.T) {
	var file struct {
		Parse []struct {
			Valid         bool
			URI           string
			ElementString string
		}
	}
	vectorJSON(t, "dl-uri-vectors.json", &file)
	wantCount(t, "parse", len(file.Parse), 116)
	// The same link may be there twice, valid under options and invalid without.
	valid := make(map[string]bool)
	for _, v := range file.Parse {
		valid[v.URI] = valid[v.URI] || v.Valid
	}
	for _, v := range file.Parse {
		permit := permits(v.URI)
		if v.Valid {
			link, err := permit.ParseLink(v.URI)
			if err != nil || link.Elements().Barcode() != v.ElementString {
				t.Errorf("%+v.ParseLink(%q): got %q, %v, want %q", permit, v.URI, link.Elements().Barcode(), err, v.ElementString)
			}
		}
		if !v.Valid || permit != (gs1.Permit{}) {
			if link, err := gs1.ParseLink(v.URI); err == nil {
				t.Errorf("ParseLink(%q): got %v, want an error", v.URI, link)
			}
		}
		if !valid[v.URI] {
			if link, err := generous.ParseLink(v.URI); err == nil {
				t.Errorf("with everything permitted: ParseLink(%q): got %v, want an error", v.URI, link)
			}
		}
	}
	// The vectors do not show that UnknownAIs alone is not enough.
	const unknown = "https://example.com/01/09520123456788?99=XYZ&89=ABC123"
	if link, err := (gs1.Permit{UnknownAIs: true}).ParseLink(unknown); err == nil {
		t.Errorf("UnknownAIs: ParseLink(%q): got %v, want an error", unknown, link)
	}
}

func TestVectorsNewLink(t *testing.T) {
	var file struct {
		Generate []struct {
			OK       bool
			Stem     *string
			Elements string
			URI      string
		}
	}
	vectorJSON(t, "dl-uri-vectors.json", &file)
	wantCount(t, "generate", len(file.Generate), 22)
	build := func(permit gs1.Permit, text string, stem *string) (string, error) {
		elements, err := permit.ParseElements(text)
		if err != nil {
			return "", err
		}
		link, err := permit.NewLink(elements)
		if err != nil || stem == nil {
			return link.String(), err
		}
		return link.Under(*stem)
	}
	for _, v := range file.Generate {
		permit := gs1.Permit{}
		if strings.Contains(v.Elements, "(89)") && v.OK {
			permit = gs1.Permit{UnknownAIs: true, UnknownAttributes: true}
		}
		got, err := build(permit, v.Elements, v.Stem)
		if got != v.URI || (err == nil) != v.OK {
			t.Errorf("%+v: link of %s: got %q, %v, want %q", permit, v.Elements, got, err, v.URI)
		}
	}
}

// The forms that events are compared by: of EPC URNs, and of links as others have
// written them.
func TestVectorsConstrained(t *testing.T) {
	var file struct {
		Vectors []struct {
			In  string
			Out *string
		}
	}
	vectorJSON(t, "epc-uri-to-canonical-dl.json", &file)
	wantCount(t, "EPC and links", len(file.Vectors), 70)
	// The tool that these come from is laxer than we are. Each permit must be
	// needed where it is given.
	lax := map[string]gs1.Permit{
		// It checks no check digits.
		"http://example.de/gtin-8/01/97803111":              {WrongCheckDigits: true},
		"http://example.de/01/040123451234/cpv/344/lot/ABD": {WrongCheckDigits: true},
		// The dictionary has 22 among the qualifiers of 8006, but says that it
		// needs 01.
		"https://id.gs1.org/itip/123456789101100190/cpv/ABCD":              {AnyPairing: true},
		"https://fashion-corp.com/8006/040123451234560102/22/AB/21/443322": {AnyPairing: true},
		"https://id.gs1.org/8006/040123451234560102/22/ABCD/10/XYZ":        {AnyPairing: true},
	}
	normal := func(permit gs1.Permit, uri string) (string, error) {
		if strings.HasPrefix(uri, "urn:") {
			link, err := gs1.ParseEPC(uri)
			return link.Constrained().String(), err
		}
		link, err := permit.ParseLink(uri)
		return link.Constrained().String(), err
	}
	for _, v := range file.Vectors {
		permit := gs1.Permit{ConvenienceAlphas: true, ShortGTINs: true}
		if more, found := lax[v.In]; found {
			if got, err := normal(permit, v.In); err == nil {
				t.Errorf("%q: got %q, want an error without %+v", v.In, got, more)
			}
			permit.WrongCheckDigits, permit.AnyPairing = more.WrongCheckDigits, more.AnyPairing
			delete(lax, v.In)
		}
		got, err := normal(permit, v.In)
		switch {
		case v.Out == nil && err == nil:
			t.Errorf("%q: got %q, want an error", v.In, got)
		case v.Out != nil && (err != nil || got != *v.Out):
			t.Errorf("%q: got %q, %v, want %q", v.In, got, err, *v.Out)
		}
	}
	if len(lax) > 0 {
		t.Errorf("not among the vectors: %v", lax)
	}
}

// The table says what the dictionary says, row by row.
func TestVectorsDictionary(t *testing.T) {
	comment := regexp.MustCompile(`\s*#.*`)
	var want []string
	for line := range strings.Lines(string(vector(t, "gs1-syntax-dictionary.txt"))) {
		if line := strings.Join(strings.Fields(comment.ReplaceAllString(line, "")), " "); line != "" {
			want = append(want, line)
		}
	}
	got := gs1.TableLines()
	wantCount(t, "dictionary", len(want), 224)
	wantCount(t, "table", len(got), len(want))
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("row %d: got %q, want %q", i+1, got[i], want[i])
		}
	}
}
