package print_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// A batch of blank labels for a sheet of which the first five are used up.
func ExampleJob_Write() {
	base, err := qrlabels.NewBase("https://ricircolo.example")
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := qrlabels.ParseCode("7K4M-9QXP-2RTBW")
	if err != nil {
		fmt.Println(err)
		return
	}
	sheet, _ := print.SheetByID("L7160")
	labels := slices.Repeat([]print.Label{{Code: code, Payload: base.Payload(code)}}, 20)
	job := print.Job{Sheet: sheet, Skip: 5}

	var file bytes.Buffer
	if err := job.Write(context.Background(), &file, print.PDF, len(labels), slices.Values(labels)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s, %d pages, next time skip %d\n", file.Bytes()[:8], job.Pages(len(labels)), job.NextSkip(len(labels)))
	// Output: %PDF-1.7, 2 pages, next time skip 4
}

// The label of a bin on a label printer of 203 dots per inch.
func ExampleJob_Write_roll() {
	base, _ := qrlabels.NewBase("https://ricircolo.example")
	code, _ := qrlabels.ParseCode("7K4M-9QXP-2RTBW")
	label := print.Label{
		Code: code, Payload: base.Payload(code), Facility: "Ospedale", Ward: "Dialisi",
		Stream: &print.Stream{Name: print.Words{IT: "Flaconi", EN: "Bottles"}, Colour: "#1b7f5c", Pictograms: []print.Pictogram{print.Bottle}},
	}
	roll, _ := print.SheetByID("roll-50x30")
	job := print.Job{Sheet: roll, Printer: print.Printer{DPI: 203}}
	var zpl bytes.Buffer
	if err := job.Write(context.Background(), &zpl, print.ZPL, 1, slices.Values([]print.Label{label})); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bytes.Count(zpl.Bytes(), []byte("^BQN,2,")), "symbol by the printer itself")
	// Output: 1 symbol by the printer itself
}

// A sheet of one's own. All that is wrong with it is said at once.
func ExampleSheet_Validate() {
	sheet := print.Sheet{ID: "mine", PageWidth: 210, PageHeight: 297, Columns: 2, Rows: 5, Left: 5, Top: 10, PitchX: 100, PitchY: 50, Width: 105, Height: 55}
	fmt.Println(sheet.Validate())
	// Output: sheet: pitchX: want at least 105 mm, the size of a label, so that none overlap; pitchY: want at least 55 mm, the size of a label, so that none overlap
}

// The page by which an office printer is measured.
func ExampleJob_Calibration() {
	folder, err := os.MkdirTemp("", "labels")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	file, err := os.Create(filepath.Join(folder, "calibration.pdf"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	sheet, _ := print.SheetByID("L7160")
	fmt.Println(print.Job{Sheet: sheet}.Calibration(file))
	// Output: <nil>
}
