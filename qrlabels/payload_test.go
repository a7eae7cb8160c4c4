package qrlabels_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels"
)

const sample = "7K4M9QXP2RTBW"

// mustBase reads a base.
func mustBase(tb testing.TB, s string) qrlabels.Base {
	tb.Helper()
	b, err := qrlabels.NewBase(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestBasePayload(t *testing.T) {
	for _, row := range []struct{ base, canonical, want string }{
		{"https://rici.it", "https://rici.it", "HTTPS://RICI.IT/B/" + sample},
		{"HTTPS://Rici.IT", "https://rici.it", "HTTPS://RICI.IT/B/" + sample},
		{"https://rici.it:443", "https://rici.it", "HTTPS://RICI.IT/B/" + sample},
		{"https://rici.it:8443", "https://rici.it:8443", "HTTPS://RICI.IT:8443/B/" + sample},
		{"https://ricircolo.ausl-mo.it", "https://ricircolo.ausl-mo.it", "HTTPS://RICIRCOLO.AUSL-MO.IT/B/" + sample},
		{"https://xn--citt-1na.it", "https://xn--citt-1na.it", "HTTPS://XN--CITT-1NA.IT/B/" + sample},
		{"https://192.0.2.7", "https://192.0.2.7", "HTTPS://192.0.2.7/B/" + sample},
		{"http://localhost", "http://localhost", "HTTP://LOCALHOST/B/" + sample},
		{"http://127.0.0.1:80", "http://127.0.0.1", "HTTP://127.0.0.1/B/" + sample},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", "HTTP://127.0.0.1:8080/B/" + sample},
	} {
		b := mustBase(t, row.base)
		if got := b.String(); got != row.canonical {
			t.Errorf("NewBase(%q): got %q, want %q", row.base, got, row.canonical)
		}
		if got := b.Payload(mustParse(t, sample)); got != row.want {
			t.Errorf("NewBase(%q): payload is %q, want %q", row.base, got, row.want)
		}
	}
}

func TestNewBaseFaults(t *testing.T) {
	for _, row := range []struct{ name, base, says string }{
		{"empty", "", "want a scheme and a host"},
		{"no scheme", "ricircolo.example", "want a scheme and a host"},
		{"no host", "https://", "want a scheme and a host"},
		{"another scheme", "ftp://ricircolo.example", "want https"},
		{"http to the world", "http://ricircolo.example", "http is for loopback addresses only"},
		{"slash", "https://ricircolo.example/", "leave out everything after"},
		{"path", "https://ricircolo.example/app", "leave out everything after"},
		{"query", "https://ricircolo.example?x=1", "leave out everything after"},
		{"empty query", "https://ricircolo.example?", "leave out everything after"},
		{"fragment", "https://ricircolo.example#", "leave out everything after"},
		{"user", "https://ricircolo.example@evil.example", "leave out the user"},
		{"IPv6", "https://[::1]:8080", "not an IPv6"},
		{"bad IPv4", "https://192.0.2.256", "not an IPv4 address"},
		{"number as host", "https://3221225991", "not an IPv4 address"},
		{"hexadecimal number as host", "https://192.0.2.0x07", "not an IPv4 address"},
		{"underscore", "https://a_b.example", "not a DNS name"},
		{"trailing dot", "https://ricircolo.example.", "not a DNS name"},
		{"hyphen first", "https://-a.example", "not a DNS name"},
		{"accent", "https://città.it", "xn-- form"},
		{"Kelvin sign", "https://\u212Aelvin.it", "xn-- form"},
		{"port 0", "https://rici.it:0", "port is"},
		{"port too large", "https://rici.it:65536", "port is"},
		{"port missing", "https://rici.it:", "port is"},
		{"host one too long", "https://" + strings.Repeat("a", 27), "have 27 characters, want at most 26"},
		{"host and port too long", "https://ricircolo.ospedale.example:8443", "want at most 26"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := qrlabels.NewBase(row.base)
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want an error that says %q", err, row.says)
			}
		})
	}
}

func TestParsePayload(t *testing.T) {
	ours := mustBase(t, "https://rici.it")
	for _, row := range []struct {
		text, host string
		owned      bool
	}{
		{ours.Payload(mustParse(t, sample)), "rici.it", true},
		{"https://rici.it/b/7k4m9qxp2rtbw", "rici.it", true},
		{"https://rici.it:443/B/7K4M-9QXP-2RTBW", "rici.it", true},
		{"https://rici.it:8443/b/" + sample, "rici.it:8443", false},
		{"https://altro.example/b/" + sample, "altro.example", false},
		{"https://rici.it.evil.example/b/" + sample, "rici.it.evil.example", false},
		{"https://xn--rci-opa.it/b/" + sample, "xn--rci-opa.it", false},
		{"http://localhost:8080/b/" + sample, "localhost:8080", false},
	} {
		p, err := qrlabels.ParsePayload(row.text)
		if err != nil || p.Code.String() != sample || p.Host != row.host {
			t.Errorf("ParsePayload(%q): got %+v, %v, want code %s of host %s", row.text, p, err, sample, row.host)
			continue
		}
		if got := ours.Owns(p); got != row.owned {
			t.Errorf("%q: owned by %s is %v, want %v", row.text, ours, got, row.owned)
		}
	}
	if (qrlabels.Base{}).Owns(qrlabels.Payload{}) {
		t.Error("the zero base owns the zero payload")
	}
}

func TestParsePayloadFaults(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       qrlabels.PayloadFault
	}{
		{"empty", "", qrlabels.PayloadForeign},
		{"text", "8001234567890", qrlabels.PayloadForeign},
		{"code without a link", sample, qrlabels.PayloadForeign},
		{"Wi-Fi", "WIFI:T:WPA;S:ward;P:secret;;", qrlabels.PayloadForeign},
		{"app link", "intent://rici.it/b/" + sample, qrlabels.PayloadForeign},
		{"long s in the scheme", "httpſ://rici.it/b/" + sample, qrlabels.PayloadForeign},
		{"script", "javascript:alert(1)", qrlabels.PayloadScript},
		{"script in capitals", "JavaScript://rici.it/b/" + sample, qrlabels.PayloadScript},
		{"script after a control character", "\x01java\tscript:alert(1)", qrlabels.PayloadScript},
		{"data", "data:text/html,<script>", qrlabels.PayloadScript},
		{"vbscript", "vbscript:x", qrlabels.PayloadScript},
		{"http to the world", "http://rici.it/b/" + sample, qrlabels.PayloadMalformed},
		{"blank in front", " https://rici.it/b/" + sample, qrlabels.PayloadMalformed},
		{"one slash", "https:/rici.it/b/" + sample, qrlabels.PayloadMalformed},
		{"no host", "https:///b/" + sample, qrlabels.PayloadMalformed},
		{"host with a blank", "https://rici.it /b/" + sample, qrlabels.PayloadMalformed},
		{"bad port", "https://rici.it:99999/b/" + sample, qrlabels.PayloadMalformed},
		{"number as host", "https://0x7f000001/b/" + sample, qrlabels.PayloadMalformed},
		{"octal address", "https://0177.0.0.1/b/" + sample, qrlabels.PayloadMalformed},
		{"user part", "https://rici.it@evil.example/b/" + sample, qrlabels.PayloadDisguised},
		{"user and password", "https://rici.it:443@evil.example/b/" + sample, qrlabels.PayloadDisguised},
		{"backslash", `https://evil.example\.rici.it/b/` + sample, qrlabels.PayloadDisguised},
		{"Cyrillic letter", "https://riсi.it/b/" + sample, qrlabels.PayloadDisguised},
		{"full width dot", "https://rici．it/b/" + sample, qrlabels.PayloadDisguised},
		{"escaped host", "https://rici%2eit/b/" + sample, qrlabels.PayloadDisguised},
		{"no path", "https://rici.it", qrlabels.PayloadPath},
		{"query in place of the path", "https://rici.it?/b/" + sample, qrlabels.PayloadPath},
		{"another path", "https://rici.it/app/" + sample, qrlabels.PayloadPath},
		{"deeper path", "https://rici.it/x/b/" + sample, qrlabels.PayloadPath},
		{"dots", "https://rici.it/b/../" + sample, qrlabels.PayloadPath},
		{"slash behind", "https://rici.it/b/" + sample + "/", qrlabels.PayloadPath},
		{"query behind", "https://rici.it/b/" + sample + "?next=//evil.example", qrlabels.PayloadPath},
		{"fragment behind", "https://rici.it/b/" + sample + "#x", qrlabels.PayloadPath},
		{"escaped code", "https://rici.it/b/%37K4M9QXP2RTBW", qrlabels.PayloadPath},
		{"line break behind", "https://rici.it/b/" + sample + "\n", qrlabels.PayloadPath},
		{"no code", "https://rici.it/b/", qrlabels.PayloadCode},
		{"wrong check", "https://rici.it/b/7K4M9QXP2RTBC", qrlabels.PayloadCode},
		{"257 bytes", "https://rici.it/b/" + strings.Repeat("0", 239), qrlabels.PayloadTooLong},
		{"a megabyte", strings.Repeat("https://", 1<<17), qrlabels.PayloadTooLong},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, err := qrlabels.ParsePayload(row.text)
			var got *qrlabels.PayloadError
			if !errors.As(err, &got) || got.Fault != row.want {
				t.Fatalf("got %+v, %v, want the fault %s", p, err, row.want)
			}
			if p != (qrlabels.Payload{}) {
				t.Errorf("got %+v with an error", p)
			}
			var code *qrlabels.CodeError
			if row.want == qrlabels.PayloadCode && !errors.As(err, &code) {
				t.Errorf("got %v, want a *CodeError in it", err)
			}
		})
	}
}

func FuzzParsePayload(f *testing.F) {
	for _, s := range []string{
		"HTTPS://RICI.IT/B/" + sample, "http://127.0.0.1:8080/b/" + sample, "https://rici.it@evil.example/b/" + sample,
		"javascript:alert(1)", "https://[::1]/b/" + sample, "https://rici.it/b/%37", "https:\\\\rici.it", "\x00https://", "https://riсi.it/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := qrlabels.ParsePayload(s)
		if err != nil {
			var fault *qrlabels.PayloadError
			if !errors.As(err, &fault) || fault.Error() == "" {
				t.Fatalf("ParsePayload(%q): got %v, want a *PayloadError", s, err)
			}
			return
		}
		again, err := qrlabels.ParsePayload(p.Scheme + "://" + p.Host + "/b/" + p.Code.String())
		if err != nil || again != p {
			t.Errorf("ParsePayload(%q): got %+v, and again %+v, %v", s, p, again, err)
		}
	})
}
