package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// labelDesk is a lab for whoever stands at the console. Unlike application it
// needs no secrets, and never makes a lab: labels of a mistyped folder would be
// nobody's.
type labelDesk struct {
	store    engine
	tracking *tracking.Service
	console  access.Caller // as which the ledger names whoever prints
}

// openLabelDesk opens the lab at a location. instead is what the server offers
// while it runs.
func openLabelDesk(ctx context.Context, at location, lab, instead string) (*labelDesk, error) {
	s, err := at.existing(ctx)
	if errors.Is(err, store.ErrLocked) {
		return nil, fmt.Errorf("%w: stop it, or use its interface, where %s", err, instead)
	}
	if err != nil {
		return nil, err
	}
	lab, err = onlyLab(ctx, s, lab)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	console := access.Caller{Membership: access.Membership{Lab: lab, Role: access.Coordinator}, User: identity.Console}
	return &labelDesk{s, tracking.New(s, time.Now), console}, nil
}

func (d *labelDesk) close() error { return d.store.Close() }
