package gs1_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels/gs1"
)

// The schemes that the official vectors leave out, and what they mean by none.
func TestParseEPC(t *testing.T) {
	for _, row := range []struct{ urn, want string }{
		{"urn:epc:id:sgcn:9521234.00009.0017", "255/95212340000990017"},
		{"urn:epc:id:sgln:952123400001..0", "414/9521234000013"},
		{"urn:epc:id:sgln:952123400001..W.3", "414/9521234000013/254/W.3"},
		{"urn:epc:id:grai:9521234.00022.B17", "8003/09521234000228B17"},
		{"urn:epc:id:giai:9521234.A.B%2FC", "8004/9521234A.B%2FC"},
		{"urn:epc:id:sgtin:9521234.100001.0", "01/19521234000010/21/0"},
		{"urn:epc:id:sgtin:9521234.100001.*", "01/19521234000010/21/%2A"},
		{"urn:epc:idpat:sgtin:9521234.100001.*", "01/19521234000010"},
	} {
		if got, err := gs1.ParseEPC(row.urn); err != nil || got.String() != "https://id.gs1.org/"+row.want {
			t.Errorf("ParseEPC(%q): got %q, %v, want %q", row.urn, got, err, row.want)
		}
	}
}

func TestParseEPCFaults(t *testing.T) {
	for _, row := range []struct {
		name, urn string
		want      gs1.Error
	}{
		{"empty", "", gs1.Error{Fault: gs1.FaultScheme, Part: "EPC scheme"}},
		{"link", "https://id.gs1.org/8003/09521234000228", gs1.Error{Fault: gs1.FaultScheme, Part: "EPC scheme"}},
		{"scheme without a key", "urn:epc:id:gid:1.2.3", gs1.Error{Fault: gs1.FaultScheme, Part: "EPC scheme"}},
		{"scheme in capitals", "URN:EPC:ID:GRAI:9521234.00022.B17", gs1.Error{Fault: gs1.FaultScheme, Part: "EPC scheme"}},
		{"tag", "urn:epc:tag:grai-96:0.9521234.00022.1", gs1.Error{Fault: gs1.FaultScheme, Part: "EPC scheme"}},
		{"no body", "urn:epc:id:grai", gs1.Error{Fault: gs1.FaultScheme, Part: "EPC scheme"}},
		{"pattern of what has no classes", "urn:epc:idpat:sscc:9521234.3000000001", gs1.Error{Fault: gs1.FaultScheme, Part: "EPC scheme"}},
		{"lot as a thing", "urn:epc:id:lgtin:9521234.100001.L", gs1.Error{Fault: gs1.FaultScheme, Part: "EPC scheme"}},
		{"field missing", "urn:epc:id:grai:9521234.00022", gs1.Error{Fault: gs1.FaultTooShort, Part: "EPC"}},
		{"field too much", "urn:epc:id:sscc:9521234.3000000001.1", gs1.Error{Fault: gs1.FaultTooLong, Part: "EPC reference"}},
		{"prefix too short", "urn:epc:id:grai:95212.0000022.B17", gs1.Error{Fault: gs1.FaultTooShort, Part: "company prefix"}},
		{"prefix of a text too short", "urn:epc:id:giai:95212.A", gs1.Error{Fault: gs1.FaultTooShort, Part: "company prefix"}},
		{"reference too short", "urn:epc:id:grai:9521234.0022.B17", gs1.Error{Fault: gs1.FaultTooShort, Part: "EPC reference"}},
		{"reference not digits", "urn:epc:id:grai:9521234.0002A.B17", gs1.Error{Fault: gs1.FaultCharacter, Part: "EPC reference", Position: 5}},
		{"no serial", "urn:epc:id:grai:9521234.00022.", gs1.Error{Fault: gs1.FaultTooShort, Part: "EPC serial"}},
		{"serial too long", "urn:epc:id:grai:9521234.00022.ABCDEFGHIJKLMNOPQ", gs1.Error{Fault: gs1.FaultTooLong, AI: "8003"}},
		{"serial in a pattern", "urn:epc:idpat:grai:9521234.00022.B17", gs1.Error{Fault: gs1.FaultContent, Part: "EPC serial"}},
		{"bare slash", "urn:epc:id:giai:9521234.A/B", gs1.Error{Fault: gs1.FaultCharacter, Part: "EPC reference", Position: 2}},
		{"broken escape", "urn:epc:id:giai:9521234.A%2", gs1.Error{Fault: gs1.FaultEscape, Part: "EPC reference"}},
		{"escaped blank", "urn:epc:id:giai:9521234.A%20B", gs1.Error{Fault: gs1.FaultCharacter, AI: "8004", Position: 9}},
		{"piece and total of other lengths", "urn:epc:id:itip:9521234.100001.1.002.S", gs1.Error{Fault: gs1.FaultTooShort, Part: "EPC piece and total"}},
		{"piece 3 of 2", "urn:epc:id:itip:9521234.100001.03.02.S", gs1.Error{Fault: gs1.FaultContent, AI: "8006", Position: 15}},
		{"serial that is not a number", "urn:epc:id:cpi:9521234.A.B", gs1.Error{Fault: gs1.FaultCharacter, AI: "8011", Position: 1}},
		{"a megabyte", "urn:epc:id:giai:9521234." + strings.Repeat("A", 1<<20), gs1.Error{Fault: gs1.FaultTooLong, Part: "EPC"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			link, err := gs1.ParseEPC(row.urn)
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

func FuzzParseEPC(f *testing.F) {
	for _, s := range []string{
		"urn:epc:id:grai:9521234.00022.B17", "urn:epc:idpat:grai:9521234.00022.*", "urn:epc:id:sgln:952123400001..0", "urn:epc:class:lgtin:9521234.100001.L%2F1",
		"urn:epc:id:itip:9521234.100001.01.02.S", "urn:epc:id:cpi:9521234.A%23.12", "urn:epc:id:giai:9521234.%00", "urn:epc:id:sscc:952123400001.30001", "urn:epc::", "urn:epc:id:upui:952123400001.1.*",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		link, err := gs1.ParseEPC(s)
		if err != nil {
			wantRefused(t, link.IsZero(), err)
			return
		}
		if again, err := gs1.ParseLink(link.String()); err != nil || again.String() != link.String() {
			t.Errorf("ParseEPC(%q): got %s, and again %s, %v", s, link, again, err)
		}
		if got := link.Constrained().String(); got != link.String() {
			t.Errorf("ParseEPC(%q): got %s, and constrained %s", s, link, got)
		}
	})
}
