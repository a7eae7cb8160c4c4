package rest

import (
	"encoding"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/strictjson"
)

// fieldError is what the text decoder of a query parameter returns to choose
// the code and the words of the fault.
type fieldError struct{ code, detail string }

func (e fieldError) Error() string { return e.code + ": " + e.detail }

// params reads the query into a struct whose fields are tagged with the names
// of the parameters, `query:"limit"`, embedded structs included. A field is a
// string, a bool, an integer, a type that decodes text, or a pointer to one of
// these that stays nil if the parameter is absent. With a tag such as
// `oneof:"open closed"` it takes only these words. Unknown, repeated, empty and
// malformed parameters are refused, all in one answer.
func params[T any](c *fiber.Ctx) (T, error) {
	var v T
	faults := problem.New(problem.Invalid, "query-invalid", "The query does not fit; see errors.")
	query, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		return v, faults.Because(err)
	}
	fillQuery(reflect.ValueOf(&v).Elem(), query, faults)
	for _, name := range sortedKeys(query) {
		faults.With("?"+printable(name), "unknown-parameter", "Leave this parameter out: nothing reads it.")
	}
	if len(faults.Fields) > 0 {
		return v, faults
	}
	if checked, ok := any(&v).(validator); ok {
		if err := checked.Validate(); err != nil {
			return v, err
		}
	}
	return v, nil
}

// fillQuery fills the tagged fields of v and takes their parameters out of
// query.
func fillQuery(v reflect.Value, query url.Values, faults *problem.Error) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			fillQuery(v.Field(i), query, faults)
			continue
		}
		name := field.Tag.Get("query")
		values, given := query[name]
		delete(query, name)
		switch {
		case !given:
		case len(values) > 1:
			faults.With("?"+name, "repeated", "Give this parameter once.")
		case values[0] == "" || !utf8.ValidString(values[0]) || strings.ContainsFunc(values[0], control):
			faults.With("?"+name, "malformed", "Give this parameter a printable value.")
		default:
			if e := setQuery(v.Field(i), values[0]); e != nil {
				faults.With("?"+name, e.code, e.detail)
			} else if words := strings.Fields(field.Tag.Get("oneof")); len(words) > 0 && !slices.Contains(words, values[0]) {
				faults.With("?"+name, "unknown", "Give one of: "+strings.Join(words, ", ")+".")
			}
		}
	}
}

// setQuery sets one field from the text of its parameter.
func setQuery(v reflect.Value, s string) *fieldError {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		err := t.UnmarshalText([]byte(s))
		if e, ok := err.(fieldError); ok {
			return &e
		}
		if err != nil {
			return &fieldError{"malformed", "Give this parameter in the documented form."}
		}
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		if s != "true" && s != "false" {
			return &fieldError{"malformed", "Give true or false."}
		}
		v.SetBool(s == "true")
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != s {
			return &fieldError{"malformed", "Give a whole number."}
		}
		v.SetInt(n)
	default:
		panic(fmt.Sprintf("rest: query parameter of type %s", v.Type()))
	}
	return nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// printable cuts a parameter name down to what may be shown again.
func printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, name)
	return name[:min(len(name), strictjson.MaxName)]
}

func sortedKeys(query url.Values) []string {
	var keys []string
	for k := range query {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// queryRequired is the problem of a query without a parameter that it needs.
func queryRequired(name, detail string) error {
	return problem.New(problem.Invalid, "query-invalid", "The query does not fit; see errors.").With("?"+name, "required", detail)
}
