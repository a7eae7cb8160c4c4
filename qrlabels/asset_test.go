package qrlabels_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels"
)

func TestParseAsset(t *testing.T) {
	if c, err := qrlabels.ParseAsset("09521234000013" + sample); err != nil || c.String() != sample {
		t.Errorf("got %v, %v, want %s", c, err, sample)
	}
	for _, row := range []struct {
		name, grai string
		want       qrlabels.PayloadFault
	}{
		{"empty", "", qrlabels.PayloadAsset},
		{"no serial", "09521234000013", qrlabels.PayloadAsset},
		{"check digit", "09521234000014" + sample, qrlabels.PayloadAsset},
		{"letter", "0952123400001X" + sample, qrlabels.PayloadAsset},
		{"no zero in front", "19521234000010" + sample, qrlabels.PayloadAsset},
		{"no check digit", "095212340000" + sample, qrlabels.PayloadAsset},
		{"a serial that is no code", "09521234000013SCALE1", qrlabels.PayloadCode},
		{"endless", "09521234000013" + strings.Repeat("0", 1<<20), qrlabels.PayloadTooLong},
	} {
		_, err := qrlabels.ParseAsset(row.grai)
		var got *qrlabels.PayloadError
		if !errors.As(err, &got) || got.Fault != row.want {
			t.Errorf("%s: got %v, want the fault %s", row.name, err, row.want)
		}
	}
}

func TestBaseWithAsset(t *testing.T) {
	short := mustBase(t, "https://rici.it")
	b, err := short.WithAsset("9521234", "00001")
	if err != nil {
		t.Fatal(err)
	}
	c := mustParse(t, sample)
	if got, want := b.Payload(c), "HTTPS://RICI.IT/8003/09521234000013"+sample; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, text := range []string{b.Payload(c), strings.ToLower(b.Payload(c)), short.Payload(c)} {
		p, err := qrlabels.ParsePayload(text)
		if err != nil || p.Code != c || !b.Owns(p) || !short.Owns(p) {
			t.Errorf("%s: got %+v, %v, want the same label", text, p, err)
		}
	}
	for _, row := range []struct{ prefix, asset string }{{"95212", "0000001"}, {"9521234", "1"}, {"9521234", "000001"}, {"952123A", "00001"}, {"", ""}} {
		if _, err := short.WithAsset(row.prefix, row.asset); err == nil {
			t.Errorf("prefix %q, asset type %q: got a base, want an error", row.prefix, row.asset)
		}
	}
	longest, err := mustBase(t, "https://"+strings.Repeat("h", 26)).WithAsset("9521234", "00001")
	if err != nil {
		t.Fatal(err)
	}
	if text := longest.Payload(c); len(text) != qrlabels.MaxAssetPayload || mustEncode(t, text, qrlabels.H).Version() != 6 {
		t.Errorf("longest payload has %d characters, version %d, want %d and 6", len(text), mustEncode(t, text, qrlabels.H).Version(), qrlabels.MaxAssetPayload)
	}
}

// Digital Links of bins are read as anybody may write them.
func TestParsePayloadOfAssets(t *testing.T) {
	for _, text := range []string{
		"https://id.gs1.org/8003/09521234000013" + sample,
		"HTTPS://ID.GS1.ORG/8003/09521234000013" + sample,
		"https://example.com/8003/9521234000013" + sample,
		"https://example.com/grai/09521234000013" + sample,
		"https://example.com/some/path/8003/09521234000013" + sample + "?99=x#y",
		"https://example.com/8003/09521234000013" + strings.ToLower(sample),
	} {
		if p, err := qrlabels.ParsePayload(text); err != nil || p.Code.String() != sample {
			t.Errorf("%s: got %+v, %v, want %s", text, p, err, sample)
		}
	}
	for _, row := range []struct {
		name, text string
		want       qrlabels.PayloadFault
	}{
		{"wrong check digit", "https://rici.it/8003/09521234000014" + sample, qrlabels.PayloadAsset},
		{"a type of bins", "https://rici.it/8003/09521234000013", qrlabels.PayloadAsset},
		{"somebody's crate", "https://rici.it/8003/09521234000013CRATE1", qrlabels.PayloadCode},
		{"a product", "https://id.gs1.org/01/09521234000013/21/" + sample, qrlabels.PayloadAsset},
		{"a scale", "https://id.gs1.org/8004/9521234SCALE1", qrlabels.PayloadAsset},
		{"user part", "https://rici.it@evil.example/8003/09521234000013" + sample, qrlabels.PayloadDisguised},
		{"http to the world", "http://rici.it/8003/09521234000013" + sample, qrlabels.PayloadMalformed},
		{"slash behind", "https://rici.it/8003/09521234000013" + sample + "/", qrlabels.PayloadPath},
	} {
		_, err := qrlabels.ParsePayload(row.text)
		var got *qrlabels.PayloadError
		if !errors.As(err, &got) || got.Fault != row.want {
			t.Errorf("%s: got %v, want the fault %s", row.name, err, row.want)
		}
	}
}
