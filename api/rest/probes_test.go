package rest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// canary stands in every probe; no answer may repeat it.
const canary = "canary7f3a"

// smuggled is what an ambiguous request carries behind what one of two readers
// takes for its end.
const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

// probe is one raw request.
type probe struct {
	name string
	raw  string
	want []int // statuses that the one answer may have; nil for no answer
	open bool  // the connection may stay open: nothing is ambiguous
}

func request(line string, headers ...string) string {
	return line + "\r\n" + strings.Join(append(headers, "X-Note: "+canary), "\r\n") + "\r\n\r\n"
}

func postWith(body string, headers ...string) string {
	return request("POST /echo HTTP/1.1", append([]string{"Host: a", "Content-Type: application/json"}, headers...)...) + body
}

// probes are the ways in which requests have been smuggled past proxies or
// turned into other routes.
var probes = []probe{
	{"plain", request("GET /healthz HTTP/1.1", "Host: a"), []int{200}, true},
	{"length and chunked", postWith("0\r\n\r\n"+smuggled, "Content-Length: 5", "Transfer-Encoding: chunked"), []int{200, 400, 415}, false},
	{"chunked and length", postWith("0\r\n\r\n"+smuggled, "Transfer-Encoding: chunked", "Content-Length: 5"), []int{200, 400, 415}, false},
	{"two lengths, same", postWith("{}"+smuggled, "Content-Length: 2", "Content-Length: 2"), []int{400}, false},
	{"two lengths, different", postWith("{}"+smuggled, "Content-Length: 2", "Content-Length: 40"), []int{400}, false},
	{"list of lengths", postWith("{}"+smuggled, "Content-Length: 2, 2"), []int{400}, false},
	{"length +2", postWith("{}", "Content-Length: +2"), []int{400}, false},
	{"length -1", postWith("{}", "Content-Length: -1"), []int{400}, false},
	{"length 0x2", postWith("{}", "Content-Length: 0x2"), []int{400}, false},
	{"length 2 3", postWith("{}"+smuggled, "Content-Length: 2 3"), []int{400}, false},
	{"length overflow", postWith("{}", "Content-Length: 18446744073709551618"), []int{400, 413}, false},
	{"two encodings", postWith("0\r\n\r\n"+smuggled, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), []int{400}, false},
	{"encoding identity, chunked", postWith("0\r\n\r\n"+smuggled, "Transfer-Encoding: identity, chunked"), []int{400, 501}, false},
	{"encoding with blank before colon", postWith("0\r\n\r\n"+smuggled, "Transfer-Encoding : chunked"), []int{400}, false},
	{"encoding xchunked", postWith("0\r\n\r\n"+smuggled, "Transfer-Encoding: xchunked"), []int{400, 501}, false},
	{"encoding with tab", postWith("0\r\n\r\n"+smuggled, "Transfer-Encoding:\tchunked\x0b"), []int{400, 501}, false},
	{"line feed in chunk extension", postWith("2;a\n{}\r\n0\r\n\r\n"+smuggled, "Transfer-Encoding: chunked"), []int{400}, false},
	{"chunk size 0x2", postWith("0x2\r\n{}\r\n0\r\n\r\n"+smuggled, "Transfer-Encoding: chunked"), []int{400}, false},
	{"chunk size overflow", postWith("ffffffffffffffff2\r\n{}\r\n0\r\n\r\n"+smuggled, "Transfer-Encoding: chunked"), []int{400}, false},
	{"chunk longer than its size", postWith("1\r\n{}\r\n0\r\n\r\n"+smuggled, "Transfer-Encoding: chunked"), []int{400}, false},
	{"folded header", postWith("{}", "Content-Length: 2", "X-Folded: a", " b"), []int{400}, false},
	{"folded encoding", postWith("0\r\n\r\n"+smuggled, "Content-Length: 5", "Transfer-Encoding:", " chunked"), []int{400}, false},
	{"folded at once", request("GET /healthz HTTP/1.1", " Host: b", "Host: a"), []int{400}, false},
	{"header lines by LF", "GET /healthz HTTP/1.1\nHost: a\nX-Note: " + canary + "\n\n", nil, true},
	{"CR in a header", request("GET /healthz HTTP/1.1", "Host: a", "X-A: a\rX-B: b"), []int{400}, false},
	{"NUL in a header", request("GET /healthz HTTP/1.1", "Host: a", "X-A: a\x00b"), []int{400}, false},
	{"blank in a header name", request("GET /healthz HTTP/1.1", "Host: a", "X A: a"), []int{400}, false},
	{"no host", request("GET /healthz HTTP/1.1"), []int{400}, false},
	{"two hosts", request("GET /healthz HTTP/1.1", "Host: a", "Host: b"), []int{400}, false},
	{"double slash", request("GET //healthz HTTP/1.1", "Host: a"), []int{400, 404}, true},
	{"dot segments", request("GET /x/../healthz HTTP/1.1", "Host: a"), []int{400, 404}, true},
	{"dots at the root", request("GET /../healthz HTTP/1.1", "Host: a"), []int{400, 404}, true},
	{"escaped dots", request("GET /x/%2e%2e/healthz HTTP/1.1", "Host: a"), []int{400, 404}, true},
	{"escaped slash", request("GET /api%2fv1/docs HTTP/1.1", "Host: a"), []int{400, 404}, true},
	{"escaped letter", request("GET /%68ealthz HTTP/1.1", "Host: a"), []int{400, 404}, true},
	{"other case", request("GET /Healthz HTTP/1.1", "Host: a"), []int{404}, true},
	{"trailing slash", request("GET /healthz/ HTTP/1.1", "Host: a"), []int{404}, true},
	{"backslash", request("GET /\\healthz HTTP/1.1", "Host: a"), []int{400, 404}, true},
	{"semicolon", request("GET /healthz;a=b HTTP/1.1", "Host: a"), []int{404}, true},
	{"NUL in the path", request("GET /healthz\x00 HTTP/1.1", "Host: a"), []int{400, 404}, true},
	{"absolute form", request("GET http://a/healthz HTTP/1.1", "Host: a"), []int{200}, true},
	{"absolute form, unknown path", request("GET http://a/"+canary+" HTTP/1.1", "Host: a"), []int{404}, true},
	{"unknown path", request("GET /"+canary+"?q="+canary+" HTTP/1.1", "Host: a"), []int{404}, true},
	{"asterisk", request("OPTIONS * HTTP/1.1", "Host: a"), []int{400, 404}, true},
	{"connect", request("CONNECT a:443 HTTP/1.1", "Host: a"), []int{400}, true},
	{"trace", request("TRACE /healthz HTTP/1.1", "Host: a"), []int{400}, true},
	{"method in lower case", request("get /healthz HTTP/1.1", "Host: a"), []int{400}, false},
	{"unknown method", request("BREW /healthz HTTP/1.1", "Host: a"), []int{400}, false},
	{"header too large", request("GET /healthz HTTP/1.1", "Host: a", "X-Big: "+strings.Repeat("a", 16<<10)), []int{431}, false},
	{"path too long", request("GET /"+strings.Repeat("a", 16<<10)+" HTTP/1.1", "Host: a"), []int{431}, false},
	{"version 0.9", "GET /healthz\r\n\r\n", []int{400}, false},
	{"version 1.2", request("GET /healthz HTTP/1.2", "Host: a"), []int{400, 505}, false},
	{"version 2.0", request("GET /healthz HTTP/2.0", "Host: a"), []int{400, 505}, false},
	{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{400, 505}, false},
	{"version in lower case", request("GET /healthz http/1.1", "Host: a"), []int{400}, false},
	{"two blanks", request("GET  /healthz HTTP/1.1", "Host: a"), []int{400, 404}, false},
	{"TLS hello", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + strings.Repeat("\x00", 64) + "\r\n\r\n", []int{400}, false},
}

func TestProbes(t *testing.T) {
	var reached atomic.Int32
	_, addr := mustStart(t, testConfig(), nil, func(s *Server) { addProbeRoutes(s.app, &reached) })
	t.Run("group", func(t *testing.T) {
		for _, p := range probes {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				for _, fault := range p.faults(t, addr) {
					t.Error(fault)
				}
			})
		}
	})
	if n := reached.Load(); n > 0 {
		t.Errorf("%d smuggled requests were carried out", n)
	}
}

// fiber as it comes, on the same parser, must fail some probes; or they prove
// nothing.
func TestControlBareFiberFailsProbes(t *testing.T) {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok") })
	addProbeRoutes(app, new(atomic.Int32))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go app.Listener(ln)  //nolint:errcheck // ends with the listener
	defer app.Shutdown() //nolint:errcheck // nothing depends on it
	for _, p := range probes {
		switch p.name {
		case "trailing slash", "other case", "unknown path", "folded header", "blank in a header name", "version 2.0", "header too large":
			faults := p.faults(t, ln.Addr().String())
			if p.name == "header too large" {
				// What the parser does by itself needs no help from us.
				if len(faults) > 0 {
					t.Errorf("%s: %v", p.name, faults)
				}
			} else if len(faults) == 0 {
				t.Errorf("bare fiber passes the probe %q", p.name)
			}
		}
	}
}

func addProbeRoutes(app *fiber.App, reached *atomic.Int32) {
	app.Get("/smuggled", func(c *fiber.Ctx) error {
		reached.Add(1)
		return c.SendStatus(fiber.StatusNoContent)
	})
	app.Post("/echo", func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusOK) })
}

// faults sends the probe and says what is wrong with the answer.
func (p probe) faults(t *testing.T, addr string) []string {
	t.Helper()
	var faults []string
	got, closed, body := send(t, addr, p.raw, p.silence())
	if len(got) != min(len(p.want), 1) || len(got) == 1 && !slices.Contains(p.want, got[0]) {
		faults = append(faults, fmt.Sprintf("got answers %v, want one of %v", got, p.want))
	}
	if !closed && !p.open {
		faults = append(faults, "the connection stays open")
	}
	if strings.Contains(body, canary) {
		faults = append(faults, "the answer repeats the request: "+body)
	}
	return faults
}

// silence is how long to listen before a connection counts as open.
func (p probe) silence() time.Duration {
	if p.open {
		return 100 * time.Millisecond
	}
	return time.Second
}

// send writes raw bytes and returns the statuses of the answers, whether the
// server closed the connection, and all that it sent.
func send(t *testing.T, addr, raw string, silence time.Duration) (statuses []int, closed bool, all string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, raw); err != nil {
		t.Logf("writing: %v", err) // the server may have closed already
	}
	var got bytes.Buffer
	buffer := make([]byte, 64<<10)
	for {
		if err := c.SetReadDeadline(time.Now().Add(silence)); err != nil {
			t.Fatal(err)
		}
		n, err := c.Read(buffer)
		got.Write(buffer[:n])
		if err != nil {
			closed = !errors.Is(err, os.ErrDeadlineExceeded)
			break
		}
	}
	all = got.String()
	r := bufio.NewReader(&got)
	for {
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			return statuses, closed, all
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Errorf("answer is cut: %v", err)
		}
		statuses = append(statuses, response.StatusCode)
	}
}

// fiber v2 asks for fasthttp 1.51, which carries smuggled requests out. The
// go.mod of this module asks for more; nothing but this keeps it so.
func TestParserIsNewEnough(t *testing.T) {
	b, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`github.com/valyala/fasthttp v1\.(\d+)\.`).FindSubmatch(b)
	if m == nil {
		t.Fatal("fasthttp v1 is not in go.mod")
	}
	if minor, err := strconv.Atoi(string(m[1])); err != nil || minor < 77 {
		t.Errorf("fasthttp is v1.%s, want v1.77 or newer", m[1])
	}
}
