package rest

import (
	"io"
	"net"
	"net/http"
	"testing"
)

// BenchmarkChain is a request through the whole chain and a real connection:
// what every handler costs before it does anything.
func BenchmarkChain(b *testing.B) {
	_, addr := mustStart(b, testConfig(), nil)
	for _, path := range []string{"/healthz", "/api/v1/status"} {
		b.Run(path, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					b.Error(err)
					return
				}
				defer c.Close()
				request := []byte("GET " + path + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer role:ward\r\n\r\n")
				buffer := make([]byte, 4<<10)
				for pb.Next() {
					if _, err := c.Write(request); err != nil {
						b.Error(err)
						return
					}
					if n, err := c.Read(buffer); err != nil || string(buffer[:12]) != "HTTP/1.1 200" {
						b.Errorf("got %s, %v", buffer[:n], err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkBareNetHTTP is the same machine's net/http doing nothing, to put
// the figure above into proportion.
func BenchmarkBareNetHTTP(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })}
	go server.Serve(ln)
	defer server.Close()
	b.RunParallel(func(pb *testing.PB) {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		buffer := make([]byte, 4<<10)
		for pb.Next() {
			if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
				b.Error(err)
				return
			}
			if _, err := c.Read(buffer); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
