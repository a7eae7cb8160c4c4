package rest

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// asked is what a visitor's browser or a program sends, unless a test says
// otherwise.
var (
	asPage = []string{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language", "en-GB,en;q=0.9"}
	asData = []string{"Accept", "application/json"}
)

// visit sends a request as somebody does who has not signed in, follows no
// redirect, and returns the answer with its body.
func visit(tb testing.TB, base, method, path, body string, headers ...string) (*http.Response, string) {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return response, string(got)
}

// submit sends the form of the page.
func submit(tb testing.TB, base, code string, form url.Values, headers ...string) (*http.Response, string) {
	tb.Helper()
	headers = append(append(append([]string{}, asPage...), "Content-Type", fiber.MIMEApplicationForm), headers...)
	return visit(tb, base, post, "/b/"+code+"/reports", form.Encode(), headers...)
}

// mustCodes issues blank labels for f1 of lab-a, or for nobody.
func (w *world) mustCodes(tb testing.TB, facility string, count int) []string {
	tb.Helper()
	body := fields{"count": count}
	if facility != "" {
		body["facility"] = facility
	}
	var batch batchResponse
	w.as("coordinator", "").Do(tb, post, "/api/v1/labels", body).Want(tb, 201).JSON(tb, &batch)
	return batch.Codes
}

// mustReplace puts a new label on a bin and returns its code.
func (w *world) mustReplace(tb testing.TB, bin, former string) string {
	tb.Helper()
	code := w.mustCodes(tb, "f1", 1)[0]
	w.mustRecord(tb, w.as("manager", "f1"), "label.bind", fields{"label": code, "bin": bin, "replaces": former})
	return code
}

func TestWhatALabelTells(t *testing.T) {
	w := mustWorld(t)
	bin, replaced := w.mustBin(t, "1")
	bound := w.mustReplace(t, bin, replaced)
	blank, unused := w.mustCodes(t, "f1", 2)[0], w.mustCodes(t, "", 1)[0]
	w.mustRecord(t, w.as("coordinator", ""), "label.retire", fields{"label": unused, "reason": "strappata"})
	for name, tt := range map[string]struct {
		path, says string
		state      tracking.FoundState
		bin, form  bool
	}{
		"bound":              {"/b/" + bound, "What goes in", tracking.FoundBound, true, true},
		"as it is printed":   {"/B/" + bound, "What goes in", tracking.FoundBound, true, true},
		"typed in groups":    {"/b/" + strings.ToLower(bound[:4]+"-"+bound[4:8]+"%20"+bound[8:]), "What goes in", tracking.FoundBound, true, true},
		"as a GS1 link":      {"/8003/" + assetPrefix + bound, "What goes in", tracking.FoundBound, true, true},
		"replaced":           {"/b/" + replaced, "Label replaced", tracking.FoundRetired, true, true},
		"thrown away unused": {"/b/" + unused, "Label no longer in use", tracking.FoundRetired, false, false},
		"blank":              {"/b/" + blank, "Label not in use yet", tracking.FoundBlank, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			var got foundResponse
			w.Do(t, get, tt.path, nil, asData...).Want(t, 200).JSON(t, &got)
			if got.State != tt.state || (got.Stream != nil) != tt.bin {
				t.Errorf("got %+v, want %s", got, tt.state)
			}
			response, page := visit(t, w.Base, get, tt.path, "", asPage...)
			if response.StatusCode != 200 || !strings.Contains(page, tt.says) || strings.Contains(page, "<form") != tt.form {
				t.Errorf("got %s, want a page that says %q, with a form: %t: %s", response.Status, tt.says, tt.form, page)
			}
			wantPage(t, response, page)
		})
	}
}

// wantPage checks what every page of the public side has, and has not.
func wantPage(tb testing.TB, response *http.Response, page string) {
	tb.Helper()
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Vary": "Accept, Accept-Language, Cookie", "Cache-Control": "no-store", "Referrer-Policy": "same-origin",
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff", "Set-Cookie": "",
	} {
		if got := response.Header.Get(name); got != want {
			tb.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	for _, never := range []string{"<script", "style=", "onclick", "url(", "ZgotmplZ", "http:", "https:"} {
		if strings.Contains(page, never) {
			tb.Errorf("the page has %q: %s", never, page)
		}
	}
}

// told is all that a label tells, by a page in each language and by JSON.
func (w *world) told(t *testing.T, code string) string {
	t.Helper()
	var all strings.Builder
	for _, lang := range []string{"it", "en"} {
		response, body := visit(t, w.Base, get, "/b/"+code, "", "Accept", "text/html", "Accept-Language", lang)
		all.WriteString(response.Status + body)
	}
	response, body := visit(t, w.Base, get, "/b/"+code, "", asData...)
	return all.String() + response.Status + body
}

var requestID = regexp.MustCompile(`"requestId":"[^"]*"`)

// anonymous is what was told, less the code that was asked for and the id of
// the request.
func anonymous(told, code string) string {
	parsed, _ := qrlabels.ParseCode(code)
	return strings.NewReplacer(code, "CODE", parsed.Grouped(), "GROUPED").Replace(requestID.ReplaceAllString(told, ""))
}

// leaks lists what stands in a text and is nobody's business.
func (w *world) leaks(t *testing.T, told string) (found []string) {
	t.Helper()
	secrets := []string{"Reparto", "lab-a", "Contenitore 1", "w1", "coordinator", "2026", "12000", "9900", "8000"}
	// Short ids such as f1 may stand in anything; those of entries may not.
	err := w.storeDocuments(t, func(d store.Document) {
		if len(d.ID) > 20 {
			secrets = append(secrets, d.ID)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if strings.Contains(told, secret) {
			found = append(found, secret)
		}
	}
	return found
}

func (w *world) storeDocuments(t *testing.T, do func(store.Document)) error {
	return w.store.View(t.Context(), "lab-a", func(r store.Reader) error {
		docs, err := r.Documents(store.Ref{}, store.MaxFind)
		for _, d := range docs {
			do(d)
		}
		return err
	})
}

// Two bins of a facility and a stream differ in nothing but the code, however
// different their lives are; and no label tells any more than what goes in and
// whom to call.
func TestALabelTellsNothingElse(t *testing.T) {
	w := mustWorld(t)
	x := w.mustChain(t, "1", "1") // closed, weighed, collected, received
	_, quiet := w.mustBin(t, "1")
	w.mustFinderReport(t, "lab-a", x.label)
	busy := w.told(t, x.label)
	if a, b := anonymous(busy, x.label), anonymous(w.told(t, quiet), quiet); a != b {
		t.Errorf("two bins are told apart:\n%s\n%s", a, b)
	}
	if found := w.leaks(t, busy); len(found) > 0 {
		t.Errorf("the label tells %q: %s", found, busy)
	}
}

// tellingTracking says where a bin stands, and what other labs have.
type tellingTracking struct{ Tracking }

func (l tellingTracking) Found(ctx context.Context, lab, code string) (tracking.Found, error) {
	f, err := l.Tracking.Found(ctx, lab, code)
	if f.State == tracking.FoundUnknown {
		return l.Tracking.Found(ctx, "lab-b", code)
	}
	if f.Owner != nil {
		f.Owner.Name += ", Reparto 1, bin " + code[:2]
	}
	return f, err
}

func TestControlTellingLabelsAreNoticed(t *testing.T) {
	w := mustWorld(t)
	w.server.services.Tracking = tellingTracking{w.domain}
	_, one := w.mustBin(t, "1")
	_, two := w.mustBin(t, "1")
	if anonymous(w.told(t, one), one) == anonymous(w.told(t, two), two) {
		t.Error("two bins that are told apart were not")
	}
	if len(w.leaks(t, w.told(t, one))) == 0 {
		t.Error("the ward was told, and not noticed")
	}
	elsewhere := w.in("lab-b").mustCodes(t, "", 1)[0]
	if anonymous(w.told(t, elsewhere), elsewhere) == anonymous(w.told(t, unissued), unissued) {
		t.Error("another lab's label was told, and not noticed")
	}
}

// unissued is a code that no lab has issued.
const unissued = "7K4M9QXP2RTBW"

func TestLabelsOfOtherLabsAreUnknown(t *testing.T) {
	w := mustWorld(t)
	other := w.in("lab-b")
	_, bound := other.mustBin(t, "1")
	blank := other.mustCodes(t, "", 1)[0]
	want := anonymous(w.told(t, unissued), unissued)
	if !strings.Contains(want, "404") || !strings.Contains(want, "label-unknown") {
		t.Errorf("an unknown label: got %s", want)
	}
	for _, code := range []string{bound, blank} {
		if got := anonymous(w.told(t, code), code); got != want {
			t.Errorf("another lab's label is told from an unknown one:\n%s\n%s", got, want)
		}
		w.Do(t, post, "/b/"+code+"/reports", fields{"problem": "full"}).WantProblem(t, 404, "label-unknown")
		w.Do(t, get, "/8003/"+assetPrefix+code, nil, asData...).WantProblem(t, 404, "label-unknown")
	}
}

func TestMistypedCodes(t *testing.T) {
	w := mustWorld(t)
	for _, tt := range []struct{ typed, shows, says string }{
		{"7k4m-9qxp-2rtbx", "7K4M-9QXP-2RTBX", "The check character, the last one, does not fit"},
		{"7K4M9QXP2RTUW", "7K4M-9QXP-2RT<mark>U</mark>W", "Character number 12, “U”"},
		{"7K4M-9QXP%202RT%3CW", "7K4M-9QXP-2RT<mark>&lt;</mark>W", "Character number 12, “&lt;”"},
		{"7K4M%E2%80%AE9QXP2RTBW", "7K4M-<mark>\uFFFD</mark>9QX-P2RTB-W", "Character number 5, “\uFFFD”"},
		{"%ff", "<mark>\uFFFD</mark>", "Character number 1"},
		{"%25zz", "<mark>%</mark>ZZ", "Character number 1"},
		{"7K4M", "7K4M", "too short"},
		{strings.Repeat("7", 60), "7777-7777-77777-7777-7777-77777…", "too long"},
		{"%3Cscript%3Ealert(1)%3C%2Fscript%3E", "<mark>&lt;</mark>SCR-IPT&gt;", "Character number 1"},
	} {
		for _, path := range []string{"/b/" + tt.typed, "/B/" + tt.typed, "/8003/" + assetPrefix + tt.typed, "/b/" + tt.typed + "/thanks"} {
			response, page := visit(t, w.Base, get, path, "", asPage...)
			if response.StatusCode != 404 || !strings.Contains(page, tt.shows) || !strings.Contains(page, tt.says) {
				t.Errorf("%s: got %s, want %q and %q: %s", path, response.Status, tt.shows, tt.says, page)
			}
			wantPage(t, response, page)
		}
		w.Do(t, get, "/b/"+tt.typed, nil, asData...).WantProblem(t, 404, "code-mistyped")
		w.Do(t, post, "/b/"+tt.typed+"/reports", fields{"problem": "full"}).WantProblem(t, 404, "code-mistyped")
	}
	for _, grai := range []string{"1", assetPrefix, "09521234000007" + unissued, "x" + assetPrefix[1:] + unissued, assetPrefix + unissued} {
		w.Do(t, get, "/8003/"+grai, nil, asData...).WantProblem(t, 404, "label-unknown")
	}
}

func TestLanguageAndForm(t *testing.T) {
	w := mustWorld(t)
	_, code := w.mustBin(t, "1")
	for _, tt := range []struct{ accept, lang string }{
		{"", "it"}, {"it", "it"}, {"en", "en"}, {"en-GB,en;q=0.9", "en"}, {"it-IT,it;q=0.9,en-US;q=0.8,en;q=0.7", "it"},
		{"en;q=0.5, it;q=0.4", "en"}, {"en;q=0.4, it;q=0.5", "it"}, {"de", "it"}, {"de, en;q=0.1", "en"}, {"fr, *;q=0.5", "it"},
		{"it;q=0, *", "en"}, {"it;q=0", "en"}, {"EN", "en"}, {"english", "it"}, {"en;q=x, it;q=0.1", "it"}, {"en;q=7", "it"}, {",;,q=", "it"},
		{strings.Repeat("en-", 1000), "en"},
	} {
		_, page := visit(t, w.Base, get, "/b/"+code, "", "Accept-Language", tt.accept)
		if !strings.Contains(page, `<html lang="`+tt.lang+`">`) {
			t.Errorf("Accept-Language %q: want a page in %s: %.60s", tt.accept, tt.lang, page)
		}
	}
	for _, tt := range []struct {
		accept string
		data   bool
	}{
		{"", false}, {"*/*", false}, {"text/html", false}, {"application/json", true}, {"application/json, text/plain, */*", true}, {"application/problem+json", true},
		{"text/html, application/json;q=0.9", false}, {"text/html;q=0.8, application/json", true}, {"application/json;q=0", false}, {"text/*, application/*", false},
		{"text/html;q=0, */*", true}, {"image/png", false}, {"Application/JSON", true}, {asPage[1], false},
	} {
		response, _ := visit(t, w.Base, get, "/b/"+code, "", "Accept", tt.accept)
		if got := strings.HasPrefix(response.Header.Get("Content-Type"), "application/json"); got != tt.data {
			t.Errorf("Accept %q: got JSON: %t, want %t", tt.accept, got, tt.data)
		}
	}
}

// What people write into the catalogue stands on the pages as text, and in the
// language that it has.
func TestPagesEscapeAndSpeak(t *testing.T) {
	code, err := qrlabels.ParseCode(unissued)
	if err != nil {
		t.Fatal(err)
	}
	side, err := newFinderSide(testConfig().withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	render := func(f tracking.Found) string {
		t.Helper()
		var b strings.Builder
		if err := side.page.Execute(&b, foundView(english, code, f)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	page := render(tracking.Found{
		State:  tracking.FoundBound,
		Stream: &tracking.FoundStream{NameIT: "<b>Flaconi", Colour: `#1b7f5c"/><script>`, AcceptsIT: []string{"<i>vuoti"}, Refuses: []string{"glass"}},
		Owner:  &tracking.FoundOwner{Name: "<u>Ospedale", Contact: "javascript:alert(1)"},
	})
	for _, want := range []string{`<span lang="it">&lt;b&gt;Flaconi`, `<ul lang="it">`, "&lt;i&gt;vuoti", "&lt;u&gt;Ospedale", "<p>javascript:alert(1)</p>", "<ul>\n<li><span class=\"mark\" aria-hidden=\"true\">✗</span> glass"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s: %s", want, page)
		}
	}
	if strings.Contains(page, "<svg") || strings.Contains(page, "<script") {
		t.Errorf("the colour is no colour: %s", page)
	}
	for contact, call := range map[string]string{
		"Centralino: 0535 602111": "tel:0535602111", "+39 0535/602-111": "tel:+390535602111", "rifiuti@ospedale.example": "mailto:rifiuti@ospedale.example",
		"0535 602111 o 0535 602222": "", "Portineria": "", "": "", "piano 3, int. 12": "",
	} {
		got := template.URL("")
		if v := pageOwner(english, &tracking.FoundOwner{Contact: contact}); v.Call != nil {
			got = v.Call.Link
		}
		if string(got) != call {
			t.Errorf("contact %q: got %q, want %q", contact, got, call)
		}
	}
	if page := render(tracking.Found{State: tracking.FoundBound, Stream: &tracking.FoundStream{Name: "Film"}}); !strings.Contains(page, "Ask the staff") {
		t.Errorf("a stream without lists: %s", page)
	}
}

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
		{"control: without limits", func(*Limits) {}, 1, 1, 6, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := reportsTaken(t, tt.limits, tt.labels, tt.addresses, tt.count); got != tt.taken {
				t.Errorf("%d of %d reports are taken, want %d", got, tt.count, tt.taken)
			}
		})
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
