package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/strictjson"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// paper is what labels are printed on, and how far the printer is off.
type paper struct {
	Sheet     string  `placeholder:"ID" help:"Sheet or roll to print on; the command labels sheets lists them." group:"Printing"`
	SheetFile string  `type:"path" placeholder:"FILE" help:"File that describes the sheet, in JSON, in place of --sheet." group:"Printing"`
	OffsetX   float64 `placeholder:"MM" help:"Millimetres by which the print has to move to the right; write --offset-x=-0.4 for left." group:"Printing"`
	OffsetY   float64 `placeholder:"MM" help:"Millimetres by which the print has to move down." group:"Printing"`
	Scale     float64 `default:"1" help:"By which the print has to grow, such as 1.005." group:"Printing"`
}

func (p paper) checkSheet() error {
	if (p.Sheet == "") == (p.SheetFile == "") {
		return errors.New("say what to print on: name a --sheet, such as L7160, or describe it in a --sheet-file; the command labels sheets lists those that are known")
	}
	if p.Scale == 0 { // which the printing package takes for 1
		return fmt.Errorf("--scale is 0: want %g to %g", print.MinScale, print.MaxScale)
	}
	return nil
}

func (p paper) printer() print.Printer {
	return print.Printer{OffsetX: p.OffsetX, OffsetY: p.OffsetY, Scale: p.Scale}
}

// maxSheetFile is the largest file that is taken for a sheet, in bytes.
const maxSheetFile = 64 << 10

// readSheet reads a sheet from a file. Its error names every value that can't
// be.
func readSheet(name string) (s print.Sheet, err error) {
	f, err := os.Open(name)
	if err != nil {
		return s, fmt.Errorf("opening the sheet: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSheetFile+1))
	if err != nil {
		return s, fmt.Errorf("reading the sheet: %w", err)
	}
	if len(text) > maxSheetFile {
		return s, fmt.Errorf("%s has more than %d bytes, which is no sheet", name, maxSheetFile)
	}
	if err := strictjson.Unmarshal(text, &s); err != nil {
		return s, sheetFileError(name, err)
	}
	if err := s.Validate(); err != nil {
		return s, sheetFileError(name, err)
	}
	return s, nil
}

// sheetFileError lists the faults of a file by the names that they have in it.
func sheetFileError(name string, err error) error {
	text := name + " does not describe a sheet:"
	var sheet *print.SheetError
	p := problem.As(err)
	switch {
	case errors.As(err, &sheet):
		for _, f := range sheet.Faults {
			text += "\n  " + f.Field + ": " + f.Reason
		}
	case p != nil && len(p.Fields) > 0:
		for _, f := range p.Fields {
			text += "\n  " + strings.TrimPrefix(f.Pointer, "/") + ": " + f.Detail
		}
	default:
		text += " " + explain(err)
	}
	return errors.New(text)
}

// labFolder is the lab whose own sheets are known.
type labFolder struct {
	location
	Lab string `name:"lab" env:"RICIRCOLO_LAB" default:"lab" help:"Id of the lab, if the store has several."`
}

type sheetsCommand struct{ labFolder }

// Run lists the built-in sheets in any case, and then the lab's own.
func (c sheetsCommand) Run(ctx context.Context) (err error) {
	for _, s := range print.Sheets() {
		listSheet(s, "")
	}
	desk, err := openLabelDesk(ctx, c.location, c.Lab, "GET /api/v1/sheets lists the lab's own sheets as well")
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a lab that is yet to be made has none of its own
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, desk.close()) }()
	for page := (tracking.Page{Limit: tracking.MaxPage}); ; {
		list, err := desk.tracking.Sheets(ctx, desk.console, page)
		if err != nil {
			return err
		}
		for _, s := range list.Items {
			if !s.Doc.BuiltIn {
				listSheet(s.Doc.Geometry(), " (the lab's own)")
			}
		}
		if page.After = list.Next; page.After == nil {
			return nil
		}
	}
}

func listSheet(s print.Sheet, whose string) {
	fmt.Printf("%-12s %3d a page  %s%s\n", s.ID, s.PerPage(), s.Title, whose)
}

type calibrateCommand struct {
	paper  `embed:""`
	output `embed:""`
	labFolder
}

// Run needs the store for the lab's own sheets only.
func (c calibrateCommand) Run(ctx context.Context) error {
	if err := c.checkSheet(); err != nil {
		return err
	}
	sheet, err := c.geometry(ctx)
	if err != nil {
		return err
	}
	job := print.Job{Sheet: sheet, Printer: c.printer()}
	if err := job.Validate(); err != nil {
		return err
	}
	file, err := c.create()
	if err != nil {
		return err
	}
	defer file.discard()
	if err := job.Calibration(file); err != nil {
		return err
	}
	if err := file.keep(); err != nil {
		return err
	}
	fmt.Printf("%s written. Print it on plain paper at 100 %%, hold it against a sheet of labels, and give what you read on it to labels print.\n", c.Out)
	return nil
}

func (c calibrateCommand) geometry(ctx context.Context) (s print.Sheet, err error) {
	if c.SheetFile != "" {
		return readSheet(c.SheetFile)
	}
	if s, ok := print.SheetByID(c.Sheet); ok {
		return s, nil
	}
	desk, err := openLabelDesk(ctx, c.location, c.Lab, "GET /api/v1/sheets/{id}/calibration.pdf draws the page of one of the lab's own sheets")
	if err != nil {
		return s, fmt.Errorf("--sheet %s is not built in: %w", c.Sheet, err)
	}
	defer func() { err = errors.Join(err, desk.close()) }()
	found, err := desk.tracking.Sheet(ctx, desk.console, c.Sheet)
	if problem.Is(err, "not-found") {
		return s, fmt.Errorf("there is no sheet %s: the command labels sheets lists those that are known", c.Sheet)
	}
	return found.Doc.Geometry(), err
}
