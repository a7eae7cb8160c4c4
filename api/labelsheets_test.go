//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// ourSheet is a sheet as its maker would describe it.
func ourSheet() map[string]any {
	return map[string]any{
		"id": "ours-90x50", "title": "Etichette 90 × 50", "pageWidth": 210, "pageHeight": 297, "columns": 2, "rows": 5,
		"left": 12.3, "top": 20, "pitchX": 92.5, "pitchY": 51, "width": 90, "height": 50, "corner": 2,
	}
}

// The lab's own sheets are there at the console as well.
func TestSheetsAtTheConsole(t *testing.T) {
	t.Parallel()
	l := mustLab(t)
	p := mustServe(t, l.dir)
	l.as(p, access.Coordinator).mustCall(t, http.MethodPost, "/api/v1/sheets", ourSheet(), nil)
	calibration := filepath.Join(t.TempDir(), "calibration.pdf")
	sheets := func() (string, int) { return program(t, "labels", "sheets", "--data", l.dir) }
	calibrate := func(sheet string) (string, int) {
		return program(t, "labels", "calibrate", "--data", l.dir, "--sheet", sheet, "--offset-x=-0.4", "--force", "--out", calibration)
	}

	// While the server runs it has the store, and says what to do instead.
	busy, stop := "belongs to another running ricircolo", "stop it, or use its interface, where "
	printed, code := sheets()
	if code == 0 {
		t.Errorf("the lab's own sheets are left out, and nobody notices:\n%s", printed)
	}
	wantSays(t, printed, "L7160", busy, stop+"GET /api/v1/sheets")
	printed, code = calibrate("ours-90x50")
	if code == 0 {
		t.Error("calibrated on a sheet that could not be read")
	}
	wantSays(t, printed, busy, stop+"GET /api/v1/sheets/{id}/calibration.pdf")
	if printed, code := calibrate("l7160"); code != 0 {
		t.Errorf("a built-in sheet needs no store: %s", printed)
	}
	printed, code = printLabels(t, l.dir, "--count=1", "--sheet=L7160", "--out", filepath.Join(t.TempDir(), "x.pdf"))
	if code == 0 {
		t.Error("printed while the server has the store")
	}
	wantSays(t, printed, busy, stop+"POST /api/v1/label-sheets")

	p.mustStop(t)
	printed, code = sheets()
	if code != 0 {
		t.Errorf("listing sheets ended with %d", code)
	}
	wantSays(t, printed, "L7160         21 a page", "ours-90x50    10 a page  Etichette 90 × 50 (the lab's own)")
	if got, want := strings.Count(printed, "\n"), len(print.Sheets())+1; got != want {
		t.Errorf("got %d sheets, want %d:\n%s", got, want, printed)
	}
	for sheet, says := range map[string]string{"OURS-90x50": "calibration.pdf written", "none": "there is no sheet none: the command labels sheets lists"} {
		printed, _ := calibrate(sheet)
		wantSays(t, printed, says)
	}
	if page, err := os.ReadFile(calibration); err != nil || !bytes.HasPrefix(page, []byte("%PDF-")) {
		t.Errorf("the page begins with %.8q, %v", page, err)
	}
	printed, _ = mustPrint(t, l.dir, "pdf", "--count=11", "--sheet=ours-90x50")
	wantSays(t, printed, "11 labels on 2 pages of ours-90x50", "next time --skip 1.")
}

// Without any store the built-in sheets are there.
func TestSheetsWithoutAStore(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "none")
	if printed := mustProgram(t, "labels", "sheets", "--data", data); strings.Count(printed, "\n") != len(print.Sheets()) {
		t.Errorf("got\n%s", printed)
	}
	file := filepath.Join(t.TempDir(), "calibration.pdf")
	mustProgram(t, "labels", "calibrate", "--data", data, "--sheet=roll-62", "--out", file)
	printed, code := program(t, "labels", "calibrate", "--data", data, "--sheet=roll-62", "--out", file)
	if code == 0 {
		t.Error("a page was replaced without being asked")
	}
	wantSays(t, printed, "is there already")
	if _, err := os.Stat(data); err == nil {
		t.Error("the folder was made")
	}
}

// A sheet file names every value that can't be by the name that it has there.
func TestSheetFiles(t *testing.T) {
	t.Parallel()
	l := mustLab(t)
	with := func(change func(map[string]any)) string {
		s := ourSheet()
		change(s)
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, row := range map[string]struct {
		content string
		says    []string
	}{
		"no JSON":          {"id: ours", []string{"sheet.json does not describe a sheet", "see byte 1"}},
		"a list":           {"[]", []string{"does not describe a sheet"}},
		"nothing in it":    {"{}", []string{"\n  id: ", "\n  pageWidth: ", "\n  pageHeight: ", "\n  width: ", "\n  height: ", "\n  columns: "}},
		"an unknown value": {with(func(s map[string]any) { s["pagewidth"] = 210 }), []string{"\n  pagewidth: "}},
		"text":             {with(func(s map[string]any) { s["left"] = "12 mm" }), []string{"\n  left: "}},
		"the same twice":   {`{"id": "a", "id": "b"}`, []string{"\n  id: "}},
		"overlapping":      {with(func(s map[string]any) { s["pitchX"] = 80; s["pitchY"] = 40 }), []string{"\n  pitchX: want at least 90 mm", "\n  pitchY: want at least 50 mm"}},
		"over the edge":    {with(func(s map[string]any) { s["left"] = 40 }), []string{"\n  left: the last label ends at"}},
		"endless":          {`"` + strings.Repeat("x", 65<<10) + `"`, []string{"more than 65536 bytes"}},
	} {
		file, out := filepath.Join(t.TempDir(), "sheet.json"), filepath.Join(t.TempDir(), "x.pdf")
		mustWrite(t, file, row.content)
		for command, run := range map[string]func() (string, int){
			"print":     func() (string, int) { return printLabels(t, l.dir, "--count=1", "--sheet-file", file, "--out", out) },
			"calibrate": func() (string, int) { return program(t, "labels", "calibrate", "--sheet-file", file, "--out", out) },
		} {
			printed, code := run()
			if code == 0 {
				t.Errorf("%s: %s succeeds", name, command)
			}
			wantSays(t, printed, row.says...)
		}
		wantFiles(t, filepath.Dir(out))
	}
	good := filepath.Join(t.TempDir(), "sheet.json")
	mustWrite(t, good, with(func(map[string]any) {}))
	printed, _ := mustPrint(t, l.dir, "pdf", "--count=12", "--sheet-file", good)
	wantSays(t, printed, "12 labels on 2 pages of ours-90x50", "8 labels are left on the last sheet: next time --skip 2.")
}

// With the setting, everything that the server makes and takes is a GS1 Digital
// Link; labels that were printed before go on working.
func TestServingGS1Links(t *testing.T) {
	t.Parallel()
	l := mustLab(t)
	p := mustServe(t, l.dir, "--gs1-company-prefix=9521234", "--gs1-asset-type=00022")
	coordinator := l.as(p, access.Coordinator)
	var batch struct {
		ID    string
		Codes []string
	}
	coordinator.mustCall(t, http.MethodPost, "/api/v1/labels", map[string]any{"facility": l.facility, "count": 3}, &batch)
	asset := "/8003/09521234000228" + batch.Codes[0]
	payload := strings.ToUpper(p.url) + asset
	var label struct{ Payload string }
	coordinator.mustCall(t, http.MethodGet, "/api/v1/labels/"+batch.Codes[0], nil, &label)
	if label.Payload != payload {
		t.Errorf("the label says %s, want %s", label.Payload, payload)
	}
	for _, seen := range []string{payload, strings.ToUpper(p.url) + "/B/" + batch.Codes[0]} {
		var scan struct{ State, Label, Code string }
		coordinator.mustCall(t, http.MethodGet, "/api/v1/scan?payload="+url.QueryEscape(seen), nil, &scan)
		if scan.State != "blank" {
			t.Errorf("a scan of %s says %+v, want a blank label", seen, scan)
		}
	}
	for _, path := range []string{asset, "/B/" + batch.Codes[0]} {
		if page := mustDownload(t, client{url: p.url}, http.MethodGet, path, nil); !bytes.Contains(page, []byte(`"state":"blank"`)) {
			t.Errorf("a visitor gets from %s\n%s", path, page)
		}
	}
	folder := t.TempDir()
	symbol, sheet := filepath.Join(folder, "symbol.png"), filepath.Join(folder, "labels.pdf")
	mustWrite(t, symbol, string(mustDownload(t, coordinator, http.MethodGet, "/api/v1/labels/"+batch.Codes[0]+"/symbol.png", nil)))
	mustWrite(t, sheet, string(mustDownload(t, coordinator, http.MethodPost, "/api/v1/label-sheets", map[string]any{"batch": batch.ID, "sheet": "L7160"})))
	if got := mustReadImages(t, symbol); len(got) != 1 || got[0] != payload {
		t.Errorf("the symbol says %q, want %s", got, payload)
	}
	if got := mustRead(t, sheet, mustSheet(t, "L7160"), 0, 3); len(got) != 3 || got[0] != payload {
		t.Errorf("the sheet has the symbols %q, want three, %s first", got, payload)
	}
	p.mustStop(t)
	mustVerify(t, l.site)
}

// mustDownload makes a call whose answer is no JSON.
func mustDownload(tb testing.TB, c client, method, path string, body any) []byte {
	tb.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		tb.Fatal(err)
	}
	request, err := http.NewRequestWithContext(tb.Context(), method, c.url+path, bytes.NewReader(raw))
	if err != nil {
		tb.Fatal(err)
	}
	if body == nil {
		request.Body = http.NoBody
		request.ContentLength = 0
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "*/*")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := connections.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		tb.Fatalf("%s %s: %d, %v\n%s", method, path, response.StatusCode, err, content)
	}
	return content
}
