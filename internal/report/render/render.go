// Package render owns how a report looks as a file: JSON, CSV, XLSX and PDF, in
// Italian or English. It works nothing out: a file shows what the report says.
//
// The same report and language give the same bytes. What is emitted and what is
// avoided never stand in one sum, in any file.
package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/report"
)

// Lang is the language of a file.
type Lang string

// The languages.
const (
	Italian Lang = "it"
	English Lang = "en"
)

// ParseLang reads a language; "" is Italian.
func ParseLang(s string) (Lang, error) {
	switch Lang(s) {
	case "", Italian:
		return Italian, nil
	case English:
		return English, nil
	}
	return "", badLang()
}

// locale is a language with its texts and its way to write numbers.
type locale struct {
	lang         Lang
	texts        map[string]string
	point, group string
}

func localeOf(lang Lang) (locale, error) {
	switch lang {
	case Italian:
		return locale{lang, textsIT, ",", "."}, nil
	case English:
		return locale{lang, textsEN, ".", ","}, nil
	}
	return locale{}, badLang()
}

// text is the text of a key. What has none is shown as the last part of its key,
// the id: a blank would hide it.
func (l locale) text(key string) string {
	if s, ok := l.texts[key]; ok {
		return s
	}
	_, id, _ := strings.Cut(key, ".")
	return id
}

// textf is a text with values put in.
func (l locale) textf(key string, values ...any) string {
	return fmt.Sprintf(l.text(key), values...)
}

// JSON writes the report as one line. It is what json.Marshal makes of it, so
// that the hash can be checked with the file alone.
func JSON(w io.Writer, r *report.Report) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("report %s as JSON: %w", r.ID, err)
	}
	if _, err := w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("writing report %s: %w", r.ID, err)
	}
	return nil
}

// badLang and badDialect are made for each caller: With changes the error.
func badLang() error {
	return problem.New(problem.Invalid, "bad-request", "A report is written in \"it\" or \"en\".").
		With("?lang", "not-allowed", "must be it or en")
}

func badDialect() error {
	return problem.New(problem.Invalid, "bad-request", "A CSV file is written as \"comma\" or \"semicolon\".").
		With("?dialect", "not-allowed", "must be comma or semicolon")
}
