package rest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/report"
	"github.com/ricircolo/ricircolo/internal/report/job"
	"github.com/ricircolo/ricircolo/internal/report/render"
)

// Making a file of a report takes a while, so that it is a job: the client asks
// for it, watches it, and fetches the file by a link that expires.

const (
	reportJobsPath  = "/api/v1/report-jobs"
	reportFilesPath = "/api/v1/report-files"
)

// reportFileRequest says how a report is to look as a file.
type reportFileRequest struct {
	Format   string `json:"format"`   // pdf, xlsx, csv, json
	Language string `json:"language"` // none: it
	Dialect  string `json:"dialect"`  // of CSV: comma or semicolon; none: that of the language
	Part     string `json:"part"`     // of CSV: cards, lines or wards; none: cards
}

// reportFormats are the media types of the formats.
var reportFormats = map[string]string{
	"pdf": "application/pdf", "csv": "text/csv; charset=utf-8", "json": fiber.MIMEApplicationJSON,
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// csvParts are the tables of a report as CSV.
var csvParts = map[string]func(io.Writer, *report.Report, render.Lang, render.Dialect) error{
	"cards": render.CSV, "lines": render.LinesCSV, "wards": render.WardsCSV,
}

// Validate checks that such a file can be made.
func (r *reportFileRequest) Validate() error {
	bad := problem.New(problem.Invalid, "body-invalid", "The body does not fit; see errors.")
	if reportFormats[r.Format] == "" {
		bad.With("/format", "unknown", "Give one of: pdf, xlsx, csv, json.")
	}
	if _, err := render.ParseLang(r.Language); err != nil {
		bad.With("/language", "unknown", "Give it or en.")
	}
	if _, err := render.ParseDialect(r.Dialect); err != nil {
		bad.With("/dialect", "unknown", "Give comma or semicolon.")
	}
	if r.Part != "" && csvParts[r.Part] == nil {
		bad.With("/part", "unknown", "Give one of: cards, lines, wards.")
	}
	if r.Format != "csv" && (r.Dialect != "" || r.Part != "") {
		bad.With("/format", "not-allowed", "dialect and part go with csv.")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// work makes the file.
func (r *reportFileRequest) work(doc *report.Report) job.Work {
	lang, _ := render.ParseLang(r.Language) // checked
	dialect := render.Dialect(r.Dialect)
	if dialect == "" && lang == render.Italian {
		dialect = render.Semicolon
	}
	or(&dialect, render.Comma)
	return func(ctx context.Context, w io.Writer, progress func(done, total int)) error {
		switch r.Format {
		case "pdf":
			return render.PDF(ctx, w, doc, lang, progress)
		case "xlsx":
			return render.XLSX(w, doc, lang)
		case "csv":
			part := r.Part
			or(&part, "cards")
			return csvParts[part](w, doc, lang, dialect)
		}
		return render.JSON(w, doc)
	}
}

// file names the file for the one who saves it.
func (r *reportFileRequest) file(doc *report.Report) job.File {
	name := fmt.Sprintf("ricircolo-%s-%s-%s", doc.From, doc.To, doc.ID[:8])
	if r.Part != "" && r.Part != "cards" {
		name += "-" + r.Part
	}
	return job.File{Name: name + "." + r.Format, ContentType: reportFormats[r.Format]}
}

// reportJobResponse is how the making of a file stands.
type reportJobResponse struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	State     job.State         `json:"state"`
	Done      int               `json:"done"`
	Total     int               `json:"total"` // 0: not known yet
	CreatedAt calendar.Instant  `json:"createdAt"`
	Link      string            `json:"link,omitempty"` // with done
	ExpiresAt *calendar.Instant `json:"expiresAt,omitempty"`
	Bytes     int               `json:"bytes,omitempty"`
	Reason    string            `json:"reason,omitempty"` // with failed: too-large, timed-out, fault
}

func viewReportJob(s job.Status) reportJobResponse {
	out := reportJobResponse{
		ID: s.ID, Name: s.Name, State: s.State, Done: s.Done, Total: s.Total, CreatedAt: s.CreatedAt, Bytes: s.Bytes,
	}
	if s.ExpiresAt != 0 {
		out.ExpiresAt = &s.ExpiresAt
	}
	if s.Token != "" {
		out.Link = reportFilesPath + "/" + s.Token
	}
	switch {
	case s.State != job.Failed:
	case errors.Is(s.Err, job.ErrTooLarge):
		out.Reason = "too-large"
	case errors.Is(s.Err, context.DeadlineExceeded):
		out.Reason = "timed-out"
	default:
		out.Reason = "fault"
	}
	return out
}

// createReportFile answers POST /api/v1/reports/{id}/files.
func (s *Server) createReportFile(c *fiber.Ctx) error {
	r, err := decode[reportFileRequest](c)
	if err != nil {
		return err
	}
	caller := callerOf(c)
	v, err := s.services.Tracking.Report(c.UserContext(), caller, pathID(c))
	if err != nil {
		return err
	}
	doc := &v.Doc.Report
	status, err := s.jobs.Start(caller.Lab+"/"+caller.Actor(), r.file(doc), r.work(doc))
	switch {
	case errors.Is(err, job.ErrOwner):
		return problem.New(problem.TooMany, "report-jobs-too-many", "You have asked for several files that are not made yet: wait for one, or cancel it.")
	case err != nil:
		return problem.New(problem.Unavailable, "report-jobs-full", "Many files are being made or kept for others: try again in some minutes.").Because(err)
	}
	c.Set(fiber.HeaderLocation, reportJobsPath+"/"+status.ID)
	return respond(c, fiber.StatusAccepted, viewReportJob(status))
}

var errNoJob = problem.New(problem.NotFound, "not-found", "There is no such job, or its file has expired: ask for it again.")

// getReportJob answers GET /api/v1/report-jobs/{id}.
func (s *Server) getReportJob(c *fiber.Ctx) error {
	caller := callerOf(c)
	status, ok := s.jobs.Status(caller.Lab+"/"+caller.Actor(), pathID(c))
	if !ok {
		return errNoJob
	}
	return respond(c, fiber.StatusOK, viewReportJob(status))
}

// cancelReportJob answers DELETE /api/v1/report-jobs/{id}.
func (s *Server) cancelReportJob(c *fiber.Ctx) error {
	caller := callerOf(c)
	if !s.jobs.Cancel(caller.Lab+"/"+caller.Actor(), pathID(c)) {
		return errNoJob
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// getReportFile answers GET /api/v1/report-files/{id}: whoever has the link has
// the file, until it expires.
func (s *Server) getReportFile(c *fiber.Ctx) error {
	file, body, ok := s.jobs.Fetch(pathID(c))
	if !ok {
		return problem.New(problem.NotFound, "link-expired", "This link has expired, or never was one: ask for the file again.")
	}
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	c.Set(fiber.HeaderContentType, file.ContentType)
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", file.Name))
	return c.Send(body)
}
