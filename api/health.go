package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// healthTimeout is how long a server may take to say that it is ready.
const healthTimeout = 2 * time.Second

// healthCommand is for the health checks of containers, whose image has no shell
// and no curl.
type healthCommand struct {
	Listen string `name:"listen" env:"RICIRCOLO_LISTEN" default:"127.0.0.1:8080" help:"Address and port that the server listens on."`
}

// Run asks the server on this machine whether it is ready. It is an error if it
// is not.
func (c healthCommand) Run(ctx context.Context) error {
	address, err := reachable(c.Listen)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return err
	}
	// A proxy that is meant for the outside must not come between.
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: http://%s/readyz answers %s", address, answer.Status)
	}
	fmt.Println("ready")
	return nil
}

// reachable is where a server that listens on an address is reached from the
// same machine: one that listens on all of them, on the loopback one.
func reachable(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("--listen is %q: want an address and a port, such as 127.0.0.1:8080", listen)
	}
	switch addr, err := netip.ParseAddr(host); {
	case host == "", err == nil && addr.IsUnspecified() && addr.Is4():
		host = "127.0.0.1"
	case err == nil && addr.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port), nil
}
