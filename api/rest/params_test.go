package rest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/problem"
)

type testParams struct {
	changes
	Status string `query:"status"`
	Open   *bool  `query:"open"`
	Year   int    `query:"year"`
}

func (p testParams) Validate() error {
	if p.Status == "bad" {
		return problem.New(problem.Invalid, "status-unknown", "No.").With("?status", "unknown", "No.")
	}
	return nil
}

func TestParams(t *testing.T) {
	var got testParams
	_, addr := mustStart(t, testConfig(), []Route{testRoute(get, "/list", Cheap, func(c *fiber.Ctx) (err error) {
		got, err = params[testParams](c)
		return err
	})})
	response, body := mustGet(t, "http://"+addr+"/list?limit=7&cursor=abc&updatedAfter=0&status=p%C3%A8&open=false&year=2026")
	if response.StatusCode != 200 || got.Limit.size() != 7 || got.Cursor != "abc" || *got.UpdatedAfter != 0 || got.Status != "pè" || *got.Open || got.Year != 2026 {
		t.Errorf("got %s %s %+v", response.Status, body, got)
	}
	response, _ = mustGet(t, "http://"+addr+"/list")
	if response.StatusCode != 200 || got.Limit.size() != defaultLimit || got.UpdatedAfter != nil || got.Open != nil {
		t.Errorf("got %s %+v", response.Status, got)
	}
	for _, tt := range []struct{ query, want string }{
		{"limit=0", "?limit out-of-range"},
		{"limit=201", "?limit out-of-range"},
		{"limit=x", "?limit out-of-range"},
		{"updatedAfter=-1", "?updatedAfter out-of-range"},
		{"year=20x", "?year malformed"},
		{"year=%2B1", "?year malformed"},
		{"open=1", "?open malformed"},
		{"status=", "?status malformed"},
		{"status=a%00b", "?status malformed"},
		{"status=%ff", "?status malformed"},
		{"status=a&status=b", "?status repeated"},
		{"Status=a", "?Status unknown-parameter"},
		{"x%22%3C=a&limit=0", `?limit out-of-range ?x"< unknown-parameter`},
		{"a=%zz", ""},
		{"a=1;b=2", ""},
		{"status=bad", "?status unknown"},
	} {
		response, body := mustGet(t, "http://"+addr+"/list?"+tt.query)
		a := mustAnswer(t, body)
		var fields []string
		for _, f := range a.Errors {
			fields = append(fields, f.Pointer+" "+f.Code)
		}
		if response.StatusCode != http.StatusBadRequest || strings.Join(fields, " ") != tt.want {
			t.Errorf("%s: got %s %v, want %s", tt.query, response.Status, fields, tt.want)
		}
	}
}

func TestCursor(t *testing.T) {
	for _, p := range []position{{}, {Seq: -1}, {Seq: 1 << 62}, {Value: "2026-03|a", ID: "b"}, {ID: strings.Repeat("x", 300), Value: "\x00è"}} {
		got, err := decodeCursor("fills", encodeCursor("fills", p))
		if err != nil || got != p {
			t.Errorf("got %+v, %v, want %+v", got, err, p)
		}
	}
	if got, err := decodeCursor("fills", ""); err != nil || got != (position{}) {
		t.Errorf("got %+v, %v for no cursor", got, err)
	}
	good := encodeCursor("fills", position{Seq: 42, Value: "v", ID: "id"})
	bad := []string{good[:13] + "\r" + good[13:], good + "\n", "x", "*", good + "A", good + "=", good[1:], good[:len(good)-1], strings.ToUpper(good), encodeCursor("bins", position{Seq: 42, Value: "v", ID: "id"})}
	for i := range len(good) - 1 {
		flipped := []byte(good)
		if flipped[i]++; flipped[i] != good[i] {
			bad = append(bad, string(flipped))
		}
	}
	for _, cursor := range bad {
		if got, err := decodeCursor("fills", cursor); !problem.Is(err, "cursor-invalid") {
			t.Errorf("%q: got %+v, %v", cursor, got, err)
		}
	}
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add("")
	f.Add("AQ")
	f.Add(encodeCursor("fills", position{Seq: 42, Value: "v", ID: "id"}))
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := decodeCursor("fills", cursor)
		if err == nil && cursor != "" && encodeCursor("fills", p) != cursor {
			t.Errorf("%q was read as %+v, which is %q", cursor, p, encodeCursor("fills", p))
		}
	})
}

func TestEntityTags(t *testing.T) {
	const current = 42
	_, addr := mustStart(t, testConfig(), []Route{
		testRoute(get, "/bin", Cheap, func(c *fiber.Ctx) error { return respondTagged(c, 200, current, healthResponse{"ok"}) }),
		testRoute(put, "/bin", Cheap, func(c *fiber.Ctx) error {
			if err := mustMatch(c, current); err != nil {
				return err
			}
			return respondTagged(c, 200, current+1, healthResponse{"ok"})
		}),
	})
	for _, tt := range []struct {
		method, header, value string
		status                int
		code                  string
	}{
		{get, "If-None-Match", "", 200, ""},
		{get, "If-None-Match", `"v42"`, 304, ""},
		{get, "If-None-Match", `W/"v42"`, 304, ""},
		{get, "If-None-Match", `"v41", "v42"`, 304, ""},
		{get, "If-None-Match", `*`, 304, ""},
		{get, "If-None-Match", `"v41"`, 200, ""},
		{put, "If-Match", "", 428, "if-match-missing"},
		{put, "If-Match", `"v42"`, 200, ""},
		{put, "If-Match", `"v41"`, 412, "changed-meanwhile"},
		{put, "If-Match", `W/"v42"`, 412, "changed-meanwhile"},
		{put, "If-Match", `"v042"`, 412, "changed-meanwhile"},
		{put, "If-Match", `v42`, 412, "changed-meanwhile"},
		{put, "If-Match", `*`, 400, "if-match-invalid"},
		{put, "If-Match", `"v41", "v42"`, 400, "if-match-invalid"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), tt.method, "http://"+addr+"/bin", nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.value != "" {
			request.Header.Set(tt.header, tt.value)
		}
		response, body := mustDo(t, request)
		if response.StatusCode != tt.status || tt.code != "" && mustAnswer(t, body).Code != tt.code {
			t.Errorf("%s %s %s: got %s %s, want %d %s", tt.method, tt.header, tt.value, response.Status, body, tt.status, tt.code)
		}
		if tagged := response.Header.Get("ETag") != ""; tagged != (tt.status < 400) {
			t.Errorf("%s %s: got ETag %q", tt.method, tt.value, response.Header.Get("ETag"))
		}
		if tt.status == 304 && body != "" {
			t.Errorf("got a body with 304: %s", body)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	_, addr := mustStart(t, testConfig(), []Route{testRoute(post, "/labels", Cheap, func(c *fiber.Ctx) error {
		key, err := idempotencyKey(c)
		if err != nil {
			return err
		}
		return c.SendString(key)
	})})
	long := strings.Repeat("k", 255)
	for _, tt := range []struct {
		values []string
		status int
		key    string
	}{
		{nil, 200, ""},
		{[]string{"a b~"}, 200, "a b~"},
		{[]string{long}, 200, long},
		{[]string{long + "k"}, 400, ""},
		{[]string{""}, 400, ""},
		{[]string{"è"}, 400, ""},
		{[]string{"a", "a"}, 400, ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), post, "http://"+addr+"/labels", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header["Idempotency-Key"] = tt.values
		response, body := mustDo(t, request)
		if response.StatusCode != tt.status || tt.status == 200 && body != tt.key {
			t.Errorf("%q: got %s %s, want %d %q", tt.values, response.Status, body, tt.status, tt.key)
		}
	}
}
