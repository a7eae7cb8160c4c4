package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/ricircolo/ricircolo/api/rest"
	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/config"
	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/identity/token"
	"github.com/ricircolo/ricircolo/internal/store/sqlite"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// application is the product without its HTTP side.
type application struct {
	cfg      config.Config
	log      *slog.Logger
	store    *sqlite.Store
	tracking *tracking.Service
	identity *identity.Service
	finder   *finder.Service
}

// openLab is open, and gives a new store its lab.
func openLab(ctx context.Context, cfg config.Config, log *slog.Logger) (*application, error) {
	a, err := open(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	labs, err := a.store.Labs(ctx)
	if err == nil && len(labs) == 0 {
		err = a.tracking.CreateLab(ctx, cfg.Lab, cfg.LabName)
	}
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// open opens the store in the data folder and puts the services on it. For a
// new store it makes the secrets.
func open(ctx context.Context, cfg config.Config, log *slog.Logger) (*application, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s, err := sqlite.Open(ctx, sqlite.Options{Dir: cfg.Data, Logger: log})
	if err != nil {
		return nil, err
	}
	a := &application{cfg: cfg, log: log, store: s, tracking: tracking.New(s, time.Now)}
	if err := a.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return a, nil
}

func (a *application) start(ctx context.Context) error {
	labs, err := a.store.Labs(ctx)
	if err != nil {
		return err
	}
	var secrets config.Secrets
	if len(labs) == 0 {
		secrets, err = a.cfg.LoadOrCreateSecrets(token.Generate)
	} else {
		secrets, err = a.cfg.LoadSecrets()
	}
	if err != nil {
		return err
	}
	keys, err := token.ParseKeys(secrets.SigningKeys)
	if err != nil {
		return fmt.Errorf("signing keys: %w", err)
	}
	a.identity, err = identity.New(identity.Config{
		Store: a.store, Auditor: trail{a.tracking}, Directory: a.tracking, Keys: keys,
		Issuer: a.cfg.Issuer(), Audience: a.cfg.TokenAudience,
		Pepper: secrets.Pepper, TokenSecret: secrets.TokenSecret, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.finder, err = finder.New(finder.Config{Store: a.store, Labels: a.tracking})
	return err
}

func (a *application) close() error { return a.store.Close() }

// trail records changes of access in the lab's ledger.
type trail struct{ tracking *tracking.Service }

func (t trail) RecordAccess(ctx context.Context, c access.Caller, e identity.AccessEntry) error {
	return t.tracking.RecordAccess(ctx, c, tracking.AccessChange{
		ID: e.ID, Type: string(e.Type), Subject: e.Subject, Memberships: e.Memberships,
	})
}

// server makes the HTTP side.
func (a *application) server(ctx context.Context) (*rest.Server, error) {
	lab, err := a.onlyLab(ctx)
	if err != nil {
		return nil, err
	}
	labels, err := a.cfg.Labels()
	if err != nil {
		return nil, err
	}
	l := a.cfg.Limits
	return rest.New(rest.Config{
		BaseURL: a.cfg.PublicURL(), Lab: lab, AppURL: a.cfg.AppURL, TrustedProxies: a.cfg.TrustedProxies, MetricsFrom: a.cfg.MetricsFrom,
		Ready: a.store.Check, Log: a.log, Version: version(), Labels: labels,
		Limits: rest.Limits{
			Body: int(l.MaxBody), BatchBody: int(l.MaxBatchBody),
			Connections: l.MaxConnections, ConnectionsPerAddress: l.MaxConnectionsPerAddress,
			Reads: l.MaxReads, Writes: l.MaxWrites, Heavy: l.MaxHeavy,
			Address: rest.Rate{PerSecond: l.AddressRate, Burst: l.AddressBurst},
			Caller:  rest.Rate{PerSecond: l.CallerRate, Burst: l.CallerBurst},
		},
	}, rest.Services{Authenticator: a.identity, Identity: a.identity, Tracking: a.tracking, Finder: a.finder})
}

// isLab tells the partition of a lab from those of people and finders.
func isLab(partition string) bool { return !strings.HasPrefix(partition, "_") }
