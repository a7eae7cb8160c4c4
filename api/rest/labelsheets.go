package rest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// press draws labels: the methods of print.Job, or what a test has in their
// place.
type press struct {
	write     func(print.Job, context.Context, io.Writer, print.Format, int, iter.Seq[print.Label]) error
	calibrate func(print.Job, io.Writer) error
}

// maxPixels bounds what a PNG takes to draw, over all its pages: 2,000 labels
// of the usual sheets at 300 dpi, or 50 posters at 600.
const maxPixels = 2e9

// labelSheetRequest says which labels are printed, on what, and how.
type labelSheetRequest struct {
	Batch    string   `json:"batch"`
	Codes    []string `json:"codes"`
	State    string   `json:"state"`
	Sheet    string   `json:"sheet"`
	Printer  string   `json:"printer"`
	Format   string   `json:"format"` // none: pdf
	Skip     int      `json:"skip"`
	CutMarks bool     `json:"cutMarks"`
	Language string   `json:"language"` // none: both
	DPI      *int     `json:"dpi"`      // none: the printer's
}

// Validate checks what can be checked without knowing the sheet.
func (r labelSheetRequest) Validate() error {
	bad := problem.New(problem.Invalid, "body-invalid", "The body does not fit; see errors.")
	switch print.Format(r.Format) {
	case "", print.PDF, print.SVG, print.PNG, print.ZPL:
	default:
		bad.With("/format", "unknown", "Give one of: pdf, svg, png, zpl.")
	}
	switch print.Language(r.Language) {
	case "", print.Both, print.Italian, print.English:
	default:
		bad.With("/language", "unknown", "Give one of: both, it, en.")
	}
	if r.DPI != nil && (*r.DPI < print.MinDPI || *r.DPI > print.MaxDPI) {
		bad.With("/dpi", "out-of-range", fmt.Sprintf("Give %d to %d dots per inch.", print.MinDPI, print.MaxDPI))
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func (r labelSheetRequest) selection() tracking.LabelSelection {
	return tracking.LabelSelection{Batch: r.Batch, Codes: r.Codes, State: tracking.LabelState(r.State)}
}

func (r labelSheetRequest) format() print.Format {
	f := print.Format(r.Format)
	or(&f, print.PDF)
	return f
}

// job is how the labels are printed, or why they can't be.
func (r labelSheetRequest) job(sheet print.Sheet, printer print.Printer, now time.Time) (print.Job, error) {
	job := print.Job{
		Sheet: sheet, Printer: printer, Skip: r.Skip, CutMarks: r.CutMarks, Language: print.Language(r.Language),
		Title: "labels-" + day(now), Created: now,
		// Half of the cores are for those who scan.
		Workers: max(1, runtime.GOMAXPROCS(0)/2),
	}
	if r.DPI != nil {
		job.Printer.DPI = *r.DPI
	}
	if r.Skip < 0 || r.Skip >= sheet.PerPage() {
		return job, problem.New(problem.Unprocessable, "skip-out-of-range", "Sheet %s has %d labels: skip those that are used up, at most all but one.", sheet.ID, sheet.PerPage()).
			With("/skip", "out-of-range", fmt.Sprintf("Give 0 to %d.", sheet.PerPage()-1))
	}
	if r.format() == print.ZPL && !sheet.IsRoll() {
		return job, problem.New(problem.Unprocessable, "zpl-needs-roll", "Printers of ZPL hold rolls, and sheet %s has %d labels: choose a roll, or another format.", sheet.ID, sheet.PerPage()).
			With("/format", "not-allowed", "Give pdf, svg or png for sheets.")
	}
	if err := job.CheckFormat(r.format()); err != nil {
		return job, problem.New(problem.Unprocessable, "print-unfit", "This can't be printed so: %v.", err).
			With("/printer", "not-allowed", "Choose another printer or sheet, or correct the printer's offsets and resolution.")
	}
	return job, nil
}

// checkPixels refuses images that would keep all cores busy for minutes.
func checkPixels(job print.Job, f print.Format, labels int) error {
	dpi := job.Printer.DPI
	or(&dpi, tracking.DefaultDPI)
	side := func(mm float64) float64 { return mm / 25.4 * float64(dpi) }
	pixels := side(job.Sheet.PageWidth) * side(job.Sheet.PageHeight) * float64(job.Pages(labels))
	if f != print.PNG || pixels <= maxPixels {
		return nil
	}
	return problem.New(problem.Unprocessable, "image-too-large", "These are %d pages of pixels: print fewer labels at once, coarser, or as PDF.", job.Pages(labels)).
		With("/format", "not-allowed", "Give pdf.")
}

// day is the date of an instant in Rome.
func day(t time.Time) string { return t.In(calendar.Rome()).Format(time.DateOnly) }

// printLabels answers POST /api/v1/label-sheets. All is checked before the
// answer begins; then it is written while it is sent.
func (s *Server) printLabels(c *fiber.Ctx) error {
	r, err := decode[labelSheetRequest](c)
	if err != nil {
		return err
	}
	sheet, printer, err := s.services.Tracking.PrintSetup(c.UserContext(), callerOf(c), r.Sheet, r.Printer)
	if err != nil {
		return err
	}
	job, err := r.job(sheet, printer, s.cfg.Now())
	if err != nil {
		return err
	}
	faces, err := s.services.Tracking.LabelFaces(c.UserContext(), callerOf(c), r.selection())
	if err != nil {
		return err
	}
	if err := checkPixels(job, r.format(), len(faces)); err != nil {
		return err
	}
	if err := s.tryLabel(c.UserContext(), job, r.format(), faces); err != nil {
		return err
	}
	return s.respondLabels(c, job, r.format(), faces)
}

// tryLabel draws one label to nowhere: that the symbol is too small for the sheet
// or the resolution shows before the answer begins.
func (s *Server) tryLabel(ctx context.Context, job print.Job, f print.Format, faces []tracking.LabelFace) error {
	err := job.Write(ctx, io.Discard, f, 1, s.labels(faces[:1]))
	if err == nil || ctx.Err() != nil {
		return err
	}
	return problem.New(problem.Unprocessable, "print-unfit", "This can't be printed so: %v.", err).
		With("/sheet", "not-allowed", "Choose a sheet with larger labels, or a finer resolution.")
}

func (s *Server) respondLabels(c *fiber.Ctx, job print.Job, f print.Format, faces []tracking.LabelFace) error {
	media := job.MediaType(f, len(faces))
	name := job.Title + "." + string(f)
	if media == "application/zip" {
		name = job.Title + ".zip"
	}
	attach(c, media, name)
	c.Set("Ricircolo-Next-Skip", strconv.Itoa(job.NextSkip(len(faces))))
	return s.respondStream(c, func(ctx context.Context, w io.Writer) error {
		return s.press.write(job, ctx, w, f, len(faces), s.labels(faces))
	})
}

// attach makes the answer a file to save. The name is ours, or a sheet's id.
func attach(c *fiber.Ctx, media, name string) {
	c.Set(fiber.HeaderContentType, media)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+`"`)
}

// labels makes the labels one by one, so that their payloads are not all held.
func (s *Server) labels(faces []tracking.LabelFace) iter.Seq[print.Label] {
	return func(yield func(print.Label) bool) {
		for _, f := range faces {
			if !yield(print.Label{Code: f.Code, Payload: s.cfg.Labels.Payload(f.Code), Facility: f.Facility, Ward: f.Ward, Stream: f.Stream}) {
				return
			}
		}
	}
}

// calibrationQuery names the sheet that is in the printer now.
type calibrationQuery struct {
	Sheet string `query:"sheet"` // none: what it usually holds
}

// calibratePrinter answers GET /api/v1/printers/{id}/calibration.pdf.
func (s *Server) calibratePrinter(c *fiber.Ctx) error {
	q, err := params[calibrationQuery](c)
	if err != nil {
		return err
	}
	sheet, printer, err := s.services.Tracking.CalibrationSetup(c.UserContext(), callerOf(c), pathID(c), q.Sheet)
	if err != nil {
		return err
	}
	return s.respondCalibration(c, print.Job{Sheet: sheet, Printer: printer})
}

// calibrateSheet answers GET /api/v1/sheets/{id}/calibration.pdf: on a printer
// of which nothing is known.
func (s *Server) calibrateSheet(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	sheet, err := s.services.Tracking.Sheet(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	return s.respondCalibration(c, print.Job{Sheet: sheet.Doc.Geometry()})
}

func (s *Server) respondCalibration(c *fiber.Ctx, job print.Job) error {
	var page bytes.Buffer
	if err := s.press.calibrate(job, &page); err != nil {
		return err
	}
	r := newResource("application/pdf", page.Bytes())
	return respondWithTag(c, fiber.StatusOK, r.tag, func() error {
		attach(c, r.contentType, "calibration-"+job.Sheet.ID+".pdf")
		return c.Send(r.body)
	})
}
