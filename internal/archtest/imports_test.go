package archtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// row says what one of our packages may import.
type row struct {
	folder string
	own    string // folders of ours, separated by blanks; "*" for all
	pure   bool   // nothing from outside but the standard library and modules
	// modules are the ones that a pure package may import, separated by blanks.
	modules string
}

// rows are the arrows of the architecture.
//
//	quantity ← indicator ← report ← tracking ← {report, demo, api/rest} ← api
//	store ← {sqlite, mongo}; tracking → store, the port only
var rows = []row{
	// leaves
	{folder: "qrlabels", own: "qrlabels/gs1", pure: true, modules: "github.com/skip2/go-qrcode github.com/klauspost/compress"},
	{folder: "qrlabels/gs1", pure: true},
	{folder: "qrlabels/print", own: "qrlabels qrlabels/pdf qrlabels/typeface", pure: true, modules: "golang.org/x/image golang.org/x/text"},
	{folder: "qrlabels/pdf", own: "qrlabels/typeface", pure: true, modules: "github.com/klauspost/compress"},
	{folder: "qrlabels/typeface", pure: true, modules: "golang.org/x/image"},
	{folder: "internal/quantity", pure: true},
	{folder: "internal/problem", pure: true},
	{folder: "internal/calendar", pure: true},
	{folder: "internal/config", own: "qrlabels", pure: true, modules: "github.com/alecthomas/kong"},
	{folder: "internal/access", own: "internal/problem", pure: true},
	{folder: "internal/strictjson", own: "internal/problem", pure: true},
	{folder: "internal/archtest", pure: true},

	// the store: a port, what adapters share, and the adapters
	{folder: "internal/store", pure: true},
	{folder: "internal/store/staging", own: "internal/store"},
	{folder: "internal/store/storetest", own: "internal/store"},
	{folder: "internal/store/transfer", own: "internal/store"},
	{folder: "internal/store/mongotest", own: "internal/store internal/store/mongo"},
	{folder: "internal/store/sqlite", own: "internal/store internal/store/staging"},
	{folder: "internal/store/mongo", own: "internal/store internal/store/staging internal/store/mongo/native"},
	{folder: "internal/store/mongo/native", pure: true, modules: "go.mongodb.org/mongo-driver/v2/bson go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"},

	// the domain
	{folder: "internal/indicator", own: "internal/quantity internal/calendar internal/problem internal/indicator/factor internal/indicator/formula internal/indicator/uncertainty", pure: true, modules: "github.com/shopspring/decimal gonum.org/v1/gonum"},
	{folder: "internal/indicator/factor", own: "internal/problem internal/indicator/formula internal/indicator/uncertainty", pure: true, modules: "github.com/shopspring/decimal"},
	{folder: "internal/indicator/formula", own: "internal/problem", pure: true, modules: "github.com/shopspring/decimal"},
	{folder: "internal/indicator/uncertainty", own: "internal/problem", pure: true},
	{folder: "internal/indicator/evaluate", own: "internal/problem internal/strictjson internal/indicator internal/indicator/factor internal/indicator/formula internal/indicator/uncertainty", pure: true, modules: "github.com/shopspring/decimal"},
	{folder: "internal/bioplastic", own: "internal/quantity internal/calendar internal/problem", pure: true, modules: "github.com/shopspring/decimal"},
	{folder: "internal/tracking", own: "internal/indicator/factor internal/indicator/formula internal/report internal/bioplastic internal/store internal/access internal/problem internal/strictjson internal/quantity internal/calendar internal/indicator qrlabels qrlabels/print"},
	{folder: "internal/report", own: "internal/indicator internal/indicator/factor internal/problem internal/quantity internal/calendar", pure: true, modules: "github.com/shopspring/decimal"},
	{folder: "internal/report/job", own: "internal/calendar", pure: true},
	{folder: "internal/report/render", own: "internal/report internal/indicator internal/indicator/factor internal/problem internal/quantity internal/calendar qrlabels/pdf qrlabels/typeface", pure: true, modules: "github.com/shopspring/decimal github.com/xuri/excelize"},
	{folder: "internal/demo", own: "internal/bioplastic internal/tracking internal/identity internal/store internal/indicator internal/indicator/factor internal/access internal/problem internal/quantity internal/calendar qrlabels qrlabels/print"},

	// a second working of a report: what it shares with the first proves nothing
	{folder: "internal/rederivetest", pure: true},

	// the public side of a label
	{folder: "internal/finder", own: "internal/store internal/tracking internal/access internal/problem internal/calendar qrlabels"},

	// people
	{folder: "internal/identity", own: "internal/store internal/access internal/problem internal/calendar internal/identity/password internal/identity/throttle internal/identity/token"},
	{folder: "internal/identity/password"},
	{folder: "internal/identity/throttle"},
	{folder: "internal/identity/token"},

	// the outside
	{folder: "api/rest", own: "internal/indicator/factor internal/bioplastic internal/report/job internal/report/render api/app internal/finder internal/tracking internal/identity internal/identity/throttle internal/report internal/indicator internal/store internal/access internal/problem internal/strictjson internal/quantity internal/calendar qrlabels qrlabels/print"},
	{folder: "api/rest/resttest"},
	{folder: "api/app"},
	{folder: "api", own: "*"},

	// the files that others run it with: tests only
	{folder: "deploy", own: "internal/config", pure: true},
}

// confined are the modules that only the named folders may import, tests
// included.
var confined = map[string]string{
	"github.com/gofiber/fiber":       "api/rest",
	"github.com/valyala/fasthttp":    "api/rest",
	"modernc.org":                    "internal/store/sqlite",
	"go.mongodb.org":                 "internal/store/mongo internal/store/mongo/native internal/store/mongotest",
	"github.com/skip2/go-qrcode":     "qrlabels",
	"github.com/golang-jwt/jwt":      "internal/identity/token internal/identity",
	"github.com/alecthomas/kong":     "internal/config api",
	"github.com/gowebpki/jcs":        "internal/tracking",
	"github.com/xuri/excelize":       "internal/report/render",
	"github.com/schollz/progressbar": "api internal/demo",
}

// forTests is what tests may import beyond their package's row: an engine to
// run on, since there is no store in memory, keys to sign tokens with, and
// packages made for tests.
func forTests(folder string) bool {
	return folder == "internal/store/sqlite" || folder == "internal/identity/token" || strings.HasSuffix(folder, "test")
}

// adapter reports whether a folder is an adapter of the store. They never
// import each other, not even for tests.
func adapter(folder string) bool {
	return folder == "internal/store/sqlite" || folder == "internal/store/mongo"
}

// within reports whether an import path is a package or lies inside it.
func within(importPath, parent string) bool {
	return importPath == parent || strings.HasPrefix(importPath, parent+"/")
}

// importFaults lists the imports of a file that the rows do not allow.
func importFaults(s source) []string {
	at := slices.IndexFunc(rows, func(r row) bool { return r.folder == s.folder() })
	if at < 0 {
		return []string{fmt.Sprintf("%s: package %s has no row: say in internal/archtest/imports_test.go what it may import", s.path, s.folder())}
	}
	var faults []string
	for _, p := range s.imports() {
		if fault := rows[at].fault(p, s.isTest()); fault != "" {
			faults = append(faults, fmt.Sprintf("%s imports %s: %s", s.path, p, fault))
		}
	}
	return faults
}

// fault says why the row's package, or its tests, may not import a path, or is
// empty if they may.
func (r row) fault(p string, inTest bool) string {
	if folder, ours := strings.CutPrefix(p, modulePath+"/"); ours {
		switch {
		case folder == "api":
			return "nothing imports the program"
		case r.own == "*" || slices.Contains(strings.Fields(r.own), folder):
			return ""
		case inTest && folder == r.folder:
			return ""
		case inTest && forTests(folder) && !(adapter(folder) && adapter(r.folder)):
			return ""
		}
		return fmt.Sprintf("%s may import of ours only: %s", r.folder, or(r.own, "nothing"))
	}
	if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	for module, folders := range confined {
		if within(p, module) && !slices.Contains(strings.Fields(folders), r.folder) {
			return module + " is for " + folders + " only"
		}
	}
	allowed := slices.ContainsFunc(strings.Fields(r.modules), func(m string) bool { return within(p, m) })
	if r.pure && !allowed && !inTest {
		return fmt.Sprintf("%s may import of others only: %s", r.folder, or(r.modules, "nothing"))
	}
	return ""
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		for _, fault := range importFaults(s) {
			t.Error(fault)
		}
	}
}

// Controls: each arrow turned round is noticed.
func TestImportFaultsAreNoticed(t *testing.T) {
	for _, c := range []struct {
		file, imports string
		fault         bool
	}{
		{"internal/config/config.go", modulePath + "/qrlabels", false},
		{"internal/config/config.go", modulePath + "/internal/tracking", true},
		{"internal/quantity/mass.go", modulePath + "/internal/problem", true},
		{"internal/quantity/mass_test.go", "pgregory.net/rapid", false},
		{"internal/quantity/mass.go", "pgregory.net/rapid", true},
		{"internal/access/policy.go", modulePath + "/internal/problem", false},
		{"internal/access/policy.go", modulePath + "/internal/store", true},
		{"internal/problem/problem.go", modulePath + "/internal/access", true},
		{"qrlabels/code.go", modulePath + "/internal/problem", true},
		{"qrlabels/symbol.go", "github.com/skip2/go-qrcode/bitset", false},
		{"qrlabels/symbol.go", "golang.org/x/image/font", true},
		{"internal/tracking/labels.go", "github.com/skip2/go-qrcode", true},
		{"internal/tracking/service.go", modulePath + "/internal/store", false},
		{"internal/tracking/service.go", modulePath + "/internal/store/sqlite", true},
		{"internal/tracking/service_test.go", modulePath + "/internal/store/sqlite", false},
		{"internal/tracking/service.go", modulePath + "/internal/identity", true},
		{"internal/tracking/service.go", modulePath + "/api/rest", true},
		{"internal/tracking/service.go", "github.com/gofiber/fiber/v2", true},
		{"internal/tracking/service_test.go", "github.com/valyala/fasthttp", true},
		{"internal/identity/login.go", modulePath + "/internal/tracking", true},
		{"internal/identity/login.go", modulePath + "/api/rest", true},
		{"internal/identity/password/hasher.go", modulePath + "/internal/identity", true},
		{"internal/indicator/card.go", modulePath + "/internal/tracking", true},
		{"internal/report/render/pdf.go", modulePath + "/qrlabels/pdf", false},
		{"internal/report/render/pdf.go", modulePath + "/internal/tracking", true},
		{"internal/rederivetest/cards.go", modulePath + "/internal/indicator", true},
		{"internal/rederivetest/cards.go", "github.com/shopspring/decimal", true},
		{"internal/report/render/xlsx.go", "github.com/xuri/excelize/v2", false},
		{"internal/tracking/list.go", "github.com/xuri/excelize/v2", true},
		{"internal/store/store.go", modulePath + "/internal/store/sqlite", true},
		{"internal/store/mongo/store.go", modulePath + "/internal/store/sqlite", true},
		{"internal/store/mongo/store_test.go", modulePath + "/internal/store/sqlite", true},
		{"internal/store/sqlite/store.go", modulePath + "/internal/store/mongo", true},
		{"internal/store/sqlite/store.go", modulePath + "/internal/tracking", true},
		{"internal/store/sqlite/store.go", "modernc.org/sqlite/lib", false},
		{"internal/store/sqlite/store_test.go", modulePath + "/internal/store/storetest", false},
		{"internal/store/storetest/faulty_test.go", modulePath + "/internal/store/sqlite", false},
		{"internal/store/storetest/suite.go", modulePath + "/internal/store/sqlite", true},
		{"internal/store/staging/stage.go", "modernc.org/sqlite", true},
		{"internal/store/mongo/store.go", "go.mongodb.org/mongo-driver/v2/bson", false},
		{"internal/store/mongo/store.go", modulePath + "/internal/store/mongo/native", false},
		{"internal/store/mongo/native/append.go", "go.mongodb.org/mongo-driver/v2/bson", false},
		{"internal/store/mongo/native/append.go", "go.mongodb.org/mongo-driver/v2/mongo", true},
		{"internal/store/sqlite/store.go", modulePath + "/internal/store/mongo/native", true},
		{"api/rest/bins.go", "go.mongodb.org/mongo-driver/v2/bson", true},
		{"api/rest/bins.go", modulePath + "/internal/store/mongo", true},
		{"api/rest/bins.go", modulePath + "/internal/config", true},
		{"api/rest/bins.go", modulePath + "/internal/tracking", false},
		{"api/rest/bins.go", "github.com/gofiber/fiber/v2", false},
		{"api/rest/bins.go", modulePath + "/api", true},
		{"api/main.go", modulePath + "/internal/store/mongo", false},
		{"api/main.go", "github.com/gofiber/fiber/v2", true},
		{"internal/novelty/novelty.go", "fmt", true},
	} {
		faults := importFaults(parse(t, c.file, "package p\nimport _ \""+c.imports+"\"\n"))
		if got := len(faults) > 0; got != c.fault {
			t.Errorf("%s importing %s: got %q, want a fault: %v", c.file, c.imports, faults, c.fault)
		}
	}
}
