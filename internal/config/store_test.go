package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestStoreIsPrintedWithoutItsPassword(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		"sqlite:data":                       "sqlite:data",
		"mongodb://db:27017/lab":            "mongodb://db:27017/lab",
		"mongodb://u@db/lab":                "mongodb://u@db/lab",
		"mongodb://u:hunter2@db/lab?ssl=on": "mongodb://u:***@db/lab?ssl=on",
		"mongodb+srv://u:hunter2@a.b/lab":   "mongodb+srv://u:***@a.b/lab",
		"mongodb://u:hunter2@a:1,b:2,c:3/x": "mongodb://u:***@a:1,b:2,c:3/x",
		// Not escaped, as it should be: still not printed.
		"mongodb://u:hun/ter2@db/lab":                                "mongodb://u:***@db/lab",
		"mongodb://u:hun@hunter2@db/lab":                             "mongodb://u:***@db/lab",
		"mongodb://u:hun?hunter2@db/lab":                             "mongodb://u:***@db/lab",
		"u:hunter2@db/lab":                                           "u:***@db/lab",
		"mongodb://db/lab?tlsCertificateKeyFilePassword=hunter2&a=b": "mongodb://db/lab?tlsCertificateKeyFilePassword=***&a=b",
		"mongodb://db/?authMechanismProperties=TOKEN:hunter2":        "mongodb://db/?authMechanismProperties=***",
	} {
		s := NewStore(text)
		if got := s.String(); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
		if s.Reveal() != text {
			t.Errorf("Reveal: got %s, want %s", s.Reveal(), text)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", Config{Store: s})
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", Config{Store: s}, "store", s)
		asJSON, err := json.Marshal(struct{ S Store }{s})
		if err != nil {
			t.Fatal(err)
		}
		printed := fmt.Sprintf("%v %+v %#v %s %q %d %v %+v", s, s, s, s, s, s, Config{Store: s}, &s) + string(asJSON) + log.String()
		if strings.Contains(printed, "hunter2") {
			t.Errorf("%s: the password is in %s", text, printed)
		}
	}
}

func TestStoreWithAPasswordFromTheEnvironment(t *testing.T) {
	const uri = "mongodb://u:hunter2@db/lab"
	c := mustParse(t, map[string]string{"RICIRCOLO_STORE": uri})
	if c.Store.Reveal() != uri || !c.Store.MongoDB() {
		t.Errorf("got %s, want the database", c.Store)
	}
	if _, err := parse(t, map[string]string{"RICIRCOLO_STORE": "mysql://u:hunter2@db/lab"}, "--log-format=xml"); err == nil ||
		strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "--log-format") {
		t.Errorf("got %v, want both faults and no password", err)
	}
	if _, err := parse(t, nil, "--store="+uri); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want a refusal that does not repeat it", err)
	}
}

func TestStoreCheck(t *testing.T) {
	for text, folder := range map[string]string{"sqlite:data": "data", "sqlite:/srv/a b": "/srv/a b", "mongodb://db": ""} {
		s := NewStore(text)
		dir, named := s.Folder()
		if err := s.Check(); err != nil || dir != folder || named != (folder != "") || named == s.MongoDB() {
			t.Errorf("%s: got %v, folder %q", text, err, dir)
		}
	}
	for _, text := range []string{"", "data", "sqlite:", "mongodb://", "http://db", "mongodb:db"} {
		if err := NewStore(text).Check(); err == nil || !strings.Contains(err.Error(), "want sqlite:DIR") {
			t.Errorf("%q: got %v, want a fault that says what to write", text, err)
		}
	}
}
