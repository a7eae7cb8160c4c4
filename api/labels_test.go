//go:build unix

package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// atHome is where the labels of these tests lead.
const atHome = "--base-url=https://ricircolo.example"

// printLabels is what labels print says of a lab, with these flags.
func printLabels(tb testing.TB, data string, flags ...string) (printed string, code int) {
	tb.Helper()
	return program(tb, slices.Concat([]string{"labels", "print", "--data", data, atHome}, flags)...)
}

// mustPrint prints to a file of this ending, which must succeed.
func mustPrint(tb testing.TB, data, ending string, flags ...string) (printed, file string) {
	tb.Helper()
	file = filepath.Join(tb.TempDir(), "labels."+ending)
	printed, code := printLabels(tb, data, append(flags, "--out", file)...)
	if code != 0 {
		tb.Fatalf("labels print %v ended with %d:\n%s", flags, code, printed)
	}
	return printed, file
}

var (
	batchPrinted = regexp.MustCompile(`batch (\S{36})`)
	zplSymbol    = regexp.MustCompile(`\^FDHA,([^^]+)\^FS`)
)

// mustBatch is the batch that the program names.
func mustBatch(tb testing.TB, printed string) string {
	tb.Helper()
	m := batchPrinted.FindStringSubmatch(printed)
	if m == nil {
		tb.Fatalf("no batch is named:\n%s", printed)
	}
	return m[1]
}

// symbols are the texts of the symbols in a file for a printer of rolls, which
// draws them itself.
func symbols(tb testing.TB, file string) (texts []string) {
	tb.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	for _, m := range zplSymbol.FindAllStringSubmatch(string(content), -1) {
		texts = append(texts, m[1])
	}
	return texts
}

// codes are what the texts of symbols lead to.
func codes(tb testing.TB, texts []string) (codes []string) {
	tb.Helper()
	for _, text := range texts {
		p, err := qrlabels.ParsePayload(text)
		if err != nil {
			tb.Fatalf("%s: %v", text, err)
		}
		codes = append(codes, p.Code.String())
	}
	return codes
}

// wantFiles compares what is in a folder, hidden files as well.
func wantFiles(tb testing.TB, folder string, want ...string) {
	tb.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, want) {
		tb.Errorf("%s holds %q, want %q", folder, names, want)
	}
}

func wantSays(tb testing.TB, printed string, parts ...string) {
	tb.Helper()
	for _, part := range parts {
		if !strings.Contains(printed, part) {
			tb.Errorf("it says\n%s\nwhich lacks %q", printed, part)
		}
	}
}

// What was issued can be printed as often as paper jams, and is always the same.
func TestLabelsArePrintedAndPrintedAgain(t *testing.T) {
	t.Parallel()
	l := mustLab(t)
	printed, file := mustPrint(t, l.dir, "zpl", "--count=5", "--facility", l.facility, "--sheet=roll-62")
	wantSays(t, printed, "5 labels on 5 pages of roll-62 written to "+file, "They lead to https://ricircolo.example.\n")
	wantFiles(t, filepath.Dir(file), "labels.zpl")
	batch, first := mustBatch(t, printed), symbols(t, file)
	if len(first) != 5 || !strings.HasPrefix(first[0], "HTTPS://RICIRCOLO.EXAMPLE/B/") {
		t.Fatalf("got the symbols %q, want five", first)
	}
	typed := codes(t, first)
	for _, again := range []struct {
		flags []string
		want  []string
	}{
		{[]string{"--batch", batch}, first},
		{[]string{"--code", typed[3], "--code", typed[1]}, []string{first[3], first[1]}},
		{[]string{"--code", first[2], "--code", strings.ToLower(typed[0])}, []string{first[2], first[0]}},
	} {
		_, file := mustPrint(t, l.dir, "zpl", append(again.flags, "--sheet=roll-62")...)
		if got := symbols(t, file); !slices.Equal(got, again.want) {
			t.Errorf("%v: got %q, want %q", again.flags, got, again.want)
		}
	}
	mustVerify(t, l.site)

	// The lab knows who issued them, and for whom.
	p := mustServe(t, l.dir)
	coordinator := l.as(p, access.Coordinator)
	var trail struct{ Entry struct{ Type, Actor string } }
	coordinator.mustCall(t, http.MethodGet, "/api/v1/entries/"+batch, nil, &trail)
	if e := trail.Entry; e.Type != "label.issue" || e.Actor != "console" {
		t.Errorf("the entry is %+v, want label.issue by the console", e)
	}
	var batches struct {
		Items []struct {
			ID, Facility string
			Count        int
		}
	}
	coordinator.mustCall(t, http.MethodGet, "/api/v1/label-batches", nil, &batches)
	if len(batches.Items) != 1 || batches.Items[0].ID != batch || batches.Items[0].Facility != l.facility || batches.Items[0].Count != 5 {
		t.Errorf("the lab has the batches %+v, want the one of 5: printing again issues nothing", batches.Items)
	}
}

// An independent reader finds on paper what a printer of rolls is told.
func TestPrintedLabelsAreRead(t *testing.T) {
	t.Parallel()
	l := mustLab(t)
	for name, flags := range map[string][]string{"short": nil, "gs1": {"--gs1-company-prefix=9521234", "--gs1-asset-type=00022"}} {
		t.Run(name, func(t *testing.T) {
			printed, file := mustPrint(t, l.dir, "pdf", append(flags, "--count=24", "--sheet=L7160", "--skip=5")...)
			_, roll := mustPrint(t, l.dir, "zpl", append(flags, "--batch", mustBatch(t, printed), "--sheet=roll-62")...)
			got, want := mustRead(t, file, mustSheet(t, "L7160"), 5, 24), symbols(t, roll)
			if len(want) != 24 || !slices.Equal(got, want) {
				t.Errorf("read %q, want %q", got, want)
			}
		})
	}
}

func TestASheetIsUsedUp(t *testing.T) {
	t.Parallel()
	l := mustLab(t)
	for _, row := range []struct {
		count, skip int
		pages, left string
	}{
		{10, 5, "10 labels on 1 page", "6 labels are left on the last sheet: next time --skip 15."},
		{5, 15, "5 labels on 1 page", "1 label is left on the last sheet: next time --skip 20."},
		{1, 20, "1 label on 1 page", ""},
		{24, 20, "24 labels on 3 pages", "19 labels are left on the last sheet: next time --skip 2."},
		{42, 0, "42 labels on 2 pages", ""},
	} {
		printed, _ := mustPrint(t, l.dir, "pdf", "--sheet=L7160", fmt.Sprint("--count=", row.count), fmt.Sprint("--skip=", row.skip))
		wantSays(t, printed, row.pages, row.left)
		if row.left == "" && strings.Contains(printed, "--skip") {
			t.Errorf("%d labels behind %d: it says\n%s", row.count, row.skip, printed)
		}
	}
}

// Printers of ZPL are coarser than those of images, unless somebody says more.
func TestResolutionFollowsTheFormat(t *testing.T) {
	t.Parallel()
	l := mustLab(t)
	said, _ := mustPrint(t, l.dir, "zpl", "--count=1", "--sheet=roll-62")
	batch := mustBatch(t, said)
	again := func(ending string, flags ...string) string {
		_, file := mustPrint(t, l.dir, ending, append(flags, "--batch", batch, "--sheet=roll-62")...)
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	for ending, dpi := range map[string]string{"zpl": "--dpi=203", "png": "--dpi=300"} {
		if again(ending) != again(ending, dpi) {
			t.Errorf("%s: got another resolution than %s", ending, dpi)
		}
		if again(ending) == again(ending, "--dpi=600") {
			t.Errorf("%s: the resolution makes no difference", ending)
		}
	}
}

// A code that is issued stays issued, so all that can be wrong is found before.
func TestLabelsAreRefusedBeforeTheyAreIssued(t *testing.T) {
	t.Parallel()
	l := mustLab(t)
	before := mustProgram(t, "verify", "--data", l.dir)
	folder := t.TempDir()
	at := func(name string) string { return "--out=" + filepath.Join(folder, name) }
	mustWrite(t, filepath.Join(folder, "there.pdf"), "precious")
	if err := os.Symlink("there.pdf", filepath.Join(folder, "link.pdf")); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, filepath.Join(folder, "sheet.json"), `{"id": "ours"}`)
	overlong := strings.Repeat("l", 250) + ".pdf"
	const new, on, out = "--count=3", "--sheet=L7160", "--out=x.pdf"
	for name, row := range map[string]struct {
		flags []string
		says  string
	}{
		"no labels":               {[]string{on, at("x.pdf")}, "say which labels"},
		"new and old ones":        {[]string{new, "--batch=b", on, at("x.pdf")}, "say which labels"},
		"a batch and a code":      {[]string{"--code=c", "--batch=b", on, at("x.pdf")}, "say which labels"},
		"too many":                {[]string{"--count=2001", on, at("x.pdf")}, "--count is 2001: want 1 to 2000"},
		"less than none":          {[]string{"--count=-1", on, at("x.pdf")}, "--count is -1: want 1 to 2000"},
		"old ones for somebody":   {[]string{"--facility", l.facility, "--batch=b", on, at("x.pdf")}, "--facility is for new labels"},
		"nobody's":                {[]string{new, "--facility=nobody", on, at("x.pdf")}, "--facility: There is no such facility."},
		"a batch of nobody's":     {[]string{"--batch=b", on, at("x.pdf")}, "--batch: There is no such batch."},
		"a code that is none":     {[]string{"--code=7K4M", on, at("x.pdf")}, "--code 7K4M: This is not a label's code."},
		"no paper":                {[]string{new, at("x.pdf")}, "say what to print on"},
		"two papers":              {[]string{new, on, "--sheet-file=s.json", at("x.pdf")}, "say what to print on"},
		"an unknown sheet":        {[]string{new, "--sheet=L0000", at("x.pdf")}, "--sheet: There is no such sheet."},
		"a bad sheet":             {[]string{new, "--sheet-file", filepath.Join(folder, "sheet.json"), at("x.pdf")}, "pageWidth: want 40 to 600 mm"},
		"all of a sheet used up":  {[]string{new, on, "--skip=21", at("x.pdf")}, "skip is 21, want 0 to 20"},
		"a used-up roll":          {[]string{new, "--sheet=roll-62", "--skip=1", at("x.zpl")}, "skip is 1, want 0 to 0"},
		"more than used up":       {[]string{new, on, "--skip=-1", at("x.pdf")}, "skip is -1"},
		"no format":               {[]string{new, on, at("x.docx")}, "does not say the format"},
		"a format of none":        {[]string{new, on, "--format=docx", at("x.pdf")}, `format is "docx"`},
		"a sheet for rolls":       {[]string{new, on, at("x.zpl")}, "ZPL is for rolls"},
		"an archive as image":     {[]string{"--count=22", on, at("x.png")}, "let --out end in .zip and add --format png"},
		"an image as archive":     {[]string{new, on, "--format=svg", at("x.zip")}, "let --out end in .svg"},
		"a language of none":      {[]string{new, on, "--language=de", at("x.pdf")}, `language is "de"`},
		"too coarse":              {[]string{new, on, "--dpi=72", at("x.pdf")}, "resolution is 72 dpi"},
		"another sheet at all":    {[]string{new, on, "--offset-y=-21", at("x.pdf")}, "offset down is -21 mm"},
		"no size":                 {[]string{new, on, "--scale=0", at("x.pdf")}, "--scale is 0: want 0.9 to 1.1"},
		"not a number":            {[]string{new, on, "--scale=NaN", at("x.pdf")}, "scale is NaN"},
		"a file that is there":    {[]string{new, on, at("there.pdf")}, "there.pdf is there already: name another file, or replace it with --force"},
		"a link":                  {[]string{new, on, "--force", at("link.pdf")}, "is no plain file"},
		"a folder":                {[]string{new, on, "--force", "--format=pdf", at("")}, "is no plain file"},
		"nowhere":                 {[]string{new, on, at("nowhere/x.pdf")}, "name a file in another folder"},
		"a name that is too long": {[]string{new, on, at(overlong + overlong)}, "name too long"},
		"no link for phones":      {[]string{new, on, "--base-url=", "--listen=0.0.0.0:8080", at("x.pdf")}, "--base-url (RICIRCOLO_BASE_URL) is \"\": name it"},
		"a long link":             {[]string{new, on, "--base-url=https://a-host-that-is-too-long.ricircolo.example", at("x.pdf")}, "--base-url: label base"},
		"a company of nobody's":   {[]string{new, on, "--gs1-company-prefix=95", at("x.pdf")}, "--gs1-company-prefix (RICIRCOLO_GS1_COMPANY_PREFIX)"},
	} {
		printed, code := printLabels(t, l.dir, row.flags...)
		if code == 0 || !strings.Contains(printed, row.says) {
			t.Errorf("%s: ended with %d, saying\n%s\nwant %q", name, code, printed, row.says)
		}
	}
	wantFiles(t, folder, "link.pdf", "sheet.json", "there.pdf")
	if content, err := os.ReadFile(filepath.Join(folder, "there.pdf")); err != nil || string(content) != "precious" {
		t.Errorf("what was there is now %q, %v", content, err)
	}
	if after := mustProgram(t, "verify", "--data", l.dir); after != before {
		t.Errorf("something was recorded: before %s\nafter %s", before, after)
	}
	// Control: that is how an issue shows, and a file that may be replaced.
	if printed, code := printLabels(t, l.dir, new, on, "--force", at("there.pdf")); code != 0 {
		t.Errorf("control: ended with %d:\n%s", code, printed)
	}
	wantFiles(t, folder, "link.pdf", "sheet.json", "there.pdf")
	if after := mustProgram(t, "verify", "--data", l.dir); after == before {
		t.Error("control: labels were issued, and verify says the same")
	}
}

func mustWrite(tb testing.TB, name, content string) {
	tb.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// Labels of a folder that was mistyped would be nobody's.
func TestPrintingMakesNoLab(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "mistyped")
	printed, code := printLabels(t, data, "--count=1", "--sheet=L7160", "--out", filepath.Join(t.TempDir(), "x.pdf"))
	if code == 0 {
		t.Error("labels were printed")
	}
	wantSays(t, printed, "there is no store in "+data)
	if _, err := os.Stat(data); err == nil {
		t.Error("the folder was made")
	}
}

// Without a base URL the labels lead to this machine, which is said before
// anybody sticks them on bins.
func TestLabelsThatLeadHome(t *testing.T) {
	t.Parallel()
	l := mustLab(t)
	printed, file := mustPrint(t, l.dir, "zpl", "--count=1", "--sheet=roll-62", "--base-url=")
	wantSays(t, printed, "They lead to http://127.0.0.1:8080, which only this machine reaches.", "--base-url")
	if got := symbols(t, file); len(got) != 1 || !strings.HasPrefix(got[0], "HTTP://127.0.0.1:8080/B/") {
		t.Errorf("got the symbols %q", got)
	}
}

// TestInterruptedPrinting ends the program in the middle: by Ctrl-C, and as a
// power cut does.
func TestInterruptedPrinting(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"Ctrl-C": syscall.SIGINT, "power cut": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, folder := mustLab(t), t.TempDir()
			file := filepath.Join(folder, "labels.zip")
			printed := mustInterrupt(t, signal, folder, "labels", "print", "--data", l.dir, atHome, "--facility", l.facility,
				"--count", fmt.Sprint(tracking.MaxLabels), "--sheet=roll-62", "--format=png", "--dpi=600", "--out", file)
			if _, err := os.Stat(file); err == nil {
				t.Error("half a file is there")
			}
			mustVerify(t, l.site)
			if signal == syscall.SIGKILL {
				return // nobody could say anything, or clear up what has another name
			}
			wantFiles(t, folder)
			wantSays(t, printed, "interrupted", "2000 labels are issued, but not printed", "in place of --count and --facility")
			_, again := mustPrint(t, l.dir, "zpl", "--batch", mustBatch(t, printed), "--sheet=roll-62")
			if got := len(symbols(t, again)); got != tracking.MaxLabels {
				t.Errorf("printed again there are %d labels, want %d", got, tracking.MaxLabels)
			}
		})
	}
}

// mustInterrupt runs the program, sends it a signal once it writes into the
// folder, and returns what it said.
func mustInterrupt(tb testing.TB, signal syscall.Signal, folder string, args ...string) string {
	tb.Helper()
	var out syncBuffer
	cmd := exec.CommandContext(tb.Context(), mustBinary(tb), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = plainEnvironment(), &out, &out
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); !written(folder); {
		if time.Now().After(deadline) {
			tb.Fatalf("nothing is written:\n%s", out.String())
		}
		time.Sleep(5 * time.Millisecond) // nothing else tells how far it is
	}
	if err := cmd.Process.Signal(signal); err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		tb.Fatalf("it was over before it was interrupted:\n%s", out.String())
	}
	return out.String()
}

// written reports whether there is something in a file in a folder.
func written(folder string) bool {
	files, _ := filepath.Glob(filepath.Join(folder, ".*.part"))
	return slices.ContainsFunc(files, func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && info.Size() > 0
	})
}
