package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// modulePath is our own module.
const modulePath = "github.com/ricircolo/ricircolo"

// root is the folder of the module, seen from this package.
const root = "../.."

// source is one Go file.
type source struct {
	path   string // from the root, with slashes
	lines  int
	ast    *ast.File
	tokens *token.FileSet
}

// folder is the package's place, such as "internal/store".
func (s source) folder() string { return path.Dir(s.path) }

// isTest reports whether the file is one of a package's tests.
func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// imports lists the import paths.
func (s source) imports() []string {
	var list []string
	for _, spec := range s.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			list = append(list, p)
		}
	}
	return list
}

// parse makes a source of a text.
func parse(tb testing.TB, name, text string) source {
	tb.Helper()
	tokens := token.NewFileSet()
	file, err := parser.ParseFile(tokens, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		tb.Fatal(err)
	}
	return source{name, strings.Count(text, "\n"), file, tokens}
}

// sources reads all Go files of the module, but for those that the go command
// leaves out too.
func sources(tb testing.TB) []source {
	tb.Helper()
	var list []source
	err := filepath.WalkDir(root, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && p != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		relative, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		list = append(list, parse(tb, filepath.ToSlash(relative), read(tb, p)))
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	if len(list) < 20 {
		tb.Fatalf("found %d Go files in %s, want the whole module", len(list), root)
	}
	return list
}
