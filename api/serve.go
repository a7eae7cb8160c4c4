package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"time"

	"github.com/ricircolo/ricircolo/internal/config"
)

// drain is how long requests in flight may take once the process was told to
// end; what still runs then is cut off.
const drain = 4500 * time.Millisecond

// sweepEvery is how often expired sign-ins and old reports are cleared away.
const sweepEvery = 10 * time.Minute

type serveCommand struct {
	AdoptSecrets bool `help:"Start on a MongoDB database that was used with another pepper or token secret, once, after they were changed on purpose and everywhere." group:"Secrets and tokens"`

	config.Config `embed:""`
}

// Run serves until the process is told to end or the store fails for good.
func (c serveCommand) Run(ctx context.Context) error {
	log := c.Logger(os.Stderr)
	if c.AdoptSecrets {
		if err := adoptSecrets(ctx, c.Config, log); err != nil {
			return err
		}
	}
	a, err := openLab(ctx, c.Config, log)
	if err != nil {
		return err
	}
	log.Info("starting", "version", version(), "config", c.Config)
	return errors.Join(a.serve(ctx, nil), a.close())
}

// serve listens and serves. ready, if any, is called when it accepts
// connections.
func (a *application) serve(ctx context.Context, ready func()) error {
	if a.cfg.MemoryLimit > 0 {
		debug.SetMemoryLimit(int64(a.cfg.MemoryLimit))
	}
	server, err := a.server(ctx)
	if err != nil {
		return err
	}
	ln, err := listen(ctx, a.cfg.Listen)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go a.watch(ctx, stop)
	go a.sweep(ctx)
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	a.log.Info("serving", "url", a.cfg.PublicURL(), "address", ln.Addr().String())
	if ready != nil {
		ready()
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	a.log.Info("shutting down", "reason", context.Cause(ctx))
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	err = server.Shutdown(last)
	if cause := a.store.FailureCause(); cause != nil {
		return errors.Join(cause, err)
	}
	return err
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w; is another server running there?", address, err)
	}
	return ln, nil
}

// watch ends the process when the store has failed for good: what the disk
// holds after a failed fsync is only known after opening it again.
func (a *application) watch(ctx context.Context, stop context.CancelCauseFunc) {
	select {
	case <-a.store.Failed():
		stop(a.store.FailureCause())
	case <-ctx.Done():
	}
}

func (a *application) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := a.sweepOnce(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("sweeping what has expired", slog.Any("error", err))
			}
		}
	}
}

// sweepOnce sweeps everything, also if some of it fails.
func (a *application) sweepOnce(ctx context.Context) error {
	_, signIns := a.identity.Sweep(ctx)
	_, reports := a.finder.Sweep(ctx)
	return errors.Join(signIns, reports)
}
