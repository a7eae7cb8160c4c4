package rest

import (
	"context"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

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
	for _, grai := range []string{"1", assetPrefix, "09521234000014" + unissued, "x" + assetPrefix[1:] + unissued, assetPrefix + unissued} {
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
