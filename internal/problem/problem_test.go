package problem_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/problem"
)

func TestNew(t *testing.T) {
	for _, row := range []struct {
		name string
		got  *problem.Error
		want string
	}{
		{"without arguments the detail is no format", problem.New(problem.Invalid, "code", "100% wrong."), "100% wrong."},
		{"with arguments it is", problem.New(problem.Invalid, "code", "%d of %d.", 1, 2), "1 of 2."},
	} {
		if row.got.Detail != row.want {
			t.Errorf("%s: got %q, want %q", row.name, row.got.Detail, row.want)
		}
	}
}

func TestError(t *testing.T) {
	cause := errors.New("disk full")
	e := problem.New(problem.Unavailable, "store-busy", "Try again.").
		With("/netGrams", "too-large", "Too heavy.").
		With("?limit", "range", "Too many.").
		Because(cause).
		After(3 * time.Second)

	want := &problem.Error{
		Kind: problem.Unavailable, Code: "store-busy", Detail: "Try again.",
		Fields: []problem.Field{
			{Pointer: "/netGrams", Code: "too-large", Detail: "Too heavy."},
			{Pointer: "?limit", Code: "range", Detail: "Too many."},
		},
		RetryAfter: 3 * time.Second, Err: cause,
	}
	if !reflect.DeepEqual(e, want) {
		t.Errorf("got %+v, want %+v", e, want)
	}
	const text = "unavailable store-busy: Try again. [/netGrams too-large: Too heavy.] [?limit range: Too many.]: disk full"
	if got := e.Error(); got != text {
		t.Errorf("for the log: got %q, want %q", got, text)
	}
	if !errors.Is(e, cause) {
		t.Error("the cause is not in the chain")
	}
}

func TestAsAndIs(t *testing.T) {
	e := problem.New(problem.NotFound, "bin-unknown", "There is no such bin.")
	wrapped := fmt.Errorf("reading: %w", fmt.Errorf("bin: %w", e))
	other := problem.New(problem.Conflict, "bin-retired", "It is retired.").Because(e)
	for _, row := range []struct {
		name string
		err  error
		want *problem.Error
	}{
		{"itself", e, e},
		{"wrapped", wrapped, e},
		{"joined", errors.Join(io.EOF, wrapped), e},
		{"the outermost of two", other, other},
		{"another error", io.EOF, nil},
		{"none", nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := problem.As(row.err); got != row.want {
				t.Errorf("As: got %v, want %v", got, row.want)
			}
			if got, want := problem.Is(row.err, "bin-unknown"), row.want == e; got != want {
				t.Errorf("Is: got %v, want %v", got, want)
			}
			if problem.Is(row.err, "bin") || problem.Is(row.err, "") {
				t.Error("Is: got true for another code")
			}
		})
	}
}

// The wire knows these names.
func TestFieldJSON(t *testing.T) {
	got, err := json.Marshal(problem.Field{Pointer: "/a", Code: "b", Detail: "c"})
	if want := `{"pointer":"/a","code":"b","detail":"c"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}
