package rest

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

func TestReportsByForm(t *testing.T) {
	w := mustWorld(t)
	_, code := w.mustBin(t, "1")
	manager := w.as("manager", "f1")
	inbox := func() (got listing[reportResponse]) {
		t.Helper()
		manager.Do(t, get, reportsPath, nil).Want(t, 200).JSON(t, &got)
		return got
	}
	response, _ := submit(t, w.Base, code, url.Values{"problem": {"full"}, "note": {"<b>Il coperchio</b>\r\nè rotto"}, "topic": {""}})
	if got, want := response.Header.Get("Location"), "/b/"+code+"/thanks?status=received"; response.StatusCode != 303 || got != want {
		t.Errorf("got %s to %q, want 303 to %q", response.Status, got, want)
	}
	if got := inbox().Items; len(got) != 1 || got[0].Label != code || got[0].Problem != finder.Full || got[0].Note != "<b>Il coperchio</b>\nè rotto" {
		t.Errorf("got %+v, want the report as it was written", got)
	}
	response, _ = submit(t, w.Base, code, url.Values{"problem": {"full"}, "note": {"<b>Il coperchio</b>\r\nè rotto"}})
	if got, want := response.Header.Get("Location"), "/b/"+code+"/thanks?status=already-reported"; got != want {
		t.Errorf("the same again leads to %q, want %q", got, want)
	}
	for status, says := range map[string]string{"": "Thank you!", "?status=received": "Thank you!", "?status=already-reported": "we know already"} {
		response, page := visit(t, w.Base, get, "/b/"+code+"/thanks"+status, "", asPage...)
		if response.StatusCode != 200 || !strings.Contains(page, says) {
			t.Errorf("thanks%s: got %s, want %q: %s", status, response.Status, says, page)
		}
		wantPage(t, response, page)
	}
	// A program that fills in what people do not see is thanked alike.
	response, _ = submit(t, w.Base, code, url.Values{"problem": {"other"}, "topic": {"http://buy.example"}})
	if got, want := response.Header.Get("Location"), "/b/"+code+"/thanks?status=received"; response.StatusCode != 303 || got != want {
		t.Errorf("a trapped program: got %s to %q, want what all others get", response.Status, got)
	}
	if got := inbox().Items; len(got) != 1 {
		t.Errorf("got %d reports, want still one", len(got))
	}
}

func TestReportsByPrograms(t *testing.T) {
	w := mustWorld(t)
	_, code := w.mustBin(t, "1")
	path := "/b/" + code + "/reports"
	var got thanksResponse
	w.Do(t, post, path, fields{"problem": "damaged", "note": "x"}).Want(t, 202).JSON(t, &got)
	if got.Status != finder.Received {
		t.Errorf("got %+v", got)
	}
	w.Do(t, post, path, fields{"problem": "damaged", "note": "x"}).Want(t, 202).JSON(t, &got)
	if got.Status != finder.AlreadyReported {
		t.Errorf("the same again: got %+v", got)
	}
	w.Do(t, get, "/b/"+code+"/thanks", nil, asData...).Want(t, 200)
	w.Do(t, post, path, fields{"problem": "ugly"}).WantProblem(t, 400, "report-invalid")
	w.Do(t, post, path, fields{"problem": "full", "topic": ""}).WantProblem(t, 400, "body-invalid")
	w.Do(t, post, path, fields{"problem": "full", "note": strings.Repeat("x", 301)}).WantProblem(t, 400, "report-invalid")
	w.Do(t, post, path, fields{"problem": "full", "note": strings.Repeat("x", 5000)}).WantProblem(t, 413, "body-too-large")
	w.Do(t, post, path, []byte("x"), "Content-Type", "text/plain", "Accept", "application/json").WantProblem(t, 415, "content-type-unsupported")
	w.Do(t, post, "/b/"+w.mustCodes(t, "f1", 1)[0]+"/reports", fields{"problem": "full"}).WantProblem(t, 404, "label-unknown")
}

// What is refused is told to people by a page, whoever refuses it.
func TestRefusedReportsArePages(t *testing.T) {
	w := mustWorld(t)
	_, code := w.mustBin(t, "1")
	good := url.Values{"problem": {"full"}}
	for _, tt := range []struct {
		name    string
		form    url.Values
		headers []string
		status  int
		says    string
	}{
		{"nothing chosen", url.Values{"note": {"x"}}, nil, 400, "Choose what is wrong."},
		{"long note", url.Values{"problem": {"full"}, "note": {strings.Repeat("x", 301)}}, nil, 400, "at most 300 characters"},
		{"control character", url.Values{"problem": {"full"}, "note": {"\x00"}}, nil, 400, "can’t be printed"},
		{"a field too many", url.Values{"problem": {"full"}, "x": {"y"}}, nil, 400, "not complete"},
		{"a field twice", url.Values{"problem": {"full", "other"}}, nil, 400, "not complete"},
		{"larger than a report", url.Values{"problem": {"full"}, "note": {strings.Repeat("x", 5000)}}, nil, 413, "too long"},
		{"larger than any body", url.Values{"problem": {"full"}, "note": {strings.Repeat("x", 100<<10)}}, nil, 413, "too long"},
		{"another form of text", good, []string{"Content-Type", "text/plain"}, 415, "There is nothing here"},
		{"another site's", good, []string{"Sec-Fetch-Site", "cross-site"}, 403, "another page"},
	} {
		response, page := submit(t, w.Base, code, tt.form, tt.headers...)
		if response.StatusCode != tt.status || !strings.Contains(page, tt.says) {
			t.Errorf("%s: got %s, want %d and %q: %s", tt.name, response.Status, tt.status, tt.says, page)
		}
		wantPage(t, response, page)
	}
	if response, page := visit(t, w.Base, get, "/b/"+code+"/x/y", "", asPage...); response.StatusCode != 404 || !strings.Contains(page, "nothing here") {
		t.Errorf("no such page: got %s: %s", response.Status, page)
	}
	if response, page := visit(t, w.Base, post, "/b/"+code, "", asPage...); response.StatusCode != 405 || response.Header.Get("Allow") == "" || !strings.Contains(page, "<h1>") {
		t.Errorf("no such method: got %s: %s", response.Status, page)
	}
}

// brokenTracking fails in a way that nobody has foreseen.
type brokenTracking struct{ Tracking }

func (brokenTracking) Found(context.Context, string, string) (tracking.Found, error) {
	panic("a secret")
}

func TestOurFaultsArePages(t *testing.T) {
	w := mustWorld(t)
	w.server.services.Tracking = brokenTracking{}
	response, page := visit(t, w.Base, get, "/b/"+unissued, "", asPage...)
	if response.StatusCode != 500 || strings.Contains(page, "secret") || !strings.Contains(page, response.Header.Get("X-Request-Id")) {
		t.Errorf("got %s, want the request's id and no cause: %s", response.Status, page)
	}
	wantPage(t, response, page)
	response, body := visit(t, w.Base, get, "/b/"+unissued, "", asData...)
	if response.StatusCode != 500 || mustAnswer(t, body).Code != "internal" {
		t.Errorf("to a program: got %s %s", response.Status, body)
	}
}

// A fault in making the page of a fault must not end the process.
func TestPagesOfFaultsThatFail(t *testing.T) {
	w := mustWorld(t)
	w.server.finder.page = nil
	response, body := visit(t, w.Base, get, "/b/"+unissued, "", asPage...)
	if response.StatusCode != 404 || mustAnswer(t, body).Code != "label-unknown" {
		t.Errorf("got %s %s, want the problem as a program gets it", response.Status, body)
	}
}

func TestReportsFromOtherSites(t *testing.T) {
	w := mustWorld(t)
	for _, tt := range []struct {
		name, site, origin string
		status             int
	}{
		{"the page", "same-origin", "https://ricircolo.example", 303},
		{"loaded again", "none", "", 303},
		{"an old browser", "", "https://ricircolo.example", 303},
		{"a program", "", "", 303},
		{"another site", "cross-site", "https://evil.example", 403},
		{"another site that hides", "cross-site", "null", 403},
		{"a neighbour", "same-site", "https://www.ricircolo.example", 403},
		{"another site, an old browser", "", "https://evil.example", 403},
		{"one that hides, an old browser", "", "null", 403},
		{"one with our name in front", "", "https://ricircolo.example.evil.example", 403},
		{"one that says so in vain", "cross-site", "https://ricircolo.example", 403},
	} {
		_, code := w.mustBin(t, "1")
		var headers []string
		if tt.site != "" {
			headers = append(headers, "Sec-Fetch-Site", tt.site)
		}
		if tt.origin != "" {
			headers = append(headers, "Origin", tt.origin)
		}
		if response, page := submit(t, w.Base, code, url.Values{"problem": {"full"}}, headers...); response.StatusCode != tt.status {
			t.Errorf("%s: got %s, want %d: %s", tt.name, response.Status, tt.status, page)
		}
	}
}

// reportsTaken sends reports about some labels from some addresses, round and
// round, and says how many are not refused.
func reportsTaken(t *testing.T, limits func(*Limits), labels, addresses, count int) (taken int) {
	t.Helper()
	w := mustWorld(t, func(c *Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		limits(&c.Limits)
	})
	codes := make([]string, labels)
	for i := range codes {
		_, codes[i] = w.mustBin(t, "1")
	}
	for i := range count {
		response, page := submit(t, w.Base, codes[i%labels], url.Values{"problem": {"other"}, "note": {fmt.Sprint(i)}},
			"X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i%addresses))
		switch response.StatusCode {
		case 303:
			taken++
		case 429:
			if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err != nil || seconds < 1 || !strings.Contains(page, "You can try again in") {
				t.Errorf("got no time to wait: %q: %s", response.Header.Get("Retry-After"), page)
			}
		default:
			t.Errorf("got %s: %s", response.Status, page)
		}
	}
	return taken
}

func TestReportsAreLimited(t *testing.T) {
	for _, tt := range []struct {
		name                     string
		limits                   func(*Limits)
		labels, addresses, count int
		taken                    int
	}{
		{"one address about one label", func(l *Limits) { l.Reports.LabelAddress = slowRate }, 1, 1, 4, 2},
		{"one address about others, too", func(l *Limits) { l.Reports.LabelAddress = slowRate }, 2, 1, 6, 4},
		{"other addresses, too", func(l *Limits) { l.Reports.LabelAddress = slowRate }, 1, 2, 6, 4},
		{"one address", func(l *Limits) { l.Reports.Address = slowRate }, 4, 1, 4, 2},
		{"one label", func(l *Limits) { l.Reports.Label = slowRate }, 1, 4, 4, 2},
		{"by default, one address about one label", func(l *Limits) { l.Reports = ReportLimits{} }, 1, 1, 6, 3},
		{"control: without limits", func(*Limits) {}, 1, 1, finder.MaxOpenLabel, finder.MaxOpenLabel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := reportsTaken(t, tt.limits, tt.labels, tt.addresses, tt.count); got != tt.taken {
				t.Errorf("%d of %d reports are taken, want %d", got, tt.count, tt.taken)
			}
		})
	}
}

// Whoever has forgotten something can send the form again; whoever goes on
// sending what is none is slowed down all the same.
func TestFaultyReportsTakeNoneOfTheLabel(t *testing.T) {
	w := mustWorld(t, func(c *Config) { c.Limits.Reports.LabelAddress = slowRate })
	_, label := w.mustBin(t, "1")
	path := "/b/" + label + "/reports"
	for _, faulty := range []any{fields{"note": "x"}, fields{"problem": "ugly"}, fields{"problem": "full", "note": strings.Repeat("x", finder.MaxNote+1)}, fields{"x": 1}} {
		w.Do(t, post, path, faulty, asData...).Want(t, 400)
	}
	for i, want := range []int{202, 202, 429} {
		if got := w.Do(t, post, path, fields{"problem": "full", "note": fmt.Sprint(i)}, asData...); got.Status != want {
			t.Errorf("report %d: got %d, want %d", i+1, got.Status, want)
		}
	}
	w = mustWorld(t, func(c *Config) { c.Limits.Reports.Address = slowRate })
	_, label = w.mustBin(t, "1")
	for i, want := range []int{400, 400, 429} {
		if got := w.Do(t, post, "/b/"+label+"/reports", fields{}, asData...); got.Status != want {
			t.Errorf("faulty report %d: got %d, want %d", i+1, got.Status, want)
		}
	}
}

func TestLooksAreLimited(t *testing.T) {
	w := mustWorld(t, func(c *Config) { c.Limits.Looks = slowRate })
	for i, want := range []int{404, 404, 429, 429} {
		response, page := visit(t, w.Base, get, "/b/"+unissued, "", asPage...)
		if response.StatusCode != want {
			t.Errorf("look %d: got %s, want %d: %s", i+1, response.Status, want, page)
		}
		wantPage(t, response, page)
	}
	w.Do(t, get, "/B/"+unissued, nil, asData...).WantProblem(t, 429, "rate-limited")
}
