package rest

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

func problemForTest() error {
	return problem.New(problem.Unavailable, "busy", "Try again.")
}

// kindsInSource reads the constants of problem.Kind from their source, so that
// a kind added there without a status fails here.
func kindsInSource(t *testing.T) []problem.Kind {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../../internal/problem/problem.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []problem.Kind
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); ok && id.Name == "Kind" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, problem.Kind(text))
		}
		return true
	})
	return kinds
}

func TestKindsAndStatusesAreOneToOne(t *testing.T) {
	byStatus, byKind := map[int]problem.Kind{}, map[problem.Kind]int{}
	for _, row := range statuses {
		if other, ok := byStatus[row.status]; ok {
			t.Errorf("status %d stands for %s and %s", row.status, other, row.kind)
		}
		if _, ok := byKind[row.kind]; ok {
			t.Errorf("kind %s has two rows", row.kind)
		}
		byStatus[row.status], byKind[row.kind] = row.kind, row.status
	}
	kinds := kindsInSource(t)
	if len(kinds) != len(statuses) {
		t.Errorf("got %d rows for %d kinds", len(statuses), len(kinds))
	}
	for _, kind := range kinds {
		got := answerTo(problem.New(kind, "code", "Detail."))
		if got.Status != byKind[kind] || byStatus[got.Status] != kind {
			t.Errorf("kind %s: got status %d, back to %s", kind, got.Status, byStatus[got.Status])
		}
	}
}

func TestAnswerTo(t *testing.T) {
	secret := errors.New("secret at /var/lib/lab.db")
	for _, tt := range []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"problem", problem.New(problem.Conflict, "not-closed", "Close it.").Because(secret), 409, "not-closed"},
		{"wrapped problem", fmt.Errorf("closing: %w", problem.New(problem.NotFound, "bin-unknown", "No.")), 404, "bin-unknown"},
		{"unknown kind", problem.New("teapot", "x", "y"), 500, "internal"},
		{"foreign error", secret, 500, "internal"},
		{"panic", &panicError{value: secret}, 500, "internal"},
		{"deadline", fmt.Errorf("reading: %w", context.DeadlineExceeded), 503, "unavailable"},
		{"store down", fmt.Errorf("%w: %w", store.ErrUnavailable, secret), 503, "unavailable"},
		{"store closed", store.ErrClosed, 503, "unavailable"},
		{"no route", fiber.NewError(404, "Cannot GET /secret"), 404, "route-unknown"},
		{"method", fiber.ErrMethodNotAllowed, 405, "method-not-allowed"},
		{"slow", fiber.ErrRequestTimeout, 408, "request-timeout"},
		{"large body", fiber.ErrRequestEntityTooLarge, 413, "body-too-large"},
		{"large headers", fiber.ErrRequestHeaderFieldsTooLarge, 431, "headers-too-large"},
		{"parser", fiber.NewError(400, "error when reading secret"), 400, "request-malformed"},
		{"broken connection", fiber.ErrBadGateway, 400, "request-malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := answerTo(tt.err)
			if got.Status != tt.status || got.Code != tt.code {
				t.Errorf("got %d %s, want %d %s", got.Status, got.Code, tt.status, tt.code)
			}
			if strings.Contains(mustJSON(t, got), "secret") {
				t.Errorf("the cause shows: %+v", got)
			}
			if (got.Status == 503) != (got.retryAfter > 0) {
				t.Errorf("got status %d with Retry-After %v", got.Status, got.retryAfter)
			}
		})
	}
}
