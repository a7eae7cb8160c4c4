package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// workflows are the scripts that say how the product behaves when things go
// well and when they don't. They are run against the real binary; how to read
// them is in script_test.go.
const workflows = "testdata/workflows"

// prelude is the script that furnishes the lab from which all others begin.
const prelude = "prelude.txt"

// TestWorkflows runs each script on a lab of its own: a copy of the one that
// the prelude made. When it is over, the store must agree with its ledger.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob(filepath.Join(workflows, "W*.txt"))
	if err != nil || len(scripts) < 12 {
		t.Fatalf("found %d scripts (%v), want 12 and more", len(scripts), err)
	}
	onEngines(t, func(t *testing.T, newSite func(testing.TB) site) {
		t.Parallel()
		furnished, known := mustFurnish(t, newSite(t))
		for _, script := range scripts {
			t.Run(strings.TrimSuffix(filepath.Base(script), ".txt"), func(t *testing.T) {
				t.Parallel()
				lab := furnished.copy(t, newSite)
				server := lab.serve(t)
				in := newInterpreter(server.url)
				maps.Copy(in.vars, known)
				mustRun(t, in, script)
				server.mustStop(t)
				mustVerify(t, lab)
			})
		}
	})
}

// mustFurnish makes the lab of the prelude on a new site. It returns the site,
// and what the prelude named. Sign-ins stay valid in copies: the tests' servers
// all issue tokens under one name.
func mustFurnish(t *testing.T, lab site) (furnished site, known map[string]any) {
	t.Helper()
	const email, password = "coordinator@lab.example", "first sign-in of the lab"
	printed, code := programReading(t, password+"\n", lab.at("user", "create", "--lab", "prova", "--lab-name", "Laboratorio di prova",
		"--email", email, "--name", "Coordinator", "--password-file", "-", "--token-issuer", "ricircolo-test")...)
	if code != 0 {
		t.Fatalf("user create ended with %d:\n%s", code, printed)
	}
	server := lab.serve(t)
	in := newInterpreter(server.url)
	in.vars["coordinatorEmail"], in.vars["coordinatorPassword"] = email, password
	mustRun(t, in, filepath.Join(workflows, prelude))
	server.mustStop(t)
	mustVerify(t, lab)
	return lab, in.vars
}

func mustRun(t *testing.T, in *interpreter, script string) {
	t.Helper()
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.run(script, string(text)); err != nil {
		t.Fatal(err)
	}
}

// mustVerify checks a stopped store: file, chain, documents and masses.
func mustVerify(t *testing.T, lab site) {
	t.Helper()
	if printed := mustProgram(t, lab.at("verify")...); !strings.Contains(printed, "masses close") {
		t.Errorf("verify says:\n%s", printed)
	}
}

// Controls: what is not as a script says is noticed, and told with the line,
// the request and the answer.
func TestScriptsNoticeWhatIsWrong(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v7"`)
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"status":"applied","netGrams":12345678901234567,"items":[{"id":"a","n":1},{"id":"b","n":2}],"asked":"` + r.URL.Path + `","by":"` + r.Header.Get("Authorization") + `"}`))
	}))
	t.Cleanup(server.Close)
	const request = "POST /api/v1/things\n{\"a\":1}\n"
	for _, c := range []struct {
		name, script string
		want         string // in the message; empty: the script holds
	}{
		{"all holds", request + "=> 201\nstatus == \"applied\"\nnetGrams == 12345678901234567\nitems count 2\nitems[id=b].n == 2\nitems[1].n != 1\n" +
			"items[0] == {\"n\": 1, \"id\": \"a\"}\nstatus contains \"appl\"\nstatus lacks \"refused\"\nproblem missing\nitems exists\nheader ETag == \"v7\"\ntext contains \"asked\"", ""},
		{"captured values", request + "=> 201\ncapture first = items[0]\nlet n = 2\nGET /$n/${n}\n=> 201\nitems[0] == $first\nasked == \"/2/2\"\nitems[n=$n].id == \"b\"", ""},
		{"roles", "let nurseToken = secret\nas nurse\n" + request + "=> 201\nby == \"Bearer secret\"\nas nobody\n" + request + "=> 201\nby == \"\"", ""},
		{"another status", request + "=> 200\n", "s.txt:3: => 200: got 201"},
		{"another value", request + "=> 201\nstatus == \"refused\"", `s.txt:4: status == "refused": got "applied"`},
		{"the request is shown", request + "=> 201\nstatus == \"refused\"", "POST /api/v1/things\n{\"a\":1}"},
		{"the answer is shown", request + "=> 201\nstatus == \"refused\"", "=> 201"},
		{"a number off by one gram", request + "=> 201\nnetGrams == 12345678901234568", "got 12345678901234567"},
		{"not there", request + "=> 201\nitems[id=c].n == 1", "no such thing"},
		{"there", request + "=> 201\nstatus missing", "it is there"},
		{"another count", request + "=> 201\nitems count 3", "got 2"},
		{"lacks", request + "=> 201\ntext lacks \"applied\"", "s.txt:4"},
		{"header", request + "=> 201\nheader ETag == \"v8\"", `got "\"v7\""`},
		{"unknown name", "GET /$nothing\n=> 200", "nothing is called $nothing"},
		{"unknown role", "as nurse\nGET /\n=> 200", "nothing is called $nurseToken"},
		{"no status", request, "no line => STATUS"},
		{"no statement", "status equals 1", "is no statement"},
		{"nothing to speak of", "status == 1", "no answer yet"},
		{"capture of nothing", request + "=> 201\ncapture x = y", "there is no y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := newInterpreter(server.URL).run("s.txt", c.script)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v, want no fault", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}
