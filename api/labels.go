package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/config"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

type labelsCommands struct {
	Print     printLabelsCommand `cmd:"" help:"Issue blank labels and print them, or print some again. With an SQLite file, the server must not run."`
	Sheets    sheetsCommand      `cmd:"" help:"List the sheets of labels that are known."`
	Calibrate calibrateCommand   `cmd:"" help:"Print the page on which is measured how far a printer is off."`
}

type printLabelsCommand struct {
	Count    int      `placeholder:"N" help:"Issue so many blank labels, at most 2000." group:"Which labels"`
	Facility string   `placeholder:"ID" help:"Facility that the new labels are for. Default: whoever binds them first." group:"Which labels"`
	Batch    string   `placeholder:"ID" help:"Print the labels of a batch again, without those that are retired." group:"Which labels"`
	Code     []string `sep:"none" placeholder:"CODE" help:"Print the label with this code again; may be repeated." group:"Which labels"`

	paper    `embed:""`
	Skip     int            `placeholder:"N" help:"Labels of the first sheet that are used up." group:"Printing"`
	Format   print.Format   `placeholder:"FORMAT" help:"pdf, svg, png or zpl. Default: what the file's name ends in." group:"Printing"`
	Language print.Language `default:"both" help:"Language of what the labels say: both, it or en." group:"Printing"`
	DPI      int            `placeholder:"N" help:"Dots per inch, for png and zpl. Default: 300, for zpl 203." group:"Printing"`
	CutMarks bool           `help:"Draw lines around every label, for plain paper." group:"Printing"`
	output   `embed:""`

	config.Config `embed:""`
}

// Run checks everything that could keep the labels from being printed before it
// issues them: a code stays issued, whatever becomes of its label.
func (c printLabelsCommand) Run(ctx context.Context) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	base, err := c.Labels()
	if err != nil {
		return fmt.Errorf("--base-url: %w", err)
	}
	desk, err := openLabelDesk(ctx, location{c.Data, c.Store}, c.Lab, "POST /api/v1/label-sheets prints labels")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, desk.close()) }()
	job, err := c.job(ctx, desk)
	if err != nil {
		return c.inFlags(err)
	}
	file, err := c.create()
	if err != nil {
		return err
	}
	defer file.discard()
	return c.print(ctx, desk, printing{job, c.format(), base, file})
}

// printing is all that has to be known of how labels are printed.
type printing struct {
	job    print.Job
	format print.Format
	base   qrlabels.Base
	file   *newFile
}

// check finds what is wrong with the command line by itself.
func (c printLabelsCommand) check() error {
	given := 0
	for _, is := range []bool{c.Count != 0, c.Batch != "", len(c.Code) > 0} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return errors.New("say which labels, in one way: new ones with --count, or printed ones again with --batch or --code")
	case c.Count < 0 || c.Count > tracking.MaxLabels:
		return fmt.Errorf("--count is %d: want 1 to %d; print more in several runs", c.Count, tracking.MaxLabels)
	case c.Facility != "" && c.Count == 0:
		return errors.New("--facility is for new labels: leave it out, labels that are printed again have theirs")
	case c.Format == "" && !slices.Contains(formats, c.format()):
		return fmt.Errorf("--out is %s, which does not say the format: let it end in .pdf, .svg, .png or .zpl, or name a --format", c.Out)
	}
	return c.checkSheet()
}

var formats = []print.Format{print.PDF, print.SVG, print.PNG, print.ZPL}

// format is what the file's name ends in, where nothing else is said.
func (c printLabelsCommand) format() print.Format {
	if c.Format != "" {
		return c.Format
	}
	return print.Format(c.ending())
}

// job is how the labels are printed. It has been tried on one label, so that
// what it can't print is known before labels are issued.
func (c printLabelsCommand) job(ctx context.Context, desk *labelDesk) (print.Job, error) {
	now := time.Now()
	job := print.Job{
		Printer: c.printer(), Skip: c.Skip, Language: c.Language, CutMarks: c.CutMarks,
		Title: "labels-" + now.In(calendar.Rome()).Format(time.DateOnly), Created: now,
	}
	job.Printer.DPI = c.DPI
	var err error
	if c.SheetFile != "" {
		job.Sheet, err = readSheet(c.SheetFile)
	} else {
		job.Sheet, _, err = desk.tracking.PrintSetup(ctx, desk.console, c.Sheet, "")
	}
	if err != nil {
		return job, err
	}
	if err := job.CheckFormat(c.format()); err != nil {
		return job, err
	}
	if c.Count > 0 {
		err = c.checkArchive(job, c.format(), c.Count)
	}
	return job, err
}

// print prints the labels, which it issues if they are new ones.
func (c printLabelsCommand) print(ctx context.Context, desk *labelDesk, p printing) error {
	if c.Count == 0 {
		return c.printSelected(ctx, desk, p, tracking.LabelSelection{Batch: c.Batch, Codes: c.Code})
	}
	if err := p.try(ctx); err != nil {
		return err
	}
	// An interruption that came in between would leave labels that nobody knows of.
	batch, err := desk.tracking.IssueLabels(context.WithoutCancel(ctx), desk.console, tracking.Write{}, c.Facility, c.Count)
	if err != nil {
		return c.inFlags(err)
	}
	if err := c.printSelected(ctx, desk, p, tracking.LabelSelection{Batch: batch.ID}); err != nil {
		// Only the text: an interruption is not all that is to be said here.
		inPlaceOf := "--count"
		if c.Facility != "" {
			inPlaceOf = "--count and --facility"
		}
		return fmt.Errorf("%s\n%s issued, but not printed. To print them, repeat the command with --batch %s in place of %s",
			explain(err), several(c.Count, "label is", "labels are"), batch.ID, inPlaceOf)
	}
	return nil
}

func (c printLabelsCommand) printSelected(ctx context.Context, desk *labelDesk, p printing, which tracking.LabelSelection) error {
	faces, err := desk.tracking.LabelFaces(ctx, desk.console, which)
	if err != nil {
		return c.inFlags(err)
	}
	if err := c.checkArchive(p.job, p.format, len(faces)); err != nil {
		return err
	}
	if err := p.write(ctx, faces); err != nil {
		return err
	}
	c.report(p, len(faces), which.Batch)
	return nil
}

// try prints a label that there is not to nowhere.
func (p printing) try(ctx context.Context) error {
	code, err := qrlabels.ParseCode("7K4M9QXP2RTBW")
	if err != nil {
		return err
	}
	faces := []tracking.LabelFace{{Code: code}}
	return p.job.Write(ctx, io.Discard, p.format, 1, p.labels(faces, func(int) {}))
}

func (p printing) write(ctx context.Context, faces []tracking.LabelFace) error {
	bar := newProgress("printing labels")
	defer bar.end()
	w := bufio.NewWriter(p.file)
	labels := p.labels(faces, func(done int) { bar.at(int64(done), int64(len(faces))) })
	if err := p.job.Write(ctx, w, p.format, len(faces), labels); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return p.file.keep()
}

// labels makes the labels one by one and tells how many it has made.
func (p printing) labels(faces []tracking.LabelFace, at func(int)) iter.Seq[print.Label] {
	return func(yield func(print.Label) bool) {
		for i, f := range faces {
			at(i)
			if !yield(print.Label{Code: f.Code, Payload: p.base.Payload(f.Code), Facility: f.Facility, Ward: f.Ward, Stream: f.Stream}) {
				return
			}
		}
	}
}

// inFlags says of a problem's values which flags they came from.
func (c printLabelsCommand) inFlags(err error) error {
	p := problem.As(err)
	if p == nil || len(p.Fields) == 0 {
		return err
	}
	text := "these labels can't be printed:"
	for _, f := range p.Fields {
		flag := strings.TrimPrefix(f.Pointer, "/")
		if flag == "codes" {
			flag = "code"
		}
		if place, ok := strings.CutPrefix(flag, "codes/"); ok {
			flag = "code"
			if i, err := strconv.Atoi(place); err == nil && i < len(c.Code) {
				flag += " " + c.Code[i]
			}
		}
		text += "\n  --" + flag + ": " + f.Detail
	}
	return errors.New(text)
}

// report says what came onto paper, and what to know next time.
func (c printLabelsCommand) report(p printing, n int, batch string) {
	fmt.Printf("%s on %s of %s written to %s\n", several(n, "label", "labels"), several(p.job.Pages(n), "page", "pages"), p.job.Sheet.ID, c.Out)
	if batch != "" {
		fmt.Printf("They are batch %s; --batch prints them again.\n", batch)
	}
	fmt.Printf("They lead to %s", p.base)
	if c.BaseURL == "" {
		fmt.Print(", which only this machine reaches. Before you stick them on bins, print them again with the --base-url of the server")
	}
	fmt.Println(".")
	if next := p.job.NextSkip(n); next > 0 {
		fmt.Printf("%s left on the last sheet: next time --skip %d.\n", several(p.job.Sheet.PerPage()-next, "label is", "labels are"), next)
	}
}

// several is a number and what is counted.
func several(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// output is the file that a command writes.
type output struct {
	Out   string `required:"" type:"path" placeholder:"FILE" help:"File to write." group:"File"`
	Force bool   `help:"Replace the file if it is there." group:"File"`
}

func (o output) create() (*newFile, error) { return createFile(o.Out, o.Force) }

// ending is what the file's name ends in, without the dot.
func (o output) ending() string { return strings.ToLower(strings.TrimPrefix(filepath.Ext(o.Out), ".")) }

// checkArchive keeps an archive from being taken for an image, and an image for
// an archive.
func (o output) checkArchive(job print.Job, f print.Format, n int) error {
	archive := job.MediaType(f, n) == "application/zip"
	switch {
	case archive && o.ending() != "zip":
		return fmt.Errorf("%s take %s, of which %s makes an archive: let --out end in .zip and add --format %s, or print pdf", several(n, "label", "labels"), several(job.Pages(n), "page", "pages"), f, f)
	case !archive && o.ending() == "zip":
		return fmt.Errorf("this is one file of %s and no archive: let --out end in .%s", f, f)
	}
	return nil
}
