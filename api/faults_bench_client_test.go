//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
)

// clientRate is rate with the clients of net/http, as load generators use
// them: they take far more of the machine than bare sockets do, from both
// sides of a comparison.
func (s *benchServer) clientRate(b *testing.B, method, path string, body func(n int) any) float64 {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: phones}}
	defer client.CloseIdleConnections()
	var done atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for n := range phones {
		all.Go(func() {
			for time.Since(began) < stage && !b.Failed() {
				if err := s.send(client, method, path, body(n)); err != nil {
					b.Error(err)
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

func (s *benchServer) send(client *http.Client, method, path string, body any) error {
	var raw []byte
	if body != nil {
		raw, _ = json.Marshal(body) // of types that we know
	}
	request, err := http.NewRequest(method, "http://"+s.address+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+s.lab.tokens[access.Ward])
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return err
}
