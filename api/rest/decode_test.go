package rest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/problem"
)

type labelRequest struct {
	Count int `json:"count"`
}

func (r labelRequest) Validate() error {
	if r.Count < 1 {
		return problem.New(problem.Invalid, "count-invalid", "Ask for at least one.").With("/count", "out-of-range", "Give 1 or more.")
	}
	return nil
}

func TestDecode(t *testing.T) {
	_, addr := mustStart(t, testConfig(), []Route{testRoute(post, "/labels", Cheap, func(c *fiber.Ctx) error {
		v, err := decode[labelRequest](c)
		if err != nil {
			return err
		}
		return respond(c, fiber.StatusCreated, v)
	})})
	const media = "application/json"
	for _, tt := range []struct {
		name, media, encoding, body string
		status                      int
		code                        string
	}{
		{"plain", media, "", `{"count":3}`, 201, ""},
		{"with charset", media + "; charset=UTF-8", "", `{"count":3}`, 201, ""},
		{"not valid", media, "", `{"count":0}`, 400, "count-invalid"},
		{"unknown key", media, "", `{"count":1,"role":"coordinator"}`, 400, "body-invalid"},
		{"no body", media, "", ``, 400, "body-missing"},
		{"no media type", "", "", `{"count":3}`, 415, "content-type-unsupported"},
		{"form", "application/x-www-form-urlencoded", "", `count=3`, 415, "content-type-unsupported"},
		{"multipart", "multipart/form-data; boundary=x", "", "--x--", 415, "content-type-unsupported"},
		{"another JSON", "application/problem+json", "", `{"count":3}`, 415, "content-type-unsupported"},
		{"another charset", media + "; charset=utf-16", "", `{"count":3}`, 415, "content-type-unsupported"},
		{"another parameter", media + "; profile=x", "", `{"count":3}`, 415, "content-type-unsupported"},
		{"compressed", media, "gzip", `{"count":3}`, 415, "content-encoding-unsupported"},
		{"as large as may be", media, "", `{"count":3` + strings.Repeat(" ", 64<<10-11) + `}`, 201, ""},
		{"larger", media, "", `{"count":3` + strings.Repeat(" ", 64<<10-10) + `}`, 413, "body-too-large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+addr+"/labels", strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", tt.media)
			if tt.encoding != "" {
				request.Header.Set("Content-Encoding", tt.encoding)
			}
			response, body := mustDo(t, request)
			if response.StatusCode != tt.status {
				t.Fatalf("got status %d, want %d: %s", response.StatusCode, tt.status, body)
			}
			if tt.code != "" && mustAnswer(t, body).Code != tt.code {
				t.Errorf("got %s, want code %s", body, tt.code)
			}
		})
	}
}

type weighedRequest struct {
	Grams int    `json:"grams"`
	Note  string `json:"note"`
}

// sampleRequest has objects wherever a body may have them.
type sampleRequest struct {
	List   []weighedRequest          `json:"list"`
	ByWard map[string]weighedRequest `json:"byWard"`
}

func TestForeignKeysAreRefused(t *testing.T) {
	good := `{"list":[{"grams":1},{}],"byWard":{"a":{"grams":1,"note":"n"},"A":{}}}`
	_, addr := mustStart(t, testConfig(), []Route{testRoute(post, "/samples", Cheap, func(c *fiber.Ctx) error {
		if _, err := decode[sampleRequest](c); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	})})
	c := resttest.NewClient(t, "http://"+addr, mustSpec(t))
	c.RefusesForeignKeys(t, post, "/samples", []byte(good))
}
