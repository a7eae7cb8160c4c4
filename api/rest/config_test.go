package rest

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

func TestConfigReportsAllFaults(t *testing.T) {
	if err := testConfig().Validate(); err != nil {
		t.Fatalf("a good configuration: %v", err)
	}
	bad := Config{
		BaseURL:        "ricircolo.example/path",
		AppURL:         "/app/",
		TrustedProxies: []netip.Prefix{{}, netip.MustParsePrefix("0.0.0.0/0")},
		Limits: Limits{
			ReadTimeout: -1, Stream: 2 * time.Hour, Drain: time.Hour, Header: 1, Body: 1 << 30, ConnectionsPerAddress: 5000, Heavy: -1,
			Address: Rate{PerSecond: -1, Burst: 1}, Reports: ReportLimits{Body: 1, Label: Rate{PerSecond: 1, Burst: -1}},
		},
	}
	err := bad.Validate()
	if err == nil {
		t.Fatal("a bad configuration was taken")
	}
	for _, want := range []string{
		"base URL", `network "invalid Prefix"`, `network "0.0.0.0/0"`, "ready check", "logger", "version", "read timeout", "stream", "drain",
		"header bytes", "body bytes", "connections per address", "heavy requests", "rates: address", "rates: reports of a label",
		"lab is missing", "app URL", "report bytes",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got no fault about %s: %v", want, err)
		}
	}
	if _, err := New(bad, Services{}); err == nil {
		t.Error("New took a bad configuration")
	}
	if _, err := New(testConfig(), Services{}); err == nil {
		t.Error("New took no authenticator")
	}
}

func TestTableIsChecked(t *testing.T) {
	good := testRoute(get, "/a", Cheap, sink)
	for _, tt := range []struct {
		name  string
		table []Route
	}{
		{"no action", []Route{{get, "/a", "", Cheap, sink}}},
		{"unknown action", []Route{{get, "/a", "bins.paint", Cheap, sink}}},
		{"unknown method", []Route{{"TRACE", "/a", Public, Cheap, sink}}},
		{"no handler", []Route{{get, "/a", Public, Cheap, nil}}},
		{"twice", []Route{good, good}},
		{"public batch", []Route{{post, "/a", Public, Batch, sink}}},
	} {
		if err := checkTable(tt.table); err == nil {
			t.Errorf("%s: was taken", tt.name)
		}
	}
	if err := checkTable([]Route{good, testRoute(fiber.MethodPost, "/a", Cheap, sink)}); err != nil {
		t.Errorf("a good table: %v", err)
	}
}
