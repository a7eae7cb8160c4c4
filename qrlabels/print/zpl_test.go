package print_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

var update = flag.Bool("update", false, "write the golden files anew")

func mustCode(t *testing.T, s string) qrlabels.Code {
	t.Helper()
	c, err := qrlabels.ParseCode(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hostile is a label whose texts try to be commands.
func hostile(t *testing.T) print.Label {
	code := mustCode(t, "7K4M9QXP2RTBW")
	return print.Label{
		Code: code, Payload: mustBase(t, "https://ricircolo.ospedale.it").Payload(code),
		Facility: `^XA~JR\ Ospedale_5E "A"`, Ward: "Città",
		Stream: &print.Stream{Name: print.Words{IT: "Più^FS", EN: "More"}, Colour: "#3a5a98", Pictograms: []print.Pictogram{print.Bottle}},
	}
}

// The ZPL of labels is as it was looked at: compared by hand with the command
// reference, Zebra's Programming Guide P1012728.
func TestZPLGolden(t *testing.T) {
	bright := hostile(t)
	stream := *bright.Stream
	stream.Colour, stream.Pictograms = "#f2a541", nil
	bright.Stream, bright.Facility = &stream, "Ospedale"
	blank := print.Label{Code: bright.Code, Payload: bright.Payload}
	var got strings.Builder
	for _, job := range []print.Job{
		{Sheet: mustSheet(t, "roll-50x30"), Printer: print.Printer{DPI: 203}},
		{Sheet: mustSheet(t, "roll-62"), Printer: print.Printer{DPI: 300, OffsetX: 1, OffsetY: -0.5}, CutMarks: true, Language: print.Italian},
	} {
		got.Write(mustWrite(t, job, print.ZPL, []print.Label{hostile(t), bright, blank}))
	}
	golden := filepath.Join("testdata", "labels.zpl")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the ZPL differs from %s; if that is meant, look at it and run go test ./qrlabels/print -update", golden)
	}
}

// zplCommands are those that labels are made of, with the form of their parameters.
var zplCommands = map[string]string{
	"XA": ``, "XZ": ``, "CI": `28`, "PW": `\d{3,4}`, "LL": `\d{3,4}`, "LH": `0,0`, "BY": `2,2,10`, "PQ": `1`, "FS": ``, "FR": ``, "FH": ``,
	"FB": `\d{2,4},1,0,C`,
	"FO": `\d{1,4},\d{1,4}`, "FT": `\d{1,4},\d{1,4}`,
	"A0": `N,\d{2,3}`, "GB": `\d{1,4},\d{1,4},\d{1,4},B,0`, "GF": `A,\d+,\d+,\d+,[0-9A-F]+`,
	"BQ": `N,2,([1-9]|10),[LMQH],7`, "FD": `[ -\]` + "`" + `-}_]*`,
}

// Every command is one of the reference, with parameters in its ranges, and no text
// of a label becomes one.
func TestZPLIsWellFormed(t *testing.T) {
	text := string(mustWrite(t, print.Job{Sheet: mustSheet(t, "roll-62")}, print.ZPL, append(someLabels(t, 20), hostile(t))))
	if strings.Contains(text, "~") {
		t.Error("a ~ begins commands to the printer itself")
	}
	for _, command := range strings.Split(text, "^")[1:] {
		command = strings.TrimSpace(command)
		form, ok := zplCommands[command[:2]]
		if !ok || !regexp.MustCompile(`^`+form+`$`).MatchString(command[2:]) {
			t.Errorf("command ^%s is not of the form %s", command, form)
		}
	}
	for _, field := range regexp.MustCompile(`\^FD([^^]*)\^FS`).FindAllStringSubmatch(text, -1) {
		if regexp.MustCompile(`_([^0-9A-F]|.[^0-9A-F])`).MatchString(field[1]) {
			t.Errorf("field %q has a _ that begins no hexadecimal number", field[1])
		}
	}
	if got, want := strings.Count(text, "^XA"), 21; got != want {
		t.Errorf("got %d labels, want %d", got, want)
	}
	for _, want := range []string{"Citt_C3_A0", "_5EXA_7EJR_5C Ospedale_5F5E", "Pi_C3_B9_5EFS"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in it", want)
		}
	}
	if symbols := regexp.MustCompile(`\^BQN,2,\d+,H,7\^FH\^FDHA,HTTPS://RICIRCOLO\.OSPEDALE\.IT/B/`).FindAllString(text, -1); len(symbols) != 21 {
		t.Errorf("got %d symbols with level and payload, want 21", len(symbols))
	}
}
