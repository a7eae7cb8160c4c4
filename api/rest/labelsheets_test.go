package rest

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// linePress prints a line about the job, and one for each label.
var linePress = press{
	write: func(j print.Job, ctx context.Context, w io.Writer, f print.Format, n int, labels iter.Seq[print.Label]) error {
		fmt.Fprintf(w, "%s %s skip=%d marks=%t %s %d dpi x=%g y=%g scale=%g n=%d\n",
			f, j.Sheet.ID, j.Skip, j.CutMarks, j.Language, j.Printer.DPI, j.Printer.OffsetX, j.Printer.OffsetY, j.Printer.Scale, n)
		for l := range labels {
			stream := "-"
			if l.Stream != nil {
				stream = fmt.Sprint(l.Stream.Name.IT, "/", l.Stream.Name.EN, l.Stream.Colour, l.Stream.Pictograms)
			}
			if _, err := fmt.Fprintf(w, "%s %s %s|%s|%s\n", l.Code, l.Payload, l.Facility, l.Ward, stream); err != nil {
				return err
			}
		}
		return ctx.Err()
	},
	calibrate: func(j print.Job, w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s x=%g", j.Sheet.ID, j.Printer.OffsetX)
		return err
	},
}

// printerBody and sheetBody are good bodies.
var (
	printerBody = fields{"name": "Stampante", "facility": "f1", "sheet": "L7160", "offsetXMm": -0.4, "offsetYMm": 1.25, "scale": 1.002, "dpi": 600}
	sheetBody   = fields{
		"title": "Etichette 90 × 50", "pageWidth": 210, "pageHeight": 297, "columns": 2, "rows": 5, "left": 12.345, "top": 20,
		"pitchX": 92.5, "pitchY": 51, "width": 90, "height": 50, "corner": 2,
	}
)

// aSheet is a good sheet by that name.
func aSheet(id string) fields {
	body := maps.Clone(sheetBody)
	body["id"] = id
	return body
}

func (w *world) mustPrinter(tb testing.TB, facility string) (id string) {
	tb.Helper()
	body := maps.Clone(printerBody)
	body["facility"] = facility
	var got printerResponse
	w.as("coordinator", "").Do(tb, post, printersPath, body).Want(tb, 201).JSON(tb, &got)
	return got.ID
}

func (w *world) mustSheet(tb testing.TB, id string) string {
	tb.Helper()
	w.as("coordinator", "").Do(tb, post, sheetsPath, aSheet(id)).Want(tb, 201)
	return id
}

// mustPrinting is a world with a press of ours.
func mustPrinting(t *testing.T, p press) *world {
	t.Helper()
	w := mustWorld(t)
	w.server.press = p
	return w
}

const printPath = "/api/v1/label-sheets"

func TestPrintingLabels(t *testing.T) {
	w := mustPrinting(t, linePress)
	ward := w.as("ward", "f1")
	_, bound := w.mustBin(t, "1")
	var batch batchResponse
	w.as("manager", "f1").Do(t, post, "/api/v1/labels", fields{"facility": "f1", "count": 3}).Want(t, 201).JSON(t, &batch)
	printer := w.mustPrinter(t, "f1")
	face := func(code, rest string) string {
		return code + " HTTPS://RICIRCOLO.EXAMPLE/B/" + code + " Ospedale 1" + rest + "\n"
	}

	got := ward.Do(t, post, printPath, fields{"codes": []string{bound, batch.Codes[2]}, "sheet": "l7163", "skip": 13, "cutMarks": true, "language": "it"}).Want(t, 200)
	want := "pdf L7163 skip=13 marks=true it 0 dpi x=0 y=0 scale=0 n=2\n" + face(bound, "|Reparto 1|Flaconi/Bottles#1b7f5c[]") + face(batch.Codes[2], "||-")
	if string(got.Body) != want {
		t.Errorf("got %s, want %s", got.Body, want)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/pdf", "Content-Disposition": `attachment; filename="labels-2026-03-02.pdf"`,
		"Ricircolo-Next-Skip": "1", "Cache-Control": "no-store",
	} {
		if h := got.Header.Get(name); h != value {
			t.Errorf("%s: got %q, want %q", name, h, value)
		}
	}

	got = ward.Do(t, post, printPath, fields{"batch": batch.ID, "printer": printer}).Want(t, 200)
	want = "pdf L7160 skip=0 marks=false  600 dpi x=-0.4 y=1.25 scale=1.002 n=3\n"
	for _, code := range batch.Codes {
		want += face(code, "||-")
	}
	if string(got.Body) != want || got.Header.Get("Ricircolo-Next-Skip") != "3" {
		t.Errorf("batch: got %s, want %s", got.Body, want)
	}
	got = ward.Do(t, post, printPath, fields{"batch": batch.ID, "state": "blank", "printer": printer, "sheet": "roll-62", "format": "zpl", "dpi": 203}).Want(t, 200)
	if !strings.HasPrefix(string(got.Body), "zpl roll-62 skip=0 marks=false  203 dpi") || got.Header.Get("Ricircolo-Next-Skip") != "0" {
		t.Errorf("ZPL: got %s", got.Body)
	}
}

func TestPrintedFiles(t *testing.T) {
	w := mustPrinting(t, linePress)
	manager := w.as("manager", "f1")
	var batch batchResponse
	manager.Do(t, post, "/api/v1/labels", fields{"facility": "f1", "count": 2}).Want(t, 201).JSON(t, &batch)
	for _, tt := range []struct{ sheet, format, media, name string }{
		{"L7160", "pdf", "application/pdf", "labels-2026-03-02.pdf"},
		{"L7160", "svg", "image/svg+xml", "labels-2026-03-02.svg"},
		{"L7160", "png", "image/png", "labels-2026-03-02.png"},
		{"roll-62", "svg", "application/zip", "labels-2026-03-02.zip"},
		{"roll-62", "png", "application/zip", "labels-2026-03-02.zip"},
		{"roll-62", "zpl", "application/zpl", "labels-2026-03-02.zpl"},
	} {
		got := manager.Do(t, post, printPath, fields{"batch": batch.ID, "sheet": tt.sheet, "format": tt.format}).Want(t, 200)
		_, params, err := mime.ParseMediaType(got.Header.Get("Content-Disposition"))
		if err != nil || params["filename"] != tt.name || got.Header.Get("Content-Type") != tt.media {
			t.Errorf("%+v: got %v, %v, %s", tt, params, err, got.Header.Get("Content-Type"))
		}
	}
}

// What can't be printed is refused before a file begins.
func TestWhatIsNotPrinted(t *testing.T) {
	w := mustPrinting(t, press{write: func(print.Job, context.Context, io.Writer, print.Format, int, iter.Seq[print.Label]) error {
		t.Error("something was printed")
		return nil
	}})
	_, label := w.mustBin(t, "1")
	_, foreign := w.mustBin(t, "2")
	retired := w.mustRetired(t)
	ward := w.as("ward", "f1")
	unknown := "7K4M9QXP2RTBW"
	for _, tt := range []struct {
		name   string
		change fields
		status int
		code   string
		at     string
	}{
		{"unknown label", fields{"codes": []string{label, unknown}}, 422, "label-unknown", "/codes/1"},
		{"foreign label", fields{"codes": []string{foreign}}, 422, "label-unknown", "/codes/0"},
		{"repeated label", fields{"codes": []string{label, label}}, 422, "label-repeated", "/codes/1"},
		{"no label", fields{"codes": []string{"x"}}, 422, "label-invalid", "/codes/0"},
		{"retired label", fields{"codes": []string{retired}}, 422, "label-retired", "/codes/0"},
		{"nothing", fields{"codes": []string{}}, 400, "entry-invalid", "/codes"},
		{"too many", fields{"codes": make([]string, tracking.MaxLabels+1)}, 400, "too-many-labels", "/codes"},
		{"both", fields{"batch": "x"}, 400, "entry-invalid", "/batch"},
		{"state of codes", fields{"state": "blank"}, 400, "entry-invalid", "/state"},
		{"unknown sheet", fields{"sheet": "L0000"}, 422, "reference-unknown", "/sheet"},
		{"no sheet", fields{"sheet": ""}, 400, "entry-invalid", "/sheet"},
		{"unknown printer", fields{"printer": "x"}, 422, "reference-unknown", "/printer"},
		{"skipping a sheet", fields{"skip": 21}, 422, "skip-out-of-range", "/skip"},
		{"skipping back", fields{"skip": -1}, 422, "skip-out-of-range", "/skip"},
		{"ZPL on a sheet", fields{"format": "zpl"}, 422, "zpl-needs-roll", "/format"},
		{"format", fields{"format": "PDF"}, 400, "body-invalid", "/format"},
		{"language", fields{"language": "de"}, 400, "body-invalid", "/language"},
		{"coarse", fields{"dpi": 149}, 400, "body-invalid", "/dpi"},
		{"fine", fields{"dpi": 601}, 400, "body-invalid", "/dpi"},
		{"unknown key", fields{"copies": 2}, 400, "body-invalid", "/copies"},
	} {
		body := fields{"codes": []string{label}, "sheet": "L7160"}
		maps.Copy(body, tt.change)
		got := ward.Do(t, post, printPath, body)
		a := mustAnswer(t, string(got.Body))
		if got.Status != tt.status || a.Code != tt.code || len(a.Errors) != 1 || a.Errors[0].Pointer != tt.at {
			t.Errorf("%s: got %d %s %+v, want %d %s at %s", tt.name, got.Status, a.Code, a.Errors, tt.status, tt.code, tt.at)
		}
		if got.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s: the refusal is a file", tt.name)
		}
	}
	if a := mustAnswer(t, string(ward.Do(t, post, printPath, fields{"codes": []string{label}, "sheet": "L7160", "skip": 21}).Body)); !strings.Contains(a.Detail, "21 labels") {
		t.Errorf("got %q, want how many labels the sheet has", a.Detail)
	}
	ward.Do(t, "HEAD", printPath, nil).Want(t, 405)
}

// mustRetired is a retired label of f1.
func (w *world) mustRetired(tb testing.TB) string {
	tb.Helper()
	var batch batchResponse
	manager := w.as("manager", "f1")
	manager.Do(tb, post, "/api/v1/labels", fields{"facility": "f1", "count": 1}).Want(tb, 201).JSON(tb, &batch)
	w.mustRecord(tb, manager, "label.retire", fields{"label": batch.Codes[0], "reason": "strappata"})
	return batch.Codes[0]
}

// Images have a bound of their own: their size does not show in the request.
func TestImagesAreBounded(t *testing.T) {
	job := func(sheet string, dpi int) print.Job {
		s, ok := print.SheetByID(sheet)
		if !ok {
			t.Fatalf("no sheet %s", sheet)
		}
		return print.Job{Sheet: s, Printer: print.Printer{DPI: dpi}}
	}
	for _, tt := range []struct {
		sheet  string
		dpi    int
		f      print.Format
		labels int
		fine   bool
	}{
		{"L7160", 0, print.PNG, tracking.MaxLabels, true}, {"roll-62", 300, print.PNG, tracking.MaxLabels, true},
		{"A4-poster", 600, print.PNG, 50, true}, {"A4-poster", 600, print.PNG, 100, false}, {"A4-poster", 0, print.PNG, tracking.MaxLabels, false},
		{"A4-poster", 600, print.PDF, tracking.MaxLabels, true},
	} {
		if err := checkPixels(job(tt.sheet, tt.dpi), tt.f, tt.labels); (err == nil) != tt.fine {
			t.Errorf("%+v: got %v", tt, err)
		}
	}
}

// The largest print there is, to a client that reads slowly, and to one that
// goes away.
func TestLargestPrint(t *testing.T) {
	ended := make(chan int, 1)
	w := mustPrinting(t, press{write: func(_ print.Job, ctx context.Context, out io.Writer, _ print.Format, n int, labels iter.Seq[print.Label]) error {
		drawn := 0
		defer func() { ended <- drawn }()
		for l := range labels {
			if _, err := io.WriteString(out, strings.Repeat(l.Payload, 60)); err != nil {
				return err
			}
			drawn++
		}
		return nil
	}})
	manager := w.as("manager", "f1")
	var batch batchResponse
	manager.Do(t, post, "/api/v1/labels", fields{"facility": "f1", "count": tracking.MaxLabels}).Want(t, 201).JSON(t, &batch)
	for _, body := range []fields{{"batch": batch.ID, "sheet": "L7160"}, {"codes": batch.Codes, "sheet": "L7160"}} {
		got := manager.Do(t, post, printPath, body).Want(t, 200)
		payload := len("HTTPS://RICIRCOLO.EXAMPLE/B/") + qrlabels.CodeLength
		if want := tracking.MaxLabels * 60 * payload; len(got.Body) != want || <-ended != tracking.MaxLabels {
			t.Errorf("got %d bytes, want %d", len(got.Body), want)
		}
	}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	request, err := http.NewRequestWithContext(ctx, post, manager.Base+printPath, strings.NewReader(`{"batch":"`+batch.ID+`","sheet":"L7160"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + manager.Token}}
	response, err := manager.HTTP.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	leave()
	response.Body.Close()
	select {
	case drawn := <-ended:
		if drawn == tracking.MaxLabels {
			t.Log("all was sent before the client left")
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the press goes on for nobody")
	}
}

func TestRealPress(t *testing.T) {
	w := mustWorld(t)
	_, bound := w.mustBin(t, "1")
	ward := w.as("ward", "f1")
	for format, start := range map[string]string{"pdf": "%PDF-", "svg": "<", "png": "\x89PNG", "zpl": "^XA"} {
		got := ward.Do(t, post, printPath, fields{"codes": []string{bound}, "sheet": "roll-62", "format": format}).Want(t, 200)
		if !strings.HasPrefix(string(got.Body), start) {
			t.Errorf("%s: got %.40q", format, got.Body)
		}
	}
	calibration := ward.Do(t, get, sheetsPath+"/L7160/calibration.pdf", nil).Want(t, 200)
	if !strings.HasPrefix(string(calibration.Body), "%PDF-") {
		t.Errorf("calibration: got %.40q", calibration.Body)
	}
}

func TestCalibrationPages(t *testing.T) {
	w := mustPrinting(t, linePress)
	printer, sheet := w.mustPrinter(t, "f1"), w.mustSheet(t, "Nostro")
	manager := w.as("manager", "f1")
	for path, want := range map[string]string{
		printersPath + "/" + printer + "/calibration.pdf":              "L7160 x=-0.4",
		printersPath + "/" + printer + "/calibration.pdf?sheet=nostro": "Nostro x=-0.4",
		sheetsPath + "/" + sheet + "/calibration.pdf":                  "Nostro x=0",
		sheetsPath + "/roll-62/calibration.pdf":                        "roll-62 x=0",
	} {
		got := manager.Do(t, get, path, nil).Want(t, 200)
		if string(got.Body) != want || got.Header.Get("Content-Type") != "application/pdf" {
			t.Errorf("%s: got %s, want %s", path, got.Body, want)
		}
		manager.Do(t, get, path, nil, "If-None-Match", got.Header.Get("ETag")).Want(t, 304)
		manager.Do(t, "HEAD", path, nil).Want(t, 200)
	}
	manager.Do(t, get, printersPath+"/"+printer+"/calibration.pdf?sheet=L0000", nil).WantProblem(t, 422, "reference-unknown")
	manager.Do(t, get, printersPath+"/"+printer+"/calibration.pdf?page=2", nil).WantProblem(t, 400, "query-invalid")
	manager.Do(t, get, sheetsPath+"/L0000/calibration.pdf", nil).WantProblem(t, 404, "not-found")
	w.as("manager", "f2").Do(t, get, printersPath+"/"+printer+"/calibration.pdf", nil).WantProblem(t, 404, "not-found")
}

func TestPrinterMeasures(t *testing.T) {
	w := mustWorld(t)
	c := w.as("coordinator", "")
	var got printerResponse
	c.Do(t, post, printersPath, printerBody).Want(t, 201).JSON(t, &got)
	if got.OffsetXMm != -0.4 || got.OffsetYMm != 1.25 || got.Scale != 1.002 || got.DPI != 600 || got.Sheet != "L7160" || got.Facility != "f1" {
		t.Errorf("got %+v", got)
	}
	got = printerResponse{}
	c.Do(t, post, printersPath, fields{"name": "Nuova"}).Want(t, 201).JSON(t, &got)
	if got.OffsetXMm != 0 || got.Scale != 1 || got.DPI != 300 || got.Sheet != "" || got.Facility != "" {
		t.Errorf("of which nothing is known: got %+v", got)
	}
	for _, tt := range []struct {
		key   string
		value any
	}{
		{"offsetXMm", 20.001}, {"offsetXMm", -1e300}, {"offsetYMm", 1e18}, {"scale", 0}, {"scale", 1.11}, {"scale", -1e300}, {"dpi", 0}, {"dpi", 1 << 40},
	} {
		body := maps.Clone(printerBody)
		body[tt.key] = tt.value
		a := mustAnswer(t, string(c.Do(t, post, printersPath, body).Want(t, 400).Body))
		if len(a.Errors) != 1 || a.Errors[0].Pointer != "/"+tt.key || a.Errors[0].Code != "out-of-range" {
			t.Errorf("%s %v: got %+v", tt.key, tt.value, a.Errors)
		}
	}
}

func TestSheets(t *testing.T) {
	w := mustWorld(t)
	manager, coordinator := w.as("manager", "f1"), w.as("coordinator", "")
	first := manager.Do(t, post, sheetsPath, aSheet("Nostro"), "Idempotency-Key", "k").Want(t, 201)
	if again := manager.Do(t, post, sheetsPath, aSheet("Nostro"), "Idempotency-Key", "k").Want(t, 201); string(again.Body) != string(first.Body) {
		t.Errorf("got %s, then %s with the same key", first.Body, again.Body)
	}
	manager.Do(t, post, sheetsPath, aSheet("Altro"), "Idempotency-Key", "k").WantProblem(t, 422, "idempotency-key-reused")
	coordinator.Do(t, post, sheetsPath, aSheet("nostro")).WantProblem(t, 409, "id-taken")
	coordinator.Do(t, post, sheetsPath, aSheet("l7160")).WantProblem(t, 422, "sheet-built-in")
	var got sheetResponse
	if first.JSON(t, &got); got.ID != "Nostro" || got.Left != 12.345 || got.PitchX != 92.5 || got.BuiltIn {
		t.Errorf("got %+v", got)
	}
	at, tag := first.Header.Get("Location"), first.Header.Get("ETag")
	for _, c := range []*resttest.Client{manager, w.as("ward", "f1"), w.as("auditor", "")} {
		if read := c.Do(t, get, at, nil).Want(t, 200); string(read.Body) != string(first.Body) {
			t.Errorf("got %s, want %s", read.Body, first.Body)
		}
	}
	coordinator.Do(t, get, at, nil, "If-None-Match", tag).Want(t, 304)
	coordinator.Do(t, put, at, sheetBody).WantProblem(t, 428, "if-match-missing")
	fresh := coordinator.Do(t, put, at, sheetBody, "If-Match", tag).Want(t, 200).Header.Get("ETag")
	coordinator.Do(t, put, at, sheetBody, "If-Match", tag).WantProblem(t, 412, "version-changed")
	// A sheet that one facility changes would misprint another's.
	manager.Do(t, put, at, sheetBody, "If-Match", fresh).WantProblem(t, 403, "sheet-of-the-lab")
	coordinator.Do(t, put, at, sheetBody, "If-Match", fresh).Want(t, 200)
	w.As("lab-b/coordinator/").Do(t, get, at, nil).WantProblem(t, 404, "not-found")

	builtIn := coordinator.Do(t, get, sheetsPath+"/l7160", nil).Want(t, 200)
	if builtIn.JSON(t, &got); got.ID != "L7160" || !got.BuiltIn || got.Left != 7.21 {
		t.Errorf("got %+v", got)
	}
	coordinator.Do(t, put, sheetsPath+"/l7160", sheetBody, "If-Match", builtIn.Header.Get("ETag")).WantProblem(t, 422, "sheet-built-in")

	all := mustWalk(t, w.as("ward", "f1"), sheetsPath+"?limit=2")
	if want := len(print.Sheets()) + 1; len(all) != want || all[0] != "L7160" || all[want-1] != "Nostro" || len(slices.Compact(slices.Clone(all))) != want {
		t.Errorf("got %v, want the built-in ones and ours", all)
	}
	bad := aSheet("stretto")
	bad["pitchX"], bad["pageWidth"] = 80, 1e300
	a := mustAnswer(t, string(manager.Do(t, post, sheetsPath, bad).Want(t, 400).Body))
	if len(a.Errors) != 1 || a.Errors[0].Pointer != "/pageWidth" || a.Errors[0].Code != "out-of-range" {
		t.Errorf("got %+v", a.Errors)
	}
}

func TestLabelBatches(t *testing.T) {
	w := mustWorld(t)
	_, label := w.mustBin(t, "1")
	w.mustRetired(t)
	manager := w.as("manager", "f1")
	var batch batchResponse
	manager.Do(t, post, "/api/v1/labels", fields{"facility": "f1", "count": 3}).Want(t, 201).JSON(t, &batch)
	list := mustGetJSON[ledgerListing[batchItem]](t, manager, batchesPath)
	if len(list.Items) != 3 || list.Items[0].ID != batch.ID || list.Items[0].Count != 3 || list.Items[0].Facility != "f1" {
		t.Errorf("got %+v, want the newest first", list)
	}
	if got := mustWalk(t, w.as("coordinator", ""), batchesPath+"?facility=f1&limit=1"); len(got) != 3 {
		t.Errorf("got %v, want three", got)
	}
	for _, path := range []string{batchesPath + "?facility=f2", batchesPath} {
		if got := mustWalk(t, w.as("manager", "f2"), path); len(got) != 0 {
			t.Errorf("%s: got %v for f2, want none", path, got)
		}
	}
	path := batchesPath + "/" + mustGetJSON[labelResponse](t, manager, at("/labels/%s", label)).Batch
	before := manager.Do(t, get, path, nil).Want(t, 200)
	var got batchDetail
	if before.JSON(t, &got); got.Count != 1 || got.Bound != 1 || got.Blank+got.Retired != 0 {
		t.Errorf("got %+v, want one bound", got)
	}
	// The batch stays as it was; what became of its labels does not.
	w.mustRecord(t, manager, "label.retire", fields{"label": label, "reason": "strappata"})
	after := manager.Do(t, get, path, nil, "If-None-Match", before.Header.Get("ETag")).Want(t, 200)
	if after.JSON(t, &got); got.Bound != 0 || got.Retired != 1 {
		t.Errorf("got %+v, want one retired", got)
	}
	w.as("ward", "f2").Do(t, get, path, nil).WantProblem(t, 404, "not-found")
}

// One caller's slow downloads leave places for others, and for others' figures.
func TestSlowDownloadsLeavePlacesForOthers(t *testing.T) {
	slow := press{write: func(_ print.Job, ctx context.Context, out io.Writer, _ print.Format, _ int, _ iter.Seq[print.Label]) error {
		if _, err := out.Write(make([]byte, 2*streamPiece)); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	w := mustPrinting(t, slow)
	ask := fields{"codes": w.mustCodes(t, "f1", 1), "sheet": "L7160"}
	begin := func(token string) int {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), post, w.Base+printPath, strings.NewReader(mustJSON(t, ask)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response.StatusCode
	}
	for i := range maxDownloads {
		if got := begin("lab-a/ward/f1"); got != 200 {
			t.Fatalf("download %d: got %d, want 200", i+1, got)
		}
	}
	if got := begin("lab-a/ward/f1"); got != 429 {
		t.Errorf("one more of the same caller: got %d, want 429", got)
	}
	if got := begin("lab-a/manager/f1"); got != 200 {
		t.Errorf("another caller: got %d, want 200", got)
	}
	w.as("coordinator", "").Do(t, get, "/api/v1/indicators/summary?from=2026-01&to=2026-03", nil).Want(t, 200)
}
