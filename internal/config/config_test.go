package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/ricircolo/ricircolo/qrlabels"
)

var update = flag.Bool("update", false, "write the golden files anew")

// somePepper is 32 bytes in base64.
const somePepper = "c2l4dGVlbiBieXRlcyBhcmUgbm90IGVub3VnaCBoZXI="

// parse is what `serve args…` gives in an environment that holds nothing of
// ours but env.
func parse(t *testing.T, env map[string]string, args ...string) (Config, error) {
	t.Helper()
	for _, s := range (Config{}).settings() {
		unset(t, s.env)
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	var command struct {
		Serve struct {
			Config
		} `cmd:"" help:"Serve."`
	}
	_, err := newParser(t, &command).Parse(append([]string{"serve"}, args...))
	return command.Serve.Config, err
}

// unset takes a variable away until the end of the test.
func unset(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "")
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}

func newParser(t *testing.T, command any, options ...kong.Option) *kong.Kong {
	t.Helper()
	parser, err := kong.New(command, append(options, kong.Name("ricircolo"), kong.Exit(func(int) {}))...)
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

// mustParse is parse for what is right.
func mustParse(t *testing.T, env map[string]string, args ...string) Config {
	t.Helper()
	c, err := parse(t, env, args...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryFieldIsDocumented(t *testing.T) {
	flags := make(map[string]bool)
	for _, s := range (Config{}).settings() {
		if want := "RICIRCOLO_" + strings.ToUpper(strings.ReplaceAll(s.flag, "-", "_")); s.flag == "" || s.env != want {
			t.Errorf("field %s: flag %q has the variable %q, want %q", s.field, s.flag, s.env, want)
		}
		if got := strings.ReplaceAll(s.flag, "-", ""); got != strings.ToLower(s.field) {
			t.Errorf("field %s has the flag --%s", s.field, s.flag)
		}
		if !strings.HasSuffix(s.help, ".") {
			t.Errorf("field %s: help is %q, want a sentence", s.field, s.help)
		}
		if flags[s.flag] {
			t.Errorf("two fields have the flag --%s", s.flag)
		}
		flags[s.flag] = true
	}
	if len(flags) != 33 {
		t.Errorf("got %d settings, want 33: is the embedded part walked?", len(flags))
	}
}

// The names that operators have written into their files must not drift.
func TestHelpGolden(t *testing.T) {
	t.Setenv("COLUMNS", "100")
	var out bytes.Buffer
	var command struct {
		Config
	}
	if _, err := newParser(t, &command, kong.Writers(&out, &out)).Parse([]string{"--help"}); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "help.golden")
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("help differs from %s; if that is meant, run go test ./internal/config -update. Got:\n%s", golden, out.String())
	}
}

func TestDefaults(t *testing.T) {
	c := mustParse(t, nil)
	want := Config{
		Data: "data", Listen: "127.0.0.1:8080", MetricsFrom: networks(t, "127.0.0.0/8,::1/128"),
		Lab: "lab", LabName: "Laboratorio territoriale", LogLevel: slog.LevelInfo, LogFormat: "text", TokenAudience: "ricircolo",
		Limits: Limits{
			MaxBody: 64 * KiB, MaxBatchBody: 256 * KiB, MaxConnections: 2048, MaxConnectionsPerAddress: 512,
			MaxReads: 256, MaxWrites: 256, MaxHeavy: 8, AddressRate: 200, AddressBurst: 1000, CallerRate: 20, CallerBurst: 100,
		},
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	if got := c.PublicURL(); got != "http://127.0.0.1:8080" {
		t.Errorf("public URL: got %q, want the address to listen on", got)
	}
	if c.Issuer() != c.PublicURL() {
		t.Errorf("issuer: got %q, want the public URL", c.Issuer())
	}
}

func networks(t *testing.T, s string) Networks {
	t.Helper()
	var n Networks
	if err := n.UnmarshalText([]byte(s)); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSources(t *testing.T) {
	env := map[string]string{
		"RICIRCOLO_DATA": "/srv/a", "RICIRCOLO_BASE_URL": "https://ricircolo.example", "RICIRCOLO_LISTEN": "0.0.0.0:80",
		"RICIRCOLO_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1", "RICIRCOLO_MEMORY_LIMIT": "512MiB", "RICIRCOLO_LOG_LEVEL": "debug",
		"RICIRCOLO_PEPPER": somePepper,
	}
	c := mustParse(t, env, "--data", "/srv/b", "--max-body=32KiB", "--token-issuer=lab")
	if c.Data != "/srv/b" {
		t.Errorf("data: got %q, want the flag to win", c.Data)
	}
	if got, want := c.TrustedProxies.String(), "10.0.0.0/8,192.0.2.1/32"; got != want {
		t.Errorf("trusted proxies: got %s, want %s", got, want)
	}
	if c.MemoryLimit != 512*MiB || c.MaxBody != 32*KiB || c.LogLevel != slog.LevelDebug {
		t.Errorf("got %s, %s, %s", c.MemoryLimit, c.MaxBody, c.LogLevel)
	}
	if c.PublicURL() != "https://ricircolo.example" || c.Issuer() != "lab" {
		t.Errorf("got the URL %q and the issuer %q", c.PublicURL(), c.Issuer())
	}
	if c.Pepper.Reveal() != somePepper {
		t.Error("pepper was not read from the environment")
	}
}

func TestSecretOnTheCommandLine(t *testing.T) {
	for _, name := range []string{"pepper", "token-secret", "signing-key"} {
		_, err := parse(t, nil, "--"+name, somePepper)
		if err == nil || !strings.Contains(err.Error(), "readable by all users") || strings.Contains(err.Error(), somePepper) {
			t.Errorf("--%s: got %v, want a refusal that does not repeat it", name, err)
		}
	}
}

func TestValidateListsAllFaults(t *testing.T) {
	_, err := parse(t, map[string]string{
		"RICIRCOLO_LISTEN": "8080", "RICIRCOLO_STORE": "mysql://root:hunter2@db/x", "RICIRCOLO_LOG_FORMAT": "xml", "RICIRCOLO_PEPPER": "short", "RICIRCOLO_LAB": "Lab 1",
	}, "--data=", "--lab-name= ", "--max-heavy=0", "--trusted-proxies=0.0.0.0/0,10.1.0.0/8", "--token-secret-file=x", "--caller-rate=-1")
	if err == nil {
		t.Fatal("got no fault")
	}
	for _, want := range []string{
		`--data (RICIRCOLO_DATA) is "": name a folder`,
		`--store (RICIRCOLO_STORE) is "mysql://root:***@db/x": want mongodb://HOST:PORT/DATABASE`,
		`--listen (RICIRCOLO_LISTEN) is "8080": want an address and a port`,
		`--base-url (RICIRCOLO_BASE_URL) is "": name it`,
		`--trusted-proxies (RICIRCOLO_TRUSTED_PROXIES) is "0.0.0.0/0,10.1.0.0/8": 0.0.0.0/0 is everybody`,
		`10.1.0.0/8 has bits set behind its mask; write 10.0.0.0/8`,
		`--lab (RICIRCOLO_LAB) is "Lab 1": want 1 to 40 characters`,
		`--lab-name (RICIRCOLO_LAB_NAME) is " ": want a name`,
		`--log-format (RICIRCOLO_LOG_FORMAT) is "xml": want text or json`,
		`--max-heavy (RICIRCOLO_MAX_HEAVY) is "0": want 1 to 1024`,
		`--caller-rate (RICIRCOLO_CALLER_RATE) is "-1": want more than 0`,
		`--pepper (RICIRCOLO_PEPPER) is "[secret]": want 32 bytes in base64`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("faults do not say %q", want)
		}
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != 12 {
		t.Errorf("got %d lines, want one for each of 12 faults:\n%v", got, err)
	}
}

func TestValidate(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		says string // empty: fine
	}{
		{"https anywhere", []string{"--listen=:8080", "--base-url=https://ricircolo.example"}, ""},
		{"http on localhost", []string{"--base-url=http://localhost:8080"}, ""},
		{"http on ::1", []string{"--listen=[::1]:8080"}, ""},
		{"http to the world", []string{"--base-url=http://ricircolo.example"}, "want https"},
		{"path in the URL", []string{"--base-url=https://ricircolo.example/"}, "without a path"},
		{"user in the URL", []string{"--base-url=https://a:b@ricircolo.example"}, "without a path"},
		{"all addresses without a URL", []string{"--listen=:8080"}, "where do phones find the server"},
		{"any port without a URL", []string{"--listen=127.0.0.1:0"}, "port 0"},
		{"any port with a URL", []string{"--listen=127.0.0.1:0", "--base-url=http://127.0.0.1:9"}, ""},
		{"no port", []string{"--listen=127.0.0.1"}, "want an address and a port"},
		{"port too large", []string{"--listen=127.0.0.1:65536"}, "want an address and a port"},
		{"a little memory", []string{"--memory-limit=1MiB"}, "at least 64MiB"},
		{"a batch below the body", []string{"--max-batch-body=1KiB"}, "--max-body (64KiB) to 1MiB"},
		{"more for one address than in all", []string{"--max-connections=10"}, "want 1 to 10"},
		{"rate is no number", []string{"--address-rate=NaN"}, "--address-rate"},
		{"rate without end", []string{"--caller-rate=Inf"}, "--caller-rate"},
		{"not a size", []string{"--max-body=64KB"}, "write it like 65536, 64KiB"},
		{"app on this host", []string{"--app-url=/app"}, ""},
		{"app deeper on this host", []string{"--app-url=/apps/ricircolo_2"}, ""},
		{"app elsewhere", []string{"--app-url=https://app.ricircolo.example"}, "own host"},
		{"app by its URL", []string{"--base-url=https://ricircolo.example", "--app-url=https://ricircolo.example/app"}, ""},
		{"app on a developer's machine", []string{"--app-url=http://127.0.0.1:5173"}, ""},
		{"app at the top of this host", []string{"--app-url=/"}, "want a path"},
		{"app on a host that looks like a path", []string{"--app-url=//evil.example"}, "want a path"},
		{"the same by a backslash", []string{"--app-url=/\\evil.example"}, "want a path"},
		{"app that leads up again", []string{"--app-url=/.."}, "want a path"},
		{"app with a slash at its end", []string{"--app-url=/app/"}, "without a slash at its end"},
		{"app with a query", []string{"--app-url=https://app.example/a?b=c"}, "want a path"},
		{"app with a user", []string{"--app-url=https://a:b@app.example"}, "want a path"},
		{"app by a script", []string{"--app-url=javascript:alert(1)"}, "want a path"},
		{"app over http", []string{"--app-url=http://app.example"}, "want https"},
		{"app in a circle", []string{"--base-url=https://ricircolo.example", "--app-url=https://ricircolo.example"}, "a path of its own"},
		{"app in a circle of this machine", []string{"--app-url=http://127.0.0.1:8080"}, "a path of its own"},
		{"a company prefix", []string{"--gs1-company-prefix=9521234"}, ""},
		{"a company prefix and an asset type", []string{"--gs1-company-prefix=9521234", "--gs1-asset-type=00022"}, ""},
		{"the shortest company prefix", []string{"--gs1-company-prefix=952123"}, ""},
		{"the longest company prefix", []string{"--gs1-company-prefix=952123400002"}, ""},
		{"a company prefix that is too short", []string{"--gs1-company-prefix=95212"}, "--gs1-company-prefix (RICIRCOLO_GS1_COMPANY_PREFIX) is \"95212\": want the 6 to 12 digits"},
		{"a company prefix that is too long", []string{"--gs1-company-prefix=9521234000028"}, "--gs1-company-prefix (RICIRCOLO_GS1_COMPANY_PREFIX) is \"9521234000028\": want the 6 to 12 digits"},
		{"a company prefix with a letter", []string{"--gs1-company-prefix=952123X"}, "and nothing else"},
		{"a company prefix with a blank", []string{"--gs1-company-prefix=9521234 "}, "and nothing else"},
		{"a wrong prefix, whatever the asset type", []string{"--gs1-company-prefix=1", "--gs1-asset-type=x"}, "--gs1-company-prefix"},
		{"an asset type that is too short", []string{"--gs1-company-prefix=9521234", "--gs1-asset-type=0022"}, "--gs1-asset-type (RICIRCOLO_GS1_ASSET_TYPE) is \"0022\": want 5 digits, which fill the prefix 9521234 up to 12"},
		{"an asset type that is too long", []string{"--gs1-company-prefix=9521234", "--gs1-asset-type=000022"}, "want 5 digits"},
		{"an asset type with a letter", []string{"--gs1-company-prefix=9521234", "--gs1-asset-type=0002X"}, "want 5 digits"},
		{"an asset type where there is no room", []string{"--gs1-company-prefix=952123400002", "--gs1-asset-type=0"}, "leave it out: the prefix has all 12 digits"},
		{"an asset type without a company", []string{"--gs1-asset-type=00022"}, "set --gs1-company-prefix as well"},
		{"a database", []string{"--store=mongodb://a:27017,b:27017/lab?replicaSet=rs0"}, ""},
		{"a database by its domain", []string{"--store=mongodb+srv://cluster.example/lab"}, ""},
		{"a database of no host", []string{"--store=mongodb:///lab"}, "--store (RICIRCOLO_STORE)"},
		{"a folder for a database", []string{"--store=sqlite:data"}, "leave it out for the SQLite file"},
		{"another database", []string{"--store=postgres://db/lab"}, "want mongodb://HOST:PORT/DATABASE or mongodb+srv"},
		{"a password for all to read", []string{"--store=mongodb://u:hunter2@db/lab"}, "readable by all users"},
		{"not a network", []string{"--metrics-from=ward"}, "write it like 10.0.0.0/8"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := parse(t, nil, row.args...)
			if (err == nil) != (row.says == "") || (err != nil && !strings.Contains(err.Error(), row.says)) {
				t.Errorf("got %v, want %q", err, row.says)
			}
		})
	}
}

// What is on a label follows from the settings.
func TestLabels(t *testing.T) {
	code, err := qrlabels.ParseCode("7K4M9QXP2RTBW")
	if err != nil {
		t.Fatal(err)
	}
	const base = "--base-url=https://ricircolo.example"
	for _, row := range []struct {
		args []string
		want string
	}{
		{nil, "HTTP://127.0.0.1:8080/B/7K4M9QXP2RTBW"},
		{[]string{base}, "HTTPS://RICIRCOLO.EXAMPLE/B/7K4M9QXP2RTBW"},
		{[]string{base, "--gs1-company-prefix=9521234", "--gs1-asset-type=00022"}, "HTTPS://RICIRCOLO.EXAMPLE/8003/095212340002287K4M9QXP2RTBW"},
		{[]string{base, "--gs1-company-prefix=9521234"}, "HTTPS://RICIRCOLO.EXAMPLE/8003/095212340000067K4M9QXP2RTBW"},
		{[]string{base, "--gs1-company-prefix=952123400002"}, "HTTPS://RICIRCOLO.EXAMPLE/8003/095212340000207K4M9QXP2RTBW"},
	} {
		labels, err := mustParse(t, nil, row.args...).Labels()
		if err != nil {
			t.Errorf("%v: %v", row.args, err)
		} else if got := labels.Payload(code); got != row.want {
			t.Errorf("%v: got %s, want %s", row.args, got, row.want)
		}
	}
	if _, err := mustParse(t, nil, "--base-url=https://a-host-that-is-too-long.ricircolo.example").Labels(); err == nil || !strings.Contains(err.Error(), "host and port") {
		t.Errorf("a host that is too long for a label: got %v", err)
	}
}

func TestSecretGivenTwice(t *testing.T) {
	for _, name := range []string{"PEPPER", "TOKEN_SECRET", "SIGNING_KEY"} {
		_, err := parse(t, map[string]string{"RICIRCOLO_" + name: somePepper, "RICIRCOLO_" + name + "_FILE": "/run/secret"})
		want := "RICIRCOLO_" + name + " is set as well; give one of the two"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	_, err := parse(t, map[string]string{"RICIRCOLO_PEPPER": somePepper, "RICIRCOLO_TOKEN_SECRET": somePepper})
	if err == nil || !strings.Contains(err.Error(), "want another one than RICIRCOLO_PEPPER") {
		t.Errorf("same secret for both: got %v", err)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	c := mustParse(t, map[string]string{"RICIRCOLO_PEPPER": somePepper})
	var text bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%T %[1]v"} {
		fmt.Fprintf(&text, verb, c)
		fmt.Fprintf(&text, verb, c.Pepper)
		fmt.Fprintf(&text, verb, &c.Pepper)
		fmt.Fprintf(&text, verb, []Secret{c.Pepper})
	}
	slog.New(slog.NewTextHandler(&text, nil)).Info("started", "config", c, "pepper", c.Pepper)
	slog.New(slog.NewJSONHandler(&text, nil)).Info("started", "config", c, "pepper", c.Pepper)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	text.Write(asJSON)
	for _, hidden := range []string{somePepper, fmt.Sprintf("%x", somePepper), fmt.Sprintf("%X", somePepper)} {
		if strings.Contains(text.String(), hidden) {
			t.Errorf("the pepper is in the output:\n%s", &text)
		}
	}
	if !strings.Contains(text.String(), `"pepper":"[secret]"`) || !strings.Contains(text.String(), "config.pepper=[secret]") {
		t.Errorf("the output does not say that there is a pepper:\n%s", &text)
	}
}

func TestLogValue(t *testing.T) {
	var text bytes.Buffer
	c := mustParse(t, nil, "--log-format=json")
	c.Logger(&text).Info("started", "config", c)
	var line struct {
		Config map[string]any `json:"config"`
	}
	if err := json.Unmarshal(text.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for _, s := range c.settings() {
		if _, there := line.Config[s.flag]; !there {
			t.Errorf("--%s is not in the log", s.flag)
		}
	}
	for name, want := range map[string]string{"listen": "127.0.0.1:8080", "max-body": "64KiB", "metrics-from": "127.0.0.0/8,::1/128", "pepper": ""} {
		if got := line.Config[name]; got != want {
			t.Errorf("%s: got %v, want %q", name, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	for _, row := range []struct{ text, canonical string }{
		{"0", "0"}, {"1", "1"}, {"1023", "1023"}, {"1024", "1KiB"}, {"65536", "64KiB"}, {"1536KiB", "1536KiB"}, {"1024MiB", "1GiB"},
		{"1048575GiB", "1048575GiB"},
		{"", ""}, {"-1", ""}, {"64K", ""}, {"64 KiB", ""}, {"1.5MiB", ""}, {"KiB", ""}, {"1048576GiB", ""}, {"99999999999999999999", ""},
	} {
		var s Size
		err := s.UnmarshalText([]byte(row.text))
		if (err == nil) != (row.canonical != "") || (err == nil && s.String() != row.canonical) {
			t.Errorf("%q: got %s, %v, want %q", row.text, s, err, row.canonical)
		}
	}
}
