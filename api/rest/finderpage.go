package rest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"unicode"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/tracking"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// finderView is what a public page shows, in the order in which it does. All
// pages are made of these parts.
type finderView struct {
	T       *phrases
	Title   string
	Notice  []string // something about the label that comes before the bin
	Heading string
	Stream  *streamView // of a page about a bin
	Text    []string
	Typed   []typedPart // a code that is none
	Owner   *ownerView
	Form    string // where the form is sent
	Kinds   []kindView
	Code    string // in groups
	Back    string // the page of the bin
}

type streamView struct {
	Name             words
	Colour           string
	Accepts, Refuses wordList
}

// words are in the page's language, or else in the one that there is.
type words struct{ Lang, Text string }

type wordList struct {
	Lang string
	List []string
}

// typedPart is a run of a mistyped code.
type typedPart struct {
	Text  string
	Wrong bool
}

type ownerView struct {
	Name, Contact string
	Call          *callView // nil where there is no telling
}

type callView struct {
	Link template.URL // tel: or mailto:
	Text string
}

type kindView struct {
	ID, Text string
}

// writePage replaces whatever the response holds by a page.
func (s *Server) writePage(c *fiber.Ctx, status int, v finderView) error {
	v.Title = cmp.Or(v.Title, v.Heading)
	var b bytes.Buffer
	if err := s.finder.page.Execute(&b, v); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(status).Send(b.Bytes())
}

// foundView is the page of a label that there is.
func foundView(t *phrases, code qrlabels.Code, f tracking.Found) finderView {
	v := finderView{T: t, Code: code.Grouped(), Owner: pageOwner(t, f.Owner)}
	if f.Stream == nil {
		v.Heading, v.Text = t.Blank, []string{t.BlankText}
		if f.State == tracking.FoundRetired {
			v.Heading, v.Text = t.Unused, []string{t.UnusedText}
		}
		return v
	}
	if f.State == tracking.FoundRetired {
		v.Notice = []string{t.Retired, t.RetiredText}
	}
	v.Stream = pageStream(t.Lang, f.Stream)
	v.Title = t.BinFor + ": " + v.Stream.Name.Text
	v.Form = "/b/" + code.String() + "/reports"
	for _, k := range finder.Kinds {
		v.Kinds = append(v.Kinds, kindView{string(k), t.Kinds[k]})
	}
	return v
}

var hexColour = regexp.MustCompile(`^#[0-9a-f]{6}$`)

func pageStream(lang string, s *tracking.FoundStream) *streamView {
	name := words{"it", s.NameIT}
	if lang == "en" && s.Name != "" || s.NameIT == "" {
		name = words{"en", s.Name}
	}
	v := &streamView{Name: name, Accepts: inLanguage(lang, s.AcceptsIT, s.Accepts), Refuses: inLanguage(lang, s.RefusesIT, s.Refuses)}
	if hexColour.MatchString(s.Colour) {
		v.Colour = s.Colour
	}
	return v
}

func inLanguage(lang string, it, en []string) wordList {
	if lang == "en" && len(en) > 0 || len(it) == 0 {
		return wordList{"en", en}
	}
	return wordList{"it", it}
}

var (
	phoneNumber  = regexp.MustCompile(`\+?[0-9][0-9 /.-]{4,18}[0-9]`)
	emailAddress = regexp.MustCompile(`[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+`)
)

// pageOwner makes the one telephone number or address in a contact something to
// tap on. Where there are several, a person has to choose.
func pageOwner(t *phrases, o *tracking.FoundOwner) *ownerView {
	if o == nil {
		return nil
	}
	v := &ownerView{Name: o.Name, Contact: o.Contact}
	phones, mails := phoneNumber.FindAllString(o.Contact, 2), emailAddress.FindAllString(o.Contact, 2)
	switch {
	case len(phones) == 1:
		digits := strings.NewReplacer(" ", "", "/", "", ".", "", "-", "").Replace(phones[0])
		unbroken := strings.ReplaceAll(phones[0], " ", "\u00a0")
		v.Call = &callView{template.URL("tel:" + digits), fmt.Sprintf(t.Call, unbroken)}
	case len(phones) == 0 && len(mails) == 1:
		v.Call = &callView{template.URL("mailto:" + mails[0]), fmt.Sprintf(t.Write, mails[0])}
	}
	return v
}

func thanksView(t *phrases, code qrlabels.Code, outcome finder.Outcome) finderView {
	v := finderView{T: t, Heading: t.Thanks, Text: []string{t.ThanksText}, Back: "/b/" + code.String()}
	if outcome == finder.AlreadyReported {
		v.Heading, v.Text = t.Already, []string{t.AlreadyText}
	}
	return v
}

// writeFaultPage is where a panic is not caught by the chain any more: it would
// end the process. It becomes an error.
func (s *Server) writeFaultPage(c *fiber.Ctx, err error, a answer) (failed error) {
	defer func() {
		if v := recover(); v != nil {
			failed = &panicError{v, debug.Stack()}
		}
	}()
	return s.writePage(c, a.Status, s.faultView(c, err, a))
}

// faultView is the page of a problem.
func (s *Server) faultView(c *fiber.Ctx, err error, a answer) finderView {
	t := phrasesFor(c)
	v := finderView{T: t}
	var mistake *codeMistake
	if errors.As(err, &mistake) {
		v.Heading, v.Text = t.Mistyped, []string{mistakeText(t, mistake), t.MistypedText}
		v.Typed = typedParts(mistake)
		return v
	}
	code := codeInPath(c.Path())
	v.Code = code.Grouped()
	p := problem.As(err)
	if p != nil && p.Code == "label-unknown" {
		v.Heading, v.Text = t.Unknown, []string{t.UnknownText}
		return v
	}
	words := faultWords(t, p, a)
	v.Heading, v.Text = words[0], append(fieldFaults(t, a), words[1])
	if a.retryAfter > 0 {
		v.Text = append(v.Text, waitText(t, a.retrySeconds()))
	}
	if a.Status >= fiber.StatusInternalServerError && p == nil {
		v.Text = append(v.Text, fmt.Sprintf(t.Incident, stateOf(c).id))
	}
	if !code.IsZero() {
		v.Back = "/b/" + code.String()
	}
	return v
}

// codeInPath finds the code of a label in the path of a request that may have
// been refused before it had a route; the zero Code if there is none.
func codeInPath(path string) (code qrlabels.Code) {
	parts := strings.SplitN(path, "/", 4)
	if len(parts) > 2 && parts[1] != "8003" {
		code, _ = qrlabels.ParseCode(parts[2])
	}
	return code
}

func faultWords(t *phrases, p *problem.Error, a answer) [2]string {
	if p != nil && p.Code == "inbox-full" {
		return t.FullFault
	}
	if p != nil {
		if w, ok := t.Faults[p.Kind]; ok {
			return w
		}
	}
	switch {
	case a.Status == fiber.StatusRequestEntityTooLarge:
		return t.Faults[problem.TooLarge]
	case a.Status == fiber.StatusServiceUnavailable:
		return t.Faults[problem.Unavailable]
	case a.Status >= fiber.StatusInternalServerError:
		return t.BrokenFault
	}
	return t.OtherFault
}

func fieldFaults(t *phrases, a answer) (texts []string) {
	for _, f := range a.Errors {
		if text, ok := t.FieldFaults[f.Pointer+" "+f.Code]; ok {
			texts = append(texts, text)
		}
	}
	return texts
}

func waitText(t *phrases, seconds int) string {
	if seconds < 100 {
		return fmt.Sprintf(t.Seconds, seconds)
	}
	return fmt.Sprintf(t.Minutes, (seconds+59)/60)
}

// longestTyped is how many characters of a mistyped code are shown.
const longestTyped = 26

// separates reports what ParseCode leaves out.
func separates(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) }

// mistakeText says what is wrong, and counts as people do: without separators.
func mistakeText(t *phrases, m *codeMistake) string {
	if m.err.Fault != qrlabels.CodeCharacter {
		return t.CodeFaults[m.err.Fault]
	}
	n := 0
	for _, r := range []rune(m.typed)[:m.err.Position] {
		if !separates(r) {
			n++
		}
	}
	return fmt.Sprintf(t.WrongCharacter, n, shown(m.err.Rune))
}

// typedParts shows a mistyped code in the groups in which labels show theirs,
// so that the two can be compared.
func typedParts(m *codeMistake) (parts []typedPart) {
	n := 0
	add := func(text string, wrong bool) {
		if last := len(parts) - 1; last >= 0 && parts[last].Wrong == wrong {
			parts[last].Text += text
			return
		}
		parts = append(parts, typedPart{text, wrong})
	}
	for i, r := range []rune(m.typed) {
		if separates(r) {
			continue
		}
		if n == longestTyped {
			add("…", false)
			break
		}
		if slices.Contains([]int{4, 8, 13, 17, 21}, n) {
			add("-", false)
		}
		add(shown(r), m.err.Fault == qrlabels.CodeCharacter && i+1 == m.err.Position)
		n++
	}
	return parts
}

// shown is a typed character as the labels write it; one that is not to be seen,
// or would turn others round, is shown as a box.
func shown(r rune) string {
	if !unicode.IsPrint(r) || unicode.Is(unicode.M, r) {
		return "\uFFFD"
	}
	return string(unicode.ToUpper(r))
}
