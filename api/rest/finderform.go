package rest

import (
	"mime"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// reportRequest is a report as a program sends it.
type reportRequest struct {
	Problem finder.Kind `json:"problem"`
	Note    string      `json:"note"`
}

type thanksResponse struct {
	Status finder.Outcome `json:"status"`
}

// postReport answers POST /b/{code}/reports: a form by leading on to the page
// of thanks, so that reloading that does not send it again.
func (s *Server) postReport(c *fiber.Ctx) error {
	code, err := s.reportedCode(c)
	if err != nil {
		return err
	}
	report, trapped, err := s.readReport(c)
	if err != nil {
		return err
	}
	if !trapped {
		err = report.Validate()
	}
	if err == nil {
		err = s.limitReport(c, code)
	}
	if err != nil {
		return err
	}
	outcome := finder.Received
	if !trapped {
		if outcome, err = s.services.Finder.Report(c.UserContext(), s.cfg.Lab, code, report); err != nil {
			return err
		}
	}
	if wantsJSON(c) {
		return respond(c, fiber.StatusAccepted, thanksResponse{outcome})
	}
	return c.Redirect("/b/"+code.String()+"/thanks?status="+string(outcome), fiber.StatusSeeOther)
}

// reportedCode is the code in the path, if the client's address may send a report
// about any label now.
func (s *Server) reportedCode(c *fiber.Ctx) (code qrlabels.Code, err error) {
	if code, err = pathCode(c); err != nil {
		return code, err
	}
	if err := s.sameSite(c); err != nil {
		return code, err
	}
	if wait := s.finder.address.take(addressOf(stateOf(c).client)); wait > 0 {
		return code, tooMany(wait)
	}
	return code, nil
}

// readReport reads a report from a form or from JSON. It is trapped if the
// field was filled that people do not see.
func (s *Server) readReport(c *fiber.Ctx) (report finder.NewReport, trapped bool, err error) {
	if len(c.Request().Body()) > s.cfg.Limits.Reports.Body {
		return report, false, problem.New(problem.TooLarge, "body-too-large", "A report has at most %d bytes.", s.cfg.Limits.Reports.Body)
	}
	if media, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); err != nil || media != fiber.MIMEApplicationForm {
		body, err := decode[reportRequest](c)
		return finder.NewReport(body), false, err
	}
	form, err := url.ParseQuery(string(c.Request().Body()))
	bad := problem.New(problem.Invalid, "form-invalid", "This is not the form of the page; open it again.")
	if err != nil {
		return report, false, bad.Because(err)
	}
	for name, values := range form {
		if len(values) != 1 || name != "problem" && name != "note" && name != trapField {
			return report, false, bad
		}
	}
	return finder.NewReport{Problem: finder.Kind(form.Get("problem")), Note: form.Get("note")}, form.Get(trapField) != "", nil
}

// trapField is one that the page hides from people; programs that fill in every
// form they find fill it in, too. They are thanked and not listened to.
// Its name must be none that a browser fills in by itself.
const trapField = "topic"

// sameSite refuses forms that a page of somebody else's has sent: it would make
// its visitors report for it. Browsers say where a form comes from; programs
// that say nothing are no browsers, and have no visitors.
func (s *Server) sameSite(c *fiber.Ctx) error {
	fault := problem.New(problem.Forbidden, "cross-site", "Reports are taken from the page of the label only; open it and send the report from there.")
	switch c.Get("Sec-Fetch-Site") {
	case "same-origin", "none": // none: the person, as by loading the page again
		return nil
	case "":
		origin := c.Get(fiber.HeaderOrigin)
		if origin == "" || strings.EqualFold(origin, s.cfg.BaseURL) || strings.EqualFold(origin, s.cfg.Labels.String()) {
			return nil
		}
	}
	return fault
}

// limitReport bounds the reports about a label: first by whom, so that one who
// goes on and on uses up no more of what all have together. It comes when the
// report is known to be good, so that people can correct theirs.
func (s *Server) limitReport(c *fiber.Ctx, code qrlabels.Code) error {
	wait := s.finder.labelAddress.take(labelAddress{code, addressOf(stateOf(c).client)})
	if wait == 0 {
		wait = s.finder.label.take(code)
	}
	if wait > 0 {
		return tooMany(wait)
	}
	return nil
}
