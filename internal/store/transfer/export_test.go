package transfer

import (
	"context"

	"github.com/ricircolo/ricircolo/internal/store"
)

// Follow copies like Copy without the comparison at the end: what the ledger
// leads to, and nothing that changes without it.
func Follow(ctx context.Context, from, to store.Store, lab store.LabID) error {
	p, err := newTransfer(from, to, Options{}).open(ctx, lab)
	if err != nil {
		return err
	}
	return p.follow(ctx)
}
