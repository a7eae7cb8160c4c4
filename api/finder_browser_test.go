//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// These tests look at the public pages of labels as a visitor's phone shows
// them. With RICIRCOLO_SCREENSHOTS set to a folder they leave pictures there,
// for people to look at.

// browser is a headless one, with a profile of its own.
type browser struct {
	context.Context
	name string
}

// look is how somebody has set a phone up.
type look struct {
	lang string
	dark bool
}

func (l look) String() string {
	if l.dark {
		return l.lang + "-dark"
	}
	return l.lang + "-light"
}

func mustBrowse(t *testing.T, l look) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no browser: %v", err)
		}
		t.Skipf("SKIPPED: NO PAGE WAS LOOKED AT IN A BROWSER, there is no chromium: %v", err)
	}
	scheme := "1"
	if l.dark {
		scheme = "0"
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(360, 740),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("accept-lang", l.lang), chromedp.Flag("blink-settings", "preferredColorScheme="+scheme))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, end := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(end)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	return &browser{ctx, l.String()}
}

func (b *browser) mustDo(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, steps...); err != nil {
		t.Fatalf("in the browser: %v", err)
	}
}

// mustLoad takes steps that lead to another page, and returns its status.
func (b *browser) mustLoad(t *testing.T, steps ...chromedp.Action[chromedp.Void]) int {
	t.Helper()
	response, err := chromedp.RunResponse(b, steps...)
	if err != nil {
		t.Fatalf("in the browser: %v", err)
	}
	return int(response.Status)
}

func mustEvaluate[T any](t *testing.T, b *browser, script string) T {
	t.Helper()
	v, err := chromedp.Run(b, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("in the browser: %v", err)
	}
	return v
}

func (b *browser) text(t *testing.T) string {
	t.Helper()
	return mustEvaluate[string](t, b, "document.body.innerText")
}

// flaws is a script that lists what would annoy somebody about the page: what
// sticks out, is too small for a thumb or too faint to read, and what a reader
// for the blind can't name.
const flaws = `(() => {
  const found = [], seen = e => e.getClientRects().length && !e.closest('.trap');
  const name = e => e.tagName.toLowerCase() + (e.className.baseVal ?? e.className ? '.' + (e.className.baseVal ?? e.className) : '') + ' "' + e.textContent.trim().slice(0, 30) + '"';
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page is wider than the window');
  if (!['it', 'en'].includes(document.documentElement.lang)) found.push('the page has no language');
  if (!document.title) found.push('the page has no title');
  if (document.querySelectorAll('h1').length != 1) found.push('the page has not one main heading');
  for (const e of document.querySelectorAll('a, button, label.choice, textarea'))
    if (seen(e) && (e.getBoundingClientRect().height < 48 || e.getBoundingClientRect().width < 48)) found.push('too small: ' + name(e));
  for (const e of document.querySelectorAll('input, textarea'))
    if (!e.labels.length) found.push('no label: ' + e.name);
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = c => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = c => { const [r, g, b] = rgb(c).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3]) return c; } return 'white'; };
  for (const e of document.body.querySelectorAll('*')) {
    if (!seen(e) || ![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
    const pair = [light(getComputedStyle(e).color), light(behind(e))].sort((a, b) => b - a), ratio = (pair[0] + .05) / (pair[1] + .05);
    if (ratio < 4.5) found.push('contrast ' + ratio.toFixed(1) + ': ' + name(e));
  }
  return found;
})()`

func (b *browser) wantNoFlaws(t *testing.T, page string) {
	t.Helper()
	for _, flaw := range mustEvaluate[[]string](t, b, flaws) {
		t.Errorf("%s, %s: %s", page, b.name, flaw)
	}
}

// shoot leaves a picture, if somebody wants any.
func (b *browser) shoot(t *testing.T, page string) {
	t.Helper()
	dir := os.Getenv("RICIRCOLO_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, page+"-"+b.name+".png"), png, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// stickers are the codes of labels in each state.
type stickers struct{ bound, replaced, unused, blank, long string }

// mustStick adds a facility with a bin to a lab that is served.
func mustStick(t *testing.T, l *lab, coordinator client) (s stickers) {
	t.Helper()
	facility := coordinator.mustCreate(t, "/api/v1/facilities", map[string]any{"name": "Ospedale dell’Argine", "contact": "Centralino: 0535 000 000"})
	ward := coordinator.mustCreate(t, "/api/v1/wards", map[string]any{"facility": facility, "name": "Oncologia"})
	stream := coordinator.mustCreate(t, "/api/v1/streams", map[string]any{
		"name": "Infusion bottles", "nameIt": "Flaconi per infusione", "family": "fossil", "eer": "15 01 02", "gramsPerLitre": 30, "colour": "#f2a541",
		"accepts": []string{"emptied bottles of saline and glucose"}, "acceptsIt": []string{"flaconi svuotati di fisiologica e glucosata"},
		"refuses": []string{"needles and tubing", "glass"}, "refusesIt": []string{"aghi e deflussori", "vetro"},
	})
	var batch struct{ Codes []string }
	coordinator.mustCall(t, http.MethodPost, "/api/v1/labels", map[string]any{"facility": facility, "count": 5}, &batch)
	s = stickers{batch.Codes[0], batch.Codes[1], batch.Codes[2], batch.Codes[3], batch.Codes[4]}
	tare := 2 * quantity.Kilogram
	bin := coordinator.mustApply(t, submission("bin.register", tracking.Body{
		Facility: facility, Ward: ward, Stream: stream, VolumeLitres: 120, TareGrams: &tare, Name: "Contenitore", Label: s.replaced,
	}))[0].ID
	endless := strings.Repeat("Polietilentereftalato", 3)
	wordy := coordinator.mustCreate(t, "/api/v1/streams", map[string]any{
		"name": "Long " + endless, "nameIt": "Lungo " + endless, "family": "fossil", "eer": "15 01 02", "gramsPerLitre": 30,
		"accepts": []string{endless}, "refusesIt": []string{endless},
	})
	coordinator.mustApply(t, submission("bin.register", tracking.Body{
		Facility: facility, Ward: ward, Stream: wordy, VolumeLitres: 120, TareGrams: &tare, Name: "Contenitore", Label: s.long,
	}))
	coordinator.mustApply(t, submission("label.bind", tracking.Body{Bin: bin, Label: s.bound, Replaces: s.replaced}),
		submission("label.retire", tracking.Body{Label: s.unused, Reason: "strappata"}))
	return s
}

func TestFinderInTheBrowser(t *testing.T) {
	b := mustBrowse(t, look{lang: "it"})
	l := mustLab(t)
	p := mustServe(t, l.dir)
	coordinator := l.as(p, access.Coordinator)
	s := mustStick(t, l, coordinator)

	if status := b.mustLoad(t, chromedp.Navigate(p.url+"/B/"+s.bound)); status != http.StatusOK {
		t.Fatalf("the page of a bin: got %d", status)
	}
	for _, want := range []string{"Flaconi per infusione", "aghi e deflussori", "Ospedale dell’Argine", "Centralino: 0535 000 000", "Chiama 0535\u00a0000\u00a0000"} {
		if got := b.text(t); !strings.Contains(got, want) {
			t.Errorf("the page has no %q: %s", want, got)
		}
	}
	report := func(choice, note string) int {
		t.Helper()
		b.mustDo(t, chromedp.Click(chromedp.CSS("input[value="+choice+"]")), chromedp.SendKeys(chromedp.CSS("#note"), note))
		return b.mustLoad(t, chromedp.Click(chromedp.CSS("button")))
	}
	where := func() string { return strings.TrimPrefix(mustEvaluate[string](t, b, "location.href"), p.url) }

	// A form without a choice stays where it is.
	b.mustDo(t, chromedp.Click(chromedp.CSS("button")))
	if got := where(); got != "/B/"+s.bound {
		t.Errorf("a report that says nothing leads to %s", got)
	}
	const note = "Il coperchio non si chiude: è rotto 😕"
	if status := report("full", note); status != http.StatusOK || where() != "/b/"+s.bound+"/thanks?status=received" || !strings.Contains(b.text(t), "Grazie!") {
		t.Errorf("a report: got %d at %s: %s", status, where(), b.text(t))
	}
	b.mustLoad(t, chromedp.Reload())
	if status := b.mustLoad(t, chromedp.Click(chromedp.CSS("a.button"))); status != http.StatusOK || where() != "/b/"+s.bound {
		t.Errorf("back to the bin: got %d at %s", status, where())
	}
	if status := report("full", note); status != http.StatusOK || !strings.Contains(b.text(t), "lo sapevamo già") {
		t.Errorf("the same again: got %d: %s", status, b.text(t))
	}
	var inbox struct {
		Items []struct{ Label, Problem, Note string }
	}
	coordinator.mustCall(t, http.MethodGet, "/api/v1/finder-reports", nil, &inbox)
	if len(inbox.Items) != 1 || inbox.Items[0].Label != s.bound || inbox.Items[0].Problem != "full" || inbox.Items[0].Note != note {
		t.Errorf("in the inbox there is %+v, want the one report as it was typed", inbox.Items)
	}
	// The third is the last that one address may send about one label at once.
	b.mustDo(t, chromedp.EmulateViewport(360, 740))
	for _, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
		b.mustDo(t, chromedp.Navigate(p.url+"/b/"+s.bound))
		if status := report("other", "ancora"); status != want {
			t.Errorf("one more report: got %d, want %d", status, want)
		}
	}
	b.wantNoFlaws(t, "429")
	b.shoot(t, "429")
}

// A browser that does not say Sec-Fetch-Site still says by Origin whose form it
// sends; but only with the Referrer-Policy of these pages. The proxy makes it
// such a browser.
func TestFinderInAnOldBrowser(t *testing.T) {
	for _, tt := range []struct {
		name, policy string // of the page, if the proxy changes it
		status       int
	}{
		{"as it is", "", http.StatusOK},
		{"control: as all other pages are", "no-referrer", http.StatusForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := mustBrowse(t, look{lang: "it"})
			l := mustLab(t)
			proxy := httptest.NewUnstartedServer(nil)
			p := mustServe(t, l.dir, "--base-url", "http://"+proxy.Listener.Addr().String())
			target, err := url.Parse(p.url)
			if err != nil {
				t.Fatal(err)
			}
			proxy.Config.Handler = &httputil.ReverseProxy{
				Rewrite: func(r *httputil.ProxyRequest) {
					r.SetURL(target)
					r.Out.Header.Del("Sec-Fetch-Site")
				},
				ModifyResponse: func(r *http.Response) error {
					if tt.policy != "" {
						r.Header.Set("Referrer-Policy", tt.policy)
					}
					return nil
				},
			}
			proxy.Start()
			t.Cleanup(proxy.Close)
			s := mustStick(t, l, l.as(p, access.Coordinator))
			b.mustDo(t, chromedp.Navigate(proxy.URL+"/b/"+s.bound), chromedp.Click(chromedp.CSS("input[value=full]")))
			if status := b.mustLoad(t, chromedp.Click(chromedp.CSS("button"))); status != tt.status {
				t.Errorf("got %d, want %d: %s", status, tt.status, b.text(t))
			}
		})
	}
}

// Every page, in both languages, by day and by night, on a phone and at a desk.
func TestFinderPagesHaveNoFlaws(t *testing.T) {
	mustBrowse(t, look{lang: "it"}) // or skip before making a lab
	l := mustLab(t)
	p := mustServe(t, l.dir)
	s := mustStick(t, l, l.as(p, access.Coordinator))
	pages := []struct{ name, path, says, saysIT string }{
		{"bound", "/b/" + s.bound, "What goes in", "Cosa ci va"},
		{"long", "/b/" + s.long, "Long Poli", "Lungo Poli"},
		{"replaced", "/b/" + s.replaced, "Label replaced", "Etichetta sostituita"},
		{"unused", "/b/" + s.unused, "Label no longer in use", "Etichetta non più in uso"},
		{"blank", "/b/" + s.blank, "Label not in use yet", "Etichetta non ancora in uso"},
		{"unknown", "/b/7K4M9QXP2RTBW", "Unknown label", "Etichetta sconosciuta"},
		{"mistyped", "/b/7K4M-9QXP-2RTBX", "check character", "carattere di controllo"},
		{"wrong-character", "/b/7K4M-9QXP-2RTU%C3%A9", "Character number 12, “U”", "Il carattere numero 12, «U»"},
		{"too-long", "/b/" + strings.Repeat("W", 52), "too long", "troppo lungo"},
		{"thanks", "/b/" + s.bound + "/thanks", "Thank you!", "Grazie!"},
		{"already", "/b/" + s.bound + "/thanks?status=already-reported", "we know already", "lo sapevamo già"},
		{"400", "/b/" + s.bound + "/thanks?status=x", "not complete", "non è completa"},
		{"nothing", "/b/" + s.bound + "/x", "nothing here", "non c’è niente"},
	}
	for _, lang := range []string{"it", "en"} {
		for _, dark := range []bool{false, true} {
			b := mustBrowse(t, look{lang, dark})
			for _, width := range []int64{320, 360, 1200} {
				b.mustDo(t, chromedp.EmulateViewport(width, 740))
				for _, page := range pages {
					b.mustDo(t, chromedp.Navigate(p.url+page.path))
					want := page.saysIT
					if lang == "en" {
						want = page.says
					}
					if got := b.text(t); !strings.Contains(got, want) {
						t.Errorf("%s, %s: does not say %q: %s", page.name, b.name, want, got)
					}
					name := fmt.Sprint(page.name, "-", width)
					b.wantNoFlaws(t, name)
					b.shoot(t, name)
				}
			}
		}
	}
}

// A page with all the flaws must be noticed.
func TestControlFlawsAreNoticed(t *testing.T) {
	b := mustBrowse(t, look{lang: "it"})
	b.mustDo(t, chromedp.Navigate("data:text/html,"+url.PathEscape(
		`<meta name="viewport" content="width=device-width"><body style="background:#fff"><p style="width:2000px;color:#999">faint</p><a href="/">x</a><input name="nameless">`)))
	got := strings.Join(mustEvaluate[[]string](t, b, flaws), "\n")
	for _, want := range []string{"wider than the window", "no language", "no title", "main heading", "too small: a", "no label: nameless", "contrast 2.8: p"} {
		if !strings.Contains(got, want) {
			t.Errorf("a flaw was not noticed: %s; got\n%s", want, got)
		}
	}
}
