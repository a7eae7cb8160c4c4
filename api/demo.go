package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/ricircolo/ricircolo/internal/config"
	"github.com/ricircolo/ricircolo/internal/demo"
	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/qrlabels"
)

type demoCommand struct {
	Listen string       `default:"127.0.0.1:8080" help:"Address and port to listen on."`
	Data   string       `type:"path" placeholder:"DIR" help:"Folder to make the demo lab in; it must be empty or not there. Default: one that is thrown away at the end."`
	Store  config.Store `env:"RICIRCOLO_DEMO_STORE" placeholder:"URI" help:"MongoDB database to make the demo lab in, in the place of an SQLite file; it must be empty, and keeps the lab; with --data the secrets to serve it are kept, too."`
	Seed   int64        `default:"1" help:"Another seed gives another year in the life of the lab."`
	Until  string       `placeholder:"DAY" help:"The last day of that year, like 2026-03-01. Default: today."`
}

// Run makes the demo lab, says how to sign in, and serves it.
func (c demoCommand) Run(ctx context.Context) (err error) {
	until, err := c.until()
	if err != nil {
		return err
	}
	if err := mustBeFree(ctx, c.Listen); err != nil { // before the data is made
		return err
	}
	cfg, err := defaults()
	if err != nil {
		return err
	}
	cfg.Listen, cfg.Data, cfg.Store, cfg.LogLevel = c.Listen, c.Data, c.Store, slog.LevelWarn
	cfg.Lab, cfg.LabName = demo.Lab, demo.LabName
	if cfg.Data == "" {
		if cfg.Data, err = os.MkdirTemp("", "ricircolo-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(cfg.Data)) }()
	} else if err := mustBeEmpty(cfg.Data); err != nil {
		return err
	}
	a, err := open(ctx, cfg, cfg.Logger(os.Stderr))
	if err != nil {
		return err
	}
	if fresh, err := noLab(ctx, a.store); err != nil || !fresh {
		if err == nil {
			err = fmt.Errorf("%s has a lab already: name an empty database for the demo lab", cfg.Store)
		}
		return errors.Join(err, a.close())
	}
	return errors.Join(c.serve(ctx, a, until), a.close())
}

func (c demoCommand) serve(ctx context.Context, a *application, until time.Time) error {
	started := time.Now()
	bar := newProgress("making a year of demo data")
	made, err := demo.Seed(ctx, demo.Options{
		Store: a.store, Identity: a.identity, Seed: c.Seed, Until: until, Password: c.password(),
		Progress: func(done, total int) { bar.at(int64(done), int64(total)) },
	})
	bar.end()
	if err != nil {
		return err
	}
	if err := reportFound(ctx, a.finder, made.Tour); err != nil {
		return err
	}
	took := time.Since(started)
	return a.serve(ctx, func() { welcome(os.Stdout, a.cfg, made, took) })
}

// reportFound lets visitors report what they saw, so that the inbox is not
// empty.
func reportFound(ctx context.Context, inbox *finder.Service, tour demo.Tour) error {
	for _, found := range []struct {
		label string
		finder.NewReport
	}{
		{tour.ClosedLabel, finder.NewReport{Problem: finder.Full, Note: "Il coperchio non si chiude più."}},
		{tour.OpenLabel, finder.NewReport{Problem: finder.Contaminated, Note: "Dentro ci sono dei guanti usati."}},
		{tour.RetiredLabel, finder.NewReport{Problem: finder.Damaged, Note: "Una ruota è rotta."}},
	} {
		code, err := qrlabels.ParseCode(found.label)
		if err == nil {
			_, err = inbox.Report(ctx, demo.Lab, code, found.NewReport)
		}
		if err != nil {
			return fmt.Errorf("reporting bin %s: %w", found.label, err)
		}
	}
	return nil
}

// demoPassword is everybody's in a demo lab that only this machine can reach.
const demoPassword = "prova-di-ricircolo"

// password is a known one where nobody else can sign in, so that the tour of
// the README can be pasted, and otherwise "": a new one.
func (c demoCommand) password() string {
	if host, _, err := net.SplitHostPort(c.Listen); err == nil {
		if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
			return demoPassword
		}
	}
	return ""
}

func (c demoCommand) until() (time.Time, error) {
	if c.Until == "" {
		return time.Now(), nil
	}
	day, err := time.Parse(time.DateOnly, c.Until)
	if err != nil {
		return day, fmt.Errorf("--until %q: write the day like 2026-03-01", c.Until)
	}
	return day.Add(12 * time.Hour), nil
}

// defaults is the configuration of a server that was told nothing.
func defaults() (config.Config, error) {
	var cfg config.Config
	parser, err := kong.New(&cfg)
	if err != nil {
		return cfg, err
	}
	_, err = parser.Parse(nil)
	return cfg, err
}

func mustBeFree(ctx context.Context, address string) error {
	ln, err := listen(ctx, address)
	if err != nil {
		return err
	}
	return ln.Close()
}

func mustBeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty: name another folder for the demo lab", dir)
	}
	return err
}

// welcome tells a newcomer where to go and how to sign in.
func welcome(w io.Writer, cfg config.Config, made demo.Demo, took time.Duration) {
	entries := 0
	for _, n := range made.Answers {
		entries += n
	}
	fmt.Fprintf(w, "\n%s is at %s\n", demo.LabName, cfg.PublicURL())
	fmt.Fprintf(w, "%d entries of a year made in %.1f s; nobody in it is real.\n\n", entries, took.Seconds())
	fmt.Fprintf(w, "%-12s %-34s %-22s %s\n", "role", "e-mail", "password", "where")
	for _, s := range made.SignIns {
		fmt.Fprintf(w, "%-12s %-34s %-22s %s\n", s.Role, s.Email, s.Password, s.Organisation)
	}
	fmt.Fprintf(w, "\nA label to scan: %s (a bin that is filling up), %s (closed, waits for its pickup), %s (blank)\n",
		made.Tour.OpenLabel, made.Tour.ClosedLabel, made.Tour.BlankLabel)
	fmt.Fprintf(w, "What a visitor's camera leads to: %s/b/%s\n", cfg.PublicURL(), made.Tour.OpenLabel)
	fmt.Fprintf(w, "The interface is described at %s/api/v1/docs. Ctrl-C ends it.\n", cfg.PublicURL())
}
