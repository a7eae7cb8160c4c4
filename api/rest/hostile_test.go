package rest

import (
	"net/url"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/access"
)

// writeBody is a write with a good body.
type writeBody struct {
	method, path string
	body         fields
	ifMatch      string
}

// peopleWrites are all writes with a body about people, phones and the
// catalogue.
func peopleWrites(user string) []writeBody {
	writes := []writeBody{
		{post, "/api/v1/auth/login", fields{"email": "a@example.org", "password": "x", "membership": 0}, ""},
		{post, "/api/v1/auth/refresh", fields{"refreshToken": "rrt_x"}, ""},
		{post, "/api/v1/auth/invitations/accept", fields{"code": "00000", "password": secret}, ""},
		{post, "/api/v1/auth/devices/redeem", fields{"code": "00000"}, ""},
		{post, "/api/v1/me/password", fields{"current": "x", "new": secret}, ""},
		{post, usersPath, fields{"email": "new@example.org", "name": "N", "password": secret, "memberships": []fields{{"role": "ward", "facility": "f1", "ward": "w1"}}}, ""},
		{patch, usersPath + "/" + user, fields{"name": "N", "disabled": false, "memberships": []fields{{"role": "plant", "recycler": "r1"}}}, `"v1"`},
		{post, devicesPath, fields{"name": "N", "facility": "f1", "ward": "w1"}, ""},
	}
	writes = append(writes,
		writeBody{post, printersPath, printerBody, ""}, writeBody{put, printersPath + "/p1", printerBody, `"v1"`},
		writeBody{post, sheetsPath, aSheet("nostro"), ""}, writeBody{put, sheetsPath + "/nostro", sheetBody, `"v1"`},
		writeBody{post, "/api/v1/label-sheets", fields{
			"codes": []string{"7K4M9QXP2RTBW"}, "sheet": "L7160", "printer": "p1", "format": "pdf", "skip": 1, "cutMarks": true, "language": "it", "dpi": 300,
		}, ""},
	)
	ids := map[string]string{facilitiesPath: "f1", wardsPath: "w1", recyclersPath: "r1", streamsPath: "s1"}
	for path, body := range catalogueBodies {
		writes = append(writes, writeBody{post, path, body, ""}, writeBody{put, path + "/" + ids[path], body, `"v1"`})
	}
	return writes
}

func TestWritesAboutPeopleTakeNothingElse(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	coordinator, _ := p.signedIn(t, access.Coordinator, "")
	_, user := p.signedIn(t, access.Ward, "f1")
	before := everything(t, coordinator)
	for _, w := range peopleWrites(user) {
		headers := []string{}
		if w.ifMatch != "" {
			headers = []string{"If-Match", w.ifMatch}
		}
		good := mustMarshal(t, w.body)
		for name, body := range resttest.ForeignKeyVariants(t, good) {
			if got := coordinator.Do(t, w.method, w.path, body, headers...); got.Status != 400 {
				t.Errorf("%s %s: %s: got status %d, want 400: %s", w.method, w.path, name, got.Status, got.Body)
			}
		}
	}
	if after := everything(t, coordinator); after != before {
		t.Errorf("got %s, want what was there before: %s", after, before)
	}
}

// everything is all that the listings show.
func everything(tb testing.TB, c *resttest.Client) string {
	tb.Helper()
	var b strings.Builder
	for _, path := range []string{usersPath, devicesPath, facilitiesPath, wardsPath, recyclersPath, streamsPath, printersPath, sheetsPath} {
		b.Write(c.Do(tb, get, path+"?limit=200", nil).Want(tb, 200).Body)
	}
	return b.String()
}

// Names are kept as they are given, whatever they would mean to a spreadsheet,
// a browser or a database, or refused; never changed and never executed.
func TestHostileNames(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	coordinator, _ := p.signedIn(t, access.Coordinator, "")
	for name, kept := range map[string]bool{
		"=HYPERLINK(\"http://evil\")": true, "@SUM(1)": true, "<script>alert(1)</script>": true, "'; DROP TABLE docs; --": true,
		"{\"$gt\": \"\"}": true, "a.b$c": true, "__proto__": true, "漢字 ß é 😀": true, "%s%n%d": true, "../../etc/passwd": true,
		"a\x00b": false, "a\rb": false, strings.Repeat("x", 5000): false, "": false, "   ": false,
	} {
		for path, body := range map[string]fields{
			facilitiesPath: {"name": name},
			recyclersPath:  {"name": name},
			wardsPath:      {"facility": "f1", "name": name},
			devicesPath:    {"facility": "f1", "name": name},
			printersPath:   {"facility": "f1", "name": name},
		} {
			answer := coordinator.Do(t, post, path, body)
			if !kept {
				answer.Want(t, 400)
				continue
			}
			var got struct{ Name string }
			coordinator.Do(t, get, answer.Want(t, 201).Header.Get("Location"), nil).Want(t, 200).JSON(t, &got)
			if got.Name != name {
				t.Errorf("%s: got %q, want %q", path, got.Name, name)
			}
		}
	}
}

func TestHostileIDs(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	coordinator, _ := p.signedIn(t, access.Coordinator, "")
	ids := []string{"..", ".", "%2e%2e%2f", "%00", "a%00b", "%ff%fe", "'%20OR%201=1", "$gt", "%7B%22$gt%22:1%7D", "*", "~", strings.Repeat("a", 2000), url.PathEscape("漢字"), "-1", "0", "null"}
	for _, id := range ids {
		for _, path := range []string{usersPath, devicesPath, facilitiesPath, wardsPath, recyclersPath, streamsPath, printersPath, sheetsPath, batchesPath} {
			wantNothing(t, coordinator, get, path+"/"+id, nil)
			if body := catalogueBodies[path]; body != nil {
				wantNothing(t, coordinator, put, path+"/"+id, body)
			}
		}
		wantNothing(t, coordinator, put, printersPath+"/"+id, printerBody)
		wantNothing(t, coordinator, put, sheetsPath+"/"+id, sheetBody)
		for _, path := range []string{printersPath, sheetsPath} {
			wantNothing(t, coordinator, get, path+"/"+id+"/calibration.pdf", nil)
		}
		wantNothing(t, coordinator, patch, usersPath+"/"+id, fields{"name": "x"})
		for _, path := range []string{usersPath + "/" + id + "/erase", usersPath + "/" + id + "/invite", usersPath + "/" + id + "/sessions/revoke", devicesPath + "/" + id + "/revoke"} {
			wantNothing(t, coordinator, post, path, nil)
		}
	}
}

// wantNothing sends a request that must find nothing.
func wantNothing(tb testing.TB, c *resttest.Client, method, path string, body any) {
	tb.Helper()
	if a := c.Do(tb, method, path, body, "If-Match", `"v1"`); a.Status != 404 && a.Status != 405 {
		tb.Errorf("%s %s: got %d %s, want nothing there", method, path, a.Status, a.Body)
	}
}
