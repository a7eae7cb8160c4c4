package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ricircolo/ricircolo/api/rest"
	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/config"
	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/identity/token"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// application is the product without its HTTP side.
type application struct {
	cfg      config.Config
	log      *slog.Logger
	store    engine
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
	fresh, err := noLab(ctx, a.store)
	if err == nil && fresh {
		err = a.tracking.CreateLab(ctx, cfg.Lab, cfg.LabName)
	}
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// noLab reports whether a store has no lab yet. Who set it up may have come no
// further than to claim it.
func noLab(ctx context.Context, s store.Store) (bool, error) {
	partitions, err := s.Labs(ctx)
	return !slices.ContainsFunc(partitions, func(p store.LabID) bool { return isLab(string(p)) }), err
}

// open opens the store and puts the services on it. For a new store it makes
// the secrets.
func open(ctx context.Context, cfg config.Config, log *slog.Logger) (*application, error) {
	a, err := assemble(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	if err := a.claim(ctx, false); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// adoptSecrets makes a database take this server's secrets for its own.
func adoptSecrets(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	a, err := assemble(ctx, cfg, log)
	if err != nil {
		return err
	}
	return errors.Join(a.claim(ctx, true), a.close())
}

// assemble is open for a store that may be used with other secrets.
func assemble(ctx context.Context, cfg config.Config, log *slog.Logger) (*application, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s, err := openEngine(ctx, cfg.Data, cfg.Store, log)
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
	fresh, err := noLab(ctx, a.store)
	if err != nil {
		return err
	}
	var secrets config.Secrets
	if fresh {
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

// claim keeps this server off a database that others use with other secrets:
// two that set it up at once have each made their own.
func (a *application) claim(ctx context.Context, adopt bool) error {
	if !a.cfg.Store.MongoDB() {
		return nil // the folder has the secrets beside the file
	}
	err := a.identity.ClaimStore(ctx, adopt)
	if errors.Is(err, identity.ErrOtherSecrets) {
		return fmt.Errorf("%w: put those of the others into %s, or name them with --pepper-file, --token-secret-file and --signing-key-file; "+
			"if you changed them on purpose, and everywhere, run ricircolo serve once with --adopt-secrets",
			err, filepath.Join(a.cfg.Data, config.SecretsFolder))
	}
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
